"""Every number of every real page is derived again, by plain code, from the raw files.

Nothing of the library is used here: pages are read as text, raw files with `csv`. A number that no
function below expects fails, and so does an expected number that no page shows.
"""

import csv
import html
import json
import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, TreeBuilder

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
RAW = CHECKOUT / "data" / "raw"
GRANDEURS = (CHECKOUT / "domino_analysis/catalogue/grandeurs.yaml").read_text(encoding="utf-8")
QUANTITIES = set(re.findall(r"^(\w+):", GRANDEURS, re.MULTILINE))
REAL = ("chateaubriant", "morlaix", "redon", "rennes")
# what the card of the fictional territory says, typed by hand as in cases/exemple.yml
FICTIF = {"communes": 8, "initiatives": 30, "enjeux": 4, "reunions": 4}
FICTIF_DATES = {"2016-01-12", "2016-03-15", "2016-05-10"}
SHEETS = {
    "communes": "Communes", "enjeux": "Enjeux", "fiches": "Fiches individuelles", "reunions": "Réunions",
    "verbatims": "Verbatims", "acteurs": "Acteurs", "actions": "Actions", "depouillements": "Dépouillements",
    "documents": "Documents", "indicateurs": "Indicateurs", "initiatives": "Initiatives", "mesures": "Mesures",
    "preconisations": "Préconisations", "relations": "Relations", "territoires": "Territoires", "votes": "Votes",
}  # fmt: skip
UNSAID, LOST, UNSURE = "non renseigné", "non repris", {"", "à vérifier", "inconnu"}
MONTHS = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
          "novembre", "décembre"]  # fmt: skip


# ── the raw files ───────────────────────────────────────────────────────────────────────────────


