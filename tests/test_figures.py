"""A figure says what one reads, shows its data, and says which sheet is missing when it has none."""

import json
import re
from functools import cache
from xml.etree import ElementTree

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from conftest import opened, sheet

from domino_analysis import census, figures
from domino_analysis.schema import grandeurs, phrases, simplify
from domino_analysis.text import typography

KEYS = phrases()["figures"]
PURPOSES = pd.DataFrame({"finalite": ["partage", "organisation", "redistribution"], "nb": [14, 9, 6]})
GAPS = pd.DataFrame(
    {"critere": ["Emploi", "Eau", "Lien"], "actuelle": [1.0, 2, 4], "souhaitee": [5.0, 4.5, 4], "ecart": [4, 2.5, 0],
     "unite": "note", "echelle_min": 1.0, "echelle_max": 5.0}
)  # fmt: skip
LINKS = pd.DataFrame({"entre": ["A", "B"], "et": ["B", "C"], "nature": ["soutien"] * 2, "nouvelle": ["oui", "non"]})
ACTIONS = sheet("actions", description=["ouvrir", "fermer"], echeance=["2016-09", None])


def bars(frame: pd.DataFrame = PURPOSES) -> figures.Figure:
    return figures.bars("finalites", frame, "finalite")


@cache
def drawn() -> dict[str, figures.Figure]:
    """One figure of each kind."""
    t = opened("exemple")
    years = pd.DataFrame({"annee": [1985, 2010], "nb": [1, 2], "cumul": [1, 3]})
    points = pd.DataFrame({"label": ["Eau", "Lien"], "points": [5, 0]})
    marks = pd.DataFrame({"label": ["Eau", "Eau", "Lien"], "points": [3, 3, 2]})
    frame = census.by_commune(t.communes, t.initiatives)
    return {
        "bars": bars(),
        "map": figures.commune_map("carte", frame, t.outlines, t.today, placees=22, total=30),
        "curve": figures.curve("annees", years, "annee", "cumul", inconnues=1),
        "network": figures.network("liens", LINKS, "entre", "et", marked="nouvelle", nouveaux=1, total=2, tus=""),
        "dots": figures.dots("votes_indicateurs", points, "label", "points", marks, total=5, tables=""),
        "dumbbell": figures.dumbbell("ecarts", GAPS, "critere", marques=""),
        "radar": figures.radar("radar", GAPS, "critere"),
        "timeline": figures.timeline("echeancier", ACTIONS, "description", {"duree": ("echeance", "echeance")}),
    }


def page(figure: figures.Figure) -> BeautifulSoup:
    return BeautifulSoup(figure.html, "html.parser")


def cells(figure: figures.Figure) -> list[list[str]]:
    return [[cell.get_text() for cell in row(["th", "td"])] for row in page(figure).tbody("tr")]


def traces(figure: figures.Figure) -> list[dict]:
    return figures._plain(figure.chart)["data"]


SVG = "{http://www.w3.org/2000/svg}"


def still(figure: figures.Figure, width: int = 660) -> ElementTree.Element:
    """Still drawing of a figure."""
    return ElementTree.fromstring(figures.drawing(figures._plain(figure.chart), width))


def written(svg: ElementTree.Element) -> dict[str, tuple[float, float]]:
    """Where each text of a drawing stands, its lines joined."""
    texts = {" ".join(text.itertext()): text for text in svg.iter(f"{SVG}text")}
    return {told: (float(text.get("x")), float(text.get("y"))) for told, text in texts.items()}


def marks_drawn(svg: ElementTree.Element) -> list[ElementTree.Element]:
    """Circles and diamonds of a drawing, the legend and the frame apart."""
    diamonds = [path for path in svg.iter(f"{SVG}path") if re.search("l.*z$", path.get("d"))]
    return [*(c for c in svg.iter(f"{SVG}circle") if c.get("cx")), *diamonds]


def told(label: object) -> str:
    return " ".join(figures._lines(label))


