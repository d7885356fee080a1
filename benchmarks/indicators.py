"""Time and memory of `indicators` and `sensitivity`, beside a plain pandas loop that does the same.

Run from the checkout: ``python benchmarks/indicators.py [--repeat 3] [--json FILE]``.
"""

import argparse
import json
import platform
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from domino_analysis.indicators import aggregate, normalise, ranks
from domino_analysis.sensitivity import NORMALISATIONS, ranks_under, scenarios

MEANS = {"arithmetic": (float, float), "geometric": (np.log, np.exp), "harmonic": (np.reciprocal, np.reciprocal)}


# ── what is computed ────────────────────────────────────────────────────────────────────────────


def tree_of(*branches: int) -> pd.DataFrame:
    """Tree whose top holds ``branches[0]`` codes, each of which holds ``branches[1]``, and so on."""
    codes, above = [("whole", "", 1.0, 1)], ["whole"]
    for number in branches:
        held = [(f"{parent}.{i}", parent, 1.0 + i, 1 - 2 * (i % 2)) for parent in above for i in range(number)]
        codes, above = codes + held, [code for code, *_ in held]
    return pd.DataFrame(codes, columns=["code", "parent", "weight", "direction"]).set_index("code")


def values_of(tree: pd.DataFrame, units: int) -> pd.DataFrame:
    """Values of each leaf for each unit, one in twenty missing."""
    generator = np.random.default_rng(0)
    leaves = tree.index.difference(tree["parent"], sort=False)
    drawn = generator.normal(size=(units, len(leaves)))
    return pd.DataFrame(drawn, columns=leaves).mask(generator.random(drawn.shape) < 0.05)


# ── the same by loops over columns, parents and scenarios ───────────────────────────────────────


def plain_scores(values: pd.DataFrame, tree: pd.DataFrame, method: str, bounds=(0, 100), mean=0, sd=1) -> pd.DataFrame:
    """Each column brought to one scale."""
    scores = {}
    for code in values:
        x = values[code] * tree.loc[code, "direction"]
        if method == "min-max":
            scores[code] = bounds[0] + (bounds[1] - bounds[0]) * (x - x.min()) / (x.max() - x.min())
        elif method == "z-score":
            scores[code] = mean + sd * (x - x.mean()) / x.std()
        else:
            scores[code] = x.rank(method="min")
    return pd.DataFrame(scores)


def plain_whole(scores: pd.DataFrame, tree: pd.DataFrame, aggregation: str) -> pd.DataFrame:
    """Each parent from its children, the deepest first."""
    before, after = MEANS[aggregation]
    known = scores.copy()
    for parent in reversed(tree["parent"].unique()[1:].tolist()):
        weights = tree.loc[tree["parent"] == parent, "weight"]
        children = known[weights.index]
        shares = children.notna() * weights
        changed = children if aggregation == "arithmetic" else before(children)
        mean = (changed * weights).sum(axis=1) / shares.sum(axis=1)
        known[parent] = mean if aggregation == "arithmetic" else after(mean)
    return known


def plain_ranks_under(values: pd.DataFrame, tree: pd.DataFrame, drawn: pd.DataFrame) -> pd.DataFrame:
    """Ranks of the whole, scenario after scenario."""
    found = {}
    for label, scenario in drawn.iterrows():
        codes = tree.assign(weight=scenario[tree.index].astype(float))
        scores = plain_scores(values, tree, **NORMALISATIONS[scenario["normalisation"]])
        whole = plain_whole(scores, codes, scenario["aggregation"])["whole"]
        found[label] = whole.rank(ascending=False, method="min")
    return pd.DataFrame(found).T


def plain_pipeline(values: pd.DataFrame, tree: pd.DataFrame) -> pd.DataFrame:
    """Normalise, aggregate and rank once."""
    parents = tree["parent"].unique()[1:]
    return plain_whole(plain_scores(values, tree, "min-max"), tree, "arithmetic")[parents].rank(
        ascending=False, method="min"
    )


def pipeline(values: pd.DataFrame, tree: pd.DataFrame) -> pd.DataFrame:
    """Normalise, aggregate and rank once, by the library."""
    return ranks(aggregate(normalise(values, tree["direction"]), tree))


# ── measuring ───────────────────────────────────────────────────────────────────────────────────


def measured(compute: Callable[[], pd.DataFrame], repeat: int) -> tuple[pd.DataFrame, float, float]:
    """What is computed, seconds of processor, the best of several, and megabytes at the peak of one more run."""
    seconds = []
    for _ in range(repeat):
        start = time.process_time()
        result = compute()
        seconds.append(time.process_time() - start)
    tracemalloc.start()
    compute()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return result, min(seconds), peak / 1e6


def compare(name: str, ours: Callable[[], pd.DataFrame], plain: Callable[[], pd.DataFrame], repeat: int) -> dict:
    """One line of the table; the two results must agree."""
    result, seconds, megabytes = measured(ours, repeat)
    plain_result, plain_seconds, plain_megabytes = measured(plain, 1)
    pd.testing.assert_frame_equal(result, plain_result, check_names=False, check_like=True)
    return {
        "what": name, "seconds": seconds, "plain_seconds": plain_seconds, "times_faster": plain_seconds / seconds,
        "megabytes": megabytes, "plain_megabytes": plain_megabytes, "memory_ratio": megabytes / plain_megabytes,
    }  # fmt: skip


def main() -> None:
    """Measure, print the table, keep it where it is asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="runs of the library, the best of which is kept")
    parser.add_argument("--scenarios", type=int, default=1000)
    parser.add_argument("--json", type=Path, help="file to write the table to")
    asked = parser.parse_args()
    small, large = tree_of(3, 4, 3), tree_of(7, 7)
    few, many = values_of(small, 40), values_of(large, 5000)
    drawn = scenarios(small, asked.scenarios)
    lines = [
        compare(
            f"{asked.scenarios} scenarios, 40 units, 36 indicators, 4 levels",
            partial(ranks_under, few, small, drawn, "whole"), partial(plain_ranks_under, few, small, drawn),
            asked.repeat,
        ),
        compare(
            "5000 units, 49 indicators, 3 levels, once",
            partial(pipeline, many, large), partial(plain_pipeline, many, large), asked.repeat,
        ),
    ]  # fmt: skip
    print(pd.DataFrame(lines).set_index("what").T.map("{:,.4g}".format).to_string())
    if asked.json:
        with_machine = {"python": platform.python_version(), "processor": platform.machine(), "lines": lines}
        asked.json.write_text(json.dumps(with_machine, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
