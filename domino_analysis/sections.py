"""Sections of the notebooks: results → sentences and figures, in the programme's words.

`tell` gives the sentences, which are those of a template; each figure has its function. What a public page
may say is chosen here, in `words`, `measures`, `points` and their neighbours, and nowhere in a template; what
is counted comes from the modules above, the words from the catalogue.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

import pandas as pd

from . import agreement, census, comparison, figures, indicators, privacy, trace
from .census import Meeting, Tally
from .clean import items
from .figures import Figure
from .paths import territories
from .schema import Problem, catalogue, etapes, grandeurs, phrases, simplify
from .territory import PUBLIC, Programme, Territory
from .text import TEMPLATES, Html, cited, date, listed, paragraph, plain_date, reference, render, say


def tell(what: str, of: Territory | Meeting | Programme | None = None, /, **values: object) -> Html:
    """Sentences of a template of the report, as ``tell("pratiques", territory)``.

    Parameters
    ----------
    what : str
        Name of the template, without its ending.
    of : Territory, Meeting or Programme, optional
        What the sentences are about, under that name in the template.
    **values
        What else the template asks for.
    """
    return render(f"{what}.html.j2", of=of, **values)


def words(of: Territory | Meeting) -> pd.DataFrame:
    """Statements of a territory or of a meeting as a public page may quote them."""
    return privacy.public_words(of.verbatims, getattr(of, "territory", of).reunions)


def measures(territory: Territory) -> pd.DataFrame:
    """Marks and opinions of a territory that a public page may rest on."""
    return privacy.public_measures(territory.mesures, territory.reunions)


def medians(territory: Territory) -> pd.DataFrame:
    """Current and desired situation of each indicator, from the `measures`."""
    return indicators.medians(measures(territory), territory.indicateurs)


def sheets(territory: Territory) -> dict[str, pd.DataFrame]:
    """Every row of every sheet, as it was read, without what names a person; in the committee's edition only."""
    return {} if privacy.is_public() else {name: getattr(territory, name) for name in catalogue()}


def agreed(meeting: Meeting) -> bool:
    """Whether a page may copy what people wrote at a meeting."""
    return bool(privacy.agreed(meeting.row.to_frame().T, meeting.territory.reunions).all())


def titles(territory: Territory) -> pd.Series:
    """Titles of the documents by their number."""
    return territory.documents.set_index("document")["titre"]


def quoted(texts: pd.Series, de: str) -> Html:
    """Statements as they were written, and how many are not public."""
    return tell("citations", texts=texts, de=de)


# ── the minutes of a meeting ────────────────────────────────────────────────────────────────────


def named(meeting: Meeting, column: str) -> Tally:
    """Answers that this edition may name: those of few people stand together when the meeting did not agree."""
    counts = meeting.tally(column)
    if counts.is_published or agreed(meeting):
        return counts
    return replace(counts, counts=privacy.merge_small(counts.counts, "reponse", privacy.FEW).assign(ecrit=True))


def users_are_few(meeting: Meeting) -> bool:
    """Whether the users, or the others, are too few to be counted apart: one side gives the other."""
    counts, few = meeting.tally("utilisateur"), privacy.fewest(privacy.PEOPLE)
    sides = counts.of("oui"), counts.base - counts.of("oui")
    return not (counts.is_published or agreed(meeting)) and any(0 < people < few for people in sides)


def counted(meeting: Meeting, column: str) -> Html:
    """Answers to a question of the sheets: as the public document printed them, else small numbers merged.

    Each has its number when one was written or counted; small communes join their intercommunalité, other small
    answers each other unless the meeting agreed to be quoted.
    """
    counts = meeting.tally(column)
    shown, source = named(meeting, column).counts, reference(counts.document)
    if column == "commune" and counts.origin and not counts.is_published:
        seen = census.presence(meeting.territory.communes, counts)
        merged = privacy.people_by_commune(seen.named, counts.total - int(seen.named["nb"].sum()))
        shown, source = merged.rename(columns={"lieu": "reponse"}).assign(ecrit=True), say("communes_reunies")
    return tell("comptes", meeting, column=column, counts=counts, shown=shown, source=source)


