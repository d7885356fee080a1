"""Which pages, from which notebooks, written whole or not at all."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
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
from ..schema import etapes, simplify
from ..territory import Territory, is_fresh, trust_packages
from ..text import Html, cited, date, listed, plain_date, render
from . import engine  # noqa: F401 - the engine that papermill finds by its name, warm in the children
from .page import PLOTLY_FILE, Page, PageError, framed, to_html

SECONDS, MEGABYTES = 300, 8000


# ── what to make ────────────────────────────────────────────────────────────────────────────────


def slug(code: str) -> str:
    """Code of a meeting as a file name.

    Examples
    --------
    >>> slug("CHB-2015-09-24"), slug("Réunion n° 1")
    ('chb-2015-09-24', 'reunion-n-1')
    """
    return simplify(code).replace(" ", "-")


def _page(territories: list[Territory], path: str, title: str, kicker: str = "") -> Page:
    """Page that speaks of some territories: their newest date, all their partners."""
    newest = max((territory.newest_date for territory in territories), default="")
    names = [name for territory in territories for name in items(territory.identity["financeurs_partenaires"])]
    partners = listed(cited(name) for name in dict.fromkeys(names))
    is_fictif = any(territory.is_fictif for territory in territories)
    return Page(path, title, kicker=kicker, date=date(newest, ""), partners=partners, is_fictif=is_fictif)


def plan(territory: Territory) -> list[Page]:
    """Pages of one territory: minutes, then the steps for which something was received."""
    own = _page([territory], "", "", territory.nom)
    named, pages = ("territoire", territory.code), []
    for meeting in recorded_meetings(territory):
        when = date(meeting.row["date"], "sans date")
        kind = meeting.row["type"] if isinstance(meeting.row["type"], str) else "réunion"
        page = replace(
            own,
            path=f"{territory.code}/{etapes()['compte_rendu']['fichier'].format(reunion=slug(meeting.code))}",
            title=f"Compte rendu, {plain_date(meeting.row['date'])}" if when != "sans date" else "Compte rendu",
            notebook="compte_rendu",
            parameters=(named, ("reunion", meeting.code)),
            heading=Html(f"Compte rendu, {kind}, {when}"),
            date=when,
        )
        pages.append(page)
    for step in etapes().values():
        if "tables" in step and (not step["tables"] or territory.received(step["tables"])):
            path, title = f"{territory.code}/{step['fichier']}", step["titre"]
            pages.append(replace(own, path=path, title=title, notebook=step["notebook"], parameters=(named,)))
    return pages


def side_by_side(territories: Iterable[Territory]) -> list[Territory]:
    """Territories that common pages speak of: the real ones, or all of them when none is real."""
    territories = list(territories)
    return [territory for territory in territories if not territory.is_fictif] or territories


def common_pages(territories: Iterable[Territory]) -> list[Page]:
    """Comparison and book of recommendations; nothing when there is no territory."""
    together = side_by_side(territories)
    shared = [etapes()[name] for name in ("comparaison", "cahier") if together]
    return [replace(_page(together, step["fichier"], step["titre"]), notebook=step["notebook"]) for step in shared]


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
        return to_html(execute(page.notebook, dict(page.parameters)), page)
    except PapermillExecutionError as error:
        said, cell = f"{error.ename}, {error.evalue}".splitlines()[0], error.source.strip().splitlines()[-1]
        raise PageError(f"{said} ({page.notebook}, « {cell} »)") from None


# ── writing ─────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def beside(place: Path) -> Iterator[Path]:
    """Path in a hidden folder; what is made there takes its place at the end, whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".", ignore_cleanup_errors=True) as hidden:
        made = Path(hidden) / place.name
        yield made
        if place.is_dir():
            place.replace(Path(hidden) / "ancien")
        made.replace(place)


def write(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all."""
    with beside(path) as made:
        made.write_bytes(content.encode() if isinstance(content, str) else content)


def prepare(code: str) -> None:
    """Write the processed package of a territory anew, whole or not at all."""
    files = Territory.read(code).package()
    with beside(processed_dir(code)) as folder:
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)


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
    """Why a page could not be made, in one line."""
    known = {
        "temps": f"le notebook n'a pas fini en {SECONDS} secondes.",
        "mémoire": f"le notebook a demandé plus de {MEGABYTES} Mo de mémoire.",
        "arrêt": f"le processus s'est arrêté ({error.detail}).",
    }
    return known.get(error.reason) or error.detail.splitlines()[0].removeprefix("PageError: ")


def build(
    codes: list[str], known: list[str], jobs: int, told: Callable = lambda *_: None
) -> Iterator[tuple[Page, str]]:
    """Make the pages of some territories, then what is common to all.

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

    Yields
    ------
    (Page, str)
        A page as its making ends, and why it failed: nothing when it did not.
    """
    output = output_dir()
    for code in (*known, "programme"):
        if raw_dir(code).is_dir() and (code in codes or not is_fresh(code)):
            prepare(code)
    territories = {code: Territory.open(code) for code in known}
    planned = {code: plan(territory) for code, territory in territories.items()}
    pages = [page for code in codes for page in planned[code]] + common_pages(territories.values())
    by_path = {page.path: page for page in pages}
    told(len(by_path))
    _assets(output)
    data = str(processed_dir("").parent)
    tasks = [Task(path, make_page, (page, data)) for path, page in by_path.items()]
    for task, result in run_all(tasks, jobs, SECONDS, MEGABYTES):
        page, reason = by_path[task.name], ""
        if isinstance(result, ChildError):
            reason = _reason(result)
            result = framed(render("echec.html.j2", reason=reason), page)
        write(output / page.path, result)
        yield page, reason
    for code in codes:
        _sweep(output / code, {output / page.path for page in planned[code]})
    write(output / "index.html", index(territories, planned, output))


def index(territories: dict[str, Territory], planned: dict[str, list[Page]], output: Path) -> str:
    """The page where everything starts: the question, the territories, their meetings and steps."""
    made = {code: [p for p in pages if (output / p.path).exists()] for code, pages in planned.items()}
    listed_pages = {code: [(p.path, p.heading or p.title) for p in pages] for code, pages in made.items()}
    title = "Les pratiques collaboratives, levier de modes de vie durables sur les territoires\u202f?"
    block = sections.summary(list(territories.values()), listed_pages)
    return framed(block, _page(side_by_side(territories.values()), "index.html", title))
