"""What each section of a page says, with the numbers that it says it with."""

import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from conftest import opened, programme, sheet, shown, small

from domino_analysis import census, sections
from domino_analysis.figures import Figure
from domino_analysis.schema import A_VERIFIER, BLOQUANT, Problem, catalogue, phrases, simplify
from domino_analysis.territory import Territory

R1 = sheet("reunions", reunion=["R1"], restitution_publique=["oui"], date=["2016-01-12"])


def words(result) -> str:
    html = result.html if isinstance(result, Figure) else str(result)
    for tag in ("li", "p", "h3", "td", "th", "dt", "dd"):
        html = html.replace(f"</{tag}>", f"</{tag}> ")
    return " ".join(BeautifulSoup(html, "html.parser").get_text().split())


def meeting(**tables) -> census.Meeting:
    return census.meeting(small(**{"reunions": R1, **tables}), "R1")


# ── a meeting, as its minutes say it ────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def september() -> census.Meeting:
    return census.meeting(opened("chateaubriant"), "CHB-2015-09-24")


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("presents", "16 personnes étaient présentes. Elles étaient réunies autour de 4 tables."),
        ("provenance", "Au moins 11 communes sur 33"),
        ("provenance", "« CC de la Région de Nozay »"),
        ("utilisateurs", "13 sur 16 utilisent des services collaboratifs"),
        ("services", "18 services sont cités, au moins 28 fois"),
        ("reponses", "39 phrases"),
        ("reponses", "Quels enjeux identifiez-vous sur le territoire ? (18 réponses)"),
        ("retenus", "3 enjeux"),
        ("non_repris", "5 phrases sur 18"),
        ("non_repris", "entre 4 et 7 selon le codage"),
    ],
)
def test_the_minutes_of_24_september_2015_say(september, section, said):
    assert said in words(sections.tell(section, september)).replace("\u202f", " ")


def test_the_expectations_of_24_september_2015_are_19(september):
    assert "19 attentes" in words(sections.expectations(september))


def test_sixteen_people_are_never_a_percentage(september):
    assert not [code for code, section in shown("r").items() if re.search(r"\d\s?%", words(section(september)))]


def test_statements_are_copied_as_they_were_written(september):
    said = words(sections.tell("reponses", september))
    assert "Qu'est ce qu'on recense ?" in said
    assert "quelque soit leur milieu social." in said
    assert "Comment crée de la richesse" in said


def test_a_service_listed_without_its_number_has_none(september):
    entries = [li.get_text() for li in BeautifulSoup(sections.counted(september, "services"), "html.parser")("li")]
    assert len(entries) == 18
    assert sum(char.isdigit() for entry in entries for char in entry.replace("44110", "")) == 4


def test_the_next_date_is_the_next_of_the_calendar(september):
    assert "2 novembre 2015" in words(sections.tell("reste", september))


# ── what was not received is not zero ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("section", shown("r").values(), ids=shown("r"))
def test_a_meeting_of_which_nothing_was_received_says_so_without_a_number(section):
    assert "<data" not in str(section(meeting()))


@pytest.mark.parametrize(
    ("section", "name"),
    [("tell('provenance', r)", "Fiches"), ("tell('utilisateurs', r)", "Fiches"), ("tell('services', r)", "Fiches"),
     ("counted(r, 'participation')", "Fiches"), ("expectations(r)", "Fiches"), ("tell('reponses', r)", "Verbatims"),
     ("tell('non_repris', r)", "Verbatims")],
)  # fmt: skip
def test_a_section_without_data_names_the_sheet_that_would_bring_them(section, name):
    result = shown("r")["sections." + section.replace("'", '"')](meeting())
    assert 'class="absent"' in result
    assert f"feuille « {name} »" in words(result).replace("\u202f", " ")


@pytest.mark.parametrize("code", shown("t"))
def test_a_territory_of_which_nothing_was_received_has_every_section(code):
    result = shown("t")[code](small())
    assert getattr(result, "chart", None) is None or code == "sections.calendar(t)"  # the steps were planned
    assert "nan" not in words(result)


