"""Which languages the product knows, and which one stands in for another."""

from collections.abc import Collection
from typing import Final, Literal

SOURCE: Final = "en"
"""The language of the sentences in the code; it needs no catalogue."""

HOME: Final = "de"
"""What everyone in the quarter meets every day, so it stands in for a language without a catalogue."""

LANGUAGES: Final = ("de", "de-x-einfach", "tr", "ar", "uk", "en", "ru", "pl", "ro")
"""BCP 47 tags in the spelling of the contract."""

_RIGHT_TO_LEFT: Final = frozenset({"ar"})


def find(tag: str, among: Collection[str] = LANGUAGES) -> str | None:
    """Return the language that a BCP 47 tag in any case names or narrows (``DE-at`` → ``de``), else None.

    The tag loses its last part until it fits, as in RFC 4647, section 3.4.
    """
    spelling = {language.lower(): language for language in among}
    subtags = tag.lower().split("-")
    while subtags:
        language = spelling.get("-".join(subtags))
        if language is not None:
            return language
        subtags.pop()
    return None


def chain(language: str) -> tuple[str, ...]:
    """Return the languages to look a sentence up in, best first; the source language closes every chain."""
    found = find(language) or HOME
    if found == SOURCE:
        return (SOURCE,)
    return (found, SOURCE) if found == HOME else (found, HOME, SOURCE)


def direction(language: str) -> Literal["ltr", "rtl"]:
    """Return the writing direction of a language, as HTML's ``dir`` wants it."""
    return "rtl" if language.lower().partition("-")[0] in _RIGHT_TO_LEFT else "ltr"
