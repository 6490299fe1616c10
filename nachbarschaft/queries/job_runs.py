"""How the jobs did. On its own, because the worker and the scheduler have no use for what health needs of Alembic."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from models import JobRun
from nachbarschaft.context import Context
from nachbarschaft.queries.overdue import OLDEST_DUE, overdue_seconds


@dataclass(frozen=True, slots=True)
class JobStanding:
    """How one job did; None for what has not happened yet. `last_error` is the kind of failure, never its text.

    `oldest_due_seconds` is the age of the oldest row that it should have handled by now.
    """

    name: str
    last_success_at: datetime | None = None
    last_error_at: datetime | None = None
    last_error: str | None = None
    successes: int = 0
    failures: int = 0
    oldest_due_seconds: float | None = None

    @property
    def fails(self) -> bool:
        """Whether it has failed since it last succeeded."""
        if self.last_error_at is None:
            return False
        return self.last_success_at is None or self.last_error_at > self.last_success_at


def job_standings(context: Context) -> list[JobStanding]:
    """Every job that we know of, and every one that has ever run, by name."""
    runs = {run.name: run for run in context.session.scalars(select(JobRun))}
    return [_standing(context, name, runs.get(name)) for name in sorted(runs.keys() | OLDEST_DUE.keys())]


def job_health(context: Context) -> list[dict[str, Any]]:
    """The same as plain values."""
    return [asdict(job) for job in job_standings(context)]


def _standing(context: Context, name: str, run: JobRun | None) -> JobStanding:
    waits = overdue_seconds(context, name)
    if run is None:
        return JobStanding(name, oldest_due_seconds=waits)
    return JobStanding(name, run.last_success_at, run.last_error_at, run.last_error, run.successes, run.failures, waits)