MINIMAL = {
    "acteurs": {"acteur": ["A1"], "nom": ["X"]},
    "actions": {"action": ["a"], "description": ["ouvrir"]},
    "communes": {"commune": ["Issé"]},
    "depouillements": {"question": ["q"], "reponse": ["r"]},
    "documents": {"document": ["D1"], "titre": ["Étude"]},
    "enjeux": {"enjeu": ["E1"], "libelle": ["Le lien"]},
    "fiches": {"fiche": ["1"], "reunion": ["R1"]},
    "indicateurs": {"indicateur": ["I1"], "critere": ["Eau"]},
    "initiatives": {"initiative": ["P1"], "nom": ["SEL"]},
    "mesures": {"indicateur": ["I1"], "actuelle": [2]},
    "preconisations": {"preconisation": ["P1"], "objectif": ["Un lieu"]},
    "relations": {"acteur_a": ["A1"], "acteur_b": ["A2"]},
    "reunions": {"reunion": ["R1"]},
    "territoires": {"nom": ["Pays de Rance"]},
    "verbatims": {"verbatim": ["V1"], "texte": ["dit"], "reunion": ["R1"]},
    "votes": {"code": ["I1"], "objet": ["critère"], "points": [2]},
}


@pytest.mark.parametrize("alone", [*MINIMAL, "toutes"])
def test_one_row_with_nothing_but_what_is_required_never_fails(alone):
    chosen = MINIMAL if alone == "toutes" else {alone: MINIMAL[alone]}
    territory = small(**{name: sheet(name, **columns) for name, columns in chosen.items()})
    for code, section in shown("t").items():
        assert not re.search(r"\bnan\b|<NA>|None", words(section(territory))), code
    for met in census.recorded_meetings(territory):
        for code, section in shown("r").items():
            assert not re.search(r"\bnan\b|<NA>|None", words(section(met))), code


def test_users_counted_without_the_number_of_people_asked_are_said_without_it():
    totals = sheet("depouillements", reunion=["R1"], question=["Utilisez-vous des services collaboratifs ?"],
                   reponse=["oui"], valeur=[13])  # fmt: skip
    said = words(sections.tell("utilisateurs", meeting(depouillements=totals)))
    assert "13" in said
    assert "nan" not in said


def test_a_number_of_users_that_cannot_be_read_is_not_one_user():
    totals = sheet("depouillements", reunion=["R1"], question=["Utilisez-vous des services collaboratifs ?"],
                   reponse=["oui"], valeur=[None], nombre_ecrit=["oui"], base=[16])  # fmt: skip
    said = words(sections.tell("utilisateurs", meeting(depouillements=totals)))
    assert "16" not in said
    assert said.startswith("On ne sait pas combien")


def test_when_no_sheet_answers_about_services_nobody_is_said_not_to_use_them():
    said = words(sections.tell("utilisateurs", meeting(fiches=sheet("fiches", reunion=["R1", "R1"]))))
    assert "Aucune des 2 personnes" not in said


def test_a_statement_without_a_question_is_shown_too():
    said = sheet(
        "verbatims", reunion=["R1", "R1"], texte=["dit sans question", "dit en premier"], question=[None, "Q1"]
    )
    page = words(sections.tell("reponses", meeting(verbatims=said)))
    assert "dit en premier" in page
    assert "dit sans question" in page


def test_a_measure_of_an_unknown_indicator_never_fails():
    mesures = sheet("mesures", indicateur=["I9"], actuelle=[2], souhaitee=[4])
    territory = small(mesures=mesures, indicateurs=sheet("indicateurs", indicateur=["I1"], critere=["Eau"]))
    assert isinstance(sections.gaps(territory), Figure)
    assert isinstance(sections.radar(territory), Figure)


# ── practices ───────────────────────────────────────────────────────────────────────────────────


def test_the_example_has_30_practices_20_kept_and_6_to_check():
    said = words(sections.tell("pratiques", opened("exemple")))
    assert re.findall(r"\d+", said) == ["30", "20", "30", "6"]


def test_one_practice_is_said_in_the_singular():
    own = sheet("initiatives", nom=["SEL"], retenue=["oui"])
    assert words(sections.tell("pratiques", small(initiatives=own))).startswith(
        "1 pratique est nommée une par une dans ce qui a été reçu. 1 sur 1 remplit"
    )


