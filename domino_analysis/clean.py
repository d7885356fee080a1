"""Raw tables → tidy tables and the list of problems: the place where judgement lives.

The order is that of `tidy`: corrections, missing codes, types, allowed values, keys, places, links
between tables, plausibility. Nothing is raised for data: a row that cannot be used is left out and
said (*bloquant*), a doubtful cell is said and its row stays (*à vérifier*).
"""

import csv
import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import networkx as nx
import pandas as pd
from rapidfuzz import fuzz, process

from .load import PLACE, RawFolder, decode, parse_csv, refusal
from .paths import shown
from .schema import Column, Problem, Table, catalogue, problem, services, simplify, table_named, value_spellings

PROPOSE_FROM = 80
"""Likeness (0 to 100) from which a word is proposed; nothing is ever replaced on likeness."""

MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
FREE_TEXT = {"verbatims": ["texte"], "fiches": ["attentes", "participation"], "acteurs": ["propos"]}
MAIL, TELEPHONE = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", r"(?:(?:\+|00)33\s?(?:\(0\)\s?)?|0)[1-9](?:[\s./-]?\d\d){4}"
CONTACT = re.compile(rf"{MAIL}|(?<!\d){TELEPHONE}(?!\d)")


@dataclass
class Tidy:
    """Tidy tables of one folder, where each row comes from, what was matched and what is wrong."""

    tables: dict[str, pd.DataFrame]
    provenance: pd.DataFrame
    matches: pd.DataFrame
    problems: list[Problem]


@dataclass
class Sweep:
    """The state of one cleaning: text tables on their way, and what was seen."""

    raw: RawFolder
    folder: Path
    tables: dict[str, pd.DataFrame]
    problems: list[Problem] = field(default_factory=list)
    matches: list[dict] = field(default_factory=list)

    def tell(self, row: pd.Series, column: str, regle: str, **values: object) -> None:
        """Add the problem of a rule, which names the cell of a row."""
        file, cell = shown(self.folder / row["fichier"]), self.raw.cell(row, column)
        self.problems.append(problem(regle, file, row["feuille"], cell, **values))

    def match(self, row: pd.Series, column: str, ecrit: str, lu: str, moyen: str) -> None:
        """Record that what is written was read as something else, and how."""
        cell = self.raw.cell(row, column)
        self.matches.append({"feuille": row["feuille"], "cellule": cell, "ecrit": ecrit, "lu": lu, "moyen": moyen})

    def filled(
        self, wanted: Callable[[str, Column], object] = lambda name, column: True
    ) -> Iterator[tuple[str, Column, pd.DataFrame, pd.Series]]:
        """Give each wanted column that people type: its table, itself, the rows, the cells that hold something."""
        for name, table in catalogue().items():
            for column in (column for column in table.typed if wanted(name, column)):
                frame = self.tables[name]
                yield name, column, frame, frame[column.name][frame[column.name] != ""]


class Reading(NamedTuple):
    """What a text is read as and how it was matched, or else the rule that it breaks."""

    value: str
    moyen: str = ""
    regle: str = ""
    choix: str = ""
    proche: str = ""


def closest(text: str, choices: list[str]) -> str:
    """The choice most like a text, or nothing when none is like it or two are as like.

    Examples
    --------
    >>> closest("existente", ["existante", "en projet"])
    'existante'
    >>> closest("Nantes", ["Saint-Julien-de-Vouvantes"])
    ''
    """
    found = process.extract(simplify(text), {c: simplify(c) for c in choices}, scorer=fuzz.ratio, limit=2)
    if not found or found[0][1] < PROPOSE_FROM:
        return ""
    return "" if len(found) > 1 and found[1][1] == found[0][1] else found[0][2]


def items(text: object) -> list[str]:
    """Values of a list cell, separated by ``;`` or by lines, in their order.

    Examples
    --------
    >>> items("AMAP ; Le Bon Coin;")
    ['AMAP', 'Le Bon Coin']
    >>> items(None)
    []
    """
    if not isinstance(text, str):
        return []
    return [item.strip() for item in re.split(r"[;\n]", text) if item.strip()]


# ── corrections ─────────────────────────────────────────────────────────────────────────────────


