"""A build that does what changed and no more, that nothing leaves half done, here and on a cluster."""

import contextlib
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from conftest import Site, domino, write_csv, write_xlsx
from python_calamine import CalamineWorkbook

from domino_analysis import child, paths, territory
from domino_analysis.paths import CHECKOUT
from domino_analysis.report import build
from domino_analysis.schema import Page, etapes, grandeurs

PROGRAM = shutil.which("domino", path=str(Path(sys.executable).parent))
HEAVY = {"pandas", "plotly", "numpy", "scipy", "papermill", "nbconvert", "IPython", "yaml", "jinja2"}


def interruptible() -> None:
    """Let a command hear Ctrl-C, also when the tests run where it is ignored, as behind ``nohup``."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Copy(Site):
    """Pages and data of the product in a folder of their own, where commands are run again."""

    def run(self, *arguments, **options) -> subprocess.CompletedProcess:
        """Run the command there: ``copy.run("redon", "--dry-run")``."""
        self._parsed.clear()
        place = ("--data", self.data, "--output", self.root)
        self.result = domino("run", *arguments, *place, **options)
        return self.result

    def started(self, *arguments, **options) -> subprocess.Popen:
        """Start the command there without waiting for it."""
        place = ("--data", str(self.data), "--output", str(self.root))
        return subprocess.Popen(
            [PROGRAM, "run", *arguments, *place], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
            start_new_session=True, **options,
        )  # fmt: skip

    @property
    def made(self) -> list[str]:
        """Pages that the last command made."""
        return sorted(re.findall(r"^  fait   (\S+)$", self.result.stderr, re.MULTILINE))

    def bytes(self) -> dict[str, bytes]:
        """Every file of the site."""
        return {str(p.relative_to(self.root)): p.read_bytes() for p in self.root.rglob("*.*") if p.suffix in ENDINGS}


ENDINGS = (".html", ".js")


@pytest.fixture
def copy(pages, tmp_path) -> Copy:
    """Pages and data of the product, as the last run left them."""
    shutil.copytree(pages.data, tmp_path / "data")
    shutil.copytree(pages.root, tmp_path / "reports")
    return Copy(tmp_path / "reports", tmp_path / "data", pages.result)


@pytest.fixture
def checkout(pages, tmp_path) -> Path:
    """A checkout of its own, with data that are ready: its notebooks and its code may be changed."""
    for name in ("domino_analysis", "notebooks"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(pages.data, tmp_path / "data")
    shutil.copytree(pages.root, tmp_path / "reports")
    return tmp_path


def edit(place: Path, name: str, source: str) -> None:
    """Put a first cell before those of a notebook."""
    path = place / "notebooks" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(source, id="code-essai"))
    nbformat.write(notebook, path)


def line_added(path: Path, line: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + f"\n{line}\n", encoding="utf-8")


def without_keys(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: re.sub(rb"([0-9a-f]{16}-){3}[0-9a-f]{16}", b"", text) for name, text in files.items()}


def without_since(page: Path) -> str:
    """A page, but for what it tells of the one that it replaced."""
    return re.sub(r'<section id="depuis">[\s\S]*?</section>', "", page.read_text(encoding="utf-8"))


# ── warm, one process per page ──────────────────────────────────────────────────────────────────


def test_a_child_is_warm_before_its_first_page():
    script = """
from domino_analysis import child
child.warm("domino_analysis.report.page")
state = "[*map(__import__('sys').modules.__contains__, ('pandas', 'plotly', 'nbconvert', 'scipy.stats'))]"
made = "__import__('domino_analysis.report.page', fromlist=['x'])._exporter.cache_info().currsize"
print(child.CONTEXT.get_start_method(), child.run(eval, state), child.run(eval, made), child.run(eval, "__import__('os').getppid()") != __import__("os").getpid())
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", timeout=60)
    assert told.stdout.split("\n")[0] == "forkserver [True, True, True, True] 1 True", told.stderr


def test_spawned_processes_make_the_same_pages(pages, copy):
    shutil.rmtree(copy.root)
    assert copy.run("exemple", "--jobs", 2, DOMINO_START="spawn").returncode == 0, copy.result.stderr
    assert len(copy.made) == 13
    assert {path: copy.text(path) for path in copy.made} == {path: pages.text(path) for path in copy.made}


def test_neither_the_order_of_pages_nor_another_notebook_changes_a_page(pages, checkout):
    spoiled = """
import os, pandas, plotly.io
from domino_analysis import figures, sections, text
pandas.set_option("display.max_rows", 1)
plotly.io.templates.default = "plotly_dark"
figures.pio.renderers.default = "browser"
text.NARROW, sections.say = " ", None
figures.grandeurs().clear()
os.environ["DOMINO_DATA"] = "/nulle/part"
"""
    edit(checkout, "0_donnees_recues", f"{spoiled}\nraise ValueError('assez')")
    result = domino("run", "redon", "rennes", "--jobs", 1, "--force", python=str(checkout))
    assert "2 échec(s)" in result.stdout, result.stdout + result.stderr
    site = Site(checkout / "reports", checkout / "data", result)
    others = [path for path in (*pages.of("redon"), *pages.of("rennes")) if "0_donnees" not in path]
    assert len(others) == 8
    assert {path: site.text(path) for path in others} == {path: pages.text(path) for path in others}


ENDS = {
    "0_donnees_recues": ("import os; os._exit(7)", "le processus s'est arrêté (code 7)"),
    "1_etat_des_lieux": ("import ctypes; ctypes.string_at(0)", "le processus s'est arrêté (code -11)"),
    "2_indicateurs": ("while True: pass", "le temps accordé est passé (20 s)"),
    "3_enjeux": ("x = bytearray(20 * 10**9)", "plus de mémoire que ce qui est accordé"),
    "4_preconisations": ("import signal, os; os.kill(os.getpid(), signal.SIGKILL)", "(code -9)"),
}


