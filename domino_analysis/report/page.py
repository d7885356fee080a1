"""Notebook, tables and parameters → HTML page that asks nothing of any network.

What runs here runs in a child process, on this machine or on another one of a cluster.
"""

import gc
import json
import re
from dataclasses import asdict, replace
from functools import cache
from html import escape
from pathlib import Path

import nbformat
import papermill
import plotly
from nbconvert import HTMLExporter
from nbconvert.preprocessors import Preprocessor
from papermill.exceptions import PapermillExecutionError

from .. import sections
from ..census import recorded_meetings
from ..child import is_fork_server
from ..clean import items
from ..paths import TEMPLATE, digest, library_key, processed_dir, sources
from ..schema import Page, catalogue, etapes, simplify
from ..territory import Territory, give
from ..text import Html, date, plain_date, render, typography
from . import engine  # noqa: F401 - the engine that papermill finds by its name

PLOTLY_MIME = "application/vnd.plotly.v1+json"
PLOTLY_FILE = f"plotly-{plotly.__version__}.min.js"
PLACE = re.compile(r'(<div class="graphique" data-figure="([^"]+)")([^>]*></div>)')
"""Place of a chart in the HTML of its figure."""


class PageError(Exception):
    """An executed notebook cannot become a page as it is."""


class PlaceCharts(Preprocessor):
    """Keep HTML outputs, put each chart's description inside its figure, refuse the rest."""

    def preprocess_cell(self, cell, resources, index):
        """Rewrite the outputs of a cell as HTML, and its prose in French typography."""
        if cell.cell_type == "code":
            cell.outputs = self._outputs(cell.outputs)
        else:
            cell.source = typography(cell.source)
        return cell, resources

    def _outputs(self, outputs):
        kept, charts = [], {}
        for output in outputs:
            data = output.get("data", {})
            if PLOTLY_MIME in data:
                charts[output.metadata["domino"]["figure"]] = data[PLOTLY_MIME]
            elif "text/html" in data:
                kept.append(output)
            else:
                found = output.get("text") or ", ".join(data) or output.output_type
                raise PageError(f"sortie qui n'a pas de forme dans une page : {found[:300]}")
        for output in kept:
            output.data["text/html"] = PLACE.sub(lambda place: _with_chart(place, charts), output.data["text/html"])
        return kept


