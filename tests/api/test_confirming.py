"""A new volunteer's first tasks: accepting works, and the contact waits for a coordinator's word."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from models import Confirmation, Notification
from tests.api.raw import assert_problem
from tests.api.staff import coordinator, events, new_quarter, set_up
from tests.support.town import Neighbour, Reply, Town

REASON = {"reason": "Die Bewohnerin hat angerufen"}
Request = dict[str, Any]


@dataclass
class Play:
    """A quarter in which the first task of a new volunteer waits, and one request there."""

    town: Town
    boss: Neighbour
    requester: Neighbour
    helper: Neighbour
    request: Request

    def look(self) -> Reply:
        return self.helper.act(self.request, "contact")

    def confirm(self, body: Any = None) -> Reply:
        return self.boss.act(self.request, "confirm", body)

    def waits(self, reader: Neighbour | None = None) -> list[bool]:
        """Of each helper, as the requester or the coordinator sees it."""
        return [each["awaiting_confirmation"] for each in (reader or self.requester).read(self.request)["helpers"]]

    def verify(self, level: str) -> None:
        path = f"/v1/quarters/blumenthal/members/{self.helper.id}/verify"
        assert self.boss.post(path, {"level": level, "seen_on": "2026-06-09"}).status_code == 204


def begun(town: Town, *, first_tasks: int = 1, people_needed: int = 1) -> Play:
    boss = coordinator(town)
    set_up(boss, confirm_first_tasks=first_tasks)
    requester, helper = town.neighbour(), town.volunteer()
    return Play(town, boss, requester, helper, requester.ask(people_needed=people_needed))


def accepted(town: Town, **more: Any) -> Play:
    play = begun(town, **more)
    assert play.helper.act(play.request, "accept").status_code == 201
    return play


def task_waits(helper: Neighbour, request: Request) -> bool:
    """Whether a task that `helper` takes now waits, as the contact says."""
    assert helper.act(request, "accept").status_code == 201
    looked = helper.act(request, "contact")
    assert looked.status_code in {200, 403}, looked.text
    return looked.status_code == 403


def told(town: Town, neighbour: Neighbour, topic: str) -> int:
    with town.wiring.reading() as context:
        query = select(func.count()).where(Notification.person_id == neighbour.uuid, Notification.topic == topic)
        return context.session.scalar(query) or 0


# --- Waiting ------------------------------------------------------------------------------------------------


def test_a_new_volunteer_gets_the_contact_once_a_coordinator_has_confirmed_them(town: Town) -> None:
    play = accepted(town)
    assert_problem(play.look(), 403, "awaiting_confirmation")
    assert play.requester.get(f"/v1/requests/{play.request['id']}/views").json["items"] == []
    assert play.waits() == play.waits(play.boss) == [True]

    confirmed = play.confirm()

    assert confirmed.status_code == 200, confirmed.text
    assert confirmed.json == play.boss.read(play.request)
    assert play.waits() == play.waits(play.boss) == [False]
    assert play.look().json["address"] == "Wilhelmstraße 5, 44649 Herne"


def test_the_volunteer_is_told_and_the_activity_shows_both_steps(town: Town) -> None:
    play = accepted(town)
    town.deliver()
    before = len(town.sent())
    town.clock.forward(minutes=1)
    play.confirm()

    assert town.deliver() == {"sent": 1}
    assert [push["kind"] for push in town.sent()[before:]] == ["task_changed"]
    newest = play.helper.inbox()[0]
    assert (newest["kind"], newest["request"]) == ("task_changed", play.request["id"])
    assert newest["title"] == "Sie können loslegen"
    shown = play.boss.get("/v1/quarters/blumenthal/activity", Accept_Language="en").json["items"]
    texts = {item["kind"]: item["text"] for item in shown if item["request"] == play.request["id"]}
    assert texts["confirmation_awaited"] == "A new volunteer waits for a coordinator's word."
    assert texts["task_confirmed"] == "A coordinator has confirmed a new volunteer."


def test_where_nothing_waits_nothing_is_written(town: Town) -> None:
    play = accepted(town, first_tasks=0)

    assert play.look().status_code == 200
    assert play.waits() == [False]
    with town.wiring.reading() as context:
        assert context.session.scalar(select(func.count()).select_from(Confirmation)) == 0


def test_in_a_quarter_that_has_decided_nothing_the_first_three_wait(small_town: Town) -> None:
    quarter = new_quarter(small_town)
    boss, helper = coordinator(small_town, quarter), small_town.volunteer(quarter=quarter, phone=False)
    requester = small_town.neighbour(quarter=quarter)

    def next_waits() -> bool:
        request = requester.ask(place={"lat": 51.53, "lon": 7.165, "address": "Neue Straße 1"})
        waits = task_waits(helper, request)
        assert boss.act(request, "confirm").status_code == (200 if waits else 409)
        assert requester.act(request, "done").status_code == 200
        return waits

    assert [next_waits() for _ in range(5)] == [True, True, True, False, False]


def test_how_many_wait_is_the_requests_quarters_to_say(small_town: Town) -> None:
    """The volunteer lives next door, where everything waits; the request is Blumenthal's, where nothing does."""
    quarter = new_quarter(small_town)
    beside = {"lat": 51.53, "lon": 7.1625}
    helper = small_town.volunteer(quarter=quarter, reach="neighbours", place=beside, phone=False)

    assert not task_waits(helper, small_town.neighbour().ask())