def expectations(meeting: Meeting) -> Html:
    """What each participant expects, as written; in alphabetical order when sheets are held."""
    own = words(meeting).loc[lambda w: w["origine"].eq("fiche") & w["question"].fillna("").map(simplify).eq("attentes")]
    lines = sorted((line for text in meeting.fiches["attentes"] for line in items(text)), key=simplify)
    shown = own["texte"].dropna().tolist() if len(own) else lines if agreed(meeting) else []
    return tell("attentes", meeting, n=len(own) or len(lines), shown=shown)


# ── page 0: what was received ───────────────────────────────────────────────────────────────────


def received(territory: Territory) -> Figure:
    """Each sheet of the catalogue with the rows received, the empty ones included."""
    rows = [(t.title, privacy.rows_told(n, len(getattr(territory, n))), t.description) for n, t in catalogue().items()]
    return figures.figure("feuilles", pd.DataFrame(rows, columns=["feuille", "nb", "apporte"]))


def problems(territory: Territory) -> Figure:
    """Problems by cell; a public page gives cell and rule for what people wrote, not its content."""
    rows = map(_public_problem, territory.problems)
    return figures.figure("problemes", pd.DataFrame(rows, columns=["ou", "gravite", "trouve", "faire"]))


def _public_problem(problem: Problem) -> tuple[str, str, str, str]:
    place = problem.feuille or problem.fichier
    rule = (say("regle", regle=problem.regle), say("voir_check")) if privacy.is_of_people(place) else ()
    return Html(f"{cited(place)} {cited(problem.cellule)}"), problem.gravite, *(rule or (problem.trouve, problem.faire))


def held_back(territory: Territory) -> Figure:
    """How much the public edition does not show, and by which rule; nothing in the committee's, which shows it."""
    problems, matches = ([row.feuille for row in rows] for rows in (territory.problems, territory.matches.itertuples()))
    counts = {
        "phrases": int(words(territory)["texte"].isna().sum()),
        "mesures": len(territory.mesures) - len(measures(territory)),
        "votes": sum(_votes(territory, what)["points"].count() for what in VOTED if points(territory, what)[0].empty),
        "cellules": sum(map(privacy.is_of_people, [*problems, *matches])),
        "liens": int(territory.relations["nature"].isin(QUARRELS).sum()),
    }
    rows = [(phrases()["regles_publiques"][rule], nb) for rule, nb in counts.items()]
    return figures.figure("retenu", pd.DataFrame(rows, columns=["regle", "nb"])[: len(rows) * privacy.is_public()])


def matches(territory: Territory) -> Figure:
    """What was read under another writing, so that a wrong match can be seen."""
    frame = territory.matches
    return figures.figure("correspondances", frame[[not privacy.is_of_people(sheet) for sheet in frame["feuille"]]])


# ── step 1 ──────────────────────────────────────────────────────────────────────────────────────


def themes(territory: Territory) -> Figure:
    """Practices by theme and state."""
    frame = census.by_theme(territory.initiatives)
    return figures.bars("themes", frame, "thematique", parts=list(frame.columns[1:-1]), n=len(territory.initiatives))


def used_services(territory: Territory) -> Figure:
    """Services used by participants of all meetings, beside the practices recorded."""
    frames = [census.named_services(named(m, "services")) for m in census.recorded_meetings(territory)]
    if not any(map(len, frames)):
        return figures.figure("services_et_pratiques", pd.DataFrame())
    used = pd.concat(frames).groupby("service", sort=False).agg(nb=("nb", "sum"), ecrit=("ecrit", "all"))
    used = used.sort_values("nb", ascending=False, kind="stable").reset_index()
    frame = census.used_and_recorded(used, territory.initiatives)
    return figures.bars("services_et_pratiques", frame.replace({"ecrit": {True: "oui", False: "non"}}), "service")


def practices_map(territory: Territory) -> Figure:
    """Where: practices by commune, those at zero shown; table by commune when there is no outline."""
    own, placed = territory.initiatives, int(territory.initiatives["code_insee"].notna().sum())
    frame = census.by_commune(territory.communes, own) if placed else own.iloc[:0]
    told = {"placees": placed, "total": len(own), "n": placed}
    return figures.commune_map("carte", frame, territory.outlines, territory.today, **told)


