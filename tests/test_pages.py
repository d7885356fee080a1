"""The pages as a reader gets them, made by the real command from the real data."""

import base64
import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup
from conftest import HOSTILE, RAW, domino, french, write_csv, write_xlsx
from python_calamine import CalamineWorkbook

from domino_analysis import child, paths
from domino_analysis.paths import CHECKOUT, library_key
from domino_analysis.report import build
from domino_analysis.report import page as maker
from domino_analysis.schema import catalogue, descriptor, etapes

STEPS = ["0_donnees_recues", "1_etat_des_lieux", "2_indicateurs", "3_enjeux", "4_preconisations"]
WRITTEN = {
    "chateaubriant": [*STEPS[:2], *STEPS[3:], "diagnostic", "reunions/chb-2015-09-24"],
    "morlaix": [*STEPS[:2], STEPS[3], "diagnostic"],
    "redon": [*STEPS[:2], STEPS[3], "diagnostic"],
    "rennes": [*STEPS[:2], STEPS[3], "diagnostic"],
    "exemple": [*STEPS, "diagnostic", "reunions/ex-2016-01-12", "reunions/ex-2016-03-15", "reunions/ex-2016-05-10"],
}
COMMON = ["index.html", "comparaison.html", "cahier.html", "methode.html"]
PAGES = sorted([*COMMON, *(f"{c}/{name}.html" for c in WRITTEN for name in ("index", *WRITTEN[c]))])
NAMES = {
    "chateaubriant": "Pays de Châteaubriant",
    "morlaix": "Pays de Morlaix",
    "redon": "Pays de Redon",
    "rennes": "Rennes Métropole",
    "exemple": "Pays d'Exemple",
}
MINUTES = "chateaubriant/reunions/chb-2015-09-24.html"
EXAMPLE_MINUTES = {
    "exemple/reunions/ex-2016-01-12.html": 10,
    "exemple/reunions/ex-2016-03-15.html": 8,
    "exemple/reunions/ex-2016-05-10.html": 6,
}
every_page = pytest.mark.parametrize("path", PAGES)
every_territory = pytest.mark.parametrize("code", WRITTEN)


def code_of(path: str) -> str:
    """Territory of a page; nothing when it is common to several."""
    return path.split("/")[0] if "/" in path else ""


def charts(page) -> dict[str, dict]:
    """Description of each chart of a page, by its figure."""
    found = page.find_all("script", type="application/json")
    return {script["id"].removeprefix("trace-"): json.loads(script.string) for script in found}


def is_still(page) -> bool:
    """Whether a page has no script: it is read on paper."""
    return page.body.get("class") == ["essentiel"]


def is_alone(page) -> bool:
    """Whether a page stands in one file, its scripts within."""
    return "'sha256-" in page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]


def inline_scripts(page) -> list[str]:
    """Scripts that are written in a page and run."""
    return [script.string for script in page.find_all("script", src=False, type=False)]


def without_scripts(site, path: str) -> str:
    """Page as it is written, without the scripts that a page that stands alone holds: they are those of the library."""
    text = site.text(path)
    for script in inline_scripts(site[path]):
        assert script in text, path
        text = text.replace(script, "")
    return text


def example_sheet(name: str) -> list[dict]:
    """Rows of one sheet of the example's workbook, by title."""
    workbook = CalamineWorkbook.from_path(str(RAW / "exemple" / "exemple.xlsx"))
    titles, *rows = workbook.get_sheet_by_name(name).to_python()
    return [dict(zip(titles, row, strict=True)) for row in rows]


# ── which pages ─────────────────────────────────────────────────────────────────────────────────


def test_a_run_of_everything_succeeds_with_the_problems_that_the_data_have(pages):
    assert pages.result.returncode == 0, pages.result.stdout + pages.result.stderr
    assert "35 page" in pages.result.stdout  # and the index
    checked = domino("check", "exemple", "--data", pages.data)
    assert "Introuvable-les-Nues" in checked.stdout


def test_each_territory_has_the_pages_of_what_was_received_and_no_other(pages):
    assert pages.paths == PAGES


def test_every_page_is_reached_from_the_first_one(pages):
    reached, waiting = set(), ["index.html"]
    while waiting:
        path = waiting.pop()
        reached.add(path)
        for link in pages[path].select("a[href]"):
            target = unquote(link["href"].split("#")[0])
            if target and not re.match(r"https?:|data:text/csv", target):
                found = (pages.root / path).parent.joinpath(target).resolve()
                name = found.relative_to(pages.root.resolve()).as_posix()
                if name not in reached:
                    waiting.append(name)
    assert sorted(reached) == PAGES


@every_territory
def test_a_step_without_data_is_a_line_that_names_the_sheet_that_would_bring_it(pages, code):
    page = pages[f"{code}/index.html"]
    lines = {
        "2_indicateurs": "Rien n'a été reçu. À remplir : « Indicateurs » ou « Votes ».",
        "4_preconisations": "Rien n'a été reçu. À remplir : « Préconisations » ou « Actions ».",
    }
    told = [" ".join(row.find_all("td")[-1].get_text().split()) for row in page.select("#figure-etapes tbody tr")]
    links = {a["href"] for a in page.select("main a[href]")}
    for step, said in zip(STEPS[1:], told, strict=True):
        assert (f"{step}.html" in links) == (step in WRITTEN[code])
        assert (said == lines.get(step)) == (step not in WRITTEN[code])
    assert pages.words(f"{code}/index.html", "main").count("Rien n'a été reçu") == len(set(STEPS) - {*WRITTEN[code]})


# ── what every page has ─────────────────────────────────────────────────────────────────────────


