"""The catalogue is valid Table Schema, and says each thing once."""

import ast
import json
from collections import Counter

import jsonschema
import pytest
from conftest import sheet
from frictionless import Schema

from domino_analysis.paths import CATALOGUE
from domino_analysis.schema import (
    A_VERIFIER,
    BLOQUANT,
    alias,
    catalogue,
    descriptor,
    grandeurs,
    problemes,
    public_tables,
    services,
    simplify,
    value_spellings,
)

KEYS = json.loads((CATALOGUE / "cles.schema.json").read_text(encoding="utf-8"))
TABLES = sorted(path.stem for path in (CATALOGUE / "tables").glob("*.yaml"))
every_table = pytest.mark.parametrize("name", TABLES)


def test_there_are_sixteen_tables():
    assert len(TABLES) == 16
    assert set(catalogue()) == set(TABLES)


@every_table
def test_a_schema_is_valid_for_frictionless(name):
    Schema.from_descriptor(descriptor(name))


@every_table
def test_a_schema_has_only_known_keys(name):
    jsonschema.validate(descriptor(name), KEYS)
    assert descriptor(name)["name"] == name


def test_a_mistyped_key_is_an_error():
    wrong = descriptor("enjeux") | {"autre_titres": []}
    with pytest.raises(jsonschema.ValidationError, match="autre_titres"):
        jsonschema.validate(wrong, KEYS)


@every_table
def test_two_columns_never_share_a_spelling(name):
    spellings = Counter(
        spelling
        for column in catalogue()[name].columns
        for spelling in {simplify(spelling) for spelling in column.spellings}
    )
    assert [spelling for spelling, n in spellings.items() if n > 1 or not spelling] == []


def test_two_tables_never_share_a_name():
    names = Counter(
        spelling
        for table in catalogue().values()
        for spelling in {simplify(s) for s in (table.name, table.title, *table.autres_titres)}
    )
    assert [name for name, n in names.items() if n > 1 or not name] == []


@every_table
def test_links_lead_to_the_key_of_a_table(name):
    for key in descriptor(name).get("foreignKeys", ()):
        assert catalogue()[key["reference"]["resource"]].primary_key == tuple(key["reference"]["fields"])
    for link in (link for column in catalogue()[name].columns for link in column.renvois):
        assert len(catalogue()[link["feuille"]].primary_key) == 1


@every_table
def test_a_condition_is_about_columns_that_exist(name):
    for column in catalogue()[name].columns:
        for condition in (link["si"] for link in column.renvois if "si" in link):
            assert sheet(name).eval(condition).empty
    for rule in catalogue()[name].controles:
        rows = sheet(name)
        if "avec" in rule:
            (key,) = catalogue()[rule["avec"]].primary_key
            assert {"feuille": rule["avec"]} in catalogue()[name][key].renvois
            rows = rows.merge(sheet(rule["avec"]), on=key)
        assert rule["colonne"] in rows
        assert rows.query(rule["si"], engine="python").empty


def test_every_alias_leads_to_an_accepted_value():
    for table, columns in alias()["valeurs"].items():
        for column, groups in columns.items():
            described = catalogue()[table][column]
            accepted = described.enum or described.valeurs_proposees
            assert set(groups) <= set(accepted), (table, column)


@every_table
def test_a_spelling_of_a_value_means_one_value(name):
    groups = alias()["valeurs"].get(name, {})
    for column in catalogue()[name].typed:
        values = column.enum or column.valeurs_proposees
        plain = [simplify(value) or value for value in values]
        assert len(set(plain)) == len(plain), column.name
        others = [simplify(o) or o for v in groups.get(column.name, {}).values() for o in v]
        assert len(set(others)) == len(others), column.name
        for value in values:
            assert value_spellings(name, column.name)[simplify(value) or value] == value


def test_a_service_has_one_name():
    names = Counter(
        spelling
        for entry in alias()["services"]
        for spelling in {simplify(s) for s in (entry["nom"], *entry["ecritures"])}
    )
    assert [name for name, n in names.items() if n > 1 or not name] == []
    assert services()["air n bnb"]["nom"] == "Airbnb"


