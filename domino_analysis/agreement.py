"""Votes, opinions, rankings and codings: totals, one mark per table, what divides, how far people agree."""

from dataclasses import dataclass
from itertools import pairwise

import krippendorff
import pandas as pd
import scipy

LEVELS = {"nominal": object, "ordinal": float, "interval": float, "ratio": float}
"""What the codes of each level of measurement are."""
PERMUTED = 7
"""Most objects for which ratings are permuted: beyond, chi-square is a good approximation."""


# ── dots: points given to things ────────────────────────────────────────────────────────────────


def _given(votes: pd.DataFrame, objet: str) -> pd.DataFrame:
    return votes[(votes["objet"] == objet) & votes["points"].notna()]


def dots(votes: pd.DataFrame, objet: str, labels: pd.Series) -> pd.DataFrame:
    """Points that each thing received, most first; dots are not a ranking.

    Parameters
    ----------
    votes : DataFrame
        Sheet « votes ».
    objet : str
        What was voted on: ``critère``, ``indicateur``, ``enjeu`` or ``levier``.
    labels : Series
        Label of each thing by code; things that received nothing keep their row, and a code that
        no label explains stands for itself.

    Returns
    -------
    DataFrame
        ``code, label, points``.
    """
    points = _given(votes, objet).groupby("code")["points"].sum()
    unknown = points.index.difference(labels.index)
    frame = pd.concat([labels, pd.Series(unknown, unknown)]).rename_axis("code").reset_index(name="label")
    frame["points"] = frame["code"].map(points).fillna(0).astype(int)
    return frame.sort_values("points", ascending=False, kind="stable", ignore_index=True)


def dots_by_table(votes: pd.DataFrame, objet: str) -> pd.DataFrame:
    """Points that each table gave to each thing: ``code, table, points``; ballots without a table are left out."""
    return _given(votes, objet).groupby(["code", "table"])["points"].sum().astype(int).reset_index()


def ballots(votes: pd.DataFrame, objet: str) -> pd.Series:
    """Number of ballots that gave any point to each thing, by code.

    Parameters
    ----------
    votes, objet
        As in `dots`.

    Returns
    -------
    Series
        At least 1, for the things that received points. Missing where part of the points were only
        counted together (« TOTAL ») or stand on a line without a number: the ballots are not known.

    Examples
    --------
    >>> votes = pd.DataFrame({"reunion": "R1", "objet": "enjeu", "table": "A", "code": ["E1", "E1", "E2", "E2"],
    ...                       "bulletin": ["1", "2", "1", "TOTAL"], "points": [3, 1, 0, 5]})
    >>> ballots(votes, "enjeu").tolist()
    [2, <NA>]
    """
    given = _given(votes, objet).query("points > 0")
    unknown = given["bulletin"].isna() | given["bulletin"].str.upper().eq("TOTAL")
    counts = given.drop_duplicates(["reunion", "table", "bulletin", "code"]).groupby("code").size()
    return counts.astype("Int64").mask(unknown.groupby(given["code"]).any())


def _points_of_tables(votes: pd.DataFrame, objet: str, codes: pd.Series) -> pd.DataFrame:
    """Points of each thing, a row per code in the order given, by each table that gave any."""
    given = dots_by_table(votes, objet).query("points > 0")
    points = given.pivot_table(index="code", columns="table", values="points", aggfunc="sum", fill_value=0)
    return points.reindex(codes, fill_value=0).reset_index(drop=True).rename_axis(columns=None)


