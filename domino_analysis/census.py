"""Step 1: who was there, which practices, where, since when, by whom, and what is not known.

Every function is a pure function of tidy tables; a count says the rows it rests on.
"""

from dataclasses import dataclass

import pandas as pd

from .clean import items
from .schema import catalogue, services, simplify
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


def _no_counts() -> pd.DataFrame:
    return pd.DataFrame(
        {"reponse": pd.Series(dtype=str), "nb": pd.Series(dtype="int64"),
         "ecrit": pd.Series(dtype=bool), "code_insee": pd.Series(dtype=str)}
    )  # fmt: skip


def tally_fiches(fiches: pd.DataFrame, column: str) -> Tally:
    """Counts of one column of participants' sheets, one per sheet and distinct answer.

    Examples
    --------
    >>> fiches = pd.DataFrame({"services": ["AMAP; SEL", "AMAP", None]})
    >>> tally_fiches(fiches, "services").counts["nb"].tolist()
    [2, 1]
    """
    if fiches.empty:
        return Tally(_no_counts(), float("nan"))
    is_list = catalogue()["fiches"][column].type == "list"
    answers = fiches[column].map(items) if is_list else fiches[column].fillna(UNKNOWN).map(lambda a: [a])
    frame = fiches.assign(reponse=answers.map(lambda a: list(dict.fromkeys(a)))).explode("reponse")
    frame = frame.dropna(subset="reponse")
    counts = frame.groupby("reponse", sort=False).size().rename("nb").reset_index()
    counts["ecrit"] = True
    codes = frame.drop_duplicates("reponse").set_index("reponse").get("code_insee")
    counts["code_insee"] = counts["reponse"].map(codes) if codes is not None and column == "commune" else None
    counts = counts.sort_values("nb", ascending=False, kind="stable", ignore_index=True)
    return Tally(counts, len(fiches), "fiches")


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
    fiches = territory.fiches
    fiches = fiches[fiches["reunion"] == reunion]
    if not fiches.empty:
        return tally_fiches(fiches, column)
    title = catalogue()["fiches"][column].title
    totals = territory.depouillements
    totals = totals[(totals["reunion"] == reunion) & (totals["question"].map(simplify) == simplify(title))]
    if totals.empty:
        return Tally(_no_counts(), float("nan"))
    counts = pd.DataFrame(
        {"reponse": totals["reponse"], "nb": totals["valeur"].fillna(1).astype(int),
         "ecrit": (totals["nombre_ecrit"].fillna("oui") == "oui") & totals["valeur"].notna(), "code_insee": totals["code_insee"]}
    ).reset_index(drop=True)  # fmt: skip
    documents = territory.documents.set_index("document")
    codes = [code for code in totals["document"].dropna().unique() if code in documents.index]
    return Tally(
        counts,
        totals["base"].max(),
        "depouillements",
        documents.loc[codes[0], "titre"] if codes else "",
        bool((totals["document"].map(documents["public"]) == "oui").all()),
    )


@dataclass(frozen=True)
class Meeting:
    """One meeting of a territory, with what was written and counted there."""

    territory: Territory
    row: pd.Series

    @property
    def code(self) -> str:
        """Code of the meeting."""
        return self.row["reunion"]

    def _own(self, name: str) -> pd.DataFrame:
        frame = getattr(self.territory, name)
        return frame[frame["reunion"] == self.code].reset_index(drop=True)

    @property
    def fiches(self) -> pd.DataFrame:
        """Sheets of the meeting."""
        return self._own("fiches")

    @property
    def verbatims(self) -> pd.DataFrame:
        """Statements of the meeting."""
        return self._own("verbatims")

    @property
    def enjeux(self) -> pd.DataFrame:
        """Stakes retained at the meeting."""
        return self._own("enjeux")

    @property
    def questions(self) -> dict[str, str]:
        """Questions put to the tables, by ``Q1``, ``Q2``, ``Q3``."""
        return {f"Q{n}": self.row[f"question_{n}"] for n in (1, 2, 3) if isinstance(self.row[f"question_{n}"], str)}

    @property
    def following(self) -> pd.Series | None:
        """Next dated meeting of the calendar, if there is one."""
        meetings = self.territory.reunions
        later = meetings[meetings["date"] > str(self.row["date"])].sort_values("date")
        return None if later.empty else later.iloc[0]

    def tally(self, column: str) -> Tally:
        """Counts of one question of the sheets; see `tally`."""
        return tally(self.territory, column, self.code)


