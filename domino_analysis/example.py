"""A fictional programme of any size, for tests, demonstrations and measurements.

The words and their weights are in the catalogue; here they are drawn, numbered and linked, as
facilitators fill their folders. A territory has its own generator, seeded by the seed of the programme
and its place: it is the same in a programme of any size.
"""

import datetime as dt
from collections import Counter, defaultdict
from itertools import combinations, product
from math import exp
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from .clean import items
from .paths import shown
from .schema import catalogue, exemple
from .workbook import CREATED

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
        By code of territory, then by table: a dict per row, without the cells left blank. Dates are
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
        raise FileExistsError(exemple()["erreurs"]["dossier"].format(dossier=shown(raw / taken[0])))
    raw.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=raw, prefix=".exemple-") as draft:
        for place, code in enumerate(codes, 1):
            folder = Path(draft) / code
            folder.mkdir()
            _fill(folder, _territory(code, place, seed), is_workbook=bool(place % 2))
        for code in codes:
            (Path(draft) / code).rename(raw / code)
    return codes


def _codes(number: int, seed: int) -> list[str]:
    if not 1 <= number <= MOST or seed < 0:
        raise ValueError(exemple()["erreurs"]["nombre"].format(nombre=number, graine=seed, plus=MOST))
    width = max(2, len(str(number)))
    return [f"exemple-{place:0{width}d}" for place in range(1, number + 1)]


# ── files, as facilitators fill them ────────────────────────────────────────────────────────────


def _fill(folder: Path, tables: dict[str, Rows], is_workbook: bool) -> None:
    """Write the sheets of a territory: one workbook, or one text per sheet."""
    frames = {}
    for name, rows in tables.items():
        titles = {column.name: column.title for column in catalogue()[name].typed}
        frames[name] = pd.DataFrame(rows, columns=list(titles), dtype=object).fillna("").rename(columns=titles)
    if not is_workbook:
        french = {"sep": ";", "index": False, "encoding": "utf-8-sig", "lineterminator": "\r\n"}
        for name, frame in frames.items():
            frame.map(_french).to_csv(folder / f"{name}.csv", **french)
        return
    with pd.ExcelWriter(folder / f"{folder.name}.xlsx", engine="xlsxwriter", date_format="dd/mm/yyyy") as writer:
        writer.book.set_properties({"created": CREATED})
        for name, frame in frames.items():
            frame.to_excel(writer, sheet_name=name, index=False)


def _french(cell: object) -> str:
    """Cell as a spreadsheet in French writes it in a text."""
    if isinstance(cell, dt.date):
        return cell.strftime("%d/%m/%Y")
    return str(cell).replace(".", ",") if isinstance(cell, float) else str(cell)


# ── one territory ───────────────────────────────────────────────────────────────────────────────