def without_each_table(votes: pd.DataFrame, objet: str, labels: pd.Series) -> pd.DataFrame:
    """Rank of the points of each thing, with all ballots and when each table in turn is left out.

    Parameters
    ----------
    votes, objet, labels
        As in `dots`; the votes of one meeting, as a letter is another table at another meeting.

    Returns
    -------
    DataFrame
        ``code, label, ensemble``, then a column per table that gave points: the rank without it.
        1 = most points, equal points share the lowest rank. Rows in the order of `dots`. Ballots
        without a table are in every column.

    Examples
    --------
    >>> votes = pd.DataFrame({"objet": "enjeu", "code": ["E1", "E2", "E2"], "table": ["A", "A", "B"],
    ...                       "points": [4, 1, 5]})
    >>> without_each_table(votes, "enjeu", pd.Series({"E1": "Le lien", "E2": "Les services"}))
      code         label  ensemble  A  B
    0   E2  Les services         1  1  2
    1   E1       Le lien         2  2  1
    """
    frame = dots(votes, objet, labels)
    left = _points_of_tables(votes, objet, frame["code"]).rsub(frame["points"], axis="index")
    left.insert(0, "ensemble", frame["points"])
    return frame[["code", "label"]].join(left.rank(ascending=False, method="min").astype(int))


def divisive(votes: pd.DataFrame, objet: str, labels: pd.Series) -> pd.DataFrame:
    r"""Things on which the tables differ most, most divisive first.

    .. math:: e_i = \max_t \frac{p_{it}}{p_t} - \min_t \frac{p_{it}}{p_t}

    where :math:`p_{it}` are the points that table :math:`t` gave to thing :math:`i` and
    :math:`p_t` all points that this table gave: a large table weighs no more than a small one.

    Parameters
    ----------
    votes, objet, labels
        As in `dots`; the votes of one meeting. Ballots without a table are left out, and a table
        that gave no point.

    Returns
    -------
    DataFrame
        ``code, label``; ``points_haut, sur_haut``: points given by the table that gave it the
        largest share of its own, and all points of that table; ``points_bas, sur_bas``: the same
        for the smallest share; ``ecart``: difference of the two shares, from 0 (every table alike)
        to 1 (everything at one table, nothing at another). Of several tables with that share, the
        one that gave most points. Equal differences keep the order of `dots`. No row when fewer than
        two tables gave points.

    Examples
    --------
    >>> votes = pd.DataFrame({"objet": "enjeu", "code": ["E1", "E2", "E1", "E2"], "table": ["A", "A", "B", "B"],
    ...                       "points": [6, 2, 1, 3]})
    >>> divisive(votes, "enjeu", pd.Series({"E1": "Le lien"})).iloc[0].to_dict()  # 6/8 - 1/4
    {'code': 'E1', 'label': 'Le lien', 'points_haut': 6, 'sur_haut': 8, 'points_bas': 1, 'sur_bas': 4, 'ecart': 0.5}
    """
    frame = dots(votes, objet, labels)[["code", "label"]]
    given = _points_of_tables(votes, objet, frame["code"])
    shares = given / given.sum()
    for end, share in (("haut", shares.max(axis=1)), ("bas", shares.min(axis=1))):
        reached = shares.eq(share, axis="index")
        frame[f"points_{end}"] = given.mul(reached).max(axis=1)
        frame[f"sur_{end}"] = reached.mul(given.sum()).max(axis=1)
    frame["ecart"] = (shares.max(axis=1) - shares.min(axis=1)).round(12)
    frame = frame.sort_values("ecart", ascending=False, kind="stable", ignore_index=True)
    return frame if given.shape[1] > 1 else frame.iloc[:0]


# ── opinions on an ordered scale ────────────────────────────────────────────────────────────────


def opinions(votes: pd.DataFrame, scale: list[str], labels: pd.Series) -> pd.DataFrame:
    """Number of opinions of each kind on each thing: the distribution, never a mean."""
    table = pd.crosstab(votes["code"], votes["avis"]).reindex(columns=scale, fill_value=0)
    table.insert(0, "label", labels.reindex(table.index))
    return table.rename_axis(columns=None).reset_index()


@dataclass(frozen=True)
class OrdinalAgreement:
    """How far the answers on an ordered scale agree.

    Attributes
    ----------
    a : float
        Van der Eijk's A, from -1 to 1.
    distribution : Series
        Number of answers of each category, in the order of the scale.
    median : tuple
        Category of the middle answer; both categories, in order, when the middle falls between
        two; empty when nobody answered.
    n : int
        Number of answers.
    """

    a: float
    distribution: pd.Series
    median: tuple
    n: int


