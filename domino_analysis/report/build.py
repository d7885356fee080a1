"""Which pages, which of them changed and why, on how many processes or which cluster; written whole or not at all.

Nothing here reads a table: what a run needs to know of a territory stands in its ``datapackage.json``,
and what a page rests on, in the page itself.
"""

import csv
import importlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ..paths import NOTEBOOKS, TEMPLATE, data_dir, digest, library_key, output_dir, processed_dir, sources
from ..schema import Page

MAKER = "domino_analysis.report.page"
"""Module of what children do: the fork server imports it once for all, this process never."""
OURS, KEY = '<meta name="generator" content="domino_analysis">', '<meta name="domino" content="'
"""What a page of ours holds near its start, and what stands before its key."""
HIDDEN = ".domino-"
"""First letters of the folders in which files are made before they take their place."""
FAILED = "_echecs"
"""Folder of ``data/processed`` that keeps the notebooks that failed, with their error."""
QUESTION = "Les pratiques collaboratives, levier de modes de vie durables sur les territoires\u202f?"
PROGRAMME = "programme"
PARTS = ("programme", "notebook", "cadre", "donnees")
"""What a page rests on, each a hash of its key: library, notebook, what frames the page, tables."""


class Means(NamedTuple):
    """With what pages are made: processes at once or a cluster, and the limits of each page."""

    jobs: int = 1
    cluster: str = ""
    seconds: float = 300
    megabytes: int = 8000


@dataclass
class Site:
    """What a run knows.

    Attributes
    ----------
    packages : dict of str to dict
        What ``datapackage.json`` says of each folder of data; ``fichiers`` are the hashes of its files.
    to_read : list of str
        Folders whose sheets changed since.
    changes : dict of str to dict of str to tuple of int
        Rows changed, added and removed in the tables of each folder that was read anew.
    absent : dict of str to str
        Folders that could not be read, and why.
    """

    packages: dict[str, dict] = field(default_factory=dict)
    to_read: list[str] = field(default_factory=list)
    changes: dict[str, dict[str, tuple[int, int, int]]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    @property
    def together(self) -> list[str]:
        """Territories that common pages speak of: the real ones, or all of them when none is real."""
        codes = [code for code in self.packages if code != PROGRAMME]
        return [code for code in codes if not self.packages[code]["fictif"]] or codes


class Todo(NamedTuple):
    """A page to make, its key, and what changed: names of `PARTS`, ``nouvelle``, ``echouee`` or ``force``."""

    page: Page
    key: str
    reasons: list[str]


def in_child(data: Path, function: str, *arguments: Any) -> Any:
    """Value of a function of `page`, which only children import, with the data of a folder."""
    os.environ["DOMINO_DATA"] = str(data)
    return getattr(importlib.import_module(MAKER), function)(*arguments)


# ── the territories ─────────────────────────────────────────────────────────────────────────────


def _described(content: bytes) -> dict:
    """What is kept of a ``datapackage.json``: the hash of each file instead of its schema."""
    described = json.loads(content)
    hashes = {resource["path"]: resource["hash"].removeprefix("sha256:") for resource in described.pop("resources")}
    return described | {"fichiers": hashes}


def _held(code: str) -> dict:
    path = processed_dir(code) / "datapackage.json"
    return _described(path.read_bytes()) if path.exists() else {"title": code, "fichiers": {}}


def look(codes: Iterable[str]) -> Site:
    """What is known of the territories, and which changed: from the hashes of their files alone."""
    site = Site()
    for code in (*codes, PROGRAMME):
        held = _held(code)
        if held.get("empreintes") == sources(code):
            site.packages[code] = held
        else:
            site.to_read.append(code)
    return site


def read(site: Site, means: Means, kept: bool = True, whole: bool = False) -> Iterator[str]:
    """Read anew the folders that changed, each in a child; yields each code as it ends.

    Parameters
    ----------
    kept : bool
        Whether the processed packages are written, each whole or not at all.
    whole : bool
        Whether a folder with a file that cannot be read counts as absent: it is being saved.
    """
    from .. import child

    child.warm(MAKER)
    tasks = (child.Task(code, in_child, (data_dir(), "prepare", code)) for code in site.to_read)
    for task, files in child.run_all(means.jobs, tasks, means.seconds, means.megabytes):
        code, described = task.name, {"illisibles": ()}
        if not isinstance(files, child.ChildError):
            described = _described(files["datapackage.json"])
        if isinstance(files, child.ChildError) or (whole and described["illisibles"]):
            site.absent[code] = " ".join(described["illisibles"]) or _reason(files, means)
        else:
            site.changes[code], site.packages[code] = dict(_changes(code, files)), described
            if kept:
                _replace_package(code, files)
        yield code
    site.packages = dict(sorted(site.packages.items()))


def difference(old: bytes, new: bytes) -> tuple[int, int, int]:
    r"""Rows changed, added and removed between two tables; a row is known again by its first cell.

    Examples
    --------
    >>> difference(b"fiche,commune\n1,Soudan\n2,Derval\n", b"fiche,commune\n1,Nozay\n3,Derval\n")
    (1, 1, 1)
    """
    before, after = (Counter(map(tuple, csv.reader(text.decode().splitlines(keepends=True)))) for text in (old, new))
    removed, added = before - after, after - before
    known = Counter(row[0] for row in removed.elements()) & Counter(row[0] for row in added.elements())
    changed = known.total()
    return changed, added.total() - changed, removed.total() - changed


def _changes(code: str, files: dict[str, bytes]) -> Iterator[tuple[str, tuple[int, int, int]]]:
    for name, old in _held(code)["fichiers"].items():
        if name in files and old != digest(files[name]):
            yield name.removesuffix(".csv"), difference((processed_dir(code) / name).read_bytes(), files[name])


def _replace_package(code: str, files: dict[str, bytes]) -> None:
    with beside(processed_dir(code)) as folder:
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)


