"""Small numbers and personal data: what a public page may say of people.

Tallies of people are one-way only. A place or a category of fewer than `PEOPLE` joins a wider one;
what a public document printed is printed as it printed it. The committee's edition lifts every rule of
this module, and the rules stand nowhere else.
"""

import pandas as pd

from .paths import edition
from .schema import simplify, table_named

PEOPLE, ORGANISATIONS = 5, 3
"""Fewest people, and fewest organisations, that a public page counts apart."""

FEW = "réponses de moins de cinq personnes"
"""What the answers of fewer than `PEOPLE` are called together."""

OF_PEOPLE = ("fiches", "verbatims", "votes", "mesures")
"""Tables that hold what people wrote, said and chose: a public page never quotes their cells' problems."""


def is_public() -> bool:
    """Whether the pages are those of the public edition."""
    return edition() == "publique"


def fewest(minimum: int) -> int:
    """Fewest people or organisations that this edition counts apart: the committee's has no minimum.

    Examples
    --------
    >>> fewest(PEOPLE)
    5
    """
    return minimum if is_public() else 0


def is_of_people(name: str) -> bool:
    """Whether this edition keeps the cells of a sheet to itself: what people wrote, by any of its names.

    Examples
    --------
    >>> is_of_people("Fiches table A"), is_of_people("data/raw/exemple/corrections.csv"), is_of_people("communes")
    (True, True, False)
    """
    return is_public() and (table_named(name) in OF_PEOPLE or simplify(name).endswith("corrections csv"))


def stops_at_count(name: str) -> bool:
    """Whether the origin of a number stops, in this edition, at the sheet and its number of rows."""
    return is_public() and name in ("fiches", "votes", "mesures")


def hides_count(name: str) -> bool:
    """Whether this edition keeps to itself how many rows a sheet has: from the total, `few` would be one or two."""
    return is_public() and name == "acteurs"


def changes_told(changes: dict[str, list[int]]) -> dict[str, list[int]]:
    """Rows changed, added and removed in each sheet; of people's, this edition says that they changed, and not how many."""
    return {name: [] if is_of_people(name) or hides_count(name) else counts for name, counts in changes.items()}


def rows_told(name: str, nb: int) -> int | str:
    """Number of rows of a sheet as this edition may say it.

    Examples
    --------
    >>> rows_told("communes", 33), rows_told("acteurs", 5), rows_told("acteurs", 0)
    (33, 'plusieurs', 0)
    """
    return "plusieurs" if nb and hides_count(name) else nb


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
    minimum = fewest(minimum)
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
    return "aucun" if nb == 0 else "un ou deux" if nb < fewest(ORGANISATIONS) else nb


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
    other, minimum = "autres communes ou sans réponse", fewest(minimum)
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
    return rows["reunion"].isin(said.index[said]) | (not is_public())


def spoken(mesures: pd.DataFrame, reunions: pd.DataFrame) -> pd.Series:
    """Whether a table or the whole group gave a measure, aloud, at a meeting that agreed to a public restitution.

    Examples
    --------
    >>> held = pd.DataFrame({"reunion": ["R1"], "restitution_publique": ["oui"]})
    >>> spoken(pd.DataFrame({"reunion": ["R1"] * 3, "repondant": ["A", "groupe", "12"]}), held).tolist()
    [True, True, False]
    """
    is_aloud = mesures["repondant"].fillna("").str.fullmatch("[A-Z]|groupe")
    return agreed(mesures, reunions) & (is_aloud | (not is_public()))


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
    if verbatims["table"].isna().all() or not is_public():
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
