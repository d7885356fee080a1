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
from .schema import A_VERIFIER, BLOQUANT, Problem, Table, catalogue, simplify

PLACE = ["fichier", "feuille", "ligne"]
"""Where a row comes from: first columns of every raw and tidy table."""

SECONDS, MEGABYTES = 30, 1024
MAX_UNPACKED_BYTES, MAX_ROWS, MAX_COLUMNS, MAX_CHARACTERS = 300_000_000, 50_000, 500, 32_767
SPREADSHEETS, TEXTS = (".xlsx", ".ods"), (".csv", ".tsv", ".txt")
BESIDE = ("corrections.csv", "listes.csv")

SIGNATURES = {
    b"\xd0\xcf\x11\xe0": "un classeur protégé par un mot de passe, ou un ancien fichier .xls",
    b"\x89PNG": "une image",
    b"\xff\xd8\xff": "une image",
    b"GIF8": "une image",
    b"%PDF": "un document PDF",
}
ERROR = re.compile(r"#(REF|VALUE|VALEUR|DIV/0|NUM|NOMBRE|NULL|NUL|NAME|NOM|N/A)[!?]?|Err:\d{3}")
"""What a spreadsheet shows where a formula failed."""
CELL = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"([^>/]*)>(.*?)</c>', re.DOTALL)
"""A cell of an .xlsx that holds something: its letters, its row, its other marks, its content."""
NEVER_COMPUTED = re.compile(rb"(</f>|<f[^>]*/>)(<v></v>|<v */>)?$")
ODS = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
ASK_RESAVE = "Ouvrir le fichier dans le tableur, l'enregistrer au format .xlsx sans mot de passe."


@dataclass(frozen=True)
class Sheet:
    """What the child found in one sheet: rows of text under our names, and what it left aside."""

    name: str
    table: str
    letters: dict[str, str] = field(default_factory=dict)
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    unknown: list[tuple[str, str]] = field(default_factory=list)
    doubled: list[tuple[str, str]] = field(default_factory=list)
    note: str = ""
    title_row: int = 1
    blind: list[str] = field(default_factory=list)
    stray: str = ""


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


def _headers() -> dict[str, dict[str, tuple[str, str]]]:
    """For each table, our column and its kind by every simplified spelling of its header."""
    kinds = {}
    for name, table in catalogue().items():
        kinds[name] = {
            simplify(spelling): (column.name, "left" if column.is_direct or column.is_computed else column.lecture)
            for column in table.columns
            for spelling in column.spellings
        }
    return kinds


def _header_row(grid: list[list[str]], known: dict) -> int:
    """Row of the headers: the one of the first ten that holds most titles we know."""
    scores = [sum(simplify(cell) in known for cell in row) for row in grid[:10]]
    return scores.index(max(scores)) if scores and max(scores) else -1


def _beyond(grid: list[list[str]]) -> str:
    """First row that no table of ours would hold, as a facilitator reads it; nothing if none."""
    for number, row in enumerate(grid, 1):
        longest = max(map(len, row), default=0)
        if number > MAX_ROWS or len(row) > MAX_COLUMNS or longest > MAX_CHARACTERS:
            return f"ligne {number}"
    return ""


