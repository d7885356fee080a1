"""The house is in place and small, and says the same thing everywhere."""

import ast
import csv
import io
import json
import os
import re
import sys
import tokenize
import tomllib
from pathlib import Path

import pytest
import yaml
from conftest import RAW, opened, programme
from jinja2 import meta, nodes

from domino_analysis import census, cli, figures, sections, territory, trace
from domino_analysis.paths import CHECKOUT, TEMPLATE
from domino_analysis.schema import catalogue, etapes, grandeurs, phrases, simplify
from domino_analysis.text import TEMPLATES

PACKAGE = CHECKOUT / "domino_analysis"
ORDER = [
    "paths",
    "schema",
    "child",
    "load",
    "workbook",
    "clean",
    "territory",
    "census",
    "indicators",
    "sensitivity",
    "agreement",
    "trace",
    "comparison",
    "privacy",
    "text",
    "figures",
    "sections",
    "example",
    "report.engine",
    "report.build",
    "report.page",
    "cli",
]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
PILOTS = {"chateaubriant": 33, "morlaix": 61, "redon": 43, "rennes": 43}


def modules() -> dict[str, Path]:
    """Modules of the library by name, `__init__` apart."""
    found = sorted(PACKAGE.rglob("*.py"))
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in found if path.name != "__init__.py"
    }


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def read(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


# ── small is a feature ──────────────────────────────────────────────────────────────────────────


def code_lines(source: str) -> set[int]:
    """Lines that hold code: neither docstring, comment nor blank."""
    beside = (
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
        tokenize.ENCODING, tokenize.ENDMARKER,
    )  # fmt: skip
    lines = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in beside
        for line in range(token.start[0], token.end[0] + 1)
    }
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        for child in body if isinstance(body, list) else []:
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                lines -= set(range(child.lineno, child.end_lineno + 1))
    return lines


def test_lines_are_counted_without_words_around_the_code():
    source = '"""Said."""\n\n# noted\ndef f():\n    """Said\n    again."""\n    return [\n        1]\n'
    assert code_lines(source) == {4, 7, 8}


def test_the_library_is_within_3500_lines_of_code():
    counts = {name: len(code_lines(path.read_text(encoding="utf-8"))) for name, path in modules().items()}
    assert 2000 < sum(counts.values()) <= 3500, counts


def test_the_library_has_at_most_22_modules_and_none_unknown():
    assert len(modules()) <= 22
    assert set(modules()) <= set(ORDER)


def test_no_module_is_empty():
    for name, path in modules().items():
        assert len(code_lines(path.read_text(encoding="utf-8"))) > 10, name


def commands() -> dict[str, list[str]]:
    """Names of each command of `domino`."""
    (choices,) = [a.choices for a in cli._parser()._actions if isinstance(a.choices, dict)]
    names: dict[str, list[str]] = {}
    for name, parser in choices.items():
        names.setdefault(parser.prog, []).append(name)
    return names


def test_there_are_at_most_five_commands_each_with_its_french_name():
    assert sorted(commands().values()) == [["check", "verifier"], ["new", "nouveau"], ["run", "produire"]]


def test_there_are_at_most_eight_kinds_of_chart():
    drawn = {
        node.name
        for node in tree(PACKAGE / "figures.py").body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and "_drawn(" in ast.unparse(node)
    }
    assert len(drawn) <= 8
    assert drawn <= {
        "bars", "commune_map", "curve", "network", "dots", "dumbbell", "radar", "timeline",
    }  # fmt: skip


# ── who knows whom ──────────────────────────────────────────────────────────────────────────────


def imports(name: str, path: Path) -> set[str]:
    """Modules of the library that a module imports, wherever in its text."""
    package = ["domino_analysis", *name.split(".")[:-1]]
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            targets = [start, *(f"{start}.{alias.name}" for alias in node.names)]
        else:
            continue
        for target in targets:
            short = target.removeprefix("domino_analysis.")
            if target.startswith("domino_analysis.") and short in modules():
                found.add(short)
    return found