def meeting(territory: Territory, code: str) -> Meeting:
    """One meeting by its code; a code that is not in the sheet is an error that lists the others."""
    meetings = territory.reunions
    found = meetings[meetings["reunion"] == code]
    if found.empty:
        known = ", ".join(meetings["reunion"]) or "aucune"
        raise KeyError(f"la réunion « {code} » n'est pas dans la feuille « reunions » ; connues : {known}")
    return Meeting(territory, found.iloc[0])


def recorded_meetings(territory: Territory) -> list[Meeting]:
    """Meetings that have a sheet, a statement or a tally: those that minutes are made of."""
    codes = {
        code
        for name in ("fiches", "verbatims", "depouillements")
        for code in getattr(territory, name)["reunion"].dropna()
    }
    meetings = territory.reunions
    kept = meetings[meetings["reunion"].isin(codes)].sort_values(["date", "reunion"])
    return [Meeting(territory, row) for _, row in kept.iterrows()]


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
    nb = counts.counts.groupby(answered)["nb"].sum()
    frame = communes.assign(nb=own.map(nb).fillna(0).astype(int))
    present, absent = frame[frame["nb"] > 0], frame[frame["nb"] == 0]
    elsewhere = counts.counts["reponse"][~answered.isin(own)]
    is_sure = elsewhere.str.upper().isin([UNKNOWN, "NC"]).all()
    silent = sorted(set(absent["epci"].dropna()) - set(present["epci"].dropna())) if is_sure else []
    return Presence(
        present.sort_values(["nb", "commune"], ascending=[False, True]).reset_index(drop=True),
        absent.sort_values(["epci", "commune"]).reset_index(drop=True),
        silent,
        bool(len(elsewhere)),
    )


def participation(territory: Territory) -> pd.DataFrame:
    """Meetings in the order of the calendar, with present, sheets and statements.

    Returns
    -------
    DataFrame
        ``reunion, date, objet, lieu, nb_presents, precision, nb_fiches, nb_verbatims``; undated
        meetings come last, present is missing where no paper gives it.
    """
    meetings = territory.reunions.sort_values(["date", "reunion"], na_position="last")
    for name in ("fiches", "verbatims"):
        per_meeting = getattr(territory, name).groupby("reunion").size()
        meetings[f"nb_{name}"] = meetings["reunion"].map(per_meeting).fillna(0).astype(int)
    meetings["objet"] = meetings["objet"].fillna(meetings["type"])
    columns = ["reunion", "date", "objet", "lieu", "nb_presents", "precision", "nb_fiches", "nb_verbatims"]
    return meetings[columns].reset_index(drop=True)


# ── practices ───────────────────────────────────────────────────────────────────────────────────


def exploded(frame: pd.DataFrame, column: str, empty: str) -> pd.DataFrame:
    """One row per value of a list column; a row without value keeps ``empty``."""
    values = frame[column].map(lambda text: items(text) or [empty])
    return frame.assign(**{column: values}).explode(column).reset_index(drop=True)


def crossed(frame: pd.DataFrame, rows: str, columns: str, empty: str = UNSAID) -> pd.DataFrame:
    """Counts of rows by two columns, each possibly a list, most frequent row first.

    A column that nobody filled gives an empty table.

    An item of several values counts once in each: the total of the table may pass that of the rows.

    Examples
    --------
    >>> frame = pd.DataFrame({"theme": ["a; b", "a", None], "etat": ["x", "y", "x"]})
    >>> crossed(frame, "theme", "etat").to_dict("list")
    {'theme': ['a', 'b', 'non renseigné'], 'x': [1, 1, 1], 'y': [1, 0, 0]}
    """
    if frame[rows].isna().all():
        return pd.DataFrame({rows: pd.Series(dtype=str)})
    pairs = pd.DataFrame({"row": frame[rows], "column": frame[columns]})
    long = exploded(exploded(pairs, "row", empty), "column", empty)
    table = pd.crosstab(long["row"], long["column"]).rename_axis(rows)
    described = [c for c in table.columns if c != empty] + [c for c in table.columns if c == empty]
    table = table[described]
    order = sorted(table.index, key=lambda label: (label == empty, -table.loc[label].sum(), label))
    return table.loc[order].rename_axis(columns=None).reset_index()


