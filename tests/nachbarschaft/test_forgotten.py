"""Forgotten requests: both sides are asked once how it ended, and three days later it counts as done."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from models import Assignment, Event, Notification, Person
from tests.api.callers import take_down
from tests.api.states import appointed
from tests.support.invariants import require_sound
from tests.support.town import Neighbour, Reply, Town

SECOND = timedelta(seconds=1)
ASKED, CLOSED = timedelta(hours=48), timedelta(hours=72)
QUESTIONS = frozenset({"is_it_done", "did_it_happen"})
NEWS = frozenset({"task_assumed_done", "assumed_done"})


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A request that is filled, and everybody who has forgotten it. `ends` is its needed_until."""

    town: Town
    requester: Neighbour
    helpers: list[Neighbour]
    request: dict[str, Any]

    @property
    def ends(self) -> datetime:
        return datetime.fromisoformat(self.request["needed_until"])

    @property
    def state(self) -> str:
        return str(self.requester.read(self.request)["state"])

    def run(self, at: datetime) -> dict[str, int]:
        """Moves the clock and runs the job; what it did, without the zeros."""
        self.town.clock.set(at)
        return {kind: count for kind, count in self.town.run("close-forgotten").items() if count}

    def told(self, neighbour: Neighbour) -> list[str]:
        """Topics of the questions, and of what came of them, that somebody was owed; sorted."""
        topics = Notification.topic.in_(QUESTIONS | NEWS)
        query = select(Notification.topic).where(Notification.person_id == neighbour.uuid, topics)
        with self.town.wiring.reading() as context:
            return sorted(context.session.scalars(query))


def forgotten(town: Town, helpers: int = 1) -> Forgotten:
    """Filled, from in one hour to in nine."""
    requester, helping = town.neighbour(), [town.volunteer(phone=False) for _ in range(helpers)]
    request = requester.ask(people_needed=helpers)
    for helper in helping:
        assert helper.act(request, "accept").status_code == 201
    return Forgotten(town, requester, helping, request)


def test_both_sides_are_asked_once_after_two_days_and_three_days_later_it_counts_as_done(town: Town) -> None:
    case = forgotten(town, helpers=2)
    first, second = case.helpers
    assert case.run(case.ends + ASKED - SECOND) == {}
    assert case.run(case.ends + ASKED) == {"asked": 1}
    assert case.told(case.requester) == ["did_it_happen"]
    assert case.told(first) == case.told(second) == ["is_it_done"]
    assert case.run(case.ends + ASKED + CLOSED - SECOND) == {}
    assert case.state == "filled"
    assert case.run(case.ends + ASKED + CLOSED) == {"closed": 1}
    assert case.run(case.ends + ASKED + CLOSED + CLOSED) == {}
    assert case.told(case.requester) == ["assumed_done", "did_it_happen"]
    assert case.told(first) == case.told(second) == ["is_it_done", "task_assumed_done"]
    require_sound(town.wiring)


def test_what_is_assumed_is_marked_for_everybody_it_concerns_and_has_no_hours(small_town: Town) -> None:
    case = forgotten(small_town)
    boss = appointed(small_town, "blumenthal")
    assert case.requester.read(case.request)["done_assumed"] is False
    case.run(case.ends + ASKED)
    case.run(case.ends + ASKED + CLOSED)
    for reader in (case.requester, case.helpers[0], boss):
        seen = reader.read(case.request)
        assert (seen["state"], seen["done_assumed"], seen["people_accepted"]) == ("done", True, 1)
    with small_town.wiring.reading() as context:
        [task] = context.session.scalars(select(Assignment)).all()
        [event] = context.session.scalars(select(Event).where(Event.kind == "request_done")).all()
        active = context.session.scalar(select(Person.active_tasks).where(Person.id == case.helpers[0].uuid))
    assert (task.state, task.ended_by, task.minutes, active) == ("done", None, None, 0)
    assert (event.data["assumed"], event.actor_id) == (True, None)
    texts = [row["text"] for row in boss.get("/v1/quarters/blumenthal/activity", Accept_Language="en").json["items"]]
    assert texts[:2] == [
        "A request counts as done: nobody said how it ended.",
        "Both sides were asked how a request has ended.",
    ]


