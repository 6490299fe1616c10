"""Versions of what is read: an ETag saves the second reading, and keeps people from overwriting each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.api.raw import assert_problem
from tests.api.staff import coordinator, settings_path
from tests.support.town import Neighbour, Reply, Town

NOWHERE = "00000000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Thing:
    """Something that can be changed: where it is, whose it is, and two changes of it."""

    path: str
    owner: Neighbour
    changes: tuple[dict[str, Any], dict[str, Any]]

    def read(self, **headers: str) -> Reply:
        return self.owner.get(self.path, **headers)

    def change(self, which: int = 0, **headers: str) -> Reply:
        return self.owner.patch(self.path, self.changes[which], **headers)


def things(town: Town) -> Iterator[Thing]:
    owner = town.volunteer()
    request, offer = owner.ask(), owner.offer()
    yield Thing("/v1/me", owner, ({"name": "Eins"}, {"name": "Zwei"}))
    yield Thing(f"/v1/requests/{request['id']}", owner, ({"public_note": "Eins"}, {"public_note": "Zwei"}))
    yield Thing(f"/v1/offers/{offer['id']}", owner, ({"tasks_per_week": 1}, {"tasks_per_week": 2}))
    settings = ({"confirm_first_tasks": 1}, {"confirm_first_tasks": 2})
    yield Thing(settings_path("blumenthal"), coordinator(town), settings)


def test_a_change_needs_the_version_that_was_read(small_town: Town) -> None:
    for thing in things(small_town):
        read = thing.read()

        assert_problem(thing.change(), 428, "precondition_required")
        for none in ("", '"', ",", read.headers["ETag"][:-2]):
            assert_problem(thing.change(If_Match=none), 428, "precondition_required")
        for stale in (
            '"nonsense"',
            "nonsense",
            "W/" + read.headers["ETag"],
            '"a", "b"',
        ):
            assert_problem(thing.change(If_Match=stale), 412, "stale")
        assert thing.read().text == read.text, "a refused change changes nothing"
        assert thing.change(If_Match=f'"a", {read.headers["ETag"]}').status_code == 200, thing.path


def test_of_two_who_read_the_same_version_only_the_first_changes_it(small_town: Town) -> None:
    for thing in things(small_town):
        tag = thing.read().headers["ETag"]

        first, second = thing.change(0, If_Match=tag), thing.change(1, If_Match=tag)

        assert first.status_code == 200, first.text
        assert_problem(second, 412, "stale")
        assert thing.read().text == first.text


def test_a_star_means_whatever_version_is_there(small_town: Town) -> None:
    for thing in things(small_town):
        assert thing.change(If_Match="*").status_code == 200, thing.path


def test_the_tag_of_a_change_is_the_tag_of_the_next_reading(small_town: Town) -> None:
    for thing in things(small_town):
        before = thing.read().headers["ETag"]
        changed = thing.change(0, If_Match=before)
        read = thing.read()

        assert changed.headers["ETag"] == read.headers["ETag"] != before, thing.path
        assert thing.change(1, If_Match=changed.headers["ETag"]).status_code == 200


def test_the_tag_that_came_with_what_was_made_is_good_for_its_first_change(town: Town) -> None:
    """On both systems: what is read back is, to the byte, what was answered when it was written."""
    owner = town.neighbour()
    place = {"lat": 51.5301234567890123, "lon": 7.156, "address": "Wilhelmstraße 5, 44649 Herne"}
    made = owner.post(
        "/v1/requests",
        {
            "category": "shopping",
            "needed_from": "2026-06-10T12:00:00.123456Z",
            "needed_until": town.in_hours(9),
            "languages": ["tr", "de"],
            "place": place,
        },
    )
    path = f"/v1/requests/{made.json['id']}"

    assert made.status_code == 201
    assert owner.get(path).text == made.text
    assert owner.get(path).headers["ETag"] == made.headers["ETag"]
    assert owner.patch(path, {"public_note": "x"}, If_Match=made.headers["ETag"]).status_code == 200


def test_what_is_known_already_is_not_sent_again(small_town: Town) -> None:
    for thing in things(small_town):
        tag = thing.read().headers["ETag"]

        for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
            same = thing.read(If_None_Match=known)
            assert (same.status_code, same.text) == (304, ""), (thing.path, known)
            assert same.headers["ETag"] == tag
            assert same.headers["Cache-Control"] == "private, no-cache"
            assert same.headers["Vary"] == "Authorization, Accept-Language"
        assert thing.read(If_None_Match='"other"').status_code == 200
        thing.change(If_Match=tag)
        assert thing.read(If_None_Match=tag).status_code == 200, "it has changed"


def test_a_tag_is_strong_and_tells_nothing(small_town: Town) -> None:
    for thing in things(small_town):
        tag = thing.read().headers["ETag"]

        assert tag.startswith('"')
        assert tag.endswith('"')
        assert len(tag) >= 30
        assert thing.owner.id.replace("-", "") not in tag


def test_a_tag_belongs_to_its_reader(small_town: Town) -> None:
    readers = [small_town.volunteer(), small_town.volunteer()]
    request = small_town.neighbour().ask()
    path = f"/v1/requests/{request['id']}"
    mine, theirs = (reader.get(path) for reader in readers)

    assert mine.text == theirs.text, "both see the same public face"
    assert mine.headers["ETag"] != theirs.headers["ETag"]
    assert readers[1].get(path, If_None_Match=mine.headers["ETag"]).status_code == 200


def test_a_tag_belongs_to_its_language(small_town: Town) -> None:
    for thing in things(small_town):
        german, english = (thing.read(Accept_Language=language).headers["ETag"] for language in ("de", "en"))

        assert german != english
        assert thing.read(Accept_Language="en", If_None_Match=german).status_code == 200
        assert_problem(thing.change(Accept_Language="en", If_Match=german), 412, "stale")


def test_what_others_do_makes_the_owners_version_stale(small_town: Town) -> None:
    helper, owner = small_town.volunteer(), small_town.neighbour()
    request = owner.ask()
    path = f"/v1/requests/{request['id']}"
    tag = owner.get(path).headers["ETag"]

    helper.act(request, "accept")

    assert_problem(owner.patch(path, {"public_note": "x"}, If_Match=tag), 412, "stale")


def test_the_version_is_asked_for_only_of_whoever_may_change_it(small_town: Town) -> None:
    """422 before 404 before 403 before 428 and 412: a stranger learns nothing from a missing header."""
    owner, volunteer = small_town.neighbour(), small_town.volunteer()
    stranger = small_town.neighbour(quarter="forellquartier")
    path = f"/v1/requests/{owner.ask()['id']}"

    assert_problem(owner.patch(path, {"colour": "red"}), 422, "invalid")
    assert_problem(stranger.patch(path, {"colour": "red"}), 422, "invalid")
    assert_problem(stranger.patch(path, {"public_note": "x"}), 404, "not_found")
    assert_problem(volunteer.patch(path, {"public_note": "x"}), 403, "forbidden")
    assert_problem(volunteer.patch(path, {"public_note": "x"}, If_Match='"stale"'), 403, "forbidden")
    assert_problem(owner.patch(f"/v1/requests/{NOWHERE}", {"public_note": "x"}), 404, "not_found")
    assert_problem(owner.patch(f"/v1/offers/{NOWHERE}", {"reach": "quarter"}, If_Match="*"), 404, "not_found")


def test_a_stale_version_is_told_before_a_conflict(small_town: Town) -> None:
    owner = small_town.neighbour()
    request = owner.ask()
    path = f"/v1/requests/{request['id']}"
    tag = owner.get(path).headers["ETag"]
    owner.act(request, "cancel")

    assert_problem(owner.patch(path, {"public_note": "x"}, If_Match=tag), 412, "stale")
    now = owner.get(path).headers["ETag"]
    assert_problem(owner.patch(path, {"public_note": "x"}, If_Match=now), 409, "not_open")


@pytest.mark.parametrize(
    "path", ["/v1/requests", "/v1/offers", "/v1/invitations", "/v1/me/notifications", "/v1/quarters"]
)
def test_lists_carry_no_tag(small_town: Town, path: str) -> None:
    reply = small_town.neighbour().get(path, If_None_Match="*")

    assert reply.status_code == 200
    assert "ETag" not in reply.headers
    assert reply.headers.get("Cache-Control") == (None if path == "/v1/quarters" else "no-store")


def test_whatever_is_answered_to_somebody_is_not_kept_by_caches(small_town: Town) -> None:
    owner = small_town.volunteer()
    request = owner.ask()
    for reply, kept in (
        (owner.get("/v1/me"), "private, no-cache"),
        (owner.get("/v1/me/preferences"), "private, no-cache"),
        (owner.get(f"/v1/requests/{request['id']}/dispatch"), "private, no-cache"),
        (owner.get(f"/v1/requests/{request['id']}/views"), "no-store"),
        (owner.put("/v1/me/preferences", {}), "no-store"),
        (owner.act(request, "cancel"), "no-store"),
        (owner.post("/v1/auth/sign-out"), "no-store"),
        (owner.get("/v1/me"), "no-store"),
        (small_town.call("POST", "/v1/auth/sign-in", {"login": "a", "password": "b"}), "no-store"),
    ):
        assert reply.headers["Cache-Control"] == kept
    refreshed = small_town.call(
        "POST", "/v1/auth/refresh", {"refresh_token": small_town.neighbour().session["refresh_token"]}
    )
    assert (refreshed.status_code, refreshed.headers["Cache-Control"]) == (200, "no-store")


def test_what_varies_by_reader_and_language_says_so(small_town: Town) -> None:
    owner = small_town.neighbour()
    for path in ("/v1/me", "/v1/requests", "/v1/me/notifications", "/v1/invitations"):
        assert owner.get(path).headers["Vary"] == "Authorization, Accept-Language"


@pytest.mark.parametrize("kind", ["application/json", "application/geo+json"])
def test_a_quarter_has_a_tag_in_each_of_its_forms(small_town: Town, kind: str) -> None:
    first = small_town.call("GET", "/v1/quarters/blumenthal", Accept=kind)
    tag = first.headers["ETag"]
    again = small_town.call("GET", "/v1/quarters/blumenthal", Accept=kind, If_None_Match=tag)
    other = next(form for form in ("application/json", "application/geo+json") if form != kind)

    assert first.headers["Content-Type"] == kind
    assert first.headers["Vary"] == again.headers["Vary"] == "Authorization, Accept-Language, Accept"
    assert again.status_code == 304
    assert small_town.call("GET", "/v1/quarters/blumenthal", Accept=other, If_None_Match=tag).status_code == 200
