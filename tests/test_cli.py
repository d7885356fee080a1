"""The command as a facilitator types it: what it says, in French, and how it ends."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import domino, write_csv

from domino_analysis import cli
from domino_analysis.schema import BLOQUANT

FOUR = ["fichier", "feuille", "cellule", "trouve", "attendu", "faire", "gravite"]


@pytest.fixture
def data(tmp_path):
    """Folder of one small territory with two problems, one of them blocking."""
    raw = tmp_path / "data" / "raw" / "essai"
    raw.mkdir(parents=True)
    write_csv(raw / "communes.csv", [["Code INSEE", "Commune", "Intercommunalité"], ["98001", "Ajonc", "Les Landes"]])
    write_csv(raw / "reunions.csv", [["Code réunion", "Présents"], ["R1", "seize"]])
    write_csv(
        raw / "verbatims.csv", [["N°", "Code réunion", "Texte exact"], ["V1", "R1", "Partager"], ["V2", "R1", ""]]
    )
    return tmp_path / "data"


def quiet(result: subprocess.CompletedProcess) -> subprocess.CompletedProcess:
    """Give the result back when it shows nothing of the machinery."""
    said = result.stdout + result.stderr
    for word in ("Traceback", "Error:", "Exception", "site-packages", 'File "', "Warning"):
        assert word not in said, said
    return result


# ── help ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ask", [["--help"], ["--aide"], ["-h"], []])
def test_help_is_in_french_and_names_each_command_twice(ask):
    result = quiet(domino(*ask))
    assert result.returncode == 0
    for names in ("check (verifier)", "run (produire)", "new (nouveau)"):
        assert names in result.stdout
    assert "domino check redon" in result.stdout


@pytest.mark.parametrize("command", ["check", "verifier", "run", "produire", "new", "nouveau"])
def test_each_command_has_its_help_under_both_names(command):
    result = quiet(domino(command, "--aide"))
    assert result.returncode == 0
    assert "TERRITOIRE" in result.stdout
    assert "affiche cette aide" in result.stdout


@pytest.mark.parametrize("ask", [["--help"], ["check", "--help"], ["frobnicate"]])
def test_nothing_heavy_is_imported_to_give_help(ask):
    code = (
        "import sys\nfrom domino_analysis import cli\n"
        "try:\n    cli.main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "heavy = {'pandas', 'plotly', 'papermill', 'nbconvert', 'IPython', 'scipy', 'yaml'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code, *ask], capture_output=True, encoding="utf-8")
    assert result.stdout.splitlines()[-1] == "loaded: []"


@pytest.mark.parametrize(
    "ask",
    [
        ["frobnicate"], ["check", "--format", "yaml"], ["run", "--jobs", "deux"], ["check", "--data"],
        ["new"], ["new", "--exemple"], ["new", "--exemple", "deux"], ["new", "a", "b"],
    ],
)  # fmt: skip
def test_what_is_mistyped_is_said_in_french(ask):
    result = quiet(domino(*ask))
    assert result.returncode == 2
    english = r"\b(usage|error|invalid|argument|expected|required|options?|choose|choice)\b"
    assert not re.search(english, result.stderr), result.stderr
    assert result.stderr.strip()


# ── check ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["check", "verifier"])
def test_check_says_for_each_problem_where_what_and_what_to_do(data, name):
    result = quiet(domino(name, "essai", "--data", data))
    out = result.stdout
    assert result.returncode == 1
    assert "data/raw/essai/reunions.csv" in out
    assert "B2" in out
    assert "[à vérifier]" in out
    assert "seize" in out
    assert "un nombre entier" in out
    assert "[bloquant]" in out
    assert str(data) not in out
    assert re.search(r"1 dossier\(s\) lu\(s\), \d problème\(s\), dont 1 bloquant", out)


def test_check_tells_everything_in_one_go(data):
    out = domino("check", "essai", "--data", data).stdout
    assert out.index("reunions.csv") < out.index("verbatims.csv")
    assert out.count("[bloquant]") == 1
    assert out.count("[à vérifier]") >= 1


def test_check_gives_the_same_as_json(data):
    result = quiet(domino("check", "essai", "--data", data, "--format", "json"))
    found = json.loads(result.stdout)
    assert result.returncode == 1
    assert found["bloquants"] == 1
    assert {p["territoire"] for p in found["problemes"]} == {"essai"}
    for problem in found["problemes"]:
        assert set(FOUR) <= set(problem)
        assert problem["trouve"]
        assert problem["faire"]
    assert [p["gravite"] for p in found["problemes"]].count(BLOQUANT) == 1
    cells = {(p["feuille"], p["cellule"]) for p in found["problemes"]}
    assert ("reunions", "B2") in cells


def test_check_ends_with_0_when_nothing_blocks(data):
    (data / "raw" / "essai" / "verbatims.csv").unlink()
    result = quiet(domino("check", "essai", "--data", data))
    assert result.returncode == 0
    assert "dont 0 bloquant" in result.stdout


def test_check_without_a_name_reads_every_territory_and_the_programme(pages):
    result = quiet(domino("check", "--data", pages.data))
    assert result.returncode == 0
    for code in ("chateaubriant", "exemple", "morlaix", "redon", "rennes", "programme"):
        assert f"── {code} ──" in result.stdout
    assert re.search(r"6 dossier\(s\)", result.stdout)
    assert "── reference ──" not in result.stdout


def test_check_of_the_example_finds_what_was_planted_and_no_more(pages):
    found = json.loads(domino("check", "exemple", "--data", pages.data, "--format", "json").stdout)["problemes"]
    assert [(p["feuille"], p["cellule"]) for p in found] == [("initiatives", "D7"), ("preconisations", "D6")]
    assert "Introuvable-les-Nues" in found[0]["trouve"]


def test_check_writes_nothing(data):
    before = sorted(data.rglob("*"))
    domino("check", "essai", "--data", data)
    assert sorted(data.rglob("*")) == before


def test_a_reader_who_leaves_early_is_no_mistake_of_the_folder():
    program = shutil.which("domino", path=str(Path(sys.executable).parent))
    process = subprocess.Popen([program, "check", "exemple"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 1


# ── what cannot be done ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", ["check", "verifier", "run", "produire"])
def test_an_unknown_territory_is_said_with_those_that_are_known(data, command):
    result = quiet(domino(command, "esai", "--data", data))
    assert result.returncode == 2
    assert "data/raw/esai : ce territoire n'existe pas." in result.stderr
    assert "Territoires connus : essai." in result.stderr
    assert "domino new esai" in result.stderr


@pytest.mark.parametrize("code", ["../essai", "", ".", "reference", "Essai"])
def test_a_name_that_is_no_territory_is_refused(data, code):
    result = quiet(domino("check", code, "--data", data))
    assert result.returncode == 2
    assert "n'existe pas" in result.stderr


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_folder_without_data_is_said(tmp_path, command):
    result = quiet(domino(command, "--data", tmp_path / "nulle part"))
    assert result.returncode == 2
    assert "ne contient pas de dossier « raw »" in result.stderr
    assert "--data" in result.stderr


@pytest.mark.parametrize("jobs", ["0", "-3"])
def test_no_page_at_once_is_refused(data, jobs):
    result = quiet(domino("run", "--data", data, "--jobs", jobs))
    assert result.returncode == 2
    assert "au moins 1" in result.stderr


def test_a_file_where_the_pages_should_go_is_said(data, tmp_path):
    place = tmp_path / "reports"
    place.write_text("un fichier", encoding="utf-8")
    result = quiet(domino("run", "essai", "--data", data, "--output", place))
    assert result.returncode in (1, 2)
    assert "reports" in result.stderr + result.stdout
    assert place.read_text(encoding="utf-8") == "un fichier"


# ── run ─────────────────────────────────────────────────────────────────────────────────────────


def test_run_says_each_page_and_what_to_open(pages):
    assert quiet(pages.result).stderr.count("  fait   ") == 35
    assert "35 page" in pages.result.stdout
    assert "0 échec" in pages.result.stdout
    assert pages.result.stdout.rstrip().endswith("index.html")


def test_a_file_that_cannot_be_read_ends_with_1_and_the_pages_are_made(again):
    def change(raw):
        shutil.copytree(raw / "rennes", raw / "essai")
        (raw / "essai" / "photo.xlsx").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))

    site = again("illisible", "essai", change)
    assert quiet(site.result).returncode == 1
    assert "photo.xlsx" in site.result.stdout
    assert "une image" in site.result.stdout
    assert "0 échec" in site.result.stdout
    assert "photo.xlsx" in site.words("essai/0_donnees_recues.html")


def test_produire_is_run_and_a_row_left_out_does_not_fail_it(data, tmp_path):
    root = tmp_path / "pages"
    result = quiet(domino("produire", "essai", "--data", data, "--output", root))
    assert result.returncode == 0, result.stdout
    page = (root / "essai" / "0_donnees_recues.html").read_text(encoding="utf-8")
    assert "bloquant" in page
    assert not list(root.rglob("*.part"))
    assert [p.name for p in (data / "processed").iterdir() if p.name.startswith(".")] == [".verrou"]


# ── new ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("name", "options"), [("new", []), ("nouveau", ["--complet"])])
def test_new_makes_a_workbook_that_check_accepts(tmp_path, name, options):
    data = tmp_path / "data"
    (data / "raw").mkdir(parents=True)
    made = quiet(domino(name, "pays-de-rance", "--data", data, *options))
    assert made.returncode == 0
    assert (data / "raw" / "pays-de-rance" / "pays-de-rance.xlsx").is_file()
    assert "data/raw/pays-de-rance/pays-de-rance.xlsx est prêt" in made.stdout
    assert "domino check pays-de-rance" in made.stdout
    checked = quiet(domino("check", "pays-de-rance", "--data", data))
    assert checked.returncode == 0
    assert "Rien à corriger." in checked.stdout


def test_new_never_overwrites_what_people_typed(tmp_path):
    data = tmp_path / "data"
    domino("new", "essai", "--data", data)
    workbook = data / "raw" / "essai" / "essai.xlsx"
    workbook.write_bytes(b"ce que l'on a tape")
    result = quiet(domino("new", "essai", "--data", data))
    assert result.returncode == 2
    assert "existe déjà" in result.stderr
    assert workbook.read_bytes() == b"ce que l'on a tape"


@pytest.mark.parametrize(
    "code", ["Été", "pays de rance", "../essai", "reference", "programme", "2015", "a/b", "_essai"]
)
def test_new_refuses_a_name_that_is_no_code(tmp_path, code):
    result = quiet(domino("new", code, "--data", tmp_path))
    assert result.returncode == 2
    assert "ne peut pas être le code d'un territoire" in result.stderr
    assert "minuscules" in result.stderr
    assert list(tmp_path.iterdir()) == []


# ── new, of fictional territories ───────────────────────────────────────────────────────────────


@pytest.fixture
def asked(tmp_path, monkeypatch, capsys):
    """Type a command in this process: what it ends with, what it says, what `write` was asked.

    A stand-in writes: it refuses more than three territories, and a seed of 7 finds its folder there.
    """
    monkeypatch.setenv("DOMINO_DATA", str(tmp_path / "data"))
    calls = []

    def write(raw: Path, number: int, seed: int = 0) -> list[str]:
        calls.append((raw, number, seed))
        if number > 3:
            raise ValueError("Trois territoires au plus.")
        if seed == 7:
            raise FileExistsError("data/raw/exemple-1 existe déjà : rien n'a été écrit.")
        return [f"exemple-{index}" for index in range(1, number + 1)]

    monkeypatch.setitem(sys.modules, "domino_analysis.example", SimpleNamespace(write=write))

    def typed(*arguments: str) -> tuple[int, str, str, list]:
        code = cli.main([*arguments])
        said = capsys.readouterr()
        return code, said.out, said.err, calls

    return typed


@pytest.mark.parametrize("name", ["new", "nouveau"])
def test_examples_are_written_and_said_to_be_invented(asked, tmp_path, name):
    code, out, err, calls = asked(name, "--exemple", "2", "--seed", "5", "--data", str(tmp_path / "ailleurs"))
    assert (code, err) == (0, "")
    assert calls == [(tmp_path / "ailleurs" / "raw", 2, 5)]
    assert "exemple-1, exemple-2" in out
    assert "inventées" in out
    assert "domino run" in out


def test_examples_of_no_seed_are_those_of_seed_0(asked, tmp_path):
    assert asked("new", "--exemple", "1")[3] == [(tmp_path / "data" / "raw", 1, 0)]


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        ([], "l'un des deux"),
        (["essai", "--exemple", "2"], "l'un des deux"),
        (["--exemple", "4"], "Trois territoires au plus."),
        (["--exemple", "2", "--seed", "7"], "data/raw/exemple-1 existe déjà : rien n'a été écrit."),
        (["--exemple", "2", "--seed", "-1"], "--seed : un nombre entier, 0 ou plus."),
    ],
)
def test_examples_that_cannot_be_written_are_said(asked, tmp_path, ask, told):
    code, out, err, _ = asked("new", *ask)
    assert (code, out) == (2, "")
    assert told in err
    assert "impossible" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_territory_should_be_is_said_with_its_place(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "essai").write_text("un fichier", encoding="utf-8")
    result = quiet(domino("new", "essai", "--data", tmp_path))
    assert result.returncode == 2
    assert f"{tmp_path / 'raw' / 'essai'} : impossible de lire ou d'écrire ici" in result.stderr


# ── words ───────────────────────────────────────────────────────────────────────────────────────


def test_every_word_of_the_command_is_said_and_every_word_said_is_there():
    words = set(cli._words()["dit"])
    code = Path(cli.__file__).read_text(encoding="utf-8")
    assert words == set(re.findall(r'_said\("(\w+)"', code))