def test_a_page_that_ends_badly_ends_alone_and_says_why(checkout, pages):
    for name, (source, _) in ENDS.items():
        edit(checkout, name, source)
    result = domino("run", "exemple", "--seconds", 20, "--memory", 4000, python=str(checkout))
    assert result.returncode == 1
    assert "6 échec(s)" in result.stdout  # five steps, and the one file that is made of them
    site = Site(checkout / "reports", checkout / "data", result)
    for name, (_, reason) in ENDS.items():
        assert reason in site.words(f"exemple/{name}.html"), name
        assert reason in result.stdout, name
        assert reason in site.words("index.html"), name
    assert "une étape n'a pas pu être faite" in site.words("exemple/diagnostic.html")
    whole = [path for path in pages.of("exemple") if Path(path).stem not in (*ENDS, "diagnostic")]
    assert len(whole) == 4
    assert {path: site.text(path) for path in whole} == {path: pages.text(path) for path in whole}


@pytest.mark.parametrize(("ask", "template"), [(["--help"], []), (["run", "--dry-run"], ["jinja2"]), (["run"], [])])
def test_the_command_reads_no_table_and_imports_nothing_heavy_when_it_has_nothing_to_do(copy, ask, template):
    script = f"""
import sys
opened = []
sys.addaudithook(lambda event, found: opened.append(str(found[0])) if event == "open" else None)
from domino_analysis import cli
try:
    cli.main(sys.argv[1:])
except SystemExit:
    pass
print(sorted({HEAVY} & set(sys.modules)), [path for path in opened if "processed" in path and path.endswith(".csv")])
"""
    place = ["--data", str(copy.data), "--output", str(copy.root)] if "run" in ask else []
    told = subprocess.run([sys.executable, "-c", script, *ask, *place], capture_output=True, encoding="utf-8")
    assert told.stdout.splitlines()[-1] == f"{template} []", told.stdout + told.stderr


def test_a_whole_run_imports_nothing_heavy_in_the_main_process(copy):
    script = f"""
import sys
from domino_analysis import cli
cli.main(sys.argv[1:])
print(sorted({HEAVY - {"yaml"}} & set(sys.modules)))
"""
    place = ["--data", str(copy.data), "--output", str(copy.root)]
    told = subprocess.run(
        [sys.executable, "-c", script, "run", "--force", *place], capture_output=True, encoding="utf-8"
    )
    assert told.stdout.splitlines()[-1] == "[]", told.stdout + told.stderr


# ── what a page rests on ────────────────────────────────────────────────────────────────────────


def asked_by(data: str, page: Page, key: str, notebook: str, inputs: dict) -> tuple[str, list[str]]:
    """Why a page failed, and the tables that its territories were asked for; runs in a child."""
    from domino_analysis.report import page as maker

    os.environ["DOMINO_DATA"] = data
    held, start = [], territory.Territory.__init__

    def kept(self, *arguments):
        start(self, *arguments)
        held.append(self)

    territory.Territory.__init__ = kept
    _, reason, _ = maker.make(page, key, notebook, inputs)
    return reason, sorted(set().union(*(each.asked for each in held)))


@pytest.fixture(scope="module")
def asked(pages, four) -> dict[str, tuple[set, set]]:
    """What each notebook declares, and what all its pages asked for."""
    found: dict[str, tuple[set, set]] = {}
    for site in (pages, four):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DOMINO_DATA", str(site.data))
            known = build.look(paths.territories())
            assert known.to_read == []
            for page in (*build.pages_of(known, paths.territories()), build.index(known)):
                if page.parts:  # it is made of pages, and reads no table
                    continue
                call = (
                    str(site.data),
                    page,
                    build.key_of(page, known),
                    build._notebook(page),
                    build.inputs(page, known),
                )
                reason, tables = child.run(asked_by, *call)
                assert reason == "", page.path
                declared, read = found.setdefault(page.notebook, (set(page.tables), set()))
                read.update(tables)
                assert set(tables) <= declared, page.path
    return found


def test_a_notebook_reads_the_tables_that_it_declares_and_no_other(asked):
    for name, (declared, read) in asked.items():
        unread = {table for table in declared - read if not table.startswith(paths.LINES)}
        assert unread == set(), name
    assert len(asked) == len(etapes())


def test_a_read_that_is_not_declared_fails_the_page_and_says_where_to_declare_it(checkout):
    edit(checkout, "3_enjeux", "from domino_analysis.territory import Territory\nTerritory.open('exemple').acteurs")
    result = domino("run", "exemple", python=str(checkout))
    assert result.returncode == 1
    assert "la table « acteurs » manque dans « lit », dans catalogue/etapes.yaml" in result.stdout


def test_the_key_of_a_page_is_kept_inside_it_and_nowhere_else(pages):
    for path in pages.paths:
        key = pages[path].select_one('meta[name="domino"]')["content"]
        assert re.fullmatch(r"([0-9a-f]{16}-){3}[0-9a-f]{16}", key), path
        assert key == build.kept_key(pages.root / path)
    known = {path.name for path in pages.data.glob("processed/*/*")}
    assert not [name for name in known if name.endswith((".db", ".sqlite", ".key"))]
    libraries = {build.kept_key(pages.root / path).split("-")[0] for path in pages.paths}
    assert libraries == {paths.library_key()[:16]}


def test_the_libraries_that_draw_are_all_among_those_that_the_project_asks_for():
    asked = re.findall(r'^    "([\w-]+)>=', (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(paths.DRAWN_WITH) <= {name.replace("-", "_") for name in asked}


def test_the_same_again_does_nothing(copy):
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in copy.root.rglob("*.*")}
    assert copy.run().returncode == 0
    assert "0 page(s) faite(s), 35 déjà à jour, 0 échec(s)." in copy.result.stdout
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in copy.root.rglob("*.*")} == before


def test_force_makes_again_what_is_as_it_should_be(copy):
    before = copy.bytes()
    copy.run("redon", "--force")
    assert copy.made == [
        "cahier.html", "comparaison.html", "methode.html", "redon/0_donnees_recues.html",
        "redon/1_etat_des_lieux.html", "redon/3_enjeux.html", "redon/diagnostic.html", "redon/index.html",
    ]  # fmt: skip
    assert copy.bytes() == before


