"""Writes empty workbooks from the catalogue (XlsxWriter): one sheet per table, drop-downs and input help.

A workbook holds no data and no column that names a person. The sheet « lisez-moi » says how to fill
the others; `domino_analysis.load` ignores it. The same call gives the same bytes.
"""

import re
import textwrap
from datetime import datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

from .paths import shown
from .schema import BLOQUANT, Column, Problem, Table, catalogue

CREATED = datetime(2026, 1, 1)
"""Date written inside the file: fixed, so that two workbooks are equal byte for byte."""

LAST_ROW, NO_LIMIT, MAX_TITLE, MAX_TEXT = 1000, 10**9, 32, 255
"""Last row checked, no limit for a number; what Excel holds in a help's title, a help or a list."""

LEVELS = {
    "essentiel": ("#1F4E5F", "white", "À remplir en premier : cela suffit pour un diagnostic."),
    "utile": ("#BFDCE2", "#173A46", "Utile, si vous avez l'information."),
    "chercheur": ("#E9EEF0", "#173A46", "Pour aller plus loin ; peut rester vide."),
}
"""Colour and ink of the titles of each level, and what the level means."""

CELL = {"text_wrap": True, "valign": "top"}
NOTE = CELL | {"valign": "vcenter"}
HEADER = NOTE | {"bold": True, "border": 1, "border_color": "white"}
TEXT, DATE = CELL | {"num_format": "@"}, CELL | {"num_format": "yyyy-mm-dd", "align": "left"}
SECTION = {"bold": True, "font_size": 13, "font_color": "#173A46", "bottom": 1}
WIDTHS = {"Code": 16, "Numéro": 12, "Lettre": 9, "Heure": 10, "Nom": 28, "Commune": 28}
"""Width of a text column by the first word of its description, which says what it holds."""

EXAMPLE_COLUMNS = ("question", "origine", "table", "texte", "repris", "enjeu")
EXAMPLE = ("Q1", "table", "B", "On se prête les outils, mais sans assurance.", "oui", "E2")
RULES = {
    "Aide": "Cliquer sur une cellule : une aide s'affiche. Ce qui manque peut rester vide.",
    "Une idée par ligne": "Deux idées dans une phrase : deux lignes, avec les mots entendus.",
    "Sans réponse": "NR si la personne n'a rien répondu. Vide si on ne sait pas. 0 est un nombre.",
    "Nombres": "Un nombre seul, sans unité. Les décimales avec une virgule : 2,5.",
    "Dates": "24/09/2015. Jour inconnu : une apostrophe devant, '2015-09 ou '2015.",
    "Listes": "La flèche à droite de la cellule propose. Plusieurs valeurs : covoiturage ; AMAP.",
    "Codes": "Vous les choisissez ; les écrire de la même façon dans toutes les feuilles.",
    "Personnes": "Ni nom, ni courriel, ni téléphone : une fiche est un numéro.",
    "Titres": "Garder ceux de la première ligne. L'ordre des colonnes et des feuilles est libre.",
}


def new_workbook(path: Path, code: str, complete: bool = False, created: datetime = CREATED) -> None:
    """Write an empty workbook, whole or not at all.

    Parameters
    ----------
    path : Path
        Where to write it: an .xlsx in a folder that exists.
    code : str
        Code of the territory, the name of its folder.
    complete : bool
        All the sheets and columns that people type, instead of the five essential sheets without
        the columns meant for researchers.
    created : datetime
        Date of creation written inside the file.

    Raises
    ------
    FileExistsError
        When the file exists: what people typed is never overwritten.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     new_workbook(Path(folder) / "exemple.xlsx", "exemple")
    ...     print([path.name for path in Path(folder).iterdir()])
    ['exemple.xlsx']
    """
    if path.exists():
        found, expected = "ce fichier existe déjà.", "un nom libre, car rien n'est jamais écrasé"
        to_do = "Renommer ou déplacer ce fichier, puis relancer."
        raise FileExistsError(str(Problem(shown(path), "", "", found, expected, to_do, BLOQUANT)))
    draft = path.with_name(f".{path.name}.part")
    try:
        book = xlsxwriter.Workbook(str(draft), {"in_memory": True, "strings_to_formulas": False})
        book.set_properties({"title": f"Classeur du territoire {code}", "created": created})
        chosen = [t for t in catalogue().values() if complete or t.niveau == "essentiel"]
        sheets = {table.name: _columns(table, complete) for table in chosen}
        _readme(book, code, sheets)
        for name, columns in sheets.items():
            _sheet(book, catalogue()[name], columns)
        book.close()
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _columns(table: Table, complete: bool) -> list[Column]:
    """Columns of a sheet: those that people type, or those that a first evening needs.

    Examples
    --------
    >>> [column.title for column in _columns(catalogue()["communes"], complete=False)]
    ['Code INSEE', 'Commune', 'Autres écritures', 'Intercommunalité', 'Habitants']
    """
    constant = "" if table.name == "territoires" else "territoire"
    return [c for c in table.typed if complete or c.niveau != "chercheur" and c.name != constant]


# ── the sheets ──────────────────────────────────────────────────────────────────────────────────


