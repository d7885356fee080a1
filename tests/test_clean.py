"""Judgement: what is read, what is proposed, what is left out, and the cell that each message names."""

import pandas as pd
import pytest
from conftest import grid, opened, write_csv, write_xlsx

from domino_analysis.clean import allowance, csv_text, parse_date, parse_number
from domino_analysis.load import read_file
from domino_analysis.paths import sheet_files
from domino_analysis.schema import A_VERIFIER, BLOQUANT, catalogue
from domino_analysis.territory import Territory

CANARY = "Canari Jaune"
REFERENCE = pd.DataFrame(
    [("Juigné-les-Moutiers", "44078", "CC du Castelbriantais", "Juigné-des-Moutiers", "44078"),
     ("Freigné", "49144", "CC du Pays d'Ancenis", "Vallons-de-l'Erdre", "44180"),
     ("Ambérieux", "01005", "CC Dombes", "Ambérieux", "01005")],
    columns=["commune", "code_insee", "epci", "commune_actuelle", "code_insee_actuel"],
)  # fmt: skip


def rules(tidy) -> list[str]:
    return [problem.regle for problem in tidy.problems]


def one(tidy):
    (problem,) = tidy.problems
    return problem


def column(tidy, table: str, name: str) -> list:
    return tidy.tables[table][name].tolist()


# ── cells ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2015", "2015"),
        ("2015-09", "2015-09"),
        ("09/2015", "2015-09"),
        ("septembre 2015", "2015-09"),
        ("2015-09-24", "2015-09-24"),
        ("2015/09/24", "2015-09-24"),
        ("24/09/2015", "2015-09-24"),
        ("24-9-2015", "2015-09-24"),
        ("24.09.2015", "2015-09-24"),
        ("2015-09-24 18:30", "2015-09-24"),
        ("24 septembre 2015", "2015-09-24"),
        ("Jeudi 24 Septembre 2015", "2015-09-24"),
        ("1er août 2015", "2015-08-01"),
        ("31/02/2015", None),
        ("24/09/15", None),
        ("42271", None),
        ("à l'automne", None),
    ],
)
def test_a_date_is_read_in_its_forms(text, date):
    assert parse_date(text) == date


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1 234,5", 1234.5),
        ("1\u202f234", 1234),
        ("1\u00a0234", 1234),
        ("12.5", 12.5),
        ("-3", -3),
        ("+3", 3),
        ("150 €", 150),
        ("environ 20", None),
        ("1e9", None),
        ("nan", None),
        ("9" * 40, None),
        ("", None),
    ],
)
def test_a_number_is_read_in_its_forms(text, number):
    assert parse_number(text) == number


@pytest.mark.parametrize("text", ["oui", "Oui", "OUI !", "o", "x", "X", "vrai", "TRUE", "1", "yes"])
def test_yes_is_read_in_its_spellings(tidied, text):
    assert column(tidied(fiches=[{"utilisateur": text}]), "fiches", "utilisateur") == ["oui"]


@pytest.mark.parametrize("text", ["non", "Non.", "n", "faux", "FALSE", "0", "no"])
def test_no_is_read_in_its_spellings(tidied, text):
    assert column(tidied(fiches=[{"utilisateur": text}]), "fiches", "utilisateur") == ["non"]


@pytest.mark.parametrize("text", ["", "NR", "nr", "n.r.", "NC", "NSP", "?"])
def test_a_missing_code_is_no_answer(tidied, text):
    tidy = tidied(fiches=[{"utilisateur": text, "commune": text, "fiche": "1"}])
    assert tidy.problems == []
    assert tidy.tables["fiches"][["utilisateur", "commune"]].isna().all(axis=None)


def test_zero_is_a_number_and_not_a_missing_answer(tidied):
    assert column(tidied(reunions=[{"reunion": "R1", "nb_presents": "0"}]), "reunions", "nb_presents") == [0]


def test_a_question_mark_is_an_opinion_where_the_scale_has_one(tidied):
    rows = [{"indicateur": "I1", "avis": avis} for avis in ("++", "+", "0", "-", "?")]
    tidy = tidied(indicateurs=[{"indicateur": "I1", "critere": "Calme"}], mesures=rows)
    assert column(tidy, "mesures", "avis") == ["++", "+", "0", "-", "?"]


