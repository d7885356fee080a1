"""Territories side by side, and what cannot be compared: the reasons come before the figures."""

import pandas as pd

from .census import NOT_SUMMED, quantities
from .territory import Programme


def census_totals(programme: Programme) -> pd.DataFrame:
    """Published census figures of each territory, in their own unit, precision and date.

    Returns
    -------
    DataFrame
        ``territoire, objet, valeur, base, unite, precision, date``.
    """
    frames = []
    for territory in programme:
        totals = territory.depouillements
        totals = totals[totals["reunion"].isna()]
        frame = quantities(territory.initiatives.iloc[:0], totals)
        frame.insert(0, "territoire", territory.nom)
        frames.append(frame.assign(date=totals["date"].to_numpy()))
    return pd.concat(frames, ignore_index=True)


def named_practices(programme: Programme) -> pd.DataFrame:
    """Practices that the documents name, by territory: ``territoire, pratique, finalite, commune``."""
    frames = [
        territory.initiatives.assign(territoire=territory.nom)[
            ["territoire", "nom", "finalite", "type_pratique", "commune"]
        ]
        for territory in programme
    ]
    return pd.concat(frames, ignore_index=True)


def stakes(programme: Programme) -> pd.DataFrame:
    """Stakes known of each territory, with their origin: origins are never mixed in a count."""
    frames = [
        territory.enjeux.assign(territoire=territory.nom)[["origine", "territoire", "libelle"]]
        for territory in programme
    ]
    return pd.concat(frames, ignore_index=True).sort_values(["origine", "territoire"], kind="stable", ignore_index=True)


def perimeters(programme: Programme) -> pd.DataFrame:
    """Perimeter of each territory at its date: ``territoire, date_perimetre, communes, epci, population``.

    Communes are those of the sheet, inhabitants those that the territory declares for the year
    ``annee``; ``devenues`` counts the communes that these have become.
    """
    rows = []
    for territory in programme:
        known, identity = territory.reference("communes_2015"), territory.identity
        rows.append(
            {"territoire": territory.nom, "date_perimetre": identity["date_perimetre"],
             "communes": len(territory.communes), "epci": territory.communes["epci"].nunique(),
             "population": identity["population"], "annee": identity["population_annee"],
             "devenues": known["code_insee_actuel"].nunique() if len(known) else pd.NA}
        )  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame.assign(annee=frame["annee"].astype("str").replace("<NA>", None))


def contexts(programme: Programme) -> pd.DataFrame:
    """Context of the territories from the same source and year: sums over their communes."""
    frames = []
    for territory in programme:
        rows = territory.reference("contexte")
        rows = rows[(rows["niveau"] == "commune") & ~rows["indicateur"].str.contains(NOT_SUMMED)]
        total = rows.groupby(["libelle", "annee", "unite"], sort=False)["valeur"].sum().reset_index()
        frames.append(total.assign(territoire=territory.nom))
    long = pd.concat(frames, ignore_index=True)
    table = long.pivot_table(index=["libelle", "annee", "unite"], columns="territoire", values="valeur", sort=False)
    table = table.reset_index().rename_axis(columns=None)
    return table.assign(annee=table["annee"].astype(int).astype(str))


def what_is_held(programme: Programme) -> pd.DataFrame:
    """What was received of each territory: number of rows of the sheets that pages are made of."""
    tables = ("reunions", "fiches", "verbatims", "initiatives", "enjeux", "indicateurs", "preconisations")
    return pd.DataFrame(
        [
            {"territoire": territory.nom, **{name: len(getattr(territory, name)) for name in tables}}
            for territory in programme
        ]
    )


def comparability(programme: Programme) -> pd.DataFrame:
    """For each quantity, whether the territories can be compared on it, and why (not).

    Returns
    -------
    DataFrame
        ``quantite, comparable`` (``oui`` or ``non``), ``raison``; what cannot be compared first.
    """
    totals = census_totals(programme)
    totals = totals[totals["unite"] == "initiatives"]
    whole = totals[totals["precision"] != "part"]
    names = [territory.nom for territory in programme]
    silent = [name for name in names if name not in set(whole["territoire"])]
    ways = sorted(set(whole["precision"]))
    origins = sorted({o for territory in programme for o in territory.enjeux["origine"].dropna()})
    dated = perimeters(programme)
    same_date = len(dated[["date_perimetre", "annee"]].drop_duplicates()) == 1 and dated["annee"].notna().all()
    rows = [
        ("Nombre de pratiques recensées", False,
         " ; ".join(part for part, said in (
             (f"aucun total publié pour : {_and(silent)}", silent),
             ("ailleurs, chaque recensement a sa portée, et ses chiffres sont approchés ou des minimums", ways),
         ) if said)),
        ("Pratiques nommées", False, "ce sont des exemples que les documents citent, non des recensements"),
        ("Enjeux", False, f"chaque territoire a les siens ; origines : {_and(origins)}" if origins else "chaque territoire a les siens"),
        ("Fiches et phrases des participants", False, "elles n'ont été gardées que là où un compte rendu a été retrouvé"),
        ("Repères ouverts", False, "ces listes ne couvrent pas également les territoires"),
        ("Périmètre et population", same_date, "même date et même source" if same_date else "dates ou années différentes"),
        ("Contexte des communes", True, "mêmes sources et mêmes années pour tous"),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["quantite", "comparable", "raison"])
    return frame.assign(comparable=frame["comparable"].map({True: "oui", False: "non"}))


def _and(parts: list[str]) -> str:
    return " et ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
