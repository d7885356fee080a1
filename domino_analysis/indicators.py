"""Steps 2 and 3: the quantities that a group follows, and the way still to go.

Rows are the things compared (territories, practices, tables, ballots), columns are indicators. A
*tree* is a table indexed by code: ``parent`` (a code, empty or missing at the top), ``weight``, and
``direction`` (1 when the group wants the indicator to rise, -1 to fall), which is used on the leaves.
The vocabulary is that of the OECD and JRC *Handbook* and of the R package COINr.
"""

from collections.abc import Iterable

import networkx as nx
import numpy as np
import pandas as pd

from .census import keyed
from .schema import catalogue, grandeurs

SITUATIONS = grandeurs()["mediane"]["situations"]
"""What is and what is wished, by column: its name, its mark and its line."""
SAME = ["critere", "unite", "echelle_min", "echelle_max", "sens"]
"""What two indicators must share to be one."""
Values = pd.DataFrame | pd.Series
Method = str | dict[int, str]


def refuse(named: Iterable, why: str) -> None:
    """Raise an error that says why and names what is refused, the first twenty, when there is any.

    Examples
    --------
    >>> refuse([], "negative points for")
    >>> refuse(["eau"], "negative points for")
    Traceback (most recent call last):
    ValueError: negative points for: ['eau']
    """
    if names := list(named):
        raise ValueError(f"{why}: {names[:20]}" + (f" and {len(names) - 20} more" if len(names) > 20 else ""))


# ── one scale for all indicators ────────────────────────────────────────────────────────────────


def _scaled(x, worst, best, bounds, of_no_span=0.5):
    """Place of each value between the worst and the best, within the bounds."""
    span = best - worst
    shares = ((x - worst) / span.where(span != 0)).fillna(of_no_span).where(x.notna())
    return bounds[0] + shares * (bounds[1] - bounds[0])


def _z_score(x, mean=0, sd=1):
    spread = x.std().where(x.max() > x.min())  # rounding may leave a constant column a spread
    return mean + sd * ((x - x.mean()) / spread).fillna(0).where(x.notna())


def _goalposts(x, low, high, bounds=(0, 1), clip=True):
    worst, best = np.minimum(low, high), np.maximum(low, high)
    return _scaled(x.clip(worst, best, axis=1) if clip else x, worst, best, bounds)


def _target(x, target, clip=True):
    reached = x.clip(upper=target, axis=1) if clip else x
    return _scaled(reached, np.minimum(x.min(), target), target, (0, 1), of_no_span=1)


METHODS = {
    "min-max": lambda x, bounds=(0, 100): _scaled(x, x.min(), x.max(), bounds),
    "z-score": _z_score,
    "rank": lambda x: x.rank(method="min"),
    "percentile-rank": lambda x: (x.rank(method="min") - 1) / (x.count() - 1),
    "borda": lambda x: x.rank(method="min") - 1,
    "goalposts": _goalposts,
    "target": _target,
}
"""Ways to bring indicators to one scale; each is given values, goalposts and targets that rise to the better."""