def test_projects_and_weak_signals_are_named():
    own = sheet("initiatives", nom=["SEL", "Troc", "AMAP"], etat=["en projet", "signal faible", "existante"])
    page = words(sections.tell("signaux", small(initiatives=own)))
    assert "1 projet" in page
    assert "SEL" in page
    assert "Troc" in page
    assert "AMAP" not in page


def test_in_out_of_the_perimeter_or_unknown():
    said = words(sections.tell("sieges", opened("exemple")))
    assert re.findall(r"\d+", said) == ["20", "6", "3", "1"]


def test_actors_are_none_one_or_two_or_their_number():
    page = words(
        sections.actors(small(acteurs=sheet("acteurs", nom=list("abcd"), type_acteur=["média"] + ["association"] * 3)))
    )
    assert "un ou deux" in page
    assert "aucun" in page
    assert "entreprise" in page


def test_the_matrix_says_how_many_cells_remain_to_be_looked_at():
    page = words(sections.practice_matrix(opened("exemple")))
    # 4 practices × 7 criteria; of 12 opinions 7 are + or ++, 2 are -
    # 28 = 7 that serve + 2 against + 2 without effect + 1 not known + 0 divided + 16 blanks
    assert "Là où l'on a regardé, une pratique sert un critère 7 fois sur 12" in page
    assert "elle va contre (2), n'y change rien (2), on ne sait pas (1) ou les avis sont partagés (0)." in page
    assert "Sur 28 cases, 16 restent à regarder." in page


# ── stakes and recommendations ──────────────────────────────────────────────────────────────────


def test_stakes_without_an_answer_are_named():
    for what in ("indicateurs", "preconisations"):
        said = words(sections.tell("sans_reponse", opened("exemple"), what=what))
        label = opened("exemple").enjeux.set_index("enjeu").loc["E4", "libelle"]
        assert "1 enjeu sur 4" in said
        assert label in said


def test_six_statements_of_24_are_not_taken_up_in_the_example():
    said = words(sections.tell("non_repris", opened("exemple")))
    assert "6 phrases sur 24" in said
    assert "entre 5 et 8" in said


def test_the_gaps_of_the_example_start_with_the_widest():
    table = BeautifulSoup(sections.gaps(opened("exemple")).html, "html.parser").tbody
    rows = [[cell.get_text() for cell in row(["th", "td"])[:4]] for row in table("tr")]
    assert rows[0][1:] == ["1", "5", "4"]
    assert [float(row[3].replace(",", ".")) for row in rows] == [4, 3, 2, 2, 1, 1, 0]


