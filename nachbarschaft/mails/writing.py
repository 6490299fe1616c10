"""Writes a mail in the reader's language: the subject, the text, and the same as HTML."""

from dataclasses import dataclass, field

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from nachbarschaft.words import direction, say, spoken
from nachbarschaft.words import mark as _

_TEMPLATES = Environment(
    loader=PackageLoader("nachbarschaft.mails", "."),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One notice: sentences of the catalogue, what its reader can do, and where the app shows it."""

    title: str
    body: str
    link: str
    is_question: bool = False


@dataclass(frozen=True, slots=True)
class Notices:
    """One notice, or several that could wait for the daily mail."""

    language: str
    entries: tuple[Entry, ...]
    unsubscribe_url: str = field(repr=False)
    is_digest: bool = False


@dataclass(frozen=True, slots=True)
class CodeLetter:
    """A code; `confirms_address` says that it is for a new e-mail address and not for a new password alone."""

    language: str
    code: str = field(repr=False)
    confirms_address: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """A mail as it is read; `language` is the one that it is really written in."""

    language: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


def write(letter: Notices | CodeLetter) -> Written:
    """The mail. Its sentences fall back along the reader's chain of languages."""
    language = spoken(letter.language)
    values = _notices(letter) if isinstance(letter, Notices) else _code(letter)
    said = {
        "language": language,
        "direction": direction(language),
        "greeting": say(language, _("Hello,")),
        "machine": say(language, _("A computer has written this mail. Please do not answer it.")),
        **values,
    }
    text, html = (_TEMPLATES.get_template(f"letter.{kind}").render(said) for kind in ("txt", "html"))
    return Written(language, str(said["subject"]), text, html)


def _notices(letter: Notices) -> dict[str, object]:
    language, is_one = letter.language, len(letter.entries) == 1
    together = say(language, _("News from your neighbourhood help"))
    return {
        "subject": say(language, letter.entries[0].title) if is_one else together,
        "before": [say(language, _("this could wait, so here is all of it together:"))] if letter.is_digest else [],
        "code": None,
        "entries": [
            {
                "title": say(language, entry.title),
                "body": say(language, entry.body),
                "how": say(language, _HOW_TO_ANSWER if entry.is_question else _HOW_TO_SEE),
                "link": entry.link,
            }
            for entry in letter.entries
        ],
        "after": [],
        "open": say(language, _("Open the app")),
        "why": say(language, _("You get mails because you chose them, or because no phone of yours can be reached.")),
        "stop": say(language, _("No more mails")),
        "unsubscribe_url": letter.unsubscribe_url,
    }


_HOW_TO_ANSWER = _("You say yes or no in the Nachbarschaft app.")
_HOW_TO_SEE = _("The Nachbarschaft app tells you more.")


def _code(letter: CodeLetter) -> dict[str, object]:
    language = letter.language
    asked = _FOR_ADDRESS if letter.confirms_address else _FOR_PASSWORD
    return {
        "subject": say(language, _("Your code for Nachbarschaft")),
        "before": [say(language, asked)],
        "code": letter.code,
        "entries": [],
        "after": [
            say(language, _("The code works once, and for one hour.")),
            say(language, _("Was it not you? Then please do nothing: without the code nothing changes.")),
        ],
        "unsubscribe_url": None,
    }


_FOR_PASSWORD = _(
    "somebody asked for a new password with this e-mail address. Was it you? Then please enter this code in the "
    "app, and choose a password:"
)
_FOR_ADDRESS = _(
    "somebody wants to use this e-mail address for Nachbarschaft from now on. Was it you? Then please enter this "
    "code in the app, with a password:"
)
