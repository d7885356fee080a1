"""The fictional programme: the same bytes for the same seed, sixteen sheets that the library reads, names that exist nowhere."""

import csv
import datetime as dt
import os
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest
from conftest import RAW

from domino_analysis import agreement, census, example
from domino_analysis.clean import place_name
from domino_analysis.schema import BLOQUANT, catalogue, exemple
from domino_analysis.territory import Territory

FOUR = ("exemple-01", "exemple-02", "exemple-03", "exemple-04")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, hidden ones too, by its place."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@cache
def rows(number: int, seed: int = 0) -> dict:
    return example.programme(number, seed)


@pytest.fixture(scope="module")
def four(tmp_path_factory) -> dict[str, Territory]:
    """Four territories of a programme, written then read."""
    data = tmp_path_factory.mktemp("programme")
    example.write(data / "raw", 4, seed=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOMINO_DATA", str(data))
        return {code: Territory.read(code) for code in FOUR}


# ── the same call ───────────────────────────────────────────────────────────────────────────────


def test_the_same_seed_gives_the_same_bytes_in_two_processes(tmp_path):
    for hash_seed in ("1", "2"):
        order = "import sys; from pathlib import Path; from domino_analysis import example; "
        order += "example.write(Path(sys.argv[1]), 2, 7)"
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        subprocess.run([sys.executable, "-c", order, tmp_path / hash_seed], env=environment, check=True)
    first, second = contents(tmp_path / "1"), contents(tmp_path / "2")
    assert len(first) == 1 + len(catalogue())
    assert first == second


def test_another_seed_gives_other_bytes(tmp_path):
    example.write(tmp_path / "a", 1, seed=1)
    example.write(tmp_path / "b", 1, seed=2)
    assert contents(tmp_path / "a") != contents(tmp_path / "b")


def test_the_third_territory_of_four_is_the_third_of_ten():
    assert rows(4)["exemple-03"] == rows(10)["exemple-03"]
    assert rows(4)["exemple-03"] != rows(4)["exemple-02"]


def test_a_programme_is_drawn_anew_each_time():
    first = example.programme(2, seed=3)
    example.programme(3, seed=4)
    assert example.programme(2, seed=3) == first


def test_codes_are_as_wide_as_the_programme():
    assert list(rows(10)) == [f"exemple-{n:02d}" for n in range(1, 11)]
    assert example._codes(100, 0)[8:10] == ["exemple-009", "exemple-010"]


# ── folders ─────────────────────────────────────────────────────────────────────────────────────


def test_odd_territories_are_a_workbook_and_even_ones_a_text_per_sheet(tmp_path):
    assert example.write(tmp_path / "raw", 2) == ["exemple-01", "exemple-02"]
    assert list(contents(tmp_path / "raw" / "exemple-01")) == ["exemple-01.xlsx"]
    assert set(contents(tmp_path / "raw" / "exemple-02")) == {f"{name}.csv" for name in catalogue()}


def test_a_text_is_as_a_spreadsheet_in_french_saves_it(tmp_path):
    example.write(tmp_path, 2)
    content = (tmp_path / "exemple-02" / "reunions.csv").read_bytes()
    assert content.startswith("\ufeffCode réunion;Code du territoire;Date;".encode())
    (meeting, *_), known = list(csv.DictReader(content.decode("utf-8-sig").splitlines(), delimiter=";")), rows(2)
    date = known["exemple-02"]["reunions"][0]["date"]
    assert meeting["Date"] == f"{date.day:02d}/{date.month:02d}/2016"
    amounts = [row["quantite"] for row in known["exemple-02"]["initiatives"] if isinstance(row.get("quantite"), float)]
    practices = (tmp_path / "exemple-02" / "initiatives.csv").read_text(encoding="utf-8-sig")
    assert amounts
    assert all(f";{str(amount).replace('.', ',')};" in practices for amount in amounts)


def test_a_workbook_and_texts_are_read_as_the_same_tables(tmp_path, monkeypatch):
    monkeypatch.setenv("DOMINO_DATA", str(tmp_path))
    known = rows(4)["exemple-03"]
    for code in ("classeur", "textes"):
        example._fill(tmp_path / "raw" / code, known, is_workbook=code == "classeur")
    one, other = Territory.read("classeur"), Territory.read("textes")
    for name in catalogue():
        first, second = (getattr(t, name).drop(columns="territoire", errors="ignore") for t in (one, other))
        pd.testing.assert_frame_equal(first, second)
        assert len(first) == len(known[name])


def test_a_folder_that_exists_is_refused_by_its_name_and_left_as_it_is(tmp_path):
    kept = tmp_path / "exemple-02"
    kept.mkdir()
    (kept / "fiches.csv").write_text("à moi", encoding="utf-8")
    with pytest.raises(FileExistsError, match=r"exemple-02 : ce dossier existe déjà\. Rien n'a été écrit\."):
        example.write(tmp_path, 3)
    assert contents(tmp_path) == {"exemple-02/fiches.csv": "à moi".encode()}
    assert [path.name for path in tmp_path.iterdir()] == ["exemple-02"]


@pytest.mark.parametrize("sheet_at_fault", [5, 20])
def test_nothing_stays_when_the_disk_fails_in_the_middle(tmp_path, monkeypatch, sheet_at_fault):
    written, write_csv = [], pd.DataFrame.to_csv

    def full(frame, path, **options):
        written.append(path)
        if len(written) == sheet_at_fault:
            raise OSError("No space left on device")
        write_csv(frame, path, **options)

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(OSError, match="No space left"):
        example.write(tmp_path, 4)
    assert len(written) == sheet_at_fault
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "seed"), [(0, 0), (-3, 0), (501, 0), (2, -1)])
def test_a_number_out_of_range_is_refused_in_french(tmp_path, number, seed):
    with pytest.raises(ValueError, match="Attendu : de 1 à 500 territoires, et une graine qui n'est pas négative"):
        example.write(tmp_path, number, seed)
    assert list(tmp_path.iterdir()) == []


