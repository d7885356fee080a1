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

    @property
    def identity(self) -> dict[str, str]:
        return self.sheet("territoires")[0]

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


def cells(figure: str, label: str, quantity: str, columns: dict, *beside: str) -> Iterator[Number]:
    """Numbers of one row of a table; an empty cell shows none."""
    words_beside = tuple(word for word in (label, *beside) if word)
    for column, value in columns.items():
        if value != "":
            yield Number(f"{figure}/{label or 'nan'}/{column}", quantity, float(value), words_beside)


def without_stake(t: Folder) -> list[str]:
    """Where the recommendations that answer no stake stand."""
    rows = enumerate(t.sheet("preconisations"), 2)
    return [f"preconisations ligne {line}" for line, row in rows if not row.get("Répond à l'enjeu")]


def expected_donnees_recues(t: Folder) -> Iterator[Number]:
    for name, title in SHEETS.items():
        received = len(t.sheet(name))
        yield from cells("feuilles", title, "lignes", {"nb": received})
        if received:
            yield from cells("provenance", name, "lignes", {"nb": received}, f"{name}.csv")
    yield from expected_feuilles_vides(t)
    if problems := without_stake(t):
        yield from said("problemes", t.code, problemes=len(problems))


def expected_feuilles_vides(t: Folder) -> Iterator[Number]:
    empty = [title for name, title in SHEETS.items() if not t.sheet(name)]
    yield from said("feuilles_vides", t.code, *empty, feuilles=len(empty))


def criteria(row: dict[str, str]) -> set[str]:
    """Answers of a practice to the two criteria of the programme."""
    return {row.get("Échange entre pairs ?", ""), row.get("Repose sur une communauté ?", "")}


def expected_pratiques(t: Folder) -> Iterator[Number]:
    own = t.sheet("initiatives")
    doubtful = sum("non" not in criteria(row) and criteria(row) != {"oui"} for row in own)
    if own:
        yield from said("initiatives", t.code, initiatives=len(own))
    if doubtful:
        yield from said("retenues_a_verifier", t.code, a_verifier=doubtful)


def expected_themes(t: Folder) -> Iterator[Number]:
    own = t.sheet("initiatives")
    pairs = Counter((th, row["État"] or UNSAID) for row in own for th in items(row["Thématique"]) or [UNSAID])
    totals = Counter()
    for (theme, _), nb in pairs.items():
        totals[theme] += nb
    states = ["existante", "en projet", "signal faible", "arrêtée"]
    states += [UNSAID] if UNSAID in {state for _, state in pairs} else []
    for theme, nb in totals.items():
        yield from cells("themes", theme, "initiatives", {**{s: pairs[theme, s] for s in states}, "nb": nb})
    if own:
        first = min((theme for theme in totals if theme != UNSAID), key=lambda theme: (-totals[theme], theme))
        yield from said("lecture_themes", "", first, initiatives=totals[first])
        yield from said("base", "themes", base=len(own))


def expected_finalites(t: Folder) -> Iterator[Number]:
    counts = Counter(row.get("Finalité") or UNSAID for row in t.sheet("initiatives"))
    if set(counts) - {UNSAID}:
        yield from said("lecture_finalites", "", initiatives=max(nb for aim, nb in counts.items() if aim != UNSAID))
        for aim, nb in counts.items():
            yield from cells("finalites", aim, "initiatives", {"nb": nb})


def expected_definitions(t: Folder) -> Iterator[Number]:
    own = t.sheet("initiatives")
    kept = [row for row in own if criteria(row) == {"oui"}]
    seats = Counter(row.get("Siège social") for row in kept)
    counts = {
        "tout ce qui est nommé": len(own),
        "deux critères": len(kept),
        "deux critères, et ce que l'on échange": sum(bool(row.get("Ce que l'on échange")) for row in kept),
        "deux critères, siège dans le périmètre": seats["dans le périmètre"],
        "deux critères, siège dans le périmètre ou pratique informelle": seats["dans le périmètre"]
        + seats["pas de siège (informel)"],
    }
    for label, nb in counts.items() if own else ():
        yield from cells("definitions", label, "initiatives", {"nb": nb})


