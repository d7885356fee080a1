"""The notebooks are thin: French words, one call a cell, and they run as they are."""

import ast
import json
import re

import nbformat
import papermill
import pytest

from domino_analysis import child, sections
from domino_analysis.paths import NOTEBOOKS
from domino_analysis.schema import etapes, grandeurs
from domino_analysis.territory import Territory

NAMES = [
    "0_donnees_recues",
    "1_etat_des_lieux",
    "2_indicateurs",
    "3_enjeux",
    "4_preconisations",
    "5_comparaison",
    "6_cahier",
    "compte_rendu",
    "explorer",
    "methode",
    "territoire",
]
PARAMETERS = {
    "compte_rendu": {"territoire": "exemple", "reunion": "EX-2016-01-12"},
    "5_comparaison": {"territoires": ""},
    "6_cahier": {"territoires": ""},
}
every_notebook = pytest.mark.parametrize("name", NAMES)
SHARED = ("5_comparaison", "6_cahier", "methode")


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=nbformat.NO_CONVERT)


def cells(name: str, kind: str) -> list:
    return [cell for cell in read(name).cells if cell.cell_type == kind]


def tagged(cell, tag: str) -> bool:
    return tag in cell.metadata.get("tags", ())


def test_there_are_the_eleven_notebooks_and_each_page_has_its_own():
    assert sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")) == NAMES
    pages = {entry["notebook"] for entry in etapes().values()} - {""}  # the index has none
    assert sorted([*pages, "explorer"]) == NAMES


@every_notebook
def test_a_notebook_is_valid_and_stored_without_outputs(name):
    notebook = read(name)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    for cell in cells(name, "code"):
        assert cell.outputs == []
        assert cell.execution_count is None
    assert "widgets" not in notebook.metadata
    assert notebook.metadata.kernelspec.name == "python3"


@every_notebook
def test_the_identifier_of_a_cell_is_unique_and_comes_from_its_words(name):
    ids = [cell.id for cell in read(name).cells]
    assert len(set(ids)) == len(ids)
    for identifier in ids:
        assert re.fullmatch(r"(texte|code)-[a-z0-9-]+", identifier)


@every_notebook
def test_a_notebook_opens_with_its_title_in_jupyterlab_only(name):
    first = read(name).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert tagged(first, "lab")
    titles = [cell.source for cell in cells(name, "markdown") if re.search("(?m)^# ", cell.source)]
    assert titles == [first.source]


def test_a_notebook_that_reads_no_table_takes_no_parameter():
    assert [key for key, entry in etapes().items() if not entry["lit"]] == ["methode"]
    assert not [cell for cell in cells("methode", "code") if tagged(cell, "parameters")]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "methode"])
def test_the_parameters_are_typed_told_and_start_with_the_example(name):
    (cell,) = [cell for cell in cells(name, "code") if tagged(cell, "parameters")]
    assert all(isinstance(line, ast.AnnAssign) for line in ast.parse(cell.source).body)
    found = papermill.inspect_notebook(str(NOTEBOOKS / f"{name}.ipynb"))
    expected = PARAMETERS.get(name, {"territoire": "exemple"})
    assert {key: ast.literal_eval(entry["default"]) for key, entry in found.items()} == expected
    for entry in found.values():
        assert entry["inferred_type_name"] == "str"
        assert entry["help"]
        assert "=" not in entry["help"]


@every_notebook
def test_a_code_cell_is_one_statement_that_names_or_shows(name):
    choices = (
        ast.For, ast.While, ast.If, ast.IfExp, ast.Try, ast.With, ast.Lambda, ast.FunctionDef,
        ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp, ast.BinOp, ast.Compare, ast.BoolOp,
    )  # fmt: skip
    for cell in cells(name, "code"):
        body = ast.parse(cell.source).body
        if tagged(cell, "parameters"):
            continue
        if any(isinstance(line, (ast.Import, ast.ImportFrom)) for line in body):
            assert all(isinstance(line, (ast.Import, ast.ImportFrom)) for line in body)
            continue
        (line,) = body
        assert isinstance(line, (ast.Assign, ast.Expr)), cell.source
        assert isinstance(line.value, ast.Call), cell.source
        assert not [node for node in ast.walk(line) if isinstance(node, choices)], cell.source


@every_notebook
def test_a_notebook_imports_the_library_and_nothing_else(name):
    for cell in cells(name, "code"):
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.Import), cell.source
            if isinstance(node, ast.ImportFrom):
                assert node.module.split(".")[0] == "domino_analysis"


@every_notebook
def test_no_number_stands_in_the_prose(name):
    for cell in cells(name, "markdown"):
        prose = re.sub(r"\]\([^)]*\)|`[^`]*`|<time [^>]*>[^<]*</time>", "", cell.source)
        assert not re.search(r"\d|%", prose), cell.source
        if name == "methode":  # its numbers are rules, in words: it shows no data
            continue
        numbers = r"\b(deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|vingt|trente|cent)\b"
        named = re.sub("[Ll]es quatre étapes|deux critères|deux colonnes", "", prose)
        assert not re.search(numbers, named), cell.source


