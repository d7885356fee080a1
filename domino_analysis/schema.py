"""The catalogue as small frozen dataclasses, and `Problem`, the message that names a cell."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache, partial
from typing import Any

from .paths import CATALOGUE

BLOQUANT, A_VERIFIER = "bloquant", "à vérifier"


@dataclass(frozen=True)
class Column:
    """One column of a sheet, as its Table Schema describes it; ``cles.schema.json`` holds our own keys.

    An empty cell takes its ``defaut``; ``renvois`` are the sheets whose codes the column holds. Names of
    persons are shown where they are ``noms_publics``: the titles and authors of documents, which are cited.
    """

    name: str
    title: str
    type: str
    description: str = ""
    niveau: str = "utile"
    lecture: str = ""
    donnee_personnelle: str = ""
    autres_titres: tuple[str, ...] = ()
    valeurs_proposees: tuple[str, ...] = ()
    enum: tuple[str, ...] = ()
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    missing_values: tuple[str, ...] = ("",)
    defaut: str = ""
    renvois: tuple[dict[str, Any], ...] = ()
    noms_publics: bool = False

    @property
    def is_direct(self) -> bool:
        """Whether the column names a person: it is then never read."""
        return self.donnee_personnelle == "directe"

    @property
    def is_computed(self) -> bool:
        """Whether the library computes the column, so that nobody types it."""
        return self.niveau == "calculé"

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every accepted spelling of the header; the name in the code is not one of them."""
        return (self.title, *self.autres_titres)


