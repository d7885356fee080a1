"""Raw tables → tidy tables and the list of problems: the place where judgement lives.

The order is that of `tidy`: corrections, missing codes, types, allowed values, keys, places, links
between tables, plausibility. What one row cannot say is a condition of its schema (``controles``);
rules that look at several rows are functions here. Nothing is raised for data: a row that cannot be
used is left out and said (*bloquant*), a doubtful cell is said and its row stays (*à vérifier*).
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, count, product
from pathlib import Path
from typing import NamedTuple

import networkx as nx
import pandas as pd
from rapidfuzz import fuzz, process

from .load import PLACE, RawFolder, canonical, decode, headers, parse_csv, refusal
from .paths import CATALOGUE, shown
from .schema import Column, Problem, alias, catalogue, problem, services, sheet_names, simplify, value_spellings

PROPOSE_FROM = 80
"""Likeness (0 to 100) from which a word is proposed; nothing is ever replaced on likeness."""

MONTHS = alias()["mois"]
MONTH_NUMBERS = {simplify(month): number for number, month in enumerate(MONTHS, 1)}
CONTACT = re.compile(alias()["coordonnees"])
PEOPLE = alias()["personnes"]
CAPITALISED, NAMED = re.compile(PEOPLE["mot"]), re.compile(PEOPLE["forme"] % PEOPLE, re.VERBOSE)
FIRST_NAMES = {*(CATALOGUE / "prenoms.csv").read_text("utf-8").casefold().split()} - {*PEOPLE["pas_des_prenoms"]}
NUMBERS = {"integer": "Int64", "number": "float64"}
"""Type of a column of numbers in a tidy table."""


class Reading(NamedTuple):
    """What a text is read as and how it was matched, or else the rule that it breaks."""

    value: str
    moyen: str = ""
    regle: str = ""
    mots: dict[str, str] = {}


Reader = Callable[[str], Reading]
Cells = tuple[str, Column, pd.DataFrame, pd.Series]
"""Cells of a column: name of its table, the column, the rows of the table, the cells that hold something."""


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
    communes_2015: pd.DataFrame
    problems: list[Problem] = field(default_factory=list)
    matches: list[tuple[str, ...]] = field(default_factory=list)

    def tell(self, rows: pd.DataFrame, column: str, regle: str, **values: object) -> None:
        """Add the problem of a rule for each of some rows, which names its cell."""
        for _, row in rows.iterrows():
            file, cell = shown(self.folder / row["fichier"]), self.raw.cell(row, column)
            line = {name: "vide" if held == "" else held for name, held in row.items()}
            self.problems.append(problem(regle, file, row["feuille"], cell, valeur=row[column], ligne=line, **values))

    def match(self, row: pd.Series, column: str, ecrit: str, lu: str, moyen: str) -> None:
        """Record that what is written was read as something else, and how."""
        self.matches.append((row["feuille"], self.raw.cell(row, column), ecrit, lu, moyen))

    def filled(self, wanted: Callable[[str, Column], object] = lambda *_: True) -> Iterator[Cells]:
        """Give the filled cells of each wanted column that people type."""
        for name, table in catalogue().items():
            for column in (column for column in table.typed if wanted(name, column)):
                frame = self.tables[name]
                yield name, column, frame, frame[column.name][frame[column.name] != ""]

    def published(self, asked: str) -> Cells:
        """Give, as `filled` does, the published answers to a question of the sheets of people."""
        table, frame = catalogue()["depouillements"], self.tables["depouillements"]
        is_answer = ~frame["reponse"].str.upper().isin(["", "NR", "NC"])
        cells = frame["reponse"][is_answer & (frame["question"] == catalogue()["fiches"][asked].title)]
        return table.name, table["reponse"], frame, cells

    def counted(self, name: str) -> pd.DataFrame:
        """Rows of a table, its numbers as numbers; an empty cell of text is the empty text."""
        frame = self.tables[name]
        numbers = [column.name for column in catalogue()[name].typed if column.type in NUMBERS]
        return frame.assign(**{number: pd.to_numeric(frame[number], errors="coerce") for number in numbers})

    def read(self, name: str, column: Column, cells: pd.Series, reader: Reader, keeps: bool = False) -> None:
        """Read the cells of a column, item by item in a list; with ``keeps`` the sheet keeps its words."""
        frame = self.tables[name]
        for index, text in cells.items():
            values = []
            for item in items(text) if column.type == "list" else [text]:
                value, way, broken, words = reader(item)
                values.append(value)
                if broken:
                    self.tell(frame.loc[[index]], column.name, broken, colonne=column, texte=item, **words)
                elif way and value != item:
                    self.match(frame.loc[index], column.name, item, value, way)
            if not keeps and "; ".join(values) != text:  # writing a cell is slow
                frame.loc[index, column.name] = "; ".join(values)


def closest(text: str, choices: list[str]) -> str:
    """The choice most like a text, or nothing when none is like it or two are as like.

    Examples
    --------
    >>> closest("existente", ["existante", "en projet"])
    'existante'
    >>> closest("Nantes", ["Saint-Julien-de-Vouvantes"])
    ''
    """
    found = process.extract(text, choices, scorer=fuzz.ratio, processor=simplify, score_cutoff=PROPOSE_FROM, limit=2)
    is_tie = len({score for _, score, _ in found}) < len(found)
    return found[0][0] if found and not is_tie else ""


def without_names(text: str) -> str:
    """Text in which names of persons are replaced by […]; the catalogue says what names a person, and what does not.

    A civility or a first name makes a name of what follows it. Streets, places and establishments that
    bear a name keep it; a first name alone, or a surname alone, is not seen.

    Examples
    --------
    >>> without_names("Jeanne Canari et M. Le Goff, à la salle Jean Vilar")
    '[…] et […], à la salle Jean Vilar'
    """
    marked = CAPITALISED.sub(lambda word: "\x01" * (word[1].casefold() in FIRST_NAMES) + word[0], text)
    return NAMED.sub(lambda found: found[1] or "[…]", marked).replace("\x01", "")


def items(text: object) -> list[str]:
    """Values of a list cell, separated by ``;`` or by lines, in their order.

    Examples
    --------
    >>> items("AMAP ; Le Bon Coin;")
    ['AMAP', 'Le Bon Coin']
    >>> items(None)
    []
    """
    parts = re.split(r"[;\n]", text) if isinstance(text, str) else []
    return [part.strip() for part in parts if part.strip()]


# ── corrections, totals ─────────────────────────────────────────────────────────────────────────


def beside(path: Path) -> list[dict[str, str]]:
    """Rows of ``corrections.csv`` or ``listes.csv``, by simplified title; none without the file."""
    text = decode(path.read_bytes()) if path.exists() and not refusal(path) else ""
    rows = [(str(number), *row) for number, row in enumerate(parse_csv(text), 1) if any(row)]
    titles = ["ligne du fichier", *map(simplify, rows[0][1:])] if rows else []
    return [defaultdict(str, zip(titles, row, strict=False)) for row in rows[1:]]


def _named(entry: dict[str, str]) -> tuple[str, str]:
    """Names of the table and of the column that a row of a file beside the sheets is about; empty when unknown."""
    table = sheet_names().get(simplify(entry["feuille"]), "")
    return table, headers(catalogue()[table]).get(simplify(entry["colonne"]), "") if table else ""


def _corrections(sweep: Sweep) -> None:
    """Apply ``corrections.csv``; a correction that no longer finds its value says so."""
    path = sweep.folder / "corrections.csv"
    for entry in beside(path):
        (table, column), rows = _named(entry), pd.DataFrame()
        found, new = entry["valeur trouvee"], entry["valeur corrigee"]
        if column and entry["raison"]:
            frame = sweep.tables[table]
            rows = frame[(frame["ligne"].astype(str) == entry["ligne"]) & (frame[column] == found)]
        if rows.empty:
            rule = "correction sans objet" if column else "correction sans objet/colonne inconnue"
            line = f"ligne {entry['ligne du fichier']}"
            sweep.problems.append(problem(rule, shown(path), "", line, trouvee=found, corrigee=new))
        until = f" (jusqu'à : {entry['jusqu a']})" if entry["jusqu a"] else ""
        for index, row in rows.iterrows():
            sweep.match(row, column, found, new, f"correction : {entry['raison']}{until}")
            frame.loc[index, column] = new


def _no_totals(sweep: Sweep) -> None:
    """A total is computed: among numbers, a row whose first words are « Total » is not one thing more."""
    for name, table in catalogue().items():
        words = [column.name for column in table.typed if column.type not in NUMBERS]
        if len(words) < len(table.typed) and name != "territoires":
            first = sweep.tables[name][words].replace("", None).bfill(axis=1)[words[0]].fillna("")
            sweep.tell(sweep.tables[name][first.map(simplify).isin(["total", "totaux"])], "ligne", "total")


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
    for form, written in product(alias()["dates"], (text, simplify(text))):
        if match := re.fullmatch(form, written):
            year, month, day = match.group("year", "month", "day")
            with suppress(ValueError):  # no such month or day
                date = dt.date(int(year), MONTH_NUMBERS.get(month) or int(month), int(day or 1))
                return date.isoformat() if day else date.isoformat()[:7]
    return None


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
    number, is_whole = parse_number(text), column.type == "integer"
    if number is None or (is_whole and not number.is_integer()):
        return Reading("", regle="forme/nombre entier" if is_whole else "forme/nombre")
    broken = {
        "forme/quatre chiffres": column.lecture == "annee" and number > 9999,
        "forme/minimum": column.minimum is not None and number < column.minimum,
        "forme/maximum": column.maximum is not None and number > column.maximum,
    }
    rule = next(filter(broken.get, broken), "")
    return Reading("" if rule else canonical(number), regle=rule)


def _as_date(column: Column, text: str) -> Reading:
    is_words = column.lecture == "date_ou_mots" and not re.fullmatch(r"[\d\s/.-]+", text)
    date = parse_date(text) or (text if is_words else "")
    return Reading(date, regle="" if date else "forme/date")


def _as_code(column: Column, text: str) -> Reading:
    if column.name == "code_insee" and re.fullmatch(r"\d{4}", text):
        return Reading("0" + text, "zéro du code INSEE")
    if re.search(column.pattern, text):
        return Reading(text)
    return Reading("", regle="forme/code", mots={"choix": column.description.rstrip(".")})


FORMS = {"date": _as_date, "date_ou_mots": _as_date, "integer": _as_number, "number": _as_number}
"""How a value is read that has a form rather than a list, by ``lecture`` or by type."""


def _among(known: dict[str, tuple[str, str]], rule: str = "", choices: str = "", plain: Callable = simplify) -> Reader:
    """How to read one of the values that are known.

    Parameters
    ----------
    known : dict
        Value, and the way it is known when that is worth showing, by plain spelling.
    rule : str
        Rule that any other text breaks; such a text stays, but in a closed list, where it is no value.
    choices : str
        What the rule expects; the values when it is empty.
    plain : callable
        Makes a text comparable.
    """

    def read(text: str) -> Reading:
        if found := known.get(plain(text) or text):
            return Reading(*found)
        values = list(dict.fromkeys(value for value, _ in known.values())) if rule else []
        words = {"choix": choices or ", ".join(values), "proche": closest(text, values)}
        return Reading("" if rule == "valeur" else text, "", rule, words)

    return read


def _reader(table: str, column: Column, own: list[str]) -> Reader | None:
    """How the cells of a column are read; ``own`` are the values that the territory adds to a list."""
    if form := FORMS.get(column.lecture) or FORMS.get(column.type) or (_as_code if column.pattern else None):
        return partial(form, column)
    way = "autre écriture" if column.enum and column.lecture != "oui_non" else ""
    spellings = value_spellings(table, column.name).items()
    known = {spelling: (value, way if spelling != simplify(value) else "") for spelling, value in spellings}
    if column.enum:
        return _among(known, "valeur", f"{', '.join(column.enum[:-1])} ou {column.enum[-1]}")
    known |= {simplify(value) or value: (value, "") for value in own}
    is_list = column.valeurs_proposees or column.type == "list"
    return _among(known, "liste" if column.valeurs_proposees else "") if is_list else None


def _cells(sweep: Sweep) -> None:
    """Missing codes, types and lists, cell by cell."""
    own = defaultdict(list)
    for entry in beside(sweep.folder / "listes.csv"):
        own[_named(entry)].append(entry["valeur"])
    for name, column, frame, cells in sweep.filled():
        is_missing = cells.str.lower().isin([code.lower() for code in column.missing_values])
        frame.loc[cells.index[is_missing], column.name] = ""
        if reader := _reader(name, column, own[name, column.name]):
            sweep.read(name, column, cells[~is_missing], reader)


# ── rows, keys, places, links ───────────────────────────────────────────────────────────────────


def _constants(sweep: Sweep) -> None:
    """Fill what is the same for the whole folder: the territory, the only meeting."""
    meetings = [code for code in sweep.tables["reunions"]["reunion"].unique() if code]
    constants = {"dossier": sweep.folder.name, "seule réunion": meetings[0] if len(meetings) == 1 else ""}
    for _, column, frame, _ in sweep.filled(lambda name, column: column.defaut):
        frame[column.name] = frame[column.name].replace("", constants[column.defaut])


def _questions(sweep: Sweep) -> None:
    """« Question 2 », « q2 » and « 2 » are the second question of the meeting: Q2."""
    written = sweep.tables["verbatims"]["question"]
    number = written.map(simplify).str.extract(r"^(?:question |q)?(\d)$", expand=False)
    sweep.tables["verbatims"]["question"] = ("Q" + number).fillna(written)


def _required(sweep: Sweep) -> None:
    """A row without what makes it a row is left out."""
    for name, column, frame, cells in sweep.filled(lambda name, column: column.required):
        sweep.tell(frame.drop(index=cells.index), column.name, "obligatoire", colonne=column)
        sweep.tables[name] = frame.loc[cells.index]


def _repeats(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Rows that hold in some columns what a row above holds, with the place of the first and their rank."""
    alike = frame.groupby([frame[column].map(lambda code: simplify(code) or code) for column in columns])
    first = alike["fichier"].transform("first") + ", ligne " + alike["ligne"].transform("first").astype(str)
    rank = alike.cumcount() + 1
    return frame.assign(premier=first, exemplaire=rank.astype(str))[rank > 1]