@every_page
def test_a_page_says_what_it_is_in_french(pages, path):
    page = pages[path]
    assert pages.text(path).startswith("<!DOCTYPE html>")
    assert page.html["lang"] == "fr"
    assert page.find("meta", attrs={"name": "viewport"})
    assert len(page.find_all("h1")) == 1
    assert page.h1.get_text().strip()
    assert page.title.get_text().strip()
    if code_of(path):
        assert NAMES[code_of(path)] in page.title.get_text()


def test_no_two_pages_have_the_same_title(pages):
    titles = [pages[path].title.get_text() for path in pages.paths]
    assert len(set(titles)) == len(titles) == 36


@every_page
def test_the_table_of_contents_names_each_section_in_order(pages, path):
    page = pages[path]
    sections = [(title["id"], title.get_text()) for title in page.select("main h2")]
    links = page.select("nav.sommaire a")
    assert sections
    assert [(a["href"], a.get_text()) for a in links] == [(f"#{i}", t) for i, t in sections if len(sections) > 2]


@every_page
def test_headings_are_never_skipped_and_no_identifier_is_given_twice(pages, path):
    levels = [int(title.name[1]) for title in pages[path].find_all(re.compile("^h[1-6]$"))]
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    ids = [tag["id"] for tag in pages[path].find_all(id=True)]
    assert sorted(set(ids)) == sorted(ids)


@every_page
def test_every_figure_has_a_caption_and_a_table_that_can_be_heard(pages, path):
    for figure in pages[path].find_all("figure"):
        assert figure.figcaption.get_text().strip()
        table = figure.find("table")
        assert table.caption.get_text().strip()
        assert all(th.get("scope") in ("col", "row") for th in table.find_all("th"))
        assert all(th.get_text().strip() for th in table.select("thead th"))
        titles = len(table.select("thead th"))
        for row in table.select("tbody tr"):
            assert row.find("th", scope="row")
            assert len(row.find_all(["th", "td"])) == titles


@every_page
def test_every_chart_has_a_reading_sentence_and_a_text_alternative(pages, path):
    for place in pages[path].select(".graphique"):
        figure = place.find_parent("figure")
        reading = figure.select_one(".lecture")
        assert reading, f"{place['data-figure']} has no reading sentence"
        assert reading.get_text().strip().endswith((".", "?"))
        assert place["role"] == "img"
        assert not re.search(r" : *(;|$)", place["aria-label"]), place["aria-label"]


@every_page
def test_every_chart_is_described_once_and_sends_nothing(pages, path):
    described, places = charts(pages[path]), [place["data-figure"] for place in pages[path].select(".graphique")]
    assert list(described) == ([] if is_still(pages[path]) else places)
    for chart in described.values():
        assert chart["data"]
        assert chart["layout"]
        assert chart["config"]["showSendToCloud"] is False
        assert chart["config"]["displaylogo"] is False
    assert "Share" not in pages.words(path)


@every_page
def test_every_chart_has_a_still_drawing_that_is_not_heard_twice(pages, path):
    for place in pages[path].select(".graphique"):
        (drawing,) = place.select(":scope > .dessin > svg")
        assert drawing["aria-hidden"] == "true"
        if not is_still(pages[path]):
            assert place.find_next_sibling("script")["id"] == f"trace-{place['data-figure']}"


def test_the_charts_are_of_kinds_that_draw_without_a_network(pages):
    kinds = {trace["type"] for path in pages.paths for chart in charts(pages[path]).values() for trace in chart["data"]}
    assert kinds == {"bar", "scatter", "scatterpolar"}


@every_page
def test_a_page_loads_its_own_files_only(pages, path):
    page = pages[path]
    loaded = [tag["src"] for tag in page.find_all(src=True)]
    loaded += [tag["href"] for tag in page.find_all("link")]
    for target in loaded:
        assert not re.match(r"[a-z]+:|//", target), target
        assert (pages.root / path).parent.joinpath(target).is_file(), target
    for style in page.find_all("style"):
        assert not re.search(r"url\(|@import", style.get_text())
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert "default-src 'none'" in policy
    assert not re.search(r"https?:|\*", policy)


def test_plotly_is_there_once_and_only_pages_with_charts_load_it(pages):
    assets = sorted(p.name for p in pages.root.rglob("*.js"))
    assert len([name for name in assets if name.startswith("plotly-")]) == 1
    for path in pages.paths:
        page = pages[path]
        loads = any("plotly" in tag["src"] for tag in page.find_all("script", src=True))
        assert loads == bool(page.select(".graphique") and not is_still(page) and not is_alone(page)), path


@every_page
def test_a_page_runs_its_own_files_or_stands_alone_with_scripts_that_it_names_or_has_none(pages, path):
    page, policy = pages[path], pages[path].find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert is_alone(page) == path.endswith("/diagnostic.html")
    assert is_still(page) == (path.endswith("/index.html") or path == "index.html")
    within = inline_scripts(page)
    assert len(within) == 2 * is_alone(page)
    allowed = re.search("script-src ([^;]*)", policy)[1].split()
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in within]
    others = ["'none'"] if is_still(page) else ["'self'", "file:"]
    assert allowed == ([f"'sha256-{hashed}'" for hashed in hashes] or others)
    if is_alone(page) or is_still(page):
        assert not page.find_all("script", src=True)


@every_page
def test_every_link_leads_somewhere(pages, path):
    for link in pages[path].select("a[href]"):
        target, _, anchor = link["href"].partition("#")
        if re.match(r"https?:|data:text/csv", target):
            continue
        found = (pages.root / path).parent.joinpath(unquote(target)).resolve() if target else None
        assert found is None or found.is_file(), link["href"]
        name = path if found is None else found.relative_to(pages.root.resolve()).as_posix()
        assert not anchor or pages[name].find(id=anchor), link["href"]


