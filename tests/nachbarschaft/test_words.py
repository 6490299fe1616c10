"""Words: every sentence is translated with its places, and every reader gets a language they can read."""

import ast
import re
from collections.abc import Iterator
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from nachbarschaft import words
from nachbarschaft.words.extract import FOLDERS, ROOT, extract
from nachbarschaft.words.languages import chain
from nachbarschaft.words.texts import INBOX_TEXTS, PUSH_TEXTS
from nachbarschaft.words.update import main, merge, missing

GERMAN_FILE = files("nachbarschaft.words") / "de" / "LC_MESSAGES" / "messages.po"
KINDS = {"asked", "request_changed", "task_changed", "message", "account", "news"}
TOPICS = {
    "asked": "asked",
    "asked_standby": "asked",
    "settled": "asked",
    "accepted": "request_changed",
    "filled": "request_changed",
    "filled_with_fewer": "request_changed",
    "helper_withdrew": "request_changed",
    "helper_done": "request_changed",
    "expiry_warning": "request_changed",
    "expired": "request_changed",
    "called_off": "request_changed",
    "help_missing": "request_changed",
    "request_done": "task_changed",
    "request_cancelled": "task_changed",
    "request_edited": "task_changed",
    "released": "task_changed",
    "task_confirmed": "task_changed",
    "reopened": "task_changed",
    "asked_again": "asked",
    "undone": "request_changed",
    "did_it_happen": "request_changed",
    "assumed_done": "request_changed",
    "reminder_day": "task_changed",
    "reminder_hours": "task_changed",
    "reminder_unconfirmed": "task_changed",
    "is_it_done": "task_changed",
    "task_assumed_done": "task_changed",
    "code_by_mail": "account",
    "new_email_code": "account",
    "new_email_asked": "account",
}


def forms(text: str | list[str] | tuple[str, ...] | None) -> list[str]:
    return [text or ""] if text is None or isinstance(text, str) else list(text)


def places(text: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None}


def marked_calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "mark"):
            yield node


@pytest.fixture(scope="module")
def german() -> Catalog:
    return read_po(BytesIO(GERMAN_FILE.read_bytes()), locale="de")


@pytest.fixture(scope="module")
def template() -> Catalog:
    return extract()


def test_every_sentence_of_the_code_speaks_german(template: Catalog, german: Catalog) -> None:
    sentences = [forms(message.id)[0] for message in template if message.id]
    untranslated = set(missing(GERMAN_FILE.read_bytes()))
    silent = [text for text in sentences if german.get(text) is None or text in untranslated]
    assert not silent, "run python -m nachbarschaft.words.update and translate these"


def test_no_translation_outlives_its_sentence(template: Catalog, german: Catalog) -> None:
    assert not german.obsolete
    assert {str(entry.id) for entry in german} <= {str(entry.id) for entry in template}


def test_a_translation_has_the_places_of_its_sentence(german: Catalog) -> None:
    for entry in german:
        if entry.id and all(forms(entry.string)):
            wanted = set().union(*map(places, forms(entry.id)))
            assert places(forms(entry.string)[-1]) == wanted, entry.id
            assert all(places(form) <= wanted for form in forms(entry.string)), entry.id


def test_the_german_catalogue_says_sie(german: Catalog) -> None:
    said = " ".join(form for entry in german if entry.id for form in forms(entry.string))
    assert not re.findall(r"\b(?:du|dir|dich|dein\w*)\b", said, re.IGNORECASE)


def test_the_catalogue_carries_no_guesses_no_dates_and_no_places_in_files() -> None:
    text = GERMAN_FILE.read_text(encoding="utf-8")
    assert not re.search(r"^#(?!, python)|fuzzy|Date:|Generated-By", text, re.MULTILINE)


def test_only_plain_sentences_are_marked() -> None:
    for folder in FOLDERS:
        for file in (ROOT / folder).rglob("*.py"):
            for call in marked_calls(ast.parse(file.read_text(encoding="utf-8"))):
                plain = [isinstance(a, ast.Constant) and isinstance(a.value, str) for a in call.args]
                assert plain == [True], f"{file.relative_to(ROOT)}:{call.lineno} cannot be extracted"


def test_extraction_sees_marks_and_direct_calls_but_no_other_strings(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "door.py").write_text(
        '_("One."); mark("Two "\n "lines."); say(language, "Three.")\n'
        'say_many(language, "{count} day", "{count} days", n); other("Never.")\n'
    )
    found = {str(message.id) for message in extract(tmp_path) if message.id}
    assert found == {"One.", "Two lines.", "Three.", "('{count} day', '{count} days')"}


def test_merging_adds_drops_and_keeps_and_is_stable() -> None:
    template = Catalog(charset="utf-8")
    for msgid in ("Kept.", "New.", ("{count} day", "{count} days")):
        template.add(msgid)
    old = b'msgid "Kept."\nmsgstr "Behalten."\n\nmsgid "Dropped."\nmsgstr "Weg."\n'
    merged = merge(old, template, "de")
    assert b"Behalten." in merged
    assert b"Dropped" not in merged
    assert missing(merged) == ["New.", "{count} day"]
    assert merge(merged, template, "de") == merged


