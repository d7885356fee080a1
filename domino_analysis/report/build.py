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

from .. import paths
from ..paths import output_dir, processed_dir
from ..schema import Page

MAKER = "domino_analysis.report.page"
"""Module of what children do: the fork server imports it once for all, this process never."""
OURS, KEY = '<meta name="generator" content="domino_analysis">', '<meta name="domino" content="'
"""What a page of ours holds near its start, and what stands before its key."""
EDITION = '<meta name="edition" content="'
HIDDEN = ".domino-"
"""First letters of the folders in which files are made before they take their place."""
FAILED = "_echecs"
"""Folder of ``data/processed`` that keeps the notebooks that failed, with their error."""
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


def in_child(data: Path, edition: str, function: str, *arguments: Any) -> Any:
    """Value of a function of `page`, which only children import, with the data of a folder, for an edition."""
    os.environ |= {"DOMINO_DATA": str(data), "DOMINO_EDITION": edition}
    return getattr(importlib.import_module(MAKER), function)(*arguments)


# ── the territories ─────────────────────────────────────────────────────────────────────────────


def _described(package: dict) -> dict:
    """What is kept of a ``datapackage.json``: the hash of each file instead of its schema."""
    hashes = {resource["path"]: resource["hash"].removeprefix("sha256:") for resource in package.pop("resources")}
    return package | {"fichiers": hashes}


def _held(code: str) -> dict:
    path = processed_dir(code) / "datapackage.json"
    return _described(json.loads(path.read_bytes())) if path.exists() else {"title": code, "fichiers": {}}


def look(codes: Iterable[str]) -> Site:
    """What is known of the territories, and which changed: from the hashes of their files alone."""
    held = {code: _held(code) for code in (*codes, PROGRAMME)}
    fresh = {code: package for code, package in held.items() if package.get("empreintes") == paths.sources(code)}
    return Site(fresh, [code for code in held if code not in fresh])


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
    tasks = (child.Task(code, in_child, (paths.data_dir(), paths.edition(), "prepare", code)) for code in site.to_read)
    for task, files in child.run_all(means.jobs, tasks, means.seconds, means.megabytes):
        code = task.name
        package = {} if isinstance(files, child.ChildError) else json.loads(files["datapackage.json"])
        if not package or (whole and package["illisibles"]):
            site.absent[code] = " ".join(package.get("illisibles", ())) or _reason(files, means)
        else:
            site.changes[code] = dict(_changes(code, files))
            package["changements"] = site.changes[code] or _held(code).get("changements", {})
            files["datapackage.json"] = json.dumps(package, ensure_ascii=False, indent=1).encode()
            site.packages[code] = _described(package)
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
    changed = (Counter(row[0] for row in removed.elements()) & Counter(row[0] for row in added.elements())).total()
    return changed, added.total() - changed, removed.total() - changed


def _changes(code: str, files: dict[str, bytes]) -> Iterator[tuple[str, tuple[int, int, int]]]:
    for name, old in _held(code)["fichiers"].items():
        if name in files and not name.startswith(paths.LINES) and old != paths.digest(files[name]):
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
    of_no_data = Page("", "", partners=tuple(dict.fromkeys(name for p in together for name in p["partenaires"])))
    frame = replace(
        of_no_data, parameters=(("territoires", ",".join(site.together)),), codes=(*site.together, PROGRAMME),
        date=max(package["date"] for package in together), is_fictif=any(package["fictif"] for package in together),
        missing=tuple((_held(code)["title"], reason) for code, reason in site.absent.items()),
    )  # fmt: skip
    return [replace(frame if step["tables"] else of_no_data, **step) for step in together[0]["partagees"]]


def pages_of(site: Site, codes: Iterable[str]) -> list[Page]:
    """Pages of some territories, then those that all share."""
    own = [Page(**page) for code in codes if code in site.packages for page in site.packages[code]["pages"]]
    return own + shared_pages(site)


def index(site: Site, wanted: Iterable[Page] = (), failures: dict[str, str] | None = None) -> Page:
    """The page where everything starts: territories, their pages that are there or wanted, those that failed."""
    pages, reasons = pages_of(site, site.packages), failures or {}
    there = {page.path: kept_key(output_dir() / page.path) for page in pages} | {page.path: "…" for page in wanted}
    failed = [page for page in pages if there[page.path] == ""]
    told = [(f"{p.kicker}, {p.title}".removeprefix(", "), reasons.get(p.path, "la page dit pourquoi.")) for p in failed]
    held = {code: package for code, package in site.packages.items() if code != PROGRAMME}
    cards = [
        {
            "code": code, "nom": package["title"], "is_fictif": package["fictif"], "changements": package["changements"],
            "pages": [(p["path"], p["heading"] or p["title"]) for p in package["pages"] if there[p["path"]] is not None],
        }
        for code, package in held.items()
    ]  # fmt: skip
    frame = next(iter(shared_pages(site)), Page("", ""))
    described = next((package["accueil"] for package in held.values()), {"path": "index.html", "title": ""})
    told = {"parameters": (("cards", cards),), "codes": tuple(held), "missing": (*frame.missing, *told)}
    return replace(frame, **described | told)