def presence_map(territory: Territory) -> Figure:
    """Where the participants of the last published meeting came from, commune by commune.

    Only a public document's own totals are drawn: other sheets are merged in the minutes.
    """
    meetings = ((meeting, meeting.tally("commune")) for meeting in census.recorded_meetings(territory))
    published = [m for m, counts in meetings if counts.is_published or (counts.origin and not privacy.is_public())]
    if not published:
        return figures.figure("carte_presence", pd.DataFrame())
    counts, when = published[-1].tally("commune"), published[-1].row["date"]
    seen = census.presence(territory.communes, counts)
    frame, named = pd.concat([seen.named, seen.absent]), int(seen.named["nb"].sum())
    told = {"quand": when, "nommees": named, "fiches": counts.total, "n": named, "source": reference(counts.document)}
    return figures.commune_map("carte_presence", frame, territory.outlines, territory.today, **told)


def landmarks(territory: Territory) -> Figure:
    """Open landmarks: context, never counted as practices."""
    places = territory.reference("reperes")
    grouped = places.groupby(["categorie", "sous_categorie", "source", "licence"], dropna=False, sort=False)
    frame = grouped["annee_constat"].agg(
        nb="size", annees=lambda own: " à ".join(map(str, sorted({own.min(), own.max()})))
    )
    return figures.figure("reperes", frame.reset_index())


def births(territory: Territory) -> Figure:
    """Since when: practices born by each year, and how many years are not known."""
    frame, unknown = census.by_year(territory.initiatives), int(territory.initiatives["annee_creation"].isna().sum())
    return figures.curve("annees", frame, "annee", "cumul", n=frame["nb"].sum(), inconnues=unknown)


def actors(territory: Territory) -> Figure:
    """Types of actors present and absent in the support, by theme; empty rows are the answer."""
    own = territory.acteurs
    frame = census.actors_by_theme(own).set_index("type_acteur")
    absents = list(frame.index[frame["nb"] == 0])
    shown = frame.drop(columns="nb").map(privacy.few).reset_index()
    return figures.figure("acteurs", shown if len(own) else own, absents=absents, compte=len(absents))


def context(territory: Territory) -> Figure:
    """Public figures of the territory, each with its year."""
    frame = census.context(territory.reference("contexte"))
    return figures.figure("contexte", frame, source=listed(reference(name) for name in frame["source"].unique()))


def new_links(territory: Territory) -> Figure:
    """Links between actors, those born of collaborative practices marked; quarrels are not named."""
    own = census.links(territory.relations, territory.acteurs)
    frame = own[~own["nature"].isin(QUARRELS * privacy.is_public())]
    new, hidden = int((frame["nouvelle"] == "oui").sum()), say("liens_tus", len(own) - len(frame), de=territory.code)
    told = {"compte": new, "total": len(frame), "n": len(frame), "tus": hidden}
    return figures.network("liens", frame, "entre", "et", marked="nouvelle", **told)


def quantities(territory: Territory) -> Figure:
    """Quantities, each in its unit; never added across units."""
    frame = census.quantities(territory.initiatives, territory.depouillements)
    return figures.figure("quantites", frame.assign(document=frame["document"].map(titles(territory))))


# ── steps 2 and 3 ───────────────────────────────────────────────────────────────────────────────

VOTED = {"critère": "indicateurs", "enjeu": "enjeux", "levier": "preconisations"}
"""What people vote on, and the sheet that holds it."""
QUARRELS = ["concurrence", "conflit"]
"""Natures of links that a public page counts and does not name."""
SCALE = list(catalogue()["votes"]["avis"].enum[:5])
"""Opinions that are in an order; the two others say that there is none."""
NATURES = ["pépite", "opportunité", "point de vigilance"]


def _labels(territory: Territory, objet: str) -> pd.Series:
    """Words of what is voted on, by code."""
    key, label, *_ = trace.CHAIN[VOTED[objet]]
    return getattr(territory, VOTED[objet]).set_index(key)[label]


