"""Spreadsheets and CSV files → raw tables, each row with its file, sheet and row number.

`read_folder` renames columns and never changes a meaning: every value becomes one canonical text,
so that .xlsx, .ods and .csv give the same table. Each file is looked at before it is opened, then
opened in a child process with limits; columns that name a person never leave that child.
"""

import csv
import datetime as dt
import io
import re
import unicodedata
import zipfile
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate, islice
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

import pandas as pd
from xlsxwriter.utility import xl_cell_to_rowcol, xl_col_to_name, xl_rowcol_to_cell

from .child import ChildError, run
from .paths import BESIDE, locks, sheet_files, shown
from .schema import Problem, Table, catalogue, problem, simplify, table_named

PLACE = ["fichier", "feuille", "ligne"]
"""Where a row comes from: first columns of every raw and tidy table."""

SECONDS, MEGABYTES = 30, 1024
MAX_UNPACKED_BYTES, MAX_TEXT_BYTES = 300_000_000, 30_000_000
MAX_ROWS, MAX_COLUMNS, MAX_CHARACTERS = 50_000, 500, 32_767
SPREADSHEETS, TEXTS = (".xlsx", ".ods"), (".csv", ".tsv", ".txt")

ERROR = re.compile(r"#(REF|VALUE|VALEUR|DIV/0|NUM|NOMBRE|NULL|NUL|NAME|NOM|N/A)[!?]?|Err:\d{3}")
"""What a spreadsheet shows where a formula failed."""
CELL = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3}\d{1,7})"([^>/]*)>(.*?)</c>', re.DOTALL)
"""A cell of an .xlsx that holds something: its reference, its other marks, its content."""
NEVER_COMPUTED = re.compile(rb"(</f>|<f[^>]*/>)(<v></v>|<v */>)?$")
Grid = list[list[str]]
ODS = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


@dataclass(frozen=True)
class Sheet:
    """What the child found in one sheet: rows of text under our names, and the rules it breaks.

    ``told`` holds a rule, a cell and a title of column: the last two are empty when there is none.
    """

    name: str
    table: str
    letters: dict[str, str] = field(default_factory=dict)
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    told: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass
class RawFolder:
    """Raw tables of one folder, the letters of their columns, and the problems of the files."""

    tables: dict[str, pd.DataFrame]
    letters: dict[tuple[str, str], dict[str, str]]
    problems: list[Problem]

    def cell(self, row: pd.Series, column: str) -> str:
        """Reference of a cell as the spreadsheet shows it, such as ``F7``."""
        letter = self.letters.get((row["fichier"], row["feuille"]), {}).get(column, "")
        return f"{letter}{row['ligne']}" if letter else f"ligne {row['ligne']}"


# ── values ──────────────────────────────────────────────────────────────────────────────────────


def canonical(value: object) -> str:
    """One text for one value, whatever the file format.

    Examples
    --------
    >>> [canonical(v) for v in (16.0, 2.5, True, dt.date(2015, 9, 24), "  deux mots ", None)]
    ['16', '2.5', 'oui', '2015-09-24', 'deux mots', '']
    """
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.timedelta):
        value = (dt.datetime.min + value).time()
    if isinstance(value, dt.datetime) and value.time() == dt.time(0):
        value = value.date()
    if isinstance(value, dt.datetime | dt.time):
        return value.isoformat(timespec="minutes").replace("T", " ")
    text = unicodedata.normalize("NFC", "" if value is None else str(value))
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip(" \t\n\u00a0\u202f\ufeff")


# ── one file, in a child ────────────────────────────────────────────────────────────────────────


def headers(table: Table) -> dict[str, str]:
    """Our column by every simplified spelling of its header; nothing when it is left."""
    return {simplify(s): "" if c.is_direct or c.is_computed else c.name for c in table.columns for s in c.spellings}


def _known_titles(rows: Iterable[list[str]], known: dict[str, str]) -> list[int]:
    """How many titles that we know are in each of the first ten rows: the most is in that of the headers."""
    return [sum(simplify(cell) in known for cell in row) for row in islice(rows, 10)]


def _far(row: int, column: int) -> str:
    """Reference of a cell, counted from 0, that no table of ours would reach; nothing of another."""
    return xl_rowcol_to_cell(row, column) if row >= MAX_ROWS or column >= MAX_COLUMNS else ""


