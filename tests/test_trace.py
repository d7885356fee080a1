"""What was taken up, what was lost on the way, and what has no follow-up."""

import itertools

import pytest
from conftest import opened, sheet, small

from domino_analysis.schema import catalogue
from domino_analysis.trace import (
    CHAIN,
    NOT_TAKEN_UP,
    STATES,
    UNSAID,
    answered,
    by_moment,
    chain,
    chains,
    coverage,
    drift,
    follow_up,
    states,
    taken_up,
)

STAKES = sheet("enjeux", enjeu=["E1", "E2"], libelle=["Les services", "Le lien"])


def test_at_chateaubriant_18_statements_lead_to_3_stakes_and_5_to_none():
    territory = opened("chateaubriant")
    said = territory.verbatims
    result = taken_up(said[said["question"] == "Q3"], territory.enjeux)
    assert result.coded == 18
    assert result.by_stake["nb"].tolist() == [6, 4, 3, 5]
    assert (result.lowest, len(result.lost), result.highest) == (4, 5, 7)
    assert result.lost["texte"].tolist() == [
        "Réflexion sur un statut particulier pour les entreprises solidaires – statuts pas adaptés",
        "Solutions alternatives à l'économie actuelle",
        "Conserver les emplois et en créer de nouveaux",
        "Impact sur l'environnement",
        "Comment crée de la richesse et de l'emploi ?",
    ]


def test_expectations_and_other_questions_are_not_coded_at_chateaubriant():
    territory = opened("chateaubriant")
    assert taken_up(territory.verbatims, territory.enjeux).coded == 18


READINGS = [("oui", "E1", None), ("oui", "E1", "E2"), ("oui", "E2", NOT_TAKEN_UP), ("non", None, None), ("non", None, "E1"),
            ("non codé", None, None)]  # fmt: skip


@pytest.mark.parametrize("said", itertools.combinations_with_replacement(READINGS, 3))
def test_the_range_holds_the_count_and_every_coded_statement_is_somewhere(said):
    repris, enjeu, second = map(list, zip(*said, strict=True))
    result = taken_up(sheet("verbatims", texte=["dit"] * 3, repris=repris, enjeu=enjeu, second_enjeu=second), STAKES)
    frame = result.by_stake
    assert frame["nb"].sum() == result.coded
    assert (frame["au_moins"] <= frame["nb"]).all()
    assert (frame["nb"] <= frame["au_plus"]).all()
    assert result.lowest <= len(result.lost) <= result.highest <= result.coded
    # one by one, in every combination of both readings
    first = [e if r == "oui" else NOT_TAKEN_UP for r, e, _ in said if r != "non codé"]
    other = [s or f for f, s in zip(first, (s for r, _, s in said if r != "non codé"), strict=True)]
    lost = [reading.count(NOT_TAKEN_UP) for reading in itertools.product(*zip(first, other, strict=True))]
    assert (result.lowest, result.highest) == (min(lost), max(lost))


def test_without_statements_or_without_stakes_nothing_is_lost():
    nothing = taken_up(sheet("verbatims"), STAKES)
    assert (nothing.coded, len(nothing.lost), nothing.lowest, nothing.highest) == (0, 0, 0, 0)
    assert taken_up(sheet("verbatims"), sheet("enjeux")).by_stake["enjeu"].tolist() == [NOT_TAKEN_UP]


def test_a_stake_that_nothing_answers_keeps_its_row():
    frame = coverage(STAKES, sheet("indicateurs"), sheet("preconisations"))
    assert frame[["enjeu", "libelle", "indicateurs", "preconisations"]].to_numpy().tolist() == [
        ["E1", "Les services", 0, 0],
        ["E2", "Le lien", 0, 0],
    ]
    assert frame[["déclenchement", "accompagnement", "pérennisation"]].to_numpy().tolist() == [[0, 0, 0], [0, 0, 0]]
    assert coverage(sheet("enjeux"), sheet("indicateurs"), sheet("preconisations")).empty


def test_a_stake_is_covered_by_name_and_moment_by_moment():
    grid = sheet(
        "indicateurs", indicateur=["I1", "I2"], critere=["Bus", "Vélos"], enjeu=["E1"] * 2, statut=[None, "écarté"]
    )
    advice = sheet(
        "preconisations", preconisation=["P1", "P2", "P3"], objectif=["Un bus", "Un quai", "Un prêt"], enjeu=["E1", "E1", None],
        moment=["déclenchement", "pérennisation", "déclenchement"],
    )  # fmt: skip
    row = coverage(STAKES, grid, advice).set_index("enjeu").loc["E1"]
    assert (row["indicateurs"], row["criteres"]) == (1, "Bus")
    assert (row["preconisations"], row["objectifs"]) == (2, "Un bus; Un quai")
    assert row[["déclenchement", "accompagnement", "pérennisation"]].tolist() == [1, 0, 1]


def test_a_moment_that_no_recommendation_speaks_of_is_zero_and_silence_comes_last():
    frame = by_moment(sheet("preconisations", objectif=["a", "b"], moment=["accompagnement", None]))
    assert frame.to_numpy().tolist() == [["déclenchement", 0], ["accompagnement", 1], ["pérennisation", 0], [UNSAID, 1]]


