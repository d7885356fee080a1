"""One function per section of a notebook: results → sentences and figures, in the programme's words.

The functions choose what a public page may say and in which words; what is counted comes from the
modules above, the words from the catalogue.
"""

import pandas as pd

from . import agreement, census, comparison, figures, indicators, privacy, trace
from .census import Meeting
from .clean import items
from .figures import Figure
from .schema import A_VERIFIER, BLOQUANT, Problem, catalogue, etapes, simplify
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
    row, own = meeting.row, meeting.code
    told = [
        say("presents", row["nb_presents"], de=own), say("tables", row["nb_tables"], de=own), say("lieu", lieu=row["lieu"]),
        say("fiches_recues", len(meeting.fiches), de=own),
    ]  # fmt: skip
    return together(paragraph(*told), paragraph(cited(row["compte_rendu"])))


def origins(meeting: Meeting) -> Html:
    """From which communes: how many are named, and which part of the territory no sheet names."""
    counts = meeting.tally("commune")
    if not counts.origin:
        return missing("provenance_absente")
    seen = census.presence(meeting.territory.communes, counts)
    total = len(meeting.territory.communes)
    key = "communes_nommees_au_moins" if seen.is_minimum else "communes_nommees"
    named = say(key, len(seen.named), de=meeting.code, total=total)
    silent = [say("epci_silencieux", epci=epci) for epci in seen.epci_absent]
    return paragraph(named, *silent)


def communes(meeting: Meeting) -> Html:
    """People by commune: as the public document printed them, else small communes merged."""
    counts = meeting.tally("commune")
    if not counts.origin:
        return Html("")
    if counts.is_published:
        return _counted(meeting, counts.counts, "participants", cited(counts.document))
    seen = census.presence(meeting.territory.communes, counts)
    merged = privacy.people_by_commune(seen.named, counts.total - int(seen.named["nb"].sum()))
    shown = merged.rename(columns={"lieu": "reponse"}).assign(ecrit=True)
    return _counted(meeting, shown, "participants", say("communes_reunies"))


def _counted(meeting: Meeting, counts: pd.DataFrame, quantity: str, source: str) -> Html:
    """Answers in columns, each with its number when one was written or counted."""
    rows = counts.to_dict("records")
    return render("comptes.html.j2", rows=rows, quantity=quantity, de=meeting.code, source=source)


def answers(meeting: Meeting) -> Html:
    """Questions put to the tables, each with the statements as they were written."""
    own = privacy.unordered(meeting.verbatims.fillna({"question": ""}))
    own = own[own["origine"] != "fiche"]
    if own.empty:
        return missing("phrases_absentes")
    asked, shown = own.groupby("question", sort=False)["texte"].agg(list), _agreed(meeting)
    return render("reponses.html.j2", meeting=meeting, asked=asked, n=len(own), shown=shown)


def users(meeting: Meeting) -> Html:
    """How many of the people asked use collaborative services."""
    return paragraph(_users_sentence(meeting)) or missing("utilisateurs_absents")


def _users_sentence(meeting: Meeting) -> Html:
    counts = meeting.tally("utilisateur")
    if not counts.of("oui") + counts.of("non") or counts.is_minimum:
        return Html("")
    key = "utilisateurs_sans_base" if pd.isna(counts.base) else "utilisateurs"
    return say(key, counts.of("oui"), de=meeting.code, total=counts.base)


def _listed_tally(meeting: Meeting, column: str, absent: str) -> Html:
    counts = meeting.tally(column)
    if not counts.origin:
        return missing(absent)
    shown = counts.counts
    if not counts.is_published and not _agreed(meeting):
        shown = privacy.merge_small(shown, "reponse", "réponses de moins de cinq personnes").assign(ecrit=True)
    return _counted(meeting, shown, "mentions", cited(counts.document) or "fiches de la réunion")


def services(meeting: Meeting) -> Html:
    """Services that participants say they use, as they wrote them."""
    return _listed_tally(meeting, "services", "services_absents") if meeting.tally("services").origin else Html("")


def services_sentence(meeting: Meeting) -> Html:
    """How many services and mentions, with « au moins » when some were listed without a number."""
    counts = meeting.tally("services")
    if not counts.origin:
        return missing("services_absents")
    named = census.named_services(counts)
    key = "services_au_moins" if counts.is_minimum else "services"
    unwritten = say("services_sans_nombre", int((~counts.counts["ecrit"]).sum()), de=meeting.code)
    return paragraph(say(key, len(named), de=meeting.code, mentions=counts.total), unwritten)