class _Group:
    """One territory on its way: its draws, and the sheets filled so far.

    Attributes
    ----------
    themes : list of dict
        Themes of the stakes, in the order of their codes: the common ones (the second is replaced at
        the second meeting), one that no recommendation answers, one that no indicator serves.
    dates, meetings : list
        Dates and codes of the four meetings, one per step.
    leaning : dict
        How much a table is for a thing, by table and thing: 0 indifferent, positive for, negative against.
    told : dict
        What the texts of the catalogue name between braces.
    """

    def __init__(self, code: str, place: int, seed: int):
        self.words, self.rng, self.tables = exemple(), np.random.default_rng((seed, place)), {}
        known, themes = self.words["noms"], self.words["themes"]
        names = [start + end for start, end in product(known["debuts"], known["fins"])]
        town = names[np.random.default_rng(seed).permutation(len(names))[place - 1]]
        self.names = [town, *self.some([name for name in names if name != town], len(names))]
        self.themes = self.some(themes[:COMMON], COMMON) + self.some(themes[COMMON:], 2)
        self.dates = [dt.date(2016, month, self.whole(4, 24)) for month in self.words["mois"]]
        self.meetings = [f"EX{place}-{date}" for date in self.dates]
        self.leaning = defaultdict(self.rng.normal)
        self.told = {
            "code": code, "bourg": town, "noms": self.names, "groupements": self.some(known["epci"], 2), "soirs": self.meetings,
            "jours": [f"{date:%d/%m/%Y}" for date in self.dates],
            "insee": known["departements"][(place - 1) // 100] + f"{(place - 1) % 100:02d}",
        }  # fmt: skip

    def some(self, pool: list, count: int) -> list:
        """Things drawn without replacement, as many as there are at most."""
        return [pool[index] for index in self.rng.permutation(len(pool))[:count]]

    def whole(self, low: int, high: int) -> int:
        """Whole number between two others, both included."""
        return int(self.rng.integers(low, high, endpoint=True))

    def among(self, weights: dict) -> Any:
        """Value drawn by its weight."""
        shares = np.array(list(weights.values()), dtype=float)
        return list(weights)[self.rng.choice(len(shares), p=shares / shares.sum())]

    def cell(self, value: Any, separator: str) -> Any:
        """What is known of a cell, or what is drawn: by weight, one to three texts of a list, from a range."""
        if isinstance(value, dict):
            return self.among(value)
        if not isinstance(value, list):
            return value
        if isinstance(value[0], str):
            return separator.join(self.some(value, self.whole(1, 3)))
        return self.whole(*value) if isinstance(value[0], int) else round(self.rng.uniform(*value), 1)

    def case(self, name: str) -> dict:
        """One of the cases that the catalogue gives for the rows of a sheet."""
        cases = self.words["cas"].get(name, [{}])
        return dict(cases[self.among({number: case.get("poids", 1) for number, case in enumerate(cases)})])

    def add(self, name: str, entries: Rows) -> Rows:
        """Fill a sheet: what is known of each row, the rest as one of its cases says; return the new rows."""
        rows = self.tables.setdefault(name, [])
        for number, entry in enumerate(entries, len(rows) + 1):
            known, row = self.case(name) | entry, {}
            told = self.told | {"n": number, "mot": self.some(self.names, 1)[0]}
            for column in catalogue()[name].typed:
                value = self.cell(known.get(column.name, ""), "; " if column.type == "list" else "\n")
                row[column.name] = value.format(**told | known | row) if isinstance(value, str) else value
            rows.append({column: value for column, value in row.items() if value != ""})
        return rows[len(rows) - len(entries) :]

    def stakes(self, evening: int) -> dict[str, str]:
        """Code of the stake of each theme, as it is at a meeting; the first one is number 0."""
        codes = {theme["theme"]: f"E{rank}" for rank, theme in enumerate(self.themes, 1)}
        return codes | {self.themes[1]["theme"]: "E6"} if evening else codes

    def behind(self, theme: str, evening: int) -> list[str]:
        """Codes of the statements that the stake of a theme, replaced or not, takes up until a meeting."""
        codes, last = {self.stakes(0)[theme], self.stakes(1)[theme]}, self.meetings[evening]
        said = self.tables["verbatims"]
        return [row["verbatim"] for row in said if row.get("enjeu") in codes and row["reunion"] <= last] or [""]

    def likes(self, table: str, things: list[str]) -> dict[str, float]:
        """Weight that a table gives to each thing: the exponential of its leaning."""
        return {thing: exp(self.leaning[table, thing]) for thing in things}


def _territory(code: str, place: int, seed: int) -> dict[str, Rows]:
    """Rows of the sixteen sheets, in the order of the catalogue."""
    group = _Group(code, place, seed)
    for fill in (_census, _said, _wanted, _answered):
        fill(group)
    return {name: group.tables[name] for name in catalogue()}


def _census(group: _Group) -> None:
    """The perimeter; practices here and there, one where nobody finds it; organisations and their links."""
    words = group.words
    communes = group.add("communes", words["communes"][: group.whole(7, 9)])
    people = sum(row["population"] for row in communes)
    group.add("territoires", [words["territoires"] | {"nb_communes": len(communes), "population": people}])
    group.add("documents", words["documents"])
    group.add("depouillements", words["depouillements"])
    practices = group.add("initiatives", group.some([
        {"commune": place["commune"], "thematique": theme["theme"]} | practice
        for theme in words["themes"] for practice, place in product(theme["pratiques"], communes)
    ], group.whole(26, 34)))  # fmt: skip
    next(row for row in practices if "commune" in row)["commune"] = words["noms"]["introuvable"]
    near = {row["thematique"]: row["initiative"] for row in practices}
    actors = group.some(words["acteurs"], 13)
    actors = group.add("acteurs", [actor | {"initiative": near.get(actor["thematique"], "")} for actor in actors])
    pairs = group.some(list(combinations([actor["acteur"] for actor in actors], 2)), 11)
    group.add("relations", [{"acteur_a": one, "acteur_b": other} for one, other in pairs])


def _said(group: _Group) -> None:
    """Stakes, sheets of the participants, and statements coded to the stakes of their day."""
    stakes = [theme | {"rang": rank, "retenu_le": group.dates[0]} for rank, theme in enumerate(group.themes, 1)]
    later = {"remplace": "E2", "source": "D02", "reunion": group.meetings[1], "retenu_le": group.dates[1]}
    stakes.append(stakes[1] | later | {"rang": ""})
    stakes[1] |= {"libelle": stakes[1]["avant"], "question": ""}
    stakes[2] |= {"reformule_le": group.dates[-1] + dt.timedelta(weeks=5)}
    group.add("enjeux", stakes)

    words, themes, said = group.words, group.words["themes"], {}
    hopes = {hope: theme["theme"] for theme in themes for hope in theme["attentes"]} | words["attentes"]
    people = {row["commune"]: row["population"] for row in group.tables["communes"]} | words["ailleurs"]
    pools = {
        theme["theme"]: group.some([(kind, text) for kind, texts in theme["phrases"].items() for text in texts], 99)
        for theme in themes
    }
    for evening, meeting in enumerate(words["reunions"]):
        here = {"reunion": group.meetings[evening]}
        group.add("reunions", [meeting | here | {"date": group.dates[evening]}])
        for table, question in product(TABLES, meeting["questions"]):
            near = group.stakes(0) if group.whole(1, 5) > 1 else pools
            theme = group.among(group.likes(table, [theme for theme in near if pools[theme]]))
            kind, text = pools[theme].pop()
            said[text] = evening, theme, here | {"nature": kind, "question": question, "table": table}
        sheets = group.add("fiches", [
            here | {"fiche": str(n), "table": TABLES[n % 4], "commune": people, "attentes": list(hopes) if n % 5 else ""}
            for n in range(1, group.whole(*meeting["fiches"]) + 1)
        ])  # fmt: skip
        for sheet, column in product(sheets, ("attentes", "participation")):
            place = here | words["ecrit"] | {"question": column.capitalize(), "table": sheet["table"]}
            for text in items(sheet.get(column)):
                said.setdefault(text, (evening, hopes.get(text), place))
    group.add("verbatims", [
        place | {"texte": text, "thematique": theme or "multi-thèmes"} | _coded(group, theme, evening)
        for text, (evening, theme, place) in said.items()
    ])  # fmt: skip


def _coded(group: _Group, theme: str | None, evening: int) -> dict:
    """Coding of a statement to the stakes of its day; an offer has no theme and is not coded."""
    coded = group.case("codages")
    if theme is None or coded["repris"] == "non codé":
        return {"repris": "non codé"}
    stake = group.stakes(evening).get(theme, "") if coded["repris"] == "oui" else ""
    others = {code: weight for code, weight in coded["second_enjeu"].items() if code != (stake or "non repris")}
    decided = {"repris": "oui" if stake else "non", "code_le": group.dates[evening] + dt.timedelta(days=5)}
    return coded | decided | {"enjeu": stake, "second_enjeu": others}


def _wanted(group: _Group) -> None:
    """Indicators, the points and opinions that they got, the marks of the tables and what practices do to them.

    Every territory has the first indicator of the common themes; it adds some of theirs, one of its own,
    one that nobody measured and one set aside.
    """
    words, served = group.words, group.themes[:-1]
    others = [theme | entry for theme in served for entry in theme["indicateurs"][1:]]
    chosen = [theme | theme["indicateurs"][0] for theme in served] + group.some(others, group.whole(0, 2))
    chosen += group.some(words["propres"], 1)
    counted = zip(group.some(served[:COMMON], 2), words["sorts"], strict=True)
    chosen += [theme | theme["compte"] | fate for theme, fate in counted]
    stakes = group.stakes(1)
    grid = group.add("indicateurs", [
        entry | {"enjeu": stakes[entry["theme"]], "verbatims": group.behind(entry["theme"], 1)} for entry in chosen
    ])  # fmt: skip

    codes, scale = [row["indicateur"] for row in grid], catalogue()["votes"]["avis"].enum[:5]
    debated, votes = group.some(codes, 3), []
    for number, table in enumerate([table for table in TABLES for _ in range(group.whole(5, 7))], 1):
        ballot = {"bulletin": str(number), "table": table}
        given = Counter(group.among(group.likes(table, codes)) for _ in range(POINTS))
        votes += [ballot | words["points"] | {"code": code, "points": points} for code, points in given.items()]
        for code in debated:
            opinion = round(2 - 1.3 * group.leaning[table, code] + group.rng.normal() / 2)
            votes.append(ballot | words["avis"] | {"code": code, "avis": scale[min(max(opinion, 0), 4)]})
    group.add("votes", votes)

    senses = {row["indicateur"]: words["sens"][row["sens"]] for row in grid if row["statut"] == "retenu"}
    marks = []
    for (code, sense), table in product(senses.items(), TABLES):
        now = min(max(round(3 + group.leaning[table, code]), 1), 5)
        mark = {"actuelle": now, "souhaitee": min(max(now + sense * group.whole(0, 3), 1), 5)}
        marks.append(words["note"] | mark | {"indicateur": code, "repondant": table})
    practices = sorted({row["type_pratique"] for row in group.tables["initiatives"]})
    judged = group.some(list(product(group.some(practices, 7), senses)), 30)
    marks += [{"pratique": practice, "repondant": "groupe", "indicateur": code} for practice, code in judged]
    group.add("mesures", marks)


def _answered(group: _Group) -> None:
    """Recommendations, none for the fourth stake and none at one moment; actions, none for the first of them."""
    empty = group.some(list(catalogue()["preconisations"]["moment"].enum), 1)
    serving = {row["enjeu"]: row["indicateur"] for row in reversed(group.tables["indicateurs"])}
    entries = []
    for theme in (*group.themes[:COMMON], group.themes[-1]):
        name, stake = theme["theme"], group.stakes(3)[theme["theme"]]
        known = {
            "enjeu": stake,
            "indicateur": serving.get(stake, ""),
            "thematique": name,
            "origine": group.behind(name, 2),
        }
        answers = [answer | known for answer in theme["preconisations"] if answer["moment"] not in empty]
        entries += group.some(answers, group.whole(1, 2))
    rows = group.add("preconisations", entries)
    group.add("votes", [group.words["leviers"] | {"code": row["preconisation"]} for row in rows])
    bearers = {actor["nom"]: 1 for actor in group.tables["acteurs"]}
    group.add("actions", [
        action | {"preconisation": row["preconisation"], "porteur": bearers}
        for row, entry in list(zip(rows, entries, strict=True))[1:] for action in entry["actions"]
    ])  # fmt: skip
