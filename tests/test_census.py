"""Who was there, which practices, where, since when; and what nobody knows stays unknown."""

import math

import pandas as pd
import pytest
from conftest import opened, sheet, small
from hypothesis import given, settings
from hypothesis import strategies as st

from domino_analysis import census
from domino_analysis.schema import catalogue, grandeurs

UNSAID = "non renseigné"
MEETINGS = sheet(
    "reunions", reunion=["R1", "R2", "R3"], date=["2016-03-15", None, "2016-01-12"], type=["lancement"] * 3
)


def totals(*answers: tuple, question: str = "Si oui lesquels", **columns) -> pd.DataFrame:
    """Totals of one question of the meeting R1: ``totals(("AMAP", 4, "oui"))``."""
    reponse, valeur, ecrit = map(list, zip(*answers, strict=True))
    several = {
        name: [value] * len(answers) for name, value in {"reunion": "R1", "question": question, **columns}.items()
    }
    return sheet("depouillements", reponse=reponse, valeur=valeur, nombre_ecrit=ecrit, **several)


# ── published numbers ───────────────────────────────────────────────────────────────────────────


def test_chateaubriant_2015_09_24():
    territory = opened("chateaubriant")
    (meeting,) = census.recorded_meetings(territory)
    assert (meeting.row["date"], meeting.row["nb_presents"], meeting.row["nb_tables"]) == ("2015-09-24", 16, 4)
    users = meeting.tally("utilisateur")
    assert (users.of("oui"), users.base) == (13, 16)
    seen = census.presence(territory.communes, meeting.tally("commune"))
    assert (len(seen.named), len(seen.named) + len(seen.absent), seen.is_minimum) == (11, 33, True)
    assert seen.epci_absent == ["CC de la Région de Nozay"]
    services = meeting.tally("services")
    assert (len(census.named_services(services)), services.total, services.is_minimum) == (18, 28, True)
    assert (services.of("LE BON COIN"), services.of("AMAP")) == (6, 4)
    said = meeting.verbatims
    assert (said["origine"] == "table").sum() == 39
    assert census.by_value(said, "question").to_numpy().tolist() == [
        ["Attentes", 19],
        ["Q3", 18],
        ["Q2", 12],
        ["Q1", 9],
    ]
    assert len(meeting.tally("participation").counts) == 9
    assert len(meeting.enjeux) == 3


def test_the_tallies_of_chateaubriant_come_from_its_public_minutes():
    (meeting,) = census.recorded_meetings(opened("chateaubriant"))
    assert meeting.fiches.empty
    for column in ("commune", "utilisateur", "services", "participation"):
        counts = meeting.tally(column)
        assert (counts.origin, counts.is_published) == ("depouillements", True)
        assert counts.document == "Compte rendu de la réunion du groupe de travail du 24 septembre 2015"


def published(code: str) -> list[tuple]:
    frame = census.quantities(sheet("initiatives"), opened(code).depouillements)
    return list(frame[["objet", "valeur", "unite", "precision"]].itertuples(index=False, name=None))


def test_morlaix_counts_about_70_initiatives():
    assert published("morlaix")[0] == ("Initiatives d'acteurs du territoire", 70, "initiatives", "environ")


def test_rennes_counts_more_than_300_initiatives():
    assert published("rennes") == [("Initiatives recensées", 300, "initiatives", "plus de")]


def test_redon_published_no_total():
    assert published("redon") == []


def test_chateaubriant_lists_rooms_cars_structures_and_ads_without_a_sum():
    found = published("chateaubriant")
    assert ("Airbnb", 150, "chambres", "exact") in found
    assert ("Drivy et Ouicar", 25, "voitures", "exact") in found
    assert ("Le Bon Coin", 6000, "annonces", "plus de") in found
    assert len(found) == len(opened("chateaubriant").depouillements.query("reunion.isna()"))


# ── tallies ─────────────────────────────────────────────────────────────────────────────────────


