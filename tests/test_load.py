"""What people really put in a folder: read alike, or refused in a message that says what to do."""

import re
import resource
import struct
import time
import zipfile
import zlib
from pathlib import Path

import pytest
from conftest import grid, write_csv, write_xlsx

from domino_analysis import load
from domino_analysis.child import ChildError
from domino_analysis.load import read_folder
from domino_analysis.schema import BLOQUANT, catalogue

FICHES = [
    {"N° de fiche": "1", "Table": "A", "Commune": "Soudan", "Utilisateur": "oui"},
    {"N° de fiche": "2", "Table": "B", "Commune": "Issé", "Utilisateur": "non"},
]
SECONDS = 15
"""Time in which any file must be read or refused (they take two at most)."""


def told(raw, rule: str) -> list:
    return [problem for problem in raw.problems if problem.regle == rule]


def one(raw):
    (problem,) = raw.problems
    return problem


# ── the same sheet, written otherwise ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_csv_is_read_in_any_separator_and_encoding(folder, separator, encoding):
    made = folder()
    write_csv(made / "fiches.csv", grid(FICHES), separator, encoding)
    raw = read_folder(made)
    assert raw.problems == []
    assert raw.tables["fiches"]["commune"].tolist() == ["Soudan", "Issé"]


def test_the_separator_is_the_one_that_shows_the_titles(folder):
    made = folder()
    (made / "verbatims.csv").write_text(
        "Réunion du soir, à Treffieux, en petit groupe\nTexte exact;Table\nun, deux, trois;A\n"
    )
    assert read_folder(made).tables["verbatims"]["texte"].tolist() == ["un, deux, trois"]


def test_the_line_that_excel_adds_for_its_separator_is_passed(folder):
    made = folder()
    (made / "verbatims.csv").write_text("sep=,\nTexte exact,Table\nun,A\n")
    assert read_folder(made).tables["verbatims"]["table"].tolist() == ["A"]


def test_a_cell_of_several_lines_stays_one_cell(folder):
    made = folder(fiches=[{"N° de fiche": "1", "Attentes": "une idée\nune autre"}, FICHES[1]])
    fiches = read_folder(made).tables["fiches"]
    assert fiches["attentes"].tolist() == ["une idée\nune autre", ""]
    assert fiches["ligne"].tolist() == [2, 3]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_headers_are_recognised_in_every_spelling_of_the_catalogue(folder, kind):
    for name, table in catalogue().items():
        for spelling in range(max(len(column.spellings) for column in table.typed)):
            titles = [c.spellings[min(spelling, len(c.spellings) - 1)] for c in table.typed]
            folder("essai", kind, **{f"{name} {spelling}": [dict.fromkeys(titles, "1")]})
    raw = read_folder(folder())
    assert raw.problems == []
    for name, table in catalogue().items():
        frame = raw.tables[name]
        assert not (frame[[column.name for column in table.typed]] == "").any(axis=None), name


def test_headers_bear_accents_case_and_punctuation(folder):
    raw = read_folder(folder(fiches=[{"n° DE FICHE :": "1", "utilisateur ?": "oui"}]))
    assert raw.problems == []
    assert raw.tables["fiches"]["utilisateur"].tolist() == ["oui"]


def test_workbooks_stack(folder):
    made = folder()
    write_xlsx(made / "soir_1.xlsx", {"fiches": grid(FICHES)})
    write_xlsx(made / "soir_2.XLSX", {"Fiches individuelles": grid(FICHES[:1])})
    raw = read_folder(made)
    assert raw.tables["fiches"]["fichier"].tolist() == ["soir_1.xlsx"] * 2 + ["soir_2.XLSX"]


def test_an_absent_sheet_is_an_empty_table_with_its_columns(folder):
    votes = read_folder(folder(fiches=FICHES)).tables["votes"]
    assert votes.empty
    assert {"fichier", "feuille", "ligne", "code", "points"} <= set(votes)


def test_a_cell_is_named_as_the_spreadsheet_shows_it(folder):
    raw = read_folder(folder(kind="xlsx", fiches=FICHES))
    assert raw.cell(raw.tables["fiches"].loc[1], "commune") == "C3"