def inputs(page: Page, site: Site) -> dict[str, dict[str, str]]:
    """Hash of each file that a page may read, by territory and name."""
    names = [f"{table}.csv" for table in page.tables]
    known = [code for code in page.codes if code in site.packages]
    return {code: {name: site.packages[code]["fichiers"][name] for name in names} for code in known}


def _notebook(page: Page) -> str:
    return (paths.NOTEBOOKS / f"{page.notebook}.ipynb").read_text(encoding="utf-8") if page.notebook else ""


def key_of(page: Page, site: Site) -> str:
    """What a page rests on: a hash of each of `PARTS`."""
    held = [key_of(part, site) for part in pages_of(site, page.codes) if part.path in page.parts]
    parts = _notebook(page), json.dumps([paths.edition(), asdict(page)]), json.dumps([inputs(page, site), held])
    return "-".join(hashed[:16] for hashed in (paths.library_key(), *(paths.digest(part.encode()) for part in parts)))


def kept_key(path: Path, what: str = KEY) -> str | None:
    """Key or `EDITION` that a page of ours keeps, empty when its making failed; nothing when there is no such page."""
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", errors="replace") as stream:
        start = stream.read(1000)
    return meta(start, what) if OURS in start else None


def kept_edition() -> str | None:
    """Edition of the pages of ours that are in the folder of pages; nothing when there is none."""
    found = (kept_key(path, EDITION) for path in output_dir().rglob("*.html"))
    return next((edition or "publique" for edition in found if edition is not None), None)


def meta(html: str, what: str = KEY) -> str:
    """What a page holds near its start, `KEY` or `EDITION`."""
    return html.partition(what)[2].partition('"')[0]


def changed(before: str, key: str) -> list[str]:
    """Which of `PARTS` two keys tell apart."""
    return [part for part, a, b in zip(PARTS, before.split("-"), key.split("-"), strict=False) if a != b]


def todo(site: Site, pages: Iterable[Page], force: bool = False) -> Iterator[Todo]:
    """Those of some pages that are not as they should be, and why."""
    for page in pages:
        key, before = key_of(page, site), kept_key(output_dir() / page.path)
        reasons = changed(before, key) if before else ["nouvelle" if before is None else "echouee"]
        if reasons or force:
            yield Todo(page, key, reasons or ["force"])


def wanted(site: Site, codes: Iterable[str], force: bool = False) -> list[Todo]:
    """What a run has to make for some territories: their pages, the shared ones, then the index."""
    pages = pages_of(site, codes)
    return list(todo(site, [*pages, index(site, pages)], force))


# ── making them ─────────────────────────────────────────────────────────────────────────────────


def _reason(error: Exception, means: Means) -> str:
    """Why something could not be made, in one line."""
    known = {
        "temps": f"le temps accordé est passé ({means.seconds:g} s).",
        "mémoire": f"plus de {means.megabytes} Mo de mémoire ont été demandés.",
        "arrêt": f"le processus s'est arrêté ({error.detail}).",
    }
    return known.get(error.reason) or error.detail.splitlines()[0]


def make(site: Site, wanted: list[Todo], means: Means) -> Iterator[tuple[Page, str]]:
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
        sent = hashes if means.cluster else {}  # a worker has no folder of ours
        files = {code: {name: (processed_dir(code) / name).read_bytes() for name in own} for code, own in sent.items()}
        path = output_dir() / page.path
        before = path.read_text(encoding="utf-8") if kept_key(path) else ""
        changed = {code: site.packages[code].get("changements", {}) for code in hashes}
        parts = [(output_dir() / part).read_text(encoding="utf-8") for part in page.parts]
        asked = page, key, _notebook(page), hashes, files, before, changed, parts
        return child.Task(page.path, in_child, (paths.data_dir(), paths.edition(), "make", *asked))

    run = partial(child.run_on, means.cluster, [MAKER]) if means.cluster else partial(child.run_all, means.jobs)
    for is_made_of_others in (False, True):
        tasks = (task(page, key) for page, key, _ in wanted if bool(page.parts) == is_made_of_others)
        for asked, made in run(tasks, means.seconds, means.megabytes):
            page = asked.arguments[3]
            if isinstance(made, child.ChildError):
                made = child.run(in_child, paths.data_dir(), paths.edition(), "failed", page, _reason(made, means))
            html, reason, notebook = made
            kept = processed_dir(FAILED) / f"{page.path.removesuffix('.html')}.ipynb"
            kept.unlink(missing_ok=True)
            if notebook:
                write(kept, notebook)
            write(output_dir() / page.path, html)
            yield page, reason


def finish(site: Site, codes: Iterable[str], failures: dict[str, str], means: Means) -> None:
    """Write what pages share and the index, and remove the pages that no data make any more."""
    from .. import child

    assets = output_dir() / "assets"
    for plotly in {package["plotly"] for package in site.packages.values()}:
        if not (assets / plotly).exists():
            write(assets / plotly, child.run(in_child, paths.data_dir(), paths.edition(), "plotly_js"))
    write(assets / "page.js", (paths.TEMPLATE / "page.js").read_bytes())
    list(make(site, [*todo(site, [index(site, failures=failures)])], means._replace(cluster="")))
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