@every_page
def test_the_footer_names_those_who_pay_and_take_part(pages, path):
    footer = pages.words(path, "footer")
    if code_of(path) == "exemple":
        partners = ["Financeur Exemple A", "Partenaire Exemple B"]
    else:
        partners = ["ADEME", "Collporterre", "Télécom Bretagne"]
    assert [name for name in partners if name not in footer] == []


@every_page
def test_a_page_names_its_own_territory_and_no_other(pages, path):
    shared = [code for code in NAMES if code != "exemple" or path == "index.html"]
    named = shared if path in COMMON else [code_of(path)]
    words = pages.words(path)
    if path.endswith("/index.html"):  # the planned calendar was told at one of them, to all
        words = words.replace("réunion de lancement du diagnostic territorial, Pays de Châteaubriant", "")
    assert [code for code, name in NAMES.items() if name in words] == named


@every_page
def test_the_example_says_on_each_page_that_it_is_fictional_and_no_other_page_does(pages, path):
    is_example = code_of(path) == "exemple"
    banners = pages[path].select(".fictif")
    assert len(banners) == is_example
    assert "fictif" in pages[path].body.get_text() or not is_example
    if is_example:
        assert "Exemple fictif" in banners[0].get_text()
        assert banners[0].find_next("h1")


def test_the_real_and_the_fictional_share_no_page_but_the_index(pages):
    communes = [row["Commune"] for row in example_sheet("communes")]
    for path in set(PAGES) - {"index.html"}:
        found = [name for name in communes if name in pages.words(path)]
        assert code_of(path) == "exemple" or found == [], path
        assert code_of(path) == "exemple" or "fictif" not in pages.words(path), path
    assert "Un exemple fictif" in pages.words("index.html")


@pytest.fixture
def known(folder):
    """What a run knows of territories that have a name and a partner, each fictional or not."""

    def read(territories: dict[str, str]) -> build.Site:
        for code, fictif in territories.items():
            named = {"Nom du territoire": f"Pays {code}", "Fictif": fictif}
            folder(code, territoires=[{**named, "Financeurs et partenaires": f"Partenaire {code}"}])
        site = build.look(territories)
        assert list(build.read(site, build.Means())) == [*territories, "programme"]
        return site

    return read


@pytest.mark.parametrize(
    ("territories", "spoken_of", "is_fictif"),
    [({"vrai": "non", "faux": "oui"}, ["vrai"], False), ({"deux": "oui", "un": "oui"}, ["deux", "un"], True)],
)
def test_common_pages_speak_of_the_real_territories_or_of_all_when_none_is_real(
    known, territories, spoken_of, is_fictif
):
    *made, method = build.shared_pages(known(territories))
    assert [page.path for page in made] == ["comparaison.html", "cahier.html"]
    for page in made:
        assert list(page.partners) == [f"Partenaire {code}" for code in spoken_of]
        assert dict(page.parameters) == {"territoires": ",".join(spoken_of)}
        assert page.is_fictif == is_fictif
    assert method.path == "methode.html"  # it speaks of no territory
    assert (method.parameters, method.codes, method.is_fictif) == ((), (), False)


def test_without_a_territory_there_is_no_common_page():
    assert build.shared_pages(build.Site()) == []


@pytest.mark.parametrize(
    ("territories", "banners", "titles"),
    [
        ({}, 0, []),
        ({"vrai": "non"}, 0, ["Les territoires", "Ce qui les réunit"]),
        ({"vrai": "non", "faux": "oui"}, 0, ["Les territoires", "Ce qui les réunit", "Un exemple fictif"]),
        ({"deux": "oui", "un": "oui"}, 1, ["Des exemples fictifs", "Ce qui les réunit"]),
    ],
)
def test_the_index_says_that_everything_is_fictional_when_no_territory_is_real(known, territories, banners, titles):
    site = known(territories)
    asked = build.index(site)
    call = build.in_child, paths.data_dir(), "publique", "make", asked, library_key(), "", build.inputs(asked, site)
    html, reason, _ = child.run(*call)
    made = BeautifulSoup(html, "html.parser")
    assert reason == ""
    assert len(made.select(".fictif")) == banners
    told = [h2.get_text() for h2 in made.select("h2") if not h2.find_parent(class_="origines")]
    assert told == [*titles, "Depuis la dernière fois"]
    assert len(made.select('main a[href="comparaison.html"]')) == min(len(territories), 1)
    assert len(made.select("nav.programme")) == min(len(territories), 1)
    assert len(made.select("#territoires")) == min(len(territories), 1)
    assert [h3.get_text() for h3 in made.select("h3")] == [f"Pays {code}" for code in territories]


@every_page
def test_no_page_holds_a_path_or_a_word_of_the_machine(pages, path):
    text = without_scripts(pages, path)
    for word in (str(pages.root), str(CHECKOUT), "site-packages", "Traceback", "0x7f", ".py&"):
        assert word not in text
    assert not re.search(r"(?<![\w-])(nan|NaN|NaT|None|<NA>|&lt;NA&gt;)(?![\w-])", pages.words(path))


@every_page
def test_french_spaces_stand_before_double_signs(pages, path):
    soup = pages[path].select_one("main")
    own = [
        string
        for string in soup.find_all(string=True)
        if not string.find_parent(class_=["t", "dessin"]) and string.parent.name not in ("script", "style")
    ]
    assert [text for text in own if re.search(r"\w[;?!»]| [;:?!»%]", text)] == []