def criteria(territory: Territory) -> Figure:
    """Criteria in the group's words: stake, dimension, decision, and the statements behind each."""
    frame, said = territory.indicateurs, words(territory).set_index("verbatim")["texte"]
    frame["enjeu"] = frame["enjeu"].map(_labels(territory, "enjeu"))
    behind = zip(frame["indicateur"], frame["verbatims"].map(items), strict=True)
    frame["phrases"] = [
        quoted(said.reindex([c for c in own if c in said]), f"{territory.code}/{i}") for i, own in behind
    ]
    return figures.figure("criteres", frame, n=len(frame))


def _votes(territory: Territory, objet: str) -> pd.DataFrame:
    """Votes on the things that a sheet holds; who votes on an indicator votes on its criterion."""
    votes = territory.votes.replace({"objet": {"indicateur": "critère"}})
    return votes[votes["objet"].eq(objet) & votes["code"].isin(_labels(territory, objet).index)]


def points(territory: Territory, objet: str) -> tuple[pd.DataFrame, int | None, bool]:
    """Points on something that a public page may count, ballots (None: not known), and whether tables may be told apart.

    Fewer than `privacy.PEOPLE` ballots are nobody's business. Tables are told apart, unnamed, when the
    meeting agreed and every point is that of a ballot of one of several tables of enough ballots.
    """
    own = _votes(territory, objet).dropna(subset="points")
    own["table"] = own["reunion"].fillna("") + " " + own["table"]  # letters come back from meeting to meeting
    ballot = own["bulletin"].fillna("").map(simplify).str.replace(r"^(n |no |numero )?0*(?=\w)", "", regex=True)
    counted, together = ~ballot.str.match("total|$"), ballot.str.startswith("total").all()
    own["bulletin"] = ballot
    own = own[counted] if counted.any() else own  # what was only counted together would be counted twice
    given = own[own["points"] > 0].drop_duplicates(["reunion", "table", "bulletin"])
    agreed, n = privacy.agreed(own, territory.reunions).all(), len(given) if counted.any() else None
    fewest, sizes = privacy.fewest(privacy.PEOPLE), given["table"].value_counts()
    is_hidden = not own["points"].sum() or (n < fewest if counted.any() else not (agreed and together))
    is_apart = n and agreed and own["table"].notna().all() and len(sizes) > 1 and sizes.min() >= fewest
    return own.iloc[:0] if is_hidden else own, n, bool(is_apart) and not is_hidden


def votes(territory: Territory, objet: str = "critère") -> Figure:
    """Points given to each thing, sorted, with one unnamed mark per table when the meeting may be quoted."""
    key, labels = f"votes_{VOTED[objet]}", _labels(territory, objet)
    own, n, is_apart = points(territory, objet)
    frame = agreement.dots(own, objet, labels) if len(own) else own
    marks = agreement.dots_by_table(own, objet).merge(frame[["code", "label"]]) if is_apart else None
    told = say("votes_par_table" if is_apart else "votes_sans_tables")
    return figures.dots(key, frame, "label", "points", marks, n=n, total=int(frame["points"].sum()), tables=told)


def order(territory: Territory) -> Html:
    """What the order of the criteria owes to one table: which comes first, and how many move, without it."""
    own, _, is_apart = points(territory, "critère")
    if not is_apart:
        return paragraph(say("ordre_inconnu")) if len(own) else Html("")
    ranks = agreement.without_each_table(own, "critère", _labels(territory, "critère"))
    without = ranks.drop(columns=["code", "label", "ensemble"])
    is_first, may_be = ranks["ensemble"] == 1, without.eq(1).any(axis=1)
    first, others = list(ranks["label"][is_first]), list(ranks["label"][may_be & ~is_first])
    moved = int(without.ne(ranks["ensemble"], axis=0).any(axis=1).sum())
    return tell("ordre", territory, first=first, others=others, moved=moved, total=len(ranks))


