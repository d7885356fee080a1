"""One function per section of a notebook: results → sentences and figures, in the programme's words.

The functions choose what a public page may say and in which words; what is counted comes from the
modules above, the words from the catalogue.
"""

import pandas as pd

from . import agreement, census, comparison, figures, indicators, privacy, trace
from .census import Meeting, Tally
from .clean import items
from .figures import Figure
from .schema import BLOQUANT, Problem, catalogue, etapes, simplify
from .territory import Programme, Territory
from .text import Html, bullets, cited, date, listed, missing, paragraph, plain_date, render, say, together, typography


def quoted(texts: pd.Series, de: str) -> Html:
    """Statements as they were written, and how many are not public."""
    told = paragraph(say("phrases_gardees_nombre", int(texts.isna().sum()), de=de))
    return together(bullets(map(cited, texts.dropna()), "dites"), told)


def words(territory: Territory) -> pd.DataFrame:
    """Statements of a territory as a public page may quote them."""
    return privacy.public_words(territory.verbatims, territory.reunions)


def _agreed(meeting: Meeting) -> bool:
    return bool(privacy.agreed(meeting.row.to_frame().T, meeting.territory.reunions).all())


def _titles(territory: Territory) -> pd.Series:
    """Titles of the documents by their number."""
    return territory.documents.set_index("document")["titre"]


# ── the minutes of a meeting ────────────────────────────────────────────────────────────────────


def attendance(meeting: Meeting) -> Html:
    """How many were there, around how many tables, and how the answers were collected."""
    return render("presents.html.j2", row=meeting.row, fiches=len(meeting.fiches))


def origins(meeting: Meeting) -> Html:
    """From which communes: how many are named, and which part of the territory no sheet names."""
    counts, known = meeting.tally("commune"), meeting.territory.communes
    seen = census.presence(known, counts) if counts.origin else None
    return render("provenance.html.j2", seen=seen, total=len(known), de=meeting.code)


def communes(meeting: Meeting) -> Html:
    """People by commune: as the public document printed them, else small communes merged."""
    counts = meeting.tally("commune")
    if counts.is_published or not counts.origin:
        return _counted(meeting, counts, counts.counts, "participants", cited(counts.document))
    seen = census.presence(meeting.territory.communes, counts)
    merged = privacy.people_by_commune(seen.named, counts.total - int(seen.named["nb"].sum()))
    shown = merged.rename(columns={"lieu": "reponse"}).assign(ecrit=True)
    return _counted(meeting, counts, shown, "participants", say("communes_reunies"))


def _counted(meeting: Meeting, counts: Tally, shown: pd.DataFrame, quantity: str, source: str) -> Html:
    """Answers in columns, each with its number when one was written or counted; nothing when none was received."""
    return render("comptes.html.j2", counts=counts, de=meeting.code, shown=shown, quantity=quantity, source=source)


def answers(meeting: Meeting) -> Html:
    """Questions put to the tables, each with the statements as they were written."""
    own = privacy.unordered(meeting.verbatims.fillna({"question": ""})).loc[lambda said: said["origine"] != "fiche"]
    asked = own.groupby("question", sort=False)["texte"].agg(list)
    return render("reponses.html.j2", meeting=meeting, asked=asked, n=len(own), shown=_agreed(meeting))


def users(meeting: Meeting) -> Html:
    """How many of the people asked use collaborative services."""
    return paragraph(_users_sentence(meeting)) or missing("utilisateurs_absents")


def _users_sentence(meeting: Meeting) -> Html:
    return render("utilisateurs.html.j2", counts=meeting.tally("utilisateur"), de=meeting.code)


def _mentions(meeting: Meeting, column: str) -> Html:
    counts = meeting.tally(column)
    shown = counts.counts
    if not counts.is_published and not _agreed(meeting):
        shown = privacy.merge_small(shown, "reponse", "réponses de moins de cinq personnes").assign(ecrit=True)
    return _counted(meeting, counts, shown, "mentions", cited(counts.document) or "fiches de la réunion")


def services(meeting: Meeting) -> Html:
    """Services that participants say they use, as they wrote them."""
    return _mentions(meeting, "services")