KINDS = ["bars", "map", "curve", "network", "dots", "dumbbell", "radar", "timeline"]
every_kind = pytest.mark.parametrize("kind", KINDS)


# ── the words of each figure ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("key", KEYS)
def test_a_figure_has_a_title_columns_and_what_it_says_when_it_is_empty(key):
    spec = KEYS[key]
    others = {"constat", "tete", "releve", "lecture", "base", "source", "ouvert"}
    assert {"titre", "colonnes", "vide"} <= set(spec) <= {"titre", "colonnes", "vide", *others}
    assert "constat" in spec or not {"tete", "releve"} & set(spec)
    for entry in spec["colonnes"].values():
        assert isinstance(entry, str) or entry[1] in figures.WORDS or entry[1] in grandeurs()


def forms(key: str) -> list[str]:
    """What the caption of a figure may say, one form after the other."""
    constat = KEYS[key].get("constat", {})
    return [constat] if isinstance(constat, str) else list(constat.values())


@pytest.mark.parametrize("key", KEYS)
def test_a_finding_is_one_short_sentence_without_a_share_or_a_full_stop(key):
    for form in forms(key):
        assert len(re.sub(r"\{.*?\}", "00", form)) <= 120
        assert not form.endswith(".")
        assert "%" not in form
        assert ". " not in form


@pytest.mark.parametrize("key", KEYS)
def test_a_finding_has_a_form_for_every_count(key):
    assert "plusieurs" in KEYS[key].get("constat", ["plusieurs"]) or forms(key) == [KEYS[key]["constat"]]


@pytest.mark.parametrize("key", [key for key, spec in KEYS.items() if "territoire" in list(spec["colonnes"])[:2]])
def test_no_finding_says_which_territory_leads(key):
    assert not any("premiers" in form for form in forms(key))
    assert "tete" not in KEYS[key]


@pytest.mark.parametrize("key", KEYS)
def test_an_empty_figure_has_no_chart_and_says_what_is_missing(key):
    empty = figures.figure(key, pd.DataFrame())
    assert empty.chart is None
    assert simplify(BeautifulSoup(empty.html, "html.parser").get_text()) == simplify(KEYS[key]["vide"])


def test_what_sheets_bring_is_said_with_the_name_of_the_sheet():
    silent = {key for key, spec in KEYS.items() if not re.search(r"feuilles? «", spec["vide"])}
    assert silent < set(KEYS)
    asked = {
        "themes",
        "finalites",
        "carte",
        "votes_indicateurs",
        "ecarts",
        "liens",
        "matrice",
        "acteurs",
        "plan_action",
        "enjeux",
    }
    assert not asked & silent


def test_an_unknown_figure_is_refused():
    with pytest.raises(KeyError, match="camembert"):
        figures.figure("camembert", PURPOSES)


# ── the data table ──────────────────────────────────────────────────────────────────────────────


def test_the_data_table_keeps_the_order_of_the_result():
    assert cells(bars()) == [["partage", "14"], ["organisation", "9"], ["redistribution", "6"]]


def test_every_number_is_marked_with_its_figure_its_row_and_its_column():
    marks = page(bars()).tbody("data")
    assert [mark["data-q"] for mark in marks] == ["initiatives"] * 3
    assert [mark["value"] for mark in marks] == ["14", "9", "6"]
    assert marks[0]["data-de"] == "finalites/partage/nb"


def test_a_missing_value_is_a_dash_and_zero_is_zero():
    frame = pd.DataFrame({"moment": ["pérennisation", None], "nb": [0, None]})
    assert cells(figures.figure("moments", frame)) == [["pérennisation", "0"], ["—", "—"]]


def test_what_people_typed_is_escaped_everywhere():
    figure = bars(pd.DataFrame({"finalite": ["<img src=x>", 'a" onload="b'], "nb": [2, 1]}))
    assert not page(figure)("img")
    assert page(figure).find("div", role="img").attrs.keys() == {"class", "data-figure", "role", "aria-label"}
    assert "<img" not in figure.chart.to_json()


