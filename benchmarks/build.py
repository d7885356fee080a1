"""How long the pages take, against papermill and nbconvert used as they come, and as territories grow.

``python benchmarks/build.py`` measures everything (about an hour on two cores) and writes
``benchmarks/build.json``; ``python benchmarks/build.py rien_change une_ligne`` measures some rows again and
keeps the others. Both sides of a ratio are measured in the same run, on the same notebooks and data.

CPU is that of a command and of all its descendants (Linux): they are adopted and waited for.
"""

import ctypes
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent
KEPT = Path(__file__).with_suffix(".json")
BIN = Path(sys.executable).parent
CORES = os.cpu_count()


class Cost(NamedTuple):
    """Wall and CPU time of a command, in seconds."""

    wall: float
    cpu: float


# ── one command ─────────────────────────────────────────────────────────────────────────────────


def reap(arguments: list[str]) -> None:
    """Run a command, wait for it and for all its descendants, print what they cost."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    start = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    code = process.wait()
    wall = time.perf_counter() - start
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({"code": code, "wall": wall, "cpu": used.ru_utime + used.ru_stime}))


def cost(*arguments: object, **variables: str) -> Cost:
    """Cost of one run of a command."""
    environment = {**os.environ, **variables, "IPYTHONDIR": tempfile.gettempdir() + "/ipython"}
    call = [sys.executable, __file__, "--reap", *map(str, arguments)]
    told = json.loads(subprocess.run(call, env=environment, capture_output=True, check=True).stdout.splitlines()[-1])
    assert told["code"] == 0, arguments
    return Cost(told["wall"], told["cpu"])


def median(measure: Callable[[], Cost], times: int) -> Cost:
    """Median cost of some runs."""
    costs = [measure() for _ in range(times)]
    return Cost(*(statistics.median(values) for values in zip(*costs, strict=True)))


class Place:
    """A folder of data and pages of its own."""

    def __init__(self, root: Path, examples: int = 0):
        self.data, self.pages = root / "data", root / "pages"
        if examples:
            subprocess.run(
                [BIN / "domino", "new", "--exemple", str(examples), "--data", self.data], check=True, stdout=-3
            )
            shutil.copytree(
                CHECKOUT / "data" / "raw" / "reference", self.data / "raw" / "reference", dirs_exist_ok=True
            )
        else:
            shutil.copytree(CHECKOUT / "data" / "raw", self.data / "raw")

    def run(self, *options: object, **variables: str) -> Cost:
        """Cost of ``domino run`` here."""
        return cost(BIN / "domino", "run", "--data", self.data, "--output", self.pages, *options, **variables)

    def anew(self, *options: object, **variables: str) -> Cost:
        """Cost of ``domino run`` from nothing."""
        for folder in (self.pages, self.data / "processed"):
            shutil.rmtree(folder, ignore_errors=True)
        return self.run(*options, **variables)

    def planned(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Notebook and parameters of each page that has one."""
        os.environ["DOMINO_DATA"], os.environ["DOMINO_OUTPUT"] = str(self.data), str(self.pages)
        from domino_analysis import paths
        from domino_analysis.report import build

        site = build.look(paths.territories())
        pages = build.pages_of(site, paths.territories())
        return [(page.notebook, list(page.parameters)) for page in pages if page.notebook]


@contextmanager
def place(examples: int = 0) -> Iterator[Place]:
    """Folder of the real programme, or of fictional territories, for as long as it is measured."""
    with tempfile.TemporaryDirectory() as folder:
        yield Place(Path(folder), examples)


# ── the ways of others ──────────────────────────────────────────────────────────────────────────

LOOP = """
import subprocess, sys, json, pathlib
plan, notebooks, out, bin = json.loads(sys.argv[1]), *map(pathlib.Path, sys.argv[2:])
for number, (notebook, parameters) in enumerate(plan):
    made = out / f"{number}.ipynb"
    given = [part for name, value in parameters for part in ("-p", name, value)]
    subprocess.run([bin / "papermill", notebooks / f"{notebook}.ipynb", made, *given], check=True)
    subprocess.run([bin / "jupyter", "nbconvert", "--to", "html", made], check=True)
"""