def beside(path: Path) -> list[dict[str, str]]:
    """Rows of ``corrections.csv`` or ``listes.csv``, by simplified title; none without the file."""
    if not path.exists() or refusal(path):
        return []
    grid = enumerate(parse_csv(decode(path.read_bytes())), 1)
    rows = [(str(number), *row) for number, row in grid if any(row)]
    titles = ["ligne du fichier", *map(simplify, rows[0][1:])] if rows else []
    return [dict(zip(titles, row, strict=False)) for row in rows[1:]]


def _named(entry: dict[str, str]) -> tuple[Table | None, Column | None]:
    """Table and column that a row of a file beside the sheets names."""

    def named(key: str, choices: tuple) -> Table | Column | None:
        plain = simplify(entry.get(key, ""))
        return next((choice for choice in choices if plain in map(simplify, choice.spellings)), None)

    table = named("feuille", tuple(catalogue().values()))
    return table, named("colonne", table.typed) if table else None


def _corrections(sweep: Sweep) -> None:
    """Apply ``corrections.csv``; a correction that no longer finds its value says so."""
    path = sweep.folder / "corrections.csv"
    for entry in beside(path):
        table, column = _named(entry)
        found, new = entry.get("valeur trouvee", ""), entry.get("valeur corrigee", "")
        reason, until = entry.get("raison", ""), entry.get("jusqu a", "")
        rows = pd.DataFrame()
        if column:
            frame = sweep.tables[table.name]
            rows = frame[(frame["ligne"].astype(str) == entry.get("ligne", "")) & (frame[column.name] == found)]
        if rows.empty or not reason:
            rule = "correction sans objet" if column else "correction sans objet/colonne inconnue"
            line = f"ligne {entry['ligne du fichier']}"
            sweep.problems.append(problem(rule, shown(path), "", line, trouvee=found, corrigee=new))
            continue
        way = f"correction : {reason}" + (f" (jusqu'à : {until})" if until else "")
        for _, row in rows.iterrows():
            sweep.match(row, column.name, found, new, way)
        frame.loc[rows.index, column.name] = new


# ── cells ───────────────────────────────────────────────────────────────────────────────────────


def parse_date(text: str) -> str | None:
    """Date as AAAA, AAAA-MM or AAAA-MM-JJ; None when the text is no date.

    Examples
    --------
    >>> [parse_date(t) for t in ("12/05/2015", "2015-05", "mai 2016", "24 septembre 2015", "bientôt")]
    ['2015-05-12', '2015-05', '2016-05', '2015-09-24', None]
    """
    text = text.strip().split(" 00:00")[0]
    if re.fullmatch(r"\d{4}", text):
        return text
    parts = None
    if match := re.fullmatch(r"(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2}))?(?:[ T]\d\d:\d\d.*)?", text):
        parts = match.groups()
    elif match := re.fullmatch(r"(?:(\d{1,2})[/.-])?(\d{1,2})[/.-](\d{4})", text):
        parts = match[3], match[2], match[1]
    elif match := re.fullmatch(r"(?:(?:[a-z]+ )?(\d{1,2})(?:er)? )?([a-z]+) (\d{4})", simplify(text)):
        names = [simplify(month) for month in MONTHS]
        if match[2] in names:
            parts = match[3], str(names.index(match[2]) + 1), match[1]
    if not parts:
        return None
    year, month, day = (int(part) if part else None for part in parts)
    try:
        dt.date(year, month, day or 1)
    except ValueError:
        return None
    return f"{year:04d}-{month:02d}" + (f"-{day:02d}" if day else "")


def parse_number(text: str) -> float | None:
    """Number written with a decimal comma or point, spaces between thousands; None when it is none.

    Examples
    --------
    >>> [parse_number(t) for t in ("1 234,5", "12", "-3.5", "une vingtaine")]
    [1234.5, 12.0, -3.5, None]
    """
    plain = re.sub(r"[\s\u00a0\u202f]", "", text).replace(",", ".").removesuffix("€")
    return float(plain) if re.fullmatch(r"[+-]?\d{1,15}(\.\d+)?", plain) else None