def expectations(meeting: Meeting) -> Html:
    """What each participant expects, as written; in alphabetical order when sheets are held."""
    own = privacy.public_words(meeting.verbatims, meeting.territory.reunions)
    written = own[(own["origine"] == "fiche") & (own["question"].fillna("").map(simplify) == "attentes")]["texte"]
    count = len(written)
    if not count:
        lines = [line for text in meeting.fiches["attentes"] for line in items(text)]
        count = len(lines)
        written = sorted(lines, key=simplify) if _agreed(meeting) else []
    if not count:
        return missing("attentes_absentes")
    shown = [text for text in written if isinstance(text, str)]
    told = paragraph(say("attentes", count, de=meeting.code), "" if shown else say("attentes_gardees"))
    return together(told, bullets(map(cited, shown), "dites"))


def offers(meeting: Meeting) -> Html:
    """How participants offer to take part, as written."""
    return _listed_tally(meeting, "participation", "offres_absentes")


def retained(meeting: Meeting) -> Html:
    """The stakes that the group retained at the meeting, each with its question."""
    own = meeting.enjeux
    if own.empty:
        return missing("enjeux_absents_reunion")
    titles = map(cited, own["source"].map(_titles(meeting.territory)).dropna().unique())
    return render("retenus.html.j2", de=meeting.code, enjeux=own.to_dict("records"), sources=listed(titles))


def lost(verbatims: pd.DataFrame, enjeux: pd.DataFrame, de: str) -> Html:
    """Statements that no stake takes up, named, with the range over the plausible codings."""
    coded = trace.coded_statements(verbatims, enjeux)
    if coded.empty:
        return missing("codage_absent")
    result = trace.taken_up(verbatims, enjeux)
    sentence = say("non_repris", len(result.lost), de=de, codees=result.coded)
    spread = say("selon_codage", result.highest - result.lowest, de=de, bas=result.lowest, haut=result.highest)
    coders = sorted(set(coded["code_par"].dropna()))
    by_whom = say("codage_propose") if coders == ["codage proposé"] else say("code_par", len(coders), qui=coders)
    return together(paragraph(sentence, spread, by_whom), quoted(result.lost["texte"], de))


def lost_at(meeting: Meeting) -> Html:
    """What the synthesis of a meeting left out; see `lost`."""
    said = words(meeting.territory)
    return lost(said[said["reunion"] == meeting.code], meeting.territory.enjeux, meeting.code)


def remaining(meeting: Meeting) -> Html:
    """What remains to be done: what people decided, what is not coded, what was not written."""
    own, after = meeting.verbatims, meeting.following
    tables = own[own["origine"] != "fiche"]
    uncoded = len(tables) - len(trace.coded_statements(tables, meeting.territory.enjeux))
    todo = [
        cited(meeting.row["bilan"]),
        say("reste_a_coder", uncoded, de=meeting.code),
        say("reste_tables", int(len(tables) > 0 and tables["table"].isna().all())),
        say("reste_fiches", int(meeting.fiches.empty and meeting.tally("utilisateur").origin != "")),
    ]
    if after is not None:
        what = next((text for text in after[["objet", "type"]] if isinstance(text, str)), "réunion")
        todo.append(say("prochaine", quand=after["date"], quoi=what))
    return bullets(filter(None, todo)) or paragraph(say("rien_a_faire"))


# ── page 0: what was received ───────────────────────────────────────────────────────────────────


def received(territory: Territory) -> Figure:
    """Each sheet of the catalogue with the rows received, the empty ones included."""
    rows = [
        {"feuille": table.title, "nb": len(getattr(territory, name)), "apporte": table.description}
        for name, table in catalogue().items()
    ]
    return figures.figure("feuilles", pd.DataFrame(rows))


def problems_sentence(territory: Territory) -> Html:
    """How many problems of each kind, and that the page could be made all the same."""
    problems = territory.problems
    blocking = sum(problem.gravite == BLOQUANT for problem in problems)
    return paragraph(say("problemes", len(problems), de=territory.code), say("bloquants", blocking, de=territory.code))


def problems(territory: Territory) -> Figure:
    """Problems by cell; a public page gives cell and rule for what people wrote, not its content."""
    rows = map(_public_problem, territory.problems)
    return figures.figure("problemes", pd.DataFrame(rows, columns=["ou", "gravite", "trouve", "faire"]))