def normalise(values: pd.DataFrame, direction: pd.Series | int = 1, method: str = "min-max", **options) -> pd.DataFrame:
    r"""Indicators brought to one scale, on which more is always better; the unit is that of the method.

    With :math:`x` a value of a column, :math:`n` the number of values present in it, and
    :math:`\min`, :math:`\max`, :math:`\bar x`, :math:`s` their least, greatest, mean and standard
    deviation (:math:`n - 1`), all taken after a column of direction -1 was multiplied by -1:

    =================== =========================================== ==================================
    method              value                                       options
    =================== =========================================== ==================================
    ``min-max``         :math:`l + (u - l)(x - \min)/(\max - \min)` ``bounds=(0, 100)``: :math:`(l, u)`
    ``z-score``         :math:`m + k (x - \bar x)/s`                ``mean=0``: m, ``sd=1``: k
    ``rank``            1 for the lowest; ties share the lowest     none
    ``percentile-rank`` :math:`(rank - 1)/(n - 1)`, from 0 to 1     none
    ``borda``           :math:`rank - 1`: how many stand below      none
    =================== =========================================== ==================================

    Two methods read the direction themselves, so that their options are in the unit of the indicator:

    - ``goalposts``: :math:`l + (u - l)(x - low)/(high - low)` between two values agreed beforehand,
      :math:`(high - x)/(high - low)` for a direction of -1. Options ``low`` and ``high`` (required),
      ``bounds=(0, 1)``, ``clip=True`` (what lies beyond a goalpost counts as the goalpost).
    - ``target``: :math:`1 - (target - x)/(target - \min x)`, or :math:`1 - (x - target)/(\max x - target)`
      for a direction of -1: 0 for the farthest, 1 on the target. Options ``target`` (required),
      ``clip=True`` (what lies beyond the target counts as 1). Where even the farthest has reached the
      target, all are 1.

    Parameters
    ----------
    values : DataFrame
        A row per thing compared, a column per indicator, each in its own unit.
    direction : Series or {1, -1}
        Direction of each indicator: 1 when more is better, -1 when less is.
    method : str
        One of `METHODS`.
    **options
        Those of the method. ``low``, ``high`` and ``target``: a number, or a Series by indicator.

    Returns
    -------
    DataFrame
        Like ``values``. What is missing stays missing and counts for nothing. A column whose values are
        all equal is the middle of the bounds for ``min-max`` and ``mean`` for ``z-score``, and goalposts
        at one place give the middle of their bounds. The ``percentile-rank`` of a value that stands
        alone is missing: it has no place among others.

    Raises
    ------
    ValueError
        For a method that does not exist, an indicator without direction, goalpost or target, goalposts in
        the wrong order, an infinite value.
    TypeError
        For an option that the method does not have, or one that it needs.

    References
    ----------
    OECD and JRC (2008), *Handbook on Constructing Composite Indicators*, step 5. Becker and others (2022),
    "COINr: An R package for developing composite indicators", *Journal of Open Source Software* 7(78).

    Examples
    --------
    >>> minutes = pd.DataFrame({"trajet": [40, 25, 30]}, index=["Redon", "Morlaix", "Rennes"])
    >>> normalise(minutes, direction=-1)["trajet"].round(1).tolist()
    [0.0, 100.0, 66.7]
    >>> normalise(minutes, direction=-1, method="goalposts", low=20, high=60)["trajet"].tolist()
    [0.5, 0.875, 0.75]
    """
    refuse({method} - set(METHODS), f"method that is none of {list(METHODS)}")
    x = values.astype(float)
    refuse(x.columns[np.isinf(x).any()], "infinite values in")
    given = {name: options[name] for name in ("low", "high", "target") if name in options}
    own = pd.to_numeric(direction, errors="coerce")
    limits = pd.DataFrame({"direction": own, **given}, index=x.columns, dtype=float)
    refuse(limits.index[limits.isna().any(axis=1)], f"no value of {' or '.join(limits)} for")
    sign = limits.pop("direction")
    refuse(sign.index[sign.abs() != 1], "direction that is neither 1 nor -1 for")
    refuse(limits.reindex(columns=["low", "high"]).query("low > high", engine="python").index, "low is above high for")
    return METHODS[method](x * sign, **{**options, **limits.mul(sign, axis=0)})


# ── from indicators to the whole ────────────────────────────────────────────────────────────────


