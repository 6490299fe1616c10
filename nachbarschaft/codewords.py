"""Words that prove two people belong together: said aloud at the door, or typed from a letter."""

import secrets
import unicodedata
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Final


def _words() -> tuple[str, ...]:
    text = (files("nachbarschaft") / "codewords.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


ADJECTIVES: Final = tuple(word.capitalize() for word in _words() if word[0].islower())
NOUNS: Final = tuple(word for word in _words() if word[0].isupper())
NUMBERS: Final = tuple(str(number) for number in range(10, 100))

ALPHABET: Final = "23456789ACDEFGHJKMNPQRTVWXY"
"""No 0 O 1 I L, no U beside V, and of the pairs B8, S5 and Z2 only the digit: 27 signs, 57 bits in twelve."""

_LENGTH: Final = 12
_GROUP: Final = 4
_MISREAD: Final = str.maketrans("BSZ", "852")


def new_code_word(choice: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """Return a code word such as "Blaue Tulpe 47", from more than a million (20 bits).

    Enough where every try is a person at a door who sees somebody's face, too little for a password.
    """
    return f"{choice(ADJECTIVES)} {choice(NOUNS)} {choice(NUMBERS)}"


def new_one_time_code() -> str:
    """Return a fresh code such as ``K7MX-2QPD-94TA`` with 57 bits, for letters and operators."""
    return _grouped("".join(secrets.choice(ALPHABET) for _position in range(_LENGTH)))


def normalise_code(text: str) -> str:
    """Return what somebody typed the way `new_one_time_code` writes it, so that the two can be compared.

    Case, spaces and dashes do not matter, nor does a B, S or Z read for 8, 5 or 2. Any text is taken; whether
    it is a code that exists is the caller's question.
    """
    signs = unicodedata.normalize("NFKC", text).upper().translate(_MISREAD)
    return _grouped("".join(sign for sign in signs if sign.isascii() and sign.isalnum()))


def _grouped(signs: str) -> str:
    return "-".join(signs[start : start + _GROUP] for start in range(0, len(signs), _GROUP))
