"""Says a sentence of the code in a reader's language, straight from the translators' files."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from nachbarschaft.words.languages import SOURCE, chain
from nachbarschaft.words.marking import Sentence


def say(language: str, msgid: str, /, **params: object) -> str:
    """Return the sentence in the language, its named places such as ``{name}`` filled in.

    A sentence without a translation falls back along `languages.chain`. Raises KeyError when a place has no
    parameter. The msgid must come from the code, never from a person: it is a format string. A `Sentence` brings
    parameters of its own.
    """
    text = _translations(language).gettext(msgid) if msgid else ""  # gettext answers "" with its own header
    return text.format(**(msgid.params if isinstance(msgid, Sentence) else {}), **params)


def say_many(language: str, singular: str, plural: str, n: int, /, **params: object) -> str:
    """Return the form of the sentence that fits n; ``{count}`` is n unless a parameter says otherwise."""
    text = _translations(language).ngettext(singular, plural, n)
    return text.format(**{"count": n} | params)


def spoken(language: str) -> str:
    """Return the language that sentences really come in: the first of the chain that has a catalogue.

    For ``Content-Language`` and HTML's ``lang``, which must not promise Turkish over German text.
    """
    return next(tag for tag in chain(language) if tag == SOURCE or _catalogue(tag) is not None)


@cache
def _translations(language: str) -> NullTranslations:
    """Return the catalogues of the chain as one, each falling back to the next and at last to the msgid."""
    catalogues = [_catalogue(tag) for tag in chain(language) if tag != SOURCE]
    return _linked([catalogue for catalogue in catalogues if catalogue is not None])


def _linked(catalogues: list[bytes]) -> NullTranslations:
    if not catalogues:
        return NullTranslations()
    first = GNUTranslations(BytesIO(catalogues[0]))
    first.add_fallback(_linked(catalogues[1:]))
    return first


@cache
def _catalogue(tag: str) -> bytes | None:
    """Return the compiled catalogue, None where nobody has translated yet. Fuzzy entries are left out."""
    file = files(__package__) / tag / "LC_MESSAGES" / "messages.po"
    if not file.is_file():
        return None
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(file.read_bytes())))
    return compiled.getvalue()