def test_most_given_answers_come_first_and_equal_ones_in_the_order_of_the_sheets():
    counts = census.tally_fiches(sheet("fiches", services=["SEL; AMAP", "Troc", "AMAP"]), "services").counts
    assert counts["reponse"].tolist() == ["AMAP", "SEL", "Troc"]


def test_an_answer_that_nobody_gave_is_zero():
    counts = census.tally_fiches(sheet("fiches", utilisateur=["non"]), "utilisateur")
    assert counts.of("oui") == 0


def test_a_question_that_nobody_answered_is_only_unanswered():
    fiches = sheet("fiches", fiche=["1", "2"])
    assert census.tally_fiches(fiches, "utilisateur").counts["reponse"].tolist() == [census.UNKNOWN]
    assert census.tally_fiches(fiches, "services").total == 0


def test_totals_of_another_meeting_or_question_are_not_counted():
    territory = small(depouillements=totals(("AMAP", 4, "oui")))
    assert census.tally(territory, "services", "R1").total == 4
    assert census.tally(territory, "services", "R2").origin == ""
    assert census.tally(territory, "participation", "R1").origin == ""


@pytest.mark.parametrize(("public", "published"), [("oui", True), ("non", False), (None, False)])
def test_totals_are_printed_as_they_are_when_their_document_is_public(public, published):
    counts = census.tally(
        small(
            depouillements=totals(("AMAP", 4, "oui"), document="D1"),
            documents=sheet("documents", document=["D1"], titre=["Compte rendu"], public=[public]),
        ),
        "services", "R1",
    )  # fmt: skip
    assert (counts.document, counts.is_published) == ("Compte rendu", published)


def test_totals_without_a_document_are_not_public():
    counts = census.tally(small(depouillements=totals(("AMAP", 4, "oui"))), "services", "R1")
    assert (counts.document, counts.is_published) == ("", False)


def test_totals_of_a_document_that_is_not_in_the_sheet_are_not_public():
    counts = census.tally(small(depouillements=totals(("AMAP", 4, "oui"), document="D9")), "services", "R1")
    assert (counts.document, counts.is_published, counts.total) == ("", False, 4)


def test_sheets_of_two_territories_are_counted_one_by_one():
    fiches = sheet("fiches", services=["AMAP", "SEL; AMAP"])
    assert census.tally_fiches(pd.concat([fiches, fiches]), "services").of("AMAP") == 4


def test_one_total_without_a_public_document_keeps_the_tally_from_being_public():
    rows = pd.concat([totals(("Soudan", 2, "oui"), document="D1"), totals(("Issé", 1, "oui"))], ignore_index=True)
    public = sheet("documents", document=["D1"], titre=["Compte rendu"], public=["oui"])
    assert not census.tally(small(depouillements=rows, documents=public), "services", "R1").is_published


# ── meetings ────────────────────────────────────────────────────────────────────────────────────


def test_an_unknown_meeting_names_the_known_ones():
    with pytest.raises(KeyError, match="R9.*R1, R2, R3"):
        census.meeting(small(reunions=MEETINGS), "R9")
    with pytest.raises(KeyError, match="aucune"):
        census.meeting(small(), "R9")


@pytest.mark.parametrize("table", ["fiches", "verbatims", "depouillements"])
def test_minutes_are_made_of_a_meeting_that_has_a_sheet_a_statement_or_a_tally(table):
    territory = small(reunions=MEETINGS, **{table: sheet(table, reunion=["R3", "R3"])})
    assert [meeting.code for meeting in census.recorded_meetings(territory)] == ["R3"]


def test_a_meeting_of_the_calendar_alone_has_no_minutes():
    assert census.recorded_meetings(small(reunions=MEETINGS)) == []


def test_the_calendar_is_in_order_and_what_is_undated_comes_last():
    frame = census.participation(small(reunions=MEETINGS, fiches=sheet("fiches", reunion=["R1", "R1"])))
    assert frame["reunion"].tolist() == ["R3", "R1", "R2"]
    assert frame["nb_fiches"].tolist() == [0, 2, 0]
    assert frame["nb_presents"].isna().all()
    assert frame["objet"].tolist() == ["lancement"] * 3
    assert census.participation(small()).empty


