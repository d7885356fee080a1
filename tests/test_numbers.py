"""Every number of every page is derived again, by plain code, from the sheets.

Nothing of the library is used here but its command: pages are read as text, sheets with `csv`. A number that no
function below expects fails, and so does an expected number that no page shows. Real territories
start from the raw files; fictional ones, whose raw files are workbooks, from the tidy tables of
their processed package (how a workbook is cleaned has its own test, cases/exemple.yml).
"""

import csv
import html
import json
import re
import shutil
import unicodedata
from base64 import b64decode
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from statistics import median
from typing import NamedTuple
from xml.etree.ElementTree import Element, TreeBuilder

import pytest
from conftest import Site, domino

CHECKOUT = Path(__file__).resolve().parents[1]
CATALOGUE = CHECKOUT / "domino_analysis" / "catalogue"
GRANDEURS = (CATALOGUE / "grandeurs.yaml").read_text(encoding="utf-8")
QUANTITIES = set(re.findall(r"^(\w+):", GRANDEURS, re.MULTILINE))
REFERENCES = set(re.findall(r'^  reference: "(.*)"$', GRANDEURS, re.MULTILINE))
STAGES = re.findall(r'^  etape: (.*)\n  prevu: \["(.*)", "(.*)"\]\n  titre: (.*)\n  fichier: (.*)[.]html$',
                    (CATALOGUE / "etapes.yaml").read_text(encoding="utf-8"), re.MULTILINE)  # fmt: skip
_, _, HELD_BACK = (CATALOGUE / "phrases.fr.yaml").read_text(encoding="utf-8").partition("\nregles_publiques:\n")
RULES = dict(re.findall(r'^  (\w+): "(.*)"$', HELD_BACK.partition("\n\n")[0], re.MULTILINE))
REAL = ("chateaubriant", "morlaix", "redon", "rennes")
SHEETS = {
    "communes": "Communes", "enjeux": "Enjeux", "fiches": "Fiches individuelles", "reunions": "Réunions",
    "verbatims": "Verbatims", "acteurs": "Acteurs", "actions": "Actions", "depouillements": "Dépouillements",
    "documents": "Documents", "indicateurs": "Indicateurs", "initiatives": "Initiatives", "mesures": "Mesures",
    "preconisations": "Préconisations", "relations": "Relations", "territoires": "Territoires", "votes": "Votes",
}  # fmt: skip
CHAIN_TITLES = {"verbatims": "Phrases", "mesures": "Indicateurs mesurés"}
UNSAID, LOST, UNSURE = "non renseigné", "non repris", {"", "à vérifier", "inconnu"}
ASIDE, OTHERS, FEW = "autres communes ou sans réponse", "réponses de moins de cinq personnes", "un ou deux"
PEOPLE, ORGANISATIONS = 5, 3
MONTHS = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
          "novembre", "décembre"]  # fmt: skip
STATES = ["existante", "en projet", "signal faible", "arrêtée"]
DATE = r"\d{4}(-\d\d){0,2}"
SEATS = {"dans": "dans le périmètre", "hors": "hors périmètre", "informel": "pas de siège (informel)"}
OPINIONS = ["tout à fait d'accord", "d'accord", "mitigé", "pas d'accord", "pas du tout d'accord", "ne sait pas",
            "ne veut pas répondre"]  # fmt: skip
MOMENTS = ["déclenchement", "accompagnement", "pérennisation"]
NATURES = ["pépite", "opportunité", "point de vigilance"]
TYPES = ["citoyen ou collectif", "association", "entreprise", "collectivité", "établissement public",
         "enseignement-recherche", "média"]  # fmt: skip


# ── the sheets ──────────────────────────────────────────────────────────────────────────────────


class Row(dict):
    """Cells of a line by title; a column that the sheet does not have is empty."""

    def __missing__(self, title: str) -> str:
        return ""


@cache
def rows_of(path: Path, separator: str = ";") -> list[Row]:
    """Rows of a file, cells trimmed; no row when there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = csv.DictReader(stream, delimiter=separator)
        return [Row({title: cell.strip() for title, cell in line.items()}) for line in lines]


@cache
def titles(name: str) -> dict[str, str]:
    """Title of each column of a sheet, by the name that the tidy table gives it."""
    text = (CATALOGUE / "tables" / f"{name}.yaml").read_text(encoding="utf-8")
    return dict(re.findall(r'^  - name: (\w+)\n    title: "?(.*?)"?$', text, re.MULTILINE))


@cache
def tidy_rows(path: Path) -> list[Row]:
    """Rows of a tidy table under the titles of its sheet."""
    named = titles(path.stem)
    return [Row({named[column]: cell for column, cell in row.items()}) for row in rows_of(path, ",")]


class Folder(NamedTuple):
    """Sheets of one territory; ``t.sheet("reunions")`` is a list of rows by title, real or fictional."""

    data: Path
    code: str

    @property
    def is_real(self) -> bool:
        return self.code in (*REAL, "programme")

    @property
    def nom(self) -> str:
        return self.sheet("territoires")[0]["Nom du territoire"]

    def sheet(self, name: str) -> list[Row]:
        if self.is_real:
            return rows_of(self.data / "raw" / self.code / f"{name}.csv")
        return tidy_rows(self.data / "processed" / self.code / f"{name}.csv")

    def seen(self, name: str) -> list[Row]:
        """What the cleaning of a fictional territory says of its cells: « problemes », « correspondances »."""
        return rows_of(self.data / "processed" / self.code / f"{name}.csv", ",")

    def reference(self, name: str) -> list[Row]:
        return [row for row in rows_of(self.data / "raw/reference" / f"{name}.csv") if row["territoire"] == self.code]

    def document(self, number: str) -> str:
        return next((row["Titre"] for row in self.sheet("documents") if row["N°"] == number), "")

    def cells(self) -> Iterator[str]:
        tables = [self.sheet(name) for name in SHEETS]
        tables += [self.reference(name) for name in ("communes_2015", "contexte", "reperes")]
        tables += [self.seen(name) for name in ("problemes", "correspondances") if not self.is_real]
        return (cell for table in tables for row in table for cell in row.values())


def plain(text: str) -> str:
    """Words without accents, case, hyphens and punctuation."""
    letters = unicodedata.normalize("NFKD", text.lower())
    return " ".join(re.findall(r"\w+", "".join(c for c in letters if not unicodedata.combining(c))))


def items(cell: str) -> list[str]:
    return [part.strip() for part in re.split(r"[;\n]", cell) if part.strip()]


def values(rows: Iterable[Row], title: str) -> list[float]:
    """Numbers of a column, blanks left out."""
    return [float(row[title]) for row in rows if row[title]]


def labels(t: Folder, name: str, code: str, title: str) -> dict[str, str]:
    """Words of the things of a sheet by their code."""
    return {row[code]: row[title] for row in t.sheet(name)}


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


def leaders(figure: str, counts: dict[str, float], quantity: str, **others: float) -> Iterator[Number]:
    """The caption that names those of the highest value: three at most, and neither the unknown nor the not taken up."""
    named = {label: value for label, value in counts.items() if label not in (UNSAID, LOST) and value > 0}
    first = [label for label, value in named.items() if value == max(named.values())]
    if 1 <= len(first) <= 3:
        yield from said(f"lecture_{figure}", "", *first, **{quantity: named[first[0]]}, **others)


def caption(figure: str, nb: int, of: str = "dits", one: bool = False, **others: float) -> Iterator[Number]:
    """The caption that counts: none is said in words, and so is one, unless ``one`` writes it."""
    told = {of: nb} if nb > 1 or one else {}
    return said(f"lecture_{figure}", "", **(told | others if nb else {}))


def headers(t: Folder, name: str) -> list[str]:
    """Titles of the raw sheet, from left to right; a workbook has all those of the catalogue."""
    path = t.data / "raw" / t.code / f"{name}.csv"
    if not path.exists():
        return list(titles(name).values())
    return path.read_text(encoding="utf-8-sig").partition("\n")[0].strip().split(";")


def address(t: Folder, name: str, title: str, line: int) -> str:
    """Cell as a spreadsheet names it, or the line when the sheet does not have that column."""
    where = headers(t, name).index(title) if title in headers(t, name) else None
    return f"{name} ligne {line}" if where is None else f"{name} {chr(ord('A') + where)}{line}"


def problems(t: Folder) -> list[str]:
    """Where someone has to look: a commune that is not of the territory, a recommendation without stake."""
    known = commune_of(t)
    places = [("initiatives", "Commune"), ("fiches", "Commune de provenance")] if not t.is_real else []
    lost = [(name, title, line) for name, title in places for line, row in enumerate(t.sheet(name), 2)
            if row[title] and plain(row[title]) not in known]  # fmt: skip
    rows = enumerate(t.sheet("preconisations"), 2)
    lost += [("preconisations", "Répond à l'enjeu", line) for line, row in rows if not row["Répond à l'enjeu"]]
    return [address(t, *place) for place in lost]


def expected_feuilles(t: Folder) -> Iterator[Number]:
    for name, title in SHEETS.items():
        kept = name == "acteurs" and t.sheet(name)  # from their number, « un ou deux » would be one, or two
        nb = {} if kept else {"nb lignes": len(t.sheet(name))}
        file = f"{name}.csv" if (t.data / "raw" / t.code / f"{name}.csv").exists() else f"{t.code}.xlsx"
        yield from cells("feuilles", title, nb)
        yield from cells("provenance", name, nb, file) if t.sheet(name) else ()
    yield from caption("feuilles", sum(bool(t.sheet(name)) for name in SHEETS), ensemble=len(SHEETS))
    if wrong := problems(t):
        yield from said("problemes", t.code, problemes=len(wrong))
    if others := [row for row in t.seen("correspondances") if row["feuille"] == "fiches"]:
        yield from said("correspondances_fiches", t.code, correspondances=len(others))


def expected_retenu(t: Folder) -> Iterator[Number]:
    """How many rows of the sheets each rule of the public edition keeps back, those at zero included."""
    people = ("fiches", "verbatims", "votes", "mesures")
    looked_at = [place.partition(" ")[0] for place in problems(t)] + [
        row["feuille"] for row in t.seen("correspondances")
    ]
    hidden = [what for what in VOTED if not with_points(t, what)]
    points = [row["Code voté"] for row in t.sheet("votes") if row["Points"] for what in hidden
              if row["Sur quoi"] in names_of(what) and row["Code voté"] in labels(t, *VOTED[what])]  # fmt: skip
    counts = {
        "phrases": sum(not is_public(t, row["Code réunion"]) for row in t.sheet("verbatims")),
        "mesures": len(t.sheet("mesures")) - len(public_measures(t)),
        "votes": len(points),
        "cellules": sum(sheet in people for sheet in looked_at),
        "liens": sum(row["Nature du lien"] in ("concurrence", "conflit") for row in t.sheet("relations")),
    }
    assert set(counts) == set(RULES)
    for rule, nb in counts.items():
        yield from cells("retenu", RULES[rule], {"nb retenus": nb})


def expected_feuilles_vides(t: Folder) -> Iterator[Number]:
    if empty := [title for name, title in SHEETS.items() if not t.sheet(name)]:
        yield from said("feuilles_vides", t.code, *empty, feuilles=len(empty))


def criteria(row: Row) -> set[str]:
    """Answers of a practice to the two criteria of the programme."""
    return {row["Échange entre pairs ?"], row["Repose sur une communauté ?"]}


def doubtful(row: Row) -> bool:
    """Whether a practice fails neither criterion and is not sure of both."""
    return "non" not in criteria(row) and criteria(row) != {"oui"}


def expected_pratiques(t: Folder) -> Iterator[Number]:
    own = t.sheet("initiatives")
    kept = sum(criteria(row) == {"oui"} for row in own)
    unsure = sum(map(doubtful, own))
    if own:
        yield from said("initiatives", t.code, initiatives=len(own))
    if kept:
        yield from said("retenues", t.code, retenues=kept, initiatives_total=len(own))
    if unsure:
        yield from said("retenues_a_verifier", t.code, a_verifier=unsure)


def expected_themes(t: Folder) -> Iterator[Number]:
    own = t.sheet("initiatives")
    pairs = [(theme, row["État"] or UNSAID) for row in own for theme in items(row["Thématique"]) or [UNSAID]]
    totals = Counter(theme for theme, _ in pairs)
    states = [*STATES, *({UNSAID} & {state for _, state in pairs})]
    for theme, nb in totals.items():
        by_state = {f"{state} initiatives": pairs.count((theme, state)) for state in states}
        yield from cells("themes", theme, {**by_state, "nb initiatives": nb})
    if own:
        yield from leaders("themes", totals, "initiatives")
        yield from said("base", "themes", base=len(own))


def expected_grille(t: Folder) -> Iterator[Number]:
    """Of the themes that practices, documents or statements name, how many have a stake."""
    stakes = labels(t, "enjeux", "Code", "Enjeu")
    named = [(row["Thématique"], row["Nom de l'initiative"]) for row in t.sheet("initiatives")]
    named += [(row["Thématique"], row["Titre"]) for row in t.sheet("documents")]
    behind = [(row["Thématique"], stakes.get(row["Enjeu"])) for row in t.sheet("verbatims")]
    known, at_stake = ({theme for cell, label in rows if label for theme in items(cell)} for rows in (named, behind))
    yield from caption("grille", len(at_stake), ensemble=len(known | at_stake))


def expected_sieges(t: Folder) -> Iterator[Number]:
    seats = Counter(row["Siège social"] for row in t.sheet("initiatives"))
    known = {f"siege_{name}": seats[seat] for name, seat in SEATS.items()}
    if any(known.values()):
        yield from said("sieges", t.code, **known, siege_inconnu=seats.total() - sum(known.values()))


def expected_signaux(t: Folder) -> Iterator[Number]:
    states = Counter(row["État"] for row in t.sheet("initiatives"))
    for name, state in (("projets", "en projet"), ("signaux", "signal faible")):
        yield from said(name, t.code, **({name: states[state]} if states[state] else {}))


def expected_echanges(t: Folder) -> Iterator[Number]:
    own = t.sheet("initiatives")
    pairs = [(what, row["Finalité"] or UNSAID) for row in own for what in items(row["Ce que l'on échange"]) or [UNSAID]]
    exchanged, aims = dict.fromkeys(what for what, _ in pairs), {aim for _, aim in pairs}
    for what in exchanged if set(exchanged) != {UNSAID} else ():
        yield from cells("echanges", what, {f"{aim} initiatives": pairs.count((what, aim)) for aim in aims})
    yield from leaders("echanges", Counter(what for what, _ in pairs), "initiatives")


def expected_finalites(t: Folder) -> Iterator[Number]:
    counts = Counter(row["Finalité"] or UNSAID for row in t.sheet("initiatives"))
    if set(counts) - {UNSAID}:
        yield from leaders("finalites", counts, "initiatives")
        for aim, nb in counts.items():
            yield from cells("finalites", aim, {"nb initiatives": nb})


def expected_definitions(t: Folder) -> Iterator[Number]:
    own = t.sheet("initiatives")
    sure = under_each_definition(own, [row for row in own if criteria(row) == {"oui"}])
    possible = under_each_definition(own, [row for row in own if "non" not in criteria(row)])
    for label in sure if own else ():
        counts = {"nb initiatives": sure[label], "au_plus initiatives": possible[label]}
        yield from cells("definitions", label, counts)
    for kept in sorted({min(sure.values()), max(sure.values())}) if own else ():
        yield from said("lecture_definitions", "", initiatives=kept)


def under_each_definition(own: list[Row], kept: list[Row]) -> dict[str, int]:
    """Practices that each definition keeps, among those kept by the two criteria."""
    seats = Counter(row["Siège social"] for row in kept)
    inside, informal = seats["dans le périmètre"], seats["pas de siège (informel)"]
    return {
        "tout ce qui est nommé": len(own),
        "deux critères": len(kept),
        "deux critères, et ce que l'on échange": sum(bool(row["Ce que l'on échange"]) for row in kept),
        "deux critères, siège dans le périmètre": inside,
        "deux critères, siège dans le périmètre ou pratique informelle": inside + informal,
    }


def commune_of(t: Folder) -> dict[str, str]:
    """Name of each commune by each of its accepted writings."""
    names = [(row["Commune"], row["Commune"], *items(row["Autres écritures"])) for row in t.sheet("communes")]
    return {plain(writing): name for name, *writings in names for writing in writings}


def by_commune(figure: str, quantity: str, t: Folder, counts: Counter) -> Iterator[Number]:
    """A row for each commune, those at zero included."""
    for row in t.sheet("communes"):
        yield from cells(figure, row["Commune"], {f"nb {quantity}": counts[row["Commune"]]}, row["Intercommunalité"])


def expected_carte(t: Folder) -> Iterator[Number]:
    own, known = t.sheet("initiatives"), commune_of(t)
    if placed := Counter(known[plain(row["Commune"])] for row in own if plain(row["Commune"]) in known):
        yield from by_commune("carte", "initiatives", t, placed)
        yield from caption("carte", len(placed), communes=len(t.sheet("communes")))
        yield from said("lecture_carte", "", initiatives_placees=placed.total(), initiatives_total=len(own))
        yield from said("base", "carte", base=placed.total())


def expected_annees(t: Folder) -> Iterator[Number]:
    years = Counter(row["Année de création"] for row in t.sheet("initiatives"))
    unknown, so_far = years.pop("", 0), 0
    for year in sorted(years):
        so_far += years[year]
        yield from cells("annees", year, {"nb initiatives": years[year], "cumul initiatives": so_far})
    if years:
        yield from said("lecture_annees", "", initiatives=so_far, initiatives_sans_annee=unknown)
        yield from said("base", "annees", base=so_far)


def expected_angles_morts(t: Folder) -> Iterator[Number]:
    own = t.sheet("initiatives")
    asked = (
        "Commune", "Siège social", "État", "Thématique", "Finalité", "Ce que l'on échange", "Échange entre pairs ?",
        "Repose sur une communauté ?", "Statut", "Année de création", "Usage du numérique",
    ) if own else ()  # fmt: skip
    blanks = {title: sum(row[title] in UNSURE for row in own) for title in asked}
    for title, blank in blanks.items():
        yield from cells("angles_morts", title, {"vides initiatives": blank, "nb initiatives": len(own)})
    if never := list(blanks.values()).count(len(own)):
        yield from caption("angles_morts", never, **({"ensemble": len(asked)} if never > 1 else {}))
    else:
        yield from leaders("angles_morts", blanks, "initiatives", initiatives_total=len(own))


# ── what is expected: actors ────────────────────────────────────────────────────────────────────


def actors(figure: str, label: str, counts: dict[str, int]) -> Iterator[Number]:
    """Numbers of actors in a row of a table: under three, words say how few they are."""
    shown = {f"{column} acteurs": nb for column, nb in counts.items() if nb >= ORGANISATIONS}
    return cells(figure, label, shown)


def expected_acteurs(t: Folder) -> Iterator[Number]:
    own = t.sheet("acteurs")
    pairs = [(row["Type d'acteur"] or UNSAID, theme) for row in own for theme in items(row["Thématique"]) or [UNSAID]]
    for kind in dict.fromkeys(kind for kind, _ in pairs):
        yield from actors("acteurs", kind, Counter(theme for other, theme in pairs if other == kind))
    relays = Counter(row["Nature du relais"] or UNSAID for row in own if row["Rôle"] == "relais")
    for nature, nb in relays.items():
        yield from said("nombre_acteurs", f"{t.code}/{nature}", **({"acteurs": nb} if nb >= ORGANISATIONS else {}))
    for kind, nb in Counter(row["Réaction"] for row in own if row["Réaction"]).items():
        yield from said("reaction", f"{t.code}/{kind}", **({"acteurs": nb} if nb >= ORGANISATIONS else {}))


def expected_liens(t: Folder) -> Iterator[Number]:
    own = t.sheet("relations")
    told = [row for row in own if row["Nature du lien"] not in ("concurrence", "conflit")]
    new = sum(row["Né des pratiques collaboratives ?"] == "oui" for row in told)
    if told:
        yield from caption("liens", new, "liens_nouveaux", one=True, liens=len(told))
        yield from said("base", "liens", base=len(told))
    if told and len(told) < len(own):
        yield from said("liens_tus", t.code, liens=len(own) - len(told))


# ── what is expected: published figures, context ────────────────────────────────────────────────


def published(t: Folder) -> Iterator[tuple[Row, dict[str, str]]]:
    """Totals that belong to no meeting, each with its value and its base."""
    for row in t.sheet("depouillements"):
        if not row["Code réunion"]:
            base = row["Base (nombre de réponses)"]
            yield row, {"valeur quantite": row["Mentions ou valeur"], "base quantite_base": base}


def expected_quantites(t: Folder) -> Iterator[Number]:
    counted: dict[tuple, list[Row]] = {}
    for row in t.sheet("initiatives"):  # a sum stays inside one unit and one precision
        if row["Quantité"] and row["Unité de compte"]:
            counted.setdefault((row["Unité de compte"], row["Précision"] or "exact"), []).append(row)
    for kind, own in counted.items():
        alone = len(own) == 1
        label = own[0]["Nom de l'initiative"] if alone else "Plusieurs initiatives"
        beside = (*kind, t.document(own[0]["Nommée par"]) if alone else "")
        yield from cells("quantites", label, {"valeur quantite": sum(values(own, "Quantité"))}, *beside)
    for row, numbers in published(t):
        beside = (row["Unité"], row["Précision"] or "exact", t.document(row["Document"]))
        yield from cells("quantites", row["Réponse"], numbers, *beside)
    units = {unit for unit, _ in counted} | {row["Unité"] for row, _ in published(t)}
    yield from caption("quantites", len(units - {""}))


def expected_chiffres_publies(t: Folder) -> Iterator[Number]:
    """The same totals, as a list on the territory's page."""
    for row, numbers in published(t):
        for number in cells("", row["Réponse"], numbers):
            yield number._replace(de=f"{t.code}/{row['Réponse']}")