@every_notebook
def test_the_prose_is_in_french(name):
    for cell in cells(name, "markdown"):
        english = r"\b(the|and|of|this|with|from|which|data|notebooks?)\b"
        prose = re.sub(r"\]\([^)]*\)|`[^`]*`|[Cc]e notebook", "", cell.source)
        assert not re.search(english, prose), cell.source
        assert "TODO" not in prose


@every_notebook
def test_each_section_of_a_notebook_is_a_section_of_its_page(pages, name):
    entry = etapes().get(name) or next((e for e in etapes().values() if e.get("notebook") == name), None)
    if entry is None:
        assert name == "explorer"
        return
    place = entry["fichier"].format(reunion="ex-2016-01-12")
    page = pages[place if name in SHARED else f"exemple/{place}"]
    shown = [" ".join(h2.get_text().split()) for h2 in page.select("main h2")]
    written = [
        title for cell in cells(name, "markdown") for title in re.findall("(?m)^## (.*)", cell.source)
    ]  # fmt: skip
    assert [title for title in written if " ".join(title.split()) not in shown] == []
    assert "Ce notebook rend" not in page.get_text()


def test_every_number_of_a_page_is_a_quantity_of_the_catalogue(pages):
    used = {
        data.get("data-q")
        for path in pages.paths
        for data in pages[path].find_all("data")
    }  # fmt: skip
    assert used - set(grandeurs()) == set()
    assert len(used) > 40


def test_every_quantity_of_the_catalogue_says_what_it_is():
    for key, entry in grandeurs().items():
        assert {"libelle", "unite", "formule"} <= set(entry), key
        assert all(str(value).strip() for value in entry.values()), key


def test_the_explorer_gives_the_line_that_gives_the_same(capsys):
    box = sections.explore("exemple")
    where, sheet, rows, columns, only, _ = box.children
    assert set(where.options) >= {"chateaubriant", "exemple", "morlaix", "redon", "rennes"}
    assert len(sheet.options) == 16
    rows.value, columns.value, only.value = "etat", "siege", "thematique == 'se loger'"
    printed = capsys.readouterr().out
    lines = [line for line in printed.splitlines() if line.startswith("census.crossed(")]
    code = lines[-1]
    assert code.startswith('census.crossed(Territory.open("exemple").initiatives.query(')
    assert printed.split(code)[0].splitlines()[-1] == "n = 2"
    found = eval(code, {"census": sections.census, "Territory": Territory})
    assert found.drop(columns="etat").to_numpy().sum() == 2


def test_the_explorer_says_in_french_that_a_filter_cannot_be_read(capsys):
    box = sections.explore("exemple")
    answer = box.children[5]
    box.children[4].value = "etat =="
    said = capsys.readouterr().out + "".join(output["text"] for output in answer.outputs)
    assert "Ce filtre ne se lit pas" in said
    assert "Traceback" not in said


def test_the_explorer_crosses_a_column_with_itself(capsys):
    box = sections.explore("exemple")
    box.children[2].value = box.children[3].value = "etat"
    said = capsys.readouterr().out + "".join(output.get("text", "") for output in box.children[5].outputs)
    assert "Ce filtre ne se lit pas" not in said


def test_widgets_stay_in_jupyterlab(pages):
    for path in pages.paths:
        assert "widget" not in pages.text(path).split("</style>")[1], path


def test_the_notebooks_are_stored_as_jupyterlab_writes_them():
    for name in NAMES:
        text = (NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n", name


# ── the engine ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def ran(tmp_path):
    """Run a few cells in a process of their own, as a page is made."""

    def run(*sources: str) -> nbformat.NotebookNode:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
        notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python"}
        nbformat.write(notebook, tmp_path / "essai.ipynb")
        return child.run(run_cells, str(tmp_path / "essai.ipynb"))

    return run


def run_cells(path: str) -> nbformat.NotebookNode | tuple[str, str]:
    """Executed notebook, or what stopped it; runs in a child."""
    try:
        return papermill.execute_notebook(path, None, {}, engine_name="domino", progress_bar=False)
    except papermill.PapermillExecutionError as error:
        return error.ename, error.evalue


def test_a_cell_gives_what_it_prints_and_shows_in_order(ran):
    shown = "from IPython.display import HTML, display\ndisplay(HTML('<p>un</p>'))\nprint('dit')\nHTML('<p>deux</p>')"
    (cell,) = ran(shown).cells
    assert [output.output_type for output in cell.outputs] == ["display_data", "stream", "execute_result"]
    assert cell.outputs[1].text == "dit\n"
    assert [output.data["text/html"] for output in cell.outputs[::2]] == ["<p>un</p>", "<p>deux</p>"]


def test_a_cell_without_a_value_gives_nothing_and_the_next_one_knows_its_names(ran):
    named, empty, used = ran("seize = 16", "None", "seize + 2").cells
    assert named.outputs == empty.outputs == []
    assert [output.data for output in used.outputs] == [{"text/plain": "18"}]
    assert [cell.execution_count for cell in (named, empty, used)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("source", "name"),
    [("1 / 0", "ZeroDivisionError"), ("import (", "SyntaxError"), ("raise SystemExit(3)", "SystemExit")],
)
def test_a_cell_that_fails_stops_the_notebook(ran, source, name):
    assert ran("seize = 16", source, "raise AssertionError")[0] == name
