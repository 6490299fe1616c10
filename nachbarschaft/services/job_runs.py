"""When each job last ran, how it ended, and how often in which way."""

from contextlib import suppress

from sqlalchemy.exc import IntegrityError

from models import JobRun
from nachbarschaft.context import Context


def note_start(context: Context, name: str) -> None:
    _run(context, name).last_started_at = context.now


def note_end(context: Context, name: str, error: str | None) -> None:
    """`error` is the kind of failure, never its text: that might hold somebody's data."""
    run = _run(context, name)
    if error is None:
        run.last_success_at = context.now
        run.successes = JobRun.successes + 1  # by the database: two may end at the same moment
    else:
        run.last_error_at, run.last_error = context.now, error
        run.failures = JobRun.failures + 1


def _run(context: Context, name: str) -> JobRun:
    """The job's row; the very first run makes it, also where two begin at the same moment."""
    known = context.session.get(JobRun, name)
    if known is not None:
        return known
    with suppress(IntegrityError), context.session.begin_nested():
        context.session.add(JobRun(name=name))
    return context.session.get_one(JobRun, name)
