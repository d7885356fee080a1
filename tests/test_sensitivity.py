"""Scenarios are drawn within their bounds, and ranked as the plain pipeline would rank each of them."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domino_analysis import sensitivity
from domino_analysis.indicators import aggregate, normalise, ranks
from domino_analysis.sensitivity import NORMALISATIONS, rank_summary, ranks_under, scenarios

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

TREE = pd.DataFrame(
    [
        ["vie", "", None, None], ["cadre", "vie", 2, None], ["eau", "cadre", 1, None], ["captage", "eau", 1, 1],
        ["riviere", "eau", 2, 1], ["trajet", "cadre", 3, -1], ["emploi", "vie", 1, 1],
    ],
    columns=["code", "parent", "weight", "direction"],
).set_index("code")  # fmt: skip
LEAVES = ["captage", "riviere", "trajet", "emploi"]
VALUES = pd.DataFrame(
    {"captage": [1, 5, None, 2], "riviere": [3, 3, 8, None], "trajet": [20, 60, 30, 40], "emploi": [9, 2, 4, None]},
    index=["Redon", "Rennes", "Morlaix", "Châteaubriant"],
)


def one_by_one(values, tree, drawn, code, normalisations=NORMALISATIONS) -> pd.DataFrame:
    """Ranks of each scenario by itself: normalise, aggregate, rank."""
    found = {}
    for label, scenario in drawn.iterrows():
        codes = tree.assign(weight=scenario[tree.index].astype(float))
        leaves = [name for name in values if name in tree.index]
        scores = normalise(values[leaves], tree["direction"], **normalisations[scenario["normalisation"]])
        found[label] = ranks(aggregate(scores, codes, scenario["aggregation"]))[code]
    return pd.DataFrame(found).T


# ── drawing ─────────────────────────────────────────────────────────────────────────────────────


def test_a_scenario_is_two_choices_and_a_weight_for_each_code():
    drawn = scenarios(TREE, 500)
    assert list(drawn) == ["normalisation", "aggregation", *TREE.index]
    assert drawn["normalisation"].value_counts().between(125, 210).to_dict() == dict.fromkeys(NORMALISATIONS, True)
    assert drawn["aggregation"].value_counts().between(125, 210).all()
    assert set(drawn["aggregation"]) == {"arithmetic", "geometric", "harmonic"}


def test_each_weight_moves_by_a_quarter_at_most_and_on_its_own():
    drawn = scenarios(TREE.fillna({"weight": 7}), 2000)
    change = drawn[TREE.index[1:]] / TREE["weight"].iloc[1:]
    assert change.min().between(0.75, 0.76).all()
    assert change.max().between(1.24, 1.25).all()
    assert change.mean().between(0.98, 1.02).all()
    assert np.abs(np.corrcoef(change.T) - np.eye(6)).max() < 0.1
    assert drawn["vie"].eq(7).all()


def test_the_same_seed_gives_the_same_scenarios_and_another_seed_others():
    assert scenarios(TREE, 5, seed=3).equals(scenarios(TREE, 5, seed=3))
    assert not scenarios(TREE, 5, seed=3).equals(scenarios(TREE, 5, seed=4))


def test_one_choice_without_noise_is_the_tree_itself():
    drawn = scenarios(TREE, 2, weight_noise=0, normalisations=["rank"], aggregations=["harmonic"])
    assert drawn.drop(columns="vie").to_numpy().tolist() == [["rank", "harmonic", 2, 1, 1, 2, 3, 1]] * 2


@pytest.mark.parametrize("noise", [-0.1, 1.5])
def test_a_noise_that_would_turn_a_weight_negative_is_refused(noise):
    with pytest.raises(ValueError, match=f"weight_noise is {noise}"):
        scenarios(TREE, 5, weight_noise=noise)


def test_the_scores_of_each_variant_are_above_0():
    for options in NORMALISATIONS.values():
        assert (normalise(VALUES, TREE["direction"], **options).min() > 0).all()
    assert normalise(VALUES, **NORMALISATIONS["min-max"])["captage"].tolist()[:2] == [1, 100]
    standing = normalise(VALUES, **NORMALISATIONS["z-score"])["trajet"]
    assert (standing.mean(), standing.std()) == (pytest.approx(10), pytest.approx(2))


# ── ranking ─────────────────────────────────────────────────────────────────────────────────────


def test_two_scenarios_by_hand():
    tree = pd.DataFrame({"parent": ["", "vie", "vie"], "direction": [None, 1, -1]}, index=["vie", "eau", "trajet"])
    values = pd.DataFrame({"eau": [0, 10], "trajet": [10, 20]}, index=["Redon", "Rennes"])
    chosen = pd.DataFrame(
        {
            "normalisation": "min-max",
            "aggregation": ["arithmetic", "arithmetic", "harmonic"],
            "eau": [1, 3, 1],
            "trajet": [2, 1, 1],
        },
        index=["trajets", "eaux", "égalité"],
    )  # Redon has 1 and 100, Rennes 100 and 1
    found = ranks_under(values, tree, chosen, "vie")
    assert found.T.to_dict("list") == {"trajets": [1, 2], "eaux": [2, 1], "égalité": [1, 1]}


@pytest.mark.parametrize("code", ["vie", "cadre", "eau"])
@pytest.mark.parametrize("block", [1, 60, 1_000_000])
def test_many_at_once_are_each_by_itself(code, block, monkeypatch):
    monkeypatch.setattr(sensitivity, "BLOCK", block)
    drawn = scenarios(TREE, 60, seed=1)
    found = ranks_under(VALUES, TREE, drawn, code)
    pd.testing.assert_frame_equal(found, one_by_one(VALUES, TREE, drawn, code), check_names=False)
    assert len(found.drop_duplicates()) > 1


def test_memory_is_that_of_the_result_and_of_one_block(monkeypatch):
    values = pd.DataFrame(np.random.default_rng(0).normal(size=(2000, 4)), columns=LEAVES)
    drawn = scenarios(TREE, 300, normalisations=["min-max"], aggregations=["arithmetic"])
    peaks = {}
    for block in (100_000, 10_000_000):
        monkeypatch.setattr(sensitivity, "BLOCK", block)
        tracemalloc.start()
        result = ranks_under(values, TREE, drawn, "vie")
        peaks[block] = tracemalloc.get_traced_memory()[1] - result.size * 8
        tracemalloc.stop()
    assert peaks[100_000] < 10 * 8 * 100_000 < peaks[10_000_000]  # 8 bytes a number, ten arrays


cell = st.none() | st.integers(0, 20)
seeds = st.integers(0, 10_000)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.tuples(cell, cell, cell, cell), min_size=1, max_size=6), seeds)
def test_many_at_once_are_each_by_itself_whatever_the_values(rows, seed):
    values = pd.DataFrame(rows, columns=LEAVES, dtype=float)
    drawn = scenarios(TREE, 9, seed=seed)
    expected = one_by_one(values, TREE, drawn, "vie")
    pd.testing.assert_frame_equal(ranks_under(values, TREE, drawn, "vie"), expected, check_names=False)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(1, 5), seeds)
def test_many_at_once_are_each_by_itself_whatever_the_depth(depth, seed):
    chance = np.random.default_rng(seed)
    tree = pd.DataFrame({"parent": [""], "weight": [1.0], "direction": [1]}, index=["n0"])
    for number in range(1, 4 * depth):
        parent = f"n{chance.integers(max(0, number - 3), number)}"
        tree.loc[f"n{number}"] = [parent, chance.integers(1, 9), chance.choice([1, -1])]
    leaves = tree.index.difference(tree["parent"])
    values = pd.DataFrame(chance.normal(size=(7, len(leaves))), columns=leaves)
    values = values.mask(chance.random(values.shape) < 0.2)
    drawn = scenarios(tree, 12, seed=seed)
    expected = one_by_one(values, tree, drawn, "n0")
    pd.testing.assert_frame_equal(ranks_under(values, tree, drawn, "n0"), expected, check_names=False)


def test_the_order_of_scenarios_and_of_units_changes_nothing():
    drawn = scenarios(TREE, 40)
    found = ranks_under(VALUES, TREE, drawn, "vie")
    assert ranks_under(VALUES, TREE, drawn[::-1], "vie").equals(found[::-1])
    assert ranks_under(VALUES[::-1], TREE, drawn, "vie").equals(found[found.columns[::-1]])


def test_units_that_are_equal_share_their_place_in_every_scenario():
    values = pd.concat([VALUES, VALUES.loc[["Redon"]].set_axis(["Rance"])])
    found = ranks_under(values, TREE, scenarios(TREE, 200), "vie")
    assert (found["Redon"] == found["Rance"]).all()


def test_one_unit_is_always_first_and_nothing_known_has_no_place():
    drawn = scenarios(TREE, 20)
    assert ranks_under(VALUES.iloc[:1], TREE, drawn, "vie")["Redon"].eq(1).all()
    unknown = pd.DataFrame(None, index=["A", "B"], columns=LEAVES, dtype=float)
    assert ranks_under(unknown, TREE, drawn, "vie").isna().all(axis=None)
    assert ranks_under(VALUES, TREE, drawn.iloc[:0], "vie").shape == (0, 4)


def test_a_unit_without_score_has_no_place_and_takes_none():
    found = ranks_under(VALUES.drop(columns="emploi").assign(emploi=1.0), TREE, scenarios(TREE, 20), "eau")
    assert found.notna().all(axis=None)
    values = VALUES.copy()
    values.loc["Redon", ["captage", "riviere"]] = None
    found = ranks_under(values, TREE, scenarios(TREE, 20), "eau")
    assert found["Redon"].isna().all()
    assert found.max(axis=1).eq(3).all()


def test_a_variant_of_ones_own_is_named_in_the_scenarios():
    own = {"du pire au mieux": {"method": "goalposts", "low": 0, "high": 100, "bounds": (1, 2)}}
    drawn = scenarios(TREE, 10, normalisations=own)
    assert set(drawn["normalisation"]) == {"du pire au mieux"}
    found = ranks_under(VALUES, TREE, drawn, "vie", own)
    pd.testing.assert_frame_equal(found, one_by_one(VALUES, TREE, drawn, "vie", own), check_names=False)


def test_scores_of_0_are_refused_as_aggregate_refuses_them():
    plain = {"min-max": {"method": "min-max"}}
    drawn = scenarios(TREE, 5, normalisations=plain, aggregations=["geometric"])
    with pytest.raises(ValueError, match="geometric.*Redon.*captage"):
        ranks_under(VALUES, TREE, drawn, "vie", plain)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda drawn: drawn.assign(normalisation="centile"), "min-max.*centile"),
        (lambda drawn: drawn.assign(aggregation="médiane"), "geometric.*médiane"),
        (lambda drawn: drawn.assign(trajet=-1), "weight.*trajet"),
        (lambda drawn: drawn.drop(columns="trajet"), "do not weigh.*trajet"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused_by_what_is_wrong(change, words):
    with pytest.raises(ValueError, match=words):
        ranks_under(VALUES, TREE, change(scenarios(TREE, 5)), "vie")


@pytest.mark.parametrize("code", ["trajet", "lien"])
def test_only_what_holds_others_has_places(code):
    with pytest.raises(ValueError, match=code):
        ranks_under(VALUES, TREE, scenarios(TREE, 5), code)


def test_an_indicator_that_nobody_measured_is_named():
    with pytest.raises(ValueError, match="no column.*trajet"):
        ranks_under(VALUES.drop(columns="trajet"), TREE, scenarios(TREE, 5), "vie")


# ── summing up ──────────────────────────────────────────────────────────────────────────────────


def test_a_quantile_between_two_places_is_in_proportion():
    found = rank_summary(pd.DataFrame({"Redon": [1, 2, 3, 4, 5], "Rennes": [2, 2, 2, 2, 7]}))
    assert list(found) == ["mean", "median", "q5", "q95"]
    assert found.loc["Redon"].tolist() == pytest.approx([3, 3, 1.2, 4.8])  # 1 + 0.05 * 4, 1 + 0.95 * 4
    assert found.loc["Rennes"].tolist() == pytest.approx([3, 2, 2, 6])  # 2 + 0.8 * (7 - 2)


def test_scenarios_without_a_place_are_left_out():
    found = rank_summary(pd.DataFrame({"Redon": [1, None, 3], "Rennes": [None] * 3}, dtype=float))
    assert found.loc["Redon"].tolist() == pytest.approx([2, 2, 1.1, 2.9])
    assert found.loc["Rennes"].isna().all()