API = """
import sys, json, pathlib, papermill, nbconvert
plan, notebooks, out, bin = json.loads(sys.argv[1]), *map(pathlib.Path, sys.argv[2:])
exporter = nbconvert.HTMLExporter()
for number, (notebook, parameters) in enumerate(plan):
    made = out / f"{number}.ipynb"
    papermill.execute_notebook(notebooks / f"{notebook}.ipynb", made, dict(parameters), progress_bar=False)
    body, _ = exporter.from_filename(made)
    made.with_suffix(".html").write_text(body, encoding="utf-8")
"""

WARM = """
import sys
from domino_analysis import paths, territory
from domino_analysis.report import build, page
for code in (*paths.territories(), "programme"):
    build._replace_package(code, page.prepare(code))
site = build.look(paths.territories())
pages = sorted(build.pages_of(site, paths.territories()), key=lambda page: len(page.parts))
for each in build.todo(site, pages, True):
    territory._GIVEN.clear()
    parts = [(paths.output_dir() / part).read_text(encoding="utf-8") for part in each.page.parts]
    asked = each.page, each.key, build._notebook(each.page), build.inputs(each.page, site)
    html, reason, _ = page.make(*asked, parts=parts)
    assert not reason, reason
    build.write(paths.output_dir() / each.page.path, html)
"""


def as_they_come(where: Place, script: str) -> Cost:
    """Cost of the same pages made by a script, from nothing too: each notebook reads its sheets."""
    where.anew()
    plan = json.dumps(where.planned())
    shutil.rmtree(where.data / "processed")
    with tempfile.TemporaryDirectory() as out:
        arguments = (plan, CHECKOUT / "notebooks", out, BIN)
        return cost(sys.executable, "-c", script, *arguments, DOMINO_DATA=str(where.data))


# ── what is measured ────────────────────────────────────────────────────────────────────────────


def boucle() -> list[tuple]:
    """The whole programme from nothing, against the plain loop of commands."""
    with place() as where:
        ours, pages = median(where.anew, 5), len(where.planned())
        loop = as_they_come(where, LOOP)
    told = f"programme entier, contre la boucle papermill + nbconvert sur ses {pages} notebooks"
    return [(f"{told} : temps", loop.wall, ours.wall, "≥ 20"), (f"{told} : CPU", loop.cpu, ours.cpu, "≥ 15")]


def api() -> list[tuple]:
    """The whole programme, against the Python API of papermill and nbconvert in one process."""
    with place() as where:
        ours, theirs = median(where.anew, 5), median(lambda: as_they_come(where, API), 1)
    return [("le même, contre leur API dans un processus, un noyau par page : temps", theirs.wall, ours.wall, "≥ 5")]


def chaud() -> list[tuple]:
    """CPU of the build, against the same cells and conversions, without the index, in one warm process."""
    with place() as where:

        def in_one_process() -> Cost:
            shutil.rmtree(where.data / "processed", ignore_errors=True)
            return cost(sys.executable, "-c", WARM, DOMINO_DATA=str(where.data), DOMINO_OUTPUT=str(where.pages))

        pairs = [(where.anew(), in_one_process()) for _ in range(5)]
    ours, theirs = (Cost(*map(statistics.median, zip(*side, strict=True))) for side in zip(*pairs, strict=True))
    return [("CPU, contre les mêmes cellules dans un seul processus chaud", ours.cpu, theirs.cpu, "≤ 1,3")]


def rien_change() -> list[tuple]:
    """The same again when nothing changed, against the build from nothing."""
    with place() as where:
        ours, nothing = median(where.anew, 5), median(where.run, 21)
    return [("à nouveau, rien n'a changé, contre tout refaire : temps", ours.wall, nothing.wall, "≥ 100")]


def une_ligne() -> list[tuple]:
    """One row changed in one territory, against the build from nothing."""
    with place() as where:
        ours, sheet = median(where.anew, 3), where.data / "raw" / "redon" / "initiatives.csv"

        def one_row() -> Cost:
            count = sheet.read_text(encoding="utf-8").count("\n")
            with sheet.open("a", encoding="utf-8") as stream:
                stream.write(f"RED-{count + 50};Essai {count};redon" + ";" * 15 + "\n")
            return where.run()

        row = median(one_row, 5)
    return [("une ligne de Redon changée, contre tout refaire : temps", ours.wall, row.wall, "")]


