"""Points are added, opinions are counted, and neither is ever a mean."""

import pandas as pd
from conftest import sheet

from domino_analysis.agreement import dots, dots_by_table, opinions
from domino_analysis.schema import catalogue

LABELS = pd.Series({"I1": "Eau", "I2": "Emploi", "I3": "Lien"})
SCALE = list(catalogue()["votes"]["avis"].enum)
VOTES = sheet(
    "votes", objet=["critère"] * 5, code=["I1", "I1", "I2", "I2", "I3"], table=["A", "B", "A", "B", None],
    points=[1, 2, 4, None, 3],
)  # fmt: skip


def test_points_are_sorted_and_their_sum_is_that_of_the_ballots():
    frame = dots(VOTES, "critère", LABELS)
    assert frame["label"].tolist() == ["Emploi", "Eau", "Lien"]
    assert frame["points"].tolist() == [4, 3, 3]
    assert frame["points"].sum() == VOTES["points"].sum()


def test_without_votes_everything_has_no_point():
    assert dots(sheet("votes"), "critère", LABELS)["points"].tolist() == [0, 0, 0]


def test_a_code_that_no_label_explains_stands_for_itself():
    shown = dots(VOTES, "critère", LABELS.iloc[:0])
    assert shown["label"].tolist() == shown["code"].tolist()
    assert shown["points"].sum() == VOTES["points"].sum()


def test_each_table_has_its_mark_and_a_ballot_without_a_table_has_none():
    marks = dots_by_table(VOTES, "critère")
    assert marks.to_numpy().tolist() == [["I1", "A", 1], ["I1", "B", 2], ["I2", "A", 4]]


def test_leaving_one_table_out_moves_the_first_place():
    left = dots(VOTES[VOTES["table"] != "A"], "critère", LABELS)
    assert left["label"].tolist() == ["Lien", "Eau", "Emploi"]


def test_without_votes_no_table_has_a_mark():
    assert dots_by_table(sheet("votes"), "critère").empty


def test_opinions_are_a_distribution_in_the_order_of_the_scale():
    votes = sheet("votes", code=["I1", "I1", "I1"], avis=["mitigé", "d'accord", "mitigé"])
    frame = opinions(votes, SCALE, LABELS)
    assert list(frame) == ["code", "label", *SCALE]
    row = frame.set_index("label").loc["Eau"]
    assert row[["d'accord", "mitigé"]].tolist() == [1, 2]
    assert row[SCALE].sum() == 3


def test_who_does_not_know_or_does_not_answer_is_counted_apart():
    silent = ["ne sait pas", "ne veut pas répondre"]
    frame = opinions(sheet("votes", code=["I1", "I1"], avis=silent), SCALE, LABELS)
    assert frame[silent].to_numpy().tolist() == [[1, 1]]


def test_a_ballot_without_an_opinion_is_in_no_column():
    votes = sheet("votes", code=["I1", "I2"], avis=["mitigé", None])
    assert opinions(votes, SCALE, LABELS)["code"].tolist() == ["I1"]
    assert opinions(votes.iloc[1:], SCALE, LABELS).empty
