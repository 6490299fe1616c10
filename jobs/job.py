"""What a job is: a name, how often, and what it does; and how one run is carried out and remembered."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from nachbarschaft.bootstrap import Wiring
from nachbarschaft.context import Context
from nachbarschaft.services.job_runs import note_end, note_start

BATCH = 200
_log = structlog.get_logger(__name__)

Counts = dict[str, int]


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
    _log.info("job_done", job=job.name, **done)
    return done


def until_empty(
    wiring: Wiring,
    now: datetime,
    find: Callable[[Context, int], Sequence[uuid.UUID]],
    act: Callable[[Context, uuid.UUID], object],
) -> list[object]:
    """Finds what is due, a batch at a time, and acts on each in a transaction of its own.

    Acting looks again under the row's lock, so a doubled run does nothing twice. What was acted on and is found
    again is left for the next run: so every run ends.
    """
    results: list[object] = []
    seen: set[uuid.UUID] = set()
    while True:
        with wiring.reading(now) as context:
            due = [key for key in find(context, BATCH + len(seen)) if key not in seen]
        if not due:
            return results
        for key in due:
            seen.add(key)
            with wiring.writing(now) as context:
                results.append(act(context, key))
