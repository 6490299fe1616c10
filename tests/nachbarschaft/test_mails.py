"""What mails look like: two parts that say the same, in the right language and direction, and nothing else."""

import html
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from nachbarschaft.mails import CodeLetter, Entry, Notices, Written, write
from nachbarschaft.words import catalogues
from nachbarschaft.words.texts import INBOX_TEXTS

URL = "https://nachbarschaft.example/v1/mail/unsubscribe/token"
LINK = "nachbarschaft://asked/0b0a4f6e-0000-4000-8000-000000000001"
ARABIC = {"Can you help?": "هل يمكنك المساعدة؟", "Hello,": "مرحبًا،"}
CODE = "K7MX-2QPD-94TA"


def asked(language: str) -> Written:
    text = INBOX_TEXTS["asked"]
    return write(Notices(language, (Entry(text.title, text.body, LINK, is_question=True),), URL))


@pytest.fixture
def arabic(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A catalogue of two sentences, as a translator begins it."""
    catalog = Catalog(locale="ar")
    for msgid, text in ARABIC.items():
        catalog.add(msgid, text)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    original = catalogues._catalogue
    monkeypatch.setattr(catalogues, "_catalogue", lambda tag: compiled.getvalue() if tag == "ar" else original(tag))
    catalogues._translations.cache_clear()
    yield
    catalogues._translations.cache_clear()


class Reader(HTMLParser):
    """Reads a page as a screen reader does: its words, what it refers to, and whether every tag is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "br"}:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "background", "action"}]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data.split()


def test_both_parts_say_the_same() -> None:
    for language in ("de", "en"):
        mail = asked(language)
        page = Reader(mail.html)

        missing = set(mail.text.split()) - set(page.words) - {LINK, URL, "--"}
        assert {word.removesuffix(":") for word in missing} - set(page.words) == set(), language
        assert page.links == [LINK, URL]
        assert page.open == []


def test_german_and_english_mails_say_which_language_they_are_in() -> None:
    assert [(asked(tag).language, asked(tag).subject) for tag in ("de", "en")] == [
        ("de", "Können Sie helfen?"),
        ("en", "Can you help?"),
    ]
    assert '<html lang="de" dir="ltr">' in asked("de").html
    assert "Guten Tag," in asked("de").text
    assert "You say yes or no in the Nachbarschaft app." in asked("en").text


@pytest.mark.usefixtures("arabic")
def test_arabic_mails_run_from_right_to_left() -> None:
    mail = asked("ar")

    assert (mail.language, mail.subject) == ("ar", ARABIC["Can you help?"])
    assert '<html lang="ar" dir="rtl">' in mail.html
    assert ARABIC["Hello,"] in mail.text
    assert "Ja oder Nein" in mail.text, "what nobody has translated yet comes in German"
    code = write(CodeLetter("ar", CODE))
    assert f'<p class="code" dir="ltr">{CODE}</p>' in code.html


def test_a_mail_loads_nothing_and_counts_no_reader() -> None:
    page = asked("de").html

    assert not re.findall(r"<(?:img|script|link|iframe|form|object)|url\(|@import", page)
    assert "prefers-color-scheme: dark" in page


def test_whatever_stands_in_a_mail_stays_text() -> None:
    rude = "<b>&amp;</b>"
    mail = write(Notices("en", (Entry(rude, rude, 'x" onclick="y'),), URL))

    assert rude in mail.text
    assert html.escape(rude) in mail.html
    assert rude not in mail.html
    assert 'onclick="y' not in mail.html


@pytest.mark.parametrize("confirms", [True, False])
def test_a_code_says_for_how_long_and_what_if_it_was_somebody_else(*, confirms: bool) -> None:
    mail = write(CodeLetter("de", CODE, confirms_address=confirms))

    assert CODE in mail.text
    assert CODE in mail.html
    assert "eine Stunde" in mail.text
    assert "Waren Sie das nicht?" in mail.text
    assert ("E-Mail-Adresse ab jetzt" in mail.text) == confirms
    assert CODE not in mail.subject + repr(mail)
    assert "E-Mails mehr" not in mail.text


def test_several_notices_have_one_subject_that_tells_nothing() -> None:
    text = INBOX_TEXTS["asked"]
    entry = Entry(text.title, text.body, LINK, is_question=True)
    mail = write(Notices("de", (entry, entry), URL, is_digest=True))

    assert mail.subject == "Neues aus Ihrer Nachbarschaftshilfe"
    assert mail.text.count(LINK) == mail.html.count(LINK) == 2