def _public_problem(problem: Problem) -> tuple[str, str, str, str]:
    place = problem.feuille or problem.fichier
    cell = Html(f"{cited(place)} {cited(problem.cellule)}")
    if privacy.is_of_people(place):
        return cell, problem.gravite, say("regle", regle=problem.regle), say("voir_check")
    return cell, problem.gravite, problem.trouve, problem.faire


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
    own, code = territory.initiatives, territory.code
    if own.empty:
        return missing("initiatives_absentes")
    kept = say("retenues", int((own["retenue"] == "oui").sum()), de=code, total=len(own))
    doubtful = say("retenues_a_verifier", int((own["retenue"] == A_VERIFIER).sum()), de=code)
    return paragraph(say("initiatives", len(own), de=code), kept, doubtful)


def seats_sentence(territory: Territory) -> Html:
    """How many practices have their seat in the perimeter and out of it."""
    seats = territory.initiatives["siege"].fillna("inconnu")
    if seats.empty:
        return missing("sieges_absents")
    counts = seats.value_counts().reindex(catalogue()["initiatives"]["siege"].enum, fill_value=0)
    key = "sieges_inconnus" if counts["inconnu"] == len(seats) else "sieges"
    return paragraph(say(key, len(seats), de=territory.code, **counts))


def weak_signals(territory: Territory) -> Html:
    """Projects and weak signals, by name."""
    own = territory.initiatives
    if own.empty:
        return missing("initiatives_absentes")
    states = {"projets": "en projet", "signaux": "signal faible"}
    listing = {key: own[own["etat"] == state].to_dict("records") for key, state in states.items()}
    return render("signaux.html.j2", de=territory.code, listing=listing)


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
    for meeting in reversed(census.recorded_meetings(territory)):
        counts = meeting.tally("commune")
        if counts.is_published:
            seen = census.presence(territory.communes, counts)
            frame = pd.concat([seen.named, seen.absent])[["code_insee", "commune", "epci", "nb"]]
            named = int(seen.named["nb"].sum())
            told = {"quand": meeting.row["date"], "nommees": named, "fiches": counts.total, "n": named}
            places = (territory.outlines, territory.today)
            return figures.commune_map("carte_presence", frame, *places, source=cited(counts.document), **told)
    return figures.figure("carte_presence", pd.DataFrame())


def became_sentence(territory: Territory) -> Html:
    """How many communes of 2015 there are and how many they have become."""
    own = territory.reference("communes_2015")
    if own.empty:
        return missing("correspondance_absente")
    gone = own[own["statut"] != "inchangée"]
    today = own["code_insee_actuel"].nunique()
    told = say("communes_devenues", len(gone), de=territory.code, avant=len(own), apres=today)
    names = gone.groupby("commune_actuelle", sort=False)["commune"]
    return together(paragraph(told), bullets(f"{listed(map(cited, old))} → {cited(new)}" for new, old in names))


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
    told = {"n": int(frame["nb"].sum()), "inconnues": unknown, "several": len(frame)}
    return figures.curve("annees", frame, "annee", "cumul", **told)


def actors(territory: Territory) -> Figure:
    """Types of actors present and absent in the support, by theme; empty rows are the answer."""
    own = territory.acteurs
    if own.empty:
        return figures.figure("acteurs", own)
    frame = census.actors_by_theme(own)
    absents = [label for label, nb in zip(frame["type_acteur"], frame["nb"], strict=True) if nb == 0]
    shown = frame.drop(columns="nb").set_index("type_acteur").map(privacy.few).reset_index()
    return figures.figure("acteurs", shown, absents=absents or ["aucun"])


def relays(territory: Territory) -> Html:
    """Relays that can help the census, by nature; those that nobody found are named."""
    own = territory.acteurs
    if own.empty:
        return missing("relais_absents")
    few = zip(census.relays(own)["nature"], census.relays(own)["nb"].map(privacy.few), strict=True)
    parts = [f"{name} : {say('nombre_acteurs', de=f'{territory.code}/{name}', nombre=nb)}" for name, nb in few]
    return paragraph(Html(typography(f"Relais identifiés, par nature. {listed(parts).capitalize()}.")))