@pytest.mark.parametrize("contact", ["canari.jaune@exemple.fr", "06 12 34 56 78"])
def test_addresses_and_telephone_numbers_are_nowhere_in_a_figure(contact):
    figure = bars(pd.DataFrame({"finalite": [f"partage ({contact})", "troc"], "nb": [2, 1]}))
    assert contact not in page(figure).get_text()
    assert contact not in figure.html  # neither in the text alternative nor in the marks
    assert contact not in json.dumps(traces(figure), ensure_ascii=False)


def test_columns_that_the_catalogue_does_not_name_are_not_shown():
    assert "b1" not in bars(PURPOSES.assign(bulletin="b1")).html


def test_a_figure_says_its_source_and_on_how_much_it_rests():
    text = (
        page(figures.bars("finalites", PURPOSES, "finalite", n=29, source="les fiches"))
        .find(class_="source")
        .get_text()
    )
    assert "les fiches" in text
    assert "29" in text
    assert page(bars()).find(class_="source").get_text() == "Source\u202f: feuille «\u202fInitiatives\u202f»."


# ── the kinds of chart ──────────────────────────────────────────────────────────────────────────


@every_kind
def test_a_chart_stands_beside_its_words_and_its_data(kind):
    figure = drawn()[kind]
    soup = page(figure)
    assert soup.figcaption.get_text()
    told = soup.find("div", role="img")["aria-label"]
    finding = soup.figcaption.find(class_="constat")
    assert told.startswith(KEYS[figure.key]["titre"])
    assert finding is None or simplify(finding.get_text()) in simplify(told)
    assert "<" not in told
    assert soup.details.table.caption
    assert soup.find(class_="lecture") or "lecture" not in KEYS[figure.key]


@every_kind
def test_a_chart_is_plain_lists_and_numbers(kind):
    text = json.dumps(traces(drawn()[kind]), allow_nan=False)
    assert "bdata" not in text
    assert "dtype" not in text


def test_a_figure_shows_its_chart_then_its_words(monkeypatch):
    sent = []
    monkeypatch.setattr(figures, "display", lambda what, **rest: sent.append((what, rest)))
    bars()._ipython_display_()
    (light, about), (words, _) = sent
    assert list(light) == ["application/vnd.plotly.v1+json"]
    assert about["metadata"] == {"domino": {"figure": "finalites"}}
    assert words == bars().html


def test_bars_are_sorted_as_given_from_top_to_bottom():
    (trace,) = traces(bars())
    assert trace["y"] == ["partage", "organisation", "redistribution"]
    assert trace["x"] == [14, 9, 6]
    assert trace["text"] == ["14", "9", "6"]
    assert bars().chart.layout.yaxis.autorange == "reversed"
    backwards = bars(PURPOSES.iloc[::-1])
    assert traces(backwards)[0]["y"] == ["redistribution", "organisation", "partage"]


def test_stacked_bars_show_the_parts_that_hold_something():
    frame = pd.DataFrame(
        {"thematique": ["a", "b"], "existante": [2, 1], "en projet": [0, 1], "arrêtée": [0, 0], "nb": [2, 2]}
    )
    figure = figures.bars("themes", frame, "thematique", parts=["existante", "en projet", "arrêtée"])
    assert [trace["name"] for trace in traces(figure)] == ["existante", "en projet"]
    assert cells(figure)[0] == ["a", "2", "0", "0", "2"]


def finding(figure: figures.Figure) -> str:
    """What the caption says beside its subject; nothing when it only has a subject."""
    told = page(figure).figcaption.find(class_="constat")
    return told.get_text() if told else ""


def test_the_caption_says_what_is_found_after_its_subject():
    subject, found = page(bars()).figcaption(["span", "strong"], class_=["sujet", "constat"])
    assert subject.get_text() == typography(KEYS["finalites"]["titre"])
    assert found.get_text() == "«\u202fpartage\u202f» est la finalité du plus grand nombre de pratiques (14)"
    assert found.data["data-de"] == "lecture_finalites/initiatives"
    assert "partage" not in page(bars()).find(class_="lecture").get_text()