def test_nobody_may_take_back_what_nobody_did(small_town: Town) -> None:
    case = forgotten(small_town)
    case.run(case.ends + ASKED)
    case.run(case.ends + ASKED + CLOSED)
    for side in (case.requester, case.helpers[0]):
        reply = side.act(case.request, "undo")
        assert (reply.status_code, reply.json["code"]) == (403, "forbidden")
    assert case.state == "done"


@pytest.mark.parametrize("late", [timedelta(days=1), timedelta(days=30)])
def test_a_late_run_asks_first_and_leaves_the_whole_time_to_answer(small_town: Town, late: timedelta) -> None:
    case = forgotten(small_town)
    asked = case.ends + ASKED + CLOSED + late
    assert case.run(asked) == {"asked": 1}
    assert case.run(asked + CLOSED - SECOND) == {}
    assert case.run(asked + CLOSED) == {"closed": 1}


ANSWERS: dict[str, tuple[Callable[[Forgotten], Reply], str]] = {
    "the helper is done": (lambda case: case.helpers[0].act(case.request, "done"), "done"),
    "the requester says done": (lambda case: case.requester.act(case.request, "done"), "done"),
    "nobody came": (lambda case: case.requester.act(case.request, "release", {"no_show": True}), "expired"),
    "given back": (lambda case: case.helpers[0].act(case.request, "withdraw"), "expired"),
    "called off": (lambda case: case.requester.act(case.request, "cancel"), "cancelled"),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("asked", [False, True], ids=["before", "afterwards"])
def test_an_answer_ends_it(small_town: Town, answer: str, asked: bool) -> None:
    case = forgotten(small_town)
    give, state = ANSWERS[answer]
    if asked:
        assert case.run(case.ends + ASKED) == {"asked": 1}
    else:
        small_town.clock.set(case.ends + SECOND)
    assert give(case).status_code == 200
    assert case.run(case.ends + ASKED) == {}
    assert case.run(case.ends + ASKED + CLOSED) == {}
    seen = case.requester.read(case.request)
    assert (seen["state"], seen["done_assumed"]) == (state, False)


def test_only_who_has_not_answered_is_asked_and_counted_as_done(small_town: Town) -> None:
    case = forgotten(small_town, helpers=3)
    done, missing, silent = case.helpers
    small_town.clock.set(case.ends + SECOND)
    done.act(case.request, "done", {"minutes": 30})
    assert case.run(case.ends + ASKED) == {"asked": 1}
    assert case.requester.act(case.request, "release", {"person": missing.id, "no_show": True}).status_code == 200
    assert case.run(case.ends + ASKED + CLOSED) == {"closed": 1}
    assert case.told(done) == []
    assert case.told(missing) == ["is_it_done"]
    assert case.told(silent) == ["is_it_done", "task_assumed_done"]
    with small_town.wiring.reading() as context:
        ended = {task.person_id: (task.state, task.minutes) for task in context.session.scalars(select(Assignment))}
    assert [ended[helper.uuid] for helper in case.helpers] == [("done", 30), ("no_show", None), ("done", None)]
    require_sound(small_town.wiring)


def test_whoever_takes_an_answer_back_has_the_whole_time_again(small_town: Town) -> None:
    case = forgotten(small_town)
    case.run(case.ends + ASKED)
    small_town.clock.set(case.ends + ASKED + CLOSED - timedelta(minutes=5))
    case.requester.act(case.request, "done")
    small_town.clock.forward(minutes=4)
    assert case.requester.act(case.request, "undo").status_code == 200
    undone = small_town.clock.now()
    assert case.run(case.ends + ASKED + CLOSED) == {}
    assert case.run(undone + CLOSED - SECOND) == {}
    assert case.run(undone + CLOSED) == {"closed": 1}
    assert case.told(case.requester) == ["assumed_done", "did_it_happen"]


def test_new_times_begin_it_all_anew(small_town: Town) -> None:
    case = forgotten(small_town)
    case.run(case.ends + ASKED)
    path = f"/v1/requests/{case.request['id']}"
    window = {"needed_from": small_town.in_hours(24), "needed_until": small_town.in_hours(26)}
    assert case.requester.patch(path, window, If_Match=case.requester.get(path).headers["ETag"]).status_code == 200
    ends = datetime.fromisoformat(window["needed_until"])
    assert case.run(case.ends + ASKED + CLOSED) == {}
    assert case.run(ends + ASKED) == {"asked": 1}
    assert case.run(ends + ASKED + CLOSED) == {"closed": 1}


def test_one_that_went_ahead_with_fewer_is_covered_too(small_town: Town) -> None:
    helper, requester = small_town.volunteer(phone=False), small_town.neighbour()
    request = requester.ask(people_needed=3)
    helper.act(request, "accept")
    case = Forgotten(small_town, requester, [helper], request)
    assert case.run(case.ends + ASKED) == {}
    assert small_town.run("expire-requests")["filled"] == 1
    assert case.run(case.ends + ASKED) == {"asked": 1}
    assert case.run(case.ends + ASKED + CLOSED) == {"closed": 1}
    seen = requester.read(request)
    assert (seen["state"], seen["people_accepted"], seen["people_needed"]) == ("done", 1, 3)


def test_whoever_has_no_login_is_not_asked_and_their_helper_is(small_town: Town) -> None:
    boss, helper = appointed(small_town, "blumenthal"), small_town.volunteer(phone=False)
    request = take_down(boss)
    assert helper.act(request, "accept").status_code == 201
    small_town.clock.set(datetime.fromisoformat(request["needed_until"]) + ASKED)
    assert small_town.run("close-forgotten") == {"asked": 1, "closed": 0}
    with small_town.wiring.reading() as context:
        asked = context.session.scalars(select(Notification).where(Notification.topic.in_(QUESTIONS))).all()
        [event] = context.session.scalars(select(Event).where(Event.kind == "asked_if_done")).all()
    assert [(notice.person_id, notice.topic) for notice in asked] == [(helper.uuid, "is_it_done")]
    assert event.data["asked"] == 1


def test_two_runs_at_the_same_moment_ask_and_close_once(town: Town) -> None:
    cases = [forgotten(town) for _ in range(3)]

    def twice(at: datetime, kind: str) -> int:
        town.clock.set(at)
        together = Barrier(2)

        def run() -> int:
            together.wait(timeout=10)
            return town.run("close-forgotten")[kind]

        with ThreadPoolExecutor(2) as pool:
            return sum(future.result(timeout=60) for future in [pool.submit(run), pool.submit(run)])

    assert twice(cases[0].ends + ASKED, "asked") == 3
    assert twice(cases[0].ends + ASKED + CLOSED, "closed") == 3
    for case in cases:
        assert case.told(case.requester) == ["assumed_done", "did_it_happen"]
    require_sound(town.wiring)


def test_an_answer_at_the_moment_of_closing_counts_once(town: Town) -> None:
    case = forgotten(town)
    case.run(case.ends + ASKED)
    town.clock.set(case.ends + ASKED + CLOSED)
    together = Barrier(2)

    def answer() -> int:
        together.wait(timeout=10)
        return case.helpers[0].act(case.request, "done").status_code

    def close() -> int:
        together.wait(timeout=10)
        return town.run("close-forgotten")["closed"]

    with ThreadPoolExecutor(2) as pool:
        answered, closed = pool.submit(answer), pool.submit(close)
        assert (answered.result(timeout=60), closed.result(timeout=60)) in {(200, 0), (409, 1)}
    assert case.state == "done"
    require_sound(town.wiring)