@dataclass(frozen=True)
class Table:
    """One sheet: its columns, its key and what its rows cannot say."""

    name: str
    title: str
    description: str
    niveau: str
    columns: tuple[Column, ...]
    autres_titres: tuple[str, ...] = ()
    primary_key: tuple[str, ...] = ()
    controles: tuple[dict[str, str], ...] = ()

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every accepted name of the sheet."""
        return (self.name, self.title, *self.autres_titres)

    @property
    def typed(self) -> tuple[Column, ...]:
        """Columns that people type and the library reads: neither computed nor naming a person."""
        return tuple(c for c in self.columns if not c.is_computed and not c.is_direct)

    @property
    def kept(self) -> tuple[Column, ...]:
        """Columns of the tidy table: all but those that name a person."""
        return tuple(c for c in self.columns if not c.is_direct)


@dataclass(frozen=True)
class Problem:
    """What is wrong with one cell, row, sheet or file, and what to do about it.

    Examples
    --------
    >>> print(Problem("data/raw/exemple/exemple.xlsx", "initiatives", "F14",
    ...     "État vaut « en cours ».", "existante ou en projet", "Corriger la cellule.", A_VERIFIER))
    data/raw/exemple/exemple.xlsx, feuille « initiatives », cellule F14 : État vaut « en cours ».
    Attendu : existante ou en projet.
    Corriger la cellule.
    """

    fichier: str
    feuille: str
    cellule: str
    trouve: str
    attendu: str
    faire: str
    gravite: str
    regle: str = ""

    @property
    def place(self) -> str:
        """Where it is: file, sheet, cell, as far as they are known."""
        sheet = f"feuille « {self.feuille} »" if self.feuille else ""
        cell = f"cellule {self.cellule}" if self.cellule[:1].isupper() else self.cellule
        return ", ".join(filter(None, (self.fichier, sheet, cell)))

    @property
    def is_of_a_file(self) -> bool:
        """Whether a whole file could not be read."""
        return self.gravite == BLOQUANT and not self.feuille

    @property
    def order(self) -> tuple:
        """What sorts problems: their sheet, file, row and column, whatever the order in which they were seen."""
        sheet = ["", *catalogue()].index(table_named(self.feuille))
        letters, number = re.match(r"(?:ligne )?([A-Z]*)(\d*)", self.cellule).groups()
        return (sheet, self.fichier, int(number or 0), len(letters), letters, self.regle)

    def __str__(self) -> str:
        expected = f"Attendu : {self.attendu}." if self.attendu else ""
        return "\n".join(filter(None, (f"{self.place} : {self.trouve}", expected, self.faire)))


@dataclass(frozen=True)
class Page:
    """One page to make: its place under ``reports``, the notebook that makes it, what it rests on, its frame.

    Attributes
    ----------
    parameters : tuple of (str, object)
        Values of the notebook's cell ``parameters``; without a notebook, those of the index.
    codes, tables : tuple of str
        Territories that the page speaks of, and the tables of each that it reads.
    date : str
        ISO date of the newest data; what the page is about, when it is a meeting.
    missing : tuple of (str, str)
        Territories that should be there, and why they are not.
    nav : tuple of (str, str)
        Pages of the same territory, with their titles.
    is_still : bool
        Whether the page has no script: its charts are drawings.
    parts : tuple of str
        Pages of which this one is made, each whole.
    """

    path: str
    title: str
    notebook: str = ""
    parameters: tuple[tuple[str, Any], ...] = ()
    codes: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    kicker: str = ""
    heading: str = ""
    date: str = ""
    partners: tuple[str, ...] = ()
    is_fictif: bool = False
    missing: tuple[tuple[str, str], ...] = ()
    nav: tuple[tuple[str, str], ...] = ()
    is_still: bool = False
    parts: tuple[str, ...] = ()


def simplify(text: str) -> str:
    """Text without accents, case, punctuation and double spaces, to compare what people type.

    Examples
    --------
    >>> simplify("N° de  Fiche")
    'n de fiche'
    >>> simplify("Présents ?")
    'presents'
    """
    text = text.replace("œ", "oe").replace("Œ", "Oe").replace("’", "'").replace("°", " ")
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.sub(r"[^a-z0-9+]+", " ", plain).split())


@cache
def _read(name: str) -> Any:
    import yaml  # what has nothing to do reads no catalogue

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((CATALOGUE / name).read_text(encoding="utf-8"), Loader=loader)


def _described(kind: type, given: dict[str, Any]) -> Any:
    """One of our dataclasses, from what is given for its fields."""
    names = {field.name for field in fields(kind)}
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in given.items() if k in names})


def _table(entry: dict) -> Table:
    """One sheet, from its Table Schema."""
    keys = {key["fields"][0]: [{"feuille": key["reference"]["resource"]}] for key in entry.get("foreignKeys", ())}
    columns = []
    for column in entry["fields"]:
        own = {"missing_values": column.get("missingValues", entry["missingValues"])}
        links = {"renvois": keys[column["name"]]} if column["name"] in keys else {}
        columns.append(_described(Column, column | column.get("constraints", {}) | own | links))
    return _described(Table, entry | {"columns": columns, "primary_key": entry.get("primaryKey", [])})


def descriptor(name: str) -> dict:
    """Table Schema of one table, as its file gives it."""
    return _read(f"tables/{name}.yaml")


@cache
def catalogue() -> dict[str, Table]:
    """The sixteen tables by name, those of a first evening before the others.

    Examples
    --------
    >>> catalogue()["verbatims"]["texte"].title
    'Texte exact'
    """
    tables = [_table(descriptor(path.stem)) for path in (CATALOGUE / "tables").glob("*.yaml")]
    return {table.name: table for table in sorted(tables, key=lambda table: (table.niveau != "essentiel", table.name))}


# ── the other files, each read when it is first asked for ───────────────────────────────────────

grandeurs: Callable[[], dict[str, dict]] = partial(_read, "grandeurs.yaml")
"""Computed quantities by key: label, unit, formula, the tables they are counted from, limits and reference."""

etapes: Callable[[], dict[str, dict]] = partial(_read, "etapes.yaml")
"""Pages by key: their notebook, their title, and the tables that make a step *received*."""

phrases: Callable[[], dict[str, Any]] = partial(_read, "phrases.fr.yaml")
"""Sentences that hold numbers, by key; see `domino_analysis.text`."""

apparence: Callable[[], dict[str, Any]] = partial(_read, "apparence.yaml")
"""How charts look, by kind of chart and of trace, in the words of Plotly; see `domino_analysis.figures`."""

public_tables: Callable[[], dict[str, Any]] = partial(_read, "reference.yaml")
"""Columns of the public tables by name, and which columns hold numbers."""

classeur: Callable[[], dict[str, dict]] = partial(_read, "classeur.fr.yaml")
"""What an empty workbook says, how it looks and what it checks; see `domino_analysis.workbook`."""

problemes: Callable[[], dict[str, dict]] = partial(_read, "problemes.fr.yaml")
"""What is told of a problem, by rule: found, expected, to do, severity."""

exemple: Callable[[], dict[str, Any]] = partial(_read, "exemple.fr.yaml")
"""Words of the fictional programme; see `domino_analysis.example`."""

alias: Callable[[], dict[str, Any]] = partial(_read, "alias.yaml")
"""How people write dates, services, yes and no, the values of lists, and what would name them or let one reach them."""


# ── what they say ───────────────────────────────────────────────────────────────────────────────


def problem(regle: str, fichier: str, feuille: str = "", cellule: str = "", **values: Any) -> Problem:
    """Problem of a rule of the catalogue, whose words hold values; ``proche`` adds its proposal, if it has one.

    Examples
    --------
    >>> print(problem("doublon probable", "exemple.xlsx", "initiatives", "B3", ligne={"nom": "SEL"}))
    exemple.xlsx, feuille « initiatives », cellule B3 : « SEL » figure déjà dans la même commune.
    Attendu : une ligne par initiative.
    Réunir les deux lignes si c'est la même.
    """
    words = problemes()[regle]
    trouve, attendu, faire = (words[part].format(**values) for part in ("trouve", "attendu", "faire"))
    if values.get("proche") and "proposition" in words:
        attendu += words["proposition"].format(**values)
    return Problem(fichier, feuille, cellule, trouve, attendu, faire, words["gravite"], regle.split("/")[0])


@cache
def sheet_names() -> dict[str, str]:
    """Table by every simplified spelling of its name, the longest first."""
    known = {simplify(spelling): table.name for table in catalogue().values() for spelling in table.spellings}
    return dict(sorted(known.items(), key=lambda item: -len(item[0])))


def table_named(name: str, known: dict[str, str] | None = None) -> str:
    """Table that a sheet or file name stands for: one of its names, alone or with a suffix; else nothing.

    Examples
    --------
    >>> table_named("Fiches table A"), table_named("lisez-moi")
    ('fiches', '')
    """
    plain = f"{simplify(name)} "
    return next((table for s, table in (known or sheet_names()).items() if plain.startswith(f"{s} ")), "")


@cache
def services() -> dict[str, dict]:
    """Services by every simplified spelling: name, proposed theme and seat.

    Examples
    --------
    >>> services()[simplify("air n'bnb")]["nom"]
    'Airbnb'
    """
    return {simplify(s): entry for entry in alias()["services"] for s in (entry["nom"], *entry["ecritures"])}


@cache
def value_spellings(table: str, column: str) -> dict[str, str]:
    """Accepted value of a closed list by every simplified spelling of it.

    Examples
    --------
    >>> value_spellings("fiches", "utilisateur")["vrai"]
    'oui'
    """
    described, aliases = catalogue()[table][column], alias()
    groups = [(value, [value]) for value in described.enum or described.valeurs_proposees]
    groups += aliases["valeurs"].get(table, {}).get(column, {}).items()
    groups += aliases["oui_non"].items() if described.lecture == "oui_non" else ()
    return {simplify(spelling) or spelling: value for value, spellings in groups for spelling in spellings}