def by_theme(initiatives: pd.DataFrame) -> pd.DataFrame:
    """Number of initiatives by theme and state, with their total ``nb``, in initiatives.

    The states are those of the catalogue, in its order; a state that nobody has keeps its column.
    """
    states = catalogue()["initiatives"]["etat"].enum
    table = crossed(initiatives, "thematique", "etat").set_index("thematique")
    table = table.reindex(columns=list(dict.fromkeys([*states, *table.columns])), fill_value=0)
    return table.assign(nb=table.sum(axis=1)).reset_index()


def by_value(frame: pd.DataFrame, column: str, empty: str = UNSAID) -> pd.DataFrame:
    """Number of rows by value of a column, most frequent first, ``empty`` last.

    A column that nobody filled gives an empty table.
    """
    if frame[column].isna().all():
        return pd.DataFrame({column: [], "nb": []})
    counts = exploded(frame[[column]], column, empty).groupby(column).size().rename("nb").reset_index()
    counts["_last"] = counts[column] == empty
    counts = counts.sort_values(["_last", "nb", column], ascending=[True, False, True])
    return counts.drop(columns="_last").reset_index(drop=True)


DEFINITIONS = {
    "tout ce qui est nommé": lambda i: i["nom"].notna(),
    "deux critères": lambda i: i["retenue"] == "oui",
    "deux critères, et ce que l'on échange": lambda i: (i["retenue"] == "oui") & i["echange"].notna(),
    "deux critères, siège dans le périmètre": lambda i: (i["retenue"] == "oui") & (i["siege"] == "dans le périmètre"),
    "deux critères, siège dans le périmètre ou pratique informelle": lambda i: (
        (i["retenue"] == "oui") & i["siege"].isin(["dans le périmètre", "pas de siège (informel)"])
    ),
}
"""What counts as a practice: the programme's two criteria, the three of Redon, and choices about
the seat and about informal groups."""


def under_definitions(initiatives: pd.DataFrame) -> pd.DataFrame:
    """How many practices each definition keeps, and which rows change.

    Returns
    -------
    DataFrame
        ``definition``, ``nb`` (initiatives kept), ``au_plus`` (if what is to be checked is confirmed), ``en_moins`` and ``en_plus`` (names that leave
        or come in, against the two criteria).

    References
    ----------
    Page « Le programme DOMINO sur le Pays de Châteaubriant » (deux critères) ; conseil de
    développement du Pays de Redon, 5 avril 2016 (trois indicateurs).
    """
    if initiatives.empty:
        return pd.DataFrame()
    base = DEFINITIONS["deux critères"](initiatives)
    rows = []
    for label, keeps in DEFINITIONS.items():
        kept = keeps(initiatives)
        possible = keeps(initiatives.assign(retenue=initiatives["retenue"].replace("à vérifier", "oui")))
        rows.append(
            {"definition": label, "nb": int(kept.sum()), "au_plus": int(possible.sum()),
             "en_moins": ", ".join(initiatives["nom"][base & ~kept]),
             "en_plus": ", ".join(initiatives["nom"][kept & ~base])}
        )  # fmt: skip
    return pd.DataFrame(rows)


def by_commune(communes: pd.DataFrame, initiatives: pd.DataFrame) -> pd.DataFrame:
    """Number of initiatives of each commune, the communes at zero included, in initiatives."""
    counts = initiatives.groupby(initiatives["code_insee"].fillna(initiatives["commune"])).size()
    nb = communes["code_insee"].fillna(communes["commune"]).map(counts).fillna(0).astype(int)
    return communes.assign(nb=nb)[["code_insee", "commune", "epci", "nb"]].reset_index(drop=True)


