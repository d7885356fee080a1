"""`Territory` holds the tidy tables of one territory under their names; `Programme`, several.

A territory is read from its processed Data Package when nothing that one rests on has changed since,
and from the raw sheets otherwise, so that a notebook gives the same result in JupyterLab and from
the command.
"""

import hashlib
import json
from collections import Counter
from dataclasses import fields
from functools import cache, cached_property
from pathlib import Path

import pandas as pd

from . import clean
from .load import BESIDE, fingerprint, read_folder, sheet_files
from .paths import CATALOGUE, NOT_TERRITORIES, processed_dir, raw_dir, reference_dir, territories
from .schema import Problem, catalogue, descriptor, public_tables

DATED = {"reunions": "date", "initiatives": "date_releve", "depouillements": "date", "mesures": "date"}
"""Column that dates the data of a sheet."""


@cache
def _reference(path: Path, stamp: tuple) -> pd.DataFrame:
    described = public_tables()
    if stamp:
        frame = pd.read_csv(path, sep=";", dtype=str, encoding="utf-8")
    else:
        table = "contours" if path.stem.startswith("contours_") else path.stem
        frame = pd.DataFrame(columns=described["tables"].get(table, ["territoire"]), dtype=str)
    for column in frame.columns.intersection(described["nombres"]):
        frame[column] = pd.to_numeric(frame[column])
    return frame


def reference(name: str, territoire: str | None = None) -> pd.DataFrame:
    """Public data of ``data/raw/reference``: the whole table, or the rows of one territory.

    Codes are text. An absent file or territory gives an empty table with its columns.
    """
    path = reference_dir() / f"{name}.csv"
    status = path.stat() if path.exists() else None
    frame = _reference(path, (status.st_mtime_ns, status.st_size) if status else ()).copy()
    if territoire is not None:
        frame = frame[frame["territoire"] == territoire].reset_index(drop=True)
    return frame


def library_key() -> str:
    """Hash of the library's code and catalogue: other code may clean otherwise."""
    package = CATALOGUE.parent
    digest = hashlib.sha256()
    for path in sorted(path for path in package.rglob("*") if path.suffix in (".py", ".yaml")):
        digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def sources(code: str) -> dict[str, str]:
    """Hash of every file that the tidy tables of a folder rest on."""
    folder = raw_dir(code)
    files = [*sheet_files(folder), *(folder / name for name in BESIDE if (folder / name).exists())]
    hashes = {path.name: fingerprint(path) for path in files}
    hashes["reference/communes_2015.csv"] = fingerprint(reference_dir() / "communes_2015.csv")
    return hashes | {"domino_analysis": library_key()}


_TRUSTED: set[str] = set()


def trust_packages() -> None:
    """Take the processed packages as they are: whoever runs this process has just written them."""
    _TRUSTED.add(str(processed_dir("")))


def is_fresh(code: str) -> bool:
    """Whether the processed package of a folder rests on the files and the library as they are now."""
    package = processed_dir(code) / "datapackage.json"
    if not package.exists() or not raw_dir(code).is_dir():
        return False
    return json.loads(package.read_text(encoding="utf-8")).get("empreintes") == sources(code)


