"""Raw tables → tidy tables and the list of problems: the place where judgement lives.

The order is that of `tidy`: corrections, missing codes, types, allowed values, keys, places, links
between tables, plausibility. Nothing is raised for data: a row that cannot be used is left out and
said (*bloquant*), a doubtful cell is said and its row stays (*à vérifier*).
"""

import csv
import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pandas as pd
from rapidfuzz import fuzz, process

from .load import PLACE, RawFolder, decode, parse_csv, refusal
from .paths import shown
from .schema import A_VERIFIER, BLOQUANT, Column, Problem, catalogue, services, simplify, value_spellings

PROPOSE_FROM = 80
"""Likeness (0 to 100) from which a word is proposed; nothing is ever replaced on likeness."""

MONTHS = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
FREE_TEXT = {"verbatims": ["texte"], "fiches": ["attentes", "participation"], "acteurs": ["propos"]}
CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+|(?<!\d)(?:\+33\s?|0)[1-9](?:[\s./-]?\d\d){4}(?!\d)")


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

    def tell(
        self,
        table: str,
        row: pd.Series,
        column: str,
        trouve: str,
        attendu: str,
        faire: str,
        regle: str,
        gravite: str = A_VERIFIER,
    ) -> None:
        """Add a problem that names the cell of a row."""
        cell = self.raw.cell(row, column) if column else f"ligne {row['ligne']}"
        file = shown(self.folder / row["fichier"])
        self.problems.append(Problem(file, row["feuille"], cell, trouve, attendu, faire, gravite, regle))

    def match(self, table: str, row: pd.Series, column: str, ecrit: str, lu: str, moyen: str) -> None:
        """Record that what is written was read as something else, and how."""
        self.matches.append(
            {"feuille": row["feuille"], "cellule": self.raw.cell(row, column), "ecrit": ecrit, "lu": lu, "moyen": moyen}
        )

    def drop(self, table: str, rows: list[int]) -> None:
        """Leave rows out."""
        self.tables[table] = self.tables[table].drop(index=rows)


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


def _corrections(sweep: Sweep) -> None:
    """Apply ``corrections.csv``; a correction that no longer finds its value says so."""
    path = sweep.folder / "corrections.csv"
    for entry in beside(path):
        table = next(
            (t for t in catalogue().values() if simplify(entry.get("feuille", "")) in map(simplify, t.spellings)), None
        )
        column = next(
            (
                c
                for c in (table.typed if table else ())
                if simplify(entry.get("colonne", "")) in map(simplify, c.spellings)
            ),
            None,
        )
        found, new = entry.get("valeur trouvee", ""), entry.get("valeur corrigee", "")
        rows = pd.DataFrame()
        if column is not None:
            frame = sweep.tables[table.name]
            same_row = frame["ligne"].astype(str) == entry.get("ligne", "")
            rows = frame[same_row & (frame[column.name] == found)]
        if rows.empty or not entry.get("raison"):
            sweep.problems.append(
                Problem(
                    shown(path),
                    "",
                    f"ligne {entry['ligne du fichier']}",
                    f"la correction de « {found} » en « {new} » ne s'applique pas."
                    if column
                    else "cette correction ne nomme pas une feuille et une colonne lues.",
                    "une feuille, une ligne et une colonne où cette valeur se trouve encore, et une raison",
                    "La retirer si le tableur a été corrigé.",
                    A_VERIFIER,
                    "correction sans objet",
                )
            )
            continue
        for index, row in rows.iterrows():
            sweep.match(table.name, row, column.name, found, new, f"correction : {entry['raison']}")
            sweep.tables[table.name].loc[index, column.name] = new


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


def _as_number(column: Column, text: str) -> tuple[str, str]:
    number = parse_number(text)
    whole = column.type == "integer"
    if number is None or (whole and not number.is_integer()):
        return "", "un nombre entier" if whole else "un nombre"
    if column.lecture == "annee" and number > 9999:
        return "", "une année sur quatre chiffres"
    if column.minimum is not None and number < column.minimum:
        return "", f"au moins {column.minimum:g}"
    if column.maximum is not None and number > column.maximum:
        return "", f"au plus {column.maximum:g}"
    return (str(int(number)) if number.is_integer() else repr(number)), ""


