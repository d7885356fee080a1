"""What a public page may say of people: no small number, no difference that gives one back, no unshared word."""

import random

import pandas as pd
import pytest
from conftest import opened, sheet, shown, small

from domino_analysis import census, indicators, privacy, sections
from domino_analysis.figures import Figure

DRAWS = [random.Random(seed).choices(range(1, 10), k=seed % 7 + 1) for seed in range(70)]


def merged(counts: list[int], minimum: int = privacy.PEOPLE) -> pd.DataFrame:
    frame = pd.DataFrame({"qui": [f"c{i}" for i in range(len(counts))], "nb": counts})
    return privacy.merge_small(frame, "qui", "autres", minimum)


# ── categories ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("minimum", [privacy.ORGANISATIONS, privacy.PEOPLE])
def test_the_total_is_kept_and_no_shown_number_is_small_unless_the_whole_is(minimum):
    for counts in DRAWS:
        shown = merged(counts, minimum)["nb"].tolist()
        assert sum(shown) == sum(counts)
        assert min(shown) >= min(minimum, sum(counts)), counts


def test_a_small_category_is_never_shown_alone_under_its_name():
    for counts in DRAWS:
        shown = merged(counts).set_index("qui")["nb"].drop("autres", errors="ignore").to_dict()
        assert shown == {f"c{i}": nb for i, nb in enumerate(counts) if f"c{i}" in shown}
        assert all(nb >= privacy.PEOPLE for nb in shown.values())


def test_subtracting_what_is_shown_from_the_total_gives_no_small_category_back():
    for counts in DRAWS:
        frame = merged(counts).set_index("qui")["nb"]
        hidden = [nb for i, nb in enumerate(counts) if f"c{i}" not in frame]
        rest = sum(counts) - frame.drop("autres", errors="ignore").sum()
        assert rest == sum(hidden)
        assert rest == 0 or rest >= privacy.PEOPLE or rest == sum(counts)
        # the rest is not the number of one small category
        assert len(hidden) != 1 or hidden[0] >= privacy.PEOPLE or len(counts) == 1, counts


def test_the_order_of_the_sheet_does_not_matter_and_a_tie_keeps_it():
    assert merged([5, 9, 5])["qui"].tolist() == ["c1", "c0", "c2"]
    assert merged([2, 9, 2, 7])["nb"].tolist() == merged([7, 2, 2, 9])["nb"].tolist()


def test_nobody_is_an_empty_table():
    assert merged([]).empty


def test_people_whose_answer_has_no_name_are_still_counted():
    frame = pd.DataFrame({"qui": [None, "citoyen", "élu"], "nb": [7, 6, 0]})
    assert privacy.merge_small(frame, "qui", "autres")["nb"].tolist() == [7, 6]


def test_a_few_organisations_are_said_in_words():
    assert [privacy.few(nb) for nb in (0, 1, 2, 3)] == ["aucun", "un ou deux", "un ou deux", 3]


# ── places ──────────────────────────────────────────────────────────────────────────────────────


def places(seed: int) -> tuple[pd.DataFrame, int]:
    draw = random.Random(seed)
    size = draw.randint(0, 8)
    named = pd.DataFrame(
        {"commune": [f"C{i}" for i in range(size)], "epci": pd.Series(draw.choices(["X", "Y", "Z"], k=size), dtype=str),
         "nb": pd.Series(draw.choices(range(1, 9), k=size), dtype=int)}
    )  # fmt: skip
    return named, draw.randint(0, 6)


@pytest.mark.parametrize("seed", range(60))
def test_people_by_commune_keep_their_total_and_show_no_small_place(seed):
    named, unknown = places(seed)
    shown = privacy.people_by_commune(named, unknown)
    total = int(named["nb"].sum()) + unknown
    assert shown["nb"].sum() == total
    assert shown["lieu"].is_unique
    assert (shown["nb"] >= min(privacy.PEOPLE, total)).all()
    few = named[named["nb"] < privacy.PEOPLE]
    assert not set(shown["lieu"]) & set(few["commune"])
    for epci, communes in few.groupby("epci"):  # a group of one commune would be that commune
        assert len(communes) > 1 or not shown["lieu"].str.startswith(f"{epci} ").any()


def test_nobody_from_nowhere_is_an_empty_table():
    assert privacy.people_by_commune(places(0)[0].iloc[:0], 0).empty


def test_communes_whose_intercommunalite_nobody_wrote_are_no_intercommunalite():
    named = pd.DataFrame({"commune": ["A", "B", "C"], "epci": [None] * 3, "nb": [6, 3, 3]})
    assert privacy.people_by_commune(named, 0)["lieu"].tolist() == ["A", "autres communes ou sans réponse"]


@pytest.mark.parametrize("code", ["EX-2016-01-12", "EX-2016-03-15", "EX-2016-05-10"])
def test_the_sheets_of_a_meeting_of_the_example_never_show_a_small_place(code):
    meeting = census.meeting(opened("exemple"), code)
    counts = meeting.tally("commune")
    seen = census.presence(meeting.territory.communes, counts)
    shown = privacy.people_by_commune(seen.named, counts.total - int(seen.named["nb"].sum()))
    assert shown["nb"].sum() == len(meeting.fiches)
    assert (shown["nb"] >= privacy.PEOPLE).all()
    page = sections.counted(meeting, "commune")
    small_ones = seen.named.loc[seen.named["nb"] < privacy.PEOPLE, "commune"]
    assert len(small_ones) > 0
    assert not [name for name in small_ones if name in page]