@cache
def rows_of(path: Path) -> list[dict[str, str]]:
    """Rows of a raw file, cells trimmed; no row when there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [{title: cell.strip() for title, cell in row.items()} for row in csv.DictReader(stream, delimiter=";")]


class Folder(NamedTuple):
    """Raw sheets of one territory; ``t.sheet("reunions")`` is a list of rows."""

    raw: Path
    code: str

    def sheet(self, name: str) -> list[dict[str, str]]:
        return rows_of(self.raw / self.code / f"{name}.csv")

    def reference(self, name: str) -> list[dict[str, str]]:
        return [row for row in rows_of(self.raw / "reference" / f"{name}.csv") if row["territoire"] == self.code]

    def document(self, number: str) -> str:
        return next(row["Titre"] for row in self.sheet("documents") if row["N°"] == number)

    def cells(self) -> Iterator[str]:
        tables = [rows_of(path) for path in (self.raw / self.code).glob("*.csv")]
        tables += [self.reference(name) for name in ("communes_2015", "contexte", "reperes")]
        return (cell for table in tables for row in table for cell in row.values())


def plain(text: str) -> str:
    """Words without accents, case, hyphens and punctuation."""
    letters = unicodedata.normalize("NFKD", text.lower())
    return " ".join(re.findall(r"\w+", "".join(c for c in letters if not unicodedata.combining(c))))


def items(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


# ── what is expected: practices ─────────────────────────────────────────────────────────────────


class Number(NamedTuple):
    """One number that a page must show: what it is about, its quantity, its value, words beside it."""

    de: str
    q: str
    value: float
    beside: tuple[str, ...] = ()


def said(phrase: str, about: str, *beside: str, **quantities: float) -> Iterator[Number]:
    """Numbers of one sentence."""
    for quantity, value in quantities.items():
        yield Number("/".join(part for part in (phrase, quantity, about) if part), quantity, value, beside)


def cells(figure: str, label: str, columns: dict, *beside: str) -> Iterator[Number]:
    """Numbers of one row of a table, by column and quantity; an empty cell shows none."""
    for (column, _, quantity), value in ((key.rpartition(" "), value) for key, value in columns.items()):
        if value != "":
            words_beside = tuple(word for word in (label, *beside) if word)
            yield Number(f"{figure}/{label or 'nan'}/{column}", quantity, float(value), words_beside)


def without_stake(t: Folder) -> list[str]:
    """Where the recommendations that answer no stake stand."""
    rows = enumerate(t.sheet("preconisations"), 2)
    return [f"preconisations ligne {line}" for line, row in rows if not row.get("Répond à l'enjeu")]


def expected_feuilles(t: Folder) -> Iterator[Number]:
    for name, title in SHEETS.items():
        nb = {"nb lignes": len(t.sheet(name))}
        yield from cells("feuilles", title, nb)
        yield from cells("provenance", name, nb, f"{name}.csv") if t.sheet(name) else ()
    if problems := without_stake(t):
        yield from said("problemes", t.code, problemes=len(problems))


def expected_feuilles_vides(t: Folder) -> Iterator[Number]:
    empty = [title for name, title in SHEETS.items() if not t.sheet(name)]
    yield from said("feuilles_vides", t.code, *empty, feuilles=len(empty))


def criteria(row: dict[str, str]) -> set[str]:
    """Answers of a practice to the two criteria of the programme."""
    return {row.get("Échange entre pairs ?", ""), row.get("Repose sur une communauté ?", "")}


def expected_pratiques(t: Folder) -> Iterator[Number]:
    if own := t.sheet("initiatives"):
        yield from said("initiatives", t.code, initiatives=len(own))
        doubtful = sum("non" not in criteria(row) and criteria(row) != {"oui"} for row in own)
        yield from said("retenues_a_verifier", t.code, a_verifier=doubtful)


def expected_themes(t: Folder) -> Iterator[Number]:
    own = t.sheet("initiatives")
    pairs = [(theme, row["État"] or UNSAID) for row in own for theme in items(row["Thématique"]) or [UNSAID]]
    totals = Counter(theme for theme, _ in pairs)
    states = ["existante", "en projet", "signal faible", "arrêtée", *({UNSAID} & {state for _, state in pairs})]
    for theme, nb in totals.items():
        by_state = {f"{state} initiatives": pairs.count((theme, state)) for state in states}
        yield from cells("themes", theme, {**by_state, "nb initiatives": nb})
    if own:
        first = min(set(totals) - {UNSAID}, key=lambda theme: (-totals[theme], theme))
        yield from said("lecture_themes", "", first, initiatives=totals[first])
        yield from said("base", "themes", base=len(own))


def expected_finalites(t: Folder) -> Iterator[Number]:
    counts = Counter(row.get("Finalité") or UNSAID for row in t.sheet("initiatives"))
    if known := set(counts) - {UNSAID}:
        yield from said("lecture_finalites", "", initiatives=max(counts[aim] for aim in known))
        for aim, nb in counts.items():
            yield from cells("finalites", aim, {"nb initiatives": nb})


def expected_definitions(t: Folder) -> Iterator[Number]:
    own = t.sheet("initiatives")
    sure = under_each_definition(own, [row for row in own if criteria(row) == {"oui"}])
    possible = under_each_definition(own, [row for row in own if "non" not in criteria(row)])
    for label in sure if own else ():
        counts = {"nb initiatives": sure[label], "au_plus initiatives": possible[label]}
        yield from cells("definitions", label, counts)


def under_each_definition(own: list[dict], kept: list[dict]) -> dict[str, int]:
    """Practices that each definition keeps, among those kept by the two criteria."""
    seats = Counter(row.get("Siège social") for row in kept)
    inside, informal = seats["dans le périmètre"], seats["pas de siège (informel)"]
    return {
        "tout ce qui est nommé": len(own),
        "deux critères": len(kept),
        "deux critères, et ce que l'on échange": sum(bool(row.get("Ce que l'on échange")) for row in kept),
        "deux critères, siège dans le périmètre": inside,
        "deux critères, siège dans le périmètre ou pratique informelle": inside + informal,
    }


def commune_of(t: Folder) -> dict[str, str]:
    """Name of each commune by each of its accepted writings."""
    names = [(row["Commune"], row["Commune"], *items(row.get("Autres écritures", ""))) for row in t.sheet("communes")]
    return {plain(writing): name for name, *writings in names for writing in writings}


def by_commune(figure: str, quantity: str, t: Folder, counts: Counter) -> Iterator[Number]:
    """A row for each commune, those at zero included."""
    for row in t.sheet("communes"):
        yield from cells(figure, row["Commune"], {f"nb {quantity}": counts[row["Commune"]]}, row["Intercommunalité"])


def expected_carte(t: Folder) -> Iterator[Number]:
    own, known = t.sheet("initiatives"), commune_of(t)
    if placed := Counter(known[plain(row["Commune"])] for row in own if plain(row["Commune"]) in known):
        yield from by_commune("carte", "initiatives", t, placed)
        yield from said("lecture_carte", "", initiatives_placees=placed.total(), initiatives_total=len(own))
        yield from said("base", "carte", base=placed.total())


def expected_annees(t: Folder) -> Iterator[Number]:
    years = Counter(row.get("Année de création", "") for row in t.sheet("initiatives"))
    unknown, so_far = years.pop("", 0), 0
    for year in sorted(years):
        so_far += years[year]
        yield from cells("annees", year, {"nb initiatives": years[year], "cumul initiatives": so_far})
    if years:
        ends = dict.fromkeys((min(years), max(years)))
        yield from said("lecture_annees", "", *ends, initiatives=so_far, initiatives_sans_annee=unknown)
        yield from said("base", "annees", base=so_far)


def expected_angles_morts(t: Folder) -> Iterator[Number]:
    own = t.sheet("initiatives")
    for title in (
        "Commune", "Siège social", "État", "Thématique", "Finalité", "Ce que l'on échange", "Échange entre pairs ?",
        "Repose sur une communauté ?", "Statut", "Année de création", "Usage du numérique",
    ) if own else ():  # fmt: skip
        blank = sum(row.get(title, "") in UNSURE for row in own)
        yield from cells("angles_morts", title, {"vides initiatives": blank, "nb initiatives": len(own)})


# ── what is expected: published figures, context ────────────────────────────────────────────────


def published(t: Folder) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Totals that belong to no meeting, each with its value and its base."""
    for row in t.sheet("depouillements"):
        if not row["Code réunion"]:
            base = row.get("Base (nombre de réponses)", "")
            yield row, {"valeur quantite": row["Mentions ou valeur"], "base quantite_base": base}