@pytest.mark.parametrize("name", sorted(modules()))
def test_a_module_imports_only_from_those_above_it(name):
    above = set(ORDER[: ORDER.index(name)])
    assert imports(name, modules()[name]) <= above


def test_the_rule_sees_every_form_of_import(tmp_path):
    path = tmp_path / "page.py"
    path.write_text("from ..schema import etapes\nfrom .. import census\nfrom . import build\n")
    assert imports("report.page", path) == {"schema", "census", "report.build"}


def test_formulas_know_neither_a_folder_nor_a_notebook_nor_a_territory():
    for name in ("census", "indicators", "sensitivity", "agreement", "trace", "comparison", "privacy"):
        source = (PACKAGE / f"{name}.py").read_text(encoding="utf-8")
        assert not {"report.build", "figures", "text"} & imports(name, modules()[name])
        known = [node for node in ast.walk(ast.parse(source)) if getattr(node, "module", "") == "paths"]
        assert [a.name for node in known for a in node.names] == ["edition"] * (name == "privacy")  # no folder
        code = ast.unparse(tree(PACKAGE / f"{name}.py"))
        assert not re.search(r"\b(open|read_csv|read_text|write_text|print)\(", code), name
        strings = [
            node.value
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Constant) and node.value in PILOTS
        ]
        assert strings == [], name


def test_only_the_command_and_the_build_write_and_only_the_report_runs_notebooks():
    writes = r"\.(write_text|write_bytes|mkdir|unlink|rmtree|replace\(folder)\b"
    for name, path in modules().items():
        code = ast.unparse(tree(path))
        if name not in ("cli", "report.build", "workbook", "example"):
            assert not re.search(writes, code), name
        if not name.startswith("report."):
            assert "execute_notebook" not in code, name


def test_every_public_function_has_a_docstring():
    for name, path in modules().items():
        for node in tree(path).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{name}.{node.name}"


# ── what is installed ───────────────────────────────────────────────────────────────────────────


def normal(requirement: str) -> tuple[str, str]:
    """Name and bounds of a requirement, in one writing."""
    name, bounds = re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])? *(.*)", requirement.strip()).groups()
    return re.sub("[-_.]+", "-", name).lower(), bounds.replace(" ", "")


def test_conda_installs_the_same_direct_dependencies():
    described = yaml.safe_load(read("environment.yml"))
    listed = [entry for entry in described["dependencies"] if isinstance(entry, str)]
    pip = [e for entry in described["dependencies"] if isinstance(entry, dict) for e in entry["pip"]]
    conda = {normal(entry) for entry in [*listed, *pip] if not entry.startswith("-e")}
    ours = {normal(entry) for entry in PROJECT["project"]["dependencies"]}
    extra = {name for name, _ in conda} - {name for name, _ in ours}
    assert {entry for entry in ours if entry not in conda} == set()
    assert extra <= {"python", "pip"}
    assert dict(conda)["python"] == PROJECT["project"]["requires-python"] == ">=3.11"


def test_the_library_declares_what_it_imports():
    optional = PROJECT["project"]["optional-dependencies"]["cluster"]
    declared = {normal(entry)[0] for entry in [*PROJECT["project"]["dependencies"], *optional]}
    other_names = {"yaml": "pyyaml", "IPython": "ipython", "traitlets": "ipython"}
    for name, path in modules().items():
        for node in ast.walk(tree(path)):
            found = []
            if isinstance(node, ast.Import):
                found = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found = [node.module]
            for module in (full.split(".")[0] for full in found):
                if module not in sys.stdlib_module_names:
                    wanted = other_names.get(module, module.replace("_", "-").lower())
                    assert wanted in declared, f"{name} imports {module}"


def test_every_version_is_pinned_without_a_host():
    text = read("constraints.txt")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert "://" not in text
    assert not re.search(r"(?m)^\s*-|@", text)
    pins = {}
    for line in lines:
        name, version = re.fullmatch(r"([\w.-]+)==([\w.!+]+)(?: *;.*)?", line).groups()
        pins[normal(name)[0]] = version
    optional = [entry for extra in PROJECT["project"]["optional-dependencies"].values() for entry in extra]
    wanted = {normal(entry)[0] for entry in [*PROJECT["project"]["dependencies"], *optional]} - {"domino-analysis"}
    assert wanted - set(pins) == set()
    assert len(pins) > 80