def branch(tree: pd.DataFrame, code: str | None = None) -> pd.DataFrame:
    """Part of a tree that a code holds, itself included, with the level of each code.

    The level is 1 for a leaf, else one more than the highest of the children.

    Parameters
    ----------
    tree : DataFrame
        Indexed by code: ``parent``.
    code : str
        Where to begin; the top of the tree when it is not said.

    Returns
    -------
    DataFrame
        Rows and columns of the tree and ``level``, the lowest level first and in the order of the tree
        inside a level: ``code`` comes last.

    Raises
    ------
    ValueError
        For a code given twice, a parent that is no code, a circle, no top or several, an unknown ``code``.

    Examples
    --------
    >>> tree = pd.DataFrame({"parent": ["", "vie", "vie", "eau"]}, index=["vie", "emploi", "eau", "captage"])
    >>> branch(tree)["level"].to_dict()
    {'emploi': 1, 'captage': 1, 'eau': 2, 'vie': 3}
    >>> branch(tree, "eau").index.tolist()
    ['captage', 'eau']
    """
    parents = tree["parent"].replace("", np.nan).dropna()
    graph = nx.DiGraph(list(parents.items()))
    graph.add_nodes_from(tree.index)
    refuse(tree.index[tree.index.duplicated()], "codes given twice")
    refuse(parents[~parents.isin(tree.index)].items(), "codes whose parent is not in the tree")
    refuse(next(nx.simple_cycles(graph), []), "codes that go round in a circle")
    tops = tree.index.difference(parents.index, sort=False)
    if len(tops) != 1:
        raise ValueError(f"a tree has one top, a code without parent, and here they are: {list(tops)}")
    code = tops[0] if code is None else code
    refuse({code} - set(tree.index), "no such code in the tree")
    generations = nx.topological_generations(graph.subgraph({code, *nx.ancestors(graph, code)}))
    level = {held: number for number, codes in enumerate(generations, start=1) for held in codes}
    return tree.loc[tree.index.isin(level)].assign(level=pd.Series(level)).sort_values("level", kind="stable")


MEANS = {"arithmetic": (np.copy, np.copy), "geometric": (np.log, np.exp), "harmonic": (np.reciprocal, np.reciprocal)}
"""Weighted means: what is done to each value before their arithmetic mean, and what undoes it after."""


def composites(
    scores: pd.DataFrame, part: pd.DataFrame, weights: pd.DataFrame, method: Method, minimum_coverage: float = 0.0
) -> dict[str, np.ndarray]:
    """Scores of each parent under several sets of weights at once.

    `aggregate` gives the formula, the other parameters and the errors.

    Parameters
    ----------
    scores : DataFrame
        As for `aggregate`.
    part : DataFrame
        The tree or a part of it, as `branch` gives it.
    weights : DataFrame
        A row per code, a column per set of weights.
    method : str or dict
        As for `aggregate`.
    minimum_coverage : float
        As for `aggregate`.

    Returns
    -------
    dict
        By parent, from the lowest level up: an array with a row per set of weights and a column per thing
        compared. Memory: one number per parent, set of weights and thing compared, and a few times the
        widest family.

    Examples
    --------
    >>> tree = pd.DataFrame({"parent": ["", "vie", "vie"]}, index=["vie", "eau", "emploi"])
    >>> weights = pd.DataFrame({"d'abord": [1, 1, 1], "ensuite": [1, 3, 1]}, index=tree.index)
    >>> composites(pd.DataFrame({"eau": [2], "emploi": [6]}), branch(tree), weights, "arithmetic")["vie"].tolist()
    [[4.0], [3.0]]
    """
    level, codes = part["level"], part.index[:-1]
    leaves, parents = level.index[level == 1], level.index[level > 1]
    means = method if isinstance(method, dict) else dict.fromkeys(level, method)
    used = weights.loc[codes].to_numpy(float)
    refuse(leaves[leaves == part.index[-1]], "expected a code that holds others, and this one is a leaf")
    refuse(leaves[~leaves.isin(scores.columns)], "leaves of the tree that are no column of the scores")
    refuse(codes[~((used >= 0) & (used < np.inf)).all(axis=1)], "weight missing, negative or infinite for")
    refuse({*means.values()} - set(MEANS), f"aggregation that is none of {list(MEANS)}")
    refuse({minimum_coverage} if not 0 <= minimum_coverage <= 1 else [], "coverage that is not from 0 to 1")
    known = dict(zip(leaves, scores[leaves].to_numpy(float).T[:, None], strict=True))
    families = part.index.groupby(part["parent"])
    for parent in parents:
        children = families[parent]
        family = np.stack(np.broadcast_arrays(*(known[child] for child in children)))
        mean = means.get(level[parent], "arithmetic")
        low = np.argwhere((family <= 0).any(axis=1)) if mean != "arithmetic" else []
        named = [(scores.index[row], children[column]) for column, row in low]
        refuse(named, f"a {mean} mean needs values above 0, and these (row, column) are not")
        present = ~np.isnan(family)
        shares = used[codes.get_indexer(children), :, None] * present
        before, after = MEANS[mean]
        with np.errstate(invalid="ignore"):
            found = after((shares * np.where(present, before(family), 0)).sum(axis=0) / shares.sum(axis=0))
        known[parent] = np.where(present.mean(axis=0) >= minimum_coverage, found, np.nan)
    return {parent: known[parent] for parent in parents}