def divisive(territory: Territory) -> Figure | Html:
    """What divides the tables: the points that they give to the same criterion, most divisive first."""
    own, _, is_apart = points(territory, "critère")
    if own.empty:
        return Html("")
    frame = agreement.divisive(own, "critère", _labels(territory, "critère")) if is_apart else own.iloc[:0]
    if len({*frame.get("sur_haut", ()), *frame.get("sur_bas", ())}) > 1:  # a total would tell which table it is
        frame = frame.drop(columns=["sur_haut", "sur_bas"])
    return figures.figure("divise", frame[frame["ecart"] > 0] if len(frame) else frame)


def opinions(territory: Territory) -> Figure:
    """Opinions on each criterion that enough people judged at meetings that agreed: how many of each, never a mean."""
    own = _votes(territory, "critère").dropna(subset="avis")
    own = own[privacy.agreed(own, territory.reunions)]
    who = own[["reunion", "table", "bulletin"]].fillna("").agg("/".join, axis=1).where(own["bulletin"].notna())
    own = own[who.groupby(own["code"]).transform("nunique") >= privacy.fewest(privacy.PEOPLE)]
    frame = agreement.opinions(own, catalogue()["votes"]["avis"].enum, _labels(territory, "critère"))
    return figures.figure("avis", frame.drop(columns="code"), n=len(own))


def stakes(territory: Territory) -> Figure:
    """Stakes known, with where they come from, when they were retained, and what they take the place of."""
    frame = territory.enjeux
    frame["source"] = frame["source"].map(titles(territory))
    frame["remplace"] = frame["remplace"].map(frame.set_index("enjeu")["libelle"])
    return figures.figure("enjeux", frame)


def way(territory: Territory) -> Figure:
    """Statements behind each stake and those not taken up, with the range over the codings."""
    result = trace.taken_up(territory.verbatims, territory.enjeux)
    return figures.bars("chemin", result.by_stake if result.coded else pd.DataFrame(), "libelle", n=result.coded)


def drift(territory: Territory) -> Figure:
    """Statements behind each stake, meeting by meeting; nothing when one meeting only was coded."""
    frame = trace.drift(territory).set_index("libelle").rename(columns=plain_date).reset_index()
    return figures.figure("derive", frame if len(frame.columns) > 2 else frame.iloc[:0])


def _marks(territory: Territory) -> pd.DataFrame | None:
    """Marks of the tables with their criterion; nothing when people gave some of those that are counted."""
    own = measures(territory).loc[lambda measures: measures["pratique"].isna()]
    is_spoken = privacy.spoken(own, territory.reunions).all()
    return own.assign(critere=own["indicateur"].map(_labels(territory, "critère"))) if is_spoken else None


def gaps(territory: Territory) -> Figure:
    """Current and desired situation of each indicator, widest gap first, with the marks of the tables."""
    frame, marks = medians(territory), _marks(territory)
    told = Html("") if marks is None else say("marques_tables")
    return figures.dumbbell("ecarts", frame, "critere", marks, n=int(frame["nb"].sum()), marques=told)


def distribution(territory: Territory) -> Figure:
    """How many tables gave each mark, today and wished, with the median: an ordinal scale has no mean."""
    shown = indicators.distribution(measures(territory), territory.indicateurs)
    return figures.figure("notes", shown if _marks(territory) is not None else shown.iloc[:0])


def far_apart(territory: Territory) -> Figure:
    """What the tables want differently: lowest and highest wish for the same criterion, widest first."""
    frame = medians(territory).assign(etendue=lambda found: found["max_souhaitee"] - found["min_souhaitee"])
    apart = frame[frame["etendue"] > 0].sort_values("etendue", ascending=False, kind="stable")
    return figures.figure("souhaits", apart if _marks(territory) is not None else apart.iloc[:0])


def radar(territory: Territory) -> Figure:
    """The group's radar, in the order of the indicators."""
    order, frame = pd.Index(territory.indicateurs["indicateur"]).get_indexer, medians(territory)
    return figures.radar("radar", frame.sort_values("indicateur", key=order), "critere", n=int(frame["nb"].sum()))