def _as_number(column: Column, text: str) -> Reading:
    number = parse_number(text)
    whole = column.type == "integer"
    broken = ""
    if number is None or (whole and not number.is_integer()):
        broken = "forme/nombre entier" if whole else "forme/nombre"
    elif column.lecture == "annee" and number > 9999:
        broken = "forme/quatre chiffres"
    elif column.minimum is not None and number < column.minimum:
        broken = "forme/minimum"
    elif column.maximum is not None and number > column.maximum:
        broken = "forme/maximum"
    if broken:
        return Reading("", regle=broken)
    return Reading(str(int(number)) if number.is_integer() else repr(number))


def _as_date(text: str) -> Reading:
    date = parse_date(text)
    return Reading(date) if date else Reading("", regle="forme/date")


def _as_choice(table: str, column: Column, text: str) -> Reading:
    value = value_spellings(table, column.name).get(simplify(text) or text)
    if value is None:
        listed = ", ".join(column.enum[:-1]) + " ou " + column.enum[-1]
        return Reading("", regle="valeur", choix=listed, proche=closest(text, list(column.enum)))
    is_other = simplify(value) != simplify(text) and column.lecture != "oui_non"
    return Reading(value, "autre écriture" if is_other else "")


def _as_code(column: Column, text: str) -> Reading:
    if column.name == "code_insee" and re.fullmatch(r"\d{4}", text):
        return Reading("0" + text, "zéro du code INSEE")
    if re.search(column.pattern, text):
        return Reading(text)
    return Reading("", regle="forme/code", choix=column.description.rstrip("."))


def _as_listed(known: dict[str, str], is_open: bool, text: str) -> Reading:
    if is_open or simplify(text) in known:
        return Reading(known.get(simplify(text), text))
    values = list(known.values())
    return Reading(text, regle="liste", choix=", ".join(dict.fromkeys(values)), proche=closest(text, values))


def _reader(table: str, column: Column, own: list[str]) -> Callable[[str], Reading] | None:
    """How the cells of a column are read; ``own`` are the values that the territory adds to a list."""
    if column.lecture == "date":
        return _as_date
    if column.enum:
        return lambda text: _as_choice(table, column, text)
    if column.type in ("integer", "number"):
        return lambda text: _as_number(column, text)
    if column.pattern:
        return lambda text: _as_code(column, text)
    if column.valeurs_proposees or column.type == "list":
        known = {**value_spellings(table, column.name), **{simplify(value): value for value in own}}
        return lambda text: _as_listed(known, not column.valeurs_proposees, text)
    return None


def _read(
    sweep: Sweep,
    frame: pd.DataFrame,
    column: Column,
    cells: pd.Series,
    reader: Callable[[str], Reading],
    keeps: bool = False,
) -> None:
    """Read the cells of a column, item by item in a list; with ``keeps`` the sheet keeps its words."""
    for index, text in cells.items():
        values = []
        for item in items(text) if column.type == "list" else [text]:
            value, way, broken, choices, near = reader(item)
            values.append(value)
            if broken:
                words = {"colonne": column, "texte": item, "choix": choices, "proche": near}
                sweep.tell(frame.loc[index], column.name, broken, **words)
            elif way:
                sweep.match(frame.loc[index], column.name, item, value, way)
        if not keeps and "; ".join(values) != text:  # writing a cell is slow
            frame.loc[index, column.name] = "; ".join(values)


def _cells(sweep: Sweep) -> None:
    """Missing codes, types and lists, cell by cell."""
    own: dict[tuple[str, str], list[str]] = {}
    for entry in beside(sweep.folder / "listes.csv"):
        table, column = _named(entry)
        if column:
            own.setdefault((table.name, column.name), []).append(entry.get("valeur", ""))
    for name, column, frame, cells in sweep.filled():
        is_missing = cells.str.lower().isin([code.lower() for code in column.missing_values])
        if is_missing.any():
            frame.loc[cells.index[is_missing], column.name] = ""
        if reader := _reader(name, column, own.get((name, column.name), [])):
            _read(sweep, frame, column, cells[~is_missing], reader)


# ── rows, keys, places, links ───────────────────────────────────────────────────────────────────


def _constants(sweep: Sweep) -> None:
    """Fill what is the same for the whole folder: the territory, the only meeting."""
    meetings = [code for code in sweep.tables["reunions"]["reunion"].unique() if code]
    placed = [name for name, frame in sweep.tables.items() if "territoire" in frame and name != "documents"]
    same = [(name, "territoire", sweep.folder.name) for name in placed]
    if len(meetings) == 1:
        same += [(name, "reunion", meetings[0]) for name in ("fiches", "verbatims", "votes", "mesures")]
    for name, column, value in same:
        sweep.tables[name][column] = sweep.tables[name][column].replace("", value)