def services_sentence(meeting: Meeting) -> Html:
    """How many services and mentions, with « au moins » when some were listed without a number."""
    counts = meeting.tally("services")
    return render("services.html.j2", counts=counts, named=len(census.named_services(counts)), de=meeting.code)


def expectations(meeting: Meeting) -> Html:
    """What each participant expects, as written; in alphabetical order when sheets are held."""
    own = privacy.unordered(meeting.verbatims)
    own = own[(own["origine"] == "fiche") & (own["question"].fillna("").map(simplify) == "attentes")]
    lines = [line for text in meeting.fiches["attentes"] for line in items(text)]
    written = list(own["texte"].dropna()) if len(own) else sorted(lines, key=simplify)
    shown = written if _agreed(meeting) else []
    return render("attentes.html.j2", n=len(own) or len(lines), shown=shown, de=meeting.code)


def offers(meeting: Meeting) -> Html:
    """How participants offer to take part, as written."""
    return _mentions(meeting, "participation") or missing("offres_absentes")


def retained(meeting: Meeting) -> Html:
    """The stakes that the group retained at the meeting, each with its question."""
    own = meeting.enjeux
    titles = list(own["source"].map(_titles(meeting.territory)).dropna().unique())
    return render("retenus.html.j2", de=meeting.code, enjeux=own.to_dict("records"), sources=titles)


def lost(verbatims: pd.DataFrame, enjeux: pd.DataFrame, de: str) -> Html:
    """Statements that no stake takes up, named, with the range over the plausible codings."""
    result = trace.taken_up(verbatims, enjeux)
    coders = sorted(set(trace.coded_statements(verbatims, enjeux)["code_par"].dropna()))
    return together(render("non_repris.html.j2", result=result, coders=coders, de=de), quoted(result.lost["texte"], de))


def lost_at(meeting: Meeting) -> Html:
    """What the synthesis of a meeting left out; see `lost`."""
    said = words(meeting.territory)
    return lost(said[said["reunion"] == meeting.code], meeting.territory.enjeux, meeting.code)


def remaining(meeting: Meeting) -> Html:
    """What remains to be done: what people decided, what is not coded, what was not written."""
    tables = meeting.verbatims[meeting.verbatims["origine"] != "fiche"]
    uncoded = len(tables) - len(trace.coded_statements(tables, meeting.territory.enjeux))
    return render("reste.html.j2", meeting=meeting, tables=tables, uncoded=uncoded)


# ── page 0: what was received ───────────────────────────────────────────────────────────────────


def received(territory: Territory) -> Figure:
    """Each sheet of the catalogue with the rows received, the empty ones included."""
    rows = [(table.title, len(getattr(territory, name)), table.description) for name, table in catalogue().items()]
    return figures.figure("feuilles", pd.DataFrame(rows, columns=["feuille", "nb", "apporte"]))


def problems_sentence(territory: Territory) -> Html:
    """How many problems of each kind, and that the page could be made all the same."""
    code, kinds = territory.code, [problem.gravite for problem in territory.problems]
    return paragraph(say("problemes", len(kinds), de=code), say("bloquants", kinds.count(BLOQUANT), de=code))


def problems(territory: Territory) -> Figure:
    """Problems by cell; a public page gives cell and rule for what people wrote, not its content."""
    rows = map(_public_problem, territory.problems)
    return figures.figure("problemes", pd.DataFrame(rows, columns=["ou", "gravite", "trouve", "faire"]))


def _public_problem(problem: Problem) -> tuple[str, str, str, str]:
    place = problem.feuille or problem.fichier
    of_people = (say("regle", regle=problem.regle), say("voir_check"))
    told = of_people if privacy.is_of_people(place) else (problem.trouve, problem.faire)
    return Html(f"{cited(place)} {cited(problem.cellule)}"), problem.gravite, *told


def matches(territory: Territory) -> Figure:
    """What was read under another writing, so that a wrong match can be seen."""
    frame = territory.matches
    return figures.figure("correspondances", frame[[not privacy.is_of_people(sheet) for sheet in frame["feuille"]]])