def expected_quantites(t: Folder) -> Iterator[Number]:
    for row in t.sheet("initiatives"):  # each in a unit of its own
        if row.get("Quantité"):
            beside = (row["Unité de compte"], row["Précision"], t.document(row["Nommée par"]))
            yield from cells(
                "quantites", row["Nom de l'initiative"], {"valeur quantite": float(row["Quantité"])}, *beside
            )
    for row, values in published(t):
        beside = (row["Unité"], row["Précision"] or "exact", t.document(row["Document"]))
        yield from cells("quantites", row["Réponse"], values, *beside)


def expected_chiffres_publies(t: Folder) -> Iterator[Number]:
    """The same totals, as a list on the territory's page."""
    for row, values in published(t):
        for number in cells("", row["Réponse"], values):
            yield number._replace(de=f"{t.code}/{row['Réponse']}")


def expected_communes_devenues(t: Folder) -> Iterator[Number]:
    own = t.reference("communes_2015")
    yield from said("communes_devenues", t.code, communes=len(own))
    if changed := sum(row["statut"] != "inchangée" for row in own):
        now = len({row["code_insee_actuel"] for row in own})
        yield from said("communes_devenues", t.code, communes_changees=changed, communes_actuelles=now)


def expected_reperes(t: Folder) -> Iterator[Number]:
    years: dict[tuple, list[str]] = {}
    for row in t.reference("reperes"):
        kind = (row["categorie"], row["sous_categorie"], row["source"], row["licence"])
        years.setdefault(kind, []).append(row["annee_constat"])
    for (category, *others), seen in years.items():
        span = " à ".join(sorted({min(seen), max(seen)}))
        yield from cells("reperes", category, {"nb reperes": len(seen)}, *others, span)


def over_communes(t: Folder) -> Counter:
    """Counts of the communes added up, by label, year and unit; shares and medians are never added."""
    sums = Counter()
    for row in t.reference("contexte"):
        if row["niveau"] == "commune" and not re.search("median|part|taux", row["indicateur"]):
            sums[row["libelle"], row["annee"], row["unite"]] += float(row["valeur"])
    return sums


def expected_contexte(t: Folder) -> Iterator[Number]:
    for (label, *year_and_unit), value in over_communes(t).items():
        yield from cells("contexte", label, {"valeur contexte": value}, "territoire", *year_and_unit)
    for row in t.reference("contexte"):
        if row["niveau"] != "commune":
            beside = (row["nom"], row["annee"], row["unite"])
            yield from cells("contexte", row["libelle"], {"valeur contexte": row["valeur"]}, *beside)


# ── what is expected: meetings, stakes ──────────────────────────────────────────────────────────


def of_meeting(t: Folder, name: str, code: str) -> list[dict[str, str]]:
    return [row for row in t.sheet(name) if row["Code réunion"] == code]


def recorded(t: Folder) -> list[dict[str, str]]:
    """Meetings of which statements or totals are held."""
    held = {row["Code réunion"] for name in ("verbatims", "depouillements") for row in t.sheet(name)}
    return [row for row in t.sheet("reunions") if row["Code réunion"] in held]


def tally(t: Folder, code: str, question: str, name_of=str) -> Counter:
    """Totals of one question of the sheets of a meeting."""
    counts = Counter()
    for row in of_meeting(t, "depouillements", code):
        if row["Question ou objet"] == question:
            counts[name_of(row["Réponse"])] += int(row["Mentions ou valeur"])
    return counts


def people_by_commune(t: Folder, code: str) -> Counter:
    """People by commune of the territory; those whose commune is not known stand under ''."""
    known = commune_of(t)
    return tally(t, code, "Commune de provenance", lambda answer: known.get(plain(answer), ""))


def services_of(t: Folder, code: str) -> Counter:
    """Mentions of each service, under the name that pages show."""
    shown = {row["écrit"]: row["affiché"] for row in rows_of(Path(__file__).with_name("cases") / "services.csv")}
    return tally(t, code, "Si oui lesquels", shown.get)


