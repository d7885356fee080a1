"""The command ``domino``: check what was typed, run the notebooks, make a new territory.

It imports nothing heavy before it must; its words are those of ``catalogue/commande.fr.toml``.
"""

import argparse
import importlib.util
import json
import os
import re
import sys
import time
import tomllib
from dataclasses import asdict
from functools import cache

from . import paths
from .report import build


class CommandError(Exception):
    """What was asked cannot be done; its text is for the person who asked."""


@cache
def _words() -> dict:
    return tomllib.loads((paths.CATALOGUE / "commande.fr.toml").read_text(encoding="utf-8"))


def _said(key: str, **values: object) -> str:
    return _words()["dit"][key].rstrip().format(**values)


def _print(template: str, **values: object) -> None:
    """Print what a text template of the report makes of some values."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(paths.TEMPLATE), trim_blocks=True, lstrip_blocks=True)
    print(environment.get_template(template).render(**values).rstrip())


# ── what is typed ───────────────────────────────────────────────────────────────────────────────


class Parser(argparse.ArgumentParser):
    """Parser that helps in French, and says in French that it did not understand."""

    def __init__(self, **options):
        super().__init__(add_help=False, formatter_class=argparse.RawDescriptionHelpFormatter, **options)
        self.register("type", "int", int)
        self.add_argument("-h", "--help", "--aide", action="help", help=_words()["aide"])

    def error(self, message: str):
        """Say what can be typed, and leave with 2."""
        self.exit(2, _said("incomprise", tape=" ".join(sys.argv[1:]), prog=self.prog) + "\n")


def _parser() -> argparse.ArgumentParser:
    words = _words()
    parser = Parser(prog="domino", description=words["description"], epilog=words["exemples"])
    parser.set_defaults(action=lambda _: parser.print_help())
    commands = parser.add_subparsers(metavar="commande", title="commandes")
    for name, told in words["commandes"].items():
        command = commands.add_parser(name, aliases=[told["aussi"]], help=told["help"])
        for option, described in {"--data": words["data"], **told["options"]}.items():
            command.add_argument(option, **described)
        command.set_defaults(action=ACTIONS[name])
    commands.choices["run"].set_defaults(jobs=min(os.cpu_count() or 1, 60))
    return parser


def _asked(codes: list[str], also: tuple[str, ...] = ()) -> list[str]:
    known = paths.territories()
    if not paths.raw_dir().is_dir():
        raise CommandError(_said("sans_raw", dossier=paths.data_dir()))
    if unknown := [code for code in codes if code not in (*known, *also)]:
        raise CommandError(_said("inconnu", code=unknown[0], connus=", ".join(known) or "aucun"))
    return list(dict.fromkeys(codes)) or [*known, *(code for code in also if paths.raw_dir(code).is_dir())]


# ── what is done ────────────────────────────────────────────────────────────────────────────────


def check_command(options: argparse.Namespace) -> int:
    """Print every problem of the sheets; 1 when one of them blocks."""
    codes = _asked(options.territoires, also=("programme",))
    from .schema import BLOQUANT, catalogue
    from .territory import Territory

    read = [Territory.read(code) for code in codes]
    problems = [{"territoire": each.code, **asdict(problem)} for each in read for problem in each.problems]
    blocking = sum(problem["gravite"] == BLOQUANT for problem in problems)
    if options.format == "json":
        print(json.dumps({"problemes": problems, "bloquants": blocking}, ensure_ascii=False, indent=1))
    else:
        _print("verifier.txt.j2", read=read, tables=list(catalogue()), total=len(problems), blocking=blocking)
    return 1 if blocking else 0


def run_command(options: argparse.Namespace) -> int:
    """Make the pages that are not as they should be; 1 when one failed or a file could not be read."""
    if build.kept_edition() not in (None, options.edition):
        raise CommandError(_said("autre_edition", dossier=paths.output_dir()))
    codes = _asked(options.territoires)
    if min(options.jobs, options.seconds, options.memory) < 1:
        raise CommandError(_said("au_moins_un"))
    if options.cluster and not importlib.util.find_spec("distributed"):
        raise CommandError(_said("sans_dask"))
    while options.watch:
        seen = _state()
        _run_once(options, _asked(options.territoires))
        print(_said("veille"), flush=True)
        _wait_for_a_change(seen)
    return _run_once(options, codes)


def _state() -> dict[str, dict[str, str]]:
    return {code: paths.sources(code) for code in (*paths.territories(), "programme")}


def _wait_for_a_change(seen: dict) -> None:
    """Return when the sheets are not what they were and stay as they are for half a second: a save takes time."""
    before, now = None, seen
    while now == seen or now != before:
        time.sleep(0.5)
        before, now = now, _state()


def _run_once(options: argparse.Namespace, codes: list[str]) -> int:
    means = build.Means(options.jobs, options.cluster or "", options.seconds, options.memory)
    site = build.look(paths.territories())
    if options.dry_run:
        list(build.read(site, means, kept=False))
        wanted = build.wanted(site, codes, options.force)
        _print("a_faire.txt.j2", wanted=wanted, site=site, words=_words()["raisons"])
        return 0
    if not site.to_read and not build.wanted(site, codes, options.force):
        return _bilan(site, codes, {})
    with build.locked(lambda: print(_said("attente"), file=sys.stderr)):
        return _make(build.look(paths.territories()), codes, means, options)  # another run may have ended meanwhile


def _make(site: build.Site, codes: list[str], means: build.Means, options: argparse.Namespace) -> int:
    """Read what changed and make what rests on it, and show how far it is."""
    from tqdm import tqdm

    from .child import ClusterError

    outcomes, wanted = {}, []
    with tqdm(unit="page", disable=None, leave=False) as bar:

        def step(word: str, name: str) -> None:
            bar.update()
            bar.set_postfix_str(name)
            if bar.disable:  # nobody watches a bar: a line for each
                print(f"  {word}  {name}", file=sys.stderr, flush=True)

        try:
            bar.reset(len(site.to_read))
            for code in build.read(site, means, whole=options.watch):
                step("lu   ", code)
            if options.watch and site.absent:
                print(_said("en_cours", raisons="\n".join(site.absent.values())))
                return 1
            wanted = [each for each in build.wanted(site, codes, options.force) if each.page.path != "index.html"]
            bar.reset(len(wanted))
            for page, error in build.make(site, wanted, means):
                outcomes[page.path] = error
                step("échec" if error else "fait ", page.path)
            build.finish(site, codes, outcomes, means)
        except ClusterError as error:
            raise CommandError(_said("grappe", adresse=means.cluster, raison=error)) from None
        except KeyboardInterrupt:
            bar.close()
            print(_said("arret_pages", faites=len(outcomes), reste=len(wanted) - len(outcomes)), file=sys.stderr)
            return 130
    return _bilan(site, codes, outcomes)


def _bilan(site: build.Site, codes: list[str], outcomes: dict[str, str]) -> int:
    """Say what was done and what to look at; 1 when a page failed or something could not be read."""
    told = outcomes | {f"data/raw/{code}": error for code, error in site.absent.items()}
    failures = [f"  {what} : {error}" for what, error in told.items() if error]
    held = [site.packages[code] for code in codes if code in site.packages]
    unread = [f"  {problem}" for package in held for problem in package["illisibles"]]
    made, kept = [*outcomes.values()].count(""), len(build.pages_of(site, codes)) - len(outcomes)
    print(_said("bilan", faites=made, a_jour=kept, echecs=len(failures)), *failures, *unread, sep="\n")
    if to_look_at := sum(package["a_regarder"] for package in held):
        print(_said("a_regarder", nombre=to_look_at))
    print(_said("ouvrir", page=paths.output_dir() / "index.html"))
    return 1 if failures or unread else 0


def new_command(options: argparse.Namespace) -> None:
    """Make the folder of a territory with an empty workbook, or those of fictional territories."""
    code = options.territoire
    if (code is None) == (options.exemple is None):
        raise CommandError(_said("un_ou_des"))
    if options.seed < 0:
        raise CommandError(_said("graine"))
    where = f" --data {options.data}" if options.data else ""  # so that the next command looks at the same folder
    if code is None:
        from .example import write

        try:
            codes = write(paths.raw_dir(), options.exemple, options.seed)
        except ValueError as error:
            raise CommandError(str(error)) from None
        print(_said("fictifs", codes=", ".join(codes), ou=where))
        return
    if not re.fullmatch(r"[a-z][a-z0-9-]*", code) or code in paths.NOT_TERRITORIES:
        raise CommandError(_said("code", code=code))
    from .workbook import new_workbook

    path = paths.raw_dir(code) / f"{code}.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    new_workbook(path, code, complete=options.complet)
    print(_said("classeur", classeur=paths.shown(path), code=code, ou=where))


ACTIONS = {"check": check_command, "run": run_command, "new": new_command}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the value is the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    options = _parser().parse_args(arguments)
    for name in ("data", "output", "edition"):
        if value := getattr(options, name, None):
            os.environ[f"DOMINO_{name.upper()}"] = value
    try:
        code = options.action(options)
        sys.stdout.flush()
        return code or 0
    except BrokenPipeError:  # whoever read our words, such as « head », has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        said, code = _said("arret"), 130
    except (CommandError, OSError) as error:
        said, code = error, 2
        if getattr(error, "errno", None):  # ours have words of their own
            said = _said("dossier", dossier=error.filename or paths.output_dir(), raison=error.strerror)
    print(said, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
