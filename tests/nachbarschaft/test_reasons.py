"""Why somebody was asked: every number of the choice has its sentence, and none of them tells a distance."""

import re
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nachbarschaft.matching.scoring import Terms
from nachbarschaft.queries.reasons import why
from nachbarschaft.words import LANGUAGES
from tests.nachbarschaft.matching.test_scoring import PLAIN as NEXT_DOOR
from tests.nachbarschaft.matching.test_scoring import all_terms

PLAIN = replace(NEXT_DOOR, distance_km=1.1, asks=4, yes=1, days_since_ask=1.0, asks_this_week=1)
"""Somebody of whom there is nothing particular to say."""

SAID: dict[str, tuple[dict[str, Any], str]] = {
    "distance_km": ({"distance_km": 0.3}, "It is close to you."),
    "same_quarter": ({"same_quarter": False}, "It is in the next quarter."),
    "asks": ({"asks": 1}, "You have often said yes."),
    "yes": ({"yes": 4}, "You have often said yes."),
    "days_since_ask": ({"days_since_ask": 4.0}, "It has been some days since you were last asked."),
    "tasks_lately": (
        {"tasks_lately": 0.5},
        "You have helped lately, so others were looked for first where possible. Thank you!",
    ),
    "keeps_language_free": (
        {"keeps_language_free": True},
        "You speak a language that few speak here. Where we can, we keep you free for whoever needs it.",
    ),
    "speaks_needed_language": ({"speaks_needed_language": True}, "You speak a language that is needed."),
    "asks_this_week": (
        {"asks_this_week": 3},
        "You were asked 3 of at most 4 times in the last seven days.",
    ),
    "asks_limit": ({"asks_limit": 6}, "You were asked 1 of at most 6 times in the last seven days."),
    "reachable": (
        {"reachable": False},
        "Neither a push nor a mail reaches you, so others were looked for first where possible.",
    ),
    "has_time_now": ({"has_time_now": True}, "You said that you have time now."),
}


def said(terms: Terms, wave: int = 1, language: str = "en") -> list[str]:
    return why(terms.to_json(), wave, language)


def test_of_somebody_plain_there_is_little_to_say() -> None:
    assert said(PLAIN) == [
        "You offer this kind of help, and the time fits.",
        "It is in your quarter.",
        "You were asked 1 of at most 4 times in the last seven days.",
    ]


def test_every_term_is_told() -> None:
    assert SAID.keys() == {field.name for field in fields(Terms)}, "say here what a new term says"


@pytest.mark.parametrize("term", SAID)
def test_a_term_that_stands_out_has_its_sentence(term: str) -> None:
    changes, sentence = SAID[term]
    assert sentence not in said(PLAIN)
    assert sentence in said(replace(PLAIN, **changes))


def test_whoever_was_never_asked_is_told_so_and_not_for_how_many_years() -> None:
    assert "You have not been asked lately." in said(replace(PLAIN, days_since_ask=3650.0))


def test_a_later_wave_says_that_others_came_before() -> None:
    assert said(PLAIN, wave=2)[-1] == "Others were asked before you; help is still missing."


def test_who_was_not_asked_has_no_reasons() -> None:
    assert why(PLAIN.to_json(), None, "en") == why({}, 1, "en") == []


def test_terms_of_an_earlier_release_are_still_told() -> None:
    stored = PLAIN.to_json()
    del stored["has_time_now"]
    assert why(stored, 1, "en") == said(PLAIN)


@pytest.mark.parametrize("language", LANGUAGES)
@given(terms=all_terms, wave=st.integers(1, 60))
def test_no_sentence_in_any_language_tells_a_distance_or_more_than_counts(
    language: str, terms: Terms, wave: int
) -> None:
    sentences = said(terms, wave, language)
    text = " ".join(sentences)
    assert not re.search(r"\d\s*(k?m|(kilo)?met(er|re)s?|км|м|كم|متر)\b", text, re.IGNORECASE)
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    assert numbers == [terms.asks_this_week, terms.asks_limit]
    assert len(sentences) == len(set(sentences))
    assert all(sentence[-1] in ".!" for sentence in sentences)