def _beyond(grid: Grid) -> str:
    """First row that no table of ours would hold, as a facilitator reads it; nothing if none."""
    too_wide = (len(row) > MAX_COLUMNS or max(map(len, row), default=0) > MAX_CHARACTERS for row in grid)
    return next((f"ligne {n}" for n, is_wide in enumerate(too_wide, 1) if is_wide or n > MAX_ROWS), "")


def _sheet(name: str, table: str, grid: Grid, stray: str = "", failed: Collection[str] = ()) -> Sheet:
    """Rows of a grid under our names; none with a cell too far away. Cells whose formula failed are empty."""
    if stray := stray or _beyond(grid):
        return Sheet(name, table, told=[("cellule égarée", stray, "")])
    known = headers(catalogue()[table])
    scores = _known_titles(grid, known)
    if not any(scores):
        return Sheet(name, table, told=[("titres", "", "")] if any(map(any, grid)) else [])
    first = scores.index(max(scores))
    positions, told = _positions(grid[first:], first + 1, known)
    letters = {column: xl_col_to_name(index) for column, index in positions.items()}
    rows = []
    for number, cells in enumerate(grid[first + 1 :], first + 2):
        row = {column: cells[index] for column, index in positions.items() if index < len(cells) and cells[index]}
        for column, letter in letters.items():
            if f"{letter}{number}" in failed or ERROR.fullmatch(row.get(column, "")):
                row.pop(column, None)
                told.append(("formule", f"{letter}{number}", ""))
        if any(cells[len(grid[first]) :]):
            told.append(("ligne débordante", xl_rowcol_to_cell(number - 1, len(grid[first])), ""))
        if row:
            rows.append((number, row))
    return Sheet(name, table, letters, rows, told)


def _positions(grid: Grid, number: int, known: dict[str, str]) -> tuple[dict[str, int], list[tuple]]:
    """Place of each column that is read, by the headers of the first row; what is wrong with others."""
    positions, told = {}, []
    for index, title in enumerate(grid[0]):
        column, cell = known.get(simplify(title)), f"{xl_col_to_name(index)}{number}"
        if column in positions:
            told.append(("titre en double", cell, title))
        elif column:
            positions[column] = index
        elif column is None and (title or any(len(row) > index and row[index] for row in grid[1:])):
            told.append(("colonne inconnue" if title else "colonne inconnue/sans titre", cell, title))
    return positions, told


def _look_inside(content: bytes) -> tuple[str, set[str]]:
    """First cell too far away, and cells whose formula has no value, in one sheet of an .xlsx."""
    failed = set()
    for match in CELL.finditer(content):
        cell, marks, held = match[1].decode(), match[2], match[3]
        if held and (stray := _far(*xl_cell_to_rowcol(cell))):
            return stray, failed
        if b't="e"' in marks or NEVER_COMPUTED.search(held) and b't="str"' not in marks:
            failed.add(cell)
    return "", failed


def _inside_xlsx(archive: zipfile.ZipFile) -> dict[str, tuple[str, set[str]]]:
    """What `_look_inside` says of each sheet of an .xlsx."""
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    parts = {link.get("Id"): str(PurePosixPath("/xl", link.get("Target"))).lstrip("/") for link in links}
    sheets = ElementTree.fromstring(archive.read("xl/workbook.xml")).iterfind(".//{*}sheet")
    held = ((s.get("name"), parts.get(link)) for s in sheets for mark, link in s.items() if mark.endswith("}id"))
    return {name: _look_inside(archive.read(part)) for name, part in held if part in archive.namelist()}


def _inside_ods(archive: zipfile.ZipFile) -> dict[str, tuple[str, set[str]]]:
    """The same of an .ods, whose last cell calamine knows: it shows a formula that failed as empty."""
    content = archive.read("content.xml")
    found = {}
    for sheet in ElementTree.fromstring(content).iter(f"{ODS}table") if b'value-type="error"' in content else ():
        failed = {
            xl_rowcol_to_cell(row, column)
            for row, line in _placed(sheet.iter(f"{ODS}table-row"), "rows")
            for column, cell in _placed(line, "columns")
            if any(mark.endswith("}value-type") and value == "error" for mark, value in cell.items())
        }
        found[sheet.get(f"{ODS}name")] = "", failed
    return found