# ── Châteaubriant ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "sentence",
    [
        "16 personnes étaient présentes",
        "autour de 4 tables",
        "13 sur 16",
        "Au moins 11 communes sur 33",
        "18 services sont cités, au moins 28 fois",
        "39 phrases",
        "Le groupe a retenu 3 enjeux",
        "5 phrases sur 18 ne sont reprises par aucun enjeu",
        "entre 4 et 7 selon le codage",
    ],
)
def test_the_minutes_of_chateaubriant_say(pages, sentence):
    assert sentence in pages.words(MINUTES)


@pytest.mark.parametrize("sentence", ["13 sur 16", "11 communes sur 33", "3 enjeux", "entre 4 et 7 selon le codage"])
def test_the_page_of_chateaubriant_says(pages, sentence):
    assert sentence in pages.words("chateaubriant/index.html")


def test_the_way_of_chateaubriant_goes_from_18_statements_to_3_stakes(pages):
    page = pages["chateaubriant/3_enjeux.html"]
    rows = {
        " ".join(row.th.get_text().split()): [cell.get_text() for cell in row.find_all("td")]
        for row in page.select("#figure-chemin tbody tr")
    }
    assert {label: numbers[0] for label, numbers in rows.items()} == {
        "Les services": "6",
        "Créer une dynamique collaborative sur le territoire": "4",
        "Créer du lien social, mettre en valeur le « mieux vivre »": "3",
        "non repris": "5",
    }
    assert rows["non repris"][1:] == ["4", "7"]


@pytest.mark.parametrize("path", [MINUTES, "chateaubriant/3_enjeux.html"])
def test_what_was_not_taken_up_at_chateaubriant_is_named(pages, path):
    words = pages.words(path).split("5 phrases sur 18 ne sont reprises par aucun enjeu")[1]
    for statement in (
        "Réflexion sur un statut particulier pour les entreprises solidaires",
        "Solutions alternatives à l'économie actuelle",
        "Conserver les emplois et en créer de nouveaux",
        "Impact sur l'environnement",
        "Comment crée de la richesse et de l'emploi ?",
    ):
        assert statement in words


def test_sixteen_people_are_never_a_percentage(pages):
    for path in pages.of("chateaubriant"):
        # Public figures of the whole territory are shares of thousands of people.
        own = [
            text
            for text in pages[path].main.find_all(string=re.compile("%|pour cent|pourcent"))
            if text.parent.name != "script" and not text.find_parent(id=re.compile("figure-contexte$"))
        ]
        assert own == [], path


def test_people_by_commune_add_up_to_those_who_were_there(pages):
    counts = pages[MINUTES].select('main [data-q="participants"]')
    rows = csv.DictReader((RAW / "chateaubriant" / "depouillements.csv").open(encoding="utf-8-sig"), delimiter=";")
    published = [int(r["Mentions ou valeur"]) for r in rows if "provenance" in str(r.values())]
    assert sum(published) == 16
    assert [int(count["value"]) for count in counts][:2] == [4, 2]


# ── the public edition ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("path", "people"), EXAMPLE_MINUTES.items())
def test_no_place_of_fewer_than_five_people_is_counted_apart(pages, path, people):
    counts = [int(d["value"]) for d in pages[path].select('main [data-q="participants"]')]
    assert sum(counts) == people
    assert min(counts) >= 5


def test_two_elected_people_are_never_alone(pages):
    assert [row["Vous êtes"] for row in example_sheet("fiches")].count("élu") == 2
    for path in pages.of("exemple"):
        assert not re.search(r"\b(2|deux|1|un) élus?\b|\bélus? ?:? [12]\b", pages.words(path)), path


def test_what_was_said_at_a_meeting_without_public_restitution_is_on_no_page(pages):
    said = [row["Texte exact"] for row in example_sheet("verbatims") if row["Code réunion"] == "EX-2016-05-10"]
    expected = [
        line
        for row in example_sheet("fiches")
        if row["Code réunion"] == "EX-2016-05-10"
        for line in row["Vos attentes"].splitlines()
    ]
    assert (len(said), len(expected)) == (8, 8)
    for path in pages.paths:
        words = pages[path].get_text()  # the descriptions of charts included
        words = words.replace("Apprendre à réparer plutôt que jeter", "")  # said in public
        assert [text for text in (*said, *expected) if text in words] == [], path


def test_what_was_said_at_the_other_meetings_is_there(pages):
    words = pages.words("exemple/reunions/ex-2016-01-12.html")
    assert "Se déplacer sans voiture entre les communes" in words


def test_minutes_say_how_much_is_kept_back_and_why(pages):
    words = pages.words("exemple/reunions/ex-2016-05-10.html")
    assert "8 phrases" in words
    assert "La réunion n'a pas de restitution publique" in words


@pytest.fixture(scope="module")
def kept_back(again):
    """Pages of the example when the meeting that gave the marks did not agree to a public restitution."""

    def change(raw):
        workbook = CalamineWorkbook.from_path(str(raw / "exemple" / "exemple.xlsx"))
        sheets = {name: workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names}
        titles, *rows = sheets["reunions"]
        (row,) = [row for row in rows if row[titles.index("Code réunion")] == "EX-2016-06-07"]
        row[titles.index("Restitution publique ?")] = "non"
        write_xlsx(raw / "exemple" / "exemple.xlsx", sheets)

    return again("retenu", "exemple", change)