# ── what the library reads ──────────────────────────────────────────────────────────────────────


def test_every_sheet_is_filled_and_every_row_is_kept(four):
    for code, territory in four.items():
        for name in catalogue():
            assert len(getattr(territory, name)) == len(rows(4)[code][name]) > 0, name


def test_nothing_blocks_and_one_commune_is_to_be_checked(four):
    for territory in four.values():
        assert [p for p in territory.problems if p.gravite == BLOQUANT] == []
        assert [p.regle for p in territory.problems] == ["commune inconnue"]
        assert "à vérifier" in set(territory.initiatives["retenue"])


@pytest.mark.parametrize("seed", range(1, 6))
def test_another_programme_has_no_other_problem(tmp_path, monkeypatch, seed):
    monkeypatch.setenv("DOMINO_DATA", str(tmp_path))
    (code,) = example.write(tmp_path / "raw", 1, seed)
    assert [p.regle for p in Territory.read(code).problems] == ["commune inconnue"]


def test_every_territory_says_that_it_is_fictional(four):
    for territory in four.values():
        assert territory.is_fictif
        assert territory.nom.endswith("(fictif)")
        assert territory.identity["structure_pilote"].endswith("(fictif)")
        assert territory.acteurs["nom"].str.contains(r"\(ficti(?:f|ve)\)$").all()
        assert territory.documents["titre"].str.contains("fictif|fictive", case=False).all()


def test_no_column_that_names_a_person_is_written():
    direct = {
        (name, column.name) for name, table in catalogue().items() for column in table.columns if column.is_direct
    }
    written = {
        (name, column) for tables in rows(4).values() for name, held in tables.items() for row in held for column in row
    }
    assert direct
    assert direct & written == set()