def test_what_a_public_document_printed_is_printed_as_it_printed_it():
    (meeting,) = census.recorded_meetings(opened("chateaubriant"))
    page = sections.counted(meeting, "commune")
    assert all(name in page for name in ("Soudan", "Derval", "Juigné Les Moutiers"))


# ── tables ──────────────────────────────────────────────────────────────────────────────────────


# ── words ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("answer", "shown"), [("oui", True), ("non", False), (None, False)])
def test_marks_of_tables_are_public_only_when_the_meeting_says_so(answer, shown):
    held = sheet("reunions", reunion=["R1"], restitution_publique=[answer])
    said = sheet("verbatims", reunion=["R1"], texte=["dit"])
    assert privacy.agreed(said, held).tolist() == [shown]
    assert privacy.public_words(said, held)["texte"].notna().tolist() == [shown]


def test_a_statement_of_no_meeting_is_not_public():
    held = sheet("reunions", reunion=["R1"], restitution_publique=["oui"])
    said = sheet("verbatims", reunion=[None, "R9"], texte=["dit", "écrit"])
    assert privacy.public_words(said, held)["texte"].isna().all()


def test_no_row_is_lost_when_its_words_are_not_public():
    t = opened("exemple")
    assert len(privacy.public_words(t.verbatims, t.reunions)) == len(t.verbatims)


def told(result: object) -> str:
    if isinstance(result, Figure):
        return result.html + (result.chart.to_json() if result.chart else "")
    return str(result)


def every_section(territory) -> str:
    """Everything that the notebooks show of a territory and of its meetings."""
    pages = [told(section(territory)) for section in shown("t").values()]
    meetings = census.recorded_meetings(territory)
    return "\n".join([*pages, *(told(section(meeting)) for section in shown("r").values() for meeting in meetings)])


def test_what_is_looked_at_is_every_cell_of_the_notebooks_of_a_territory():
    assert len(shown("t")) > 60
    assert len(shown("r")) == 12


def canary(agreed: str | None):
    """A territory whose one meeting agreed, or not, to show what its tables said."""
    coded = {"repris": ["oui", "non", "non codé"], "enjeu": ["E1", None, None]}
    words = ["canari un", "canari deux", "canari trois"]
    return small(
        reunions=sheet("reunions", reunion=["R1"], date=["2016-01-12"], nb_presents=[9], question_1=["Quoi ?"],
                       restitution_publique=[agreed]),
        verbatims=sheet("verbatims", verbatim=["V1", "V2", "V3"], reunion=["R1"] * 3, texte=words, question=["Q1"] * 3,
                        thematique=["se loger"] * 3, nature=["pépite"] * 3, table=["A"] * 3, **coded),
        fiches=sheet("fiches", reunion=["R1"], utilisateur=["oui"], attentes=["canari quatre"]),
        enjeux=sheet("enjeux", enjeu=["E1"], libelle=["Les services"], reunion=["R1"]),
        preconisations=sheet("preconisations", preconisation=["P1"], objectif=["Un lieu"], origine=["V1"]),
    )  # fmt: skip


@pytest.mark.parametrize("answer", ["non", None])
def test_what_was_said_at_a_meeting_without_public_restitution_is_in_no_section(answer):
    assert "canari" not in every_section(canary(answer))


def test_what_was_said_at_a_public_meeting_is_there():
    text = every_section(canary("oui"))
    assert [word for word in ("un", "deux", "trois", "quatre") if f"canari {word}" not in text] == []


def test_what_was_said_in_may_in_the_example_is_in_no_section():
    t = opened("exemple")
    text = every_section(t)
    silent = t.verbatims.loc[t.verbatims["reunion"] == "EX-2016-05-10", "texte"]
    assert len(silent) == 8
    assert [words for words in silent if words in text] == []


def test_what_fewer_than_three_actors_said_is_not_quoted():
    said = {"reaction": ["crainte", "crainte", "attente", "attente", "attente"]}
    names = {"nom": list("abcde"), "propos": ["canari un", "canari deux", "dit", "dit aussi", "dit encore"]}
    page = sections.tell("reactions", small(acteurs=sheet("acteurs", **said, **names)))
    assert "canari" not in page
    assert "dit encore" in page


def test_a_meeting_typed_twice_agrees_only_when_both_rows_do():
    rows = pd.DataFrame({"reunion": ["R3"]})
    for answers, is_shown in ((["oui", "oui"], True), (["oui", "non"], False), (["oui", None], False)):
        held = sheet("reunions", reunion=["R3", "R3 (2)"], restitution_publique=answers)
        assert privacy.agreed(rows, held).tolist() == [is_shown]


def test_statements_of_known_tables_leave_the_order_of_the_sheet():
    said = sheet("verbatims", reunion=["R1"] * 3, table=["A", "B", "C"], texte=["un vélo", "Un bus", "des bancs"])
    assert privacy.unordered(said)["texte"].tolist() == ["des bancs", "Un bus", "un vélo"]
    unknown = said.assign(table=None)
    assert privacy.unordered(unknown)["texte"].tolist() == said["texte"].tolist()


def test_opinions_of_a_cell_follow_the_scale_and_not_the_sheet():
    grid = sheet("indicateurs", indicateur=["I1", "I2"], critere=["Eau", "Lien"])
    said = sheet("mesures", indicateur=["I1", "I1", "I2", "I2"], pratique=["SEL"] * 4, avis=["-", "++", "++", "-"])
    assert indicators.practice_effects(said, grid)["avis"].tolist() == ["++ / -", "++ / -"]
