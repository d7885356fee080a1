"""A fictional programme of any size, for tests, demonstrations and measurements.

The words and their weights are in the catalogue; here they are drawn, numbered and linked, as
facilitators fill their folders. A territory has its own generator, seeded by the seed of the programme
and its place: it is the same in a programme of any size.
"""

import datetime as dt
from collections import Counter, defaultdict
from itertools import product
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from . import clean, paths, workbook
from .schema import catalogue, exemple

MOST, TABLES, POINTS, COMMON = 500, "ABCD", 5, 3
"""Most territories, tables of a meeting, points of a ballot, stakes that every territory has."""

Rows = list[dict[str, Any]]


def programme(number: int, seed: int = 0) -> dict[str, dict[str, Rows]]:
    """Rows of every sheet of some fictional territories, under our names.

    Parameters
    ----------
    number : int
        How many territories, 1 to 500.
    seed : int
        Same seed, same territories; from 0.

    Returns
    -------
    dict
        By code of territory, then by table: a dict per row, without the cells left blank. Dates of meetings are
        dates, numbers are numbers, lists are text separated by ``;``.

    Raises
    ------
    ValueError
        When the number or the seed is out of its range.

    Examples
    --------
    >>> two = programme(2, seed=7)
    >>> list(two), two["exemple-01"] == programme(1, seed=7)["exemple-01"]
    (['exemple-01', 'exemple-02'], True)
    """
    return {code: _territory(code, place, seed) for place, code in enumerate(_codes(number, seed), 1)}


def write(raw: Path, number: int, seed: int = 0) -> list[str]:
    """Write some fictional territories, a folder each; return their codes.

    The first, third… are workbooks; the second, fourth… hold one .csv per sheet. The same call gives
    the same bytes. Everything is written in a hidden folder beside, then put in its place: no folder is
    ever half written.

    Parameters
    ----------
    raw : Path
        Folder of the territories, ``data/raw``; made when it is absent.
    number, seed : int
        See `programme`.

    Raises
    ------
    FileExistsError
        When one of the folders exists: nothing is ever overwritten.
    ValueError
        When the number or the seed is out of its range.

    Examples
    --------
    >>> with TemporaryDirectory() as folder:
    ...     print(write(Path(folder), 2), [path.suffix for path in Path(folder).glob("exemple-01/*")])
    ['exemple-01', 'exemple-02'] ['.xlsx']
    """
    codes = _codes(number, seed)
    if taken := [code for code in codes if (raw / code).exists()]:
        raise FileExistsError(exemple()["erreurs"]["dossier"].format(dossier=paths.shown(raw / taken[0])))
    raw.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=raw, prefix=".exemple-") as draft:
        for place, code in enumerate(codes, 1):
            _fill(Path(draft) / code, _territory(code, place, seed), is_workbook=bool(place % 2))
        for code in codes:
            (Path(draft) / code).rename(raw / code)
    return codes


def _codes(number: int, seed: int) -> list[str]:
    if not 1 <= number <= MOST or seed < 0:
        raise ValueError(exemple()["erreurs"]["nombre"].format(nombre=number, graine=seed, plus=MOST))
    width = max(2, len(str(number)))
    return [f"exemple-{place:0{width}d}" for place in range(1, number + 1)]


# ── files, as facilitators fill them ────────────────────────────────────────────────────────────


FRENCH = {dt.date: "{:%d/%m/%Y}".format, float: lambda amount: str(amount).replace(".", ",")}
"""How a spreadsheet in French writes a cell in a text, when it is not as it stands."""


def _fill(folder: Path, tables: dict[str, Rows], is_workbook: bool) -> None:
    """Write the sheets of a territory: one workbook, or one text per sheet."""
    folder.mkdir(parents=True)
    frames = {}
    for name, rows in tables.items():
        titles = {column.name: column.title for column in catalogue()[name].typed}
        frames[name] = pd.DataFrame(rows, columns=list(titles), dtype=object).fillna("").rename(columns=titles)
    if not is_workbook:
        french = {"sep": ";", "index": False, "encoding": "utf-8-sig", "lineterminator": "\r\n"}
        for name, frame in frames.items():
            frame.map(lambda cell: FRENCH.get(type(cell), str)(cell)).to_csv(folder / f"{name}.csv", **french)
        return
    with pd.ExcelWriter(folder / f"{folder.name}.xlsx", engine="xlsxwriter", date_format="dd/mm/yyyy") as writer:
        writer.book.set_properties({"created": workbook.CREATED})
        for name, frame in frames.items():
            frame.to_excel(writer, sheet_name=name, index=False)


# ── one territory ───────────────────────────────────────────────────────────────────────────────