def test_title_rows_above_the_headers_are_passed(folder):
    made = folder()
    rows = [["Soirée du 24 septembre 2015", ""], [], *grid(FICHES)]
    write_xlsx(made / "essai.xlsx", {"fiches": rows})
    raw = read_folder(made)
    assert raw.tables["fiches"]["ligne"].tolist() == [4, 5]
    assert raw.problems == []


def test_blank_rows_between_rows_keep_the_numbers(folder):
    made = folder()
    rows = grid(FICHES)
    write_xlsx(made / "essai.xlsx", {"fiches": [*rows[:2], [], [], rows[2]]})
    assert read_folder(made).tables["fiches"]["ligne"].tolist() == [2, 5]


def test_numbers_dates_and_booleans_become_one_text(folder):
    import datetime as dt

    cells = {"N° de fiche": 3.0, "Utilisateur": True, "Attentes": "  du lien\u00a0"}
    raw = read_folder(
        folder(kind="xlsx", fiches=[cells], reunions=[{"Code réunion": "R1", "Date": dt.date(2015, 9, 24)}])
    )
    row = raw.tables["fiches"].loc[0]
    assert (row["fiche"], row["utilisateur"], row["attentes"]) == ("3", "oui", "du lien")
    assert raw.tables["reunions"]["date"].tolist() == ["2015-09-24"]


# ── what is left aside, and said ────────────────────────────────────────────────────────────────


def test_an_unknown_column_is_named_and_ignored(folder):
    raw = read_folder(folder(kind="xlsx", fiches=[{**FICHES[0], "Âge du chien": "4"}]))
    assert "E1 : la colonne « Âge du chien » n'est pas connue" in str(one(raw))


def test_a_column_without_title_is_told(folder):
    raw = read_folder(folder(kind="xlsx", fiches=[{**FICHES[0], "": "4"}]))
    assert "E1 : une colonne remplie n'a pas de titre" in str(one(raw))


def test_a_title_given_twice_is_told(folder):
    raw = read_folder(folder(kind="xlsx", fiches=[{**FICHES[0], "Ville": "Redon"}]))
    assert "E1 : le titre « Ville » est en double" in str(one(raw))
    assert raw.tables["fiches"]["commune"].tolist() == ["Soudan"]


def test_an_unknown_sheet_is_named_and_ignored(folder):
    assert "feuille « Feuil3 »" in str(one(read_folder(folder(kind="xlsx", Feuil3=FICHES))))


def test_a_hidden_sheet_is_named_and_ignored(folder):
    import xlsxwriter

    made = folder()
    with xlsxwriter.Workbook(made / "essai.xlsx") as workbook:
        workbook.add_worksheet("enjeux").write_row(0, 0, ["Code", "Enjeu"])
        hidden = workbook.add_worksheet("fiches")
        hidden.write_row(0, 0, ["N° de fiche"])
        hidden.write_row(1, 0, ["1"])
        hidden.hide()
    raw = read_folder(made)
    assert "feuille « fiches » : cette feuille est masquée" in str(one(raw))
    assert raw.tables["fiches"].empty


def test_merged_headers_are_told(folder):
    import xlsxwriter

    made = folder()
    with xlsxwriter.Workbook(made / "essai.xlsx") as workbook:
        sheet = workbook.add_worksheet("fiches")
        sheet.write(0, 0, "N° de fiche")
        sheet.merge_range("B1:C1", "Table")
        sheet.write_row(1, 0, ["1", "A", "Soudan"])
    raw = read_folder(made)
    assert "C1 : une colonne remplie n'a pas de titre" in str(one(raw))
    assert raw.tables["fiches"]["table"].tolist() == ["A"]


def test_a_sheet_without_any_title_says_which_titles_are_expected(folder):
    message = one(read_folder(folder(kind="xlsx", fiches=[{"a": "1", "b": "2"}])))
    assert message.gravite == BLOQUANT
    assert "aucun titre de colonne" in str(message)
    assert "« N° de fiche »" in str(message)