def taken_up(verbatims: list[dict[str, str]]) -> list[tuple[str, str]]:
    """Both plausible stakes of each coded statement."""
    coded = [row for row in verbatims if row["Repris ?"] in ("oui", "non")]
    first = [row["Enjeu"] if row["Repris ?"] == "oui" else LOST for row in coded]
    return [(a, row["Second enjeu possible"] or a) for a, row in zip(first, coded, strict=True)]


def spread(pairs: list[tuple[str, str]], stake: str) -> tuple[int, int, int]:
    """Statements of a stake: in the proposed coding, at least, at most."""
    return sum(a == stake for a, _ in pairs), pairs.count((stake, stake)), sum(stake in pair for pair in pairs)


def expected_non_repris(verbatims: list[dict[str, str]], about: str) -> Iterator[Number]:
    if pairs := taken_up(verbatims):
        lost, fewest, most = spread(pairs, LOST)
        yield from said("non_repris", about, non_repris=lost, codees=len(pairs))
        yield from said("selon_codage", about, non_repris_bas=fewest, non_repris_haut=most)


def expected_rencontres(t: Folder) -> Iterator[Number]:
    """What the minutes and the territory's page both say of each meeting."""
    for row in recorded(t):
        code = row["Code réunion"]
        people = people_by_commune(t, code)
        yield from said("presents", code, presents=int(row["Présents"]))
        users = tally(t, code, "Utilisez-vous des services collaboratifs ?")["oui"]
        asked = max(int(row["Base (nombre de réponses)"] or 0) for row in of_meeting(t, "depouillements", code))
        yield from said("utilisateurs", code, utilisateurs=users, repondants=asked)
        phrase = "communes_nommees_au_moins" if people[""] else "communes_nommees"
        yield from said(phrase, code, communes_presentes=len(set(people) - {""}), communes=len(t.sheet("communes")))
        yield from expected_non_repris(of_meeting(t, "verbatims", code), code)


def expected_compte_rendu(t: Folder, code: str) -> Iterator[Number]:
    (row,) = of_meeting(t, "reunions", code)
    verbatims, totals = of_meeting(t, "verbatims", code), of_meeting(t, "depouillements", code)
    services, told = services_of(t, code), Counter(v["Question"] for v in verbatims if v["Origine"] != "fiche")
    unwritten = [total["Question ou objet"] for total in totals if total["Nombre écrit ?"] == "non"]
    yield from expected_rencontres(t)
    yield from said("tables", code, tables=int(row["Tables"]))
    yield from said("phrases_dites", code, phrases=told.total())
    for question, nb in told.items():
        yield from said("phrases_question", f"{code}/{question}", question, phrases=nb)
    yield from said("attentes", code, attentes=len(verbatims) - told.total())
    uncoded = sum(v["Repris ?"] == "non codé" for v in verbatims if v["Origine"] != "fiche")
    yield from said("reste_a_coder", code, phrases_non_codees=uncoded)
    yield from said("services_au_moins", code, services=len(services), mentions=services.total())
    yield from said("services_sans_nombre", code, services=unwritten.count("Si oui lesquels"))
    yield from said("enjeux_retenus", code, enjeux=len(of_meeting(t, "enjeux", code)))
    for total in totals:  # as the document printed them: some answers without a number
        quantity = {"Commune de provenance": "participants"}.get(total["Question ou objet"], total["Unité"])
        if total["Nombre écrit ?"] == "oui" and quantity != "personnes":
            yield Number(f"{code}/{total['Réponse']}", quantity, int(total["Mentions ou valeur"]), (total["Réponse"],))


def expected_services_et_pratiques(t: Folder) -> Iterator[Number]:
    own = [(plain(row["Nom de l'initiative"]), plain(row["Type de pratique"])) for row in t.sheet("initiatives")]
    for services in (services_of(t, row["Code réunion"]) for row in recorded(t)):
        for service, mentions in services.items():
            counts = {"nb mentions": mentions, "recensees initiatives": sum(plain(service) in names for names in own)}
            yield from cells("services_et_pratiques", service, counts)
        first, mentions = services.most_common(1)[0]
        yield from said("lecture_services_et_pratiques", "", first, mentions=mentions)


def expected_carte_presence(t: Folder) -> Iterator[Number]:
    for meeting in recorded(t):
        people = people_by_commune(t, meeting["Code réunion"])
        named = people.total() - people[""]
        yield from by_commune("carte_presence", "participants", t, people)
        yield from said("lecture_carte_presence", "", meeting["Date"], participants=named, repondants=people.total())
        yield from said("base", "carte_presence", t.document(meeting["Document"]), base=named)


def expected_calendrier(t: Folder) -> Iterator[Number]:
    for row in t.sheet("reunions"):
        yield from cells("calendrier", row["Date"], {"nb_presents presents": row["Présents"]}, row["Objet"])


