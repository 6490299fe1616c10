"""The words of the API: every choice that apps meet has a label, and everybody learns whom to call."""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, get_args

import pytest
from sqlalchemy import delete

from models import Event, Quarter, QuarterCell, QuarterNeighbour, QuarterSettings
from models.data_map import Personal
from models.intake import Channel
from models.lifecycle import (
    AssignmentState,
    DeliveryState,
    EscalationReason,
    InvitationState,
    RequestState,
    Verification,
)
from nachbarschaft.categories import CATEGORIES, FIELDS_OF_ACTION, Requirement
from nachbarschaft.database import Trouble as DatabaseTrouble
from nachbarschaft.labels import LABELS, LANGUAGE_LABELS, OWN_NAMES
from nachbarschaft.mailserver import Tls
from nachbarschaft.matching.eligibility import Bar
from nachbarschaft.matching.waves import Topic
from nachbarschaft.notes.findings import Finding
from nachbarschaft.push import AddressKind
from nachbarschaft.queries.channels import KINDS
from nachbarschaft.sending import Outcome, Reason, Trouble
from nachbarschaft.words import LANGUAGES, say
from tests.api.document import document
from tests.api.raw import assert_problem
from tests.api.staff import coordinator, new_quarter, set_up
from tests.support.town import Reply, Town

GERMAN_AND_ENGLISH = ("de", "en")
SHOWN: dict[type[StrEnum], str] = {
    RequestState: "request_state",
    AssignmentState: "assignment_state",
    InvitationState: "invitation_state",
    EscalationReason: "escalation_reason",
    Verification: "verification",
    Channel: "channel",
    AddressKind: "device_kind",
}
NEVER_SHOWN: set[type[StrEnum]] = {
    DeliveryState,
    Personal,
    Bar,
    Finding,
    Outcome,
    Trouble,
    DatabaseTrouble,
    Reason,
    Tls,
    Topic,
}
PARTS = {
    *("languages", "enums", "categories", "fields_of_action", "emergency_number", "contact", "closures"),
    *("minimum_app_versions", "version"),
}


def read(town: Town, query: str = "", language: str = "de") -> Reply:
    reply = town.call("GET", f"/v1/meta{query}", Accept_Language=language)
    assert reply.status_code == 200, reply.text
    return reply


def choices_in(value: Any) -> Iterator[tuple[str, ...]]:
    """Every list of choices anywhere in the document."""
    if isinstance(value, dict):
        if isinstance(value.get("enum"), list):
            yield tuple(value["enum"])
        for inner in value.values():
            yield from choices_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from choices_in(inner)


# --- Labels -------------------------------------------------------------------------------------------------


def test_every_kind_of_state_is_shown_with_labels_or_is_known_to_be_never_shown() -> None:
    ours = {each for each in StrEnum.__subclasses__() if each.__module__.startswith(("models.", "nachbarschaft."))}

    assert set(SHOWN) | NEVER_SHOWN == ours, "say here whether apps see it; if so, label it in nachbarschaft/labels.py"


@pytest.mark.parametrize(("states", "name"), SHOWN.items(), ids=lambda value: getattr(value, "__name__", value))
def test_every_state_that_apps_see_has_a_label(states: type[StrEnum], name: str) -> None:
    assert list(LABELS[name]) == [state.value for state in states]


def test_every_choice_that_the_document_offers_has_a_label() -> None:
    """But for the word that mail programs send (RFC 8058) and the one in `?fits=me`, which nobody reads."""
    labelled = [set(labels) for labels in LABELS.values()] + [set(LANGUAGES), set(CATEGORIES)]
    offered = set(choices_in(document()["paths"])) | set(choices_in(document()["components"]["schemas"]))

    silent = {choices for choices in offered if not any(set(choices) <= known for known in labelled)}

    assert len(offered) >= 8
    assert silent == {("One-Click",), ("me",)}, "label these in nachbarschaft/labels.py"


def test_what_stands_in_the_code_without_being_a_state_is_labelled_too() -> None:
    assert set(LABELS["notification_kind"]) == set(KINDS)
    assert set(LABELS["category_requirement"]) == set(get_args(Requirement))
    assert list(LABELS["weekday"]) == [str(day) for day in range(7)]
    assert set(LANGUAGE_LABELS) == set(OWN_NAMES) == set(LANGUAGES)


