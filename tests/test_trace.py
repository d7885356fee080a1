"""What was taken up, what was lost on the way, and what has no follow-up."""

import itertools

import pytest
from conftest import opened, sheet, small

from domino_analysis.trace import NOT_TAKEN_UP, UNSAID, by_moment, chains, coverage, taken_up

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
    assert coverage(STAKES, sheet("indicateurs"), sheet("preconisations")).to_numpy().tolist() == [
        ["E1", "Les services", 0, 0],
        ["E2", "Le lien", 0, 0],
    ]
    assert coverage(sheet("enjeux"), sheet("indicateurs"), sheet("preconisations")).empty


def test_a_moment_that_no_recommendation_speaks_of_is_zero_and_silence_comes_last():
    frame = by_moment(sheet("preconisations", objectif=["a", "b"], moment=["accompagnement", None]))
    assert frame.to_numpy().tolist() == [["déclenchement", 0], ["accompagnement", 1], ["pérennisation", 0], [UNSAID, 1]]


def test_a_chain_goes_from_statements_to_actions():
    (chain,) = chains(
        small(
            enjeux=STAKES,
            indicateurs=sheet("indicateurs", indicateur=["I1"], critere=["Trajets"]),
            verbatims=sheet("verbatims", verbatim=["V1", "V2", "V3"], texte=["un", "deux", "trois"]),
            preconisations=sheet(
                "preconisations", preconisation=["P1"], objectif=["Un lieu"], enjeu=["E2"], indicateur=["I1"],
                origine=["V3; V1; V9"],
            ),
            actions=sheet("actions", action=["A1", "A2"], preconisation=["P1", "P2"], description=["ouvrir", "fermer"]),
        )
    )  # fmt: skip
    assert (chain.enjeu, chain.critere, chain.verbatims) == ("Le lien", "Trajets", ["trois", "un"])
    assert chain.actions["description"].tolist() == ["ouvrir"]


def test_a_recommendation_that_comes_from_nothing_and_leads_to_nothing_says_so():
    (chain,) = chains(small(preconisations=sheet("preconisations", preconisation=["P1"], objectif=["Un lieu"])))
    assert (chain.enjeu, chain.critere, chain.verbatims, len(chain.actions)) == ("", "", [], 0)
    assert chains(small()) == []


def test_the_coding_of_chateaubriant_is_marked_as_proposed():
    own = opened("chateaubriant").verbatims
    assert set(own.loc[own["repris"].isin(["oui", "non"]), "code_par"]) == {"codage proposé"}
    assert own.loc[~own["repris"].isin(["oui", "non"]), "code_par"].isna().all()
