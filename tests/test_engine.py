"""Notebooks give the same, run in a warm process or in a kernel of their own."""

import contextlib
import itertools
import json
import re
from pathlib import Path

import nbformat
import papermill
import pytest

from domino_analysis import child
from domino_analysis.paths import NOTEBOOKS

WIDGET = "application/vnd.jupyter.widget-view+json"
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))

SAID = {
    "results": ["1 + 1", "'dit' ;", "None", "x = 16", "x", "_ + 2", "Out"],
    "display data": [
        "from IPython.display import HTML, JSON, display\ndisplay(HTML('<p>un</p>'))\nprint('dit')\nHTML('<p>deux</p>')",
        "print('avant'); display(1); print('après')",
        "display({'text/plain': 'x', 'application/x+json': {'a': 1}}, raw=True, metadata={'m': 1})\nJSON({'a': 1})",
        "import pandas as pd\npd.DataFrame({'communes': [33, 61]})",
    ],
    "streams": [
        "import sys\nprint('a', end='')\nprint('é€', flush=True)\nprint(sys.stdout.encoding, sys.stdout.isatty())",
        "print('dit'); print('erreur', file=sys.stderr)",
        "import warnings, logging\nwarnings.warn('attention')\nlogging.warning('prudence')",
        "!echo salut",
        "%%capture gardé\nprint('rien')",
        "gardé.stdout",
    ],
    "updates": [
        "from IPython.display import clear_output, display\nfirst = display('un', display_id='nom')",
        "first.update('deux')",
        "display('trois', display_id='nom')\ndisplay('quatre', display_id='nom', update=True)",
        "print('a'); clear_output(); print('b')",
        "print('a'); clear_output(wait=True); print('b')",
        "print('a'); clear_output(wait=True)",
    ],
    "awaited": ["import asyncio\nawait asyncio.sleep(0)\nprint('fini')\n3"],
    "markdown between": ["%%markdown\n# Un titre", "'suite'"],
    "an error": ["1", "def part(x):\n    return 1 / x\n\npart(0)", "'jamais'"],
    "an error of one's own": ["class Assez(Exception):\n    def __str__(self):\n        return 'é <b>'\n\nraise Assez"],
    "an error in an error": ["try:\n    {}['a']\nexcept KeyError as error:\n    raise ValueError('b') from error"],
    "an error after words": ["print('avant')\ndisplay('vu')\ninconnu"],
    "an error of syntax": ["import ("],
    "an error of indentation": ["if True:\nx = 1"],
    "an exit": ["'avant'", "raise SystemExit(3)", "'jamais'"],
    "an interruption": ["raise KeyboardInterrupt"],
}


def ran(source: str, engine: str | None, folder: str) -> nbformat.NotebookNode:
    """Notebook as an engine leaves it, whole or stopped by an error; runs in a child."""
    place = Path(folder) / f"{engine}.ipynb"
    notebook, quiet = (
        nbformat.reads(source, as_version=4),
        {"progress_bar": False, "request_save_on_cell_execute": False},
    )
    with contextlib.suppress(papermill.PapermillExecutionError):
        papermill.execute_notebook(notebook, place, {}, engine_name=engine, **quiet)
    return nbformat.read(place, as_version=4)


def normalised(notebook: nbformat.NotebookNode) -> list[dict]:
    """Cells without what no two runs share.

    Left out: the number of the process in the file names of cells, random identifiers (of the cells that
    papermill adds), times, and the order between what is printed and what is written as errors; and what a
    widget shows, which needs a kernel that stays: only JupyterLab has one.
    """
    cells = []
    for cell in json.loads(json.dumps(notebook.cells)):
        told = re.sub(r"ipykernel_\d+", "ipykernel", json.dumps(cell.get("outputs", [])))
        cell["outputs"] = [] if WIDGET in told else streams_sorted(json.loads(told))
        for name in ("start_time", "end_time", "duration"):
            cell["metadata"].get("papermill", {}).pop(name, None)
        cell["metadata"].pop("execution", None)
        if any("papermill-error" in tag for tag in cell["metadata"].get("tags", ())):
            cell |= {"id": "", "source": re.sub("<[^>]*>", "", cell["source"])}
        cells.append(cell)
    return cells


def streams_sorted(outputs: list[dict]) -> list[dict]:
    kept = []
    for is_stream, some in itertools.groupby(outputs, lambda output: output["output_type"] == "stream"):
        some = list(some)
        if is_stream:
            texts = {name: "".join(o["text"] for o in some if o["name"] == name) for name in ("stdout", "stderr")}
            some = [{"name": name, "text": text} for name, text in texts.items() if text]
        kept += some
    return kept


def both(source: str, folder: Path) -> tuple[list[dict], list[dict]]:
    """Cells as papermill's own engine and as ours leave them."""
    own, ours = (child.run(ran, source, engine, str(folder), seconds=120) for engine in (None, "domino"))
    return normalised(own), normalised(ours)


@pytest.mark.parametrize("kind", SAID)
def test_each_kind_of_output_and_error_is_the_same_as_in_a_kernel(kind, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in SAID[kind]])
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python"}
    own, ours = both(nbformat.writes(notebook), tmp_path)
    assert ours == own
    kinds = {output.get("output_type", "stream") for cell in own for output in cell["outputs"]}
    assert kinds >= ({"error"} if kind.startswith("an ") and kind != "an exit" else set())


@pytest.mark.parametrize("name", NAMES)
def test_each_notebook_gives_the_same_as_in_a_kernel(name, tmp_path):
    own, ours = both((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"), tmp_path)
    assert ours == own
    assert all(output.get("output_type") != "error" for cell in ours for output in cell["outputs"])
    assert sum(len(cell["outputs"]) for cell in ours) > 2 or name == "methode"  # its words are its own