# ── the pages ───────────────────────────────────────────────────────────────────────────────────


def shared_pages(site: Site) -> list[Page]:
    """Pages that all territories share; none without a territory."""
    together = [site.packages[code] for code in site.together]
    if not together:
        return []
    frame = Page(
        "", "", parameters=(("territoires", ",".join(site.together)),), codes=(*site.together, PROGRAMME),
        date=max(package["date"] for package in together), is_fictif=any(package["fictif"] for package in together),
        partners=tuple(dict.fromkeys(name for package in together for name in package["partenaires"])),
        missing=tuple((_held(code)["title"], reason) for code, reason in site.absent.items()),
    )  # fmt: skip
    return [replace(frame, **step) for step in together[0]["partagees"]]


def pages_of(site: Site, codes: Iterable[str]) -> list[Page]:
    """Pages of some territories, then those that all share."""
    own = [Page(**page) for code in codes if code in site.packages for page in site.packages[code]["pages"]]
    return own + shared_pages(site)


def index(site: Site, wanted: Iterable[Page] = (), failures: dict[str, str] | None = None) -> Page:
    """The page where everything starts: territories, their pages that are there or wanted, those that failed."""
    pages, reasons = pages_of(site, site.packages), failures or {}
    there = {page.path: kept_key(output_dir() / page.path) for page in pages} | {page.path: "…" for page in wanted}
    failed = [page for page in pages if there[page.path] == ""]
    reason = "la page dit pourquoi."
    told = [(f"{p.kicker}, {p.title}".removeprefix(", "), reasons.get(p.path, reason)) for p in failed]
    cards = [
        {
            "code": code, "nom": package["title"], "is_fictif": package["fictif"], "lignes": package["lignes"],
            "pages": [(p["path"], p["heading"] or p["title"]) for p in package["pages"] if there[p["path"]] is not None],
        }
        for code, package in site.packages.items() if code != PROGRAMME
    ]  # fmt: skip
    frame = next(iter(shared_pages(site)), Page("", ""))
    return replace(
        frame, path="index.html", title=QUESTION, notebook="", codes=(), tables=(),
        parameters=(("cards", cards),), missing=(*frame.missing, *told),
    )  # fmt: skip


def inputs(page: Page, site: Site) -> dict[str, dict[str, str]]:
    """Hash of each file that a page may read, by territory and name."""
    names = [f"{table}.csv" for table in page.tables]
    known = {code: site.packages[code]["fichiers"] for code in page.codes if code in site.packages}
    return {code: {name: hashes[name] for name in names} for code, hashes in known.items()}


def _notebook(page: Page) -> str:
    return (NOTEBOOKS / f"{page.notebook}.ipynb").read_text(encoding="utf-8") if page.notebook else ""


def key_of(page: Page, site: Site) -> str:
    """What a page rests on: a hash of each of `PARTS`."""
    parts = _notebook(page), json.dumps(asdict(page)), json.dumps(inputs(page, site))
    return "-".join(hashed[:16] for hashed in (library_key(), *(digest(part.encode()) for part in parts)))


def kept_key(path: Path) -> str | None:
    """Key that a page of ours keeps, empty when its making failed; nothing when there is no such page."""
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", errors="replace") as stream:
        start = stream.read(1000)
    return start.partition(KEY)[2].partition('"')[0] if OURS in start else None


