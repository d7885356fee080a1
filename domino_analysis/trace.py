"""From sheet to action: what was taken up, what was lost, what has no follow-up."""

from dataclasses import dataclass

import pandas as pd

from .census import UNSAID
from .clean import items
from .schema import catalogue

NOT_TAKEN_UP = "non repris"


@dataclass(frozen=True)
class TakenUp:
    """What became of statements between the tables and the stakes.

    Attributes
    ----------
    coded : int
        Statements that someone coded.
    lost : DataFrame
        Statements not taken up by any stake, under the proposed coding.
    lowest, highest : int
        Fewest and most statements not taken up, over the plausible codings.
    by_stake : DataFrame
        ``enjeu, libelle, nb, au_moins, au_plus``: statements behind each stake, and the last row
        those not taken up.
    """

    coded: int
    lost: pd.DataFrame
    lowest: int
    highest: int
    by_stake: pd.DataFrame


def coded_statements(verbatims: pd.DataFrame, enjeux: pd.DataFrame) -> pd.DataFrame:
    """Statements that someone coded: said not taken up, or taken up by a stake that is known."""
    known = verbatims["enjeu"].isin(enjeux["enjeu"])
    return verbatims[(verbatims["repris"] == "non") | ((verbatims["repris"] == "oui") & known)]


def taken_up(verbatims: pd.DataFrame, enjeux: pd.DataFrame) -> TakenUp:
    """Statements behind each stake and statements that no stake takes up, with their range.

    A statement with a second plausible stake counts in one or the other: the range runs over both
    readings of each statement, independently.

    Examples
    --------
    >>> said = pd.DataFrame({"repris": ["oui", "oui", "non"], "enjeu": ["E1", "E1", None],
    ...                      "second_enjeu": [None, "non repris", "E1"]})
    >>> result = taken_up(said, pd.DataFrame({"enjeu": ["E1"], "libelle": ["Les services"]}))
    >>> len(result.lost), result.lowest, result.highest
    (1, 0, 2)
    >>> result.by_stake[["nb", "au_moins", "au_plus"]].values.tolist()
    [[2, 1, 3], [1, 0, 2]]
    """
    coded = coded_statements(verbatims, enjeux)
    first = coded["enjeu"].where(coded["repris"] == "oui", NOT_TAKEN_UP)
    second = coded["second_enjeu"].fillna(first)
    rows = [
        {"enjeu": code, "libelle": label, "nb": int((first == code).sum()),
         "au_moins": int(((first == code) & (second == code)).sum()),
         "au_plus": int(((first == code) | (second == code)).sum())}
        for code, label in [*zip(enjeux["enjeu"], enjeux["libelle"], strict=True), (NOT_TAKEN_UP, NOT_TAKEN_UP)]
    ]  # fmt: skip
    return TakenUp(
        len(coded), coded[first == NOT_TAKEN_UP], rows[-1]["au_moins"], rows[-1]["au_plus"], pd.DataFrame(rows)
    )


def coverage(enjeux: pd.DataFrame, indicateurs: pd.DataFrame, preconisations: pd.DataFrame) -> pd.DataFrame:
    """For each stake, how many indicators kept and recommendations answer it.

    Returns
    -------
    DataFrame
        ``enjeu, libelle, indicateurs, preconisations``, counts that may be 0.
    """
    kept = indicateurs[indicateurs["statut"] != "écarté"]
    frame = enjeux[["enjeu", "libelle"]].copy()
    for name, table in (("indicateurs", kept), ("preconisations", preconisations)):
        frame[name] = frame["enjeu"].map(table["enjeu"].value_counts()).fillna(0).astype(int)
    return frame.reset_index(drop=True)


def by_moment(preconisations: pd.DataFrame) -> pd.DataFrame:
    """Number of recommendations by moment; a moment that none speaks of keeps its row."""
    order = list(catalogue()["preconisations"]["moment"].enum)
    counts = preconisations["moment"].fillna(UNSAID).value_counts()
    index = [*order, *([UNSAID] if UNSAID in counts else [])]
    return counts.reindex(index, fill_value=0).rename("nb").rename_axis("moment").reset_index()


@dataclass(frozen=True)
class Chain:
    """One recommendation with what it comes from and what follows."""

    preconisation: pd.Series
    enjeu: str
    critere: str
    verbatims: list[str]
    actions: pd.DataFrame


def chains(territory) -> list[Chain]:
    """Each recommendation with its stake, its criterion, the statements behind it and its actions."""
    stakes = territory.enjeux.set_index("enjeu")["libelle"]
    criteria = territory.indicateurs.set_index("indicateur")["critere"]
    said = territory.verbatims.set_index("verbatim")["texte"]
    actions = territory.actions
    return [
        Chain(
            row,
            stakes.get(row["enjeu"], ""),
            criteria.get(row["indicateur"], ""),
            [said[code] for code in items(row["origine"]) if code in said.index],
            actions[actions["preconisation"] == row["preconisation"]],
        )
        for _, row in territory.preconisations.iterrows()
    ]
