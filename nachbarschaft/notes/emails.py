"""Recognises e-mail addresses, also where ``@`` and dot are written in words."""

import re
from typing import Final

_OPEN, _CLOSE = r"[(\[{<]\s{0,2}", r"\s{0,2}[)\]}>]"
_AT = rf"(?:\s{{0,3}}(?:@|{_OPEN}(?:@|at|aet|a){_CLOSE})\s{{0,3}})"
_AT_IN_WORDS = r"(?:\s{1,3}(?:at|aet|klammeraffe|arroba|собака|собачка|кучук|ет)\s{1,3})"
_DOT_IN_WORDS = (
    rf"(?:\s{{0,3}}{_OPEN}(?:\.|dot|punkt|nokta){_CLOSE}\s{{0,3}}"
    r"|\s{1,3}(?:dot|punkt|nokta|kropka|punct|точка|крапка|نقطة)\s{1,3})"
)
_DOMAIN = r"\w[\w-]{0,62}"
_PROVIDERS = r"(?:gmail|googlemail|gmx|web|outlook|hotmail|yahoo|icloud|t-online|freenet|posteo|mailbox|ukr)\b"
_TOP_LEVEL = r"(?:de|com|net|org|eu|info|at|ch|io|me|ua|ru|pl|ro|tr|fr|uk|nl|online|ruhr|nrw)\b"

# Each starts at one letter and looks ahead a bounded way: the time stays in proportion to the text.
_EMAIL: Final = re.compile(
    rf"\w{_AT}(?:{_DOMAIN}(?:\.|{_DOT_IN_WORDS})[^\W\d_]{{2}}|{_PROVIDERS})"
    rf"|\w{_AT_IN_WORDS}{_DOMAIN}(?:\.{_TOP_LEVEL}|{_DOT_IN_WORDS}[^\W\d_]{{2}})"
)


def has_email(flat: str) -> bool:
    """Say whether a folded text contains an e-mail address."""
    return _EMAIL.search(flat) is not None