def matches_sentence(territory: Territory) -> Html:
    """How many cells of the participants' sheets were read under another writing."""
    hidden = sum(map(privacy.is_of_people, territory.matches["feuille"]))
    return paragraph(say("correspondances_fiches", hidden, de=territory.code))


# ── step 1 ──────────────────────────────────────────────────────────────────────────────────────


def practices_sentence(territory: Territory) -> Html:
    """How many practices are in the table, how many are kept, and how many remain to be checked."""
    kept = territory.initiatives["retenue"]
    return render("pratiques.html.j2", de=territory.code, n=len(kept), kept=kept.value_counts())


def seats_sentence(territory: Territory) -> Html:
    """How many practices have their seat in the perimeter and out of it."""
    seats = territory.initiatives["siege"].fillna("inconnu")
    counts = seats.value_counts().reindex(catalogue()["initiatives"]["siege"].enum, fill_value=0)
    return render("sieges.html.j2", de=territory.code, n=len(seats), counts=counts.to_dict())


def weak_signals(territory: Territory) -> Html:
    """Projects and weak signals, by name."""
    return render("signaux.html.j2", de=territory.code, practices=territory.initiatives.to_dict("records"))


def themes(territory: Territory) -> Figure:
    """Practices by theme and state."""
    frame = census.by_theme(territory.initiatives)
    return figures.bars("themes", frame, "thematique", parts=list(frame.columns[1:-1]), n=len(territory.initiatives))


def used_services(territory: Territory) -> Figure:
    """Services used by participants of all meetings, beside the practices recorded."""
    frames = [census.named_services(m.tally("services")) for m in census.recorded_meetings(territory)]
    if not any(map(len, frames)):
        return figures.figure("services_et_pratiques", pd.DataFrame())
    used = pd.concat(frames).groupby("service", sort=False).agg(nb=("nb", "sum"), ecrit=("ecrit", "all"))
    used = used.sort_values("nb", ascending=False, kind="stable").reset_index()
    frame = census.used_and_recorded(used, territory.initiatives)
    shown = frame.assign(ecrit=frame["ecrit"].map({True: "oui", False: "non"}))
    return figures.bars("services_et_pratiques", shown, "service")


def practices_map(territory: Territory) -> Figure:
    """Where: practices by commune, those at zero shown; table by commune when there is no outline."""
    own, placed = territory.initiatives, int(territory.initiatives["code_insee"].notna().sum())
    frame = census.by_commune(territory.communes, own) if placed else own.iloc[:0]
    told = {"placees": placed, "total": len(own), "several": placed, "n": placed}
    return figures.commune_map("carte", frame, territory.outlines, territory.today, **told)


def presence_map(territory: Territory) -> Figure:
    """Where the participants of the last published meeting came from, commune by commune.

    Only a public document's own totals are drawn: other sheets are merged in the minutes.
    """
    published = [m for m in census.recorded_meetings(territory) if m.tally("commune").is_published]
    if not published:
        return figures.figure("carte_presence", pd.DataFrame())
    counts, when = published[-1].tally("commune"), published[-1].row["date"]
    seen = census.presence(territory.communes, counts)
    frame, named = pd.concat([seen.named, seen.absent]), int(seen.named["nb"].sum())
    told = {"quand": when, "nommees": named, "fiches": counts.total, "n": named, "source": cited(counts.document)}
    return figures.commune_map("carte_presence", frame, territory.outlines, territory.today, **told)


def became_sentence(territory: Territory) -> Html:
    """How many communes of 2015 there are and how many they have become."""
    own = territory.reference("communes_2015")
    gone = own[own["statut"] != "inchangée"]
    merged = gone.groupby("commune_actuelle", sort=False)["commune"].agg(list)
    return render("devenues.html.j2", de=territory.code, own=own, gone=len(gone), merged=merged)


def landmarks(territory: Territory) -> Figure:
    """Open landmarks: context, never counted as practices."""
    places = territory.reference("reperes")
    grouped = places.groupby(["categorie", "sous_categorie", "source", "licence"], dropna=False, sort=False)
    frame = grouped["annee_constat"].agg(nb="size", debut="min", fin="max").reset_index()
    years = zip(frame["debut"], frame["fin"], strict=True)
    return figures.figure("reperes", frame.assign(annees=[str(a) if a == b else f"{a} à {b}" for a, b in years]))


