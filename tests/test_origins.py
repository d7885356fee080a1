"""Every number of every page is followed by machine, from its link to the cells of the sheets that it is counted from.

Pages are read as text, sheets as a spreadsheet holds them: nothing of the library is used here but its command.
"""

import csv
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from conftest import Site, domino
from python_calamine import CalamineWorkbook

KEPT = ("Fiches individuelles", "Votes", "Mesures")
"""Sheets of people of which the public edition gives the number of rows only."""
UNTOLD = "Acteurs"
"""Sheet of which the public edition does not even give that."""
EDITIONS = ("publique", "comite")


# ── the sheets ──────────────────────────────────────────────────────────────────────────────────


@cache
def cells_of(path: Path, sheet: str) -> dict[int, list[str]]:
    """Rows of a sheet under the number that a spreadsheet gives them, titles included; KeyError when it has no such sheet."""
    if path.suffix == ".csv":
        if sheet not in ("", path.stem):
            raise KeyError(f"{path.name} : {sheet}")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return {
                number: [cell.strip() for cell in row]
                for number, row in enumerate(csv.reader(stream, delimiter=";"), 1)
            }
    workbook = CalamineWorkbook.from_path(str(path))
    if sheet not in workbook.sheet_names:
        raise KeyError(f"{path.name} : {sheet}")
    rows = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    return {number: [plain(cell) for cell in row] for number, row in enumerate(rows, 1)}


def plain(cell: object) -> str:
    """Cell as one reads it: no decimal where there is none."""
    return f"{cell:g}" if isinstance(cell, float) else str(cell).strip()


def titled(path: Path, sheet: str, numbers: list[int]) -> list[dict[str, str]]:
    """Some rows of a sheet by title."""
    held = cells_of(path, sheet)
    return [dict(zip(held[1], held[number], strict=False)) for number in numbers]


# ── the pages ───────────────────────────────────────────────────────────────────────────────────