def _questions(sweep: Sweep) -> None:
    """« Question 2 », « q2 » and « 2 » are the second question of the meeting: Q2."""
    frame = sweep.tables["verbatims"]
    for index, text in frame["question"].items():
        asked = re.fullmatch(r"(?:question |q)?(\d)", simplify(text))
        if asked and text != f"Q{asked[1]}":
            frame.loc[index, "question"] = f"Q{asked[1]}"


def _required(sweep: Sweep) -> None:
    """A row without what makes it a row is left out."""
    for name, column, frame, cells in sweep.filled(lambda name, column: column.required):
        for _, row in frame.drop(index=cells.index).iterrows():
            sweep.tell(row, column.name, "obligatoire", colonne=column)
        sweep.tables[name] = frame.loc[cells.index]


def _free_number(number: str, taken: set[str]) -> str:
    """Return the number, or the first one after it that no row of another file has."""
    copies = (f"{number}-{n}" for n in range(2, len(taken) + 3))
    return next(n for n in (number, *copies) if n not in taken)


def _keys(sweep: Sweep) -> None:
    """A row without number gets one; of two with the same number the second is renamed.

    A commune or a territory is what it is: its second row is left out.
    """
    for name, table in catalogue().items():
        if not table.primary_key:
            continue
        frame, own = sweep.tables[name], table.primary_key[-1]
        taken = set(frame[own])
        for index, row in frame[frame[own] == ""].iterrows():
            frame.loc[index, own] = _free_number(f"L{row['ligne']}", taken)
            taken.add(frame.loc[index, own])
        alike = frame[list(table.primary_key)].map(lambda code: simplify(code) or code)
        numbers = alike.groupby(list(table.primary_key)).cumcount() + 1
        twins = frame[numbers > 1]
        first = {tuple(key): frame.loc[index] for index, key in alike[numbers == 1].iterrows()}
        others = {index: first[tuple(alike.loc[index])] for index in twins.index}
        where = {index: f"{row['fichier']}, ligne {row['ligne']}" for index, row in others.items()}
        if name in ("communes", "territoires"):
            for index, row in twins.iterrows():
                sweep.tell(row, own, "doublon/écarté", code=row[own], place=where[index])
            sweep.tables[name] = frame.drop(index=twins.index)
            continue
        for index, row in twins.iterrows():
            frame.loc[index, own] = f"{row[own]} ({numbers[index]})"
            sweep.tell(row, own, "doublon/renommé", code=row[own], place=where[index], autre=frame.loc[index, own])


def place_name(text: str) -> str:
    """Name of a commune made comparable: saint for st, sur for s/, no articles lost.

    Examples
    --------
    >>> place_name("St-Julien de Vouvantes") == place_name("Saint-Julien-de-Vouvantes")
    True
    """
    words = re.sub(r"\bs/", "sur ", text.lower())
    words = simplify(words)
    return re.sub(r"\bst\b", "saint", re.sub(r"\bste\b", "sainte", words))


def known_places(communes: pd.DataFrame, reference: pd.DataFrame) -> dict[str, tuple[str, str, str]]:
    """Official name, code and way of knowing it, by every comparable spelling of a commune.

    Parameters
    ----------
    communes : DataFrame
        The territory's own sheet, with its other spellings.
    reference : DataFrame
        Communes of 2015 and what each became; its names come after those of the sheet.
    """
    known = [
        (e.commune_actuelle, (e.commune_actuelle, e.code_insee_actuel, "nom actuel")) for e in reference.itertuples()
    ]
    known += [(e.commune, (e.commune, e.code_insee, "nom de 2015")) for e in reference.itertuples()]
    for entry in communes.itertuples():
        known += [(spelling, (entry.commune, entry.code_insee, "autre écriture")) for spelling in items(entry.alias)]
    known += [(e.commune, (e.commune, e.code_insee, "nom")) for e in communes.itertuples()]
    return {place_name(spelling): place for spelling, place in known}


