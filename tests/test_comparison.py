"""Territories side by side: what cannot be compared comes first, with its reason."""

import pytest
from conftest import programme

from domino_analysis import comparison


def test_the_census_totals_are_not_comparable_and_the_reason_names_who_has_none():
    frame = comparison.comparability(programme()).set_index("quantite")
    assert frame["comparable"].tolist() == sorted(frame["comparable"])  # « non » before « oui »
    row = frame.loc["Nombre de pratiques recensées"]
    assert row["comparable"] == "non"
    assert "Pays de Redon" in row["raison"]
    assert "portée" in row["raison"]
    assert frame.loc["Périmètre et population", "comparable"] == "oui"


@pytest.mark.parametrize("codes", ["morlaix, rennes", "redon", "exemple"])
def test_a_reason_is_a_sentence_whatever_the_territories(codes):
    for reason in comparison.comparability(programme(codes))["raison"]:
        assert not any(broken in reason for broken in ("  ", "pour ;", "pour :  ;", ": ;", "()", " ,"))
        assert not reason.rstrip().endswith((":", "(", "et"))


def test_a_total_keeps_its_unit_its_precision_and_its_date():
    frame = comparison.census_totals(programme()).set_index("objet")
    row = frame.loc["Initiatives recensées"]
    assert row[["territoire", "valeur", "unite", "precision", "date"]].tolist() == [
        "Rennes Métropole", 300, "initiatives", "plus de", "2016-06",
    ]  # fmt: skip
    row = frame.loc["Initiatives nées après 2000"]
    assert row[["valeur", "base", "precision"]].tolist() == [2, 3, "part"]


def test_no_total_is_a_sum_of_territories():
    totals = comparison.census_totals(programme())
    written = [t.depouillements.query("reunion.isna()")["valeur"].tolist() for t in programme()]
    assert totals["valeur"].tolist() == sum(written, [])


def test_perimeters_are_of_the_same_day():
    frame = comparison.perimeters(programme())
    assert frame["communes"].tolist() == [33, 61, 43, 43]
    assert frame["population"].tolist() == [58_804, 129_533, 81_044, 420_717]
    assert frame["date_perimetre"].tolist() == ["2015-01-01"] * 4
    assert (frame["devenues"] <= frame["communes"]).all()


def test_stakes_are_sorted_by_origin_so_that_origins_never_mix():
    frame = comparison.stakes(programme())
    assert frame["origine"].tolist() == sorted(frame["origine"])
    assert len(frame) == sum(len(t.enjeux) for t in programme())
    retained = frame[frame["origine"] == "retenu par le groupe"]
    assert (retained["territoire"] == "Pays de Châteaubriant").sum() == 3


def test_what_is_held_says_zero_where_nothing_was_found():
    frame = comparison.what_is_held(programme()).set_index("territoire")
    assert frame.loc["Pays de Châteaubriant", ["fiches", "verbatims"]].tolist() == [0, 39 + 19]
    assert frame.loc["Rennes Métropole", "verbatims"] == 0


def test_named_practices_are_those_of_the_sheets():
    frame = comparison.named_practices(programme())
    assert len(frame) == sum(len(t.initiatives) for t in programme())
    assert set(frame["territoire"]) <= {t.nom for t in programme()}


def test_the_context_is_of_one_year_and_holds_no_share_nor_median():
    frame = comparison.contexts(programme())
    assert {t.nom for t in programme()} <= set(frame)
    assert frame["libelle"].is_unique or not frame.duplicated(["libelle", "annee"]).any()
    assert not frame["unite"].str.contains("%").any()
    territory = programme().territories["redon"]
    rows = territory.reference("contexte").query("niveau == 'commune' and indicateur == 'menages'")
    line = frame[(frame["libelle"] == rows["libelle"].iloc[0]) & (frame["annee"] == str(rows["annee"].iloc[0]))]
    assert line["Pays de Redon"].tolist() == [rows["valeur"].sum()]
