"""Still needed: the span begins anew, what expired opens again, and five open requests are enough."""

import pytest

from tests.api.states import Scene, Walk, asked, does, filled, helped, in_turn, joins, overdue, run_out, runs, waits

NOTHING_DUE = {"warned": 0, "expired": 0, "filled": 0}


def post_for_three_weeks(scene: Scene) -> None:
    scene.post(needed_until=scene.town.in_hours(24 * 21))


def test_whoever_says_so_has_another_seven_days(scene: Scene) -> None:
    post_for_three_weeks(scene)
    assert scene.request["expires_at"] == scene.town.in_hours(24 * 7)
    in_turn(waits(days=6, hours=12), runs("expire-requests"))(scene)
    assert scene["requester"].inbox()[0]["title"] == "Brauchen Sie noch Hilfe?"

    renewed = scene.does("requester", "still-needed").json

    assert renewed["expires_at"] == scene.town.in_hours(24 * 7)
    scene.town.clock.forward(days=1)
    assert scene.town.run("expire-requests") == NOTHING_DUE


def test_a_later_end_may_be_given_at_any_time(small_scene: Scene) -> None:
    asked(small_scene)
    until = small_scene.town.in_hours(30)
    renewed = small_scene.does("requester", "still-needed", {"needed_until": until}).json
    assert renewed["needed_until"] == renewed["expires_at"] == until


def test_an_earlier_end_may_be_given_while_somebody_helps_and_they_are_told(scene: Scene) -> None:
    helped(scene)
    until = scene.town.in_hours(5)
    renewed = scene.does("requester", "still-needed", {"needed_until": until}).json
    assert renewed["needed_until"] == renewed["expires_at"] == until
    assert "task_changed" in {notice["kind"] for notice in scene["first"].inbox()}


@pytest.mark.parametrize("walk", [run_out, in_turn(asked, overdue)], ids=["expired", "open, before the job has run"])
def test_once_the_time_has_passed_a_new_end_is_required(small_scene: Scene, walk: Walk) -> None:
    walk(small_scene)
    for body in (None, {}, {"needed_until": small_scene.town.in_hours(-1)}, {"needed_until": "tomorrow"}):
        refused = small_scene.try_to("requester", "still-needed", body)
        assert (refused.status_code, refused.json["errors"].keys()) == (422, {"needed_until"})


def test_an_expired_request_opens_and_asks_again(scene: Scene) -> None:
    in_turn(run_out, waits(hours=12), joins("third"))(scene)
    until = scene.town.in_hours(9)

    reopened = scene.does("requester", "still-needed", {"needed_until": until}).json

    assert (reopened["state"], reopened["needed_until"], reopened["expires_at"]) == ("open", until, until)
    assert [invitation["state"] for invitation in scene["third"].invitations()] == ["asked"]
    scene.does("first", "accept")
    assert scene.state == "filled"


def test_what_expired_with_time_left_needs_no_new_end(small_scene: Scene) -> None:
    post_for_three_weeks(small_scene)
    in_turn(waits(days=6, hours=12), runs("expire-requests"), waits(hours=12), runs("expire-requests"))(small_scene)
    assert small_scene.state == "expired"
    assert small_scene.does("requester", "still-needed").json["state"] == "open"


def test_a_coordinator_may_say_it_for_the_requester(small_scene: Scene) -> None:
    asked(small_scene)
    small_scene.coordinator()
    small_scene.does("coordinator", "still-needed")


def test_a_sixth_open_request_is_too_many(scene: Scene) -> None:
    asked(scene)
    for _ in range(4):
        scene.post()
    body = {key: scene.request[key] for key in ("category", "needed_from", "needed_until", "place")}
    refused = scene["requester"].post("/v1/requests", body)
    assert (refused.status_code, refused.json["code"]) == (409, "too_many_open_requests")

    scene.does("first", "accept")

    assert scene["requester"].post("/v1/requests", body).status_code == 201


def test_what_expired_does_not_open_beside_five_others(small_scene: Scene) -> None:
    run_out(small_scene)
    expired = small_scene.request
    for _ in range(5):
        small_scene.post()
    last, small_scene.request = small_scene.request, expired
    body = {"needed_until": small_scene.town.in_hours(20)}
    assert small_scene.is_refused("requester", "still-needed", body) == (409, "too_many_open_requests")
    assert small_scene.state == "expired"

    assert small_scene["requester"].act(last, "cancel").status_code == 200

    small_scene.does("requester", "still-needed", body)


def test_five_others_are_no_matter_to_what_is_open_already(small_scene: Scene) -> None:
    filled(small_scene)
    for _ in range(5):
        small_scene.post()
    small_scene.does("requester", "still-needed")
    in_turn(does("requester", "cancel"), does("requester", "undo"))(small_scene)
