"""Reminders: a day and two hours before it begins, to everybody who helps, once for each beginning."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select, update

from models import Assignment, Notification, QuarterSettings
from nachbarschaft.words.texts import REMINDERS
from tests.support.invariants import require_sound
from tests.support.town import Neighbour, Town

Request = dict[str, Any]
SECOND = timedelta(seconds=1)
DAY, HOURS = timedelta(hours=24), timedelta(hours=2)


def remind(town: Town, at: datetime) -> dict[str, int]:
    """Moves the clock and runs the job; what it did, without the zeros."""
    town.clock.set(at)
    return {kind: count for kind, count in town.run("remind-helpers").items() if count}


def reminders(town: Town, helper: Neighbour) -> list[str]:
    """Topics of the reminders that somebody was owed, oldest first."""
    query = (
        select(Notification.topic)
        .where(Notification.person_id == helper.uuid, Notification.topic.in_(REMINDERS))
        .order_by(Notification.created_at)
    )
    with town.wiring.reading() as context:
        return list(context.session.scalars(query))


def in_three_days(town: Town, **more: Any) -> tuple[Neighbour, Neighbour, Request, datetime]:
    """Requester, helper, what is needed in three days for two hours, and when it begins."""
    helper, requester = town.volunteer(phone=False), town.neighbour()
    window = {"needed_from": town.in_hours(72), "needed_until": town.in_hours(74)}
    request = requester.ask(**window, **more)
    assert helper.act(request, "accept").status_code == 201
    return requester, helper, request, datetime.fromisoformat(request["needed_from"])


def move(requester: Neighbour, request: Request, begins: datetime) -> None:
    """The requester sets new times, for two hours."""
    path = f"/v1/requests/{request['id']}"
    window = {"needed_from": begins.isoformat(), "needed_until": (begins + timedelta(hours=2)).isoformat()}
    reply = requester.patch(path, window, If_Match=requester.get(path).headers["ETag"])
    assert reply.status_code == 200, reply.text


def test_a_helper_is_reminded_a_day_and_two_hours_before_and_at_no_other_time(town: Town) -> None:
    _, helper, _, begins = in_three_days(town)
    assert remind(town, begins - DAY - SECOND) == {}
    assert remind(town, begins - DAY) == {"day": 1}
    assert remind(town, begins - DAY + SECOND) == {}
    assert remind(town, begins - HOURS - SECOND) == {}
    assert remind(town, begins - HOURS) == {"hours": 1}
    assert remind(town, begins - SECOND) == {}
    assert remind(town, begins) == {}
    assert reminders(town, helper) == ["reminder_day", "reminder_hours"]
    assert {entry["kind"] for entry in helper.inbox()} == {"asked", "task_changed"}
    require_sound(town.wiring)


@pytest.mark.parametrize(
    ("before", "topics"),
    [
        (HOURS + SECOND, ["reminder_day"]),
        (SECOND, ["reminder_hours"]),
        (timedelta(0), []),
        (-timedelta(hours=1), []),
    ],
)
def test_a_late_run_still_reminds_of_what_is_ahead_and_never_after_it_has_begun(
    small_town: Town, before: timedelta, topics: list[str]
) -> None:
    _, helper, _, begins = in_three_days(small_town)
    remind(small_town, begins - before)
    assert reminders(small_town, helper) == topics


def test_whoever_said_yes_later_is_not_reminded_of_what_they_have_just_read(small_town: Town) -> None:
    exactly, day_late, hours_late = (small_town.volunteer(phone=False) for _ in range(3))
    begins = small_town.clock.now() + timedelta(hours=30)
    window = {"needed_from": small_town.in_hours(30), "needed_until": small_town.in_hours(32)}
    request = small_town.neighbour().ask(people_needed=3, **window)
    for helper, before in ((exactly, DAY), (day_late, DAY - SECOND), (hours_late, HOURS - SECOND)):
        small_town.clock.set(begins - before)
        assert helper.act(request, "accept").status_code == 201
        remind(small_town, small_town.clock.now())
    remind(small_town, begins - SECOND)
    assert reminders(small_town, exactly) == ["reminder_day", "reminder_hours"]
    assert reminders(small_town, day_late) == ["reminder_hours"]
    assert reminders(small_town, hours_late) == []


def test_whoever_said_yes_late_is_looked_at_once_and_not_at_every_run(small_town: Town) -> None:
    helper, requester = small_town.volunteer(phone=False), small_town.neighbour()
    request = requester.ask()
    helper.act(request, "accept")
    assert remind(small_town, small_town.clock.now()) == {}
    with small_town.wiring.reading() as context:
        [task] = context.session.scalars(select(Assignment)).all()
    assert task.reminded_hours_for == datetime.fromisoformat(request["needed_from"])


def test_when_the_times_move_everybody_is_reminded_anew(town: Town) -> None:
    requester, helper, request, begins = in_three_days(town)
    assert remind(town, begins - DAY) == {"day": 1}
    assert remind(town, begins - HOURS) == {"hours": 1}
    later = begins + timedelta(days=3)
    move(requester, request, later)
    assert remind(town, begins) == {}
    assert remind(town, later - DAY) == {"day": 1}
    sooner = later - timedelta(hours=3)
    move(requester, request, sooner)
    assert remind(town, town.clock.now() + SECOND) == {"day": 1}
    assert remind(town, sooner - HOURS) == {"hours": 1}
    assert remind(town, later - HOURS) == {}
    assert reminders(town, helper) == [
        "reminder_day",
        "reminder_hours",
        "reminder_day",
        "reminder_day",
        "reminder_hours",
    ]


def test_other_changes_remind_nobody_again(small_town: Town) -> None:
    requester, _helper, request, begins = in_three_days(small_town)
    assert remind(small_town, begins - DAY) == {"day": 1}
    path = f"/v1/requests/{request['id']}"
    requester.patch(path, {"public_note": "Zwei Tüten"}, If_Match=requester.get(path).headers["ETag"])
    assert remind(small_town, small_town.clock.now() + SECOND) == {}


def test_only_those_who_still_help_are_reminded(small_town: Town) -> None:
    gone, done, stays = (small_town.volunteer(phone=False) for _ in range(3))
    requester = small_town.neighbour()
    window = {"needed_from": small_town.in_hours(72), "needed_until": small_town.in_hours(74)}
    request, called_off = requester.ask(people_needed=3, **window), requester.ask(**window)
    for helper in (gone, done, stays):
        helper.act(request, "accept")
    gone.act(called_off, "accept")
    gone.act(request, "withdraw")
    done.act(request, "done")
    requester.act(called_off, "cancel")
    small_town.clock.forward(hours=48)
    assert small_town.run("remind-helpers") == {"day": 1, "hours": 0}
    assert [reminders(small_town, helper) for helper in (gone, done, stays)] == [[], [], ["reminder_day"]]


def test_whoever_takes_it_on_again_is_reminded_of_that(small_town: Town) -> None:
    _, helper, request, begins = in_three_days(small_town)
    helper.act(request, "withdraw")
    assert helper.act(request, "accept").status_code == 201
    assert remind(small_town, begins - DAY) == {"day": 1}
    assert reminders(small_town, helper) == ["reminder_day"]


def test_whoever_waits_for_the_coordinators_word_is_told_to_ask_for_it(small_town: Town) -> None:
    known, waits = small_town.volunteer(phone=False), small_town.volunteer(phone=False)
    small_town.change_person(known, verification="known")
    with small_town.wiring.writing() as context:
        context.session.execute(update(QuarterSettings).values(confirm_first_tasks=3))
    window = {"needed_from": small_town.in_hours(72), "needed_until": small_town.in_hours(74)}
    request = small_town.neighbour().ask(people_needed=2, **window)
    for helper in (known, waits):
        assert helper.act(request, "accept").status_code == 201
    small_town.clock.forward(hours=48)
    assert small_town.run("remind-helpers") == {"day": 2, "hours": 0}
    assert reminders(small_town, known) == ["reminder_day"]
    assert reminders(small_town, waits) == ["reminder_unconfirmed"]


def test_a_missed_day_is_caught_up_with_for_all_and_a_doubled_run_does_nothing(small_town: Town) -> None:
    requester = small_town.neighbour()
    helpers = [small_town.volunteer(phone=False) for _ in range(4)]
    window = {"needed_from": small_town.in_hours(72), "needed_until": small_town.in_hours(74)}
    request = requester.ask(people_needed=4, **window)
    for helper in helpers:
        helper.act(request, "accept")
    small_town.clock.forward(hours=60)
    assert small_town.run("remind-helpers") == {"day": 4, "hours": 0}
    assert small_town.run("remind-helpers") == {"day": 0, "hours": 0}


def test_two_runs_at_the_same_moment_remind_once(town: Town) -> None:
    helpers = [town.volunteer(phone=False) for _ in range(4)]
    window = {"needed_from": town.in_hours(72), "needed_until": town.in_hours(74)}
    request = town.neighbour().ask(people_needed=4, **window)
    for helper in helpers:
        helper.act(request, "accept")
    together = Barrier(2)

    def run() -> int:
        together.wait(timeout=10)
        return town.run("remind-helpers")["day"]

    town.clock.forward(hours=48)
    with ThreadPoolExecutor(2) as pool:
        assert sum(future.result(timeout=60) for future in [pool.submit(run), pool.submit(run)]) == 4
    assert [reminders(town, helper) for helper in helpers] == [["reminder_day"]] * 4
