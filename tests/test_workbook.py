"""Empty workbooks: what facilitators open, and what `load` reads back."""

import re
import shutil
import subprocess
import zipfile
from html import unescape
from pathlib import Path

import pytest

from domino_analysis import workbook
from domino_analysis.load import read_folder
from domino_analysis.schema import catalogue, classeur, value_spellings
from domino_analysis.workbook import new_workbook

ESSENTIAL = ["communes", "enjeux", "fiches", "reunions", "verbatims"]


@pytest.fixture(scope="module", params=[False, True], ids=["essential", "complete"])
def written(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("classeur") / "exemple.xlsx"
    new_workbook(path, "exemple", complete=request.param)
    return path, request.param


def parts(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def sheet_names(path: Path) -> list[str]:
    return re.findall(r'<sheet name="([^"]+)"', parts(path)["xl/workbook.xml"])


def sheet_xml(path: Path, name: str) -> str:
    return unescape(parts(path)[f"xl/worksheets/sheet{sheet_names(path).index(name) + 1}.xml"])


def texts(path: Path) -> list[str]:
    found = re.findall(r"<t[^>]*>([^<]*)</t>", parts(path)["xl/sharedStrings.xml"])
    return [unescape(text).replace("\u00a0", " ") for text in found]


def titles(path: Path, name: str) -> list[str]:
    shared = re.findall(r"<t[^>]*>([^<]*)</t>", parts(path)["xl/sharedStrings.xml"])
    first_row = re.search(r'<row r="1".*?</row>', sheet_xml(path, name))[0]
    return [unescape(shared[int(i)]) for i in re.findall(r"<v>(\d+)</v>", first_row)]


def validation(path: Path, table: str, column: str, complete: bool = False) -> str:
    """XML of the check of one column."""
    index = titles(path, table).index(catalogue()[table][column].title)
    return re.findall(r"<dataValidation .*?(?:</dataValidation>|/>)", sheet_xml(path, table))[index]


@pytest.fixture
def essential(tmp_path):
    new_workbook(tmp_path / "exemple.xlsx", "exemple")
    return tmp_path / "exemple.xlsx"


def test_the_five_essential_sheets_follow_the_note(essential):
    assert sheet_names(essential) == ["lisez-moi", *ESSENTIAL]


def test_a_complete_workbook_has_the_sixteen_sheets(tmp_path):
    new_workbook(tmp_path / "x.xlsx", "exemple", complete=True)
    assert sheet_names(tmp_path / "x.xlsx") == ["lisez-moi", *catalogue()]
    assert len(catalogue()) == 16


def test_the_titles_are_those_of_the_catalogue(written):
    path, complete = written
    for name in sheet_names(path)[1:]:
        typed = catalogue()[name].typed
        expected = [c.title for c in typed if complete or c.niveau in ("essentiel", "utile")]
        assert titles(path, name) == expected


def test_the_code_of_the_territory_is_not_asked_in_an_essential_workbook(essential):
    assert all("Code du territoire" not in titles(essential, name) for name in ESSENTIAL)


def test_no_column_names_a_person_or_is_computed(written):
    path, _ = written
    for name in sheet_names(path)[1:]:
        unwanted = {c.title for c in catalogue()[name].columns if c.is_direct or c.is_computed}
        wanted = {c.title for c in catalogue()[name].typed}
        assert not (unwanted - wanted) & set(titles(path, name))


def test_a_closed_list_is_a_drop_down_that_accepts_nr(essential):
    found = validation(essential, "verbatims", "origine")
    assert 'type="list"' in found
    assert 'errorStyle="' not in found  # anything else is refused
    assert '"table,fiche,plénière,entretien,NR"' in found


def test_yes_and_no_are_a_drop_down(essential):
    assert '"oui,non,NR"' in validation(essential, "fiches", "utilisateur")


def test_every_closed_or_proposed_list_is_a_drop_down(written):
    path, complete = written
    for name in sheet_names(path)[1:]:
        for column in catalogue()[name].typed:
            listed = column.title in titles(path, name) and (column.enum or column.valeurs_proposees)
            if listed:
                found = validation(path, name, column.name)
                assert 'type="list"' in found
                assert all(value in found for value in listed)


def test_a_proposed_list_only_suggests(essential):
    found = validation(essential, "verbatims", "thematique")
    assert 'errorStyle="information"' in found
    assert "se loger,se déplacer" in found


def test_a_number_has_its_limits_and_lets_nr_pass(tmp_path):
    new_workbook(tmp_path / "x.xlsx", "exemple", complete=True)
    found = validation(tmp_path / "x.xlsx", "preconisations", "faisabilite")
    assert 'type="whole"' in found
    assert 'errorStyle="warning"' in found
    assert "<formula1>1</formula1><formula2>5</formula2>" in found
    assert 'type="decimal"' in validation(tmp_path / "x.xlsx", "mesures", "actuelle")


def test_a_year_alone_is_not_taken_for_a_day_of_1905(essential):
    found = validation(essential, "reunions", "date")
    assert "OR(ISTEXT(B2),B2>9999)" in found
    assert "apostrophe" in found


def test_every_column_has_a_help_that_excel_accepts(written):
    path, _ = written
    for name in sheet_names(path)[1:]:
        xml = sheet_xml(path, name)
        helps = re.findall(r' prompt="(.*?)" sqref=', xml)
        assert len(helps) == len(titles(path, name))
        assert max(map(len, helps)) <= 255
        assert max(map(len, re.findall(r' promptTitle="(.*?)" prompt=', xml))) <= 32


def test_every_list_of_the_catalogue_fits_in_a_drop_down():
    for table in catalogue().values():
        for column in table.typed:
            values = workbook._check(column, "A2").get("source", [])
            assert len(",".join(values)) <= workbook.MAX_TEXT, (table.name, column.name)
            assert not any("," in value for value in values), (table.name, column.name)


def number_format(path: Path, table: str, column: str) -> str:
    """Number format of the cells of one column."""
    styles = parts(path)["xl/styles.xml"]
    codes = dict(re.findall(r'<numFmt numFmtId="(\d+)" formatCode="([^"]+)"', styles))
    cells = re.findall(r"<xf ([^>]*)", re.search(r"<cellXfs.*?</cellXfs>", styles)[0])
    index = titles(path, table).index(catalogue()[table][column].title)
    columns = re.findall(r'<col min="(\d+)" max="(\d+)" [^>]*style="(\d+)"', sheet_xml(path, table))
    style = next(int(s) for first, last, s in columns if int(first) <= index + 1 <= int(last))
    number = re.search(r'numFmtId="(\d+)"', cells[style])[1]
    return codes.get(number, "@" if number == "49" else number)


def test_codes_are_text_so_that_no_zero_is_lost(essential):
    assert number_format(essential, "communes", "code_insee") == "@"
    assert number_format(essential, "reunions", "reunion") == "@"


def test_dates_have_the_format_of_a_date(essential):
    assert number_format(essential, "reunions", "date") == "yyyy-mm-dd"


def test_the_titles_stay_in_sight(written):
    path, _ = written
    assert all('state="frozen"' in sheet_xml(path, name) for name in sheet_names(path)[1:])


def test_the_note_says_how_to_fill_and_what_to_run(essential):
    said = texts(essential)
    assert "domino check exemple" in said
    assert "domino run exemple" in said
    assert "Une idée par ligne" in said
    assert all(table.description in said for name, table in catalogue().items() if name in ESSENTIAL)


def test_the_example_line_is_accepted():
    for name, value in classeur()["exemple"].items():
        column = catalogue()["verbatims"][name]
        assert not column.enum or value_spellings("verbatims", name)[value] == value


def test_two_workbooks_are_equal_byte_for_byte(tmp_path, written):
    path, complete = written
    new_workbook(tmp_path / "autre.xlsx", "exemple", complete=complete)
    assert (tmp_path / "autre.xlsx").read_bytes() == path.read_bytes()


def test_an_empty_workbook_reads_back_without_any_problem(written):
    path, _ = written
    raw = read_folder(path.parent)
    assert raw.problems == []
    assert all(table.empty for table in raw.tables.values())
    assert {sheet for _, sheet in raw.letters} == set(sheet_names(path)[1:])


@pytest.mark.libreoffice
def test_an_ods_made_by_libreoffice_reads_back_the_same(tmp_path, written):
    path, _ = written
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    folder = tmp_path / "converted"
    command = [shutil.which("soffice"), profile, "--headless", "--convert-to", "ods"]
    for _attempt in range(2):  # a fresh profile may fail the first time
        subprocess.run([*command, "--outdir", folder, path], capture_output=True, timeout=120)
        if (folder / "exemple.ods").exists():
            break
    raw = read_folder(folder)
    assert raw.problems == []
    assert all(table.empty for table in raw.tables.values())
    letters = read_folder(path.parent).letters
    assert {sheet: found for (_, sheet), found in raw.letters.items()} == {
        sheet: found for (_, sheet), found in letters.items()
    }


def test_what_people_typed_is_never_overwritten(tmp_path):
    path = tmp_path / "exemple.xlsx"
    path.write_bytes(b"du travail")
    with pytest.raises(FileExistsError, match="exemple.xlsx : ce fichier existe déjà"):
        new_workbook(path, "exemple")
    assert path.read_bytes() == b"du travail"


def test_a_workbook_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "_check", lambda column, cell: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        new_workbook(tmp_path / "exemple.xlsx", "exemple")
    assert list(tmp_path.iterdir()) == []