INITIATIVE = [
    "redon/0_donnees_recues.html", "redon/1_etat_des_lieux.html", "redon/index.html", "redon/diagnostic.html",
    "comparaison.html",
]  # fmt: skip


def add_an_initiative(data: Path) -> None:
    line_added(data / "raw" / "redon" / "initiatives.csv", "RED-99;Jardin partagé d'essai;redon" + ";" * 15)


def test_one_row_makes_again_the_pages_that_read_its_table_and_no_other(copy):
    before = copy.bytes()
    add_an_initiative(copy.data)
    assert copy.run().returncode == 0
    assert copy.made == sorted(INITIATIVE)
    after = copy.bytes()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {*INITIATIVE, "index.html"}  # the index counts the practices


def test_a_dry_run_says_what_would_be_made_and_why_and_writes_nothing(copy):
    add_an_initiative(copy.data)
    before = {path: path.read_bytes() for path in copy.data.parent.rglob("*") if path.is_file()}
    out = copy.run("--dry-run").stdout
    assert "redon/1_etat_des_lieux.html : initiatives de redon : 1 ligne ajoutée" in out
    assert re.findall(r"^  (\S+) : ", out, re.MULTILINE) == [*INITIATIVE, "index.html"]
    assert "6 page(s) à refaire ; rien n'est écrit." in out
    assert {path: path.read_bytes() for path in copy.data.parent.rglob("*") if path.is_file()} == before


def test_a_dry_run_counts_the_rows_that_changed(copy):
    path = copy.data / "raw" / "chateaubriant" / "verbatims.csv"
    text = path.read_text(encoding="utf-8")
    rows = text.splitlines()
    changed = [row + " bis" if 1 <= number <= 3 else row for number, row in enumerate(rows)]
    assert all(row.rpartition(";")[2] != "" for row in rows[1:4]) or rows[0].count(";") == rows[1].count(";")
    path.write_text(
        "\n".join([rows[0], *(r.replace("bis", "").rstrip() for r in changed[1:])]) + "\n", encoding="utf-8"
    )
    assert "0 page(s) à refaire" in copy.run("--dry-run").stdout
    words = re.compile(r"[A-Za-zéèà]{6,}")
    rows[1:4] = [words.sub("changement", row, count=1) for row in rows[1:4]]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert "verbatims de chateaubriant : 3 lignes modifiées" in copy.run("--dry-run").stdout


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda site: (site.root / "redon" / "index.html").unlink(), "redon/index.html : n'existe pas encore"),
        (lambda site: add_an_initiative(site.data), "initiatives de redon : 1 ligne ajoutée"),
        (lambda site: None, "0 page(s) à refaire"),
    ],
)
def test_a_dry_run_tells_the_reason(copy, change, said):
    change(copy)
    assert said in copy.run("--dry-run").stdout


def test_another_notebook_and_another_library_are_reasons_too(checkout):
    edit(checkout, "3_enjeux", "pass")
    out = domino("run", "--dry-run", python=str(checkout)).stdout
    assert re.findall(r"^  (\S+) : le notebook a changé$", out, re.MULTILINE) == [
        f"{code}/3_enjeux.html" for code in ("chateaubriant", "exemple", "morlaix", "redon", "rennes")
    ]
    line_added(checkout / "domino_analysis" / "text.py", "# une remarque")
    out = domino("run", "--dry-run", python=str(checkout)).stdout
    assert out.count("le programme, son catalogue ou ses bibliothèques ont changé") == 36
    assert "36 page(s) à refaire" in out


def test_a_new_time_or_another_order_of_sheets_and_columns_makes_nothing(copy):
    workbook = copy.data / "raw" / "exemple" / "exemple.xlsx"
    os.utime(copy.data / "raw" / "redon" / "communes.csv", (1, 1))
    os.utime(workbook, (1, 1))
    assert "35 déjà à jour" in copy.run().stdout
    assert copy.made == []
    read = CalamineWorkbook.from_path(str(workbook))
    sheets = {name: read.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in read.sheet_names}
    for name in ("votes", "enjeux", "verbatims", "mesures"):  # the others have cells that page 0 tells by their letter
        sheets[name] = [row[::-1] for row in sheets[name]]
    write_xlsx(workbook, dict(reversed(sheets.items())))
    assert copy.run().returncode == 0
    assert copy.made == []
    assert "35 déjà à jour" in copy.result.stdout


def test_an_unknown_column_makes_page_0_again_and_no_other(copy):
    path = copy.data / "raw" / "redon" / "initiatives.csv"
    rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([f"{rows[0]};Couleur", *(f"{row};bleu" for row in rows[1:])]) + "\n", encoding="utf-8")
    assert copy.run().returncode == 0
    assert copy.made == ["redon/0_donnees_recues.html"]
    assert "Couleur" in copy.words("redon/0_donnees_recues.html")


def test_one_row_of_a_public_table_makes_again_the_pages_of_its_territory(copy):
    path = copy.data / "raw" / "reference" / "contexte.csv"
    text = path.read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("morlaix;commune;"))
    path.write_text(text.replace(row + "\n", ""), encoding="utf-8")
    assert copy.run().returncode == 0
    assert copy.made == ["comparaison.html", "morlaix/1_etat_des_lieux.html", "morlaix/diagnostic.html"]


def test_a_change_in_the_library_makes_everything_again_with_the_same_bytes(checkout, pages):
    line_added(checkout / "domino_analysis" / "text.py", "# une remarque")
    result = domino("run", python=str(checkout))
    assert "35 page(s) faite(s), 0 déjà à jour, 0 échec(s)." in result.stdout
    site = Copy(checkout / "reports", checkout / "data", result)
    before = Copy(pages.root, pages.data, result).bytes()
    assert without_keys(site.bytes()) == without_keys(before)
    assert site.bytes() != before


# ── since the last time ─────────────────────────────────────────────────────────────────────────

FIRST = "C'est la première édition de cette page : il n'y a rien à comparer."
CHANGED = ["comparaison.html", "redon/0_donnees_recues.html", "redon/1_etat_des_lieux.html", "redon/index.html"]