def _sheet(name: str, table: str, grid: list[list[str]], headers: dict, failed: frozenset = frozenset()) -> Sheet:
    if stray := _beyond(grid):
        return Sheet(name, table, stray=stray)
    known = headers[table]
    first = _header_row(grid, known)
    if first < 0:
        if any(any(row) for row in grid):
            return Sheet(name, table, note="aucun titre de colonne reconnu")
        return Sheet(name, table, note="vide")
    positions, unknown, doubled, kinds = {}, [], [], {}
    for index, title in enumerate(grid[first]):
        column, kind = known.get(simplify(title), ("", ""))
        below = any(len(row) > index and row[index] for row in grid[first + 1 :])
        if not column and (title or below):
            unknown.append((column_letter(index), title))
        elif column in positions:
            doubled.append((column_letter(index), title))
        elif column and kind != "left":
            positions[column], kinds[column] = index, kind
    rows, blind = [], []
    for number, cells in enumerate(grid[first + 1 :], first + 2):
        row = {c: cells[i] for c, i in positions.items() if i < len(cells) and cells[i]}
        for column, index in positions.items():
            cell = f"{column_letter(index)}{number}"
            if cell in failed or ERROR.fullmatch(row.get(column, "")):
                row.pop(column, None)
                blind.append(cell)
        if row:
            for column, text in row.items():
                if kinds[column] == "oui_non" and text.lower() in ("1", "vrai", "true"):
                    row[column] = "oui"
                elif kinds[column] == "oui_non" and text.lower() in ("0", "faux", "false"):
                    row[column] = "non"
            rows.append((number, row))
    letters = {column: column_letter(index) for column, index in positions.items()}
    return Sheet(name, table, letters, rows, unknown, doubled, "", first + 1, blind)


def _table_named(name: str, spellings: dict[str, str]) -> str:
    """Table that a sheet or file name stands for: the name itself, or the name and a suffix."""
    plain = simplify(name)
    for spelling in sorted(spellings, key=len, reverse=True):
        if plain == spelling or plain.startswith(spelling + " "):
            return spellings[spelling]
    return ""


def _spellings() -> dict[str, str]:
    return {simplify(spelling): table.name for table in catalogue().values() for spelling in table.spellings}


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
    workbook = CalamineWorkbook.from_path(path)
    archive = zipfile.ZipFile(path)
    is_xlsx = path.lower().endswith(".xlsx")
    parts, failures = (_parts(archive), {}) if is_xlsx else ({}, _failed_in_ods(archive))
    for metadata in workbook.sheets_metadata:
        name = metadata.name
        table = _table_named(name, spellings)
        visible = metadata.visible == SheetVisibleEnum.Visible
        if not visible or not table:
            if visible or table:
                found.append(Sheet(name, table, note="" if visible else "masquée"))
            continue
        stray, failed = "", failures.get(name, frozenset())
        if parts.get(name) in archive.namelist():
            stray, failed = _look_inside(archive, parts[name])
        sheet = None if stray else workbook.get_sheet_by_name(name)
        last_row, last_column = sheet.end or (0, 0) if sheet else (0, 0)
        if last_row >= MAX_ROWS or last_column >= MAX_COLUMNS:
            stray = f"{column_letter(last_column)}{last_row + 1}"
        if stray:
            found.append(Sheet(name, table, stray=stray))
            continue
        grid = [[canonical(c) for c in row] for row in sheet.to_python(skip_empty_area=False)]
        found.append(_sheet(name, table, grid, headers, failed))
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


def _read_text(path: str, table: str, headers: dict) -> list[Sheet]:
    """The one sheet of a CSV file; runs in a child."""
    grid = parse_csv(decode(Path(path).read_bytes()), headers[table])
    return [_sheet(Path(path).stem, table, grid, headers)]


# ── a folder ────────────────────────────────────────────────────────────────────────────────────