def commune_of(t: Folder) -> dict[str, str]:
    """Name of each commune by each of its accepted writings."""
    names = [(row["Commune"], row["Commune"], *items(row.get("Autres écritures", ""))) for row in t.sheet("communes")]
    return {plain(writing): name for name, *writings in names for writing in writings}


def by_commune(figure: str, quantity: str, t: Folder, counts: Counter) -> Iterator[Number]:
    """A row for each commune, those at zero included."""
    for row in t.sheet("communes"):
        nb = {"nb": counts[row["Commune"]]}
        yield from cells(figure, row["Commune"], quantity, nb, row["Intercommunalité"])


def expected_carte(t: Folder) -> Iterator[Number]:
    own, known = t.sheet("initiatives"), commune_of(t)
    placed = Counter(known[plain(row["Commune"])] for row in own if plain(row["Commune"]) in known)
    if placed:
        yield from by_commune("carte", "initiatives", t, placed)
        yield from said("lecture_carte", "", initiatives_placees=placed.total(), initiatives_total=len(own))


def expected_annees(t: Folder) -> Iterator[Number]:
    years = Counter(row.get("Année de création", "") for row in t.sheet("initiatives"))
    unknown, so_far = years.pop("", 0), 0
    for year in sorted(years):
        so_far += years[year]
        yield from cells("annees", year, "initiatives", {"nb": years[year], "cumul": so_far})
    if years:
        ends = (min(years), max(years))
        yield from said("lecture_annees", "", *ends, initiatives=so_far, initiatives_sans_annee=unknown)
        yield from said("base", "annees", base=so_far)


def expected_angles_morts(t: Folder) -> Iterator[Number]:
    own = t.sheet("initiatives")
    titles = (
        "Commune", "Siège social", "État", "Thématique", "Finalité", "Ce que l'on échange", "Échange entre pairs ?",
        "Repose sur une communauté ?", "Statut", "Année de création", "Usage du numérique",
    )  # fmt: skip
    for title in titles if own else ():
        blank = sum(row.get(title, "") in UNSURE for row in own)
        yield from cells("angles_morts", title, "initiatives", {"vides": blank, "nb": len(own)})


# ── what is expected: published figures, context ────────────────────────────────────────────────


def published(t: Folder) -> list[dict[str, str]]:
    """Totals that belong to no meeting."""
    return [row for row in t.sheet("depouillements") if not row["Code réunion"]]


def expected_total(figure: str, label: str, row: dict[str, str], *beside: str) -> Iterator[Number]:
    """Value and base of one published total, in a table."""
    base = {"base": row.get("Base (nombre de réponses)", "")}
    yield from cells(figure, label, "quantite", {"valeur": row["Mentions ou valeur"]}, row["Unité"], *beside)
    yield from cells(figure, label, "quantite_base", base, row["Unité"], *beside)


def expected_quantites(t: Folder) -> Iterator[Number]:
    sums = Counter()
    for row in t.sheet("initiatives"):
        if row.get("Quantité") and row.get("Unité de compte"):
            sums[row["Unité de compte"], row.get("Précision") or "exact"] += float(row["Quantité"])
    for unit_and_precision, value in sums.items():
        label = "Quantités du tableau des initiatives"
        yield from cells("quantites", label, "quantite", {"valeur": value}, *unit_and_precision)
    for row in published(t):
        beside = (row["Précision"] or "exact", t.document(row["Document"]))
        yield from expected_total("quantites", row["Réponse"], row, *beside)


def expected_chiffres_publies(t: Folder) -> Iterator[Number]:
    """The same totals, as a list on the territory's page."""
    for row in published(t):
        for n in expected_total("", row["Réponse"], row):
            yield n._replace(de=f"{t.code}/{row['Réponse']}", beside=(row["Réponse"],))


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
        yield from cells("reperes", category, "reperes", {"nb": len(seen)}, *others, span)


def over_communes(t: Folder) -> Counter:
    """Counts of the communes added up, by label, year and unit; shares and medians are never added."""
    sums = Counter()
    for row in t.reference("contexte"):
        if row["niveau"] == "commune" and not re.search("median|part|taux", row["indicateur"]):
            sums[row["libelle"], row["annee"], row["unite"]] += float(row["valeur"])
    return sums