def test_every_dependency_says_what_it_is_for():
    block = read("pyproject.toml").split("dependencies = [")[1].split("]\n")[0]
    lines = [line for line in block.splitlines() if line.strip()]
    assert all("#" in line for line in lines), lines


def test_make_has_its_five_targets_and_the_check_of_every_change_calls_it():
    makefile = read("Makefile")
    for target in ("reports", "test", "lab", "pictures", "clean"):
        assert re.search(rf"(?m)^{target}:", makefile)
    assert "constraints.txt" in makefile
    assert "domino run" in makefile
    ci = read(".ci/run")
    assert "make test" in ci
    assert "chromium" in ci
    assert "libreoffice-calc-nogui" in ci
    assert os.access(CHECKOUT / ".ci" / "run", os.X_OK)


def test_the_tests_run_the_examples_of_the_docstrings_and_the_notebooks():
    said = str(PROJECT["tool"]["pytest"]["ini_options"]) + read("Makefile")
    assert "--doctest-modules" in said
    assert "--nbval-lax" in said
    assert "notebooks" in said


def test_no_test_is_skipped_or_expected_to_fail():
    for path in sorted((CHECKOUT / "tests").glob("*.py")):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("skip", "xfail", "importorskip"), path.name
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("skipif"):
                assert re.search("sys.platform|start_methods", ast.unparse(node)), path.name


# ── documents ───────────────────────────────────────────────────────────────────────────────────

DOCUMENTS = [
    "README.md",
    "LISEZMOI.md",
    "LICENSE",
    "CHANGELOG.md",
    "docs/construction.md",
    "docs/glossaire.md",
    "docs/methode.md",
    "data/raw/LICENCES.md",
]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_there_and_whole(name):
    text = read(name)
    assert len(text) > 500
    assert not re.search(r"TODO|FIXME|XXX|lorem", text, re.I)


@pytest.mark.parametrize("name", [n for n in DOCUMENTS if n.endswith(".md")])
def test_every_link_of_a_document_leads_somewhere(name):
    place = (CHECKOUT / name).parent
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", read(name)):
        assert re.match(r"https?:|mailto:", target) or (place / target).exists(), target


def test_the_readme_gives_the_two_commands_here_and_on_windows():
    text = read("README.md")
    for words in ("make reports", "make test", "make lab", "reports/index.html", "py -m venv"):
        assert words in text
    assert re.search(r"\.venv\\Scripts\\domino run", text)
    assert re.search(r"\.venv\\Scripts\\python -m pytest", text)
    assert re.search(r"!\[[^\]]{10,}\]\(docs/[\w-]+\.png\)", text)


def test_every_picture_is_small_described_and_taken_again_by_make_pictures():
    pictures = sorted((CHECKOUT / "docs").glob("*.png"))
    said = read("README.md") + read("LISEZMOI.md")
    assert len(pictures) == 6
    for picture in pictures:
        assert picture.stat().st_size < 250_000, picture.name
        assert re.search(rf"!\[[^\]]{{10,}}\]\(docs/{picture.name}\)", said), picture.name
        assert f"\ndef {picture.stem}(" in read("docs/pictures.py"), picture.name


def test_the_readme_has_a_line_for_each_module_and_notebook():
    text = read("README.md")
    names = [path.name for path in modules().values()]
    names += [path.name for path in (CHECKOUT / "notebooks").glob("*.ipynb")]
    assert [name for name in names if name not in text] == []


def test_the_licences_are_said_for_the_code_and_for_each_file():
    assert read("LICENSE").startswith("MIT License")
    assert PROJECT["project"]["license"] == "MIT"
    licences = read("data/raw/LICENCES.md")
    for path in sorted((RAW / "reference").glob("*.csv")):
        short = re.sub(r"_(chateaubriant|morlaix|redon|rennes|exemple)$", "", path.stem)
        assert short in licences, path.name