def _places(sweep: Sweep, reference: pd.DataFrame) -> None:
    """Give each commune its official name and code; what is not found is listed and kept."""
    communes = sweep.tables["communes"]
    _official_communes(sweep, communes, reference)
    places = known_places(communes, reference)
    for _, column, frame, cells in sweep.filled(lambda name, column: column.lecture == "commune"):
        _place_cells(sweep, frame, column, cells, places)
    frame, column = sweep.tables["depouillements"], catalogue()["depouillements"]["reponse"]
    answers = frame["reponse"][frame["question"] == catalogue()["fiches"]["commune"].title]
    answers = answers[~answers.str.upper().isin(["", "NR", "NC"])]
    _place_cells(sweep, frame, column, answers, places, keeps=True)


def _official_communes(sweep: Sweep, communes: pd.DataFrame, reference: pd.DataFrame) -> None:
    """Complete the sheet of communes; say which are not of the perimeter, when we know it."""
    if reference.empty:
        return
    by_name = {place_name(r.commune): r for r in reference.itertuples()}
    for index, row in communes.iterrows():
        official = by_name.get(place_name(row["commune"]))
        if official is None:
            near = closest(row["commune"], sorted(reference["commune"]))
            sweep.tell(row, "commune", "commune inconnue/périmètre", texte=row["commune"], proche=near)
            continue
        communes.loc[index, "code_insee"] = row["code_insee"] or official.code_insee
        communes.loc[index, "epci"] = row["epci"] or official.epci
        if row["code_insee"] not in ("", official.code_insee):
            words = {"commune": row["commune"], "code": row["code_insee"], "officiel": official.code_insee}
            sweep.tell(row, "code_insee", "code INSEE", **words)


def _place_cells(
    sweep: Sweep, frame: pd.DataFrame, column: Column, cells: pd.Series, places: dict, keeps: bool = False
) -> None:
    """Recognise the communes of a column; the words of a published total stay as they were."""
    names = sorted({official for official, _, _ in places.values()})

    def read(text: str) -> Reading:
        if place_name(text) not in places:
            return Reading(text, regle="commune inconnue", proche=closest(text, names))
        official, _, way = places[place_name(text)]
        return Reading(official, way if official != text else "")

    codes = {index: places[place_name(text)][1] for index, text in cells.items() if place_name(text) in places}
    frame["code_insee"] = [codes.get(index, "") for index in frame.index]
    _read(sweep, frame, column, cells, read, keeps)


LINKS = {
    ("indicateurs", "verbatims"): "verbatims",
    ("preconisations", "origine"): "verbatims",
    ("verbatims", "second_enjeu"): "enjeux",
    ("enjeux", "remplace"): "enjeux",
}
"""Sheet that a column names, where Table Schema cannot say it: in a list, or beside another word."""

VOTED = {"indicateurs": ["critère", "indicateur"], "enjeux": ["enjeu"], "preconisations": ["levier"]}
"""What a vote is about, by the sheet that holds its code."""


def _target(name: str, column: Column) -> str | None:
    """Sheet whose codes a column holds, if it holds any."""
    linked = catalogue()[name].foreign_keys.get(column.name)
    return linked[0] if linked else LINKS.get((name, column.name))


def _links(sweep: Sweep) -> None:
    """References to another sheet: the same code in another writing is found, the rest is listed."""
    for name, column, frame, cells in sweep.filled(_target):
        _link_cells(sweep, frame, column, cells, _target(name, column))
    votes = sweep.tables["votes"]
    for target, objects in VOTED.items():
        _link_cells(sweep, votes, catalogue()["votes"]["code"], votes["code"][votes["objet"].isin(objects)], target)


def _link_cells(sweep: Sweep, frame: pd.DataFrame, column: Column, cells: pd.Series, target: str) -> None:
    """Find the codes of a column in a sheet; that the sheet is absent is said once, not on each row."""
    own = catalogue()[target].primary_key[-1]
    codes = {simplify(code): code for code in sweep.tables[target][own] if code}
    words = {"non repris": "non repris"} if column.name == "second_enjeu" else {}
    rule = "lien/feuille vide" if not codes else "lien/non repris" if words else "lien"
    known = {**codes, **words}
    if not codes:
        cells = cells[~cells.map(simplify).isin(words)][:1]

    def read(text: str) -> Reading:
        broken = "" if simplify(text) in known else rule
        return Reading(known.get(simplify(text), text), regle=broken, choix=target)

    _read(sweep, frame, column, cells, read)