def test_marks_of_three_tables_stay_with_the_committee_when_their_meeting_says_so(pages, kept_back):
    # The lowest, the median and the highest of three marks are the three marks.
    assert {row["Code réunion"] for row in example_sheet("mesures")} == {"EX-2016-06-07"}
    for site, is_public in ((pages, True), (kept_back, False)):
        page = site["exemple/3_enjeux.html"]
        assert bool(page.select('[data-q="mesure"]')) == is_public
        assert bool(page.select("#figure-notes")) == is_public
        assert ("marques pâles" in page.get_text()) == is_public
        assert bool(page.select_one("#figure-ecarts")) == is_public  # the median of three is one of the three
        assert ("33 notes ou avis ne sont pas montrés" in page.get_text()) != is_public


def test_tables_of_four_ballots_are_not_told_apart_and_those_of_five_are(pages):
    votes = [row for row in example_sheet("votes") if row["Points"] != ""]
    for path, about, size, is_public in (
        ("exemple/2_indicateurs.html", "critère", 5, True),
        ("exemple/4_preconisations.html", "levier", 4, False),
    ):
        ballots = {(row["Table"], row["N° de bulletin"]) for row in votes if row["Sur quoi"] == about}
        letters = {table for table, _ in ballots}
        assert {sum(table == letter for table, _ in ballots) for letter in letters} == {size}
        figure = pages[path].select_one("[id^=figure-votes]")
        assert [th.get_text() for th in figure.select("thead th")] == ["Ce sur quoi l'on a voté", "Points"]
        assert ("ils y sont trop peu nombreux" in figure.get_text()) != is_public
        drawn = json.loads(pages[path].find(id="trace-" + figure["id"].removeprefix("figure-")).string)
        assert ("une table" in {trace.get("name") for trace in drawn["data"]}) == is_public


def test_no_page_shows_the_table_or_the_ballot_of_anyone(pages):
    for path in pages.of("exemple"):
        assert not re.search(r"\b[Tt]able [A-D]\b(?!'où)", pages.words(path)), path
        assert not re.search(r"\bbulletin n?°? ?\d", pages.words(path)), path


def test_page_zero_never_quotes_the_sheets_of_participants(pages):
    words = pages.words("exemple/0_donnees_recues.html")
    assert "FABLEROC" not in words
    assert "Songe s/ Brume" not in words
    assert "4 cellules des fiches" in words


def test_what_names_a_person_is_in_no_written_file(pages):
    canaries = [b"NOM-FICTIF", b"@exemple.invalid", b"RAPPORTEUR-FICTIF", b"ANIMATEUR-FICTIF"]
    with zipfile.ZipFile(RAW / "exemple" / "exemple.xlsx") as workbook:
        typed = b"".join(workbook.read(name) for name in workbook.namelist())
    assert all(canary in typed for canary in canaries)
    written = [p for p in pages.root.rglob("*") if p.is_file()]
    written += [p for p in (pages.data / "processed").rglob("*") if p.is_file()]
    assert len(written) > 100
    for path in written:
        found = [canary for canary in canaries if canary in path.read_bytes()]
        assert found == [], path
    assert not any(c.decode() in pages.result.stdout + pages.result.stderr for c in canaries)


CANARIES = ["Jeanne Canari", "canari@jaune.fr", "06 12 34 56 78"]
"""A name, an address and a telephone number, planted in every text that people type."""
AUTHOR, SECRET = "Odile Loriot", "CANARI-SECRET"
"""The name of an author, who is cited; what stands in the columns that are never read."""
FAILING = "raise ValueError(' ; '.join(t.verbatims['texte'].dropna()))"


@pytest.fixture(scope="module")
def planted(pages, tmp_path_factory):
    """Run of a checkout whose example names people everywhere, and of which a notebook fails with their words."""
    checkout = tmp_path_factory.mktemp("canaris")
    for name in ("domino_analysis", "notebooks"):
        shutil.copytree(CHECKOUT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(pages.data / "raw", checkout / "data" / "raw")
    path, sheets = checkout / "data" / "raw" / "exemple" / "exemple.xlsx", {}
    workbook = CalamineWorkbook.from_path(str(path))
    for table in catalogue().values():
        cells = workbook.get_sheet_by_name(table.name).to_python(skip_empty_area=False)
        titles = {column.title: column for column in table.columns}
        foreign = [key["fields"][0] for key in descriptor(table.name).get("foreignKeys", ())]
        links = (*table.primary_key, *foreign)
        for place, column in enumerate(titles[title] for title in cells[0]):
            free = column.type in ("string", "list") and not (column.enum or column.pattern or column.lecture)
            free = free and not (column.renvois or column.defaut or column.name in links)
            said = " ".join([AUTHOR if column.noms_publics else CANARIES[0], *CANARIES[1:]])
            for row in cells[1:]:
                if column.is_direct:
                    row[place] = SECRET
                elif free and isinstance(row[place], str):
                    row[place] = f"{row[place]} ({said})"
        sheets[table.name] = cells
    write_xlsx(path, sheets)
    path = checkout / "notebooks" / "3_enjeux.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"][-1]["source"] = [FAILING]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return type(pages)(checkout / "reports", checkout / "data", domino("run", "exemple", python=str(checkout)))


def test_nobody_who_is_named_in_a_text_is_on_a_page_or_in_a_message(planted):
    assert planted.result.returncode == 1
    assert len(planted.of("exemple")) == 10
    for path in (p for p in planted.root.rglob("*") if p.is_file()):
        text = path.read_text(encoding="utf-8")
        assert [word for word in ("Canari", *CANARIES) if word in text] == [], path
    said = planted.result.stdout + planted.result.stderr
    assert "ValueError" in said
    assert [word for word in CANARIES if word in said] == []
    for path in planted.of("exemple"):
        assert "[…]" in planted.words(path), path
        assert "([…] […] […])" in planted.words(path, "header"), path