def _as_date(column: Column, text: str) -> tuple[str, str]:
    date = parse_date(text)
    return (date, "") if date else ("", "une date : 2015, 05/2015 ou 12/05/2015")


def _as_choice(table: str, column: Column, text: str) -> tuple[str, str]:
    choices = value_spellings(table, column.name)
    value = choices.get(simplify(text) or text, "")
    if value:
        return value, ""
    near = closest(text, list(column.enum))
    listed = ", ".join(column.enum[:-1]) + " ou " + column.enum[-1]
    return "", listed + (f" (peut-être « {near} »)" if near else "")


def _reader(table: str, column: Column) -> Callable[[str], tuple[str, str]] | None:
    """How the cells of a column are read: text → (value, what was expected when it is not one)."""
    if column.lecture == "date":
        return lambda text: _as_date(column, text)
    if column.enum:
        return lambda text: _as_choice(table, column, text)
    if column.type in ("integer", "number"):
        return lambda text: _as_number(column, text)
    if column.pattern:
        return lambda text: (text, "") if re.search(column.pattern, text) else ("", column.description.rstrip("."))
    return None


def _cells(sweep: Sweep) -> None:
    """Missing codes, types and closed lists, cell by cell."""
    lists = _own_lists(sweep.folder)
    for name, frame in sweep.tables.items():
        for column in catalogue()[name].typed if len(frame) else ():
            missing = {code.lower() for code in column.missing_values}
            frame[column.name] = frame[column.name].where(~frame[column.name].str.lower().isin(missing), "")
            if column.name == "code_insee":
                short = frame[column.name].str.fullmatch(r"\d{4}")
                for _, row in frame[short].iterrows():
                    sweep.match(name, row, column.name, row[column.name], "0" + row[column.name], "zéro du code INSEE")
                frame[column.name] = frame[column.name].where(~short, "0" + frame[column.name])
            if reader := _reader(name, column):
                _read_cells(sweep, name, column, reader)
            elif column.valeurs_proposees or column.type == "list":
                _listed_cells(sweep, name, column, lists)


def _read_cells(sweep: Sweep, name: str, column: Column, reader: Callable) -> None:
    frame = sweep.tables[name]
    for index, text in frame[column.name][frame[column.name] != ""].items():
        value, expected = reader(text)
        if expected:
            sweep.tell(
                name,
                frame.loc[index],
                column.name,
                f"{column.title} vaut « {text} ».",
                expected,
                "Corriger la cellule, ou l'ajouter à corrections.csv avec la raison. D'ici là, elle est lue comme vide.",
                "valeur" if column.enum else "forme",
            )
        elif column.enum and value != text and simplify(value) != simplify(text) and column.lecture != "oui_non":
            sweep.match(name, frame.loc[index], column.name, text, value, "autre écriture")
        if value != text:  # writing a cell is slow
            frame.loc[index, column.name] = value


def _own_lists(folder: Path) -> dict[tuple[str, str], list[str]]:
    """Values that the territory added to editable lists, by simplified sheet and column."""
    own: dict[tuple[str, str], list[str]] = {}
    for entry in beside(folder / "listes.csv"):
        key = (simplify(entry.get("feuille", "")), simplify(entry.get("colonne", "")))
        own.setdefault(key, []).append(entry.get("valeur", ""))
    return own


def _listed_cells(sweep: Sweep, name: str, column: Column, lists: dict) -> None:
    """Lists separated by ``;``, and suggestions that a territory may extend with listes.csv."""
    frame = sweep.tables[name]
    places = product(catalogue()[name].spellings, column.spellings)
    own = [value for place in places for value in lists.get(tuple(map(simplify, place)), ())]
    known = {**value_spellings(name, column.name), **{simplify(value): value for value in own}}
    for index, text in frame[column.name][frame[column.name] != ""].items():
        values = []
        for item in items(text) if column.type == "list" else [text]:
            values.append(known.get(simplify(item), item))
            if column.valeurs_proposees and simplify(item) not in known:
                near = closest(item, list(known.values()))
                sweep.tell(
                    name,
                    frame.loc[index],
                    column.name,
                    f"{column.title} vaut « {item} », qui n'est pas dans la liste.",
                    ", ".join(dict.fromkeys(known.values())) + (f" (peut-être « {near} »)" if near else ""),
                    "Corriger la cellule, ou ajouter cette valeur à listes.csv.",
                    "liste",
                )
        if "; ".join(values) != text:
            frame.loc[index, column.name] = "; ".join(values)