def expected_participation(t: Folder) -> Iterator[Number]:
    for row in t.sheet("reunions"):
        fiches, verbatims = (len(of_meeting(t, name, row["Code réunion"])) for name in ("fiches", "verbatims"))
        counts = {
            "nb_presents presents": row["Présents"],
            "nb_fiches fiches": fiches,
            "nb_verbatims phrases": verbatims,
        }
        yield from cells("participation", row["Date"], counts, row["Objet"])


def expected_chemin(t: Folder) -> Iterator[Number]:
    yield from expected_non_repris(t.sheet("verbatims"), t.code)
    if pairs := taken_up(t.sheet("verbatims")):
        stakes = [*((row["Code"], row["Enjeu"]) for row in t.sheet("enjeux")), (LOST, LOST)]
        for code, label in stakes:
            titles = ("nb phrases", "au_moins phrases", "au_plus phrases")
            yield from cells("chemin", label, dict(zip(titles, spread(pairs, code), strict=True)))
        yield from said("lecture_chemin", "", stakes[0][1], phrases=spread(pairs, stakes[0][0])[0])
        yield from said("base", "chemin", base=len(pairs))


def expected_preconisations(t: Folder) -> Iterator[Number]:
    own, stakes = t.sheet("preconisations"), {row["Code"]: row["Enjeu"] for row in t.sheet("enjeux")}
    answers = Counter(row.get("Répond à l'enjeu", "") for row in own)
    kept = Counter(row["Enjeu servi"] for row in t.sheet("indicateurs") if row["Décision"] != "écarté")
    bare = [label for code, label in stakes.items() if not answers[code]]
    yield from said("sans_preconisations", t.code, *bare, enjeux_sans=len(bare), enjeux=len(stakes))
    for code, label in stakes.items():
        counts = {"indicateurs indicateurs": kept[code], "preconisations preconisations": answers[code]}
        yield from cells("couverture", label, counts)
    moments = Counter(row.get("Moment") or UNSAID for row in own)
    for moment in ("déclenchement", "accompagnement", "pérennisation", *({UNSAID} & set(moments))):
        yield from cells("moments", moment, {"nb preconisations": moments[moment]})
    yield from said("base", "moments", base=len(own))


def expected_perimetre(t: Folder) -> Iterator[Number]:
    (identity,), communes = t.sheet("territoires"), t.sheet("communes")
    inhabitants = sum(int(row["Habitants"]) for row in communes)
    yield from said("perimetre", t.code, identity["Périmètre au"], communes=len(communes))
    yield from said("habitants", t.code, identity["Année de population"], habitants=inhabitants)
    for origin in dict.fromkeys(row["Origine"] for row in t.sheet("enjeux")):
        stakes = [row["Enjeu"] for row in t.sheet("enjeux") if row["Origine"] == origin]
        yield from said(f"enjeux_{plain(origin).replace(' ', '_')}", t.code, *stakes, enjeux=len(stakes))


# ── what is expected: pages ─────────────────────────────────────────────────────────────────────

PAGES = {
    "index": (expected_perimetre, expected_pratiques, expected_chiffres_publies, expected_rencontres,
              expected_calendrier, expected_communes_devenues, expected_feuilles_vides),
    "0_donnees_recues": (expected_feuilles, expected_feuilles_vides),
    "1_etat_des_lieux": (
        expected_pratiques, expected_themes, expected_finalites, expected_definitions, expected_services_et_pratiques,
        expected_carte, expected_carte_presence, expected_communes_devenues, expected_reperes, expected_annees,
        expected_quantites, expected_participation, expected_contexte, expected_angles_morts),
    "3_enjeux": (expected_chemin, expected_participation),
    "4_preconisations": (expected_preconisations,),
}  # fmt: skip


def expected_index(folders: list[Folder]) -> Iterator[Number]:
    phrases = {"perimetre_court": "communes", "pratiques_court": "initiatives", "enjeux_court": "enjeux",
               "reunions_court": "reunions"}  # fmt: skip
    counts = {t.code: {name: len(t.sheet(name)) for name in FICTIF} for t in folders}
    for code, known in {**counts, "exemple": FICTIF}.items():
        for phrase, name in phrases.items():
            yield from said(phrase, code, **({name: known[name]} if known[name] else {}))