def aggregate(
    scores: pd.DataFrame, tree: pd.DataFrame, method: Method = "arithmetic", minimum_coverage: float = 0.0
) -> pd.DataFrame:
    r"""Weighted mean of the children of each parent, level after level up to the top, on the scale of the scores.

    .. math::

        A = \frac{\sum_i w_i x_i}{\sum_i w_i}, \quad
        G = \exp \frac{\sum_i w_i \ln x_i}{\sum_i w_i}, \quad
        H = \frac{\sum_i w_i}{\sum_i w_i / x_i}

    where :math:`x_i` are the scores of the children that are present and :math:`w_i` their weights:
    :math:`A` is the ``arithmetic`` mean, :math:`G` the ``geometric`` one, :math:`H` the ``harmonic`` one.
    A low score is made up for by a high one wholly in A, in part in G, least in H.

    Parameters
    ----------
    scores : DataFrame
        A row per thing compared, a column per leaf of the tree, on one scale (see `normalise`). Columns
        that are no leaf are left aside.
    tree : DataFrame
        Indexed by code: ``parent``, ``weight`` (0 or more; that of the top is not used). Of any depth,
        and the branches need not be equally deep.
    method : str or dict
        One of `MEANS`, or the method by level of the parent: 2 for the parents of leaves. A level that is
        not in the dict is arithmetic.
    minimum_coverage : float
        Least share, from 0 to 1, of the children that must be present, each counting for one.

    Returns
    -------
    DataFrame
        A row per thing compared, a column per parent, from the lowest level to the top, in the order of
        the tree inside a level. Between the least and the greatest of the children. The weights of what
        is missing are shared among what is present; missing below ``minimum_coverage``, or where the
        children present weigh nothing.

    Raises
    ------
    ValueError
        For a tree that is none (see `branch`), a leaf without column, a weight that is missing, negative or
        infinite, an unknown method, a coverage beyond 0 to 1, and a geometric or harmonic mean of a score
        of 0 or less, whatever its weight.

    References
    ----------
    OECD and JRC (2008), *Handbook on Constructing Composite Indicators*, step 6.

    Examples
    --------
    >>> tree = pd.DataFrame({"parent": ["", "vie", "vie"], "weight": [1, 3, 1]}, index=["vie", "eau", "emploi"])
    >>> scores = pd.DataFrame({"eau": [2, 8], "emploi": [6, None]}, index=["Redon", "Morlaix"])
    >>> aggregate(scores, tree)["vie"].tolist()
    [3.0, 8.0]
    >>> aggregate(scores, tree, minimum_coverage=0.75)["vie"].tolist()
    [3.0, nan]
    """
    found = composites(scores, branch(tree), tree[["weight"]], method, minimum_coverage)
    return pd.DataFrame({parent: score[0] for parent, score in found.items()}, index=scores.index)


def ranks(scores: Values) -> Values:
    """Place of each row in each column: 1 for the highest score, equal scores share the lowest number.

    Missing stays missing and takes no place. Scores that are equal to nine decimals are equal: the
    rounding of a computer decides of no place.

    Examples
    --------
    >>> ranks(pd.Series([3, 8, 8, None])).tolist()
    [3.0, 1.0, 1.0, nan]
    """
    return scores.astype(float).round(9).rank(ascending=False, method="min")