def test_the_finding_names_the_first_and_all_those_that_equal_it():
    tied = finding(bars(PURPOSES.assign(nb=[9, 9, 6])))
    assert "partage" in tied
    assert "organisation" in tied
    assert "redistribution" not in tied


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"finalite": list("abcd"), "nb": 2}),  # too many at once lead nothing
        PURPOSES.assign(nb=0),
        pd.DataFrame({"finalite": [census.UNSAID], "nb": [3]}),
    ],
    ids=["four alike", "zero", "not answered"],
)
def test_a_caption_without_a_finding_is_its_subject(frame):
    caption = page(bars(frame)).figcaption
    assert caption.get_text() == typography(KEYS["finalites"]["titre"])
    assert not caption.find_all(True)


def test_what_leads_is_said_as_words_or_as_a_date():
    met = pd.DataFrame({"date": ["2016-02-01", "2016-03", None], "objet": "R", "nb_presents": [12, 20, None]})
    assert finding(figures.figure("participation", met)).endswith("20 présents (mars 2016)")
    alone = finding(figures.figure("participation", met.assign(nb_presents=[12, None, None])))
    assert alone == "Une seule rencontre a gardé un nombre de présents\u202f: 12 (1er février 2016)"
    undated = figures.figure("participation", met.assign(nb_presents=[12, 20, 30]))
    assert finding(undated) == ""  # the most followed has no date to be named by


@pytest.mark.parametrize(
    ("blanks", "said"),
    [
        ([0, 0], ""),
        ([4, 1], "Ce que l'on sait le moins souvent\u202f: «\u202fÉtat\u202f» (inconnu pour 4 des 7 pratiques)"),
        ([7, 1], "Une question n'a de réponse pour aucune pratique\u202f: «\u202fÉtat\u202f»"),
        ([7, 7], "2 questions sur 2 n'ont de réponse pour aucune pratique"),
    ],
)
def test_a_finding_has_the_form_of_what_it_counts(blanks, said):
    assert (
        finding(figures.figure("angles_morts", pd.DataFrame({"colonne": ["État", "Statut"], "vides": blanks, "nb": 7})))
        == said
    )


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"A": [1, 0], "B": [None, None]}, ""),  # one territory alone shares nothing
        ({"A": [1, 0], "B": [0, 2]}, "Aucune thématique n'est nommée dans tous"),
        ({"A": [1, 0], "B": [3, 2]}, "«\u202fx\u202f» est la seule thématique nommée dans tous"),
        ({"A": [1, 1], "B": [3, 2], "C": [None, None]}, "2 thématiques sur 2 sont nommées dans tous"),
    ],
)
def test_what_is_found_everywhere_counts_the_territories_that_answer(counts, said):
    frame = pd.DataFrame(
        {"thematique": ["x", "y"], **{name: pd.Series(own, dtype=float) for name, own in counts.items()}}
    )
    told = finding(figures.figure("themes_compares", frame))
    assert told.startswith(said) if said else not told


def test_the_map_shows_communes_at_zero():
    t = opened("exemple")
    frame = census.by_commune(t.communes, t.initiatives)
    figure = drawn()["map"]
    assert dict(cells(figure)[i][::2] for i in range(8))["Contrefable-les-Bois"] == "0"
    shapes = [trace for trace in traces(figure) if trace.get("fill") == "toself"]
    assert shapes[0]["name"] == "aucune"
    assert sum(trace["x"].count(None) for trace in shapes) == len(t.outlines)
    (labels,) = (trace for trace in traces(figure) if trace["mode"] == "text")
    assert len(labels["customdata"]) == len(frame) == 8
    assert "Contrefable-les-Bois : 0" in labels["customdata"]