@every_table
def test_a_missing_code_is_never_an_accepted_value(name):
    for column in catalogue()[name].columns:
        assert not set(column.enum) & set(column.missing_values), column.name


# ── quantities ──────────────────────────────────────────────────────────────────────────────────

COUNTED = {*TABLES, *(f"reference_{name}" for name in public_tables()["tables"])}
KEYS_OF_A_QUANTITY = {"libelle", "unite", "formule", "feuilles", "limites", "question", "reference"}
KEYS_OF_THE_CODE = {"classes", "definitions", "situations", "maillons", "a_savoir", "jamais_somme"}
COUNTED_FROM_A_FIGURE = {"base", "dits", "ensemble"}


@pytest.mark.parametrize("key", grandeurs())
def test_a_quantity_says_what_it_is_and_from_which_tables_it_is_counted(key):
    entry = grandeurs()[key]
    assert {"libelle", "unite", "formule", "feuilles"} <= set(entry) <= KEYS_OF_A_QUANTITY | KEYS_OF_THE_CODE
    sheets = entry["feuilles"]
    assert set(sheets) <= COUNTED
    assert len(set(sheets)) == len(sheets)
    assert bool(sheets) == (key not in COUNTED_FROM_A_FIGURE)
    words = [entry.get(name, "-") for name in ("libelle", "unite", "formule", "limites", "reference")]
    assert all(isinstance(text, str) and text.strip() for text in words)
    assert not any(any(map(str.isdigit, text)) for text in words[:4])
    assert entry.get("limites", ".").endswith(".")


def test_most_quantities_say_what_they_do_not_say_and_some_where_they_come_from():
    assert sum("limites" in entry for entry in grandeurs().values()) >= 35
    assert sum("reference" in entry for entry in grandeurs().values()) >= 20


# ── what is told of problems ────────────────────────────────────────────────────────────────────

GIVEN = {"problem": 0, "tell": 2, "append": 0, "_among": 1}
"""Place of the rule among the arguments of each function that is given one (``append``: to ``told``)."""


def texts(node: ast.AST) -> set[str]:
    """Strings of a piece of code that are not empty: of a tuple, the first element only.

    What a mapping is asked for and what something is compared with are no rules.
    """
    if isinstance(node, (ast.Subscript, ast.Compare)):
        return set()
    if isinstance(node, ast.Tuple):
        return texts(node.elts[0])
    if isinstance(node, ast.Constant):
        return {node.value} if isinstance(node.value, str) and node.value else set()
    parts = [node.body, node.orelse] if isinstance(node, ast.IfExp) else ast.iter_child_nodes(node)
    return set().union(*map(texts, parts))


def rules_of(module: str) -> set[str]:
    """Rules that a module names: given to a function, held in a variable, or the value of a signature."""
    tree = ast.parse((CATALOGUE.parent / f"{module}.py").read_text(encoding="utf-8"))
    given, names = [], {"broken", "rule"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).split(".")
            given += [keyword.value for keyword in node.keywords if keyword.arg in ("regle", "told")]
            if called[-1] in GIVEN and (called[-1] != "append" or called[0] == "told"):
                given += node.args[GIVEN[called[-1]] :][:1]
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in names:
            given.append(node.value)
    return set().union(*map(texts, given))


def test_every_rule_of_the_code_has_its_words_and_no_other():
    in_schemas = {rule["regle"] for table in catalogue().values() for rule in table.controles}
    assert rules_of("load") | rules_of("clean") | in_schemas == set(problemes())


@pytest.mark.parametrize("rule", problemes())
def test_a_rule_says_what_is_found_expected_and_to_do(rule):
    words = problemes()[rule]
    assert set(words) <= {"trouve", "attendu", "faire", "gravite", "proposition"}
    assert all(words[part].strip() for part in ("trouve", "attendu", "faire"))
    assert words["trouve"].endswith(".")
    assert words["faire"].endswith(".") or words["faire"].endswith(")")
    assert words["gravite"] in (BLOQUANT, A_VERIFIER)
