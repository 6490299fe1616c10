"""How a request ends, and how an accident is taken back within ten minutes."""

from typing import Any

import pytest

from tests.api.ledger import Ledger, everything
from tests.api.states import (
    Scene,
    Walk,
    asked,
    called_off,
    does,
    filled,
    filled_by_two,
    finished,
    half_done,
    helped,
    in_turn,
    joins,
    posts,
    waits,
)

EFFORT = {"minutes": 45, "expenses_cents": 1280}


def efforts(scene: Scene) -> dict[str, tuple[int | None, int | None]]:
    """Minutes and cents of the request and of each helper."""
    ledger = Ledger(scene)
    assert ledger.request is not None
    found = {"request": (ledger.request.minutes, ledger.request.expenses_cents)}
    for task in ledger.tasks.values():
        found[str(ledger.part_of(task.person_id))] = (task.minutes, task.expenses_cents)
    return found


def helpers(scene: Scene) -> dict[str, str]:
    """State by helper, as the requester sees them."""
    parts = {neighbour.id: part for part, neighbour in scene.people.items()}
    return {parts[helper["person"]]: helper["state"] for helper in scene.seen()["helpers"]}


def test_a_volunteer_ends_their_own_task_and_the_last_one_the_request(scene: Scene) -> None:
    filled_by_two(scene)
    assert scene.does("first", "done").json["state"] == "filled"
    assert helpers(scene) == {"first": "done", "second": "active"}
    assert scene.does("second", "done").json["state"] == "done"
    assert helpers(scene) == {"first": "done", "second": "done"}


def test_the_last_active_helper_ends_a_request_that_waits_for_more(scene: Scene) -> None:
    in_turn(joins("first", "second"), posts(3), does("first", "accept"), does("second", "accept"))(scene)
    assert scene.does("first", "done").json["state"] == "open"
    assert scene.does("second", "done").json["state"] == "done"


@pytest.mark.parametrize("walk", [helped, filled_by_two, half_done], ids=["open", "filled", "half done"])
def test_the_requester_ends_all_tasks_at_once(scene: Scene, walk: Walk) -> None:
    walk(scene)
    assert scene.does("requester", "done").json["state"] == "done"
    assert set(helpers(scene).values()) == {"done"}
    assert Ledger(scene).active[scene["first"].uuid] == 0


def test_the_requester_cannot_finish_what_nobody_has_helped_with(small_scene: Scene) -> None:
    asked(small_scene)
    assert small_scene.is_refused("requester", "done") == (409, "conflict")


def test_done_is_allowed_before_the_time_begins(small_scene: Scene) -> None:
    filled(small_scene)
    assert small_scene.request["needed_from"] > small_scene.town.in_hours(0)
    assert small_scene.does("first", "done").json["state"] == "done"


def test_what_it_took_is_kept_with_whoever_says_it(scene: Scene) -> None:
    filled_by_two(scene)
    scene.does("first", "done", EFFORT)
    scene.does("requester", "done", {"minutes": 60})
    assert efforts(scene) == {"request": (60, None), "first": (45, 1280), "second": (None, None)}


@pytest.mark.parametrize(
    "body", [{"minutes": "45"}, {"minutes": 1.5}, {"minutes": -1}, {"expenses_cents": -1}, {"hours": 1}]
)
def test_what_it_took_is_a_whole_number_and_not_below_nothing(small_scene: Scene, body: dict[str, Any]) -> None:
    filled(small_scene)
    assert small_scene.is_refused("first", "done", body) == (422, "invalid")
    assert small_scene.state == "filled"


@pytest.mark.parametrize("action", ["done", "cancel"])
def test_a_volunteer_without_the_task_cannot_end_it(small_scene: Scene, action: str) -> None:
    filled(small_scene)
    assert small_scene.is_refused("second", action) == (403, "forbidden")


def test_a_coordinator_finishes_for_the_requester_who_is_told(small_scene: Scene) -> None:
    filled(small_scene)
    small_scene.coordinator()
    before = Ledger(small_scene)
    assert small_scene.does("coordinator", "done").json["state"] == "done"
    assert Ledger(small_scene).told_since(before) == ["first: request_done", "requester: helper_done"]


def test_a_coordinator_calls_it_off_and_takes_it_back_and_both_sides_are_told(small_scene: Scene) -> None:
    filled(small_scene)
    small_scene.coordinator()
    before = Ledger(small_scene)
    small_scene.does("coordinator", "cancel")
    between = Ledger(small_scene)
    assert between.told_since(before) == ["first: request_cancelled", "requester: called_off"]
    small_scene.does("coordinator", "undo")
    assert Ledger(small_scene).told_since(between) == ["first: reopened", "requester: undone"]