def test_a_word_instead_of_a_number_is_told_and_read_as_empty(tidied):
    tidy = tidied(reunions=[{"reunion": "R1", "nb_presents": "une vingtaine"}])
    assert "J2 : Présents vaut « une vingtaine »" in str(one(tidy))
    assert "Attendu : un nombre entier." in str(one(tidy))
    assert tidy.tables["reunions"]["nb_presents"].isna().all()


def test_a_number_out_of_bounds_says_the_bound(tidied):
    tidy = tidied(
        preconisations=[{"objectif": "Relier", "enjeu": "E1", "effet": "7"}],
        enjeux=[{"enjeu": "E1", "libelle": "Lien"}],
    )
    assert "Attendu : au plus 5." in str(one(tidy))


def test_half_a_person_is_told(tidied):
    assert "un nombre entier" in str(one(tidied(reunions=[{"reunion": "R1", "nb_presents": "2,5"}])))


def test_a_number_too_large_to_be_one_is_told(tidied):
    assert rules(tidied(reunions=[{"reunion": "R1", "nb_presents": "9" * 30}])) == ["forme"]


def test_a_near_word_is_proposed_and_never_put_in(tidied):
    tidy = tidied(initiatives=[{"nom": "SEL", "etat": "existente"}])
    assert "peut-être « existante »" in str(one(tidy))
    assert tidy.tables["initiatives"]["etat"].isna().all()


def test_another_spelling_of_a_value_is_matched_and_shown(tidied):
    tidy = tidied(initiatives=[{"nom": "SEL", "etat": "en activité", "statut": "Asso"}])
    assert tidy.problems == []
    assert column(tidy, "initiatives", "etat") == ["existante"]
    shown = dict(zip(tidy.matches["ecrit"], tidy.matches["lu"], strict=True))
    assert shown == {"Asso": "association", "en activité": "existante"}


def test_lists_are_separated_by_semicolons_or_lines(tidied):
    tidy = tidied(fiches=[{"services": "AMAP ;Le Bon Coin;\nSEL"}])
    assert column(tidy, "fiches", "services") == ["AMAP; Le Bon Coin; SEL"]


def test_a_service_keeps_its_words_and_its_match_is_shown(tidied):
    tidy = tidied(fiches=[{"services": "air n'bnb"}])
    assert column(tidy, "fiches", "services") == ["air n'bnb"]
    assert tidy.matches["lu"].tolist() == ["Airbnb"]


def test_a_theme_out_of_the_list_is_told_and_stays(tidied):
    tidy = tidied(initiatives=[{"nom": "SEL", "thematique": "se deplacer; jardiner"}])
    assert "« jardiner », qui n'est pas dans la liste" in str(one(tidy))
    assert "listes.csv" in one(tidy).faire
    assert column(tidy, "initiatives", "thematique") == ["se déplacer; jardiner"]


def test_a_territory_adds_its_own_values_with_listes(tidied, folder):
    write_csv(
        folder() / "listes.csv", grid([{"Feuille": "initiatives", "Colonne": "Thématique", "Valeur": "jardiner"}])
    )
    assert tidied(initiatives=[{"nom": "SEL", "thematique": "Jardiner"}]).problems == []


# ── communes ────────────────────────────────────────────────────────────────────────────────────


def test_a_lost_zero_is_put_back(tidied):
    tidy = tidied(communes=[{"commune": "Ambérieu", "code_insee": "1004"}])
    assert column(tidy, "communes", "code_insee") == ["01004"]
    assert tidy.matches[["ecrit", "lu"]].to_numpy().tolist() == [["1004", "01004"]]


def test_a_code_that_is_none_says_what_a_code_is(tidied):
    problem = one(tidied(communes=[{"commune": "Soudan", "code_insee": "44 199 A"}]))
    assert "cinq caractères" in problem.attendu
    assert "\\d" not in str(problem)


def test_a_wrong_code_is_told(tidied):
    tidy = tidied(REFERENCE, communes=[{"commune": "Freigné", "code_insee": "44180"}])
    assert "49144, son code officiel" in str(one(tidy))


