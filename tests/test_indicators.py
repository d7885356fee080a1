"""One scale, weights, the whole, what it depends on; the way still to go; what each practice does to each criterion.

Worked examples are in ``cases/indicators.yml`` and ``cases/formules.yml``, published figures in ``cases/published``.
"""

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import sheet
from hypothesis import given, settings
from hypothesis import strategies as st

from domino_analysis import indicators
from domino_analysis.indicators import (
    MEANS,
    METHODS,
    aggregate,
    branch,
    directions,
    distribution,
    gap,
    leave_one_out,
    medians,
    normalise,
    practice_effects,
    practice_matrix,
    ranks,
    readiness,
    served,
    weights_from_votes,
)

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "indicators.yml").read_text(encoding="utf-8"))
PUBLISHED = Path(__file__).parent / "cases" / "published"


pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
properties = settings(max_examples=40, deadline=None, derandomize=True)


def tree(codes: dict[str, list]) -> pd.DataFrame:
    """Tree by code: parent, weight, and direction where it is said."""
    return pd.DataFrame.from_dict(codes, orient="index").set_axis(
        ["parent", "weight", "direction"][: len(codes["vie"])], axis=1
    )


# ── worked examples ─────────────────────────────────────────────────────────────────────────────

TABLES = ("values", "scores", "current", "desired")
BY_CODE = ("direction", "low", "high")


def asked(name: str, value):
    if name == "tree":
        return tree(value)
    if name in TABLES:
        return pd.DataFrame(value, dtype=float)
    if name == "votes":
        is_ballots = any(isinstance(points, list) for points in value.values())
        return pd.DataFrame(value, dtype=float) if is_ballots else pd.Series(value)
    return pd.Series(value) if name in BY_CODE and isinstance(value, dict) else value


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['indicator']}: {case['name']}")
def test_the_worked_example(case):
    result = getattr(indicators, case["indicator"])(**{name: asked(name, v) for name, v in case["given"].items()})
    if case["indicator"] == "leave_one_out":
        result = result.T
    if isinstance(result, pd.Series):
        assert list(result.index) == list(case["expect"])
        assert result.tolist() == pytest.approx(list(case["expect"].values()))
        return
    assert list(result) == list(case["expect"])
    for column, expected in case["expect"].items():
        assert result[column].tolist() == pytest.approx(
            [float("nan") if value is None else value for value in expected], nan_ok=True
        ), column


def test_no_two_examples_have_the_same_name():
    assert len({case["name"] for case in CASES}) == len(CASES)


# ── published figures ───────────────────────────────────────────────────────────────────────────


def published(name: str) -> pd.DataFrame:
    return pd.read_csv(PUBLISHED / name)


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"[\d.]+", text)]


def printed(number: float, digits: str) -> bool:
    """Whether a number is the one that was printed, to its last digit."""
    decimals = len(digits.partition(".")[2])
    return abs(number - float(digits)) <= 0.5 * 10**-decimals + 1e-9


@pytest.mark.parametrize(
    ("column", "options"),
    [("rank_ascending", {"method": "rank"}), ("z_score", {"method": "z-score"}), ("min_max", {"bounds": (0, 1)})],
)
def test_the_handbook_table_15_normalises_years_of_schooling(column, options):
    table = pd.read_csv(PUBLISHED / "tai_table15_normalisation_schooling.csv", dtype=str)
    found = normalise(table[["schooling"]].astype(float), **options)["schooling"]
    wrong = [
        c
        for c, number, digits in zip(table["country"], found, table[column], strict=True)
        if not printed(number, digits)
    ]
    assert len(table) == 23
    assert wrong == []


def test_the_places_among_others_follow_from_the_published_ranks():
    table = published("tai_table15_normalisation_schooling.csv")
    schooling, rank = table[["schooling"]], table["rank_ascending"]
    assert normalise(schooling, method="borda")["schooling"].tolist() == (rank - 1).tolist()
    assert normalise(schooling, method="percentile-rank")["schooling"].tolist() == ((rank - 1) / 22).tolist()
    percentile = 100 * normalise(schooling, method="rank")["schooling"] / 23
    assert percentile.round(1).tolist() == table["percentile"].tolist()