def births(territory: Territory) -> Figure:
    """Since when: practices born by each year, and how many years are not known."""
    frame, unknown = census.by_year(territory.initiatives), int(territory.initiatives["annee_creation"].isna().sum())
    return figures.curve("annees", frame, "annee", "cumul", n=frame["nb"].sum(), inconnues=unknown, several=len(frame))


def actors(territory: Territory) -> Figure:
    """Types of actors present and absent in the support, by theme; empty rows are the answer."""
    own = territory.acteurs
    frame = census.actors_by_theme(own).set_index("type_acteur")
    absents = list(frame.index[frame["nb"] == 0])
    shown = frame.drop(columns="nb").map(privacy.few).reset_index()
    return figures.figure("acteurs", shown if len(own) else own, absents=absents or ["aucun"])


def relays(territory: Territory) -> Html:
    """Relays that can help the census, by nature; those that nobody found are named."""
    few = census.relays(territory.acteurs).set_index("nature")["nb"].map(privacy.few).items()
    parts = [say("nombre_acteurs", de=f"{territory.code}/{n}", nature=Html(n), nombre=nb) for n, nb in few]
    told = paragraph(say("relais", natures=Html(listed(parts).capitalize())))
    return told if len(territory.acteurs) else missing("relais_absents")


def reactions(territory: Territory) -> Html:
    """Expectations and fears of actors: how many, and what was said when they are not too few."""
    own = territory.acteurs.dropna(subset="reaction")
    said = {kind: list(own["propos"][own["reaction"] == kind]) for kind in catalogue()["acteurs"]["reaction"].enum}
    return render("reactions.html.j2", de=territory.code, n=len(own), said=said, enough=privacy.ORGANISATIONS)


def context(territory: Territory) -> Figure:
    """Public figures of the territory, each with its year."""
    frame = census.context(territory.reference("contexte"))
    return figures.figure("contexte", frame, source=listed(cited(name) for name in frame["source"].unique()))


def new_links(territory: Territory) -> Figure:
    """Links between actors, those born of collaborative practices marked; quarrels are not named."""
    own = census.links(territory.relations, territory.acteurs)
    frame = own[~own["nature"].isin(["concurrence", "conflit"])]
    new, hidden = int((frame["nouvelle"] == "oui").sum()), say("liens_tus", len(own) - len(frame), de=territory.code)
    told = {"nouveaux": new, "total": len(frame), "several": new, "n": len(frame), "tus": hidden}
    return figures.network("liens", frame, "entre", "et", marked="nouvelle", **told)


def quantities(territory: Territory) -> Figure:
    """Quantities, each in its unit; never added across units."""
    frame = census.quantities(territory.initiatives, territory.depouillements)
    return figures.figure("quantites", frame.assign(document=frame["document"].map(_titles(territory))))


def strengths(territory: Territory) -> Html:
    """Strengths, weaknesses and development stakes, as the territory wrote them."""
    said = territory.identity[["forces", "faiblesses", "enjeux_developpement"]].dropna()
    return render("rubriques.html.j2", said=said.to_dict(), columns=catalogue()["territoires"])


# ── steps 2 and 3 ───────────────────────────────────────────────────────────────────────────────

VOTED = {"critère": "indicateurs", "enjeu": "enjeux", "levier": "preconisations"}
"""What people vote on, and the sheet that holds it."""
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
    behind = [said.reindex([code for code in items(cell) if code in said]) for cell in frame["verbatims"]]
    codes = zip(frame["indicateur"], behind, strict=True)
    frame["phrases"] = [quoted(texts, f"{territory.code}/{code}") for code, texts in codes]
    return figures.figure("criteres", frame, n=len(frame))


def _votes(territory: Territory, objet: str) -> pd.DataFrame:
    """Votes on the things that a sheet holds; who votes on an indicator votes on its criterion."""
    votes = territory.votes.replace({"objet": {"indicateur": "critère"}})
    return votes[votes["objet"].eq(objet) & votes["code"].isin(_labels(territory, objet).index)]