def expected_comparaison(folders: list[Folder], programme: Folder) -> Iterator[Number]:
    names = {"verbatims": "phrases"} | {
        n: n for n in ("reunions", "fiches", "initiatives", "enjeux", "indicateurs", "preconisations")
    }
    for t in folders:
        own, communes = t.reference("communes_2015"), t.sheet("communes")
        nom, year = t.sheet("territoires")[0]["Nom du territoire"], own[0]["population_annee"]
        perimeter = {
            "communes communes": len(communes),
            "devenues communes_actuelles": len({row["code_insee_actuel"] for row in own}),
            "epci epci": len({row["Intercommunalité"] for row in communes}),
            "population habitants": sum(int(row["population"]) for row in own),
        }
        yield from cells("perimetres", nom, perimeter, year)
        yield from cells("recu_par_territoire", nom, {f"{n} {q}": len(t.sheet(n)) for n, q in names.items()})
        for row, values in published(t):
            yield from cells("chiffres_publies", nom, values, row["Réponse"], row["Unité"], row["Précision"])
        for (label, *beside), value in over_communes(t).items():
            yield from cells("contextes", label, {f"{nom} contexte": value}, *beside)
    yield from expected_calendrier(programme)
    for row, values in published(programme):
        beside = (row["Question ou objet"], row["Unité"], row["Précision"], programme.document(row["Document"]))
        if not row["Question ou objet"].startswith("Faits du programme"):
            yield from cells("chiffres_regionaux", row["Réponse"], values, *beside)


def expected_pages(raw: Path) -> dict[str, list[Number]]:
    """Every real page with the numbers that it must show."""
    folders = [Folder(raw, code) for code in REAL]
    comparison = expected_comparaison(folders, Folder(raw, "programme"))
    pages = {"index.html": list(expected_index(folders)), "comparaison.html": list(comparison), "cahier.html": []}
    for t in folders:
        for name, parts in PAGES.items():
            if name != "4_preconisations" or t.sheet("preconisations"):
                pages[f"{t.code}/{name}.html"] = [number for part in parts for number in part(t)]
        for code in (row["Code réunion"] for row in recorded(t)):
            pages[f"{t.code}/reunions/{code.lower()}.html"] = list(expected_compte_rendu(t, code))
    return pages


# ── the pages ───────────────────────────────────────────────────────────────────────────────────


def folders_of(path: str) -> list[Folder]:
    """Folders whose cells a page may cite."""
    code = path.split("/")[0]
    return [Folder(RAW, c) for c in ([code] if code in REAL else [*REAL, "programme"])]


class Reader(HTMLParser):
    """HTML → tree of elements."""

    def __init__(self, text: str):
        super().__init__()
        self.builder = TreeBuilder()
        self.handle_data = self.builder.data
        self.feed(text)
        self.root = self.builder.close()

    def handle_starttag(self, tag, attrs):
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in ("meta", "link", "br", "hr", "img"):
            self.builder.end(tag)

    def handle_endtag(self, tag):
        if tag not in ("meta", "link", "br", "hr", "img"):
            self.builder.end(tag)


@cache
def read(text: str) -> Element:
    return Reader(text).root


def words(node: Element | str) -> str:
    """Words of an element, with plain spaces."""
    return " ".join((node if isinstance(node, str) else "".join(node.itertext())).split())


def is_cited(node: Element) -> bool:
    return "t" in node.get("class", "").split()


def bare_words(node: Element) -> Iterator[str]:
    """Text that stands outside marks."""
    if node.tag not in ("title", "style", "script", "data", "time", "nav") and not is_cited(node):
        yield node.text or ""
        for child in node:
            yield from bare_words(child)
            yield child.tail or ""


NOTHING = Counter()


def marks(node: Element, beside: Counter = NOTHING) -> Iterator[tuple[Element, Counter]]:
    """Marked numbers, each with the words cited in the same row, item or paragraph."""
    if node.tag in ("tr", "li", "p", "h3"):
        beside = Counter(n.get("datetime") or words(n) for n in node.iter() if is_cited(n) or n.tag == "time")
    if node.tag == "data":
        yield node, beside
    for child in node:
        yield from marks(child, beside)


def figures(page: Element) -> dict[str, Element]:
    return {node.get("id").removeprefix("figure-"): node for node in page.iter("figure")}


def rows(figure: Element | None) -> list[list[str]]:
    """Cells of a data table, as words."""
    return [] if figure is None else [[words(cell) for cell in tr] for tr in figure.find(".//tbody")]


def columns(figure: Element) -> dict[str, list[float]]:
    """Numbers of a data table, by title of column."""
    titles = [words(th) for th in figure.find(".//thead").iter("th")]
    found = {title: [tr[place].find("data") for tr in figure.find(".//tbody")] for place, title in enumerate(titles)}
    return {title: [float(n.get("value")) for n in own] for title, own in found.items() if None not in own}


# ── what may be wrong ───────────────────────────────────────────────────────────────────────────


def french(value: str) -> str:
    whole, _, decimals = value.partition(".")
    return f"{int(whole):,}".replace(",", "\u202f") + (f",{decimals}" if decimals else "")


def french_date(iso: str) -> str:
    year, month, day = (*iso.split("-"), "", "")[:3]
    parts = ("1er" if day == "01" else day.lstrip("0"), MONTHS[int(month) - 1] if month else "", year)
    return " ".join(part for part in parts if part)