@pytest.mark.parametrize(
    ("written", "name", "code", "way"),
    [
        ("juigne les moutiers", "Juigné-les-Moutiers", "44078", "nom de 2015"),
        ("Juigné Les Moutiers", "Juigné-les-Moutiers", "44078", "nom de 2015"),
        ("Vallons de l'Erdre", "Vallons-de-l'Erdre", "44180", "nom actuel"),
        ("FREIGNE", "Freigné", "49144", "nom de 2015"),
        ("ST MARS", "Saint-Mars-la-Jaille", "44180", "autre écriture"),
        ("Ste-Mars / Erdre", "Sainte-Mars-sur-Erdre", "44181", "nom"),
    ],
)
def test_a_commune_is_known_by_name_alias_or_year(tidied, written, name, code, way):
    communes = [
        {"commune": "Saint-Mars-la-Jaille", "code_insee": "44180", "alias": "Saint Mars; St-Mars la J."},
        {"commune": "Sainte-Mars-sur-Erdre", "code_insee": "44181", "alias": "Sainte-Mars / Erdre"},
    ]
    tidy = tidied(REFERENCE, communes=communes, fiches=[{"commune": written}])
    assert column(tidy, "fiches", "commune") == [name]
    assert column(tidy, "fiches", "code_insee") == [code]
    shown = tidy.matches[tidy.matches["feuille"] == "fiches"]
    assert shown["moyen"].tolist() in ([way], ["autre écriture"])


def test_a_near_commune_is_proposed_and_its_row_stays(tidied):
    tidy = tidied(REFERENCE, fiches=[{"commune": "Juigné les Moutier", "fiche": "1"}])
    assert one(tidy).regle == "commune inconnue"
    assert one(tidy).gravite == A_VERIFIER
    assert "peut-être « Juigné-les-Moutiers »" in str(one(tidy))
    assert column(tidy, "fiches", "commune") == ["Juigné les Moutier"]
    assert tidy.tables["fiches"]["code_insee"].isna().all()


def test_a_far_commune_is_listed_without_a_proposal(tidied):
    tidy = tidied(REFERENCE, fiches=[{"commune": "Nantes"}])
    assert "« Nantes » n'est pas dans le territoire" in str(one(tidy))
    assert "peut-être" not in str(one(tidy))


def test_the_sheet_of_communes_is_completed_and_judged(tidied):
    tidy = tidied(REFERENCE, communes=[{"commune": "Freigné"}, {"commune": "Ambérieu"}])
    assert column(tidy, "communes", "code_insee")[0] == "49144"
    assert "peut-être « Ambérieux »" in str(one(tidy))
    assert len(tidy.tables["communes"]) == 2


def test_one_code_for_two_communes_is_told_and_both_rows_stay(tidied):
    codes = {"Issé": "44075", "Soudan": "44199", "Derval": "44075", "Erbray": ""}
    tidy = tidied(communes=[{"commune": name, "code_insee": code} for name, code in codes.items()])
    assert one(tidy).cellule == "B4"
    assert "« 44075 » est déjà pris par une autre ligne (essai.xlsx, ligne 2)" in str(one(tidy))
    assert column(tidy, "communes", "commune") == list(codes)


def test_a_commune_written_in_two_ways_is_told_by_the_code_that_both_are_given(tidied):
    known = REFERENCE.assign(commune=["Saint-Mars", "Freigné", "Ambérieux"])
    tidy = tidied(known, communes=[{"commune": "Saint-Mars"}, {"commune": "St-Mars"}])
    assert rules(tidy) == ["doublon"]
    assert "« 44078 » est déjà pris" in str(one(tidy))


# ── rows, keys and links ────────────────────────────────────────────────────────────────────────


def test_a_row_without_what_makes_it_is_left_out(tidied):
    tidy = tidied(verbatims=[{"verbatim": "V1"}, {"texte": "du lien"}])
    assert one(tidy).gravite == BLOQUANT
    assert "F2 : Texte exact est vide." in str(one(tidy))
    assert column(tidy, "verbatims", "texte") == ["du lien"]


def test_a_row_without_number_gets_one(tidied):
    tidy = tidied(verbatims=[{"texte": "a"}, {"texte": "b"}])
    assert column(tidy, "verbatims", "verbatim") == ["L2", "L3"]
    assert tidy.problems == []


def test_workbooks_without_numbers_stack_without_a_word(folder):
    for name in ("soir_1", "soir_2"):
        write_xlsx(folder() / f"{name}.xlsx", {"verbatims": grid([{"Texte exact": name}])})
    territory = Territory.read("essai")
    assert territory.verbatims["verbatim"].tolist() == ["L2", "L2-2"]
    assert territory.problems == []


def test_rows_of_one_number_are_told_apart(tidied):
    rows = [{"verbatim": "V1", "texte": text} for text in "abc"]
    tidy = tidied(verbatims=[*rows, {"verbatim": "v1", "texte": "d"}])
    assert column(tidy, "verbatims", "verbatim") == ["V1", "V1 (2)", "V1 (3)", "v1 (4)"]
    assert rules(tidy) == ["doublon"] * 3
    assert "appelée « V1 (2) »" in tidy.problems[0].faire