def gap(current: Values, desired: Values, direction: pd.Series | int = 1) -> Values:
    r"""Way still to go to the desired situation, in the unit of each indicator.

    .. math:: g = d \, (s - a)

    where :math:`a` is the current value, :math:`s` the desired value and :math:`d` the direction:
    1 when the group wants the indicator to rise, -1 when it wants it to fall.

    Parameters
    ----------
    current, desired : Series or DataFrame
        One value per indicator, in its own unit and on its own scale; in a table, a column per indicator.
    direction : Series or {1, -1}
        The direction of each indicator; those of other codes are left out.

    Returns
    -------
    Series or DataFrame
        Same shape. Positive when there is way to go, 0 when the situation is the one desired, negative when it
        is already beyond. Missing where one of the two is missing.

    Notes
    -----
    Gaps in different units are shown side by side and never added.

    References
    ----------
    Programme DOMINO, étape 3 : « Dans quelles mesures nous sommes actuellement en train de
    construire le futur que nous souhaitons ? »

    Examples
    --------
    >>> gap(pd.Series([2, 4]), pd.Series([5, 3])).tolist()
    [3, -1]
    >>> gap(pd.Series([40]), pd.Series([25]), direction=-1).tolist()
    [15]
    """
    own = direction.reindex(current.axes[-1]) if isinstance(direction, pd.Series) else direction
    return own * (desired - current)


def leave_one_out(values: pd.DataFrame, tree: pd.DataFrame, code: str, method: Method = "arithmetic") -> pd.DataFrame:
    """Scores of ``code`` without each thing that it is made of: what its order depends on.

    Leaving a code out is giving it the weight 0: its weight is shared among what stands beside it.

    Parameters
    ----------
    values : DataFrame
        Scores that are already on one scale, as for `aggregate`.
    tree : DataFrame
        Indexed by code: ``parent``, ``weight``.
    code : str
        The parent to look at.
    method : str or dict
        As for `aggregate`.

    Returns
    -------
    DataFrame
        A row per code left out: each leaf under ``code``, then each parent under it, with all it holds,
        from the lowest level up. A column per row of ``values``. Missing where nothing that weighs
        remains. ``ranks(result.T).T`` gives the orders.

    Raises
    ------
    ValueError
        As `aggregate`, and when ``code`` is unknown or is a leaf.

    Examples
    --------
    >>> tree = pd.DataFrame({"parent": ["", "vie", "vie"], "weight": [1, 3, 1]}, index=["vie", "eau", "emploi"])
    >>> scores = pd.DataFrame({"eau": [2, 8], "emploi": [6, 4]}, index=["Redon", "Morlaix"])
    >>> leave_one_out(scores, tree, "vie")
            Redon  Morlaix
    eau       6.0      4.0
    emploi    2.0      8.0
    """
    part = branch(tree, code)
    left_out = part.index[:-1]
    weights = pd.DataFrame({left: tree["weight"].mask(tree.index == left, 0) for left in left_out})
    return pd.DataFrame(composites(values, part, weights, method)[code], index=left_out, columns=values.index)


