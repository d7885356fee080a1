"""Every sentence of ``cases/exemple.yml``, typed before the library read the workbook, holds in the library."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import opened

from domino_analysis import agreement, census, indicators, trace
from domino_analysis.clean import items
from domino_analysis.schema import catalogue
from domino_analysis.territory import Territory

SENTENCES = yaml.safe_load((Path(__file__).parent / "cases" / "exemple.yml").read_text(encoding="utf-8"))
UNKNOWN = ("non renseigné", census.UNKNOWN)


def example() -> Territory:
    return opened("exemple")


def counted(frame: pd.DataFrame, column: str) -> dict:
    """Counts by value as `census.by_value` gives them, without those who did not answer."""
    return known(census.by_value(frame, column), column)


def known(frame: pd.DataFrame, label: str, value: str = "nb") -> dict:
    return {name: nb for name, nb in zip(frame[label], frame[value], strict=True) if nb and name not in UNKNOWN}


def answered(column: str, fiches: pd.DataFrame) -> dict:
    return known(census.tally_fiches(fiches, column).counts, "reponse")


def at_each(of) -> dict:
    return {meeting.code: of(meeting) for meeting in census.recorded_meetings(example())}


def presence(fiches: pd.DataFrame) -> census.Presence:
    return census.presence(example().communes, census.tally_fiches(fiches, "commune"))


def places(seen: census.Presence) -> dict:
    every = pd.concat([seen.named, seen.absent])
    return dict(zip(every["commune"], every["nb"], strict=True))


def kept_by_definition(t: Territory) -> dict:
    names = {
        "tout ce qui est nommé": "toutes",
        "deux critères, et ce que l'on échange": "trois indicateurs de Redon",
        "deux critères, siège dans le périmètre": "deux critères et siège dans le périmètre",
        "deux critères, siège dans le périmètre ou pratique informelle": "deux critères et siège dans le périmètre ou informel",
    }
    frame = census.under_definitions(t.initiatives)
    kept = {names.get(label, label): nb for label, nb in zip(frame["definition"], frame["nb"], strict=True)}
    criteria = {"échange entre pairs": "entre_pairs", "communauté": "communaute"}
    return kept | {name: counted(t.initiatives, column)["oui"] for name, column in criteria.items()}


def years(t: Territory) -> dict:
    frame = census.by_year(t.initiatives)
    unknown = len(t.initiatives) - frame["nb"].sum()
    first, last = frame["annee"].iloc[[0, -1]]
    return {"connues": frame["nb"].sum(), "inconnues": unknown, "première": first, "dernière": last}


def born_after(t: Territory) -> dict:
    frame = census.by_year(t.initiatives)
    return {year: frame.loc[frame["annee"] > year, "nb"].sum() for year in (2000, 2010)}


def without_commune(t: Territory) -> dict:
    nowhere = t.initiatives[t.initiatives["code_insee"].isna()]
    empty = int(nowhere["commune"].isna().sum())
    return {"case vide": empty, "introuvable": len(nowhere) - empty}


def questionnaire(t: Territory) -> dict:
    (row,) = census.quantities(t.initiatives.iloc[:0], t.depouillements).to_dict("records")
    return {"valeur": row["valeur"], "base": row["base"]}


def not_taken_up(verbatims: pd.DataFrame) -> dict:
    result = trace.taken_up(verbatims, example().enjeux)
    spread = {"au moins": result.lowest, "au plus": result.highest}
    return {"non reprises": len(result.lost), **spread, "codées": result.coded}


def by_stake(t: Territory) -> dict:
    frame = trace.taken_up(t.verbatims, t.enjeux).by_stake.set_index("enjeu").drop(trace.NOT_TAKEN_UP)
    return {code: [row["au_moins"], row["au_plus"]] for code, row in frame.iterrows()}


def dots(t: Territory, votes: pd.DataFrame | None = None) -> pd.DataFrame:
    labels = t.indicateurs.set_index("indicateur")["critere"]
    return agreement.dots(t.votes if votes is None else votes, "critère", labels)


def ballots_and_points(t: Territory) -> dict:
    own = t.votes[t.votes["objet"] == "critère"]
    return {"bulletins": own["bulletin"].nunique(), "points": dots(t)["points"].sum()}


def points_by_table(t: Territory) -> dict:
    marks = agreement.dots_by_table(t.votes, "critère")
    return {table: known(own, "code", "points") for table, own in marks.groupby("table")}


def first_two_without(t: Territory) -> dict:
    return {table: dots(t, t.votes[t.votes["table"] != table])["code"].head(2).tolist() for table in "ABCD"}


SCALE = catalogue()["votes"]["avis"].enum


def opinions(t: Territory) -> pd.DataFrame:
    labels = t.indicateurs.set_index("indicateur")["critere"]
    return agreement.opinions(t.votes, list(SCALE), labels).set_index("code").drop(columns="label")


def median_opinion(t: Territory) -> dict:
    given = opinions(t)[["tout à fait d'accord", "d'accord", "mitigé", "pas d'accord", "pas du tout d'accord"]]
    middle = given.cumsum(axis=1).ge((given.sum(axis=1) + 1) // 2, axis=0)
    return middle.idxmax(axis=1).to_dict()


def medians(column: str) -> dict:
    frame = indicators.medians(example().mesures, example().indicateurs)
    return dict(zip(frame["indicateur"], frame[column], strict=True))


def whole(t: Territory) -> pd.DataFrame:
    return t.mesures[t.mesures["pratique"].isna()]


def matrix(t: Territory) -> pd.DataFrame:
    """Opinions on practices, without what they rest on."""
    codes = t.indicateurs.set_index("critere")["indicateur"]
    frame = indicators.practice_matrix(indicators.practice_effects(t.mesures, t.indicateurs)).set_index("pratique")
    return frame.rename(columns=codes).replace(r" \(.*", "", regex=True)


def grounds(t: Territory) -> dict:
    judged = t.mesures[t.mesures["pratique"].notna()]
    frame = census.by_value(judged, "fondement", empty="non dit")
    return dict(zip(frame["fondement"], frame["nb"], strict=True))


def coverage(column: str) -> dict:
    frame = trace.coverage(example().enjeux, example().indicateurs, example().preconisations)
    return dict(zip(frame["enjeu"], frame[column], strict=True))


def cited(t: Territory) -> dict:
    behind = {code for text in t.indicateurs["verbatims"] for code in items(text)}
    texts = {text for chain in trace.chains(t) for text in chain.verbatims}
    answered = set(t.verbatims.loc[t.verbatims["texte"].isin(texts), "verbatim"])
    return {"indicateurs": len(behind), "preconisations": len(answered), "l'un ou l'autre": len(behind | answered)}


def costs(t: Territory) -> dict:
    costs = t.actions["cout_eur"]
    return {"écrits": costs.notna().sum(), "somme": costs.sum(), "inconnus": costs.isna().sum()}


def themes(state: str):
    return lambda t: known(census.by_theme(t.initiatives), "thematique", state)


JANUARY = "EX-2016-01-12"
CHECKERS = {
    ("toutes", "nombre de lignes par feuille"): lambda t: {name: len(getattr(t, name)) for name in catalogue()},
    ("territoires", "fictif"): lambda t: "oui" if t.is_fictif else "non",
    ("communes", "communes par intercommunalité"): lambda t: counted(t.communes, "epci"),
    ("communes", "somme des habitants"): lambda t: t.communes["population"].sum(),
    ("documents", "documents par réponse à Public"): lambda t: counted(t.documents, "public"),
    ("fiches", "fiches sans commune"): lambda t: census.tally_fiches(t.fiches, "commune").of(census.UNKNOWN),
    ("initiatives", "communes introuvables"): lambda t: (
        t.initiatives.loc[t.initiatives["code_insee"].isna(), "commune"].dropna().tolist()
    ),
    ("initiatives", "état après correction"): lambda t: (
        t.initiatives[t.initiatives["initiative"] == "PC12"].set_index("initiative")["etat"].to_dict()
    ),
    ("preconisations", "préconisations sans enjeu"): lambda t: [
        chain.preconisation["preconisation"] for chain in trace.chains(t) if not chain.enjeux
    ],
    ("initiatives", "nombre de lignes"): lambda t: len(t.initiatives),
    ("initiatives", "initiatives par état"): lambda t: counted(t.initiatives, "etat"),
    ("initiatives", "initiatives par siège"): lambda t: counted(t.initiatives, "siege"),
    ("initiatives", "mentions par thématique"): lambda t: known(census.by_theme(t.initiatives), "thematique"),
    ("initiatives", "mentions par thématique, état existante"): themes("existante"),
    ("initiatives", "mentions par thématique, état en projet"): themes("en projet"),
    ("initiatives", "mentions par thématique, état signal faible"): themes("signal faible"),
    ("initiatives", "mentions par thématique, état arrêtée"): themes("arrêtée"),
    ("initiatives", "initiatives par retenue"): lambda t: counted(t.initiatives, "retenue"),
    ("initiatives", "initiatives gardées par définition"): kept_by_definition,
    ("initiatives", "mentions par chose échangée"): lambda t: counted(t.initiatives, "echange"),
    ("initiatives", "initiatives par finalité"): lambda t: counted(t.initiatives, "finalite"),
    ("initiatives", "années connues, inconnues, première, dernière"): years,
    ("initiatives", "initiatives créées après l'année"): born_after,
    ("initiatives", "cumul à la fin de l'année"): lambda t: (
        census.by_year(t.initiatives).set_index("annee")["cumul"].to_dict()
    ),
    ("initiatives", "somme des quantités écrites par unité"): lambda t: (
        census.quantities(t.initiatives, t.depouillements.iloc[:0]).set_index("unite")["valeur"].to_dict()
    ),
    ("initiatives", "mentions par usage du numérique"): lambda t: counted(t.initiatives, "numerique"),
    ("initiatives", "initiatives par réponse à Exclusivement en ligne"): lambda t: counted(t.initiatives, "en_ligne"),
    ("initiatives", "initiatives par statut"): lambda t: counted(t.initiatives, "statut"),
    ("initiatives", "initiatives par source"): lambda t: counted(t.initiatives, "source"),
    ("initiatives", "initiatives par commune"): lambda t: (
        census.by_commune(t.communes, t.initiatives).set_index("commune")["nb"].to_dict()
    ),
    ("initiatives", "initiatives sans commune"): without_commune,
    ("acteurs", "acteurs par type"): lambda t: known(census.actors_by_theme(t.acteurs), "type_acteur"),
    ("acteurs", "acteurs par réaction"): lambda t: counted(t.acteurs, "reaction"),
    ("acteurs", "acteurs par rôle"): lambda t: counted(t.acteurs, "role"),
    ("relations", "liens par réponse à Né des pratiques collaboratives"): lambda t: counted(
        census.links(t.relations, t.acteurs), "nouvelle"
    ),
    ("relations", "liens par nature"): lambda t: counted(census.links(t.relations, t.acteurs), "nature"),
    ("depouillements", "valeur et base de la réponse oui"): questionnaire,
    ("reunions", "présents et tables par réunion"): lambda t: {
        row["reunion"]: [row["nb_presents"], row["nb_tables"]]
        for _, row in t.reunions.dropna(subset="nb_presents").iterrows()
    },
    ("reunions", "restitution publique par réunion"): lambda t: (
        t.reunions.set_index("reunion")["restitution_publique"].replace({float("nan"): None}).to_dict()
    ),
    ("fiches", "fiches par réunion"): lambda t: at_each(lambda m: len(m.fiches)),
    ("fiches", "fiches par réunion et table"): lambda t: at_each(lambda m: counted(m.fiches, "table")),
    ("fiches", "utilisateurs par réunion"): lambda t: at_each(lambda m: m.tally("utilisateur").of("oui")),
    ("fiches", "fiches par réponse à Utilisez-vous des services collaboratifs"): lambda t: answered(
        "utilisateur", t.fiches
    ),
    ("fiches", "mentions par service"): lambda t: answered("services", t.fiches),
    ("fiches", "mentions par service, réunion EX-2016-01-12"): lambda t: known(
        census.meeting(t, JANUARY).tally("services").counts, "reponse"
    ),
    ("fiches", "fiches par commune"): lambda t: places(presence(t.fiches)),
    ("fiches", "fiches par intercommunalité"): lambda t: presence(t.fiches).named.groupby("epci")["nb"].sum().to_dict(),
    ("fiches", "communes nommées par réunion"): lambda t: at_each(lambda m: len(presence(m.fiches).named)),
    ("fiches", "fiches par qualité"): lambda t: answered("qualite", t.fiches),
    ("fiches", "attentes par réunion"): lambda t: at_each(lambda m: sum(len(items(x)) for x in m.fiches["attentes"])),
    ("fiches", "mentions par participation"): lambda t: answered("participation", t.fiches),
    ("verbatims", "phrases par réunion"): lambda t: known(census.participation(t), "reunion", "nb_verbatims"),
    ("verbatims", "phrases par nature"): lambda t: counted(t.verbatims, "nature"),
    ("verbatims", "phrases par thématique"): lambda t: counted(t.verbatims, "thematique"),
    ("verbatims", "phrases par Repris"): lambda t: counted(t.verbatims, "repris"),
    ("verbatims", "phrases par enjeu"): lambda t: counted(t.verbatims, "enjeu"),
    ("verbatims", "non reprises, au moins, au plus, codées"): lambda t: not_taken_up(t.verbatims),
    ("verbatims", "non reprises, au moins, au plus, codées, réunion EX-2016-01-12"): lambda t: not_taken_up(
        census.meeting(t, JANUARY).verbatims
    ),
    ("verbatims", "phrases par enjeu, au moins et au plus"): by_stake,
    ("indicateurs", "indicateurs par dimension"): lambda t: counted(t.indicateurs, "dimension"),
    ("indicateurs", "indicateurs par décision"): lambda t: counted(t.indicateurs, "statut"),
    ("indicateurs", "indicateurs non écartés par enjeu"): lambda t: coverage("indicateurs"),
    ("votes", "bulletins et points sur les critères"): ballots_and_points,
    ("votes", "points par critère"): lambda t: dots(t).set_index("code")["points"].to_dict(),
    ("votes", "points par table et critère"): points_by_table,
    ("votes", "deux premiers critères sans la table"): first_two_without,
    ("votes", "avis par indicateur"): lambda t: {code: dict(row[row > 0]) for code, row in opinions(t).iterrows()},
    ("votes", "avis médian par indicateur"): median_opinion,
    ("mesures", "médiane actuelle par indicateur, territoire entier"): lambda t: medians("actuelle"),
    ("mesures", "médiane souhaitée par indicateur, territoire entier"): lambda t: medians("souhaitee"),
    ("mesures", "écart médian par indicateur, dans le sens souhaité"): lambda t: medians("ecart"),
    ("mesures", "souhaitée par table, indicateur I06"): lambda t: (
        whole(t)[whole(t)["indicateur"] == "I06"].set_index("repondant")["souhaitee"].to_dict()
    ),
    ("mesures", "avis des pratiques"): lambda t: matrix(t).melt()["value"].value_counts().to_dict(),
    ("mesures", "fondement des avis sur les pratiques"): grounds,
    ("mesures", "avis de la pratique AMAP"): lambda t: matrix(t).loc["AMAP"].dropna().to_dict(),
    ("preconisations", "préconisations par enjeu"): lambda t: coverage("preconisations"),
    ("preconisations", "préconisations par moment"): lambda t: (
        trace.by_moment(t.preconisations).set_index("moment")["nb"].to_dict()
    ),
    ("preconisations", "préconisations par portée"): lambda t: counted(t.preconisations, "portee"),
    ("preconisations", "préconisations par destinataire"): lambda t: counted(t.preconisations, "destinataire"),
    ("verbatims", "phrases citées par Vient de"): cited,
    ("actions", "actions par état"): lambda t: counted(t.actions, "etat"),
    ("actions", "actions par préconisation"): lambda t: {
        chain.preconisation["preconisation"]: len(chain.actions) for chain in trace.chains(t)
    },
    ("actions", "coûts écrits, somme, inconnus"): costs,
}


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: sentence["phrase"])
def test_the_library_counts_what_was_typed_by_hand(sentence):
    checker = CHECKERS[sentence["table"], sentence["quoi"]]
    assert checker(example()) == sentence["attendu"]


def test_no_checker_is_left_without_a_sentence():
    asked = [(sentence["table"], sentence["quoi"]) for sentence in SENTENCES]
    assert sorted(asked) == sorted(CHECKERS)


def test_what_is_said_to_be_in_order_is_in_order():
    gaps, points = ([s["attendu"] for s in SENTENCES if s["quoi"] == quoi] for quoi in (
        "écart médian par indicateur, dans le sens souhaité", "points par critère",
    ))  # fmt: skip
    assert list(medians("ecart")) == list(gaps[0])
    assert dots(example())["code"].tolist() == list(points[0])


def test_there_is_no_actor_of_a_public_institution():
    frame = census.actors_by_theme(example().acteurs).set_index("type_acteur")
    assert frame.loc["établissement public", "nb"] == 0