@pytest.mark.parametrize(
    "row",
    published("other_worked_examples.csv").query("quantity.str.contains('eometric mean')").to_dict("records"),
    ids=lambda row: row["inputs"],
)
def test_the_handbook_means_of_page_104(row):
    scores = pd.DataFrame([numbers(row["inputs"])], columns=list("abcd"))
    vie = tree({"vie": ["", 1]} | {code: ["vie", 1] for code in "abcd"})
    (found,) = aggregate(scores, vie, "geometric")["vie"]
    assert math.floor(100 * found + 1e-9) / 100 == row["value"]  # the page cuts what follows: 2.5457 is printed 2.54


@pytest.mark.parametrize(
    "row",
    published("other_worked_examples.csv").query("source_page.str.contains('Table 14')").to_dict("records"),
    ids=lambda row: row["quantity"],
)
def test_the_handbook_table_14_measures_the_distance_to_the_best(row):
    own, best = zip(*(numbers(pair) for pair in re.findall(r"[\d.]+/[\d.]+", row["inputs"])), strict=True)
    names = ["temperature", "humidity"]
    scores = normalise(pd.DataFrame([own], columns=names), method="goalposts", low=0, high=pd.Series(best, names))
    both = aggregate(scores, tree({"vie": ["", 1], "temperature": ["vie", 1], "humidity": ["vie", 1]}))
    assert both["vie"].round(3).tolist() == [row["value"]]


HDI = published("hdi_worked_examples.csv").set_index(["source", "country", "quantity"])
HDI_1999 = {
    "life_expectancy": "life_expectancy_index", "literacy": "adult_literacy_index", "enrolment": "enrolment_index",
    "gdp": "gdp_index",
}  # fmt: skip


@pytest.mark.parametrize("country", ["Germany", "China", "Mozambique"])
def test_the_human_development_report_of_1999(country):
    report = HDI.loc["HDR1999 method"].loc[country]
    given = {name: numbers(report["inputs"][quantity].replace("0-100", "0 100")) for name, quantity in HDI_1999.items()}
    given["gdp"] = list(np.log(given["gdp"]))
    values, low, high = pd.DataFrame(given, index=["value", "low", "high"]).to_numpy()
    scores = normalise(
        pd.DataFrame([values], columns=list(given)), method="goalposts", low=pd.Series(low, list(given)),
        high=pd.Series(high, list(given)),
    )  # fmt: skip
    codes = tree(
        {"vie": ["", 1], "life_expectancy": ["vie", 1], "education": ["vie", 1], "gdp": ["vie", 1],
         "literacy": ["education", 2], "enrolment": ["education", 1]}
    )  # fmt: skip
    whole = scores.join(aggregate(scores, codes)).iloc[0]
    for name, quantity in (HDI_1999 | {"education": "education_index", "vie": "HDI"}).items():
        assert whole[name] == pytest.approx(report["value"][quantity], abs=0.0005 + 1e-9), name


def test_the_human_development_report_of_2020_takes_a_geometric_mean():
    report = HDI.loc["HDR2020"].loc["(one country)"]
    income, low, high = np.log(numbers(report["inputs"]["income_index"]))
    found = normalise(pd.DataFrame({"income": [income]}), method="goalposts", low=low, high=high)
    assert found["income"].round(4).tolist() == [report["value"]["income_index"]]
    health, education, _ = numbers(report["inputs"]["HDI"])
    codes = tree({"vie": ["", 1], "health": ["vie", 1], "education": ["vie", 1], "income": ["vie", 1]})
    whole = aggregate(found.assign(health=health, education=education), codes, "geometric")
    assert whole["vie"].round(3).tolist() == [report["value"]["HDI"]]


# ── what is refused, and by what name ───────────────────────────────────────────────────────────

