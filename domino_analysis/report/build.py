"""Which pages, from which notebooks, written whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
import papermill
import plotly
from papermill.exceptions import PapermillExecutionError

from .. import sections
from ..census import recorded_meetings
from ..child import ChildError, Task, run_all
from ..clean import items
from ..paths import NOTEBOOKS, TEMPLATE, output_dir, processed_dir, raw_dir
from ..schema import Problem, etapes, simplify
from ..territory import Territory, is_fresh, trust_packages
from ..text import Html, cited, date, listed, plain_date
from . import engine  # noqa: F401 - the engine that papermill finds by its name, warm in the children
from .page import PLOTLY_FILE, Frame, PageError, failure, html_notebook, to_html

SECONDS, MEGABYTES = 300, 8000


@dataclass(frozen=True)
class Page:
    """One page to make: its place under ``reports``, its notebook, its parameters and its frame."""

    path: str
    notebook: str
    parameters: tuple[tuple[str, str], ...]
    frame: Frame


@dataclass(frozen=True)
class Outcome:
    """What became of a page: ``error`` is empty when it was written."""

    page: Page
    error: str = ""


# ── what to make ────────────────────────────────────────────────────────────────────────────────


def slug(code: str) -> str:
    """Code of a meeting as a file name.

    Examples
    --------
    >>> slug("CHB-2015-09-24"), slug("Réunion n° 1")
    ('chb-2015-09-24', 'reunion-n-1')
    """
    return simplify(code).replace(" ", "-")


def _frame(territory: Territory, title: str, depth: int, **more) -> Frame:
    home = ((territory.nom, "../" * (depth - 1) + "index.html"),) if title != etapes()["territoire"]["titre"] else ()
    partners = listed(cited(name) for name in items(territory.identity["financeurs_partenaires"]))
    told = {"date": date(territory.newest_date, ""), **more}
    return Frame(title, territory.nom, "../" * depth, home, territory.is_fictif, partners=partners, **told)


def plan(territory: Territory) -> list[Page]:
    """Pages of one territory: minutes, then the steps for which something was received."""
    code, pages = territory.code, []
    for meeting in recorded_meetings(territory):
        when = date(meeting.row["date"], "sans date")
        kind = meeting.row["type"] if isinstance(meeting.row["type"], str) else "réunion"
        heading = Html(f"Compte rendu, {kind}, {when}")
        title = f"Compte rendu, {plain_date(meeting.row['date'])}" if when != "sans date" else "Compte rendu"
        frame = _frame(territory, title, 2, heading=heading, date=when)
        path = f"{code}/{etapes()['compte_rendu']['fichier'].format(reunion=slug(meeting.code))}"
        parameters = (("territoire", code), ("reunion", meeting.code))
        pages.append(Page(path, "compte_rendu", parameters, frame))
    for entry in etapes().values():
        if "tables" not in entry or entry["tables"] and not territory.received(entry["tables"]):
            continue
        frame = _frame(territory, entry["titre"], 1)
        pages.append(Page(f"{code}/{entry['fichier']}", entry["notebook"], (("territoire", code),), frame))
    return pages


def common_pages(territories: Iterable[Territory]) -> list[Page]:
    """Comparison and book of recommendations of the real territories; nothing when there is none."""
    frame = _common_frame(territories)
    return [
        Page(etapes()[name]["fichier"], etapes()[name]["notebook"], (), replace(frame, title=etapes()[name]["titre"]))
        for name in ("comparaison", "cahier")
        if any(not territory.is_fictif for territory in territories)
    ]


def _common_frame(territories: Iterable[Territory]) -> Frame:
    """Frame of a page that speaks of all real territories: their newest date, all their partners."""
    real = [territory for territory in territories if not territory.is_fictif]
    newest = max((territory.newest_date for territory in real), default="")
    names = [name for territory in real for name in items(territory.identity["financeurs_partenaires"])]
    return Frame(title="", date=date(newest, ""), partners=listed(cited(name) for name in dict.fromkeys(names)))


# ── one page ────────────────────────────────────────────────────────────────────────────────────


def execute(notebook: str, parameters: dict[str, str]) -> nbformat.NotebookNode:
    """Executed notebook; a parameter that the notebook does not declare is an error.

    Parameters
    ----------
    notebook : str
        Name in ``notebooks``, without its extension.
    parameters : dict
        Values of its cell ``parameters``.
    """
    path = str(NOTEBOOKS / f"{notebook}.ipynb")
    unknown = set(parameters) - set(papermill.inspect_notebook(path))
    if unknown:
        raise ValueError(f"paramètre inconnu du notebook {notebook} : {', '.join(sorted(unknown))}")
    return papermill.execute_notebook(
        path, None, parameters, engine_name="domino", progress_bar=False,
        request_save_on_cell_execute=False, autosave_cell_every=0,
    )  # fmt: skip


def make_page(page: Page, data: str) -> str:
    """HTML of one page; runs in a child, in a folder ``data`` of its own choice."""
    os.environ["DOMINO_DATA"] = data
    trust_packages()
    try:
        return to_html(execute(page.notebook, dict(page.parameters)), page.frame)
    except PapermillExecutionError as error:
        said, cell = f"{error.ename}, {error.evalue}".splitlines()[0], error.source.strip().splitlines()[-1]
        raise PageError(f"{said} ({page.notebook}, « {cell} »)") from None


# ── writing ─────────────────────────────────────────────────────────────────────────────────────


def write(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: beside it, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = content.encode() if isinstance(content, str) else content
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(beside).chmod(0o644)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def prepare(code: str) -> Territory:
    """Territory whose processed package was written anew, whole or not at all."""
    territory = Territory.read(code)
    folder = processed_dir(code)
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{code}-"))
    try:
        for name, content in territory.package().items():
            (beside / name).write_bytes(content)
        beside.chmod(0o755)
        old = folder.with_name(f".{code}-ancien")
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.replace(old)
        beside.replace(folder)
        shutil.rmtree(old, ignore_errors=True)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return territory


def _assets(output: Path) -> None:
    plotly_js = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    write(output / "assets" / PLOTLY_FILE, plotly_js.read_bytes())
    write(output / "assets" / "page.js", (TEMPLATE / "page.js").read_bytes())


def _sweep(folder: Path, kept: set[Path]) -> None:
    """Remove the pages of an earlier run that no data make any more; other files stay."""
    for path in folder.rglob("*.html"):
        ours = '<meta name="generator" content="domino_analysis">'
        if path not in kept and ours in path.read_text(encoding="utf-8", errors="replace")[:2000]:
            path.unlink()


def _reason(error: ChildError) -> str:
    if error.reason == "temps":
        return f"le notebook n'a pas fini en {SECONDS} secondes."
    if error.reason == "mémoire":
        return f"le notebook a demandé plus de {MEGABYTES} Mo de mémoire."
    if error.reason == "arrêt":
        return f"le processus s'est arrêté ({error.detail})."
    return error.detail.splitlines()[0].removeprefix("PageError: ")


def build(codes: list[str], known: list[str], jobs: int, told: Callable = lambda *_: None) -> Iterator[Outcome]:
    """Make the pages of some territories, then what is common to all; outcomes come as they end.

    Parameters
    ----------
    codes : list of str
        Territories to make anew.
    known : list of str
        Every territory: the comparison and the index speak of all of them.
    jobs : int
        Pages made at once.
    told : callable
        Called once with the number of pages.
    """
    output = output_dir()
    for code in (*known, "programme"):
        if raw_dir(code).is_dir() and (code in codes or not is_fresh(code)):
            prepare(code)
    territories = {code: Territory.open(code) for code in known}
    planned = {code: plan(territory) for code, territory in territories.items()}
    pages = [page for code in codes for page in planned[code]] + common_pages(territories.values())
    told(len(pages))
    _assets(output)
    data = str(processed_dir("").parent)
    tasks = [Task(page.path, make_page, (page, data)) for page in pages]
    by_path = {page.path: page for page in pages}
    for task, result in run_all(tasks, jobs, SECONDS, MEGABYTES):
        page = by_path[task.name]
        if isinstance(result, ChildError):
            write(output / page.path, failure(page.frame, _reason(result)))
            yield Outcome(page, _reason(result))
        else:
            write(output / page.path, result)
            yield Outcome(page)
    for code in codes:
        _sweep(output / code, {output / page.path for page in planned[code]})
    write(output / "index.html", index(territories, planned, output))


def index(territories: dict[str, Territory], planned: dict[str, list[Page]], output: Path) -> str:
    """The page where everything starts: the question, the territories, their meetings and steps."""
    made = {code: [p for p in pages if (output / p.path).exists()] for code, pages in planned.items()}
    listed_pages = {code: [(p.path, p.frame.heading or p.frame.title) for p in pages] for code, pages in made.items()}
    block = sections.summary(list(territories.values()), listed_pages)
    title = "Les pratiques collaboratives, levier de modes de vie durables sur les territoires\u202f?"
    return to_html(html_notebook(block), replace(_common_frame(territories.values()), title=title))


def problems(code: str) -> list[Problem]:
    """What is wrong with the sheets of a territory."""
    return Territory.open(code).problems