def test_the_update_command_says_what_waits_for_a_translator(tmp_path: Path) -> None:
    file = tmp_path / "de" / "LC_MESSAGES" / "messages.po"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"")
    result = CliRunner().invoke(main, ["--catalogues", str(tmp_path)])
    assert result.exit_code == 0
    assert "  Can you help?\n" in result.output
    assert b'msgid "Can you help?"\nmsgstr ""\n' in file.read_bytes()


@pytest.mark.parametrize("language", ["de", "DE-AT", "de-x-einfach", "tr", "ar", "uk", "ru", "pl", "ro", "xx", ""])
def test_readers_without_a_catalogue_of_their_own_get_german(language: str) -> None:
    assert words.say(language, "Can you help?") == "Können Sie helfen?"
    assert words.spoken(language) == "de"


@pytest.mark.parametrize("language", ["en", "EN", "en-GB"])
def test_english_is_the_sentence_itself(language: str) -> None:
    assert words.say(language, "Can you help?") == "Can you help?"
    assert words.spoken(language) == "en"


def test_chains_lead_through_german_to_the_source() -> None:
    assert chain("de-x-einfach") == ("de-x-einfach", "de", "en")
    assert chain("tr") == ("tr", "de", "en")
    assert chain("de") == ("de", "en")
    assert chain("en") == ("en",)


def test_named_places_are_filled_in_and_a_forgotten_one_is_an_error() -> None:
    assert words.say("en", "At most {limit}.", limit=5) == "At most 5."
    with pytest.raises(KeyError, match="limit"):
        words.say("en", "At most {limit}.")


def test_an_empty_sentence_stays_empty() -> None:
    assert words.say("de", "") == ""


@pytest.mark.parametrize(("n", "said"), [(0, "0 days"), (1, "1 day"), (2, "2 days")])
def test_numbers_choose_their_form(n: int, said: str) -> None:
    assert words.say_many("en", "{count} day", "{count} days", n) == said


def test_the_count_can_be_said_in_words() -> None:
    assert words.say_many("en", "{count} day", "{count} days", 2, count="two") == "two days"


def test_a_mark_changes_nothing() -> None:
    assert words.mark("Ça va, {name}?") == "Ça va, {name}?"


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        (None, "de"),
        ("", "de"),
        ("en", "en"),
        ("EN-us", "en"),
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("en-GB, de;q=0.7", "en"),
        ("de;q=0.5, en;q=0.7", "en"),
        ("de;q=0.5 , en ; q=0.51", "en"),
        ("de;q=0, *", "en"),
        ("*", "de"),
        ("*;q=0", "de"),
        ("*;q=0.1, en;q=0.2", "en"),
        ("fr, en;q=0.3", "en"),
        ("fr", "de"),
        ("tr, en;q=0.9, de;q=0.8", "en"),  # no Turkish catalogue yet: the second wish counts
        ("de-x-einfach, en", "de"),
        ("en;q=2, de", "de"),
        ("en;q=abc", "de"),
        ("en;level=1", "de"),
        (";;;,,,q=1", "de"),
        ("en;q=0.1234", "de"),
        ("<script>,en", "en"),
    ],
)
def test_the_best_language_follows_the_wishes(header: str | None, chosen: str) -> None:
    assert words.best_language(header) == chosen


def test_equal_wishes_go_by_the_order_written() -> None:
    assert words.best_language("ar, tr", available=("tr", "ar")) == "ar"
    assert words.best_language("DE-X-EINFACH", available=words.LANGUAGES) == "de-x-einfach"


def test_the_default_is_the_callers() -> None:
    assert words.best_language("fr", default="en") == "en"


@given(st.text(alphabet=st.sampled_from("dentrx-;,q=.019* ٣é\t"), max_size=60))
def test_no_header_breaks_the_choice(header: str) -> None:
    assert words.best_language(header) in words.LANGUAGES


def test_arabic_runs_from_right_to_left() -> None:
    assert {language for language in words.LANGUAGES if words.direction(language) == "rtl"} == {"ar"}
    assert words.direction("AR-sy") == "rtl"


def test_every_kind_of_push_has_its_own_neutral_sentence() -> None:
    assert set(PUSH_TEXTS) == KINDS
    assert {text.title for text in PUSH_TEXTS.values()} == {"Nachbarschaft"}
    assert len({words.say("de", text.body) for text in PUSH_TEXTS.values()}) == len(KINDS)


def test_pushes_say_neither_who_helps_nor_with_what() -> None:
    telling = re.compile(r"request|task|help(?:er|s|ed)|done|cancel", re.IGNORECASE)
    assert not [text.body for text in PUSH_TEXTS.values() if telling.search(text.body)]


def test_every_topic_of_the_inbox_has_its_kind() -> None:
    assert {topic: text.kind for topic, text in INBOX_TEXTS.items()} == TOPICS


def test_notices_have_no_places_for_names() -> None:
    for text in (*PUSH_TEXTS.values(), *INBOX_TEXTS.values()):
        assert not places(text.title) | places(text.body)
