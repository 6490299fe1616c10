"""The address and the phone: who gets them, for how long, and that no look goes unseen."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.api.ledger import everything
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
    in_turn,
    releases,
    waits,
    withdrawn_late,
)
from tests.support.town import NOON, Town

ADDRESS = "Wilhelmstraße 5, 44649 Herne"
REASON = {"reason": "Die Helferin hat sich verlaufen"}


def views(scene: Scene) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = scene["requester"].get(f"/v1/requests/{scene.request['id']}/views").json["items"]
    return items


def name_of(scene: Scene, part: str) -> str:
    return str(scene[part].person["name"])


def test_each_look_is_seen_by_the_requester_newest_first(scene: Scene) -> None:
    filled_by_two(scene)
    scene.coordinator()
    for part, body in [("first", None), ("second", None), ("first", None), ("coordinator", REASON)]:
        assert scene.does(part, "contact", body).json["address"] == ADDRESS
        scene.town.clock.forward(minutes=1)
    looks = views(scene)
    assert [look["by"] for look in looks] == [name_of(scene, p) for p in ("coordinator", "first", "second", "first")]
    assert [(look["role"], look["reason"]) for look in looks] == [
        ("coordinator", REASON["reason"]),
        *[("volunteer", None)] * 3,
    ]
    assert looks[-1]["at"] == NOON.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("walk", [finished, half_done, in_turn(filled, does("requester", "done"))])
def test_a_helper_may_look_until_a_day_after_it_is_done(small_scene: Scene, walk: Walk) -> None:
    in_turn(walk, waits(hours=24), does("first", "contact"), waits(seconds=1))(small_scene)
    assert small_scene.is_refused("first", "contact") == (403, "not_assigned")
    assert len(views(small_scene)) == 1


@pytest.mark.parametrize(
    "walk",
    [
        in_turn(filled, does("first", "withdraw")),
        in_turn(filled, releases("first")),
        in_turn(filled, releases("first", no_show=True)),
        called_off,
        withdrawn_late,
    ],
    ids=["withdrawn", "released", "no show", "cancelled", "withdrawn late"],
)
def test_whoever_does_not_help_any_more_may_not_look(small_scene: Scene, walk: Walk) -> None:
    walk(small_scene)
    before = everything(small_scene)
    assert small_scene.is_refused("first", "contact") == (403, "not_assigned")
    assert everything(small_scene) == before


def test_whoever_has_taken_it_on_again_may_look_again(small_scene: Scene) -> None:
    in_turn(filled, does("first", "withdraw"), does("first", "accept"), does("first", "contact"))(small_scene)


@pytest.mark.parametrize("walk", [asked, filled], ids=["open", "filled"])
def test_being_asked_is_not_enough(small_scene: Scene, walk: Walk) -> None:
    walk(small_scene)
    for part in ("second", "requester"):
        assert small_scene.is_refused(part, "contact", REASON) == (403, "not_assigned")
    assert not views(small_scene)


@pytest.mark.parametrize("body", [None, {}, {"reason": ""}, {"reason": 7}, {"reason": None}])
def test_a_coordinator_says_why(small_scene: Scene, body: dict[str, Any] | None) -> None:
    asked(small_scene)
    small_scene.coordinator()
    refused = small_scene.try_to("coordinator", "contact", body)
    assert (refused.status_code, refused.json["errors"].keys()) == (422, {"reason"})
    assert not views(small_scene)
    small_scene.does("coordinator", "contact", REASON)


def test_a_coordinator_of_another_quarter_sees_nothing(small_scene: Scene) -> None:
    filled(small_scene)
    small_scene.coordinator("forellquartier")
    assert small_scene.is_refused("coordinator", "contact", REASON) == (404, "not_found")


def test_a_protected_address_goes_through_the_coordinator_alone(scene: Scene) -> None:
    filled(scene)
    scene.town.change_person(scene["requester"], protected_address=True)
    before = everything(scene)
    assert scene.is_refused("first", "contact") == (403, "ask_coordinator")
    assert scene.is_refused("second", "contact") == (403, "not_assigned")
    assert everything(scene) == before

    scene.coordinator()

    assert scene.does("coordinator", "contact", REASON).json["address"] == ADDRESS


def test_a_coordinator_who_helps_looks_at_a_protected_address_as_a_coordinator(small_scene: Scene) -> None:
    asked(small_scene)
    small_scene.coordinator().offer()
    small_scene.town.change_person(small_scene["requester"], protected_address=True)
    small_scene.does("coordinator", "accept")
    assert small_scene.is_refused("coordinator", "contact") == (422, "invalid")
    small_scene.does("coordinator", "contact", REASON)
    assert [look["role"] for look in views(small_scene)] == ["coordinator"]


@pytest.mark.parametrize("part", ["first", "coordinator"])
def test_only_the_requester_reads_who_looked(small_scene: Scene, part: str) -> None:
    filled(small_scene)
    small_scene.coordinator()
    refused = small_scene[part].get(f"/v1/requests/{small_scene.request['id']}/views")
    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")


def test_a_look_that_cannot_be_written_down_shows_nothing(small_town: Town) -> None:
    scene = Scene(small_town, [small_town.neighbour() for _ in range(3)])
    filled(scene)
    with small_town.wiring.writing() as context:
        trigger = "CREATE TRIGGER no_ink BEFORE INSERT ON contact_view BEGIN SELECT RAISE(ABORT, 'no ink'); END"
        context.session.execute(text(trigger))

    refused = scene.try_to("first", "contact")

    assert refused.status_code >= 400
    assert "Wilhelmstraße" not in refused.text
    assert not views(scene)
    assert scene.town.clock.now() - NOON == timedelta()
