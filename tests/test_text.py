"""Sentences with numbers in them, in correct French; nothing that people typed is ever more than words."""

import re
import time

import pytest

from domino_analysis import territory, text
from domino_analysis.schema import catalogue, grandeurs, phrases, simplify
from domino_analysis.text import NARROW, Html

FORMS = {
    "rien": "rien",
    "aucun": "aucune personne",
    "un": "{n:presents} personne",
    "plusieurs": "{n:presents} personnes",
}


def words(html: str) -> str:
    return re.sub(r"<[^>]*>", "", html)


def filled(n, forms=FORMS, **values) -> str:
    return words(text.fill(forms, n, "essai", "", values))


# ── nothing received, none, one, several ────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("n", "sentence"),
    [(None, "rien"), (float("nan"), "rien"), (0, "aucune personne"), (1, "1 personne"), (2, "2 personnes"), (1.5, "1,5 personnes")],
)  # fmt: skip
def test_a_sentence_agrees_with_its_number(n, sentence):
    assert filled(n) == sentence


def test_a_form_that_is_absent_is_the_next_one():
    assert filled(0, {"plusieurs": "{n:presents} personnes"}) == "0 personnes"
    assert filled(None, {"aucun": "personne", "plusieurs": "des gens"}) == "personne"
    assert filled(None, "toujours la même") == "toujours la même"


@pytest.mark.parametrize(
    ("key", "n", "sentence"),
    [
        ("presents", None, "Aucun document ne dit combien de personnes étaient présentes."),
        ("presents", 0, "Personne n'était présent."),
        ("presents", 1, "1 personne était présente."),
        ("presents", 16, "16 personnes étaient présentes."),
    ],
)
def test_how_many_were_there(key, n, sentence):
    assert words(text.say(key, n, de="R1")) == sentence


def test_a_few_people_are_a_count_and_never_a_percentage():
    sentence = words(text.say("utilisateurs", 13, de="R1", total=16))
    assert "13 sur 16" in sentence
    assert "%" not in sentence


def test_every_sentence_is_there_in_the_forms_it_has():
    for key, forms in phrases().items():
        if key not in ("figures", "comparabilite", "regles_publiques"):
            assert isinstance(forms, str) or set(forms) <= {"rien", "aucun", "un", "plusieurs"}, key


# ── the catalogue of sentences ──────────────────────────────────────────────────────────────────


def sentences(node) -> list[str]:
    if isinstance(node, str):
        return [node]
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [sentence for child in children for sentence in sentences(child)]


def test_every_number_of_a_sentence_is_a_known_quantity():
    for sentence in sentences(phrases()):
        for quantity in re.findall(r"\{[^{}:]+:(\w+)\}", sentence):
            assert quantity == "date" or quantity in grandeurs(), sentence


def test_a_sentence_that_asks_for_a_sheet_or_a_column_names_a_real_one():
    tables = catalogue().values()
    titles = {simplify(t) for table in tables for t in (*table.spellings, *(c.title for c in table.columns))}
    asking = [s for s in sentences(phrases()) if re.search(r"(feuille|colonne)s? «", s) and "{" not in s]
    assert len(asking) > 30
    for sentence in asking:
        for places in re.findall(r"(?:feuille|colonne)s? ((?:«[^»]*»(?:, | et | ou )?)+)", sentence):
            assert set(map(simplify, re.findall(r"« ([^»]*) »", places))) <= titles, sentence


def test_every_quantity_says_its_label_its_unit_and_its_formula():
    for key, entry in grandeurs().items():
        assert all(entry.get(name) for name in ("libelle", "unite", "formule")), key


# ── numbers and dates ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (16.0, "16"), (2.5, "2,5"), (-3, "-3"), (999, "999"), (6000, f"6{NARROW}000"), (128915, f"128{NARROW}915"),
     (1234567.25, f"1{NARROW}234{NARROW}567,25")],
)  # fmt: skip
def test_a_number_has_a_narrow_space_and_a_comma(value, written):
    assert text.plain_number(value) == written
    assert words(text.number(value, "presents")) == written


def test_a_number_is_marked_with_its_quantity_and_its_subject():
    marked = text.number(2.5, "presents", 'R1/"a" <b>')
    assert 'value="2.5" data-q="presents"' in marked
    assert 'data-de="R1/&quot;a&quot; &lt;b&gt;"' in marked