def test_the_map_counts_communes_that_merged_in_the_commune_of_today():
    outlines = pd.DataFrame({"code_insee": ["2"], "anneau": [1], "points": ["0 0 10 0 10 10 0 10"]})
    frame = pd.DataFrame({"code_insee": ["1", "2"], "commune": ["A", "B"], "epci": ["X", "X"], "nb": [3, 4]})
    today = pd.Series({"1": "2", "2": "2"})
    figure = figures.commune_map("carte", frame, outlines, today, placees=7, total=7)
    shape, labels = traces(figure)
    assert shape["name"] == "7 et plus"
    assert labels["customdata"][0].endswith("7")
    assert [row[-1] for row in cells(figure)] == ["3", "4"]


def test_without_outlines_the_map_is_a_table():
    t = opened("exemple")
    frame = census.by_commune(t.communes, t.initiatives)
    figure = figures.commune_map("carte", frame, pd.DataFrame(), t.today, placees=22, total=30)
    assert figure.chart is None
    assert len(cells(figure)) == 8


def test_marks_of_tables_stand_beside_the_total_and_name_no_table():
    total, tables = traces(drawn()["dots"])
    assert (total["name"], tables["name"]) == ("total", "une table")
    assert tables["x"] == [2, 3, 3]  # by value: the order of the sheet would tell which table is which
    assert tables["marker"]["size"] == [18, 18, 24]  # equal marks are rings around one another


def test_the_names_of_the_two_situations_are_written_once_beside_the_marks_of_the_first_row():
    falling = GAPS.assign(actuelle=GAPS["souhaitee"], souhaitee=GAPS["actuelle"])
    frame = pd.concat([GAPS.assign(territoire="A"), GAPS.assign(territoire="B")]).assign(nb=1)
    panels = figures.dumbbell("indicateurs_communs", frame, "territoire", panel="critere")
    for figure, left in (
        (drawn()["dumbbell"], "aujourd'hui"), (figures.dumbbell("ecarts", falling, "critere", marques=""), "souhaité"),
        (panels, "aujourd'hui"),
    ):  # fmt: skip
        named = [trace for trace in traces(figure) if trace.get("text")]
        assert [trace["text"] for trace in named] == [["aujourd'hui"], ["souhaité"]]
        assert {trace["name"]: trace["textposition"] for trace in named}[left] == "middle left"
        assert not [trace for trace in traces(figure) if trace["showlegend"]]
        places = written(still(figure))
        names = [text for text in still(figure).iter(f"{SVG}text") if text.text in ("aujourd'hui", "souhaité")]
        assert [name.get("text-anchor") == "end" for name in names] == [name.text == left for name in names]
        assert len(names) == 2
        right = {"aujourd'hui": "souhaité", "souhaité": "aujourd'hui"}[left]
        assert places[left][0] < places[right][0]


def test_a_gap_is_two_dots_and_the_line_between_them():
    line, today, wanted = traces(drawn()["dumbbell"])
    assert line["x"][:3] == [1, 5, None]
    assert (today["x"], wanted["x"]) == ([1, 2, 4], [5, 4.5, 4])


def test_a_radar_keeps_the_order_given_is_closed_and_is_not_filled():
    for trace in traces(drawn()["radar"]):
        assert trace["theta"] == ["Emploi", "Eau", "Lien", "Emploi"]
        assert trace["r"][0] == trace["r"][-1]
        assert trace.get("fill", "none") == "none"


def test_another_unit_or_scale_is_in_the_data_but_not_on_the_axis():
    other = pd.DataFrame({"critere": ["Bio"], "actuelle": [12.0], "souhaitee": [40.0], "ecart": [28], "unite": "%",
                          "echelle_min": 0.0, "echelle_max": 50.0})  # fmt: skip
    figure = figures.dumbbell("ecarts", pd.concat([other, GAPS]), "critere", marques="")
    assert traces(figure)[1]["y"] == ["Emploi", "Eau", "Lien"]
    assert [row[0] for row in cells(figure)] == ["Bio", "Emploi", "Eau", "Lien"]
    words = page(figure).get_text()
    assert "«\u202fEmploi\u202f»" in words  # the widest gap of those that one axis holds
    assert "1 autre critère, d'une autre unité" in words
    assert figures.radar("radar", pd.concat([other, GAPS]), "critere").chart is None


