"""Where the folders are, and the hashes that tell whether a file changed: what every other module needs."""

import hashlib
import os
import sys
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
NOTEBOOKS = CHECKOUT / "notebooks"
CATALOGUE = Path(__file__).resolve().parent / "catalogue"
TEMPLATE = Path(__file__).resolve().parent / "report" / "template"

NOT_TERRITORIES = ("programme", "reference")
"""Folders of ``data/raw`` that feed the pages of all territories."""

BESIDE = ("corrections.csv", "listes.csv")
"""Files of a folder that say how its sheets are read."""

LINES = "lignes_"
"""First letters of the table that holds the file, the sheet and the line of each row of another."""

DRAWN_WITH = (
    "ipython", "jinja2", "krippendorff", "nbconvert", "nbformat", "networkx", "numpy", "pandas", "papermill",
    "plotly", "python_calamine", "pyyaml", "rapidfuzz", "scipy",
)  # fmt: skip
"""Libraries that a figure or a page may change with."""


def data_dir() -> Path:
    """Folder that holds ``raw`` and ``processed``: ``DOMINO_DATA``, or the checkout's own."""
    return Path(os.environ.get("DOMINO_DATA") or CHECKOUT / "data").expanduser().resolve()


def edition() -> str:
    """Edition of the pages: ``comite`` when ``DOMINO_EDITION`` says exactly that, else ``publique``."""
    return "comite" if os.environ.get("DOMINO_EDITION") == "comite" else "publique"


def output_dir() -> Path:
    """Folder of the pages: ``DOMINO_OUTPUT``, or the checkout's own, ``reports`` or ``reports_comite``."""
    own = CHECKOUT / ("reports" if edition() == "publique" else "reports_comite")
    return Path(os.environ.get("DOMINO_OUTPUT") or own).expanduser().resolve()


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
    return sorted({folder.name for folder in raw_dir().glob("[!._]*/")} - {*NOT_TERRITORIES})


def shown(path: Path) -> str:
    """Path as a facilitator knows it: from ``data`` on, never a path of one machine.

    Examples
    --------
    >>> shown(data_dir() / "raw" / "exemple" / "exemple.xlsx")
    'data/raw/exemple/exemple.xlsx'
    """
    absolute, data = path.absolute(), data_dir()
    return f"data/{absolute.relative_to(data).as_posix()}" if absolute.is_relative_to(data) else path.name


# ── has it changed? ─────────────────────────────────────────────────────────────────────────────


def sheet_files(folder: Path) -> list[Path]:
    """Files of a folder that people typed, by name; hidden files, notes and lock files are not."""
    found = folder.iterdir() if folder.is_dir() else ()
    files = (path for path in found if path.is_file() and not path.name.startswith((".", "_", "~")))
    return sorted(path for path in files if path.suffix.lower() != ".md" and path.name not in BESIDE)


def locks(path: Path) -> list[str]:
    """Names of the files that Excel and LibreOffice keep beside a workbook while it is open."""
    return [name for name in (f"~${path.name}", f".~lock.{path.name}#") if (path.parent / name).exists()]


def digest(content: bytes) -> str:
    """SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@cache
def _file_digest(path: Path, stamp: tuple[int, ...]) -> str:
    return digest(path.read_bytes())


def fingerprint(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal; ``illisible`` when it cannot be read."""
    try:
        status = path.stat()
        return _file_digest(path, (status.st_mtime_ns, status.st_size, status.st_ino))
    except OSError:
        return "illisible"


@cache
def library_key() -> str:
    """Hash of the library's code, catalogue and templates, and of the versions of what it draws with."""
    package = CATALOGUE.parent
    files = sorted(path for path in package.rglob("*.*") if path.suffix != ".pyc")
    installed = (path.name for folder in sys.path for path in Path(folder).glob("*.dist-info"))
    versions = sorted({name for name in installed if name.partition("-")[0].lower() in DRAWN_WITH})
    own = [f"{path.relative_to(package).as_posix()} {fingerprint(path)}" for path in files]
    return digest("\n".join([sys.version.split()[0], *versions, *own]).encode())


def sources(code: str) -> dict[str, str]:
    """Hash of everything that the tidy tables of a folder rest on: its files, the public data, the library."""
    folder, public = raw_dir(code), sorted(reference_dir().glob("*.csv"))
    files = [*sheet_files(folder), *(folder / name for name in BESIDE if (folder / name).exists())]
    hashes = {path.name: fingerprint(path) for path in files} | {lock: "" for path in files for lock in locks(path)}
    public = [path for path in public if path.stem.removeprefix("contours_") in (path.stem, code)]
    hashes |= {f"reference/{path.name}": fingerprint(path) for path in public}
    return hashes | {"domino_analysis": library_key()}
