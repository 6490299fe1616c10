"""A task comes back: who is asked next, and what is noted about whoever gave it back."""

import pytest

from models import Assignment
from tests.api.ledger import Ledger
from tests.api.states import (
    Scene,
    Walk,
    asked,
    does,
    filled,
    filled_by_two,
    finished,
    half_done,
    in_turn,
    joins,
    posts,
    releases,
    waits,
)


def task_of(scene: Scene, part: str) -> Assignment:
    ledger = Ledger(scene)
    task = ledger.task_of(part)
    assert task is not None
    return ledger.tasks[task]


def test_whoever_stands_by_is_asked_first_and_alone_and_then_anybody_fresh(scene: Scene) -> None:
    in_turn(asked, does("second", "standby"), does("first", "accept"), joins("third"))(scene)
    before = Ledger(scene)

    scene.does("first", "withdraw")

    after = Ledger(scene)
    assert after.told_since(before) == ["requester: helper_withdrew", "second: asked_standby"]
    scene.town.clock.forward(hours=1)
    scene.town.run("send-waves")
    assert Ledger(scene).told_since(after) == ["third: asked"]


def test_before_anybody_gave_back_whoever_stands_by_is_asked_last(small_scene: Scene) -> None:
    scene = small_scene
    in_turn(asked, does("first", "standby"), joins("third"), waits(hours=1))(scene)
    before = Ledger(scene)
    scene.town.run("send-waves")
    between = Ledger(scene)
    scene.town.clock.forward(hours=1)
    scene.town.run("send-waves")
    assert between.told_since(before) == ["third: asked"]
    assert Ledger(scene).told_since(between) == ["first: asked_standby"]


def test_whoever_stands_by_may_also_be_the_one_who_was_never_asked(small_scene: Scene) -> None:
    in_turn(filled, joins("third"), does("third", "standby"))(small_scene)
    before = Ledger(small_scene)
    small_scene.does("first", "withdraw")
    assert "third: asked_standby" in Ledger(small_scene).told_since(before)


@pytest.mark.parametrize("ending", [does("first", "withdraw"), releases("first"), releases("first", no_show=True)])
def test_whoever_had_the_task_is_not_asked_for_it_again(small_scene: Scene, ending: Walk) -> None:
    in_turn(posts(), joins("first"), does("first", "accept"), ending, waits(hours=1))(small_scene)
    small_scene.town.run("send-waves")
    assert not small_scene["first"].invitations()
    small_scene.does("first", "accept")


def test_a_helper_who_was_never_asked_is_not_asked_while_helping(small_scene: Scene) -> None:
    in_turn(posts(2), joins("first"), does("first", "accept"), waits(hours=1))(small_scene)
    small_scene.town.run("send-waves")
    assert not small_scene["first"].invitations()


def test_what_was_filled_for_longer_than_a_week_is_asked_for_again_at_once(scene: Scene) -> None:
    scene.volunteers("first")
    scene.post(needed_from=scene.town.in_hours(24 * 19), needed_until=scene.town.in_hours(24 * 20))
    in_turn(does("first", "accept"), waits(days=10), joins("second"))(scene)

    returned = scene.does("first", "withdraw").json

    assert returned["state"] == "open"
    assert returned["expires_at"] == scene.town.in_hours(24 * 7)
    assert [invitation["state"] for invitation in scene["second"].invitations()] == ["asked"]
    assert scene.town.run("expire-requests") == {"warned": 0, "expired": 0, "filled": 0}
    scene.does("second", "accept")


def test_whoever_gives_back_sees_the_public_face_again(small_scene: Scene) -> None:
    filled(small_scene)
    assert "code_word" in small_scene["first"].read(small_scene.request)
    returned = small_scene.does("first", "withdraw").json
    assert not returned.keys() & {"assignment", "code_word", "place", "helpers"}


def test_only_whoever_has_the_task_can_give_it_back(small_scene: Scene) -> None:
    filled(small_scene)
    assert small_scene.is_refused("second", "withdraw") == (403, "not_assigned")
    assert small_scene.is_refused("requester", "withdraw") == (403, "not_assigned")


def test_after_a_change_a_helper_may_give_back_without_a_mark(scene: Scene) -> None:
    in_turn(filled_by_two, waits(minutes=5))(scene)
    assert scene.try_to_edit(needed_from=scene.town.in_hours(3)).status_code == 200
    scene.town.clock.forward(minutes=5)
    scene.does("first", "withdraw")
    assert task_of(scene, "first").excused


def test_without_a_change_and_after_an_earlier_one_there_is_a_mark(small_scene: Scene) -> None:
    filled_by_two(small_scene)
    small_scene.does("first", "withdraw")
    assert not task_of(small_scene, "first").excused

    small_scene.town.clock.forward(minutes=5)
    assert small_scene.try_to_edit(public_note="Zwei Tüten").status_code == 200
    small_scene.town.clock.forward(minutes=5)
    small_scene.does("first", "accept")
    small_scene.does("first", "withdraw")
    assert not task_of(small_scene, "first").excused


def test_of_several_helpers_the_one_to_release_has_to_be_named(scene: Scene) -> None:
    filled_by_two(scene)
    refused = scene.try_to("requester", "release")
    assert (refused.status_code, refused.json["code"]) == (422, "invalid")
    assert refused.json["errors"].keys() == {"person"}

    released = scene.does("requester", "release", {"person": scene["first"].id, "reason": "Umgezogen"}).json

    assert [helper["person"] for helper in released["helpers"]] == [scene["second"].id]
    assert task_of(scene, "first").end_reason == "Umgezogen"


def test_the_only_active_helper_need_not_be_named(small_scene: Scene) -> None:
    half_done(small_scene)
    small_scene.does("requester", "release")
    assert task_of(small_scene, "second").state == "released"
    assert task_of(small_scene, "first").state == "done"


def test_nobody_is_released_where_nobody_helps(small_scene: Scene) -> None:
    asked(small_scene)
    assert small_scene.is_refused("requester", "release") == (409, "conflict")
    body = {"person": small_scene["second"].id}
    assert small_scene.is_refused("requester", "release", body) == (404, "not_found")


def test_a_coordinator_releases_too_and_the_requester_is_told(small_scene: Scene) -> None:
    filled(small_scene)
    small_scene.coordinator()
    before = Ledger(small_scene)
    small_scene.does("coordinator", "release")
    assert Ledger(small_scene).told_since(before) == [
        "first: released",
        "requester: helper_withdrew",
        "second: asked_again",
    ]


@pytest.mark.parametrize("action", ["release", "cancel", "still-needed"])
def test_a_helper_cannot_decide_for_the_requester(small_scene: Scene, action: str) -> None:
    filled(small_scene)
    assert small_scene.is_refused("first", action) == (403, "forbidden")


@pytest.mark.parametrize("walk", [filled, finished], ids=["filled", "done"])
@pytest.mark.parametrize("action", ["release", "cancel", "done", "undo", "still-needed"])
def test_a_coordinator_of_another_quarter_does_not_even_see_it(small_scene: Scene, walk: Walk, action: str) -> None:
    walk(small_scene)
    small_scene.coordinator("forellquartier")
    assert small_scene.is_refused("coordinator", action) == (404, "not_found")