def _points(territory: Territory, objet: str) -> tuple[pd.DataFrame, int | None, bool]:
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
    is_hidden = not own["points"].sum() or (n < privacy.PEOPLE if counted.any() else not (agreed and together))
    sizes = given["table"].value_counts()
    is_apart = n and agreed and own["table"].notna().all() and len(sizes) > 1 and sizes.min() >= privacy.PEOPLE
    return own.iloc[:0] if is_hidden else own, n, bool(is_apart) and not is_hidden


def votes(territory: Territory, objet: str = "critère") -> Figure:
    """Points given to each thing, sorted, with one unnamed mark per table when the meeting may be quoted."""
    key, labels = f"votes_{VOTED[objet]}", _labels(territory, objet)
    own, n, is_apart = _points(territory, objet)
    frame = agreement.dots(own, objet, labels) if len(own) else own
    marks = agreement.dots_by_table(own, objet).merge(frame[["code", "label"]]) if is_apart else None
    told = say("votes_par_table" if is_apart else "votes_sans_tables")
    return figures.dots(key, frame, "label", "points", marks, n=n, total=int(frame["points"].sum()), tables=told)


def order(territory: Territory) -> Html:
    """What the order of the criteria owes to one table: which comes first, and how many move, without it."""
    own, _, is_apart = _points(territory, "critère")
    if not is_apart:
        return paragraph(say("ordre_inconnu")) if len(own) else Html("")
    ranks = agreement.without_each_table(own, "critère", _labels(territory, "critère"))
    without = ranks.drop(columns=["code", "label", "ensemble"])
    is_first, may_be = ranks["ensemble"] == 1, without.eq(1).any(axis=1)
    first, others = list(ranks["label"][is_first]), list(ranks["label"][may_be & ~is_first])
    moved = int(without.ne(ranks["ensemble"], axis=0).any(axis=1).sum())
    return render("ordre.html.j2", de=territory.code, first=first, others=others, moved=moved, total=len(ranks))


def divisive(territory: Territory) -> Figure | Html:
    """What divides the tables: the points that they give to the same criterion, most divisive first."""
    own, _, is_apart = _points(territory, "critère")
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
    own = own[who.groupby(own["code"]).transform("nunique") >= privacy.PEOPLE]
    frame = agreement.opinions(own, catalogue()["votes"]["avis"].enum, _labels(territory, "critère"))
    return figures.figure("avis", frame.drop(columns="code"), n=len(own))


def uncovered(territory: Territory, what: str) -> Html:
    """Stakes that no indicator, or no recommendation, answers, by name."""
    frame = trace.coverage(territory.enjeux, territory.indicateurs, territory.preconisations)
    frame = frame[~frame["enjeu"].isin(territory.enjeux["remplace"])]
    bare = list(frame.loc[frame[what] == 0, "libelle"])
    told = say(f"sans_{what}", len(bare), de=territory.code, total=len(frame), enjeux=bare)
    return paragraph(told) if len(territory.enjeux) else Html("")


def stakes(territory: Territory) -> Figure:
    """Stakes known, with where they come from, when they were retained, and what they take the place of."""
    frame = territory.enjeux
    frame["source"] = frame["source"].map(_titles(territory))
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


def lost_in_all(territory: Territory) -> Html:
    """Statements of all meetings that no stake takes up, named; the figure above says when none is coded."""
    coded = trace.coded_statements(territory.verbatims, territory.enjeux)
    return lost(words(territory), territory.enjeux, territory.code) if len(coded) else Html("")


def _measures(territory: Territory) -> pd.DataFrame:
    return privacy.public_measures(territory.mesures, territory.reunions)


def _medians(territory: Territory) -> pd.DataFrame:
    return indicators.medians(_measures(territory), territory.indicateurs)


def _marks(territory: Territory) -> pd.DataFrame | None:
    """Marks of the tables with their criterion; nothing when people gave some of those that are counted."""
    own = _measures(territory).loc[lambda measures: measures["pratique"].isna()]
    is_spoken = privacy.spoken(own, territory.reunions).all()
    return own.assign(critere=own["indicateur"].map(_labels(territory, "critère"))) if is_spoken else None