# ── plausibility ────────────────────────────────────────────────────────────────────────────────


def _numbers(series: pd.Series) -> pd.Series:
    return pd.to_numeric(series, errors="coerce")


def _meetings_agree(sweep: Sweep) -> None:
    """Sheets, tables and people present of a meeting agree: one cannot hold more than the other."""
    fiches = sweep.tables["fiches"]
    for _, row in sweep.tables["reunions"].iterrows():
        own = fiches[fiches["reunion"] == row["reunion"]]
        present, tables = _numbers(row[["nb_presents", "nb_tables"]])
        used = own["table"][own["table"] != ""].nunique()
        if len(own) > present:
            sweep.tell(row, "nb_presents", "présents", fiches=len(own), presents=present)
        if used > tables:
            sweep.tell(row, "nb_tables", "tables", fiches=used, reunion=tables)


def _answers_agree(sweep: Sweep) -> None:
    """No more answers than people asked or present; no service used by someone who uses none."""
    meetings = sweep.tables["reunions"].set_index("reunion")["nb_presents"]
    for _, row in sweep.tables["depouillements"].iterrows():
        value, base = _numbers(row[["valeur", "base"]])
        present = meetings.get(row["reunion"], "")
        if present and base > int(present):
            sweep.tell(row, "base", "base/présents", base=base, presents=present)
        if value > base:
            sweep.tell(row, "valeur", "base/réponses", valeur=value, base=base)
    fiches = sweep.tables["fiches"]
    for _, row in fiches[(fiches["utilisateur"] == "non") & (fiches["services"] != "")].iterrows():
        sweep.tell(row, "services", "services")


def _quantities_have_units(sweep: Sweep) -> None:
    """A quantity without unit cannot be added to anything."""
    for name, number in (("initiatives", "quantite"), ("depouillements", "valeur")):
        frame = sweep.tables[name]
        for _, row in frame[(frame[number] != "") & (frame["unite"] == "")].iterrows():
            sweep.tell(row, "unite", "unité")


def allowance(rule: str) -> int | None:
    """Points that the rule of a vote gives; None when it names none.

    Examples
    --------
    >>> [allowance(rule) for rule in ("2 tours, 5 points par personne", "un avis par bulletin")]
    [5, None]
    """
    found = re.search(r"(\d+)\s*points?\b", rule, re.IGNORECASE)
    return int(found[1]) if found else None


def _ballots_agree(sweep: Sweep) -> None:
    """A ballot holds no more points than the rule gives."""
    votes = sweep.tables["votes"].assign(points=lambda v: _numbers(v["points"]))
    counted = votes[(votes["points"] > 0) & ~votes["bulletin"].isin(["", "TOTAL"])]
    for _, ballot in counted.groupby(["reunion", "objet", "bulletin"], sort=False):
        allowed = next(filter(None, map(allowance, ballot["regle"])), None)
        row, given = ballot.iloc[-1], ballot["points"].sum()
        if allowed and given > allowed:
            sweep.tell(row, "points", "points", bulletin=row["bulletin"], donnes=given, permis=allowed)


def _measures_agree(sweep: Sweep) -> None:
    """A score stays within the scale of its indicator, and goes the way that the group wants."""
    scales = sweep.tables["indicateurs"].drop_duplicates("indicateur").set_index("indicateur")
    marks = sweep.tables["mesures"]
    for _, row in marks[marks["indicateur"].isin(scales.index)].iterrows():
        scale = scales.loc[row["indicateur"]]
        low, high = _numbers(scale[["echelle_min", "echelle_max"]])
        now, wished = _numbers(row[["actuelle", "souhaitee"]])
        rule = "échelle/sans bas" if pd.isna(low) else "échelle/sans haut" if pd.isna(high) else "échelle/entre"
        for column, mark in (("actuelle", now), ("souhaitee", wished)):
            if mark < low or mark > high:
                sweep.tell(row, column, rule, note=mark, bas=low, haut=high)
        if (scale["sens"] == "augmente" and wished < now) or (scale["sens"] == "diminue" and wished > now):
            sweep.tell(row, "souhaitee", "sens", souhaitee=wished, actuelle=now, sens=scale["sens"])


