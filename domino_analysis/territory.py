"""`Territory` holds the tidy tables of one territory under their names; `Programme`, several.

A territory is read from its processed Data Package when nothing that one rests on has changed since,
and from the raw sheets otherwise, so that a notebook gives the same result in JupyterLab and from
the command.
"""

import hashlib
import io
import json
from dataclasses import asdict
from functools import cache
from pathlib import Path

import pandas as pd

from . import clean
from .load import BESIDE, fingerprint, read_folder, sheet_files
from .paths import CATALOGUE, NOT_TERRITORIES, processed_dir, raw_dir, reference_dir, territories
from .schema import Problem, catalogue, descriptor

REFERENCE_NUMBERS = (
    "population", "population_annee", "superficie_km2", "lat", "lon", "annee", "valeur",
    "annee_constat", "anneau",
)  # fmt: skip
RESULTS = ("provenance", "correspondances", "problemes")


@cache
def _reference(path: Path, stamp: tuple) -> pd.DataFrame:
    frame = pd.read_csv(path, sep=";", dtype=str, encoding="utf-8")
    for column in frame.columns.intersection(REFERENCE_NUMBERS):
        frame[column] = pd.to_numeric(frame[column])
    return frame


def reference(name: str, territoire: str | None = None) -> pd.DataFrame:
    """Public data of ``data/raw/reference``: the whole table, or the rows of one territory.

    Codes are text. An absent file or territory gives an empty table.
    """
    path = reference_dir() / f"{name}.csv"
    if not path.exists():
        return pd.DataFrame()
    status = path.stat()
    frame = _reference(path, (status.st_mtime_ns, status.st_size)).copy()
    if territoire is not None:
        frame = frame[frame["territoire"] == territoire].reset_index(drop=True)
    return frame


