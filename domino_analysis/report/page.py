"""Notebook, tables and parameters → HTML page that asks nothing of any network.

What runs here runs in a child process, on this machine or on another one of a cluster.
"""

import gc
import json
import os
import re
from base64 import b64encode
from dataclasses import asdict, replace
from functools import cache, partial
from hashlib import sha256
from html import escape, unescape
from pathlib import Path

import nbformat
import papermill
import plotly
from nbconvert import HTMLExporter
from nbconvert.preprocessors import Preprocessor
from papermill.exceptions import PapermillExecutionError

from .. import census, child, clean, figures, privacy, sections
from ..paths import LINES, TEMPLATE, digest, edition, library_key, processed_dir, sources
from ..schema import Page, catalogue, etapes, grandeurs, phrases, simplify, table_named
from ..territory import PUBLIC, Territory, give
from ..text import Html, date, plain_date, plain_number, public, render, typography
from . import engine  # noqa: F401 - the engine that papermill finds by its name
from .build import EDITION, changed, meta

PLOTLY_FILE = f"plotly-{plotly.__version__}.min.js"
PLACE = re.compile(r'(<div class="graphique" data-figure="([^"]+)")([^>]*>)</div>')
"""Place of a chart in the HTML of its figure."""
FIGURE = re.compile(r'<figure class="figure" id="figure-(\w+)"')
SCRIPT = re.compile(r'<script [^>]*type="application/json"[\s\S]*?</script>')
"""Description of a chart, for the script that draws it."""
SINCE = re.compile(r'<section id="depuis">[\s\S]*?</section>')
"""What a page tells of the one that it replaced."""
NUMBER = re.compile(r'<data class="n"((?: [\w-]+="[^"]*")*)>[^<]*</data>')


class PageError(Exception):
    """An executed notebook cannot become a page as it is."""


class PlaceCharts(Preprocessor):
    """Keep HTML outputs, put each chart's figures.drawing and its description inside its figure, refuse the rest."""

    def preprocess_cell(self, cell, resources, index):
        """Rewrite the outputs of a cell as HTML, and its prose in French typography."""
        if cell.cell_type != "code":
            cell.source = typography(cell.source)
            return cell, resources
        kept, charts, width = [], {}, resources.get("largeur", 660)
        for output in cell.outputs:
            data = output.get("data", {})
            if figures.PLOTLY in data:
                charts[output.metadata["domino"]["figure"]] = data[figures.PLOTLY]
            elif "text/html" in data:
                data["text/html"] = PLACE.sub(lambda place: _with_chart(place, charts, width), data["text/html"])
                kept.append(output)
            else:
                found = output.get("text") or ", ".join(data) or output.output_type
                raise PageError(f"sortie qui n'a pas de forme dans une page : {found[:300]}")
        cell.outputs = kept
        return cell, resources