def story(**changed):
    """A meeting, two statements, a stake, an indicator, a measure, a recommendation and its action."""
    told = {
        "reunions": sheet("reunions", reunion=["R1", "R2"], date=["2016-01-12", "2016-05-10"], question_1=["Quoi ?", None]),
        "verbatims": sheet(
            "verbatims", verbatim=["V1", "V2"], reunion=["R1", "R1"], question=["Q1", "Attentes"], texte=["un bus", "un lieu"],
            repris=["oui", "non"], enjeu=["E1", None],
        ),
        "enjeux": sheet("enjeux", enjeu=["E1"], libelle=["Bouger"], retenu_le=["2016-01-12"]),
        "indicateurs": sheet("indicateurs", indicateur=["I1"], critere=["Trajets"], enjeu=["E1"]),
        "mesures": sheet("mesures", indicateur=["I1", "I1"], reunion=["R2", "R2"], actuelle=[4, 5]),
        "preconisations": sheet(
            "preconisations", preconisation=["P1"], objectif=["Un arrêt"], enjeu=["E1"], indicateur=["I1"], reunion=["R2"],
        ),
        "actions": sheet("actions", action=["A1"], preconisation=["P1"], description=["ouvrir"]),
    }  # fmt: skip
    return small(**{**told, **changed})


def state_of(territory, name, code):
    return follow_up(territory).set_index(["feuille", "code"])["etat"][name, code]


def test_the_chain_holds_each_thing_once_and_goes_from_what_was_said_to_what_is_done():
    graph = chain(story())
    assert list(graph) == [
        ("verbatims", "V1"), ("verbatims", "V2"), ("enjeux", "E1"), ("indicateurs", "I1"), ("mesures", "I1"),
        ("preconisations", "P1"), ("actions", "A1"),
    ]  # fmt: skip
    assert set(graph.edges) == {
        (("verbatims", "V1"), ("enjeux", "E1")),
        (("enjeux", "E1"), ("indicateurs", "I1")),
        (("indicateurs", "I1"), ("mesures", "I1")),
        (("enjeux", "E1"), ("preconisations", "P1")),
        (("indicateurs", "I1"), ("preconisations", "P1")),
        (("preconisations", "P1"), ("actions", "A1")),
    }


def test_every_column_of_the_chain_is_in_the_catalogue():
    for name, (key, label, date, sources) in CHAIN.items():
        assert all(catalogue()[name][column] for column in (key, label, date) if column)
        for column, source in sources.items():
            assert source in [link["feuille"] for link in catalogue()[name][column].renvois]
            assert source in CHAIN


def test_what_leads_to_an_action_is_covered_and_what_nobody_takes_up_has_no_follow_up():
    frame = follow_up(story())
    assert dict(zip(frame["code"], frame["etat"], strict=True)) == {
        "V1": "couvert", "V2": "sans suite", "E1": "couvert", "I1": "couvert", "P1": "couvert", "A1": "couvert",
    }  # fmt: skip
    row = frame[frame["code"] == "P1"].iloc[0]
    assert (row["vient_de"], row["suites"]) == ("Bouger; Trajets", "ouvrir")


def test_a_recommendation_older_than_the_rewording_of_its_stake_is_to_be_seen_again():
    def reworded(when):
        return story(enjeux=sheet("enjeux", enjeu=["E1"], libelle=["Bouger"], reformule_le=[when]))

    assert state_of(reworded("2016-06-07"), "preconisations", "P1") == "à revoir"  # formulated on 10 May
    assert state_of(reworded("2016-06-07"), "mesures", "I1") == "à revoir"
    assert state_of(reworded("2016-05-10"), "preconisations", "P1") == "couvert"
    assert state_of(reworded("2016-05"), "preconisations", "P1") == "couvert"  # perhaps before the 10th
    assert state_of(reworded("2016"), "preconisations", "P1") == "couvert"
    assert state_of(reworded("2017"), "preconisations", "P1") == "à revoir"
    assert state_of(reworded("2016-06-07"), "indicateurs", "I1") == "couvert"  # nobody wrote when it was chosen


def test_a_recommendation_on_a_stake_that_another_replaced_later_is_to_be_seen_again():
    stakes = sheet(
        "enjeux", enjeu=["E1", "E2"], libelle=["Bouger", "Se déplacer ensemble"], retenu_le=["2016-01-12", "2016-06-07"],
        remplace=[None, "E1"],
    )  # fmt: skip
    territory = story(enjeux=stakes)
    assert state_of(territory, "preconisations", "P1") == "à revoir"
    assert state_of(territory, "enjeux", "E1") == "couvert"
    assert state_of(territory, "enjeux", "E2") == "sans suite"