def test_an_undone_cancellation_brings_the_helpers_back(scene: Scene) -> None:
    called_off(scene)
    assert Ledger(scene).active[scene["first"].uuid] == 0
    assert scene.is_refused("first", "contact") == (403, "not_assigned")

    assert scene.does("requester", "undo").json["state"] == "filled"

    assert helpers(scene) == {"first": "active"}
    assert Ledger(scene).active[scene["first"].uuid] == 1
    scene.does("first", "contact")


def test_undo_forgets_what_it_took(small_scene: Scene) -> None:
    in_turn(filled, does("first", "done", EFFORT), does("first", "undo"))(small_scene)
    in_turn(does("requester", "done", EFFORT), does("requester", "undo"))(small_scene)
    assert efforts(small_scene) == {"request": (None, None), "first": (None, None)}
    assert small_scene.state == "filled"


def test_undo_leaves_alone_who_had_finished_before(small_scene: Scene) -> None:
    in_turn(half_done, waits(minutes=1), does("requester", "done"), does("requester", "undo"))(small_scene)
    assert helpers(small_scene) == {"first": "done", "second": "active"}


_BY = {
    "the helper's done": (finished, "first", "requester"),
    "the requester's done": (in_turn(filled, does("requester", "done")), "requester", "first"),
    "the requester's cancel": (called_off, "requester", "first"),
    "a helper's own task": (half_done, "first", "second"),
}


@pytest.mark.parametrize(("walk", "by", "_other"), _BY.values(), ids=_BY)
def test_undo_works_for_ten_minutes(small_scene: Scene, walk: Walk, by: str, _other: str) -> None:
    in_turn(walk, waits(minutes=10), does(by, "undo"))(small_scene)
    assert small_scene.state == "filled"


@pytest.mark.parametrize(("walk", "by", "_other"), _BY.values(), ids=_BY)
def test_then_it_is_too_late(small_scene: Scene, walk: Walk, by: str, _other: str) -> None:
    in_turn(walk, waits(minutes=10, seconds=1))(small_scene)
    before = everything(small_scene)
    assert small_scene.is_refused(by, "undo") == (409, "too_late")
    assert everything(small_scene) == before


@pytest.mark.parametrize("minutes", [1, 11])
@pytest.mark.parametrize(("walk", "_by", "other"), _BY.values(), ids=_BY)
def test_only_whoever_did_it_takes_it_back(small_scene: Scene, walk: Walk, _by: str, other: str, minutes: int) -> None:
    in_turn(walk, waits(minutes=minutes))(small_scene)
    small_scene.volunteers("bystander")
    small_scene.coordinator()
    before = everything(small_scene)
    for part in (other, "bystander", "coordinator"):
        assert small_scene.is_refused(part, "undo") == (403, "forbidden")
    assert everything(small_scene) == before


def test_what_ended_by_itself_cannot_be_undone(small_scene: Scene) -> None:
    in_turn(half_done, waits(hours=10), does("second", "withdraw"))(small_scene)
    assert small_scene.state == "done"
    for part in ("requester", "first", "second"):
        assert small_scene.is_refused(part, "undo") == (403, "forbidden")


def test_where_nothing_was_done_there_is_nothing_to_take_back(small_scene: Scene) -> None:
    filled(small_scene)
    for part in ("requester", "first"):
        assert small_scene.is_refused(part, "undo") == (409, "conflict")
    assert small_scene.is_refused("second", "undo") == (403, "forbidden")


def take_three_others(scene: Scene) -> None:
    cancelled = scene.request
    for _ in range(3):
        scene.post()
        scene.does("first", "accept")
    scene.request = cancelled


@pytest.mark.parametrize(
    ("by", "action", "code"), [("requester", "cancel", "conflict"), ("first", "done", "too_many_open_tasks")]
)
def test_a_helper_without_room_is_not_given_a_fourth_task(scene: Scene, by: str, action: str, code: str) -> None:
    in_turn(filled, does(by, action))(scene)
    take_three_others(scene)
    before = everything(scene)
    assert scene.is_refused(by, "undo") == (409, code)
    assert everything(scene) == before


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"public_note": "Zwei Tüten", "private_note": None, "needed_until": "2026-06-10T20:00:00Z"}, 200),
        ({"category": "errand"}, 409),
        ({"people_needed": 3}, 409),
        ({"urgent": True, "public_note": "Eilt"}, 409),
        ({"needed_until": "2026-06-10T09:00:00Z"}, 422),
    ],
)
def test_once_somebody_helps_only_notes_and_times_change(
    small_scene: Scene, changes: dict[str, Any], status: int
) -> None:
    helped(small_scene)
    before = Ledger(small_scene)
    assert small_scene.try_to_edit(**changes).status_code == status
    told = ["first: request_edited"] if status == 200 else []
    assert Ledger(small_scene).told_since(before) == told