def _keys(sweep: Sweep) -> None:
    """A row without number gets one; of two with the same number the second is renamed.

    A commune or a territory is what it is: its second row is left out.
    """
    keys = {name: table.primary_key for name, table in catalogue().items() if table.primary_key}
    for name, key in keys.items():
        frame, own = sweep.tables[name], key[-1]
        taken = set(frame[own])
        for index, line in frame.loc[frame[own] == "", "ligne"].items():
            numbers = chain([f"L{line}"], (f"L{line}-{n}" for n in count(2)))
            frame.loc[index, own] = next(number for number in numbers if number not in taken)
            taken.add(frame.loc[index, own])
        repeats = _repeats(frame, key)
        if name in ("communes", "territoires"):
            sweep.tell(repeats, own, "doublon/écarté")
            sweep.tables[name] = frame.drop(index=repeats.index)
        else:
            repeats["autre"] = repeats[own] + " (" + repeats["exemplaire"] + ")"
            sweep.tell(repeats, own, "doublon/renommé")
            frame.loc[repeats.index, own] = repeats["autre"]


def place_name(text: str) -> str:
    """Name of a commune made comparable: saint for st, sur for s/, no articles lost.

    Examples
    --------
    >>> place_name("St-Julien de Vouvantes") == place_name("Saint-Julien-de-Vouvantes")
    True
    """
    words = simplify(re.sub(r"\bs/", "sur ", text.lower()))
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
    past, own = list(reference.itertuples()), list(communes.itertuples())
    known = [(p.commune_actuelle, p.commune_actuelle, p.code_insee_actuel, "nom actuel") for p in past]
    known += [(p.commune, p.commune, p.code_insee, "nom de 2015") for p in past]
    known += [(spelling, e.commune, e.code_insee, "autre écriture") for e in own for spelling in items(e.alias)]
    known += [(e.commune, e.commune, e.code_insee, "nom") for e in own]
    return {place_name(spelling): tuple(place) for spelling, *place in known}