def _placed(elements: Iterable[ElementTree.Element], kind: str) -> Iterable[tuple[int, ElementTree.Element]]:
    """Rows of an .ods, or cells of a row, each with its place: one may stand for several."""
    held = list(elements)
    return zip(accumulate((int(e.get(f"{ODS}number-{kind}-repeated", 1)) for e in held), initial=0), held, strict=False)


def _read_workbook(path: Path) -> list[Sheet]:
    """Sheets of one workbook; runs in a child."""
    from python_calamine import CalamineWorkbook, SheetVisibleEnum

    workbook, archive = CalamineWorkbook.from_path(path), zipfile.ZipFile(path)
    inside = _inside_xlsx(archive) if path.suffix.lower() == ".xlsx" else _inside_ods(archive)
    found = []
    for metadata in workbook.sheets_metadata:
        name, table = metadata.name, table_named(metadata.name)
        is_visible = metadata.visible == SheetVisibleEnum.Visible
        if is_visible and table:
            stray, failed = inside.get(name, ("", ()))
            sheet = None if stray else workbook.get_sheet_by_name(name)
            stray = stray or _far(*(sheet.end or (0, 0)))
            rows = [] if stray else sheet.to_python(skip_empty_area=False)
            grid = [[canonical(cell) for cell in row] for row in rows]
            found.append(_sheet(name, table, grid, stray, failed))
        elif is_visible or table:
            found.append(Sheet(name, table, told=[("feuille masquée", "", "")] if table else []))
    return found


