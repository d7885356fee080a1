"""The data of 24 September 2015 give again each countable line of the public minutes, one by one."""

import re
from pathlib import Path

import pytest

PAGE = "chateaubriant/reunions/chb-2015-09-24.html"
CASE = Path(__file__).with_name("cases") / "compte_rendu_2015-09-24.txt"


def sections() -> list[tuple[str, list[str]]]:
    """Titles and lines of the minutes as they were printed."""
    blocks = re.split(r"^\[(.*)\]\n", CASE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [(title, lines.split("\n")) for title, lines in zip(blocks[::2], map(str.strip, blocks[1::2]), strict=True)]


COUNTED = {title: lines for title, lines in sections() if title != "question"}
QUESTIONS = {lines[0]: lines[1:] for title, lines in sections() if title == "question"}
SAID = [*QUESTIONS.items(), ("attentes", COUNTED["attentes"])]
LISTED = [(title, COUNTED[title]) for title in ("communes", "services", "participation")]
LINES = [
    (kind, place, line)
    for kind, parts in (("dites", SAID), ("comptes", LISTED))
    for place, (_, lines) in enumerate(parts)
    for line in lines
]


def words(text: str) -> str:
    """Words with plain spaces; « AMAP : 4 », « LE BON COIN 6 » and « disponibilités :2 » are written alike."""
    return re.sub(r"(?:\s*:\s*|\s)(\d+)$", r" : \1", " ".join(text.split()))


@pytest.fixture
def lists(pages):
    """Items of the lists of the page, of one kind: ``lists("dites")`` those of statements."""
    return lambda kind: [[words(li.get_text()) for li in ul("li")] for ul in pages[PAGE].select(f"main ul.{kind}")]


def test_the_case_holds_what_the_minutes_count():
    assert [len(lines) for lines in QUESTIONS.values()] == [9, 12, 18]
    assert {title: len(lines) for title, lines in COUNTED.items()} == {
        "ce qui est compté": 3, "enjeux": 3, "communes": 12, "services": 18, "attentes": 19, "participation": 9,
    }  # fmt: skip


@pytest.mark.parametrize("line", COUNTED["ce qui est compté"])
def test_the_page_says_what_the_minutes_count(pages, line):
    assert line in pages.words(PAGE, "main")


@pytest.mark.parametrize(("kind", "place", "line"), LINES)
def test_each_line_stands_in_its_list_with_its_number_when_it_has_one(lists, kind, place, line):
    assert words(line) in lists(kind)[place]


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_question_is_a_heading_with_its_number_of_answers(pages, question):
    headings = [words(h3.get_text()) for h3 in pages[PAGE].select("main h3")]
    place = list(QUESTIONS).index(question)
    assert headings[place] == f"Q{place + 1}. {question} ({len(QUESTIONS[question])} réponses)"


@pytest.mark.parametrize("line", COUNTED["enjeux"])
def test_each_stake_is_there_with_its_keywords(pages, line):
    label, _, keywords = line.partition(" : ")
    stakes = {words(li.strong.get_text()): li for li in pages[PAGE].select("main li:has(> strong)")}
    assert len(stakes) == len(COUNTED["enjeux"])
    shown = [words(word.get_text()) for word in stakes[label[0].upper() + label[1:]].select(":scope > .t")]
    assert set(filter(None, re.split(r", (?![^(]*\))", keywords))) <= set(shown)


def test_the_page_holds_no_statement_that_the_minutes_do_not_hold(lists):
    *told, lost = lists("dites")
    assert told == [[words(line) for line in lines] for _, lines in SAID]
    assert set(lost) <= {words(line) for line in SAID[2][1]}


def test_the_page_counts_no_answer_that_the_minutes_do_not_count(lists):
    assert lists("comptes") == [[words(line) for line in lines] for _, lines in LISTED]