def test_sheets_of_two_meetings_may_share_their_numbers(tidied):
    meetings = [{"reunion": "R1"}, {"reunion": "R2"}]
    fiches = [{"reunion": code, "fiche": "1"} for code in ("R1", "R2", "r2")]
    tidy = tidied(reunions=meetings, fiches=fiches)
    assert column(tidy, "fiches", "reunion") == ["R1", "R2", "R2"]
    assert column(tidy, "fiches", "fiche") == ["1", "1", "1 (2)"]


@pytest.mark.parametrize(
    ("table", "rows"),
    [("communes", [{"commune": "Issé"}, {"commune": "ISSE"}]), ("territoires", [{"nom": "Essai"}, {"nom": "Essais"}])],
)
def test_a_commune_or_a_territory_is_counted_once(tidied, table, rows):
    tidy = tidied(**{table: rows})
    assert len(tidy.tables[table]) == 1
    assert "laissée de côté" in one(tidy).faire


def test_what_is_the_same_everywhere_may_stay_empty(tidied):
    tidy = tidied(reunions=[{"reunion": "R1"}], fiches=[{"fiche": "1"}], verbatims=[{"texte": "a"}])
    assert column(tidy, "reunions", "territoire") == ["essai"]
    assert column(tidy, "fiches", "reunion") == column(tidy, "verbatims", "reunion") == ["R1"]


def test_the_meeting_is_not_guessed_among_two(tidied):
    tidy = tidied(reunions=[{"reunion": "R1"}, {"reunion": "R2"}], fiches=[{"fiche": "1"}])
    assert tidy.tables["fiches"]["reunion"].isna().all()


def test_a_link_is_found_in_another_writing_and_told_when_it_leads_nowhere(tidied):
    verbatims = [{"texte": "a", "enjeu": "e1", "repris": "oui"}, {"texte": "b", "enjeu": "E9", "repris": "oui"}]
    tidy = tidied(enjeux=[{"enjeu": "E1", "libelle": "Lien"}], verbatims=verbatims)
    assert column(tidy, "verbatims", "enjeu") == ["E1", "E9"]
    assert "Enjeu vaut « E9 »" in str(one(tidy))


def test_an_absent_sheet_is_told_once(tidied):
    tidy = tidied(fiches=[{"reunion": "R1", "fiche": "1"}, {"reunion": "R1", "fiche": "2"}])
    assert "feuille « reunions », qui est vide ou absente" in str(one(tidy))


def test_a_list_of_links_is_checked_one_by_one(tidied):
    indicators = [{"critere": "Calme", "verbatims": "v1; V7"}]
    tidy = tidied(verbatims=[{"verbatim": "V1", "texte": "a"}], indicateurs=indicators)
    assert column(tidy, "indicateurs", "verbatims") == ["V1; V7"]
    assert "« V7 »" in str(one(tidy))


def test_a_second_stake_is_a_code_or_not_taken_up(tidied):
    rows = [{"texte": text, "second_enjeu": text} for text in ("e1", "Non repris", "E9")]
    tidy = tidied(enjeux=[{"enjeu": "E1", "libelle": "Lien"}], verbatims=rows)
    assert column(tidy, "verbatims", "second_enjeu") == ["E1", "non repris", "E9"]
    assert one(tidy).regle == "lien"
    assert one(tidy).attendu == "un code de la feuille « enjeux », ou « non repris »"
    assert tidied(verbatims=[{"texte": "a", "second_enjeu": "non repris"}]).problems == []


@pytest.mark.parametrize(
    ("subject", "sheet", "row"),
    [
        ("critère", "indicateurs", {"indicateur": "A1", "critere": "Calme"}),
        ("indicateur", "indicateurs", {"indicateur": "A1", "critere": "Calme"}),
        ("enjeu", "enjeux", {"enjeu": "A1", "libelle": "Lien"}),
        ("levier", "preconisations", {"preconisation": "A1", "objectif": "Relier", "enjeu": "E"}),
    ],
)
def test_what_is_voted_is_a_code_of_the_sheet_that_the_vote_names(tidied, subject, sheet, row):
    sheets = {"enjeux": [{"enjeu": "E", "libelle": "Lien"}]}
    sheets[sheet] = [*sheets.get(sheet, ()), row]
    votes = [{"objet": subject, "code": code} for code in ("a1", "A9")]
    tidy = tidied(votes=votes, **sheets)
    assert column(tidy, "votes", "code") == ["A1", "A9"]
    assert one(tidy).regle == "lien"
    assert one(tidy).attendu == f"un code de la feuille « {sheet} »"
    assert tidied(votes=[{"code": "un texte"}]).problems == []