def reactions(territory: Territory) -> Html:
    """Expectations and fears of actors: how many, and what was said when they are not too few."""
    own = territory.acteurs.dropna(subset="reaction")
    if own.empty:
        return missing("reactions_absentes")
    blocks = []
    for kind in catalogue()["acteurs"]["reaction"].enum:
        said = own["propos"][own["reaction"] == kind]
        is_few = 0 < len(said) < privacy.ORGANISATIONS
        sentence = say("reaction_peu") if is_few else say("reaction", len(said), de=f"{territory.code}/{kind}")
        blocks.append((kind.capitalize(), sentence, [] if is_few else list(said.dropna())))
    return render("rubriques.html.j2", blocks=blocks)


def context(territory: Territory) -> Figure:
    """Public figures of the territory, each with its year."""
    frame = census.context(territory.reference("contexte"))
    return figures.figure("contexte", frame, source=listed(cited(name) for name in frame["source"].unique()))


def new_links(territory: Territory) -> Figure:
    """Links between actors, those born of collaborative practices marked; quarrels are not named."""
    own = census.links(territory.relations, territory.acteurs)
    frame = own[~own["nature"].isin(["concurrence", "conflit"])]
    new, hidden = int((frame["nouvelle"] == "oui").sum()), len(own) - len(frame)
    told = say("liens_tus", hidden, de=territory.code)
    return figures.network(
        "liens", frame, "entre", "et", marked="nouvelle", nouveaux=new, total=len(frame), several=new, n=len(frame), tus=told
    )  # fmt: skip


def quantities(territory: Territory) -> Figure:
    """Quantities, each in its unit; never added across units."""
    frame = census.quantities(territory.initiatives, territory.depouillements)
    return figures.figure("quantites", frame.assign(document=frame["document"].map(_titles(territory))))


def strengths(territory: Territory) -> Html:
    """Strengths, weaknesses and development stakes, as the territory wrote them."""
    said, columns = territory.identity[["forces", "faiblesses", "enjeux_developpement"]], catalogue()["territoires"]
    blocks = [(columns[name].title, "", items(text)) for name, text in said.dropna().items()]
    return render("rubriques.html.j2", blocks=blocks) or missing("forces_absentes")


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


def _points(territory: Territory, objet: str) -> tuple[pd.DataFrame, int | None, bool]:
    """Points on something that a public page may count, ballots (None: not known), and whether tables may be told apart.

    Fewer than `privacy.PEOPLE` ballots are nobody's business. Tables are told apart, unnamed, when the
    meeting agreed and every point is that of a ballot of one of several tables of enough ballots.
    """
    votes, labels = territory.votes, _labels(territory, objet)
    own = votes[votes["objet"].replace("indicateur", "critère").eq(objet) & votes["points"].notna()]
    own = own[own["code"].isin(labels.index)].assign(objet=objet)
    own["table"] = own["reunion"].fillna("") + " " + own["table"]  # letters come back from meeting to meeting
    ballot = own["bulletin"].fillna("").map(simplify).str.replace(r"^(n |no |numero )?0*(?=\w)", "", regex=True)
    counted, together = ~ballot.str.match("total|$"), ballot.str.startswith("total").all()
    if counted.any():  # what was only counted together would be counted twice
        own, ballot = own[counted], ballot[counted]
    given = own.assign(bulletin=ballot)[own["points"] > 0].drop_duplicates(["reunion", "table", "bulletin"])
    agreed, n = privacy.agreed(own, territory.reunions).all(), len(given) if counted.any() else None
    is_hidden = not own["points"].sum() or (n < privacy.PEOPLE if counted.any() else not (agreed and together))
    sizes = given["table"].value_counts()
    is_apart = n and agreed and own["table"].notna().all() and len(sizes) > 1 and sizes.min() >= privacy.PEOPLE
    return own.iloc[:0] if is_hidden else own, n, bool(is_apart) and not is_hidden


def votes(territory: Territory, objet: str = "critère") -> Figure:
    """Points given to each thing, sorted, with one unnamed mark per table when the meeting may be quoted."""
    key, labels = f"votes_{VOTED[objet]}", _labels(territory, objet)
    own, n, is_apart = _points(territory, objet)
    if own.empty:
        return figures.figure(key, own)
    frame, marks = agreement.dots(own, objet, labels), None
    if is_apart:
        marks = agreement.dots_by_table(own, objet)
        marks["label"] = marks["code"].map(labels)
    told = say("votes_par_table" if is_apart else "votes_sans_tables")
    return figures.dots(key, frame, "label", "points", marks, n=n, total=int(frame["points"].sum()), tables=told)


