"""Territories side by side: what cannot be compared comes first, with its reason."""

import pytest
from conftest import programme, sheet, small

from domino_analysis import comparison


def reasons(territories, quantity):
    frame = comparison.comparability(territories)
    return frame[frame["quantite"] == quantity].set_index("territoire")[["comparable", "raison"]]


def test_census_totals_compare_nowhere_and_each_territory_has_its_reason():
    frame = reasons(programme(), "Nombre de pratiques recensées")
    assert set(frame["comparable"]) == {"non"}
    assert frame.loc["Pays de Redon", "raison"].startswith("Source :")
    assert frame.loc["Rennes Métropole", "raison"].startswith("Portée :")


def test_perimeters_of_the_same_day_compare():
    frame = reasons(programme(), "Périmètre et population")
    assert set(frame["comparable"]) == {"oui"}
    assert set(frame["raison"]) == {"Même date et même année de population"}


def test_stakes_compare_only_with_stakes_of_the_same_origin():
    frame = reasons(programme(), "Enjeux")
    assert frame["comparable"].to_dict() == {
        "Pays de Châteaubriant": "non", "Pays de Morlaix": "non", "Pays de Redon": "oui", "Rennes Métropole": "oui",
    }  # fmt: skip


def test_every_pair_of_a_quantity_and_a_territory_has_an_answer_and_a_reason():
    frame = comparison.comparability(programme())
    assert len(frame) == 9 * 4
    assert not frame.duplicated(["quantite", "territoire"]).any()
    assert set(frame["comparable"]) == {"oui", "non"}
    assert (frame["raison"].str.len() > 5).all()


def test_what_compares_nowhere_comes_first():
    by_quantity = comparison.comparability(programme()).groupby("quantite", sort=False)["comparable"]
    some = by_quantity.agg(lambda answers: "oui" in set(answers)).tolist()
    assert some == sorted(some)


def test_a_territory_alone_compares_with_nothing():
    assert set(comparison.comparability(programme("exemple"))["comparable"]) == {"non"}


def named(name, **tables):
    return small(territoires=sheet("territoires", nom=[name]), **tables)


def held(more):
    return sheet("initiatives", **({"nom": ["SEL"], "retenue": ["oui"], "date_releve": ["2016"]} | more))


@pytest.mark.parametrize(
    ("first", "second", "word"),
    [
        ({"date_releve": ["2016-01"]}, {"date_releve": ["2016-05"]}, "oui"),
        ({"date_releve": ["2016"]}, {"date_releve": ["2019"]}, "Date"),
        ({"nommee_par": ["D1"]}, {}, "Portée"),
        ({"retenue": ["à vérifier"]}, {}, "Définition"),
    ],
)
def test_two_censuses_compare_when_scope_definition_and_years_are_the_same(first, second, word):
    pair = [named("A", initiatives=held(first)), named("B", initiatives=held(second))]
    told = reasons(pair, "Pratiques, une par une")
    assert told.loc["A", "comparable"] == ("oui" if word == "oui" else "non")
    assert word == "oui" or told.loc["A", "raison"].startswith(word)


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


def test_the_context_is_of_one_year_and_holds_no_share_nor_median():
    frame = comparison.contexts(programme())
    assert {t.nom for t in programme()} <= set(frame)
    assert frame["libelle"].is_unique or not frame.duplicated(["libelle", "annee"]).any()
    assert not frame["unite"].str.contains("%").any()
    territory = programme().territories["redon"]
    rows = territory.reference("contexte").query("niveau == 'commune' and indicateur == 'menages'")
    line = frame[(frame["libelle"] == rows["libelle"].iloc[0]) & (frame["annee"] == str(rows["annee"].iloc[0]))]
    assert line["Pays de Redon"].tolist() == [rows["valeur"].sum()]


def scored(name, code, unit="note", wish=4):
    grid = sheet(
        "indicateurs", indicateur=[code], critere=["Trajets  partagés"], unite=[unit], echelle_min=[1], echelle_max=[5],
        sens=["augmente"],
    )  # fmt: skip
    return named(name, indicateurs=grid, mesures=sheet("mesures", indicateur=[code], actuelle=[2], souhaitee=[wish]))


def test_an_indicator_is_common_when_criterion_unit_scale_and_direction_are_the_same():
    frame = comparison.common_indicators([scored("A", "I1"), scored("B", "I7", wish=5), scored("C", "I1", unit="%")])
    assert frame[["territoire", "actuelle", "souhaitee", "ecart"]].to_numpy().tolist() == [
        ["A", 2, 4, 2],
        ["B", 2, 5, 3],
    ]
    assert comparison.common_indicators([scored("A", "I1")]).empty
    assert comparison.common_indicators([named("A"), named("B")]).empty


def test_no_column_of_common_indicators_ranks_or_adds():
    frame = comparison.common_indicators([scored("A", "I1"), scored("B", "I7")])
    assert not {"rang", "score", "total"} & set(frame)


def test_a_territory_of_which_nothing_was_received_has_no_zero():
    frame = comparison.side_by_side(programme(), "initiatives", "thematique").set_index("thematique")
    assert frame["Pays de Châteaubriant"].isna().all()
    assert frame.loc["se déplacer", "Rennes Métropole"] == 2
    assert frame.loc["se déplacer", "Pays de Morlaix"] == 0
    assert frame["Pays de Redon"].sum() == 5  # two of the seven practices have no theme


def test_a_practice_of_two_themes_counts_in_both():
    pair = [named("A", initiatives=held({"thematique": ["a; b"]})), named("B", initiatives=held({"thematique": ["b"]}))]
    frame = comparison.side_by_side(pair, "initiatives", "thematique").set_index("thematique")
    assert frame.to_numpy().tolist() == [[1, 0], [1, 1]]


def test_a_stake_is_shared_by_its_key_words_and_never_across_origins():
    def wants(name, words, origin="retenu par le groupe"):
        return named(name, enjeux=sheet("enjeux", enjeu=["E1"], libelle=["x"], mots_cles=[words], origine=[origin]))

    frame = comparison.stakes([wants("A", "Lien ; trajets"), wants("B", "lien"), wants("C", "lien", "presse")])
    assert frame.set_index("territoire")["partage"].fillna("").to_dict() == {"A": "Lien", "B": "lien", "C": ""}
    assert comparison.stakes(programme())["partage"].isna().all()


def test_a_lever_that_two_territories_name_is_a_remark():
    def advises(name, lever):
        return named(name, preconisations=sheet("preconisations", objectif=["o"], levier=[lever]))

    frame = comparison.recurring(
        [advises("A", "Un planning commun"), advises("B", "un planning COMMUN"), advises("C", "Un prêt")]
    )
    assert frame.to_numpy().tolist() == [["Un planning commun", "A, B"]]
    assert comparison.recurring(programme()).empty


def test_indicators_compare_only_where_one_is_common_and_the_reason_names_the_unit():
    frame = reasons(
        [scored("A", "I1"), scored("B", "I7"), scored("C", "I1", unit="%"), named("D")], "Indicateurs communs"
    )
    assert frame["comparable"].to_dict() == {"A": "oui", "B": "oui", "C": "non", "D": "non"}
    assert frame.loc["C", "raison"].startswith("Unité :")
    assert frame.loc["D", "raison"].startswith("Source :")