def test_every_role_that_somebody_can_have_is_labelled(small_town: Town) -> None:
    boss = coordinator(small_town)
    boss.offer()
    small_town.change_person(boss, is_admin=True)

    assert set(boss.get("/v1/me").json["roles"]) == set(LABELS["role"])


def test_every_label_is_german_in_german_and_english_in_english_and_never_the_key() -> None:
    for labels in (*LABELS.values(), LANGUAGE_LABELS):
        for key, msgid in labels.items():
            german, english = (say(language, msgid) for language in GERMAN_AND_ENGLISH)
            assert len({german, english, key}) == 3, (key, german, english)
    for labels in LABELS.values():
        for language in GERMAN_AND_ENGLISH:
            said = [say(language, msgid) for msgid in labels.values()]
            assert len(set(said)) == len(said), said


def test_plain_german_is_never_called_what_it_is_not() -> None:
    texts = [say(language, LANGUAGE_LABELS["de-x-einfach"]) for language in LANGUAGES]

    assert not [text for text in (*texts, OWN_NAMES["de-x-einfach"]) if "leicht" in text.lower()]


# --- The document -------------------------------------------------------------------------------------------


def test_the_words_come_in_the_asked_language(small_town: Town) -> None:
    german, english = (read(small_town, language=language) for language in GERMAN_AND_ENGLISH)

    assert (german.headers["Content-Language"], english.headers["Content-Language"]) == GERMAN_AND_ENGLISH
    assert {"key": "no_show", "label": "Nicht gekommen"} in german.json["enums"]["assignment_state"]
    assert {"key": "no_show", "label": "Did not come"} in english.json["enums"]["assignment_state"]
    turkish = {"key": "tr", "own_name": "Türkçe", "dir": "ltr"}
    assert turkish | {"label": "Türkisch"} in german.json["languages"]
    assert turkish | {"label": "Turkish"} in english.json["languages"]
    assert german.json["categories"][0]["label"] == "Einkaufen"
    assert english.json["categories"][0]["label"] == "Shopping"


def test_everything_that_is_there_is_told_in_its_order(small_town: Town) -> None:
    found = read(small_town).json

    assert found.keys() == PARTS
    assert [each["key"] for each in found["languages"]] == list(LANGUAGES)
    assert [each["key"] for each in found["languages"] if each["dir"] == "rtl"] == ["ar"]
    assert {name: [each["key"] for each in words] for name, words in found["enums"].items()} == {
        name: list(labels) for name, labels in LABELS.items()
    }
    assert [each["key"] for each in found["categories"]] == list(CATEGORIES)
    assert [each["key"] for each in found["fields_of_action"]] == list(FIELDS_OF_ACTION)
    assert found["emergency_number"] == "112"
    assert found["minimum_app_versions"] == {"android": None, "ios": None, "web": None}
    assert found["version"].count(".") >= 1


def test_categories_say_what_they_require_and_what_they_are_not(small_town: Town) -> None:
    by_key = {each["key"]: each for each in read(small_town).json["categories"]}

    assert {key: each["requires"] for key, each in by_key.items()} == {
        key: each.requires for key, each in CATEGORIES.items()
    }
    assert any("tägliche" in sentence for sentence in by_key["childcare"]["exclusions"])
    assert by_key["garden"]["field_of_action"] in FIELDS_OF_ACTION
    assert all(each["description"].endswith(".") for each in by_key.values())


def test_what_is_known_already_is_not_sent_again_until_something_changes(small_town: Town) -> None:
    boss, tag = coordinator(small_town), read(small_town).headers["ETag"]
    headers = {"Accept_Language": "de", "If_None_Match": tag}
    assert small_town.call("GET", "/v1/meta", **headers).status_code == 304

    set_up(boss, contact={"phone": "02323 161234"})

    assert small_town.call("GET", "/v1/meta", **headers).status_code == 200
    assert not tag.startswith("W/")


@pytest.mark.parametrize("query", ["?quarter=nowhere", "?quarter=", "?quarter=Bad%20Slug", "?language=de"])
def test_a_quarter_or_a_parameter_that_is_not_known_is_refused(small_town: Town, query: str) -> None:
    refused = small_town.call("GET", f"/v1/meta{query}")

    assert_problem(refused, 422, "invalid")
    assert list(refused.json["errors"]) == [query[1:].partition("=")[0]]


