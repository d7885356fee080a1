"""Spreadsheets and CSV files → raw tables, each row with its file, sheet and row number.

`read_folder` renames columns and never changes a meaning: every value becomes one canonical text,
so that .xlsx, .ods and .csv give the same table. Each file is looked at before it is opened, then
opened in a child process with limits; columns that name a person never leave that child.
"""

import csv
import datetime as dt
import hashlib
import io
import posixpath
import re
import unicodedata
import zipfile
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd

from .child import ChildError, run
from .paths import shown
from .schema import Problem, Table, catalogue, problem, sheet_names, simplify, table_named

PLACE = ["fichier", "feuille", "ligne"]
"""Where a row comes from: first columns of every raw and tidy table."""

SECONDS, MEGABYTES = 30, 1024
MAX_UNPACKED_BYTES, MAX_TEXT_BYTES = 300_000_000, 30_000_000
MAX_ROWS, MAX_COLUMNS, MAX_CHARACTERS = 50_000, 500, 32_767
SPREADSHEETS, TEXTS = (".xlsx", ".ods"), (".csv", ".tsv", ".txt")
BESIDE = ("corrections.csv", "listes.csv")

SIGNATURES = {
    b"\xd0\xcf\x11\xe0": "contenu/mot de passe",
    b"\x89PNG": "contenu/image",
    b"\xff\xd8\xff": "contenu/image",
    b"GIF8": "contenu/image",
    b"%PDF": "contenu/pdf",
}
"""Rule that a file breaks, by its first bytes."""
ERROR = re.compile(r"#(REF|VALUE|VALEUR|DIV/0|NUM|NOMBRE|NULL|NUL|NAME|NOM|N/A)[!?]?|Err:\d{3}")
"""What a spreadsheet shows where a formula failed."""
CELL = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"([^>/]*)>(.*?)</c>', re.DOTALL)
"""A cell of an .xlsx that holds something: its letters, its row, its other marks, its content."""
NEVER_COMPUTED = re.compile(rb"(</f>|<f[^>]*/>)(<v></v>|<v */>)?$")
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
    sources: dict[str, str]

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
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time(0)
        return value.date().isoformat() if midnight else value.isoformat(" ", "minutes")
    if isinstance(value, dt.time):
        return value.isoformat("minutes")
    if isinstance(value, dt.timedelta):
        return (dt.datetime.min + value).time().isoformat("minutes")
    if isinstance(value, dt.date):
        return value.isoformat()
    text = unicodedata.normalize("NFC", str(value)).replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\x00", "").strip(" \t\n\u00a0\u202f\ufeff")


def column_letter(index: int) -> str:
    """Letters of a spreadsheet column counted from 0.

    Examples
    --------
    >>> [column_letter(i) for i in (0, 25, 26, 16383)]
    ['A', 'Z', 'AA', 'XFD']
    """
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


# ── one file, in a child ────────────────────────────────────────────────────────────────────────


def _headers() -> dict[str, dict[str, str]]:
    """For each table, our column by every simplified spelling of its header; nothing when it is left."""
    return {
        name: {
            simplify(spelling): "" if column.is_direct or column.is_computed else column.name
            for column in table.columns
            for spelling in column.spellings
        }
        for name, table in catalogue().items()
    }


def _header_row(grid: list[list[str]], known: dict[str, str]) -> int:
    """Row of the headers: the one of the first ten that holds most titles we know; -1 when none does."""
    scores = [sum(simplify(cell) in known for cell in row) for row in grid[:10]]
    return scores.index(max(scores)) if any(scores) else -1


def _beyond(grid: list[list[str]]) -> str:
    """First row that no table of ours would hold, as a facilitator reads it; nothing if none."""
    for number, row in enumerate(grid, 1):
        longest = max(map(len, row), default=0)
        if number > MAX_ROWS or len(row) > MAX_COLUMNS or longest > MAX_CHARACTERS:
            return f"ligne {number}"
    return ""


