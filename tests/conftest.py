"""Small folders of sheets, and what the tests ask of the machine."""

import ast
import csv
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from bs4 import BeautifulSoup
from python_calamine import CalamineWorkbook
from xlsxwriter.utility import xl_col_to_name

from domino_analysis import census, child, comparison, figures, indicators, load, paths, sections, trace
from domino_analysis.clean import Tidy, tidy, typed
from domino_analysis.report import build
from domino_analysis.schema import Problem, catalogue, descriptor
from domino_analysis.territory import Programme, Territory

PROGRAMS = {"libreoffice": "soffice", "chromium": "chromium"}
"""Program that the tests of each mark need."""


# ── what the machine has ────────────────────────────────────────────────────────────────────────


def pytest_collection_modifyitems(config, items):
    """Leave out the tests whose program is absent: the summary names them in one line."""
    absent = [mark for mark, program in PROGRAMS.items() if not shutil.which(program)]
    if absent and os.environ.get("DOMINO_ALL_TESTS"):
        raise pytest.UsageError(f"no test may be left out here, and {' and '.join(absent)} cannot run")
    left = [item for item in items if any(map(item.get_closest_marker, absent))]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]
    config.stash[LEFT] = [item.name for item in left]


def pytest_terminal_summary(terminalreporter, config):
    """One line on the tests that were left out."""
    if names := config.stash.get(LEFT, []):
        programs = " or ".join(PROGRAMS.values())
        terminalreporter.write_line(f"left out, as {programs} is absent: {', '.join(names)}")


LEFT = pytest.StashKey[list[str]]()


@pytest.fixture(autouse=True, scope="session")
def _own_machine(tmp_path_factory):
    os.environ["IPYTHONDIR"] = str(tmp_path_factory.mktemp("ipython"))
    child.warm(build.MAKER)


# ── folders of sheets ───────────────────────────────────────────────────────────────────────────


def grid(rows: list[dict]) -> list[list]:
    """Rows of a sheet as the spreadsheet shows them, titles first."""
    titles = list(dict.fromkeys(title for row in rows for title in row))
    return [titles, *([row.get(title, "") for title in titles] for row in rows)]


def french(value: object) -> str:
    """Value as a spreadsheet in French writes it in a CSV file."""
    if isinstance(value, dt.date):
        return value.strftime("%d/%m/%Y")
    if isinstance(value, float):
        return f"{value:.15g}".replace(".", ",")
    return str(value)


def write_csv(path: Path, cells: list[list], separator: str = ";", encoding: str = "utf-8") -> None:
    """Write one sheet as a CSV file."""
    with path.open("w", encoding=encoding, newline="") as stream:
        rows = csv.writer(stream, delimiter=separator)
        rows.writerows([french(cell) for cell in row] for row in cells)