def _places(sweep: Sweep) -> None:
    """Give each commune its official name and code; what is not found is listed and kept."""
    _official_communes(sweep)
    places = known_places(sweep.tables["communes"], sweep.communes_2015)
    names = {spelling: (name, way) for spelling, (name, _, way) in places.items()}
    reader = _among(names, "commune inconnue", plain=place_name)
    cells_of_people = sweep.filled(lambda name, column: column.lecture == "commune")
    for name, column, frame, cells in (*cells_of_people, sweep.published("commune")):
        codes = {index: places[place_name(text)][1] for index, text in cells.items() if place_name(text) in places}
        frame["code_insee"] = [codes.get(index, "") for index in frame.index]
        sweep.read(name, column, cells, reader, keeps=name == "depouillements")


def _official_communes(sweep: Sweep) -> None:
    """Complete the sheet of communes; say which are not of the perimeter, when we know it."""
    communes, by_name = sweep.tables["communes"], {place_name(r.commune): r for r in sweep.communes_2015.itertuples()}
    for index, row in communes.iterrows() if by_name else ():
        official = by_name.get(place_name(row["commune"]))
        if official is None:
            near = closest(row["commune"], list(sweep.communes_2015["commune"]))
            sweep.tell(communes.loc[[index]], "commune", "commune inconnue/périmètre", proche=near)
            continue
        communes.loc[index, "code_insee"] = row["code_insee"] or official.code_insee
        communes.loc[index, "epci"] = row["epci"] or official.epci
        if row["code_insee"] not in ("", official.code_insee):
            sweep.tell(communes.loc[[index]], "code_insee", "code INSEE", officiel=official.code_insee)
    sweep.tell(_repeats(communes[communes["code_insee"] != ""], ["code_insee"]), "code_insee", "doublon/code")


