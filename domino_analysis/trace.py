"""From sheet to action: what was taken up, what was lost, what has no follow-up."""

from dataclasses import dataclass

import networkx as nx
import pandas as pd

from .census import UNSAID, by_value, keyed, occurrences
from .clean import items, parse_date
from .schema import catalogue, grandeurs

NOT_TAKEN_UP = "non repris"

CHAIN = grandeurs()["fil"]["maillons"]
"""The sheets of the chain in its order: the column of the code, that of the words and that of the own date of
each thing, then the columns that name what it comes from, with the sheet of each."""

STATES = ("couvert", "sans suite", "orphelin", "à revoir", "non codé")


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
    """Statements that someone coded: said not taken up, or taken up by a stake that is known.

    Examples
    --------
    >>> said = pd.DataFrame({"repris": ["oui", "oui", "non", None], "enjeu": ["E1", "E9", None, None]})
    >>> coded_statements(said, pd.DataFrame({"enjeu": ["E1"]})).index.tolist()
    [0, 2]
    """
    known = verbatims["enjeu"].isin(enjeux["enjeu"])
    return verbatims[(verbatims["repris"] == "non") | ((verbatims["repris"] == "oui") & known)]


def taken_up(verbatims: pd.DataFrame, enjeux: pd.DataFrame) -> TakenUp:
    r"""Statements behind each stake and statements that no stake takes up, with their range.

    .. math:: l_e = \#\{s : a_s = e, b_s = e\}, \quad n_e = \#\{s : a_s = e\}, \quad
        u_e = \#\{s : a_s = e \text{ or } b_s = e\}

    where :math:`a_s` is the stake that statement :math:`s` was coded under (or « non repris ») and
    :math:`b_s` its second plausible stake, :math:`a_s` when there is none: the range from
    :math:`l_e` to :math:`u_e` runs over both readings of each statement, independently.

    Parameters
    ----------
    verbatims : DataFrame
        Sheet « verbatims »: ``repris, enjeu, second_enjeu``. Statements that nobody coded are left out.
    enjeux : DataFrame
        Sheet « enjeux »: ``enjeu, libelle``.

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
    frame = enjeux[["enjeu", "libelle"]].reset_index(drop=True)
    frame.loc[len(frame)] = NOT_TAKEN_UP
    is_sure = first == second
    counted = {"nb": first, "au_moins": first[is_sure], "au_plus": pd.concat([first, second[~is_sure]])}
    frame = frame.assign(**{column: occurrences(frame["enjeu"], codes) for column, codes in counted.items()})
    lowest, highest = map(int, frame[["au_moins", "au_plus"]].iloc[-1])
    return TakenUp(len(coded), coded[first == NOT_TAKEN_UP], lowest, highest, frame)


def chain(territory) -> nx.DiGraph:
    """Everything that was said and decided, each thing with an arrow to what follows from it.

    Parameters
    ----------
    territory : Territory
        Its sheets of the `CHAIN` and its meetings, which date what has no date of its own.

    Returns
    -------
    DiGraph
        A node ``(sheet, code)`` per thing, with ``libelle``, ``date`` and ``change`` (when its text was
        reworded or another took its place), empty when no paper says it. The measures of one
        indicator are one node, dated by the last; an indicator that was set aside has none. A code
        that no sheet holds makes no arrow.

    Examples
    --------
    >>> from domino_analysis.territory import Territory
    >>> graph = chain(Territory.read("exemple"))
    >>> sorted({(start[0], end[0]) for start, end in graph.edges if end[0] == "actions"})
    [('preconisations', 'actions')]
    """
    graph, arrows = nx.DiGraph(), []
    dates = territory.reunions.set_index("reunion")["date"]
    criteria = territory.indicateurs.set_index("indicateur")["critere"]
    for name, (key, label, own, sources) in CHAIN.items():
        frame = getattr(territory, name)
        frame = frame[frame["statut"] != "écarté"] if name == "indicateurs" else frame
        for row in frame.to_dict("records"):
            node, date, change = (name, row[key]), _text(row.get(own)), _text(row.get("reformule_le"))
            date = date if date and parse_date(date) == date else _text(dates.get(row.get("reunion")))
            words = criteria.get(row[label], row[label]) if name == "mesures" else row[label]
            graph.add_node(node, libelle=words, date=date, change=change, repris=row.get("repris"))
            arrows += [((source, code), node) for column, source in sources.items() for code in items(row[column])]
            arrows += [(node, ("enjeux", row["enjeu"]))] if row.get("repris") == "oui" else []
    graph.add_edges_from((start, end) for start, end in arrows if start in graph and end in graph)
    circle = {node: number for number, part in enumerate(nx.strongly_connected_components(graph)) for node in part}
    graph.remove_edges_from([(start, end) for start, end in graph.edges if circle[start] == circle[end]])
    for start, end in graph.edges:
        if start[0] == end[0]:
            graph.nodes[start]["change"] = max(graph.nodes[start]["change"], graph.nodes[end]["date"])
    return graph


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _labels(graph: nx.DiGraph, nodes, name: str = "") -> list[str]:
    """Words of some things of the chain, or of those of one sheet only."""
    return [graph.nodes[node]["libelle"] for node in nodes if name in ("", node[0])]


def _state(graph: nx.DiGraph, node: tuple[str, str]) -> str:
    """State of a thing of the chain: the first of those that `follow_up` tells."""
    (name, _), thing, ends = node, graph.nodes[node], not graph.out_degree(node)
    if name == "verbatims" and ends and thing["repris"] not in ("oui", "non"):
        return "non codé"
    changes = [graph.nodes[source]["change"] for source in nx.ancestors(graph, node)]
    # « 2016-05 » is not later than « 2016 »: what both dates say is compared
    later = any(change[: len(thing["date"])] > thing["date"][: len(change)] for change in changes)
    if thing["date"] and name != "enjeux" and later:
        return "à revoir"
    if name != "verbatims" and not graph.in_degree(node):
        return "orphelin"
    return "sans suite" if ends and name not in ("mesures", "actions") else "couvert"


def follow_up(territory) -> pd.DataFrame:
    """For each thing said or decided: what it comes from, what follows, and where that leaves it.

    Parameters
    ----------
    territory : Territory
        As for `chain`.

    Returns
    -------
    DataFrame
        ``feuille, code, libelle, vient_de, suites, etat``. ``vient_de`` and ``suites`` hold labels, separated
        by ``;``. ``etat`` is the first that holds: ``non codé`` (a statement that nobody read against
        the stakes), ``à revoir`` (a stake that it rests on was reworded or replaced after its date),
        ``orphelin`` (it comes from nothing), ``sans suite`` (nothing follows), ``couvert``. Measures
        and actions end the chain: nothing has to follow them; statements begin it. What has no date is
        never ``à revoir``.

    Examples
    --------
    >>> from domino_analysis.territory import Territory
    >>> followed = follow_up(Territory.read("exemple")).set_index("feuille")
    >>> set(followed.loc["actions", "etat"])
    {'couvert'}
    """
    graph, rows = chain(territory), []
    for node, thing in graph.nodes.items():
        around = ("; ".join(map(str, _labels(graph, nodes))) for nodes in (graph.pred[node], graph.succ[node]))
        rows.append((*node, thing["libelle"], *around, _state(graph, node)))
    return pd.DataFrame(rows, columns=["feuille", "code", "libelle", "vient_de", "suites", "etat"])


def states(followed: pd.DataFrame) -> pd.DataFrame:
    """Number of things in each state, a row per sheet of the chain that holds any, a column per state.

    Examples
    --------
    >>> followed = pd.DataFrame({"feuille": ["enjeux", "enjeux", "actions"], "etat": ["couvert", "orphelin", "couvert"]})
    >>> states(followed)[["feuille", "nb", "couvert", "orphelin"]].values.tolist()
    [['enjeux', 2, 1, 1], ['actions', 1, 1, 0]]
    """
    table = pd.crosstab(followed["feuille"], followed["etat"]).reindex(columns=list(STATES), fill_value=0)
    table = table.reindex([name for name in CHAIN if name in table.index])
    table.insert(0, "nb", table.sum(axis=1))
    return table.rename_axis(columns=None).rename_axis("feuille").reset_index()


def answered(territory) -> pd.DataFrame:
    """How far what people said went, question by question: to a stake, an indicator, a recommendation, an action.

    Expectations, interests and offers are statements like the others: each is answered where the
    chain leads from it.

    Parameters
    ----------
    territory : Territory
        As for `chain`; the words of « Q1 » to « Q3 » are those of the meeting.

    Returns
    -------
    DataFrame
        ``question, nb, enjeux, indicateurs, preconisations, actions``: statements of the question and, of
        these, those from which the chain reaches a thing of each sheet, from 0 to ``nb``. Statements
        without a question are under « non renseigné ».

    Examples
    --------
    >>> from domino_analysis.territory import Territory
    >>> example = Territory.read("exemple")
    >>> table = answered(example)
    >>> bool((table["actions"] <= table["nb"]).all()), int(table["nb"].sum()) == len(example.verbatims)
    (True, True)
    """
    graph, said, steps = chain(territory), territory.verbatims, ["enjeux", "indicateurs", "preconisations", "actions"]
    asked = territory.reunions.filter(regex="^reunion$|^question_").melt("reunion", var_name="question")
    asked["question"] = "Q" + asked["question"].str[-1]
    words = said[["reunion", "question"]].merge(asked, "left")["value"]
    said["question"] = words.fillna(said["question"]).fillna(UNSAID)
    reached = [{name for name, _ in nx.descendants(graph, ("verbatims", code))} for code in said["verbatim"]]
    for step in steps:
        said[step] = [int(step in names) for names in reached]
    return said.assign(nb=1).groupby("question", sort=False)[["nb", *steps]].sum().reset_index()


def drift(territory) -> pd.DataFrame:
    """Statements behind each stake, meeting by meeting: which stakes people come back to, which fade.

    Parameters
    ----------
    territory : Territory
        Its statements as they were coded, its stakes, and its meetings, which give the dates.

    Returns
    -------
    DataFrame
        ``libelle``, then a column per dated meeting with coded statements, in the order of the calendar;
        the last row counts the statements that no stake takes up. Counts that may be 0; meetings of one
        day share a column, and statements of a meeting without a date are in none.

    Examples
    --------
    >>> from domino_analysis.territory import Territory
    >>> drift(Territory.read("exemple"))["libelle"].iloc[-1]
    'non repris'
    """
    coded = coded_statements(territory.verbatims, territory.enjeux)
    dates = coded["reunion"].map(territory.reunions.set_index("reunion")["date"])
    labels = dict(zip(territory.enjeux["enjeu"], territory.enjeux["libelle"], strict=True))
    taken = coded["enjeu"].map(labels).where(coded["repris"] == "oui", NOT_TAKEN_UP)
    table = pd.crosstab(taken, dates).reindex([*labels.values(), NOT_TAKEN_UP], fill_value=0)
    return keyed(table, "libelle")


def coverage(enjeux: pd.DataFrame, indicateurs: pd.DataFrame, preconisations: pd.DataFrame) -> pd.DataFrame:
    """For each stake, the indicators kept and the recommendations that answer it, by number and by name.

    Returns
    -------
    DataFrame
        ``enjeu, libelle, indicateurs, preconisations`` (counts that may be 0), ``criteres, objectifs`` (names,
        separated by ``;``; missing when there is none), then a column per moment: recommendations of the
        stake at that moment, also at 0. Indicators that were set aside and what names no stake are left out.

    Examples
    --------
    >>> stakes = pd.DataFrame({"enjeu": ["E1", "E2"], "libelle": ["Bouger", "Le lien"]})
    >>> grid = pd.DataFrame({"enjeu": ["E1"], "critere": ["Trajets"], "statut": [None]})
    >>> advice = pd.DataFrame({"enjeu": ["E1"], "objectif": ["Un arrêt"], "moment": ["déclenchement"]})
    >>> coverage(stakes, grid, advice)[["indicateurs", "preconisations", "déclenchement"]].values.tolist()
    [[1, 1, 1], [0, 0, 0]]
    """
    kept = indicateurs[indicateurs["statut"] != "écarté"]
    frame = enjeux[["enjeu", "libelle"]].reset_index(drop=True)
    for name, names, table in (("indicateurs", "criteres", kept), ("preconisations", "objectifs", preconisations)):
        labels = table.groupby("enjeu")[CHAIN[name][1]].agg(lambda said: "; ".join(said.dropna()))
        frame[name] = occurrences(frame["enjeu"], table["enjeu"])
        frame[names] = frame["enjeu"].map(labels)
    moments = pd.crosstab(preconisations["enjeu"], preconisations["moment"])
    order = catalogue()["preconisations"]["moment"].enum
    return frame.join(moments.reindex(index=frame["enjeu"], columns=order, fill_value=0), on="enjeu")


def by_moment(preconisations: pd.DataFrame) -> pd.DataFrame:
    """Number of recommendations by moment; a moment that none speaks of keeps its row.

    Examples
    --------
    >>> by_moment(pd.DataFrame({"moment": ["accompagnement", None]}))["nb"].tolist()
    [0, 1, 0, 1]
    """
    order = catalogue()["preconisations"]["moment"].enum if preconisations["moment"].notna().any() else ()
    return by_value(preconisations, "moment", order=order)


@dataclass(frozen=True)
class Chain:
    """One recommendation: the stakes, criteria and statements it comes from, its actions, and its state."""

    preconisation: pd.Series
    enjeux: list[str]
    criteres: list[str]
    verbatims: list[str]
    actions: list[str]
    etat: str


def chains(territory) -> list[Chain]:
    """Each recommendation with what it comes from and what follows, in the words of the sheets.

    Parameters
    ----------
    territory : Territory
        As for `chain`.

    Returns
    -------
    list of Chain
        In the order of the sheet. The statements are those that the recommendation itself names, not
        all those behind its stake.

    Examples
    --------
    >>> from domino_analysis.territory import Territory
    >>> example = Territory.read("exemple")
    >>> len(chains(example)) == len(example.preconisations)
    True
    """
    graph, told = chain(territory), []
    for _, row in territory.preconisations.iterrows():
        node = ("preconisations", row["preconisation"])
        sources = (_labels(graph, graph.pred[node], name) for name in ("enjeux", "indicateurs", "verbatims"))
        told.append(Chain(row, *sources, _labels(graph, graph.succ[node], "actions"), _state(graph, node)))
    return told