def test_the_french_readme_is_for_a_facilitator():
    text = read("LISEZMOI.md")
    for words in ("domino (check|verifier)", "domino (run|produire)", "domino (new|nouveau)"):
        assert re.search(words, text)
    assert "tableur" in text
    assert not re.search(r"\b(DataFrame|pandas|papermill|parser|commit|pull request)\b", text)


def test_the_glossary_names_the_words_of_the_programme():
    text = read("docs/glossaire.md").lower()
    for word in ("pratique collaborative", "enjeu", "préconisation", "signal faible", "verbatim"):
        assert word in text


def test_the_method_says_what_is_not_computed():
    text = read("docs/methode.md").lower()
    for word in ("au moins", "médiane", "selon le codage", "score", "trente", "écart"):
        assert word in text


# ── what stays out ──────────────────────────────────────────────────────────────────────────────


def texts() -> dict[str, str]:
    """Every text of the product: code, notebooks, tests, documents, data."""
    kinds = (".py", ".md", ".ipynb", ".yaml", ".yml", ".toml", ".csv", ".json", ".j2", ".css", ".js",
             ".txt")  # fmt: skip
    places = ["domino_analysis", "notebooks", "tests", "docs", "data/raw", ".ci"]
    found = [p for place in places for p in (CHECKOUT / place).rglob("*")]
    found += [p for p in CHECKOUT.iterdir() if p.is_file()]
    return {
        path.relative_to(CHECKOUT).as_posix(): path.read_text(encoding="utf-8")
        for path in found
        if path.is_file() and (path.suffix in kinds or path.name in ("run", "Makefile"))
    }


def test_no_text_holds_a_path_of_a_machine_or_of_a_source():
    for name, text in texts().items():
        assert not re.search(r"(?<![\w.~*-])/(tmp|root|home|work|Users|mnt)/\w", text), name
        assert not re.search(r"[A-Z]:\\(?:Users|Documents)", text), name
        assert not re.search(r"sources/\d\d", text), name


def test_no_column_of_the_real_data_names_a_person():
    for path in RAW.glob("*/*.csv"):
        if path.stem not in catalogue():
            continue
        with path.open(encoding="utf-8-sig") as stream:
            titles = {simplify(title) for title in next(csv.reader(stream, delimiter=";"))}
        direct = {
            simplify(spelling)
            for column in catalogue()[path.stem].columns
            if column.is_direct
            for spelling in column.spellings
        }
        assert titles & direct == set(), path


