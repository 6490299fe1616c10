"""Recognises phone numbers as people in Germany write, disguise and spell them."""

import re
from typing import Final

from phonenumbers import Leniency, PhoneNumberMatcher

from nachbarschaft.notes.numberwords import NUMBER_WORDS

# Dates and times of day look like digits with separators too, so they go first. Chains of them are bounded:
# an endless one that ends wrongly would be tried anew from each of its links.
_EDGE, _END = r"(?<!\d)(?<!\d[./-])", r"(?![./-]?\d)"
_DATE = r"(?:\d{1,2}\.\s?\d{1,2}\.(?:\s?(?:20)?\d\d(?!\d))?|\d{1,2}[/-]\d{1,2}[/-](?:20)?\d\d|20\d\d-\d\d-\d\d)"
_TIME = r"(?:\d{1,2}[:.]\d\d(?:\s?(?:uhr|h))?)"
_MOMENTS: Final = tuple(
    re.compile(rf"{_EDGE}{moment}(?:\s?(?:-|/|bis|und)\s?{moment}){{0,4}}{_END}") for moment in (_DATE, _TIME)
)

_RUN: Final = re.compile(r"(?:\+\s?|\()?\d(?:[ \t./()_*|~·•-]{0,4}\d)*+")
_CALL: Final = re.compile(
    r"\btel|telefon|handy|mobil|phone|whats|\bsms|\bfax|festnetz|\b(?:an)?ruf|\bcall|\bnumara|\bara\b|arayin"
    r"|тел|дзвон|звон|номер|هاتف|تلفون|رقم|اتصل|جوال|موبايل|واتس"
)
_CALL_REACH: Final = 25
# German area code and number together have at least seven digits; nothing else in a note has nine in a row.
_WITH_PREFIX, _AFTER_CALL, _ANY = 7, 5, 9
_SPELLED, _SPELLED_WORDS = 6, 3

_TOKEN: Final = re.compile(r"[^\W\d_]++(?:['’][^\W\d_]++)?|\d")


def has_phone(flat: str) -> bool:
    """Say whether a folded text contains a phone number, in digits or in words."""
    timeless = _without_moments(flat)
    return _has_digits_of_a_phone(timeless) or _is_spelled_out(timeless) or _is_known_format(timeless)


def _without_moments(flat: str) -> str:
    for moments in _MOMENTS:
        flat = moments.sub("#", flat)
    return flat


def _has_digits_of_a_phone(flat: str) -> bool:
    for run in _RUN.finditer(flat):
        before = flat[max(0, run.start() - _CALL_REACH) : run.start()]
        if sum(sign.isdigit() for sign in run[0]) >= _enough_digits(run[0], before):
            return True
    return False


def _enough_digits(run: str, before: str) -> int:
    """Return how many digits make this run a phone number, by how it begins and what is said before it."""
    if _CALL.search(before):
        return _AFTER_CALL
    return _WITH_PREFIX if run.lstrip("( ").startswith(("+", "0")) else _ANY


def _is_spelled_out(flat: str) -> bool:
    """Find six number words or digits on end, three of them words: "null eins sieben sechs …"."""
    length = words = 0
    for token in _TOKEN.findall(flat):
        if token in NUMBER_WORDS:
            length, words = length + 1, words + 1
        elif token.isdigit():
            length += 1
        else:
            length = words = 0
        if length >= _SPELLED and words >= _SPELLED_WORDS:
            return True
    return False


def _is_known_format(flat: str) -> bool:
    return PhoneNumberMatcher(flat, "DE", leniency=Leniency.VALID).has_next()