def write_xlsx(path: Path, sheets: dict[str, list[list]]) -> None:
    """Write a workbook, dates as dates."""
    options = {"default_date_format": "dd/mm/yyyy", "strings_to_formulas": False}
    with xlsxwriter.Workbook(path, options) as workbook:
        for name, cells in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(cells):
                sheet.write_row(number, 0, row)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Make ``data/raw/<code>`` in a temporary folder: ``folder("essai", fiches=[{…}])``."""
    data = tmp_path / "data"
    monkeypatch.setenv("DOMINO_DATA", str(data))

    def make(code: str = "essai", kind: str = "csv", reference: bool = False, **sheets) -> Path:
        made = data / "raw" / code
        made.mkdir(parents=True, exist_ok=True)
        cells = {name: grid(rows) for name, rows in sheets.items()}
        if kind == "xlsx" and cells:
            write_xlsx(made / f"{code}.xlsx", cells)
        elif cells:
            for name in cells:
                write_csv(made / f"{name}.csv", cells[name])
        if reference:
            shutil.copytree(paths.CHECKOUT / "data" / "raw" / "reference", data / "raw/reference")
        return made

    return make


@pytest.fixture
def tidied(folder):
    """Clean rows given under our names, without any file: ``tidied(fiches=[{…}])``."""

    def clean(reference: pd.DataFrame | None = None, **sheets) -> Tidy:
        raw = load.RawFolder({}, {}, [])
        for name, table in catalogue().items():
            place = {"fichier": "essai.xlsx", "feuille": name}
            rows = [{**place, "ligne": number, **row} for number, row in enumerate(sheets.get(name, ()), 2)]
            raw.tables[name] = load.raw_table(table, rows)
            raw.letters[("essai.xlsx", name)] = {
                column.name: xl_col_to_name(index) for index, column in enumerate(table.typed)
            }
        columns = ["commune", "code_insee", "epci", "commune_actuelle", "code_insee_actuel"]
        known = pd.DataFrame(columns=columns, dtype=str) if reference is None else reference
        return tidy(raw, folder("essai"), known)

    return clean


# ── tidy tables ─────────────────────────────────────────────────────────────────────────────────


def sheet(name: str, **columns: list) -> pd.DataFrame:
    """Tidy table of a few rows, in the types of its schema: ``sheet("fiches", services=["AMAP", None])``."""
    if not columns:
        return _no_row(name).copy()
    kept = [column.name for column in catalogue()[name].kept]
    assert set(columns) <= set(kept), set(columns) - set(kept)
    return typed(name, pd.DataFrame(columns, dtype=object).reindex(columns=kept).fillna("").astype(str))


@cache
def _no_row(name: str) -> pd.DataFrame:
    return typed(name, pd.DataFrame(columns=[column.name for column in catalogue()[name].kept], dtype=str))


def small(code: str = "essai", problems: list[Problem] | None = None, **tables: pd.DataFrame) -> Territory:
    """Territory of a few tidy tables, the others empty: ``small(fiches=sheet("fiches", …))``."""
    held = {name: tables.get(name, sheet(name)) for name in catalogue()}
    provenance = pd.DataFrame(columns=["table", "fichier", "feuille", "ligne"])
    matches = pd.DataFrame(columns=["feuille", "cellule", "ecrit", "lu", "moyen"])
    return Territory.of(code, Tidy(held, provenance, matches, problems or []))


READ = Territory.open


@cache
def opened(code: str) -> Territory:
    """Territory of the checkout, read once for all tests."""
    return READ(code)


@cache
def programme(codes: str = "") -> Programme:
    """Programme of the checkout, each territory read once: ``programme("morlaix, rennes")``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Territory, "open", opened)
        return Programme.of(codes)


LIBRARY = {
    module.__name__.split(".")[-1]: module for module in (census, comparison, figures, indicators, sections, trace)
}