def weights_from_votes(votes: Values, tree: pd.DataFrame) -> pd.Series:
    r"""Weight of each code: its share of the points that its group received, from 0 to 1.

    .. math:: w_i = p_i / \sum_j p_j

    where :math:`p_i` are the points of a code and :math:`j` runs over the codes with the same parent.

    Parameters
    ----------
    votes : Series or DataFrame
        Points by code; or a row per ballot and a column per code, whose points are added. Points that are
        missing were not given.
    tree : DataFrame
        Indexed by code: ``parent``.

    Returns
    -------
    Series
        By code, in the order of the tree. The weights of codes with the same parent sum to 1; they are
        equal when nobody gave them a point. The top is 1.

    Raises
    ------
    ValueError
        For a tree that is none (see `branch`), negative points, points for what is no code of the tree.

    References
    ----------
    OECD and JRC (2008), *Handbook on Constructing Composite Indicators*, step 6, budget allocation.

    Examples
    --------
    >>> tree = pd.DataFrame({"parent": ["", "vie", "vie"]}, index=["vie", "eau", "emploi"])
    >>> weights_from_votes(pd.Series({"eau": 12, "emploi": 4}), tree).to_dict()
    {'vie': 1.0, 'eau': 0.75, 'emploi': 0.25}
    """
    branch(tree)  # for its errors
    ballots = (votes.to_frame().T if isinstance(votes, pd.Series) else votes).astype(float)
    refuse(ballots.columns[(ballots < 0).any()], "negative points for")
    refuse(ballots.columns[~ballots.columns.isin(tree.index)], "points for what is no code of the tree")
    points = ballots.sum().reindex(tree.index, fill_value=0)
    group = points.groupby(tree["parent"].where(tree["parent"].notna(), ""))
    return (points / group.transform("sum")).fillna(1 / group.transform("size")).rename("weight")


# ── what the tables of steps 2 and 3 show ───────────────────────────────────────────────────────


def directions(indicateurs: pd.DataFrame) -> pd.Series:
    """Direction of each indicator by code: 1 to rise, -1 to fall, missing when the group wants neither."""
    return indicateurs.set_index("indicateur")["sens"].map({"augmente": 1, "diminue": -1})


def tree(indicateurs: pd.DataFrame) -> pd.DataFrame:
    """Tree of a grid of indicators: those kept under their stake, the stakes under ``ensemble``, all of one weight.

    Returns
    -------
    DataFrame
        Indexed by code: ``parent, weight, direction``, as `aggregate` wants it. An indicator that serves no
        stake is right under ``ensemble``; one that the group wants neither to rise nor to fall is left out.

    Examples
    --------
    >>> grid = pd.DataFrame({"indicateur": ["I1"], "enjeu": ["E2"], "sens": ["diminue"], "statut": [None]})
    >>> tree(grid)["parent"].to_dict()
    {'I1': 'E2', 'E2': 'ensemble', 'ensemble': ''}
    """
    kept = indicateurs[(indicateurs["statut"] != "écarté") & directions(indicateurs).notna().to_numpy()]
    parents = dict(zip(kept["indicateur"], kept["enjeu"].fillna("ensemble"), strict=True))
    above = dict.fromkeys(kept["enjeu"].dropna(), "ensemble") | {"ensemble": ""}
    frame = pd.DataFrame({"parent": parents | above, "weight": 1.0}).rename_axis("code")
    return frame.assign(direction=directions(kept).reindex(frame.index))


def medians(mesures: pd.DataFrame, indicateurs: pd.DataFrame) -> pd.DataFrame:
    """Current and desired situation of each indicator for the territory, and the way to go.

    Scores on a scale are ordinal: the median of the answers, never their mean.

    Returns
    -------
    DataFrame
        A row per indicator measured for the whole territory: ``indicateur, actuelle, souhaitee``
        (medians, in the unit of its scale), ``ecart`` (`gap`), ``nb`` (answers), ``min_souhaitee,
        max_souhaitee`` (how far the answers differ on what is wanted), then ``critere, unite,
        echelle_min, echelle_max, sens`` of its grid; widest gap first. A missing answer
        counts for nothing; ``ecart`` is missing when the group wants neither rise nor fall.

    Examples
    --------
    >>> grid = pd.DataFrame({"indicateur": ["I1"], "critere": ["Eau"], "sens": ["augmente"]})
    >>> said = pd.DataFrame({"indicateur": ["I1"] * 3, "pratique": None, "actuelle": [1, 1, 5], "souhaitee": [4, 4, 5]})
    >>> medians(said, grid)[["actuelle", "souhaitee", "ecart", "nb"]].values.tolist()
    [[1.0, 4.0, 3.0, 3.0]]
    """
    answers = _of_the_whole(mesures, indicateurs).groupby("indicateur")
    wished = answers["souhaitee"].agg(nb="size", min_souhaitee="min", max_souhaitee="max")
    frame = answers[["actuelle", "souhaitee"]].median().join(wished)
    frame["ecart"] = gap(frame["actuelle"], frame["souhaitee"], directions(indicateurs))
    grid = indicateurs.set_index("indicateur").reindex(columns=SAME)
    return frame.join(grid).reset_index().sort_values("ecart", ascending=False, kind="stable", ignore_index=True)


