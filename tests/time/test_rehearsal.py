"""CLOCK_OFFSET with real processes: the night before each moment and the morning after, in a few seconds."""

from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from jobs.schedule import TIMETABLE
from models import Delivery, HelpRequest, Notification
from tests.conftest import BOTH
from tests.nachbarschaft.owed import owed
from tests.support.databases import Databases
from tests.support.over_http import TownOverHttp
from tests.support.processes import Process, Processes, await_ready, wait_until
from tests.support.town import Neighbour, Town
from tests.time.moments import MOMENTS, Moment, rfc3339
from tests.time.rehearsal import Rehearsal, job_successes

SOON = 40.0
JOBS = {job.name for job in TIMETABLE}


@dataclass(frozen=True, slots=True)
class Evening:
    """What there is at 23:00: two people with phones, and three requests."""

    volunteer: Neighbour
    requester: Neighbour
    posted: dict[str, Any]
    taken: dict[str, Any]
    running_out: dict[str, Any]


@pytest.mark.parametrize(
    ("moment", "system"),
    list(zip(MOMENTS, cycle(BOTH), strict=False)),
    ids=[moment.name for moment in MOMENTS],
)
def test_a_night_is_quiet_and_the_morning_makes_up_for_it(
    moment: Moment, system: str, databases: Databases, tmp_path: Path
) -> None:
    night = Rehearsal(moment.at(23, days=-1))
    with databases.fresh(system) as url, Processes(url, tmp_path) as processes:
        api = night.start(processes, "api")
        await_ready(api)
        with TownOverHttp(url, tmp_path, api.port, now=night.begins) as town:
            evening = spend_the_evening(town, moment)
            parts = start_the_rest(town, processes, night)
            wait_until(lambda: told(town, "filled").outcome == "quiet", within=SOON)
            require_a_quiet_night(town, evening, moment, night)
            for part in [api, *parts]:
                part.kill()

            morning = Rehearsal(moment.at(7))
            start_the_rest(town, processes, morning)
            wait_until(lambda: [push.state for push in owed(town)] == ["sent"] * 4, within=SOON)
            require_a_busy_morning(town, evening, morning)


def spend_the_evening(town: Town, moment: Moment) -> Evening:
    """It is 23:00: one request is posted, another one accepted, and a third one ends soon after breakfast."""
    volunteer, requester = town.volunteer(), town.neighbour()
    requester.register_phone()
    posted, taken = (requester.ask(needed_until=rfc3339(moment.at(18))) for _ in range(2))
    running_out = requester.ask(needed_until=rfc3339(moment.at(7, 30)))
    assert volunteer.act(taken, "accept").status_code == 201
    return Evening(volunteer, requester, posted, taken, running_out)


def start_the_rest(town: Town, processes: Processes, rehearsal: Rehearsal) -> list[Process]:
    """Starts worker and scheduler, and waits until every job has run once by their clock."""
    parts = [rehearsal.start(processes, command) for command in ("worker", "scheduler")]
    wait_until(lambda: _have_run(job_successes(town), rehearsal.begins), within=SOON)
    return parts


def _have_run(successes: dict[str, datetime], since: datetime) -> bool:
    return all(name in successes and successes[name] >= since for name in JOBS)


def require_a_quiet_night(town: Town, evening: Evening, moment: Moment, night: Rehearsal) -> None:
    assert evening.volunteer.invitations() == []
    assert next_wave(town, evening.posted) == next_wave(town, evening.running_out) == moment.at(7)
    held = told(town, "filled")
    assert (held.state, held.due_at) == ("pending", moment.at(7))
    assert evening.requester.read(evening.running_out)["state"] == "open"
    [task] = evening.volunteer.get("/v1/me/tasks").json["items"]
    [session] = evening.requester.get("/v1/me/sessions").json["items"]
    times = [request["created_at"] for request in (evening.posted, evening.taken, evening.running_out)]
    everybodys = [*times, task["accepted_at"], session["created_at"], *job_successes(town).values()]
    require_seen(everybodys, night)


def require_a_busy_morning(town: Town, evening: Evening, morning: Rehearsal) -> None:
    """By 07:00 both that were waiting have asked, the yes of the night was told, and the end is announced."""
    topics = sorted(push.topic for push in owed(town))
    assert topics == ["asked", "asked", "expiry_warning", "filled"]
    with town.wiring.reading() as context:
        settled = list(context.session.scalars(select(Delivery.settled_at)))
        noticed = context.session.scalars(select(Notification.created_at).where(Notification.topic != "filled"))
        warned = context.session.get_one(HelpRequest, UUID(evening.running_out["id"])).warned_at
        everybodys = [*settled, *noticed, warned]
    require_seen([at for at in everybodys if at is not None], morning)
    require_seen(job_successes(town).values(), morning)
    assert (len(settled), None in everybodys) == (4, False)


def require_seen(instants: Any, rehearsal: Rehearsal) -> None:
    """All processes agree on the time: it lies between the beginning of the rehearsal and now."""
    wrong = [at for at in instants if not rehearsal.has_seen(at)]
    assert wrong == [], rehearsal.says


def told(town: Town, topic: str) -> Any:
    [push] = owed(town, topic)
    return push


def next_wave(town: Town, request: dict[str, Any]) -> datetime | None:
    with town.wiring.reading() as context:
        return context.session.get_one(HelpRequest, UUID(request["id"])).next_wave_at