TWO = pd.DataFrame({"eau": [2.0, 0.0], "emploi": [6.0, 4.0]}, index=["Redon", "Rennes"])
VIE = {"vie": ["", 1], "eau": ["vie", 1], "emploi": ["vie", 1]}


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"method": "percent"}, ValueError, "min-max.*percent'"),
        ({"method": "rank", "bounds": (0, 1)}, TypeError, "bounds"),
        ({"method": "goalposts", "low": 0}, TypeError, "high"),
        ({"method": "target"}, TypeError, "target"),
        ({"method": "goalposts", "low": 0, "high": pd.Series({"eau": 3})}, ValueError, "high.*emploi"),
        (
            {"method": "goalposts", "low": pd.Series({"eau": 3, "emploi": 0}), "high": 2},
            ValueError,
            "low is above high.*eau'.$",
        ),
        ({"direction": pd.Series({"eau": 1})}, ValueError, "direction.*emploi"),
        ({"direction": pd.Series({"eau": 1, "emploi": 0})}, ValueError, "direction.*emploi"),
    ],
)
def test_a_method_or_an_option_that_does_not_exist_is_named(options, error, words):
    with pytest.raises(error, match=words):
        normalise(TWO, **options)


def test_an_infinite_value_and_a_word_are_refused():
    with pytest.raises(ValueError, match="infinite.*emploi"):
        normalise(TWO.replace(4, float("inf")))
    with pytest.raises(ValueError, match="beaucoup"):
        normalise(pd.DataFrame({"eau": ["beaucoup"]}))


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ({"vie": ["", 1], "eau": ["emploi", 1], "emploi": ["eau", 1]}, "circle.*eau|circle.*emploi"),
        ({"vie": ["", 1], "eau": ["eau", 1]}, "circle.*eau"),
        ({"vie": ["", 1], "eau": ["lien", 1]}, "eau.*lien"),
        ({"vie": ["", 1], "eau": ["vie", 1], "emploi": [None, 1]}, "one top.*vie.*emploi"),
        (VIE | {"lien": ["vie", 1]}, "no column.*lien"),
        (VIE | {"emploi": ["vie", -1]}, "weight.*emploi"),
        (VIE | {"emploi": ["vie", None]}, "weight.*emploi"),
        (VIE | {"emploi": ["vie", float("inf")]}, "weight.*emploi"),
    ],
)
def test_a_tree_that_is_none_is_refused_by_the_name_of_its_code(codes, words):
    with pytest.raises(ValueError, match=words):
        aggregate(TWO, tree(codes))


def test_a_code_given_twice_is_refused_and_so_is_a_tree_without_a_code():
    with pytest.raises(ValueError, match="twice.*eau"):
        aggregate(TWO, pd.concat([tree(VIE), tree(VIE).loc[["eau"]]]))
    with pytest.raises(ValueError, match="one top"):
        aggregate(TWO, tree(VIE).iloc[:0])


@pytest.mark.parametrize("mean", ["geometric", "harmonic"])
def test_a_score_of_0_has_no_geometric_and_no_harmonic_mean(mean):
    with pytest.raises(ValueError, match=f"{mean}.*Rennes.*eau"):
        aggregate(TWO, tree(VIE), mean)
    assert aggregate(TWO, tree(VIE), {3: mean})["vie"].tolist() == [4, 2]


def test_an_error_names_twenty_and_counts_the_others():
    with pytest.raises(ValueError, match=r"\(19, 'eau'\)\] and 3 more$"):
        aggregate(pd.DataFrame({"eau": [0.0] * 23, "emploi": 1.0}), tree(VIE), "geometric")


def test_an_unknown_mean_and_a_coverage_in_percent_are_refused():
    with pytest.raises(ValueError, match="geometric.*median"):
        aggregate(TWO, tree(VIE), {2: "median"})
    with pytest.raises(ValueError, match="coverage.*80"):
        aggregate(TWO, tree(VIE), minimum_coverage=80)


def test_only_what_holds_others_can_lose_one():
    for code in ("eau", "lien"):
        with pytest.raises(ValueError, match=code):
            leave_one_out(TWO, tree(VIE), code)


def test_points_below_0_and_points_for_nothing_are_refused():
    for votes in (pd.Series({"eau": -1, "emploi": 2}), pd.DataFrame({"eau": [-1, 2]})):
        with pytest.raises(ValueError, match="negative.*eau"):
            weights_from_votes(votes, tree(VIE))
    with pytest.raises(ValueError, match="lien"):
        weights_from_votes(pd.Series({"lien": 1}), tree(VIE))