def ordinal_agreement(counts: pd.Series) -> OrdinalAgreement:
    r"""Agreement among the answers on an ordered scale: van der Eijk's A, from -1 to 1.

    The distribution is cut into flat layers: the first is as high as the least chosen of the
    categories that were chosen, the next stands on it, and so on. Then

    .. math:: A = \sum_l \frac{n_l}{n} U_l \left(1 - \frac{S_l - 1}{K - 1}\right), \qquad
              U = \frac{(K - 2)\, T - (K - 1)\, D}{(K - 2)(T + D)}
                = 1 - \frac{2 K - 3}{K - 2} \cdot \frac{D}{T + D}

    where :math:`n_l` is the number of answers in layer :math:`l`, :math:`n` all answers,
    :math:`S_l` the number of categories that the layer fills and :math:`K` that of the scale.
    Among all triples of categories in order, :math:`T` counts those filled side by side with an
    empty one beside them (110 and 011), :math:`D` those filled around an empty one (101);
    :math:`U = 1` when there is neither. Each empty category makes such a triple with each pair of
    filled ones, so that :math:`T + D = (K - S) S (S - 1) / 2`.

    Parameters
    ----------
    counts : Series
        Number of answers by category, every category of the scale in its order; missing is 0.
        « Ne sait pas » is no category of the scale.

    Returns
    -------
    OrdinalAgreement
        ``a`` is 1 when all answers are in one category, 0 when they are evenly spread, -1 when
        they are in two equal camps at the ends. Missing when nobody answered and for a scale of
        fewer than three categories, where two camps and an even spread are the same.

    References
    ----------
    C. van der Eijk (2001), "Measuring agreement in ordered rating scales", *Quality & Quantity*
    35, equation 2.

    Examples
    --------
    >>> result = ordinal_agreement(pd.Series({"non": 0, "mitigé": 1, "oui": 3}))
    >>> result.a, result.median, result.n  # half the answers in the layer 011, 1/2; half in the layer 001, 1
    (0.75, ('oui',), 4)
    """
    counts = counts.fillna(0).astype(int)
    n, below = int(counts.sum()), counts.cumsum()
    median = tuple(counts.index[(counts > 0) & (below >= n / 2) & (below - counts <= n / 2)])
    if n == 0 or len(counts) < 3:
        return OrdinalAgreement(float("nan"), counts, median, n)
    layers = [(top - bottom, counts >= top) for bottom, top in pairwise(sorted({0, *counts}))]
    a = sum(height * filled.sum() * _layer_agreement(filled) for height, filled in layers) / n
    return OrdinalAgreement(float(a), counts, median, n)


def _layer_agreement(filled: pd.Series) -> float:
    """Agreement of one layer, from the categories that it fills."""
    k, s = len(filled), filled.sum()
    before = filled.cumsum()[~filled]
    d = (before * (s - before)).sum()
    triples = (k - s) * s * (s - 1) / 2
    u = 1 - (2 * k - 3) / (k - 2) * d / max(triples, 1)
    return u * (1 - (s - 1) / (k - 1))


# ── raters and ballots that put things in order ─────────────────────────────────────────────────


@dataclass(frozen=True)
class Concordance:
    """How far raters put objects in the same order.

    Attributes
    ----------
    w : float
        Kendall's W, from 0 (no common order) to 1 (the same order).
    chi2, df : float
        Friedman's chi-square and its degrees of freedom.
    p : float
        Probability of a W at least as large without any common order, from chi-square.
    p_permutation : float
        The same, from the permutations of the ratings of each rater; missing beyond 7 objects.
    objects, raters : int
        Number of objects that every rater rated, and of raters.
    """

    w: float
    chi2: float
    df: float
    p: float
    p_permutation: float
    objects: int
    raters: int


