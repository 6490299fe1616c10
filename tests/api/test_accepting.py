"""Saying yes: who may, in which order it is refused, and how many get the task."""

from typing import Any

import pytest

from tests.api.states import (
    Scene,
    Walk,
    called_off,
    does,
    filled,
    filled_by_two,
    finished,
    in_turn,
    joins,
    posts,
    waits,
)

HOUSEHOLD = {"categories": ["household"]}
SUNDAY = [{"weekday": 6, "from": "10:00", "until": "12:00"}]


def be_busy(scene: Scene) -> None:
    """The second volunteer takes on three tasks, before there is the request that matters."""
    scene.volunteers("second")
    for _ in range(3):
        scene.post()
        scene.does("second", "accept")


@pytest.mark.parametrize(
    ("walk", "code"),
    [
        pytest.param(filled_by_two, "already_accepted", id="two others help, and one of them asks again"),
        pytest.param(finished, "already_accepted", id="done, by whoever asks again"),
    ],
)
def test_whoever_has_the_task_is_told_that_first(small_scene: Scene, walk: Walk, code: str) -> None:
    walk(small_scene)
    assert small_scene.is_refused("first", "accept") == (409, code)


@pytest.mark.parametrize(
    ("walk", "code"),
    [
        pytest.param(does("first", "accept"), "already_filled", id="filled"),
        pytest.param(does("requester", "cancel"), "not_open", id="cancelled"),
        pytest.param(waits(hours=10), "not_open", id="run out, before any job has noticed"),
        pytest.param(in_turn(), "too_many_open_tasks", id="open"),
    ],
)
def test_that_somebody_has_enough_to_do_is_said_last(small_scene: Scene, walk: Walk, code: str) -> None:
    be_busy(small_scene)
    small_scene.volunteers("first")
    small_scene.post()
    walk(small_scene)
    assert small_scene.is_refused("second", "accept") == (409, code)


def test_whoever_finishes_one_of_three_tasks_may_take_another(scene: Scene) -> None:
    be_busy(scene)
    last = scene.request
    scene.post()
    assert scene.is_refused("second", "accept") == (409, "too_many_open_tasks")
    assert scene["second"].act(last, "done").status_code == 200
    scene.does("second", "accept")


@pytest.mark.parametrize(
    "offer",
    [
        pytest.param({"categories": ["errand", "visit"]}, id="no offer with the category"),
        pytest.param({"categories": ["errand"], "reach": "neighbours"}, id="nor one that reaches further"),
    ],
)
def test_an_offer_of_something_else_does_not_do(small_scene: Scene, offer: dict[str, Any]) -> None:
    small_scene.volunteers("first", **offer)
    small_scene.post()
    assert small_scene.is_refused("first", "accept") == (403, "not_eligible")


def test_a_paused_offer_does_not_do_until_the_pause_is_over(small_scene: Scene) -> None:
    first = small_scene.resident("first")
    path = f"/v1/offers/{first.offer()['id']}"
    pause = {"paused_until": small_scene.town.in_hours(2)}
    assert first.patch(path, pause, If_Match=first.get(path).headers["ETag"]).status_code == 200
    small_scene.post()
    assert not first.invitations()
    assert small_scene.is_refused("first", "accept") == (403, "not_eligible")

    small_scene.town.clock.forward(hours=2)

    small_scene.does("first", "accept")


@pytest.mark.parametrize(
    ("category", "too_low", "enough"),
    [("household", "new", "known"), ("tutoring", "known", "certified"), ("childcare", "new", "certified")],
)
def test_some_help_takes_a_verified_volunteer(small_scene: Scene, category: str, too_low: str, enough: str) -> None:
    small_scene.volunteers("first", categories=[category])
    small_scene.town.change_person(small_scene["first"], verification=too_low)
    small_scene.post(category=category)
    assert small_scene.is_refused("first", "accept") == (403, "not_eligible")

    small_scene.town.change_person(small_scene["first"], verification=enough)

    small_scene.does("first", "accept")


@pytest.mark.parametrize("action", ["accept", "decline", "standby"])
def test_nobody_answers_their_own_request(small_scene: Scene, action: str) -> None:
    small_scene.volunteers("requester")
    small_scene.post()
    assert small_scene.is_refused("requester", action) == (403, "not_eligible")


@pytest.mark.parametrize("action", ["accept", "decline", "standby", "withdraw", "done", "cancel", "undo", "contact"])
def test_what_one_may_not_read_does_not_exist(small_scene: Scene, action: str) -> None:
    small_scene.post()
    small_scene.resident("without an offer")
    small_scene.people["far away"] = small_scene.town.volunteer(quarter="funkenbergquartier", phone=False)
    assert small_scene.is_refused("without an offer", action) == (404, "not_found")
    assert small_scene.is_refused("far away", action) == (404, "not_found")