def _recommendations_answer(sweep: Sweep) -> None:
    """A recommendation answers a stake: one that answers none is listed."""
    frame = sweep.tables["preconisations"]
    for _, row in frame[frame["enjeu"] == ""].iterrows():
        sweep.tell(row, "enjeu", "sans enjeu")


def _evenings_have_a_meeting(sweep: Sweep) -> None:
    """Among several meetings, sheets and statements name theirs: without its code no minutes hold them."""
    for name in ("fiches", "verbatims") if len(sweep.tables["reunions"]) > 1 else ():
        lost = sweep.tables[name][sweep.tables[name]["reunion"] == ""]
        if len(lost):
            sweep.tell(lost.iloc[0], "reunion", "sans réunion", nombre=len(lost))


def _codings_agree(sweep: Sweep) -> None:
    """A statement that is taken up names its stake, and one that names a stake is taken up."""
    frame = sweep.tables["verbatims"]
    for _, row in frame[(frame["repris"] == "oui") != (frame["enjeu"] != "")].iterrows():
        sweep.tell(row, "repris", "codage", repris=row["repris"] or "vide", enjeu=row["enjeu"] or "vide")


def _no_circle(sweep: Sweep) -> None:
    """A stake does not replace, from one to the next, the stake that replaces it."""
    frame = sweep.tables["enjeux"]
    chain = nx.DiGraph(frame.loc[frame["remplace"] != "", ["remplace", "enjeu"]].itertuples(index=False))
    for circle in nx.simple_cycles(chain):
        row = frame[frame["enjeu"].isin(circle)].iloc[-1]
        sweep.tell(row, "remplace", "cercle", enjeux=", ".join(sorted(circle)))


def _no_twins(sweep: Sweep) -> None:
    """The same name in the same commune is likely the same initiative."""
    frame = sweep.tables["initiatives"]
    twins = frame.assign(n=frame["nom"].map(simplify)).duplicated(["n", "commune"])
    for _, row in frame[twins].iterrows():
        sweep.tell(row, "nom", "doublon probable", nom=row["nom"])


def _newest_year(sweep: Sweep) -> int:
    """Year of the newest meeting, observation or document of the folder; 9999 when none has a date."""
    dates = (("reunions", "date"), ("initiatives", "date_releve"), ("documents", "annee"))
    return max((int(text[:4]) for name, column in dates for text in sweep.tables[name][column] if text), default=9999)


def _years_plausible(sweep: Sweep) -> None:
    """A year is not before 1900, and nothing is created after the newest date of the folder."""
    newest = _newest_year(sweep)
    for _, column, frame, cells in sweep.filled(lambda name, column: column.lecture in ("annee", "date")):
        years = cells.str[:4].astype(int)
        is_past = column.lecture == "annee" and column.name not in ("echeance", "annee")
        late = (years > newest) & is_past
        for index in cells.index[late | (years < 1900)]:
            rule = "année/trop tard" if late[index] else "année/trop tôt"
            sweep.tell(frame.loc[index], column.name, rule, colonne=column, texte=cells[index], annee=newest)


def _no_contacts(sweep: Sweep) -> None:
    """An e-mail or a telephone number in a free text identifies a person."""
    for _, column, frame, cells in sweep.filled(lambda name, column: column.name in FREE_TEXT.get(name, ())):
        for index in cells.index[cells.str.contains(CONTACT)]:
            sweep.tell(frame.loc[index], column.name, "coordonnées")


PLAUSIBILITY = (
    _meetings_agree, _answers_agree, _quantities_have_units, _ballots_agree, _measures_agree, _recommendations_answer,
    _evenings_have_a_meeting, _codings_agree, _no_circle, _no_twins, _years_plausible, _no_contacts,
)  # fmt: skip


# ── the whole ───────────────────────────────────────────────────────────────────────────────────