PEAK = """
import sys
from domino_analysis import cli
code = cli.main(sys.argv[2:])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
open(sys.argv[1], "w").write(peak.split()[1])
sys.exit(code)
"""

START = """
from domino_analysis import child
from domino_analysis.report import build
child.warm(build.MAKER)
child.run(len, [])
"""


def territoires() -> list[tuple]:
    """CPU of a page, start-up apart, and peak memory of the main process, as territories grow."""
    found, start = {}, median(lambda: cost(sys.executable, "-c", START), 3)
    for number in (4, 16, 64):
        with place(number) as where:
            told, run = where.data / "peak", ("run", "--data", where.data, "--output", where.pages)
            used = cost(sys.executable, "-c", PEAK, told, *run)
            pages = len(where.planned())
            found[number] = ((used.cpu - start.cpu) / pages, int(told.read_text()) / 1024, pages, used)
    rows = []
    for number, (cpu, peak, pages, used) in found.items():
        rows += [
            (f"{number} territoires, {pages} notebooks en {used.wall:.0f} s : CPU d'un notebook (s, démarrage à part), contre 64", cpu, found[64][0], "± 10 %"),
            (f"{number} territoires : mémoire du processus principal (Mo), contre 64", peak, found[64][1], "constante"),
        ]  # fmt: skip
    return rows


def demarrage() -> list[tuple]:
    """Processes that are spawned, against those of the warm fork server."""
    with place() as where:
        where.anew()
        forked = median(lambda: where.run("--force"), 2)
        spawned = median(lambda: where.run("--force", DOMINO_START="spawn"), 2)
    return [("spawn, contre forkserver : temps", spawned.wall, forked.wall, "≤ 1,15")]


def dask() -> list[tuple]:
    """A Dask cluster of one and two workers on this machine, against as many processes."""
    rows = []
    with place(8) as where, tempfile.TemporaryDirectory() as folder:
        where.anew()
        for workers in (1, 2):
            found = Path(folder) / f"{workers}.json"
            start = [sys.executable, "-m"]
            scheduler = [
                "distributed.cli.dask_scheduler",
                "--scheduler-file",
                str(found),
                "--port",
                "0",
                "--no-dashboard",
            ]
            worker = ["distributed.cli.dask_worker", "--scheduler-file", str(found), "--nthreads", "1", "--no-nanny"]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            processes = [subprocess.Popen([*start, *scheduler], **quiet)]
            try:
                while not found.exists():
                    time.sleep(0.1)
                address = json.loads(found.read_text())["address"]
                processes += [subprocess.Popen([*start, *worker], **quiet) for _ in range(workers)]
                where.run("--force", "--cluster", address)  # a cluster that has already worked is warm
                there = median(lambda a=address: where.run("--force", "--cluster", a), 3)
                here = median(lambda n=workers: where.run("--force", "--jobs", n), 3)
            finally:
                for process in processes[::-1]:
                    process.kill()
                    process.wait()
            name = f"Dask, {workers} poste(s) sur cette machine, contre --jobs {workers} : temps"
            rows.append((name, there.wall, here.wall, "≤ 1,15"))
    return rows


MEASURED = (boucle, api, chaud, rien_change, une_ligne, territoires, demarrage, dask)


def main(asked: list[str]) -> None:
    """Measure, print the table, keep it."""
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    for measure in MEASURED:
        if not asked or measure.__name__ in asked:
            kept[measure.__name__] = {"coeurs": CORES, "lignes": measure()}
            KEPT.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print("| mesure | un côté | l'autre | rapport | attendu |\n|---|---|---|---|---|")
    for measure in MEASURED:
        for name, one, other, wanted in kept.get(measure.__name__, {}).get("lignes", ()):
            print(f"| {name} | {one:.2f} | {other:.2f} | {one / other:.2f} | {wanted} |".replace(".", ","))


if __name__ == "__main__":
    reap(sys.argv[2:]) if sys.argv[1:2] == ["--reap"] else main(sys.argv[1:])
