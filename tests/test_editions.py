"""An attack on the public edition: what few people wrote is planted in a territory, then looked for on every page.

The attacker reads what a page shows and what it holds (hover texts, files to download, descriptions of charts), and
subtracts: a whole minus the parts that are shown, one page minus another, one state minus the one before. The
same attack must find each secret in the edition of the committee, or it would not be one.
"""

import csv
import json
import re
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterator
from html import unescape
from itertools import combinations
from typing import NamedTuple

import pytest
from bs4 import BeautifulSoup
from conftest import Site, domino, write_csv

PEOPLE, ORGANISATIONS = 5, 3
CODE = "piege"
OPEN, CLOSED, TINY = "R1", "R2", "R3"
"""A meeting of which everything may be said, one that keeps its words, one of three people that keeps them too."""
OF_PEOPLE = {"Fiches individuelles", "Verbatims", "Votes", "Mesures"}
ALL_TOGETHER = "réponses de moins de cinq personnes"

SECRETS = {
    "a service that one person wrote": "Canari-Service",
    "an offer that one person wrote": "Canari-Offre",
    "an expectation of a meeting that keeps its words": "Canari-Attente",
    "a statement of a meeting that keeps its words": "Canari-Phrase",
    "a commune that nobody of the territory knows": "Canari-les-Nues",
    "the end of a quarrel": "Canari-Querelle",
    "what one actor said": "Canari-Propos",
}
"""Words that no public page may hold anywhere."""
MARKS = {"mark of one person today": 37.0, "mark of one person wished": 83.0, "points of four ballots": 371.0}
"""Numbers that no public page may hold, and that nothing else is worth."""


# ── the territory ───────────────────────────────────────────────────────────────────────────────


def people(meeting: str, first: int, *groups: tuple[int, dict[str, str]]) -> list[dict[str, str]]:
    """Sheets of a meeting: so many with such answers."""
    told = [answers for nb, answers in groups for _ in range(nb)]
    return [
        {"N° de fiche": str(first + n), "Code réunion": meeting, "Table": "AB"[n % 2], **own}
        for n, own in enumerate(told)
    ]


def sheet(place: str, uses: str = "oui", services: str = "AMAP", offer: str = "Venir", hope: str = "Apprendre") -> dict:
    return {"Commune de provenance": place, "Utilisez-vous des services collaboratifs ?": uses,
            "Si oui lesquels": services if uses == "oui" else "", "Vos attentes": hope,
            "Votre participation au programme": offer}  # fmt: skip