def retained(entre_pairs: str, communaute: str) -> str:
    """Whether a practice is in the census: both criteria are met; never typed by anyone.

    Returns
    -------
    str
        ``oui`` when both are ``oui``, ``non`` when one is ``non``, else ``à vérifier``.

    References
    ----------
    Page « Le programme DOMINO sur le Pays de Châteaubriant » : deux critères, un échange entre
    pairs et une communauté sur laquelle il repose.

    Examples
    --------
    >>> retained("oui", "oui"), retained("oui", ""), retained("", "non")
    ('oui', 'à vérifier', 'non')
    """
    answers = (entre_pairs, communaute)
    if "non" in answers:
        return "non"
    return "oui" if answers == ("oui", "oui") else "à vérifier"


def _service_matches(sweep: Sweep) -> None:
    """Show which services were recognised under another writing; the sheet keeps its words."""

    def read(text: str) -> Reading:
        name = services().get(simplify(text), {}).get("nom", text)
        return Reading(name, "autre écriture" if name != text else "")

    fiches, published = sweep.tables["fiches"], sweep.tables["depouillements"]
    tables = catalogue()
    asked = published["reponse"][published["question"] == tables["fiches"]["services"].title]
    _read(sweep, fiches, tables["fiches"]["services"], fiches["services"], read, keeps=True)
    _read(sweep, published, tables["depouillements"]["reponse"], asked, read, keeps=True)


def typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Table whose columns have the types of its schema, missing values as missing.

    Examples
    --------
    >>> typed("communes", pd.DataFrame({"commune": ["Soudan"], "population": [""]}))["population"].tolist()
    [<NA>]
    """
    columns = [column for column in catalogue()[name].kept if column.name in frame]
    result = frame[[column.name for column in columns]].reset_index(drop=True)
    for column in columns:
        text = result[column.name].astype("str").replace("", None)
        if column.type == "integer":
            text = pd.to_numeric(text).astype("Int64")
        elif column.type == "number":
            text = pd.to_numeric(text).astype("float64")
        result[column.name] = text
    return result


def tidy(raw: RawFolder, folder: Path, communes_2015: pd.DataFrame) -> Tidy:
    """Tidy tables of one folder and everything that is wrong with it.

    Parameters
    ----------
    raw : RawFolder
        What `load.read_folder` gave.
    folder : Path
        The folder itself: its name is the territory's code, and it may hold ``corrections.csv``
        and ``listes.csv``.
    communes_2015 : DataFrame
        Reference communes of the territory; empty when none is known.

    Returns
    -------
    Tidy
        One table per entry of the catalogue, in its types; rows that could not be used are left
        out and said in ``problems``.
    """
    tables = {
        name: frame.sort_values(PLACE, kind="stable").reset_index(drop=True) for name, frame in raw.tables.items()
    }
    sweep = Sweep(raw, folder, tables)
    _corrections(sweep)
    _cells(sweep)
    _constants(sweep)
    _questions(sweep)
    _required(sweep)
    _keys(sweep)
    _places(sweep, communes_2015)
    _links(sweep)
    initiatives = sweep.tables["initiatives"]
    initiatives["retenue"] = [
        retained(*pair) for pair in zip(initiatives["entre_pairs"], initiatives["communaute"], strict=True)
    ]
    for rule in PLAUSIBILITY:
        rule(sweep)
    _service_matches(sweep)
    provenance = pd.concat(
        [frame[PLACE].assign(table=name) for name, frame in sweep.tables.items()], ignore_index=True
    )[["table", *PLACE]]
    matches = pd.DataFrame(sweep.matches, columns=["feuille", "cellule", "ecrit", "lu", "moyen"])
    return Tidy(
        {name: typed(name, frame) for name, frame in sweep.tables.items()},
        provenance,
        matches,
        _sorted_problems([*raw.problems, *sweep.problems]),
    )


def _sorted_problems(problems: list[Problem]) -> list[Problem]:
    """Problems by sheet, file, row and column, whatever the order in which they were seen."""
    order = {name: rank for rank, name in enumerate(catalogue())}

    def place(problem: Problem) -> tuple:
        letters, number = re.fullmatch(r"(?:ligne )?([A-Z]*)(\d*)|.*", problem.cellule).groups()
        sheet = order.get(table_named(problem.feuille), -1)
        return (sheet, problem.fichier, int(number or 0), len(letters or ""), letters or "", problem.regle)

    return sorted(problems, key=place)


def csv_text(frame: pd.DataFrame) -> str:
    """Table as CSV text: comma, point, LF, empty cell when missing."""
    return frame.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