def priorities(territory: Territory) -> Figure:
    """Importance and gap of each criterion, side by side and never multiplied."""
    frame = territory.indicateurs[territory.indicateurs["statut"] != "écarté"][["indicateur", "critere"]]
    given = points(territory, "critère")[0].groupby("code")["points"].sum()
    gap, codes = medians(territory).set_index("indicateur")["ecart"], frame["indicateur"]
    frame = frame.assign(points=codes.map(given).fillna(0), ecart=codes.map(gap))
    frame = frame.sort_values(["points", "ecart"], ascending=False, kind="stable")
    return figures.figure("priorites", frame if len(given) and len(gap) else frame.iloc[:0])


def practice_matrix(territory: Territory) -> Figure:
    """What each practice does to each criterion; blanks are what remains to be looked at."""
    effects = indicators.practice_effects(measures(territory), territory.indicateurs)
    counts = effects["effet"].value_counts().reindex(indicators.READINGS, fill_value=0)
    told = {**counts, "cases": len(effects), "vues": counts[:-1].sum(), "compte": counts["à regarder"]}
    return figures.figure("matrice", indicators.practice_matrix(effects), **told)


def readings(territory: Territory, by: str) -> Figure:
    """The matrix read by practice, or by criterion; see `indicators.served`."""
    effects = indicators.practice_effects(measures(territory), territory.indicateurs)
    return figures.figure(f"lecture_{by}", indicators.served(effects, by))


def natures(territory: Territory) -> Figure:
    """Nuggets, opportunities and points of vigilance seen in each theme; a kind that nobody saw keeps its column."""
    own = territory.verbatims.loc[lambda said: said["nature"].isin(NATURES)]
    return figures.figure("natures", census.crossed(own, "thematique", "nature", kinds=NATURES))


# ── step 4 ──────────────────────────────────────────────────────────────────────────────────────


def unlinked(territory: Territory) -> Html:
    """Expectations and offers that only the sheets hold: nothing can follow from them until they are statements."""
    sheets, copied = territory.fiches[["attentes", "participation"]].map(items), set(territory.verbatims["texte"])
    written, offers = (sum(line not in copied for lines in sheets[name] for line in lines) for name in sheets)
    return paragraph(say("fiches_non_reliees", written + offers, de=territory.code, attentes=written, offres=offers))


def thread(territory: Territory) -> Figure:
    """The chain from statement to action: how many things of each sheet are in each state."""
    renamed = {"verbatims": "Phrases", "mesures": "Indicateurs mesurés"}
    named = {name: table.title for name, table in catalogue().items()} | renamed
    return figures.figure("fil", trace.states(trace.follow_up(territory)).replace({"feuille": named}))


def loose_ends(territory: Territory) -> Figure:
    """What is not covered, by name; statements are counted above, and those lost are named at step 3."""
    frame = trace.follow_up(territory).query("etat != 'couvert' and feuille != 'verbatims'")
    return figures.figure("fil_a_reprendre", frame.assign(feuille=[catalogue()[n].title for n in frame["feuille"]]))


def comparability(programme: Programme) -> Figure:
    """What can be compared: a row per quantity, and for each territory yes or no with the reason."""
    frame = comparison.comparability(programme)
    frame["dit"] = frame["comparable"].str.capitalize() + ". " + frame["raison"] + "."
    table = frame.pivot_table(index="quantite", columns="territoire", values="dit", aggfunc="first", sort=False)
    table = table[[territory.nom for territory in programme]].reset_index()
    return figures.figure("comparabilite", table, compte=frame["quantite"][frame["comparable"] == "oui"].nunique())


def actors_compared(programme: Programme) -> Figure:
    """Types of actors of each territory; small numbers are said in words."""
    frame = comparison.side_by_side(programme, "acteurs", "type_acteur").set_index("type_acteur")
    told = frame.map(privacy.few, na_action="ignore").reset_index()
    return figures.figure("acteurs_compares", told, compte=frame.eq(0).any(axis=1).sum())


def common_indicators(programme: Programme) -> Figure:
    """Indicators that several territories follow in the same way, one small chart each; no rank."""
    frame = comparison.common_indicators(programme, measures)
    return figures.dumbbell("indicateurs_communs", frame, "territoire", panel="critere", n=int(frame["nb"].sum()))


# ── the territory's page, the index, the comparison ────────────────────────────────────────────


