"""The worked examples of ``cases/formules.yml`` are what the formulas give."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import sheet, small

from domino_analysis import agreement, census, indicators, privacy, trace
from domino_analysis.schema import catalogue

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "formules.yml").read_text(encoding="utf-8"))


def taken_up(verbatims, enjeux):
    result = trace.taken_up(verbatims, enjeux)
    counts = {"coded": result.coded, "lost": len(result.lost), "lowest": result.lowest, "highest": result.highest}
    return counts | result.by_stake.to_dict("list")


def tally(column, **tables):
    held = {name: frame.assign(reunion="R1") for name, frame in tables.items()}
    counts = census.tally(small(**held), column, "R1")
    answers = dict(zip(counts.counts["reponse"], counts.counts["nb"], strict=True))
    return {"answers": answers, "base": counts.base, "origin": counts.origin, "at_least": counts.is_minimum}


def merge_small(nb, minimum=privacy.PEOPLE):
    counts = pd.DataFrame({"qui": nb.keys(), "nb": nb.values()})
    return privacy.merge_small(counts, "qui", "autres", minimum).set_index("qui")["nb"].to_dict()


RUN = {
    "gap": lambda direction=1, **given: indicators.gap(**given, direction=direction).tolist(),
    "medians": indicators.medians,
    "taken_up": taken_up,
    "retained": lambda enjeux, reunion: (
        census.meeting(small(enjeux=enjeux, reunions=sheet("reunions", reunion=[reunion])), reunion)
        .enjeux["libelle"].tolist()
    ),
    "under_definitions": census.under_definitions,
    "tally": tally,
    "merge_small": merge_small,
    "people_by_commune": lambda named, unknown: (
        privacy.people_by_commune(pd.DataFrame(named), unknown).set_index("lieu")["nb"].to_dict()
    ),
    "few": lambda nb: list(map(privacy.few, nb)),
    "quantities": lambda **tables: census.quantities(
        **{"initiatives": sheet("initiatives"), "totals": sheet("depouillements")} | tables
    ),
    "dots": lambda votes, labels: agreement.dots(votes, "critère", pd.Series(labels)),
    "coverage": trace.coverage,
}  # fmt: skip
TABLES = {**{name: name for name in catalogue()}, "totals": "depouillements"}


def given(indicator: str, name: str, value):
    """Table of the catalogue, series of a formula, or the value itself."""
    if name in TABLES:
        return sheet(TABLES[name], **value)
    return pd.Series(value, dtype=float) if indicator == "gap" and isinstance(value, list) else value


def plain(value):
    if isinstance(value, pd.DataFrame):
        value = value.to_dict("list")
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return None if value is None or pd.isna(value) else value


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['indicator']}: {case['name']}")
def test_the_worked_example(case):
    asked = {name: given(case["indicator"], name, value) for name, value in case["given"].items()}
    result = plain(RUN[case["indicator"]](**asked))
    if isinstance(case["expect"], dict) and case["indicator"] not in ("merge_small", "people_by_commune"):
        result = {key: result[key] for key in case["expect"]}
    assert result == case["expect"]


def test_every_formula_has_an_example_and_no_two_examples_the_same_name():
    assert {case["indicator"] for case in CASES} == set(RUN)
    assert len({case["name"] for case in CASES}) == len(CASES)