def expected_communes_devenues(t: Folder) -> Iterator[Number]:
    if not (own := t.reference("communes_2015")):
        return
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


# ── what is expected: meetings ──────────────────────────────────────────────────────────────────


def of_meeting(t: Folder, name: str, code: str) -> list[Row]:
    return [row for row in t.sheet(name) if row["Code réunion"] == code]


def recorded(t: Folder) -> list[Row]:
    """Meetings of which sheets, statements or totals are held."""
    held = {row["Code réunion"] for name in ("fiches", "verbatims", "depouillements") for row in t.sheet(name)}
    return [row for row in t.sheet("reunions") if row["Code réunion"] in held]


def is_public(t: Folder, meeting: str) -> bool:
    """Whether the meeting agreed that its words and its marks be shown."""
    return any(row["Restitution publique ?"] == "oui" for row in of_meeting(t, "reunions", meeting))


def is_printed(t: Folder, meeting: str) -> bool:
    """Whether the totals of a meeting are printed as a public document printed them."""
    papers = {row["N°"] for row in t.sheet("documents") if row["Public ?"] == "oui"}
    totals = of_meeting(t, "depouillements", meeting)
    return not of_meeting(t, "fiches", meeting) and all(row["Document"] in papers for row in totals)


def tally(t: Folder, code: str, question: str, name_of=str) -> Counter:
    """People or mentions by answer to one question: from the sheets, else from the totals."""
    counts = Counter()
    for row in of_meeting(t, "fiches", code):
        given = items(row[question]) if question in ("Si oui lesquels", OFFERS) else [row[question]]
        counts.update({name_of(answer) for answer in given})
    for row in of_meeting(t, "depouillements", code):
        if row["Question ou objet"] == question and not of_meeting(t, "fiches", code):
            counts[name_of(row["Réponse"])] += int(float(row["Mentions ou valeur"]))
    return counts


OFFERS = "Votre participation au programme"


def people_by_commune(t: Folder, code: str) -> Counter:
    """People by commune of the territory; those whose commune is not known stand under ''."""
    known, people = commune_of(t), Counter()
    for answer, nb in tally(t, code, "Commune de provenance").items():
        people[known.get(plain(answer), "")] += nb
    return people


def under_one_name(counts: Counter) -> Counter:
    """Mentions of each service, under the name that pages show."""
    names = rows_of(Path(__file__).with_name("cases") / "services.csv")
    shown, used = {plain(row["écrit"]): row["affiché"] for row in names}, Counter()
    for written, nb in counts.items():
        used[shown.get(plain(written), written)] += nb
    return used


def services_of(t: Folder, code: str) -> Counter:
    """Services that people name at a meeting, with their mentions."""
    names = rows_of(Path(__file__).with_name("cases") / "services.csv")
    shown = {plain(row["écrit"]): row["affiché"] for row in names}
    return tally(t, code, "Si oui lesquels", lambda written: shown.get(plain(written), written))


def joined(counts: dict[str, int], other: str) -> dict[str, int]:
    """Counts of people where those under five are together; the smallest joins a rest that is still under five."""
    apart = {label: nb for label, nb in counts.items() if nb >= PEOPLE and label != other}
    while apart and 0 < sum(counts.values()) - sum(apart.values()) < PEOPLE:
        del apart[min(reversed(apart), key=apart.get)]
    rest = sum(counts.values()) - sum(apart.values())
    return {**apart, **({other: rest} if rest else {})}


def public_places(t: Folder, people: Counter) -> dict[str, int]:
    """People by place as anyone may read it: under five, with the intercommunalité, then with the others."""
    wider = {row["Commune"]: row["Intercommunalité"] for row in t.sheet("communes")}
    places = Counter()
    for commune, nb in people.items():
        epci = f"{wider[commune]} (autres communes de l'intercommunalité)" if commune else ASIDE
        places[commune if commune and nb >= PEOPLE else epci] += nb
    shown = joined(places, ASIDE)
    alone = len(shown) == 1 and len(set(people) - {""}) > 1
    return {"toutes les communes réunies": people.total()} if alone else shown


def coded(t: Folder, verbatims: list[Row]) -> list[Row]:
    """Statements that someone read against the stakes, and found in one that is known or in none."""
    stakes = {row["Code"] for row in t.sheet("enjeux")}
    return [v for v in verbatims if v["Repris ?"] == "non" or (v["Repris ?"] == "oui" and v["Enjeu"] in stakes)]


def taken_up(t: Folder, verbatims: list[Row]) -> list[tuple[str, str]]:
    """Both plausible stakes of each coded statement."""
    rows = coded(t, verbatims)
    first = [row["Enjeu"] if row["Repris ?"] == "oui" else LOST for row in rows]
    return [(a, row["Second enjeu possible"] or a) for a, row in zip(first, rows, strict=True)]


def spread(pairs: list[tuple[str, str]], stake: str) -> tuple[int, int, int]:
    """Statements of a stake: in the proposed coding, at least, at most."""
    return sum(a == stake for a, _ in pairs), pairs.count((stake, stake)), sum(stake in pair for pair in pairs)


def held_back(t: Folder, verbatims: list[Row], about: str) -> Iterator[Number]:
    """How many of some statements are not quoted, as their meeting did not agree."""
    kept = sum(not is_public(t, row["Code réunion"]) for row in verbatims)
    return said("phrases_gardees_nombre", about, **({"phrases_gardees": kept} if kept else {}))


def expected_non_repris(t: Folder, verbatims: list[Row], about: str, named: bool = True) -> Iterator[Number]:
    if pairs := taken_up(t, verbatims):
        lost, fewest, most = spread(pairs, LOST)
        yield from said("non_repris", about, **({"non_repris": lost} if lost else {}), codees=len(pairs))
        if most > fewest:
            yield from said("selon_codage", about, non_repris_bas=fewest, non_repris_haut=most)
        lost_ones = [row for row in coded(t, verbatims) if row["Repris ?"] == "non"]
        yield from held_back(t, lost_ones, about) if named else ()