def test_the_next_meeting_is_the_next_dated_one():
    territory = small(reunions=MEETINGS)
    assert census.meeting(territory, "R3").following["reunion"] == "R1"
    assert census.meeting(territory, "R1").following is None


def test_a_meeting_has_its_own_rows_of_each_table_and_no_other():
    said = sheet("verbatims", reunion=["R1", "R3", "R3"], texte=["a", "b", "c"])
    meeting = census.meeting(small(reunions=MEETINGS, verbatims=said), "R3")
    assert meeting.verbatims["texte"].tolist() == ["b", "c"]
    assert meeting.fiches.empty
    with pytest.raises(AttributeError, match="phrases"):
        meeting.phrases  # noqa: B018


def test_the_questions_of_a_meeting_are_those_that_were_written():
    territory = small(reunions=sheet("reunions", reunion=["R1"], question_1=["Quoi ?"], question_3=["Où ?"]))
    assert census.meeting(territory, "R1").questions == {"Q1": "Quoi ?", "Q3": "Où ?"}


# ── where people came from ──────────────────────────────────────────────────────────────────────

COMMUNES = sheet("communes", commune=["Issé", "Soudan", "Jans"], code_insee=["1", "2", "3"], epci=["X", "X", "Y"])


def presence(**columns) -> census.Presence:
    return census.presence(COMMUNES, census.tally_fiches(sheet("fiches", **columns), "commune"))


def test_communes_are_named_or_absent_and_so_are_intercommunalites():
    seen = presence(commune=["Soudan", "Soudan", "Issé"], code_insee=["2", "2", "1"])
    assert seen.named[["commune", "nb"]].to_numpy().tolist() == [["Soudan", 2], ["Issé", 1]]
    assert seen.absent["commune"].tolist() == ["Jans"]
    assert (seen.epci_absent, seen.is_minimum) == (["Y"], False)


@pytest.mark.parametrize("other", [None, "Nantes"])
def test_one_sheet_that_names_no_commune_of_the_territory_makes_a_minimum(other):
    seen = presence(commune=["Issé", other], code_insee=["1", None])
    assert (len(seen.named), seen.is_minimum) == (1, True)


def test_when_no_sheet_names_a_commune_all_are_absent():
    assert len(presence().absent) == 3
    assert presence(fiche=["1"]).named.empty


# ── practices ───────────────────────────────────────────────────────────────────────────────────


def test_values_are_sorted_by_count_then_by_name_and_the_unknown_come_last():
    frame = census.by_value(sheet("initiatives", statut=[None, None, None, "société", "autre", "société"]), "statut")
    assert frame.to_numpy().tolist() == [["société", 2], ["autre", 1], [UNSAID, 3]]
    tied = census.by_value(sheet("initiatives", statut=["société", "autre"]), "statut")
    assert tied["statut"].tolist() == ["autre", "société"]


def test_values_of_a_closed_list_keep_their_place_and_their_zero():
    places = ("dans le périmètre", "hors périmètre")
    rows = sheet("initiatives", siege=["hors périmètre", None])
    assert census.by_value(rows, "siege", order=places).to_numpy().tolist() == [
        [places[0], 0],
        [places[1], 1],
        [UNSAID, 1],
    ]
    assert census.by_value(sheet("initiatives"), "siege", order=places)["nb"].tolist() == [0, 0]


@pytest.mark.parametrize("initiatives", [sheet("initiatives"), sheet("initiatives", nom=["SEL", "AMAP"])])
def test_a_column_that_nobody_filled_gives_an_empty_table(initiatives):
    assert census.by_value(initiatives, "finalite").empty
    assert census.crossed(initiatives, "echange", "finalite").empty
    assert census.by_theme(initiatives).empty
    assert census.by_year(initiatives).empty


def test_a_practice_of_two_themes_counts_in_each_and_every_state_keeps_its_column():
    themes = sheet(
        "initiatives", thematique=["apprendre; se loger", "se loger", None], etat=["existante", "arrêtée", None]
    )
    frame = census.by_theme(themes)
    assert frame["thematique"].tolist() == ["se loger", "apprendre", UNSAID]
    assert frame["nb"].tolist() == [2, 1, 1]
    assert set(catalogue()["initiatives"]["etat"].enum) <= set(frame)
    assert frame["en projet"].sum() == 0
    assert frame[UNSAID].tolist() == [0, 0, 1]


