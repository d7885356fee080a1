"""Points are added, opinions are counted, and neither is ever a mean; worked examples are in ``cases/agreement.yml``."""

import re
import warnings
from dataclasses import asdict, is_dataclass
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest
import scipy
import yaml
from conftest import sheet
from hypothesis import given, settings
from hypothesis import strategies as st

from domino_analysis import agreement
from domino_analysis.agreement import (
    borda,
    copeland,
    divisive,
    dots,
    dots_by_table,
    duels,
    kendall_w,
    krippendorff_alpha,
    opinions,
    ordinal_agreement,
    without_each_table,
)
from domino_analysis.schema import catalogue

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "agreement.yml").read_text(encoding="utf-8"))
PUBLISHED = Path(__file__).parent / "cases" / "published"

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


# ── the worked examples ─────────────────────────────────────────────────────────────────────────


def asked(name: str, value, rows: list | None):
    """Votes on « enjeux » of one meeting, a table whose rows are named, or the value itself."""
    if name == "votes":
        nb = len(value["code"])
        return sheet("votes", **{"objet": ["enjeu"] * nb, "reunion": ["R1"] * nb, **value})
    if name in ("ratings", "rankings", "codings"):
        return pd.DataFrame(value, index=rows)
    return pd.Series(value) if name in ("labels", "counts") else value


def plain(value):
    """Result in the words of the examples: lists and dictionaries, missing as None."""
    if is_dataclass(value):
        value = asdict(value)
    if isinstance(value, pd.DataFrame):
        value = value.to_dict("list" if "code" in value else "index")
    if isinstance(value, pd.Series):
        value = value.to_dict()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return None if pd.isna(value) else value


def nearly(expected):
    if isinstance(expected, dict):
        return {key: nearly(item) for key, item in expected.items()}
    return pytest.approx(expected, abs=1e-9) if isinstance(expected, (int, float)) else expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['formula']}: {case['name']}")
def test_the_worked_example(case):
    terms = dict(case["given"])
    rows = terms.pop("rows", None)
    terms = {name: asked(name, value, rows) for name, value in terms.items()}
    terms |= {"objet": "enjeu"} if "votes" in terms else {}
    with warnings.catch_warnings(action="error"):
        result = plain(getattr(agreement, case["formula"])(**terms))
    if isinstance(case["expect"], dict) and case["formula"] not in ("ballots", "borda", "copeland", "duels"):
        result = {key: result[key] for key in case["expect"]}
    assert result == nearly(case["expect"])


def test_each_formula_has_an_example_and_no_two_examples_the_same_name():
    assert {case["formula"] for case in CASES} == {
        "ballots", "without_each_table", "divisive", "ordinal_agreement", "kendall_w", "borda", "copeland", "duels",
        "krippendorff_alpha",
    }  # fmt: skip
    assert len({case["name"] for case in CASES}) == len(CASES)


# ── what leaves a table out is what the sheet without that table gives ─────────────────────────


def test_each_column_is_the_order_of_the_sheet_without_that_table():
    ranks = without_each_table(VOTES, "critère", LABELS).set_index("code")
    assert ranks.index.tolist() == dots(VOTES, "critère", LABELS)["code"].tolist()
    for table in "AB":
        left = dots(VOTES[VOTES["table"] != table], "critère", LABELS).set_index("code")["points"]
        assert ranks[table].to_dict() == left.rank(ascending=False, method="min").to_dict()


def test_a_code_that_no_label_explains_has_its_rank_and_its_difference():
    bare = LABELS.iloc[:0]
    assert set(without_each_table(VOTES, "critère", bare)["label"]) == {"I1", "I2", "I3"}
    assert set(divisive(VOTES, "critère", bare)["label"]) == {"I1", "I2", "I3"}


def test_what_divides_as_much_keeps_the_order_of_the_points_however_many_things_there_are():
    codes = [f"E{number}" for number in range(40)]
    votes = sheet("votes", objet=["enjeu"] * 80, code=codes * 2, table=["A"] * 40 + ["B"] * 40, points=[1] * 80)
    assert divisive(votes, "enjeu", pd.Series(codes, index=codes))["code"].tolist() == codes