def by_year(initiatives: pd.DataFrame) -> pd.DataFrame:
    """Initiatives born by each year of creation: ``annee``, ``nb`` that year, ``cumul`` so far.

    Initiatives whose year is not known are in no row.
    """
    counts = initiatives.dropna(subset="annee_creation").groupby("annee_creation").size()
    frame = counts.rename("nb").rename_axis("annee").reset_index()
    return frame.assign(cumul=frame["nb"].cumsum())


def quantities(initiatives: pd.DataFrame, totals: pd.DataFrame) -> pd.DataFrame:
    """Quantities counted, each in its own unit: from initiatives, then as published.

    A sum is made inside one unit and one precision only, never across units.

    Returns
    -------
    DataFrame
        ``objet, question, valeur, base, unite, precision, document``; ``base`` is the whole of a part.
    """
    own = initiatives.dropna(subset=["quantite", "unite"]).fillna({"precision": "exact"})
    rows = [
        {"objet": group["nom"].iloc[0] if len(group) == 1 else "Plusieurs initiatives", "question": "Initiatives",
         "valeur": group["quantite"].sum(), "unite": unit, "precision": precision,
         "document": group["nommee_par"].iloc[0] if len(group) == 1 else None}
        for (unit, precision), group in own.groupby(["unite", "precision"])
    ]  # fmt: skip
    published = totals[totals["reunion"].isna()]
    rows += [
        {"objet": row["reponse"], "question": row["question"], "valeur": row["valeur"], "base": row["base"], "unite": row["unite"],
         "precision": row["precision"] if isinstance(row["precision"], str) else "exact",
         "document": row["document"]}
        for _, row in published.iterrows()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["objet", "question", "valeur", "base", "unite", "precision", "document"])


def named_services(counts: Tally) -> pd.DataFrame:
    """Services used by participants under one name each: ``service, nb, ecrit, thematique, siege``.

    The theme and the seat are codings proposed by the catalogue; missing when it gives none.
    """
    frame = counts.counts.assign(entry=counts.counts["reponse"].map(lambda r: services().get(simplify(r), {})))
    frame["service"] = [e.get("nom", r) for e, r in zip(frame["entry"], frame["reponse"], strict=True)]
    for key in ("thematique", "siege"):
        frame[key] = [entry.get(key) for entry in frame["entry"]]
    grouped = frame.groupby("service", sort=False)
    result = grouped.agg(
        nb=("nb", "sum"), ecrit=("ecrit", "all"), thematique=("thematique", "first"), siege=("siege", "first")
    )
    return result.sort_values("nb", ascending=False, kind="stable").reset_index()


def used_and_recorded(used: pd.DataFrame, initiatives: pd.DataFrame) -> pd.DataFrame:
    """Services that participants use, beside the practices recorded under the same name or type.

    Returns
    -------
    DataFrame
        ``service, nb`` (mentions), ``recensees`` (initiatives whose name or type is that service).
    """
    keys = initiatives[["nom", "type_pratique"]].fillna("").map(simplify)
    recorded = [
        int(((keys["nom"] == simplify(s)) | (keys["type_pratique"] == simplify(s))).sum()) for s in used["service"]
    ]
    return used[["service", "nb", "ecrit"]].assign(recensees=recorded)


def grid(territory: Territory) -> pd.DataFrame:
    """The working group's grid: theme, types and examples, studies and documents, stakes.

    Returns
    -------
    DataFrame
        ``thematique, exemples, documents, enjeux``: for each theme that one of the sheets names,
        the practices, the documents and the stakes said under it, separated by ``;``.
    """
    sources = {
        "exemples": territory.initiatives.assign(label=lambda i: i["nom"]),
        "documents": territory.documents.assign(label=lambda d: d["titre"]),
        "enjeux": _stakes_by_theme(territory.verbatims, territory.enjeux),
    }
    cells: dict[str, dict[str, str]] = {}
    for column, frame in sources.items():
        known = exploded(frame.dropna(subset="thematique"), "thematique", "")
        for theme, group in known.groupby("thematique", sort=False):
            cells.setdefault(theme, {})[column] = "; ".join(dict.fromkeys(group["label"]))
    frame = pd.DataFrame.from_dict(cells, orient="index").reindex(columns=list(sources))
    return frame.rename_axis("thematique").reset_index().sort_values("thematique", ignore_index=True)