def test_the_author_of_a_document_is_cited(planted):
    assert AUTHOR in planted.words("exemple/0_donnees_recues.html")


def test_a_text_that_names_someone_is_told_by_its_cell_and_not_quoted(planted):
    checked = json.loads(domino("check", "exemple", "--format", "json", python=str(planted.root.parent)).stdout)
    told = [problem for problem in checked["problemes"] if problem["regle"] in ("personne", "coordonnées")]
    assert {problem["feuille"] for problem in told} >= set(catalogue()) - {"relations", "votes"}
    assert len({(problem["feuille"], re.match("[A-Z]+", problem["cellule"])[0]) for problem in told}) >= 45
    assert not any("Canari" in str(problem) or CANARIES[2] in str(problem) for problem in told)
    words = planted.words("exemple/0_donnees_recues.html")
    cells = [p for p in told if p["regle"] == "personne" and p["feuille"] in ("verbatims", "initiatives")]
    assert cells
    assert all(f"{problem['feuille']} {problem['cellule']}" in words for problem in cells)


def test_what_names_a_person_is_in_no_file_and_no_message_even_when_a_notebook_fails(planted):
    kept = planted.data / "processed" / "_echecs" / "exemple" / "3_enjeux.ipynb"
    assert CANARIES[0] in kept.read_text(encoding="utf-8")  # what people typed stays on the machine, as they typed it
    assert CANARIES[0] in (planted.data / "processed" / "exemple" / "verbatims.csv").read_text(encoding="utf-8")
    written = [p for place in (planted.root, planted.data / "processed") for p in place.rglob("*") if p.is_file()]
    assert [path for path in written if SECRET.encode() in path.read_bytes()] == []
    checks = [
        domino("check", "exemple", "--format", kind, python=str(planted.root.parent)) for kind in ("texte", "json")
    ]
    said = [text for result in (planted.result, *checks) for text in (result.stdout, result.stderr)]
    assert all(result.returncode in (0, 1) for result in checks)
    assert not any(SECRET in text for text in said)


# ── five sheets, and an empty workbook ──────────────────────────────────────────────────────────

PLACES = ["Ajonc"] * 6 + ["Bruyère"] * 3 + ["Callune"] * 2 + ["Daphné"] + [""] * 4


@pytest.fixture(scope="module")
def five(again):
    """Pages of a fifth territory: the essential columns of five sheets, nothing coded."""

    def change(raw):
        sheets = {
            "communes": [["Code INSEE", "Commune", "Intercommunalité"]]
            + [[f"9800{n}", name, epci] for n, (name, epci) in enumerate(
                [("Ajonc", "Les Landes"), ("Bruyère", "Les Landes"), ("Callune", "Les Landes"),
                 ("Daphné", "Les Dunes"), ("Érable", "Les Dunes")], 1)],
            "reunions": [["Code réunion", "Date", "Présents", "Question 1"],
                         ["R1", "12/05/2016", "16", "Que faire ?"]],
            "fiches": [["N° de fiche", "Code réunion", "Commune de provenance",
                        "Utilisez-vous des services collaboratifs ?", "Si oui lesquels", "Vos attentes"]]
            + [[n, "R1", place, "oui" if n <= 9 else "non", "AMAP" if n <= 9 else "", "Apprendre"]
               for n, place in enumerate(PLACES, 1)],
            "verbatims": [["N°", "Code réunion", "Question", "Texte exact"],
                          ["V1", "R1", "Q1", "Partager une idée"]],
            "enjeux": [["Code", "Enjeu"], ["E1", "Se déplacer"]],
        }  # fmt: skip
        (raw / "essai").mkdir()
        for name, cells in sheets.items():
            write_csv(raw / "essai" / f"{name}.csv", cells)
        assert domino("new", "vide", "--data", raw.parent).returncode == 0
        old = raw.parent.parent / "reports" / "essai"
        old.mkdir(parents=True)
        ours = '<meta name="generator" content="domino_analysis">'
        (old / "2_indicateurs.html").write_text(ours, encoding="utf-8")
        (old / "notes.html").write_text("<p>Les nôtres</p>", encoding="utf-8")

    return again("five", "essai vide", change)


def test_the_five_essential_sheets_alone_give_a_report(five):
    assert five.result.returncode == 0, five.result.stdout + five.result.stderr
    assert [path for path in five.of("essai") if "notes" not in path] == [
        "essai/0_donnees_recues.html",
        "essai/1_etat_des_lieux.html",
        "essai/3_enjeux.html",
        "essai/diagnostic.html",
        "essai/index.html",
        "essai/reunions/r1.html",
    ]
    minutes = five.words("essai/reunions/r1.html")
    assert "16 personnes étaient présentes" in minutes
    assert "9 sur 16" in minutes
    assert "4 communes sur 5" in minutes


@pytest.mark.parametrize("name", ["index", "0_donnees_recues", "3_enjeux", "reunions/r1"])
def test_what_nobody_wrote_is_said_in_words(five, name):
    words = five.words(f"essai/{name}.html")
    assert not re.search(r"(?<![\w-])(nan|NaN|None|NaT|<NA>)(?![\w-])", words)
    assert "au date inconnue" not in words


def test_an_empty_workbook_gives_pages_that_say_what_is_missing(five):
    words = five.words("vide/index.html")
    assert words.count("Rien n'a été reçu. À remplir") == 4
    assert five.of("vide") == ["vide/0_donnees_recues.html", "vide/index.html"]


