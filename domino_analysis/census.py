"""Step 1: who was there, which practices, where, since when, by whom, and what is not known.

Every function is a pure function of tidy tables; a count says the rows it rests on.
"""

import math
from dataclasses import dataclass

import pandas as pd
from scipy.stats import entropy

from .clean import items
from .schema import A_VERIFIER, catalogue, grandeurs, services, simplify
from .territory import Territory

UNKNOWN, UNSAID = "NR", "non renseigné"
"""What stands for an answer that was not given: as the participants' sheets write it, and in counts."""


@dataclass(frozen=True)
class Tally:
    """Counts of the answers to one question, from sheets or from totals.

    Attributes
    ----------
    counts : DataFrame
        ``reponse`` (as written), ``nb`` (sheets or mentions), ``ecrit`` (whether the number is
        counted or written; an answer listed without a number counts once), ``code_insee``.
    base : float
        Number of sheets or of people asked; missing when no paper gives it.
    origin : str
        ``fiches`` when the rows exist, ``depouillements`` when only totals survive, or nothing.
    document : str
        Title of the document that gives the totals.
    is_published : bool
        Whether that document is public: its totals are then printed as it printed them.
    """

    counts: pd.DataFrame
    base: float
    origin: str = ""
    document: str = ""
    is_published: bool = False

    @property
    def total(self) -> int:
        """Sum of the counts, in sheets or mentions."""
        return int(self.counts["nb"].sum())

    @property
    def is_minimum(self) -> bool:
        """Whether the total is only a minimum: some answers were listed without a number."""
        return bool((~self.counts["ecrit"]).any())

    def of(self, answer: str) -> int:
        """Count of one answer, 0 when nobody gave it."""
        return int(self.counts.loc[self.counts["reponse"] == answer, "nb"].sum())


def tally_fiches(fiches: pd.DataFrame, column: str) -> Tally:
    """Counts of one column of participants' sheets, one per sheet and distinct answer.

    Examples
    --------
    >>> fiches = pd.DataFrame({"services": ["AMAP; SEL", "AMAP", None]})
    >>> tally_fiches(fiches, "services").counts["nb"].tolist()
    [2, 1]
    """
    is_list = catalogue()["fiches"][column].type == "list"
    answers = fiches[column].map(items) if is_list else fiches[column].fillna(UNKNOWN)
    codes = fiches["code_insee"] if column == "commune" else None
    given = fiches.assign(reponse=answers, code_insee=codes, sheet=range(len(fiches))).explode("reponse")
    counts = given.groupby("reponse", sort=False).agg(nb=("sheet", "nunique"), code_insee=("code_insee", "first"))
    counts = counts.assign(ecrit=True).sort_values("nb", ascending=False, kind="stable").reset_index()
    return Tally(counts, len(fiches) or math.nan, "fiches" if len(fiches) else "")


def tally(territory: Territory, column: str, reunion: str) -> Tally:
    """Counts of one question of the participants' sheets at one meeting.

    From the sheets where they exist, else from the totals of ``depouillements`` whose question is
    the title of the column; rows are never invented from totals.

    Parameters
    ----------
    territory : Territory
    column : str
        Column of ``fiches``: ``commune``, ``utilisateur``, ``services``, ``participation``…
    reunion : str
        Code of the meeting.
    """
    fiches = territory.fiches.query("reunion == @reunion")
    if not fiches.empty:
        return tally_fiches(fiches, column)
    totals, title = territory.depouillements, catalogue()["fiches"][column].title
    is_asked = (totals["reunion"] == reunion) & (totals["question"].map(simplify) == simplify(title))
    totals = totals[is_asked].reset_index(drop=True)
    is_written = (totals["nombre_ecrit"].fillna("oui") == "oui") & totals["valeur"].notna()
    counts = totals[["reponse", "code_insee"]].assign(nb=totals["valeur"].fillna(1).astype(int), ecrit=is_written)
    papers = territory.documents.set_index("document").reindex(totals["document"])
    is_published = len(totals) > 0 and bool((papers["public"] == "oui").all())
    document = next(iter(papers["titre"].dropna()), "")
    return Tally(counts, totals["base"].max(), "depouillements" if len(totals) else "", document, is_published)