def test_without_a_scale_the_axis_finds_its_own():
    unknown = GAPS.assign(echelle_min=None, echelle_max=None, actuelle=[10.0, 200, 3000])
    axis = figures._plain(figures.dumbbell("ecarts", unknown, "critere", marques="").chart)["layout"]["xaxis"]
    assert not {"dtick", "range"} & set(axis)


def test_two_indicators_make_no_radar():
    figure = figures.radar("radar", GAPS.head(2), "critere")
    assert figure.chart is None
    assert not page(figure).table


def test_links_born_of_the_practices_are_drawn_apart():
    kinds = {trace.get("name") for trace in traces(drawn()["network"])}
    assert {"né des pratiques collaboratives", "autre lien"} <= kinds


def test_what_is_undated_is_in_the_table_only():
    figure = drawn()["timeline"]
    assert traces(figure)[0]["y"] == ["ouvrir", "ouvrir", None]
    assert traces(figure)[0]["x"] == ["2016-09-01", "2016-09-30", None]  # a month is as long as a month
    assert len(cells(figure)) == 2
    undated = figures.timeline("echeancier", ACTIONS.tail(1), "description", {"duree": ("echeance", "echeance")})
    assert undated.chart is None


def test_small_charts_stand_one_above_the_other_on_one_axis():
    frame = pd.concat([GAPS.assign(territoire="A"), GAPS.assign(territoire="B")]).assign(nb=1)
    figure = figures.dumbbell("indicateurs_communs", frame, "territoire", panel="critere")
    layout = figures._plain(figure.chart)["layout"]
    assert [note["text"] for note in layout["annotations"]] == ["Emploi", "Eau", "Lien"]
    assert {tuple(layout[axis]["range"]) for axis in ("xaxis", "xaxis2", "xaxis3")} == {(0.8, 5.2)}
    assert len(cells(figure)) == 6


def test_the_marks_of_the_tables_stand_behind_the_two_dots():
    marks = pd.DataFrame({"critere": ["Eau", "Eau", "Eau"], "actuelle": [3, 1, 3], "souhaitee": [4, 5, None]})
    figure = figures.dumbbell("ecarts", GAPS, "critere", marks, marques="")
    line, faint, dots, *_ = traces(figure)
    assert (line["mode"], faint["x"], dots["x"]) == ("lines", [1, 3, 3], [1, 2, 4])
    assert faint["marker"]["size"] == [18, 18, 24]


def test_a_list_of_a_cell_is_one_item_per_line():
    frame = pd.DataFrame({"libelle": ["E1"], "indicateurs": [2], "criteres": ["Bus; Vélos"]})
    assert len(page(figures.figure("couverture", frame)).tbody.find_all("br")) == 1
    assert "Vélos" in cells(figures.figure("couverture", frame))[0][2]


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.bars("themes", pd.DataFrame(), "thematique"),
        lambda: figures.commune_map("carte", pd.DataFrame(), pd.DataFrame(), pd.Series(dtype=str)),
        lambda: figures.curve("annees", census.by_year(sheet("initiatives")), "annee", "cumul"),
        lambda: figures.network("liens", pd.DataFrame(), "entre", "et", marked="nouvelle"),
        lambda: figures.dots("votes_indicateurs", pd.DataFrame(), "label", "points"),
        lambda: figures.dumbbell("ecarts", pd.DataFrame(), "critere"),
    ],
    ids=["bars", "map", "curve", "network", "dots", "dumbbell"],
)
def test_without_data_a_chart_is_the_name_of_the_sheet(draw):
    figure = draw()
    assert figure.chart is None
    assert re.search(r"feuilles? «", figure.html.replace("\u202f", " "))


# ── the still drawing ───────────────────────────────────────────────────────────────────────────

both_widths = pytest.mark.parametrize("width", [660, 440])