def expected_contexte(t: Folder) -> Iterator[Number]:
    for (label, *year_and_unit), value in over_communes(t).items():
        yield from cells("contexte", label, "contexte", {"valeur": value}, "territoire", *year_and_unit)
    for row in t.reference("contexte"):
        if row["niveau"] != "commune":
            beside = (row["nom"], row["annee"], row["unite"])
            yield from cells("contexte", row["libelle"], "contexte", {"valeur": row["valeur"]}, *beside)


# ── what is expected: meetings ──────────────────────────────────────────────────────────────────


class Meeting(NamedTuple):
    """Rows of one meeting."""

    t: Folder
    row: dict[str, str]

    @property
    def code(self) -> str:
        return self.row["Code réunion"]

    def own(self, name: str) -> list[dict[str, str]]:
        return [row for row in self.t.sheet(name) if row["Code réunion"] == self.code]

    def tally(self, question: str, name_of=lambda answer: answer) -> Counter:
        """Totals of one question of the sheets."""
        counts = Counter()
        for row in self.own("depouillements"):
            if row["Question ou objet"] == question:
                counts[name_of(row["Réponse"])] += int(row["Mentions ou valeur"])
        return counts

    @property
    def by_commune(self) -> Counter:
        """People by commune of the territory; those whose commune is not known stand under ''."""
        known = commune_of(self.t)
        return self.tally("Commune de provenance", lambda answer: known.get(plain(answer), ""))

    @property
    def services(self) -> Counter:
        """Mentions of each service, under the name that pages show."""
        shown = {row["écrit"]: row["affiché"] for row in rows_of(Path(__file__).with_name("cases") / "services.csv")}
        return self.tally("Si oui lesquels", shown.get)


def recorded(t: Folder) -> list[Meeting]:
    """Meetings of which statements or totals are held."""
    meetings = [Meeting(t, row) for row in t.sheet("reunions")]
    return [m for m in meetings if m.own("verbatims") or m.own("depouillements")]


def expected_presence(m: Meeting) -> Iterator[Number]:
    """Present, users and communes: the minutes and the territory's page say the same."""
    yield from said("presents", m.code, presents=int(m.row["Présents"]))
    users = m.tally("Utilisez-vous des services collaboratifs ?")["oui"]
    asked = max(int(row["Base (nombre de réponses)"] or 0) for row in m.own("depouillements"))
    yield from said("utilisateurs", m.code, utilisateurs=users, repondants=asked)
    named, total = len(set(m.by_commune) - {""}), len(m.t.sheet("communes"))
    assert m.by_commune[""], "une fiche au moins ne nomme pas de commune"
    yield from said("communes_nommees_au_moins", m.code, communes_presentes=named, communes=total)


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


def expected_compte_rendu(m: Meeting) -> Iterator[Number]:
    yield from expected_presence(m)
    yield from said("tables", m.code, tables=int(m.row["Tables"]))
    told = Counter(row["Question"] for row in m.own("verbatims") if row["Origine"] != "fiche")
    yield from said("phrases_dites", m.code, phrases=told.total())
    for question, nb in told.items():
        yield from said("phrases_question", f"{m.code}/{question}", question, phrases=nb)
    yield from said("attentes", m.code, attentes=sum(row["Origine"] == "fiche" for row in m.own("verbatims")))
    uncoded = sum(row["Repris ?"] == "non codé" for row in m.own("verbatims"))
    yield from said("reste_a_coder", m.code, phrases_non_codees=uncoded)
    listed = [row for row in m.own("depouillements") if row["Question ou objet"] == "Si oui lesquels"]
    without_number = sum(row["Nombre écrit ?"] == "non" for row in listed)
    yield from said("services_au_moins", m.code, services=len(m.services), mentions=m.services.total())
    yield from said("services_sans_nombre", m.code, services=without_number)
    for row in m.own("depouillements"):  # as the document printed them: some without a number, which show none
        if (
            row["Nombre écrit ?"] == "oui"
            and row["Unité"] == "mentions"
            or row["Question ou objet"].startswith("Commune")
        ):
            quantity = "mentions" if row["Unité"] == "mentions" else "participants"
            if row["Nombre écrit ?"] == "oui":
                yield Number(f"{m.code}/{row['Réponse']}", quantity, int(row["Mentions ou valeur"]), (row["Réponse"],))
    yield from said("enjeux_retenus", m.code, enjeux=len(m.own("enjeux")))
    yield from expected_non_repris(m.own("verbatims"), m.code)