def calendar(territory: Territory) -> Figure:
    """The four steps: when they were planned, when meetings were held, what was received or which sheet would bring it."""
    held, rows = territory.reunions.dropna(subset="date"), []
    for step in (step for step in etapes().values() if "etape" in step):
        dates = held.loc[held["etape"] == step["etape"].lower(), "date"].sort_values().tolist()
        told = tell("etape", territory, step=step)
        when = [listed(map(date, days), "à") for days in (step["prevu"], dict.fromkeys([*dates[:1], *dates[-1:]]))]
        rows.append((step["etape"], *step["prevu"], *(dates[:1] or [None]), *(dates[-1:] or [None]), *when, told))
    frame = pd.DataFrame(rows, columns=["etape", "prevu_debut", "prevu_fin", "debut", "fin", "prevu", "tenu", "recu"])
    spans = {"prevu": ("prevu_debut", "prevu_fin"), "duree": ("debut", "fin")}
    return figures.timeline("etapes", frame, "etape", spans, n=None)


def essential_map(territory: Territory) -> Figure:
    """Where the practices are, else where participants came from."""
    return practices_map(territory) if territory.initiatives["code_insee"].notna().any() else presence_map(territory)


def summary(cards: list[dict]) -> Html:
    """The index: the question, the map, a card per territory with what is known of each step, what is common to all.

    Parameters
    ----------
    cards : list of dict
        Of each territory: ``code``, ``nom``, ``is_fictif``, ``pages`` (path, title) and ``changements`` (rows changed,
        added and removed in each table, the last time that something was).
    """
    return tell("accueil", cards=[card | {"of": Territory.open(card["code"])} for card in cards])


def regional_figures(programme: Programme) -> Figure:
    """Published figures of the region: context of the programme, of other scopes and dates."""
    shown = programme.general.depouillements.loc[lambda own: ~own["question"].str.startswith("Faits du programme")]
    return figures.figure("chiffres_regionaux", shown.assign(document=shown["document"].map(titles(programme.general))))


def provenance(territory: Territory) -> Figure:
    """From which file and sheet the rows of each table come."""
    placed = pd.concat([territory.lines(name).assign(table=name) for name in catalogue()])
    counts = placed.groupby(["table", "fichier", "feuille"], sort=False).size().rename("nb").reset_index()
    return figures.figure("provenance", counts.assign(nb=[*map(privacy.rows_told, counts["table"], counts["nb"])]))


# ── where a number comes from ───────────────────────────────────────────────────────────────────


def origin(
    territories: list[Territory], read: list[str], quantities: list[str], subject: str = "", sheets: Iterable[str] = ()
) -> Html:
    """Where numbers come from: their formula; of each sheet the file, the rows, the meetings and the documents.

    Parameters
    ----------
    territories : list of Territory
        Those of the page; only those that the subject names, when it names one.
    read : list of str
        Tables that the page reads: its numbers rest on no other.
    quantities : list of str
        Entries of ``grandeurs.yaml``: ``feuilles`` are the sheets that they rest on.
    subject : str
        What a number is about, as `domino_analysis.text.number` marks it: the rows are those that hold its parts,
        those of its meeting and no other; the sheets, those that hold its last part, and all when none does.
    sheets : iterable of str
        More sheets. When nothing names a sheet, what is shown is in all those that the page reads.
    """
    parts = [part for part in subject.split("/") if part]
    known = [territory for territory in territories if {territory.code, territory.nom} & {*parts}] or territories
    entries = {key: grandeurs()[key] for key in quantities if key != "base"}
    sheets = {*sheets, *(name for entry in entries.values() for name in entry["feuilles"])}
    named = [name for name in read if name in sheets] or [name for name in read if name in catalogue()]
    asked = {
        catalogue()["fiches"][entry["question"]].title for entry in entries.values() if "question" in entry and parts
    }
    sources = [source for territory in known for source in _sources(territory, named, [*asked, *parts])]
    return tell("origine", entries=entries, sources=sources)