def _sheet(
    name: str, table: str, grid: list[list[str]], known: dict[str, str], failed: frozenset = frozenset()
) -> Sheet:
    """Rows of a grid under our names; cells whose formula failed are empty."""
    if stray := _beyond(grid):
        return Sheet(name, table, told=[("cellule égarée", stray, "")])
    first = _header_row(grid, known)
    if first < 0:
        return Sheet(name, table, told=[("titres", "", "")] if any(map(any, grid)) else [])
    positions, told = _positions(grid[first:], first + 1, known)
    letters = {column: column_letter(index) for column, index in positions.items()}
    rows = []
    for number, cells in enumerate(grid[first + 1 :], first + 2):
        row = {column: cells[index] for column, index in positions.items() if index < len(cells) and cells[index]}
        for column, letter in letters.items():
            if f"{letter}{number}" in failed or ERROR.fullmatch(row.get(column, "")):
                row.pop(column, None)
                told.append(("formule", f"{letter}{number}", ""))
        if any(cells[len(grid[first]) :]):
            told.append(("ligne débordante", f"{column_letter(len(grid[first]))}{number}", ""))
        if row:
            rows.append((number, row))
    return Sheet(name, table, letters, rows, told)


def _positions(grid: list[list[str]], number: int, known: dict[str, str]) -> tuple[dict[str, int], list[tuple]]:
    """Place of each column that is read, by the headers of the first row; what is wrong with others."""
    positions, told = {}, []
    for index, title in enumerate(grid[0]):
        column, cell = known.get(simplify(title)), f"{column_letter(index)}{number}"
        if column in positions:
            told.append(("titre en double", cell, title))
        elif column:
            positions[column] = index
        elif column is None and title:
            told.append(("colonne inconnue", cell, title))
        elif column is None and any(len(row) > index and row[index] for row in grid[1:]):
            told.append(("colonne inconnue/sans titre", cell, ""))
    return positions, told


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Part of an .xlsx that holds each of its sheets, by the name of the sheet."""
    links, book = (
        ElementTree.fromstring(archive.read(f"xl/{part}")) for part in ("_rels/workbook.xml.rels", "workbook.xml")
    )
    targets = {link.get("Id"): posixpath.join("/xl", link.get("Target")) for link in links}
    sheets = (dict(sheet.items()) for sheet in book.iterfind(".//{*}sheet"))
    ids = {s["name"]: v for s in sheets for mark, v in s.items() if mark.endswith("}id")}
    return {name: targets[number].lstrip("/") for name, number in ids.items()}


def _look_inside(archive: zipfile.ZipFile, part: str) -> tuple[str, frozenset[str]]:
    """First cell too far away, and cells whose formula has no value, by streaming one sheet."""
    failed, kept = set(), b""
    with archive.open(part) as stream:
        while chunk := stream.read(1 << 20):
            chunk = kept + chunk
            end = 0
            for match in CELL.finditer(chunk):
                letters, row, marks, content = match.groups()
                cell, end = (letters + row).decode(), match.end()
                if content and (int(row) > MAX_ROWS or _column_number(letters) > MAX_COLUMNS):
                    return cell, frozenset()
                never = NEVER_COMPUTED.search(content) and b't="str"' not in marks
                if never or b't="e"' in marks:
                    failed.add(cell)
            kept = chunk[end:][-200_000:]
    return "", frozenset(failed)


def _failed_in_ods(archive: zipfile.ZipFile) -> dict[str, frozenset[str]]:
    """Cells whose formula failed, by sheet of an .ods: calamine shows them as empty."""
    content = archive.read("content.xml")
    if b'value-type="error"' not in content:
        return {}
    failed = {}
    for sheet in ElementTree.fromstring(content).iter(f"{ODS}table"):
        cells, row = set(), 1
        for line in sheet.iter(f"{ODS}table-row"):
            column = 0
            for cell in line:
                if any(m.endswith("}value-type") and v == "error" for m, v in cell.items()):
                    cells.add(f"{column_letter(column)}{row}")
                column += int(cell.get(f"{ODS}number-columns-repeated", 1))
            row += int(line.get(f"{ODS}number-rows-repeated", 1))
        failed[sheet.get(f"{ODS}name")] = frozenset(cells)
    return failed


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _read_workbook(path: str, headers: dict, spellings: dict[str, str]) -> list[Sheet]:
    """Sheets of one workbook; runs in a child."""
    from python_calamine import CalamineWorkbook, SheetVisibleEnum

    found = []
    workbook, archive = CalamineWorkbook.from_path(path), zipfile.ZipFile(path)
    is_xlsx = path.lower().endswith(".xlsx")
    parts, failures = (_parts(archive), {}) if is_xlsx else ({}, _failed_in_ods(archive))
    for metadata in workbook.sheets_metadata:
        name, table = metadata.name, table_named(metadata.name, spellings)
        visible = metadata.visible == SheetVisibleEnum.Visible
        if visible and not table:
            found.append(Sheet(name, ""))
        elif table and not visible:
            found.append(Sheet(name, table, told=[("feuille masquée", "", "")]))
        if not (visible and table):
            continue
        stray, failed = "", failures.get(name, frozenset())
        if parts.get(name) in archive.namelist():
            stray, failed = _look_inside(archive, parts[name])
        if not stray:
            sheet = workbook.get_sheet_by_name(name)
            row, column = sheet.end or (0, 0)
            stray = f"{column_letter(column)}{row + 1}" if row >= MAX_ROWS or column >= MAX_COLUMNS else ""
        if stray:
            found.append(Sheet(name, table, told=[("cellule égarée", stray, "")]))
        else:
            grid = [[canonical(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
            found.append(_sheet(name, table, grid, headers[table], failed))
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
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _separator(text: str, known: dict) -> str:
    """The separator that shows most titles we know, or else the most frequent of the first line."""
    head = text[:20_000].lstrip("\n")
    first = head.split("\n", 1)[0]

    def titles(mark: str) -> int:
        rows = islice(csv.reader(io.StringIO(head, newline=""), delimiter=mark), 10)
        return max((sum(simplify(cell) in known for cell in row) for row in rows), default=0)

    return max(";,\t", key=lambda mark: (titles(mark), first.count(mark)))


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


def _read_text(path: str, table: str, known: dict[str, str]) -> list[Sheet]:
    """The one sheet of a CSV file; runs in a child."""
    grid = parse_csv(decode(Path(path).read_bytes()), known)
    return [_sheet(Path(path).stem, table, grid, known)]


# ── a folder ────────────────────────────────────────────────────────────────────────────────────


def sheet_files(folder: Path) -> list[Path]:
    """Files of a folder that people typed, by name; hidden files, notes and lock files are not."""
    return sorted(
        path
        for path in (folder.iterdir() if folder.is_dir() else ())
        if path.is_file()
        and not path.name.startswith((".", "_", "~"))
        and path.suffix.lower() != ".md"
        and path.name not in BESIDE
    )


def fingerprint(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal; ``illisible`` when it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return "illisible"


def _look(path: Path) -> Problem | None:
    """What the first bytes and the sizes say, before anything opens the file."""
    with path.open("rb") as stream:
        start = stream.read(8)
    file, suffix = shown(path), path.suffix.lower()
    if not start:
        return problem("vide", file)
    if suffix not in (*SPREADSHEETS, *TEXTS):
        return problem("extension" if suffix else "extension/absente", file, suffixe=suffix)
    if broken := next((rule for signature, rule in SIGNATURES.items() if start.startswith(signature)), ""):
        return problem(broken, file)
    is_text = suffix in TEXTS
    if is_text and start.startswith(b"PK\x03\x04"):
        return problem("contenu/pas un texte", file)
    try:
        size = path.stat().st_size if is_text else _unpacked_size(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return problem("contenu/pas un classeur", file)
    rule = "taille/texte" if is_text else "taille/classeur"
    limit = MAX_TEXT_BYTES if is_text else MAX_UNPACKED_BYTES
    if size > limit:
        return problem(rule, file, taille=size // 1_000_000, limite=limit // 1_000_000)
    return None


def _unpacked_size(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _failed(path: Path, error: ChildError) -> Problem:
    """The problem of a file whose reading did not come back."""
    if error.reason in ("temps", "mémoire", "arrêt") or "Cell limit exceeded" in error.detail:
        return problem("limite", shown(path))
    if "PermissionError" in error.detail:
        return problem("ouvert/protégé", shown(path))
    is_text = path.suffix.lower() in TEXTS
    return problem("contenu/texte illisible" if is_text else "contenu/classeur illisible", shown(path))


def refusal(path: Path) -> Problem | None:
    """Why a file cannot be read, as far as its first bytes and its sizes tell."""
    try:
        return _look(path)
    except OSError as error:
        return _failed(path, ChildError("erreur", f"PermissionError: {error}"))


def read_file(path: Path) -> tuple[list[Sheet], list[Problem]]:
    """Sheets of one file, read in a child with limits, and what is wrong with the file."""
    spellings, headers = sheet_names(), _headers()
    if refused := refusal(path):
        return [], [refused]
    if path.suffix.lower() in SPREADSHEETS:
        call = (_read_workbook, str(path), headers, spellings)
    elif table := table_named(path.stem):
        call = (_read_text, str(path), table, headers[table])
    else:
        return [Sheet(path.stem, "")], []
    try:
        return run(*call, seconds=SECONDS, megabytes=MEGABYTES), []
    except ChildError as error:
        return [], [_failed(path, error)]


def _sheet_problems(path: Path, sheet: Sheet) -> list[Problem]:
    """What is wrong with one sheet, in words; nothing of a note for people, as in an empty workbook."""
    if simplify(sheet.name) == "lisez moi":
        return []
    if not sheet.table:
        return [problem("feuille inconnue", shown(path), sheet.name, feuilles=", ".join(catalogue()))]
    limits = {"lignes": MAX_ROWS, "colonnes": MAX_COLUMNS, "signes": MAX_CHARACTERS}
    titles = ", ".join(f"« {column.title} »" for column in catalogue()[sheet.table].typed[:6])
    return [
        problem(rule, shown(path), sheet.name, cell, titre=title, titres=titles, **limits)
        for rule, cell, title in sheet.told
    ]


def empty_table(table: Table) -> pd.DataFrame:
    """Raw table without rows, with the columns that people type."""
    return pd.DataFrame(columns=[*PLACE, *(c.name for c in table.typed)], dtype=str)


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
    raw = RawFolder({}, {}, [], {})
    rows: dict[str, list[dict]] = {name: [] for name in catalogue()}
    files = sheet_files(folder)
    for path in files:
        sheets, problems = read_file(path)
        raw.problems += problems
        if any((folder / lock).exists() for lock in (f"~${path.name}", f".~lock.{path.name}#")):
            raw.problems.append(problem("ouvert", shown(path)))
        for sheet in sheets:
            raw.problems += _sheet_problems(path, sheet)
            if sheet.table:
                place = {"fichier": path.name, "feuille": sheet.name}
                raw.letters[(path.name, sheet.name)] = sheet.letters
                rows[sheet.table] += [{**place, "ligne": number, **cells} for number, cells in sheet.rows]
    beside = [folder / name for name in BESIDE if (folder / name).exists()]
    raw.problems += filter(None, map(refusal, beside))
    raw.sources = {path.name: fingerprint(path) for path in (*files, *beside)}
    for name, table in catalogue().items():
        frame = empty_table(table)
        if rows[name]:
            frame = pd.DataFrame(rows[name], columns=frame.columns).fillna("")
            frame = frame.astype(dict.fromkeys(frame.columns.drop("ligne"), str))
        raw.tables[name] = frame
    return raw
