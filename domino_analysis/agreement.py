"""Votes and opinions: totals, one mark per table, and who gave what."""

import pandas as pd


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
    given = votes[(votes["objet"] == objet) & votes["points"].notna()]
    points = given.groupby("code")["points"].sum()
    unknown = points.index.difference(labels.index)
    labels = pd.concat([labels, pd.Series(unknown, index=unknown)])
    frame = pd.DataFrame({"code": labels.index, "label": labels.to_numpy()})
    frame["points"] = frame["code"].map(points).fillna(0).astype(int)
    return frame.sort_values("points", ascending=False, kind="stable", ignore_index=True)


def dots_by_table(votes: pd.DataFrame, objet: str) -> pd.DataFrame:
    """Points that each table gave to each thing: ``code, table, points``."""
    given = votes[(votes["objet"] == objet) & votes["points"].notna()].dropna(subset="table")
    return given.groupby(["code", "table"])["points"].sum().astype(int).reset_index()


def opinions(votes: pd.DataFrame, scale: list[str], labels: pd.Series) -> pd.DataFrame:
    """Number of opinions of each kind on each thing: the distribution, never a mean."""
    given = votes.dropna(subset="avis")
    table = pd.crosstab(given["code"], given["avis"]).reindex(columns=scale, fill_value=0)
    table.insert(0, "label", labels.reindex(table.index))
    return table.rename_axis(columns=None).reset_index()