def shown(name: str) -> dict[str, Callable]:
    """What the notebooks show of a territory (``t``), of a meeting (``r``) or of a programme (``p``), by the code of the cell."""
    cells = [
        "".join(cell["source"])
        for path in sorted(paths.NOTEBOOKS.glob("*.ipynb"))
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code" and path.stem != "explorer"
    ]
    return {
        code: lambda of, code=code: eval(code, LIBRARY | {name: of})
        for code in cells
        if isinstance(ast.parse(code).body[0], ast.Expr)
        and name in {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    }


# ── LibreOffice ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def convert(tmp_path_factory):
    """Convert a workbook with LibreOffice: ``convert(path, "ods")`` gives the new path."""
    home = tmp_path_factory.mktemp("libreoffice")

    def to(path: Path, kind: str) -> Path:
        command = ["soffice", f"-env:UserInstallation={home.as_uri()}", "--headless"]
        command += ["--convert-to", kind, "--outdir", str(home), str(path)]
        result = home / f"{path.stem}.{kind}"
        for _ in range(2):  # a fresh profile may end with 81 the first time
            if subprocess.run(command, capture_output=True, timeout=120).returncode == 0:
                break
        assert result.exists()
        return result

    return to


# ── the command and its pages ───────────────────────────────────────────────────────────────────

RAW = paths.CHECKOUT / "data" / "raw"
BLOCKS = ["p", "li", "td", "th", "dt", "dd", "h1", "h2", "h3", "figcaption", "summary", "caption"]


def domino(*arguments, python: str | None = None, **variables) -> subprocess.CompletedProcess:
    """Run the real command, as a facilitator does: ``domino("check", "exemple")``.

    With ``python`` the command of the checkout in that folder is run instead. ``variables`` are
    those of the environment.
    """
    program = [shutil.which("domino", path=str(Path(sys.executable).parent))]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DOMINO_")}
    environment |= {"PYTHONUTF8": "1", **variables}
    if python:
        program = [sys.executable, "-m", "domino_analysis.cli"]
        environment["PYTHONPATH"] = python
    return subprocess.run(
        [*program, *map(str, arguments)],
        env=environment, cwd=python, capture_output=True, encoding="utf-8", timeout=300,
    )  # fmt: skip


class Site:
    """Pages as a reader gets them: ``site["exemple/index.html"]`` is parsed, ``site.words(…)`` read."""

    def __init__(self, root: Path, data: Path, result: subprocess.CompletedProcess):
        self.root, self.data, self.result = root, data, result
        self._parsed: dict[str, BeautifulSoup] = {}

    @property
    def paths(self) -> list[str]:
        """Every page, from the root of the site."""
        return sorted(p.relative_to(self.root).as_posix() for p in self.root.rglob("*.html"))

    def of(self, code: str) -> list[str]:
        """Pages of one territory."""
        return [path for path in self.paths if path.startswith(f"{code}/")]

    def text(self, path: str) -> str:
        """Page as it is written in its file."""
        return (self.root / path).read_text(encoding="utf-8")

    def __getitem__(self, path: str) -> BeautifulSoup:
        if path not in self._parsed:
            self._parsed[path] = BeautifulSoup(self.text(path), "html.parser")
        return self._parsed[path]

    def words(self, path: str, inside: str = "body") -> str:
        """Words that a reader sees, with plain spaces and straight to the point."""
        soup = BeautifulSoup(self.text(path), "html.parser").select_one(inside)
        for hidden in soup(["style", "script"]):
            hidden.decompose()
        for block in soup(BLOCKS):
            block.append(" ")
        return " ".join(soup.get_text().split())


@pytest.fixture(scope="session")
def copy_data(tmp_path_factory):
    """Copy ``data/raw`` to a folder of its own: ``copy_data("name")`` gives its ``data``."""

    def copied(name: str, *codes: str) -> Path:
        data = tmp_path_factory.mktemp(name) / "data"
        wanted = [*codes, "reference"] if codes else [p.name for p in RAW.iterdir() if p.is_dir()]
        for code in wanted:
            shutil.copytree(RAW / code, data / "raw" / code)
        return data

    return copied


@pytest.fixture(scope="session")
def pages(copy_data) -> Site:
    """Every page of the product, made once by ``domino run`` from a copy of the data."""
    data = copy_data("pages")
    root = data.parent / "reports"
    return Site(root, data, domino("run", "--data", data, "--output", root, PYTHONHASHSEED="1"))


@pytest.fixture(scope="session")
def again(pages, tmp_path_factory):
    """Make one territory anew from other sheets: ``again("name", "exemple", change)``.

    ``change`` is given ``data/raw`` of a copy, in which the other territories are ready.
    """

    def made(name: str, codes: str, change=lambda raw: None, **options) -> Site:
        place = tmp_path_factory.mktemp(name)
        shutil.copytree(pages.data, place / "data")
        change(place / "data" / "raw")
        arguments = ("run", *codes.split(), "--data", place / "data", "--output", place / "reports")
        return Site(place / "reports", place / "data", domino(*arguments, **options))

    return made


@pytest.fixture(scope="session")
def four(tmp_path_factory) -> Site:
    """Pages of four fictional territories, made as a person would from an empty folder."""
    place = tmp_path_factory.mktemp("four")
    result = domino("new", "--exemple", 4, "--seed", 1, "--data", place / "data")
    assert result.returncode == 0, result.stderr
    made = domino("run", "--data", place / "data", "--output", place / "reports")
    return Site(place / "reports", place / "data", made)


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(scope="session")
def hostile(again) -> Site:
    """Pages of the example when each free text holds HTML, and each of a closed list `=cmd()`."""

    def change(raw: Path) -> None:
        workbook = CalamineWorkbook.from_path(str(raw / "exemple" / "exemple.xlsx"))
        sheets = {}
        for table in catalogue().values():
            cells = workbook.get_sheet_by_name(table.name).to_python(skip_empty_area=False)
            links = [key["fields"][0] for key in descriptor(table.name).get("foreignKeys", ())]
            for place, title in enumerate(cells[0]):
                column = next((c for c in table.columns if c.title == title), None)
                linked = column.name in (*table.primary_key, *links)
                free = column.type == "string" and not (column.enum or column.pattern or linked)
                for row in cells[1:]:
                    if free and isinstance(row[place], str) and not column.lecture:
                        row[place] = f"{row[place]} {HOSTILE}"
                if column.enum:
                    cells[-1][place] = "=cmd()"
            sheets[table.name] = cells
        write_xlsx(raw / "exemple" / "exemple.xlsx", sheets)

    return again("hostile", "exemple", change)
