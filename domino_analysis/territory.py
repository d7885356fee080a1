"""`Territory` holds the tidy tables of one territory under their names; `Programme`, several.

A territory is read from its processed Data Package when nothing that one rests on has changed since,
and from the raw sheets otherwise, so that a notebook gives the same result in JupyterLab and from
the command.
"""

import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple, fields
from functools import cache, cached_property, partial
from pathlib import Path

import pandas as pd

from . import clean, load
from .paths import LINES, NOT_TERRITORIES, digest, processed_dir, raw_dir, reference_dir, sources, territories
from .schema import Problem, catalogue, descriptor, public_tables

DATED = {"reunions": "date", "initiatives": "date_releve", "depouillements": "date", "mesures": "date"}
"""Column that dates the data of a sheet."""

FOUND = {"matches": "correspondances", "problems": "problemes"}
"""What reading the sheets found, by the name of its table."""
PUBLIC = "reference_"
"""First letters of the name under which a territory holds its rows of a reference table."""


@cache
def _public(path: Path, table: str, stamp: tuple) -> pd.DataFrame:
    """Public table of a file as it is at this stamp; without one, no row."""
    absent = pd.DataFrame(columns=public_tables()["tables"].get(table, ["territoire"]), dtype=str)
    return _numbered(pd.read_csv(path, sep=";", dtype=str, encoding="utf-8") if stamp else absent)


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = frame.columns.intersection(public_tables()["nombres"])
    return frame.assign(**{name: pd.to_numeric(frame[name]) for name in numbers})


def reference(name: str, territoire: str | None = None) -> pd.DataFrame:
    """Public data of ``data/raw/reference``: the whole table, or the rows of one territory.

    Codes are text. An absent file or territory gives an empty table with its columns.
    """
    path = reference_dir() / (f"contours_{territoire}.csv" if name == "contours" else f"{name}.csv")
    status = path.stat() if path.exists() else None
    frame = _public(path, name, (status.st_mtime_ns, status.st_size) if status else ()).copy()
    if territoire is not None and "territoire" in frame:
        frame = frame[frame["territoire"] == territoire].reset_index(drop=True)
    return frame


def is_fresh(code: str) -> bool:
    """Whether the processed package of a folder rests on the files and the library as they are now."""
    package = processed_dir(code) / "datapackage.json"
    return package.exists() and json.loads(package.read_text(encoding="utf-8")).get("empreintes") == sources(code)


_GIVEN: dict[str, Callable[[str], bytes]] = {}


def give(code: str, read: Callable[[str], bytes]) -> None:
    """Take a territory from a package whose files ``read`` gives by name; no other data are then known."""
    _GIVEN[code] = read


class Territory:
    """Tidy tables of one territory (or of ``programme``), each under its name.

    Attributes
    ----------
    code : str
        Name of the folder: lower case, ASCII.
    problems : list of Problem
        What is wrong with the sheets, in the order of the sheets.
    matches : DataFrame
        What was read as something else.
    asked : set of str
        Tables and reference tables that were asked for: what a page depends on.
    """

    def __init__(self, code: str, make: Callable[[str], pd.DataFrame]):
        self.code, self._made = code, cache(make)  # each table is made when it is first asked for
        self.asked: set[str] = set()

    @classmethod
    def of(cls, code: str, tidy: clean.Tidy) -> "Territory":
        """Territory of tables that were just cleaned."""
        problems = pd.DataFrame(map(astuple, tidy.problems), columns=[field.name for field in fields(Problem)])
        at = tidy.provenance.set_index("table")
        own = {LINES + name: at[at.index == name].reset_index(drop=True) for name in catalogue()}
        found = {"correspondances": tidy.matches, "problemes": problems, **tidy.tables, **own}
        return cls(code, lambda name: found[name] if name in found else reference(name.removeprefix(PUBLIC), code))

    @classmethod
    def read(cls, code: str) -> "Territory":
        """Territory as its sheets are now: loaded and cleaned."""
        folder = raw_dir(code)
        if not folder.is_dir() and code not in NOT_TERRITORIES:
            raise FileNotFoundError(
                f"data/raw/{code} : ce dossier n'existe pas.\n"
                f"Territoires connus : {', '.join(territories()) or 'aucun'}.\nPour le créer : domino new {code}"
            )
        return cls.of(code, clean.tidy(load.read_folder(folder), folder, reference("communes_2015", code)))

    @classmethod
    def open(cls, code: str) -> "Territory":
        """Territory from its processed package when nothing it rests on has changed, else from its sheets."""
        if not _GIVEN and not is_fresh(code):
            return cls.read(code)
        given = _GIVEN[code] if _GIVEN else lambda name: (processed_dir(code) / name).read_bytes()
        return cls(code, partial(_packaged, given))

    def _table(self, name: str) -> pd.DataFrame:
        self.asked.add(name)
        return self._made(name).copy()

    def __getattr__(self, name: str) -> pd.DataFrame:
        table = FOUND.get(name, name)
        if name.startswith("_") or table not in (*catalogue(), *FOUND.values()):
            raise AttributeError(name)
        return self._table(table)

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the sheets, in the order of the sheets."""
        return [Problem(*row) for row in self._table("problemes").itertuples(index=False)]

    def reference(self, name: str) -> pd.DataFrame:
        """Rows of a reference table for this territory; see `reference`."""
        return self._table(PUBLIC + name)

    def lines(self, name: str) -> pd.DataFrame:
        """``fichier, feuille, ligne`` of each row of a table, in its order."""
        return self._table(LINES + name)

    @property
    def outlines(self) -> pd.DataFrame:
        """Rings of today's communes in hundreds of metres (Lambert-93); empty when none is known."""
        return self.reference("contours")

    @property
    def today(self) -> pd.Series:
        """Today's code of each commune of 2015; empty when no reference is known."""
        return self.reference("communes_2015").set_index("code_insee")["code_insee_actuel"]

    @property
    def identity(self) -> pd.Series:
        """The one row of the sheet « territoires »; its fields are missing when it is empty."""
        return self.territoires.reindex([0]).iloc[0]

    @cached_property
    def nom(self) -> str:
        """Name of the territory, or its code when nobody typed a name."""
        name = self.identity["nom"]
        return name if isinstance(name, str) else self.code

    @property
    def is_fictif(self) -> bool:
        """Whether its data were invented to demonstrate."""
        return self.identity["fictif"] == "oui"

    def received(self, tables: list[str]) -> list[str]:
        """Those of some tables that hold at least one row."""
        return [name for name in tables if not getattr(self, name).empty]

    @property
    def newest_date(self) -> str:
        """Date of the newest data: of the meetings, observations and published totals."""
        dates = pd.concat([getattr(self, name)[column] for name, column in DATED.items()])
        return max(dates.dropna(), default="")

    def package(self, **described: object) -> dict[str, bytes]:
        """Files of the processed Data Package, by name: one .csv per table and datapackage.json.

        Parameters
        ----------
        **described
            More keys of datapackage.json.
        """
        public = [PUBLIC + name for name in public_tables()["tables"]]
        placed = [LINES + name for name in catalogue()]
        frames = {name: self._made(name) for name in (*catalogue(), *FOUND.values(), *placed, *public)}
        files = {f"{name}.csv": clean.csv_text(frame).encode() for name, frame in frames.items()}
        # « sources » has another meaning in a Data Package
        described = {"name": self.code, "title": self.nom, "empreintes": sources(self.code), **described}
        described["resources"] = [_resource(name, frames, files[f"{name}.csv"]) for name in frames]
        return files | {"datapackage.json": (json.dumps(described, ensure_ascii=False, indent=1) + "\n").encode()}