def wrong_numbers(page: Element, expected: list[Number]) -> list[str]:
    """Marked numbers that are not those expected, and expected ones that are not there."""
    wrong, seen = [], set()
    for node, beside in marks(page):
        de, q, value = (node.get(name, "") for name in ("data-de", "data-q", "value"))
        found = [n for n in expected if (n.de, n.q) == (de, q) and Counter(n.beside) <= beside]
        good = len(found) == 1 and float(value) == round(found[0].value, 4)
        if not good or q not in QUANTITIES or "".join(node.itertext()) != french(value):
            wrong.append(f"{de} ({q}) = {value} à côté de {list(beside)} ; attendu : {[n.value for n in found]}")
        seen.update(found)
    return wrong + [f"{n} : la page ne le montre pas" for n in expected if n not in seen]


def unmarked(page: Element) -> list[str]:
    """Text with a digit outside marks; the table of contents only repeats headings."""
    loose = [text for text in map(words, bare_words(page)) if re.search(r"\d", text)]
    headings = {words(node) for node in page.iter("h2")}
    loose += [words(a) for nav in page.iter("nav") for a in nav.iter("a") if words(a) not in headings]
    told = [node.get(name, "") for node in page.iter() for name in ("title", "alt", "aria-label")
            if node.get("class") != "graphique"]  # fmt: skip
    return loose + [text for text in told if re.search(r"\d", text)]


def cell_at(t: Folder, sheet: str, address: str) -> str:
    """Raw cell under its address, as a spreadsheet numbers it: C4 is column C, line 4."""
    return list(t.sheet(sheet)[int(address[1:]) - 2].values())[ord(address[0]) - ord("A")]


def addresses(t: Folder, page: Element) -> set[str]:
    """Addresses of page 0 that lead to the cell or the line of which they speak."""
    matched, problems = rows(figures(page).get("correspondances")), rows(figures(page).get("problemes"))
    found = {address for written, *_, sheet, address in matched if cell_at(t, sheet, address) == written}
    return found | {where.partition(" ")[2] for where, *_ in problems if where in without_stake(t)}


def not_in_a_cell(page: Element, folders: list[Folder], expected: list[Number]) -> list[str]:
    """Cited words with a digit that no raw cell holds."""
    known = {word for n in expected for word in n.beside} | addresses(folders[0], page)
    for cell in (cell for t in folders for cell in t.cells()):
        known.update(map(words, (cell, *re.split(r"[;\n]", cell))))
    cited = [words(node) for node in page.iter() if is_cited(node)]
    return [text for text in cited if re.search(r"\d", text) and text not in known]


def wrong_dates(page: Element, folders: list[Folder]) -> list[str]:
    """Dates that no raw file holds, or whose words are not theirs."""
    known = {cell for t in folders for cell in t.cells()} | (FICTIF_DATES if len(folders) > 1 else set())
    found = [(node.get("datetime"), words(node)) for node in page.iter("time")]
    return [f"{iso} : {text}" for iso, text in found if iso not in known or text != french_date(iso)]


def norm(value: object) -> object:
    """Value that is drawn or written, as a number when it is one."""
    text = html.unescape(str(value)).replace("<br>", " ")
    return float(text) if re.fullmatch(r"-?\d+([.]\d+)?", text) else words(text)


def wrong_drawings(page: Element) -> list[str]:
    """Numbers of charts, and of their text alternatives, that are not those of their data tables."""
    wrong = []
    for key, figure in figures(page).items():
        if (script := figure.find(".//script")) is None:
            continue
        names, numbers = [row[0] for row in rows(figure)], columns(figure)
        labels = list(map(norm, names))
        for trace in json.loads(script.text)["data"]:
            if "customdata" in trace:
                wrong += wrong_map(trace, dict(zip(names, *numbers.values(), strict=True)))
            elif trace.get("fill") != "toself":  # the outlines of communes are not numbers
                own = [numbers[trace["name"]]] if trace.get("name") in numbers else list(numbers.values())
                drawn = [[norm(v or 0) for v in trace.get(axis, labels)] for axis in ("x", "y", "text")]
                wrong += [f"{key} : {values}" for values in drawn if values != labels and values not in own]
        told = figure.find(".//div[@class='graphique']").get("aria-label")
        spoken = [f"{name} " + " ".join(f"{v[i]:g}" for v in numbers.values()) for i, name in enumerate(names[:12])]
        shown = " ".join([words(figure.find("figcaption")), *spoken])
        wrong += [told] if re.findall(r"\d+", told) != re.findall(r"\d+", shown) else []
    return wrong