def test_a_page_that_no_data_make_any_more_goes_and_other_files_stay(five):
    assert not (five.root / "essai" / "2_indicateurs.html").exists()
    assert (five.root / "essai" / "notes.html").exists()


def test_small_communes_join_their_intercommunalite_then_the_territory(five):
    counts = five["essai/reunions/r1.html"].select('main [data-q="participants"]')
    assert sorted(int(count["value"]) for count in counts) == [5, 5, 6]
    words = five.words("essai/reunions/r1.html")
    assert "Ajonc" in words
    assert "Les Landes" in words
    assert not re.search("Bruyère|Callune|Daphné|Les Dunes : ", words)


def test_the_comparison_takes_the_fifth_territory_in(five):
    assert "essai" in five.words("comparaison.html")


# ── hostile text ────────────────────────────────────────────────────────────────────────────────


def test_what_people_typed_is_shown_and_never_run(pages, hostile):
    assert hostile.result.returncode == 0, hostile.result.stdout + hostile.result.stderr
    assert len(hostile.of("exemple")) == 10
    own = inline_scripts(pages["redon/diagnostic.html"])
    for path in hostile.paths:
        page = hostile[path]
        assert page.find_all(["img", "iframe", "object", "form"]) == [], path
        assert inline_scripts(page) == (own if is_alone(page) else []), path
        for script in page.find_all("script", type=True):
            assert script["type"] == "application/json", path
        assert [tag for tag in page.find_all() if any(k.startswith("on") for k in tag.attrs)] == []
        assert "javascript:" not in without_scripts(hostile, path)
        assert page.title.get_text().count("<script>") <= 1
    for name in ("index", "1_etat_des_lieux", "3_enjeux", "reunions/ex-2016-01-12"):
        assert HOSTILE in hostile.words(f"exemple/{name}.html", "main"), name


def test_no_label_of_a_chart_holds_a_tag_that_people_typed(hostile):
    def texts(node):
        if isinstance(node, dict):  # what stands on an axis of dates is a date or nothing
            node = [value for key, value in node.items() if key != "x"]
        if isinstance(node, list):
            return [text for item in node for text in texts(item)]
        return [node] if isinstance(node, str) else []

    for path in hostile.of("exemple"):
        assert "<script>alert" not in "".join(
            str(script) for script in hostile[path].find_all("script", type="application/json")
        )
        found = [text for text in texts(charts(hostile[path])) if re.search("<(script|img)", text)]
        assert found == [], path


def test_a_formula_typed_as_text_stays_text_in_the_written_tables(hostile):
    words = hostile.words("exemple/0_donnees_recues.html")
    assert "=cmd()" in words


# ── a page that fails ───────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def failing(pages, tmp_path_factory):
    """Run of a checkout in which one notebook divides by zero."""
    checkout = tmp_path_factory.mktemp("checkout")
    for name in ("domino_analysis", "notebooks"):
        shutil.copytree(CHECKOUT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(pages.data, checkout / "data")
    path = checkout / "notebooks" / "3_enjeux.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"][-1]["source"] = ["1 / 0"]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    result = domino("run", "exemple", python=str(checkout))
    return type(pages)(checkout / "reports", checkout / "data", result)


def test_a_page_that_fails_says_why_and_the_others_are_built(failing):
    assert failing.result.returncode == 1
    assert len(failing.of("exemple")) == 10
    words = failing.words("exemple/3_enjeux.html")
    assert "Cette page n'a pas pu être faite" in words
    assert "ZeroDivisionError" in words
    assert "Cette page n'a pas pu être faite" in failing.words("exemple/diagnostic.html")
    assert "une étape n'a pas pu être faite" in failing.words("exemple/diagnostic.html")
    others = [path for path in failing.paths if path not in ("exemple/3_enjeux.html", "exemple/diagnostic.html")]
    assert len(others) == 12
    assert not any("Cette page n'a pas pu être faite" in failing.words(path) for path in others)


def test_the_end_of_a_run_lists_what_failed_and_why(failing):
    out = failing.result.stdout
    (line,) = [line for line in out.splitlines() if "3_enjeux" in line]
    assert "division by zero" in line or "ZeroDivisionError" in line
    assert "2 échec" in out  # the step, and the one file that is made of the steps
    assert "Traceback" not in out + failing.result.stderr


def test_a_page_that_failed_holds_no_path_of_the_machine(failing):
    text = failing.text("exemple/3_enjeux.html")
    assert str(failing.root.parent) not in text
    assert "site-packages" not in text