def _links(sweep: Sweep) -> None:
    """References to another sheet: the same code in another writing is found, the rest is listed.

    That the other sheet is absent is said once, not on each row.
    """
    for name, column, frame, cells in sweep.filled(lambda name, column: column.renvois):
        for link in column.renvois:
            target, words = link["feuille"], {word: (word, "") for word in link.get("ou", ())}
            asked = cells[frame.loc[cells.index].eval(link["si"], engine="python")] if "si" in link else cells
            codes = sweep.tables[target][catalogue()[target].primary_key[-1]]
            rule = "lien/feuille vide" if codes.empty else "lien/non repris" if words else "lien"
            if codes.empty:
                asked = asked[~asked.map(simplify).isin(words)][:1]
            known = {simplify(code) or code: (code, "") for code in codes} | words
            sweep.read(name, column, asked, _among(known, rule, target))


# ── plausibility ────────────────────────────────────────────────────────────────────────────────


def _rows_hold(sweep: Sweep) -> None:
    """What a row cannot say, alone or beside the row of another sheet that it names: see the schemas."""
    for name, table in catalogue().items():
        for rule in table.controles:
            rows, other = sweep.counted(name), rule.get("avec")
            if other:
                rows = rows.merge(sweep.counted(other), on=catalogue()[other].primary_key[-1], suffixes=("", "_avec"))
            doubtful = rows.query(rule["si"], engine="python")
            sweep.tell(doubtful, rule["colonne"], rule["regle"])