def todo(site: Site, pages: Iterable[Page], force: bool = False) -> list[Todo]:
    """Those of some pages that are not as they should be, and why."""
    found = []
    for page in pages:
        key, held = key_of(page, site), kept_key(output_dir() / page.path)
        if held is None or not held:
            reasons = ["nouvelle" if held is None else "echouee"]
        else:
            reasons = [part for part, a, b in zip(PARTS, held.split("-"), key.split("-"), strict=False) if a != b]
        if reasons or force:
            found.append(Todo(page, key, reasons or ["force"]))
    return found


def wanted(site: Site, codes: Iterable[str], force: bool = False) -> list[Todo]:
    """What a run has to make for some territories: their pages, the shared ones, then the index."""
    pages = pages_of(site, codes)
    return todo(site, [*pages, index(site, pages)], force)


# ── making them ─────────────────────────────────────────────────────────────────────────────────


def _reason(error: Exception, means: Means) -> str:
    """Why something could not be made, in one line."""
    known = {
        "temps": f"le temps accordé est passé ({means.seconds:g} s).",
        "mémoire": f"plus de {means.megabytes} Mo de mémoire ont été demandés.",
        "arrêt": f"le processus s'est arrêté ({error.detail}).",
    }
    return known.get(error.reason) or error.detail.splitlines()[0]


def make(site: Site, wanted: Iterable[Todo], means: Means) -> Iterator[tuple[Page, str]]:
    """Make pages, each written as its making ends.

    Yields
    ------
    (Page, str)
        A page, and why it failed: nothing when it did not.
    """
    from .. import child

    child.warm(MAKER)

    def task(page: Page, key: str) -> child.Task:
        hashes = inputs(page, site)
        packages = {code: processed_dir(code) for code in hashes if means.cluster}  # a worker has no folder of ours
        files = {
            code: {name: (folder / name).read_bytes() for name in hashes[code]} for code, folder in packages.items()
        }
        return child.Task(page.path, in_child, (data_dir(), "make", page, key, _notebook(page), hashes, files))

    run = partial(child.run_on, means.cluster, [MAKER]) if means.cluster else partial(child.run_all, means.jobs)
    done = run((task(page, key) for page, key, _ in wanted), means.seconds, means.megabytes)
    for (_, _, (_, _, page, *_)), made in done:
        if isinstance(made, child.ChildError):
            made = child.run(in_child, data_dir(), "failed", page, _reason(made, means))
        html, reason, notebook = made
        kept = processed_dir(FAILED) / f"{page.path.removesuffix('.html')}.ipynb"
        if notebook:
            write(kept, notebook)
        else:
            kept.unlink(missing_ok=True)
        write(output_dir() / page.path, html)
        yield page, reason


def finish(site: Site, codes: Iterable[str], failures: dict[str, str], means: Means) -> None:
    """Write what pages share and the index, and remove the pages that no data make any more."""
    from .. import child

    assets = output_dir() / "assets"
    for plotly in {package["plotly"] for package in site.packages.values()}:
        if not (assets / plotly).exists():
            write(assets / plotly, child.run(in_child, data_dir(), "plotly_js"))
    write(assets / "page.js", (TEMPLATE / "page.js").read_bytes())
    list(make(site, todo(site, [index(site, failures=failures)]), means._replace(cluster="")))
    for code in codes:
        kept = {output_dir() / page["path"] for page in site.packages.get(code, {}).get("pages", ())}
        for path in (output_dir() / code).rglob("*.html"):
            if kept and path not in kept and kept_key(path) is not None:
                path.unlink()


# ── writing ─────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def locked(wait: Callable[[], None]) -> Iterator[None]:
    """Hold the folders of data and of pages, so that no other run writes there; ``wait`` tells when one does."""
    from filelock import FileLock, Timeout

    with ExitStack() as held:
        for folder in (processed_dir(""), output_dir()):
            folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(folder / ".verrou")
            try:
                held.enter_context(lock.acquire(timeout=0))
            except Timeout:
                wait()
                held.enter_context(lock.acquire())
            for left in folder.rglob(f"{HIDDEN}*/"):  # of a run that was killed
                shutil.rmtree(left, ignore_errors=True)
        yield


@contextmanager
def beside(place: Path) -> Iterator[Path]:
    """Path in a hidden folder; what is made there takes its place at the end, whole or not at all."""
    from tempfile import TemporaryDirectory

    place.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=place.parent, prefix=HIDDEN, ignore_cleanup_errors=True) as hidden:
        made = Path(hidden) / place.name
        yield made
        if place.is_dir():
            place.replace(Path(hidden) / "ancien")
        made.replace(place)


def write(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all."""
    with beside(path) as made:
        made.write_bytes(content.encode() if isinstance(content, str) else content)