# ── rows, keys, places, links ───────────────────────────────────────────────────────────────────


def _constants(sweep: Sweep) -> None:
    """Fill what is the same for the whole folder: the territory, the only meeting."""
    meetings = [code for code in sweep.tables["reunions"]["reunion"].unique() if code]
    for name, frame in sweep.tables.items():
        if "territoire" in frame and name != "documents":
            frame["territoire"] = frame["territoire"].where(frame["territoire"] != "", sweep.folder.name)
        if "reunion" in frame and name in ("fiches", "votes", "mesures") and len(meetings) == 1:
            frame["reunion"] = frame["reunion"].where(frame["reunion"] != "", meetings[0])
        if "reunion" in frame and name == "verbatims" and len(meetings) == 1:
            frame["reunion"] = frame["reunion"].where(frame["reunion"] != "", meetings[0])


def _required(sweep: Sweep) -> None:
    """A row without what makes it a row is left out."""
    for name, table in catalogue().items():
        frame = sweep.tables[name]
        needed = [column for column in table.typed if column.required]
        for column in needed:
            empty = frame[frame[column.name] == ""]
            for _, row in empty.iterrows():
                sweep.tell(
                    name,
                    row,
                    column.name,
                    f"{column.title} est vide.",
                    "une valeur",
                    "Remplir la cellule : d'ici là, la ligne est laissée de côté.",
                    "obligatoire",
                    BLOQUANT,
                )
            frame = frame.drop(index=empty.index)
        sweep.tables[name] = frame


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
        for index, row in frame[numbers > 1].iterrows():
            renamed = f"{row[own]} ({numbers[index]})"
            if name in ("communes", "territoires"):
                sweep.drop(name, [index])
                until = "celle-ci est laissée de côté"
            else:
                frame.loc[index, own] = renamed
                until = f"celle-ci est appelée « {renamed} »"
            sweep.tell(
                name,
                row,
                own,
                f"« {row[own]} » est déjà pris par une autre ligne.",
                "une valeur différente sur chaque ligne",
                f"Renuméroter, ou supprimer la ligne en double. D'ici là, {until}.",
                "doublon",
            )


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
    places: dict[str, tuple[str, str, str]] = {}
    for entry in reference.itertuples():
        places.setdefault(
            place_name(entry.commune_actuelle), (entry.commune_actuelle, entry.code_insee_actuel, "nom actuel")
        )
    for entry in reference.itertuples():
        places[place_name(entry.commune)] = (entry.commune, entry.code_insee, "nom de 2015")
    for entry in communes.itertuples():
        for spelling in items(entry.alias):
            places[place_name(spelling)] = (entry.commune, entry.code_insee, "autre écriture")
    for entry in communes.itertuples():
        places[place_name(entry.commune)] = (entry.commune, entry.code_insee, "nom")
    return places


def _places(sweep: Sweep, reference: pd.DataFrame) -> None:
    """Give each commune its official name and code; what is not found is listed and kept."""
    communes = sweep.tables["communes"]
    by_name = {place_name(r.commune): r for r in reference.itertuples()}
    for index, row in communes.iterrows():
        official = by_name.get(place_name(row["commune"]))
        if official is None:
            _unknown_commune(sweep, row, sorted(reference["commune"]))
            continue
        for column, value in (("code_insee", official.code_insee), ("epci", official.epci)):
            if not row[column]:
                communes.loc[index, column] = value
        if row["code_insee"] and row["code_insee"] != official.code_insee:
            sweep.tell(
                "communes",
                row,
                "code_insee",
                f"{row['commune']} porte le code {row['code_insee']}.",
                f"{official.code_insee}, son code officiel",
                "Corriger le code.",
                "code INSEE",
            )
    places = known_places(communes, reference)
    for name, table in catalogue().items():
        for column in table.typed:
            if column.lecture == "commune":
                _place_cells(sweep, name, column, places)
    _place_cells(sweep, "depouillements", catalogue()["depouillements"]["reponse"], places)


