"""Executed notebook → HTML page that asks nothing of any network."""

import json
import re
from dataclasses import dataclass
from html import escape

import nbformat
import plotly
from nbconvert import HTMLExporter
from nbconvert.preprocessors import Preprocessor

from ..paths import TEMPLATE
from ..schema import simplify
from ..text import Html, render, typography

PLOTLY_MIME = "application/vnd.plotly.v1+json"
PLOTLY_FILE = f"plotly-{plotly.__version__}.min.js"
LAB_ONLY = {"lab"}
"""Tag of the cells that speak to someone in JupyterLab, not to the reader of a page."""


@dataclass(frozen=True)
class Frame:
    """What stands around the cells of a page."""

    title: str
    kicker: str = ""
    root: str = ""
    links: tuple[tuple[str, str], ...] = ()
    is_fictif: bool = False
    date: str = ""
    partners: str = ""
    heading: str = ""


class PageError(Exception):
    """An executed notebook cannot become a page as it is."""


class PlaceCharts(Preprocessor):
    """Keep HTML outputs, put each chart's description inside its figure, refuse the rest."""

    def preprocess(self, nb, resources):
        """Rewrite the outputs of each cell as HTML."""
        nb.cells = [cell for cell in nb.cells if not LAB_ONLY & set(cell.metadata.get("tags", ()))]
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = self._outputs(cell.outputs)
            elif cell.cell_type == "markdown":
                cell.source = typography(cell.source)
        return nb, resources

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
            for key, chart in charts.items():
                output.data["text/html"] = _with_chart(output.data["text/html"], key, chart)
        return kept


def _with_chart(html: str, key: str, chart: dict) -> str:
    described = json.dumps(chart, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
    height = chart["layout"]["height"]
    return re.sub(
        rf'(<div class="graphique" data-figure="{key}")([^>]*></div>)',
        lambda m: (
            f'{m[1]} style="min-height:{height}px"{m[2]}<script type="application/json" '
            f'id="trace-{key}">{described}</script>'
        ),
        html,
    )


def _contents(html: str) -> tuple[str, list[tuple[str, str]]]:
    """HTML whose second-level headings have an id, and the table of contents they make."""
    entries: list[tuple[str, str]] = []

    def anchored(match):
        label = re.sub(r"<[^>]+>", "", match[1])
        slug = simplify(label).replace(" ", "-") or f"section-{len(entries)}"
        while slug in {known for known, _ in entries}:
            slug += "-bis"
        entries.append((slug, label))
        return f'<h2 id="{slug}">{match[1]}</h2>'

    return re.sub(r"<h2(?: [^>]*)?>([\s\S]*?)</h2>", anchored, html), entries


def to_html(notebook: nbformat.NotebookNode, frame: Frame) -> str:
    """Page of an executed notebook, through the project's own template.

    Parameters
    ----------
    notebook : NotebookNode
        Outputs are HTML or charts; anything else raises `PageError`.
    frame : Frame
        Title, links and footer of the page.
    """
    exporter = HTMLExporter(
        template_name=TEMPLATE.name,
        extra_template_basedirs=[str(TEMPLATE.parent)],
        exclude_anchor_links=True,
        sanitize_html=False,
    )
    exporter.register_preprocessor(PlaceCharts, enabled=True)
    body, _ = exporter.from_notebook_node(notebook)
    body, contents = _contents(body)
    return render(
        "cadre.html.j2",
        frame=frame,
        body=Html(body),
        contents=contents,
        style=Html((TEMPLATE / "style.css").read_text(encoding="utf-8")),
        has_charts='class="graphique"' in body,
        plotly_file=PLOTLY_FILE,
    )


def html_notebook(*blocks: str) -> nbformat.NotebookNode:
    """Executed notebook made of blocks of HTML, for pages that no notebook computes."""
    output = [nbformat.v4.new_output("display_data", {"text/html": str(block)}) for block in blocks]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=output)])


def failure(frame: Frame, reason: str) -> str:
    """Page that says why it could not be made."""
    block = (
        f'<p class="absent">Cette page n\'a pas pu être faite. Les autres pages ne sont pas touchées.</p>'
        f"<details><summary>La raison, pour qui la répare</summary><pre>{escape(reason)}</pre></details>"
    )
    return to_html(html_notebook(block), frame)
