"""A quarter's settings: who may change them, what goes together, and that they really change who is asked."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select

from models import HelpRequest, Invitation
from nachbarschaft.demo import load_quarters
from nachbarschaft.matching.policy import DEFAULT_POLICY, TUNABLE
from tests.api.raw import assert_problem
from tests.api.staff import coordinator, events, new_quarter, set_up, settings_path, try_to_set
from tests.support.town import Neighbour, Town

CHRISTMAS = {"from": "2026-12-24", "until": "2027-01-01", "reason": "Betriebsferien"}
OFFICE = {
    "name": "Quartiersbüro Blumenthal",
    "phone": "02323 16-1234",
    "email": "blumenthal@example.org",
    "hours": "Mo bis Fr, 9 bis 12 Uhr",
}
PATH = settings_path("blumenthal")


def asked_for(town: Town, request: dict[str, Any]) -> set[UUID]:
    with town.wiring.reading() as context:
        query = select(Invitation.person_id).where(
            Invitation.request_id == UUID(request["id"]), Invitation.asked_at.is_not(None)
        )
        return set(context.session.scalars(query))


def pause_after(town: Town, request: dict[str, Any]) -> timedelta:
    """How long the next wave waits."""
    with town.wiring.reading() as context:
        planned = context.session.get_one(HelpRequest, UUID(request["id"])).next_wave_at
    assert planned is not None
    return planned - town.clock.now()


# --- Reading and changing -----------------------------------------------------------------------------------


def test_a_quarter_in_which_nobody_has_decided_anything_has_the_defaults(small_town: Town) -> None:
    quarter = new_quarter(small_town)
    boss = coordinator(small_town, quarter)

    assert boss.get(settings_path(quarter)).json == {
        "quarter": quarter,
        "dispatch": {name: getattr(DEFAULT_POLICY, name) for name in TUNABLE},
        "changed": [],
        "confirm_first_tasks": 3,
        "closures": [],
        "contact": None,
        "updated_at": None,
    }


def test_what_is_changed_holds_and_the_rest_stays(town: Town) -> None:
    boss = coordinator(town)
    before = boss.get(PATH).json

    first = set_up(boss, dispatch={"wave": 7, "reach_km": 0.75}, contact=OFFICE)
    town.clock.forward(minutes=1)
    second = set_up(boss, dispatch={"wave_urgent": 9}, closures=[CHRISTMAS], confirm_first_tasks=5)

    assert first["updated_at"] != second["updated_at"] == town.in_hours(0)
    assert (
        second
        == boss.get(PATH).json
        == before
        | {
            "dispatch": before["dispatch"] | {"wave": 7, "reach_km": 0.75, "wave_urgent": 9},
            "changed": ["wave", "wave_urgent", "reach_km"],
            "confirm_first_tasks": 5,
            "closures": [CHRISTMAS],
            "contact": OFFICE | {"phone": "+492323161234"},
            "updated_at": town.in_hours(0),
        }
    )


def test_null_puts_a_default_back_and_takes_the_contact_away(town: Town) -> None:
    boss = coordinator(town)
    set_up(boss, dispatch={"wave": 7, "interval_longest_minutes": 90}, contact=OFFICE)

    after = set_up(boss, dispatch={"wave": None}, contact=None)

    assert after["dispatch"]["wave"] == DEFAULT_POLICY.wave
    assert after["dispatch"]["interval_longest_minutes"] == 90
    assert after["changed"] == ["interval_longest_minutes"]
    assert after["contact"] is None


def test_a_new_contact_and_new_closures_replace_the_old_ones(town: Town) -> None:
    boss = coordinator(town)
    set_up(boss, contact=OFFICE, closures=[CHRISTMAS, {"from": "2026-07-01", "until": "2026-07-01"}])

    after = set_up(boss, contact={"phone": "+49 2323 9990"}, closures=[{"from": "2026-08-01", "until": "2026-08-14"}])

    assert after["contact"] == {"name": None, "phone": "+4923239990", "email": None, "hours": None}
    assert after["closures"] == [{"from": "2026-08-01", "until": "2026-08-14", "reason": None}]
    assert set_up(boss, closures=[])["closures"] == []


def test_closures_are_told_in_order_and_may_touch(small_town: Town) -> None:
    days = [
        {"from": "2027-01-02", "until": "2027-01-06", "reason": "Inventur"},
        CHRISTMAS,
        {"from": "2028-02-29", "until": "2028-02-29", "reason": None},
    ]

    assert set_up(coordinator(small_town), closures=days)["closures"] == [CHRISTMAS, days[0], days[2]]


def test_every_change_is_an_event_with_names_and_without_a_word_of_the_contact(town: Town) -> None:
    boss = coordinator(town)
    set_up(boss, dispatch={"wave": 3}, contact=OFFICE, closures=[CHRISTMAS], confirm_first_tasks=1)

    assert events(town, "settings_changed") == [
        {"fields": ["dispatch.wave", "confirm_first_tasks", "closures", "contact"]}
    ]
    newest = boss.get("/v1/quarters/blumenthal/activity", Accept_Language="en").json["items"][0]
    assert (newest["kind"], newest["text"]) == ("settings_changed", "The settings of the quarter were changed.")
    assert newest["actor"] == boss.id


def test_sending_the_same_again_changes_nothing(small_town: Town) -> None:
    boss = coordinator(small_town)
    wanted: dict[str, Any] = {
        "dispatch": {"wave": 3},
        "contact": OFFICE,
        "closures": [CHRISTMAS],
        "confirm_first_tasks": 1,
    }
    set_up(boss, **wanted)
    before = boss.get(PATH)
    small_town.clock.forward(hours=1)

    set_up(boss, **wanted)

    assert boss.get(PATH).headers["ETag"] == before.headers["ETag"]
    assert len(events(small_town, "settings_changed")) == 1


def test_the_demo_lets_nobody_wait_unless_somebody_has_decided_otherwise(town: Town) -> None:
    boss = coordinator(town)
    assert boss.get(PATH).json["confirm_first_tasks"] == 0
    set_up(boss, confirm_first_tasks=5)

    with town.wiring.writing() as context:
        load_quarters(context)

    assert boss.get(PATH).json["confirm_first_tasks"] == 5


# --- Who, and which version ---------------------------------------------------------------------------------


def test_only_the_quarters_own_coordinators_read_and_change_them(small_town: Town) -> None:
    boss, stranger, resident = (
        coordinator(small_town),
        coordinator(small_town, "forellquartier"),
        small_town.neighbour(),
    )
    change = {"confirm_first_tasks": 1}

    for nosy in (stranger, resident):
        assert_problem(nosy.get(PATH), 403, "forbidden")
        assert_problem(nosy.patch(PATH, change, If_Match="*"), 403, "forbidden")
        assert_problem(nosy.patch(PATH, change), 403, "forbidden")
    assert_problem(boss.patch(settings_path("nowhere"), change, If_Match="*"), 404, "not_found")
    assert_problem(boss.get(settings_path("nowhere")), 404, "not_found")
    assert boss.get(PATH).json["confirm_first_tasks"] == 0


def test_without_the_version_that_was_read_nothing_changes(small_town: Town) -> None:
    boss, colleague = coordinator(small_town), coordinator(small_town)
    read = boss.get(PATH)
    tag = colleague.get(PATH).headers["ETag"]

    assert_problem(boss.patch(PATH, {"confirm_first_tasks": 1}), 428, "precondition_required")
    assert boss.get(PATH).text == read.text
    assert set_up(boss, confirm_first_tasks=1)["confirm_first_tasks"] == 1
    assert_problem(colleague.patch(PATH, {"confirm_first_tasks": 2}, If_Match=tag), 412, "stale")
    assert boss.get(PATH, If_None_Match=boss.get(PATH).headers["ETag"]).status_code == 304


@pytest.mark.parametrize("decided", [True, False], ids=["with a row", "without a row"])
def test_of_several_coordinators_at_once_the_first_changes_it_and_the_others_are_told(
    town: Town, *, decided: bool
) -> None:
    quarter = "blumenthal" if decided else new_quarter(town)
    path = settings_path(quarter)
    bosses = [coordinator(town, quarter) for _ in range(3)]
    tags = [boss.get(path).headers["ETag"] for boss in bosses]

    def change(number: int) -> int:
        body = {"dispatch": {"wave": number + 5}, "closures": [CHRISTMAS]}
        return bosses[number].patch(path, body, If_Match=tags[number]).status_code

    with ThreadPoolExecutor(len(bosses)) as pool:
        statuses = list(pool.map(change, range(len(bosses))))

    assert sorted(statuses) == [200, 412, 412]
    after = bosses[0].get(path).json
    assert after["dispatch"]["wave"] == statuses.index(200) + 5
    assert after["closures"] == [CHRISTMAS]


# --- What goes together -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "_body"),
        ({"unknown": 1}, "unknown"),
        ({"dispatch": {"weight_near": 1}}, "dispatch.weight_near"),
        ({"dispatch": {"tasks_at_once": 9}}, "dispatch.tasks_at_once"),
        ({"dispatch": {"wave": 26, "asked_at_most": 25}}, "dispatch.wave"),
        ({"dispatch": {"wave": "3"}}, "dispatch.wave"),
        ({"dispatch": {"wave": 3.0}}, "dispatch.wave"),
        ({"dispatch": {"wave": True}}, "dispatch.wave"),
        ({"dispatch": {"reach_km": "1"}}, "dispatch.reach_km"),
        ({"dispatch": {"asked_at_most": 1}}, "dispatch.wave"),
        ({"dispatch": {"asked_at_most": 4}}, "dispatch.wave_urgent"),
        ({"dispatch": {"interval_shortest_minutes": 61}}, "dispatch.interval_shortest_minutes"),
        ({"dispatch": {"interval_longest_minutes": 9}}, "dispatch.interval_shortest_minutes"),
        ({"dispatch": None}, "dispatch"),
        ({"confirm_first_tasks": -1}, "confirm_first_tasks"),
        ({"confirm_first_tasks": 21}, "confirm_first_tasks"),
        ({"confirm_first_tasks": None}, "confirm_first_tasks"),
        ({"closures": None}, "closures"),
        ({"closures": [{"from": "2026-12-24"}]}, "closures.0.until"),
        ({"closures": [{"from": "24.12.2026", "until": "2027-01-01"}]}, "closures.0.from"),
        ({"closures": [{"from": "2027-02-29", "until": "2027-03-01"}]}, "closures.0.from"),
        ({"closures": [{"from": "2026-12-24", "until": "2026-12-23"}]}, "closures.0.until"),
        ({"closures": [{"from": "2026-01-01", "until": "2027-01-02"}]}, "closures.0.until"),
        ({"closures": [CHRISTMAS, {"from": "2027-01-01", "until": "2027-01-02"}]}, "closures.1.from"),
        ({"closures": [CHRISTMAS, {"from": "2026-12-20", "until": "2026-12-24"}]}, "closures.0.from"),
        ({"closures": [CHRISTMAS, CHRISTMAS]}, "closures.1.from"),
        ({"closures": [CHRISTMAS | {"reason": "x" * 201}]}, "closures.0.reason"),
        ({"closures": [{"from": f"20{y}-05-01", "until": f"20{y}-05-01"} for y in range(30, 81)]}, "closures"),
        ({"contact": {}}, "contact"),
        ({"contact": {"name": None}}, "contact"),
        ({"contact": OFFICE | {"phone": "zwölf"}}, "contact.phone"),
        ({"contact": OFFICE | {"phone": "12"}}, "contact.phone"),
        ({"contact": OFFICE | {"email": "blumenthal"}}, "contact.email"),
        ({"contact": OFFICE | {"fax": "1"}}, "contact.fax"),
        ({"contact": OFFICE | {"hours": "x" * 201}}, "contact.hours"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_changes_nothing(
    small_town: Town, body: dict[str, Any], field: str
) -> None:
    boss = coordinator(small_town)
    before = boss.get(PATH)

    refused = boss.patch(PATH, body, If_Match=before.headers["ETag"])

    assert_problem(refused, 422, "invalid")
    assert field in refused.json["errors"], refused.text
    assert boss.get(PATH).text == before.text
    assert events(small_town, "settings_changed") == []


def test_each_parameter_has_its_bounds(small_town: Town) -> None:
    boss = coordinator(small_town)
    roomy = {"asked_at_most": 200, "interval_longest_minutes": 1440, "interval_shortest_minutes": 1}
    for name, parameter in TUNABLE.items():
        together = {"wave": 1, "wave_urgent": 1} if name == "asked_at_most" else {}
        for value in (parameter.least, parameter.most):
            changed = set_up(boss, dispatch=roomy | together | {name: value})
            assert changed["dispatch"][name] == value
        for value in (parameter.least - 1, parameter.most + 1):
            refused = try_to_set(boss, dispatch={name: value})
            assert list(refused.json["errors"]) == [f"dispatch.{name}"], value


def test_a_closure_of_366_days_and_fifty_closures_are_not_too_much(small_town: Town) -> None:
    boss = coordinator(small_town)
    years = [{"from": f"20{y}-05-01", "until": f"20{y}-05-01", "reason": None} for y in range(30, 80)]

    assert set_up(boss, closures=years)["closures"] == years
    assert set_up(boss, closures=[{"from": "2028-01-01", "until": "2028-12-31"}])["closures"]


def test_whoever_calls_in_another_language_is_refused_in_it(small_town: Town) -> None:
    boss = coordinator(small_town)
    body = {"dispatch": {"wave": 10, "asked_at_most": 9, "wave_urgent": 1}}

    for language, said in (
        ("en", "A wave cannot be larger than the number of people who are asked at most."),
        ("de", "Eine Runde kann nicht größer sein als die Zahl der Menschen, die höchstens gefragt werden."),
    ):
        refused = boss.patch(PATH, body, If_Match="*", Accept_Language=language)
        assert refused.json["errors"] == {"dispatch.wave": [said]}


# --- They really change who is asked ------------------------------------------------------------------------


@pytest.mark.parametrize("urgent", [True, False])
def test_the_size_of_a_wave_is_the_quarters_own(town: Town, *, urgent: bool) -> None:
    boss = coordinator(town)
    for _ in range(6):
        town.volunteer(phone=False)
    requester = town.neighbour()
    assert len(asked_for(town, requester.ask(urgent=urgent))) == (5 if urgent else 2)

    set_up(boss, dispatch={"wave_urgent": 6, "wave": 3})

    assert len(asked_for(town, requester.ask(urgent=urgent))) == (6 if urgent else 3)


def test_what_one_quarter_decides_holds_for_its_requests_alone(small_town: Town) -> None:
    boss = coordinator(small_town)
    for _ in range(3):
        small_town.volunteer(phone=False, quarter="forellquartier")
    set_up(boss, dispatch={"wave": 1})

    request = small_town.neighbour(quarter="forellquartier").ask(
        place={"lat": 51.553, "lon": 7.2215, "address": "Forellstraße 3, 44623 Herne"}
    )

    assert len(asked_for(small_town, request)) == 2


def test_no_more_are_asked_for_one_request_than_the_quarter_wants(town: Town) -> None:
    set_up(coordinator(town), dispatch={"wave": 2, "wave_urgent": 2, "asked_at_most": 3})
    for _ in range(5):
        town.volunteer(phone=False)
    request = town.neighbour().ask()
    for _ in range(4):
        town.clock.forward(hours=1)
        town.run("send-waves")

    assert len(asked_for(town, request)) == 3


@pytest.mark.parametrize(("parameter", "languages"), [("reach_km", []), ("reach_rare_language_km", ["uk"])])
def test_how_far_is_asked_is_the_quarters_own(town: Town, parameter: str, languages: list[str]) -> None:
    boss = coordinator(town, "funkenbergquartier")
    place = {"lat": 51.5465, "lon": 7.2223}
    beside = town.volunteer(
        quarter="forellquartier",
        reach="neighbours",
        place={"lat": 51.553, "lon": 7.2215},
        languages=["de", "uk"],
        phone=False,
    )
    requester = town.neighbour(quarter="funkenbergquartier")

    def is_asked() -> bool:
        wish = requester.ask(place=place | {"address": "Funkenbergstraße 3, 44623 Herne"}, languages=languages)
        return beside.uuid in asked_for(town, wish)

    assert is_asked()
    set_up(boss, "funkenbergquartier", dispatch={parameter: 0.3})
    assert not is_asked()
    set_up(boss, "funkenbergquartier", dispatch={parameter: 1.5})
    assert is_asked()


def test_how_many_more_asks_what_is_urgent_is_worth_is_the_quarters_own(small_town: Town) -> None:
    boss, volunteer = coordinator(small_town), small_town.volunteer(phone=False)
    nothing = {"asks_per_week": 0, "pushes_per_day": 100}
    assert volunteer.put("/v1/me/preferences", nothing).status_code == 200
    set_up(boss, dispatch={"urgent_extra_asks": 0})
    requester = small_town.neighbour()
    assert not asked_for(small_town, requester.ask(urgent=True))

    set_up(boss, dispatch={"urgent_extra_asks": 3})

    for _ in range(3):
        assert asked_for(small_town, requester.ask(urgent=True)) == {volunteer.uuid}
    assert not asked_for(small_town, small_town.neighbour().ask(urgent=True))


@pytest.mark.parametrize(
    ("dispatch", "minutes"),
    [
        ({}, 0.04 * 540),
        ({"interval_share": 0.1}, 54),
        ({"interval_shortest_minutes": 45}, 45),
        ({"interval_shortest_minutes": 2, "interval_longest_minutes": 5}, 5),
        ({"interval_share": 1, "interval_longest_minutes": 1440, "interval_share_of_rest": 0.05}, 27),
    ],
)
def test_the_pause_between_waves_is_the_quarters_own(
    small_town: Town, dispatch: dict[str, float], minutes: float
) -> None:
    """The request is needed for nine hours from now; it waits for its next wave, also after it was edited."""
    if dispatch:
        set_up(coordinator(small_town), dispatch=dispatch)
    requester = small_town.neighbour()
    request = requester.ask()

    assert pause_after(small_town, request) == timedelta(minutes=minutes)
    edited = requester.patch(f"/v1/requests/{request['id']}", {"public_note": "Zwei Tüten"}, If_Match="*")
    assert edited.status_code == 200
    assert pause_after(small_town, request) == timedelta(minutes=minutes)


def test_a_change_holds_for_the_next_wave_of_what_is_open_already(small_town: Town) -> None:
    boss = coordinator(small_town)
    for _ in range(9):
        small_town.volunteer(phone=False)
    request = small_town.neighbour().ask()
    set_up(boss, dispatch={"wave": 6})
    small_town.clock.forward(hours=1)

    assert small_town.run("send-waves") == {"requests": 1, "asked": 6}
    assert len(asked_for(small_town, request)) == 8


@contextmanager
def statements_about(town: Town, table: str) -> Iterator[list[str]]:
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if table in statement:
            found.append(statement)

    engine = town.wiring.database.engine
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def test_the_policy_of_a_quarter_is_read_once_for_each_request_and_wave(small_town: Town) -> None:
    for _ in range(3):
        small_town.volunteer(phone=False)
    requester: Neighbour = small_town.neighbour()

    with statements_about(small_town, "quarter_settings") as found:
        requester.ask()
    assert len(found) == 1, found
    requester.ask()
    small_town.clock.forward(hours=1)
    with statements_about(small_town, "quarter_settings") as found:
        assert small_town.run("send-waves")["requests"] == 2
    assert len(found) == 2, found