def _nobody_is_named(sweep: Sweep) -> None:
    """No text lets one reach a person or names one, but for the titles and authors of documents, which are cited."""
    for _, column, frame, cells in sweep.filled(lambda name, column: column.type not in NUMBERS and not column.enum):
        for index in (i for i, text in cells.items() if CONTACT.search(text)):
            sweep.tell(frame.loc[[index]], column.name, "coordonnées")
        for index in (i for i, text in cells.items() if without_names(text) != text and not column.noms_publics):
            sweep.tell(frame.loc[[index]], column.name, "personne")


def _meetings_agree(sweep: Sweep) -> None:
    """Sheets, tables and people present of a meeting agree: one cannot hold more than the other."""
    fiches = sweep.tables["fiches"]
    seen = fiches["table"].replace("", None).groupby(fiches["reunion"]).agg(fiches="size", tables="nunique")
    meetings = sweep.counted("reunions").join(seen, on="reunion")
    sweep.tell(meetings[meetings["fiches"] > meetings["nb_presents"]], "nb_presents", "présents")
    sweep.tell(meetings[meetings["tables"] > meetings["nb_tables"]], "nb_tables", "tables")


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
    votes = sweep.counted("votes")
    given = votes[(votes["points"] > 0) & ~votes["bulletin"].isin(["", "TOTAL"])]
    for _, ballot in given.groupby(["reunion", "objet", "bulletin"], sort=False):
        allowed = next(filter(None, map(allowance, ballot["regle"])), float("inf"))
        if (points := ballot["points"].sum()) > allowed:
            sweep.tell(ballot.tail(1), "points", "points", donnes=points, permis=allowed)


def _evenings_have_a_meeting(sweep: Sweep) -> None:
    """Among several meetings, sheets and statements name theirs: without its code no minutes hold them."""
    for name in ("fiches", "verbatims") if len(sweep.tables["reunions"]) > 1 else ():
        lost = sweep.tables[name][sweep.tables[name]["reunion"] == ""]
        sweep.tell(lost.head(1), "reunion", "sans réunion", nombre=len(lost))