def _unknown_commune(sweep: Sweep, row: pd.Series, names: list[str]) -> None:
    """Say that a row of the sheet « communes » is not a commune of the perimeter, when we know it."""
    if names:
        near = closest(row["commune"], names)
        sweep.tell(
            "communes",
            row,
            "commune",
            f"la commune « {row['commune']} » n'est pas dans le périmètre de 2015.",
            "un nom officiel" + (f" (peut-être « {near} »)" if near else ""),
            "Corriger le nom. La ligne reste, comme elle est écrite.",
            "commune inconnue",
        )


def _place_cells(sweep: Sweep, name: str, column: Column, places: dict) -> None:
    """Recognise the communes of a column; the words of a published total stay as they were."""
    frame = sweep.tables[name]
    codes = {}
    cells = frame[column.name][frame[column.name] != ""]
    if name == "depouillements":
        of_places = frame["question"] == catalogue()["fiches"]["commune"].title
        cells = cells[of_places & ~cells.str.upper().isin(["NR", "NC"])]
    for index, text in cells.items():
        found = places.get(place_name(text))
        if found:
            official, code, way = found
            codes[index] = code
            if official != text and name != "depouillements":
                frame.loc[index, column.name] = official
            if official != text:
                sweep.match(name, frame.loc[index], column.name, text, official, way)
            continue
        near = closest(text, sorted({official for official, _, _ in places.values()}))
        sweep.tell(
            name,
            frame.loc[index],
            column.name,
            f"la commune « {text} » n'est pas dans le territoire.",
            "une commune de la feuille « communes »" + (f" (peut-être « {near} »)" if near else ""),
            "Corriger le nom, ou l'ajouter aux « Autres écritures » de sa commune. La ligne reste, sans commune reconnue.",
            "commune inconnue",
        )
    frame["code_insee"] = [codes.get(index, "") for index in frame.index]


LIST_LINKS = {
    "preconisations": {"origine": ("verbatims", "verbatim")},
    "indicateurs": {"verbatims": ("verbatims", "verbatim")},
}
"""Links held by list columns, for which Table Schema has no foreign key."""


def _links(sweep: Sweep) -> None:
    """References to another sheet: the same code in another writing is found, the rest is listed."""
    for name, table in catalogue().items():
        links = {**table.foreign_keys, **LIST_LINKS.get(name, {})}
        for column, (target, key) in links.items():
            if column == "commune" or column not in sweep.tables[name]:
                continue
            codes = {simplify(code): code for code in sweep.tables[target][key] if code}
            frame = sweep.tables[name]
            for index, text in frame[column][frame[column] != ""].items():
                is_list = table[column].type == "list"
                values = []
                for item in items(text) if is_list else [text]:
                    values.append(codes.get(simplify(item), item))
                    if simplify(item) not in codes:
                        sweep.tell(
                            name,
                            frame.loc[index],
                            column,
                            f"{table[column].title} vaut « {item} ».",
                            f"un code de la feuille « {target} »" + ("" if codes else ", qui est vide ou absente"),
                            "Corriger le code, ou ajouter la ligne qui manque.",
                            "lien",
                        )
                if "; ".join(values) != text:
                    frame.loc[index, column] = "; ".join(values)
                if not codes:  # said once, not on each row
                    break


# ── plausibility ────────────────────────────────────────────────────────────────────────────────


def _numbers(series: pd.Series) -> pd.Series:
    return pd.to_numeric(series, errors="coerce")


def _meetings_agree(sweep: Sweep) -> None:
    """Sheets, tables and people present of a meeting agree: one cannot hold more than the other."""
    fiches = sweep.tables["fiches"]
    for _, row in sweep.tables["reunions"].iterrows():
        own = fiches[fiches["reunion"] == row["reunion"]]
        present, tables = _numbers(row[["nb_presents", "nb_tables"]])
        if len(own) > present:
            sweep.tell(
                "reunions",
                row,
                "nb_presents",
                f"{len(own)} fiches pour {present:g} présents.",
                "autant de présents que de fiches, ou plus",
                "Vérifier le nombre de présents et les fiches.",
                "présents",
            )
        used = own["table"][own["table"] != ""].nunique()
        if used > tables:
            sweep.tell(
                "reunions",
                row,
                "nb_tables",
                f"{used} tables dans les fiches, {tables:g} dans la réunion.",
                "le même nombre",
                "Vérifier les tables.",
                "tables",
            )