def test_a_number_is_rounded_to_what_can_be_read():
    assert words(text.number(2 / 3, "presents")) == "0,6667"
    assert words(text.number(0.1 + 0.2, "presents")) == "0,3"


def test_an_unknown_quantity_is_refused():
    with pytest.raises(KeyError, match="personnages.*grandeurs.yaml"):
        text.number(3, "personnages")
    with pytest.raises(KeyError, match="personnages"):
        text.fill("{n:personnages} personnes", 3, "essai", "", {})


def test_an_unknown_sentence_is_refused():
    with pytest.raises(KeyError, match="bonjour"):
        text.say("bonjour", 1)


@pytest.mark.parametrize(
    ("iso", "written"),
    [("2015", "2015"), ("2015-09", "septembre 2015"), ("2015-09-24", "24 septembre 2015"), ("2016-05-01", "1er mai 2016")],
)  # fmt: skip
def test_a_date_is_said_as_far_as_it_is_known(iso, written):
    assert words(text.date(iso)) == written
    assert f'datetime="{iso}"' in text.date(iso)


@pytest.mark.parametrize("nothing", [None, "", float("nan")])
def test_a_missing_date_is_said(nothing):
    assert text.date(nothing) == "date inconnue"


def test_words_in_the_place_of_a_date_stay_words():
    assert words(text.date("à l'automne")) == "à l&#x27;automne"
    assert "<time" not in text.date("<b>2015</b>")


# ── words that people typed ─────────────────────────────────────────────────────────────────────


def test_what_people_typed_is_escaped():
    assert words(text.cited("<script>alert(1)</script>")) == "&lt;script&gt;alert(1)&lt;/script&gt;"
    assert "<script" not in text.say("lieu", 2, lieu="<script>")
    assert "<script" not in text.say("code_par", 2, qui=["<script>", "b"])


def test_what_people_typed_has_the_spaces_of_french_and_its_own_words():
    assert words(text.cited("Qui paie ? 3 % : « la commune » !")) == (
        "Qui paie\u202f? 3\u202f%\u202f: «\u202fla commune\u202f»\u202f!"
    )
    assert words(text.cited("de 8:30 à 9:00, voir a;b")) == "de 8:30 à 9:00, voir a;b"


def test_what_the_library_wrote_is_not_escaped_again():
    inside = Html("<b>gras</b>")
    assert text.fill("{quoi}", 1, "essai", "", {"quoi": inside}) == "<b>gras</b>"
    assert inside._repr_html_() == inside.__html__() == "<b>gras</b>"


def test_braces_that_people_typed_are_words():
    assert words(text.fill("{quoi}", 1, "essai", "", {"quoi": "{n:presents} {0}"})) == "{n:presents} {0}"


CONTACTS = ["canari.jaune@exemple.fr", "canari+1@mail.exemple.fr", "06 12 34 56 78", "06.12.34.56.78", "0612345678",
            "02-40-12-34-56", "+33 6 12 34 56 78", "+33612345678", "06\u00a012\u00a034\u00a056\u00a078"]  # fmt: skip


@pytest.mark.parametrize("contact", CONTACTS)
def test_addresses_and_telephone_numbers_are_replaced(contact):
    assert words(text.cited(f"Écrire à {contact}, merci.")) == "Écrire à […], merci."


@pytest.mark.parametrize("contact", ["canari@mon-asso.co-op.fr", "+33 (0)6 12 34 56 78", "0033 6 12 34 56 78"])
def test_addresses_and_telephone_numbers_in_rarer_forms_are_replaced(contact):
    assert words(text.cited(f"Écrire à {contact}, merci.")) == "Écrire à […], merci."


@pytest.mark.parametrize(
    "innocent", ["6 000 annonces", "le 24/09/2015", "44110", "SIRET 123 456 789 00012", "3 à 5 @ table"]
)
def test_other_numbers_stay(innocent):
    assert words(text.cited(innocent)) == innocent