@dataclass(frozen=True)
class Meeting:
    """One meeting of a territory; each table of the territory under its name, with the rows of the meeting.

    Attributes
    ----------
    territory : Territory
    row : Series
        The meeting in the sheet « reunions ».
    fiches, verbatims, enjeux : DataFrame
        Sheets, statements and retained stakes of the meeting, and so on for each table that names meetings.
    """

    territory: Territory
    row: pd.Series

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_") or name not in catalogue():
            raise AttributeError(name)
        return getattr(self.territory, name).loc[lambda rows: rows["reunion"] == self.code].reset_index(drop=True)

    @property
    def code(self) -> str:
        """Code of the meeting."""
        return self.row["reunion"]

    @property
    def questions(self) -> dict[str, str]:
        """Questions put to the tables, by ``Q1``, ``Q2``, ``Q3``."""
        return {f"Q{n}": self.row[f"question_{n}"] for n in (1, 2, 3) if isinstance(self.row[f"question_{n}"], str)}

    @property
    def following(self) -> pd.Series | None:
        """Next dated meeting of the calendar, if there is one."""
        later = self.territory.reunions.loc[lambda known: known["date"] > str(self.row["date"])].sort_values("date")
        return None if later.empty else later.iloc[0]

    def tally(self, column: str) -> Tally:
        """Counts of one question of the sheets; see `tally`."""
        return tally(self.territory, column, self.code)


def meeting(territory: Territory, code: str) -> Meeting:
    """One meeting by its code; a code that is not in the sheet is an error that lists the others."""
    found = {row["reunion"]: row for _, row in territory.reunions.iterrows()}
    if code not in found:
        known = ", ".join(found) or "aucune"
        raise KeyError(f"la réunion « {code} » n'est pas dans la feuille « reunions » ; connues : {known}")
    return Meeting(territory, found[code])


def recorded_meetings(territory: Territory) -> list[Meeting]:
    """Meetings that have a sheet, a statement or a tally: those that minutes are made of."""
    named = [getattr(territory, name)["reunion"].dropna() for name in ("fiches", "verbatims", "depouillements")]
    meetings = territory.reunions.sort_values(["date", "reunion"])
    return [Meeting(territory, row) for _, row in meetings[meetings["reunion"].isin(pd.concat(named))].iterrows()]


def occurrences(keys: pd.Series, values: pd.Series) -> pd.Series:
    """Number of times that each key is among the values, 0 included.

    Examples
    --------
    >>> occurrences(pd.Series(["AMAP", "SEL"]), pd.Series(["AMAP", "troc", "AMAP"])).tolist()
    [2, 0]
    """
    return keys.map(values.value_counts()).fillna(0).astype(int)


@dataclass(frozen=True)
class Presence:
    """Which communes of the territory the sheets of a meeting name.

    Attributes
    ----------
    named, absent : DataFrame
        Communes named with their count ``nb``; communes that no sheet names.
    epci_absent : list of str
        Intercommunalités of which no sheet names any commune; none is told when a sheet names a
        place that was not recognised.
    is_minimum : bool
        Whether some sheet names no commune of the territory, so that more may have been present.
    """

    named: pd.DataFrame
    absent: pd.DataFrame
    epci_absent: list[str]
    is_minimum: bool


def presence(communes: pd.DataFrame, counts: Tally) -> Presence:
    """Communes present and absent, from the tally of « Commune de provenance »."""
    own = communes["code_insee"].fillna(communes["commune"])
    answered = counts.counts["code_insee"].fillna(counts.counts["reponse"])
    frame = communes.assign(nb=occurrences(own, answered.repeat(counts.counts["nb"])))
    present = frame[frame["nb"] > 0].sort_values(["nb", "commune"], ascending=[False, True], ignore_index=True)
    absent = frame[frame["nb"] == 0].sort_values(["epci", "commune"], ignore_index=True)
    elsewhere = counts.counts["reponse"][~answered.isin(own)]
    is_sure = elsewhere.str.upper().isin([UNKNOWN, "NC"]).all()
    silent = sorted(set(absent["epci"].dropna()) - set(present["epci"])) if is_sure else []
    return Presence(present, absent, silent, not elsewhere.empty)