@pytest.mark.filterwarnings("error")
def test_without_votes_no_order_changes_and_nothing_divides():
    none = sheet("votes")
    assert without_each_table(none, "critère", LABELS).columns.tolist() == ["code", "label", "ensemble"]
    assert divisive(none, "critère", LABELS).empty
    assert agreement.ballots(none, "critère").empty


def test_ranks_and_points_are_whole_numbers():
    ranks = without_each_table(VOTES, "critère", LABELS)
    assert set(ranks.dtypes.iloc[2:].astype(str)) == {"int64"}
    ends = divisive(VOTES, "critère", LABELS)[["points_haut", "sur_haut", "points_bas", "sur_bas"]]
    assert set(ends.dtypes.astype(str)) == {"int64"}


# ── published numbers ───────────────────────────────────────────────────────────────────────────

RESULTS = pd.read_csv(PUBLISHED / "voting_results_published.csv")


def profile(example: str) -> pd.DataFrame:
    """Rankings of a published profile: a row per candidate, a column per voter."""
    groups = pd.read_csv(PUBLISHED / "voting_profiles.csv").query("example == @example")
    ranks = [
        {candidate: place for place, candidate in enumerate(group[2:], 1) if isinstance(candidate, str)}
        for group in groups.itertuples(index=False)
        for _ in range(group.voters)
    ]
    return pd.DataFrame(ranks).T.sort_index()


def published(start: str) -> list:
    rows = RESULTS[RESULTS["quantity"].str.match(start)]
    return [pytest.param(*row, id=f"{row[0]}: {row[1]}") for row in rows.itertuples(index=False)]


@pytest.mark.parametrize(("example", "quantity", "value"), published("borda_.$"))
def test_the_published_borda_score(example, quantity, value):
    assert borda(profile(example))[quantity[-1]] == int(value)


@pytest.mark.parametrize(("example", "quantity", "value"), published("borda_winner"))
def test_the_published_borda_winner(example, quantity, value):
    assert borda(profile(example)).idxmax() == value


@pytest.mark.parametrize(("example", "quantity", "value"), published("outrank_"))
def test_the_published_duel(example, quantity, value):
    row, column = quantity[-2:]
    assert duels(profile(example)).loc[row, column] == int(value)


@pytest.mark.parametrize(("example", "quantity", "value"), published("condorcet_winner"))
def test_the_published_condorcet_winner_wins_every_duel_and_a_circle_has_none(example, quantity, value):
    scores = copeland(profile(example))
    winners = scores.index[scores == len(scores) - 1].tolist()
    assert winners == ([] if value.startswith("none") else [value])


@pytest.mark.parametrize(("example", "quantity", "value"), published("condorcet_ranking"))
def test_the_published_condorcet_ranking(example, quantity, value):
    assert ">".join(copeland(profile(example)).sort_values(ascending=False).index) == value


@pytest.mark.parametrize(("example", "quantity", "value"), published("kemeny_...$"))
def test_the_published_kemeny_score_is_the_sum_of_the_duels_that_the_order_wins(example, quantity, value):
    won = duels(profile(example))
    first, second, third = quantity[-3:]
    assert won.loc[first, second] + won.loc[first, third] + won.loc[second, third] == int(value)


