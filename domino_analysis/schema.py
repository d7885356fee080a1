"""The catalogue as small frozen dataclasses, and `Problem`, the message that names a cell."""

import re
import unicodedata
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

import yaml

from .paths import CATALOGUE

BLOQUANT, A_VERIFIER = "bloquant", "à vérifier"


@dataclass(frozen=True)
class Column:
    """One column of a sheet, as its Table Schema describes it; ``cles.schema.json`` holds our own keys.

    An empty cell takes its ``defaut``; ``renvois`` are the sheets whose codes the column holds.
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
    """One sheet: its columns, its key, its links to other sheets and what its rows cannot say."""

    name: str
    title: str
    description: str
    niveau: str
    columns: tuple[Column, ...]
    autres_titres: tuple[str, ...] = ()
    primary_key: tuple[str, ...] = ()
    foreign_keys: dict[str, str] = field(default_factory=dict)
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

    def __str__(self) -> str:
        expected = f"Attendu : {self.attendu}." if self.attendu else ""
        return "\n".join(filter(None, (f"{self.place} : {self.trouve}", expected, self.faire)))


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
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((CATALOGUE / name).read_text(encoding="utf-8"), Loader=loader)


def _described(kind: type, given: dict[str, Any]) -> Any:
    """One of our dataclasses, from what is given for its fields."""
    names = {field.name for field in fields(kind)}
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in given.items() if k in names})


def _table(entry: dict) -> Table:
    """One sheet, from its Table Schema."""
    links = {key["fields"][0]: key["reference"]["resource"] for key in entry.get("foreignKeys", ())}
    columns = []
    for column in entry["fields"]:
        own = {"missing_values": column.get("missingValues", entry["missingValues"])}
        if column["name"] in links:
            own["renvois"] = [{"feuille": links[column["name"]]}]
        columns.append(_described(Column, {**column, **column.get("constraints", {}), **own}))
    own = {"columns": columns, "primary_key": entry.get("primaryKey", []), "foreign_keys": links}
    return _described(Table, {**entry, **own})


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


def grandeurs() -> dict[str, dict]:
    """Computed quantities by key: label, unit, formula, reference and limits."""
    return _read("grandeurs.yaml")


def etapes() -> dict[str, dict]:
    """Pages by key: their notebook, their title, and the tables that make a step *received*."""
    return _read("etapes.yaml")


def phrases() -> dict[str, Any]:
    """Sentences that hold numbers, by key; see `domino_analysis.text`."""
    return _read("phrases.fr.yaml")


def public_tables() -> dict[str, Any]:
    """Columns of the public tables by name, and which columns hold numbers."""
    return _read("reference.yaml")


def classeur() -> dict[str, dict]:
    """What an empty workbook says, how it looks and what it checks; see `domino_analysis.workbook`."""
    return _read("classeur.fr.yaml")


def problemes() -> dict[str, dict]:
    """What is told of a problem, by rule: found, expected, to do, severity."""
    return _read("problemes.fr.yaml")


@cache
def exemple() -> dict[str, Any]:
    """Words of the fictional programme; see `domino_analysis.example`."""
    return _read("exemple.fr.yaml")


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


def _aliases() -> dict:
    return _read("alias.yaml")


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
    return {simplify(s): entry for entry in _aliases()["services"] for s in (entry["nom"], *entry["ecritures"])}


@cache
def value_spellings(table: str, column: str) -> dict[str, str]:
    """Accepted value of a closed list by every simplified spelling of it.

    Examples
    --------
    >>> value_spellings("fiches", "utilisateur")["vrai"]
    'oui'
    """
    described, aliases = catalogue()[table][column], _aliases()
    values = described.enum or described.valeurs_proposees
    spellings = {simplify(value) or value: value for value in values}
    yes_or_no = aliases["oui_non"] if described.lecture == "oui_non" else {}
    for value, others in [*aliases["valeurs"].get(table, {}).get(column, {}).items(), *yes_or_no.items()]:
        spellings.update({simplify(other) or other: value for other in others})
    return spellings
