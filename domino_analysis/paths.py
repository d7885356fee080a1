"""Where the folders are: the first thing every other module needs."""

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
NOTEBOOKS = CHECKOUT / "notebooks"
CATALOGUE = Path(__file__).resolve().parent / "catalogue"
TEMPLATE = Path(__file__).resolve().parent / "report" / "template"

NOT_TERRITORIES = ("programme", "reference")
"""Folders of ``data/raw`` that feed the pages of all territories."""


def data_dir() -> Path:
    """Folder that holds ``raw`` and ``processed``: ``DOMINO_DATA``, or the checkout's own."""
    return Path(os.environ.get("DOMINO_DATA") or CHECKOUT / "data").expanduser().resolve()


def output_dir() -> Path:
    """Folder of the pages: ``DOMINO_OUTPUT``, or the checkout's own ``reports``."""
    return Path(os.environ.get("DOMINO_OUTPUT") or CHECKOUT / "reports").expanduser().resolve()


def raw_dir(folder: str = "") -> Path:
    """Folder of what people typed: that of one territory, or of all when nothing is named."""
    return data_dir() / "raw" / folder


def reference_dir() -> Path:
    """Folder of the public data: that of the data folder, else the checkout's own."""
    own = raw_dir("reference")
    return own if own.is_dir() else CHECKOUT / "data" / "raw" / "reference"


def processed_dir(folder: str) -> Path:
    """Folder of the tidy tables of one territory."""
    return data_dir() / "processed" / folder


def territories() -> list[str]:
    """Codes of the territories: the folders of ``data/raw``, in alphabetical order."""
    folders = {folder.name for folder in raw_dir().glob("[!._]*") if folder.is_dir()}
    return sorted(folders - {*NOT_TERRITORIES})


def shown(path: Path) -> str:
    """Path as a facilitator knows it: from ``data`` on, never a path of one machine.

    Examples
    --------
    >>> shown(data_dir() / "raw" / "exemple" / "exemple.xlsx")
    'data/raw/exemple/exemple.xlsx'
    """
    absolute, data = path.absolute(), data_dir()
    return f"data/{absolute.relative_to(data).as_posix()}" if absolute.is_relative_to(data) else path.name
