"""The edge of the HTTP surface: what is not well-formed is refused the same way everywhere, and never with a 500."""

import json
from typing import Any

import pytest

from tests.api.raw import assert_problem, send
from tests.support.served import asking
from tests.support.town import Neighbour, Reply, Town

LIMIT = 64 * 1024
SIGN_IN = "/v1/auth/sign-in"
NOWHERE = "/v1/requests/00000000-0000-7000-8000-000000000000"

UNREADABLE = {
    "empty": b"",
    "blanks": b"  \n",
    "half an object": b'{"login": "a"',
    "no JSON": b"login=a&password=b",
    "single quotes": b"{'login': 'a'}",
    "a trailing comma": b'{"login": "a",}',
    "two documents": b"{} {}",
    "a comment": b'{"login": "a"} // hello',
    "NaN": b'{"login": NaN}',
    "Infinity": b'{"login": Infinity}',
    "minus Infinity": b'{"login": -Infinity}',
    "a number beyond floats": b'{"login": 1e999}',
    "a number beneath floats": b'{"login": -1e999}',
    "an integer of 10,000 digits": b'{"login": ' + b"9" * 10_000 + b"}",
    "an integer of 4,000 digits": b'{"login": ' + b"9" * 4_000 + b"}",
    "an integer no database holds": b'{"login": 9223372036854775808}',
    "a key twice": b'{"login": "a", "login": "b"}',
    "a key twice, further in": b'{"login": {"a": [{"b": 1, "b": 1}]}}',
    "an escaped NUL": b'{"login": "a\\u0000b"}',
    "an escaped NUL in a key": b'{"log\\u0000in": "a"}',
    "a bare NUL": b'{"login": "a\x00b"}',
    "a bare control character": b'{"login": "a\x01b"}',
    "a lone high surrogate": b'{"login": "\\ud800"}',
    "a lone low surrogate": b'{"login": "\\udc00 x"}',
    "a surrogate in a key": b'{"\\ud83d": 1}',
    "surrogates the wrong way round": b'{"login": "\\udc00\\ud800"}',
    "deep lists": b"[" * 30_000 + b"]" * 30_000,
    "deep lists without an end": b"[" * 60_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "no UTF-8": b'{"login": "\xff"}',
    "Latin-1": '{"login": "Jürgen"}'.encode("latin-1"),
    "UTF-16": '{"login": "a"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"login": "a"}',
    "an overlong NUL": b'{"login": "\xc0\x80"}',
}
NO_OBJECTS = {b"[]", b'[{"login": "a"}]', b'"text"', b"3", b"1.5", b"true", b"null"}


def test_a_body_that_cannot_be_read_is_malformed(small_town: Town) -> None:
    for what, data in UNREADABLE.items():
        reply = send(small_town, "POST", SIGN_IN, data)

        assert reply.status_code == 400, what
        assert_problem(reply, 400, "malformed")


def test_a_body_that_is_no_object_is_invalid(small_town: Town) -> None:
    for data in NO_OBJECTS:
        reply = send(small_town, "POST", SIGN_IN, data)

        assert_problem(reply, 422, "invalid")
        assert list(reply.json["errors"]) == ["_body"], data


