"""Jobs: noted when they run and how they end, not stopped by one bad row, and runnable by hand as of any instant."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from jobs import job as job_module
from jobs.commands import jobs
from jobs.job import Counts, Job, run_job, until_empty
from jobs.schedule import TIMETABLE
from jobs.send_waves import send_waves
from models import HelpRequest, JobRun, Person
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.clock import FixedClock
from nachbarschaft.context import Context
from tests.nachbarschaft.owed import owed
from tests.support.fcm import Answer, LoopbackFcm
from tests.support.town import DATA_KEY, JWT_KEY, Town


def noted(town: Town, name: str) -> JobRun:
    with town.wiring.reading() as context:
        return context.session.get_one(JobRun, name)


# --- What is noted about a run ------------------------------------------------------------------------------


def test_a_failure_is_noted_by_its_kind_and_not_swallowed(small_town: Town) -> None:
    def fail(_wiring: Wiring, _now: datetime) -> Counts:
        raise RuntimeError("Irmgard lives at Wilhelmstraße 5")

    good = Job("test", 60, lambda _wiring, _now: {"done": 1})
    assert run_job(good, small_town.wiring, small_town.clock.now()) == {"done": 1}
    succeeded = small_town.clock.now()
    failed = small_town.clock.forward(minutes=1)
    with pytest.raises(RuntimeError), capture_logs() as logs:
        run_job(replace(good, run=fail), small_town.wiring, failed)
    run = noted(small_town, "test")
    assert (run.last_started_at, run.last_success_at, run.last_error_at) == (failed, succeeded, failed)
    assert run.last_error == "RuntimeError"
    assert "Irmgard" not in str(logs)


def test_the_first_two_runs_ever_may_begin_at_the_same_moment(town: Town) -> None:
    together = Barrier(2)

    def meet(_wiring: Wiring, _now: datetime) -> Counts:
        together.wait(timeout=10)
        return {"done": 1}

    def run() -> Counts:
        return run_job(Job("test", 60, meet), town.wiring, town.clock.now())

    with ThreadPoolExecutor(2) as pool:
        assert [future.result(timeout=60) for future in [pool.submit(run), pool.submit(run)]] == [{"done": 1}] * 2
    assert noted(town, "test").last_success_at == town.clock.now()


# --- Acting on all that is due ------------------------------------------------------------------------------


class Heap:
    """Things that are due until they are acted on; some break, some stay due."""

    def __init__(self, size: int, *, breaks: int = 0, stays: int = 0) -> None:
        self.due = [uuid4() for _ in range(size)]
        self.breaks, self.stays = set(self.due[:breaks]), set(self.due[:stays])
        self.acted: list[UUID] = []
        self.asked_for: list[int] = []

    def find(self, _context: Context, limit: int) -> Sequence[UUID]:
        self.asked_for.append(limit)
        return self.due[:limit]

    def act(self, _context: Context, key: UUID) -> UUID:
        if key in self.breaks:
            raise KeyError(key)
        self.acted.append(key)
        if key not in self.stays:
            self.due.remove(key)
        return key


def test_a_run_goes_on_in_batches_until_nothing_is_due(small_town: Town) -> None:
    heap = Heap(2 * job_module.BATCH + 7)
    results = until_empty(small_town.wiring, small_town.clock.now(), heap.find, heap.act)
    assert results == heap.acted
    assert len(set(heap.acted)) == 2 * job_module.BATCH + 7


def test_what_stays_due_is_left_for_the_next_run_and_hides_nothing(small_town: Town) -> None:
    heap = Heap(job_module.BATCH + 20, stays=job_module.BATCH)
    until_empty(small_town.wiring, small_town.clock.now(), heap.find, heap.act)
    assert len(heap.acted) == len(set(heap.acted)) == job_module.BATCH + 20


def test_what_breaks_keeps_nothing_else_from_being_done_and_is_raised_in_the_end(small_town: Town) -> None:
    heap = Heap(job_module.BATCH + 20, breaks=job_module.BATCH + 1)
    with pytest.raises(KeyError), capture_logs() as logs:
        until_empty(small_town.wiring, small_town.clock.now(), heap.find, heap.act)
    assert len(heap.acted) == 19
    assert sum(log["event"] == "job_broke_on" for log in logs) == job_module.BATCH + 1


def test_a_database_that_is_away_ends_the_run_at_once(small_town: Town) -> None:
    tried = []

    def act(_context: Context, key: UUID) -> None:
        tried.append(key)
        raise OperationalError("SELECT 1", {}, Exception("the server is gone"))

    heap = Heap(5)
    with pytest.raises(OperationalError):
        until_empty(small_town.wiring, small_town.clock.now(), heap.find, act)
    assert len(tried) == 1


def test_each_row_has_a_transaction_of_its_own(town: Town) -> None:
    people = [town.neighbour() for _ in range(3)]

    def find(context: Context, limit: int) -> Sequence[UUID]:
        return context.session.scalars(select(Person.id).where(Person.name != "done").limit(limit)).all()

    def act(context: Context, key: UUID) -> None:
        context.session.execute(update(Person).where(Person.id == key).values(name="done"))
        if key == people[1].uuid:
            raise ValueError("rolled back")

    with pytest.raises(ValueError, match="rolled back"):
        until_empty(town.wiring, town.clock.now(), find, act)
    assert [person.get("/v1/me").json["name"] == "done" for person in people] == [True, False, True]


def test_one_request_that_cannot_be_asked_for_holds_up_no_other(town: Town) -> None:
    town.volunteer(phone=False)
    broken, sound = (town.neighbour().ask() for _ in range(2))
    fresh = town.volunteer(phone=False)
    with town.wiring.writing() as context:
        spoil = update(HelpRequest).where(HelpRequest.id == UUID(broken["id"])).values(category="unheard-of")
        context.session.execute(spoil)
    town.clock.forward(hours=1)
    with pytest.raises(KeyError):
        town.run("send-waves")
    assert [invitation["request"]["id"] for invitation in fresh.invitations()] == [sound["id"]]
    assert noted(town, "send-waves").last_error == "KeyError"


def test_the_jobs_act_as_of_the_instant_they_are_handed_whatever_the_clock_says(small_town: Town) -> None:
    volunteers = [small_town.volunteer(phone=False) for _ in range(4)]
    request = small_town.neighbour().ask()
    as_of = replace(small_town.wiring, clock=FixedClock(datetime(2001, 1, 1, tzinfo=UTC)))
    assert send_waves(as_of, small_town.clock.now() + timedelta(hours=1))["asked"] == 2
    assert sum(len(volunteer.invitations()) for volunteer in volunteers) == 4
    assert request["state"] == "open"


# --- By hand ------------------------------------------------------------------------------------------------


def by_hand(town: Town, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`nachbarschaft jobs …` as a process on the town's database."""
    settings = {
        "NACHBARSCHAFT_DATABASE_URL": town.wiring.settings.database_url,
        "NACHBARSCHAFT_JWT_KEYS": JWT_KEY,
        "NACHBARSCHAFT_DATA_KEYS": DATA_KEY,
    }
    command = [sys.executable, "-m", "nachbarschaft", "jobs", *words]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NACHBARSCHAFT_")}
    return subprocess.run(command, env=kept | settings | env, capture_output=True, text=True, timeout=60, check=False)