def expected_services_et_pratiques(m: Meeting) -> Iterator[Number]:
    own = [(plain(row["Nom de l'initiative"]), plain(row["Type de pratique"])) for row in m.t.sheet("initiatives")]
    for service, mentions in m.services.items():
        same = sum(plain(service) in names for names in own)
        yield from cells("services_et_pratiques", service, "mentions", {"nb": mentions})
        yield from cells("services_et_pratiques", service, "initiatives", {"recensees": same})
    first, mentions = m.services.most_common(1)[0]
    yield from said("lecture_services_et_pratiques", "", first, mentions=mentions)


def expected_calendrier(t: Folder) -> Iterator[Number]:
    for row in t.sheet("reunions"):
        yield from cells("calendrier", row["Date"], "presents", {"nb_presents": row["Présents"]}, row["Objet"])


def expected_participation(t: Folder) -> Iterator[Number]:
    for row in t.sheet("reunions"):
        m, what = Meeting(t, row), row["Objet"]
        yield from cells("participation", row["Date"], "presents", {"nb_presents": row["Présents"]}, what)
        yield from cells("participation", row["Date"], "fiches", {"nb_fiches": len(m.own("fiches"))}, what)
        yield from cells("participation", row["Date"], "phrases", {"nb_verbatims": len(m.own("verbatims"))}, what)


# ── what is expected: pages ─────────────────────────────────────────────────────────────────────


def expected_etat_des_lieux(t: Folder) -> Iterator[Number]:
    for part in (
        expected_pratiques, expected_themes, expected_finalites, expected_definitions, expected_carte,
        expected_communes_devenues, expected_reperes, expected_annees, expected_quantites, expected_participation,
        expected_contexte, expected_angles_morts,
    ):  # fmt: skip
        yield from part(t)
    for m in recorded(t):
        yield from expected_services_et_pratiques(m)
        yield from by_commune("carte_presence", "participants", t, m.by_commune)
        yield from said("base", "carte_presence", base=m.by_commune.total())


def expected_enjeux(t: Folder) -> Iterator[Number]:
    yield from expected_participation(t)
    yield from expected_non_repris(t.sheet("verbatims"), t.code)
    if pairs := taken_up(t.sheet("verbatims")):
        stakes = [*((row["Code"], row["Enjeu"]) for row in t.sheet("enjeux")), (LOST, LOST)]
        for code, label in stakes:
            counts = dict(zip(("nb", "au_moins", "au_plus"), spread(pairs, code), strict=True))
            yield from cells("chemin", label, "phrases", counts)
        yield from said("lecture_chemin", "", stakes[0][1], phrases=spread(pairs, stakes[0][0])[0])
        yield from said("base", "chemin", base=len(pairs))


def expected_preconisations(t: Folder) -> Iterator[Number]:
    own, stakes = t.sheet("preconisations"), {row["Code"]: row["Enjeu"] for row in t.sheet("enjeux")}
    answers = Counter(row.get("Répond à l'enjeu", "") for row in own)
    kept = Counter(row["Enjeu servi"] for row in t.sheet("indicateurs") if row["Décision"] != "écarté")
    bare = [label for code, label in stakes.items() if not answers[code]]
    yield from said("sans_preconisations", t.code, *bare, enjeux_sans=len(bare), enjeux=len(stakes))
    for code, label in stakes.items():
        yield from cells("couverture", label, "indicateurs", {"indicateurs": kept[code]})
        yield from cells("couverture", label, "preconisations", {"preconisations": answers[code]})
    moments = Counter(row.get("Moment") or UNSAID for row in own)
    for moment in ("déclenchement", "accompagnement", "pérennisation", *({UNSAID} & set(moments))):
        yield from cells("moments", moment, "preconisations", {"nb": moments[moment]})


