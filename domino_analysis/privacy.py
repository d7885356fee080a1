"""Small numbers and personal data: what a public page may say of people.

Tallies of people are one-way only. A place or a category of fewer than `PEOPLE` joins a wider one;
what a public document printed is printed as it printed it.
"""

import pandas as pd

from .schema import simplify, table_named

PEOPLE, ORGANISATIONS = 5, 3
"""Fewest people, and fewest organisations, that a public page counts apart."""


OF_PEOPLE = ("fiches", "verbatims", "votes", "mesures")
"""Tables that hold what people wrote, said and chose: a public page never quotes their cells' problems."""


def is_of_people(name: str) -> bool:
    """Whether a sheet or a file beside them holds what people wrote, by any of its names.

    Examples
    --------
    >>> is_of_people("Fiches table A"), is_of_people("data/raw/exemple/corrections.csv"), is_of_people("communes")
    (True, True, False)
    """
    return table_named(name) in OF_PEOPLE or simplify(name).endswith("corrections csv")


def merge_small(counts: pd.DataFrame, label: str, other: str, minimum: int = PEOPLE) -> pd.DataFrame:
    """Counts whose categories under the minimum are merged, so that no difference gives one back.

    Parameters
    ----------
    counts : DataFrame
        A row per category: ``label`` and ``nb``.
    label : str
        Column that names the category.
    other : str
        Name of what is merged.
    minimum : int
        Fewest that stand apart.

    Returns
    -------
    DataFrame
        Same total. When the merged rest is itself under the minimum, the smallest category shown
        joins it, until it is not.

    Examples
    --------
    >>> counts = pd.DataFrame({"qui": ["citoyen", "association", "élu"], "nb": [14, 8, 2]})
    >>> merge_small(counts, "qui", "autres").to_dict("list")
    {'qui': ['citoyen', 'autres'], 'nb': [14, 10]}
    """
    ordered = counts[counts["nb"] > 0].sort_values("nb", ascending=False, kind="stable", ignore_index=True)
    apart = int((ordered["nb"] >= minimum).sum())
    while apart and 0 < ordered["nb"][apart:].sum() < minimum:
        apart -= 1
    names = ordered[label].where(ordered.index < apart, other)
    return ordered["nb"].groupby(names, sort=False, dropna=False).sum().reset_index()


def few(nb: int) -> int | str:
    """Number of organisations as a public page may say it: none, a few, or the number.

    Examples
    --------
    >>> few(0), few(2), few(4)
    ('aucun', 'un ou deux', 4)
    """
    return "aucun" if nb == 0 else "un ou deux" if nb < ORGANISATIONS else nb


def people_by_commune(named: pd.DataFrame, unknown: int, minimum: int = PEOPLE) -> pd.DataFrame:
    """People by commune as a public page may say it: small communes with their EPCI, then together.

    Parameters
    ----------
    named : DataFrame
        ``commune, epci, nb`` of the communes that sheets name.
    unknown : int
        People whose sheet names no commune of the territory.

    Returns
    -------
    DataFrame
        ``lieu, nb``; its total is that of all people.

    Examples
    --------
    >>> named = pd.DataFrame({"commune": ["A", "B", "C", "D"], "epci": ["X", "X", "X", "Y"],
    ...                       "nb": [6, 3, 2, 1]})
    >>> people_by_commune(named, 4).to_dict("list")
    {'lieu': ['A', "X (autres communes de l'intercommunalité)", 'autres communes ou sans réponse'], 'nb': [6, 5, 5]}
    """
    other = "autres communes ou sans réponse"
    wider = (named["epci"] + " (autres communes de l'intercommunalité)").fillna(other)
    places = named["commune"].where(named["nb"] >= minimum, wider)
    counts = named["nb"].groupby(places, sort=False).sum().drop(other, errors="ignore")
    apart = counts[counts >= minimum]
    rest = named["nb"].sum() + unknown - apart.sum()
    pool = pd.concat([apart, pd.Series({other: rest})]).rename_axis("lieu").reset_index(name="nb")
    shown = merge_small(pool, "lieu", other, minimum)
    return shown.assign(lieu="toutes les communes réunies") if len(shown) == 1 and len(named) > 1 else shown