# ── corrections ─────────────────────────────────────────────────────────────────────────────────


def correct(folder, **changes) -> None:
    row = {
        "Feuille": "initiatives",
        "Ligne": "2",
        "Colonne": "État",
        "Valeur trouvée": "en cours",
        "Valeur corrigée": "en projet",
        "Raison": "dit par le groupe",
    }
    cells = grid([row | changes])
    write_csv(folder() / "corrections.csv", [cells[0], [], cells[1]])


def test_a_correction_is_applied_and_shown(tidied, folder):
    correct(folder)
    tidy = tidied(initiatives=[{"nom": "SEL", "etat": "en cours"}])
    assert tidy.problems == []
    assert column(tidy, "initiatives", "etat") == ["en projet"]
    assert tidy.matches["moyen"].tolist() == ["correction : dit par le groupe"]


def test_a_correction_says_until_when_it_holds(tidied, folder):
    correct(folder, **{"Jusqu'à": "prochaine réunion"})
    tidy = tidied(initiatives=[{"nom": "SEL", "etat": "en cours"}])
    assert tidy.matches["moyen"].tolist() == ["correction : dit par le groupe (jusqu'à : prochaine réunion)"]


@pytest.mark.parametrize(
    "changes", [{"Ligne": "3"}, {"Valeur trouvée": "en cour"}, {"Raison": ""}, {"Colonne": "Nom de l'initiative"}]
)
def test_a_correction_that_finds_nothing_says_so(tidied, folder, changes):
    correct(folder, **changes)
    tidy = tidied(initiatives=[{"nom": "SEL", "etat": "existante"}])
    assert "corrections.csv, ligne 3 : la correction de" in str(one(tidy))


def test_a_correction_may_name_its_sheet_and_column_otherwise(tidied, folder):
    correct(folder, Feuille="Fiches individuelles", Colonne="Qualité")
    tidy = tidied(fiches=[{"fiche": "1", "qualite": "en cours"}])
    assert "Vous êtes vaut « en projet »" in str(one(tidy))


def test_a_correction_never_shows_a_column_that_is_not_read(tidied, folder):
    correct(folder, Feuille="fiches", Colonne="Courriel", **{"Valeur trouvée": CANARY})
    tidy = tidied(fiches=[{"fiche": "1"}])
    assert "ne nomme pas une feuille et une colonne lues" in str(one(tidy))
    assert CANARY not in str(one(tidy))


# ── totals ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("reunions", [{"reunion": "R1", "nb_presents": "16"}, {"reunion": "Total", "nb_presents": "16"}]),
        ("communes", [{"commune": "Issé", "population": "9"}, {"commune": "TOTAUX", "population": "9"}]),
        ("initiatives", [{"initiative": "I1", "nom": "SEL"}, {"initiative": "Total :", "nom": "une pratique"}]),
    ],
)
def test_a_total_typed_under_its_numbers_is_told_and_its_row_stays(tidied, table, rows):
    tidy = tidied(**{table: rows})
    assert str(one(tidy)).startswith(
        f"data/raw/essai/essai.xlsx, feuille « {table} », ligne 3 : cette ligne est un total."
    )
    assert len(tidy.tables[table]) == 2


def test_a_row_that_is_no_total_may_hold_the_word(tidied):
    votes = [{"objet": "enjeu", "code": "E1", "bulletin": "TOTAL", "points": "12"}]
    stakes = [{"enjeu": "E1", "libelle": "Lien"}]
    tidy = tidied(enjeux=stakes, votes=votes, acteurs=[{"nom": "Total"}], initiatives=[{"nom": "Total vrac"}])
    assert tidy.problems == []


# ── plausibility, rule by rule ──────────────────────────────────────────────────────────────────

INDICATOR = {"indicateur": "I1", "critere": "Calme", "echelle_min": "0", "echelle_max": "5", "sens": "augmente"}


def test_rule_1_no_more_sheets_than_people(tidied):
    fiches = [{"fiche": "1"}, {"fiche": "2"}]
    tidy = tidied(reunions=[{"reunion": "R1", "nb_presents": "1"}], fiches=fiches)
    assert "2 fiches pour 1 présents" in str(one(tidy))
    assert tidied(reunions=[{"reunion": "R1", "nb_presents": "2"}], fiches=fiches).problems == []


