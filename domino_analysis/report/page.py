"""Executed notebook → HTML page that asks nothing of any network."""

import json
import re
from dataclasses import dataclass

import nbformat
import plotly
from nbconvert import HTMLExporter
from nbconvert.preprocessors import Preprocessor

from ..paths import TEMPLATE
from ..schema import simplify
from ..text import Html, render, typography

PLOTLY_MIME = "application/vnd.plotly.v1+json"
PLOTLY_FILE = f"plotly-{plotly.__version__}.min.js"
PLACE = re.compile(r'(<div class="graphique" data-figure="([^"]+)")([^>]*></div>)')
"""Place of a chart in the HTML of its figure."""


@dataclass(frozen=True)
class Page:
    """One page: its place under ``reports``, the notebook that makes it, and what stands around its cells."""

    path: str
    title: str
    notebook: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    kicker: str = ""
    heading: str = ""
    date: str = ""
    partners: str = ""
    is_fictif: bool = False


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


def framed(body: str, page: Page) -> Html:
    """Whole page around a body of HTML: title, way back, table of contents, footer."""
    body, contents = _contents(body)
    return render("cadre.html.j2", page=page, body=Html(body), contents=contents, plotly_file=PLOTLY_FILE)


def to_html(notebook: nbformat.NotebookNode, page: Page) -> Html:
    """Page of an executed notebook, through the project's own template.

    Parameters
    ----------
    notebook : NotebookNode
        Outputs are HTML or charts; anything else raises `PageError`.
    page : Page
        Title, links and footer.
    """
    exporter = HTMLExporter(
        template_name=TEMPLATE.name,
        extra_template_basedirs=[str(TEMPLATE.parent)],
        exclude_anchor_links=True,
        sanitize_html=False,
    )
    body, _ = exporter.from_notebook_node(notebook)
    return framed(body, page)