def test_no_commune_bears_a_real_name_or_a_code_that_exists():
    real = set()
    for name in ("communes_2015", "communes_actuelles"):
        with (RAW / "reference" / f"{name}.csv").open(encoding="utf-8") as stream:
            real |= {place_name(row["commune"]) for row in csv.DictReader(stream, delimiter=";")}
    known = exemple()["noms"]
    names = {start + end for start in known["debuts"] for end in known["fins"]}
    assert "chateaubriant" in real
    assert {place_name(name) for name in names | {known["introuvable"]}} & real == set()
    assert len(names) >= example.MOST
    departments = {f"{n:02d}" for n in range(1, 96)} | {"2A", "2B", "97", "98"}
    assert set(known["departements"]) & departments == set()


def test_no_two_communes_of_a_programme_have_the_same_code_and_no_two_territories_the_same_name():
    places = [place for tables in rows(10).values() for place in tables["communes"]]
    assert max(Counter(place["code_insee"] for place in places).values()) == 1
    assert len({tables["territoires"][0]["nom"] for tables in rows(10).values()}) == 10
    last = example._territory("exemple-500", 500, 0)
    assert [place["code_insee"] for place in last["communes"]][:2] == ["8B991", "8B992"]


# ── what it shows ───────────────────────────────────────────────────────────────────────────────


def test_any_four_territories_measure_the_same_three_indicators():
    held = [
        {(row["critere"], row["unite"], row["echelle_min"], row["echelle_max"], row["sens"])
         for row in tables["indicateurs"] if row["statut"] == "retenu"}
        for tables in rows(10).values()
    ]  # fmt: skip
    assert all(len(set.intersection(*chosen)) >= 3 for chosen in combinations(held, 4))


def test_each_territory_has_an_indicator_of_its_own_one_unmeasured_and_one_set_aside():
    criteria = Counter(row["critere"] for tables in rows(10).values() for row in tables["indicateurs"])
    for tables in rows(10).values():
        grid, marked = tables["indicateurs"], {row["indicateur"] for row in tables["mesures"]}
        assert 7 <= len(grid) <= 11
        assert any(criteria[row["critere"]] == 1 for row in grid)
        assert [row["statut"] for row in grid if row["indicateur"] not in marked] == ["proposé", "écarté"]
        assert "motif" in next(row for row in grid if row["statut"] == "écarté")


def test_one_stake_is_replaced_one_reworded_one_without_indicator_one_without_recommendation(four):
    for territory in four.values():
        stakes = territory.enjeux.set_index("enjeu")
        assert stakes["remplace"].dropna().to_dict() == {"E6": "E2"}
        asked = territory.preconisations["reunion"].map(territory.reunions.set_index("reunion")["date"])
        assert asked.max() < stakes.loc["E3", "reformule_le"] < "2017"
        lasting = {"E1", "E3", "E4", "E5", "E6"}
        assert lasting - set(territory.indicateurs["enjeu"]) == {"E5"}
        assert lasting - set(territory.preconisations["enjeu"]) == {"E4"}


def test_one_moment_is_empty_and_one_recommendation_has_no_action(four):
    for territory in four.values():
        assert territory.preconisations["moment"].nunique() == 2
        bare = set(territory.preconisations["preconisation"]) - set(territory.actions["preconisation"])
        assert bare == {"P1"}
        assert territory.actions["porteur"].isin(territory.acteurs["nom"]).all()


def test_a_ballot_gives_five_points_and_a_table_has_at_least_five_ballots(four):
    for territory in four.values():
        votes = territory.votes[territory.votes["objet"] == "critère"]
        assert set(votes.groupby("bulletin")["points"].sum()) == {5}
        assert votes.groupby("table")["bulletin"].nunique().min() >= 5
        assert votes["bulletin"].nunique() <= territory.reunions["nb_presents"][1]
        assert territory.votes["avis"].notna().any()