def test_every_commune_has_its_row_and_a_practice_without_a_commune_has_none():
    frame = census.by_commune(COMMUNES, sheet("initiatives", code_insee=["2", "2", None, "99"]))
    assert frame[["commune", "nb"]].to_numpy().tolist() == [["Issé", 0], ["Soudan", 2], ["Jans", 0]]


def test_years_are_in_order_and_add_up():
    frame = census.by_year(sheet("initiatives", annee_creation=[2010, 1985, None, 2010]))
    assert frame.to_numpy().tolist() == [[1985, 1, 1], [2010, 2, 3]]


def test_definitions_ask_for_columns_and_values_that_the_sheet_has():
    columns = {column.name: column for column in catalogue()["initiatives"].columns}
    definitions = grandeurs()["retenues"]["definitions"]
    assert len(definitions) == 5
    for asked in definitions.values():
        assert set(asked) <= set(columns)
        assert all(set(values) <= set(columns[name].enum) for name, values in asked.items())


def test_services_written_otherwise_are_one_service():
    fiches = sheet("fiches", services=["air n'bnb", "Airbnb", "Troc de graines"])
    frame = census.named_services(census.tally_fiches(fiches, "services"))
    assert frame[["service", "nb"]].to_numpy().tolist() == [["Airbnb", 2], ["Troc de graines", 1]]
    assert frame["thematique"].isna().tolist() == [False, True]


def test_a_service_is_beside_the_practices_of_its_name_or_type():
    used = pd.DataFrame({"service": ["AMAP", "Airbnb"], "nb": [4, 2], "ecrit": [True, True]})
    recorded = sheet("initiatives", nom=["L'amap d'Issé", "amap", "SEL"], type_pratique=["AMAP", None, None])
    assert census.used_and_recorded(used, recorded)["recensees"].tolist() == [2, 0]
    assert census.used_and_recorded(used, sheet("initiatives"))["recensees"].tolist() == [0, 0]


def test_the_grid_has_a_row_per_theme_that_a_sheet_names():
    frame = census.grid(
        small(
            initiatives=sheet("initiatives", nom=["SEL", "AMAP"], thematique=["se nourrir; s'équiper", "se nourrir"]),
            documents=sheet("documents", titre=["Étude"], thematique=["se loger"]),
            enjeux=sheet("enjeux", enjeu=["E1"], libelle=["Les services"]),
            verbatims=sheet("verbatims", texte=["a", "b"], thematique=["se loger", None], enjeu=["E1", "E1"]),
        )
    ).set_index("thematique")
    assert frame.loc["se nourrir", "exemples"] in ("SEL; AMAP", "SEL, AMAP")
    assert frame.loc["se loger", ["documents", "enjeux"]].tolist() == ["Étude", "Les services"]
    assert frame.loc["s'équiper", ["documents", "enjeux"]].isna().all()
    assert census.grid(small()).empty


def test_blind_spots_count_what_is_empty_unknown_or_to_be_checked():
    frame = census.blind_spots(
        sheet("initiatives", nom=["a", "b", "c"], siege=["inconnu", None, "dans le périmètre"],
              entre_pairs=["oui", "à vérifier", "non"])
    ).set_index("colonne")  # fmt: skip
    title = {column: catalogue()["initiatives"][column].title for column in ("siege", "entre_pairs", "statut")}
    assert [frame.loc[title[column], "vides"] for column in title] == [2, 1, 3]
    assert set(frame["nb"]) == {3}
    assert census.blind_spots(sheet("initiatives")).empty


# ── actors and context ──────────────────────────────────────────────────────────────────────────