def test_no_text_holds_an_address_but_those_that_lead_nowhere():
    for name, text in texts().items():
        if name.startswith("tests/"):  # tests invent addresses, to see that they are kept back
            continue
        found = re.findall(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", text)
        real = [host for host in found if not re.search(r"(invalid|example\.\w+|exemple\.\w+)$", host)]
        assert real == [], name


# ── the perimeters ──────────────────────────────────────────────────────────────────────────────


def rows(path: Path) -> list[dict]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


@pytest.mark.parametrize(("code", "number"), PILOTS.items())
def test_a_pilot_territory_has_its_communes_of_2015_and_knows_what_each_became(code, number):
    own = rows(RAW / code / "communes.csv")
    known = [r for r in rows(RAW / "reference" / "communes_2015.csv") if r["territoire"] == code]
    assert len(own) == len(known) == number
    assert {row["Code INSEE"] for row in own} == {row["code_insee"] for row in known}
    assert all(row["code_insee_actuel"] and row["commune_actuelle"] for row in known)
    assert all(len(row["code_insee"]) == 5 for row in known)


@pytest.mark.parametrize("code", [*PILOTS, "exemple"])
def test_the_outlines_of_a_territory_take_at_most_25_kb(code):
    path = RAW / "reference" / f"contours_{code}.csv"
    assert 500 < path.stat().st_size <= 25_000


@pytest.mark.parametrize("code", PILOTS)
def test_the_outlines_cover_each_commune_of_today(code):
    known = rows(RAW / "reference" / "communes_2015.csv")
    today = {row["code_insee_actuel"] for row in known if row["territoire"] == code}
    drawn = {row["code_insee"] for row in rows(RAW / "reference" / f"contours_{code}.csv")}
    assert today <= drawn


# ── words ───────────────────────────────────────────────────────────────────────────────────────


def sources() -> list[ast.Module]:
    """Code of the library and of the notebooks."""
    cells = [
        "".join(cell["source"])
        for path in sorted((CHECKOUT / "notebooks").glob("*.ipynb"))
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    return [*map(tree, modules().values()), *map(ast.parse, cells)]


def strings() -> set[str]:
    """Every text constant of the library and of the notebooks."""
    return {
        node.value
        for module in sources()
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def asked(functions: set[str]) -> set[str]:
    """First words given to some functions: the keys that the code asks for."""
    found = set()
    for module in sources():
        for node in ast.walk(module):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = ast.unparse(node.func)
            if name in functions:
                first = node.args[0]
                options = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                found |= {o.value for o in options if isinstance(o, ast.Constant)}
    return found


DRAWN = {f"figures.{name}" for name in vars(figures) if not name.startswith("_")}


def test_every_sentence_that_the_code_says_is_in_the_catalogue():
    assert asked({"say", "missing", "text.say", "text.missing"}) - set(phrases()) == set()
    assert len(asked({"say", "missing"})) > 10


def templates() -> dict[str, nodes.Template]:
    """Templates of the pages, by name without its ending."""
    found = sorted(TEMPLATE.glob("*.html.j2"))
    return {path.name.removesuffix(".html.j2"): TEMPLATES.parse(path.read_text(encoding="utf-8")) for path in found}


def called(function: str) -> list[nodes.Call]:
    """Calls of a function in the templates of the pages."""
    calls = [call for template in templates().values() for call in template.find_all(nodes.Call)]
    return [call for call in calls if call.node == nodes.Name(function, "load")]


def choices(first: nodes.Expr) -> list[nodes.Expr]:
    """What a first argument may be: both sides of a condition."""
    return [first] if not isinstance(first, nodes.CondExpr) else choices(first.expr1) + choices(first.expr2)


def test_every_sentence_that_a_template_says_is_in_the_catalogue():
    keys = [key for function in ("say", "missing") for call in called(function) for key in choices(call.args[0])]
    said = {key.value for key in keys if isinstance(key, nodes.Const)}
    assert said - set(phrases()) == set()
    assert len(said) > 70
    started = {key.nodes[0].value for key in keys if isinstance(key, nodes.Concat)}
    assert started == {"sans_", "enjeux_", "carte_etat_"}
    named = {key.name for key in keys if isinstance(key, nodes.Name)}
    assert named == {"key"}  # chosen a line above, among words that the next test finds


def test_every_template_that_is_told_is_there_and_every_template_is_shown():
    told = asked({"tell", "sections.tell"}) | {call.args[0].value for call in called("tell")}
    rendered = {name.removesuffix(".html.j2") for name in strings() - {".html.j2"} if name.endswith(".html.j2")}
    assert (told | rendered) - set(templates()) == set()
    assert set(templates()) - told - rendered == {"index"}  # that of a whole notebook, which nbconvert finds
    assert len(told) > 30


def given(name: str) -> set[str] | None:
    """What those that show a template give it; None when they do not say."""
    values = set()
    for module in sources():
        for call in (node for node in ast.walk(module) if isinstance(node, ast.Call)):
            first = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
            is_told = ast.unparse(call.func) in ("tell", "sections.tell") and first == name
            if is_told or (ast.unparse(call.func) == "render" and first == f"{name}.html.j2"):
                if any(keyword.arg is None for keyword in call.keywords):
                    return None
                values |= {keyword.arg for keyword in call.keywords} | ({"of"} if is_told else set())
    for call in called("tell"):
        if call.args[0].value == name:
            values |= {keyword.key for keyword in call.kwargs} | {"of"}
    return values


@pytest.mark.parametrize("name", sorted(set(templates()) - {"index"}))
def test_a_template_asks_for_nothing_that_it_is_not_given(name):
    own = {read.name for read in templates()[name].find_all(nodes.Name) if read.ctx == "store"}
    wanted = meta.find_undeclared_variables(templates()[name]) - set(TEMPLATES.globals) - own
    if given(name) is not None:
        assert wanted - given(name) - ({"root"} if name == "origine" else set()) == set()


def test_a_template_reads_only_what_a_territory_a_meeting_or_a_programme_has():
    places = {}
    for name, template in templates().items():
        for read in template.find_all(nodes.Getattr):
            if read.node in [nodes.Name(subject, "load") for subject in ("of", "territory", "meeting")]:
                places.setdefault(read.attr, name)
    example = opened("exemple")
    subjects = [example, census.recorded_meetings(example)[0], programme()]
    assert [told for told in places.items() if not any(hasattr(subject, told[0]) for subject in subjects)] == []
    assert len(places) > 20


def test_a_template_reads_what_people_wrote_said_and_chose_only_to_count_it():
    """It gets the words of `words`, the marks of `measures` and the points of `points`, which keep what is to be kept."""
    for path in TEMPLATE.glob("*.html.j2"):
        text = path.read_text(encoding="utf-8")
        read = re.findall(r"(?<!chain)\.(?:fiches|verbatims|votes|mesures)\b(?! \| length|\.empty)[^%}]*", text)
        assert read == [], path.name
        assert not re.search(r"\battr\((?!.*?\) \| length)", text), path.name
        assert "is_public" not in text, path.name


def test_every_figure_that_the_code_shows_is_in_the_catalogue():
    shown = asked(DRAWN)
    assert shown - set(phrases()["figures"]) == set()
    assert len(shown) > 25


def test_every_sentence_of_the_catalogue_is_said():
    built = {f"sans_{name}" for name in ("indicateurs", "preconisations")}
    origins = (*catalogue()["enjeux"]["origine"].enum, "non renseigné")
    built |= {f"enjeux_{simplify(origin).replace(' ', '_')}" for origin in origins}
    built |= {f"carte_etat_{simplify(state).replace(' ', '_')}" for state in trace.STATES}
    sentences = set(phrases()) - {"figures", "comparabilite"}
    templates = "".join(path.read_text(encoding="utf-8") for path in TEMPLATE.glob("*.j2"))
    built |= set(re.findall(r'"(\w+)"', templates))
    assert sentences - strings() - built == set()


def test_every_figure_of_the_catalogue_is_shown():
    built = {f"votes_{table}" for table in sections.VOTED.values()}
    built |= {f"lecture_{by}" for by in ("pratique", "critere")}
    assert set(phrases()["figures"]) - strings() - built == set()


def test_every_reason_of_the_comparison_is_told():
    for key, told in phrases()["comparabilite"].items():
        wanted = {"titre", "obstacles", *told["obstacles"], *(("base", "oui", "autre") if "base" in told else ())}
        assert set(told) == wanted, key


def test_every_quantity_of_the_catalogue_is_written_somewhere():
    used = set(re.findall(r"[{:\[ ]\s*(?:[\w ’'«»éèêàôç()-]+, )?(\w+)[\]}]", read(
        "domino_analysis/catalogue/phrases.fr.yaml"
    )))  # fmt: skip
    assert set(grandeurs()) - used - strings() == set()


def test_every_figure_says_what_is_missing_when_it_is_empty():
    for key, spec in phrases()["figures"].items():
        assert spec["titre"], key
        assert spec["colonnes"], key
        assert "vide" in spec, key


def test_the_steps_name_tables_of_the_catalogue():
    for key, entry in etapes().items():
        assert set(entry.get("tables", ())) <= set(catalogue()), key
    assert [e["etape"] for e in etapes().values() if "etape" in e] == [
        "État des lieux", "Indicateurs", "Enjeux", "Préconisations",
    ]  # fmt: skip


def test_no_folder_of_reference_is_taken_for_a_territory():
    assert territory.territories() == ["chateaubriant", "exemple", "morlaix", "redon", "rennes"]
    assert census.UNKNOWN == "NR"