SHEETS = {
    "territoires": [{"Code du territoire": CODE, "Nom du territoire": "Pays de Piège (fictif)", "Territoire fictif ?": "oui"}],
    "communes": [{"Code INSEE": f"9800{n}", "Commune": name, "Intercommunalité": epci} for n, (name, epci) in enumerate([
        ("Ajonc", "Les Landes"), ("Bruyère", "Les Landes"), ("Callune", "Les Landes"), ("Daphné", "Les Dunes"),
        ("Érable", "Les Grèves"), ("Fougère", "Les Monts")], 1)],
    "reunions": [
        {"Code réunion": OPEN, "Date": "12/05/2016", "Présents": "30", "Restitution publique ?": "oui", "Question 1": "Que faire ?"},
        {"Code réunion": CLOSED, "Date": "13/06/2016", "Présents": "40", "Restitution publique ?": "non", "Question 1": "Et puis ?"},
        {"Code réunion": TINY, "Date": "14/07/2016", "Présents": "9", "Restitution publique ?": "non", "Question 1": "Enfin ?"}],
    "fiches": [
        *people(OPEN, 1, (6, sheet("Ajonc")), (5, sheet("Bruyère", "non")), (1, sheet("Daphné", services="SEL")),
                (4, sheet("Canari-les-Nues", "non"))),
        *people(CLOSED, 101, (7, sheet("Ajonc")), (5, sheet("Érable", services="Covoiturage")), (1, sheet("Daphné", "non")),
                (1, sheet("Érable", services="Canari-Service", offer="Canari-Offre", hope="Canari-Attente"))),
        *people(TINY, 201, (2, sheet("Ajonc")), (1, sheet("Callune", "non")))],
    "verbatims": [
        {"N°": "V1", "Code réunion": OPEN, "Question": "Q1", "Origine": "table", "Table": "A", "Texte exact": "Partager",
         "Repris ?": "oui", "Enjeu": "E1", "Thématique": "se nourrir", "Nature": "pépite"},
        {"N°": "V2", "Code réunion": CLOSED, "Question": "Q1", "Origine": "table", "Table": "B", "Texte exact": "Canari-Phrase",
         "Repris ?": "non", "Enjeu": "", "Thématique": "se nourrir", "Nature": "point de vigilance"}],
    "enjeux": [{"Code": "E1", "Enjeu": "Se déplacer"}, {"Code": "E2", "Enjeu": "Se nourrir"}],
    "indicateurs": [
        {"Code": f"I{n}", "Critère de durabilité": name, "Enjeu servi": "E1", "Unité": "points", "Échelle de": "0", "Échelle à": "100",
         "Type": "ressenti", "On souhaite que cela": "augmente", "Décision": "retenu", "Vient de": "V2"}
        for n, name in enumerate(["Trajets", "Repas", "Voisins"], 1)],
    "votes": [
        *({"Code réunion": OPEN, "Sur quoi": "critère", "Code voté": f"I{1 + n % 2}", "N° de bulletin": str(n), "Table": "AB"[n > 5],
           "Points": "3"} for n in range(1, 10)),
        *({"Code réunion": OPEN, "Sur quoi": "enjeu", "Code voté": "E1", "N° de bulletin": str(n), "Table": "A",
           "Points": str(nb)} for n, nb in enumerate((101, 80, 90, 100), 1))],
    "mesures": [
        *({"Code indicateur": "I1", "Code réunion": OPEN, "N° de bulletin ou table": table, "Situation actuelle": now,
           "Situation souhaitée": then} for table, now, then in (("A", "20", "60"), ("B", "40", "80"))),
        {"Code indicateur": "I2", "Code réunion": CLOSED, "N° de bulletin ou table": "12", "Situation actuelle": "37",
         "Situation souhaitée": "83"}],
    "acteurs": [
        *({"N°": f"A{n}", "Nom de la structure": f"Association {n}", "Type d'acteur": "association", "Thématique": "se nourrir",
           "Rôle": "porteur"} for n in range(1, 5)),
        *({"N°": f"A{n}", "Nom de la structure": f"Média {n}", "Type d'acteur": "média", "Thématique": "se nourrir",
           "Rôle": "porteur"} for n in range(5, 9)),
        {"N°": "A9", "Nom de la structure": "Canari-Querelle", "Type d'acteur": "entreprise", "Thématique": "se nourrir",
         "Rôle": "porteur", "Réaction": "crainte", "Ce qui a été dit": "Canari-Propos"}],
    "relations": [
        {"Entre": "A1", "Et": "A2", "Nature du lien": "partenariat"}, {"Entre": "A1", "Et": "A9", "Nature du lien": "conflit"}],
    "preconisations": [
        {"N°": "P1", "Objectif": "Partager plus", "Répond à l'enjeu": "E1", "À l'indicateur": "I2", "Vient de": "V2"}],
}  # fmt: skip
"""Sheets of a territory where each rule of the public edition has something to hold back."""
ONE_MORE = {
    "fiches": [*people(CLOSED, 151, (1, sheet("Daphné", services="Canari-Service")))],
    "votes": [{"Code réunion": OPEN, "Sur quoi": "critère", "Code voté": "I2", "N° de bulletin": "10", "Table": "A", "Points": "3"}],
    "mesures": [{"Code indicateur": "I1", "Code réunion": OPEN, "N° de bulletin ou table": "C", "Situation actuelle": "90",
                 "Situation souhaitée": "95"}],
    "acteurs": [{"N°": "A10", "Nom de la structure": "Entreprise 2", "Type d'acteur": "entreprise", "Thématique": "se nourrir"}],
    "communes": [{"Code INSEE": "98007", "Commune": "Genêt", "Intercommunalité": "Les Monts"}],
}  # fmt: skip
"""Rows that are typed afterwards."""