def test_a_page_that_cannot_be_written_leaves_the_one_that_was_there(tmp_path, monkeypatch):
    path = tmp_path / "reports" / "page.html"
    build.write(path, "avant")

    def full(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        build.write(path, "après")
    assert path.read_text(encoding="utf-8") == "avant"
    assert list(path.parent.iterdir()) == [path]


def test_a_parameter_that_a_notebook_does_not_declare_is_an_error():
    notebook = nbformat.read(CHECKOUT / "notebooks" / "territoire.ipynb", as_version=4)
    with pytest.raises(maker.PageError, match="paramètre inconnu du notebook : territorie"):
        maker.execute(notebook, {"territorie": "exemple"})


@pytest.mark.parametrize("name", [e["notebook"] for e in etapes().values() if e["notebook"]])
def test_the_pages_give_a_notebook_only_what_it_declares(name):
    assert (CHECKOUT / "notebooks" / f"{name}.ipynb").is_file()


# ── the same data, the same bytes ───────────────────────────────────────────────────────────────

ANOTHER_DAY = """
import datetime, time
import pandas  # compiled against the real classes

SHIFT = 5 * 365 * 86_400
_time, _time_ns, _local, _gm = time.time, time.time_ns, time.localtime, time.gmtime
time.time = lambda: _time() + SHIFT
time.time_ns = lambda: _time_ns() + SHIFT * 10**9
time.localtime = lambda s=None: _local(time.time() if s is None else s)
time.gmtime = lambda s=None: _gm(time.time() if s is None else s)
_date, _datetime = datetime.date, datetime.datetime

class _Same(type):
    def __instancecheck__(cls, value):
        return isinstance(value, cls.__mro__[1])

    def __subclasscheck__(cls, other):
        return issubclass(other, cls.__mro__[1])

class date(_date, metaclass=_Same):
    __slots__ = ()

    @classmethod
    def today(cls):
        return _date.fromtimestamp(time.time())

class datetime_(_datetime, metaclass=_Same):
    __slots__ = ()

    @classmethod
    def now(cls, tz=None):
        return _datetime.fromtimestamp(time.time(), tz)

    @classmethod
    def today(cls):
        return cls.now()

    @classmethod
    def utcnow(cls):
        return _datetime.fromtimestamp(time.time(), datetime.timezone.utc).replace(tzinfo=None)

datetime.date, datetime.datetime = date, datetime_
"""


def files(folder) -> dict[str, bytes]:
    """Content of every file of a folder, by its place."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.fixture(scope="module")
def other_day(tmp_path_factory):
    """Environment of another day, another hash seed, another place."""
    place = tmp_path_factory.mktemp("jour")
    (place / "sitecustomize.py").write_text(ANOTHER_DAY, encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(place), os.environ.get("PYTHONPATH")]))
    return {"PYTHONPATH": path, "PYTHONHASHSEED": "2", "TZ": "Pacific/Kiritimati"}


def test_another_day_is_another_day(other_day):
    code = "import datetime as d; print(d.date.today().year, d.datetime.now().year)"
    years = [
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | env, capture_output=True, text=True
        ).stdout.split()
        for env in ({}, other_day)
    ]
    assert [int(year) for year in years[1]] == [int(year) + 5 for year in years[0]]


def test_two_runs_give_the_same_bytes(pages, copy_data, tmp_path_factory, other_day):
    place = tmp_path_factory.mktemp("un été à côté")
    data = place / "les données"
    shutil.copytree(RAW, data / "raw")
    root = place / "pages de l'été"
    result = domino("run", "--data", data, "--output", root, "--jobs", 1, **other_day)
    assert result.returncode == 0, result.stdout + result.stderr
    for first, second in ((pages.root, root), (pages.data / "processed", data / "processed")):
        one, two = files(first), files(second)
        assert list(one) == list(two)
        assert [name for name in one if one[name] != two[name]] == []


def same_tables(site, pages) -> list[str]:
    """Tidy tables of the example that differ from those of its own workbook."""
    made, own = (s.data / "processed" / "exemple" for s in (site, pages))
    return [name for name in catalogue() if (made / f"{name}.csv").read_bytes() != (own / f"{name}.csv").read_bytes()]


def without_file_names(site, path: str) -> str:
    """Page without the names of files, also in the tables to download, and without the key that tells them apart."""
    text = site.text(path).replace(build.kept_key(site.root / path), "")
    text = re.sub(
        r"(?<=text/csv;charset=utf-8;base64,)[\w+/=]+",
        lambda table: base64.b64decode(table[0]).decode("utf-8-sig"),
        text,
    )
    return re.sub(r"\b[\w-]+\.(xlsx|ods|csv)\b", "FICHIER", text)


def different_pages(site, pages) -> list[str]:
    """Pages that differ by more than the name of a file."""
    assert site.of("exemple") == pages.of("exemple")
    return [
        path
        for path in [*pages.of("exemple"), "comparaison.html", "cahier.html"]
        if without_file_names(site, path) != without_file_names(pages, path)
    ]


@pytest.fixture(scope="module")
def typed_again(again):
    """Pages of the example typed as CSV, and of a territory of which nothing changed."""

    def change(raw):
        workbook = CalamineWorkbook.from_path(str(raw / "exemple" / "exemple.xlsx"))
        for name in workbook.sheet_names:
            cells = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            cells = [[french(cell) for cell in row] for row in cells]
            write_csv(raw / "exemple" / f"{name}.csv", cells)
        (raw / "exemple" / "exemple.xlsx").unlink()

    return again("csv", "exemple redon", change)


def test_the_example_as_csv_gives_the_same_tables_and_pages(pages, typed_again):
    assert typed_again.result.returncode == 0, typed_again.result.stdout
    assert same_tables(typed_again, pages) == []
    assert different_pages(typed_again, pages) == []


def test_a_territory_made_again_leaves_the_same_bytes(pages, typed_again):
    for path in [*pages.of("redon"), "comparaison.html", "cahier.html"]:
        assert typed_again.text(path) == pages.text(path), path


@pytest.mark.libreoffice
def test_the_example_as_ods_gives_the_same_tables_and_pages(pages, again, convert):
    def change(raw):
        workbook = raw / "exemple" / "exemple.xlsx"
        shutil.copy(convert(workbook, "ods"), workbook.with_name("autre.ods"))
        workbook.unlink()

    site = again("ods", "exemple", change)
    assert site.result.returncode == 0, site.result.stdout
    assert same_tables(site, pages) == []
    assert different_pages(site, pages) == []


def test_one_territory_alone_can_be_made_first(copy_data):
    data = copy_data("premier")
    root = data.parent / "reports"
    result = domino("run", "rennes", "--data", data, "--output", root)
    assert result.returncode == 0, result.stdout
    assert "Pays de Redon" in (root / "comparaison.html").read_text(encoding="utf-8")