def test_every_well_formed_text_is_taken(small_town: Town) -> None:
    neighbour = small_town.neighbour(name="Zoë \N{HOUSE BUILDING} 李")
    assert neighbour.get("/v1/me").json["name"] == "Zoë \N{HOUSE BUILDING} 李"

    escaped = json.dumps({"name": "\N{HOUSE BUILDING}"}).encode()
    changed = send(small_town, "PATCH", "/v1/me", escaped, token=neighbour.token, headers=[("If-Match", "*")])

    assert b"\\ud83c" in escaped
    assert changed.json["name"] == "\N{HOUSE BUILDING}"


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/problem+json",
        "application/jsonp",
        "application/json; charset=latin-1",
        "text/json",
        "nonsense",
    ],
)
def test_what_does_not_say_that_it_is_json_is_not_read(small_town: Town, kind: str | None) -> None:
    assert_problem(send(small_town, "POST", SIGN_IN, b"{}", kind=kind), 415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=UTF-8", "Application/JSON"])
def test_what_says_so_is_read(small_town: Town, kind: str) -> None:
    assert_problem(send(small_town, "POST", SIGN_IN, b"{}", kind=kind), 422, "invalid")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_may_have_64_kib_and_not_a_byte_more(small_town: Town, *, chunked: bool) -> None:
    body = b"{}".ljust(LIMIT)

    assert_problem(send(small_town, "POST", SIGN_IN, body, chunked=chunked), 422, "invalid")
    assert_problem(send(small_town, "POST", SIGN_IN, body + b" ", chunked=chunked), 413, "too_large")
    assert_problem(send(small_town, "POST", SIGN_IN, b"[" * 100_000, chunked=chunked), 413, "too_large")


def test_an_action_needs_no_body_but_takes_no_other_than_its_own(small_town: Town) -> None:
    requester = small_town.neighbour()
    request = requester.ask()
    path = f"/v1/requests/{request['id']}/cancel"

    for data, status in ((b"[1]", 422), (b'{"why": "x"}', 422), (b"{", 400), (b"null", 422)):
        assert send(small_town, "POST", path, data, token=requester.token).status_code == status, data
    assert send(small_town, "POST", path, b"{}", kind="text/plain", token=requester.token).status_code == 415
    assert send(small_town, "POST", path, b"", kind=None, token=requester.token).status_code == 200


def wrong_types() -> dict[str, list[Any]]:
    """Field of a request → what has the wrong JSON type, or the wrong kind of value, for it."""
    return {
        "category": [3, None, ["shopping"], "SHOPPING", "shopping ", "flying", ""],
        "public_note": [3, 1.5, True, ["x"], {"text": "x"}, "x" * 501, "a\u0001b", "\u0085"],
        "private_note": [0, False, [], "x" * 2001],
        "needed_from": [1780000000, None, True, "", "tomorrow", "2026-06-10", "2026-06-10T10:00:00"],
        "needed_until": [
            "2026-06-10T18:00:00",
            "2026-06-10 18:00:00Z",
            "2026-06-10T18:00Z",
            "2026-06-10T18:00:00+0200",
            "2026-06-10T18:00:00 Z",
            "2026-06-10T18:00:00Z\n",
            "2026-06-31T18:00:00Z",
            "2026-06-10T24:30:00Z",
            "2026-06-10T18:00:60Z",
            "2026-06-10T18:00:00+99:00",
            "2026-06-10T18:00:00.1234567890Z",
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "٢٠٢٦-06-10T18:00:00Z",
            "2026-W24-3T18:00:00Z",
        ],
        "urgent": ["true", "yes", 1, 0, None, "", []],
        "people_needed": ["3", 1.9, 1.0, True, None, 0, -1, 21, 10**12, [1], "", "٣"],
        "languages": ["de", None, [1], [None], ["deutsch!"], ["de", "de"], ["de\n"], {"de": 1}, ["d"], ["de"] * 21],
        "place": [
            None,
            [],
            "Herne",
            {},
            {"lat": 51.53, "lon": 7.156},
            {"lat": "51.53", "lon": 7.156, "address": "A 1"},
            {"lat": True, "lon": 7.156, "address": "A 1"},
            {"lat": 91, "lon": 7.156, "address": "A 1"},
            {"lat": 51.53, "lon": 181, "address": "A 1"},
            {"lat": 51.53, "lon": 7.156, "address": ""},
            {"lat": 51.53, "lon": 7.156, "address": "x" * 301},
            {"lat": 51.53, "lon": 7.156, "address": "A 1", "floor": 3},
        ],
        "phone": [491234, True, ["1"], "", "x" * 41],
    }


def test_a_value_of_the_wrong_type_is_never_converted(small_town: Town) -> None:
    requester = small_town.neighbour()
    good = {"category": "shopping", "needed_from": small_town.in_hours(1), "needed_until": small_town.in_hours(9)}
    for field, values in wrong_types().items():
        for value in values:
            reply = requester.post("/v1/requests", good | {field: value})

            assert reply.status_code == 422, (field, value, reply.text)
            assert {name.partition(".")[0] for name in reply.json["errors"]} == {field}, (field, value)


def test_instants_may_have_any_offset_and_come_back_in_utc(small_town: Town) -> None:
    requester = small_town.neighbour()

    request = requester.ask(needed_from="2026-06-10T14:00:00+02:00", needed_until="2026-06-10T13:30:00.250-02:30")

    assert (request["needed_from"], request["needed_until"]) == ("2026-06-10T12:00:00Z", "2026-06-10T16:00:00.250000Z")


def test_unknown_fields_are_refused_by_name_at_any_depth(small_town: Town) -> None:
    offer = {
        "categories": ["shopping"],
        "languages": ["de"],
        "availability": [{"weekday": 0, "from": "08:00", "until": "09:00", "often": True}],
        "reach": "quarter",
        "tasks_per_week": 1,
        "adult": True,
        "id": "mine",
    }

    reply = small_town.neighbour().post("/v1/offers", offer)

    assert_problem(reply, 422, "invalid")
    assert set(reply.json["errors"]) == {"availability.0.often", "id"}


def test_the_columns_of_a_person_cannot_be_assigned_from_outside(small_town: Town) -> None:
    """Mass assignment: every column is offered to every route that writes about oneself."""
    neighbour = small_town.neighbour()
    for column, value in {
        "id": neighbour.id,
        "verification": "certified",
        "is_admin": True,
        "roles": ["admin"],
        "coordinates": ["blumenthal"],
        "password_hash": "x",
        "suspended_at": None,
        "active_tasks": -5,
        "quarter_id": neighbour.id,
        "protected_address": False,
        "created_at": small_town.in_hours(0),
        "version": 7,
    }.items():
        for reply in (
            neighbour.patch("/v1/me", {"name": "X", column: value}, If_Match="*"),
            neighbour.put("/v1/me/preferences", {column: value}),
            small_town.call("POST", "/v1/auth/sign-up", {"email": "a@example.org", column: value}),
        ):
            assert reply.status_code == 422, column
            assert column in reply.json["errors"], column


def test_a_phone_number_is_one_that_can_be_called(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    for phone in ("abc", "12", "+49", "0" * 40):
        reply = neighbour.post("/v1/requests", asking(small_town, phone=phone))
        assert_problem(reply, 422, "invalid")
        assert reply.json["errors"] == {"phone": ["Das ist keine Telefonnummer."]}
    assert neighbour.ask(phone="02323 123456")["phone"] == "02323 123456"


def test_query_parameters_are_known_and_given_once(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    for path, wrong in {
        "/v1/me?x=1": "x",
        "/v1/me?access_token=x": "access_token",
        "/v1/requests?limit=1&limit=2": "limit",
        "/v1/requests?state=": "state",
        "/v1/requests?state=OPEN": "state",
        "/v1/requests?mine=1": "mine",
        "/v1/requests?mine=True": "mine",
        "/v1/requests?category=flying": "category",
        "/v1/requests?quarter=Blumenthal": "quarter",
        "/v1/requests?quarter=blumenthal%0A": "quarter",
        "/v1/requests?quarter=%00": "quarter",
        "/v1/requests?mine=%ff": "mine",
        "/v1/invitations?state=new": "state",
        "/v1/quarters?after=": "after",
        "/v1/quarters/locate": "lat",
        "/v1/quarters/locate?lat=51&lon=7&lat=52": "lat",
        "/v1/quarters/locate?lat=nan&lon=7": "lat",
        "/v1/quarters/locate?lat=91&lon=7": "lat",
        "/v1/quarters/locate?lat=51,5&lon=7": "lat",
        "/v1/quarters/locate?lat=51&lon=%2B7": "lon",
        "/health/live?x=1": "x",
        "/openapi.json?x=1": "x",
        "/docs?x=1": "x",
    }.items():
        reply = neighbour.get(path)

        assert_problem(reply, 422, "invalid")
        assert wrong in reply.json["errors"], path


def test_writing_routes_take_no_query_parameters(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    request = neighbour.ask()
    for method, path, body in (
        ("POST", f"/v1/requests/{request['id']}/cancel?now=1", None),
        ("PUT", "/v1/me/preferences?x=1", {}),
        ("PATCH", "/v1/me?name=x", {}),
        ("DELETE", "/v1/me/devices/installation-1?x=1", None),
        ("POST", f"{SIGN_IN}?login=a", {"login": "a", "password": "b"}),
    ):
        assert_problem(small_town.call(method, path, body, token=neighbour.token), 422, "invalid")
    assert neighbour.read(request)["state"] == "open"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v2/me",
        "/v1/nowhere",
        "/v1/requests/1",
        "/v1/requests/not-a-uuid",
        "/v1/requests/00000000-0000-7000-8000-00000000000g",
        "/v1/requests/000000000000700080000000000000000",
        "/v1/offers/%00",
        "/v1/me/notifications/..%2f..",
        "/v1//me",
        "/v1/quarters/Blumenthal",
        "/v1/quarters/blumenthal%0A",
        "/v1/" + "x" * 5000,
        "/v1/%ff",
        "/v1/quarters/nirgendwo",
        NOWHERE,
    ],
)
def test_what_is_not_there_is_not_found(small_town: Town, path: str) -> None:
    assert_problem(small_town.neighbour().get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/me", {"GET", "PATCH"}),
        ("GET", SIGN_IN, {"POST"}),
        ("PATCH", "/v1/requests", {"GET", "POST"}),
        ("DELETE", NOWHERE, {"GET", "PATCH"}),
        ("TRACE", "/v1/requests", {"GET", "POST"}),
        ("CONNECT", "/v1/requests", {"GET", "POST"}),
        ("BREW", "/v1/requests", {"GET", "POST"}),
        ("POST", "/docs", {"GET"}),
    ],
)
def test_a_method_that_is_not_allowed_is_a_problem_that_says_what_is(
    small_town: Town, method: str, path: str, allowed: set[str]
) -> None:
    reply = small_town.neighbour().town.call(method, path)

    assert_problem(reply, 405, "method_not_allowed")
    said = {name.strip() for name in reply.headers["Allow"].split(",")}
    assert allowed <= said
    assert method not in said


def test_head_is_a_get_without_its_body(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    for path in ("/v1/me", "/v1/requests", "/v1/quarters/blumenthal", "/health/live", "/docs", NOWHERE):
        whole, head = neighbour.get(path), small_town.call("HEAD", path, token=neighbour.token)

        assert head.status_code == whole.status_code, path
        assert head.text == "", path
        for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control", "Vary"):
            same = name != "Content-Length" or whole.status_code == 200  # a problem's trace id is its own
            assert not same or head.headers.get(name) == whole.headers.get(name), (path, name)
    assert small_town.call("HEAD", "/v1/me").status_code == 401


def test_options_says_what_is_allowed_and_opens_no_door_to_other_sites(small_town: Town) -> None:
    """The framework answers OPTIONS, to anybody, with the Allow header alone: there is no CORS, apps need none."""
    for path in ("/v1/me", "/v1/auth/sign-in", NOWHERE):
        reply = small_town.call("OPTIONS", path, Origin="https://elsewhere.example")

        assert reply.status_code == 200, path
        assert reply.text == ""
        assert "OPTIONS" in reply.headers["Allow"]
        assert not [name for name, _ in reply.headers if name.lower().startswith("access-control-")]


def test_every_answer_forbids_sniffing_framing_and_scripts(small_town: Town) -> None:
    for reply in (
        small_town.call("GET", "/v1/quarters"),
        small_town.call("GET", "/v1/me"),
        small_town.call("GET", "/nowhere"),
        small_town.call("GET", "/docs"),
        small_town.call("PUT", "/docs"),
    ):
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "charset" not in reply.headers["Content-Type"] or "html" in reply.headers["Content-Type"]


ENGLISH, GERMAN = "You are not signed in.", "Sie sind nicht angemeldet."


@pytest.mark.parametrize(
    ("wanted", "title"),
    [
        ("de", GERMAN),
        ("en", ENGLISH),
        ("en-GB, de;q=0.5", ENGLISH),
        ("de-AT", GERMAN),
        ("fr, en;q=0.1", ENGLISH),
        ("tr", GERMAN),
        ("tr, en;q=0.5", ENGLISH),
        ("de-x-einfach", GERMAN),
        ("xx", GERMAN),
        ("*", GERMAN),
        ("", GERMAN),
        (";;;q=,,, ,=\t", GERMAN),
        ("en;q=0", GERMAN),
        ("en;q=nan, de;q=1e9", GERMAN),
        ("x" * 5000, GERMAN),
        ("en," * 3000, ENGLISH),
    ],
)
def test_accept_language_chooses_the_language_of_a_problem(small_town: Town, wanted: str, title: str) -> None:
    reply = small_town.call("GET", "/v1/me", Accept_Language=wanted)

    assert reply.json["title"] == title


def test_without_a_wish_people_read_their_own_language(small_town: Town) -> None:
    reader = small_town.neighbour(language="en")

    assert reader.get(NOWHERE).json["title"] == "Not found."
    assert reader.get(NOWHERE, Accept_Language="de").json["title"] == "Nicht gefunden."
    assert reader.get("/v1/me").headers["Content-Language"] == "en"


def test_what_is_wrong_with_a_field_is_said_in_german(small_town: Town) -> None:
    """Whatever library found it: no English sentence reaches a German reader."""
    requester = small_town.neighbour()
    english, german = _texts(requester, "en"), _texts(requester, "de")

    assert len(english) > 60
    same = {field: text for field, text in german.items() if english[field] == text}
    assert same == {}


def _texts(requester: Neighbour, language: str) -> dict[str, str]:
    """Case → what is said about it, over all the refusals of fields, queries and sign-up."""
    good = {"category": "shopping", "needed_from": "2026-06-10T12:00:00Z", "needed_until": "2026-06-10T18:00:00Z"}
    said: dict[str, str] = {}

    def note(case: str, reply: Reply) -> None:
        assert reply.status_code == 422, (case, reply.text)
        for field, texts in reply.json["errors"].items():
            said[f"{case}: {field}"] = " ".join(texts)

    for field, values in wrong_types().items():
        for value in values:
            note(
                f"{field} {value!r}"[:60],
                requester.post("/v1/requests", good | {field: value}, Accept_Language=language),
            )
    for query in ("limit=0", "limit=x", "state=x", "mine=x", "quarter=X", "after=x", "limit=1&limit=1", "x=1"):
        note(query, requester.get(f"/v1/requests?{query}", Accept_Language=language))
    for query in ("lat=91&lon=181", "lat=x&lon=y", "lat=51"):
        note(query, requester.get(f"/v1/quarters/locate?{query}", Accept_Language=language))
    town = requester.town
    for body in ({}, {"email": "x", "password": "short", "name": "", "quarter": "", "language": "xx"}, {"otp": 1}):
        note(f"sign-up {body}", town.call("POST", "/v1/auth/sign-up", body, Accept_Language=language))
    note("prefs", requester.put("/v1/me/preferences", {"channels": {"x": ["fax", "fax"]}}, Accept_Language=language))
    note("list", town.call("POST", "/v1/auth/sign-in", [1], Accept_Language=language))
    return said