def kendall_w(ratings: pd.DataFrame) -> Concordance:
    r"""Concordance of raters on the order of objects: Kendall's W, from 0 to 1, corrected for ties.

    .. math:: W = \frac{12 \sum_i (R_i - \bar R)^2}{m^2 (n^3 - n) - m \sum_j T_j}, \qquad
              \chi^2 = m (n - 1) W

    where :math:`n` is the number of objects, :math:`m` of raters, :math:`R_i` the sum of the ranks
    of object :math:`i` over the raters, and :math:`T_j = \sum (t^3 - t)` over the groups of
    :math:`t` objects that rater :math:`j` ties. It is the variance of :math:`R_i` divided by
    :math:`m` times the sum of the variances of each rater's ranks.

    Parameters
    ----------
    ratings : DataFrame
        A row per object, a column per rater; any numbers that say an order. Objects that a rater
        did not rate are left out.

    Returns
    -------
    Concordance
        Missing, but for the two counts, with fewer than two objects or two raters, and when every
        rater ties all. The permutation p-value is exact when there are at most 9,999 permutations
        of the ratings against the first rater; otherwise as many are drawn, from a fixed seed.

    Notes
    -----
    For a researcher: a p-value is on no page, as participants are no sample.

    References
    ----------
    M. Kendall and J. D. Gibbons (1990), *Rank Correlation Methods*, 5th edition, chapter 6.

    Examples
    --------
    >>> result = kendall_w(pd.DataFrame({"A": [1, 2, 3], "B": [1, 2, 3], "C": [2, 1, 3]}))
    >>> round(result.w, 3), round(result.chi2, 3), result.df, round(result.p_permutation, 3)
    (0.778, 4.667, 2, 0.194)
    """
    ranks = ratings.dropna().rank()
    objects, raters = ranks.shape
    spread = raters * ranks.var().sum()
    if raters < 2 or not spread:
        return Concordance(*[float("nan")] * 5, objects, raters)
    w = float(ranks.sum(axis=1).var() / spread)
    chi2 = raters * (objects - 1) * w
    p = float(scipy.stats.chi2.sf(chi2, objects - 1))
    p_permutation = _permuted(ranks) if objects <= PERMUTED else float("nan")
    return Concordance(w, chi2, objects - 1, p, p_permutation, objects, raters)


def _permuted(ranks: pd.DataFrame) -> float:
    """Share of the permutations of each rater's ranks whose sums spread at least as much; one rater may stay."""
    first, *others = ranks.to_numpy().T

    def spread(*columns, axis):
        return (first + sum(columns)).var(axis=axis)

    test = scipy.stats.permutation_test(others, spread, permutation_type="pairings", alternative="greater", rng=0)
    return float(test.pvalue)


def borda(rankings: pd.DataFrame) -> pd.Series:
    r"""Borda score of each object: places that it stands before the last, summed over the ballots.

    .. math:: b_i = \sum_v (k - r_{iv})

    where :math:`k` is the number of objects and :math:`r_{iv}` the place of object :math:`i` on
    ballot :math:`v`. Objects with the same rank share the mean of the places that they take: ranks
    1, 1, 3 are the places 1.5, 1.5, 3.

    Parameters
    ----------
    rankings : DataFrame
        A row per object, a column per ballot, the rank in each cell (1 = best). Objects that a
        ballot does not rank share the mean of the places left, after those it ranks; a ballot that
        ranks nothing gives each object the same. Only for ballots that *are* rankings: dots are none.

    Returns
    -------
    Series
        From 0 (last on every ballot) to ``ballots * (k - 1)`` (first on every ballot); all scores
        together make ``ballots * k * (k - 1) / 2``.

    References
    ----------
    OECD and JRC (2008), *Handbook on Constructing Composite Indicators*, tables 25 to 34.

    Examples
    --------
    >>> rankings = pd.DataFrame({"v1": [1, 2, 3], "v2": [1, None, None]}, index=["a", "b", "c"])
    >>> borda(rankings).to_dict()  # a: 2 + 2, b: 1 + 0.5, c: 0 + 0.5
    {'a': 4.0, 'b': 1.5, 'c': 0.5}
    """
    return (len(rankings) - rankings.rank(na_option="bottom")).sum(axis=1)


