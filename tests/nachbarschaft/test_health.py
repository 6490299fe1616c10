"""What tells the operator that something is late or fails: for each job and for each way to reach people."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from jobs.schedule import TIMETABLE
from models import Delivery, DeliveryTally
from nachbarschaft.queries.overdue import OLDEST_DUE
from nachbarschaft.services.job_runs import note_end
from tests.support.scrape import Scrape
from tests.support.town import Town


def job_health(town: Town, name: str) -> dict[str, Any]:
    (found,) = [job for job in town.call("GET", "/health/ready").json["jobs"] if job["name"] == name]
    return dict(found)


def waited(town: Town, name: str) -> float | None:
    """Seconds, as health and the metrics tell them alike."""
    told: float | None = job_health(town, name)["oldest_due_seconds"]
    shown = Scrape(town.call("GET", "/metrics").text).value("nachbarschaft_job_oldest_due_seconds", name=name)
    assert shown == (told or 0.0)
    return told


def a_warning_is_owed(town: Town) -> None:
    town.neighbour().ask()
    town.clock.forward(hours=9 * 3 / 4, minutes=5)


def an_end_is_owed(town: Town) -> None:
    a_warning_is_owed(town)
    town.run("expire-requests")
    town.clock.forward(hours=9 / 4)


def an_end_after_a_late_warning_is_owed(town: Town) -> None:
    town.neighbour().ask()
    town.clock.forward(hours=10)
    town.run("expire-requests")
    town.clock.forward(hours=1, minutes=5)


def going_ahead_with_fewer_is_owed(town: Town) -> None:
    request = town.neighbour().ask(people_needed=2)
    assert town.volunteer().act(request, "accept").status_code == 201
    town.clock.forward(hours=9, minutes=5)


def a_wave_is_owed(town: Town) -> None:
    for _ in range(8):
        town.volunteer()
    request = town.neighbour().ask(urgent=True)
    while (waiting := waited(town, "send-waves")) is None:
        town.clock.forward(minutes=1)
        assert town.clock.now().isoformat() < request["needed_until"]
    town.clock.forward(seconds=300 - waiting)


def a_lease_has_run_out(town: Town) -> None:
    town.volunteer()
    town.neighbour().ask(urgent=True)
    with town.wiring.writing() as context:
        taken = {"state": "leased", "lease_until": context.now - timedelta(minutes=5), "attempt": 1}
        context.session.execute(update(Delivery).values(taken))


def an_answer_is_kept_too_long(town: Town) -> None:
    requester = town.neighbour()
    request = requester.ask()
    assert requester.post(f"/v1/requests/{request['id']}/cancel", Idempotency_Key="one-key-for-it").status_code == 200
    town.clock.forward(hours=72, minutes=5)


def a_reminder_is_owed(town: Town) -> None:
    window = {"needed_from": town.in_hours(48), "needed_until": town.in_hours(50)}
    assert town.volunteer().act(town.neighbour().ask(**window), "accept").status_code == 201
    town.clock.forward(hours=24, minutes=5)


def a_reminder_for_another_time_is_owed(town: Town) -> None:
    """Moved to an earlier time, so that the reminder is owed at once."""
    requester = town.neighbour()
    request = requester.ask(needed_from=town.in_hours(48), needed_until=town.in_hours(50))
    assert town.volunteer().act(request, "accept").status_code == 201
    town.clock.forward(hours=1)
    sooner = {"needed_from": town.in_hours(20), "needed_until": town.in_hours(22)}
    assert requester.patch(f"/v1/requests/{request['id']}", sooner, If_Match="*").status_code == 200
    town.clock.forward(minutes=5)


def a_question_how_it_ended_is_owed(town: Town) -> None:
    assert town.volunteer().act(town.neighbour().ask(), "accept").status_code == 201
    town.clock.forward(hours=9 + 48, minutes=5)


def an_end_that_nobody_told_is_owed(town: Town) -> None:
    a_question_how_it_ended_is_owed(town)
    town.run("close-forgotten")
    town.clock.forward(hours=72, minutes=5)


def a_device_is_kept_too_long(town: Town) -> None:
    town.volunteer()
    town.clock.forward(days=270, minutes=5)


def an_event_is_not_sealed(town: Town) -> None:
    town.neighbour()
    town.clock.forward(minutes=7)


BEHIND: tuple[tuple[str, Callable[[Town], None]], ...] = (
    ("expire-requests", a_warning_is_owed),
    ("expire-requests", an_end_is_owed),
    ("expire-requests", an_end_after_a_late_warning_is_owed),
    ("expire-requests", going_ahead_with_fewer_is_owed),
    ("send-waves", a_wave_is_owed),
    ("deliver-pushes", a_lease_has_run_out),
    ("remind-helpers", a_reminder_is_owed),
    ("remind-helpers", a_reminder_for_another_time_is_owed),
    ("close-forgotten", a_question_how_it_ended_is_owed),
    ("close-forgotten", an_end_that_nobody_told_is_owed),
    ("prune-devices", a_device_is_kept_too_long),
    ("forget-personal-data", an_answer_is_kept_too_long),
    ("seal-audit", an_event_is_not_sealed),
)


@pytest.mark.parametrize(("job", "fall_behind"), BEHIND)
def test_a_job_that_is_five_minutes_behind_says_so_until_it_has_run(
    town: Town, job: str, fall_behind: Callable[[Town], None]
) -> None:
    assert waited(town, job) is None

    fall_behind(town)

    assert waited(town, job) == pytest.approx(300)
    assert town.call("GET", "/health/ready").status_code == 200
    town.run(job)
    assert waited(town, job) is None


def test_every_job_of_the_timetable_tells_what_waits_for_it() -> None:
    assert set(OLDEST_DUE) == {job.name for job in TIMETABLE}
    assert {job for job, _fall_behind in BEHIND} == set(OLDEST_DUE)


def test_runs_are_counted_and_the_last_failure_has_a_kind(town: Town) -> None:
    town.run("send-waves")
    town.run("send-waves")
    with town.wiring.writing(town.clock.forward(minutes=1)) as context:
        note_end(context, "send-waves", error="KeyError")

    found = Scrape(town.call("GET", "/metrics").text)
    told = job_health(town, "send-waves")

    for outcome, count in {"success": 2, "failure": 1}.items():
        assert found.value("nachbarschaft_job_runs_total", name="send-waves", outcome=outcome) == count
    assert told["last_error"] == "KeyError"
    assert told["last_error_at"] > told["last_success_at"]
    assert job_health(town, "expire-requests") == {
        "name": "expire-requests",
        "last_success_at": None,
        "last_error_at": None,
        "last_error": None,
        "oldest_due_seconds": None,
    }


def count_attempts(town: Town, channel: str, **outcomes: int) -> None:
    """As the worker does; all of them ended a minute after the ones before."""
    now = town.clock.forward(minutes=1)
    with town.wiring.writing(now) as context:
        for outcome, count in outcomes.items():
            context.session.add(DeliveryTally(channel=channel, outcome=outcome, count=count, last_at=now))


def test_each_way_to_reach_people_tells_how_its_attempts_ended(town: Town) -> None:
    count_attempts(town, "push", unavailable=3)
    count_attempts(town, "push", sent=40, quiet=2, unregistered=1)
    count_attempts(town, "mail", sent=1)
    count_attempts(town, "mail", refused=2)

    push, mail = town.call("GET", "/health/ready").json["delivery"]
    found = Scrape(town.call("GET", "/metrics").text)

    assert (push["channel"], push["last_error"], push["due"]) == ("push", "unavailable", 0)
    assert push["last_error_at"] == town.in_hours(-3 / 60)
    assert push["last_success_at"] == town.in_hours(-2 / 60)
    assert (mail["channel"], mail["last_error"], mail["last_error_at"]) == ("mail", "refused", town.in_hours(0))
    for outcome, count in {"sent": 40, "unavailable": 3, "quiet": 2, "unregistered": 1}.items():
        assert found.value("nachbarschaft_deliveries_total", channel="push", outcome=outcome) == count
    error = found.value("nachbarschaft_delivery_last_error_timestamp_seconds", channel="mail")
    success = found.value("nachbarschaft_delivery_last_success_timestamp_seconds", channel="mail")
    assert error - success == 60


def test_what_is_due_is_counted_with_its_age_and_the_api_stays_ready(town: Town) -> None:
    town.volunteer()
    town.neighbour().ask(urgent=True)
    town.clock.forward(minutes=7)

    answer = town.call("GET", "/health/ready")

    push, mail = answer.json["delivery"]
    assert (push["due"], push["oldest_due_seconds"]) == (1, 420)
    assert (mail["due"], mail["oldest_due_seconds"]) == (0, None)
    assert answer.json["oldest_due_push_seconds"] == 420
    assert answer.status_code == 200