def test_a_version_that_is_a_date_is_the_date_of_a_recommendation():
    stakes = sheet("enjeux", enjeu=["E1"], libelle=["Bouger"], reformule_le=["2016-06-07"])
    advice = sheet(
        "preconisations", preconisation=["P1", "P2"], objectif=["a", "b"], enjeu=["E1", "E1"], reunion=["R2", "R2"],
        version=["2016-07", "2"],
    )  # fmt: skip
    territory = story(enjeux=stakes, preconisations=advice)
    assert state_of(territory, "preconisations", "P1") == "couvert"
    assert state_of(territory, "preconisations", "P2") == "à revoir"


def test_what_comes_from_nothing_is_an_orphan_and_a_code_that_no_sheet_holds_makes_no_arrow():
    advice = sheet("preconisations", preconisation=["P1"], objectif=["Un arrêt"], enjeu=["E9"], origine=["V9"])
    territory = story(preconisations=advice)
    assert state_of(territory, "preconisations", "P1") == "orphelin"
    assert state_of(story(verbatims=sheet("verbatims")), "enjeux", "E1") == "orphelin"


def test_a_statement_that_nobody_read_against_the_stakes_is_not_called_lost():
    said = sheet("verbatims", verbatim=["V1", "V2"], texte=["a", "b"], repris=["non codé", None])
    grid = sheet("indicateurs", indicateur=["I1"], critere=["Trajets"], verbatims=["V2"])
    territory = story(verbatims=said, indicateurs=grid)
    assert state_of(territory, "verbatims", "V1") == "non codé"
    assert state_of(territory, "verbatims", "V2") == "couvert"  # an indicator says that it comes from it


def test_an_indicator_that_was_set_aside_is_not_in_the_chain():
    grid = sheet("indicateurs", indicateur=["I1"], critere=["Trajets"], enjeu=["E1"], statut=["écarté"])
    assert ("indicateurs", "I1") not in chain(story(indicateurs=grid))


def test_states_are_counted_sheet_by_sheet_and_add_up():
    frame = states(follow_up(story())).set_index("feuille")
    assert list(frame.columns) == ["nb", *STATES]
    assert frame.loc["verbatims"].tolist() == [2, 1, 1, 0, 0, 0]
    assert (frame["nb"] == frame[list(STATES)].sum(axis=1)).all()
    assert list(frame.index) == list(CHAIN)


def test_a_circle_of_stakes_does_not_stop_the_chain():
    stakes = sheet("enjeux", enjeu=["E1", "E2"], libelle=["a", "b"], remplace=["E2", "E1"])
    assert len(follow_up(story(enjeux=stakes))) == 8


def test_at_chateaubriant_no_expectation_leads_further_and_13_of_18_statements_lead_to_a_stake():
    frame = answered(opened("chateaubriant")).set_index("question")
    assert frame.loc["Attentes"].tolist() == [19, 0, 0, 0, 0]
    (asked,) = [question for question in frame.index if question.startswith("Quels enjeux")]
    assert frame.loc[asked].tolist() == [18, 13, 0, 0, 0]


def test_an_answer_is_followed_as_far_as_it_goes():
    frame = answered(story()).set_index("question")
    assert frame.loc["Quoi ?"].tolist() == [1, 1, 1, 1, 1]
    assert frame.loc["Attentes"].tolist() == [1, 0, 0, 0, 0]
    assert answered(story(verbatims=sheet("verbatims"))).empty


def test_stakes_drift_from_meeting_to_meeting():
    said = sheet(
        "verbatims", verbatim=["V1", "V2", "V3"], reunion=["R1", "R2", "R2"], texte=["a", "b", "c"],
        repris=["oui", "oui", "non"], enjeu=["E1", "E1", None],
    )  # fmt: skip
    frame = drift(story(verbatims=said)).set_index("libelle")
    assert list(frame.columns) == ["2016-01-12", "2016-05-10"]
    assert frame.loc["Bouger"].tolist() == [1, 1]
    assert frame.loc[NOT_TAKEN_UP].tolist() == [0, 1]


def test_a_recommendation_is_told_in_the_words_of_the_sheets():
    advice = sheet(
        "preconisations", preconisation=["P1"], objectif=["Un arrêt"], enjeu=["E1"], indicateur=["I1"], origine=["V2; V1; V9"],
    )  # fmt: skip
    (told,) = chains(story(preconisations=advice))
    assert (told.enjeux, told.criteres, told.verbatims) == (["Bouger"], ["Trajets"], ["un lieu", "un bus"])
    assert (told.actions, told.etat) == (["ouvrir"], "couvert")


def test_a_recommendation_that_comes_from_nothing_and_leads_to_nothing_says_so():
    (told,) = chains(small(preconisations=sheet("preconisations", preconisation=["P1"], objectif=["Un lieu"])))
    assert (told.enjeux, told.criteres, told.verbatims, told.actions, told.etat) == ([], [], [], [], "orphelin")
    assert chains(small()) == []


def test_the_coding_of_chateaubriant_is_marked_as_proposed():
    own = opened("chateaubriant").verbatims
    assert set(own.loc[own["repris"].isin(["oui", "non"]), "code_par"]) == {"codage proposé"}
    assert own.loc[~own["repris"].isin(["oui", "non"]), "code_par"].isna().all()