def formulas(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("communes")
        sheet.write_row(0, 0, ["Commune", "Habitants", "Milieu"])
        sheet.write_row(1, 0, ["Soudan", "", ""])
        sheet.write_formula("B2", "=1000+500", None, 1500)
        sheet.write_formula("C2", '="rural"', None, "rural")
        sheet.write_row(2, 0, ["Issé"])
        sheet.write_formula("B3", "=1000+500", None, "")
        sheet.write_formula("C3", "=#REF!", None, "#REF!")


def test_a_formula_gives_its_value(folder):
    formulas(folder() / "essai.xlsx")
    communes = read_folder(folder()).tables["communes"]
    assert communes["population"].tolist() == ["1500", ""]
    assert communes["milieu"].tolist() == ["rural", ""]


def test_a_formula_without_value_or_in_error_is_told(folder):
    formulas(folder() / "essai.xlsx")
    problems = told(read_folder(folder()), "formule")
    assert [problem.cellule for problem in problems] == ["B3", "C3"]
    assert "jamais été calculée" in str(problems[0])


@pytest.mark.libreoffice
def test_formulas_in_error_are_told_alike_in_ods(folder, convert, tmp_path):
    formulas(tmp_path / "formules.xlsx")
    convert(tmp_path / "formules.xlsx", "ods").rename(folder() / "essai.ods")
    raw = read_folder(folder())
    assert [problem.cellule for problem in told(raw, "formule")] == ["C3"]
    assert raw.tables["communes"]["population"].tolist() == ["1500", "1500"]


@pytest.mark.parametrize("word", ["#REF!", "#N/A", "#NOM?", "#DIV/0!", "#VALEUR!", "Err:502"])
def test_an_error_of_a_formula_is_told_in_a_csv(folder, word):
    raw = read_folder(folder(communes=[{"Commune": "Soudan", "Habitants": word}]))
    assert one(raw).cellule == "B2"
    assert raw.tables["communes"]["population"].tolist() == [""]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_html_and_commands_are_only_text(folder, kind):
    hostile = ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "@SUM(1)", "{{ 7*7 }}", "'; --"]
    raw = read_folder(folder(kind=kind, verbatims=[{"Texte exact": text} for text in hostile]))
    assert raw.tables["verbatims"]["texte"].tolist() == hostile
    assert raw.problems == []


def test_null_bytes_are_left_out(folder):
    made = folder()
    (made / "verbatims.csv").write_bytes(b"Texte exact;Table\nun\x00 mot;A\n")
    assert read_folder(made).tables["verbatims"]["texte"].tolist() == ["un mot"]


# ── beside the sheets ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("lock", ["~$essai.xlsx", ".~lock.essai.xlsx#"])
def test_a_workbook_open_in_another_program_is_told(folder, lock):
    made = folder(kind="xlsx", fiches=FICHES)
    (made / lock).write_bytes(b"x")
    raw = read_folder(made)
    assert "ouvert dans un autre programme" in str(one(raw))
    assert len(raw.tables["fiches"]) == 2


@pytest.mark.parametrize("name", ["LISEZMOI.md", "_brouillon.docx", ".DS_Store", "~essai.tmp"])
def test_notes_and_hidden_files_are_passed(folder, name):
    made = folder(fiches=FICHES)
    (made / name).write_bytes(b"x")
    assert read_folder(made).problems == []


@pytest.mark.parametrize("name", ["corrections.csv", "listes.csv"])
@pytest.mark.parametrize("content", [b"", b"\xd0\xcf\x11\xe0 mot de passe", b"PK\x03\x04"])
def test_a_file_beside_that_cannot_be_read_is_told(folder, tidied, name, content):
    (folder() / name).write_bytes(content)
    assert f"data/raw/essai/{name}" in str(one(read_folder(folder())))
    assert tidied().problems == []


def test_a_file_that_may_not_be_opened_is_told(folder, monkeypatch):
    made = folder(fiches=FICHES, communes=[{"Commune": "Soudan"}])
    opened = Path.open

    def refuse(path, *arguments, **options):
        if path.name == "fiches.csv":
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    raw = read_folder(made)
    assert "fiches.csv : le fichier est ouvert dans un autre programme" in str(one(raw))
    assert "Le fermer" in str(one(raw))
    assert len(raw.tables["communes"]) == 1


# ── files that hurt ─────────────────────────────────────────────────────────────────────────────


def edited(path: Path, change) -> None:
    """Write a workbook whose first sheet's XML is changed."""
    plain = path.with_name("_simple.xlsx")
    write_xlsx(plain, {"fiches": grid(FICHES)})
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as copy:
        for entry in source.namelist():
            content = source.read(entry)
            if entry == "xl/worksheets/sheet1.xml":
                content = change(content.decode()).encode()
            copy.writestr(entry, content)