def order(territory: Territory) -> Html:
    """What the order of the criteria owes to one table: which comes first, and how many move, without it."""
    own, _, is_apart = _points(territory, "critère")
    if not is_apart:
        return paragraph(say("ordre_inconnu")) if len(own) else Html("")
    ranks = agreement.without_each_table(own, "critère", _labels(territory, "critère"))
    without = ranks.drop(columns=["code", "label", "ensemble"])
    first, ever = ranks["ensemble"] == 1, without.eq(1).any(axis=1)
    others = list(ranks["label"][ever & ~first])
    moved = int(without.ne(ranks["ensemble"], axis=0).any(axis=1).sum())
    leads = say("ordre_tete", int(first.sum()), premiers=list(ranks["label"][first]))
    moves = say("ordre_bouge", moved, de=territory.code, total=len(ranks))
    return paragraph(leads, say("ordre_autres", len(others), autres=others), moves)


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
    votes, labels = territory.votes, _labels(territory, "critère")
    own = votes[
        votes["objet"].isin(["critère", "indicateur"]) & votes["code"].isin(labels.index) & votes["avis"].notna()
    ]
    own = own[privacy.agreed(own, territory.reunions)]
    who = own[["reunion", "table", "bulletin"]].fillna("").agg("/".join, axis=1).where(own["bulletin"].notna())
    own = own[who.groupby(own["code"]).transform("nunique") >= privacy.PEOPLE]
    frame = agreement.opinions(own, catalogue()["votes"]["avis"].enum, labels)
    return figures.figure("avis", frame.drop(columns="code"), n=len(own))


def uncovered(territory: Territory, what: str) -> Html:
    """Stakes that no indicator, or no recommendation, answers, by name."""
    frame = trace.coverage(territory.enjeux, territory.indicateurs, territory.preconisations)
    if frame.empty:
        return Html("")
    frame = frame[~frame["enjeu"].isin(territory.enjeux["remplace"])]
    bare = frame[frame[what] == 0]
    return paragraph(say(f"sans_{what}", len(bare), de=territory.code, total=len(frame), enjeux=list(bare["libelle"])))


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
    frame = trace.drift(territory)
    frame = frame.rename(columns={column: plain_date(column) for column in frame.columns[1:]})
    return figures.figure("derive", frame if len(frame.columns) > 2 else frame.iloc[:0])


def lost_in_all(territory: Territory) -> Html:
    """Statements of all meetings that no stake takes up, named; the figure above says when none is coded."""
    if trace.coded_statements(territory.verbatims, territory.enjeux).empty:
        return Html("")
    return lost(words(territory), territory.enjeux, territory.code)


def _measures(territory: Territory) -> pd.DataFrame:
    return privacy.public_measures(territory.mesures, territory.reunions)


def _medians(territory: Territory) -> pd.DataFrame:
    return indicators.medians(_measures(territory), territory.indicateurs)


def _marks(territory: Territory) -> pd.DataFrame | None:
    """Marks of the tables with their criterion; nothing when people gave some of those that are counted."""
    own = _measures(territory)
    own = own[own["pratique"].isna()]
    if not privacy.spoken(own, territory.reunions).all():
        return None
    return own.assign(critere=own["indicateur"].map(_labels(territory, "critère")))


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
    frame = _medians(territory)
    frame["etendue"] = frame["max_souhaitee"] - frame["min_souhaitee"]
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


def _effects(territory: Territory) -> pd.DataFrame:
    return indicators.practice_effects(_measures(territory), territory.indicateurs)


def practice_matrix(territory: Territory) -> Figure:
    """What each practice does to each criterion; blanks are what remains to be looked at."""
    effects = _effects(territory)
    counts = effects["effet"].value_counts().reindex(indicators.READINGS, fill_value=0)
    told = {**counts, "cases": len(effects), "several": counts["à regarder"]}
    return figures.figure("matrice", indicators.practice_matrix(effects), **told)


def readings(territory: Territory, by: str) -> Figure:
    """The matrix read by practice, or by criterion; see `indicators.served`."""
    return figures.figure(f"lecture_{by}", indicators.served(_effects(territory), by))


def natures(territory: Territory) -> Figure:
    """Nuggets, opportunities and points of vigilance seen in each theme; a kind that nobody saw keeps its column."""
    own = territory.verbatims
    frame = census.crossed(own[own["nature"].isin(NATURES)], "thematique", "nature")
    return figures.figure("natures", frame.reindex(columns=["thematique", *NATURES], fill_value=0))