# --- Contact and closures -----------------------------------------------------------------------------------


def test_everybody_learns_how_to_reach_each_quarters_office(town: Town) -> None:
    office = {"name": "Quartiersbüro", "phone": "+492323161234", "email": "b@example.org", "hours": "Mo bis Fr"}
    nothing = dict.fromkeys(office) | {"closed_until": None}
    set_up(coordinator(town), contact=office)

    ours = {"quarter": "blumenthal"} | office | {"closed_until": None}
    assert read(town, "?quarter=blumenthal").json["contact"] == [ours]
    assert read(town).json["contact"] == [
        ours,
        {"quarter": "forellquartier"} | nothing,
        {"quarter": "funkenbergquartier"} | nothing,
    ]


def test_closures_are_told_until_they_are_over_by_the_quarters_own_calendar(town: Town) -> None:
    holiday = {"from": "2026-06-12", "until": "2026-06-14", "reason": "Brückentag"}
    later = {"from": "2026-12-24", "until": "2027-01-01", "reason": None}
    past = {"from": "2026-05-01", "until": "2026-05-01", "reason": None}
    set_up(coordinator(town), closures=[later, past, holiday])
    mine = {"quarter": "blumenthal"}

    def told() -> tuple[list[dict[str, Any]], str | None]:
        found = read(town, "?quarter=blumenthal").json
        return found["closures"], found["contact"][0]["closed_until"]

    assert told() == ([mine | holiday, mine | later], None)
    town.clock.set(datetime(2026, 6, 11, 21, 59, 59, tzinfo=UTC))
    assert told() == ([mine | holiday, mine | later], None)
    town.clock.set(datetime(2026, 6, 11, 22, 0, tzinfo=UTC))
    assert told() == ([mine | holiday, mine | later], "2026-06-14")
    town.clock.set(datetime(2026, 6, 14, 21, 59, 59, tzinfo=UTC))
    assert told() == ([mine | holiday, mine | later], "2026-06-14")
    town.clock.set(datetime(2026, 6, 14, 22, 0, tzinfo=UTC))
    assert told() == ([mine | later], None)
    town.clock.set(datetime(2027, 1, 1, 22, 59, 59, tzinfo=UTC))
    assert told() == ([mine | later], "2027-01-01")
    town.clock.set(datetime(2027, 1, 1, 23, 0, tzinfo=UTC))
    assert told() == ([], None)


def test_where_it_is_still_yesterday_the_office_is_still_closed(small_town: Town) -> None:
    far = new_quarter(small_town, timezone="America/New_York")
    day = {"from": "2026-06-10", "until": "2026-06-10", "reason": None}
    set_up(coordinator(small_town), closures=[day])
    set_up(coordinator(small_town, far), far, closures=[day])
    small_town.clock.set(datetime(2026, 6, 11, 1, 0, tzinfo=UTC))

    found = read(small_town).json

    assert found["closures"] == [{"quarter": far} | day]
    assert {each["quarter"]: each["closed_until"] for each in found["contact"]} == {
        "blumenthal": None,
        "forellquartier": None,
        "funkenbergquartier": None,
        far: "2026-06-10",
    }


def test_closures_of_all_quarters_come_in_the_order_of_their_first_days(small_town: Town) -> None:
    first, second = ({"from": f"2026-07-0{day}", "until": "2026-07-20", "reason": None} for day in (1, 2))
    set_up(coordinator(small_town), closures=[second])
    set_up(coordinator(small_town, "forellquartier"), "forellquartier", closures=[first])

    assert read(small_town).json["closures"] == [
        {"quarter": "forellquartier"} | first,
        {"quarter": "blumenthal"} | second,
    ]
    assert read(small_town, "?quarter=forellquartier").json["closures"] == [{"quarter": "forellquartier"} | first]


def test_without_any_quarter_the_words_are_there_all_the_same(small_town: Town) -> None:
    with small_town.wiring.writing() as context:
        for table in (QuarterSettings, QuarterCell, QuarterNeighbour, Event, Quarter):
            context.session.execute(delete(table))

    found = read(small_town).json

    assert found["contact"] == found["closures"] == []
    assert found["categories"]