class _Group:
    """One territory on its way: its draws, and the sheets filled so far.

    Attributes
    ----------
    themes : list of dict
        Themes that the group speaks of, in the order of their stakes: those of every territory (the second
        is replaced at the second meeting), one that no recommendation answers, one that no indicator
        serves, and one that the group leaves aside.
    stakes : dict
        Code of the stake of each theme, as it is at the time.
    said : dict
        What was said, by text: what is known of the statement.
    leaning : dict
        How much a table is for a thing, by table and thing: 0 indifferent, positive for, negative against.
    tables : dict
        Rows of each sheet filled so far.
    told : dict
        What the texts of the catalogue name between braces.
    """

    def __init__(self, code: str, place: int, seed: int):
        words, self.rng, self.tables, self.said = exemple(), Random(f"{seed}/{place}"), defaultdict(list), {}
        names = [start + end for start, end in product(words["noms"]["debuts"], words["noms"]["fins"])]
        Random(seed).shuffle(names)
        names = [names.pop(place - 1), *self.some(names, len(names))]
        dates = [dt.date(2016, month, self.rng.randint(4, 24)) for month in words["mois"]]
        self.words, self.told = words, {
            "code": code, "insee": words["noms"]["departements"][(place - 1) // 100] + f"{(place - 1) % 100:02d}",
            "noms": names, "bourg": names[0], "groupements": self.some(words["noms"]["epci"], 2),
            "dates": dates, "soirs": [f"EX{place}-{date}" for date in dates], "feuilles": self.tables,
        }  # fmt: skip
        self.themes = self.some(words["themes"][:COMMON], COMMON) + self.some(words["themes"][COMMON:], 3)
        self.stakes = {theme["theme"]: f"E{rank}" for rank, theme in enumerate(self.themes[:-1], 1)}
        self.leaning = defaultdict(lambda: self.rng.gauss(0, 1))

    def some(self, pool: list, count: int) -> list:
        """Things drawn without replacement, as many as there are at most."""
        return self.rng.sample(pool, min(count, len(pool)))

    def liked(self, table: str, things: list[str], count: int = 1) -> list[str]:
        """Things drawn with replacement: one more in the leaning of a table makes a thing three times as likely."""
        return self.rng.choices(things, [3 ** self.leaning[table, thing] for thing in things], k=count)

    def cell(self, rule: Any, told: dict) -> Any:
        """What a cell holds: drawn by weight, one to three texts of a list, from a range, or as it is said."""
        if isinstance(rule, dict):
            rule = self.rng.choices(list(rule), list(rule.values()))[0]
        elif isinstance(rule, list) and any(isinstance(bound, int) for bound in rule):
            return self.rng.randint(*rule)
        elif isinstance(rule, list):
            rule = "; ".join(self.some(rule, self.rng.randint(1, 3)))
        return rule.format(**told) if isinstance(rule, str) else rule

    def add(self, name: str, entries: Rows) -> Rows:
        """Fill a sheet: what is known of each row, the rest as one of its cases says; return the new rows."""
        rows, columns = self.tables[name], [column.name for column in catalogue()[name].typed]
        for entry in entries:
            cases = self.words["cas"][entry.get("cas", name)]
            known = self.rng.choices(cases, [case.get("poids", 1) for case in cases])[0] | entry
            told = self.told | known | {"n": len(rows) + 1, "mot": self.rng.choice(self.told["noms"])}
            for column in columns:
                told[column] = self.cell(known.get(column, ""), told)
            rows.append({column: told[column] for column in columns if told[column] != ""})
        return rows[len(rows) - len(entries) :]

    def about(self, theme: str) -> dict[str, Any]:
        """What is known of an entry about a theme: its stake, and the statements behind it so far."""
        behind = [row["verbatim"] for row in self.tables["verbatims"] if "enjeu" in row and row["thematique"] == theme]
        return {"thematique": theme, "retenu": self.stakes.get(theme, ""), "verbatims": behind, "origine": behind}

    def say(self, text: str, theme: str, **known: str) -> None:
        """Keep a statement that nobody made before: about a stake, about another theme, or an offer without a theme."""
        case = "verbatims" if theme in self.stakes else "hors enjeux" if theme else "offres"
        self.said.setdefault(text, {"cas": case, "texte": text} | self.about(theme) | known)


def _territory(code: str, place: int, seed: int) -> dict[str, Rows]:
    """Rows of the sixteen sheets, in the order of the catalogue; they are filled in the order of the programme."""
    group = _Group(code, place, seed)
    for fill in (_census, _meet, _retained, _meet, _wanted, _meet, _measured, _answered, _meet):
        fill(group)
    return {name: group.tables[name] for name in catalogue()}


def _census(group: _Group) -> None:
    """The perimeter; practices here and there, one where nobody finds it; organisations and their links."""
    words, rng = group.words, group.rng
    communes = group.add("communes", words["communes"][: rng.randint(7, 9)])
    group.add("territoires", [{"nb_communes": len(communes), "population": sum(row["population"] for row in communes)}])
    practices = [{"commune": place["commune"]} | practice for practice, place in product(words["pratiques"], communes)]
    group.add("initiatives", group.some(practices, rng.randint(25, 33)) + words["initiatives"])
    group.add("acteurs", group.some(words["acteurs"], 13))
    for name in ("documents", "depouillements", "relations"):
        group.add(name, words[name])


def _meet(group: _Group) -> None:
    """The next meeting: what the tables said, then the sheets of the participants and what they say."""
    words, rng, evening, before = group.words, group.rng, len(group.tables["reunions"]), len(group.said)
    meeting, hopes = words["reunions"][evening], words["attentes"]
    here = {"reunion": group.told["soirs"][evening], "date": group.told["dates"][evening]}
    group.add("reunions", [meeting | here])
    phrases = {theme["theme"]: theme["phrases"] for theme in group.themes}
    for table, question in product(TABLES, meeting["questions"]):
        (theme,) = group.liked(table, list(phrases))
        kind = rng.choice(list(phrases[theme]))
        group.say(rng.choice(phrases[theme][kind]), theme, nature=kind, question=question, table=table, origine="table")
    sheets = [here | {"attentes": list(hopes) if n % 5 else ""} for n in range(rng.randint(*meeting["fiches"]))]
    for sheet, column in product(group.add("fiches", sheets), ("attentes", "participation")):
        known = {"question": column.capitalize(), "table": sheet["table"], "origine": "fiche", "nb_tables": ""}
        for text in clean.items(sheet.get(column)):
            group.say(text, hopes.get(text, ""), **known)
    group.add("verbatims", [here | statement for statement in list(group.said.values())[before:]])


def _retained(group: _Group) -> None:
    """Stakes of the first meeting; one of them is replaced at the second."""
    stakes = group.add("enjeux", [group.themes[row["place"]] | row for row in group.words["enjeux"]])
    group.stakes[group.themes[1]["theme"]] = stakes[-1]["enjeu"]


def _wanted(group: _Group) -> None:
    """Indicators, and the points and opinions that they got.

    Every territory has the first indicator of the common themes; it adds some of theirs, one of its own,
    one that nobody measured and one set aside.
    """
    words, rng, served = group.words, group.rng, group.themes[: COMMON + 1]
    chosen = [theme | entry for theme in served for entry in theme["indicateurs"][: rng.randint(1, 2)]]
    chosen += group.some(words["propres"], 1) + words["comptes"]
    grid = group.add("indicateurs", [group.about(entry["theme"]) | entry for entry in chosen])

    codes = [row["indicateur"] for row in grid]
    debated, voters = group.some(codes, 3), [table for table in TABLES for _ in range(rng.randint(5, 7))]
    for number, table in enumerate(voters, 1):
        given = Counter(group.liked(table, codes, POINTS))
        marks = [{"cas": "points", "code": code, "points": given[code]} for code in given]
        marks += [{"cas": "pour" if group.leaning[table, code] > 0 else "contre", "code": code} for code in debated]
        group.add("votes", [mark | {"bulletin": str(number), "table": table} for mark in marks])


def _measured(group: _Group) -> None:
    """Notes of the tables, and what some practices do to some criteria."""
    grid = {row["indicateur"]: row["sens"] for row in group.tables["indicateurs"] if row["statut"] == "retenu"}
    noted = [{"cas": grid[code], "indicateur": code, "repondant": table} for code, table in product(grid, TABLES)]
    practices = sorted({row["type_pratique"] for row in group.tables["initiatives"]})
    judged = group.some(list(product(group.some(practices, 7), grid)), 30)
    group.add("mesures", noted + [{"pratique": practice, "indicateur": code} for practice, code in judged])


def _answered(group: _Group) -> None:
    """Recommendations, none for the fourth stake and none at one moment; actions, none for the first of them."""
    moments = group.some(catalogue()["preconisations"]["moment"].enum, 2)
    serving = {row["enjeu"]: row["indicateur"] for row in reversed(group.tables["indicateurs"])}
    for place, theme in enumerate((*group.themes[:COMMON], group.themes[COMMON + 1])):
        known = group.about(theme["theme"]) | {"indicateur": serving.get(group.stakes[theme["theme"]], "")}
        for moment in moments[group.rng.randint(0, min(place, 1)) :]:
            answer = group.rng.choice([answer for answer in theme["preconisations"] if answer["moment"] == moment])
            (row,) = group.add("preconisations", [known | answer])
            group.add("votes", [{"cas": "leviers", "code": row["preconisation"]}])
            group.add("actions", [row | action for action in answer["actions"] if row["preconisation"] != "P1"])
