"""Makes texts that look alike be alike, so that each rule is written once and disguises do not help."""

import unicodedata
from typing import Final

_SIGNS: Final = {"\u2212": "-", "\u00a0": " "}


def plain(text: str) -> str:
    """Return the text with ASCII digits and dashes, without invisible signs; letters and case stay."""
    return "".join(_plain_sign(sign) for sign in unicodedata.normalize("NFKC", text))


def folded(text: str) -> str:
    """Return the text in lower case without accents: ``Straße`` → ``strasse``, ``Fünf`` → ``funf``."""
    letters = unicodedata.normalize("NFKD", text)
    bare = "".join(sign for sign in letters if unicodedata.category(sign) != "Mn")
    return bare.casefold().replace("ı", "i")


def _plain_sign(sign: str) -> str:
    if sign.isascii():
        return sign
    match unicodedata.category(sign):
        case "Nd":
            return str(unicodedata.decimal(sign))
        case "Pd":
            return "-"
        case "Cf":
            return ""
        case _:
            return _SIGNS.get(sign, sign)
