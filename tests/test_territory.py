"""A territory is its sheets: four real ones, one fictional, and what is regional."""

import csv
from functools import cache

import pandas as pd
import pytest
from conftest import RAW, opened, programme, sheet, small
from python_calamine import CalamineWorkbook

from domino_analysis import comparison
from domino_analysis.paths import processed_dir, territories
from domino_analysis.schema import catalogue
from domino_analysis.territory import Programme, Territory, reference

COMMUNES = {"chateaubriant": 33, "morlaix": 61, "redon": 43, "rennes": 43}
INHABITANTS = {"chateaubriant": 58_804, "morlaix": 129_533, "redon": 81_044, "rennes": 420_717}


# ── published numbers ───────────────────────────────────────────────────────────────────────────


def test_the_four_territories_have_33_61_43_43_communes():
    for code, nb in COMMUNES.items():
        territory = opened(code)
        assert territory.communes["code_insee"].nunique() == len(territory.communes) == nb
        assert territory.identity["nb_communes"] == nb


def test_the_four_territories_have_their_inhabitants_of_2012():
    for code, nb in INHABITANTS.items():
        territory = opened(code)
        assert territory.identity["population"] == nb
        assert territory.identity["population_annee"] == 2012
        assert territory.reference("communes_2015")["population"].sum() == nb


@pytest.mark.parametrize("code", COMMUNES)
def test_the_communes_of_the_sheet_are_those_of_the_reference(code):
    own, known = opened(code).communes, reference("communes_2015", code)
    assert dict(zip(own["code_insee"], own["commune"], strict=True)) == dict(
        zip(known["code_insee"], known["commune"], strict=True)
    )


@pytest.mark.parametrize("code", COMMUNES)
def test_every_commune_of_today_has_an_outline(code):
    territory = opened(code)
    assert set(territory.outlines["code_insee"]) == set(territory.today)


def test_the_example_alone_is_fictional():
    fictional = {code for code in territories() if opened(code).is_fictif}
    assert fictional == {"exemple"}


def test_the_programme_holds_the_real_territories_and_what_is_regional():
    assert list(programme().territories) == sorted(COMMUNES)
    assert not programme().general.reunions.empty
    assert programme().general.communes.empty


@pytest.mark.parametrize(
    ("fictional", "held"), [({"a": "oui", "b": "non", "c": ""}, ["b", "c"]), ({"a": "oui", "b": "oui"}, ["a", "b"])]
)
def test_a_programme_holds_the_real_territories_or_all_when_none_is_real(folder, fictional, held):
    for code, answer in fictional.items():
        folder(code, territoires=[{"Nom du territoire": code, "Fictif": answer}])
    assert list(Programme().territories) == held
    assert list(Programme(["a", "b"]).territories) == ["a", "b"]


def test_a_programme_of_named_territories_keeps_their_order():
    assert list(programme(" rennes, exemple ").territories) == ["rennes", "exemple"]


# ── what a territory gives ──────────────────────────────────────────────────────────────────────


def test_an_unknown_territory_says_which_are_known_and_how_to_make_it():
    with pytest.raises(FileNotFoundError, match="(?s)data/raw/vannes.*chateaubriant.*domino new vannes"):
        Territory.read("vannes")


def test_a_table_that_is_not_in_the_catalogue_is_no_table():
    with pytest.raises(AttributeError, match="fiche"):
        _ = small().fiche


def test_a_table_that_is_changed_stays_as_it_was_in_the_territory():
    territory = small(initiatives=sheet("initiatives", nom=["SEL"]))
    territory.initiatives.insert(0, "lu", "oui")
    assert "lu" not in territory.initiatives


def test_what_was_asked_for_is_recorded():
    territory = small("exemple")
    assert territory.asked == set()
    _ = territory.fiches, territory.reference("contexte"), territory.outlines
    assert territory.asked == {"fiches", "reference_contexte", "reference_contours"}


def test_what_reading_the_sheets_found_is_asked_for_under_names_of_its_own():
    territory = small()
    assert territory.problems == []
    assert territory.matches.empty
    assert territory.lines("fiches").empty
    assert territory.asked == {"problemes", "correspondances", "lignes_fiches"}


@cache
def grid(code: str, file: str, sheet_name: str) -> list[list[str]]:
    """Cells of a raw sheet as they were typed, each row at its place."""
    path = RAW / code / file
    if path.suffix == ".xlsx":
        cells = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet_name).to_python(skip_empty_area=False)
        return [[str(cell).strip() for cell in row] for row in cells]
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [[cell.strip() for cell in row] for row in csv.reader(stream, delimiter=";")]


