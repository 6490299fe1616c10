"""Categories: the shipped data keeps what the contract promises, and every reader can read it."""

import pytest

from nachbarschaft.categories import (
    CATEGORIES,
    FIELDS_OF_ACTION,
    category,
    description,
    exclusions,
    in_language,
    label,
)
from nachbarschaft.words import LANGUAGES

PROMISED = [
    "shopping",
    "errand",
    "accompany",
    "transport",
    "visit",
    "phone_call",
    "household",
    "repair",
    "garden",
    "pets",
    "plants_mail",
    "childcare",
    "tutoring",
    "paperwork",
    "digital",
    "language",
    "activity",
]
CERTIFIED = {"childcare", "tutoring"}
KNOWN = {"household", "transport", "accompany"}


def test_the_shipped_keys_are_those_of_the_contract() -> None:
    assert list(CATEGORIES) == PROMISED
    assert all(CATEGORIES[key].key == key for key in PROMISED)


@pytest.mark.parametrize("key", PROMISED)
def test_what_a_category_requires_is_as_promised(key: str) -> None:
    wanted = "certified" if key in CERTIFIED else "known" if key in KNOWN else "none"
    assert category(key).requires == wanted


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        category("surgery")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reader_gets_a_name_an_explanation_and_the_exclusions(language: str) -> None:
    for one in CATEGORIES.values():
        assert label(one, language).strip()
        assert description(one, language).endswith(".")
        assert exclusions(one, language)
        assert all(sentence.endswith(".") for sentence in exclusions(one, language))


def test_every_text_is_there_in_german_and_in_english() -> None:
    texts = [text for one in CATEGORIES.values() for text in (one.label, one.description, *one.exclusions)]
    for names in (*texts, *FIELDS_OF_ACTION.values()):
        assert {"de", "en"} <= set(names) <= set(LANGUAGES)
        assert names["de"] != names["en"]


def test_labels_are_distinct_and_short_enough_for_a_button() -> None:
    for language in ("de", "en"):
        labels = [label(one, language) for one in CATEGORIES.values()]
        assert len(set(labels)) == len(labels)
        assert max(map(len, labels)) <= 32


def test_a_language_without_names_gets_german() -> None:
    assert label(category("shopping"), "tr") == "Einkaufen"
    assert label(category("shopping"), "en-GB") == "Shopping"


def test_care_treatment_cleaning_and_daily_childcare_are_excluded_in_words() -> None:
    said = {key: " ".join(exclusions(category(key), "de")) for key in PROMISED}
    assert "Keine Pflege" in said["accompany"]
    assert "Keine medizinische Behandlung" in said["visit"]
    assert "Keine Reinigungskraft" in said["household"]
    assert "Keine tägliche" in said["childcare"]


def test_every_category_belongs_to_a_field_of_action() -> None:
    assert {one.field_of_action for one in CATEGORIES.values()} <= set(FIELDS_OF_ACTION)
    assert in_language(FIELDS_OF_ACTION["health"], "de") == "Gesundheit"


def test_nobody_can_change_the_shipped_data_by_accident() -> None:
    with pytest.raises(TypeError):
        category("shopping").label["de"] = "Shoppen"  # type: ignore[index]  # the point of the test