def _readme(book: xlsxwriter.Workbook, code: str, sheets: dict[str, list[Column]]) -> None:
    """Add the first sheet: what each sheet is for, an example, the rules and the commands."""
    sheet, tables = book.add_worksheet("lisez-moi"), catalogue()
    bold, text, section = (book.add_format(s) for s in (NOTE | {"bold": True}, NOTE, SECTION))
    levels = {column.niveau for columns in sheets.values() for column in columns}
    example = [tables["verbatims"][name].title for name in EXAMPLE_COLUMNS]
    check, run = "Nomme chaque cellule à revoir, et dit quoi faire.", "Écrit les pages."
    sections = {
        f"Classeur du territoire {code}": {name: tables[name].description for name in sheets},
        "La couleur des titres": {level: LEVELS[level][2] for level in LEVELS if level in levels},
        "Exemple : une ligne de verbatims": dict(zip(example, EXAMPLE, strict=True)),
        "Les règles": RULES,
        "Une fois le classeur fermé": {f"domino check {code}": check, f"domino run {code}": run},
    }
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2)
    sheet.set_default_row(20)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 84)
    row = 0
    for title, lines in sections.items():
        sheet.write_row(row, 0, (_french(title), ""), section)
        for row, (label, words) in enumerate(lines.items(), row + 1):  # noqa: B020
            sheet.write_string(row, 0, label, _header(book, label) if label in LEVELS else bold)
            sheet.write_string(row, 1, _french(words), text)
        row += 2


def _sheet(book: xlsxwriter.Workbook, table: Table, columns: list[Column]) -> None:
    """Add the sheet of a table: its titles, and the look, the help and the check of each column."""
    sheet = book.add_worksheet(table.name)
    sheet.set_tab_color(LEVELS[table.niveau][0])
    sheet.freeze_panes(1, 0)
    sheet.set_row(0, 48)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    for index, column in enumerate(columns):
        style, width = _look(column)
        sheet.set_column(index, index, width, book.add_format(style))
        sheet.write_string(0, index, column.title, _header(book, column.niveau))
        rule = _check(column, xl_rowcol_to_cell(1, index)) | _help(column)
        values = rule.get("source", [])
        if len(",".join(values)) > MAX_TEXT or any("," in value for value in values):
            rule["source"] = _named(book, f"liste_{table.name}_{column.name}", values)
        sheet.data_validation(1, index, LAST_ROW, index, rule)


def _named(book: xlsxwriter.Workbook, name: str, values: list[str]) -> str:
    """Formula of a named range, in the hidden sheet, for a list that no drop-down can hold."""
    sheet = book.get_worksheet_by_name("listes") or book.add_worksheet("listes")
    sheet.very_hidden()
    column = len(book.defined_names)
    sheet.write_column(0, column, values)
    book.define_name(name, f"=listes!{xl_range_abs(0, column, len(values) - 1, column)}")
    return f"={name}"


def _header(book: xlsxwriter.Workbook, level: str) -> xlsxwriter.format.Format:
    background, ink, _ = LEVELS[level]
    return book.add_format({**HEADER, "bg_color": background, "font_color": ink})


def _look(column: Column) -> tuple[dict, int]:
    """Format of a column, and its width by what it holds: never less than a word of its title."""
    plain = 60 if column.required else 34
    style, width = TEXT, WIDTHS.get(column.description.split(" ")[0], plain)
    if column.lecture == "date" or column.type in ("integer", "number"):
        style, width = DATE if column.lecture == "date" else CELL, 12
    elif column.enum or column.type == "list":
        width = max(map(len, column.enum), default=27) + 3
    return style, max(width, *(len(word) + 3 for word in column.title.split()))


# ── help and checks while typing ────────────────────────────────────────────────────────────────


def _help(column: Column) -> dict[str, str]:
    """What is read beside a cell: the title of its column and what to write there."""
    day = " Jour inconnu : une apostrophe devant ('2015-09)." if column.lecture == "date" else ""
    title = _french(textwrap.shorten(column.title, MAX_TITLE, placeholder="…"))
    message = _french(textwrap.shorten(column.description + day, MAX_TEXT, placeholder="…"))
    return {"input_title": title, "input_message": message, "error_title": title}


def _check(column: Column, cell: str) -> dict:
    """What the spreadsheet verifies; NR, which says that an answer is missing, always passes."""
    if column.lecture == "date":
        # A year typed in a date cell becomes a day of 1905: it needs an apostrophe, as a text.
        told = "Une date (24/09/2015) ; une apostrophe devant si le jour est inconnu ('2015-09)."
        return _rule("custom", told, value=f"=OR(ISTEXT({cell}),{cell}>9999)")
    if column.enum:
        values = [*column.enum, *({"NR"} & {*column.missing_values})]
        return _rule("list", "Choisir dans la liste (flèche à droite).", source=values)
    if column.valeurs_proposees:
        told = "Hors de la liste proposée : à garder si c'est voulu. Séparer par « ; »."
        return _rule("list", told, source=[*column.valeurs_proposees], error_type="information")
    if column.type in ("integer", "number"):
        whole = column.type == "integer"
        told = "Un nombre entier" if whole else "Un nombre"
        low = -NO_LIMIT if column.minimum is None else column.minimum
        high = NO_LIMIT if column.maximum is None else column.maximum
        told += f", au moins {low:g}" if low > -NO_LIMIT else ""
        told += f", au plus {high:g}" if high < NO_LIMIT else ""
        told += " ; NR, et continuer, si la réponse manque."
        limits = {"criteria": "between", "minimum": low, "maximum": high, "error_type": "warning"}
        return _rule("whole" if whole else "decimal", told, **limits)
    return {"validate": "any"}


def _rule(validate: str, told: str, **more: object) -> dict:
    return {"validate": validate, "error_message": _french(told), **more}


def _french(text: str) -> str:
    """Text whose « ; : ! ? » stay on the line of their word."""
    return re.sub(r" (?=[;:!?»])|(?<=«) ", "\u00a0", text)