def _sources(territory: Territory, names: list[str], parts: list[str]) -> Iterator[dict]:
    """Of each file of some sheets: the rows that parts of a subject point at, and the lines where they stand."""
    held = {
        name: _about(territory, name, [p for p in parts if p not in (territory.code, territory.nom)]) for name in names
    }
    is_found = any(found for _, found in held.values())
    for name, (rows, found) in held.items():
        if rows.empty or (is_found and found is False):
            continue
        if name.startswith(PUBLIC):
            yield {"fichier": f"reference/{name.removeprefix(PUBLIC)}.csv", "de": territory.code, "nb": len(rows)}
            continue
        is_counted, is_hidden = privacy.stops_at_count(name), privacy.hides_count(name)
        for (fichier, feuille), own in (
            territory.lines(name).loc[rows.index].groupby(["fichier", "feuille"], sort=False)
        ):
            lines = own["ligne"].sort_values()
            runs = lines.groupby(lines.to_numpy() - range(len(lines))).agg(["min", "max"]).to_numpy().tolist()
            yield {
                "fichier": f"{territory.code}/{fichier}", "feuille": feuille, "name": name, "papers": titles(territory).to_dict(),
                "rows": rows.loc[own.index].reindex(columns=["reunion", "document", "source"]),
                "runs": runs * (not is_counted and not is_hidden), "nb": "" if is_hidden else len(own),
            }  # fmt: skip


@cache
def _held(territory: Territory, name: str) -> pd.Series:
    """Words by which a subject points at each row of a sheet: its cells, or its meeting where the count is all that is told."""
    rows, is_kept = getattr(territory, name), privacy.stops_at_count(name)
    columns = [c for c in catalogue()[name].kept if "oui" not in c.enum and (c.name == "reunion" or not is_kept)]
    cells = [
        rows[c.name].map(items if c.type == "list" else lambda cell: [str(cell)]) for c in columns if c.name in rows
    ]
    return sum(cells[1:], cells[0])


def _about(territory: Territory, name: str, parts: list[str]) -> tuple[pd.DataFrame, bool | None]:
    """Rows of a sheet that hold those of the parts that some hold; whether some hold the last one, if that may be told."""
    if name.startswith(PUBLIC):
        return territory.reference(name.removeprefix(PUBLIC)), False
    rows, found = getattr(territory, name), False
    for part in parts:
        about = _held(territory, name).loc[rows.index].map(lambda words, part=part: part in words).astype(bool)
        found = bool(about.any())
        is_met = name in ("fiches", "verbatims", "depouillements") and part in set(territory.reunions["reunion"])
        rows = rows[about] if found or is_met else rows
    return rows, None if privacy.stops_at_count(name) else found


# ── for researchers ─────────────────────────────────────────────────────────────────────────────


def explore(code: str):
    """Widgets to choose a territory, a sheet and two columns to cross; for JupyterLab only.

    Each answer comes with the line of code that gives the same.
    """
    from ipywidgets import dlink, interactive

    sheets = {name: [column.name for column in table.kept] for name, table in catalogue().items()}

    def show(territoire: str, feuille: str, lignes: str, colonnes: str, filtre: str = "") -> pd.DataFrame | None:
        frame, asked = getattr(Territory.open(territoire), feuille), f".query({filtre!r})" if filtre else ""
        try:
            frame = frame.query(filtre) if filtre else frame
            table = census.crossed(frame, lignes, colonnes)
        except Exception as error:
            return print(f"Ce filtre ne se lit pas : {error}\nPar exemple : etat == 'existante'")
        same = f'census.crossed(Territory.open("{territoire}").{feuille}{asked}, "{lignes}", "{colonnes}")'
        print(f"n = {len(frame)}", same, sep="\n")
        return table

    ordered, first = sorted(sheets, key="initiatives".__ne__), sheets["initiatives"]
    box = interactive(show, territoire=territories(), feuille=ordered, lignes=first, colonnes=first)
    where, sheet, rows, columns, only = box.children[:5]
    where.value, only.continuous_update = code, False
    dlink((sheet, "value"), (rows, "options"), sheets.get)
    dlink((sheet, "value"), (columns, "options"), lambda name: sheets[name][1:] + sheets[name][:1])
    return box


TEMPLATES.globals.update({name: own for name, own in globals().items() if not name.startswith("_")})