def expected_utilisateurs(t: Folder, code: str) -> Iterator[Number]:
    answers = tally(t, code, "Utilisez-vous des services collaboratifs ?")
    totals = [row["Base (nombre de réponses)"] or 0 for row in of_meeting(t, "depouillements", code)]
    asked = len(of_meeting(t, "fiches", code)) or max(map(float, totals), default=0)
    sides = (answers["oui"], asked - answers["oui"])
    if not is_printed(t, code) and not is_public(t, code) and any(0 < people < PEOPLE for people in sides):
        yield from said("utilisateurs_peu", code, repondants=asked)
    elif answers["oui"] + answers["non"]:
        users = {"utilisateurs": answers["oui"]} if answers["oui"] else {}
        yield from said("utilisateurs", code, **users, repondants=asked)


def expected_provenances(t: Folder, code: str) -> Iterator[Number]:
    if people := people_by_commune(t, code):
        named = len(set(people) - {""})
        phrase = "communes_nommees_au_moins" if people[""] else "communes_nommees"
        present = {"communes_presentes": named} if named else {}
        yield from said(phrase, code, **present, communes=len(t.sheet("communes")))


def expected_rencontres(t: Folder) -> Iterator[Number]:
    """What the essential says of each meeting: who was there, who uses services, which communes are named."""
    for row in recorded(t):
        code = row["Code réunion"]
        yield from said("presents", code, **({"presents": int(row["Présents"])} if row["Présents"] else {}))
        yield from expected_utilisateurs(t, code)
        yield from expected_provenances(t, code)


def expected_reponse(t: Folder) -> Iterator[Number]:
    """How many squares of practices and criteria were looked at, and what the practice does there; one is words."""
    effects = [{READINGS[row["Avis"]] for row in rows} for rows in judged(t).values()]
    counts = {"cases_vues": len(effects), "cases_sert": effects.count({"Sert"}),
              "cases_dessert": effects.count({"Va contre"}), "cases_sans_effet": effects.count({"Sans effet"})}  # fmt: skip
    yield from said("reponse", t.code, **(counts if len(effects) > 1 else {}))


def expected_essentiel(t: Folder) -> Iterator[Number]:
    """The two sheets to print: the answer, one map, the gaps, the recommendations, who was there."""
    yield from expected_non_repris(t, t.sheet("verbatims"), t.code, named=False)
    practices = list(expected_carte(t))
    yield from practices or expected_carte_presence(t)
    yield from (number for number in expected_ecarts(t) if not re.search("souhaits|radar", number.de))
    nb = len(t.sheet("preconisations"))
    yield from said("preconisations_nombre", t.code, **({"preconisations": nb} if nb else {}))
    yield from said("preconisations_autres", t.code, **({"preconisations": nb - 6} if nb > 6 else {}))


def expected_compte_rendu(t: Folder, code: str) -> Iterator[Number]:
    (row,) = of_meeting(t, "reunions", code)
    verbatims, fiches = of_meeting(t, "verbatims", code), of_meeting(t, "fiches", code)
    counts = {"presents": row["Présents"], "tables": row["Tables"] if row["Tables"] != "1" else "",
              "fiches_recues": len(fiches) or ""}  # fmt: skip
    for phrase, nb in counts.items():
        yield from said(phrase, code, **({phrase.removesuffix("_recues"): int(nb)} if nb != "" else {}))
    yield from expected_provenances(t, code)
    told = [v for v in verbatims if v["Origine"] != "fiche"]
    yield from said("phrases_dites", code, **({"phrases": len(told)} if told else {}))
    for question, nb in Counter(v["Question"] for v in told).items():
        yield Number(f"phrases_question/phrases/{code}/{question}", "phrases", nb, (question,) if question else ())
    yield from expected_utilisateurs(t, code)
    yield from expected_services(t, code)
    written = sum(v["Origine"] == "fiche" and plain(v["Question"]) == "attentes" for v in verbatims)
    hopes = written or sum(len(items(fiche["Vos attentes"])) for fiche in fiches)
    yield from said("attentes", code, **({"attentes": hopes} if hopes else {}))
    yield from printed_totals(t, code) if is_printed(t, code) else public_totals(t, code)
    stakes = len(of_meeting(t, "enjeux", code))
    yield from said("enjeux_retenus", code, **({"enjeux": stakes} if stakes else {}))
    yield from expected_non_repris(t, verbatims, code)
    uncoded = len(told) - len(coded(t, told))
    yield from said("reste_a_coder", code, **({"phrases_non_codees": uncoded} if uncoded else {}))


def expected_services(t: Folder, code: str) -> Iterator[Number]:
    services, totals = services_of(t, code), of_meeting(t, "depouillements", code)
    unwritten = [total["Question ou objet"] for total in totals if total["Nombre écrit ?"] == "non"]
    without = 0 if of_meeting(t, "fiches", code) else unwritten.count("Si oui lesquels")
    if services:
        phrase = "services_au_moins" if without else "services"
        yield from said(phrase, code, services=len(services), mentions=services.total())
    if without:
        yield from said("services_sans_nombre", code, services=without)


def printed_totals(t: Folder, code: str) -> Iterator[Number]:
    """Totals as the document printed them: some answers without a number."""
    for total in of_meeting(t, "depouillements", code):
        quantity = {"Commune de provenance": "participants"}.get(total["Question ou objet"], total["Unité"])
        if total["Nombre écrit ?"] != "non" and quantity != "personnes":
            (nb,) = values([total], "Mentions ou valeur")
            yield Number(f"{code}/{total['Réponse']}", quantity, nb, (total["Réponse"],))


def public_totals(t: Folder, code: str) -> Iterator[Number]:
    """Counts of the sheets: places always joined, answers when the meeting has no public restitution."""
    for place, nb in public_places(t, people_by_commune(t, code)).items():
        yield Number(f"{code}/{place}", "participants", nb, (place,))
    for question in ("Si oui lesquels", OFFERS):
        answers = tally(t, code, question)
        for answer, nb in (answers if is_public(t, code) else joined(answers, OTHERS)).items():
            yield Number(f"{code}/{answer}", "mentions", nb, (answer,))


def expected_services_et_pratiques(t: Folder) -> Iterator[Number]:
    own = [(plain(row["Nom de l'initiative"]), plain(row["Type de pratique"])) for row in t.sheet("initiatives")]
    used = Counter()
    for meeting in recorded(t):
        code = meeting["Code réunion"]
        shown = tally(t, code, "Si oui lesquels")
        shown = shown if is_public(t, code) or is_printed(t, code) else Counter(joined(shown, OTHERS))
        used.update(under_one_name(shown))
    for service, mentions in used.items():
        counts = {"nb mentions": mentions, "recensees initiatives": sum(plain(service) in names for names in own)}
        yield from cells("services_et_pratiques", service, counts)
    yield from leaders("services_et_pratiques", {name: nb for name, nb in used.items() if name != OTHERS}, "mentions")


def expected_carte_presence(t: Folder) -> Iterator[Number]:
    shown = [row for row in recorded(t) if is_printed(t, row["Code réunion"])]
    for meeting in [row for row in shown if people_by_commune(t, row["Code réunion"])][-1:]:
        people = people_by_commune(t, meeting["Code réunion"])
        named = people.total() - people[""]
        yield from by_commune("carte_presence", "participants", t, people)
        nb, total = len(set(people) - {""}), len(t.sheet("communes"))
        yield from caption("carte_presence", nb, "communes_presentes", communes=total)
        yield from said("lecture_carte_presence", "", meeting["Date"], participants=named, repondants=people.total())
        yield from said("base", "carte_presence", t.document(meeting["Document"]), base=named)


def expected_calendrier(t: Folder) -> Iterator[Number]:
    for row in t.sheet("reunions"):
        yield from cells("calendrier", row["Date"], {"nb_presents presents": row["Présents"]}, row["Objet"])
    yield from caption_of_presents("calendrier", t.sheet("reunions"))


def caption_of_presents(figure: str, meetings: list[Row]) -> Iterator[Number]:
    """Of how many meetings someone wrote how many were there."""
    return caption(figure, len(values(meetings, "Présents")), reunions=len(meetings))


def most_followed(meetings: list[Row]) -> Iterator[Number]:
    """The most people present at a meeting, beside its date: nothing when it has none."""
    top = max(values(meetings, "Présents"), default=0)
    dates = [row["Date"] for row in meetings if row["Date"] and row["Présents"] and float(row["Présents"]) == top]
    if 1 <= len(dates) <= 3:
        yield from said("lecture_participation", "", *dates, presents=top)


def expected_participation(t: Folder, figure: str = "participation", label: str = "") -> Iterator[Number]:
    for row in t.sheet("reunions"):
        fiches, verbatims = (len(of_meeting(t, name, row["Code réunion"])) for name in ("fiches", "verbatims"))
        counts = {
            "nb_presents presents": row["Présents"],
            "nb_fiches fiches": fiches,
            "nb_verbatims phrases": verbatims,
        }
        beside = (row["Date"], row["Objet"] or row["Type"])
        yield from cells(figure, label or beside[0], counts, *(beside if label else beside[1:]))
    yield from () if label else most_followed(t.sheet("reunions"))


def expected_perimetre(t: Folder) -> Iterator[Number]:
    (identity,), communes = t.sheet("territoires"), t.sheet("communes")
    yield from said("perimetre", t.code, identity["Périmètre au"], communes=len(communes))
    inhabitants = sum(values(communes, "Habitants"))
    yield from said("habitants", t.code, identity["Année de population"], habitants=inhabitants)
    for origin in dict.fromkeys(row["Origine"] for row in t.sheet("enjeux")):
        stakes = [row["Enjeu"] for row in t.sheet("enjeux") if row["Origine"] == origin]
        name = plain(origin or UNSAID)
        yield from said(f"enjeux_{name.replace(' ', '_')}", f"{t.code}/{name}", *stakes, enjeux=len(stakes))


# ── what is expected: statements, stakes, indicators ────────────────────────────────────────────


def expected_chemin(t: Folder) -> Iterator[Number]:
    yield from expected_non_repris(t, t.sheet("verbatims"), t.code)
    if pairs := taken_up(t, t.sheet("verbatims")):
        stakes = labels(t, "enjeux", "Code", "Enjeu") | {LOST: LOST}
        found = {code: spread(pairs, code) for code in stakes}
        for code, label in stakes.items():
            columns = ("nb phrases", "au_moins phrases", "au_plus phrases")
            yield from cells("chemin", label, dict(zip(columns, found[code], strict=True)))
        yield from leaders("chemin", {label: found[code][0] for code, label in stakes.items()}, "phrases")
        yield from said("base", "chemin", base=len(pairs))


def expected_derive(t: Folder) -> Iterator[Number]:
    """Statements of each stake, meeting by meeting; one meeting alone shows no drift."""
    dates, rows = labels(t, "reunions", "Code réunion", "Date"), coded(t, t.sheet("verbatims"))
    seen = sorted({dates.get(row["Code réunion"], "") for row in rows} - {""})
    taken = Counter(
        (row["Enjeu"] if row["Repris ?"] == "oui" else LOST, dates.get(row["Code réunion"])) for row in rows
    )
    for code, label in (labels(t, "enjeux", "Code", "Enjeu") | {LOST: LOST}).items() if len(seen) > 1 else ():
        yield from cells("derive", label, {f"{french_date(date)} phrases": taken[code, date] for date in seen})
    stakes = [row["Code"] for row in t.sheet("enjeux")]
    everywhere = sum(all(taken[code, date] for date in seen) for code in stakes) if len(seen) > 1 else 0
    yield from caption("derive", everywhere, enjeux=len(stakes))


def expected_enjeux(t: Folder) -> Iterator[Number]:
    own = t.sheet("enjeux")
    kept = sum(row["Origine"] == "retenu par le groupe" for row in own)
    yield from caption("enjeux", kept, "enjeux", one=True, ensemble=len(own))


def kept_indicators(t: Folder) -> list[Row]:
    return [row for row in t.sheet("indicateurs") if row["Décision"] != "écarté"]


def expected_criteres(t: Folder) -> Iterator[Number]:
    said_by, bare_ones = {row["N°"]: row for row in t.sheet("verbatims")}, 0
    for row in t.sheet("indicateurs"):
        behind = [said_by[code] for code in items(row["Vient de"]) if code in said_by]
        bare_ones += not behind
        yield from held_back(t, behind, f"{t.code}/{row['Code']}")
    if own := t.sheet("indicateurs"):
        yield from said("base", "criteres", base=len(own))
        yield from caption("criteres", bare_ones, one=True, ensemble=len(own))


def expected_mesurabilite(t: Folder) -> Iterator[Number]:
    """Criteria kept of which someone noted a situation, whether a page may show it or not."""
    noted = {row["Code indicateur"] for row in t.sheet("mesures")
             if not row["Sur quelle pratique"] and row["Situation actuelle"] + row["Situation souhaitée"]}  # fmt: skip
    kept = [row["Code"] for row in kept_indicators(t)]
    yield from caption("mesurabilite", len(noted & set(kept)), one=True, indicateurs=len(kept))


def bare(t: Folder, what: str, answers: Counter) -> Iterator[Number]:
    """How many stakes, but those that another took the place of, have no answer, by name, when there is one."""
    replaced = {row["Remplace l'enjeu"] for row in t.sheet("enjeux")}
    stakes = {row["Code"]: row["Enjeu"] for row in t.sheet("enjeux") if row["Code"] not in replaced}
    if without := [label for code, label in stakes.items() if not answers[code]]:
        yield from said(f"sans_{what}", t.code, *without, enjeux_sans=len(without), enjeux=len(stakes))


def expected_couverture(t: Folder) -> Iterator[Number]:
    answers = Counter(row["Enjeu servi"] for row in kept_indicators(t))
    yield from bare(t, "indicateurs", answers)
    for code, label in labels(t, "enjeux", "Code", "Enjeu").items():
        yield from cells("couverture", label, {"indicateurs indicateurs": answers[code]})
    yield from leaders("couverture", by_stake(t, answers), "indicateurs")


