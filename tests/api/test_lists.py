"""Lists: pages that neither lose nor double an entry, filters, and who sees what."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from nachbarschaft.services.people import Appointment, appoint
from tests.api.raw import assert_problem
from tests.support.town import BLUMENTHAL, Neighbour, Town

FUNKENBERG = {"lat": 51.5465, "lon": 7.2223, "address": "Funkenbergstraße 3, 44623 Herne"}
FORELL = {"lat": 51.553, "lon": 7.2215, "address": "Forellstraße 3, 44623 Herne"}
PLACES: dict[str, dict[str, Any]] = {
    "blumenthal": BLUMENTHAL | {"address": "Wilhelmstraße 5, 44649 Herne"},
    "funkenbergquartier": FUNKENBERG,
    "forellquartier": FORELL,
}
LISTS = ("/v1/requests", "/v1/offers", "/v1/invitations", "/v1/me/notifications", "/v1/quarters")


def asked_in(town: Town, quarter: str, **more: Any) -> dict[str, Any]:
    return town.neighbour(quarter=quarter).ask(place=PLACES[quarter], **more)


def listed(neighbour: Neighbour, query: str = "") -> list[str]:
    """The ids of the requests that somebody sees, page by page."""
    ids: list[str] = []
    after = ""
    while True:
        page = neighbour.get(f"/v1/requests?limit=3{after}&{query}".rstrip("&"))
        assert page.status_code == 200, page.text
        ids += [item["id"] for item in page.json["items"]]
        if page.json["next"] is None:
            return ids
        after = f"&after={page.json['next']}"


def appointed(town: Town, *quarters: str) -> Neighbour:
    neighbour = town.neighbour(quarter="blumenthal")
    with town.wiring.writing() as context:
        appoint(context, Appointment(neighbour.email, "X", None, quarters, is_admin=False))
    neighbour.set_up_second_factor()
    return neighbour


@pytest.mark.parametrize("path", LISTS)
def test_a_page_has_1_to_100_entries(small_town: Town, path: str) -> None:
    neighbour = small_town.neighbour()
    for good in ("1", "100", "20", "007"):
        assert neighbour.get(f"{path}?limit={good}").status_code == 200, good
    for bad in ("0", "101", "-1", "1.0", "1e1", "+5", "", "x", "%20", "٣", "1" * 400, "null", "true", "1_0", "0x10"):
        reply = neighbour.get(f"{path}?limit={bad}")
        assert_problem(reply, 422, "invalid")
        assert list(reply.json["errors"]) == ["limit"], bad


@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_that_no_list_has_given_is_refused(small_town: Town, path: str) -> None:
    neighbour = small_town.neighbour()
    for text in (
        "x",
        "====",
        "äöü",
        "a" * 300,
        encoded("2026-06-10T10:00:00+00:00"),
        encoded("2026-06-10T10:00:00+00:00|"),
        encoded("2026-06-10T10:00:00+00:00|1"),
        encoded("|00000000-0000-7000-8000-000000000000"),
        encoded("yesterday|00000000-0000-7000-8000-000000000000"),
        encoded("0001-01-01T00:00:00+23:59|00000000-0000-7000-8000-000000000000"),
        encoded("2026-06-10T10:00:00+00:00|00000000-0000-7000-8000-000000000000' OR 1=1"),
        encoded("\x00|\x00"),
    ):
        reply = neighbour.get(f"{path}?after={text}")
        assert_problem(reply, 422, "invalid")
        assert list(reply.json["errors"]) == ["after"], text
    assert neighbour.get(f"{path}?after={'a' * 301}").status_code == 422


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def test_an_empty_list_has_no_next_page(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    for path in LISTS[:-1]:
        assert neighbour.get(path).json == {"items": [], "next": None}


def test_the_default_page_has_20_entries_and_the_last_page_no_cursor(small_town: Town) -> None:
    helper, requester = small_town.volunteer(phone=False), small_town.neighbour()
    request = requester.ask()
    for action in ["accept", "withdraw"] * 10 + ["accept"]:
        small_town.clock.forward(seconds=1)
        assert helper.act(request, action).status_code in {200, 201}

    first = requester.get("/v1/me/notifications").json
    second = requester.get(f"/v1/me/notifications?after={first['next']}").json

    assert (len(first["items"]), len(second["items"]), second["next"]) == (20, 1, None)
    whole = requester.get("/v1/me/notifications?limit=21").json
    assert whole == {"items": first["items"] + second["items"], "next": None}


def test_pages_neither_lose_nor_double_entries_while_others_are_added(town: Town) -> None:
    """All at the same instant, too: then the key decides."""
    coordinator = appointed(town, "blumenthal")
    before = [asked_in(town, "blumenthal")["id"] for _ in range(4)]
    town.clock.forward(seconds=1)
    before += [asked_in(town, "blumenthal")["id"] for _ in range(3)]

    seen: list[str] = []
    after = ""
    while True:
        page = coordinator.get(f"/v1/requests?limit=2{after}").json
        seen += [item["id"] for item in page["items"]]
        town.clock.forward(seconds=1)
        asked_in(town, "blumenthal")
        if page["next"] is None:
            break
        after = f"&after={page['next']}"

    assert sorted(seen) == sorted(before)
    assert seen[:3] == sorted(before[4:], reverse=True), "newest first"


def test_a_cursor_stands_though_its_entry_has_gone(small_town: Town) -> None:
    volunteer = small_town.volunteer(phone=False)
    offers = [volunteer.offer()["id"] for _ in range(3)]
    page = volunteer.get("/v1/offers?limit=1").json

    assert volunteer.delete(f"/v1/offers/{page['items'][0]['id']}").status_code == 204

    rest = volunteer.get(f"/v1/offers?after={page['next']}").json["items"]
    assert len(rest) == 3
    assert {offer["id"] for offer in rest} | {page["items"][0]["id"]} >= set(offers)


def test_residents_see_their_own_requests_and_no_others(small_town: Town) -> None:
    resident = small_town.neighbour()
    own = resident.ask()
    other = asked_in(small_town, "blumenthal")

    assert listed(resident) == [own["id"]]
    assert_problem(resident.get(f"/v1/requests/{other['id']}"), 404, "not_found")
    resident.act(own, "cancel")
    assert listed(resident) == [own["id"]], "also what is over"


def test_volunteers_see_what_is_open_where_their_offers_reach(town: Town) -> None:
    near = asked_in(town, "funkenbergquartier")["id"]
    next_door = asked_in(town, "forellquartier")["id"]
    far = asked_in(town, "blumenthal")["id"]
    own_quarter = town.volunteer(quarter="funkenbergquartier", phone=False)
    neighbours = town.volunteer(quarter="funkenbergquartier", phone=False, reach="neighbours")

    assert listed(own_quarter) == [near]
    assert sorted(listed(neighbours)) == sorted([near, next_door])
    for reader, ids in ((own_quarter, {near}), (neighbours, {near, next_door})):
        for request in (near, next_door, far):
            status = reader.get(f"/v1/requests/{request}").status_code
            assert status == (200 if request in ids else 404), request


def test_volunteers_do_not_find_what_is_no_longer_open(small_town: Town) -> None:
    volunteer, winner = small_town.volunteer(phone=False), small_town.volunteer(phone=False)
    request = asked_in(small_town, "blumenthal")
    assert listed(volunteer) == [request["id"]]

    winner.act(request, "accept")

    assert listed(volunteer) == []


def test_a_volunteer_sees_the_same_face_in_the_list_as_alone(small_town: Town) -> None:
    volunteer = small_town.volunteer(phone=False)
    request = asked_in(small_town, "blumenthal")

    assert volunteer.get("/v1/requests").json["items"] == [volunteer.read(request)]


def test_coordinators_see_all_of_their_own_quarters_and_nothing_beyond(town: Town) -> None:
    blumenthal, forell = asked_in(town, "blumenthal"), asked_in(town, "forellquartier")
    helper = town.volunteer(phone=False)
    helper.act(blumenthal, "accept")
    one, two = appointed(town, "blumenthal"), appointed(town, "blumenthal", "forellquartier")

    assert listed(one) == [blumenthal["id"]]
    assert sorted(listed(two)) == sorted([blumenthal["id"], forell["id"]])
    assert_problem(one.get(f"/v1/requests/{forell['id']}"), 404, "not_found")
    assert [each["person"] for each in one.read(blumenthal)["helpers"]] == [helper.id]
    hidden = {"place", "private_note", "phone", "code_word", "assignment"}
    assert not hidden & one.read(blumenthal).keys(), "the rest is only there through contact"


def test_lists_are_narrowed_by_quarter_state_category_and_owner(small_town: Town) -> None:
    coordinator = appointed(small_town, "blumenthal", "forellquartier")
    coordinator.offer(categories=["garden"])
    own = coordinator.ask()["id"]
    garden = asked_in(small_town, "blumenthal", category="garden")["id"]
    elsewhere = asked_in(small_town, "forellquartier")["id"]
    coordinator.act({"id": garden}, "cancel")

    wanted: dict[str, set[str]] = {
        "": {own, garden, elsewhere},
        "mine=true": {own},
        "mine=false": {garden, elsewhere},
        "quarter=blumenthal": {own, garden},
        "quarter=forellquartier": {elsewhere},
        "quarter=funkenbergquartier": set(),
        "quarter=nirgendwo": set(),
        "state=open": {own, elsewhere},
        "state=cancelled": {garden},
        "state=done": set(),
        "category=garden": {garden},
        "category=shopping&state=open&quarter=blumenthal&mine=true": {own},
        "category=garden&state=open": set(),
    }
    for query, found in wanted.items():
        assert set(listed(coordinator, query)) == found, query


def test_a_filter_never_widens_what_somebody_sees(small_town: Town) -> None:
    asked_in(small_town, "blumenthal")
    stranger = small_town.neighbour(quarter="forellquartier")

    for query in ("mine=false", "quarter=blumenthal", "state=open", "category=shopping"):
        assert listed(stranger, query) == [], query


def test_everything_of_others_is_not_found(small_town: Town) -> None:
    """Requests, offers, invitations and notices, by their ids, for somebody from another quarter."""
    owner = small_town.volunteer()
    request = asked_in(small_town, "blumenthal")
    stranger = small_town.neighbour(quarter="forellquartier")
    offer = owner.get("/v1/offers").json["items"][0]["id"]
    notice = owner.inbox()[0]["id"]

    for path in (f"/v1/requests/{request['id']}", f"/v1/offers/{offer}", f"/v1/me/notifications/{notice}"):
        assert_problem(stranger.get(path), 404, "not_found")
    assert_problem(stranger.patch(f"/v1/offers/{offer}", {"reach": "neighbours"}, If_Match="*"), 404, "not_found")
    assert_problem(stranger.delete(f"/v1/offers/{offer}"), 404, "not_found")
    assert owner.get(f"/v1/offers/{offer}").json["reach"] == "quarter"
    for path in ("/v1/offers", "/v1/invitations", "/v1/me/notifications"):
        assert stranger.get(path).json["items"] == []


@pytest.mark.parametrize(
    ("state", "act"),
    [
        ("asked", lambda volunteer, request: None),
        ("accepted", lambda volunteer, request: volunteer.act(request, "accept")),
        ("declined", lambda volunteer, request: volunteer.act(request, "decline")),
        ("standby", lambda volunteer, request: volunteer.act(request, "standby")),
    ],
)
def test_invitations_are_narrowed_by_state(
    small_town: Town, state: str, act: Callable[[Neighbour, dict[str, Any]], object]
) -> None:
    volunteer = small_town.volunteer(phone=False)
    act(volunteer, asked_in(small_town, "blumenthal"))

    for each in ("asked", "accepted", "declined", "standby", "lapsed"):
        found = volunteer.get(f"/v1/invitations?state={each}").json["items"]
        assert [item["state"] for item in found] == ([state] if each == state else []), each


def test_quarters_are_listed_for_everybody_page_by_page(small_town: Town) -> None:
    seen, after = [], ""
    while True:
        page = small_town.call("GET", f"/v1/quarters?limit=2{after}").json
        seen += [quarter["slug"] for quarter in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"

    assert sorted(seen) == ["blumenthal", "forellquartier", "funkenbergquartier"]


def test_quarters_come_as_geojson_to_whoever_prefers_it(small_town: Town) -> None:
    for accept, kind in (
        ("application/geo+json", "application/geo+json"),
        ("application/json;q=0.5, application/geo+json", "application/geo+json"),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("text/html", "application/json"),
        ("nonsense;;q=x", "application/json"),
    ):
        reply = small_town.call("GET", "/v1/quarters", Accept=accept)
        assert (reply.status_code, reply.headers["Content-Type"]) == (200, kind), accept
    collection = small_town.call("GET", "/v1/quarters?limit=2", Accept="application/geo+json").json
    assert collection["type"] == "FeatureCollection"
    assert [feature["geometry"]["type"] for feature in collection["features"]] == ["MultiPolygon"] * 2
    assert collection["next"]
    one = small_town.call("GET", "/v1/quarters/blumenthal", Accept="application/geo+json").json
    assert (one["type"], one["properties"]["slug"]) == ("Feature", "blumenthal")


def test_a_place_is_located_in_its_quarter_or_in_none(small_town: Town) -> None:
    for slug, place in PLACES.items():
        found = small_town.call("GET", f"/v1/quarters/locate?lat={place['lat']}&lon={place['lon']}")
        assert found.json["slug"] == slug
    for nowhere in ("lat=51.4818&lon=7.2162", "lat=0&lon=0", "lat=-90&lon=180", "lat=90.0&lon=-180.000"):
        assert_problem(small_town.call("GET", f"/v1/quarters/locate?{nowhere}"), 404, "outside_all_quarters")