def since(site: Site, path: str) -> str:
    """What a page tells of the one that it replaced."""
    return site.words(path, "#depuis").removeprefix("Depuis la dernière fois ").replace("\u202f", " ")


def numbers(page: BeautifulSoup) -> dict[tuple[str, str], str]:
    """Numbers of a page as they are read, by quantity and subject."""
    return {(n["data-q"], n.get("data-de", "")): n.get_text() for n in page.select("main data[value]")}


def moved(page: BeautifulSoup) -> list[tuple[str, str, str]]:
    """Label of each number that a page tells twice, as it was and as it is."""
    told = [row for row in page.select("#depuis li") if row.find("del")]
    return [(row.get_text().split(" (")[0].split("\u202f:")[0], row.find("del").string, row.ins.string) for row in told]


def rows_changed(data: Path) -> None:
    """Change a row of a sheet of Redon, add two, and take the last one away."""
    path = data / "raw" / "redon" / "initiatives.csv"
    title, *rows = path.read_text(encoding="utf-8").splitlines()
    rows = [rows[0].replace("Un vélo pour l'Afrique", "Deux vélos"), *rows[1:-1]]
    rows += [f"RED-9{n};Jardin partagé d'essai {n};redon" + ";" * 15 for n in (8, 9)]
    path.write_text("\n".join([title, *rows]) + "\n", encoding="utf-8")


def test_a_first_edition_says_that_there_is_nothing_to_compare(pages):
    for path in pages.paths:
        if path.endswith("/diagnostic.html"):
            assert not pages[path].select("#depuis"), path
        else:
            assert since(pages, path) == FIRST, path
    assert "Ce qui a changé depuis la dernière fois" not in pages.words("index.html")


def test_rows_added_changed_and_removed_are_told_with_their_counts_and_numbers_that_moved_with_their_cause(copy):
    before = {path: numbers(copy[path]) for path in CHANGED}
    rows_changed(copy.data)
    assert copy.run().returncode == 0
    for path in CHANGED:
        words = since(copy, path)
        assert "Feuille « Initiatives » (redon) : 1 ligne modifiée, 2 lignes ajoutées, 1 ligne retirée." in words, path
        after, told = numbers(copy[path]), moved(copy[path])
        assert all(was != now for _, was, now in told), path
        assert {(was, now) for _, was, now in told} <= {(before[path][key], after.get(key)) for key in before[path]}
        if "0_donnees" in path:  # its numbers are of all sheets, those of people among them
            assert told == []
        else:
            assert "Ces nombres ont changé, parce que les données ont changé :" in words, path
            assert ("Pratiques", "7", "8") in told, path
    assert since(copy, "redon/3_enjeux.html") == since(copy, "morlaix/index.html") == FIRST
    words = copy.words("index.html").split("Ce qui a changé depuis la dernière fois")[-1].replace("\u202f", " ")
    assert "Pays de Redon : « Initiatives » (1 ligne modifiée, 2 lignes ajoutées, 1 ligne retirée)." in words
    assert "Pays de Morlaix : " not in words
    bytes_then = copy.bytes()
    assert copy.run().returncode == 0
    assert copy.made == []
    assert copy.run("redon", "--force").returncode == 0
    assert "redon/index.html" in copy.made
    assert copy.bytes() == bytes_then


def test_a_number_that_moved_is_told_with_its_row_and_its_column(copy):
    path = copy.data / "raw" / "redon" / "initiatives.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("existante;se déplacer", "arrêtée;se déplacer"), "utf-8")
    assert copy.run().returncode == 0
    words = since(copy, "redon/1_etat_des_lieux.html")
    assert "Pratiques (Les pratiques par thématique et par état, se déplacer, existante) : 1 → 0" in words
    assert "Pratiques (Les pratiques par thématique et par état, se déplacer, arrêtée) : 0 → 1" in words


def test_what_changes_no_row_of_a_sheet_is_no_empty_list(copy):
    path = copy.data / "raw" / "redon" / "initiatives.csv"
    rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([f"{rows[0]};Couleur", *(f"{row};bleu" for row in rows[1:])]) + "\n", encoding="utf-8")
    public = copy.data / "raw" / "reference" / "contexte.csv"
    text = public.read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("morlaix;commune;"))
    public.write_text(text.replace(row + "\n", ""), encoding="utf-8")
    assert copy.run().returncode == 0
    assert {"redon/0_donnees_recues.html", "morlaix/1_etat_des_lieux.html"} <= {*copy.made}
    assert "Ce qui a changé depuis la dernière fois" not in copy.words("index.html")
    for path in copy.made:
        assert not re.search(r"\) : ?\.", copy.words(path, "main").replace("\u202f", " ")), path


FEWER = """
from domino_analysis.territory import Territory
_as_it_is = Territory._table
Territory._table = lambda self, name: _as_it_is(self, name).iloc[1:] if name == "initiatives" else _as_it_is(self, name)
"""


@pytest.mark.parametrize("where", ["notebook", "library"])
def test_a_number_that_moves_with_the_code_alone_is_told_as_the_method(checkout, where):
    if where == "notebook":
        edit(checkout, "1_etat_des_lieux", FEWER)
    else:
        line_added(checkout / "domino_analysis" / "sections.py", FEWER)
    result = domino("run", "redon", python=str(checkout))
    assert result.returncode == 0, result.stdout + result.stderr
    site = Site(checkout / "reports", checkout / "data", result)
    words = since(site, "redon/1_etat_des_lieux.html")
    assert "Ces nombres ont changé, parce que la méthode a changé :" in words
    assert "Feuille" not in words
    assert ("Pratiques", "7", "6") in moved(site["redon/1_etat_des_lieux.html"])
    assert since(site, "redon/3_enjeux.html") == FIRST  # nothing moved there