def test_rule_1_no_more_tables_than_the_meeting_had(tidied):
    fiches = [{"fiche": "1", "table": "A"}, {"fiche": "2", "table": "B"}]
    tidy = tidied(reunions=[{"reunion": "R1", "nb_tables": "1"}], fiches=fiches)
    assert "2 tables dans les fiches, 1 dans la réunion" in str(one(tidy))


def test_rule_2_no_more_users_than_answers(tidied):
    row = {"question": "Utilisateurs", "reponse": "oui", "unite": "fiches", "valeur": "14", "base": "13"}
    assert "14 réponses sur 13" in str(one(tidied(depouillements=[row])))
    assert tidied(depouillements=[row | {"valeur": "13"}]).problems == []


def test_rule_2_no_more_answers_than_people(tidied):
    row = {"question": "Utilisateurs", "reponse": "oui", "unite": "fiches", "valeur": "13", "base": "17"}
    meeting = {"reunion": "R1", "nb_presents": "16"}
    tidy = tidied(reunions=[meeting], depouillements=[row | {"reunion": "R1"}])
    assert "17 réponses pour 16 présents" in str(one(tidy))


def test_rule_3_no_service_without_use(tidied):
    tidy = tidied(fiches=[{"utilisateur": "non", "services": "AMAP"}])
    assert "ne pas en utiliser" in str(one(tidy))
    assert tidied(fiches=[{"utilisateur": "", "services": "AMAP"}]).problems == []


def test_rule_5_no_quantity_without_unit(tidied):
    assert "pas d'unité" in str(one(tidied(initiatives=[{"nom": "Gîtes", "quantite": "40"}])))
    tidy = tidied(initiatives=[{"nom": "Gîtes", "quantite": "40", "unite": "chambres"}])
    assert tidy.problems == []


def test_rule_6_a_ballot_over_its_points_is_named(tidied):
    rule = {"regle": "3 points par personne", "objet": "enjeu", "points": "2"}
    votes = [rule | {"code": code, "bulletin": ballot} for code, ballot in ("AX", "BX", "AY")]
    stakes = [{"enjeu": code, "libelle": code} for code in "AB"]
    tidy = tidied(votes=votes, enjeux=stakes)
    assert "le bulletin X donne 4 points" in str(one(tidy))
    assert one(tidy).cellule == "F3"


@pytest.mark.parametrize(
    ("rule", "points"),
    [
        ("2 tours, 5 points par bulletin", 5),
        ("1\u00a0Point par idée", 1),
        ("3 gommettes par personne", None),
        ("un avis par bulletin", None),
    ],
)
def test_rule_6_the_allowance_is_a_number_of_points(rule, points):
    assert allowance(rule) == points


def test_rule_7_a_score_stays_in_its_scale(tidied):
    mark = {"indicateur": "I1", "actuelle": "2", "souhaitee": "6"}
    tidy = tidied(indicateurs=[INDICATOR], mesures=[mark])
    assert "la note 6 sort de l'échelle" in str(one(tidy))
    assert one(tidy).attendu == "au moins 0 et au plus 5"
    open_ended = INDICATOR | {"echelle_min": ""}
    assert one(tidied(indicateurs=[open_ended], mesures=[mark])).attendu == "au plus 5"


@pytest.mark.parametrize(("sens", "marks"), [("augmente", ("4", "2")), ("diminue", ("2", "4"))])
def test_rule_7_a_wish_goes_the_way_of_the_group(tidied, sens, marks):
    mark = {"indicateur": "I1", "actuelle": marks[0], "souhaitee": marks[1]}
    tidy = tidied(indicateurs=[INDICATOR | {"sens": sens}], mesures=[mark])
    assert f"un souhait qui {sens}" in str(one(tidy))


def test_rule_8_a_recommendation_that_answers_no_stake_is_listed(tidied):
    assert "aucun enjeu" in str(one(tidied(preconisations=[{"objectif": "Relier"}])))


def test_rule_9_an_initiative_recorded_twice_is_told(tidied):
    communes = [{"commune": "Issé", "code_insee": "44075"}, {"commune": "Soudan"}]
    rows = [("Le Système", "Issé"), ("le systeme", "isse"), ("Le système", "Soudan")]
    initiatives = [{"nom": name, "commune": commune} for name, commune in rows]
    tidy = tidied(communes=communes, initiatives=initiatives)
    assert one(tidy).regle == "doublon probable"
    assert len(tidy.tables["initiatives"]) == 3