def participation(territory: Territory) -> pd.DataFrame:
    """Meetings in the order of the calendar, with present, sheets and statements.

    Returns
    -------
    DataFrame
        ``reunion, date, objet, lieu, nb_presents, precision, nb_fiches, nb_verbatims``; undated
        meetings come last, present is missing where no paper gives it.
    """
    meetings = territory.reunions.sort_values(["date", "reunion"], ignore_index=True)
    for name in ("fiches", "verbatims"):
        meetings[f"nb_{name}"] = occurrences(meetings["reunion"], getattr(territory, name)["reunion"])
    meetings["objet"] = meetings["objet"].fillna(meetings["type"])
    return meetings[["reunion", "date", "objet", "lieu", "nb_presents", "precision", "nb_fiches", "nb_verbatims"]]


# ── practices ───────────────────────────────────────────────────────────────────────────────────


def exploded(frame: pd.DataFrame, column: str, empty: str) -> pd.DataFrame:
    """One row per value of a list column; a row without value keeps ``empty``."""
    values = frame[column].map(lambda text: items(text) or [empty])
    return frame.assign(**{column: values}).explode(column, ignore_index=True)


def _counted(values: pd.Series, empty: str, order: tuple) -> pd.Series:
    """Number of times each value is there: those of ``order``, then most frequent first, ``empty`` last."""
    counts = values.value_counts()
    found = sorted(counts.index, key=lambda value: (value == empty, -counts[value], value))
    shown = dict.fromkeys([*order, *found]) if order or found != [empty] else []
    return counts.reindex(list(shown), fill_value=0)


def keyed(table: pd.DataFrame, name: str) -> pd.DataFrame:
    r"""Table whose index becomes its first column ``name``; a column that people called so gives way.

    Examples
    --------
    >>> keyed(pd.DataFrame({"theme": [1]}, index=["a"]), "theme").columns.tolist()
    ['theme', 'theme\xa0']
    """
    return table.rename(columns={name: f"{name}\u00a0"}).rename_axis(columns=None).rename_axis(name).reset_index()


def crossed(frame: pd.DataFrame, rows: str, columns: str, order: tuple = (), kinds: tuple = ()) -> pd.DataFrame:
    """Counts of rows by two columns, each possibly a list, most frequent row first.

    An item of several values counts once in each: the total of the table may pass that of the rows.

    Parameters
    ----------
    frame : DataFrame
    rows, columns : str
        Columns to cross. A column ``rows`` that nobody filled gives a table without rows.
    order, kinds : tuple of str
        Rows, and columns, that come first and stay even at zero, such as the values of a closed list.
        What nobody filled comes last, as « non renseigné ».

    Examples
    --------
    >>> frame = pd.DataFrame({"theme": ["a; b", "a", None], "etat": ["x", "y", "x"]})
    >>> crossed(frame, "theme", "etat").to_dict("list")
    {'theme': ['a', 'b', 'non renseigné'], 'x': [1, 1, 1], 'y': [1, 0, 0]}
    """
    pairs = pd.DataFrame({"row": frame[rows], "column": frame[columns]})
    long = exploded(exploded(pairs, "row", UNSAID), "column", UNSAID)
    table = pd.crosstab(long["row"], long["column"])
    described = dict.fromkeys([*kinds, *sorted(table.columns, key=lambda label: label == UNSAID)])
    table = table.reindex(index=_counted(long["row"], UNSAID, order).index, columns=list(described), fill_value=0)
    return keyed(table, rows)


def by_theme(initiatives: pd.DataFrame) -> pd.DataFrame:
    """Number of initiatives by theme and state, with their total ``nb``, in initiatives.

    The states are those of the catalogue, in its order; a state that nobody has keeps its column.
    """
    table = crossed(initiatives, "thematique", "etat", kinds=catalogue()["initiatives"]["etat"].enum)
    return table.assign(nb=table.iloc[:, 1:].sum(axis=1))


def by_value(frame: pd.DataFrame, column: str, empty: str = UNSAID, order: tuple = ()) -> pd.DataFrame:
    """Number of rows by value of a column, possibly a list: ``nb``, most frequent first, ``empty`` last.

    The values of ``order`` come first and stay even at zero. Without them, a column that nobody
    filled gives an empty table.

    Examples
    --------
    >>> frame = pd.DataFrame({"moment": ["pérennisation", None]})
    >>> by_value(frame, "moment", order=("déclenchement", "pérennisation"))["nb"].tolist()
    [0, 1, 1]
    """
    values = exploded(frame[[column]], column, empty)[column]
    return _counted(values, empty, order).rename_axis(column).reset_index(name="nb")