def stray(cell: str):
    number = re.sub("[A-Z]", "", cell)
    filled = f'<c r="{cell}" t="inlineStr"><is><t>x</t></is></c>'

    def change(xml: str) -> str:
        if f'<row r="{number}"' in xml:
            return re.sub(rf'(<row r="{number}".*?)</row>', rf"\1{filled}</row>", xml)
        row = f'<row r="{number}">{filled}</row>'
        return xml.replace("</sheetData>", row + "</sheetData>")

    return change


def blank_million(xml: str) -> str:
    rows = "".join(f'<row r="{n}"><c r="A{n}" s="1"/></row>' for n in range(4, 1_000_004))
    return xml.replace("</sheetData>", rows + "</sheetData>")


def inflated(path: Path, declared: int) -> None:
    """Write a workbook of 2 MB whose sheet unpacks to 2 GB, and declares any size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", block * 2048 + packer.flush())
        archive.filelist[0].compress_type = zipfile.ZIP_DEFLATED
        archive.filelist[0].file_size = declared


def archive(path: Path, **entries: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name.replace("META__INF", "META-INF").replace("__", "/").replace("_", "."), content)


def ods(path: Path, rows: str) -> None:
    spaces = "".join(
        f' xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    title = '<table:table-row><table:table-cell office:value-type="string"><text:p>N° de fiche</text:p></table:table-cell></table:table-row>'
    archive(
        path,
        META__INF__manifest_xml="<manifest/>",
        mimetype="application/vnd.oasis.opendocument.spreadsheet",
        content_xml=f'<?xml version="1.0"?><office:document-content{spaces}><office:body><office:spreadsheet>'
        f'<table:table table:name="fiches">{title}{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>",
    )


def far(before: str, after: str = "") -> str:
    cell = '<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'
    return f"{before}<table:table-row>{after}{cell}</table:table-row>"


ROWS = '<table:table-row table:number-rows-repeated="1048574"><table:table-cell/></table:table-row>'
CELLS = '<table:table-cell table:number-columns-repeated="16383"/>'
TOO_LONG = (1 << 24) * "x"

HURT = {
    "an empty file": ("a.xlsx", lambda p: p.write_bytes(b""), "le fichier est vide"),
    "a document": ("a.docx", lambda p: p.write_bytes(b"PK"), "type de fichier « .docx »"),
    "no extension": ("fiches", lambda p: p.write_bytes(b"x"), "sans extension"),
    "a password": (
        "a.xlsx",
        lambda p: p.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096)),
        "protégé par un mot de passe",
    ),
    "a picture": ("a.xlsx", lambda p: p.write_bytes(b"\x89PNG\r\n\x1a\n"), "est une image"),
    "a photograph": ("a.ods", lambda p: p.write_bytes(b"\xff\xd8\xff\xe0"), "est une image"),
    "a PDF": ("a.xlsx", lambda p: p.write_bytes(b"%PDF-1.7"), "un document PDF"),
    "a text": ("a.xlsx", lambda p: p.write_text("N° de fiche;Table"), "pas un classeur lisible"),
    "a workbook as text": ("fiches.csv", lambda p: edited(p, str), "en réalité un classeur"),
    "a zip of other things": ("a.xlsx", lambda p: archive(p, a_txt="x"), "pas un classeur lisible"),
    "an ods named xlsx": ("a.xlsx", lambda p: ods(p, ""), "pas un classeur lisible"),
    "a stray cell in the last column": ("a.xlsx", lambda p: edited(p, stray("XFD1")), "XFD1 :"),
    "a stray cell in the last row": ("a.xlsx", lambda p: edited(p, stray("A1048576")), "A1048576 :"),
    "a stray cell in the last corner": (
        "a.XLSX",
        lambda p: edited(p, stray("XFD1048576")),
        "cellule XFD1048576 : il y a ici quelque chose",
    ),
    "a stray cell in the last row, ods": ("a.ods", lambda p: ods(p, far(ROWS)), "A1048576 :"),
    "a stray cell in the last corner, ods": (
        "a.ods",
        lambda p: ods(p, far(ROWS, CELLS)),
        "demande trop de temps ou de mémoire",
    ),
    "a bomb": ("a.xlsx", lambda p: inflated(p, 1 << 31), "se déplie jusqu'à 2147 Mo"),
    "a bomb that lies": ("a.xlsx", lambda p: inflated(p, 1000), "pas un classeur lisible"),
    "one giant line": ("fiches.csv", lambda p: p.write_text(";" * (1 << 24)), "ligne 1 :"),
    "one giant cell": (
        "fiches.csv",
        lambda p: p.write_text(f"Table\n{TOO_LONG}\n"),
        "ligne 2 : il y a ici quelque chose",
    ),
    "a quote left open": ("fiches.csv", lambda p: p.write_text('Table\n"A\n' + "B\n" * 20_000), "ligne 2 :"),
    "a hundred thousand lines": ("fiches.csv", lambda p: p.write_text("Table\n" + "A\n" * 100_000), "ligne 50001 :"),
    "a text too heavy": ("fiches.csv", lambda p: p.write_bytes(b"\n" * 31_000_000), "le fichier pèse 31 Mo"),
    "half an UTF-16 text": ("fiches.csv", lambda p: p.write_bytes(b"\xff\xfeT"), "texte lisible"),
}


@pytest.mark.parametrize("case", HURT)
def test_a_file_that_hurts_ends_in_a_clear_message(folder, case):
    name, make, words = HURT[case]
    made = folder()
    make(made / name)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.monotonic()
    raw = read_folder(made)
    assert time.monotonic() - start < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 100_000  # in kB
    problem = one(raw)
    assert words in str(problem)
    assert problem.gravite == BLOQUANT
    assert str(problem).startswith(f"data/raw/essai/{name}")
    assert problem.faire.endswith((".", ")"))
    assert "Error" not in str(problem)
    assert all(table.empty for table in raw.tables.values())


def test_files_are_read_together_with_limits_and_one_by_one_when_that_ends_badly(folder, monkeypatch):
    calls = []

    def run(_, *paths: Path, seconds: float, megabytes: int) -> list:
        calls.append(len(paths))
        assert (seconds, megabytes) == (30, 1024)
        if len(paths) > 1:
            raise ChildError("mémoire")
        return [[]]

    monkeypatch.setattr(load, "run", run)
    folder(kind="xlsx", fiches=FICHES)
    read_folder(folder(fiches=FICHES))
    assert calls == [2, 1, 1]


def test_a_stray_cell_costs_its_own_sheet_only(folder):
    made = folder()
    edited(made / "a.xlsx", stray("XFD1"))
    folder(communes=[{"Commune": "Soudan"}])
    raw = read_folder(made)
    assert "feuille « fiches », cellule XFD1" in str(one(raw))
    assert len(raw.tables["communes"]) == 1


def test_a_million_blank_rows_are_nothing(folder):
    edited(folder() / "a.xlsx", blank_million)
    start = time.monotonic()
    raw = read_folder(folder())
    assert time.monotonic() - start < SECONDS
    assert raw.problems == []
    assert raw.tables["fiches"]["commune"].tolist() == ["Soudan", "Issé"]


def test_a_damaged_workbook_never_ends_in_a_traceback(folder):
    path = folder() / "a.xlsx"
    write_xlsx(path, {"fiches": grid(FICHES)})
    whole = path.read_bytes()
    directory = struct.unpack("<I", whole[-6:-2])[0]
    for at in range(directory, directory + 46):  # the description of the first part
        path.write_bytes(whole[:at] + b"\xff" + whole[at + 1 :])
        read_folder(path.parent)
    for length in (30, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "pas un classeur lisible" in str(one(read_folder(path.parent)))


def test_a_reading_that_fails_says_that_a_stray_cell_is_enough(folder, monkeypatch):
    monkeypatch.setattr(load, "SECONDS", 0.0)
    assert "trop de temps" in str(one(read_folder(folder(kind="xlsx", fiches=FICHES))))


def test_a_row_of_a_csv_with_more_cells_than_titles_is_told(folder):
    made = folder("essai")
    (made / "verbatims.csv").write_text("N°;Texte exact\n1;deux idées ; ici\n", encoding="utf-8")
    (told,) = load.read_folder(made).problems
    assert (told.cellule, told.regle) == ("C2", "ligne débordante")
    assert "guillemets" in told.faire