def test_a_type_of_actor_that_nobody_found_keeps_its_row():
    frame = census.actors_by_theme(sheet("acteurs", type_acteur=["média", "média"], thematique=["se loger", None]))
    assert frame["type_acteur"].tolist() == list(catalogue()["acteurs"]["type_acteur"].enum)
    assert frame["nb"].sum() == 2
    assert frame.set_index("type_acteur").loc["média", ["nb", "se loger", UNSAID]].tolist() == [2, 1, 1]


def test_actors_whose_type_nobody_wrote_are_not_absent():
    assert census.actors_by_theme(sheet("acteurs", nom=["X", "Y"]))["nb"].sum() == 2


def test_relays_are_the_actors_of_that_role():
    acteurs = sheet("acteurs", role=["relais", "relais", "porteur"], nature_relais=["structure", None, "personne"])
    counts = census.relays(acteurs).set_index("nature")["nb"].to_dict()
    assert counts == {"personne": 0, "structure": 1, "événement": 0, census.UNSAID: 1}


def test_links_are_between_names_and_an_unknown_actor_keeps_its_code():
    frame = census.links(
        sheet("relations", acteur_a=["A1"], acteur_b=["A9"]), sheet("acteurs", acteur=["A1"], nom=["X"])
    )
    assert frame[["entre", "et"]].to_numpy().tolist() == [["X", "A9"]]
    assert census.links(sheet("relations"), sheet("acteurs")).empty


def test_counts_are_summed_over_communes_and_shares_and_medians_never():
    rows = pd.DataFrame(
        [("commune", "A", "menages", "Ménages", 10), ("commune", "B", "menages", "Ménages", 20),
         ("commune", "A", "niveau_vie_median_eur", "Niveau de vie", 21000), ("intercommunalite", "X", "part_65", "Part", 25)],
        columns=["niveau", "nom", "indicateur", "libelle", "valeur"],
    ).assign(annee=2015, unite="u", source="Insee")  # fmt: skip
    frame = census.context(rows)
    assert frame[["libelle", "lieu", "annee", "valeur"]].to_numpy().tolist() == [
        ["Ménages", "territoire", "2015", 30],
        ["Part", "X", "2015", 25],
    ]
    assert census.context(pd.DataFrame()).empty


# ── diversity and concentration ─────────────────────────────────────────────────────────────────

INDICES = ["shannon", "inverse_simpson", "pielou"]


def diverse(*counts: float | None) -> pd.Series:
    """Diversity of one unit."""
    return census.diversity(pd.DataFrame([counts])).loc[0]


def test_two_kinds_of_five_practices_each_are_as_diverse_as_two_kinds_can_be():
    assert diverse(5, 5).tolist() == pytest.approx([2, math.log(2), 2, 1])


def test_three_practices_of_one_kind_and_one_of_another_are_worth_1_6_equal_kinds():
    # shares 3/4 and 1/4: 1 / (9/16 + 1/16) = 16/10, and ln 4 - 3/4 ln 3
    found = diverse(3, 1)
    shannon = math.log(4) - 3 / 4 * math.log(3)
    assert found.tolist() == pytest.approx([2, shannon, 1.6, shannon / math.log(2)])


def test_one_kind_has_no_diversity_and_its_evenness_is_not_defined():
    assert diverse(7, 0).drop("pielou").tolist() == [1, 0, 1]
    assert math.isnan(diverse(7, 0)["pielou"])


@pytest.mark.parametrize("counts", [(0, 0), (None, None), ()])
def test_a_unit_where_nothing_was_counted_has_no_kind_and_no_index(counts):
    found = diverse(*counts)
    assert found["richness"] == 0
    assert found[INDICES].isna().all()


def test_a_missing_count_is_that_of_a_kind_that_nobody_counted():
    assert diverse(3, None, 1).equals(diverse(3, 0, 1))
    concentrated = census.location_quotient(pd.DataFrame({"AMAP": [3, 1], "SEL": [1, None]}))
    assert concentrated.equals(census.location_quotient(pd.DataFrame({"AMAP": [3, 1], "SEL": [1, 0]})))