def withheld(territory: Territory) -> Html:
    """How many marks and opinions the public page does not rest on."""
    return paragraph(say("mesures_gardees", len(territory.mesures) - len(_measures(territory)), de=territory.code))


def gaps(territory: Territory) -> Figure:
    """Current and desired situation of each indicator, widest gap first, with the marks of the tables."""
    frame, marks = _medians(territory), _marks(territory)
    told = Html("") if marks is None else say("marques_tables")
    return figures.dumbbell("ecarts", frame, "critere", marks, n=int(frame["nb"].sum()), marques=told)


def distribution(territory: Territory) -> Figure:
    """How many tables gave each mark, today and wished, with the median: an ordinal scale has no mean."""
    shown = indicators.distribution(_measures(territory), territory.indicateurs)
    return figures.figure("notes", shown if _marks(territory) is not None else shown.iloc[:0])


def far_apart(territory: Territory) -> Figure:
    """What the tables want differently: lowest and highest wish for the same criterion, widest first."""
    frame = _medians(territory).assign(etendue=lambda found: found["max_souhaitee"] - found["min_souhaitee"])
    apart = frame[frame["etendue"] > 0].sort_values("etendue", ascending=False, kind="stable")
    return figures.figure("souhaits", apart if _marks(territory) is not None else apart.iloc[:0])


def radar(territory: Territory) -> Figure:
    """The group's radar, in the order of the indicators."""
    order, frame = pd.Index(territory.indicateurs["indicateur"]).get_indexer, _medians(territory)
    return figures.radar("radar", frame.sort_values("indicateur", key=order), "critere", n=int(frame["nb"].sum()))


def priorities(territory: Territory) -> Figure:
    """Importance and gap of each criterion, side by side and never multiplied."""
    frame = territory.indicateurs[territory.indicateurs["statut"] != "écarté"][["indicateur", "critere"]]
    points = _points(territory, "critère")[0].groupby("code")["points"].sum()
    gap, codes = _medians(territory).set_index("indicateur")["ecart"], frame["indicateur"]
    frame = frame.assign(points=codes.map(points).fillna(0), ecart=codes.map(gap))
    frame = frame.sort_values(["points", "ecart"], ascending=False, kind="stable")
    return figures.figure("priorites", frame if len(points) and len(gap) else frame.iloc[:0])


def practice_matrix(territory: Territory) -> Figure:
    """What each practice does to each criterion; blanks are what remains to be looked at."""
    effects = indicators.practice_effects(_measures(territory), territory.indicateurs)
    counts = effects["effet"].value_counts().reindex(indicators.READINGS, fill_value=0)
    told = {**counts, "cases": len(effects), "several": counts["à regarder"]}
    return figures.figure("matrice", indicators.practice_matrix(effects), **told)


def readings(territory: Territory, by: str) -> Figure:
    """The matrix read by practice, or by criterion; see `indicators.served`."""
    effects = indicators.practice_effects(_measures(territory), territory.indicateurs)
    return figures.figure(f"lecture_{by}", indicators.served(effects, by))


def natures(territory: Territory) -> Figure:
    """Nuggets, opportunities and points of vigilance seen in each theme; a kind that nobody saw keeps its column."""
    own = territory.verbatims
    frame = census.crossed(own[own["nature"].isin(NATURES)], "thematique", "nature")
    return figures.figure("natures", frame.reindex(columns=["thematique", *NATURES], fill_value=0))


# ── step 4 ──────────────────────────────────────────────────────────────────────────────────────


def recommendations(territory: Territory) -> Html:
    """One card per recommendation: stake, gap, quotation, votes, lever, moment, posture, recipient, actions."""
    return _cards(territory) or missing("preconisations_absentes")


def _cards(territory: Territory, is_general: bool | None = None) -> Html:
    """Cards of the recommendations that are general, each with who declares it, or are not; of all when nothing is said."""
    chains = [c for c in trace.chains(territory) if is_general in (None, c.preconisation["portee"] == "générale")]
    points, found = _points(territory, "levier")[0], _medians(territory).set_index("indicateur")
    return render(
        "fiches.html.j2", de=territory.code, place=territory.nom if is_general else "", chains=chains,
        columns=catalogue()["preconisations"], quotable=set(words(territory)["texte"].dropna()),
        titles=_titles(territory), gaps=found[["actuelle", "souhaitee", "ecart"]].to_dict("index"),
        points=points.groupby("code")["points"].sum(), given=points["points"].sum(min_count=1),
    )  # fmt: skip


