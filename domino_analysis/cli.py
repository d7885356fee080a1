"""The command ``domino``: check what was typed, run the notebooks, make a new territory.

It imports nothing heavy before it must.
"""

import argparse
import json
import os
import re
import sys
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from . import paths

EPILOGUE = """exemples :
  domino check redon            dit quelles cellules corriger
  domino run redon              refait les pages de Redon, la comparaison et l'accueil
  domino run                    refait tout
  domino new pays-de-rance      prépare un dossier et un classeur vides
"""


class CommandError(Exception):
    """What was asked cannot be done; its text is for the person who asked."""


class Parser(argparse.ArgumentParser):
    """Parser that says in French that it did not understand."""

    def error(self, message: str):
        """Say what can be typed, and leave with 2."""
        self.exit(
            2, f"Cette commande ne se comprend pas : domino {' '.join(sys.argv[1:])}\nAide : {self.prog} --aide\n"
        )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="domino",
        description="Du tableur de la réunion au diagnostic du territoire (programme DOMINO).",
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    common = Parser(add_help=False)
    common.add_argument("-h", "--help", "--aide", action="help", help="affiche cette aide")
    common.add_argument("--data", metavar="DOSSIER", help="dossier des données (par défaut : data)")
    parser.add_argument("-h", "--help", "--aide", action="help", help="affiche cette aide")
    commands = parser.add_subparsers(dest="command", metavar="commande", title="commandes", parser_class=Parser)

    check = commands.add_parser(
        "check", aliases=["verifier"], parents=[common], add_help=False,
        help="lit les tableurs et dit quelles cellules corriger",
    )  # fmt: skip
    check.add_argument("territoires", nargs="*", metavar="TERRITOIRE", help="tous, si rien n'est nommé")
    check.add_argument("--format", choices=["texte", "json"], default="texte", help="forme de la réponse")
    check.set_defaults(action=check_command)

    run = commands.add_parser("run", aliases=["produire"], parents=[common], add_help=False, help="produit les pages")
    run.add_argument("territoires", nargs="*", metavar="TERRITOIRE", help="tous, si rien n'est nommé")
    run.add_argument("--output", metavar="DOSSIER", help="dossier des pages (par défaut : reports)")
    run.add_argument(
        "--jobs",
        type=int,
        default=min(os.cpu_count() or 1, 60),
        metavar="N",
        help="pages faites à la fois (par défaut : %(default)s)",
    )
    run.set_defaults(action=run_command)

    new = commands.add_parser(
        "new", aliases=["nouveau"], parents=[common], add_help=False,
        help="prépare le dossier d'un territoire, avec un classeur vide",
    )  # fmt: skip
    new.add_argument("territoire", metavar="TERRITOIRE", help="code : minuscules, chiffres, tirets")
    new.add_argument("--complet", action="store_true", help="les seize feuilles, et non les cinq essentielles")
    new.set_defaults(action=new_command)
    return parser


def _asked(codes: list[str], also: tuple[str, ...] = ()) -> list[str]:
    known = paths.territories()
    if not paths.raw_dir().is_dir():
        raise CommandError(
            f"{paths.data_dir()} : ce dossier ne contient pas de dossier « raw ».\n"
            "Attendu : le dossier « data » du projet, ou un dossier qui lui ressemble.\n"
            "Vérifier --data, ou créer un territoire avec : domino new TERRITOIRE"
        )
    for code in codes:
        if code not in (*known, *also):
            raise CommandError(
                f"data/raw/{code} : ce territoire n'existe pas.\n"
                f"Territoires connus : {', '.join(known) or 'aucun'}.\n"
                f"Corriger le nom, ou le créer avec : domino new {code}"
            )
    return list(dict.fromkeys(codes)) or known