# ── properties ──────────────────────────────────────────────────────────────────────────────────

CODES = {
    "vie": [None, None, None], "cadre": ["vie", 2, None], "eau": ["cadre", 1, 1], "trajet": ["cadre", 3, -1],
    "emploi": ["vie", 1, 1],
}  # fmt: skip
LEAVES = ["eau", "trajet", "emploi"]
present = st.integers(1, 1000).map(lambda tenths: tenths / 10)
with_gaps = st.none() | present


@st.composite
def tables(draw, cell=with_gaps):
    """Some rows of the three indicators."""
    drawn = draw(st.lists(st.tuples(cell, cell, cell), min_size=1, max_size=6))
    return pd.DataFrame(drawn, columns=LEAVES, dtype=float)


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other, check_exact=False, rtol=1e-9, atol=1e-9)


@properties
@given(
    tables(),
    st.sampled_from(["min-max", "z-score", "rank", "percentile-rank", "borda"]),
    st.integers(1, 50),
    st.integers(-50, 50),
)
def test_the_unit_of_an_indicator_changes_nothing(values, method, scale, origin):
    same(normalise(values, method=method), normalise(values * scale + origin, method=method))


@properties
@given(tables(), st.sampled_from(list(METHODS)), st.randoms())
def test_the_order_of_the_rows_changes_nothing(values, method, chance):
    limits = {"goalposts": {"low": 10, "high": 50}, "target": {"target": 50}}.get(method, {})
    order = chance.sample(range(len(values)), len(values))
    way = tree(CODES)["direction"]
    scores = normalise(values, way, method, **limits)
    same(scores.iloc[order], normalise(values.iloc[order], way, method, **limits))
    same(aggregate(scores, tree(CODES)).iloc[order], aggregate(scores.iloc[order], tree(CODES)))
    same(ranks(scores).iloc[order], ranks(scores.iloc[order]))


@properties
@given(tables(), st.sampled_from(list(METHODS)), st.sampled_from([1, -1]))
def test_what_is_present_has_a_score_and_what_is_missing_has_none(values, method, direction):
    limits = {"goalposts": {"low": 10, "high": 50}, "target": {"target": 50}}.get(method, {})
    scores = normalise(values, direction, method, **limits)
    alone = (values.count() == 1) & (method == "percentile-rank")
    assert (scores.notna() == (values.notna() & ~alone)).all(axis=None)
    assert not np.isinf(scores).any(axis=None)


@properties
@given(tables(cell=present), st.sampled_from(["min-max", "z-score", "rank", "percentile-rank", "borda"]))
def test_the_opposite_direction_gives_the_opposite_order(values, method):
    values.loc[len(values)] = 50
    up, down = normalise(values, 1, method), normalise(values, -1, method)
    assert ((up.rank(method="min") - 1) == (len(up) - down.rank(method="max"))).all(axis=None)


@properties
@given(tables(cell=present))
def test_arithmetic_is_at_least_geometric_and_geometric_at_least_harmonic(scores):
    arithmetic, geometric, harmonic = (aggregate(scores, tree(CODES), mean) for mean in MEANS)
    assert (arithmetic - geometric >= -1e-9).all(axis=None)
    assert (geometric - harmonic >= -1e-9).all(axis=None)


@properties
@given(present, st.sampled_from(list(MEANS)), st.floats(0, 1))
def test_where_all_are_equal_the_whole_is_what_each_is(score, mean, coverage):
    scores = pd.DataFrame({leaf: [score] for leaf in LEAVES})
    assert aggregate(scores, tree(CODES), mean, coverage).iloc[0].tolist() == pytest.approx([score, score])


@properties
@given(tables(), st.sampled_from(list(MEANS)))
def test_a_weight_of_0_is_left_out(scores, mean):
    codes = tree(CODES)
    without = codes.drop(index="trajet")
    codes.loc["trajet", "weight"] = 0
    same(aggregate(scores, codes, mean), aggregate(scores, without, mean))
    lost = leave_one_out(scores, codes, "vie", mean)
    assert lost.loc["trajet"].tolist() == pytest.approx(aggregate(scores, codes, mean)["vie"].tolist(), nan_ok=True)