@pytest.mark.parametrize("code", [*COMMUNES, "exemple", "programme"])
def test_each_row_of_each_table_knows_its_file_its_sheet_and_its_row(code):
    territory, checked = opened(code), 0
    for name, table in catalogue().items():
        rows, lines = getattr(territory, name), territory.lines(name)
        assert list(lines) == ["fichier", "feuille", "ligne"]
        assert list(lines.index) == list(rows.index), name
        assert pd.api.types.is_integer_dtype(lines["ligne"])
        key = (*table.primary_key, *(column.name for column in table.kept if column.type == "string"))[0]
        titles = [column.title for column in table.columns if column.name == key]
        for place, value in zip(lines.itertuples(index=False), rows[key], strict=True):
            typed = grid(code, place.fichier, place.feuille)
            found = [row.index(title) for row in typed[:10] for title in titles if title in row]
            if found and isinstance(value, str):
                assert typed[place.ligne - 1][found[0]] == value.removesuffix(" (2)"), (name, place)
                checked += 1
    assert checked > 5


def test_the_lines_of_a_sheet_are_those_of_its_rows_also_when_the_package_is_read_back(folder):
    made = folder(initiatives=[{"N°": f"I{n}", "Nom": f"Pratique {n}"} if n != 2 else {"N°": ""} for n in range(1, 5)])
    read = Territory.read(made.name)
    assert read.lines("initiatives")["ligne"].tolist() == [2, 4, 5]
    place = processed_dir(made.name)
    place.mkdir(parents=True)
    for name, content in read.package().items():
        (place / name).write_bytes(content)
    assert (place / "lignes_initiatives.csv").exists()
    assert not (place / "provenance.csv").exists()
    kept = Territory.open(made.name)
    for name in catalogue():
        pd.testing.assert_frame_equal(kept.lines(name), read.lines(name), check_dtype=False)
    assert kept.asked >= {"lignes_initiatives"}


def test_a_territory_without_a_name_is_called_by_its_code():
    assert small("pays-de-rance").nom == "pays-de-rance"
    assert small(territoires=sheet("territoires", nom=["Pays de Rance"])).nom == "Pays de Rance"
    assert not small().is_fictif
    assert small(territoires=sheet("territoires", nom=["X"], fictif=["oui"])).is_fictif


def test_only_sheets_with_a_row_are_received():
    territory = small(votes=sheet("votes", code=["E1"]))
    assert territory.received(["indicateurs", "votes"]) == ["votes"]


def test_the_newest_date_is_that_of_any_sheet_and_empty_when_nothing_is_dated():
    assert small().newest_date == ""
    dated = small(
        reunions=sheet("reunions", reunion=["R1", "R2"], date=["2016-05-10", None]),
        depouillements=sheet("depouillements", date=["2016-07"]),
    )
    assert dated.newest_date == "2016-07"


def test_reference_codes_are_text_and_numbers_are_numbers():
    known = reference("communes_2015")
    assert known["code_insee"].str.fullmatch(r"\d{5}").all()
    assert pd.api.types.is_numeric_dtype(known["population"])


@pytest.mark.parametrize("path", sorted((RAW / "reference").glob("*.csv")), ids=lambda path: path.stem)
def test_a_public_table_has_the_columns_that_it_has_when_it_is_absent(path, folder):
    asked = path.stem.split("_") if path.stem.startswith("contours_") else [path.stem]
    there = reference(*asked)
    folder("reference")
    absent = reference(*asked)
    assert absent.empty
    assert list(absent) == list(there)
    numbers = [column for column in there if pd.api.types.is_numeric_dtype(there[column])]
    assert [column for column in absent if pd.api.types.is_numeric_dtype(absent[column])] == numbers


def test_territories_are_compared_without_any_public_table(folder):
    folder("reference")
    for code in ("ici", "la-bas"):
        folder(code, communes=[{"Commune": "Issé"}])
    held = Programme()
    assert comparison.contexts(held).empty
    assert comparison.perimeters(held)["communes"].tolist() == [1, 1]


def test_a_reference_that_is_absent_is_an_empty_table():
    assert reference("nulle_part").empty
    assert reference("communes_2015", "vannes").empty
    assert small("vannes").outlines.empty
    assert small("vannes").today.empty


def test_a_sheet_that_changes_is_read_anew(folder, monkeypatch):
    made = folder(communes=[{"Commune": "Issé"}])
    place = processed_dir(made.name)
    place.mkdir(parents=True)
    for name, content in Territory.read(made.name).package().items():
        (place / name).write_bytes(content)
    (made / "communes.csv").write_text("Commune\nIssé\nSoudan\n", encoding="utf-8")
    assert Territory.open(made.name).communes["commune"].tolist() == ["Issé", "Soudan"]


def test_two_folders_of_one_name_stay_two(folder):
    for code in ("ici", "la-bas"):
        folder(code, territoires=[{"Code du territoire": code, "Nom du territoire": "Pays Pareil"}])
    assert [territory.nom for territory in Programme()] == ["Pays Pareil (ici)", "Pays Pareil (la-bas)"]
