"""The way still to go, and what each practice does to each criterion; formulas are in ``cases/formules.yml``."""

import pandas as pd
import pytest
from conftest import sheet

from domino_analysis.indicators import directions, gap, medians, practice_matrix

CRITERIA = sheet(
    "indicateurs", indicateur=["I1", "I2", "I3"], critere=["Eau", "Emploi", "Lien"],
    sens=["augmente", "diminue", "reste stable"], statut=["retenu", None, "écarté"],
)  # fmt: skip


def test_an_indicator_rises_falls_or_has_no_direction():
    assert directions(CRITERIA).to_dict() == {"I1": 1, "I2": -1, "I3": pytest.approx(float("nan"), nan_ok=True)}


def test_the_way_there_and_the_way_back_are_opposite():
    here, there = pd.Series([1.0, 2.5, 4.0]), pd.Series([5.0, 2.5, 1.0])
    assert gap(here, there).tolist() == (-gap(there, here)).tolist() == gap(here, there, -1).mul(-1).tolist()


def test_equal_gaps_keep_the_order_of_the_codes():
    mesures = sheet("mesures", indicateur=["I2", "I1"], actuelle=[4, 2], souhaitee=[2, 4])
    assert medians(mesures, CRITERIA)["indicateur"].tolist() == ["I1", "I2"]


def test_a_measure_of_an_unknown_indicator_is_left_out():
    assert medians(sheet("mesures", indicateur=["I9"], actuelle=[2], souhaitee=[3]), CRITERIA).empty


def test_without_measures_there_is_no_row_but_the_columns_are_there():
    frame = medians(sheet("mesures"), sheet("indicateurs"))
    assert frame.empty
    assert {"indicateur", "critere", "actuelle", "souhaitee", "ecart", "nb"} <= set(frame)


def matrix(**columns):
    return practice_matrix(sheet("mesures", **columns), CRITERIA)


def test_a_criterion_that_nobody_looked_at_is_a_column_of_blanks():
    frame = matrix(indicateur=["I1"], pratique=["SEL"], avis=["++"])
    assert list(frame) == ["pratique", "Eau", "Emploi"]
    assert frame["Eau"].tolist() == ["++"]
    assert frame["Emploi"].isna().all()


def test_answers_that_differ_stand_side_by_side_and_equal_ones_once():
    frame = matrix(indicateur=["I1"] * 3, pratique=["SEL"] * 3, avis=["+", "-", "+"])
    assert frame["Eau"].tolist() == ["+ / -"]


def test_no_effect_is_an_answer_and_not_a_blank():
    assert matrix(indicateur=["I1"], pratique=["SEL"], avis=["0"])["Eau"].tolist() == ["0"]


def test_a_criterion_that_was_set_aside_has_no_column():
    assert "Lien" not in matrix(indicateur=["I3", "I1"], pratique=["SEL", "SEL"], avis=["+", "+"])


def test_practices_keep_the_order_of_the_sheet():
    frame = matrix(indicateur=["I1", "I2", "I1"], pratique=["SEL", "AMAP", "AMAP"], avis=["+", "-", "0"])
    assert frame["pratique"].tolist() == ["SEL", "AMAP"]


@pytest.mark.parametrize("columns", [{}, {"indicateur": ["I1"], "actuelle": [3]}, {"pratique": ["SEL"]}])
def test_without_an_opinion_on_a_practice_the_matrix_is_empty(columns):
    assert matrix(**columns).empty