def done(answer: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What a run printed: one JSON line."""
    assert answer.returncode == 0, answer.stderr
    [line] = answer.stdout.splitlines()
    printed: dict[str, Any] = json.loads(line)
    return printed


def test_a_job_runs_by_hand_as_of_an_instant_and_is_listed_with_its_last_success(small_town: Town) -> None:
    for _ in range(3):
        small_town.volunteer(phone=False)
    small_town.neighbour().ask()
    later = small_town.clock.now() + timedelta(hours=1)
    assert done(by_hand(small_town, "run", "send-waves", "--at", later.isoformat())) == {
        "job": "send-waves",
        "requests": 1,
        "asked": 1,
    }
    listed = {line.split()[0]: line for line in by_hand(small_town, "list").stdout.splitlines()}
    assert {name for name, line in listed.items() if line.endswith("never")} == {job.name for job in TIMETABLE} - {
        "send-waves"
    }
    assert listed["send-waves"].endswith("Z")
    last = datetime.fromisoformat(listed["send-waves"].split()[-1])
    assert abs(datetime.now(UTC) - last) < timedelta(minutes=2), "when it ran, not as of when"


def test_delivery_by_hand_drains_once_as_if_the_clock_stood_at_the_instant(small_town: Town, tmp_path: Path) -> None:
    lucky, unlucky = small_town.volunteer(), small_town.volunteer()
    small_town.neighbour().ask()
    at = small_town.clock.now() + timedelta(minutes=5)
    with LoopbackFcm() as fcm:
        fcm.behave(f"address-{unlucky.id}-1", Answer(503))
        firebase = {
            "NACHBARSCHAFT_FIREBASE_CREDENTIALS": str(fcm.credentials_file(tmp_path)),
            "NACHBARSCHAFT_FCM_URL": fcm.url,
        }
        printed = done(by_hand(small_town, "run", "deliver-pushes", "--at", at.isoformat(), **firebase))
        assert printed == {"job": "deliver-pushes", "sent": 1, "retry": 1}
        assert len(fcm.posts) == 2
    sent, waiting = sorted(owed(small_town), key=lambda push: push.state, reverse=True)
    assert (sent.person_id, sent.state) == (lucky.uuid, "sent")
    assert (waiting.person_id, waiting.state) == (unlucky.uuid, "pending")
    assert timedelta(seconds=10) <= waiting.due_at - at <= timedelta(seconds=15)


@pytest.mark.parametrize(
    "words", [["make-coffee"], ["send-waves", "--at", "noon"], ["send-waves", "--at", "2026-06-10T12:00:00"]]
)
def test_a_wrong_call_is_refused_with_a_sentence_and_exit_code_2(words: list[str]) -> None:
    answer = CliRunner().invoke(jobs, ["run", *words])
    assert answer.exit_code == 2
    assert "Invalid value" in answer.output