def typed(rows: list[dict]) -> list[list[str]]:
    titles = list(dict.fromkeys(title for row in rows for title in row))
    return [titles, *([row.get(title, "") for title in titles] for row in rows)]


class Trap(NamedTuple):
    """Pages of the two editions, as they were first made and after one more row in some sheets."""

    public: Site
    committee: Site
    public_again: Site
    committee_again: Site


@pytest.fixture(scope="module")
def trap(tmp_path_factory) -> Trap:
    place = tmp_path_factory.mktemp("trap")
    raw = place / "data" / "raw" / CODE
    raw.mkdir(parents=True)
    made = []
    for state in ("first", "again"):
        for name, rows in SHEETS.items():
            more = ONE_MORE.get(name, []) if state == "again" else []
            write_csv(raw / f"{name}.csv", typed([*rows, *more]))
        for edition in ("publique", "comite"):
            root = place / edition
            result = domino("run", "--data", place / "data", "--edition", edition, "--output", root)
            assert result.returncode == 0, result.stdout + result.stderr
            made.append(Held(root, place / "data", result))
    return Trap(*made)


class Held(Site):
    """Pages kept as they are now: the next run writes over their files."""

    def __init__(self, root, data, result):
        super().__init__(root, data, result)
        self._texts = {
            p.relative_to(root).as_posix(): p.read_text(encoding="utf-8") for p in sorted(root.rglob("*.html"))
        }

    @property
    def paths(self) -> list[str]:
        return list(self._texts)

    def text(self, path: str) -> str:
        return self._texts[path]


# ── what an attacker reads ──────────────────────────────────────────────────────────────────────


def everything(page: BeautifulSoup) -> Iterator[str]:
    """Each text that a page holds: words, attributes, comments, descriptions of charts, files to download."""
    yield from map(str, page.find_all(string=True))
    for node in page.find_all(True):
        for value in node.attrs.values():
            text = " ".join(value) if isinstance(value, list) else value
            yield text
            if text.startswith("data:") and "base64," in text:
                yield b64decode(text.partition("base64,")[2]).decode("utf-8-sig")
    for script in page.find_all("script", type="application/json"):
        yield json.dumps(json.loads(script.string), ensure_ascii=False)


class Cell(NamedTuple):
    """One number that a page publishes, with its quantity and its subject."""

    path: str
    q: str
    de: tuple[str, ...]
    value: float


def published(site: Site) -> list[Cell]:
    """Numbers of the sentences and of the tables, then those of the files that no table has."""
    return [
        Cell(path, mark["data-q"], tuple(mark.get("data-de", "").split("/")), float(mark["value"]))
        for path in site.paths
        for mark in site[path].select("data.n")
    ]


def loose_numbers(site: Site) -> Iterator[tuple[str, float]]:
    """Every number of a page that is marked, downloaded, described for a chart or said aloud."""
    for path in site.paths:
        page = site[path]
        yield from ((path, float(mark["value"])) for mark in page.select("data.n"))
        for link in page.select("a[download]"):
            lines = csv.reader(
                b64decode(link["href"].partition("base64,")[2]).decode("utf-8-sig").splitlines(), delimiter=";"
            )
            next(lines)  # titles, where each mark of a scale has its column
            yield from (
                (path, float(c.replace(",", "."))) for line in lines for c in line if re.fullmatch(r"-?\d+(,\d+)?", c)
            )
        for script in page.find_all("script", type="application/json"):
            for trace in json.loads(script.string)["data"]:
                held = [v for key in ("x", "y", "r", "text", "customdata") for v in trace.get(key) or ()]
                yield from ((path, float(v)) for v in held if re.fullmatch(r"-?\d+([.]\d+)?", str(v)))
        for chart in page.select("[aria-label]"):
            yield from ((path, float(n)) for n in re.findall(r"(?<![\w-])\d+(?![\w-])", chart["aria-label"]))
        for svg in page.select("svg text"):
            yield from ((path, float(n)) for n in re.findall(r"(?<!\w)\d+(?!\w)", svg.get_text()))


