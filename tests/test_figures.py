"""A figure says what one reads, shows its data, and says which sheet is missing when it has none."""

import json
import re
from functools import cache

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from conftest import opened, sheet

from domino_analysis import census, figures
from domino_analysis.schema import grandeurs, phrases, simplify

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
        "timeline": figures.timeline("echeancier", ACTIONS, "echeance", "description"),
    }


def page(figure: figures.Figure) -> BeautifulSoup:
    return BeautifulSoup(figure.html, "html.parser")


def cells(figure: figures.Figure) -> list[list[str]]:
    return [[cell.get_text() for cell in row(["th", "td"])] for row in page(figure).tbody("tr")]


def traces(figure: figures.Figure) -> list[dict]:
    return figures._plain(figure.chart)["data"]


KINDS = ["bars", "map", "curve", "network", "dots", "dumbbell", "radar", "timeline"]
every_kind = pytest.mark.parametrize("kind", KINDS)


# ── the words of each figure ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("key", KEYS)
def test_a_figure_has_a_title_columns_and_what_it_says_when_it_is_empty(key):
    spec = KEYS[key]
    assert {"titre", "colonnes", "vide"} <= set(spec) <= {"titre", "lecture", "colonnes", "vide", "base", "source"}
    for entry in spec["colonnes"].values():
        assert isinstance(entry, str) or entry[1] in figures.WORDS or entry[1] in grandeurs()


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
    assert soup.find("div", role="img")["aria-label"].startswith(KEYS[figure.key]["titre"])
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


def test_the_reading_names_the_first_and_all_those_that_equal_it():
    assert "partage" in page(bars()).find(class_="lecture").get_text()
    tied = page(bars(PURPOSES.assign(nb=[9, 9, 6]))).find(class_="lecture").get_text()
    assert "partage" in tied
    assert "organisation" in tied
    assert "redistribution" not in tied


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
    undated = figures.timeline("echeancier", ACTIONS.tail(1), "echeance", "description")
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