@dataclass
class Source:
    """One entry of an origin: a file, a sheet, how many rows, and which."""

    path: Path
    sheet: str
    words: str
    told: str
    numbers: list[int] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Sheet as the page names it; nothing for a table of reference."""
        found = re.match("Feuille «\\s(.*?)\\s»", self.words)
        return found[1] if found else ""

    @property
    def territory(self) -> str:
        """Territory whose rows of a table of reference count."""
        found = re.search("«\\sterritoire\\s» vaut «\\s(.*?)\\s»", self.words)
        return found[1] if found else ""

    @property
    def rows(self) -> list[dict[str, str]]:
        """Its rows, by title."""
        return titled(self.path, self.sheet, self.numbers)


def sources(entry: Tag, raw: Path) -> list[Source]:
    """What an origin gives; one that gives nothing says so."""
    found = []
    for item in entry.select("li[data-fichier]"):
        runs = [run.split("-") for run in item["data-lignes"].split(",") if run]
        numbers = [number for first, last in runs for number in range(int(first), int(last) + 1)]
        found.append(
            Source(raw / item["data-fichier"], item["data-feuille"], item.get_text(), item["data-nb"], numbers)
        )
    return found


@dataclass
class Followed:
    """A number of a sentence with what it is, or a figure, and where its origin leads."""

    what: str
    q: str
    de: str
    value: float
    sources: list[Source]


def followed(page: BeautifulSoup, raw: Path) -> Iterator[Followed]:
    """Each number of a sentence and each figure; one that leads nowhere has no source."""
    for mark in page.select("main data.n"):
        if mark.find_parent("figure"):
            continue
        link = mark.find_parent("a", class_="renvoi")
        entry = page.find("li", id=link["href"].removeprefix("#")) if link else None
        told = sources(entry, raw) if entry and entry.find_parent("section", class_="origines") else []
        about = f"{mark.get('data-de')} = {mark['value']}"
        yield Followed(about, mark["data-q"], mark.get("data-de", ""), float(mark["value"]), told)
    for figure in page.select("main figure"):
        entry = figure.find_all(recursive=False)[-1]
        told = sources(entry, raw) if entry.name == "details" and entry.get("class") == ["origine"] else []
        yield Followed(figure["id"], "", "", 0, told)


# ── what may be wrong ───────────────────────────────────────────────────────────────────────────


def wrong_source(source: Source, is_public: bool) -> str:
    """Why an entry leads to no row, to a row that does not exist, or shows rows that it must not."""
    if not source.path.is_file():
        return f"{source.path} n'existe pas"
    try:
        held = cells_of(source.path, source.sheet)
    except KeyError as error:
        return f"pas de feuille {error}"
    if source.territory:
        rows = [row for number, row in held.items() if number > 1]
        place = held[1].index("territoire")
        right = sum(row[place] == source.territory for row in rows)
        return "" if str(right) == source.told else f"{right} lignes de {source.territory}, non {source.told}"
    if is_public and source.title == UNTOLD:
        return "" if (source.told, source.numbers) == ("", []) else f"combien d'acteurs : {source.told}"
    if is_public and source.title in KEPT:
        filled = sum(any(row) for number, row in held.items() if number > 1)
        return "" if not source.numbers and 0 < int(source.told) <= filled else f"{source.told} de {filled} lignes"
    empty = [number for number in source.numbers if number < 2 or not any(held.get(number, ()))]
    if empty or len(set(source.numbers)) != len(source.numbers):
        return f"lignes vides, absentes ou en double : {empty or source.numbers}"
    return (
        ""
        if source.numbers and str(len(source.numbers)) == source.told
        else f"{source.told} lignes, non {source.numbers}"
    )


def wrong_page(page: BeautifulSoup, raw: Path, is_public: bool) -> list[str]:
    """Numbers and figures that lead nowhere, to nothing, or to rows that are not theirs."""
    wrong = []
    for number in followed(page, raw):
        wrong += [] if number.sources or is_bare(page, number) else [f"{number.what} ne mène à rien"]
        why = [why for source in number.sources if (why := wrong_source(source, is_public))]
        wrong += [f"{number.what} : {told}" for told in why or [wrong_value(number)] if told]
    return wrong


def is_bare(page: BeautifulSoup, number: Followed) -> bool:
    """Whether a figure shows no number and says that no row was received."""
    figure = page.find("figure", id=number.what)
    return not number.q and not figure.select("data") and bool(figure.select('details.origine li[data-nb="0"]'))


COUNTED = {
    "communes": "Communes", "enjeux": "Enjeux", "preconisations": "Préconisations", "reunions": "Réunions",
    "initiatives_total": "Initiatives", "indicateurs": "Indicateurs", "fiches": "Fiches individuelles",
}  # fmt: skip
"""Quantities that are numbers of rows of a sheet."""
COUNTED_BY = {
    "initiatives/initiatives": "Initiatives", "pratiques_court/initiatives": "Initiatives", "phrases_question/phrases": "Verbatims",
    "objets/objets": "Indicateurs", "ordre_bouge/objets": "Indicateurs",
}  # fmt: skip
"""The same, of some sentences only."""
WRITTEN = {"presents": ("Réunions", "Présents"), "tables": ("Réunions", "Tables"), "habitants": ("Territoires", "Habitants"),
           "quantite": ("Dépouillements", "Mentions ou valeur"), "quantite_base": ("Dépouillements", "Base (nombre de réponses)"),
           "utilisateurs": ("Dépouillements", "Mentions ou valeur"), "repondants": ("Dépouillements", "Base (nombre de réponses)"),
           "participants": ("Dépouillements", "Mentions ou valeur"), "mentions": ("Dépouillements", "Mentions ou valeur")}  # fmt: skip
"""Quantities that someone wrote: sheet and column of the cell."""


def wrong_value(number: Followed) -> str:
    """Why the value of a number cannot be that of its rows, where a hand can check it."""
    by_title = {source.title: source for source in number.sources}
    phrase = "/".join(number.de.split("/")[:2])
    counted = COUNTED_BY.get(phrase) or (COUNTED.get(number.q) if not phrase.startswith(PARTLY) else None)
    if counted:
        nb = by_title[counted].told if counted in by_title else "aucune ligne"
        return "" if nb == f"{number.value:g}" else f"{nb} lignes de « {counted} »"
    if number.q in WRITTEN and WRITTEN[number.q][0] in by_title and "Fiches individuelles" not in by_title:
        sheet, column = WRITTEN[number.q]
        told = [numeric(row[column]) for row in by_title[sheet].rows]
        many = number.q == "mentions" and phrase.startswith("services")  # all of them together
        return "" if told == [number.value] or (many and len(told) > 1) else f"{told} dans la colonne « {column} »"
    if number.q == "points" and by_title.get("Votes") and by_title["Votes"].numbers:
        points = sum(numeric(row["Points"]) or 0 for row in by_title["Votes"].rows)
        return "" if points == number.value else f"{points:g} points dans les lignes données"
    if number.q == "mediane" and by_title.get("Mesures") and by_title["Mesures"].numbers:
        rows = [row for row in by_title["Mesures"].rows if not row["Sur quelle pratique"]]
        columns = [[numeric(row[c]) for row in rows if row[c]] for c in ("Situation actuelle", "Situation souhaitée")]
        middle = [statistics.median(marks) for marks in columns if marks]
        return "" if number.value in middle else f"{middle} au milieu des notes"
    return ""


PARTLY = ("carte_", "lecture_", "reste_", "sans_", "preconisations_autres/", "autres_echelles/")
"""Sentences that count some of the rows that they lead to."""


def numeric(cell: str) -> float | None:
    return float(cell.replace(",", ".")) if cell else None


# ── tests ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def committee(pages, tmp_path_factory) -> Site:
    """The same territories in the edition of the committee."""
    root = tmp_path_factory.mktemp("comite") / "reports"
    return Site(root, pages.data, domino("run", "--data", pages.data, "--edition", "comite", "--output", root))


@pytest.fixture(params=EDITIONS)
def edition(request):
    """Pages of an edition, and whether it is that of everyone."""
    is_public = request.param == "publique"
    return request.getfixturevalue("pages" if is_public else "committee"), is_public


def raw_of(site: Site) -> Path:
    return site.data / "raw"


def test_each_number_and_each_figure_leads_to_rows_that_exist_and_hold_it(edition):
    site, is_public = edition
    assert site.result.returncode == 0, site.result.stdout + site.result.stderr
    wrong = [f"{path} : {why}" for path in site.paths for why in wrong_page(site[path], raw_of(site), is_public)]
    assert not wrong, "\n".join(wrong)


def test_most_numbers_are_looked_at_and_many_by_hand(pages):
    found = [number for path in pages.paths for number in followed(pages[path], raw_of(pages))]
    assert len(found) > 400
    checked = [number for number in found if number.q in {*COUNTED, *WRITTEN, "phrases", "initiatives", "points"}]
    assert len(checked) > 150
    figures = {number.what.rpartition("figure-")[2] for number in found if not number.q}
    assert len(figures) > 40


def test_a_public_page_lists_no_row_of_the_sheets_of_people_and_the_committee_lists_each(pages, committee):
    listed = {
        site: [source for path in site.paths for number in followed(site[path], raw_of(site)) for source in number.sources
               if source.title in (*KEPT, UNTOLD)]
        for site in (pages, committee)
    }  # fmt: skip
    assert (
        {source.title for source in listed[pages]} == {source.title for source in listed[committee]} == {*KEPT, UNTOLD}
    )
    assert not any(source.numbers for source in listed[pages])
    assert all(source.numbers for source in listed[committee])


def test_a_number_of_a_meeting_leads_to_no_row_of_another(edition):
    site, _ = edition
    for path in site.paths:
        if "/reunions/" not in path:
            continue
        for number in followed(site[path], raw_of(site)):
            for source in number.sources if number.q else ():
                rows = [row for row in source.rows if "Code réunion" in row and source.title != "Enjeux"]
                meetings = {row["Code réunion"].lower() for row in rows}
                assert meetings <= {Path(path).stem}, f"{path} : {number.what}, {source.title}, {meetings}"


MINUTES = "chateaubriant/reunions/chb-2015-09-24.html"


@pytest.mark.parametrize(
    ("right", "false", "why"),
    [
        ('href="#origine-1"', 'href="#origine-99"', "ne mène à rien"),
        ('<a class="renvoi" href="#origine-1">', '<a class="lien" href="#origine-1">', "ne mène à rien"),
        ("chateaubriant/reunions.csv", "chateaubriant/rencontres.csv", "n'existe pas"),
        ('data-feuille="reunions"', 'data-feuille="fiches"', "pas de feuille"),
        ('data-lignes="3-3"', 'data-lignes="4-4"', "dans la colonne"),
        ('data-lignes="3-3"', 'data-lignes="3-4"', "1 lignes, non"),
        ('data-lignes="3-3"', 'data-lignes="1-1"', "lignes vides"),
        ('data-lignes="2-34"', 'data-lignes="2-33,300-300"', "lignes vides"),
        ('data-nb="33"', 'data-nb="32"', "32 lignes, non"),
        ('value="16"', 'value="17"', "dans la colonne"),
        ('data-nb="9" data-lignes="2-10"', 'data-nb="8" data-lignes="2-9"', "8 lignes de « Verbatims »"),
        ('<section class="origines">', '<section class="ailleurs">', "ne mène à rien"),
    ],
)
def test_a_link_or_a_row_that_is_broken_is_seen(pages, right, false, why):
    text = pages.text(MINUTES)
    assert right in text
    wrong = wrong_page(BeautifulSoup(text.replace(right, false), "html.parser"), raw_of(pages), True)
    assert any(why in told for told in wrong), wrong


def test_a_figure_without_its_origin_is_seen(pages):
    page = BeautifulSoup(pages.text("redon/1_etat_des_lieux.html"), "html.parser")
    page.select_one("figure details.origine").decompose()
    assert sum("ne mène à rien" in told for told in wrong_page(page, raw_of(pages), True)) == 1


def test_a_table_of_reference_whose_count_is_wrong_is_seen(pages):
    text = pages.text("redon/1_etat_des_lieux.html")
    (count,) = set(re.findall(r'reference/communes_2015.csv" data-feuille="" data-nb="(\d+)"', text))
    broken = text.replace(f'data-feuille="" data-nb="{count}"', f'data-feuille="" data-nb="{int(count) + 1}"')
    wrong = wrong_page(BeautifulSoup(broken, "html.parser"), raw_of(pages), True)
    assert any(f"{count} lignes de redon" in told for told in wrong)


def test_a_public_page_that_lists_rows_of_people_is_seen(pages, committee):
    path = "exemple/4_preconisations.html"
    assert not wrong_page(committee[path], raw_of(committee), False)
    assert any("lignes" in told for told in wrong_page(committee[path], raw_of(committee), True))