# ── what an attacker computes ───────────────────────────────────────────────────────────────────


def rests(whole: float, parts: list[float]) -> Iterator[float]:
    """What is left of a whole when any of its parts are taken away."""
    for size in range(len(parts) + 1):
        yield from (whole - sum(taken) for taken in combinations(parts, size))


def small(nb: float, minimum: int) -> bool:
    return 0 < nb < minimum


def wholes(cells: list[Cell], meeting: str) -> set[float]:
    """How many sheets a meeting has, as any page says it."""
    return {c.value for c in cells if c.q in ("fiches", "repondants") and meeting in c.de}


def answers(cells: list[Cell], meeting: str, q: str) -> dict[str, set[float]]:
    """Numbers of a meeting for one quantity, by answer."""
    found = defaultdict(set)
    for cell in cells:
        if cell.q == q and cell.de[0] == meeting:
            found["/".join(cell.de[1:])].add(cell.value)
    return found


def leaks_of_people(site: Site) -> set[str]:
    """Categories of fewer than five people that a number, or a difference of numbers, gives back."""
    cells, found = published(site), set()
    for meeting in (OPEN, CLOSED, TINY):
        total = wholes(cells, meeting)
        places = answers(cells, meeting, "participants")
        parts = [nb for values in places.values() for nb in values]
        for place, values in places.items():
            found |= {f"place of {meeting} : {place}" for nb in values if small(nb, PEOPLE) and nb not in total}
        left = {rest for whole in total for rest in rests(whole, parts) if parts}
        found |= {f"rest of places of {meeting}" for rest in left if small(rest, PEOPLE) and rest not in total}
        if meeting == OPEN:
            continue  # who was there agreed that answers be told
        users = {c.value for c in cells if c.q == "utilisateurs" and meeting in c.de}
        found |= {f"users of {meeting}" for nb in users if small(nb, PEOPLE)}
        found |= {f"others than users of {meeting}" for nb in users for whole in total if small(whole - nb, PEOPLE)}
        named = answers(cells, meeting, "mentions")
        mentioned = {
            c.value for c in cells if c.q == "mentions" and c.de[:2] == ("services", "mentions") and meeting in c.de
        }
        for answer, values in named.items():
            whole = mentioned | total if answer == ALL_TOGETHER else set()
            found |= {f"answer of {meeting} : {answer}" for nb in values if small(nb, PEOPLE) and nb not in whole}
    return found | leaks_of_sums(cells)


def leaks_of_sums(cells: list[Cell]) -> set[str]:
    """Services of which the figure of all meetings, minus what each page of minutes shows, gives a few people back."""
    shown, found = defaultdict(float), set()
    for meeting in (OPEN, CLOSED, TINY):
        for answer, values in answers(cells, meeting, "mentions").items():
            shown[answer] += max(values)
    for cell in cells:
        if cell.de[0] == "services_et_pratiques" and cell.q == "mentions":
            rest = cell.value - shown[cell.de[1]]
            found |= {f"sum of services : {cell.de[1]}"} if small(abs(rest), PEOPLE) else set()
            if small(cell.value, PEOPLE) and not answers(cells, OPEN, "mentions").get(cell.de[1]):
                found.add(f"service of few : {cell.de[1]}")
    return found


def contradictions(site: Site) -> list[str]:
    """The same quantity of the same subject that two pages do not tell alike."""
    told = defaultdict(lambda: defaultdict(list))
    for cell in published(site):
        if not cell.path.endswith("diagnostic.html"):  # it holds some figures twice
            told[cell.q, cell.de][cell.path].append(cell.value)
    return [
        f"{q} {'/'.join(de)} : {dict(pages)}"
        for (q, de), pages in told.items()
        if len({*map(tuple, pages.values())}) > 1
    ]