def library_key() -> str:
    """Hash of the library's code and catalogue: other code may clean otherwise."""
    digest = hashlib.sha256()
    package = CATALOGUE.parent
    for path in sorted(package.rglob("*")):
        if path.suffix in (".py", ".yaml"):
            digest.update(path.relative_to(package).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def sources(code: str) -> dict[str, str]:
    """Hash of every file that the tidy tables of a folder rest on."""
    folder = raw_dir(code)
    files = {path.name: fingerprint(path) for path in sheet_files(folder)}
    files |= {name: fingerprint(folder / name) for name in BESIDE if (folder / name).exists()}
    return {
        **files,
        "reference/communes_2015.csv": fingerprint(reference_dir() / "communes_2015.csv"),
        "domino_analysis": library_key(),
    }


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
        communes = reference("communes_2015", code)
        if communes.empty:
            communes = pd.DataFrame(
                columns=["commune", "code_insee", "epci", "commune_actuelle", "code_insee_actuel"], dtype=str
            )
        return cls(code, clean.tidy(read_folder(folder), folder, communes))

    @classmethod
    def open(cls, code: str) -> "Territory":
        """Territory from its processed package when nothing it rests on has changed."""
        folder = processed_dir(code)
        trusted = str(folder.parent) in _TRUSTED and (folder / "datapackage.json").exists()
        return cls(code, _read_package(folder)) if trusted or is_fresh(code) else cls.read(code)

    def __getattr__(self, name: str) -> pd.DataFrame:
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
        known = self.reference("communes_2015")
        return pd.Series(dtype=str) if known.empty else known.set_index("code_insee")["code_insee_actuel"]

    @property
    def problems(self) -> list[Problem]:  # noqa: D102
        self.asked.update(catalogue())
        return self._tidy.problems

    @property
    def matches(self) -> pd.DataFrame:  # noqa: D102
        self.asked.update(catalogue())
        return self._tidy.matches

    @property
    def provenance(self) -> pd.DataFrame:  # noqa: D102
        self.asked.update(catalogue())
        return self._tidy.provenance

    @property
    def identity(self) -> pd.Series:
        """The one row of the sheet « territoires »; its fields are missing when it is empty."""
        rows = self.territoires
        if rows.empty:
            return pd.Series(pd.NA, index=[c.name for c in catalogue()["territoires"].kept])
        return rows.iloc[0]

    @property
    def nom(self) -> str:
        """Name of the territory, or its code when nobody typed a name."""
        name = self.identity["nom"]
        return name if isinstance(name, str) else self.code

    @property
    def is_fictif(self) -> bool:
        """Whether its data were invented to demonstrate."""
        return not pd.isna(self.identity["fictif"]) and self.identity["fictif"] == "oui"

    def received(self, tables: list[str]) -> list[str]:
        """Those of some tables that hold at least one row."""
        return [name for name in tables if not getattr(self, name).empty]

    @property
    def newest_date(self) -> str:
        """Date of the newest data: of the meetings, observations and published totals."""
        dates = [
            date
            for name, column in (
                ("reunions", "date"), ("initiatives", "date_releve"), ("depouillements", "date"), ("mesures", "date"),
            )
            for date in getattr(self, name)[column].dropna()
        ]  # fmt: skip
        return max(dates, default="")

    def package(self) -> dict[str, bytes]:
        """Files of the processed Data Package, by name: one .csv per table and datapackage.json."""
        frames = {
            **self._tidy.tables,
            "provenance": self._tidy.provenance,
            "correspondances": self._tidy.matches,
            "problemes": pd.DataFrame(
                [asdict(problem) for problem in self._tidy.problems], columns=list(Problem.__dataclass_fields__)
            ),
        }
        files = {f"{name}.csv": clean.csv_text(frame).encode() for name, frame in frames.items()}
        described = {
            "name": self.code,
            "title": self.nom,
            "empreintes": sources(self.code),  # « sources » has another meaning in a Data Package
            "resources": [
                {
                    "name": name,
                    "path": f"{name}.csv",
                    "format": "csv",
                    "encoding": "utf-8",
                    "schema": _schema(name, frames),
                }
                for name in frames
            ],
        }
        files["datapackage.json"] = (json.dumps(described, ensure_ascii=False, indent=1) + "\n").encode()
        return files


def _schema(name: str, frames: dict[str, pd.DataFrame]) -> dict:
    """Table Schema of a processed table: our own, without what names a person or does not hold."""
    if name in RESULTS:
        return {"fields": [{"name": c, "type": "integer" if c == "ligne" else "string"} for c in frames[name]]}
    kept = {column.name for column in catalogue()[name].kept}
    schema = descriptor(name)
    fields = [{k: v for k, v in f.items() if k != "missingValues"} for f in schema["fields"] if f["name"] in kept]
    keys = []
    for key in schema.get("foreignKeys", ()):
        column, target = key["fields"][0], key["reference"]
        values = frames[name][column].dropna()
        held = values.isin(frames[target["resource"]][target["fields"][0]].dropna())
        if not values.empty and held.all() and catalogue()[name][column].type != "list":
            keys.append(key)
    described = {"fields": fields, "missingValues": [""]}
    if schema.get("primaryKey") and not frames[name][schema["primaryKey"]].isna().any(axis=None):
        described["primaryKey"] = schema["primaryKey"]
    if keys:
        described["foreignKeys"] = keys
    return described


def _read_package(folder: Path) -> clean.Tidy:
    """Tidy tables of a processed package, in their types."""

    def text(name: str) -> pd.DataFrame:
        content = (folder / f"{name}.csv").read_text(encoding="utf-8")
        return pd.read_csv(io.StringIO(content), dtype=str, keep_default_na=False)

    problems = [Problem(*row) for row in text("problemes").itertuples(index=False)]
    provenance = text("provenance")
    return clean.Tidy(
        {name: clean.typed(name, text(name)) for name in catalogue()},
        provenance.assign(ligne=provenance["ligne"].astype("int64")),
        text("correspondances"),
        problems,
    )


class Programme:
    """Several territories, and what is regional.

    Parameters
    ----------
    codes : list of str, optional
        Territories to hold; the real ones of ``data/raw`` when nothing is named.
    """

    def __init__(self, codes: list[str] | None = None):
        opened = {code: Territory.open(code) for code in codes or territories()}
        self.territories = {
            code: territory for code, territory in opened.items() if codes is not None or not territory.is_fictif
        }
        self.general = Territory.open("programme")

    @classmethod
    def of(cls, codes: str) -> "Programme":
        """Programme of the territories that a text names, separated by commas; of all when it is empty."""
        return cls([code.strip() for code in codes.split(",") if code.strip()] or None)

    def __iter__(self):
        return iter(self.territories.values())