def _kept(initiatives: pd.DataFrame) -> pd.DataFrame:
    """Whether each definition of the catalogue keeps each initiative: a column per definition."""
    kept = {}
    for label, asked in grandeurs()["retenues"]["definitions"].items():
        accepted = {column: values or initiatives[column].dropna() for column, values in asked.items()}
        kept[label] = initiatives[list(asked)].isin(accepted).all(axis=1)
    return pd.DataFrame(kept)


def under_definitions(initiatives: pd.DataFrame) -> pd.DataFrame:
    """How many practices each definition of the catalogue keeps, and which rows change.

    Returns
    -------
    DataFrame
        ``definition``, ``nb`` (initiatives kept), ``au_plus`` (if what is to be checked is confirmed),
        ``en_moins`` and ``en_plus`` (names that leave or come in, against the two criteria).

    References
    ----------
    Page « Le programme DOMINO sur le Pays de Châteaubriant » (deux critères) ; conseil de
    développement du Pays de Redon, 5 avril 2016 (trois indicateurs).
    """
    if initiatives.empty:
        return pd.DataFrame()
    kept, names = _kept(initiatives), initiatives["nom"]
    possible, base = _kept(initiatives.replace({"retenue": {A_VERIFIER: "oui"}})), kept["deux critères"]
    frame = pd.DataFrame({"nb": kept.sum(), "au_plus": possible.sum()})
    frame["en_moins"] = [", ".join(names[base & ~own]) for _, own in kept.items()]
    frame["en_plus"] = [", ".join(names[own & ~base]) for _, own in kept.items()]
    return frame.rename_axis("definition").reset_index()


def by_commune(communes: pd.DataFrame, initiatives: pd.DataFrame) -> pd.DataFrame:
    """Number of initiatives of each commune, the communes at zero included, in initiatives."""
    own, places = (frame["code_insee"].fillna(frame["commune"]) for frame in (communes, initiatives))
    return communes.assign(nb=occurrences(own, places))[["code_insee", "commune", "epci", "nb"]].reset_index(drop=True)


def by_year(initiatives: pd.DataFrame) -> pd.DataFrame:
    """Initiatives born by each year of creation: ``annee``, ``nb`` that year, ``cumul`` so far.

    Initiatives whose year is not known are in no row.
    """
    frame = initiatives.groupby("annee_creation").size().rename_axis("annee").reset_index(name="nb")
    return frame.assign(cumul=frame["nb"].cumsum())


def quantities(initiatives: pd.DataFrame, totals: pd.DataFrame) -> pd.DataFrame:
    """Quantities counted, each in its own unit: from initiatives, then as published.

    A sum is made inside one unit and one precision only, never across units.

    Returns
    -------
    DataFrame
        ``objet, question, valeur, base, unite, precision, document, date``; ``base`` is the whole of a part,
        ``date`` that of a published figure.
    """
    columns = ["objet", "question", "valeur", "base", "unite", "precision", "document", "date"]
    counted = initiatives.dropna(subset=["quantite", "unite"]).fillna({"precision": "exact"})
    groups = counted.groupby(["unite", "precision"], as_index=False)
    own = groups.agg(valeur=("quantite", "sum"), objet=("nom", "first"), document=("nommee_par", "first"))
    own.loc[groups.size()["size"] > 1, ["objet", "document"]] = "Plusieurs initiatives", None
    published = totals[totals["reunion"].isna()].rename(columns={"reponse": "objet"}).fillna({"precision": "exact"})
    return pd.concat([own.assign(question="Initiatives"), published], ignore_index=True).reindex(columns=columns)


def named_services(counts: Tally) -> pd.DataFrame:
    """Services used by participants under one name each: ``service, nb, ecrit, thematique, siege``.

    The theme and the seat are codings proposed by the catalogue; missing when it gives none.
    """
    known = [services().get(simplify(answer), {"nom": answer}) for answer in counts.counts["reponse"]]
    frame = counts.counts.join(pd.DataFrame(known, columns=["nom", "thematique", "siege"], dtype=str))
    found = {"nb": "sum", "ecrit": "all", "thematique": "first", "siege": "first"}
    result = frame.groupby("nom", sort=False).agg(found).sort_values("nb", ascending=False, kind="stable")
    return result.rename_axis("service").reset_index()