def test_tables_do_not_agree(four):
    for territory in four.values():
        marks = agreement.dots_by_table(territory.votes, "critère")
        by_table = marks.pivot_table(index="code", columns="table", values="points", fill_value=0)
        shares = by_table / by_table.sum()
        assert (shares.max(axis=1) - shares.min(axis=1)).max() >= 0.15
        notes = territory.mesures.dropna(subset="actuelle").groupby("indicateur")["actuelle"]
        assert (notes.max() - notes.min()).max() >= 2


def test_meetings_are_four_in_2016_one_per_step(four):
    for territory in four.values():
        assert list(territory.reunions["etape"]) == list(catalogue()["reunions"]["etape"].enum)
        assert territory.reunions["date"].is_monotonic_increasing
        assert territory.reunions["date"].str.startswith("2016").all()
        assert 16 <= len(territory.fiches) <= 40
    assert all(isinstance(row["date"], dt.date) for tables in rows(4).values() for row in tables["reunions"])


def test_statements_are_coded_by_two_people_and_none_is_said_twice(four):
    for territory in four.values():
        said = territory.verbatims
        assert said["texte"].is_unique
        assert set(said["code_par"].dropna()) == {"A", "B"}
        assert set(said["repris"]) == {"oui", "non", "non codé"}
        assert {"Q1", "Q2", "Attentes", "Participation"} == set(said["question"])
        assert (said["second_enjeu"] == "non repris").any()
        assert (said["second_enjeu"] != said["enjeu"]).loc[said["second_enjeu"].notna()].all()
        written = "\n".join(territory.fiches["attentes"].dropna())
        assert all(text in written for text in said.loc[said["question"] == "Attentes", "texte"])


def test_a_stake_takes_up_what_was_said_after_it_was_retained(four):
    for territory in four.values():
        retained = territory.verbatims["enjeu"].map(territory.enjeux.set_index("enjeu")["reunion"])
        said = territory.verbatims["reunion"]
        assert (retained <= said)[retained.notna()].all()
        assert "E2" not in set(territory.verbatims.loc[said > territory.reunions["reunion"][0], "enjeu"])


def test_the_last_meeting_has_published_totals_instead_of_sheets(four):
    for territory in four.values():
        meeting = census.recorded_meetings(territory)[-1]
        assert meeting.fiches.empty
        for column in ("commune", "utilisateur"):
            counts = meeting.tally(column)
            assert counts.is_published
            assert counts.total <= counts.base == meeting.row["nb_presents"]
        assert meeting.tally("commune").counts["code_insee"].notna().sum() == 5


def test_practices_are_judged_with_blanks_left(four):
    for territory in four.values():
        judged = territory.mesures.dropna(subset="pratique")
        measured = (territory.indicateurs["statut"] == "retenu").sum()
        assert 0 < len(judged) < judged["pratique"].nunique() * measured
        assert judged["pratique"].isin(territory.initiatives["type_pratique"]).all()
        assert judged["fondement"].notna().any()


# ── the words ───────────────────────────────────────────────────────────────────────────────────


def test_no_sentence_stands_twice_among_the_words():
    themes = exemple()["themes"]
    said = [text for theme in themes for texts in theme["phrases"].values() for text in texts]
    said += list(exemple()["attentes"])
    assert [text for text, count in Counter(said).items() if count > 1] == []
    assert all(25 <= sum(map(len, theme["phrases"].values())) <= 35 for theme in themes)


def test_the_words_are_values_that_the_sheets_accept():
    kinds = catalogue()["verbatims"]["nature"].enum
    for theme in exemple()["themes"]:
        assert theme["theme"] in catalogue()["verbatims"]["thematique"].valeurs_proposees
        assert set(theme["phrases"]) <= set(kinds)
        for answer in theme["preconisations"]:
            for column in ("moment", "posture", "destinataire"):
                assert answer[column] in catalogue()["preconisations"][column].enum


def test_every_brace_of_the_words_is_filled():
    for tables in rows(4).values():
        for name, held in tables.items():
            for row in held:
                assert not re.search(r"[{}]", " ".join(map(str, row.values()))), (name, row)