def of_people_changed(raw: Path) -> None:
    """Change a mark, the points of a ballot and the place of a sheet, and add a practice."""
    path = raw / "exemple" / "exemple.xlsx"
    read = CalamineWorkbook.from_path(str(path))
    sheets = {name: read.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in read.sheet_names}
    for name, title, value in (
        ("mesures", "Situation actuelle", 1.0),
        ("votes", "Points", 5.0),
        ("fiches", "Commune de provenance", "Songe-sur-Brume"),
        ("verbatims", "Thématique", "se déplacer"),
    ):
        titles, *rows = sheets[name]
        for row in rows[:2]:
            row[titles.index(title)] = value
    sheets["initiatives"].append(["PC99", "Un jardin d'essai", *[""] * (len(sheets["initiatives"][0]) - 2)])
    write_xlsx(path, sheets)


@pytest.mark.parametrize("edition", ["publique", "comite"])
def test_two_states_of_what_people_gave_are_told_to_the_committee_only(again_in, edition):
    site = again_in("exemple", edition)
    of_people_changed(site.data / "raw")
    assert site.run("exemple", "--edition", edition).returncode == 0
    told = {path: moved(site[path]) for path in site.paths}
    labels = {label for rows in told.values() for label, _, _ in rows}
    private = {
        entry["libelle"].split(" (")[0]
        for entry in grandeurs().values()
        if not entry["feuilles"] or {*entry["feuilles"]} & {"fiches", "votes", "mesures", "verbatims"}
    }
    shown = {entry["libelle"].split(" (")[0] for entry in grandeurs().values()} - private
    assert labels & shown
    assert bool(labels & private) == (edition == "comite")
    words = since(site, "exemple/3_enjeux.html")
    assert "Feuille « Mesures » (exemple) : " in words  # that rows changed is no secret, what they hold is


def test_a_run_that_is_killed_after_the_sheets_were_read_loses_no_change(copy):
    rows_changed(copy.data)
    table = copy.data / "processed" / "redon" / "initiatives.csv"
    before = table.read_bytes()
    process = copy.started("--jobs", "1")
    assert waited(lambda: table.exists() and table.read_bytes() != before)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert since(copy, "comparaison.html") == FIRST  # no page was made yet
    assert copy.run().returncode == 0
    for path in CHANGED:
        words = since(copy, path)
        assert "Feuille « Initiatives » (redon) : 1 ligne modifiée, 2 lignes ajoutées, 1 ligne retirée." in words, path


# ── the four steps in one file ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", ["redon", "chateaubriant", "exemple"])
def test_the_diagnostic_is_made_of_the_steps_that_were_received(pages, code):
    path = f"{code}/diagnostic.html"
    page, steps = pages[path], [p for p in pages.of(code) if re.search("/[1-4]_", p)]
    assert len(steps) == {"redon": 2, "chateaubriant": 3, "exemple": 4}[code]
    assert [h2.get_text() for h2 in page.select("main h2")] == [pages[step].h1.get_text() for step in steps]
    for step, found in zip(steps, range(1, 5), strict=False):
        for level in (2, 3):
            titles = [h.get_text() for h in pages[step].select(f"main h{level}") if not h.find_parent(id="depuis")]
            assert [t for t in titles if t not in {h.get_text() for h in page.select(f"main h{level + 1}")}] == []
        own = {figure["id"] for figure in pages[step].select("main figure")}
        assert own == {
            figure["id"].removeprefix(f"etape-{found}-")
            for figure in page.select("main figure")
            if figure["id"].startswith(f"etape-{found}-")
        }
        assert numbers(pages[step]).items() <= numbers(page).items(), step
    links = [a["href"] for a in page.select("a[href]")]
    assert [href for href in links if not re.match("#|https?:|data:text/csv", href)] == []
    assert not page.find_all(src=True)
    assert not page.select("#depuis")


def test_a_territory_without_a_step_has_no_diagnostic(tmp_path):
    assert domino("new", "vide", "--data", tmp_path / "data").returncode == 0
    result = domino("run", "--data", tmp_path / "data", "--output", tmp_path / "reports")
    assert result.returncode == 0, result.stderr
    assert not (tmp_path / "reports" / "vide" / "diagnostic.html").exists()


def test_the_diagnostic_is_made_again_when_a_step_changes_and_only_then(copy):
    diagnostic = copy.root / "redon" / "diagnostic.html"
    before = diagnostic.read_bytes()
    line_added(copy.data / "raw" / "redon" / "documents.csv", "")
    path = copy.data / "raw" / "redon" / "communes.csv"
    rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([f"{rows[0]};Couleur", *(f"{row};bleu" for row in rows[1:])]) + "\n", encoding="utf-8")
    assert copy.run("redon").returncode == 0
    assert copy.made == ["redon/0_donnees_recues.html"]  # which is no step
    assert diagnostic.read_bytes() == before
    add_an_initiative(copy.data)
    assert copy.run("redon").returncode == 0
    assert "redon/diagnostic.html" in copy.made
    assert numbers(copy["redon/1_etat_des_lieux.html"]).items() <= numbers(copy["redon/diagnostic.html"]).items()
    shutil.copy(copy.root / "morlaix" / "diagnostic.html", diagnostic)
    assert copy.run("redon", "--dry-run").stdout.count("redon/diagnostic.html : ") == 1
    assert copy.run("redon").returncode == 0
    assert copy.made == ["redon/diagnostic.html"]


def test_the_diagnostic_of_a_step_that_failed_says_so_and_is_made_when_the_step_is(checkout, pages):
    edit(checkout, "3_enjeux", "1 / 0")
    result = domino("run", "redon", python=str(checkout))
    assert result.returncode == 1
    assert "redon/diagnostic.html : une étape n'a pas pu être faite" in result.stdout
    site = Site(checkout / "reports", checkout / "data", result)
    assert "Cette page n'a pas pu être faite" in site.words("redon/diagnostic.html")
    assert "Il manque ici « Pays de Redon, Le diagnostic en un seul fichier » : une étape" in site.words("index.html")
    shutil.copy(CHECKOUT / "notebooks" / "3_enjeux.ipynb", checkout / "notebooks")
    assert domino("run", "redon", python=str(checkout)).returncode == 0
    for path in (*pages.of("redon"), "index.html"):
        assert site.text(path) == pages.text(path), path