def _no_circle(sweep: Sweep) -> None:
    """A stake does not replace, from one to the next, the stake that replaces it."""
    frame = sweep.tables["enjeux"]
    chain = nx.DiGraph(frame.loc[frame["remplace"] != "", ["remplace", "enjeu"]].itertuples(index=False))
    for circle in nx.simple_cycles(chain):
        last = frame[frame["enjeu"].isin(circle)].tail(1)
        sweep.tell(last, "remplace", "cercle", enjeux=", ".join(sorted(circle)))


def _no_twins(sweep: Sweep) -> None:
    """The same name in the same commune is likely the same initiative."""
    sweep.tell(_repeats(sweep.tables["initiatives"], ["nom", "commune"]), "nom", "doublon probable")


def _years_plausible(sweep: Sweep) -> None:
    """A year is not before 1900, and nothing is created after the newest date of the folder, if it has one."""
    dates = (("reunions", "date"), ("initiatives", "date_releve"), ("documents", "annee"))
    newest = max((int(text[:4]) for name, column in dates for text in sweep.tables[name][column] if text), default=9999)
    for _, column, frame, cells in sweep.filled(lambda name, column: column.lecture in ("annee", "date")):
        rows, years = frame.loc[cells.index], cells.str[:4].astype(int)
        sweep.tell(rows[years < 1900], column.name, "année/trop tôt", colonne=column)
        if column.lecture == "annee" and column.name not in ("echeance", "annee"):
            sweep.tell(rows[years > newest], column.name, "année/trop tard", colonne=column, annee=newest)


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
    answers = {entre_pairs, communaute}
    return "non" if "non" in answers else "oui" if answers == {"oui"} else "à vérifier"


def _retained(sweep: Sweep) -> None:
    """Say of each initiative whether it is in the census."""
    frame = sweep.tables["initiatives"]
    frame["retenue"] = list(map(retained, frame["entre_pairs"], frame["communaute"]))


def _service_matches(sweep: Sweep) -> None:
    """Show which services were recognised under another writing; the sheet keeps its words."""
    reader = _among({spelling: (service["nom"], "autre écriture") for spelling, service in services().items()})
    named = sweep.filled(lambda name, column: (name, column.name) == ("fiches", "services"))
    for name, column, _, cells in (*named, sweep.published("services")):
        sweep.read(name, column, cells, reader, keeps=True)


def typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Table whose columns have the types of its schema, missing values as missing.

    Examples
    --------
    >>> typed("communes", pd.DataFrame({"commune": ["Soudan"], "population": [""]}))["population"].tolist()
    [<NA>]
    """
    columns = [column for column in catalogue()[name].kept if column.name in frame]
    text = frame[[column.name for column in columns]].reset_index(drop=True).astype("str").replace("", None)
    numbers = {column.name: NUMBERS[column.type] for column in columns if column.type in NUMBERS}
    return text.assign(**{name: pd.to_numeric(text[name]) for name in numbers}).astype(numbers)


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
    tables = {name: frame.sort_values(PLACE, kind="stable", ignore_index=True) for name, frame in raw.tables.items()}
    sweep = Sweep(raw, folder, tables, communes_2015)
    for step in (
        _corrections, _no_totals, _cells, _constants, _questions, _required, _keys, _places, _links, _retained,
        _rows_hold, _nobody_is_named, _meetings_agree, _ballots_agree, _evenings_have_a_meeting, _no_circle, _no_twins,
        _years_plausible, _service_matches,
    ):  # fmt: skip
        step(sweep)
    placed = [frame.assign(table=name)[["table", *PLACE]] for name, frame in sweep.tables.items()]
    matches = pd.DataFrame(sweep.matches, columns=["feuille", "cellule", "ecrit", "lu", "moyen"])
    typed_tables = {name: typed(name, frame) for name, frame in sweep.tables.items()}
    problems = sorted([*raw.problems, *sweep.problems], key=lambda found: found.order)
    return Tidy(typed_tables, pd.concat(placed, ignore_index=True), matches, problems)


def csv_text(frame: pd.DataFrame) -> str:
    """Table as CSV text: comma, point, LF, empty cell when missing."""
    return frame.to_csv(index=False, lineterminator="\n")