def test_a_kind_that_is_three_practices_of_four_here_and_half_everywhere_is_once_and_a_half_as_present():
    table = pd.DataFrame({"AMAP": [3, 1], "SEL": [1, 3]}, index=["A", "B"])
    assert census.location_quotient(table).loc["A"].to_dict() == {
        "AMAP": 1.5,
        "SEL": 0.5,
    }  # (3/4) / (4/8), (1/4) / (4/8)


def test_a_quotient_is_missing_in_a_row_or_a_column_without_any_count():
    table = census.location_quotient(pd.DataFrame({"AMAP": [3, 0], "SEL": [0, 0], "troc": [1, 0]}))
    assert table.isna().to_numpy().tolist() == [[False, True, False], [True, True, True]]
    assert table.loc[0, ["AMAP", "troc"]].tolist() == [1, 1]


def test_nothing_at_all_stays_nothing():
    assert census.diversity(pd.DataFrame({"AMAP": []})).empty
    assert census.location_quotient(pd.DataFrame({"AMAP": []})).columns.tolist() == ["AMAP"]
    assert census.location_quotient(pd.DataFrame({"AMAP": [None], "SEL": [0]})).isna().all(axis=None)


sized = st.tuples(st.integers(1, 5), st.integers(1, 5))
tables = sized.flatmap(
    lambda size: st.lists(
        st.lists(st.integers(0, 40), min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0]
    )
).map(pd.DataFrame)
every_table = settings(deadline=None, derandomize=True, max_examples=60)


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other, check_dtype=False)


@every_table
@given(tables, st.integers(2, 9))
def test_as_many_times_more_practices_everywhere_change_neither_diversity_nor_concentration(table, times):
    assert_same(census.diversity(table * times), census.diversity(table))
    assert_same(census.location_quotient(table * times), census.location_quotient(table))


@every_table
@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_units_and_of_kinds_does_not_matter(table, draw):
    units, kinds = (draw.sample(list(labels), len(labels)) for labels in (table.index, table.columns))
    moved = table.loc[units, kinds]
    assert_same(census.diversity(moved), census.diversity(table).loc[units])
    assert_same(census.location_quotient(moved), census.location_quotient(table).loc[units, kinds])


@every_table
@given(tables)
def test_a_unit_has_its_indices_whatever_the_other_units(table):
    assert_same(census.diversity(table.iloc[:1]), census.diversity(table).iloc[:1])


@every_table
@given(tables)
def test_indices_stay_within_their_range(table):
    found = census.diversity(table)
    counted = found[found["richness"] > 0]
    assert found.loc[found["richness"] == 0, INDICES].isna().all(axis=None)
    assert counted["inverse_simpson"].between(1 - 1e-9, counted["richness"] + 1e-9).all()
    assert counted["shannon"].between(-1e-9, counted["richness"].map(math.log) + 1e-9).all()
    assert counted["pielou"].isna().equals(counted["richness"] == 1)
    assert counted["pielou"].dropna().between(0, 1 + 1e-9).all()


@every_table
@given(st.integers(1, 40), st.integers(2, 6), st.integers(1, 5))
def test_kinds_of_equal_counts_are_perfectly_even_and_concentrated_nowhere(count, kinds, units):
    table = pd.DataFrame([[count] * kinds] * units)
    assert census.diversity(table)["pielou"].tolist() == pytest.approx([1] * units)
    assert census.diversity(table)["inverse_simpson"].tolist() == pytest.approx([kinds] * units)
    assert census.location_quotient(table).to_numpy() == pytest.approx(1)


@every_table
@given(tables)
def test_alone_a_unit_is_like_the_whole_and_quotients_weighted_by_the_whole_make_one(table):
    alone = census.location_quotient(table.iloc[:1]).loc[0]
    assert alone[table.loc[0] > 0].tolist() == pytest.approx([1] * int((table.loc[0] > 0).sum()))
    # the quotients of a unit, each times the share of its kind in all units, are the shares of the unit
    whole = table.sum() / max(table.to_numpy().sum(), 1)
    weighted = (census.location_quotient(table) * whole).sum(axis=1)
    assert weighted.tolist() == pytest.approx((table.sum(axis=1) > 0).astype(int).tolist())
