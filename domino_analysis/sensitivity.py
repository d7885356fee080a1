"""For researchers: many scenarios at once, and how far each order holds; it decides nothing that a page says.

A *scenario* is a set of choices that could have been made in good faith: how indicators are brought to
one scale, how they are aggregated, what each weighs. The tree is that of `indicators`.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from .indicators import MEANS, branch, composites, normalise, ranks, refuse

_OPTIONS = {"min-max": {"bounds": (1, 100)}, "z-score": {"mean": 10, "sd": 2}, "rank": {}}
NORMALISATIONS = {name: {"method": name, **options} for name, options in _OPTIONS.items()}
"""Variants by name, with what `normalise` is asked. Their scores are above 0, so that every mean is defined, but for a
z-score five standard deviations below the mean, which takes 27 units or more: `aggregate` then refuses it by name."""

BLOCK = 1_000_000
"""Numbers that one block of scenarios holds at most: scenarios × codes × units (8 MB)."""


def scenarios(
    tree: pd.DataFrame,
    n: int,
    weight_noise: float = 0.25,
    normalisations: Iterable[str] = NORMALISATIONS,
    aggregations: Iterable[str] = tuple(MEANS),
    seed: int = 0,
) -> pd.DataFrame:
    r"""Choices drawn at random, each independently of the others.

    .. math:: w'_i = w_i (1 + u_i), \quad u_i \sim U(-\varepsilon, \varepsilon)

    where :math:`w_i` is the weight of a code in the tree, :math:`\varepsilon` the ``weight_noise``. A
    normalisation and an aggregation are drawn with equal chances.

    Parameters
    ----------
    tree : DataFrame
        Indexed by code: ``parent``, ``weight``.
    n : int
        How many scenarios.
    weight_noise : float
        Greatest change of a weight, as a share of it, from 0 to 1.
    normalisations : iterable of str
        Names of variants, as in `NORMALISATIONS`.
    aggregations : iterable of str
        Names of means, as in `indicators.MEANS`.
    seed : int
        The same seed gives the same scenarios.

    Returns
    -------
    DataFrame
        A row per scenario: ``normalisation``, ``aggregation``, then the weight of each code in the order
        of the tree. The weight of the top, which nothing uses, stays what it is.

    Raises
    ------
    ValueError
        For a noise beyond 0 to 1, a tree that is none, nothing to draw from.

    References
    ----------
    Saisana, Saltelli and Tarantola (2005), "Uncertainty and sensitivity analysis techniques as tools for the
    quality assessment of composite indicators", *Journal of the Royal Statistical Society A* 168(2). OECD and
    JRC (2008), *Handbook on Constructing Composite Indicators*, step 7.

    Examples
    --------
    >>> tree = pd.DataFrame({"parent": ["", "vie", "vie"], "weight": [1, 3, 1]}, index=["vie", "eau", "emploi"])
    >>> drawn = scenarios(tree, 100)
    >>> drawn.columns.tolist()
    ['normalisation', 'aggregation', 'vie', 'eau', 'emploi']
    >>> bool(drawn["vie"].eq(1).all()), bool(drawn["eau"].between(2.25, 3.75).all())
    (True, True)
    """
    if not 0 <= weight_noise <= 1:
        raise ValueError(f"weight_noise is {weight_noise}: expected a share from 0 to 1")
    generator = np.random.default_rng(seed)
    normalisation = generator.choice(list(normalisations), n)
    aggregation = generator.choice(list(aggregations), n)
    change = generator.uniform(1 - weight_noise, 1 + weight_noise, (n, len(tree)))
    change[:, tree.index.get_loc(branch(tree).index[-1])] = 1
    weights = pd.DataFrame(tree["weight"].to_numpy(float) * change, columns=tree.index)
    return pd.DataFrame({"normalisation": normalisation, "aggregation": aggregation}).join(weights)


def ranks_under(
    values: pd.DataFrame, tree: pd.DataFrame, scenarios: pd.DataFrame, code: str, normalisations: dict = NORMALISATIONS
) -> pd.DataFrame:
    """Place of each unit by the aggregate ``code`` in each scenario, 1 for the highest score.

    The same as `normalise`, `aggregate` and `ranks` for each scenario, its weights in the tree and its
    aggregation at all levels.

    Parameters
    ----------
    values : DataFrame
        A row per unit (the thing compared), a column per indicator, each in its own measure.
    tree : DataFrame
        Indexed by code: ``parent``, ``direction`` (of the leaves).
    scenarios : DataFrame
        A row per scenario, as `scenarios` draws them or as one writes them.
    code : str
        The parent whose scores give the places.
    normalisations : dict
        What `normalise` is asked, by name of variant.

    Returns
    -------
    DataFrame
        A row per scenario, a column per unit. Equal scores share the lowest number; a missing score has a
        missing place. Memory: besides the result, a few arrays of at most `BLOCK` numbers, or of one
        scenario where that is more.

    Raises
    ------
    ValueError
        As `normalise` and `aggregate`, for a name that ``normalisations`` does not have, a code that the
        scenarios do not weigh, and a ``code`` that is a leaf.

    Examples
    --------
    >>> tree = pd.DataFrame(
    ...     {"parent": ["", "vie", "vie"], "weight": 1, "direction": [None, 1, -1]}, index=["vie", "eau", "trajet"]
    ... )
    >>> values = pd.DataFrame({"eau": [2, 3, 4], "trajet": [10, 20, 60]}, index=["Redon", "Morlaix", "Rennes"])
    >>> chosen = pd.DataFrame(
    ...     {"normalisation": "min-max", "aggregation": "arithmetic", "eau": [1, 3], "trajet": [1, 1], "vie": 1}
    ... )
    >>> ranks_under(values, tree, chosen, "vie")
       Redon  Morlaix  Rennes
    0    2.0      1.0     2.0
    1    3.0      2.0     1.0
    """
    part = branch(tree, code)
    measured = values.filter(items=part.index[part["level"] == 1])
    asked = dict.fromkeys(scenarios["normalisation"])
    refuse(set(asked) - set(normalisations), f"normalisation that is none of {list(normalisations)}")
    normalised = {name: normalise(measured, tree["direction"], **normalisations[name]) for name in asked}
    refuse(set(part.index[:-1]) - set(scenarios), "codes that the scenarios do not weigh")
    weights = scenarios[part.index[:-1]].T.set_axis(range(len(scenarios)), axis=1)
    size = max(1, BLOCK // max(1, len(part) * len(values)))
    places = np.full((len(scenarios), len(values)), np.nan)
    for (name, aggregation), rows in scenarios.groupby(["normalisation", "aggregation"]).indices.items():
        for block in np.split(rows, range(size, len(rows), size)):
            scores = composites(normalised[name], part, weights[block], aggregation)[code]
            places[block] = ranks(pd.DataFrame(scores.T)).T
    return pd.DataFrame(places, index=scenarios.index, columns=values.index, copy=False)


def rank_summary(ranks: pd.DataFrame) -> pd.DataFrame:
    """Where each unit stands over all scenarios, in places (1 is the best).

    Parameters
    ----------
    ranks : DataFrame
        A row per scenario, a column per unit, as `ranks_under` gives them.

    Returns
    -------
    DataFrame
        A row per unit: ``mean``, ``median``, ``q5`` and ``q95``: the place below which 5 and 95 of 100
        scenarios put the unit. Quantiles of type 7 (between two places, in proportion). Missing places are
        left out; a unit that never has one has no summary.

    References
    ----------
    Hyndman and Fan (1996), "Sample quantiles in statistical packages", *The American Statistician* 50(4).

    Examples
    --------
    >>> rank_summary(pd.DataFrame({"Redon": [1, 1, 2], "Rennes": [2, 2, 1]})).round(2)
            mean  median   q5  q95
    Redon   1.33     1.0  1.0  1.9
    Rennes  1.67     2.0  1.1  2.0
    """
    return ranks.agg(["mean", "median"]).T.assign(q5=ranks.quantile(0.05), q95=ranks.quantile(0.95))