def by_stake(t: Folder, answers: Counter) -> dict[str, int]:
    """What answers each stake, by its words."""
    return {label: answers[code] for code, label in labels(t, "enjeux", "Code", "Enjeu").items()}


# ── what is expected: votes ─────────────────────────────────────────────────────────────────────

VOTED = {
    "critère": ("indicateurs", "Code", "Critère de durabilité"), "enjeu": ("enjeux", "Code", "Enjeu"),
    "levier": ("preconisations", "N°", "Objectif"),
}  # fmt: skip


def is_together(row: Row) -> bool:
    """Whether points were counted together, so that the ballots are not known."""
    return not row["N° de bulletin"] or row["N° de bulletin"].upper().startswith("TOTAL")


def ballots_of(rows: list[Row]) -> set[tuple]:
    """Ballots that gave any point."""
    return {(row["Code réunion"], row["Table"], row["N° de bulletin"]) for row in rows if int(row["Points"])}


def names_of(what: str) -> set[str]:
    """How votes name what they are on: who votes on an indicator votes on its criterion."""
    return {"critère", "indicateur"} if what == "critère" else {what}


def with_points(t: Folder, what: str) -> list[Row]:
    """Points that a page may count: of five ballots at least, or counted together at meetings that agreed."""
    names, known = names_of(what), labels(t, *VOTED[what])
    own = [row for row in t.sheet("votes") if row["Sur quoi"] in names and row["Points"] and row["Code voté"] in known]
    one_by_one = [row for row in own if not is_together(row)]
    own = one_by_one or own  # what was only counted together would be counted twice
    agreed = all(is_public(t, row["Code réunion"]) and row["N° de bulletin"] for row in own)
    enough = len(ballots_of(own)) >= PEOPLE if one_by_one else agreed
    return own if enough and sum(values(own, "Points")) else []


def given_points(rows: list[Row]) -> Counter:
    points = Counter()
    for row in rows:
        points[row["Code voté"]] += int(row["Points"])
    return points


def points_of_all(t: Folder, what: str) -> dict[str, int]:
    """Points of each thing by code, those that received nothing included."""
    return {code: 0 for code in labels(t, *VOTED[what])} | given_points(with_points(t, what))


def tables_of(t: Folder, what: str) -> dict[tuple, list[Row]]:
    """Votes table by table, when several are large enough and every meeting may be quoted; else nothing."""
    own, tables = with_points(t, what), {}
    for row in own:
        tables.setdefault((row["Code réunion"], row["Table"]), []).append(row)
    known = all(row["Table"] and not is_together(row) and is_public(t, row["Code réunion"]) for row in own)
    large = all(len(ballots_of(rows)) >= PEOPLE for rows in tables.values())
    return tables if known and large and len(tables) > 1 else {}


def expected_votes(what: str) -> Callable[[Folder], Iterator[Number]]:
    def expected(t: Folder) -> Iterator[Number]:
        figure, own = f"votes_{VOTED[what][0]}", with_points(t, what)
        if not own:
            return
        named, points = labels(t, *VOTED[what]), points_of_all(t, what)
        by_label = {named.get(code, code): nb for code, nb in points.items()}
        for label, nb in by_label.items():
            yield from cells(figure, label, {"points points": nb})
        yield from leaders(figure, by_label, "points", points_total=sum(points.values()))
        if not any(map(is_together, own)):
            yield from said("base", figure, base=len(ballots_of(own)))

    return expected


def ranks(points: dict[str, int]) -> dict[str, int]:
    """Place of each thing: one more than those that received more points."""
    return {code: 1 + sum(other > nb for other in points.values()) for code, nb in points.items()}


def expected_ordre(t: Folder) -> Iterator[Number]:
    """How many lines change places when one table, any of them, is left out."""
    points, moved = points_of_all(t, "critère"), set()
    for own in tables_of(t, "critère").values():
        given = given_points(own)
        without = ranks({code: nb - given[code] for code, nb in points.items()})
        moved |= {code for code, rank in ranks(points).items() if without[code] != rank}
    if moved:
        yield from said("ordre_bouge", t.code, objets_mobiles=len(moved), objets=len(points))


def expected_divise(t: Folder) -> Iterator[Number]:
    """The table that gives a thing the largest share of its points, and the one that gives it the smallest.

    The points of a whole table are said only where they are those of every table.
    """
    given = [given_points(own) for own in tables_of(t, "critère").values()]
    given = [table for table in given if table.total()]
    named, found = labels(t, *VOTED["critère"]), {}
    for code in points_of_all(t, "critère") if len(given) > 1 else ():
        shares = [(table[code] / table.total(), table[code], table.total()) for table in given]
        found[code] = max(shares), max(share for share in shares if share[0] == min(shares)[0])
    alike = len({total for ends in found.values() for *_, total in ends}) == 1
    for code, (most, least) in found.items():
        columns = {"points_haut points": most[1], "points_bas points": least[1]}
        totals = {"sur_haut points_total": most[2], "sur_bas points_total": least[2]} if alike else {}
        yield from cells("divise", named[code], columns | totals) if most[0] > least[0] else ()


def expected_avis(t: Folder) -> Iterator[Number]:
    """Opinions on each criterion that five people judged, at meetings that may be quoted."""
    named = labels(t, *VOTED["critère"])
    own = [row for row in t.sheet("votes") if row["Avis"] and row["Code voté"] in named
           and row["Sur quoi"] in ("critère", "indicateur") and is_public(t, row["Code réunion"])]  # fmt: skip
    people = {
        (row["Code voté"], row["Code réunion"], row["Table"], row["N° de bulletin"])
        for row in own
        if row["N° de bulletin"]
    }
    judges = Counter(code for code, *_ in people)
    given = Counter((row["Code voté"], row["Avis"]) for row in own if judges[row["Code voté"]] >= PEOPLE)
    shown = dict.fromkeys(code for code, _ in given)
    for code in shown:
        yield from cells("avis", named[code], {f"{kind} avis": given[code, kind] for kind in OPINIONS})
    unopposed = sum(not given[code, "pas d'accord"] + given[code, "pas du tout d'accord"] for code in shown)
    yield from caption("avis", unopposed, one=True, ensemble=len(shown))
    if given:
        yield from said("base", "avis", base=given.total())


# ── what is expected: measures ──────────────────────────────────────────────────────────────────


def is_spoken(t: Folder, row: Row) -> bool:
    """Whether a measure was given aloud, by a table or the group, at a meeting that may be quoted."""
    aloud = re.fullmatch("[A-Z]|groupe", row["N° de bulletin ou table"])
    return bool(aloud) and is_public(t, row["Code réunion"])


JUDGED = ("Situation actuelle", "Situation souhaitée", "Avis")


def public_measures(t: Folder) -> list[Row]:
    """Measures that a page rests on: what was given aloud, and what five people at one meeting gave on the same thing."""
    people: dict[tuple, set] = {}
    asked = ("Code réunion", "Code indicateur", "Sur quelle pratique")
    rows = t.sheet("mesures")
    for row in rows:
        for column in JUDGED:
            if row[column] and not is_spoken(t, row) and row["N° de bulletin ou table"]:
                people.setdefault((column, *(row[title] for title in asked)), set()).add(row["N° de bulletin ou table"])
    shown = []
    for row in rows:
        few = [c for c in JUDGED if len(people.get((c, *(row[title] for title in asked)), ())) < PEOPLE]
        told = row if is_spoken(t, row) else row | dict.fromkeys(few, "")
        shown += [told] if any(told[column] for column in JUDGED) else []
    return shown


def expected_mesures_gardees(t: Folder) -> Iterator[Number]:
    kept = len(t.sheet("mesures")) - len(public_measures(t))
    return said("mesures_gardees", t.code, **({"reponses": kept} if kept else {}))


def of_the_whole(t: Folder) -> list[Row]:
    """Measures of the territory, not of one practice, on indicators of the grid."""
    known = labels(t, *VOTED["critère"])
    return [row for row in public_measures(t) if not row["Sur quelle pratique"] and row["Code indicateur"] in known
            and row["Situation actuelle"] + row["Situation souhaitée"]]  # fmt: skip


def marks_are_public(t: Folder) -> bool:
    """Whether all marks that count were given aloud."""
    return all(is_spoken(t, row) for row in public_measures(t) if not row["Sur quelle pratique"])


class Situation(NamedTuple):
    """Medians of an indicator, the way to go in the direction that people want, and the wishes."""

    label: str
    current: float | str
    desired: float | str
    gap: float | str
    answers: int
    wishes: list[float]
    scale: tuple[str, ...]


def situations(t: Folder) -> dict[str, Situation]:
    """Situation of each indicator that was measured, in the order of the grid."""
    found = {}
    for row in t.sheet("indicateurs"):
        own = [mark for mark in of_the_whole(t) if mark["Code indicateur"] == row["Code"]]
        seen = [values(own, title) for title in ("Situation actuelle", "Situation souhaitée")]
        current, desired = (median(marks) if marks else "" for marks in seen)
        way = {"augmente": 1, "diminue": -1}.get(row["On souhaite que cela"])
        gap = way * (desired - current) if way and "" not in (current, desired) else ""
        scale = tuple(row[title] for title in ("Unité", "Échelle de", "Échelle à"))
        if own:
            found[row["Code"]] = Situation(
                row["Critère de durabilité"], current, desired, gap, len(own), seen[1], scale
            )
    return found


def drawn_together(found: Iterable[Situation]) -> list[Situation]:
    """Those of the most frequent unit and scale: one axis holds no other."""
    found = list(found)
    scales = Counter(own.scale for own in found)
    most = [scale for scale in sorted(scales) if scales[scale] == max(scales.values())]
    return [own for own in found if own.scale == most[0]]


def expected_ecarts(t: Folder) -> Iterator[Number]:
    found = list(situations(t).values())
    drawn = drawn_together(found)
    has_radar, apart = len(found) > 2 and drawn == found, 0
    for own in found:
        columns = {"actuelle mediane": own.current, "souhaitee mediane": own.desired, "ecart ecart": own.gap}
        yield from cells("ecarts", own.label, {**columns, "nb reponses": own.answers})
        if has_radar:
            yield from cells("radar", own.label, dict(list(columns.items())[:2]))
        if marks_are_public(t) and own.wishes and max(own.wishes) > min(own.wishes):
            ends = {"min_souhaitee mesure": min(own.wishes), "max_souhaitee mesure": max(own.wishes)}
            yield from cells("souhaits", own.label, {**ends, "nb reponses": own.answers})
            apart += 1
    yield from caption("souhaits", apart)
    yield from leaders("ecarts", {own.label: own.gap for own in drawn if own.gap != ""}, "ecart")
    if len(drawn) < len(found):
        yield from said("autres_echelles", "ecarts", indicateurs=len(found) - len(drawn))
    for figure in ["ecarts"] * bool(found) + ["radar"] * has_radar:
        yield from said("base", figure, base=sum(own.answers for own in found))


def expected_notes(t: Folder) -> Iterator[Number]:
    """How many tables give each mark of a scale, today and wished, with the middle one."""
    felt = [
        row for row in t.sheet("indicateurs") if row["Type"] == "ressenti" and row["Échelle de"] and row["Échelle à"]
    ]
    ends = [*values(felt, "Échelle de"), *values(felt, "Échelle à")]
    for row in felt if marks_are_public(t) else ():
        own = [mark for mark in of_the_whole(t) if mark["Code indicateur"] == row["Code"]]
        for title, when in (("Situation actuelle", "aujourd'hui"), ("Situation souhaitée", "souhaité")):
            marks = values(own, title)
            columns = {f"{mark} reponses": marks.count(mark) for mark in range(int(min(ends)), int(max(ends)) + 1)}
            middle = {"mediane mediane": median(marks)} if marks else {}
            yield from cells("notes", row["Critère de durabilité"], columns | middle, when) if marks else ()


def expected_priorites(t: Folder) -> Iterator[Number]:
    found, points, both = situations(t), points_of_all(t, "critère"), 0
    for row in kept_indicators(t) if found and with_points(t, "critère") else ():
        gap = found[row["Code"]].gap if row["Code"] in found else ""
        both += bool(points[row["Code"]] and gap != "" and gap > 0)
        yield from cells(
            "priorites", row["Critère de durabilité"], {"points points": points[row["Code"]], "ecart ecart": gap}
        )
    yield from caption("priorites", both, one=True, indicateurs=len(kept_indicators(t)))


def judged(t: Folder) -> dict[tuple[str, str], list[Row]]:
    """Opinions on what a practice does to a criterion that was kept, cell by cell."""
    kept, found = {row["Code"]: row["Critère de durabilité"] for row in kept_indicators(t)}, {}
    for row in public_measures(t):
        if row["Sur quelle pratique"] and row["Avis"] and row["Code indicateur"] in kept:
            found.setdefault((row["Sur quelle pratique"], kept[row["Code indicateur"]]), []).append(row)
    return found


def expected_matrice(t: Folder) -> Iterator[Number]:
    found = judged(t)
    if not found:
        return
    effects = [{row["Avis"] for row in rows} for rows in found.values()]
    squares = len({practice for practice, _ in found}) * len(kept_indicators(t))
    counts = {"cases": squares, "ensemble": len(found), "cases_sert": sum(effect <= {"+", "++"} for effect in effects),
              "cases_dessert": effects.count({"-"}), "cases_vides": squares - len(found),
              "cases_sans_effet": effects.count({"0"}), "cases_inconnues": effects.count({"?"}),
              "cases_partagees": sum(len({READINGS[mark] for mark in effect}) > 1 for effect in effects)}  # fmt: skip
    yield from said("lecture_matrice", "", **{name: nb for name, nb in counts.items() if nb or name != "cases_vides"})
    serving = [square for square, effect in zip(found, effects, strict=True) if effect <= {"+", "++"}]
    yield from leaders("lecture_pratique", Counter(practice for practice, _ in serving), "cases_sert")
    yield from leaders("lecture_critere", Counter(criterion for _, criterion in serving), "cases_sert")