def _answers_agree(sweep: Sweep) -> None:
    """No more answers than people asked or present; no service used by someone who uses none."""
    meetings = sweep.tables["reunions"].set_index("reunion")["nb_presents"]
    for _, row in sweep.tables["depouillements"].iterrows():
        value, base = _numbers(row[["valeur", "base"]])
        present = meetings.get(row["reunion"], "")
        if present and base > int(present):
            sweep.tell(
                "depouillements",
                row,
                "base",
                f"{base:g} réponses pour {present} présents.",
                "pas plus de réponses que de présents",
                "Vérifier les deux nombres.",
                "base",
            )
        if value > base:
            sweep.tell(
                "depouillements",
                row,
                "valeur",
                f"{value:g} réponses sur {base:g}.",
                "pas plus de réponses que de personnes interrogées",
                "Vérifier les deux nombres.",
                "base",
            )
    fiches = sweep.tables["fiches"]
    for _, row in fiches[(fiches["utilisateur"] == "non") & (fiches["services"] != "")].iterrows():
        sweep.tell(
            "fiches",
            row,
            "services",
            "des services sont cités par une personne qui dit ne pas en utiliser.",
            "oui, ou pas de service",
            "Relire la fiche papier.",
            "services",
        )


def _quantities_have_units(sweep: Sweep) -> None:
    """A quantity without unit cannot be added to anything."""
    for name, number in (("initiatives", "quantite"), ("depouillements", "valeur")):
        frame = sweep.tables[name]
        for _, row in frame[(frame[number] != "") & (frame["unite"] == "")].iterrows():
            sweep.tell(
                name,
                row,
                "unite",
                "une quantité n'a pas d'unité : elle n'est ajoutée à aucune autre.",
                "une unité (structures, chambres, voitures…)",
                "Remplir l'unité.",
                "unité",
            )


def _ballots_agree(sweep: Sweep) -> None:
    """A ballot holds no more points than the rule gives."""
    votes = sweep.tables["votes"].assign(points=lambda v: _numbers(v["points"]))
    counted = votes[(votes["points"] > 0) & (votes["bulletin"] != "") & (votes["bulletin"] != "TOTAL")]
    for _, ballot in counted.groupby(["reunion", "objet", "bulletin"], sort=False):
        rule = next((int(n) for text in ballot["regle"] for n in re.findall(r"\d+", text)), None)
        given = ballot["points"].sum()
        if rule is not None and given > rule:
            row = ballot.iloc[-1]
            sweep.tell(
                "votes",
                row,
                "points",
                f"le bulletin {row['bulletin']} donne {given:g} points.",
                f"{rule} points au plus, selon la règle du vote",
                "Relire le bulletin.",
                "points",
            )


def _measures_agree(sweep: Sweep) -> None:
    """A score stays within the scale of its indicator, and goes the way that the group wants."""
    scales = sweep.tables["indicateurs"].drop_duplicates("indicateur").set_index("indicateur")
    for _, row in sweep.tables["mesures"].iterrows():
        if row["indicateur"] not in scales.index:
            continue
        scale = scales.loc[row["indicateur"]]
        low, high = _numbers(scale[["echelle_min", "echelle_max"]])
        values = _numbers(row[["actuelle", "souhaitee"]])
        for column, value in values.items():
            if value < low or value > high:
                sweep.tell(
                    "mesures",
                    row,
                    column,
                    f"la note {value:g} sort de l'échelle.",
                    " et ".join(
                        f"{word} {bound:g}" for word, bound in (("au moins", low), ("au plus", high)) if bound == bound
                    ),
                    "Relire la note.",
                    "échelle",
                )
        away = values["souhaitee"] - values["actuelle"]
        if (scale["sens"] == "augmente" and away < 0) or (scale["sens"] == "diminue" and away > 0):
            sweep.tell(
                "mesures",
                row,
                "souhaitee",
                f"on souhaite {values['souhaitee']:g} et l'on est à {values['actuelle']:g}.",
                f"un souhait qui {scale['sens']}",
                "Vérifier que les deux notes ne sont pas inversées.",
                "sens",
            )