@properties
@given(tables(), st.sampled_from(list(MEANS)))
def test_leaving_out_is_taking_away(scores, mean):
    lost = leave_one_out(scores, tree(CODES), "vie", mean)
    assert list(lost.index) == ["eau", "trajet", "emploi", "cadre"]
    for code, codes in {"eau": ["eau"], "emploi": ["emploi"], "cadre": ["cadre", "eau", "trajet"]}.items():
        expected = aggregate(scores, tree(CODES).drop(index=codes), mean)["vie"]
        assert lost.loc[code].tolist() == pytest.approx(expected.tolist(), nan_ok=True), code


@properties
@given(tables(), st.sampled_from(list(MEANS)), st.floats(0.01, 100))
def test_only_the_proportions_of_the_weights_count(scores, mean, factor):
    heavier = tree(CODES).assign(weight=tree(CODES)["weight"] * factor)
    same(aggregate(scores, tree(CODES), mean), aggregate(scores, heavier, mean))


@properties
@given(st.dictionaries(st.sampled_from(list(CODES)), st.integers(0, 20)))
def test_weights_of_a_group_sum_to_1(points):
    weights = weights_from_votes(pd.Series(points, dtype=float), tree(CODES))
    assert weights.groupby(tree(CODES)["parent"].fillna("")).sum().tolist() == pytest.approx([1, 1, 1])


def test_nothing_at_all_gives_nothing_and_no_warning():
    empty = pd.DataFrame({leaf: [None, None] for leaf in LEAVES}, dtype=float)
    for method in ("min-max", "z-score", "rank", "percentile-rank", "borda"):
        scores = normalise(empty, method=method)
        assert scores.isna().all(axis=None)
        assert aggregate(scores, tree(CODES)).isna().all(axis=None)
        assert ranks(scores).isna().all(axis=None)
    assert aggregate(empty.iloc[:0], tree(CODES)).shape == (0, 2)


def test_one_indicator_is_the_whole():
    assert aggregate(TWO, tree({"vie": ["", 1], "eau": ["vie", 5]}))["vie"].tolist() == [2, 0]


def test_any_depth_has_its_levels():
    chain = tree({"vie": ["", 1]} | {f"n{i}": ["vie" if i == 0 else f"n{i - 1}", 1] for i in range(30)})
    assert branch(chain)["level"].tolist() == list(range(1, 32))
    assert aggregate(pd.DataFrame({"n29": [7.0]}), chain).iloc[0].tolist() == [7] * 30
    assert branch(chain, "n27")["level"].to_dict() == {"n29": 1, "n28": 2, "n27": 3}


def test_the_tree_and_the_values_that_were_given_are_not_changed():
    values, codes = TWO + 1, tree(VIE)
    leave_one_out(values, codes, "vie", "geometric")
    aggregate(normalise(values, method="z-score"), codes)
    assert values.equals(TWO + 1)
    assert codes.equals(tree(VIE))


# ── the way to go, and what each practice does ──────────────────────────────────────────────────

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


def effects(**columns):
    return practice_effects(sheet("mesures", **columns), CRITERIA)


def matrix(**columns):
    return practice_matrix(effects(**columns))


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


def test_the_least_and_the_greatest_wish_say_how_far_the_tables_differ():
    mesures = sheet("mesures", indicateur=["I1"] * 3, actuelle=[1, 2, 2], souhaitee=[3, 5, 4])
    row = medians(mesures, CRITERIA).iloc[0]
    assert row[["actuelle", "souhaitee", "ecart", "nb", "min_souhaitee", "max_souhaitee"]].tolist() == [
        2,
        4,
        2,
        3,
        3,
        5,
    ]


def felt(**columns):
    grid = sheet(
        "indicateurs", indicateur=["I1", "I2", "I3"], critere=["Eau", "Emploi", "Lien"],
        type=["ressenti", "mesuré", "ressenti"], echelle_min=[1, 1, None], echelle_max=[4, 4, None],
    )  # fmt: skip
    return distribution(sheet("mesures", **columns), grid)