@pytest.mark.parametrize(("year", "words"), [("1815", "au moins 1900"), ("2051", "plus tard 2015")])
def test_rule_10_a_year_is_plausible(tidied, year, words):
    initiatives = [{"nom": "SEL", "annee_creation": year, "date_releve": "09/2015"}]
    assert words in str(one(tidied(initiatives=initiatives)))


def test_rule_10_a_year_has_four_figures(tidied):
    assert "quatre chiffres" in str(one(tidied(documents=[{"titre": "t", "annee": "20155"}])))


def test_rule_10_holds_for_dates_and_leaves_horizons(tidied):
    assert rules(tidied(reunions=[{"reunion": "R1", "date": "24/09/1015"}])) == ["année"]
    mark = {"indicateur": "I1", "echeance": "2030", "date": "2016"}
    assert tidied(indicateurs=[INDICATOR], mesures=[mark], reunions=[{"reunion": "R1", "date": "2016"}]).problems == []


@pytest.mark.parametrize(
    "contact",
    ["canari@jaune.fr", "02 40 00 00 00", "0240000000", "02.40.00.00.00", "+33 2 40 00 00 00", "06/12/34/56/78"],
)
def test_rule_12_an_address_or_a_telephone_in_a_text_is_told_and_not_repeated(tidied, contact):
    problem = one(tidied(verbatims=[{"texte": f"écrire à {contact} dès demain"}]))
    assert problem.regle == "coordonnées"
    assert contact not in str(problem)


TEXTS = [
    (table.name, column.name)
    for table in catalogue().values()
    for column in table.typed
    if column.type in ("string", "list") and not (column.enum or column.pattern or column.lecture or column.renvois)
]


def test_rule_12_a_name_of_a_person_in_a_text_is_told_and_not_repeated(tidied):
    problem = one(tidied(verbatims=[{"texte": "demander à Jeanne Canari"}]))
    assert (problem.regle, problem.cellule) == ("personne", "F2")
    assert "Canari" not in str(problem)
    assert problem.gravite == "à vérifier"


@pytest.mark.parametrize(("table", "name"), TEXTS)
def test_rule_12_holds_for_every_text_of_every_sheet(tidied, table, name):
    needed = {column.name: "essai" for column in catalogue()[table].typed if column.required}
    found = rules(tidied(**{table: [needed | {name: "Jeanne Canari, canari@jaune.fr"}]}))
    is_cited = (table, name) in (("documents", "titre"), ("documents", "auteur"))
    assert [rule for rule in found if rule in ("coordonnées", "personne")] == ["coordonnées", "personne"][
        : 2 - is_cited
    ]


@pytest.mark.parametrize("code", ["chateaubriant", "morlaix", "redon", "rennes", "exemple", "programme"])
def test_rule_12_finds_nobody_in_the_data_of_the_checkout(code):
    assert [str(problem) for problem in opened(code).problems if problem.regle in ("coordonnées", "personne")] == []


def test_rule_12_leaves_other_numbers(tidied):
    texts = ["en 2015, 33 communes et 1 500 000 euros", "code 44110", "de 10 à 20 000 habitants"]
    assert tidied(verbatims=[{"texte": text} for text in texts]).problems == []


# ── the whole ───────────────────────────────────────────────────────────────────────────────────


def test_all_problems_come_at_once_in_the_order_of_the_sheets(tidied):
    tidy = tidied(
        initiatives=[{"nom": "SEL", "quantite": "x"}],
        fiches=[{"utilisateur": "peut-être"}, {"commune": "Nantes"}],
        communes=[{}],
    )
    assert [problem.feuille for problem in tidy.problems] == ["communes", "fiches", "fiches", "initiatives"]
    for problem in tidy.problems:
        assert problem.trouve.endswith(".")
        assert problem.faire.endswith(".")
        assert problem.attendu


def test_an_empty_folder_gives_sixteen_empty_tables(tidied):
    tidy = tidied()
    assert set(tidy.tables) == set(catalogue())
    assert tidy.problems == []
    assert all(list(tidy.tables[n]) == [c.name for c in t.kept] for n, t in catalogue().items())