def unlinked(territory: Territory) -> Html:
    """Expectations and offers that only the sheets hold: nothing can follow from them until they are statements."""
    sheets, copied = territory.fiches[["attentes", "participation"]].map(items), set(territory.verbatims["texte"])
    written, offers = (sum(line not in copied for lines in sheets[name] for line in lines) for name in sheets)
    return paragraph(say("fiches_non_reliees", written + offers, de=territory.code, attentes=written, offres=offers))


def thread(territory: Territory) -> Figure:
    """The chain from statement to action: how many things of each sheet are in each state."""
    renamed = {"verbatims": "Phrases", "mesures": "Indicateurs mesurés"}
    titles = {name: table.title for name, table in catalogue().items()} | renamed
    return figures.figure("fil", trace.states(trace.follow_up(territory)).replace({"feuille": titles}))


def loose_ends(territory: Territory) -> Figure:
    """What is not covered, by name; statements are counted above, and those lost are named at step 3."""
    frame = trace.follow_up(territory).query("etat != 'couvert' and feuille != 'verbatims'")
    return figures.figure("fil_a_reprendre", frame.assign(feuille=[catalogue()[n].title for n in frame["feuille"]]))


def comparability(programme: Programme) -> Figure:
    """What can be compared: a row per quantity, and for each territory yes or no with the reason."""
    frame = comparison.comparability(programme)
    frame["dit"] = frame["comparable"].str.capitalize() + ". " + frame["raison"] + "."
    table = frame.pivot_table(index="quantite", columns="territoire", values="dit", aggfunc="first", sort=False)
    return figures.figure("comparabilite", table[[territory.nom for territory in programme]].reset_index())


def actors_compared(programme: Programme) -> Figure:
    """Types of actors of each territory; small numbers are said in words."""
    frame = comparison.side_by_side(programme, "acteurs", "type_acteur").set_index("type_acteur")
    return figures.figure("acteurs_compares", frame.map(privacy.few, na_action="ignore").reset_index())


def common_indicators(programme: Programme) -> Figure:
    """Indicators that several territories follow in the same way, one small chart each; no rank."""
    frame = comparison.common_indicators(programme, _measures)
    return figures.dumbbell("indicateurs_communs", frame, "territoire", panel="critere", n=int(frame["nb"].sum()))


# ── the territory's page, the index, the comparison, the book ───────────────────────────────────


def essential(territory: Territory) -> Html:
    """The territory in a few sentences: its perimeter, its inhabitants, who leads."""
    return render("essentiel.html.j2", de=territory.code, n=len(territory.communes), identity=territory.identity)


def answer(territory: Territory) -> Html:
    """What the data say, in sentences: people, practices, stakes, what was lost."""
    practices = practices_sentence(territory) if len(territory.initiatives) else Html("")
    origins = territory.enjeux.fillna({"origine": census.UNSAID}).groupby("origine", sort=False)["libelle"].agg(list)
    stakes = render("enjeux.html.j2", de=territory.code, known=origins.rename(simplify).to_dict())
    meetings = map(_meeting_in_short, census.recorded_meetings(territory))
    return together(practices, stakes, published(territory), *meetings)


def _meeting_in_short(meeting: Meeting) -> Html:
    """What one meeting brought: who was there when it is known, and what was lost."""
    heading = Html(f"<h3>{typography('Réunion : ')}{date(meeting.row['date'])}</h3>")
    present = "" if pd.isna(meeting.row["nb_presents"]) else attendance_line(meeting)
    return together(heading, present, lost_at(meeting) if len(meeting.verbatims) else "")


def published(territory: Territory) -> Html:
    """Published figures, question by question, each in its own unit; nothing when there is none."""
    totals = territory.depouillements.loc[lambda totals: totals["reunion"].isna()]
    return render("publies.html.j2", de=territory.code, asked=totals.groupby("question", sort=False), n=len(totals))