def _recommendations_answer(sweep: Sweep) -> None:
    """A recommendation answers a stake: one that answers none is listed."""
    frame = sweep.tables["preconisations"]
    for _, row in frame[frame["enjeu"] == ""].iterrows():
        sweep.tell(
            "preconisations",
            row,
            "enjeu",
            "cette préconisation ne répond à aucun enjeu.",
            "le code d'un enjeu",
            "Le choisir avec le groupe.",
            "sans enjeu",
        )


def _no_twins(sweep: Sweep) -> None:
    """The same name in the same commune is likely the same initiative."""
    frame = sweep.tables["initiatives"]
    twins = frame.assign(n=frame["nom"].map(simplify)).duplicated(["n", "commune"])
    for _, row in frame[twins].iterrows():
        sweep.tell(
            "initiatives",
            row,
            "nom",
            f"« {row['nom']} » figure déjà dans la même commune.",
            "une ligne par initiative",
            "Réunir les deux lignes si c'est la même.",
            "doublon probable",
        )


def _newest_year(sweep: Sweep) -> int | None:
    """Year of the newest meeting, observation or document of the folder."""
    dates = (("reunions", "date"), ("initiatives", "date_releve"), ("documents", "annee"))
    years = (int(t[:4]) for name, column in dates for t in sweep.tables[name][column] if t)
    return max(years, default=None)


def _years_plausible(sweep: Sweep) -> None:
    """A year is not before 1900, and nothing is created after the newest date of the folder."""
    newest = _newest_year(sweep)
    for name, table in catalogue().items():
        for column in table.typed:
            if column.lecture not in ("annee", "date"):
                continue
            past = column.lecture == "annee" and column.name not in ("echeance", "annee")
            frame = sweep.tables[name]
            for _, row in frame[frame[column.name] != ""].iterrows():
                late = past and newest is not None and int(row[column.name]) > newest
                if int(row[column.name][:4]) < 1900 or late:
                    sweep.tell(
                        name,
                        row,
                        column.name,
                        f"{column.title} vaut {row[column.name]}.",
                        f"au plus tard {newest}, l'année du relevé le plus récent" if late else "1900 ou après",
                        "Vérifier l'année.",
                        "année",
                    )


def _no_contacts(sweep: Sweep) -> None:
    """An e-mail or a telephone number in a free text identifies a person."""
    for name, columns in FREE_TEXT.items():
        for column in columns:
            frame = sweep.tables[name]
            for _, row in frame[frame[column].str.contains(CONTACT)].iterrows():
                sweep.tell(
                    name,
                    row,
                    column,
                    "ce texte contient une adresse ou un numéro de téléphone.",
                    "un texte sans coordonnées",
                    "Les retirer. Les pages publiques les remplacent par […].",
                    "coordonnées",
                )


PLAUSIBILITY = (
    _meetings_agree,
    _answers_agree,
    _quantities_have_units,
    _ballots_agree,
    _measures_agree,
    _recommendations_answer,
    _no_twins,
    _years_plausible,
    _no_contacts,
)


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
    named = (("fiches", "services"), ("depouillements", "reponse"))
    title = catalogue()["fiches"]["services"].title
    for name, column in named:
        frame = sweep.tables[name]
        asked = frame if name == "fiches" else frame[frame["question"] == title]
        for _, row in asked.iterrows():
            for item in items(row[column]):
                entry = services().get(simplify(item))
                if entry and entry["nom"] != item:
                    sweep.match(name, row, column, item, entry["nom"], "autre écriture")


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
        sheet = next((r for n, r in order.items() if simplify(problem.feuille).startswith(n)), -1)
        return (sheet, problem.fichier, int(number or 0), len(letters or ""), letters or "", problem.regle)

    return sorted(problems, key=place)


def csv_text(frame: pd.DataFrame) -> str:
    """Table as CSV text: comma, point, LF, empty cell when missing."""
    return frame.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
