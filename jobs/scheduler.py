"""The timetable as a process: the leader runs the jobs, the others wait to take over."""

import time
from datetime import UTC, datetime, timedelta
from threading import Event

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from jobs.job import Job, run_job
from jobs.leader import Leadership
from jobs.schedule import TIMETABLE
from nachbarschaft.bootstrap import Wiring

HEARTBEAT_SECONDS = 1.0
CLOCK_WAS_SET_SECONDS = 2.0
"""By so much the clock has moved otherwise than time has passed; keeping it right moves it by less."""
_log = structlog.get_logger(__name__)


def keep_time(wiring: Wiring, leader: Leadership, stop: Event) -> None:
    """Leads when it can, until `stop` is set. A lost lead stops the jobs, and the next one takes over.

    APScheduler reckons by the wall clock. When that is set, every job runs at once: set back by an hour, it would let
    none run for an hour.
    """
    _log.info("scheduler_ready")
    scheduler: BackgroundScheduler | None = None
    ahead = _ahead(wiring)
    while not stop.is_set():
        leads = leader.hold()
        if leads and scheduler is None:
            _log.info("scheduler_leads")
            scheduler = _started(wiring)
        elif not leads and scheduler is not None:
            _log.warning("scheduler_lost_the_lead")
            scheduler.shutdown(wait=False)
            scheduler = None
        ahead, was_ahead = _ahead(wiring), ahead
        if abs(ahead - was_ahead) > CLOCK_WAS_SET_SECONDS:
            _log.warning("clock_was_set", seconds=round(ahead - was_ahead))
            if scheduler is not None:
                _run_all_now(scheduler)
        stop.wait(HEARTBEAT_SECONDS)
    if scheduler is not None:
        scheduler.shutdown(wait=True)
    leader.release()


class _Every(BaseTrigger):  # type: ignore[misc]  # APScheduler ships no annotations
    """So long after the run before, whenever that was.

    APScheduler's own interval reckons each tick that was missed, one by one: ten seconds' work for all jobs where the
    clock is set 400 days ahead.
    """

    def __init__(self, seconds: float) -> None:
        self._pause = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """As APScheduler asks; the very first run is now: what fell due while nobody led does not wait."""
        return now if previous is None else now + self._pause


def _ahead(wiring: Wiring) -> float:
    """By how many seconds the clock is ahead of one that only goes forward: always as many, until it is set."""
    return wiring.clock.now().timestamp() - time.monotonic()


def _started(wiring: Wiring) -> BackgroundScheduler:
    """Jobs live in memory: they are code. A tick that came late or was missed is caught up by the next run."""
    scheduler = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(len(TIMETABLE))},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone="UTC",
    )
    for job in TIMETABLE:
        scheduler.add_job(_run, _Every(job.every_seconds), args=[job, wiring], id=job.name)
    scheduler.start()
    return scheduler


def _run_all_now(scheduler: BackgroundScheduler) -> None:
    for job in TIMETABLE:
        scheduler.modify_job(job.name, next_run_time=datetime.now(UTC))


def _run(job: Job, wiring: Wiring) -> None:
    try:
        run_job(job, wiring, wiring.clock.now())
    except Exception as error:
        # The job's health has it already; the log gets the kind of failure, never a text that may hold data.
        _log.error("job_failed", job=job.name, error=type(error).__name__)