def _of_the_whole(mesures: pd.DataFrame, indicateurs: pd.DataFrame) -> pd.DataFrame:
    """Measures of the territory as a whole, not of one practice, on indicators that are known."""
    known = mesures["indicateur"].isin(indicateurs["indicateur"])
    return mesures[mesures["pratique"].isna() & known].dropna(subset=["actuelle", "souhaitee"], how="all")


def distribution(mesures: pd.DataFrame, indicateurs: pd.DataFrame) -> pd.DataFrame:
    """How many answers gave each mark, today and wished, on the indicators felt on a scale.

    Returns
    -------
    DataFrame
        A row per indicator and situation that somebody answered: ``critere, situation`` (``aujourd'hui`` or
        ``souhaité``), a column per mark of the scales and per other mark that was given, in answers, also at 0,
        then ``mediane``, on the scale. An indicator without a whole scale is left out.

    Examples
    --------
    >>> grid = pd.DataFrame({"indicateur": ["I1"], "critere": ["Eau"], "type": "ressenti", "echelle_min": 1, "echelle_max": 3})
    >>> said = pd.DataFrame({"indicateur": ["I1"] * 2, "pratique": None, "actuelle": [1, 3], "souhaitee": [3, 3]})
    >>> distribution(said, grid)[["1", "2", "3", "mediane"]].values.tolist()
    [[1.0, 0.0, 1.0, 2.0], [0.0, 0.0, 2.0, 3.0]]
    """
    felt = indicateurs[indicateurs["type"] == "ressenti"].dropna(subset=["echelle_min", "echelle_max"])
    if felt.empty:
        return pd.DataFrame()
    long = _of_the_whole(mesures, felt).melt("indicateur", list(SITUATIONS), "situation", "note").dropna(subset="note")
    long["situation"] = long["situation"].map({column: name for column, (name, *_) in SITUATIONS.items()})
    marks = {*range(int(felt["echelle_min"].min()), int(felt["echelle_max"].max()) + 1), *long["note"]}
    keys = ["indicateur", "situation"]
    table = pd.crosstab([long[key] for key in keys], long["note"]).reindex(columns=sorted(marks), fill_value=0)
    table = table.rename(columns=lambda note: f"{note:g}".replace(".", ","))
    table["mediane"] = long.groupby(keys)["note"].median()
    return felt[["indicateur", "critere"]].merge(table.reset_index()).drop(columns="indicateur")


def readiness(indicateurs: pd.DataFrame, mesures: pd.DataFrame) -> pd.DataFrame:
    """Indicators kept, with ``mesurable``: whether each is measured, can be, or what it lacks to be.

    An indicator can be measured when the sheet says how, in which unit and from which source; it is when a
    current or a desired situation of the whole territory was received.
    """
    kept = indicateurs[indicateurs["statut"] != "écarté"]
    measured = set(_of_the_whole(mesures, indicateurs)["indicateur"])
    titles = {name: catalogue()["indicateurs"][name].title.lower() for name in ("mesure", "unite", "source")}
    lacks = [", ".join(titles[name] for name in titles if pd.isna(row[name])) for row in kept.to_dict("records")]
    told = [f"pas encore, il manque : {lacking}" if lacking else "oui, reste à mesurer" for lacking in lacks]
    told = pd.Series(told, kept.index, dtype=str).mask(kept["indicateur"].isin(measured), "oui, mesuré")
    return kept.assign(mesurable=told).reset_index(drop=True)