# ── step 4 ──────────────────────────────────────────────────────────────────────────────────────


def recommendations(territory: Territory) -> Html:
    """One card per recommendation: stake, gap, quotation, votes, lever, moment, posture, recipient, actions."""
    return _cards(territory, trace.chains(territory)) or missing("preconisations_absentes")


def _cards(territory: Territory, chains: list[trace.Chain], place: str = "") -> Html:
    points, *_ = _points(territory, "levier")
    found = _medians(territory).set_index("indicateur")
    told = {
        "de": territory.code, "place": place, "chains": chains, "columns": catalogue()["preconisations"], "titles": _titles(territory),
        "quotable": set(words(territory)["texte"].dropna()), "gaps": found[["actuelle", "souhaitee", "ecart"]].to_dict("index"),
        "points": points.groupby("code")["points"].sum(), "given": points["points"].sum(min_count=1),
    }  # fmt: skip
    return render("fiches.html.j2", **told)


def unlinked(territory: Territory) -> Html:
    """Expectations and offers that only the sheets hold: nothing can follow from them until they are statements."""
    sheets, copied = territory.fiches[["attentes", "participation"]].map(items), set(territory.verbatims["texte"])
    written, offers = (sum(line not in copied for lines in sheets[name] for line in lines) for name in sheets)
    return paragraph(say("fiches_non_reliees", written + offers, de=territory.code, attentes=written, offres=offers))


def thread(territory: Territory) -> Figure:
    """The chain from statement to action: how many things of each sheet are in each state."""
    frame = trace.states(trace.follow_up(territory))
    renamed = {"verbatims": "Phrases", "mesures": "Indicateurs mesurés"}
    titles = {name: table.title for name, table in catalogue().items()} | renamed
    return figures.figure("fil", frame.replace({"feuille": titles}))


def loose_ends(territory: Territory) -> Figure:
    """What is not covered, by name; statements are counted above, and those lost are named at step 3."""
    frame = trace.follow_up(territory)
    frame = frame[(frame["etat"] != "couvert") & (frame["feuille"] != "verbatims")]
    return figures.figure("fil_a_reprendre", frame.assign(feuille=[catalogue()[n].title for n in frame["feuille"]]))


def comparability(programme: Programme) -> Figure:
    """What can be compared: a row per quantity, and for each territory yes or no with the reason."""
    frame = comparison.comparability(programme)
    frame["dit"] = frame["comparable"].str.capitalize() + ". " + frame["raison"] + "."
    names = [territory.nom for territory in programme]
    table = frame.pivot_table(index="quantite", columns="territoire", values="dit", aggfunc="first", sort=False)
    return figures.figure("comparabilite", table[names].rename_axis(columns=None).reset_index())


def actors_compared(programme: Programme) -> Figure:
    """Types of actors of each territory; small numbers are said in words."""
    frame = comparison.side_by_side(programme, "acteurs", "type_acteur").set_index("type_acteur")
    shown = frame.map(lambda nb: nb if pd.isna(nb) else privacy.few(nb))
    return figures.figure("acteurs_compares", shown.reset_index())


def common_indicators(programme: Programme) -> Figure:
    """Indicators that several territories follow in the same way, one small chart each; no rank."""
    frame = comparison.common_indicators(programme, _measures)
    return figures.dumbbell("indicateurs_communs", frame, "territoire", panel="critere", n=int(frame["nb"].sum()))


# ── the territory's page, the index, the comparison, the book ───────────────────────────────────


def essential(territory: Territory) -> Html:
    """The territory in a few sentences: its perimeter, its inhabitants, who leads."""
    identity, code, n = territory.identity, territory.code, len(territory.communes)
    perimeter = say("perimetre", n, de=code, quand=identity["date_perimetre"]) or say("perimetre_court", n, de=code)
    people = say("habitants", identity["population"], de=code, annee=identity[["population_annee"]].astype(str).iloc[0])
    return paragraph(perimeter, people, say("pilote", qui=identity["structure_pilote"]))