def decode(content: bytes) -> str:
    """Text of a file in UTF-8, with or without BOM, or in Windows-1252.

    Examples
    --------
    >>> decode("é".encode("cp1252")), decode("é".encode("utf-8-sig"))
    ('é', 'é')
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    with suppress(UnicodeDecodeError):
        return content.decode("utf-8-sig")
    return content.decode("cp1252", errors="replace")


def _separator(text: str, known: dict) -> str:
    """The separator that shows most titles we know, or else the most frequent of the first line."""
    head = text[:20_000].lstrip("\n")
    first = head.partition("\n")[0]
    rows = {mark: csv.reader(io.StringIO(head, newline=""), delimiter=mark) for mark in ";,\t"}
    return max(rows, key=lambda mark: (max(_known_titles(rows[mark], known), default=0), first.count(mark)))


def parse_csv(text: str, known: dict | None = None) -> list[list[str]]:
    r"""Rows of a CSV text whose separator is ``;``, ``,`` or a tab, with its blank lines.

    The row number of a record is that of its place in the spreadsheet, as it opens there. Reading
    ends after the first row that is too far or too wide for a table.

    Examples
    --------
    >>> parse_csv('a;b\n1;"x;y"\n')
    [['a', 'b'], ['1', 'x;y']]
    """
    csv.field_size_limit(MAX_UNPACKED_BYTES)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text, known or {}))
    grid = []
    for row in islice(rows, MAX_ROWS + 1):
        grid.append([canonical(cell) for cell in row[: MAX_COLUMNS + 1]])
        if len(row) > MAX_COLUMNS:
            break
    return grid


def _read_text(path: Path) -> list[Sheet]:
    """The one sheet of a CSV file; runs in a child."""
    if table := table_named(path.stem):
        return [_sheet(path.stem, table, parse_csv(decode(path.read_bytes()), headers(catalogue()[table])))]
    return [Sheet(path.stem, "")]


# ── a folder ────────────────────────────────────────────────────────────────────────────────────


def refusal(path: Path) -> Problem | None:
    """Why a file cannot be read, as its first bytes and its sizes tell before anything opens it."""
    suffix, size = path.suffix.lower(), 0
    is_text = suffix in TEXTS
    limit = MAX_TEXT_BYTES if is_text else MAX_UNPACKED_BYTES
    try:
        with path.open("rb") as stream:
            start = stream.read(8)
        broken = {
            "vide": not start,
            "extension/absente": not suffix,
            "extension": suffix not in (*SPREADSHEETS, *TEXTS),
            "contenu/mot de passe": start.startswith(b"\xd0\xcf\x11\xe0"),
            "contenu/image": start.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8")),
            "contenu/pdf": start.startswith(b"%PDF"),
            "contenu/pas un texte": is_text and start.startswith(b"PK\x03\x04"),
        }
        rule = next(filter(broken.get, broken), "")
        if not rule:
            size = path.stat().st_size if is_text else sum(e.file_size for e in zipfile.ZipFile(path).infolist())
        rule = ("taille/texte" if is_text else "taille/classeur") if size > limit else rule
    except OSError:
        rule = "ouvert/protégé"
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        rule = "contenu/pas un classeur"
    sizes = {"taille": size // 1_000_000, "limite": limit // 1_000_000}
    return problem(rule, shown(path), suffixe=suffix, **sizes) if rule else None


def _sheets(*paths: Path) -> list[list[Sheet]]:
    """Sheets of each file; runs in a child."""
    return [(_read_text if path.suffix.lower() in TEXTS else _read_workbook)(path) for path in paths]


def read_file(path: Path) -> tuple[list[Sheet], list[Problem]]:
    """Sheets of one file, read in a child with limits, and what is wrong with the file."""
    if refused := refusal(path):
        return [], [refused]
    try:
        return run(_sheets, path, seconds=SECONDS, megabytes=MEGABYTES)[0], []
    except ChildError as error:
        is_too_much = error.reason != "erreur" or "Cell limit exceeded" in error.detail
        is_text = path.suffix.lower() in TEXTS
        rule = "limite" if is_too_much else "contenu/texte illisible" if is_text else "contenu/classeur illisible"
        return [], [problem(rule, shown(path))]


def _read_files(paths: list[Path]) -> dict[Path, tuple[list[Sheet], list[Problem]]]:
    """Sheets and problems of each file: all in one child, or in a child each when one of them cannot be read."""
    if not any(map(refusal, paths)):
        with suppress(ChildError):
            read = run(_sheets, *paths, seconds=SECONDS, megabytes=MEGABYTES)
            return {path: (sheets, []) for path, sheets in zip(paths, read, strict=True)}
    return {path: read_file(path) for path in paths}


def _sheet_problems(path: Path, sheet: Sheet) -> list[Problem]:
    """What is wrong with one sheet, in words; nothing of a note for people, as in an empty workbook."""
    if simplify(sheet.name) == "lisez moi":
        return []
    if not sheet.table:
        return [problem("feuille inconnue", shown(path), sheet.name, feuilles=", ".join(catalogue()))]
    words = {"lignes": MAX_ROWS, "colonnes": MAX_COLUMNS, "signes": MAX_CHARACTERS}
    words["titres"] = ", ".join(f"« {column.title} »" for column in catalogue()[sheet.table].typed[:6])
    return [problem(rule, shown(path), sheet.name, cell, titre=title, **words) for rule, cell, title in sheet.told]


def raw_table(table: Table, rows: Iterable[dict] = ()) -> pd.DataFrame:
    """Raw table of some rows, with a column for each that people type: text, but for the row number."""
    types = dict.fromkeys([*PLACE, *(column.name for column in table.typed)], str) | {"ligne": int}
    return pd.DataFrame(rows, columns=[*types], dtype=object).fillna("").astype(types)


def read_folder(folder: Path) -> RawFolder:
    """Raw tables of a territory: one per table of the catalogue, the sheets of all files stacked.

    Parameters
    ----------
    folder : Path
        A folder of ``data/raw``: workbooks, or one .csv per sheet.

    Returns
    -------
    RawFolder
        Every value is text, the empty text when the cell is empty; an absent sheet is an empty
        table with its columns.
    """
    raw = RawFolder({}, {}, [])
    rows: dict[str, list[dict]] = {name: [] for name in catalogue()}
    for path, (sheets, problems) in _read_files(sheet_files(folder)).items():
        raw.problems += problems
        if locks(path):
            raw.problems.append(problem("ouvert", shown(path)))
        for sheet in sheets:
            raw.problems += _sheet_problems(path, sheet)
            if sheet.table:
                place = {"fichier": path.name, "feuille": sheet.name}
                raw.letters[(path.name, sheet.name)] = sheet.letters
                rows[sheet.table] += [{**place, "ligne": number, **cells} for number, cells in sheet.rows]
    raw.problems += filter(None, (refusal(folder / name) for name in BESIDE if (folder / name).exists()))
    raw.tables = {name: raw_table(table, rows[name]) for name, table in catalogue().items()}
    return raw