def _resource(name: str, frames: dict[str, pd.DataFrame], content: bytes) -> dict:
    """A processed table and its schema: our own, without what names a person or does not hold."""
    frame = frames[name]
    untyped = {"fields": [{"name": c, "type": "integer" if c == "ligne" else "string"} for c in frame]}
    own = {"primaryKey": [], "foreignKeys": []} | (descriptor(name) if name in catalogue() else untyped)
    columns = [column for column in own["fields"] if column["name"] in frame]

    def holds(key: dict) -> bool:
        values, target = frame[key["fields"][0]].dropna(), key["reference"]
        return len(values) > 0 and values.isin(frames[target["resource"]][target["fields"][0]]).all()

    schema = {
        "fields": [{key: value for key, value in column.items() if key != "missingValues"} for column in columns],
        "foreignKeys": [key for key in own["foreignKeys"] if holds(key)],
        "primaryKey": own["primaryKey"] if frame[own["primaryKey"]].notna().all(axis=None) else [],
    }
    described = {"name": name, "path": f"{name}.csv", "format": "csv", "encoding": "utf-8"}
    described |= {"bytes": len(content), "hash": f"sha256:{digest(content)}"}
    return described | {"schema": {key: held for key, held in schema.items() if held}}


def _packaged(read: Callable[[str], bytes], name: str) -> pd.DataFrame:
    """Table of a processed package, in its types."""
    is_public = name.startswith(PUBLIC)
    frame = pd.read_csv(io.BytesIO(read(f"{name}.csv")), dtype=str, keep_default_na=is_public)
    if is_public:
        return _numbered(frame)
    if name.startswith(LINES):
        return frame.astype({"ligne": "int64"})
    return clean.typed(name, frame) if name in catalogue() else frame


class Programme:
    """Several territories, and what is regional.

    Parameters
    ----------
    codes : list of str, optional
        Territories to hold; when nothing is named, the real ones of ``data/raw``, or all when none is
        real: real and fictional ones never share a page.
    """

    def __init__(self, codes: list[str] | None = None):
        opened = {code: Territory.open(code) for code in codes or territories()}
        real = {code: territory for code, territory in opened.items() if not territory.is_fictif}
        self.territories = opened if codes else real or opened
        names = Counter(territory.nom for territory in self)
        for territory in self:
            if names[territory.nom] > 1:  # two folders of one name stay two
                territory.nom = f"{territory.nom} ({territory.code})"
        self.general = Territory.open("programme")

    @classmethod
    def of(cls, codes: str) -> "Programme":
        """Programme of the territories that a text names, separated by commas; of all when it is empty."""
        return cls([code.strip() for code in codes.split(",") if code.strip()] or None)

    def __iter__(self):
        return iter(self.territories.values())
