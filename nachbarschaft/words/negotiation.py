"""Reads from an ``Accept-Language`` header which of our languages to answer in."""

import re
from collections.abc import Collection, Iterator
from typing import Final

from nachbarschaft.words.catalogues import spoken
from nachbarschaft.words.languages import HOME, LANGUAGES, find

# Only languages with a catalogue: who wants Turkish, else English, should not get German for Turkish.
_READY: Final = tuple(language for language in LANGUAGES if spoken(language) == language)

_RANGE: Final = re.compile(r"\*|[a-z]{1,8}(?:-[a-z0-9]{1,8}){0,8}", re.ASCII)
# RFC 9110, section 12.4.2: between 0 and 1, at most three decimals.
_QUALITY: Final = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.ASCII)


def best_language(accept_language: str | None, default: str = HOME, *, available: Collection[str] = _READY) -> str:
    """Choose the available language an ``Accept-Language`` header prefers (RFC 9110, section 12.5.4).

    ``de-AT`` finds ``de``, ``*`` means the default, a quality of 0 refuses, and what cannot be read is passed
    over. Never raises: a reader whose wishes cannot be met gets the default.
    """
    wishes = list(_wishes(accept_language or ""))
    refused = {tag for tag, quality in wishes if quality == 0}
    liked = sorted((wish for wish in wishes if wish[1] > 0), key=lambda wish: -wish[1])
    for tag, _quality in liked:
        for language in _named(tag, default, available):
            if language.lower() not in refused:
                return language
    return default


def _named(tag: str, default: str, available: Collection[str]) -> Iterator[str]:
    if tag == "*":
        yield default
        yield from available
    elif language := find(tag, available):
        yield language


def _wishes(header: str) -> Iterator[tuple[str, float]]:
    """Yield each readable range of the header in lower case with its quality, in the order written."""
    for part in header.lower().split(","):
        tag, *parameters = (piece.strip() for piece in part.split(";"))
        quality = _quality_of(parameters)
        if quality is not None and _RANGE.fullmatch(tag):
            yield tag, quality


def _quality_of(parameters: list[str]) -> float | None:
    """Return the quality between 0 and 1, None for what RFC 9110 does not allow there."""
    if not parameters:
        return 1.0
    found = _QUALITY.fullmatch(parameters[0]) if len(parameters) == 1 else None
    return float(found[1]) if found else None
