"""Takes in what people type, and refuses what no screen shows and no database stores."""

import unicodedata
from typing import Final

from nachbarschaft.words.marking import mark as _

_LAYOUT: Final = frozenset("\n\t")
# Control characters (NUL among them) and lone surrogates: PostgreSQL refuses the first, UTF-8 the second.
_UNREADABLE: Final = frozenset({"Cc", "Cs"})


def clean_text(text: str) -> str:
    """Return the text composed (Unicode's NFC), without blanks around it, its lines ended by newlines.

    Raises ValueError, with a marked sentence, for control characters other than newline and tab and for lone
    surrogates.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    if any(_is_unreadable(sign) for sign in lines):
        raise ValueError(_("This text contains characters that cannot be shown."))
    return unicodedata.normalize("NFC", lines).strip()


def _is_unreadable(sign: str) -> bool:
    return unicodedata.category(sign) in _UNREADABLE and sign not in _LAYOUT
