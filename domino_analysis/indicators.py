"""Steps 2 and 3: the quantities that a group follows, and the way still to go."""

import pandas as pd


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
        A row per indicator measured for the whole territory: ``indicateur, critere, actuelle,
        souhaitee`` (medians, in the unit of its scale), ``ecart`` (`gap`), ``nb`` (answers),
        ``min_actuelle, max_actuelle``; widest gap first.
    """
    known = mesures["indicateur"].isin(indicateurs["indicateur"])
    whole = mesures[mesures["pratique"].isna() & known].dropna(subset=["actuelle", "souhaitee"], how="all")
    grouped = whole.groupby("indicateur")
    frame = pd.DataFrame(
        {"actuelle": grouped["actuelle"].median(), "souhaitee": grouped["souhaitee"].median(),
         "min_actuelle": grouped["actuelle"].min(), "max_actuelle": grouped["actuelle"].max(),
         "nb": grouped.size()}
    )  # fmt: skip
    direction = directions(indicateurs).reindex(frame.index)
    frame["ecart"] = gap(frame["actuelle"], frame["souhaitee"], direction)
    frame["critere"] = indicateurs.set_index("indicateur")["critere"].reindex(frame.index)
    return frame.reset_index().sort_values("ecart", ascending=False, kind="stable", ignore_index=True)


def practice_matrix(mesures: pd.DataFrame, indicateurs: pd.DataFrame) -> pd.DataFrame:
    """Practice × criterion: what each practice does to each criterion (++, +, 0, -, ?).

    Returns
    -------
    DataFrame
        A row per practice, a column per criterion; missing where nobody looked yet. Where several
        answers differ they stand side by side.
    """
    judged = mesures.dropna(subset=["pratique", "avis"])
    names = indicateurs.set_index("indicateur")["critere"]
    kept = indicateurs[indicateurs["statut"] != "écarté"]["critere"]
    if judged.empty:
        return pd.DataFrame({"pratique": pd.Series(dtype=str)})
    judged = judged.assign(critere=judged["indicateur"].map(names))
    cells = judged.pivot_table(
        index="pratique", columns="critere", values="avis", sort=False,
        aggfunc=lambda answers: " / ".join(dict.fromkeys(answers)),
    )  # fmt: skip
    return cells.reindex(columns=list(kept)).reset_index().rename_axis(columns=None)
