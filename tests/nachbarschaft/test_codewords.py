"""Code words: enough of them, all of them easy to say, hear and type."""

import math
import random
import re
from collections.abc import Sequence
from itertools import combinations, groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nachbarschaft.codewords import (
    ADJECTIVES,
    ALPHABET,
    NOUNS,
    NUMBERS,
    new_code_word,
    new_one_time_code,
    normalise_code,
)

# Words that would embarrass, frighten or insult together with some partner, and would be tempting to add.
UNWELCOME = {
    *(
        "Alte",
        "Braune",
        "Dicke",
        "Dumme",
        "Feuchte",
        "Heiße",
        "Nackte",
        "Scharfe",
        "Schwarze",
        "Steife",
        "Tote",
    ),
    *(
        "Banane",
        "Bombe",
        "Fahne",
        "Feige",
        "Gans",
        "Glocke",
        "Gurke",
        "Hexe",
        "Kuh",
        "Kugel",
        "Maus",
        "Meise",
    ),
    *(
        "Melone",
        "Muschel",
        "Pflaume",
        "Puppe",
        "Rakete",
        "Ratte",
        "Sau",
        "Schlange",
        "Schnecke",
        "Spinne",
        "Stute",
    ),
    *("Taube", "Waffe", "Ziege"),
}
SOUNDS = {
    "1": "bp",
    "2": "dt",
    "3": "fvw",
    "4": "gkq",
    "5": "l",
    "6": "mn",
    "7": "r",
    "8": "csz",
    "0": "aeijouyäöü",
}


def sound(word: str) -> str:
    """Kölner Phonetik, as far as these words need it: ch is a g, ph is an f, x is a gs, h is silent."""
    spelling = word.lower().replace("sch", "s").replace("ch", "g").replace("ck", "k").replace("ph", "f")
    spelling = spelling.replace("x", "gs").replace("ß", "s").replace("h", "")
    spelling = re.sub(r"[dt](?=[sz])", "", spelling)
    code = "".join(digit for sign in spelling for digit, signs in SOUNDS.items() if sign in signs)
    code = "".join(digit for digit, _run in groupby(code))
    return code[:1] + code[1:].replace("0", "")


def first(choices: Sequence[str]) -> str:
    return choices[0]


def test_there_are_at_least_twenty_bits_of_code_words() -> None:
    assert len(ADJECTIVES) >= 128
    assert len(NOUNS) >= 128
    assert math.log2(len(ADJECTIVES) * len(NOUNS) * len(NUMBERS)) >= 20


@pytest.mark.parametrize("words", [ADJECTIVES, NOUNS], ids=["adjectives", "nouns"])
def test_words_are_short_distinct_and_do_not_sound_alike(words: tuple[str, ...]) -> None:
    assert all(re.fullmatch(r"[A-ZÄÖÜ][a-zäöüß]{2,9}", word) for word in words)
    alike = [(one, other) for one, other in combinations(words, 2) if sound(one) == sound(other)]
    assert not alike


@pytest.mark.parametrize("words", [ADJECTIVES, NOUNS], ids=["adjectives", "nouns"])
def test_no_two_words_differ_in_one_letter_alone(words: tuple[str, ...]) -> None:
    holes = [{word[:i] + "?" + word[i + 1 :] for i in range(len(word))} for word in words]
    assert not [(words[i], words[j]) for i, j in combinations(range(len(words)), 2) if holes[i] & holes[j]]


def test_adjectives_stand_in_the_feminine_and_nobody_is_embarrassed() -> None:
    assert all(word.endswith("e") for word in ADJECTIVES)
    assert not UNWELCOME & {*ADJECTIVES, *NOUNS}


def test_a_code_word_is_an_adjective_a_noun_and_a_number_of_two_digits() -> None:
    assert new_code_word(first) == f"{ADJECTIVES[0]} {NOUNS[0]} 10"
    assert re.fullmatch(r"[A-ZÄÖÜ]\w+e [A-ZÄÖÜ]\w+ [1-9][0-9]", new_code_word())


def test_the_choice_is_the_callers_and_the_default_is_not_predictable() -> None:
    assert new_code_word(random.Random(7).choice) == new_code_word(random.Random(7).choice)
    assert len({new_code_word() for _try in range(50)}) > 40


def test_one_time_codes_are_long_enough_to_resist_guessing() -> None:
    assert 12 * math.log2(len(ALPHABET)) >= 56
    assert len(set(ALPHABET)) == len(ALPHABET)
    assert not set("01OILUBSZ") & set(ALPHABET)


def test_a_one_time_code_has_three_groups_of_four() -> None:
    codes = {new_one_time_code() for _try in range(200)}
    assert len(codes) == 200
    assert all(re.fullmatch(rf"[{ALPHABET}]{{4}}(-[{ALPHABET}]{{4}}){{2}}", code) for code in codes)
    assert {sign for code in codes for sign in code} == {*ALPHABET, "-"}


@pytest.mark.parametrize(
    "typed",
    [
        "K7MX-2QPD-94T8",
        "k7mx2qpd94t8",
        " K7MX 2QPD 94T8\n",
        "K7MX–2QPD—94T8",
        "k7mx - 2qpd - 94tb",
        "K7MX-ZQPD-94TB",
        "Ｋ7MX-2QPD-94T8",
        "K7MX-\u200b2QPD\u00a094T8",
    ],
)
def test_a_code_is_recognised_however_it_is_typed(typed: str) -> None:
    assert normalise_code(typed) == "K7MX-2QPD-94T8"


def test_fresh_codes_are_already_normal() -> None:
    code = new_one_time_code()
    assert normalise_code(code) == code


@given(st.text(max_size=40))
def test_any_text_can_be_normalised_and_only_once(text: str) -> None:
    assert normalise_code(normalise_code(text)) == normalise_code(text)