def test_a_confirmed_task_counts_though_it_goes_on(town: Town) -> None:
    play = accepted(town, first_tasks=1)
    second, third = play.requester.ask(), play.requester.ask()
    assert task_waits(play.helper, second)
    play.confirm()

    assert not task_waits(play.helper, third)
    assert play.helper.act(second, "contact").status_code == 403, "what waits already goes on waiting"


@pytest.mark.parametrize(("ends", "waits"), [("requester", False), ("boss", False), ("helper", True)], ids=str)
def test_an_unconfirmed_task_counts_as_done_on_somebody_elses_word_alone(town: Town, ends: str, *, waits: bool) -> None:
    play = accepted(town, first_tasks=1)
    who: Neighbour = getattr(play, ends)
    assert who.act(play.request, "done").status_code == 200

    assert task_waits(play.helper, play.requester.ask()) is waits


def test_a_task_that_was_done_before_anything_had_to_wait_counts(small_town: Town) -> None:
    play = accepted(small_town, first_tasks=0)
    assert play.helper.act(play.request, "done").status_code == 200
    set_up(play.boss, confirm_first_tasks=1)
    assert not task_waits(play.helper, play.requester.ask())
    set_up(play.boss, confirm_first_tasks=2)

    assert task_waits(play.helper, play.requester.ask())


def test_a_task_that_was_given_back_unconfirmed_counts_for_nothing(small_town: Town) -> None:
    play = accepted(small_town, first_tasks=1)
    play.helper.act(play.request, "withdraw")

    assert task_waits(play.helper, play.requester.ask())


# --- Verification -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["known", "certified"])
def test_whoever_is_verified_waits_for_nobody(small_town: Town, level: str) -> None:
    play = begun(small_town, first_tasks=20)
    small_town.change_person(play.helper, verification=level)

    assert not task_waits(play.helper, play.request)
    assert_problem(play.confirm(), 409, "conflict")
    assert events(small_town, "confirmation_awaited") == [], "not even noted"


def test_whoever_becomes_known_meanwhile_waits_no_more(town: Town) -> None:
    play = accepted(town)
    play.verify("known")

    assert play.look().status_code == 200
    assert play.waits() == [False]
    assert_problem(play.confirm(), 409, "conflict")