def test_each_mark_of_the_scale_counts_the_tables_that_gave_it_also_at_0():
    frame = felt(indicateur=["I1"] * 3, actuelle=[1, 1, 4], souhaitee=[4, 4, None])
    assert list(frame) == ["critere", "situation", "1", "2", "3", "4", "mediane"]
    assert frame.to_numpy().tolist() == [["Eau", "aujourd'hui", 2, 0, 0, 1, 1], ["Eau", "souhaité", 0, 0, 0, 2, 4]]


def test_a_mark_between_two_others_or_beyond_the_scale_has_its_own_column():
    frame = felt(indicateur=["I1"] * 2, actuelle=[2.5, 6])
    assert frame.to_numpy().tolist() == [["Eau", "aujourd'hui", 0, 0, 1, 0, 0, 1, 4.25]]
    assert list(frame)[2:-1] == ["1", "2", "2,5", "3", "4", "6"]


def test_what_is_measured_and_what_has_no_scale_has_no_distribution():
    assert felt(indicateur=["I2", "I3"], actuelle=[2, 3]).empty
    assert felt(indicateur=["I1"], pratique=["SEL"], actuelle=[2]).empty
    assert distribution(sheet("mesures"), CRITERIA).empty


def test_an_indicator_is_measured_or_says_what_it_lacks():
    grid = sheet(
        "indicateurs", indicateur=["I1", "I2", "I3", "I4"], critere=list("abcd"), mesure=[None, "compter", None, "compter"],
        unite=[None, "bus", "bus", "bus"], source=[None, "mairie", None, None], statut=[None, None, None, "écarté"],
    )  # fmt: skip
    frame = readiness(grid, sheet("mesures", indicateur=["I1", "I2"], actuelle=[3, None], souhaitee=[None, None]))
    said = dict(zip(frame["indicateur"], frame["mesurable"], strict=True))
    assert list(said) == ["I1", "I2", "I3"]
    assert said["I1"] == "oui, mesuré"
    assert said["I2"] == "oui, reste à mesurer"
    assert said["I3"].startswith("pas encore, il manque : ")
    assert said["I3"].count(",") == 2  # the measure and the source, not the unit


def test_a_measure_of_a_practice_does_not_measure_the_territory():
    grid = sheet("indicateurs", indicateur=["I1"], critere=["Eau"])
    assert (
        readiness(grid, sheet("mesures", indicateur=["I1"], pratique=["SEL"], actuelle=[3]))["mesurable"][0]
        != "oui, mesuré"
    )


def test_a_grid_is_a_tree_of_equal_weights_under_its_stakes():
    grid = sheet(
        "indicateurs", indicateur=["I1", "I2", "I3", "I4"], enjeu=["E1", None, "E2", "E3"],
        sens=["augmente", "diminue", "reste stable", "augmente"], statut=[None, None, None, "écarté"],
    )  # fmt: skip
    frame = indicators.tree(grid)
    assert frame["parent"].to_dict() == {"I1": "E1", "I2": "ensemble", "E1": "ensemble", "ensemble": ""}
    assert frame["weight"].tolist() == [1, 1, 1, 1]
    assert frame.loc[["I1", "I2"], "direction"].tolist() == [1, -1]
    whole = aggregate(pd.DataFrame({"I1": [80.0], "I2": [40.0]}), frame)
    assert whole["ensemble"].tolist() == [60]  # (80 + 40) / 2


def test_a_practice_serves_harms_or_divides_and_what_nobody_looked_at_stays_to_be_looked_at():
    frame = effects(
        indicateur=["I1", "I1", "I2", "I2", "I1"], pratique=["SEL", "SEL", "SEL", "SEL", "AMAP"],
        avis=["++", "+", "+", "-", "0"], fondement=["constaté", "supposé", None, None, None],
    )  # fmt: skip
    assert frame[["pratique", "critere", "effet"]].to_numpy().tolist() == [
        ["SEL", "Eau", "sert"], ["SEL", "Emploi", "partagé"], ["AMAP", "Eau", "sans effet"], ["AMAP", "Emploi", "à regarder"],
    ]  # fmt: skip
    assert frame["avis"].tolist()[:3] == ["++ (constaté) / + (supposé)", "+ / -", "0"]
    assert pd.isna(frame["avis"][3])