def totals_of_actors(site: Site) -> set[float]:
    """How many actors there are, wherever a page lets it be read: tables, origins, what changed."""
    found = {c.value for c in published(site) if c.q == "lignes" and {"Acteurs", "acteurs"} & {*c.de}}
    for path in site.paths:
        for item in site[path].select("li[data-nb]"):
            if "«\u202fActeurs" in item.get_text() and item["data-nb"]:
                found.add(float(item["data-nb"]))
                found |= {float(run.split("-")[1]) - 1 for run in item["data-lignes"].split(",") if run}
    return found


def leaks_of_organisations(site: Site) -> set[str]:
    """Types of actors of fewer than three: told, or given back by the number of actors."""
    cells, found = published(site), set()
    for figure in ("acteurs", "acteurs_compares"):
        own = [c for c in cells if c.de[0] == figure and c.q == "acteurs"]
        found |= {f"{figure} : {c.de[1]}" for c in own if small(c.value, ORGANISATIONS)}
        by_page = defaultdict(list)
        for cell in own:
            by_page[cell.path].append(cell.value)
        for shown in by_page.values():
            rest = {total - sum(shown) for total in totals_of_actors(site)}
            found |= {f"rest of {figure}" for nb in rest if small(nb, ORGANISATIONS)}
    return found


def leaks_of_problems(site: Site) -> set[str]:
    """What page 0 quotes of people's sheets, beyond the cell and the rule."""
    (page,) = [path for path in site.paths if path.endswith("0_donnees_recues.html")]
    rows = site[page].select("#figure-problemes tbody tr, #figure-correspondances tbody tr")
    told = [[" ".join(cell.get_text().split()) for cell in row.select("th, td")] for row in rows]
    return {
        "words of people"
        for cells in told
        if re.search(r"(?i)\b(fiches|verbatims|votes|mesures)\b", cells[0])
        and not (cells[2].startswith("Règle «") and cells[3].startswith("La commande domino check"))
    }


def leaks_of_words(site: Site) -> set[str]:
    """Secrets that some text of some page holds."""
    texts = "\n".join(unescape(text) for path in site.paths for text in everything(site[path]))
    return {what for what, word in SECRETS.items() if word.lower() in texts.lower()}


def leaks_of_marks(site: Site) -> set[str]:
    """Numbers that only a few people are worth."""
    held = {value for _, value in loose_numbers(site)}
    return {what for what, value in MARKS.items() if value in held}


def leaks_of_tables(site: Site) -> set[str]:
    """Letters of tables, and marks of tables where one has four ballots."""
    found = set()
    for path in site.paths:
        found |= {"letter of a table"} if re.search(r"\b[Tt]able [A-D]\b(?!['’])", site.words(path)) else set()
        for script in site[path].select('script[id^="trace-"][id*="votes"]'):
            traces = json.loads(script.string)["data"]
            found |= {"tables of four ballots"} if any("table" in str(trace.get("name")) for trace in traces) else set()
    return found


ATTACKS = {
    "people": leaks_of_people, "organisations": leaks_of_organisations, "problems": leaks_of_problems,
    "words": leaks_of_words, "marks": leaks_of_marks, "tables": leaks_of_tables,
}  # fmt: skip
every_attack = pytest.mark.parametrize("attack", ATTACKS)


# ── tests ───────────────────────────────────────────────────────────────────────────────────────


@every_attack
@pytest.mark.parametrize("state", ["public", "public_again"])
def test_no_attack_gives_a_small_number_back_on_the_public_edition(trap, attack, state):
    assert ATTACKS[attack](getattr(trap, state)) == set()


@every_attack
def test_the_same_attack_finds_the_secrets_of_the_committee(trap, attack):
    assert ATTACKS[attack](trap.committee) or attack == "tables"