# ── two editions ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def editions(pages, tmp_path_factory) -> tuple[Copy, subprocess.CompletedProcess, dict]:
    """Both editions of the example from the same data: the committee's, its run, and the data before it."""
    place = tmp_path_factory.mktemp("comite")
    shutil.copytree(pages.data, place / "data")
    before = {path: path.read_bytes() for path in (place / "data").rglob("*") if path.is_file()}
    made = Copy(place / "reports_comite", place / "data", None)
    result = made.run("--edition", "comite")
    assert result.returncode == 0, result.stdout + result.stderr
    return made, result, before


@pytest.fixture
def again_in(pages, editions, tmp_path) -> Callable[[str, str], Copy]:
    """A copy of one edition, where commands are run again."""

    def copied(code: str, edition: str) -> Copy:
        site = editions[0] if edition == "comite" else pages
        shutil.copytree(site.data, tmp_path / "data")
        shutil.copytree(site.root, tmp_path / "reports")
        return Copy(tmp_path / "reports", tmp_path / "data", None)

    return copied


def test_each_page_of_the_committee_says_that_it_is_not_to_be_spread_and_no_public_page_knows_of_it(pages, editions):
    committee, _, _ = editions
    assert committee.paths == pages.paths
    for path in pages.paths:
        (told,) = committee[path].select("p.comite")
        assert "Édition du comité" in told.get_text(), path
        assert "ne se publie pas" in told.get_text(), path
        assert committee[path].select_one('meta[name="edition"]')["content"] == "comite"
        assert pages[path].select_one('meta[name="edition"]')["content"] == "publique"
        assert not pages[path].select(".comite"), path
        if path != "methode.html":  # which tells how both are made
            assert not re.search("reports_comite|edition comite", pages.text(path)), path
        for link in pages[path].select("[href], [src]"):
            assert "comite" not in link.get("href", "").partition(";base64,")[0] + link.get("src", ""), path


def test_the_committee_sees_what_the_public_does_not(pages, editions):
    committee, _, _ = editions
    sheet = CalamineWorkbook.from_path(str(pages.data / "raw" / "exemple" / "exemple.xlsx")).get_sheet_by_name
    said = [row for row in sheet("verbatims").to_python() if "EX-2016-05-10" in row]
    minutes = "exemple/reunions/ex-2016-05-10.html"
    assert "8 phrases" in pages.words(minutes)
    for row in said:
        assert [text for text in row if text and str(text) in committee.words(minutes, "main") and len(str(text)) > 15]
    assert len(said) == 8
    people = "exemple/reunions/ex-2016-01-12.html"
    counts = [
        {int(d["value"]) for d in site[people].select('main [data-q="participants"]')} for site in (pages, committee)
    ]
    assert min(counts[0]) >= 5
    assert min(counts[1]) < 5
    received = "exemple/0_donnees_recues.html"
    assert pages[received].select("#figure-retenu")
    assert not pages[received].select("details.feuille")
    assert not committee[received].select("#figure-retenu")
    assert len(committee[received].select("details.feuille")) == 16
    assert "FABLEROC" in committee.words(received)
    written = b"".join(path.read_bytes() for path in committee.root.rglob("*.html"))
    names = [b"NOM-FICTIF", b"@exemple.invalid", b"RAPPORTEUR-FICTIF", b"ANIMATEUR-FICTIF"]
    assert [name for name in names if name in written] == []  # not even there


def test_both_editions_are_made_from_data_that_are_read_once(editions, tmp_path):
    committee, result, before = editions
    assert not re.search("^  lu ", result.stderr, re.MULTILINE)
    assert {path: path.read_bytes() for path in before} == before
    public = Copy(tmp_path / "reports", committee.data, None)
    assert public.run("redon").returncode == 0
    assert not re.search("^  lu ", public.result.stderr, re.MULTILINE)
    assert committee.run("--edition", "comite").returncode == 0
    assert committee.made == []
    assert public.run("redon").returncode == 0
    assert public.made == []


@pytest.mark.parametrize(("held", "asked"), [("publique", "comite"), ("comite", "publique")])
@pytest.mark.parametrize("first", ["index.html", "redon/index.html"])
def test_a_folder_of_the_other_edition_is_refused_and_stays_as_it_was(again_in, held, asked, first):
    site = again_in("redon", held)
    if first != "index.html":  # a run that was killed before its end
        (site.root / "index.html").unlink()
    before = {path: path.read_bytes() for path in site.root.parent.rglob("*") if path.is_file()}
    result = site.run("redon", "--edition", asked)
    assert result.returncode == 2
    assert "ce dossier contient les pages de l'autre édition" in result.stderr
    assert "--output" in result.stderr
    assert result.stdout == ""
    assert {path: path.read_bytes() for path in site.root.parent.rglob("*") if path.is_file()} == before
    assert site.run("redon", "--edition", held).returncode == 0


def test_pages_of_before_there_were_editions_are_public(copy):
    for path in copy.root.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('<meta name="edition" content="publique">\n', ""), encoding="utf-8")
    assert copy.run("redon", "--edition", "comite").returncode == 2
    assert copy.run("redon").returncode == 0


def test_the_committee_has_a_folder_of_its_own_when_none_is_named(checkout):
    before = Copy(checkout / "reports", checkout / "data", None).bytes()
    result = domino("run", "redon", "--edition", "comite", python=str(checkout))
    assert result.returncode == 0, result.stderr
    assert result.stdout.rstrip().endswith(str(Path("reports_comite", "index.html")))
    made = Copy(checkout / "reports_comite", checkout / "data", result)
    assert made["redon/index.html"].select("p.comite")
    assert Copy(checkout / "reports", checkout / "data", None).bytes() == before


# ── watching ────────────────────────────────────────────────────────────────────────────────────


def waited(condition, seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.1)
    return bool(condition())