NAMES = [
    "M. Canari", "M Canari", "Mr Canari", "MM. Canari", "Mme Le Gall", "madame Canari", "Monsieur X", "Madame Y", "Dr Zorn",
    "Madame Jeanne Canari", "Mme de Villeneuve", "M. de la Lande", "Jeanne Canari", "Jeanne CANARI", "JEANNE CANARI",
    "CANARI Jeanne", "LE GOFF Yann", "Anne-Marie Le Goff", "Anne-marie Canari", "Jean-Pierre Le Bihan", "Helene Canari",
    "Marie d'Aubigny", "Jean Le Goff", "Loïc Ar Rouz", "Michel B.", "Françoise ANNE BRUN", "Jean-Yves\u00a0Canari",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_of_persons_are_replaced(name):
    assert words(text.cited(f"Appeler {name}, merci.")) == "Appeler […], merci."


def test_the_function_of_a_person_stays_and_the_name_goes():
    assert words(text.cited("le maire Jean Canari et la députée Canari")) == "le maire […] et la […]"


@pytest.mark.parametrize(
    "innocent",
    [
        "rue Jean Jaurès", "place Pierre Semard", "12 rue du Docteur Jean Zay", "rue Pierre et Marie Curie", "RUE JEAN JAURÈS",
        "boulevard du Général de Gaulle", "école Marie Curie", "école publique Jacques Prévert", "lycée Robert Schuman",
        "salle Jean Vilar", "Espace Jean Vilar", "groupe scolaire Jules Ferry", "Fondation Abbé Pierre", "parking Pierre Loti",
        "Saint-Pierre", "Saint-Julien-de-Vouvantes", "Saint Julien de Vouvantes", "Saint-Thégonnec Loc-Eguiner",
        "M. le Maire", "Monsieur le maire de Châteaubriant", "Madame la Présidente", "Madame, Monsieur", "le maire de Soudan",
        "Pays de Redon", "Le Bon Coin", "La Ruche qui dit Oui !", "France Nature Environnement", "avec Jean, Marie et Paul",
    ],
)  # fmt: skip
def test_places_and_structures_that_bear_a_name_keep_it(innocent):
    assert words(text.cited(innocent)) == text.typography(innocent)
    assert words(text.cited(f"À Redon, {innocent} en 2016")) == text.typography(f"À Redon, {innocent} en 2016")


@pytest.mark.parametrize(
    "long",
    ["rue " + "Abc " * 5000, "rue " + "A-" * 9000, "Jean " * 5000, "Jean " + "de la " * 3000 + "x", "ABC " * 5000, "D'" * 9000,
     "Mme " + "de " * 5000, "Jean" + " " * 20000 + "x", "rue " + "Abc et " * 3000, "Jean Le " + "ABC " * 5000, "A" * 20000],
)  # fmt: skip
def test_no_text_is_long_to_scan(long):
    start = time.process_time()
    text.public(long)
    assert time.process_time() - start < 1


def test_titles_and_authors_of_documents_are_cited_with_their_names():
    assert words(text.reference("Jeanne Canari, « Le covoiturage », 06 12 34 56 78")) == (
        "Jeanne Canari, «\u202fLe covoiturage\u202f», […]"
    )


def test_what_the_public_tables_name_is_no_person():
    for name in ("communes_2015", "contexte"):
        frame = territory.reference(name)
        columns = [column for column in frame if frame[column].dtype == "str"]
        assert len(columns) >= 5
        found = {cell for column in columns for cell in frame[column].dropna().unique() if text.public(cell) != cell}
        assert found == set()


@pytest.mark.parametrize("nothing", [None, "", float("nan")])
def test_nothing_cited_is_nothing_shown(nothing):
    assert text.cited(nothing) == ""


# ── blocks ──────────────────────────────────────────────────────────────────────────────────────


def test_french_spaces_stand_before_double_signs_and_never_inside_an_address():
    assert text.typography("Lieu : ici ; là ! 3 % de « oui »") == (
        f"Lieu{NARROW}: ici{NARROW}; là{NARROW}! 3{NARROW}% de «{NARROW}oui{NARROW}»"
    )
    assert text.typography("https://exemple.fr?a=1;b") == "https://exemple.fr?a=1;b"


@pytest.mark.parametrize(
    ("parts", "written"), [([], ""), (["a"], "a"), (["a", "b"], "a et b"), (list("abc"), "a, b et c")]
)
def test_an_enumeration_ends_with_et(parts, written):
    assert text.listed(parts) == written
    assert text.listed(parts, "ou") == written.replace(" et ", " ou ")


def test_empty_blocks_leave_no_tag():
    assert text.paragraph("", "") == text.bullets([]) == ""
    assert text.paragraph("a", "", "b") == "<p>a b</p>"
    assert text.bullets(["a"], "dites") == '<ul class="dites"><li>a</li></ul>'


def test_what_is_missing_says_which_sheet_brings_it():
    assert "Initiatives" in text.missing("initiatives_absentes")
    assert text.missing("initiatives_absentes").startswith('<p class="absent">')
