"""The timetable as a process: the leader runs the jobs, the others wait to take over."""

from datetime import UTC, datetime
from threading import Event

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from jobs.job import Job, run_job
from jobs.leader import Leadership
from jobs.schedule import TIMETABLE
from nachbarschaft.bootstrap import Wiring

HEARTBEAT_SECONDS = 1.0
_log = structlog.get_logger(__name__)


def keep_time(wiring: Wiring, leader: Leadership, stop: Event) -> None:
    """Leads when it can, until `stop` is set. A lost lead stops the jobs, and the next one takes over."""
    _log.info("scheduler_ready")
    scheduler: BackgroundScheduler | None = None
    while not stop.is_set():
        leads = leader.hold()
        if leads and scheduler is None:
            _log.info("scheduler_leads")
            scheduler = _started(wiring)
        elif not leads and scheduler is not None:
            _log.warning("scheduler_lost_the_lead")
            scheduler.shutdown(wait=False)
            scheduler = None
        stop.wait(HEARTBEAT_SECONDS)
    if scheduler is not None:
        scheduler.shutdown(wait=True)
    leader.release()


def _started(wiring: Wiring) -> BackgroundScheduler:
    """Jobs live in memory: they are code. A tick that came late or was missed is caught up by the next run."""
    scheduler = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(len(TIMETABLE))},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone="UTC",
    )
    for job in TIMETABLE:
        scheduler.add_job(_run, "interval", args=[job, wiring], id=job.name, seconds=job.every_seconds)
    scheduler.start()
    for job in TIMETABLE:
        # The first run is now: what fell due while nobody led does not wait for the interval.
        scheduler.modify_job(job.name, next_run_time=datetime.now(UTC))
    return scheduler


def _run(job: Job, wiring: Wiring) -> None:
    try:
        run_job(job, wiring, wiring.clock.now())
    except Exception as error:
        # The job's health has it already; the log gets the kind of failure, never a text that may hold data.
        _log.error("job_failed", job=job.name, error=type(error).__name__)