def sheet_files(folder: Path) -> list[Path]:
    """Files of a folder that people typed, by name; hidden files, notes and lock files are not."""
    return sorted(
        path
        for path in folder.iterdir()
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

    def refused(trouve: str, attendu: str, faire: str, regle: str) -> Problem:
        return Problem(shown(path), "", "", trouve, attendu, faire, BLOQUANT, regle)

    with path.open("rb") as stream:
        start = stream.read(8)
    suffix = path.suffix.lower()
    if not start:
        return refused(
            "le fichier est vide.", "un classeur ou un fichier .csv", "Le supprimer ou le remplacer.", "vide"
        )
    if suffix not in (*SPREADSHEETS, *TEXTS):
        return refused(
            f"le type de fichier « {suffix or 'sans extension'} » n'est pas lu.",
            "un classeur .xlsx ou .ods, ou un fichier .csv par feuille",
            "L'enregistrer au format .xlsx, ou le ranger ailleurs (un nom qui commence par _ est ignoré).",
            "extension",
        )
    for signature, kind in SIGNATURES.items():
        if start.startswith(signature):
            return refused(f"ce fichier est {kind}.", "un classeur .xlsx ou .ods lisible", ASK_RESAVE, "contenu")
    if suffix in TEXTS and start.startswith(b"PK\x03\x04"):
        return refused(
            "ce fichier .csv est en réalité un classeur.",
            "du texte",
            "Lui rendre l'extension .xlsx ou .ods.",
            "contenu",
        )
    if suffix in TEXTS:
        if path.stat().st_size > MAX_UNPACKED_BYTES // 10:
            return refused(
                f"le fichier pèse {path.stat().st_size // 1_000_000} Mo.",
                "moins de 30 Mo",
                "Vérifier ce fichier.",
                "taille",
            )
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return refused("ce fichier n'est pas un classeur lisible.", "un classeur .xlsx ou .ods", ASK_RESAVE, "contenu")
    if unpacked > MAX_UNPACKED_BYTES:
        return refused(
            f"ce classeur se déplie jusqu'à {unpacked // 1_000_000} Mo.",
            f"moins de {MAX_UNPACKED_BYTES // 1_000_000} Mo",
            "Copier les lignes utiles dans un classeur neuf.",
            "taille",
        )
    return None


def _failed(path: Path, error: ChildError) -> Problem:
    """The problem of a file whose reading did not come back."""
    detail = error.detail
    if error.reason in ("temps", "mémoire", "arrêt") or "Cell limit exceeded" in detail:
        trouve, regle = "le fichier demande trop de temps ou de mémoire pour être lu.", "limite"
        faire = "Copier les lignes utiles dans un classeur neuf : une cellule égarée loin du tableau suffit à cela."
    elif "PermissionError" in detail:
        trouve, regle = ("le fichier est ouvert dans un autre programme, ou protégé en lecture.", "ouvert")
        faire = "Le fermer dans le tableur, puis relancer."
    elif path.suffix.lower() in TEXTS:
        trouve, regle = "ce fichier n'est pas un texte lisible.", "contenu"
        faire = "L'ouvrir dans le tableur et l'enregistrer au format CSV UTF-8, ou .xlsx."
    else:
        trouve, regle, faire = "ce fichier n'est pas un classeur lisible.", "contenu", ASK_RESAVE
    return Problem(shown(path), "", "", trouve, "un tableau lisible", faire, BLOQUANT, regle)


def refusal(path: Path) -> Problem | None:
    """Why a file cannot be read, as far as its first bytes and its sizes tell."""
    try:
        return _look(path)
    except OSError as error:
        return _failed(path, ChildError("erreur", f"PermissionError: {error}"))


def read_file(path: Path) -> tuple[list[Sheet], list[Problem]]:
    """Sheets of one file, read in a child with limits, and what is wrong with the file."""
    spellings, headers = _spellings(), _headers()
    if problem := refusal(path):
        return [], [problem]
    if path.suffix.lower() in SPREADSHEETS:
        call = (_read_workbook, str(path), headers, spellings)
    elif table := _table_named(path.stem, spellings):
        call = (_read_text, str(path), table, headers)
    else:
        return [Sheet(path.stem, "")], []
    limits = {"seconds": SECONDS, "megabytes": MEGABYTES}
    try:
        return run(*call, **limits), []
    except ChildError as error:
        return [], [_failed(path, error)]


def _sheet_problems(path: Path, sheet: Sheet) -> list[Problem]:
    def told(cellule: str, trouve: str, attendu: str, faire: str, gravite: str, regle: str) -> Problem:
        return Problem(shown(path), sheet.name, cellule, trouve, attendu, faire, gravite, regle)

    if simplify(sheet.name) == "lisez moi":
        return []  # a note for people, such as the first sheet of an empty workbook
    if not sheet.table:
        names = ", ".join(catalogue())
        return [
            told(
                "",
                "cette feuille n'est pas connue : elle est ignorée.",
                names,
                "La renommer si elle contient des données à lire.",
                A_VERIFIER,
                "feuille inconnue",
            )
        ]
    if sheet.note == "masquée":
        return [
            told(
                "",
                "cette feuille est masquée : elle est ignorée.",
                "une feuille visible",
                "L'afficher si elle contient des données à lire.",
                A_VERIFIER,
                "feuille masquée",
            )
        ]
    if sheet.stray:
        return [
            told(
                sheet.stray,
                "il y a ici quelque chose, bien au-delà d'un tableau : la feuille n'est pas lue.",
                f"au plus {MAX_ROWS} lignes, {MAX_COLUMNS} colonnes et {MAX_CHARACTERS} signes par cellule",
                "Effacer ce qui déborde, ou copier le tableau dans une feuille neuve, puis enregistrer.",
                BLOQUANT,
                "cellule égarée",
            )
        ]
    if sheet.note == "aucun titre de colonne reconnu":
        titles = ", ".join(f"« {c.title} »" for c in catalogue()[sheet.table].typed[:6])
        return [
            told(
                "",
                "aucun titre de colonne n'est reconnu dans les dix premières lignes.",
                f"des titres comme {titles}",
                "Remettre les titres sur une seule ligne, sans cellules fusionnées.",
                BLOQUANT,
                "titres",
            )
        ]
    problems = [
        told(
            f"{letter}{sheet.title_row}",
            f"la colonne « {title} » n'est pas connue : elle est ignorée."
            if title
            else "une colonne remplie n'a pas de titre : elle est ignorée.",
            "un titre du modèle",
            "La renommer si elle contient des données à lire.",
            A_VERIFIER,
            "colonne inconnue",
        )
        for letter, title in sheet.unknown
    ]
    problems += [
        told(
            f"{letter}{sheet.title_row}",
            f"le titre « {title} » est en double : seule la première colonne est lue.",
            "un titre une seule fois",
            "Supprimer ou renommer l'une des deux colonnes.",
            A_VERIFIER,
            "titre en double",
        )
        for letter, title in sheet.doubled
    ]
    problems += [
        told(
            cell,
            "la formule est en erreur, ou n'a jamais été calculée : la cellule est lue comme vide.",
            "une valeur",
            "Corriger la formule, ou taper la valeur à sa place, puis enregistrer.",
            A_VERIFIER,
            "formule",
        )
        for cell in sheet.blind
    ]
    return problems


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
    for path in sheet_files(folder):
        sheets, problems = read_file(path)
        raw.problems += problems
        for lock in (f"~${path.name}", f".~lock.{path.name}#"):
            if (folder / lock).exists():
                raw.problems.append(
                    Problem(
                        shown(path),
                        "",
                        "",
                        "ce classeur est ouvert dans un autre programme.",
                        "un classeur enregistré et fermé",
                        "L'enregistrer et le fermer, puis relancer : ce qui n'est pas enregistré n'est pas lu.",
                        A_VERIFIER,
                        "ouvert",
                    )
                )
        for sheet in sheets:
            raw.problems += _sheet_problems(path, sheet)
            if not sheet.table:
                continue
            raw.letters[(path.name, sheet.name)] = sheet.letters
            rows[sheet.table] += [
                {"fichier": path.name, "feuille": sheet.name, "ligne": number, **cells} for number, cells in sheet.rows
            ]
    for path in (*sheet_files(folder), *(folder / name for name in BESIDE)):
        if path.exists():
            raw.sources[path.name] = fingerprint(path)
            if path.name in BESIDE and (problem := refusal(path)):
                raw.problems.append(problem)
    for name, table in catalogue().items():
        frame = empty_table(table)
        if rows[name]:
            frame = pd.DataFrame(rows[name]).reindex(columns=frame.columns)
            frame = frame.fillna("").astype(dict.fromkeys(frame.columns.drop("ligne"), str))
        raw.tables[name] = frame
    return raw