def test_each_secret_is_in_the_edition_of_the_committee(trap):
    assert leaks_of_words(trap.committee) == set(SECRETS)
    assert leaks_of_marks(trap.committee) == set(MARKS)
    assert {"answer of R2 : Canari-Service", "others than users of R2", "place of R1 : Daphné"} <= leaks_of_people(
        trap.committee
    )
    assert {"acteurs : entreprise", "rest of acteurs"} & leaks_of_organisations(trap.committee)


def test_pages_of_one_edition_never_tell_the_same_thing_twice_in_two_ways(trap):
    for site in (trap.public, trap.committee):
        assert contradictions(site) == []


@pytest.mark.parametrize("state", ["public", "public_again"])
def test_every_page_says_which_edition_it_is_and_none_is_of_both(trap, state):
    for site, name in ((getattr(trap, state), "publique"), (trap.committee, "comite")):
        held = {site[path].find("meta", attrs={"name": "edition"})["content"] for path in site.paths}
        assert held == {name}
    assert "Édition du comité" not in "".join(trap.public.words(path) for path in trap.public.paths)


def since(site: Site) -> dict[str, BeautifulSoup]:
    """What each page tells of the one before; the index tells it under its own title."""
    told = {path: site[path].select_one("#depuis") for path in site.paths}
    return {path: section for path, section in told.items() if section}


def test_the_first_state_has_nothing_to_compare(trap):
    assert all("première édition" in section.get_text() for section in since(trap.public).values())


def test_what_changed_never_says_how_many_rows_or_which_numbers_of_people(trap):
    people = re.compile(rf"«\s({'|'.join(OF_PEOPLE)}|Acteurs)\s»")
    told = since(trap.public_again)
    assert any(people.search(section.get_text()) for section in told.values())
    for path, section in told.items():
        for item in section.select("li"):
            if people.search(item.get_text()):
                assert not item.select("ins, del"), f"{path} : {item.get_text()}"
        moved = [item.get_text() for item in section.select("li:has(del)")]
        assert all(re.match("Communes|Rencontres|Habitants|Intercommunalités|Lieux", text) for text in moved), (
            f"{path} : {moved}"
        )
    index = trap.public_again.words("index.html")
    assert "Fiches individuelles » (changée)" in index
    assert "Acteurs » (changée)" in index


def test_what_changed_in_a_public_sheet_is_told_with_its_numbers(trap):
    told = " ".join(section.get_text(" ", strip=True) for section in since(trap.public_again).values())
    assert re.search(r"Communes\s»\s*\(piege\)\s*:\s*1\s+ligne ajoutée", told)
    assert re.search(r"Communes du territoire[^→]*6\s*→\s*7", told)


def test_the_committee_is_told_what_changed_in_the_sheets_of_people(trap):
    told = " ".join(section.get_text(" ", strip=True) for section in since(trap.committee_again).values())
    assert re.search(r"Fiches individuelles\s»\s*\(piege\)\s*:\s*1\s+ligne ajoutée", told)
    assert re.search(r"Utilisateurs[^→]*13\s*→\s*14", told)


def test_origins_of_people_stop_at_the_meeting_and_never_at_the_answer(trap):
    """A number of rows that followed the answer would be the answer's number of people."""
    sizes = {"16", "14", "3", "33"}
    for path in trap.public.paths:
        for item in trap.public[path].select("li[data-nb]"):
            if "Fiches individuelles" in item.get_text():
                assert item["data-nb"] in sizes, f"{path} : {item.get_text()}"
                assert not item["data-lignes"]


def test_pages_of_two_editions_are_never_in_one_folder(trap):
    refused = domino("run", "--data", trap.public.data, "--edition", "comite", "--output", trap.public.root)
    assert refused.returncode == 2
    assert {path: trap.public_again.text(path) for path in trap.public_again.paths} == {
        p.relative_to(trap.public.root).as_posix(): p.read_text(encoding="utf-8")
        for p in sorted(trap.public.root.rglob("*.html"))
    }
