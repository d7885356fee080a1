"""Writes empty workbooks from the catalogue (XlsxWriter): one sheet per table, drop-downs and input help.

A workbook holds no data and no column that names a person. The sheet « lisez-moi » says how to fill
the others; `domino_analysis.load` ignores it. The same call gives the same bytes. Words, looks and
checks are in ``catalogue/classeur.fr.yaml``.
"""

import re
import textwrap
from datetime import datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from .paths import shown
from .schema import BLOQUANT, Column, Problem, Table, catalogue, classeur

CREATED = datetime(2026, 1, 1)
"""Date written inside the file: fixed, so that two workbooks are equal byte for byte."""

LAST_ROW, MAX_TITLE, MAX_TEXT = 1000, 32, 255
"""Last row checked; what Excel holds in a help's title, then in a help or a list, whose values hold no comma."""


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
        raise FileExistsError(str(Problem(shown(path), "", "", **classeur()["existe"], gravite=BLOQUANT)))
    sheets = {t.name: _columns(t, complete) for t in catalogue().values() if complete or t.niveau == "essentiel"}
    draft = path.with_name(f".{path.name}.part")
    try:
        with xlsxwriter.Workbook(str(draft), {"in_memory": True, "strings_to_formulas": False}) as book:
            book.set_properties({"title": classeur()["sections"]["feuilles"].format(code=code), "created": created})
            _readme(book, code, sheets)
            for name, columns in sheets.items():
                _sheet(book, catalogue()[name], columns)
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
    return [c for c in table.typed if complete or c.niveau != "chercheur" and c.name != "territoire"]


# ── the sheets ──────────────────────────────────────────────────────────────────────────────────


def _page(book: xlsxwriter.Workbook, name: str, layout: str) -> Worksheet:
    """Add a sheet, laid out by the calls that the catalogue names."""
    sheet = book.add_worksheet(name)
    for method, *arguments in classeur()["pages"][layout]:
        getattr(sheet, method)(*arguments)
    return sheet


def _readme(book: xlsxwriter.Workbook, code: str, sheets: dict[str, list[Column]]) -> None:
    """Add the first sheet: what each sheet is for, an example, the rules and the commands."""
    sheet, tables, words = _page(book, "lisez-moi", "note"), catalogue(), classeur()
    section, bold, text = (book.add_format(words["formats"][name]) for name in ("section", "nom", "note"))
    used = {column.niveau for columns in sheets.values() for column in columns}
    looks = {level: book.add_format(entry["format"]) for level, entry in words["niveaux"].items() if level in used}
    lines = words | {
        "feuilles": {name: tables[name].description for name in sheets},
        "niveaux": {level: words["niveaux"][level]["sens"] for level in looks},
        "exemple": {tables["verbatims"][name].title: value for name, value in words["exemple"].items()},
    }
    row = 0
    for name, title in words["sections"].items():
        sheet.write_row(row, 0, (_french(title.format(code=code)), ""), section)
        for row, (label, said) in enumerate(lines[name].items(), row + 1):  # noqa: B020
            sheet.write_string(row, 0, label.format(code=code), looks.get(label, bold))
            sheet.write_string(row, 1, _french(said), text)
        row += 2


def _sheet(book: xlsxwriter.Workbook, table: Table, columns: list[Column]) -> None:
    """Add the sheet of a table: its titles, and the look, the help and the check of each column."""
    sheet, levels = _page(book, table.name, "feuille"), classeur()["niveaux"]
    sheet.set_tab_color(levels[table.niveau]["format"]["bg_color"])
    for index, column in enumerate(columns):
        look = book.add_format(classeur()["genres"][_kind(column)]["format"])
        sheet.set_column(index, index, _width(column), look)
        sheet.write_string(0, index, column.title, book.add_format(levels[column.niveau]["format"]))
        sheet.data_validation(1, index, LAST_ROW, index, _check(column, xl_rowcol_to_cell(1, index)) | _help(column))


# ── a column ────────────────────────────────────────────────────────────────────────────────────


def _kind(column: Column) -> str:
    """What a column holds, which decides its look and its check."""
    return "date" if column.lecture == "date" else "enum" if column.enum else column.type


def _width(column: Column) -> int:
    """Width by what the column holds: never less than a word of its title."""
    plain = classeur()["largeurs"].get(column.description.split(" ")[0], 60 if column.required else 34)
    width = classeur()["genres"][_kind(column)].get("largeur", plain)
    return max(width, *(len(word) + 3 for word in (*column.enum, *column.title.split())))


def _help(column: Column) -> dict[str, str]:
    """What is read beside a cell: the title of its column and what to write there."""
    more = classeur()["genres"][_kind(column)].get("aide", "")
    title = _french(textwrap.shorten(column.title, MAX_TITLE, placeholder="…"))
    message = _french(textwrap.shorten(column.description + more, MAX_TEXT, placeholder="…"))
    return {"input_title": title, "input_message": message, "error_title": title}


def _check(column: Column, cell: str) -> dict:
    """What the spreadsheet verifies; NR, which says that an answer is missing, always passes."""
    words, kind = classeur(), "proposition" if column.valeurs_proposees else _kind(column)
    limits = {name: getattr(column, name) for name in words["limites"] if getattr(column, name) is not None}
    told = "".join(words["limites"][name].format(limit) for name, limit in limits.items())
    check = words["controles"].get(kind, words["controles"]["libre"]) | limits
    for part in check.keys() & {"value", "error_message"}:
        check[part] = _french(check[part].format(cellule=cell, limites=told))
    if column.enum or column.valeurs_proposees:
        missing = {"NR"} & {*column.missing_values} if column.enum else ()
        check["source"] = [*column.enum, *column.valeurs_proposees, *missing]
    return check


def _french(text: str) -> str:
    """Text whose « ; : ! ? » stay on the line of their word."""
    return re.sub(r" (?=[;:!?»])|(?<=«) ", "\u00a0", text)