@every_kind
@both_widths
def test_a_still_drawing_is_well_formed_and_names_nothing_beyond_itself(kind, width):
    chart = figures._plain(drawn()[kind].chart)
    svg = figures.drawing(chart, width)
    assert not re.search(r"<script|<style|<image|\bid=|href|url\(|\bon\w+=", svg)
    root = ElementTree.fromstring(svg)
    assert root.get("viewBox").startswith(f"0 0 {width} ")
    assert (root.get("aria-hidden"), root.get("width"), root.get("style")) == ("true", "100%", f"max-width:{width}px")
    assert not re.search(r'="[^"]*\d\.\d\d', re.sub(r' (style|stroke-width)="[^"]*"', "", svg))  # one decimal
    assert not re.search("nan|None|undefined", svg)


@every_kind
def test_the_same_description_gives_the_same_bytes_and_is_left_as_it_was(kind):
    chart = figures._plain(drawn()[kind].chart)
    before = json.dumps(chart)
    assert figures.drawing(chart) == figures.drawing(json.loads(before))
    assert json.dumps(chart) == before


@every_kind
@both_widths
def test_every_word_of_a_description_is_in_its_drawing(kind, width):
    words = written(still(drawn()[kind], width))
    for trace in traces(drawn()[kind]):
        labels = [y for name in ("y", "theta") for y in trace.get(name, ()) if isinstance(y, str)]
        shown = [text for text in trace.get("text", ()) if text]
        assert {told(label) for label in (*labels, *shown)} <= set(words), kind


@every_kind
def test_every_mark_of_a_description_is_in_its_drawing(kind):
    found = traces(drawn()[kind])
    svg = still(drawn()[kind])
    pointed = [t for t in found if "markers" in t.get("mode", "")]
    values = [list(zip(t.get("x") or t["r"], t.get("y") or t["theta"], strict=True)) for t in pointed]
    in_the_legend = len(pointed) if kind in ("dots", "radar") else 0
    assert len(marks_drawn(svg)) == sum(None not in point for own in values for point in own) + in_the_legend
    legends = {"bars": 0, "map": len(found) - 1}.get(kind, 0)
    full = sum(bool(x) for t in found if t["type"] == "bar" for x in t["x"])
    assert len(list(svg.iter(f"{SVG}rect"))) == full + legends


def test_bars_are_as_long_as_what_they_count():
    first, second, third = (float(bar.get("width")) for bar in still(bars()).iter(f"{SVG}rect"))
    assert first / 14 == pytest.approx(second / 9, abs=0.02) == pytest.approx(third / 6, abs=0.02)


def test_the_parts_of_a_bar_follow_one_another():
    frame = pd.DataFrame(
        {"thematique": ["a", "b"], "existante": [2, 1], "en projet": [1, 0], "arrêtée": [0, 3], "nb": [3, 4]}
    )
    svg = still(figures.bars("themes", frame, "thematique", parts=["existante", "en projet", "arrêtée"]))
    drawn_bars = list(svg.iter(f"{SVG}rect"))[:4]
    places = [(float(bar.get("x")), float(bar.get("width"))) for bar in drawn_bars]
    (a1, b1, a2, b3) = places
    assert a1[0] == b1[0]
    assert a2[0] == pytest.approx(sum(a1), abs=0.2)
    assert b3[0] == pytest.approx(sum(b1), abs=0.2)
    assert {"existante", "en projet", "arrêtée"} <= set(written(svg))