def answer(territory: Territory) -> Html:
    """What the data say, in sentences: people, practices, stakes, what was lost."""
    practices = practices_sentence(territory) if len(territory.initiatives) else Html("")
    origins = territory.enjeux.fillna({"origine": census.UNSAID}).groupby("origine", sort=False)["libelle"]
    known = [
        say(f"enjeux_{simplify(origin).replace(' ', '_')}", len(labels), de=territory.code, enjeux=list(labels))
        for origin, labels in origins
    ]
    stakes = paragraph(*known or [say("enjeux_inconnus")])
    meetings = map(_meeting_in_short, census.recorded_meetings(territory))
    return together(practices, stakes, published(territory), *meetings)


def _meeting_in_short(meeting: Meeting) -> Html:
    """What one meeting brought: who was there when it is known, and what was lost."""
    heading = Html(f"<h3>{typography('Réunion : ')}{date(meeting.row['date'])}</h3>")
    present = "" if pd.isna(meeting.row["nb_presents"]) else attendance_line(meeting)
    return together(heading, present, lost_at(meeting) if len(meeting.verbatims) else "")


def published(territory: Territory) -> Html:
    """Published figures, question by question, each in its own unit; nothing when there is none."""
    totals = territory.depouillements
    totals = totals[totals["reunion"].isna()].astype(object).replace({pd.NA: None, float("nan"): None})
    asked = {question: group.to_dict("records") for question, group in totals.groupby("question", sort=False)}
    return render("publies.html.j2", de=territory.code, asked=asked, n=len(totals)) if asked else Html("")


def attendance_line(meeting: Meeting) -> Html:
    """Present, users and communes of a meeting."""
    present = say("presents", meeting.row["nb_presents"], de=meeting.code)
    return together(paragraph(present, _users_sentence(meeting)), origins(meeting))


def steps(territory: Territory) -> Html:
    """The four steps: a link where something was received, else the sheet that would bring it."""
    entries = [entry for entry in etapes().values() if "etape" in entry]
    return render("etapes.html.j2", etapes=entries, received=territory.received, catalogue=catalogue())


def not_known(territory: Territory) -> Html:
    """What no paper gives for this territory, sheet by sheet."""
    empty = [table.title for name, table in catalogue().items() if getattr(territory, name).empty]
    return paragraph(say("feuilles_vides", len(empty), de=territory.code, feuilles=empty))


def summary(territories: list[Territory], pages: dict[str, list[tuple[str, str]]]) -> Html:
    """The index: the question, a card per territory with its pages, what is common to all."""
    common = [etapes()[name] for name in ("comparaison", "cahier")]
    return render("accueil.html.j2", territories=territories, pages=pages, common=common)


def book(programme: Programme) -> Html:
    """Recommendations territory by territory, each with what it answers; the general ones stand apart."""
    blocks = []
    for territory in programme:
        own = [chain for chain in trace.chains(territory) if chain.preconisation["portee"] != "générale"]
        told = _cards(territory, own) or missing("preconisations_absentes")
        blocks += [f"<h2>{cited(territory.nom)}</h2>", told]
    return together(*blocks)


def general_book(programme: Programme) -> Html:
    """Recommendations that were declared general, of the programme or of a territory, with who declares them."""
    found = [
        _cards(t, [c for c in trace.chains(t) if c.preconisation["portee"] == "générale"], t.nom)
        for t in (programme.general, *programme)
    ]
    return together(*found) or missing("generales_absentes")


def regional_figures(programme: Programme) -> Figure:
    """Published figures of the region: context of the programme, of other scopes and dates."""
    general = programme.general
    frame = general.depouillements.assign(document=lambda totals: totals["document"].map(_titles(general)))
    frame = frame[~frame["question"].str.startswith("Faits du programme")]
    return figures.figure("chiffres_regionaux", frame)


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

    choices = {
        "territoire": widgets.Dropdown(options=territories(), value=code, description="Territoire"),
        "feuille": widgets.Dropdown(options=list(catalogue()), value="initiatives", description="Feuille"),
        "lignes": widgets.Dropdown(description="En lignes"),
        "colonnes": widgets.Dropdown(description="En colonnes"),
        "filtre": widgets.Text(description="Filtre", placeholder="etat == 'existante'", continuous_update=False),
    }

    def offer(_=None) -> None:
        for place, name in enumerate(("lignes", "colonnes")):
            choices[name].options = [column.name for column in catalogue()[choices["feuille"].value].kept]
            choices[name].index = place

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

    offer()
    choices["feuille"].observe(offer, "value")
    return widgets.VBox([*choices.values(), widgets.interactive_output(show, choices)])