def _with_chart(place: re.Match, charts: dict[str, dict], width: int) -> str:
    opening, key, rest = place.groups()
    described = json.dumps(charts[key], ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
    style, still = f'style="--hauteur:{charts[key]["layout"]["height"]}px"', figures.drawing(charts[key], width)
    script = f'<script type="application/json" id="trace-{key}">{described}</script>'
    return f'{opening} {style}{rest}<div class="dessin">{still}</div></div>{script}'


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
    body, contents = _contents(SCRIPT.sub("", body) if page.is_still else body)
    told = {"plotly_file": PLOTLY_FILE, "edition": edition(), **(_scripts() if page.parts else {})}
    return render("cadre.html.j2", page=page, key=key, body=Html(body), contents=contents, **told)


@cache
def _exporter() -> HTMLExporter:
    folder = {"template_name": TEMPLATE.name, "extra_template_basedirs": [str(TEMPLATE.parent)]}
    return HTMLExporter(**folder, exclude_anchor_links=True, sanitize_html=False)


def to_body(notebook: nbformat.NotebookNode, width: int = 660) -> str:
    """HTML of an executed notebook, through the project's own template.

    Parameters
    ----------
    notebook : NotebookNode
        Outputs are HTML or charts; anything else raises `PageError`.
    width : int
        Pixels for which charts are drawn.
    """
    return _exporter().from_notebook_node(notebook, {"largeur": width})[0]


def assembled(parts: list[str]) -> str:
    """The pages of the steps one after the other, each under its title; it stands alone, so no link leaves it."""
    bodies = []
    for place, html in enumerate(parts, 1):
        if not meta(html):
            raise PageError("une étape n'a pas pu être faite")
        title, body = (re.search(f"<{tag}[^>]*>([\\s\\S]*?)</{tag}>", SINCE.sub("", html))[1] for tag in ("h1", "main"))
        body = re.sub(r"(</?h)([2-5])", lambda heading: f"{heading[1]}{int(heading[2]) + 1}", body)
        body = re.sub(r'(\b(?:id|data-figure)="(?:trace-)?|href="#)', rf"\g<1>etape-{place}-", body)
        bodies.append(f"<h2>{title}</h2>\n{body}")
    return re.sub(r'<a (?:class="\w+" )?href="(?!#|https?:|data:)[^"]*"[^>]*>([\s\S]*?)</a>', r"\1", "\n".join(bodies))


def _scripts() -> dict[str, Html]:
    """The scripts of a page that stands alone, and what lets them run, and no other."""
    texts = [plotly_js().decode(), (TEMPLATE / "page.js").read_text(encoding="utf-8")]
    allowed = " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in texts)
    return {"scripts": Html(allowed), "inline_scripts": Html("".join(f"<script>{text}</script>" for text in texts))}


def _about(number: re.Match) -> tuple[str, str, str]:
    """Quantity, subject and value of a number as `domino_analysis.text.number` marks it, whatever the order."""
    marks = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', number[1])}
    return marks["data-q"], marks.get("data-de", ""), marks["value"]


def traced(body: str, territories: list[Territory], page: Page) -> str:
    """HTML in which each number of a sentence leads to where it comes from, and each figure says where its own do."""
    notes: dict[str, int] = {}
    read = [name for name in page.tables if name in catalogue() or name.startswith(PUBLIC)]

    def noted(number: re.Match) -> str:
        quantity, about, _ = _about(number)
        subject = re.sub(f"^[^/]*/{quantity}(/|$)", "", about)  # it names itself and its quantity first
        told = sections.origin(territories, read, [quantity], subject)
        return f'<a class="renvoi" href="#origine-{notes.setdefault(told, len(notes) + 1)}">{number[0]}</a>'

    def piece(html: str) -> str:
        if not html.startswith("<figure "):
            return NUMBER.sub(noted, html)
        quantities = list(dict.fromkeys(_about(number)[0] for number in NUMBER.finditer(html)))
        sheets = map(
            table_named, re.findall("« (.*?) »", phrases()["figures"][FIGURE.match(html)[1]].get("source", ""))
        )
        told = sections.origin(territories, read, quantities, sheets=sheets)
        return html.removesuffix("</figure>") + render("origines.html.j2", told=told) + "</figure>"

    body = "".join(map(piece, re.split(r"(<figure [\s\S]*?</figure>)", body)))
    method = f'href="{"../" * page.path.count("/")}methode.html#'
    return (body + render("origines.html.j2", notes=list(notes))).replace('href="methode.html#', method)


def _numbers(html: str) -> dict[tuple[str, str], str]:
    """Numbers of a page by quantity and subject, those that tell what changed left out."""
    return {(q, de): plain_number(float(n)) for q, de, n in map(_about, NUMBER.finditer(SINCE.sub("", html)))}


def since(before: str, after: str, key: str, changes: dict[str, dict[str, list[int]]]) -> Html:
    """What changed since the page that this one replaces, and why; what that page told when nothing did.

    Parameters
    ----------
    before, after : str
        The page that was there, if any, and the HTML of the new one.
    key : str
        What the new page rests on.
    changes : dict of str to dict of str to list of int
        Rows changed, added and removed in the tables of each folder.
    """
    before = before if meta(before, EDITION) == edition() else ""  # what the committee's said is not for everyone
    told, parts = SINCE.search(before), changed(meta(before), key) if before else []
    was, now = _numbers(before), _numbers(after)
    moved = [
        {"de": about, "entree": grandeurs()[quantity], "avant": was[quantity, about], "apres": value}
        for (quantity, about), value in now.items()
        if was.get((quantity, about), value) != value
        # two states would give a person back; what names no sheet may rest on people's
        and not any(map(privacy.is_of_people, grandeurs()[quantity]["feuilles"] or privacy.OF_PEOPLE))
    ]
    if told and "donnees" not in parts and not moved:
        return Html(told[0])
    return render(
        "depuis.html.j2", before=before, moved=moved, changes=changes, parts=parts, tables=catalogue(),
        figures=phrases()["figures"],
    )  # fmt: skip


# ── what a territory brings ─────────────────────────────────────────────────────────────────────


def plan(territory: Territory) -> list[Page]:
    """Pages of one territory: minutes, then the steps for which something was received."""
    own = Page(
        "", "", codes=(territory.code,), kicker=territory.nom, date=territory.newest_date,
        partners=tuple(clean.items(territory.identity["financeurs_partenaires"])), is_fictif=territory.is_fictif,
    )  # fmt: skip
    named, minutes, pages, parts = ("territoire", territory.code), etapes()["compte_rendu"], [], ()
    for meeting in census.recorded_meetings(territory):
        when, kind = meeting.row[["date", "type"]].fillna({"date": "", "type": "réunion"})
        told = {
            "path": f"{territory.code}/{minutes['fichier'].format(reunion=simplify(meeting.code).replace(' ', '-'))}",
            "title": f"Compte rendu, {plain_date(when)}" if when else "Compte rendu",
            "heading": f"Compte rendu, {escape(kind)}, {date(when, 'sans date')}",
            "parameters": (named, ("reunion", meeting.code)),
            "date": when,
        }
        pages.append(replace(own, **_step(minutes) | told))
    for step in etapes().values():
        if "tables" in step and (not step["tables"] or territory.received(step["tables"])):
            pages.append(replace(own, **_step(step, f"{territory.code}/"), parameters=(named,)))
            parts += (pages[-1].path,) if "etape" in step else ()
    alone = {"path": f"{territory.code}/diagnostic.html", "title": "Le diagnostic en un seul fichier", "parts": parts}
    pages += [replace(own, **alone)] if parts else []
    nav = tuple((page.path, page.title) for page in pages)
    return [replace(page, nav=nav) for page in pages]


def _step(step: dict, folder: str = "") -> dict[str, object]:
    """What an entry of ``etapes.yaml`` says of its page, in a folder of pages."""
    lines = (LINES + name for name in step["lit"] if name in catalogue())
    told = {"path": folder + step["fichier"], "title": step["titre"], "notebook": step["notebook"]}
    return told | {"tables": (*step["lit"], *lines), "is_still": step.get("sans_script", False)}


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
        partenaires=clean.items(territory.identity["financeurs_partenaires"]),
        a_regarder=sum(not problem.is_of_a_file for problem in problems),
        illisibles=[str(problem) for problem in problems if problem.is_of_a_file],
        pages=[asdict(page) for page in plan(territory)],
        partagees=[_step(etapes()[name]) for name in ("comparaison", "cahier", "methode")],
        accueil=_step(etapes()["accueil"]),
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
    return papermill.execute_notebook(notebook, None, parameters, engine_name="domino", progress_bar=False)


def make(
    page: Page, key: str, notebook: str, inputs: dict, files: dict | None = None, before="", changes=None, parts=()
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
    before : str
        The page that this one replaces.
    changes : dict, optional
        Rows changed, added and removed in each table of each territory, the last time that something did.
    parts : list of str
        The pages of which this one is made.

    Returns
    -------
    (str, str, str)
        Its HTML; why it could not be made and the notebook that failed, empty when it was.
    """
    if not library_key().startswith(key.partition("-")[0]):
        return failed(page, "ce poste n'a pas la version du programme qui a demandé la page : l'y installer")
    for code, hashes in inputs.items():
        give(code, partial(_declared, code, hashes, files))
    try:
        if parts:
            return str(framed(assembled(parts), page, key)), "", ""
        if notebook:
            executed = execute(nbformat.reads(notebook, as_version=4), dict(page.parameters))
            body = to_body(executed, 430 if page.is_still else 660)
        else:
            body = sections.summary(**dict(page.parameters))
        body = f"{body}\n{since(before, body, key, changes or {})}"
        return str(framed(traced(body, [Territory.open(code) for code in inputs], page), page, key)), "", ""
    except PageError as error:
        return failed(page, str(error))
    except PapermillExecutionError as error:
        reason = f"{error.ename}, {error.evalue}".splitlines()[0]
        said = "plus de mémoire que ce qui est accordé" if error.ename == "MemoryError" else reason
        last = error.source.strip().splitlines()[-1]
        return failed(page, f"{said} ({page.notebook}, « {last} »)", nbformat.writes(engine.WarmEngine.ran))


def _declared(code: str, hashes: dict[str, str], files: dict | None, name: str) -> bytes:
    """Content of a file of a package: one that the page declares, as it was when the page was asked for."""
    if name not in hashes:
        raise LookupError(f"la table « {name.removesuffix('.csv')} » manque dans « lit », dans catalogue/etapes.yaml")
    content = files[code][name] if files else (processed_dir(code) / name).read_bytes()
    if digest(content) != hashes[name]:
        raise LookupError(f"{name} de {code} a changé pendant que la page se faisait : relancer la commande")
    return content


def failed(page: Page, reason: str, notebook: str = "") -> tuple[str, str, str]:
    """Page that says why it could not be made, that reason, and the notebook that failed."""
    return str(framed(render("echec.html.j2", reason=reason), page)), public(reason), notebook


def plotly_js() -> bytes:
    """The script that draws the charts of every page."""
    return (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()


WARMING = "from domino_analysis import figures, text\nfigures.bars('moments', figures.pd.DataFrame({'moment': ['avant'], 'nb': [1]}), 'moment')"


def warm_up() -> None:
    """Make one small page, so that what the libraries build at their first use is there before children are forked."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(WARMING)])
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python"}
    framed(to_body(execute(notebook, {})), Page("", ""))
    catalogue()
    gc.freeze()
    gc.disable()  # a child ends before its garbage matters
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # Ctrl-C may leave it half a request, which is no message for anyone


if child.is_fork_server():
    warm_up()
