"""Asking for help: what may be written, where and when it may be, and what may still be changed once somebody helps."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from models import Assignment, HelpRequest
from nachbarschaft.geography.cells import cell_of, center_of_cell, distance_km
from nachbarschaft.words import say
from nachbarschaft.words.texts import INBOX_TEXTS
from tests.support.town import BLUMENTHAL, Neighbour, Reply, Town

HOME: dict[str, Any] = BLUMENTHAL | {"address": "Wilhelmstraße 5, 44649 Herne"}
FORELL = {"lat": 51.5527, "lon": 7.2218, "address": "Forellstraße 1, 44629 Herne"}
Request = dict[str, Any]


def post(requester: Neighbour, **more: Any) -> Reply:
    """Asks without expecting that it works; `place=None` leaves the place out."""
    body = {
        "category": "shopping",
        "needed_from": requester.town.in_hours(1),
        "needed_until": requester.town.in_hours(9),
        "place": HOME,
    } | more
    return requester.post("/v1/requests", {name: value for name, value in body.items() if value is not None})


def change(requester: Neighbour, request: Request, **changes: Any) -> Reply:
    """A PATCH with the ETag of the moment."""
    path = f"/v1/requests/{request['id']}"
    return requester.patch(path, changes, If_Match=requester.get(path).headers["ETag"])


def refused(answer: Reply) -> dict[str, list[str]]:
    """The fields of a 422."""
    assert answer.status_code == 422, answer.text
    errors: dict[str, list[str]] = answer.json["errors"]
    return errors


def titles(neighbour: Neighbour) -> list[str]:
    return [entry["title"] for entry in neighbour.inbox()]


def next_wave_of(town: Town, request: Request) -> datetime | None:
    with town.wiring.reading() as context:
        return context.session.get_one(HelpRequest, UUID(request["id"])).next_wave_at


# --- The public note ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("note", "word"),
    [
        ("Ruf mich an: 0163 1234567", "Telefonnummern"),
        ("Schreib an irmgard@example.org", "E-Mail-Adressen"),
        ("Ich wohne in der Wilhelmstraße 5", "Hausnummer"),
    ],
)
def test_a_public_note_with_contact_details_is_refused_with_a_sentence_about_the_field(
    small_town: Town, note: str, word: str
) -> None:
    requester = small_town.neighbour()
    errors = refused(post(requester, public_note=note))
    assert list(errors) == ["public_note"]
    assert word in errors["public_note"][0]
    assert post(requester, private_note=note, public_note="Milch und Brot").status_code == 201
    request = requester.get("/v1/requests").json["items"][0]
    assert list(refused(change(requester, request, public_note=note))) == ["public_note"]
    assert change(requester, request, private_note=note + "!").status_code == 200


def test_a_note_with_everything_at_once_names_each_kind_once(small_town: Town) -> None:
    note = "Wilhelmstraße 5, Tel. 02323 123456, irmgard@example.org"
    assert len(refused(post(small_town.neighbour(), public_note=note))["public_note"]) == 3


# --- The place ----------------------------------------------------------------------------------------------


def test_a_place_outside_the_quarter_is_refused(small_town: Town) -> None:
    for place in (FORELL, {"lat": 48.1, "lon": 11.5, "address": "Marienplatz 1, München"}):
        answer = post(small_town.neighbour(), place=place)
        assert list(refused(answer)) == ["place"]
        assert answer.json["code"] == "outside_quarter"


def test_without_a_place_it_is_the_home_and_without_a_home_it_is_refused(small_town: Town) -> None:
    requester = small_town.neighbour()
    answer = post(requester, place=None)
    assert (list(refused(answer)), answer.json["code"]) == (["place"], "invalid")
    etag = requester.get("/v1/me").headers["ETag"]
    assert requester.patch("/v1/me", {"home": HOME}, If_Match=etag).status_code == 200
    made = post(requester, place=None)
    assert made.status_code == 201
    assert made.json["place"] == HOME


def test_a_request_stays_where_it_is_when_the_home_moves(small_town: Town) -> None:
    requester = small_town.neighbour()
    requester.patch("/v1/me", {"home": HOME}, If_Match=requester.get("/v1/me").headers["ETag"])
    request = post(requester, place=None).json
    requester.patch("/v1/me", {"home": FORELL}, If_Match=requester.get("/v1/me").headers["ETag"])
    now = requester.read(request)
    assert (now["quarter"], now["place"]) == ("blumenthal", HOME)
    assert list(refused(change(requester, request, place=FORELL))) == ["place"], "it is still that quarter's"
    assert post(requester, place=None).json["quarter"] == "forellquartier"


def test_the_area_is_the_centre_of_the_cell_and_the_same_for_every_reader(small_town: Town) -> None:
    one, another = small_town.volunteer(), small_town.volunteer(place={"lat": 51.5275, "lon": 7.1515})
    requester = small_town.neighbour()
    request = requester.ask()
    cell = cell_of(HOME["lat"], HOME["lon"])
    center = center_of_cell(cell)
    expected = {"cell": cell, "lat": center.lat, "lon": center.lon, "coarse": False}
    areas = [reader.read(request)["area"] for reader in (one, another, requester)]
    assert areas == [expected] * 3
    assert (center.lat, center.lon) != (HOME["lat"], HOME["lon"])
    assert distance_km(cell, cell_of(center.lat, center.lon)) == 0


def test_two_places_in_one_cell_look_the_same(small_town: Town) -> None:
    volunteer, requester = small_town.volunteer(), small_town.neighbour()
    near = HOME | {"lat": HOME["lat"] + 0.0002, "address": "Wilhelmstraße 9, 44649 Herne"}
    assert cell_of(near["lat"], near["lon"]) == cell_of(HOME["lat"], HOME["lon"])
    areas = [volunteer.read(requester.ask(place=place))["area"] for place in (HOME, near)]
    assert areas[0] == areas[1]


# --- The window ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (-3, -1, "needed_until"),
        (-3, 0, "needed_until"),
        (5, 5, "needed_until"),
        (5, 4, "needed_until"),
        (1, 24 * 366 + 1, "needed_until"),
        (-24.1, 5, "needed_from"),
    ],
)
def test_the_window_begins_today_at_the_earliest_and_ends_ahead_and_within_a_year(
    small_town: Town, start: float, end: float, field: str
) -> None:
    requester = small_town.neighbour()
    window = {"needed_from": small_town.in_hours(start), "needed_until": small_town.in_hours(end)}
    assert list(refused(post(requester, **window))) == [field]
    request = requester.ask()
    assert list(refused(change(requester, request, **window))) == [field]
    assert requester.read(request)["needed_until"] == request["needed_until"]


@pytest.mark.parametrize(("start", "end"), [(-3, 0.01), (0, 1), (24 * 360, 24 * 366)])
def test_it_may_have_begun_and_may_lie_almost_a_year_ahead(small_town: Town, start: float, end: float) -> None:
    answer = post(small_town.neighbour(), needed_from=small_town.in_hours(start), needed_until=small_town.in_hours(end))
    assert answer.status_code == 201


def test_five_requests_may_be_open_and_a_sixth_when_one_is_settled(small_town: Town) -> None:
    requester = small_town.neighbour()
    requests = [requester.ask() for _ in range(5)]
    answer = post(requester)
    assert (answer.status_code, answer.json["code"]) == (409, "too_many_open_requests")
    requester.act(requests[0], "cancel")
    assert post(requester).status_code == 201


# --- Changing it --------------------------------------------------------------------------------------------


def test_before_anybody_helps_everything_may_be_changed(small_town: Town) -> None:
    requester = small_town.neighbour()
    request = requester.ask()
    changes = {
        "category": "errand",
        "public_note": "Ein Rezept abholen",
        "private_note": "Klingel klemmt",
        "urgent": True,
        "people_needed": 2,
        "languages": ["tr"],
        "phone": "0163 1234567",
        "place": HOME | {"lat": 51.5285, "address": "Wilhelmstraße 20, 44649 Herne"},
        "needed_from": small_town.in_hours(2),
        "needed_until": small_town.in_hours(5),
    }
    answer = change(requester, request, **changes)
    assert answer.status_code == 200, answer.text
    assert {field: answer.json[field] for field in changes} == changes
    assert answer.json["version"] == request["version"] + 1
    assert answer.json["expires_at"] == small_town.in_hours(5)
    assert answer.json["area"]["cell"] == cell_of(51.5285, HOME["lon"])
    assert answer.json["code_word"] == request["code_word"]


def test_once_it_is_filled_notes_and_times_may_be_changed_and_helpers_are_told(small_town: Town) -> None:
    helper, requester = small_town.volunteer(phone=False), small_town.neighbour()
    request = requester.ask()
    helper.act(request, "accept")
    small_town.clock.forward(minutes=1)
    changes = {
        "public_note": "Milch",
        "private_note": "Bitte klopfen",
        "needed_from": small_town.in_hours(2),
        "needed_until": small_town.in_hours(12),
    }
    answer = change(requester, request, **changes)
    assert answer.status_code == 200, answer.text
    assert {field: answer.json[field] for field in changes} == changes
    assert answer.json["state"] == "filled"
    assert titles(helper)[0] == say("de", INBOX_TEXTS["request_edited"].title)
    assert helper.act(request, "contact").json["private_note"] == "Bitte klopfen"


@pytest.mark.parametrize("people_needed", [1, 2])
def test_once_somebody_helps_nothing_else_may_be_changed(small_town: Town, people_needed: int) -> None:
    helper, requester = small_town.volunteer(phone=False), small_town.neighbour()
    request = requester.ask(people_needed=people_needed)
    helper.act(request, "accept")
    before = requester.read(request)
    changes: list[dict[str, Any]] = [
        {"category": "errand"},
        {"urgent": True},
        {"people_needed": 3},
        {"languages": ["tr"]},
        {"phone": "0163 1234567"},
        {"place": HOME | {"address": "Wilhelmstraße 9, 44649 Herne"}},
        {"public_note": "Milch", "category": "errand"},
    ]
    for change_of in changes:
        answer = change(requester, request, **change_of)
        assert (answer.status_code, answer.json.get("code")) == (409, "conflict"), change_of
    assert requester.read(request) == before
    assert len(helper.inbox()) == 1


def test_sending_what_is_there_already_changes_nothing_and_tells_nobody(small_town: Town) -> None:
    helper, requester = small_town.volunteer(phone=False), small_town.neighbour()
    request = requester.ask()
    helper.act(request, "accept")
    before = requester.read(request)
    same = {field: before[field] for field in ("category", "urgent", "people_needed", "place", "needed_until")}
    assert change(requester, request, **same).status_code == 200
    assert requester.read(request) == before
    assert len(helper.inbox()) == 1


def test_after_a_change_a_helper_gives_it_back_without_a_mark_and_before_it_with_one(small_town: Town) -> None:
    helper, requester = small_town.volunteer(phone=False), small_town.neighbour()
    changed, unchanged = requester.ask(), requester.ask()
    for request in (changed, unchanged):
        helper.act(request, "accept")
    small_town.clock.forward(minutes=1)
    change(requester, changed, needed_until=small_town.in_hours(20))
    for request in (changed, unchanged):
        assert helper.act(request, "withdraw").status_code == 200
    with small_town.wiring.reading() as context:
        rows = context.session.execute(select(Assignment.request_id, Assignment.excused))
        assert {str(row.request_id): row.excused for row in rows} == {changed["id"]: True, unchanged["id"]: False}


@pytest.mark.parametrize("ends", ["cancel", "done"])
def test_what_is_over_cannot_be_changed(small_town: Town, ends: str) -> None:
    helper, requester = small_town.volunteer(phone=False), small_town.neighbour()
    request = requester.ask()
    helper.act(request, "accept")
    requester.act(request, ends)
    answer = change(requester, request, public_note="Milch")
    assert (answer.status_code, answer.json["code"]) == (409, "not_open")


def test_only_the_requester_may_change_it(small_town: Town) -> None:
    volunteer, stranger, requester = small_town.volunteer(), small_town.neighbour(), small_town.neighbour()
    request = requester.ask()
    path = f"/v1/requests/{request['id']}"
    etag = requester.get(path).headers["ETag"]
    assert volunteer.patch(path, {"public_note": "x"}, If_Match=etag).status_code == 403
    assert stranger.patch(path, {"public_note": "x"}, If_Match=etag).status_code == 404


def test_a_change_needs_the_version_that_was_read(small_town: Town) -> None:
    requester = small_town.neighbour()
    request = requester.ask()
    path = f"/v1/requests/{request['id']}"
    etag = requester.get(path).headers["ETag"]
    assert requester.patch(path, {"public_note": "Milch"}).status_code == 428
    assert requester.patch(path, {"public_note": "Milch"}, If_Match=etag).status_code == 200
    assert requester.patch(path, {"public_note": "Brot"}, If_Match=etag).status_code == 412


# --- What a change does to the asking -----------------------------------------------------------------------


def test_what_becomes_urgent_asks_its_next_wave_at_once(small_town: Town) -> None:
    volunteers = [small_town.volunteer(phone=False) for _ in range(8)]
    requester = small_town.neighbour()
    request = requester.ask()
    assert small_town.run("send-waves")["asked"] == 0
    change(requester, request, urgent=True)
    assert small_town.run("send-waves")["asked"] == 5
    change(requester, request, urgent=True)
    assert small_town.run("send-waves")["asked"] == 0
    assert sum(len(volunteer.invitations()) for volunteer in volunteers) == 7


def test_a_shorter_window_brings_the_next_wave_forward_and_a_note_does_not(small_town: Town) -> None:
    requester = small_town.neighbour()
    request = requester.ask(needed_until=small_town.in_hours(48))
    planned = next_wave_of(small_town, request)
    assert planned == small_town.clock.now() + timedelta(minutes=60)
    small_town.clock.forward(minutes=5)
    change(requester, request, public_note="Milch")
    assert next_wave_of(small_town, request) == planned
    change(requester, request, needed_until=small_town.in_hours(2))
    assert next_wave_of(small_town, request) == small_town.clock.now() + timedelta(minutes=10)


def test_more_time_wakes_a_request_whose_asking_had_ended(small_town: Town) -> None:
    requester = small_town.neighbour()
    request = requester.ask()
    end = datetime.fromisoformat(request["expires_at"])
    small_town.clock.set(end)
    small_town.run("send-waves")
    assert next_wave_of(small_town, request) is None
    volunteer = small_town.volunteer(phone=False)
    assert change(requester, request, needed_until=small_town.in_hours(8)).status_code == 200
    small_town.run("send-waves")
    assert len(volunteer.invitations()) == 1
