"""Recognises street addresses: a street and a number, or a postcode and a town."""

import re
from typing import Final

from nachbarschaft.notes import streetwords as words
from nachbarschaft.notes.folding import folded

_NUMBER = r"(\d{1,4}(?!\d)(?:\s?(?:[-/+]|bis|oder|und)\s?\d{1,4}(?!\d))?)(?![.,:]\d)"
_NR = r"(?:(?:[Hh]aus)?(?:[Nn]r|[Nn]ummer|[Nn]o|[Nn]um)\.?:?\s{0,2})?"
_NAMED: Final = re.compile(rf"(?<![\w-])([^\W\d_]++(?:-[^\W\d_]++)*+)(\.?)(?:,(?= ?[Nn]))?\s{{0,2}}{_NR}{_NUMBER}")
_PREPOSITION: Final = re.compile(
    r"(?:\b(?:[Aa]n|[Aa]uf|[Ii]n|[Uu]nter|[Hh]inter|[Vv]or) (?:der|dem|den) "
    r"|(?<!\bI )\b(?:[Aa]m|[Ii]m|[Zz]u[mr]) )"
    r"(?:[A-ZÄÖÜ]\w{2,20}e[nr]? )?$"
)
_ADJECTIVE: Final = re.compile(r"\b[A-ZÄÖÜ]\w{2,20}(?:e|er|en|es) $")
_COUNTED: Final = re.compile(r" (?!bitte )(?:[a-zäöü]\w*e[nrs]? )?[A-ZÄÖÜ]")
_POSTCODE: Final = re.compile(r"(?<![\d.,+-])(?:D-)?(\d{3}(?!00)\d\d)\s{1,2}([^\W\d_]{3,})")
_REACH: Final = 50


def has_street_address(readable: str) -> bool:
    """Say whether a plain text, its case kept, contains a street with a number or a postcode with a town."""
    return (
        any(_is_address(found) for found in _NAMED.finditer(readable))
        or any(_is_town(found) for found in _POSTCODE.finditer(readable))
        or any(not words.UNIT.match(found.string, found.end()) for found in words.PHRASE.finditer(folded(readable)))
    )


def _is_address(found: re.Match[str]) -> bool:
    """Judge one word before a number by its ending, by what leads to it and by what is counted after it."""
    street, dot = folded(found[1]), found[2]
    before = found.string[max(0, found.start() - _REACH) : found.start()]
    after = found.string[found.end() : found.end() + _REACH]
    if dot and not street.endswith(words.ABBREVIATED):
        return False
    if street.endswith(words.STRONG):
        return not words.UNIT.match(folded(after))
    if words.UNIT.match(folded(after)) or words.SHORT_UNIT.match(folded(after)):
        return False
    return _is_named_street(street, before) or (_is_at_a_place(found[1], before) and not _COUNTED.match(after))


def _is_named_street(street: str, before: str) -> bool:
    """Find "Goetheplatz" and "Grüner Weg", but neither "Parkplatz" nor "auf dem Weg"."""
    if street in words.WEAK:
        return _ADJECTIVE.search(before) is not None
    return street.endswith(words.WEAK) and not street.endswith(words.HARMLESS_COMPOUNDS)


def _is_at_a_place(name: str, before: str) -> bool:
    """Find "An der Kreuzkirche" and "am Markt", but neither "am Montag" nor "im Bus"."""
    place = folded(name)
    if place in words.HARMLESS_PLACES or place.endswith(words.HARMLESS_ENDINGS):
        return False
    is_noun = name[0].isupper() or place.endswith(words.PLACES)
    return is_noun and _PREPOSITION.search(before) is not None


def _is_town(found: re.Match[str]) -> bool:
    """Find "44623 Herne", but neither "12345 Schritte" nor "Code 12345"."""
    before = folded(found.string[max(0, found.start() - _REACH) : found.start()])
    return (
        not found[2][0].islower() and not words.UNIT.match(" " + folded(found[2])) and not words.NUMBERED.search(before)
    )