# ── what practices do to criteria ───────────────────────────────────────────────────────────────

EFFECTS = {"++": "sert", "+": "sert", "0": "sans effet", "-": "dessert", "?": "ne sait pas"}
READINGS = ["sert", "dessert", "partagé", "sans effet", "ne sait pas", "à regarder"]


def practice_effects(mesures: pd.DataFrame, indicateurs: pd.DataFrame) -> pd.DataFrame:
    """What each practice does to each criterion kept: the programme's own question, cell by cell.

    Returns
    -------
    DataFrame
        A row per practice that was judged and criterion, in the order of the sheets: ``pratique, critere,
        avis`` (``++ + 0 - ?`` with what it rests on, side by side when answers differ; missing where
        nobody looked) and ``effet``, one of `READINGS` (``partagé`` when the answers do not agree).

    Examples
    --------
    >>> grid = pd.DataFrame({"indicateur": ["I1", "I2"], "critere": ["Eau", "Emploi"], "statut": None})
    >>> said = pd.DataFrame({"indicateur": ["I1"], "pratique": ["SEL"], "avis": ["++"], "fondement": ["constaté"]})
    >>> practice_effects(said, grid)["effet"].tolist()
    ['sert', 'à regarder']
    """
    kept = indicateurs[indicateurs["statut"] != "écarté"].set_index("indicateur")["critere"].dropna()
    judged = mesures[mesures["indicateur"].isin(kept.index)].dropna(subset=["pratique", "avis"])
    names, place = [judged["pratique"].unique(), kept.unique()], judged["avis"].map(list(EFFECTS).index)
    judged = judged.assign(critere=judged["indicateur"].map(kept), effet=judged["avis"].map(EFFECTS), place=place)
    judged["avis"] += (" (" + judged["fondement"] + ")").fillna("")
    judged = judged.sort_values(["place", "avis"])  # the order of the sheet would tell who said what
    alike = judged.groupby(["pratique", "critere"], sort=False)
    cells = alike.agg(avis=("avis", lambda said: " / ".join(said.unique())), effet=("effet", "first"))
    cells["effet"] = cells["effet"].mask(alike["effet"].nunique().gt(1), "partagé")
    every = pd.MultiIndex.from_product(names, names=["pratique", "critere"])
    return cells.reindex(every).fillna({"effet": "à regarder"}).reset_index()


def practice_matrix(effects: pd.DataFrame) -> pd.DataFrame:
    """Practice × criterion, from `practice_effects`: a row per practice, a column per criterion, blanks kept.

    Examples
    --------
    >>> effects = pd.DataFrame({"pratique": ["SEL", "SEL"], "critere": ["Eau", "Emploi"], "avis": ["++", None]})
    >>> practice_matrix(effects)["Eau"].tolist()
    ['++']
    """
    return keyed(effects.set_index(["pratique", "critere"])["avis"].unstack(sort=False), "pratique")  # noqa: PD010


def served(effects: pd.DataFrame, by: str) -> pd.DataFrame:
    """The matrix read in one direction: the criteria that a practice serves, or the practices that serve a criterion.

    Parameters
    ----------
    effects : DataFrame
        What `practice_effects` gives.
    by : {"pratique", "critere"}
        What the rows are.

    Returns
    -------
    DataFrame
        ``by``, then a column per reading (`READINGS`) with the names it holds, separated by ``;``; missing when
        it holds none.

    Examples
    --------
    >>> effects = pd.DataFrame({"pratique": ["SEL", "AMAP"], "critere": "Eau", "effet": ["sert", "dessert"]})
    >>> served(effects, "critere")[["sert", "dessert"]].values.tolist()
    [['SEL', 'AMAP']]
    """
    other = "critere" if by == "pratique" else "pratique"
    table = effects.groupby([by, "effet"], sort=False)[other].agg("; ".join).unstack(sort=False)  # noqa: PD010
    return table.reindex(columns=READINGS).rename_axis(columns=None).reset_index()