def _with_chart(place: re.Match, charts: dict[str, dict]) -> str:
    opening, key, rest = place.groups()
    described = json.dumps(charts[key], ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
    height = charts[key]["layout"]["height"]
    script = f'<script type="application/json" id="trace-{key}">{described}</script>'
    return f'{opening} style="min-height:{height}px"{rest}{script}'


def _contents(html: str) -> tuple[str, list[tuple[str, str]]]:
    """HTML whose second-level headings have an id, and the table of contents they make."""
    entries: list[tuple[str, str]] = []

    def anchored(match):
        label = re.sub(r"<[^>]+>", "", match[1])
        slug = simplify(label).replace(" ", "-") or f"section-{len(entries)}"
        while slug in dict(entries):
            slug += "-bis"
        entries.append((slug, label))
        return f'<h2 id="{slug}">{match[1]}</h2>'

    return re.sub(r"<h2(?: [^>]*)?>([\s\S]*?)</h2>", anchored, html), entries


def framed(body: str, page: Page, key: str = "") -> Html:
    """Whole page around a body of HTML: key, title, way back, table of contents, footer.

    Parameters
    ----------
    key : str
        What the page rests on, as hashes; empty when it could not be made, so that it is made again.
    """
    body, contents = _contents(body)
    return render("cadre.html.j2", page=page, key=key, body=Html(body), contents=contents, plotly_file=PLOTLY_FILE)


@cache
def _exporter() -> HTMLExporter:
    return HTMLExporter(
        template_name=TEMPLATE.name,
        extra_template_basedirs=[str(TEMPLATE.parent)],
        exclude_anchor_links=True,
        sanitize_html=False,
    )


def to_html(notebook: nbformat.NotebookNode, page: Page, key: str = "") -> Html:
    """Page of an executed notebook, through the project's own template.

    Parameters
    ----------
    notebook : NotebookNode
        Outputs are HTML or charts; anything else raises `PageError`.
    page : Page
        Title, links and footer.
    key : str
        What the page rests on, as hashes.
    """
    body, _ = _exporter().from_notebook_node(notebook)
    return framed(body, page, key)


# ── what a territory brings ─────────────────────────────────────────────────────────────────────


def slug(code: str) -> str:
    """Code of a meeting as a file name.

    Examples
    --------
    >>> slug("CHB-2015-09-24"), slug("Réunion n° 1")
    ('chb-2015-09-24', 'reunion-n-1')
    """
    return simplify(code).replace(" ", "-")


def plan(territory: Territory) -> list[Page]:
    """Pages of one territory: minutes, then the steps for which something was received."""
    own = Page(
        "", "", codes=(territory.code,), kicker=territory.nom, date=territory.newest_date,
        partners=tuple(items(territory.identity["financeurs_partenaires"])), is_fictif=territory.is_fictif,
    )  # fmt: skip
    named, minutes, pages = ("territoire", territory.code), etapes()["compte_rendu"], []
    for meeting in recorded_meetings(territory):
        when, kind = meeting.row[["date", "type"]].fillna({"date": "", "type": "réunion"})
        told = {
            "path": f"{territory.code}/{minutes['fichier'].format(reunion=slug(meeting.code))}",
            "title": f"Compte rendu, {plain_date(when)}" if when else "Compte rendu",
            "heading": f"Compte rendu, {escape(kind)}, {date(when, 'sans date')}",
            "parameters": (named, ("reunion", meeting.code)),
            "date": when,
        }
        pages.append(replace(own, **_step(minutes) | told))
    for step in etapes().values():
        if "tables" in step and (not step["tables"] or territory.received(step["tables"])):
            place = {"path": f"{territory.code}/{step['fichier']}"}
            pages.append(replace(own, **_step(step) | place, parameters=(named,)))
    return pages


def _step(step: dict) -> dict[str, object]:
    """What an entry of ``etapes.yaml`` says of its page."""
    tables = tuple(step["lit"])
    return {"path": step["fichier"], "title": step["titre"], "notebook": step["notebook"], "tables": tables}


def prepare(code: str) -> dict[str, bytes]:
    """Files of the processed package of a territory, by name; datapackage.json says what a run needs to know."""
    before: dict[str, str] = {}
    while before != (before := sources(code)):  # a sheet that was saved meanwhile is read again
        territory = Territory.read(code)
    problems = territory.problems
    return territory.package(
        empreintes=before,
        plotly=PLOTLY_FILE,
        fictif=territory.is_fictif,
        date=territory.newest_date,
        partenaires=items(territory.identity["financeurs_partenaires"]),
        lignes={name: len(getattr(territory, name)) for name in sections.COUNTED},
        a_regarder=sum(not problem.is_of_a_file for problem in problems),
        illisibles=[str(problem) for problem in problems if problem.is_of_a_file],
        pages=[asdict(page) for page in plan(territory)],
        partagees=[_step(etapes()[name]) for name in ("comparaison", "cahier")],
    )


# ── one page ────────────────────────────────────────────────────────────────────────────────────


def execute(notebook: nbformat.NotebookNode, parameters: dict[str, str]) -> nbformat.NotebookNode:
    """Executed notebook; a parameter that the notebook does not declare is an error.

    Parameters
    ----------
    notebook : NotebookNode
        As it is stored: it is not changed.
    parameters : dict
        Values of its cell ``parameters``.
    """
    unknown = set(parameters) - set(papermill.inspect_notebook(notebook))
    if unknown:
        raise PageError(f"paramètre inconnu du notebook : {', '.join(sorted(unknown))}")
    return papermill.execute_notebook(
        notebook, None, parameters, engine_name="domino", progress_bar=False,
        request_save_on_cell_execute=False, autosave_cell_every=0,
    )  # fmt: skip


def make(
    page: Page, key: str, notebook: str, inputs: dict[str, dict[str, str]], files: dict | None = None
) -> tuple[str, str, str]:
    """Page from a notebook, tables and parameters: the same ones always give the same bytes.

    Parameters
    ----------
    page : Page
        What to make.
    key : str
        What it rests on, as hashes; the page keeps it.
    notebook : str
        The notebook as it is stored; nothing for the index.
    inputs : dict of str to dict of str to str
        Hash of each file that the page may read, by territory and name: it reads no other.
    files : dict of str to dict of str to bytes, optional
        Those files, where their folder is on another machine.

    Returns
    -------
    (str, str, str)
        Its HTML; why it could not be made and the notebook that failed, empty when it was.
    """
    if not library_key().startswith(key.partition("-")[0]):
        return failed(page, "ce poste n'a pas la version du programme qui a demandé la page : l'y installer")
    for code, hashes in inputs.items():
        give(code, lambda name, code=code, hashes=hashes: _declared(page, code, name, hashes, files))
    if not notebook:
        return str(framed(sections.summary(**dict(page.parameters)), page, key)), "", ""
    try:
        executed = execute(nbformat.reads(notebook, as_version=4), dict(page.parameters))
        return str(to_html(executed, page, key)), "", ""
    except PageError as error:
        return failed(page, str(error))
    except PapermillExecutionError as error:
        reason = f"{error.ename}, {error.evalue}".splitlines()[0]
        said = "plus de mémoire que ce qui est accordé" if error.ename == "MemoryError" else reason
        last = error.source.strip().splitlines()[-1]
        return failed(page, f"{said} ({page.notebook}, « {last} »)", nbformat.writes(engine.WarmEngine.ran))


def _declared(page: Page, code: str, name: str, hashes: dict[str, str], files: dict | None) -> bytes:
    """Content of a file of a package: one that the page declares, as it was when the page was asked for."""
    if name not in hashes:
        table = name.removesuffix(".csv")
        raise LookupError(f"la table « {table} » manque dans « lit », dans catalogue/etapes.yaml")
    content = files[code][name] if files else (processed_dir(code) / name).read_bytes()
    if digest(content) != hashes[name]:
        raise LookupError(f"{name} de {code} a changé pendant que la page se faisait : relancer la commande")
    return content


def failed(page: Page, reason: str, notebook: str = "") -> tuple[str, str, str]:
    """Page that says why it could not be made, that reason, and the notebook that failed."""
    return str(framed(render("echec.html.j2", reason=reason), page)), reason, notebook


def plotly_js() -> bytes:
    """The script that draws the charts of every page."""
    return (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()


WARMING = """
import pandas
from domino_analysis import figures
figures.bars("moments", pandas.DataFrame({"moment": ["avant"], "nb": [1]}), "moment")
"""


def warm_up() -> None:
    """Make one small page, so that what the libraries build at their first use is there before children are forked."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(WARMING)])
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python"}
    to_html(execute(notebook, {}), Page("", ""))
    catalogue()
    gc.freeze()
    gc.disable()  # a child ends before its garbage matters


if is_fork_server():
    warm_up()
