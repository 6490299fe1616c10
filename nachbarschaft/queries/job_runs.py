"""How the jobs did. On its own, because the worker and the scheduler have no use for what health needs of Alembic."""

from typing import Any

from sqlalchemy import select

from models import JobRun
from nachbarschaft.context import Context


def job_health(context: Context) -> list[dict[str, Any]]:
    """When each job that has ever run last succeeded and last failed."""
    runs = context.session.scalars(select(JobRun).order_by(JobRun.name))
    return [
        {"name": run.name, "last_success_at": run.last_success_at, "last_error_at": run.last_error_at} for run in runs
    ]
