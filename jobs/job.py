"""What a job is: a name, how often, and what it does; and how one run is carried out and remembered."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from nachbarschaft.bootstrap import Wiring
from nachbarschaft.context import Context
from nachbarschaft.services.job_runs import note_end, note_start

BATCH = 200
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)
"""What says nothing about a row: the database is restarting, or too busy."""
_log = structlog.get_logger(__name__)

Counts = dict[str, int]
Find = Callable[[Context, int], Sequence[uuid.UUID]]
"""What is due, so many at most."""
Act = Callable[[Context, uuid.UUID], object]


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the timetable. `run` acts as of the instant it is given, and returns what it did as counts."""

    name: str
    every_seconds: int
    run: Callable[[Wiring, datetime], Counts]


def run_job(job: Job, wiring: Wiring, now: datetime) -> Counts:
    """Runs a job as of `now` and notes when it began and how it ended."""
    with wiring.writing() as context:
        note_start(context, job.name)
    try:
        done = job.run(wiring, now)
    except Exception as error:
        # Every failure is noted for the operator and then goes its way; nothing is swallowed here.
        with wiring.writing() as context:
            note_end(context, job.name, error=type(error).__name__)
        raise
    with wiring.writing() as context:
        note_end(context, job.name, error=None)
    if any(done.values()):
        _log.info("job_done", job=job.name, **done)
    return done


def until_empty(wiring: Wiring, now: datetime, find: Find, act: Act) -> list[object]:
    """Finds what is due, a batch at a time, and acts on each in a transaction of its own.

    Acting looks again under the row's lock, so a doubled run does nothing twice. What was acted on and is found
    again is left for the next run: so every run ends. What one of them breaks on does not keep the others from
    being acted on; it is raised at the end.
    """
    results: list[object] = []
    broken: list[Exception] = []
    seen: set[uuid.UUID] = set()
    while due := _found(wiring, now, find, seen):
        for key in due:
            seen.add(key)
            try:
                results.append(_acted(wiring, now, act, key))
            except DATABASE_AWAY:
                raise
            except Exception as error:
                # A bug that one row runs into would otherwise stop everything that is due after it, run for run.
                _log.error("job_broke_on", id=str(key), error=type(error).__name__)
                broken.append(error)
    if broken:
        raise broken[0]
    return results


def _found(wiring: Wiring, now: datetime, find: Find, seen: set[uuid.UUID]) -> list[uuid.UUID]:
    with wiring.reading(now) as context:
        return [key for key in find(context, BATCH + len(seen)) if key not in seen]


def _acted(wiring: Wiring, now: datetime, act: Act, key: uuid.UUID) -> object:
    with wiring.writing(now) as context:
        return act(context, key)