def test_whoever_was_asked_and_takes_the_offer_back_may_read_but_not_accept(small_scene: Scene) -> None:
    first = small_scene.resident("first")
    offer = first.offer()
    small_scene.post()
    assert first.delete(f"/v1/offers/{offer['id']}").status_code == 204
    assert first.read(small_scene.request)["state"] == "open"
    assert small_scene.is_refused("first", "accept") == (403, "not_eligible")


@pytest.mark.parametrize("walk", [filled, called_off, finished], ids=["filled", "cancelled", "done"])
def test_not_eligible_comes_before_everything_about_the_state(small_scene: Scene, walk: Walk) -> None:
    walk(small_scene)
    small_scene.volunteers("third", categories=["errand"])
    assert small_scene.is_refused("third", "accept") == (403, "not_eligible")


def test_accepting_needs_no_invitation(scene: Scene) -> None:
    scene.post()
    scene.volunteers("first")
    assert not scene["first"].invitations()

    accepted = scene.does("first", "accept")

    assert accepted.json.keys() == {"id", "request", "state", "accepted_at"}
    assert (accepted.json["request"], accepted.json["state"]) == (scene.request["id"], "active")
    assert scene.state == "filled"


@pytest.mark.parametrize(
    ("offer", "preferences"),
    [
        pytest.param({}, {"quiet_from": "11:00", "quiet_until": "13:00"}, id="quiet hours"),
        pytest.param({}, {"pushes_per_day": 0}, id="no more pushes today"),
        pytest.param({}, {"asks_per_week": 0}, id="no asks this week"),
        pytest.param({}, {"paused_until": "2026-06-20T00:00:00Z"}, id="a pause of asking"),
        pytest.param({"availability": SUNDAY}, {}, id="other hours"),
        pytest.param({"languages": ["tr"]}, {}, id="another language"),
    ],
)
def test_what_stops_asking_never_stops_accepting(
    small_scene: Scene, offer: dict[str, Any], preferences: dict[str, Any]
) -> None:
    small_scene.volunteers("first", **offer)
    assert small_scene["first"].put("/v1/me/preferences", preferences).status_code == 200
    small_scene.post(languages=["de"])
    assert not small_scene["first"].invitations()
    small_scene.does("first", "accept")


def test_the_own_limit_of_tasks_a_week_stops_asking_and_not_accepting(small_scene: Scene) -> None:
    small_scene.volunteers("first", tasks_per_week=1)
    small_scene.post()
    small_scene.does("first", "accept")
    small_scene.post()
    assert len(small_scene["first"].invitations()) == 1
    small_scene.does("first", "accept")


def test_one_may_accept_at_night(small_scene: Scene) -> None:
    small_scene.town.clock.forward(hours=12)
    small_scene.volunteers("first")
    small_scene.post()
    assert not small_scene["first"].invitations()
    small_scene.does("first", "accept")


def test_exactly_as_many_as_are_needed_get_the_task(scene: Scene) -> None:
    in_turn(joins("first", "second", "third", "fourth"), posts(3))(scene)
    for part, state, count in [("first", "open", 1), ("second", "open", 2), ("third", "filled", 3)]:
        scene.does(part, "accept")
        seen = scene.seen()
        assert (seen["state"], seen["people_accepted"]) == (state, count)
    assert scene.is_refused("fourth", "accept") == (409, "already_filled")

    assert scene.does("second", "withdraw").json["people_accepted"] == 2

    seen = scene.seen()
    assert (seen["state"], seen["people_accepted"]) == ("open", 2)
    assert {helper["person"] for helper in seen["helpers"]} == {scene["first"].id, scene["third"].id}
    scene.does("fourth", "accept")
    assert scene.state == "filled"


@pytest.mark.parametrize("walk", [filled, finished], ids=["helping", "finished"])
@pytest.mark.parametrize("action", ["decline", "standby"])
def test_whoever_has_the_task_cannot_answer_otherwise_any_more(small_scene: Scene, walk: Walk, action: str) -> None:
    walk(small_scene)
    expected = "not_open" if (walk, action) == (finished, "standby") else "already_accepted"
    assert small_scene.is_refused("first", action) == (409, expected)


def test_nobody_stands_by_for_what_is_over(small_scene: Scene) -> None:
    called_off(small_scene)
    assert small_scene.is_refused("second", "standby") == (409, "not_open")
    small_scene.does("second", "decline")
