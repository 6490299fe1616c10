"""Names and slugs from whatever properties a city happened to publish."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nachbarschaft.geography.geojson import parse_quarters
from nachbarschaft.geography.naming import SLUG, slug_from_name
from tests.nachbarschaft.geography.files import collection, feature, only_message, problems_of


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Mörsenbroich", "moersenbroich"),
        ("Überwasser", "ueberwasser"),
        ("Große Straße", "grosse-strasse"),
        ("GROẞE ÄCKER", "grosse-aecker"),
        ("Düesbergweg", "dueesbergweg"),
        ("Gelmer-Dyckburg", "gelmer-dyckburg"),
        ("  St. Ägidii / Süd (alt)  ", "st-aegidii-sued-alt"),
        ("Café Señorita", "cafe-senorita"),
        ("Łódź 2", "odz-2"),
        (unicodedata.normalize("NFD", "Düsseltal"), "duesseltal"),
        ("x" * 63 + " Ende", "x" * 63),
    ],
)
def test_a_slug_is_made_from_the_name(name: str, slug: str) -> None:
    (quarter,) = parse_quarters(collection(feature(name=name)))
    assert quarter.slug == slug


@given(st.text(max_size=90))
def test_a_slug_made_from_any_name_is_empty_or_well_formed(name: str) -> None:
    slug = slug_from_name(name)
    assert not slug or (SLUG.fullmatch(slug) and len(slug) <= 64)


def test_a_slug_property_is_used_as_it_stands() -> None:
    (quarter,) = parse_quarters(collection(feature(name="Quartier am Funkenberg", slug="funkenbergquartier")))
    assert quarter.slug == "funkenbergquartier"


@pytest.mark.parametrize("slug", ["Mitte", "mitte-", "a--b", "süd", "a_b", "", "x" * 65, 7, "mitte\n"])
def test_a_slug_property_that_is_no_slug_is_refused(slug: object) -> None:
    message = only_message(collection(feature(slug=slug)))
    assert message.startswith("Its slug")
    assert "or leave it out" in message


def test_an_empty_slug_cell_of_a_table_means_none() -> None:
    (quarter,) = parse_quarters(collection(feature(slug=None)))
    assert quarter.slug == "mitte"


@pytest.mark.parametrize("key", ["NAME", "Name", "stadtteil", "Stadtteil", "BEZEICHNUNG", "Ortsteil", "quartier"])
def test_the_name_is_found_under_the_usual_properties(key: str) -> None:
    (quarter,) = parse_quarters(collection(feature(name=None, Nr=4, **{key: " Horst\thausen "})))
    assert quarter.name == "Horst hausen"


def test_an_empty_name_leaves_the_word_to_the_next_property() -> None:
    (quarter,) = parse_quarters(collection(feature(name="  ", NAME=12, Bezirk="Mitte", Stadtteil="Baukau")))
    assert quarter.name == "Baukau"


def test_the_property_that_holds_the_name_can_be_said() -> None:
    text = collection(feature(name="Bezirk 3", BEZ_LANG="Sodingen"))
    assert parse_quarters(text, name_property="BEZ_LANG")[0].name == "Sodingen"
    assert parse_quarters(text, name_property="bez_lang")[0].name == "Sodingen"


def test_invisible_characters_do_not_get_into_a_name() -> None:
    (quarter,) = parse_quarters(collection(feature(name="Funken\u00adberg\u200b\u0000")))
    assert (quarter.name, quarter.slug) == ("Funkenberg", "funkenberg")


def test_a_missing_name_is_refused_and_the_properties_with_text_are_named() -> None:
    message = only_message(collection(feature(name=None, LANG="Sodingen", Nr=3)))
    assert "no name" in message
    assert message.endswith("those with text are LANG.")


def test_without_any_text_the_advice_is_to_add_a_name() -> None:
    assert "add a property `name`" in only_message(collection(feature(name=None)))
    assert "add a property `name`" in only_message(collection(feature() | {"properties": None}))


def test_a_said_property_without_text_is_refused_although_there_is_a_name() -> None:
    (problem,) = problems_of(collection(feature(BEZ_LANG="")), name_property="BEZ_LANG")
    assert 'no text in its property "BEZ_LANG"' in problem.message


def test_a_name_without_a_latin_letter_asks_for_a_slug() -> None:
    assert "add a property `slug`" in only_message(collection(feature(name="東区")))
    assert parse_quarters(collection(feature(name="東区", slug="ost")))[0].name == "東区"


@pytest.mark.parametrize("what", ["name", "city"])
def test_a_text_longer_than_what_is_kept_is_refused(what: str) -> None:
    assert "at most 120" in only_message(collection(feature(**{what: "x" * 121})))


def test_two_names_that_give_one_slug_are_refused_and_both_named() -> None:
    (problem,) = problems_of(collection(feature(name="Süd"), feature(name="Nord"), feature(name="Sued")))
    assert (problem.index, problem.name) == (2, "Sued")
    assert "features[0] “Süd”" in problem.message


def test_the_same_slug_property_twice_is_refused_too() -> None:
    (problem,) = problems_of(collection(feature(name="A", slug="x"), feature(name="B", slug="x")))
    assert "same slug `x`" in problem.message


@pytest.mark.parametrize("zone", ["Europe/Herne", "europe/berlin", "../etc/passwd", "localtime", "Factory", 1, ["UTC"]])
def test_an_unknown_timezone_is_refused(zone: object) -> None:
    assert "use an IANA name such as Europe/Berlin" in only_message(collection(feature(timezone=zone)))
