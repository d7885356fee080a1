"""Territories side by side, and what cannot be compared: the reasons come before the figures."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from jinja2 import Environment

from .census import context, exploded, quantities
from .indicators import SAME, medians
from .schema import phrases, simplify
from .territory import Programme, Territory


def stacked(programme: Programme, table: str | Callable) -> pd.DataFrame:
    """One table of every territory, one under the other; ``territoire`` is the name of each.

    Parameters
    ----------
    programme : Programme
        Territories, in the order of the rows.
    table : str or callable
        A sheet by its name, or what gives a table of a territory.

    Examples
    --------
    >>> from domino_analysis.territory import Programme
    >>> set(stacked(Programme(["exemple"]), "initiatives")["territoire"])
    {"Pays d'Exemple (fictif)"}
    """
    made = (lambda territory: getattr(territory, table)) if isinstance(table, str) else table
    return pd.concat([made(territory).assign(territoire=territory.nom) for territory in programme], ignore_index=True)


def side_by_side(programme: Programme, name: str, column: str) -> pd.DataFrame:
    """Number of rows of a sheet by value of a column, a column per territory, in the programme's order.

    Parameters
    ----------
    programme : Programme
        Territories, in the order of the columns.
    name, column : str
        A sheet and one of its columns; a cell of several values counts in each. Cells left empty
        are in no row.

    Returns
    -------
    DataFrame
        The column, then the territories under their names: counts that may be 0. Where no cell
        of a territory is filled its column is missing, as nothing was received.
    """
    long = exploded(stacked(programme, name).dropna(subset=column), column, "")
    table = pd.crosstab(long[column], long["territoire"]).reindex(columns=[territory.nom for territory in programme])
    return table.rename_axis(columns=None).reset_index()


def named_practices(programme: Programme) -> pd.DataFrame:
    """Practices that a document of the programme names: ``territoire`` and the columns of the sheet."""
    return stacked(programme, "initiatives").dropna(subset="nommee_par")


def census_totals(programme: Programme) -> pd.DataFrame:
    """Published census figures of each territory, in their own unit, precision and date.

    Returns
    -------
    DataFrame
        ``territoire, objet, valeur, base, unite, precision, date``: totals of no meeting, never added, as each
        has its unit and its rules.
    """
    return stacked(programme, lambda territory: quantities(territory.initiatives.iloc[:0], territory.depouillements))


def stakes(programme: Programme) -> pd.DataFrame:
    """Stakes known of each territory, shared or specific; origins are never mixed.

    A stake is shared when one of its key words, or its very words, are those of a stake of the same
    origin in another territory.

    Returns
    -------
    DataFrame
        ``origine, territoire, libelle, partage``: ``partage`` holds the key words shared, empty when the stake is
        specific to its territory.
    """
    frame = stacked(programme, "enjeux").sort_values(["origine", "territoire"], kind="stable", ignore_index=True)
    words = exploded(frame.assign(mot=frame["mots_cles"].fillna(frame["libelle"]), rang=frame.index), "mot", "")
    words["cle"] = words["mot"].map(simplify)
    holders = words.groupby(["origine", "cle"])["territoire"].transform("nunique")
    shared = words[holders > 1].groupby("rang")["mot"].agg(", ".join)
    return frame.assign(partage=frame.index.map(shared))[["origine", "territoire", "libelle", "partage"]]


def perimeters(programme: Programme) -> pd.DataFrame:
    """Perimeter of each territory at its date: ``territoire, date_perimetre, communes, epci, population``.

    Communes are those of the sheet, inhabitants those that the territory declares for the year
    ``annee``; ``devenues`` counts the communes that these have become.
    """

    def own(territory: Territory) -> pd.DataFrame:
        counts = {"communes": len(territory.communes), "epci": territory.communes["epci"].nunique()}
        return territory.territoires.reindex([0]).assign(**counts, devenues=territory.today.nunique() or pd.NA)

    frame = stacked(programme, own)
    frame["annee"] = frame["population_annee"].astype("str").replace("<NA>", None)
    return frame[["territoire", "date_perimetre", "communes", "epci", "population", "annee", "devenues"]]


def contexts(programme: Programme) -> pd.DataFrame:
    """Context of the territories from the same source and year: sums over their communes.

    Shares and medians are never summed, and are left out.

    Returns
    -------
    DataFrame
        ``libelle, annee, unite``, then a column per territory, in that unit; missing where it has no such
        figure of the same source and year.
    """
    frame = stacked(programme, lambda territory: context(territory.reference("contexte")))
    sums, keys = frame[frame["lieu"] == "territoire"].astype({"valeur": float}), ["libelle", "annee", "unite", "source"]
    table = sums.pivot_table(index=keys, columns="territoire", values="valeur", sort=False)
    return table.reset_index().drop(columns="source").rename_axis(columns=None)


def what_is_held(programme: Programme) -> pd.DataFrame:
    """What was received of each territory: number of rows of the sheets that pages are made of."""
    tables = ("reunions", "fiches", "verbatims", "initiatives", "enjeux", "indicateurs", "preconisations", "actions")
    return pd.DataFrame([{"territoire": t.nom} | {name: len(getattr(t, name)) for name in tables} for t in programme])


def _key(frame: pd.DataFrame) -> pd.Series:
    """What two indicators must share to be one, as one text: criterion, unit, scale and direction."""
    keys = ["/".join(map(str, (simplify(str(name)), *rest))) for name, *rest in frame[SAME].to_numpy()]
    return pd.Series(keys, frame.index, dtype=str)


def common_indicators(programme: Programme, measures: Callable = lambda territory: territory.mesures) -> pd.DataFrame:
    """Current and desired situation on the indicators that several territories follow in the same way.

    Two indicators are one when their criterion is written alike (accents and case apart) with the
    same unit, scale and direction.

    Parameters
    ----------
    measures : callable
        What gives the measures of a territory to count: all, or those that a public page may rest on.

    Returns
    -------
    DataFrame
        ``critere, territoire`` and the columns of `indicators.medians`, the most widely followed
        criterion first; no score and no rank of territories.
    """
    frame = stacked(programme, lambda territory: medians(measures(territory), territory.indicateurs))
    alike = frame.groupby(_key(frame))
    frame["territoires"] = alike["territoire"].transform("nunique")
    frame["critere"] = alike["critere"].transform("first")
    frame = frame[frame["territoires"] > 1].dropna(subset=["actuelle", "souhaitee"])
    return frame.sort_values(["territoires", "critere"], ascending=[False, True], kind="stable", ignore_index=True)


def recurring(programme: Programme) -> pd.DataFrame:
    """Levers that recommendations of several territories name alike: a remark, never a general recommendation.

    Returns
    -------
    DataFrame
        ``levier, territoires``: the lever as first written, the names of its territories.
    """
    frame = stacked(programme, "preconisations").dropna(subset="levier")
    alike = frame.groupby(frame["levier"].map(simplify), sort=False)
    table = alike.agg(levier=("levier", "first"), territoires=("territoire", lambda names: ", ".join(names.unique())))
    return table[alike["territoire"].nunique().gt(1)].reset_index(drop=True)


# ── what can be compared ────────────────────────────────────────────────────────────────────────


def _totals(territory: Territory) -> pd.DataFrame:
    totals = territory.depouillements
    return totals[totals["reunion"].isna() & (totals["unite"] == "initiatives") & (totals["precision"] != "part")]


def _worth(how: str, territory: Territory) -> Any:
    """Value of an expression of the catalogue on the tables of a territory, its published totals and its common measures."""
    measured = _key(medians(territory.mesures, territory.indicateurs))
    return Environment().compile_expression(how)(t=territory, totaux=_totals(territory), mesures=measured)


def comparability(programme: Programme) -> pd.DataFrame:
    """For each pair of a quantity and a territory, whether it is comparable with others, and why (not).

    Returns
    -------
    DataFrame
        ``quantite, territoire, comparable`` (``oui`` or ``non``), ``raison``: the obstacle of this territory (scope,
        source, date, unit, definition), or that no other has the same basis, or what is the same; the
        quantities that nothing compares come first.

    Examples
    --------
    >>> from domino_analysis.territory import Programme
    >>> set(comparability(Programme(["exemple"]))["comparable"])  # a territory alone
    {'non'}
    """
    rows = []
    for words in phrases()["comparabilite"].values():
        obstacles = words["obstacles"].items()
        told = {t.nom: next((words[name] for name, how in obstacles if _worth(how, t)), "") for t in programme}
        bases = {t.nom: {*_worth(words["base"], t)} for t in programme if not told[t.nom]}
        for name, obstacle in told.items():
            alike = any(other != name and bases[other] & bases.get(name, set()) for other in bases)
            reason = obstacle or (words["oui"] if alike else words["autre"])
            rows.append((words["titre"], name, "oui" if alike else "non", reason))
    frame = pd.DataFrame(rows, columns=["quantite", "territoire", "comparable", "raison"])
    compared = frame["comparable"].eq("oui").groupby(frame["quantite"]).transform("any")
    return frame.loc[compared.sort_values(kind="stable").index].reset_index(drop=True)