def used_and_recorded(used: pd.DataFrame, initiatives: pd.DataFrame) -> pd.DataFrame:
    """Services that participants use, beside the practices recorded under the same name or type.

    Returns
    -------
    DataFrame
        ``service, nb`` (mentions), ``recensees`` (initiatives whose name or type is that service).
    """
    keys = initiatives[["nom", "type_pratique"]].fillna("").map(simplify)
    recorded = [int((keys == simplify(service)).any(axis=1).sum()) for service in used["service"]]
    return used[["service", "nb", "ecrit"]].assign(recensees=recorded)


def grid(territory: Territory) -> pd.DataFrame:
    """The working group's grid: theme, types and examples, studies and documents, stakes.

    Returns
    -------
    DataFrame
        ``thematique, exemples, documents, enjeux``: for each theme that one of the sheets names,
        the practices, the documents and the stakes said under it, separated by ``;``.
    """
    said = territory.verbatims
    said["enjeu"] = said["enjeu"].map(territory.enjeux.set_index("enjeu")["libelle"])
    used, papers, cells = territory.initiatives, territory.documents, {}
    for column, frame, label in (("exemples", used, "nom"), ("documents", papers, "titre"), ("enjeux", said, "enjeu")):
        known = exploded(frame.dropna(subset=["thematique", label]), "thematique", "")
        cells[column] = known.groupby("thematique")[label].agg(lambda labels: "; ".join(labels.unique()))
    return pd.DataFrame(cells).rename_axis("thematique").reset_index()


# ── actors ──────────────────────────────────────────────────────────────────────────────────────


def actors_by_theme(acteurs: pd.DataFrame) -> pd.DataFrame:
    """Number of actors by type and theme; every type of the catalogue keeps its row, even at zero.

    The empty rows are the answer to « Quels sont les types d'acteurs les plus absents ? ».
    """
    table = crossed(acteurs, "type_acteur", "thematique", order=catalogue()["acteurs"]["type_acteur"].enum)
    return table.assign(nb=occurrences(table["type_acteur"], acteurs["type_acteur"].fillna(UNSAID)))


def relays(acteurs: pd.DataFrame) -> pd.DataFrame:
    """Number of relays by nature (person, structure, event), those at zero included."""
    own = acteurs[acteurs["role"] == "relais"].rename(columns={"nature_relais": "nature"})
    return by_value(own, "nature", order=catalogue()["acteurs"]["nature_relais"].enum)


def links(relations: pd.DataFrame, acteurs: pd.DataFrame) -> pd.DataFrame:
    """Links between actors under their names: ``entre, et, nature, nouvelle, depuis``."""
    names = acteurs.set_index("acteur")["nom"].dropna().to_dict()
    frame = relations.rename(columns={"acteur_a": "entre", "acteur_b": "et"}).replace({"entre": names, "et": names})
    return frame[["entre", "et", "nature", "nouvelle", "depuis"]]


# ── context and limits ──────────────────────────────────────────────────────────────────────────


def context(rows: pd.DataFrame) -> pd.DataFrame:
    """Context of a territory, each figure with its year: sums over communes, then EPCI by EPCI.

    Counts are summed over the communes; shares and medians are never averaged and stay those of
    each intercommunalité.

    Returns
    -------
    DataFrame
        ``libelle, lieu, annee, valeur, unite, source``.
    """
    columns = ["libelle", "lieu", "annee", "valeur", "unite", "source"]
    if rows.empty:
        return pd.DataFrame(columns=columns)
    is_commune = rows["niveau"] == "commune"
    summable = rows[is_commune & ~rows["indicateur"].str.contains(grandeurs()["contexte"]["jamais_somme"])]
    total = summable.groupby(["libelle", "annee", "unite", "source"], sort=False, as_index=False)["valeur"].sum()
    wider = rows[~is_commune].rename(columns={"nom": "lieu"})
    frame = pd.concat([total.assign(lieu="territoire"), wider], ignore_index=True)[columns]
    return frame.assign(annee=frame["annee"].astype(int).astype(str))


def blind_spots(initiatives: pd.DataFrame) -> pd.DataFrame:
    """What the census cannot see: for each column, in how many initiatives it is not known.

    Returns
    -------
    DataFrame
        ``colonne, vides, nb``: title of the column, initiatives where it is empty, initiatives.
    """
    if initiatives.empty:
        return pd.DataFrame()
    own = initiatives[grandeurs()["initiatives"]["a_savoir"]]
    titles = [catalogue()["initiatives"][column].title for column in own]
    unknown = (own.isna() | own.isin([A_VERIFIER, "inconnu"])).sum()
    return pd.DataFrame({"colonne": titles, "vides": unknown.to_numpy(), "nb": len(initiatives)})