def test_whoever_is_new_again_waits_again_unless_that_task_was_confirmed(small_town: Town) -> None:
    play = accepted(small_town)
    play.verify("known")
    play.verify("new")
    assert play.look().status_code == 403
    assert play.confirm().status_code == 200
    play.verify("known")
    play.verify("new")

    assert play.look().status_code == 200


# --- Who may say it, about whom -----------------------------------------------------------------------------


def test_only_the_quarters_coordinators_confirm(small_town: Town) -> None:
    play = accepted(small_town)
    onlooker = small_town.volunteer()
    strangers = (small_town.neighbour(), coordinator(small_town, "forellquartier"))

    for known in (play.requester, play.helper, onlooker):
        assert_problem(known.act(play.request, "confirm"), 403, "forbidden")
    for stranger in strangers:
        assert_problem(stranger.act(play.request, "confirm"), 404, "not_found")
    assert_problem(play.boss.act({"id": play.helper.id}, "confirm"), 404, "not_found")
    assert play.waits() == [True]


def test_nobody_confirms_themselves(small_town: Town) -> None:
    play = begun(small_town)
    play.boss.offer()
    assert play.boss.act(play.request, "accept").status_code == 201

    assert_problem(play.confirm(), 403, "forbidden")
    assert coordinator(small_town).act(play.request, "confirm").status_code == 200


def test_with_several_who_wait_the_coordinator_says_whom_they_mean(town: Town) -> None:
    play = accepted(town, people_needed=3)
    other, known = town.volunteer(), town.volunteer()
    town.change_person(known, verification="known")
    for volunteer in (other, known):
        assert volunteer.act(play.request, "accept").status_code == 201
    unclear = play.confirm()
    assert_problem(unclear, 422, "invalid")
    assert list(unclear.json["errors"]) == ["person"]
    assert_problem(play.confirm({"person": known.id}), 409, "conflict")
    assert_problem(play.confirm({"person": play.requester.id}), 404, "not_found")

    assert play.confirm({"person": other.id}).status_code == 200
    assert other.act(play.request, "contact").status_code == 200
    assert play.look().status_code == 403
    assert_problem(play.confirm({"person": other.id}), 409, "conflict")
    assert play.confirm().status_code == 200, "one is left, so nobody has to be named"
    assert play.waits() == [False, False, False]


@pytest.mark.parametrize("body", [{"person": "somebody"}, {"person": 1}, {"who": "me"}])
def test_what_cannot_be_meant_is_refused(small_town: Town, body: dict[str, Any]) -> None:
    assert_problem(accepted(small_town).confirm(body), 422, "invalid")


def test_where_nobody_helps_or_it_is_over_nobody_waits(small_town: Town) -> None:
    play = begun(small_town)
    assert_problem(play.confirm(), 409, "conflict")
    play.helper.act(play.request, "accept")
    play.requester.act(play.request, "cancel")

    assert_problem(play.confirm(), 409, "conflict")


# --- The coordinator's own look, and the protected address ---------------------------------------------------


def test_the_coordinators_own_look_does_not_wait(small_town: Town) -> None:
    play = accepted(small_town)

    assert play.boss.act(play.request, "contact", REASON).status_code == 200


def test_a_coordinator_who_helps_and_waits_looks_as_a_coordinator(small_town: Town) -> None:
    play = begun(small_town)
    play.boss.offer()
    play.boss.act(play.request, "accept")

    assert_problem(play.boss.act(play.request, "contact"), 422, "invalid")
    assert play.boss.act(play.request, "contact", REASON).status_code == 200
    looks = play.requester.get(f"/v1/requests/{play.request['id']}/views").json["items"]
    assert [look["role"] for look in looks] == ["coordinator"]


def test_whoever_waits_does_not_learn_that_an_address_is_protected(small_town: Town) -> None:
    play = accepted(small_town)
    small_town.change_person(play.requester, protected_address=True)
    assert_problem(play.look(), 403, "awaiting_confirmation")
    play.confirm()

    assert_problem(play.look(), 403, "ask_coordinator")