ALPHAS = re.findall(
    r"(0\.\d{3}) (nominal|ordinal|interval|ratio)", (PUBLISHED / "LISEZMOI.md").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(("value", "level"), ALPHAS)
def test_the_published_alpha_of_krippendorff_s_example(value, level):
    codings = pd.read_csv(PUBLISHED / "krippendorff_12x4.csv", index_col="row")
    assert f"{krippendorff_alpha(codings, level):.3f}" == value
    assert f"{krippendorff_alpha(codings[::-1], level):.3f}" == value  # the greatest code is met first


def test_there_is_a_published_alpha_for_each_level():
    assert {level for _, level in ALPHAS} == set(agreement.LEVELS)


def test_the_published_agreement_a_of_a_thousand_answers():
    published = pd.read_csv(PUBLISHED / "agreement_a.csv", dtype=str)
    for counts, value in published.itertuples(index=False):
        result = ordinal_agreement(pd.Series(counts.split(";"), dtype=int))
        assert f"{result.a:.7f}" == value
        assert result.n == 1000


def test_what_the_handbook_calls_w_is_kendall_s_tau_and_w_follows_spearman_s_rho():
    rows = pd.read_csv(PUBLISHED / "other_worked_examples.csv").set_index("quantity")
    inputs, value = rows.loc["tau of ranks", ["inputs", "value"]]
    first, second = ([int(rank) for rank in ranks.split(";")] for ranks in inputs.split("|"))
    assert f"{scipy.stats.kendalltau(first, second).statistic:.2f}" == str(value)
    w = kendall_w(pd.DataFrame({"A": first, "B": second})).w
    assert w == pytest.approx((1 + scipy.stats.spearmanr(first, second).statistic) / 2)  # two raters, no ties


def test_text_codes_agree_as_much_as_the_numbers_that_they_stand_for():
    codings = pd.read_csv(PUBLISHED / "krippendorff_12x4.csv", index_col="row")
    texts = codings.map(lambda code: f"E{code:g}", na_action="ignore")
    assert krippendorff_alpha(texts, "nominal") == krippendorff_alpha(codings, "nominal")


def test_texts_have_no_order_and_an_unknown_level_is_named():
    texts = pd.DataFrame({"A": ["peu", "beaucoup"], "B": ["peu", "peu"]})
    with pytest.raises(ValueError, match="peu"):
        krippendorff_alpha(texts, "ordinal")
    with pytest.raises(KeyError, match="ordnal"):
        krippendorff_alpha(texts, "ordnal")


# ── what holds for any numbers ──────────────────────────────────────────────────────────────────

few = settings(max_examples=40, deadline=None)


def tables(values, rows=(2, 6), columns=(2, 5)):
    """Tables of a few rows and columns whose cells are such values."""
    shapes = st.tuples(st.integers(*rows), st.integers(*columns))
    return shapes.flatmap(
        lambda shape: st.lists(
            st.lists(values, min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
        )
    ).map(lambda cells: pd.DataFrame(cells, dtype=float))


def turned(table: pd.DataFrame) -> pd.DataFrame:
    """The same table with its rows and its columns in the other order."""
    return table.iloc[::-1, ::-1]


ratings = tables(st.integers(1, 4))
rankings = tables(st.integers(1, 4) | st.none(), rows=(1, 6), columns=(1, 6))
codings = tables(st.integers(1, 3) | st.none())
answers = st.lists(st.integers(0, 9), min_size=3, max_size=7).filter(any).map(pd.Series)


@few
@given(tables(st.integers(1, 4), rows=(3, 6), columns=(3, 5)))
def test_w_is_friedman_s_chi_square_over_its_maximum(table):
    result = kendall_w(table)
    if table.nunique().max() > 1:
        chi2, p = scipy.stats.friedmanchisquare(*table.to_numpy())
        assert (result.chi2, result.p) == pytest.approx((chi2, p), abs=1e-9)
        assert result.w == pytest.approx(chi2 / (result.raters * (result.objects - 1)))


@few
@given(ratings)
def test_w_goes_from_0_to_1_and_the_order_of_rows_and_columns_changes_nothing(table):
    result = kendall_w(table)
    if table.nunique().max() > 1:
        assert -1e-9 <= result.w <= 1 + 1e-9
        assert 0 < result.p_permutation <= 1
    assert kendall_w(turned(table)).w == pytest.approx(result.w, nan_ok=True)


@few
@given(ratings)
def test_w_depends_on_the_order_only(table):
    result, other = kendall_w(table), kendall_w(table**3 - 10)
    assert (other.w, other.p_permutation) == pytest.approx((result.w, result.p_permutation), nan_ok=True)


@few
@given(st.lists(st.integers(1, 9), min_size=2, max_size=6).filter(lambda r: len(set(r)) > 1), st.integers(2, 5))
def test_identical_raters_have_a_w_of_1(rating, raters):
    assert kendall_w(pd.DataFrame([rating] * raters).T).w == pytest.approx(1)


def test_the_permutation_p_value_is_the_same_at_each_call():
    table = pd.DataFrame({"A": range(7), "B": [1, 0, 2, 3, 4, 6, 5], "C": [6, 5, 4, 3, 2, 1, 0]})
    assert kendall_w(table) == kendall_w(table)


@few
@given(rankings)
def test_each_ballot_gives_as_many_borda_points_and_each_duel_has_one_loser(table):
    k, ballots = table.shape
    assert borda(table).sum() == ballots * k * (k - 1) / 2
    assert borda(table).between(0, ballots * (k - 1)).all()
    assert copeland(table).sum() == 0
    assert (duels(table) + duels(table).T).max(axis=None) <= ballots


@few
@given(rankings)
def test_the_order_of_objects_and_of_ballots_changes_no_score(table):
    for scores in (borda, copeland):
        assert scores(turned(table))[table.index].tolist() == scores(table).tolist()


@few
@given(rankings)
def test_borda_is_the_duels_won_minus_lost_ballot_by_ballot(table):
    k, ballots = table.shape
    won = duels(table)
    assert borda(table).tolist() == ((won - won.T).sum(axis=1) / 2 + ballots * (k - 1) / 2).tolist()


@few
@given(answers, st.integers(2, 5))
def test_agreement_goes_from_minus_1_to_1_and_is_the_same_downwards_and_for_twice_as_many(counts, times):
    result = ordinal_agreement(counts)
    assert -1 - 1e-9 <= result.a <= 1 + 1e-9
    assert ordinal_agreement(counts[::-1]).a == pytest.approx(result.a)
    assert ordinal_agreement(times * counts).a == pytest.approx(result.a)
    assert ordinal_agreement(times * counts).median == result.median


@few
@given(answers)
def test_the_median_is_that_of_the_answers_one_by_one(counts):
    each = [category for category, nb in counts.items() for _ in range(nb)]
    middle = {each[(len(each) - 1) // 2], each[len(each) // 2]}
    assert ordinal_agreement(counts).median == tuple(sorted(middle))


@few
@given(st.integers(3, 9), st.integers(1, 20))
def test_an_even_spread_is_0_and_two_camps_at_the_ends_are_minus_1_on_any_scale(k, nb):
    assert ordinal_agreement(pd.Series([nb] * k)).a == pytest.approx(0)
    assert ordinal_agreement(pd.Series([nb, *[0] * (k - 2), nb])).a == pytest.approx(-1)
    for category in range(k):
        assert ordinal_agreement(pd.Series({place: nb * (place == category) for place in range(k)})).a == 1


@few
@given(st.lists(st.booleans(), min_size=3, max_size=8).filter(any))
def test_a_layer_counts_the_triples_of_the_published_formula(filled):
    k, s = len(filled), sum(filled)
    triples = list(combinations(filled, 3))
    t = triples.count((True, True, False)) + triples.count((False, True, True))
    d = triples.count((True, False, True))
    u = ((k - 2) * t - (k - 1) * d) / ((k - 2) * (t + d)) if t + d else 1
    assert ordinal_agreement(pd.Series(filled)).a == pytest.approx(u * (1 - (s - 1) / (k - 1)))


@few
@given(codings, st.sampled_from(sorted(agreement.LEVELS)))
def test_the_order_of_units_and_of_coders_changes_no_alpha(table, level):
    alpha = krippendorff_alpha(table, level)
    assert not alpha > 1
    assert krippendorff_alpha(turned(table), level) == pytest.approx(alpha, nan_ok=True)