def written(rows: list[Row]) -> str:
    """A square of the matrix as words: the opinion and what it rests on, different ones side by side."""
    told = [row["Avis"] + f" ({row['Ce qui le fonde']})" * bool(row["Ce qui le fonde"]) for row in rows]
    return " / ".join(dict.fromkeys(told))


def expected_natures(t: Folder) -> Iterator[Number]:
    seen = Counter((theme, row["Nature"]) for row in t.sheet("verbatims") if row["Nature"] in NATURES
                   for theme in items(row["Thématique"]) or [UNSAID])  # fmt: skip
    themes = {theme: sum(seen[theme, nature] for nature in NATURES) for theme, _ in seen}
    for theme in themes if set(themes) - {UNSAID} else ():
        yield from cells("natures", theme, {f"{nature} phrases": seen[theme, nature] for nature in NATURES})
    yield from leaders("natures", themes, "phrases")


# ── what is expected: recommendations, and the thread from statement to action ──────────────────


def cards(t: Folder, rows: list[Row]) -> Iterator[Number]:
    """What the card of each recommendation says of its gap and of the points that it received."""
    found, points = situations(t), given_points(with_points(t, "levier"))
    for row in rows:
        about, own = f"{t.code}/{row['N°']}", found.get(row["À l'indicateur"])
        if own and "" not in (own.current, own.desired, own.gap):
            for quantities in ({"mediane": own.current}, {"mediane": own.desired}, {"ecart": own.gap}):
                yield from said("carte_ecart", "/".join((about, row["À l'indicateur"])), **quantities)
        if points.total():
            received = {"points": points[row["N°"]]} if points[row["N°"]] else {}
            yield from said("carte_votes", about, **received, points_total=points.total())


def expected_preconisations(t: Folder) -> Iterator[Number]:
    own, stakes = t.sheet("preconisations"), labels(t, "enjeux", "Code", "Enjeu")
    answers = Counter(row["Répond à l'enjeu"] for row in own)
    at_moment = Counter((row["Répond à l'enjeu"], row["Moment"]) for row in own)
    yield from cards(t, own)
    yield from bare(t, "preconisations", answers)
    for code, label in stakes.items():
        columns = {f"{moment} preconisations": at_moment[code, moment] for moment in MOMENTS}
        yield from cells("couverture_moments", label, {**columns, "preconisations preconisations": answers[code]})
    yield from leaders("couverture_moments", by_stake(t, answers), "preconisations")
    moments = Counter(row["Moment"] or UNSAID for row in own)
    for moment in (*MOMENTS, *({UNSAID} & set(moments))) if set(moments) - {UNSAID} else ():
        yield from cells("moments", moment, {"nb preconisations": moments[moment]})
    if set(moments) - {UNSAID}:
        yield from leaders("moments", moments, "preconisations")
        yield from said("base", "moments", base=len(own))


def expected_actions(t: Folder) -> Iterator[Number]:
    own = t.sheet("actions")
    for row in own:
        yield from cells(
            "plan_action", row["Description de l'action envisagée"], {"cout_eur cout_eur": row["Coût estimé (€)"]}
        )
    yield from caption("plan_action", sum(row["État"] == "faite" for row in own), one=True, actions=len(own))
    if dated := [row for row in own if re.fullmatch(DATE, row["Échéance"])]:
        yield from said("base", "echeancier", base=len(dated))


THREAD = {
    "verbatims": ("N°", {}),
    "enjeux": ("Code", {"Remplace l'enjeu": "enjeux"}),
    "indicateurs": ("Code", {"Enjeu servi": "enjeux", "Vient de": "verbatims"}),
    "mesures": ("Code indicateur", {"Code indicateur": "indicateurs"}),
    "preconisations": ("N°", {"Répond à l'enjeu": "enjeux", "À l'indicateur": "indicateurs", "Vient de": "verbatims"}),
    "actions": ("N°", {"Préconisation": "preconisations"}),
}
"""Of each link of the thread: the column of its code, and the columns that say what it comes from."""
OWN_DATE = {"enjeux": "Retenu le", "mesures": "Date", "preconisations": "Version"}


class Thread(NamedTuple):
    """Links with what comes before and after each, when each was written and when each was changed."""

    before: dict[tuple, set]
    after: dict[tuple, set]
    written: dict[tuple, str]
    changed: dict[tuple, str]


def thread(t: Folder) -> Thread:
    rows = {}
    for name, (code, _) in THREAD.items():
        for row in kept_indicators(t) if name == "indicateurs" else t.sheet(name):
            rows.setdefault((name, row[code]), []).append(row)
    pairs = {((sheet, source), link) for link, own in rows.items() for row in own
             for title, sheet in THREAD[link[0]][1].items() for source in items(row[title])}  # fmt: skip
    pairs |= {(link, ("enjeux", row["Enjeu"])) for link, own in rows.items() for row in own
              if link[0] == "verbatims" and row["Repris ?"] == "oui"}  # fmt: skip
    pairs = {pair for pair in pairs if set(pair) <= set(rows)}
    meetings = labels(t, "reunions", "Code réunion", "Date")
    written = {link: max(date_of(link[0], row, meetings) for row in own) for link, own in rows.items()}
    changed = {link: own[0]["Reformulé le"] if link[0] == "enjeux" else "" for link, own in rows.items()}
    for old, new in pairs:
        if old[0] == new[0] == "enjeux":
            changed[old] = max(changed[old], written[new])
    before = {link: {start for start, end in pairs if end == link} for link in rows}
    after = {link: {end for start, end in pairs if start == link} for link in rows}
    return Thread(before, after, written, changed)


def date_of(name: str, row: Row, meetings: dict[str, str]) -> str:
    """When a thing was written: its own date, else that of its meeting."""
    own = row[OWN_DATE.get(name, "")]
    return own if re.fullmatch(DATE, own) else meetings.get(row["Code réunion"], "")