# --- Giving back, undoing, trying twice ----------------------------------------------------------------------


def test_a_word_once_given_stays_when_done_is_taken_back(town: Town) -> None:
    play = accepted(town)
    play.confirm()
    for who in (play.helper, play.requester):
        assert who.act(play.request, "done").status_code == 200
        assert who.act(play.request, "undo").status_code == 200
        assert play.look().status_code == 200
    assert play.requester.act(play.request, "cancel").status_code == 200
    assert play.requester.act(play.request, "undo").status_code == 200

    assert play.look().status_code == 200


def test_whoever_ends_a_task_unconfirmed_still_waits_when_that_is_taken_back(town: Town) -> None:
    play = accepted(town)
    assert play.helper.act(play.request, "done").status_code == 200
    assert_problem(play.look(), 403, "awaiting_confirmation")
    assert play.waits() == [False], "there is nothing left to say a word for"
    assert_problem(play.confirm(), 409, "conflict")
    assert play.helper.act(play.request, "undo").status_code == 200

    assert play.waits() == [True]
    assert play.confirm().status_code == 200
    assert play.look().status_code == 200


def test_whoever_gave_it_back_and_takes_it_on_again_waits_anew(town: Town) -> None:
    play = accepted(town, first_tasks=2)
    play.confirm()
    play.helper.act(play.request, "withdraw")
    assert_problem(play.confirm(), 409, "conflict")
    assert_problem(play.look(), 403, "not_assigned")

    assert task_waits(play.helper, play.request)
    assert play.confirm().status_code == 200
    assert play.look().status_code == 200


def test_of_two_coordinators_at_once_one_confirms_and_the_volunteer_is_told_once(town: Town) -> None:
    play = accepted(town)
    bosses = [play.boss, coordinator(town), coordinator(town)]

    with ThreadPoolExecutor(len(bosses)) as pool:
        replies = list(pool.map(lambda boss: boss.act(play.request, "confirm"), bosses))

    assert sorted(reply.status_code for reply in replies) == [200, 409, 409]
    assert told(town, play.helper, "task_confirmed") == 1
    assert len(events(town, "task_confirmed")) == 1
    with town.wiring.reading() as context:
        row = context.session.scalars(select(Confirmation)).one()
        winner = bosses[[reply.status_code for reply in replies].index(200)]
        assert (row.confirmed_by, row.confirmed_at) == (winner.uuid, town.clock.now())


def test_a_word_and_a_withdrawal_at_the_same_instant_leave_no_half_state(town: Town) -> None:
    play = accepted(town)
    calls: list[Callable[[], Reply]] = [play.confirm, lambda: play.helper.act(play.request, "withdraw")]

    with ThreadPoolExecutor(2) as pool:
        word, back = list(pool.map(lambda call: call(), calls))

    assert back.status_code == 200
    assert word.status_code in {200, 409}
    assert told(town, play.helper, "task_confirmed") == (1 if word.status_code == 200 else 0)


def test_of_several_tasks_taken_at_once_each_waits(town: Town) -> None:
    play = begun(town, first_tasks=1)
    requests = [play.request, play.requester.ask(), play.requester.ask()]

    with ThreadPoolExecutor(3) as pool:
        statuses = list(pool.map(lambda request: play.helper.act(request, "accept").status_code, requests))

    assert statuses == [201] * 3
    assert [play.helper.act(request, "contact").status_code for request in requests] == [403] * 3


def test_the_same_try_again_gets_the_same_bytes_and_tells_once(town: Town) -> None:
    play = accepted(town)
    path = f"/v1/requests/{play.request['id']}/confirm"
    first, second = (play.boss.post(path, Idempotency_Key="confirm-1234") for _ in range(2))

    assert first.status_code == second.status_code == 200
    assert first.text == second.text
    assert told(town, play.helper, "task_confirmed") == 1