def attendance_line(meeting: Meeting) -> Html:
    """Present, users and communes of a meeting."""
    present = say("presents", meeting.row["nb_presents"], de=meeting.code)
    return together(paragraph(present, _users_sentence(meeting)), origins(meeting))


def steps(territory: Territory) -> Html:
    """The four steps: a link where something was received, else the sheet that would bring it."""
    return render("etapes.html.j2", pages=etapes().values(), received=territory.received, catalogue=catalogue())


def not_known(territory: Territory) -> Html:
    """What no paper gives for this territory, sheet by sheet."""
    empty = [table.title for name, table in catalogue().items() if getattr(territory, name).empty]
    return paragraph(say("feuilles_vides", len(empty), de=territory.code, feuilles=empty))


COUNTED = ("communes", "initiatives", "enjeux", "reunions")
"""Tables whose rows the index counts."""


def summary(cards: list[dict]) -> Html:
    """The index: the question, a card per territory with its pages, what is common to all.

    Parameters
    ----------
    cards : list of dict
        Of each territory: ``code``, ``nom``, ``is_fictif``, ``lignes`` by table of `COUNTED`, and ``pages``.
    """
    return render("accueil.html.j2", cards=cards, etapes=etapes())


def book(programme: Programme) -> Html:
    """Recommendations territory by territory, each with what it answers; the general ones stand apart."""
    return render("cahier.html.j2", chapters=[(t.nom, _cards(t, is_general=False)) for t in programme])


def general_book(programme: Programme) -> Html:
    """Recommendations that were declared general, of the programme or of a territory, with who declares them."""
    found = (_cards(territory, is_general=True) for territory in (programme.general, *programme))
    return together(*found) or missing("generales_absentes")


def regional_figures(programme: Programme) -> Figure:
    """Published figures of the region: context of the programme, of other scopes and dates."""
    totals, titles = programme.general.depouillements, _titles(programme.general)
    shown = totals[~totals["question"].str.startswith("Faits du programme")]
    return figures.figure("chiffres_regionaux", shown.assign(document=shown["document"].map(titles)))


def provenance(territory: Territory) -> Figure:
    """From which file and sheet the rows of each table come."""
    counts = territory.provenance.groupby(["table", "fichier", "feuille"], sort=False).size()
    return figures.figure("provenance", counts.rename("nb").reset_index())


# ── for researchers ─────────────────────────────────────────────────────────────────────────────


def explore(code: str):
    """Widgets to choose a territory, a sheet and two columns to cross; for JupyterLab only.

    Each answer comes with the line of code that gives the same.
    """
    import ipywidgets as widgets
    from IPython.display import display

    from .paths import territories

    sheets = {name: [column.name for column in table.kept] for name, table in catalogue().items()}
    where = widgets.Dropdown(options=territories(), value=code, description="Territoire")
    sheet = widgets.Dropdown(options=list(sheets), value="initiatives", description="Feuille")
    rows, columns = widgets.Dropdown(description="En lignes"), widgets.Dropdown(description="En colonnes")
    only = widgets.Text(description="Filtre", placeholder="etat == 'existante'", continuous_update=False)
    for place, column in enumerate((rows, columns)):
        widgets.dlink((sheet, "value"), (column, "options"), sheets.get)
        widgets.dlink((column, "options"), (column, "index"), lambda _, place=place: place)

    def show(territoire: str, feuille: str, lignes: str, colonnes: str, filtre: str) -> None:
        frame = getattr(Territory.open(territoire), feuille)
        try:
            frame = frame.query(filtre) if filtre else frame
            table = census.crossed(frame, lignes, colonnes)
        except Exception as error:
            print(f"Ce filtre ne se lit pas : {error}\nPar exemple : etat == 'existante'")
            return
        asked = f".query({filtre!r})" if filtre else ""
        same = f'census.crossed(Territory.open("{territoire}").{feuille}{asked}, "{lignes}", "{colonnes}")'
        print(f"n = {len(frame)}\n{same}")
        display(table)

    return widgets.interactive(show, territoire=where, feuille=sheet, lignes=rows, colonnes=columns, filtre=only)