def duels(rankings: pd.DataFrame) -> pd.DataFrame:
    """Number of ballots that rank the object of the row before that of the column: the outranking matrix.

    Parameters
    ----------
    rankings : DataFrame
        As in `borda`. A ballot ranks what it names before what it does not name, and says nothing
        of two objects that it ties or does not name.

    Returns
    -------
    DataFrame
        Objects × objects, from 0 to the number of ballots; 0 on the diagonal.

    Examples
    --------
    >>> rankings = pd.DataFrame({"v1": [1, 2, 3], "v2": [1, None, None]}, index=["a", "b", "c"])
    >>> duels(rankings).to_numpy().tolist()
    [[0, 2, 2], [0, 0, 1], [0, 0, 0]]
    """
    places = rankings.rank(na_option="bottom").to_numpy()
    return pd.DataFrame((places[:, None] < places).sum(axis=2), rankings.index, rankings.index)


def copeland(rankings: pd.DataFrame) -> pd.Series:
    """Copeland score of each object: majority `duels` won minus lost.

    Parameters
    ----------
    rankings : DataFrame
        As in `duels`. A duel with as many ballots each way counts for nobody.

    Returns
    -------
    Series
        From ``-(k - 1)`` to ``k - 1`` for k objects, where an object that beats all others is the
        Condorcet winner; all scores together make 0.

    References
    ----------
    A. H. Copeland (1951), "A reasonable social welfare function", University of Michigan.

    Examples
    --------
    >>> rankings = pd.DataFrame({"v1": [1, 2, 3], "v2": [1, 3, 2], "v3": [2, 1, 3]}, index=["a", "b", "c"])
    >>> copeland(rankings).to_dict()  # a beats b and c, b beats c
    {'a': 2, 'b': 0, 'c': -2}
    """
    won = duels(rankings)
    return won.gt(won.T).sum(axis=1) - won.lt(won.T).sum(axis=1)


# ── coders who read the same statements ─────────────────────────────────────────────────────────


def krippendorff_alpha(codings: pd.DataFrame, level: str) -> float:
    r"""Agreement of coders beyond chance: Krippendorff's alpha, 1 when they agree on every unit.

    .. math:: \alpha = 1 - \frac{D_o}{D_e}

    where :math:`D_o` is the mean squared difference between the codings of a same unit and
    :math:`D_e` that between all codings; the level says what a difference is.

    Parameters
    ----------
    codings : DataFrame
        A row per unit, a column per coder. A missing coding is left out, and so is a unit with
        fewer than two.
    level : {"nominal", "ordinal", "interval", "ratio"}
        Codes of the nominal level may be texts, those of the others are numbers.

    Returns
    -------
    float
        At most 1; 0 when the codings agree no more than by chance, negative when less. Missing
        when fewer than two different codes are left, as nothing could differ.

    Raises
    ------
    KeyError
        When the level is none of the four.
    ValueError
        When a code that must be a number is none.

    References
    ----------
    K. Krippendorff (2019), *Content Analysis*, 4th edition, chapter 12; library ``krippendorff``.

    Examples
    --------
    >>> krippendorff_alpha(pd.DataFrame({"A": ["E1", "E2", "E1"], "B": ["E1", "E2", "E1"]}), "nominal")
    1.0
    """
    codings = codings.astype(LEVELS[level]).loc[lambda units: units.count(axis=1) > 1]
    domain = sorted(pd.Series(codings.to_numpy().ravel()).dropna().unique())
    if len(domain) < 2:
        return float("nan")
    counts = pd.DataFrame({code: codings.eq(code).sum(axis=1) for code in domain})
    return float(krippendorff.alpha(value_counts=counts, value_domain=domain, level_of_measurement=level))