def expected_territoire(t: Folder) -> Iterator[Number]:
    stakes, communes = [row["Enjeu"] for row in t.sheet("enjeux")], t.sheet("communes")
    inhabitants = sum(int(row["Habitants"]) for row in communes)
    yield from said("perimetre", t.code, t.identity["Périmètre au"], communes=len(communes))
    yield from said("habitants", t.code, t.identity["Année de population"], habitants=inhabitants)
    yield from said("enjeux_connus", t.code, *stakes, enjeux=len(stakes))
    for m in recorded(t):
        yield from expected_presence(m)
        yield from expected_non_repris(m.own("verbatims"), m.code)
    for part in (
        expected_pratiques, expected_chiffres_publies, expected_calendrier, expected_communes_devenues,
        expected_feuilles_vides,
    ):  # fmt: skip
        yield from part(t)


def expected_index(folders: list[Folder]) -> Iterator[Number]:
    phrases = {"perimetre_court": "communes", "pratiques_court": "initiatives", "enjeux_court": "enjeux",
               "reunions_court": "reunions"}  # fmt: skip
    counts = {t.code: {name: len(t.sheet(name)) for name in FICTIF} for t in folders}
    for code, known in {**counts, "exemple": FICTIF}.items():
        for phrase, name in phrases.items():
            yield from said(phrase, code, **({name: known[name]} if known[name] else {}))


def expected_comparaison(folders: list[Folder], programme: Folder) -> Iterator[Number]:
    for t in folders:
        nom, own, communes = t.identity["Nom du territoire"], t.reference("communes_2015"), t.sheet("communes")
        for name in ("reunions", "fiches", "verbatims", "initiatives", "enjeux", "indicateurs", "preconisations"):
            quantity = "phrases" if name == "verbatims" else name
            yield from cells("recu_par_territoire", nom, quantity, {name: len(t.sheet(name))})
        year, inhabitants = own[0]["population_annee"], sum(int(row["population"]) for row in own)
        now, epci = {row["code_insee_actuel"] for row in own}, {row["Intercommunalité"] for row in communes}
        yield from cells("perimetres", nom, "communes", {"communes": len(communes)}, year)
        yield from cells("perimetres", nom, "communes_actuelles", {"devenues": len(now)}, year)
        yield from cells("perimetres", nom, "epci", {"epci": len(epci)}, year)
        yield from cells("perimetres", nom, "habitants", {"population": inhabitants}, year)
        for row in published(t):
            yield from expected_total("chiffres_publies", nom, row, row["Réponse"], row["Précision"])
        for (label, *beside), value in over_communes(t).items():
            yield from cells("contextes", label, "contexte", {nom: value}, *beside)
    yield from expected_calendrier(programme)
    for row in published(programme):
        beside = (row["Question ou objet"], row["Précision"], programme.document(row["Document"]))
        yield from expected_total("chiffres_regionaux", row["Réponse"], row, *beside)


def expected_pages(raw: Path) -> dict[str, list[Number]]:
    """Every real page with the numbers that it must show."""
    folders = [Folder(raw, code) for code in REAL]
    pages = {"index.html": expected_index(folders), "cahier.html": iter(())}
    pages["comparaison.html"] = expected_comparaison(folders, Folder(raw, "programme"))
    for t in folders:
        pages[f"{t.code}/index.html"] = expected_territoire(t)
        pages[f"{t.code}/0_donnees_recues.html"] = expected_donnees_recues(t)
        pages[f"{t.code}/1_etat_des_lieux.html"] = expected_etat_des_lieux(t)
        pages[f"{t.code}/3_enjeux.html"] = expected_enjeux(t)
        if t.sheet("preconisations"):
            pages[f"{t.code}/4_preconisations.html"] = expected_preconisations(t)
        for m in recorded(t):
            pages[f"{t.code}/reunions/{m.code.lower()}.html"] = expected_compte_rendu(m)
    return {path: list(numbers) for path, numbers in pages.items()}


def folders_of(path: str) -> list[Folder]:
    """Folders whose cells a page may cite."""
    code = path.split("/")[0]
    return [Folder(RAW, c) for c in ([code] if code in REAL else [*REAL, "programme"])]


# ── the pages ───────────────────────────────────────────────────────────────────────────────────


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