def test_columns_have_their_types(tidied):
    tidy = tidied(reunions=[{"reunion": "R1", "nb_presents": "16"}, {"reunion": "R2"}])
    reunions = tidy.tables["reunions"]
    assert str(reunions["nb_presents"].dtype) == "Int64"
    assert csv_text(reunions[["reunion", "nb_presents"]]) == "reunion,nb_presents\nR1,16\nR2,\n"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_canary_in_a_personal_or_unknown_column_reaches_no_file(folder, kind):
    for name, table in catalogue().items():
        personal = [column for column in table.columns if column.is_direct]
        titles = [spelling for column in personal for spelling in column.spellings]
        row = dict.fromkeys([*titles, "Colonne inconnue", ""], CANARY)
        row |= {column.title: "1" for column in table.typed if column.required or column.name == "fiche"}
        folder("essai", kind, **{name: [row]})
    if kind == "csv":
        folder(feuille_inconnue=[{"Nom": CANARY}])
    write_csv(
        folder() / "corrections.csv",
        grid([{"Feuille": "fiches", "Ligne": "2", "Colonne": "Nom", "Valeur trouvée": CANARY}]),
    )
    territory = Territory.read("essai")
    written = b"".join(territory.package().values()).decode()
    assert CANARY not in written
    assert "Canari" not in "".join(map(str, territory.problems))
    assert CANARY not in str([read_file(path) for path in sheet_files(folder())])
    assert "rapporteur" not in territory.reunions
    assert any("Colonne inconnue" in str(problem) for problem in territory.problems)


def test_among_two_meetings_a_sheet_without_its_code_is_told(tidied):
    meetings = [{"reunion": "R1", "date": "2016-01-01"}, {"reunion": "R2", "date": "2016-02-01"}]
    tidy = tidied(reunions=meetings, fiches=[{"fiche": "1", "reunion": "R1"}, {"fiche": "2"}])
    assert "(1 en tout)" in str(one(tidy))


def test_a_statement_taken_up_without_a_stake_is_told_and_so_is_the_reverse(tidied):
    said = [{"texte": "a", "repris": "oui"}, {"texte": "b", "repris": "non", "enjeu": "E1"}]
    tidy = tidied(enjeux=[{"enjeu": "E1", "libelle": "Lien"}], verbatims=said)
    assert [problem.regle for problem in tidy.problems] == ["codage", "codage"]


def test_question_2_is_q2_however_it_is_written(tidied):
    said = [{"texte": text, "question": text} for text in ("Question 2", "q2", "2", "Q2", "Attentes")]
    assert column(tidied(verbatims=said), "verbatims", "question") == ["Q2", "Q2", "Q2", "Q2", "Attentes"]


def test_a_number_taken_twice_says_where_the_other_one_is(tidied):
    tidy = tidied(verbatims=[{"verbatim": "1", "texte": "a"}, {"verbatim": "1", "texte": "b"}])
    assert "« 1 » est déjà pris par une autre ligne (essai.xlsx, ligne 2)" in str(one(tidy))


def test_stakes_that_replace_each_other_are_told_once(tidied):
    rows = [{"enjeu": "E1", "libelle": "a", "remplace": "E2"}, {"enjeu": "E2", "libelle": "b", "remplace": "E1"}]
    result = tidied(enjeux=rows)
    (found,) = [problem for problem in result.problems if problem.regle == "cercle"]
    assert "E1, E2" in found.trouve
    assert found.cellule.endswith("3")
    assert not tidied(enjeux=[rows[0], rows[1] | {"remplace": ""}]).problems


def test_a_stake_that_replaces_an_unknown_one_is_told(tidied):
    result = tidied(enjeux=[{"enjeu": "E1", "libelle": "a"}, {"enjeu": "E2", "libelle": "b", "remplace": "E9"}])
    assert [problem.regle for problem in result.problems] == ["lien"]


@pytest.mark.parametrize("written", ["2016-13", "30/02/2016", "2016-02-30"])
def test_a_due_date_that_does_not_exist_is_told(tidied, written):
    tidy = tidied(actions=[{"action": "A1", "description": "ouvrir", "echeance": written}])
    assert one(tidy).regle == "forme"
    assert tidy.tables["actions"]["echeance"].isna().all()


@pytest.mark.parametrize(
    ("written", "read"), [("12/2017", "2017-12"), ("dès que possible", "dès que possible"), ("2018", "2018")]
)
def test_a_due_date_is_a_date_or_words(tidied, written, read):
    tidy = tidied(actions=[{"action": "A1", "description": "ouvrir", "echeance": written}])
    assert tidy.tables["actions"]["echeance"].tolist() == [read]
    assert not tidy.problems
