"""The processed package is valid, and the same whatever the files that were typed."""

import shutil
from pathlib import Path

import pytest
from conftest import write_csv, write_xlsx
from frictionless import Package
from python_calamine import CalamineWorkbook

from domino_analysis import paths
from domino_analysis.paths import CHECKOUT
from domino_analysis.report import build
from domino_analysis.schema import catalogue
from domino_analysis.territory import Territory

RAW = CHECKOUT / "data" / "raw"
FOLDERS = sorted(p.name for p in RAW.iterdir() if p.is_dir() and p.name != "reference")
EXAMPLE = RAW / "exemple" / "exemple.xlsx"


def written(files: dict[str, bytes], place: Path) -> Path:
    place.mkdir()
    for name, content in files.items():
        (place / name).write_bytes(content)
    return place / "datapackage.json"


@pytest.mark.parametrize("code", FOLDERS)
def test_the_package_of_a_folder_is_valid_for_frictionless(code, tmp_path):
    files = Territory.read(code).package()
    package = Package(str(written(files, tmp_path / code)))
    report = package.validate()
    assert report.flatten(["name", "rowNumber", "fieldName", "message"]) == []
    assert {resource.name for resource in package.resources} >= set(catalogue())


def test_the_package_of_a_careless_folder_is_valid_too(folder, tmp_path):
    made = folder(
        reunions=[{"Code réunion": "R1"}, {"Code réunion": "r1"}, {"Code réunion": ""}],
        fiches=[{"N° de fiche": "1", "Utilisateur": "peut-être"}] * 3 + [{"Commune": "Nulle part"}],
        verbatims=[{"N°": "V1", "Texte exact": "=1+1", "Enjeu": "E9"}] * 3,
        communes=[{"Commune": "Issé", "Code INSEE": "4407"}] * 2 + [{"Habitants": "9" * 30}],
        initiatives=[{"Nom de l'initiative": "SEL", "Année de création": "-1", "Quantité": "1e5"}],
        votes=[{"Code voté": "E9", "Points": "-2", "Avis": "bof"}],
    )
    files = Territory.read(made.name).package()
    report = Package(str(written(files, tmp_path / "package"))).validate()
    assert report.flatten(["name", "rowNumber", "fieldName", "message"]) == []


def test_a_package_gives_its_territory_back(tmp_path, monkeypatch):
    read = Territory.read("exemple")
    data = tmp_path / "data"
    (data / "processed").mkdir(parents=True)
    (data / "raw").symlink_to(RAW)
    monkeypatch.setenv("DOMINO_DATA", str(data))
    written(read.package(), data / "processed" / "exemple")
    monkeypatch.setattr(Territory, "read", None)
    opened = Territory.open("exemple")
    assert opened.package() == read.package()
    for name in catalogue():
        assert (getattr(opened, name).dtypes == getattr(read, name).dtypes).all()


# ── the example in other files ──────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def example() -> dict[str, list[list]]:
    """Cells of the example's sheets."""
    workbook = CalamineWorkbook.from_path(str(EXAMPLE))
    return {name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in workbook.sheet_names}


def tables(folder: Path) -> dict[str, bytes]:
    """Tidy tables of a folder as they are written, and how many problems they have."""
    shutil.copy(EXAMPLE.with_name("corrections.csv"), folder)
    territory = Territory.read(folder.name)
    files = territory.package()
    found = {name: files[f"{name}.csv"] for name in catalogue()}
    return {**found, "problems": [(p.feuille, p.regle) for p in territory.problems]}


@pytest.fixture(scope="module")
def expected() -> dict[str, bytes]:
    """Tidy tables of the example's own workbook."""
    territory = Territory.read("exemple")
    files = territory.package()
    found = {name: files[f"{name}.csv"] for name in catalogue()}
    return {**found, "problems": [(p.feuille, p.regle) for p in territory.problems]}


@pytest.fixture
def target(folder) -> Path:
    """Return the empty folder of the example in a temporary place, beside the reference."""
    return folder("exemple", reference=True)


@pytest.mark.parametrize(
    ("separator", "encoding"), [(";", "cp1252"), (";", "utf-8"), (",", "utf-8-sig"), ("\t", "utf-8"), (",", "cp1252")]
)
def test_the_example_as_csv_gives_the_same_tables(target, example, expected, separator, encoding):
    for name, cells in example.items():
        write_csv(target / f"{name}.csv", cells, separator, encoding)
    assert tables(target) == expected


def test_the_example_in_another_order_gives_the_same_tables(target, example, expected):
    turned = {name: [row[::-1] for row in example[name]] for name in reversed(example)}
    write_xlsx(target / "autre nom.xlsx", turned)
    assert tables(target) == expected


@pytest.mark.libreoffice
def test_the_example_as_ods_gives_the_same_tables(target, expected, convert):
    shutil.copy(convert(EXAMPLE, "ods"), target)
    assert tables(target) == expected


def test_a_package_is_written_whole_or_not_at_all(folder, monkeypatch):
    folder("essai", communes=[{"Commune": "Soudan"}], reference=True)
    site = build.look(["essai"])
    assert site.to_read == ["essai", "programme"]
    assert sorted(build.read(site, build.Means())) == ["essai", "programme"]
    before = {path.name: path.read_bytes() for path in paths.processed_dir("essai").iterdir()}
    folder("essai", communes=[{"Commune": "Derval"}])
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name == "enjeux.csv":
            raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        list(build.read(build.look(["essai"]), build.Means()))
    assert {path.name: path.read_bytes() for path in paths.processed_dir("essai").iterdir()} == before
    assert sorted(path.name for path in paths.processed_dir("essai").parent.iterdir()) == ["essai", "programme"]