class Territory:
    """Tidy tables of one territory (or of ``programme``), each under its name.

    Attributes
    ----------
    code : str
        Name of the folder: lower case, ASCII.
    problems : list of Problem
        What is wrong with the sheets, in the order of the sheets.
    matches, provenance : DataFrame
        What was read as something else; where each row comes from.
    asked : set of str
        Tables and reference tables that were asked for: what a page depends on.
    """

    def __init__(self, code: str, tidy: clean.Tidy):
        self.code, self._tidy = code, tidy
        self.asked: set[str] = set()

    @classmethod
    def read(cls, code: str) -> "Territory":
        """Territory as its sheets are now: loaded and cleaned."""
        folder = raw_dir(code)
        if not folder.is_dir() and code not in NOT_TERRITORIES:
            known = ", ".join(territories()) or "aucun"
            raise FileNotFoundError(
                f"data/raw/{code} : ce dossier n'existe pas.\nTerritoires connus : {known}.\n"
                f"Pour le créer : domino new {code}"
            )
        return cls(code, clean.tidy(read_folder(folder), folder, reference("communes_2015", code)))

    @classmethod
    def open(cls, code: str) -> "Territory":
        """Territory from its processed package when nothing it rests on has changed."""
        folder = processed_dir(code)
        trusted = str(folder.parent) in _TRUSTED and (folder / "datapackage.json").exists()
        return cls(code, _read_package(folder)) if trusted or is_fresh(code) else cls.read(code)

    def __getattr__(self, name: str) -> pd.DataFrame | list[Problem]:
        if name in ("problems", "matches", "provenance"):
            self.asked.update(catalogue())
            return getattr(self._tidy, name)
        if name.startswith("_") or name not in catalogue():
            raise AttributeError(name)
        self.asked.add(name)
        return self._tidy.tables[name].copy()

    def reference(self, name: str) -> pd.DataFrame:
        """Rows of a reference table for this territory; see `reference`."""
        self.asked.add(f"reference/{name}")
        return reference(name, self.code)

    @property
    def outlines(self) -> pd.DataFrame:
        """Rings of today's communes in hundreds of metres (Lambert-93); empty when none is known."""
        self.asked.add(f"reference/contours_{self.code}")
        return reference(f"contours_{self.code}")

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

    def package(self) -> dict[str, bytes]:
        """Files of the processed Data Package, by name: one .csv per table and datapackage.json."""
        problems = pd.DataFrame(self._tidy.problems, columns=[field.name for field in fields(Problem)])
        found = {"provenance": self._tidy.provenance, "correspondances": self._tidy.matches, "problemes": problems}
        frames = {**self._tidy.tables, **found}
        # « sources » has another meaning in a Data Package
        described = {"name": self.code, "title": self.nom, "empreintes": sources(self.code)}
        described["resources"] = [_resource(name, frames) for name in frames]
        files = {f"{name}.csv": clean.csv_text(frame).encode() for name, frame in frames.items()}
        files["datapackage.json"] = (json.dumps(described, ensure_ascii=False, indent=1) + "\n").encode()
        return files


def _resource(name: str, frames: dict[str, pd.DataFrame]) -> dict:
    """A processed table and its schema: our own, without what names a person or does not hold."""
    frame = frames[name]
    described = {"name": name, "path": f"{name}.csv", "format": "csv", "encoding": "utf-8"}
    if name not in catalogue():
        columns = [{"name": c, "type": "integer" if c == "ligne" else "string"} for c in frame]
        return {**described, "schema": {"fields": columns}}

    def holds(key: dict) -> bool:
        values, target = frame[key["fields"][0]].dropna(), key["reference"]
        return len(values) > 0 and values.isin(frames[target["resource"]][target["fields"][0]]).all()

    schema = {"primaryKey": [], "foreignKeys": [], **descriptor(name)}
    columns = [column for column in schema["fields"] if column["name"] in frame]
    own = {
        "fields": [{key: value for key, value in column.items() if key != "missingValues"} for column in columns],
        "missingValues": [""],
        "foreignKeys": [key for key in schema["foreignKeys"] if holds(key)],
        "primaryKey": schema["primaryKey"] if frame[schema["primaryKey"]].notna().all(axis=None) else [],
    }
    return {**described, "schema": {key: value for key, value in own.items() if value}}


def _read_package(folder: Path) -> clean.Tidy:
    """Tidy tables of a processed package, in their types."""

    def text(name: str) -> pd.DataFrame:
        return pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False, encoding="utf-8")

    tables = {name: clean.typed(name, text(name)) for name in catalogue()}
    problems = [Problem(*row) for row in text("problemes").itertuples(index=False)]
    return clean.Tidy(tables, text("provenance").astype({"ligne": "int64"}), text("correspondances"), problems)


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