def _stakes_by_theme(verbatims: pd.DataFrame, enjeux: pd.DataFrame) -> pd.DataFrame:
    labels = enjeux.set_index("enjeu")["libelle"]
    said = verbatims.dropna(subset=["thematique", "enjeu"])
    return said.assign(label=said["enjeu"].map(labels)).dropna(subset="label")


# ── actors ──────────────────────────────────────────────────────────────────────────────────────


def actors_by_theme(acteurs: pd.DataFrame) -> pd.DataFrame:
    """Number of actors by type and theme; every type of the catalogue keeps its row, even at zero.

    The empty rows are the answer to « Quels sont les types d'acteurs les plus absents ? ».
    """
    types = list(catalogue()["acteurs"]["type_acteur"].enum)
    acteurs = acteurs.assign(type_acteur=acteurs["type_acteur"].fillna(UNSAID))
    table = crossed(acteurs, "type_acteur", "thematique").set_index("type_acteur")
    index = [*types, *(label for label in table.index if label not in types)]
    table = table.reindex(index, fill_value=0)
    table["nb"] = acteurs["type_acteur"].value_counts().reindex(index, fill_value=0)
    return table.astype(int).reset_index()


def relays(acteurs: pd.DataFrame) -> pd.DataFrame:
    """Number of relays by nature (person, structure, event), those at zero included."""
    natures = list(catalogue()["acteurs"]["nature_relais"].enum)
    own = acteurs[acteurs["role"] == "relais"]["nature_relais"].fillna(UNSAID).value_counts()
    return (
        own.reindex([*natures, *(own.index.intersection([UNSAID]))], fill_value=0)
        .rename("nb")
        .rename_axis("nature")
        .reset_index()
    )


def links(relations: pd.DataFrame, acteurs: pd.DataFrame) -> pd.DataFrame:
    """Links between actors under their names: ``entre, et, nature, nouvelle, depuis``."""
    names = acteurs.set_index("acteur")["nom"]
    return pd.DataFrame(
        {"entre": relations["acteur_a"].map(names).fillna(relations["acteur_a"]),
         "et": relations["acteur_b"].map(names).fillna(relations["acteur_b"]),
         "nature": relations["nature"], "nouvelle": relations["nouvelle"], "depuis": relations["depuis"]}
    )  # fmt: skip


# ── context and limits ──────────────────────────────────────────────────────────────────────────


NOT_SUMMED = r"median|^part_|^taux_"
"""Indicators of the context that are medians or shares: never summed over communes."""


def context(rows: pd.DataFrame) -> pd.DataFrame:
    """Context of a territory, each figure with its year: sums over communes, then EPCI by EPCI.

    Counts are summed over the communes; shares and medians are never averaged and stay those of
    each intercommunalité.

    Returns
    -------
    DataFrame
        ``libelle, lieu, annee, valeur, unite, source``.
    """
    if rows.empty:
        return pd.DataFrame(columns=["libelle", "lieu", "annee", "valeur", "unite", "source"])
    summable = rows[(rows["niveau"] == "commune") & ~rows["indicateur"].str.contains(NOT_SUMMED)]
    keys = ["libelle", "annee", "unite", "source"]
    total = summable.groupby(keys, sort=False)["valeur"].sum().reset_index().assign(lieu="territoire")
    shares = rows[rows["niveau"] != "commune"].rename(columns={"nom": "lieu"})
    columns = ["libelle", "lieu", "annee", "valeur", "unite", "source"]
    frame = pd.concat([total[columns], shares[columns]], ignore_index=True)
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
    looked_at = ("commune", "siege", "etat", "thematique", "finalite", "echange", "entre_pairs",
                 "communaute", "statut", "annee_creation", "numerique")  # fmt: skip
    table = catalogue()["initiatives"]
    doubtful = initiatives[list(looked_at)].replace({"à vérifier": None, "inconnu": None})
    return pd.DataFrame(
        {"colonne": [table[c].title for c in looked_at],
         "vides": [int(doubtful[c].isna().sum()) for c in looked_at],
         "nb": len(initiatives)}
    )  # fmt: skip