def check_command(options: argparse.Namespace) -> int:
    """Print every problem of the sheets; 1 when one of them blocks."""
    codes = _asked(options.territoires, also=("programme",))
    from .schema import BLOQUANT, catalogue
    from .territory import Territory

    if not options.territoires and paths.raw_dir("programme").is_dir():
        codes = [*codes, "programme"]
    opened = {code: Territory.read(code) for code in codes}
    found = {code: territory.problems for code, territory in opened.items()}
    blocking = sum(problem.gravite == BLOQUANT for problems in found.values() for problem in problems)
    if options.format == "json":
        listing = [{"territoire": code, **asdict(p)} for code, problems in found.items() for p in problems]
        print(json.dumps({"problemes": listing, "bloquants": blocking}, ensure_ascii=False, indent=1))
        return 1 if blocking else 0
    for code, problems in found.items():
        _print_problems(code, problems)
        if not opened[code].received(list(catalogue())):
            print("Les feuilles sont encore vides.")
        matches = opened[code].matches
        print(end="\nLu sous une autre écriture :\n" if len(matches) else "")
        for row in matches.itertuples():
            print(f"  {row.feuille} {row.cellule} : « {row.ecrit} » est lu « {row.lu} » ({row.moyen.rstrip('.')})")
    total = sum(map(len, found.values()))
    print(f"\n{len(codes)} dossier(s) lu(s), {total} problème(s), dont {blocking} bloquant(s).")
    return 1 if blocking else 0


def _print_problems(code: str, problems: list) -> None:
    print(f"\n── {code} ──")
    if not problems:
        print("Rien à corriger.")
    for (file, sheet), group in groupby(problems, key=lambda problem: (problem.fichier, problem.feuille)):
        print(f"\n{file}" + (f", feuille « {sheet} »" if sheet else ""))
        for problem in group:
            where = f"{problem.cellule} " if problem.cellule else ""
            print(f"  {where}[{problem.gravite}] {problem.trouve}")
            if problem.attendu:
                print(f"      Attendu : {problem.attendu}.")
            print(f"      {problem.faire}")


def run_command(options: argparse.Namespace) -> int:
    """Make the pages; 1 when a page failed or a file could not be read."""
    if options.output:
        os.environ["DOMINO_OUTPUT"] = options.output
    codes = _asked(options.territoires)
    if options.jobs < 1:
        raise CommandError("--jobs : au moins 1 page à la fois.")
    paths.output_dir().mkdir(parents=True, exist_ok=True)
    from .child import warm

    warm("domino_analysis.report.build")
    from tqdm import tqdm

    from .report import build

    bar = tqdm(unit="page", disable=not sys.stderr.isatty(), leave=False)

    outcomes = []
    for outcome in build.build(codes, paths.territories(), options.jobs, bar.reset):
        outcomes.append(outcome)
        bar.update()
        bar.set_postfix_str(outcome.page.path)
        if not sys.stderr.isatty():
            print(f"  {'échec' if outcome.error else 'fait '}  {outcome.page.path}", file=sys.stderr)
    bar.close()
    problems = [problem for code in codes for problem in build.problems(code)]
    return _summary(outcomes, problems)


def _summary(outcomes: list, problems: list) -> int:
    failures = [outcome for outcome in outcomes if outcome.error]
    unread = [problem for problem in problems if problem.is_of_a_file]
    print(f"{len(outcomes) - len(failures)} page(s) faite(s), {len(failures)} échec(s).")
    for outcome in failures:
        print(f"  {outcome.page.path} : {outcome.error}")
    for problem in unread:
        print(f"  {problem}")
    if len(problems) > len(unread):
        print(f"{len(problems) - len(unread)} cellule(s) ou feuille(s) à regarder : domino check dit lesquelles.")
    print(f"Ouvrir : {paths.output_dir() / 'index.html'}")
    return 1 if failures or unread else 0


def new_command(options: argparse.Namespace) -> int:
    """Make the folder of a territory with an empty workbook."""
    code = options.territoire
    if not re.fullmatch(r"[a-z][a-z0-9-]*", code) or code in paths.NOT_TERRITORIES:
        raise CommandError(
            f"« {code} » ne peut pas être le code d'un territoire.\n"
            "Attendu : des minuscules sans accent, des chiffres, des tirets (par exemple pays-de-rance).\n"
            "Choisir un autre code."
        )
    from .workbook import new_workbook

    folder = paths.raw_dir(code)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{code}.xlsx"
    try:
        new_workbook(path, code, complete=options.complet)
    except FileExistsError as error:
        raise CommandError(str(error)) from None
    print(f"{paths.shown(path)} est prêt.\nLe remplir, puis : domino check {code}, et domino run {code}")
    return 0


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
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read our words, such as « head », has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(
            f"{error.filename} : impossible de lire ou d'écrire ici ({error.strerror}).\n"
            "Attendu : un dossier où l'on a le droit d'écrire, avec de la place.\n"
            "Choisir un autre dossier avec --output ou --data.",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("\nArrêté. Les pages déjà faites sont entières.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
