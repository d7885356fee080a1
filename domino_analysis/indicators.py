"""Steps 2 and 3: the quantities that a group follows, and the way still to go."""

import pandas as pd

from .schema import catalogue


def share_pct(part: float, whole: float) -> float:
    """Share of a part in the whole, in percent of the whole (0 to 100); missing when it is empty.

    Examples
    --------
    >>> share_pct(1, 4)
    25.0
    >>> share_pct(0, 0)
    nan
    """
    return 100 * part / whole if whole else float("nan")


def gap(current: pd.Series, desired: pd.Series, direction: pd.Series | int = 1) -> pd.Series:
    r"""Way still to go to the desired situation, in the unit of each indicator.

    .. math:: g = d \, (s - a)

    where :math:`a` is the current value, :math:`s` the desired value and :math:`d` the direction:
    1 when the group wants the indicator to rise, -1 when it wants it to fall.

    Parameters
    ----------
    current, desired : Series
        One value per indicator, in its own unit and on its own scale.
    direction : Series or {1, -1}
        The direction of each indicator.

    Returns
    -------
    Series
        Positive when there is way to go, 0 when the situation is the one desired, negative when it
        is already beyond. Missing where one of the two is missing.

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
    return direction * (desired - current)


def directions(indicateurs: pd.DataFrame) -> pd.Series:
    """Direction of each indicator by code: 1 to rise, -1 to fall, missing when the group wants neither."""
    return indicateurs.set_index("indicateur")["sens"].map({"augmente": 1, "diminue": -1})


def medians(mesures: pd.DataFrame, indicateurs: pd.DataFrame) -> pd.DataFrame:
    """Current and desired situation of each indicator for the territory, and the way to go.

    Scores on a scale are ordinal: the median of the answers, never their mean.

    Returns
    -------
    DataFrame
        A row per indicator measured for the whole territory: ``indicateur, critere, actuelle, souhaitee``
        (medians, in the unit of its scale), ``ecart`` (`gap`), ``nb`` (answers), ``min_souhaitee,
        max_souhaitee`` (how far the answers differ on what is wanted); widest gap first.
    """
    grouped = _of_the_whole(mesures, indicateurs).groupby("indicateur")
    frame = pd.DataFrame(
        {"actuelle": grouped["actuelle"].median(), "souhaitee": grouped["souhaitee"].median(), "nb": grouped.size(),
         "min_souhaitee": grouped["souhaitee"].min(), "max_souhaitee": grouped["souhaitee"].max()}
    )  # fmt: skip
    frame["ecart"] = gap(frame["actuelle"], frame["souhaitee"], directions(indicateurs).reindex(frame.index))
    frame["critere"] = indicateurs.set_index("indicateur")["critere"].reindex(frame.index)
    return frame.reset_index().sort_values("ecart", ascending=False, kind="stable", ignore_index=True)


def _of_the_whole(mesures: pd.DataFrame, indicateurs: pd.DataFrame) -> pd.DataFrame:
    """Measures of the territory as a whole, not of one practice, on indicators that are known."""
    known = mesures["indicateur"].isin(indicateurs["indicateur"])
    return mesures[mesures["pratique"].isna() & known].dropna(subset=["actuelle", "souhaitee"], how="all")


def distribution(mesures: pd.DataFrame, indicateurs: pd.DataFrame) -> pd.DataFrame:
    """How many answers gave each mark, today and wished, on the indicators felt on a scale.

    Returns
    -------
    DataFrame
        Two rows per indicator: ``critere, situation`` (``aujourd'hui`` or ``souhaité``), a column per mark of the
        scales, in answers, also at 0, then ``mediane``.
    """
    felt = indicateurs[indicateurs["type"] == "ressenti"].dropna(subset=["echelle_min", "echelle_max"])
    if felt.empty:
        return pd.DataFrame()
    long = _of_the_whole(mesures, felt).melt("indicateur", ["actuelle", "souhaitee"], "situation", "note")
    keys = ["indicateur", "situation"]
    table = long.dropna(subset="note").pivot_table(index=keys, columns="note", aggfunc="size", fill_value=0)
    marks = range(int(felt["echelle_min"].min()), int(felt["echelle_max"].max()) + 1)
    table = (
        table.reindex(columns=marks, fill_value=0)
        .rename(columns=str)
        .assign(mediane=long.groupby(keys)["note"].median())
    )
    order = felt[["indicateur", "critere"]].merge(pd.DataFrame({"situation": ["actuelle", "souhaitee"]}), how="cross")
    table = order.merge(table.reset_index(), on=keys).drop(columns="indicateur")
    return table.replace({"situation": {"actuelle": "aujourd'hui", "souhaitee": "souhaité"}})


def readiness(indicateurs: pd.DataFrame, mesures: pd.DataFrame) -> pd.DataFrame:
    """Indicators kept, with ``mesurable``: whether each is measured, can be, or what it lacks to be.

    An indicator can be measured when the sheet says how, in which unit and from which source.
    """
    kept = indicateurs[indicateurs["statut"] != "écarté"]
    measured = kept["indicateur"].isin(_of_the_whole(mesures, indicateurs)["indicateur"])
    titles = {name: catalogue()["indicateurs"][name].title.lower() for name in ("mesure", "unite", "source")}
    told = []
    for row, is_measured in zip(kept.to_dict("records"), measured, strict=True):
        lacks = ", ".join(title for name, title in titles.items() if pd.isna(row[name]))
        waits = f"pas encore, il manque : {lacks}" if lacks else "oui, reste à mesurer"
        told.append("oui, mesuré" if is_measured else waits)
    return kept.assign(mesurable=told).reset_index(drop=True)


# ── what practices do to criteria ───────────────────────────────────────────────────────────────

EFFECTS = {"++": "sert", "+": "sert", "-": "dessert", "0": "sans effet", "?": "ne sait pas"}
READINGS = ["sert", "dessert", "partagé", "sans effet", "ne sait pas", "à regarder"]


def practice_effects(mesures: pd.DataFrame, indicateurs: pd.DataFrame) -> pd.DataFrame:
    """What each practice does to each criterion kept: the programme's own question, cell by cell.

    Returns
    -------
    DataFrame
        A row per practice that was judged and criterion, in the order of the sheets: ``pratique, critere,
        avis`` (``++ + 0 - ?`` with what it rests on, side by side when answers differ; missing where
        nobody looked) and ``effet``, one of `READINGS` (``partagé`` when the answers do not agree).
    """
    kept = indicateurs[indicateurs["statut"] != "écarté"].set_index("indicateur")["critere"]
    judged = mesures.dropna(subset=["pratique", "avis"])
    judged = judged.assign(
        critere=judged["indicateur"].map(kept),
        effet=judged["avis"].map(EFFECTS),
        said=judged["avis"] + (" (" + judged["fondement"] + ")").fillna(""),
    ).dropna(subset="critere")
    cells = judged.groupby(["pratique", "critere"], sort=False).agg(
        avis=("said", lambda said: " / ".join(dict.fromkeys(said))),
        effet=("effet", lambda effects: effects.iloc[0] if len(set(effects)) == 1 else "partagé"),
    )
    names = [judged["pratique"].unique(), kept.unique()]
    every = pd.MultiIndex.from_product(names, names=["pratique", "critere"])
    return cells.reindex(every).fillna({"effet": "à regarder"}).reset_index()


def practice_matrix(effects: pd.DataFrame) -> pd.DataFrame:
    """Practice × criterion, from `practice_effects`: a row per practice, a column per criterion, blanks kept."""
    table = effects.set_index(["pratique", "critere"])["avis"].unstack(sort=False)  # noqa: PD010
    return table.rename_axis(columns=None).reset_index()


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
        ``by``, then a column per reading (`READINGS`) with the names it holds, separated by ``;``.
    """
    other = "critere" if by == "pratique" else "pratique"
    table = effects.groupby([by, "effet"], sort=False)[other].agg("; ".join).unstack(sort=False)  # noqa: PD010
    return table.reindex(columns=READINGS).rename_axis(columns=None).reset_index()