def beyond(link: tuple, ways: dict[tuple, set]) -> set[tuple]:
    """Everything that a thing leads to, or comes from, however far."""
    found, waiting = set(), [link]
    while waiting:
        new = ways[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def state_of(t: Folder, link: tuple, whole: Thread) -> str:
    name, code = link
    read = {row["N°"] for row in t.sheet("verbatims") if row["Repris ?"] in ("oui", "non")}
    changes = [whole.changed[source] for source in beyond(link, whole.before)]
    if name == "verbatims" and code not in read and not whole.after[link]:
        return "non codé"
    written = whole.written[link]  # « 2016-05 » is not later than « 2016 »
    if name != "enjeux" and written and any(day[: len(written)] > written[: len(day)] for day in changes):
        return "à revoir"
    if name != "verbatims" and not whole.before[link]:
        return "orphelin"
    return "couvert" if name in ("mesures", "actions") or whole.after[link] else "sans suite"


def expected_fil(t: Folder) -> Iterator[Number]:
    whole = thread(t)
    states = Counter((link[0], state_of(t, link, whole)) for link in whole.written)
    for name in dict.fromkeys(name for name, _ in states):
        columns = {
            state: states[name, state] for state in ("couvert", "sans suite", "orphelin", "à revoir", "non codé")
        }
        columns = {f"{column} fil": nb for column, nb in {"nb": sum(columns.values()), **columns}.items()}
        yield from cells("fil", CHAIN_TITLES.get(name, SHEETS[name]), columns)
    covered = sum(nb for (_, state), nb in states.items() if state == "couvert")
    yield from caption("fil", covered, "fil", one=True, ensemble=states.total())
    yield from caption("fil_a_reprendre", len(words_of_loose_ends(t)), "fil", one=True)


def expected_fiches_non_reliees(t: Folder) -> Iterator[Number]:
    """Hopes and offers of the sheets that nobody copied as statements."""
    copied = {words(row["Texte exact"]) for row in t.sheet("verbatims")}
    hopes, offers = ([words(line) for fiche in t.sheet("fiches") for line in items(fiche[title])]
                     for title in ("Vos attentes", OFFERS))  # fmt: skip
    left = {"attentes": len([line for line in hopes if line not in copied]),
            "offres": len([line for line in offers if line not in copied])}  # fmt: skip
    if any(left.values()):
        yield from said("fiches_non_reliees", t.code, **left)


def expected_reponses(t: Folder) -> Iterator[Number]:
    """Of the statements of each question, how many lead to a thing of each sheet."""
    whole, asked = thread(t), {}
    for row in t.sheet("reunions"):
        asked |= {(row["Code réunion"], f"Q{n}"): row[f"Question {n}"] for n in (1, 2, 3) if row[f"Question {n}"]}
    counts: dict[str, Counter] = {}
    for row in t.sheet("verbatims"):
        question = asked.get((row["Code réunion"], row["Question"])) or row["Question"] or UNSAID
        reached = {name for name, _ in beyond(("verbatims", row["N°"]), whole.after)}
        counts.setdefault(question, Counter()).update({"nb", *reached})
    for question, found in counts.items():
        steps = ("nb", "enjeux", "indicateurs", "preconisations", "actions")
        yield from cells("reponses", question, {f"{step} phrases": found[step] for step in steps})
    reached = sum(found["actions"] for found in counts.values())
    yield from caption("reponses", reached, one=True, phrases=len(t.sheet("verbatims")))


# ── what is expected: territories side by side ──────────────────────────────────────────────────


def expected_perimetres(t: Folder) -> Iterator[Number]:
    own, communes, (identity,) = t.reference("communes_2015"), t.sheet("communes"), t.sheet("territoires")
    perimeter = {
        "communes communes": len(communes),
        "devenues communes_actuelles": len({row["code_insee_actuel"] for row in own}) or "",
        "epci epci": len({row["Intercommunalité"] for row in communes}),
        "population habitants": sum(values(communes, "Habitants")),
    }
    yield from cells("perimetres", t.nom, perimeter, identity["Année de population"])


def side_by_side(figure: str, folders: list[Folder], name: str, title: str) -> Iterator[tuple[str, dict[str, int]]]:
    """Of each value of a column, the rows of each territory that filled it."""
    counts = {t.nom: Counter(value for row in t.sheet(name) for value in items(row[title])) for t in folders}
    counts = {nom: own for nom, own in counts.items() if own}
    for value in {value for own in counts.values() for value in own}:
        yield value, {nom: own[value] for nom, own in counts.items()}


def caption_of_territories(figure: str, rows: list[dict[str, int]]) -> Iterator[Number]:
    """How many of the rows every territory has, among those that answered, when several did."""
    everywhere = [own for own in rows if len(own) > 1 and all(own.values())]
    return caption(figure, len(everywhere), **({"ensemble": len(rows)} if len(everywhere) > 1 else {}))


def shared_stakes(folders: list[Folder]) -> int:
    """Stakes of which a key word is that of a stake of the same origin in another territory."""
    own = [(t.code, row["Origine"], {plain(word) for word in items(row["Mots-clés"] or row["Enjeu"])})
           for t in folders for row in t.sheet("enjeux") if row["Origine"]]  # fmt: skip
    return sum(any(code != other and origin == same and words & theirs for other, same, theirs in own)
               for code, origin, words in own)  # fmt: skip


def bases_of_comparison(t: Folder) -> dict[str, set]:
    """What a territory may share with another, by what one would like to compare; nothing where something is in the way."""
    own, (identity,), meetings = t.sheet("initiatives"), t.sheet("territoires"), t.sheet("reunions")
    listed = own and not all(row["Nommée par"] for row in own) and not any(map(doubtful, own))
    measured = {row["Code indicateur"] for row in t.sheet("mesures")
                if not row["Sur quelle pratique"] and row["Situation actuelle"] + row["Situation souhaitée"]}  # fmt: skip
    same = ("Unité", "Échelle de", "Échelle à", "On souhaite que cela")
    perimeter = (identity["Périmètre au"], identity["Année de population"])
    return {
        "pratiques": {" ".join(sorted({row["Relevé le"][:4] for row in own} - {""}))} if listed else set(),
        "acteurs": {"feuille"} if t.sheet("acteurs") else set(),
        "enjeux": {row["Origine"] for row in t.sheet("enjeux")} - {""},
        "participation": {"présents"} if meetings and all(row["Présents"] for row in meetings) else set(),
        "indicateurs": {(plain(row["Critère de durabilité"]), *(row[title] for title in same))
                        for row in t.sheet("indicateurs") if row["Code"] in measured},
        "périmètre": {perimeter} if all(perimeter) else set(),
        "contexte": {"contexte"} if t.reference("contexte") else set(),
    }  # fmt: skip


NEVER_COMPARED = ("nombre de pratiques", "repères ouverts")


def expected_comparabilite(folders: list[Folder]) -> Iterator[Number]:
    """How many things two territories at least may compare, of all that one would like to."""
    found = [bases_of_comparison(t) for t in folders]
    possible = sum(any(Counter(basis for own in found for basis in own[what])[basis] > 1 for own in found
                       for basis in own[what]) for what in found[0])  # fmt: skip
    yield from caption("comparabilite", possible, ensemble=len(found[0]) + len(NEVER_COMPARED))


def expected_indicateurs_communs(folders: list[Folder]) -> Iterator[Number]:
    """Indicators that several territories follow with the same unit, scale and direction."""
    same: dict[tuple, list[tuple[Folder, Situation]]] = {}
    for t in folders:
        found = situations(t)
        for row in t.sheet("indicateurs"):
            key = [row[title] for title in ("Unité", "Échelle de", "Échelle à", "On souhaite que cela")]
            if row["Code"] in found:
                same.setdefault((plain(row["Critère de durabilité"]), *key), []).append((t, found[row["Code"]]))
    answers, told = 0, set()
    for own in same.values():
        for t, seen in own if len({t.code for t, _ in own}) > 1 else ():
            columns = {"actuelle mediane": seen.current, "souhaitee mediane": seen.desired, "ecart ecart": seen.gap,
                       "nb reponses": seen.answers}  # fmt: skip
            if "" not in (seen.current, seen.desired):
                answers += seen.answers
                told.add(own[0][1].label)
                yield from cells("indicateurs_communs", own[0][1].label, columns, t.nom)
    yield from caption("indicateurs_communs", len(told))
    if answers:
        yield from said("base", "indicateurs_communs", base=answers)


def expected_comparaison(folders: list[Folder], programme: Folder) -> Iterator[Number]:
    names = {"verbatims": "phrases"} | {
        n: n for n in ("reunions", "fiches", "initiatives", "enjeux", "indicateurs", "preconisations", "actions")
    }
    for t in folders:
        yield from expected_perimetres(t)
        yield from expected_participation(t, "participation_comparee", t.nom)
        yield from cells("recu_par_territoire", t.nom, {f"{n} {q}": len(t.sheet(n)) for n, q in names.items()})
        for row, numbers in published(t):
            yield from cells("chiffres_publies", t.nom, numbers, row["Réponse"], row["Unité"], row["Précision"])
        for (label, *beside), value in over_communes(t).items():
            yield from cells("contextes", label, {f"{t.nom} contexte": value}, *beside)
    for figure, title in (("themes_compares", "Thématique"), ("finalites_comparees", "Finalité")):
        rows = dict(side_by_side(figure, folders, "initiatives", title))
        for value, counts in rows.items():
            yield from cells(figure, value, {f"{nom} initiatives": nb for nom, nb in counts.items()})
        yield from caption_of_territories(figure, list(rows.values()))
    kinds = dict(side_by_side("acteurs_compares", folders, "acteurs", "Type d'acteur"))
    for kind, counts in kinds.items():
        yield from actors("acteurs_compares", kind, counts)
    lacking = sum(not all(counts.values()) for counts in kinds.values())
    yield from caption("acteurs_compares", lacking, one=True, ensemble=len(kinds))
    advised = sum(bool(t.sheet("preconisations")) for t in folders)
    yield from caption("recu_par_territoire", advised, ensemble=len(folders))
    units = {row["Unité"] for t in folders for row, _ in published(t)} - {""}
    yield from caption("chiffres_publies", len(units))
    stakes = sum(len(t.sheet("enjeux")) for t in folders)
    yield from caption("enjeux_compares", shared_stakes(folders), "enjeux", one=True, ensemble=stakes)
    yield from caption_of_presents("participation_comparee", [row for t in folders for row in t.sheet("reunions")])
    yield from expected_comparabilite(folders)
    yield from expected_indicateurs_communs(folders)
    yield from expected_calendrier(programme)
    for row, numbers in published(programme):
        beside = (row["Question ou objet"], row["Unité"], row["Précision"], programme.document(row["Document"]))
        if not row["Question ou objet"].startswith("Faits du programme"):
            yield from cells("chiffres_regionaux", row["Réponse"], numbers, *beside)


def expected_cahier(folders: list[Folder]) -> Iterator[Number]:
    """The cards of each territory; those declared general come back below, with the same numbers."""
    for t in folders:
        yield from cards(t, t.sheet("preconisations"))
    levers = Counter(
        lever for t in folders for lever in {plain(row["Levier d'action"]) for row in t.sheet("preconisations")}
    )
    yield from caption("recurrences", sum(nb > 1 for lever, nb in levers.items() if lever), one=True)


# ── what is expected: words that stand for a number ─────────────────────────────────────────────


def few(nb: int) -> float | str:
    return "aucun" if nb == 0 else FEW if nb < ORGANISATIONS else float(nb)


def words_of_actors(t: Folder) -> list[dict]:
    """Actors by type and theme; a type that nobody has keeps its row, and small numbers are words."""
    own = t.sheet("acteurs")
    pairs = [(row["Type d'acteur"] or UNSAID, theme) for row in own for theme in items(row["Thématique"]) or [UNSAID]]
    kinds = dict.fromkeys([*TYPES, *(kind for kind, _ in pairs)]) if own else ()
    themes = dict.fromkeys(theme for _, theme in pairs)
    return [{"Type d'acteur": kind} | {theme: few(pairs.count((kind, theme))) for theme in themes} for kind in kinds]


def words_of_effects(t: Folder) -> list[dict]:
    """What each practice does to each criterion; a square that nobody looked at is blank."""
    found = {square: written(rows) for square, rows in judged(t).items()}
    practices, kept = dict.fromkeys(practice for practice, _ in found), kept_indicators(t)
    named = [row["Critère de durabilité"] for row in kept]
    return [
        {"Pratique": practice} | {name: found.get((practice, name), "—") for name in named} for practice in practices
    ]


READINGS = {"++": "Sert", "+": "Sert", "-": "Va contre", "0": "Sans effet", "?": "On ne sait pas"}


def words_of_readings(t: Folder, of_practice: bool) -> list[dict]:
    """Of each practice (or criterion), the criteria (or practices) of each kind of effect."""
    found = judged(t)
    practices = dict.fromkeys(practice for practice, _ in found)
    squares = [(practice, row["Critère de durabilité"]) for practice in practices for row in kept_indicators(t)]
    told: dict[str, dict[str, list]] = {}
    for square in squares:
        kinds = {READINGS[row["Avis"]] for row in found.get(square, ())}
        effect = kinds.pop() if len(kinds) == 1 else "Avis partagés" if kinds else "À regarder"
        one, other = square if of_practice else square[::-1]
        told.setdefault(one, {}).setdefault(effect, []).append(other)
    columns = (*dict.fromkeys(READINGS.values()), "Avis partagés")
    title = "Pratique" if of_practice else "Critère"
    return [{title: one} | {kind: "".join(own.get(kind, [])) or "—" for kind in columns} for one, own in told.items()]


def words_of_loose_ends(t: Folder) -> list[dict]:
    """What is not covered, by name, statements apart."""
    whole, told = thread(t), []
    named = {name: labels(t, name, code, title) for name, code, title in VOTED.values()}
    named["actions"] = labels(t, "actions", "N°", "Description de l'action envisagée")
    named["mesures"] = named["indicateurs"]
    for name, code in whole.written:
        state = state_of(t, (name, code), whole)
        if name != "verbatims" and state != "couvert":
            told.append({"Étape du fil": SHEETS[name], "Quoi": named[name][code], "État": state})
    return told


WORDS = {
    "etapes": lambda t: words_of_stages(t), "acteurs": words_of_actors, "matrice": words_of_effects, "fil_a_reprendre": words_of_loose_ends,
    "lecture_pratique": lambda t: words_of_readings(t, True), "lecture_critere": lambda t: words_of_readings(t, False),
}  # fmt: skip


def wrong_words(page: Element, folders: list[Folder]) -> list[str]:
    """Rows of a table of words that do not follow from the sheets, and rows that no table shows."""
    wrong = []
    for key, figure in figures(page).items():
        if kind(key) in WORDS:
            told = WORDS[kind(key)](folders[0])
            shown, right = ([frozenset((title, norm(cell)) for title, cell in row.items()) for row in rows]
                            for rows in (table(figure), told))  # fmt: skip
            difference = (Counter(shown) - Counter(right)) + (Counter(right) - Counter(shown))
            wrong += [f"{key} : {sorted(row, key=str)}" for row in difference]
    return wrong


# ── what is expected: pages ─────────────────────────────────────────────────────────────────────

PAGES = {
    "index": ((), (
        expected_perimetre, expected_reponse, expected_pratiques, expected_chiffres_publies, expected_essentiel,
        expected_rencontres, expected_feuilles_vides)),
    "0_donnees_recues": ((), (expected_feuilles, expected_feuilles_vides, expected_retenu)),
    "1_etat_des_lieux": (("initiatives", "depouillements", "fiches", "verbatims"), (
        expected_pratiques, expected_themes, expected_sieges, expected_echanges, expected_finalites, expected_signaux,
        expected_definitions, expected_services_et_pratiques, expected_carte, expected_carte_presence,
        expected_communes_devenues, expected_reperes, expected_annees, expected_acteurs, expected_liens,
        expected_grille, expected_quantites, expected_participation, expected_contexte, expected_angles_morts)),
    "2_indicateurs": (("indicateurs", "votes"), (
        expected_criteres, expected_votes("critère"), expected_ordre, expected_avis, expected_couverture,
        expected_mesurabilite)),
    "3_enjeux": (("enjeux", "mesures"), (
        expected_enjeux, expected_votes("enjeu"), expected_chemin, expected_derive, expected_mesures_gardees, expected_ecarts, expected_notes, expected_priorites,
        expected_matrice, expected_natures, expected_divise, expected_participation)),
    "4_preconisations": (("preconisations", "actions"), (
        expected_preconisations, expected_votes("levier"), expected_actions, expected_fil, expected_reponses,
        expected_fiches_non_reliees)),
}  # fmt: skip
"""Of each page: the sheets of which one at least must hold something, and what is expected."""
STEPS = [name for name in PAGES if name[:1] in "1234"]
"""Pages that stand one after the other in the diagnostic."""


class Expected(NamedTuple):
    """What a page must show, and the folders whose cells it may cite."""

    numbers: list[Number]
    folders: list[Folder]


def expected_index(folders: list[Folder]) -> Iterator[Number]:
    phrases = {"perimetre_court": "communes", "pratiques_court": "initiatives", "enjeux_court": "enjeux",
               "reunions_court": "reunions"}  # fmt: skip
    for t in folders:
        for phrase, name in phrases.items():
            yield from said(phrase, t.code, **({name: len(t.sheet(name))} if t.sheet(name) else {}))


def expected_pages(data: Path, real: tuple[str, ...], fictional: tuple[str, ...]) -> dict[str, Expected]:
    """Every page with what it must show; those that territories share hold no fictional one beside a real one."""
    folders, programme = [Folder(data, code) for code in real + fictional], Folder(data, "programme")
    shared = [t for t in folders if t.is_real] or folders
    pages = {
        "index.html": Expected(list(expected_index(folders)), folders),
        "comparaison.html": Expected(list(expected_comparaison(shared, programme)), [*shared, programme]),
        "cahier.html": Expected(list(expected_cahier(shared)), [*shared, programme]),
        "methode.html": Expected([], [*shared, programme]),
    }
    for t in folders:
        for name, (sheets, parts) in PAGES.items():
            if not sheets or any(t.sheet(sheet) for sheet in sheets):
                pages[f"{t.code}/{name}.html"] = Expected([number for part in parts for number in part(t)], [t])
        steps = [pages[path].numbers for path in (f"{t.code}/{name}.html" for name in STEPS) if path in pages]
        if steps:
            pages[f"{t.code}/diagnostic.html"] = Expected(sum(steps, []), [t])
        for code in (row["Code réunion"] for row in recorded(t)):
            minutes = list(expected_compte_rendu(t, code))
            pages[f"{t.code}/reunions/{code.lower()}.html"] = Expected(minutes, [t])
    return pages


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


def is_told_apart(node: Element) -> bool:
    """Where the rows of a number are, and what changed since the last time: other tests read these digits."""
    return bool({"origine", "origines"} & {*node.get("class", "").split()}) or node.get("id") == "depuis"


def bare_words(node: Element) -> Iterator[str]:
    """Text that stands outside marks; what is drawn is compared with its description, and that with its data."""
    if (
        not node.tag.endswith("svg")
        and node.tag not in ("title", "style", "script", "data", "time", "nav")
        and not is_cited(node)
        and not is_told_apart(node)
    ):
        yield node.text or ""
        for child in node:
            yield from bare_words(child)
            yield child.tail or ""


NOTHING = Counter()


def marks(node: Element, beside: Counter = NOTHING) -> Iterator[tuple[Element, Counter]]:
    """Marked numbers, each with the words cited in the same row, item or paragraph."""
    if node.tag in ("tr", "li", "p", "h3", "figcaption"):
        beside = Counter(n.get("datetime") or words(n) for n in node.iter() if is_cited(n) or n.tag == "time")
    if node.tag == "data":
        yield node, beside
    for child in node:
        yield from marks(child, beside)


def figures(page: Element) -> dict[str, Element]:
    """Figures by their key; in the diagnostic, which holds some twice, after that of their step."""
    return {node.get("id").replace("figure-", ""): node for node in page.iter("figure")}


def kind(key: str) -> str:
    """Entry of the catalogue of a figure."""
    return re.sub(r"^etape-\d-", "", key)


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
    whole, _, decimals = value.removeprefix("-").partition(".")
    sign = "-" if value.startswith("-") else ""
    return sign + f"{int(whole):,}".replace(",", "\u202f") + (f",{decimals}" if decimals else "")


def french_date(iso: str) -> str:
    year, month, day = (*iso.split("-"), "", "")[:3]
    parts = ("1er" if day == "01" else day.lstrip("0"), MONTHS[int(month) - 1] if month else "", year)
    return " ".join(part for part in parts if part)


def wrong_numbers(page: Element, expected: list[Number]) -> list[str]:
    """Marked numbers that are not those expected, and expected ones that are not there.

    Several that are alike (where the group is, where it would be) must come in the order expected.
    """
    wrong, seen, turns = [], set(), Counter()
    for node, beside in marks(page):
        de, q, value = (node.get(name, "") for name in ("data-de", "data-q", "value"))
        found = [n for n in expected if (n.de, n.q) == (de, q) and Counter(n.beside) <= beside]
        turn = turns[tuple(found)] % len(found) if found else 0
        turns[tuple(found)] += 1
        good = found and float(value) == round(found[turn].value, 4)
        if not good or q not in QUANTITIES or "".join(node.itertext()) != french(value):
            wrong.append(f"{de} ({q}) = {value} à côté de {list(beside)} ; attendu : {[n.value for n in found]}")
        seen.update(found)
        turns[de, q] += 1
    kinds = Counter((n.de, n.q) for n in expected)
    wrong += [
        f"{de} ({q}) : {kinds[de, q]} attendus, moins sur la page" for de, q in kinds if turns[de, q] < kinds[de, q]
    ]
    return wrong + [f"{n} : la page ne le montre pas" for n in expected if n not in seen]


def is_of_the_method(page: Element) -> bool:
    """Whether a page explains the quantities, and shows no data."""
    return page.find(".//dl[@class='grandeurs']") is not None


def unmarked(page: Element, folders: list[Folder]) -> list[str]:
    """Text with a digit outside marks; the table of contents only repeats headings, the others name dates of meetings."""
    loose = [text for text in map(words, bare_words(page)) if re.search(r"\d", text)]
    headings = {words(node) for node in page.iter("h2")}
    dates = {french_date(row["Date"]) for t in folders for row in t.sheet("reunions")}
    for nav in page.iter("nav"):
        links = [re.sub("^(Avant|Ensuite) : ", "", words(a)) for a in nav.iter("a")]
        if nav.get("class") == "sommaire":
            loose += [text for text in links if text not in headings]
        else:
            loose += [
                text for text in links if re.search(r"\d", text) and text.replace("Compte rendu, ", "") not in dates
            ]
    told = [node.get(name, "") for node in page.iter() for name in ("title", "alt", "aria-label")
            if node.get("class") != "graphique"]  # fmt: skip
    return loose + [text for text in told if re.search(r"\d", text)]


def cell_at(t: Folder, sheet: str, address: str) -> str:
    """Raw cell under its address, as a spreadsheet numbers it: C4 is column C, line 4."""
    return list(t.sheet(sheet)[int(address[1:]) - 2].values())[ord(address[0]) - ord("A")]


def addresses(t: Folder, page: Element) -> set[str]:
    """Addresses of page 0 that lead to the cell or the line of which they speak."""
    matched, wrong = rows(figures(page).get("correspondances")), rows(figures(page).get("problemes"))
    found = {where.partition(" ")[2] for where, *_ in wrong if where in problems(t)}
    if not t.is_real:  # what was typed in a workbook is not read here
        return found | {row["cellule"] for row in t.seen("correspondances")}
    return found | {place for written, *_, sheet, place in matched if cell_at(t, sheet, place) == written}


def not_in_a_cell(page: Element, folders: list[Folder], expected: list[Number]) -> list[str]:
    """Cited words with a digit that no cell holds."""
    known = {word for n in expected for word in n.beside} | addresses(folders[0], page)
    known |= REFERENCES if is_of_the_method(page) else set()
    for t in folders:
        known.update(
            *(map(words, (cell, *re.split(r"[;\n]", cell))) for cell in t.cells()), map(written, judged(t).values())
        )
    shown = set(SHEETS) | {french_date(row["Date"]) for t in folders for row in t.sheet("reunions")}
    scales = {row[title] for t in folders for row in t.sheet("indicateurs") for title in ("Échelle de", "Échelle à")}
    ends = [int(float(end)) for end in scales - {""}]
    shown |= {str(mark) for mark in range(min(ends), max(ends) + 1)} if ends else set()
    cited = [words(node) for node in page.iter() if is_cited(node) and node.tag != "code"]
    several = [text if text in known else text.split("; ") for text in cited if re.search(r"\d", text)]
    return [
        text for part in several for text in ([part] if isinstance(part, str) else part) if text not in known | shown
    ]


def wrong_dates(page: Element, folders: list[Folder]) -> list[str]:
    """Dates that no sheet holds, or whose words are not theirs; the method and the four steps tell what was planned."""
    known = {cell for t in folders for cell in t.cells()} | {date for _, *dates, _, _ in STAGES for date in dates}
    told = is_of_the_method(page)
    found = [(node.get("datetime"), words(node)) for node in page.iter("time")]
    return [f"{iso} : {text}" for iso, text in found if not (told or iso in known) or text != french_date(iso)]


# ── what is drawn ───────────────────────────────────────────────────────────────────────────────


def norm(value: object) -> object:
    """Value that is drawn or written, as a number when it is one."""
    text = html.unescape(str(value)).replace("<br>", " ")
    return float(text) if re.fullmatch(r"-?\d+([.]\d+)?", text) else words(text)


def table(figure: Element) -> list[dict[str, object]]:
    """Rows of a data table by title: a number, a date as machines write it, else words."""
    titles = [words(th) for th in figure.find(".//thead").iter("th")]
    return [dict(zip(titles, map(content, tr), strict=True)) for tr in figure.find(".//tbody")]


def content(cell: Element) -> float | str:
    if (node := cell.find(".//data")) is not None:
        return float(node.get("value"))
    if (node := cell.find(".//time")) is not None and words(node) == words(cell):
        return node.get("datetime")
    return norm(words(cell)) if cell.tag == "th" else words(cell)


def points_of(trace: dict) -> list[tuple]:
    """Label and value of each mark of a trace, in the order drawn; the end of a stroke is no mark."""
    axes = ("theta", "r") if trace["type"] == "scatterpolar" else ("y", "x")
    pairs = zip(*(trace[axis] for axis in axes), strict=True)
    return [(norm(label), norm(value)) for label, value in pairs if label is not None]


def column(shown: list[dict], label: str, title: str) -> list[tuple]:
    return [(row[label], row[title]) for row in shown if isinstance(row[title], float)]


def wrong_bars(traces: list[dict], shown: list[dict], folders: list[Folder]) -> list[str]:
    """Bars or steps that are not a column of the table."""
    label, *titles = shown[0]
    known = {title: column(shown, label, title) for title in titles}
    wrong = []
    for trace in traces:
        drawn = points_of(trace) if trace["type"] == "bar" else [(x, y) for y, x in points_of(trace)]
        own = [known[norm(trace["name"])]] if "name" in trace and norm(trace["name"]) in known else list(known.values())
        told = [norm(text or 0) for text in trace.get("text", [])]
        good = drawn in own and told in ([], [value for _, value in drawn])
        wrong += [] if good else [f"{trace.get('name')} : {drawn}, {told}"]
    return wrong


def wrong_map(traces: list[dict], shown: list[dict], folders: list[Folder]) -> list[str]:
    """Communes whose count on the map is not that of the table, or that are drawn nowhere."""
    left = {row["Commune"]: list(row.values())[-1] for row in shown}
    wrong = []
    for trace in traces:
        for told, text in zip(trace["customdata"], trace["text"], strict=True):
            name = html.unescape(told).rpartition(" : ")[0]
            nb = left.pop(name, -1)
            if html.unescape(told) != f"{name} : {nb:g}" or norm(text) != (f"{name} {nb:g}" if nb else ""):
                wrong.append(f"{told} ({text}) : {nb:g} dans le tableau")
    return wrong + [f"{name} : {nb:g}, nulle part sur la carte" for name, nb in left.items() if nb]


def wrong_links(traces: list[dict], shown: list[dict], folders: list[Folder]) -> list[str]:
    """Links that are not those of the table: each actor once, a stroke per link, full for a new one."""
    new = [norm(row["Né des pratiques collaboratives"]) == "oui" for row in shown]
    strokes = {trace["name"]: trace["x"].count(None) for trace in traces if trace["mode"] == "lines"}
    nodes = [norm(text) for trace in traces if trace["mode"] != "lines" for text in trace["text"]]
    told = (strokes.get("né des pratiques collaboratives", 0), strokes.get("autre lien", 0), sorted(nodes))
    right = (sum(new), len(new) - sum(new), sorted({row[end] for row in shown for end in ("Entre", "Et")}))
    return [] if told == right else [f"{told} au lieu de {right}"]


def wrong_times(traces: list[dict], shown: list[dict], folders: list[Folder]) -> list[str]:
    """Strokes of time that are not the year, the month or the day of the table."""
    spans = []
    for row in shown:
        label, iso, *_ = row.values()
        if re.fullmatch(DATE, iso):
            year, month, day = (*iso.split("-"), "", "")[:3]
            last = day or str(monthrange(int(year), int(month or 12))[1])
            spans += [(label, f"{year}-{month or '01'}-{day or '01'}"), (label, f"{year}-{month or '12'}-{last}")]
    drawn = [point for trace in traces for point in points_of(trace)]
    return [] if drawn == spans else [f"{drawn} au lieu de {spans}"]


def traceable(marks_of_tables: list[tuple]) -> list[str]:
    """Lines whose marks are not in the order of their value: the order of the sheet would tell which table is which."""
    lines: dict[str, list[float]] = {}
    for label, value in marks_of_tables:
        lines.setdefault(label, []).append(value)
    return [f"{label} : {drawn} suit l'ordre des tables" for label, drawn in lines.items() if drawn != sorted(drawn)]


def wrong_votes(traces: list[dict], shown: list[dict], folders: list[Folder]) -> list[str]:
    """Totals that are not those of the table, and marks of tables that are not theirs or must not be public."""
    label = next(iter(shown[0]))
    total, *tables = traces
    right = column(shown, label, "Points")
    wrong = [] if points_of(total) == right == list(zip(*map(norm_all, (total["y"], total["text"])), strict=True)) else [
        f"total : {points_of(total)}"]  # fmt: skip
    (t,) = folders
    given = Counter()
    for what in VOTED:
        named = labels(t, *VOTED[what])
        if {row[label] for row in shown} == {norm(name) for name in named.values()}:
            for own in tables_of(t, what).values():
                points = given_points(own)
                given.update((norm(named[row]), float(points[row])) for row in {vote["Code voté"] for vote in own})
    drawn = Counter(point for trace in tables for point in points_of(trace))
    wrong += traceable([point for trace in tables for point in points_of(trace)])
    return wrong if drawn == given else [*wrong, f"tables : {sorted(drawn)} au lieu de {sorted(given)}"]


def norm_all(values: list) -> list:
    return list(map(norm, values))


def wrong_dumbbell(traces: list[dict], shown: list[dict], folders: list[Folder]) -> list[str]:
    """Ends, strokes and faint marks that are not those of the table or of the tables of the group."""
    label = "Territoire" if "Territoire" in shown[0] else next(iter(shown[0]))
    on_axis = {norm(own.label) for t in folders for own in drawn_together(situations(t).values())}
    shown = [row for row in shown if next(iter(row.values())) in on_axis]
    ends = {"aujourd'hui": column(shown, label, "Aujourd'hui"), "souhaité": column(shown, label, "Souhaité")}
    drawn = {
        name: [p for trace in traces if trace.get("legendgroup") == name for p in points_of(trace)] for name in ends
    }
    wrong = [f"{name} : {drawn[name]}" for name in ends if drawn[name] != ends[name]]
    strokes = [point for trace in traces if trace["mode"] == "lines" for point in points_of(trace)]
    right = [(row[label], row[title]) for row in shown for title in ("Aujourd'hui", "Souhaité")]
    wrong += (
        [] if [p for p in strokes if p[1] != "None"] == [p for p in right if p[1] != "—"] else [f"traits : {strokes}"]
    )
    for name, title in (("aujourd'hui", "Situation actuelle"), ("souhaité", "Situation souhaitée")):
        faint = [trace for trace in traces if trace.get("name") == name and "legendgroup" not in trace]
        found = Counter(point for trace in faint for point in points_of(trace) if point[1] != "None")
        wrong += traceable([point for trace in faint for point in points_of(trace) if point[1] != "None"])
        given = Counter()
        for t in folders if label != "Territoire" and marks_are_public(folders[0]) else ():
            named = labels(t, *VOTED["critère"])
            given.update(
                (norm(named[row["Code indicateur"]]), float(row[title]))
                for row in of_the_whole(t)
                if row[title] and norm(named[row["Code indicateur"]]) in on_axis
            )
        wrong += [] if found == given else [f"marques pâles : {sorted(found)} au lieu de {sorted(given)}"]
    return wrong


def wrong_radar(traces: list[dict], shown: list[dict], folders: list[Folder]) -> list[str]:
    """Rounds that are not the columns of the table, closed on their first point, in the order of the grid."""
    label = next(iter(shown[0]))
    order = [norm(row["Critère de durabilité"]) for row in folders[0].sheet("indicateurs")]
    right = [column(shown, label, title) for title in ("Aujourd'hui", "Souhaité")]
    right = [sorted(points, key=lambda point: order.index(point[0])) for points in right]
    drawn = [points_of(trace) for trace in traces]
    return [] if drawn == [[*points, points[0]] for points in right] else [f"{drawn} au lieu de {right}"]


def span(first: str, last: str) -> tuple[str, str]:
    """First and last day of two dates, each a year, a month or a day."""
    year, month, day = (*last.split("-"), "", "")[:3]
    end = day or str(monthrange(int(year), int(month or 12))[1])
    return f"{first}-01-01"[:10], f"{year}-{month or '12'}-{end}"


def stages(t: Folder) -> dict[str, list[tuple[str, str]]]:
    """Of each of the four steps: when it was planned and, when a meeting is known, from when to when it was held."""
    found = {}
    for stage, *planned, _, _ in STAGES:
        held = sorted(row["Date"] for row in t.sheet("reunions") if row["Étape"] == stage.lower() and row["Date"])
        found[stage] = [tuple(planned), *([(held[0], held[-1])] if held else [])]
    return found


def wrong_stages(traces: list[dict], shown: list[dict], folders: list[Folder]) -> list[str]:
    """Strokes of the four steps that are not those of the calendar and of the sheets."""
    right = stages(folders[0])
    spans = [[(stage, span(*kept[place])) for stage, kept in right.items() if len(kept) > place] for place in (0, 1)]
    ends = [[(stage, day) for stage, days in own for day in days] for own in spans if own]
    drawn = [points_of(trace) for trace in traces]
    return [] if drawn == ends else [f"{drawn} au lieu de {ends}"]


def words_of_stages(t: Folder) -> list[dict]:
    """When each step was planned, when its meetings were held, and what was received or which sheets would bring it."""
    told = []
    for (stage, *_, title, name), (planned, *held) in zip(STAGES, stages(t).values(), strict=True):
        days = [*dict.fromkeys(held[0])] if held else ["—"]
        asked = " ou ".join(f"« {SHEETS[sheet]} »" for sheet in PAGES[name][0])
        received = (
            title if any(t.sheet(sheet) for sheet in PAGES[name][0]) else f"Rien n'a été reçu. À remplir : {asked}."
        )
        told.append({"Étape": stage, "Prévue": " à ".join(map(french_date, planned)), "Ce qui a été reçu": received,
                     "Rencontres retrouvées": days[0] if len(days) == 1 else " à ".join(map(french_date, days))})  # fmt: skip
    return told


DRAWN_BY = {
    "etapes": wrong_stages, "carte": wrong_map, "carte_presence": wrong_map, "liens": wrong_links, "echeancier": wrong_times,
    "votes_indicateurs": wrong_votes, "votes_enjeux": wrong_votes, "votes_preconisations": wrong_votes,
    "ecarts": wrong_dumbbell, "indicateurs_communs": wrong_dumbbell, "radar": wrong_radar,
}  # fmt: skip


def wrong_drawings(page: Element, folders: list[Folder]) -> list[str]:
    """Numbers of charts, and of their text alternatives, that are not those of their data tables."""
    wrong = []
    for key, figure in figures(page).items():
        if (chart := figure.find(".//div[@class='graphique']")) is None:
            continue
        shown, told = table(figure), chart.get("aria-label")
        if (script := figure.find(".//script")) is None:
            wrong += [f"{key} : {text}" for text in wrong_paper(chart, shown)]
        else:
            traces = [trace for trace in json.loads(script.text)["data"] if trace.get("fill") != "toself"]
            wrong += [f"{key} : {text}" for text in DRAWN_BY.get(kind(key), wrong_bars)(traces, shown, folders)]
        spoken = [words(figure.find("figcaption")), *map(alternative(shown), shown[:12])]
        heard = re.sub(r"\d{4}(-\d\d){1,2}", lambda iso: french_date(iso[0]), told)
        wrong += [told] if re.findall(r"\d+", heard) != re.findall(r"\d+", " ".join(spoken)) else []
    return wrong


def wrong_paper(chart: Element, shown: list[dict]) -> list[str]:
    """Numbers written on a drawing without description that are not those of its table, or of an axis."""
    written = [words(" ".join(node.itertext())) for node in chart.iter("text")]
    if "Commune" in shown[0]:
        right = [f"{row['Commune']} {nb:g}" for row in shown if (nb := list(row.values())[-1])]
        classes = {"aucune", "1", "2 ou 3", "4 à 6", "7 et plus"}
        return sorted(
            (Counter(t for t in written if t not in classes) - Counter(right)) | (Counter(right) - Counter(written))
        )
    scale = rf"-?\d+(,\d+)?|({'|'.join(MONTHS)}) \d{{4}}"
    return [text for text in written if re.search(r"\d", text) and not re.fullmatch(scale, text)]


def alternative(shown: list[dict]) -> Callable[[dict], str]:
    """What the text alternative says of a row: its label, then its numbers, or its words where none has a number."""
    numeric = {title for row in shown for title, value in list(row.items())[1:] if isinstance(value, float)}

    def spoken(row: dict) -> str:
        (_, label), *others = row.items()
        told = [value for title, value in others if title in numeric or not numeric]
        numbers = (french(f"{value:.10g}") if isinstance(value, float) else value for value in told if value != "—")
        told_of = " ".join((f"{label:g}" if isinstance(label, float) else label, *numbers))
        return re.sub(r"\d{4}(-\d\d){1,2}", lambda iso: french_date(iso[0]), told_of)

    return spoken


# ── what is downloaded ──────────────────────────────────────────────────────────────────────────


def downloaded(figure: Element) -> list[list[str]]:
    """Rows of the file that a figure holds, titles first."""
    ((link, kept),) = [(a, a.get("href")) for a in figure.iter("a") if a.get("download")]
    start, _, body = kept.partition("base64,")
    assert start == "data:text/csv;charset=utf-8;" and link.get("download").endswith(".csv"), start
    return list(csv.reader(b64decode(body).decode("utf-8-sig").splitlines(), delimiter=";"))


def wrong_downloads(page: Element) -> list[str]:
    """Files whose numbers are not those of the table of their figure, cell by cell, and figures without a file."""
    wrong = []
    for key, figure in figures(page).items():
        titles = [words(th) for th in figure.find(".//thead").iter("th")]
        (own, *lines), shown = downloaded(figure), figure.find(".//tbody")
        if [words(title) for title in own] != titles or len(lines) != len(shown):
            wrong.append(f"{key} : {own}, {len(lines)} lignes")
        for line, row in zip(lines, shown, strict=False):
            for title, cell, written in zip(titles, row, line, strict=True):
                marked = cell.find(".//data")
                alone = marked is not None and words(cell) == words(marked)
                forms = [words(cell), *(node.get("datetime") for node in cell.iter("time"))]
                right = [float(marked.get("value"))] if alone else [re.findall(r"\d+", form) for form in forms]
                found = float(written.replace(",", ".")) if alone else re.findall(r"\d+", written)
                wrong += [] if found in right else [f"{key}, {title} : {written} au lieu de {right}"]
    return wrong


# ── tests ───────────────────────────────────────────────────────────────────────────────────────

TOGETHER = "ensemble"
SITES = {"pages": (REAL, ("exemple",)), "four": ((), tuple(f"exemple-0{n}" for n in range(1, 5)))}
MINUTES, STATE = "chateaubriant/reunions/chb-2015-09-24.html", "chateaubriant/1_etat_des_lieux.html"
TYPES_OF_ACTORS, VOTE = "exemple/1_etat_des_lieux.html", "exemple/2_indicateurs.html"
GAPS, PLAN = "exemple/3_enjeux.html", "exemple/4_preconisations.html"
CHECKS = {
    "every number is derived again": lambda page, expected: wrong_numbers(page, expected.numbers),
    "no digit stands outside a mark": lambda page, expected: unmarked(page, expected.folders),
    "a digit that is cited is in a cell": lambda page, expected: not_in_a_cell(
        page, expected.folders, expected.numbers
    ),
    "a date is in the sheets, and in French": lambda page, expected: wrong_dates(page, expected.folders),
    "a number drawn is in the table of its figure": lambda page, expected: wrong_drawings(page, expected.folders),
    "a file that is downloaded holds the numbers of its figure": lambda page, expected: wrong_downloads(page),
    "a word that stands for a number is derived too": lambda page, expected: wrong_words(page, expected.folders),
}
NUMBERS, MARKS, CITED, DATES, DRAWN, FILE, SAID = CHECKS


@cache
def expected_of(data: Path, site: str) -> dict[str, Expected]:
    return expected_pages(data, *SITES[site])


@pytest.fixture
def text(pages):
    return lambda path: (pages.root / path).read_text(encoding="utf-8")


@pytest.fixture
def expected(pages):
    return expected_of(pages.data, "pages")


@pytest.mark.parametrize("site", SITES)
def test_the_pages_are_those_that_the_sheets_make(request, site):
    made = request.getfixturevalue(site)
    assert set(made.paths) == set(expected_of(made.data, site))


@pytest.mark.parametrize(
    ("site", "code"), [(site, code) for site in SITES for code in (*sum(SITES[site], ()), TOGETHER)]
)
@pytest.mark.parametrize("rule", CHECKS)
def test_of_each_page(request, rule, site, code):
    made = request.getfixturevalue(site)
    pages = expected_of(made.data, site)
    own = [path for path in pages if path.startswith(f"{code}/") or (code == TOGETHER and "/" not in path)]
    wrong = [f"{path} : {what}" for path in own for what in CHECKS[rule](read(made.text(path)), pages[path])]
    assert own, "no page is looked at"
    assert not wrong, "\n".join([rule, *wrong])


def retype(path: Path, change: Callable[[list[Row]], None]) -> None:
    """Change the rows of a raw sheet."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream, delimiter=";"))
    change(lines)
    with path.open("w", encoding="utf-8", newline="") as stream:
        sheet = csv.DictWriter(stream, lines[0], delimiter=";")
        sheet.writeheader()
        sheet.writerows(lines)


def agree_to_nothing(meetings: list[Row]) -> None:
    for row in meetings:
        row["Restitution publique ?"] = "non"


def answer_alone(measures: list[Row]) -> None:
    next(row for row in measures if not row["Sur quelle pratique"])["N° de bulletin ou table"] = "12"


def answer_half(measures: list[Row]) -> None:
    """One answer says nothing of today, another nothing of what is wished."""
    own = [row for row in measures if not row["Sur quelle pratique"]]
    own[5]["Situation actuelle"] = own[9]["Situation souhaitée"] = ""


def judge_together(measures: list[Row]) -> None:
    """The whole group says what each practice does."""
    for row in measures:
        row["N° de bulletin ou table"] = "groupe" if row["Sur quelle pratique"] else row["N° de bulletin ou table"]


def want_neither(indicators: list[Row]) -> None:
    """A criterion that should stay as it is, and one that is measured although it was set aside."""
    indicators[0]["On souhaite que cela"], indicators[1]["Décision"] = "reste stable", "écarté"


def gather(actors_of_all: list[Row]) -> None:
    """Enough associations in one theme, and enough relays, to be counted."""
    for row in actors_of_all[:6]:
        row.update({"Type d'acteur": "association", "Thématique": "se nourrir"})
        row.update({"Rôle": "relais", "Nature du relais": "structure"})


def leave_the_table(votes: list[Row]) -> None:
    """Four ballots stay at table A, the others go to table B."""
    voted = [row for row in votes if row["Points"] and row["Table"] == "A"]
    stay = list(dict.fromkeys(row["N° de bulletin"] for row in voted))[:4]
    for row in voted:
        if row["N° de bulletin"] not in stay:
            row.update({"Table": "B", "N° de bulletin": f"A{row['N° de bulletin']}"})


@pytest.fixture(scope="session")
def discreet(four, tmp_path_factory):
    """Two fictional territories again: one whose meetings agree to nothing, one where few stand behind a mark.

    The second has odd measures too, and actors that are enough to be counted.
    """
    place = tmp_path_factory.mktemp("discreet")
    raw = shutil.copytree(four.data, place / "data") / "raw"
    retype(raw / "exemple-02" / "reunions.csv", agree_to_nothing)
    retype(raw / "exemple-04" / "indicateurs.csv", want_neither)
    retype(raw / "exemple-04" / "mesures.csv", answer_half)
    retype(raw / "exemple-04" / "mesures.csv", judge_together)
    retype(raw / "exemple-04" / "acteurs.csv", gather)
    retype(raw / "exemple-04" / "mesures.csv", answer_alone)
    retype(raw / "exemple-04" / "votes.csv", leave_the_table)
    made = domino("run", "exemple-02", "exemple-04", "--data", place / "data", "--output", place / "reports")
    return Site(place / "reports", place / "data", made)


@pytest.mark.parametrize("code", ["exemple-02", "exemple-04"])
@pytest.mark.parametrize("rule", CHECKS)
def test_what_a_page_must_hold_back_is_not_there(discreet, rule, code):
    pages = expected_pages(discreet.data, (), (code,))
    own = [path for path in pages if path.startswith(f"{code}/")]
    wrong = [f"{path} : {what}" for path in own for what in CHECKS[rule](read(discreet.text(path)), pages[path])]
    assert not wrong, "\n".join([rule, *wrong])


@pytest.mark.parametrize(
    ("code", "figure"),
    [("exemple-02", "divise"), ("exemple-02", "souhaits"), ("exemple-02", "notes"), ("exemple-02", "ecarts"),
     ("exemple-04", "divise")],
)  # fmt: skip
def test_what_tables_said_apart_is_shown_only_when_it_may_be(four, discreet, code, figure):
    path = f"{code}/3_enjeux.html"
    assert [figure in figures(read(site.text(path))) for site in (four, discreet)] == [True, False]


def test_no_line_is_left_where_a_statement_is_held_back(discreet):
    held = [path for path in discreet.of("exemple-02") if "<li></li>" in discreet.text(path)]
    assert held == []


@pytest.mark.parametrize("code", [*REAL, "exemple"])
def test_the_footer_gives_the_newest_date_of_the_sheets(pages, text, code):
    t = Folder(pages.data, code)
    dates = {row["Date"] for name in ("reunions", "depouillements", "mesures") for row in t.sheet(name)}
    dates |= {row["Relevé le"] for row in t.sheet("initiatives")} | {""}
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
        (VOTE, "7</data></a> critères sur", "6</data></a> critères sur", NUMBERS),
        (VOTE, ", 15, 20]", ", 14, 20]", DRAWN),
        (GAPS, '"r": [4.0, 2.0', '"r": [4.0, 3.0', DRAWN),
        (GAPS, "++ (constaté)", "+ (constaté)", SAID),
        (PLAN, '"2016-12-31"', '"2016-12-30"', DRAWN),
        (PLAN, "46</data> maillons du fil", "45</data> maillons du fil", NUMBERS),
        (
            TYPES_OF_ACTORS,
            'constat">«\u202f<span class="t">se nourrir',
            'constat">«\u202f<span class="t">travailler',
            NUMBERS,
        ),
        (TYPES_OF_ACTORS, ">un ou deux</span>", ">aucun</span>", SAID),
    ],
)
def test_a_page_that_says_something_else_is_caught(text, expected, path, right, false, rule):
    assert right in text(path)
    before, after = read(text(path)), read(text(path).replace(right, false))
    assert [
        name for name, check in CHECKS.items() if check(after, expected[path]) != check(before, expected[path])
    ] == [rule]


def test_a_raw_cell_that_changes_is_caught_on_each_page_that_shows_it(pages, text, expected, tmp_path):
    shutil.copytree(pages.data, tmp_path / "data")
    changed = tmp_path / "data/raw/chateaubriant/depouillements.csv"
    changed.write_text(changed.read_text(encoding="utf-8").replace(";Soudan;2;", ";Soudan;3;"), encoding="utf-8")
    again = expected_pages(tmp_path / "data", *SITES["pages"])
    caught = {path for path in again if wrong_numbers(read(text(path)), again[path].numbers)}
    assert caught == {MINUTES, STATE, "chateaubriant/index.html", "chateaubriant/diagnostic.html"}


def test_an_expected_number_that_no_page_shows_is_caught(text, expected):
    absent = Number("presents/presents/CHB-2015-12-24", "presents", 17)
    wrong = wrong_numbers(read(text(MINUTES)), [*expected[MINUTES].numbers, absent])
    assert f"{absent} : la page ne le montre pas" in wrong
