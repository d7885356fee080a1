"""The command ``domino``: check what was typed, run the notebooks, make a new territory.

It imports nothing heavy before it must; its words are those of ``catalogue/commande.fr.toml``.
"""

import argparse
import json
import os
import re
import sys
import tomllib
from dataclasses import asdict
from functools import cache
from pathlib import Path

from . import paths


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
    print(environment.get_template(template).render(**values))


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
    commands = parser.add_subparsers(dest="command", metavar="commande", title="commandes")
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
    for code in codes:
        if code not in (*known, *also):
            raise CommandError(_said("inconnu", code=code, connus=", ".join(known) or "aucun"))
    return list(dict.fromkeys(codes)) or known


# ── what is done ────────────────────────────────────────────────────────────────────────────────


def check_command(options: argparse.Namespace) -> int:
    """Print every problem of the sheets; 1 when one of them blocks."""
    codes = _asked(options.territoires, also=("programme",))
    from .schema import BLOQUANT, catalogue
    from .territory import Territory

    if not options.territoires and paths.raw_dir("programme").is_dir():
        codes = [*codes, "programme"]
    read = [Territory.read(code) for code in codes]
    problems = [(territory.code, problem) for territory in read for problem in territory.problems]
    blocking = sum(problem.gravite == BLOQUANT for _, problem in problems)
    if options.format == "json":
        listing = [{"territoire": code, **asdict(problem)} for code, problem in problems]
        print(json.dumps({"problemes": listing, "bloquants": blocking}, ensure_ascii=False, indent=1))
    else:
        _print("verifier.txt.j2", read=read, tables=list(catalogue()), total=len(problems), blocking=blocking)
    return 1 if blocking else 0


def run_command(options: argparse.Namespace) -> int:
    """Make the pages; 1 when a page failed or a file could not be read."""
    if options.output:
        os.environ["DOMINO_OUTPUT"] = options.output
    codes = _asked(options.territoires)
    if options.jobs < 1:
        raise CommandError(_said("aucune_page"))
    paths.output_dir().mkdir(parents=True, exist_ok=True)
    from .child import warm

    warm("domino_analysis.report.build")
    from tqdm import tqdm

    from .report import build
    from .territory import Territory

    outcomes = []
    with tqdm(unit="page", disable=None, leave=False) as bar:
        for page, error in build.build(codes, paths.territories(), options.jobs, bar.reset):
            outcomes.append((page, error))
            bar.update()
            bar.set_postfix_str(page.path)
            if bar.disable:  # nobody watches a bar: a line for each page
                print(f"  {'échec' if error else 'fait '}  {page.path}", file=sys.stderr)
    failures = [(page, error) for page, error in outcomes if error]
    problems = [problem for code in codes for problem in Territory.open(code).problems]
    unread = [problem for problem in problems if problem.is_of_a_file]
    _print(
        "produire.txt.j2", made=len(outcomes) - len(failures), failures=failures, unread=unread,
        to_look_at=len(problems) - len(unread), index=paths.output_dir() / "index.html",
    )  # fmt: skip
    return 1 if failures or unread else 0


def new_command(options: argparse.Namespace) -> int:
    """Make the folder of a territory with an empty workbook, or those of fictional territories."""
    code = options.territoire
    if (code is None) == (options.exemple is None):
        raise CommandError(_said("un_ou_des"))
    if options.seed < 0:
        raise CommandError(_said("graine"))
    if code is None:
        return _new_examples(options)
    if not re.fullmatch(r"[a-z][a-z0-9-]*", code) or code in paths.NOT_TERRITORIES:
        raise CommandError(_said("code", code=code))
    from .workbook import new_workbook

    path = paths.raw_dir(code) / f"{code}.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    new_workbook(path, code, complete=options.complet)
    print(_said("classeur", classeur=paths.shown(path), code=code, ou=_where(options)))
    return 0


def _where(options: argparse.Namespace) -> str:
    """Option to type again, so that the next command looks at the same folder."""
    return f" --data {options.data}" if options.data else ""


def _new_examples(options: argparse.Namespace) -> int:
    from .example import write

    try:
        codes = write(paths.raw_dir(), options.exemple, options.seed)
    except ValueError as error:
        raise CommandError(str(error)) from None
    print(_said("fictifs", codes=", ".join(codes), ou=_where(options)))
    return 0


ACTIONS = {"check": check_command, "run": run_command, "new": new_command}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the value is the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    parser = _parser()
    options = parser.parse_args(arguments)
    if not options.command:
        parser.print_help()
        return 0
    if options.data:
        os.environ["DOMINO_DATA"] = str(Path(options.data).expanduser().resolve())
    try:
        code = options.action(options)
        sys.stdout.flush()
        return code
    except CommandError as error:
        said, code = error, 2
    except BrokenPipeError:  # whoever read our words, such as « head », has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        found = {"dossier": error.filename, "raison": error.strerror}
        said, code = _said("dossier", **found) if error.errno else error, 2  # ours have words of their own
    except KeyboardInterrupt:
        said, code = _said("arret"), 130
    print(said, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