def wrong_map(trace: dict, counts: dict[str, float]) -> list[str]:
    """Communes whose count on the map is not that of the table, or that are drawn nowhere."""
    wrong, left = [], dict(counts)
    for told, text in zip(trace["customdata"], trace["text"], strict=True):
        name = told.rpartition(" : ")[0]
        nb = left.pop(name, -1)
        if told != f"{name} : {nb:g}" or norm(text) != (f"{name} {nb:g}" if nb else ""):
            wrong.append(f"{told} ({text}) : {nb:g} dans le tableau")
    return wrong + [f"{name} : {nb:g}, nulle part sur la carte" for name, nb in left.items() if nb]


# ── tests ───────────────────────────────────────────────────────────────────────────────────────

EXPECTED = expected_pages(RAW)
MINUTES, STATE = "chateaubriant/reunions/chb-2015-09-24.html", "chateaubriant/1_etat_des_lieux.html"
CHECKS = {
    "every number is derived again": lambda page, path: wrong_numbers(page, EXPECTED[path]),
    "no digit stands outside a mark": lambda page, path: unmarked(page),
    "a digit that is cited is in a raw cell": lambda page, path: not_in_a_cell(page, folders_of(path), EXPECTED[path]),
    "a date is in the raw files, and in French": lambda page, path: wrong_dates(page, folders_of(path)),
    "a number drawn is in the table of its figure": lambda page, path: wrong_drawings(page),
}
NUMBERS, MARKS, CITED, DATES, DRAWN = CHECKS


@pytest.fixture
def text(pages):
    return lambda path: (pages.root / path).read_text(encoding="utf-8")


def test_the_real_pages_are_those_that_the_raw_files_make(pages):
    made = {path.relative_to(pages.root).as_posix() for path in pages.root.rglob("*.html")}
    assert {path for path in made if not path.startswith("exemple/")} == set(EXPECTED)


@pytest.mark.parametrize("path", sorted(EXPECTED))
@pytest.mark.parametrize("rule", CHECKS)
def test_of_each_real_page(text, rule, path):
    wrong = CHECKS[rule](read(text(path)), path)
    assert not wrong, "\n".join([f"{path} : {rule}", *wrong])


@pytest.mark.parametrize("code", REAL)
def test_the_footer_gives_the_newest_date_of_the_sheets(text, code):
    t = Folder(RAW, code)
    dates = {row.get("Date", "") for name in ("reunions", "depouillements", "mesures") for row in t.sheet(name)}
    dates |= {row.get("Relevé le", "") for row in t.sheet("initiatives")} | {""}
    footer = read(text(f"{code}/index.html")).find(".//footer")
    assert [node.get("datetime") for node in footer.iter("time")] == [date for date in [max(dates)] if date]


@pytest.mark.parametrize(
    ("path", "right", "false", "rule"),
    [
        (MINUTES, 'value="13"', 'value="12"', NUMBERS),
        (MINUTES, ">13</data>", ">31</data>", NUMBERS),
        (MINUTES, 'data-q="presents"', 'data-q="inventes"', NUMBERS),
        (MINUTES, "personnes étaient présentes", "personnes (3 élus) étaient là", MARKS),
        (MINUTES, ">Alis44110<", ">Alis44111<", CITED),
        (MINUTES, ">2 novembre 2015<", ">3 novembre 2015<", DATES),
        (STATE, '"x": [6, 4', '"x": [7, 4', DRAWN),
        (STATE, "Soudan : 2", "Soudan : 3", DRAWN),
        (STATE, "Le Bon Coin : Mentions 6", "Le Bon Coin : Mentions 5", DRAWN),
    ],
)
def test_a_page_that_says_something_else_is_caught(text, path, right, false, rule):
    assert right in text(path)
    before, after = read(text(path)), read(text(path).replace(right, false))
    assert [name for name, check in CHECKS.items() if check(after, path) != check(before, path)] == [rule]


def test_a_raw_cell_that_changes_is_caught_on_each_page_that_shows_it(text, tmp_path):
    shutil.copytree(RAW, tmp_path / "raw")
    changed = tmp_path / "raw" / "chateaubriant" / "depouillements.csv"
    changed.write_text(changed.read_text(encoding="utf-8").replace(";Soudan;2;", ";Soudan;3;"), encoding="utf-8")
    again = expected_pages(tmp_path / "raw")
    caught = [wrong_numbers(read(text(path)), again[path]) != CHECKS[NUMBERS](read(text(path)), path) for path in again]
    assert {path for path, is_caught in zip(again, caught, strict=True) if is_caught} == {MINUTES, STATE}


def test_an_expected_number_that_no_page_shows_is_caught(text):
    absent = Number("presents/presents/CHB-2015-12-24", "presents", 17)
    wrong = wrong_numbers(read(text(MINUTES)), [*EXPECTED[MINUTES], absent])
    assert wrong == [f"{absent} : la page ne le montre pas"]