def told_by(respondents, agreed):
    """Two marks of one criterion, 1 and 3 today, 4 and 5 wished."""
    return small(
        reunions=sheet("reunions", reunion=["R1"], date=["2016-06-07"], restitution_publique=[agreed]),
        indicateurs=sheet(
            "indicateurs", indicateur=["I1"], critere=["Eau"], type=["ressenti"], echelle_min=[1], echelle_max=[5],
            sens=["augmente"],
        ),
        mesures=sheet(
            "mesures", indicateur=["I1"] * 2, reunion=["R1"] * 2, repondant=respondents, actuelle=[1, 3], souhaitee=[4, 5],
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("respondents", "agreed", "shown"),
    [(["A", "B"], "oui", True), (["A", "B"], "non", False), (["A", "B"], None, False), (["1", "2"], "oui", False)],
)
def test_marks_are_shown_when_the_meeting_agreed_and_tables_gave_them(respondents, agreed, shown):
    t = told_by(respondents, agreed)
    assert ("marques pâles" in words(sections.gaps(t))) == shown
    assert (sections.distribution(t).html != "") == shown
    assert ("figure-souhaits" in sections.far_apart(t).html) == shown
    # a median of two answers is the answers: it is said only when they were said aloud
    assert ("2 4,5 2,5" in words(sections.gaps(t))) == shown
    assert ("2 notes ou avis ne sont pas montrés" in words(sections.tell("mesures_gardees", t))) != shown


def test_five_people_give_a_median_and_no_mark():
    grid = sheet("indicateurs", indicateur=["I1"], critere=["Eau"], sens=["augmente"])
    marks = sheet(
        "mesures", indicateur=["I1"] * 5, repondant=list("12345"), actuelle=[1, 1, 2, 2, 5], souhaitee=[4] * 5
    )
    t = small(indicateurs=grid, mesures=marks)
    assert "2 4 2" in words(sections.gaps(t))
    assert "marques" not in words(sections.gaps(t))
    assert sections.tell("mesures_gardees", t) == ""


@pytest.mark.parametrize(
    "columns",
    [
        {"repondant": ["7"] * 5, "actuelle": [2] * 5},  # one ballot typed five times
        {"repondant": [None] * 5, "actuelle": [2] * 5},  # nobody knows whose
        {"repondant": list("12345"), "actuelle": [2, None, None, None, None]},  # one answer and four blanks
    ],
)
def test_five_rows_are_not_five_people(columns):
    grid = sheet("indicateurs", indicateur=["I1"], critere=["Eau"], sens=["augmente"])
    assert (
        'class="absent"'
        in sections.gaps(small(indicateurs=grid, mesures=sheet("mesures", indicateur=["I1"] * 5, **columns))).html
    )


def test_the_wish_of_one_person_among_five_is_not_told():
    grid = sheet("indicateurs", indicateur=["I1"], critere=["Eau"], sens=["augmente"])
    marks = sheet(
        "mesures",
        indicateur=["I1"] * 5,
        repondant=list("12345"),
        actuelle=[2] * 5,
        souhaitee=[4.7, None, None, None, None],
    )
    page = words(sections.gaps(small(indicateurs=grid, mesures=marks)))
    assert "Eau 2 —" in page
    assert "4,7" not in page


def test_an_opinion_of_one_person_on_a_practice_is_not_in_the_matrix():
    grid = sheet("indicateurs", indicateur=["I1"], critere=["Eau"])
    held = sheet("reunions", reunion=["R1"], restitution_publique=["oui"])
    said = sheet("mesures", indicateur=["I1"] * 2, reunion=["R1"] * 2, pratique=["SEL", "AMAP"], repondant=["7", "groupe"],
                 avis=["-", "++"])  # fmt: skip
    t = small(indicateurs=grid, mesures=said, reunions=held)
    assert "AMAP ++" in words(sections.practice_matrix(t))
    assert "SEL" not in words(sections.practice_matrix(t))


def test_the_distribution_counts_the_tables_of_each_mark():
    table = BeautifulSoup(sections.distribution(told_by(["A", "B"], "oui")).html, "html.parser").tbody
    rows = [[cell.get_text() for cell in row(["th", "td"])] for row in table("tr")]
    assert rows == [
        ["Eau", "aujourd'hui", "1", "0", "1", "0", "0", "2"],
        ["Eau", "souhaité", "0", "0", "0", "1", "1", "4,5"],
    ]


def ballots(per_table, agreed="oui"):
    """A vote of two tables: the first gives its points to I1, the second to I2."""
    tables = ["A"] * per_table + ["B"] * per_table
    return small(
        reunions=sheet("reunions", reunion=["R1"], restitution_publique=[agreed]),
        indicateurs=sheet("indicateurs", indicateur=["I1", "I2"], critere=["Eau", "Lien"]),
        votes=sheet(
            "votes", reunion=["R1"] * len(tables), objet=["critère"] * len(tables),
            code=["I1" if table == "A" else "I2" for table in tables],
            bulletin=[str(n) for n in range(len(tables))], table=tables, points=[3 if table == "A" else 2 for table in tables],
        ),
    )  # fmt: skip


def test_what_the_order_owes_to_a_table_is_said_when_tables_are_large_enough():
    said = words(sections.order(ballots(5)))
    assert "« Eau » vient en tête." in said
    assert "la tête peut revenir à Lien" in said
    assert "En tout, 2 critères sur 2" in said


@pytest.mark.parametrize(("size", "agreed"), [(4, "oui"), (5, "non"), (5, None)])
def test_small_tables_and_meetings_that_did_not_agree_give_no_order_by_table(size, agreed):
    t = ballots(size, agreed)
    assert "On ne sait pas ce que cet ordre doit" in words(sections.order(t))
    assert 'class="absent"' in sections.divisive(t).html
    assert "une table" not in str(sections.votes(t).chart)


def test_what_divides_is_told_in_points_and_the_totals_of_tables_only_when_they_are_all_the_same():
    def rows(t):
        table = BeautifulSoup(sections.divisive(t).html, "html.parser").tbody
        return [[cell.get_text() for cell in row(["th", "td"])] for row in table("tr")]

    assert rows(ballots(5)) == [["Eau", "15", "0"], ["Lien", "10", "0"]]  # 15 and 10 would tell the tables apart
    t = ballots(5)
    alike = small(reunions=t.reunions, indicateurs=t.indicateurs, votes=t.votes.assign(points=2))
    assert rows(alike) == [["Eau", "10", "10", "0", "10"], ["Lien", "10", "10", "0", "10"]]


def test_a_ballot_without_a_table_keeps_all_marks_back():
    t = ballots(5)
    lone = sheet("votes", reunion=["R1"], objet=["critère"], code=["I1"], bulletin=["99"], points=[5])
    more = small(reunions=t.reunions, indicateurs=t.indicateurs, votes=pd.concat([t.votes, lone]))
    assert "une table" not in str(sections.votes(more).chart)  # its points are the total minus the marks
    assert "On ne sait pas" in words(sections.order(more))


def test_points_counted_together_stand_alone_or_not_at_all():
    t = ballots(5)
    counted = sheet(
        "votes", reunion=["R1"], objet=["critère"], code=["I1"], bulletin=["TOTAL"], table=["C"], points=[9]
    )
    more = small(reunions=t.reunions, indicateurs=t.indicateurs, votes=pd.concat([t.votes, counted]))
    assert "Base, en bulletins : 10" in words(sections.votes(more))
    assert "sur 25" in words(sections.votes(more))  # the nine may be those of the ballots: they are not added
    alone = small(reunions=t.reunions, indicateurs=t.indicateurs, votes=counted)
    assert "sur 9" in words(sections.votes(alone))
    assert "Base" not in words(sections.votes(alone))
    silent = sheet("reunions", reunion=["R1"], restitution_publique=["non"])
    assert 'class="absent"' in sections.votes(small(reunions=silent, indicateurs=t.indicateurs, votes=counted)).html


@pytest.mark.parametrize("bulletin", [[None] * 10, [*"1234", *["n° 1", "01", "2", "3", "4", "4"]]])
def test_one_ballot_under_several_writings_is_one_and_no_number_is_no_ballot(bulletin):
    t = ballots(5)
    votes = t.votes.assign(bulletin=bulletin, table="A")
    page = sections.votes(small(reunions=t.reunions, indicateurs=t.indicateurs, votes=votes)).html
    assert 'class="absent"' in page


def test_a_ballot_without_a_point_makes_no_table_larger():
    t = ballots(5)
    votes = t.votes.assign(points=[3, 0, 0, 0, 0, 2, 2, 2, 2, 2])
    own = small(reunions=t.reunions, indicateurs=t.indicateurs, votes=votes)
    assert "une table" not in str(sections.votes(own).chart)
    assert "Base, en bulletins : 6" in words(sections.votes(own))


def test_ballots_are_counted_table_by_table_and_fewer_than_five_are_nobodys_business():
    assert "Base, en bulletins : 10" in words(sections.votes(ballots(5)))
    renumbered = ballots(5)
    votes = renumbered.votes.assign(bulletin=[str(n % 5) for n in range(10)])  # 0 to 4 at each table
    again = small(reunions=renumbered.reunions, indicateurs=renumbered.indicateurs, votes=votes)
    assert "Base, en bulletins : 10" in words(sections.votes(again))
    assert 'class="absent"' in sections.votes(ballots(2)).html


def test_votes_on_an_indicator_are_votes_on_its_criterion_and_unknown_codes_are_not_drawn():
    t = ballots(5)
    votes = t.votes.assign(objet="indicateur", code=["I9", *t.votes["code"][1:]])
    page = words(sections.votes(small(reunions=t.reunions, indicateurs=t.indicateurs, votes=votes)))
    assert "Eau 12" in page
    assert "I9" not in page


def test_opinions_are_those_on_criteria_of_at_least_five_people_at_meetings_that_agreed():
    def asked(n, objet="critère", agreed="oui", people=9):
        held = sheet("reunions", reunion=["R1"], restitution_publique=[agreed])
        said = sheet("votes", reunion=["R1"] * n, objet=[objet] * n, code=["I1"] * n, avis=["mitigé"] * n,
                     bulletin=[str(i % people) for i in range(n)])  # fmt: skip
        return small(reunions=held, votes=said, indicateurs=sheet("indicateurs", indicateur=["I1"], critere=["Eau"]))

    assert "Eau" in words(sections.opinions(asked(5)))
    for few in (asked(4), asked(5, "levier"), asked(5, agreed="non"), asked(5, people=1)):
        assert sections.opinions(few).html == ""


def test_without_a_vote_nothing_is_said_of_an_order():
    assert sections.order(small()) == ""


def test_letters_of_tables_come_back_from_meeting_to_meeting_without_mixing():
    first, second = ballots(5), ballots(3)
    votes = pd.concat([first.votes, second.votes.assign(reunion="R2")])
    both = sheet("reunions", reunion=["R1", "R2"], restitution_publique=["oui", "oui"])
    t = small(reunions=both, indicateurs=first.indicateurs, votes=votes)
    assert "On ne sait pas" in words(sections.order(t))  # table A of R2 has three ballots


def test_what_counts_and_the_way_to_go_stand_side_by_side():
    table = BeautifulSoup(sections.priorities(opened("exemple")).html, "html.parser").tbody
    rows = [[cell.get_text() for cell in row(["th", "td"])] for row in table("tr")]
    assert [row[1:] for row in rows] == [
        ["37", "2"], ["20", "1"], ["19", "3"], ["10", "1"], ["6", "2"], ["4", "4"], ["4", "0"],
    ]  # fmt: skip
    assert 'class="absent"' in sections.priorities(ballots(5)).html


def test_the_matrix_is_read_by_practice_and_by_criterion():
    by_practice = words(sections.readings(opened("exemple"), "pratique"))
    by_criterion = words(sections.readings(opened("exemple"), "critere"))
    assert "AMAP Nourriture produite ici" in by_practice
    assert "Occasions de se rencontrer covoiturage" in by_criterion


def test_a_card_says_gap_votes_quotation_and_what_is_to_be_seen_again():
    cards = BeautifulSoup(sections.tell("fiches", opened("exemple")), "html.parser")("section", class_="fiche")
    told = {card.h3.get_text(): words(str(card)) for card in cards}
    assert "aujourd'hui 4, souhaité 2, écart 2" in told["Partager plus de trajets"]
    assert "12 points sur les 36" in told["Partager plus de trajets"]
    assert "Moins de trajets seul en voiture" in told["Partager plus de trajets"]
    assert "À revoir" in told["Prêter des salles aux associations"]  # its stake was reworded on 7 June
    assert "Sans suite" in told["Garantir des prix justes partout"]
    assert "sa réunion n'a pas de restitution publique" in told["Décider des arrêts avec les habitants"]


def test_the_thread_counts_every_thing_and_names_what_hangs_loose():
    t = opened("exemple")
    rows = BeautifulSoup(sections.thread(t).html, "html.parser").tbody("tr")
    assert [cell.get_text() for cell in rows[0](["th", "td"])] == ["Phrases", "30", "18", "6", "0", "0", "6"]
    loose = words(sections.loose_ends(t))
    assert "Réparer et réemployer sans suite" in loose
    assert "Prêter des salles aux associations à revoir" in loose
    assert not any(text in loose for text in t.verbatims["texte"])


def test_no_score_adds_criteria_together():
    for key, spec in phrases()["figures"].items():
        assert "score" not in simplify(spec["titre"]), key


def test_recommendations_are_cards_with_what_they_answer():
    cards = BeautifulSoup(sections.tell("fiches", opened("exemple")), "html.parser")("section", class_="fiche")
    assert len(cards) == 6
    labels = list(opened("exemple").enjeux["libelle"])
    assert sum(any(label in card.get_text() for label in labels) for card in cards) == 5


def test_only_what_was_declared_general_is_general():
    assert 'class="absent"' in sections.tell("generales", programme())
    assert len(BeautifulSoup(sections.tell("generales", programme("exemple")), "html.parser")("section")) == 1


# ── pages of all ────────────────────────────────────────────────────────────────────────────────


def test_the_perimeter_of_chateaubriant_in_a_sentence():
    said = words(sections.tell("essentiel", opened("chateaubriant"))).replace("\u202f", " ")
    assert "33 communes" in said
    assert "58 804 habitants" in said
    assert "2012" in said


@pytest.mark.parametrize(
    ("code", "said"),
    [("morlaix", "environ 70 initiatives"), ("rennes", "plus de 300 initiatives"), ("morlaix", "1 sur 2")],
)
def test_published_totals_keep_their_precision(code, said):
    assert said in words(sections.tell("publies", opened(code))).replace("\u202f", " ")


def test_a_step_leads_to_its_page_or_names_the_sheet_that_would_bring_it():
    entries = BeautifulSoup(sections.calendar(opened("redon")).html, "html.parser").tbody("tr")
    assert len(entries) == 4
    assert all(entry.a or "À remplir" in entry.get_text() for entry in entries)
    assert [entry for entry in entries if not entry.a]


def test_sheets_that_stayed_empty_are_named():
    empty = [table.title for name, table in catalogue().items() if getattr(opened("redon"), name).empty]
    said = words(sections.tell("feuilles_vides", opened("redon")))
    assert said.startswith(f"{len(empty)} feuilles")
    assert all(title in said for title in empty)
    assert words(sections.tell("feuilles_vides", small())).startswith("16 feuilles")


def test_the_index_keeps_the_example_apart_from_the_real_territories():
    cards = [
        {"code": code, "nom": opened(code).nom, "is_fictif": code == "exemple", "pages": [("a.html", "Les enjeux")],
         "changements": {}}
        for code in ("redon", "exemple")
    ]  # fmt: skip
    index = words(sections.summary(cards))
    real, fictional = index.split("Un exemple fictif")
    assert "Pays de Redon" in real
    assert opened("exemple").nom not in real
    assert opened("exemple").nom in fictional


# ── page 0 ──────────────────────────────────────────────────────────────────────────────────────


def test_every_sheet_is_listed_with_its_rows_even_at_zero():
    rows = BeautifulSoup(sections.received(opened("redon")).html, "html.parser").tbody("tr")
    counts = {row.th.get_text(): row.td.get_text() for row in rows}
    assert counts == {table.title: str(len(getattr(opened("redon"), name))) for name, table in catalogue().items()}


@pytest.mark.parametrize(
    ("name", "quoted"), [("initiatives", True), ("fiches", False), ("verbatims", False), ("votes", False)]
)
def test_problems_of_what_people_wrote_give_the_cell_and_the_rule_only(name, quoted):
    told = ("essai.xlsx", name, "F7", "Canari vaut « jaune ».", "vert", "Corriger.", A_VERIFIER, "valeur inconnue")
    page = words(sections.problems(small(problems=[Problem(*told)])))
    assert "F7" in page
    assert ("Canari" in page) is quoted
    assert ("valeur inconnue" in page) is not quoted


def test_blocking_problems_are_counted_apart():
    told = [Problem("e.xlsx", "votes", "A2", "t", "a", "f", gravity) for gravity in (BLOQUANT, A_VERIFIER, A_VERIFIER)]
    assert re.findall(r"\d+", words(sections.tell("problemes", small(problems=told)))) == ["3", "1"]


def test_page_0_never_quotes_a_sheet_of_people_under_any_of_its_names(folder):
    made = folder("essai", fiches=[{"N° de fiche": "1", "Utilisez-vous des services collaboratifs ?": "rarement"}])
    (made / "fiches.csv").rename(made / "Fiches table A.csv")
    territory = Territory.read("essai")
    assert any("rarement" in problem.trouve for problem in territory.problems)
    shown = sections.problems(territory).html
    assert "rarement" not in shown
    assert "valeur" in shown


def test_tables_of_five_ballots_each_have_a_mark_that_names_none():
    ballots = [(f"b{n}", "AB"[n // 5], 1) for n in range(10)]
    votes = sheet(
        "votes", reunion=["R1"] * 10, objet=["critère"] * 10, code=["I1"] * 10, bulletin=[b for b, _, _ in ballots],
        table=[t for _, t, _ in ballots], points=[p for _, _, p in ballots],
    )  # fmt: skip
    held = small(
        votes=votes,
        reunions=sheet("reunions", reunion=["R1"], restitution_publique=["oui"]),
        indicateurs=sheet("indicateurs", indicateur=["I1"], critere=["Eau"]),
    )
    chart = sections.votes(held).chart
    assert [(trace.name, list(trace.x)) for trace in chart.data] == [("total", [10]), ("une table", [5, 5])]