def test_watching_makes_pages_again_on_save_and_survives_a_half_saved_or_open_workbook(copy, tmp_path):
    said = tmp_path / "dit.txt"
    workbook, page = copy.data / "raw" / "exemple" / "exemple.xlsx", copy.root / "exemple" / "0_donnees_recues.html"
    with said.open("w") as stream:
        place = ("--data", copy.data, "--output", copy.root)
        process = subprocess.Popen(
            [PROGRAM, "run", "exemple", "--watch", *place], stdout=stream, stderr=stream, preexec_fn=interruptible
        )
        try:
            seen = lambda word, times=1: waited(lambda: said.read_text(encoding="utf-8").count(word) >= times)  # noqa: E731
            assert seen("En veille")
            whole, before, still = workbook.read_bytes(), page.read_bytes(), without_since(page)
            workbook.write_bytes(whole[: len(whole) // 2])
            assert seen("Rien n'est refait"), said.read_text(encoding="utf-8")
            assert page.read_bytes() == before
            workbook.write_bytes(whole)
            assert seen("En veille", 3)
            (workbook.parent / ".~lock.exemple.xlsx#").write_text("ouvert", encoding="utf-8")
            (workbook.parent / "~$exemple.xlsx").write_text("ouvert", encoding="utf-8")
            assert seen("En veille", 4)
            (workbook.parent / ".~lock.exemple.xlsx#").unlink()
            (workbook.parent / "~$exemple.xlsx").unlink()
            assert seen("En veille", 5)
            assert without_since(page) == still
            write_csv(workbook.parent / "actions.csv", [["N°", "Action"], ["A99", "Une action d'essai"]])
            assert seen("En veille", 6)
            assert page.read_bytes() != before
            assert process.poll() is None
        finally:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
    assert process.wait() == 130
    assert "Traceback" not in said.read_text(encoding="utf-8")


# ── nothing is left half done ───────────────────────────────────────────────────────────────────


def whole(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return text.startswith("<!DOCTYPE html>") and text.rstrip().endswith("</html>")


@pytest.mark.parametrize("moment", [0.3, 2.5, 3.5, 4.5, 6])
def test_a_run_that_is_killed_leaves_whole_pages_and_the_next_one_finishes(copy, pages, moment):
    add_an_initiative(copy.data)
    process = copy.started("--force")
    time.sleep(moment)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert all(whole(path) for path in copy.root.rglob("*.html"))
    assert copy.run().returncode == 0
    left = [p.name for folder in (copy.root, copy.data) for p in folder.rglob(f"{build.HIDDEN}*")]
    assert left == []
    after = copy.bytes()
    copy.run("--force")
    assert copy.bytes() == after


def test_the_children_of_a_run_that_is_killed_end_too(checkout):
    edit(
        checkout,
        "2_indicateurs",
        "import pathlib, os, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(300)",
    )
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    process = subprocess.Popen(
        [sys.executable, "-m", "domino_analysis.cli", "run", "exemple"], cwd=checkout, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert waited((checkout / "pid").exists)
    time.sleep(0.2)
    process.kill()
    process.wait()
    number = (checkout / "pid").read_text()
    assert waited(lambda: not Path(f"/proc/{number}").exists() or "Z" in Path(f"/proc/{number}/stat").read_text(), 10)


def test_two_runs_at_once_do_not_mix(copy, pages):
    before = copy.bytes()
    shutil.rmtree(copy.root)
    shutil.rmtree(copy.data / "processed")
    runs = [copy.started(), copy.started()]
    said = [run.communicate(timeout=200) for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert copy.bytes() == before
    told = sorted(out.splitlines()[0] for out, _ in said)
    assert told == [
        "0 page(s) faite(s), 35 déjà à jour, 0 échec(s).",
        "35 page(s) faite(s), 0 déjà à jour, 0 échec(s).",
    ]
    assert sum("celle-ci attend" in err for _, err in said) == 1


def test_an_interrupted_run_ends_quickly_and_says_what_was_done(copy):
    process = copy.started("--force", preexec_fn=interruptible)
    for line in process.stderr:
        if "fait" in line:
            break
    start = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert time.monotonic() - start < 5
    assert process.returncode == 130
    done, left = map(int, re.search(r"Arrêté : (\d+) page\(s\) faite\(s\), (\d+) à faire", err).groups())
    assert done >= 1
    assert done + left == 35
    assert "Traceback" not in out + err


def test_a_notebook_that_failed_is_kept_with_its_error_until_it_succeeds(checkout):
    edit(checkout, "3_enjeux", "seize = 16\nprint('avant')\nseize / 0")
    result = domino("run", "redon", python=str(checkout))
    assert result.returncode == 1
    kept = checkout / "data" / "processed" / "_echecs" / "redon" / "3_enjeux.ipynb"
    notebook = nbformat.read(kept, as_version=4)
    outputs = next(cell.outputs for cell in notebook.cells if "seize = 16" in cell.source)
    assert [output.output_type for output in outputs] == ["stream", "error"]
    assert outputs[1].ename == "ZeroDivisionError"
    site = Site(checkout / "reports", checkout / "data", result)
    assert "Il manque ici « Pays de Redon, Les enjeux » : ZeroDivisionError" in site.words("index.html")
    shutil.copy(CHECKOUT / "notebooks" / "3_enjeux.ipynb", checkout / "notebooks")
    again = domino("run", python=str(checkout))
    assert again.returncode == 0
    assert not kept.exists()
    assert "Il manque ici" not in site.words("index.html")


def test_a_territory_that_cannot_be_read_is_missed_by_name_and_the_others_are_there(checkout):
    line_added(checkout / "data" / "raw" / "redon" / "initiatives.csv", "Essai")
    spoiled = checkout / "domino_analysis" / "clean.py"
    text = spoiled.read_text(encoding="utf-8")
    start = text.index("def tidy(")
    body = text.index('"""', text.index('"""', start) + 3) + 3
    trap = '\n    if folder.name == "redon":\n        import os\n\n        os._exit(3)'
    spoiled.write_text(text[:body] + trap + text[body:], encoding="utf-8")
    result = domino("run", python=str(checkout))
    assert result.returncode == 1, result.stdout + result.stderr
    assert "data/raw/redon : le processus s'est arrêté (code 3)" in result.stdout
    site = Site(checkout / "reports", checkout / "data", result)
    for path in ("index.html", "comparaison.html", "cahier.html"):
        assert "Il manque ici « Pays de Redon » : le processus s'est arrêté" in site.words(path), path
        assert "Pays de Morlaix" in site.words(path), path


def test_a_full_disk_is_said_and_leaves_what_was_there(copy):
    before = copy.bytes()
    add_an_initiative(copy.data)

    def small_files():
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    process = copy.started("redon", preexec_fn=small_files)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 2, out + err
    assert "impossible de lire ou d'écrire ici" in err
    assert "Traceback" not in out + err
    assert copy.bytes() == before
    assert copy.run().returncode == 0
    assert copy.made == sorted(INITIATIVE)


def test_a_folder_where_one_may_not_write_is_said(copy):
    result = domino("run", "--data", copy.data, "--output", "/sys/kernel/domino")
    assert result.returncode == 2
    assert "/sys/kernel/domino" in result.stderr
    assert "impossible de lire ou d'écrire ici" in result.stderr
    assert "Traceback" not in result.stderr


def test_spaces_accents_relative_folders_and_links_are_nothing_special(pages, tmp_path):
    place = tmp_path / "Réunion d'été n° 1"
    shutil.copytree(pages.data, place / "les données")
    (tmp_path / "lien").symlink_to(place, target_is_directory=True)
    result = subprocess.run(
        [PROGRAM, "run", "redon", "--data", "lien/les données", "--output", "lien/les pages"],
        cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    for path in pages.of("redon"):
        assert (place / "les pages" / path).read_text(encoding="utf-8") == pages.text(path)


# ── beyond one machine ──────────────────────────────────────────────────────────────────────────


@pytest.fixture
def cluster(tmp_path):
    """A real Dask scheduler and two workers, each a process of its own, without any folder of ours."""
    environment = {**os.environ, "DOMINO_DATA": str(tmp_path / "nulle part"), "TMPDIR": str(tmp_path)}
    (tmp_path / "poste").mkdir()

    def start(name: str, *arguments: str) -> subprocess.Popen:
        stream = (tmp_path / f"{name}.log").open("w")
        return subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]],
            cwd=tmp_path / "poste", env=environment, stdout=stream, stderr=subprocess.STDOUT,
        )  # fmt: skip

    found = tmp_path / "scheduler.json"
    options = ("--scheduler-file", str(found))
    processes = [start("scheduler", "scheduler", *options, "--port", "0", "--no-dashboard", "--host", "127.0.0.1")]
    try:
        assert waited(found.exists)
        workers = [
            start(name, "worker", *options, "--no-nanny", "--nthreads", "1", "--name", name, "--no-dashboard")
            for name in ("un", "deux")
        ]
        processes += workers
        yield json.loads(found.read_text())["address"], workers, tmp_path
    finally:
        for process in processes[::-1]:
            process.kill()
            process.wait()


def test_a_cluster_makes_the_same_pages_and_makes_again_those_of_a_worker_that_is_lost(cluster, checkout, pages):
    address, workers, logs = cluster
    mark = logs / "commencé"
    slow = f"import pathlib, time\npathlib.Path({str(mark)!r}).touch()\ntime.sleep(4)"
    edit(checkout, "0_donnees_recues", slow)
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    process = subprocess.Popen(
        [sys.executable, "-m", "domino_analysis.cli", "run", "redon", "--force", "--cluster", address],
        cwd=checkout, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    page = "redon/0_donnees_recues.html"
    assert waited(mark.exists, 120), process.communicate()
    (running,) = [
        w for w, name in zip(workers, ("un", "deux"), strict=True) if page in (logs / f"{name}.log").read_text()
    ]
    running.kill()
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, out + err
    assert "8 page(s) faite(s), 0 déjà à jour, 0 échec(s)." in out
    began = [len(re.findall(f"{page}: started", (logs / f"{name}.log").read_text())) for name in ("un", "deux")]
    assert began == [1, 1]
    site = Site(checkout / "reports", checkout / "data", None)
    others = [path for path in (*pages.of("redon"), "comparaison.html", "cahier.html") if path != page]
    assert {path: site.text(path) for path in others} == {path: pages.text(path) for path in others}


def test_a_cluster_that_does_not_answer_is_said(copy):
    result = copy.run("redon", "--force", "--cluster", "tcp://127.0.0.1:9")
    assert result.returncode == 2
    assert "tcp://127.0.0.1:9 : la grappe ne répond pas" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_the_memory_of_the_main_process_does_not_grow_with_the_number_of_territories(four, tmp_path):
    script = """
import resource, sys
from domino_analysis import cli
assert cli.main(sys.argv[1:]) == 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    peaks = []
    for codes in (["exemple-1"], []):
        shutil.rmtree(tmp_path, ignore_errors=True)
        data = shutil.copytree(four.data, tmp_path / "data")
        for other in [
            p for p in (data / "raw").iterdir() if codes and p.name.startswith("exemple") and p.name not in codes
        ]:
            shutil.rmtree(other)
        shutil.rmtree(data / "processed")
        arguments = ["run", "--data", str(data), "--output", str(tmp_path / "reports")]
        told = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, encoding="utf-8")
        peaks.append(int(told.stdout.splitlines()[-1]))
    assert peaks[1] < 1.1 * peaks[0]


# ── how far it is ───────────────────────────────────────────────────────────────────────────────


def test_a_terminal_sees_a_bar_and_the_time_left_and_a_log_sees_lines(copy):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(
        [PROGRAM, "run", "redon", "--force", "--data", str(copy.data), "--output", str(copy.root)],
        stdout=subprocess.DEVNULL, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    while True:
        try:
            seen += os.read(ours, 10_000)
        except OSError:
            break
    assert process.wait(60) == 0
    assert re.search(rb"\d+%.*\d/8 \[\d\d:\d\d<\d\d:\d\d", seen), seen
    assert b"fait" not in seen
    copy.run("redon", "--force")
    assert len(copy.made) == 8