# ── for researchers ─────────────────────────────────────────────────────────────────────────────


def diversity(counts: pd.DataFrame) -> pd.DataFrame:
    r"""Diversity of the kinds counted in each unit, in four indices without a unit.

    .. math:: S = \#\{i : n_i > 0\}, \quad H = -\sum_i p_i \ln p_i, \quad
        D = 1 \Big/ \sum_i p_i^2, \quad J = H / \ln S

    where :math:`n_i` is the count of kind :math:`i` in the unit, :math:`p_i` its share of all the
    counts of the unit, and :math:`S` the number of kinds that the unit has.

    Parameters
    ----------
    counts : DataFrame
        A row per unit (a territory, a commune), a column per kind (a theme, a state): counts, at
        least 0. A missing count is that of a kind that nobody counted there: it is taken as 0.

    Returns
    -------
    DataFrame
        A row per unit: ``richness`` (:math:`S`, from 0), ``shannon`` (:math:`H`, natural logarithm,
        from 0 for one kind to :math:`\ln S` for kinds of equal counts), ``inverse_simpson``
        (:math:`D`, from 1 to :math:`S`) and ``pielou`` (:math:`J`, from 0 to 1, 1 for kinds of equal
        counts). Without any count the richness is 0 and the others are missing; ``pielou`` is
        missing for one kind.

    Notes
    -----
    The indices rise with what was looked for: only censuses of equal scope are comparable.

    References
    ----------
    Shannon (1948), « A mathematical theory of communication », *Bell System Technical Journal* 27.
    Simpson (1949), « Measurement of diversity », *Nature* 163. Pielou (1966), « The measurement of
    diversity in different types of biological collections », *Journal of Theoretical Biology* 13.

    Examples
    --------
    >>> counts = pd.DataFrame({"partage": [5, 4], "troc": [5, 0]}, index=["A", "B"])
    >>> diversity(counts).round(3).to_dict("index")["A"]
    {'richness': 2, 'shannon': 0.693, 'inverse_simpson': 2.0, 'pielou': 1.0}
    """
    present = counts.fillna(0).astype(float)
    richness = (present > 0).sum(axis=1)
    shares = present.div(present.sum(axis=1), axis=0)
    shannon = pd.Series(entropy(shares, axis=1), counts.index).where(richness > 0)
    inverse = (1 / (shares**2).sum(axis=1)).where(richness > 0)
    pielou = shannon / richness.where(richness > 1).map(math.log)
    return pd.DataFrame({"richness": richness, "shannon": shannon, "inverse_simpson": inverse, "pielou": pielou})


def location_quotient(table: pd.DataFrame) -> pd.DataFrame:
    r"""How much each kind is concentrated in each unit, against all units together, without a unit.

    .. math:: Q_{ij} = \frac{n_{ij} / n_{i\cdot}}{n_{\cdot j} / n_{\cdot\cdot}}

    where :math:`n_{ij}` is the count of kind :math:`j` in unit :math:`i`, and a dot stands for a sum:
    :math:`n_{i\cdot}` is the total of the row, :math:`n_{\cdot j}` that of the column.

    Parameters
    ----------
    table : DataFrame
        A row per unit, a column per kind: counts, at least 0. A missing count is taken as 0.

    Returns
    -------
    DataFrame
        Same shape, from 0: 1 when the kind has the same share there as everywhere, 2 when it has
        twice that share. Missing in a row or a column without any count.

    Notes
    -----
    For exploring, on censuses of equal scope only: a census that looked more closely for one kind
    would show as concentration. With few practices one of them moves a quotient far.

    References
    ----------
    Isard (1960), *Methods of Regional Analysis*.

    Examples
    --------
    >>> table = pd.DataFrame({"partage": [3, 1], "troc": [1, 3]}, index=["A", "B"])
    >>> location_quotient(table).to_dict("list")
    {'partage': [1.5, 0.5], 'troc': [0.5, 1.5]}
    """
    present = table.fillna(0).astype(float)
    shares = present.div(present.sum(axis=1), axis=0)
    return shares / (present.sum() / present.sum().sum())