def agreed(rows: pd.DataFrame, reunions: pd.DataFrame) -> pd.Series:
    """Whether the meeting of each row agreed to a public restitution: its record says so, and no other says no.

    Examples
    --------
    >>> held = pd.DataFrame({"reunion": ["R1", "R2", "R2 (2)"], "restitution_publique": ["oui", "oui", "non"]})
    >>> agreed(pd.DataFrame({"reunion": ["R2", "R1", None]}), held).tolist()
    [False, True, False]
    """
    codes = reunions["reunion"].str.replace(r" \(\d+\)$", "", regex=True)  # a code typed twice
    said = reunions["restitution_publique"].eq("oui").groupby(codes).all()
    return rows["reunion"].isin(said.index[said])


def spoken(mesures: pd.DataFrame, reunions: pd.DataFrame) -> pd.Series:
    """Whether a table or the whole group gave a measure, aloud, at a meeting that agreed to a public restitution.

    Examples
    --------
    >>> held = pd.DataFrame({"reunion": ["R1"], "restitution_publique": ["oui"]})
    >>> spoken(pd.DataFrame({"reunion": ["R1"] * 3, "repondant": ["A", "groupe", "12"]}), held).tolist()
    [True, True, False]
    """
    return agreed(mesures, reunions) & mesures["repondant"].fillna("").str.fullmatch("[A-Z]|groupe")


def public_measures(mesures: pd.DataFrame, reunions: pd.DataFrame) -> pd.DataFrame:
    """Measures that a public page rests on: those that were `spoken`, and those of enough people at once.

    What people gave by ballot, or a meeting kept to itself, counts only where at least `PEOPLE`
    judged the same indicator, of the same practice, at the same meeting, on that very column: a
    median of two answers is the answers, and five rows of one ballot are one person.

    Examples
    --------
    >>> held = pd.DataFrame({"reunion": ["R1"], "restitution_publique": ["oui"]})
    >>> given = pd.DataFrame({"reunion": ["R1"] * 3, "repondant": ["A", "1", "2"], "indicateur": ["I1", "I1", "I2"],
    ...                       "pratique": None, "actuelle": [1, 2, 3], "souhaitee": [4, 5, 4], "avis": None})
    >>> public_measures(given, held)["repondant"].tolist()
    ['A']
    """
    aloud, shown = spoken(mesures, reunions), mesures.copy()
    asked = [mesures[column].fillna("") for column in ("reunion", "indicateur", "pratique")]
    judged = ["actuelle", "souhaitee", "avis"]
    for column in judged:
        people = mesures["repondant"].where(~aloud & mesures[column].notna()).groupby(asked).transform("nunique")
        shown[column] = mesures[column].where(aloud | people.ge(PEOPLE))
    return shown.dropna(subset=judged, how="all")


def unordered(verbatims: pd.DataFrame) -> pd.DataFrame:
    """Statements by their first words when their tables are known: the order of the sheet would tell which table."""
    if verbatims["table"].isna().all():
        return verbatims
    return verbatims.sort_values("texte", key=lambda texts: texts.fillna("").map(simplify), kind="stable")


def public_words(verbatims: pd.DataFrame, reunions: pd.DataFrame) -> pd.DataFrame:
    """Statements whose text is missing when their meeting did not agree to a public restitution.

    Examples
    --------
    >>> said = pd.DataFrame({"reunion": ["R1", "R2"], "table": None, "texte": ["oui", "non"]})
    >>> held = pd.DataFrame({"reunion": ["R1", "R2"], "restitution_publique": ["oui", "non"]})
    >>> public_words(said, held)["texte"].isna().tolist()
    [False, True]
    """
    return unordered(verbatims.assign(texte=verbatims["texte"].where(agreed(verbatims, reunions))))
