"""A week in which each thing that happens by the clock falls due once, lived through by real processes."""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from jobs.schedule import TIMETABLE
from models import Delivery, Event, JobRun, Mail, Notification, Person
from models.lifecycle import DeliveryState
from nachbarschaft.recording import read_recorded
from tests.support.invariants import require_sound
from tests.support.processes import wait_until
from tests.support.town import Neighbour, Town
from tests.support.wallclock import WallClock
from tests.time.moments import Moment, rfc3339

WITHIN_A_MINUTE = 60.0
"""Seconds within which all that is due moves, however the clock has been set."""
AT_ANY_HOUR = {"quiet_from": None, "quiet_until": None, "pushes_per_day": 100, "asks_per_week": 100}
Move = Callable[[], datetime]
"""Moves the clock; the instant that it shows then."""
_WAITING = (DeliveryState.PENDING, DeliveryState.LEASED)


@dataclass(frozen=True, slots=True)
class Week:
    """What is planned at half past midnight of a difficult day."""

    begins: datetime
    at: tuple[datetime, ...]
    """The instants at which something falls due, one after the other."""


def plan(town: Town, moment: Moment) -> Week:
    """A request that nobody takes, one that somebody takes and then forgets, and two for which a mail is enough."""
    begins = moment.at(0, 30)
    town.clock.set(begins)
    for _ in range(12):
        _awake(town.volunteer())
    _awake(town.volunteer(phone=False, categories=["garden"]))
    requesters = [_awake(_with_phone(town.neighbour())) for _ in range(4)]
    helper = _awake(town.volunteer(categories=["repair"]))
    requesters[0].ask(urgent=True, **_window(begins, 1, 3))
    taken = requesters[1].ask(category="repair", **_window(begins, 26, 28))
    assert helper.act(taken, "accept").status_code == 201
    for requester in requesters[2:]:
        requester.ask(category="garden", **_window(begins, 60, 80))
    after = (timedelta(hours=hours) for hours in (1, 2.5, 3.5))
    later = (timedelta(hours=hours) for hours in (24.5, 76.5, 149))
    morning = (moment.at(7, 30), moment.at(8, 15))
    return Week(begins, (*(begins + one for one in after), *morning, *(begins + one for one in later)))


ONCE_EACH = {
    "asked": 12 + 2,  # the first request asks everybody in three waves; each of the last two its one volunteer
    "settled": 12 + 2,
    "filled": 1,
    "expiry_warning": 3,
    "expired": 3,
    "reminder_day": 1,
    "reminder_hours": 1,
    "is_it_done": 1,
    "did_it_happen": 1,
    "assumed_done": 1,
    "task_assumed_done": 1,
}
"""Topic → how many notices of it the week brings."""


def live_through(
    week: Week, town: Town, clock: WallClock, as_it_moves: Callable[[Move], datetime] = lambda move: move()
) -> None:
    """Moves the clock on from one instant to the next; once it is set back by an hour and forward again.

    `as_it_moves` is handed each move and makes it; what else happens at that moment is its affair.
    """
    await_work_done(town, clock, week.begins)
    for number, instant in enumerate(week.at):
        await_work_done(town, clock, as_it_moves(partial(clock.set, instant)))
        if number == 2:
            await_work_done(town, clock, clock.move(hours=-1))
            await_work_done(town, clock, clock.move(hours=1))


def await_work_done(town: Town, clock: WallClock, since: datetime) -> None:
    """Waits until every job has run since then by the processes' clock, and nothing is due to go out any more."""
    await_jobs(town, clock, since)
    wait_until(lambda: waiting(town, clock.now()) == 0, within=WITHIN_A_MINUTE)


def await_jobs(town: Town, clock: WallClock, since: datetime) -> None:
    """Waits until every job has run since then by the processes' clock."""
    wait_until(lambda: _all_ran(town, since, clock.now()), within=WITHIN_A_MINUTE)


def _all_ran(town: Town, since: datetime, until: datetime) -> bool:
    """What ran by the clock as it was before lies before or after all that."""
    with town.wiring.reading() as context:
        runs = {run.name: run for run in context.session.scalars(select(JobRun))}
    return all(job.name in runs and _ran(runs[job.name], since, until) for job in TIMETABLE)


def _ran(run: JobRun, since: datetime, until: datetime) -> bool:
    started, ended = run.last_started_at, run.last_success_at
    return started is not None and ended is not None and since <= started <= ended <= until


def waiting(town: Town, now: datetime) -> int:
    """How much is due or in somebody's hands, on all channels."""
    with town.wiring.reading() as context:
        return sum(
            context.session.scalar(
                select(func.count()).where(table.state.in_(_WAITING), table.due_at <= now)  # leased ones are due too
            )
            or 0
            for table in (Delivery, Mail)
        )


def require_each_once(town: Town, folder: Path) -> None:
    """Nothing of the week was left out and nothing happened twice: not in the inbox, on phones, by mail, in the log."""
    with town.wiring.reading() as context:
        topics = Counter(context.session.scalars(select(Notification.topic)))
        ends = Counter(context.session.scalars(select(Delivery.state)))
        pushes = [str(push) for push in context.session.scalars(select(Delivery.notification_id))]
        emails = set(context.session.scalars(select(Person.email)))
        done = Counter(
            (event.kind, event.request_id, event.data.get("wave"))
            for event in context.session.scalars(
                select(Event).where(Event.actor_id.is_(None), Event.request_id.is_not(None))
            )
        )
    assert topics == ONCE_EACH
    assert ends == {DeliveryState.SENT: len(pushes)}
    sent = [push["notification_id"] for push in recorded(town, folder, "pushes")]
    assert Counter(one for one in sent if one in set(pushes)) == Counter(pushes)
    assert set(done.values()) == {1}, done
    theirs = {_told_apart(email) for email in emails if email}
    [mail] = [one for one in recorded(town, folder, "mails") if one["recipient_sha256"] in theirs]
    assert mail["message_id"].startswith("digest-")
    require_sound(town.wiring)


def recorded(town: Town, folder: Path, what: str) -> list[dict[str, Any]]:
    """The "pushes" or "mails" that processes recorded which were started in `folder`; other databases' may be there."""
    return read_recorded(folder / town.wiring.settings.state_dir / f"{what}.jsonl")


def _told_apart(address: str) -> str:
    """As the recorder does it."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def _window(begins: datetime, first: float, last: float) -> dict[str, str]:
    ends = [begins + timedelta(hours=hours) for hours in (first, last)]
    return dict(zip(("needed_from", "needed_until"), map(rfc3339, ends), strict=True))


def _with_phone(neighbour: Neighbour) -> Neighbour:
    neighbour.register_phone()
    return neighbour


def _awake(neighbour: Neighbour) -> Neighbour:
    answer = neighbour.put("/v1/me/preferences", AT_ANY_HOUR)
    assert answer.status_code == 200, answer.text
    return neighbour