def test_the_map_draws_every_ring_and_keeps_its_proportions():
    outlines = pd.DataFrame(
        {"code_insee": ["1", "1"], "anneau": [1, 2], "points": ["0 0 20 0 20 10 0 10", "40 0 50 0 50 10 40 10"]}
    )
    frame = pd.DataFrame({"code_insee": ["1"], "commune": ["A"], "epci": ["X"], "nb": [3]})
    figure = figures.commune_map("carte", frame, outlines, pd.Series({"1": "1"}), placees=3, total=3)
    (shape,) = (path.get("d") for path in still(figure).iter(f"{SVG}path"))
    assert (shape.count("M"), shape.count("Z")) == (2, 2)
    (x1, y1), (x2, _), (_, y3), *_ = [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", shape)]
    assert abs(x2 - x1) == pytest.approx(2 * abs(y3 - y1), abs=0.3)
    assert y3 < y1  # the north is at the top


def test_a_curve_climbs_by_steps_and_its_years_are_not_cut_by_thousands():
    svg = still(drawn()["curve"])
    (line,) = (path.get("d") for path in svg.iter(f"{SVG}path") if path.get("stroke-width") == "2.5")
    assert re.fullmatch(r"M[\d.]+ [\d.]+H[\d.]+V[\d.]+", line)
    assert {"1990", "2000", "2010"} <= set(written(svg))


def test_values_stand_where_the_axis_says():
    words = written(still(drawn()["dumbbell"]))
    places = [words[str(note)][0] for note in (1, 2, 3, 4, 5)]
    apart = {round(after - before) for before, after in zip(places, places[1:], strict=False)}
    assert len(apart) <= 2
    assert max(apart) - min(apart) <= 1
    today = [float(c.get("cx")) for c in still(drawn()["dumbbell"]).iter(f"{SVG}circle")]
    assert today == pytest.approx([places[0], places[1], places[3]], abs=0.2)


def test_a_radar_turns_clockwise_from_the_top():
    words = written(still(drawn()["radar"]))
    assert words["Emploi"][1] < 0
    assert abs(words["Emploi"][0]) < 1
    assert words["Eau"][0] > 0 > words["Lien"][0]


def test_time_is_written_in_french_months():
    assert "septembre 2016" in written(still(drawn()["timeline"]))
    day = sheet("actions", description=["ouvrir"], echeance=["2016-09-15"])
    alone = still(figures.timeline("echeancier", day, "description", {"duree": ("echeance", "echeance")}))
    assert {"ouvrir", "septembre 2016"} <= set(written(alone))
    assert marks_drawn(alone)  # a day is as short as a point, and is seen


def test_small_charts_are_drawn_one_above_the_other_under_their_titles():
    frame = pd.concat([GAPS.assign(territoire="A"), GAPS.assign(territoire="B")]).assign(nb=1)
    words = written(still(figures.dumbbell("indicateurs_communs", frame, "territoire", panel="critere")))
    assert words["Emploi"][1] < words["Eau"][1] < words["Lien"][1]


def test_a_legend_stands_at_the_foot_when_no_label_names_the_marks():
    words = written(still(drawn()["dots"]))
    assert words["total"][1] == words["une table"][1] > words["Lien"][1]
    assert "finalite" not in written(still(bars()))


@both_widths
def test_what_people_typed_stays_text_in_a_drawing(width):
    hostile = ["<script>alert(1)</script>", '" onload="b', "a<br>b &amp; c", "{{ 7 * 7 }}"]
    figure = bars(pd.DataFrame({"finalite": hostile, "nb": [4, 3, 2, 1]}))
    svg = still(figure, width)
    assert set(hostile) <= set(written(svg))
    assert {element.tag.removeprefix(SVG) for element in svg.iter()} == {"svg", "text", "rect"}
    assert not {name for element in svg.iter() for name in element.attrib if name.startswith("on")}


@both_widths
def test_long_labels_are_on_several_lines_that_keep_apart(width):
    long = [
        "un libellé si long qu'il faut bien le couper en plusieurs lignes, et encore une, puis une autre " + n
        for n in "ab"
    ]
    svg = still(bars(pd.DataFrame({"finalite": long, "nb": [2, 1]})), width)
    first, second = [text for text in svg.iter(f"{SVG}text") if len(text) > 1]
    bottom = float(first.get("y")) + (len(first) - 1) * 13 * 1.2
    assert bottom + 10 < float(second.get("y"))
    assert max(len(line.text) for line in first) * 13 * 0.56 < float(first.get("x"))