def test_an_opinion_that_says_it_does_not_know_is_neither_for_nor_against():
    assert effects(indicateur=["I1"], pratique=["SEL"], avis=["?"])["effet"].tolist() == ["ne sait pas", "à regarder"]


def test_the_matrix_is_read_by_practice_and_by_criterion():
    given = effects(indicateur=["I1", "I2", "I1"], pratique=["SEL", "SEL", "AMAP"], avis=["+", "++", "-"])
    by_practice = served(given, "pratique").set_index("pratique")
    assert list(by_practice) == indicators.READINGS
    assert by_practice.loc["SEL", "sert"] == "Eau; Emploi"
    assert by_practice.loc["AMAP", ["dessert", "à regarder"]].tolist() == ["Eau", "Emploi"]
    by_criterion = served(given, "critere").set_index("critere")
    assert by_criterion.loc["Eau", ["sert", "dessert"]].tolist() == ["SEL", "AMAP"]
    assert pd.isna(by_criterion.loc["Emploi", "dessert"])


@properties
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["I1", "I2", "I3"]),
            st.sampled_from(["SEL", "AMAP"]),
            st.sampled_from(list(indicators.EFFECTS)),
        )
    )
)
def test_each_cell_of_the_matrix_is_read_once_in_each_direction(said):
    codes, practices, avis = ([row[place] for row in said] for place in range(3))
    judged = practice_effects(sheet("mesures", indicateur=codes, pratique=practices, avis=avis), CRITERIA)
    for by in ("pratique", "critere"):
        told = served(judged, by)[indicators.READINGS].melt()["value"].dropna()
        assert sum(len(names.split("; ")) for names in told) == len(judged)


def test_the_rounding_of_a_computer_breaks_no_tie():
    tree = pd.DataFrame({"parent": ["", "T", "T", "T"], "weight": 1}, index=["T", "a", "b", "c"])
    marks = pd.DataFrame({"a": [1, 1, 0, 3], "b": [2, 3, 0, 3], "c": [3, 2, 0, 3]}, index=["x", "y", "low", "high"])
    assert ranks(aggregate(normalise(marks), tree))["T"].tolist() == [2, 2, 4, 1]  # x and y: two thirds


def test_a_gap_keeps_its_shape_whatever_the_directions_hold():
    directions_of_a_tree = pd.Series({"x": 1, "y": -1, "T": None})
    way = gap(pd.Series({"x": 2, "y": 4}), pd.Series({"x": 5, "y": 3}), directions_of_a_tree)
    assert way.to_dict() == {"x": 3, "y": 1}


def test_an_empty_text_at_the_top_is_no_direction():
    values = pd.DataFrame({"x": [1, 2], "y": [1, 2]})
    told = normalise(values, pd.Series({"T": "", "x": 1, "y": -1}, dtype=object))
    assert told.to_numpy().tolist() == [[0, 100], [100, 0]]


@pytest.mark.parametrize(
    "votes", [pd.Series({"a": 1, "b": 3}, dtype=object), pd.DataFrame({"a": [None, 1], "b": [3, None]}, dtype=object)]
)
def test_points_of_any_type_give_weights(votes):
    tree = pd.DataFrame({"parent": ["", "T", "T"]}, index=["T", "a", "b"])
    assert weights_from_votes(votes, tree).to_dict() == {"T": 1, "a": 0.25, "b": 0.75}


def test_ballots_on_which_nobody_wrote_give_equal_weights():
    tree = pd.DataFrame({"parent": ["", "T", "T"]}, index=["T", "a", "b"])
    nobody = pd.DataFrame({"a": [None, None], "b": [None, None]})
    assert weights_from_votes(nobody, tree).to_dict() == {"T": 1, "a": 0.5, "b": 0.5}