def marks(node: Element, beside: Counter = Counter()) -> Iterator[tuple[Element, Counter]]:  # noqa: B008
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
    "every number is derived again from the raw files": lambda page, path: wrong_numbers(page, EXPECTED[path]),
    "no digit stands outside a mark": lambda page, path: unmarked(page),
    "every digit that is cited is in a raw cell": lambda page, path: not_in_a_cell(
        page, folders_of(path), EXPECTED[path]
    ),
    "every date is in the raw files, and in French": lambda page, path: wrong_dates(page, folders_of(path)),
    "every number drawn is in the table of its figure": lambda page, path: wrong_drawings(page),
}


def test_the_real_pages_are_those_that_the_raw_files_make(pages):
    made = {path.relative_to(pages.root).as_posix() for path in pages.root.rglob("*.html")}
    assert {path for path in made if not path.startswith("exemple/")} == set(EXPECTED)


@pytest.mark.parametrize("path", sorted(EXPECTED))
@pytest.mark.parametrize("rule", CHECKS)
def test_real_page(pages, rule, path):
    wrong = CHECKS[rule](read((pages.root / path).read_text(encoding="utf-8")), path)
    assert not wrong, "\n".join([f"{path} : {rule}", *wrong])


@pytest.mark.parametrize("code", REAL)
def test_the_footer_gives_the_newest_date_of_the_sheets(pages, code):
    t = Folder(RAW, code)
    dates = [row.get("Date", "") for name in ("reunions", "depouillements", "mesures") for row in t.sheet(name)]
    dates += [row.get("Relevé le", "") for row in t.sheet("initiatives")]
    footer = read((pages.root / code / "index.html").read_text(encoding="utf-8")).find(".//footer")
    assert [node.get("datetime") for node in footer.iter("time")] == [date for date in [max(dates, default="")] if date]


@pytest.mark.parametrize(
    ("path", "right", "false", "rule"),
    [
        (MINUTES, 'value="13"', 'value="12"', "every number is derived again from the raw files"),
        (MINUTES, ">13</data>", ">31</data>", "every number is derived again from the raw files"),
        (MINUTES, 'data-q="presents"', 'data-q="inventes"', "every number is derived again from the raw files"),
        (MINUTES, "personnes étaient présentes", "personnes (3 élus) étaient là", "no digit stands outside a mark"),
        (MINUTES, ">Alis44110<", ">Alis44111<", "every digit that is cited is in a raw cell"),
        (MINUTES, ">2 novembre 2015<", ">3 novembre 2015<", "every date is in the raw files, and in French"),
        (STATE, '"x": [6, 4', '"x": [7, 4', "every number drawn is in the table of its figure"),
        (STATE, "Soudan : 2", "Soudan : 3", "every number drawn is in the table of its figure"),
        (
            STATE,
            "Le Bon Coin : Mentions 6",
            "Le Bon Coin : Mentions 5",
            "every number drawn is in the table of its figure",
        ),
    ],
)
def test_a_page_that_says_something_else_is_caught(pages, path, right, false, rule):
    text = (pages.root / path).read_text(encoding="utf-8")
    before, after = read(text), read(text.replace(right, false))
    assert right in text
    assert [name for name, check in CHECKS.items() if check(after, path) != check(before, path)] == [rule]


def test_a_raw_cell_that_changes_is_caught_on_each_page_that_shows_it(pages, tmp_path):
    shutil.copytree(RAW, tmp_path / "raw")
    changed = tmp_path / "raw" / "chateaubriant" / "depouillements.csv"
    changed.write_text(changed.read_text(encoding="utf-8").replace(";Soudan;2;", ";Soudan;3;"), encoding="utf-8")
    expected = expected_pages(tmp_path / "raw")
    texts = {path: (pages.root / path).read_text(encoding="utf-8") for path in EXPECTED}
    assert {path for path in EXPECTED if wrong_numbers(read(texts[path]), expected[path])} == {MINUTES, STATE}


def test_an_expected_number_that_no_page_shows_is_caught(pages):
    page = read((pages.root / MINUTES).read_text(encoding="utf-8"))
    absent = Number("presents/presents/CHB-2015-12-24", "presents", 17)
    assert wrong_numbers(page, [*EXPECTED[MINUTES], absent]) == [f"{absent} : la page ne le montre pas"]
