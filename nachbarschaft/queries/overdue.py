"""For each job, since when the oldest row waits that it should have handled: only a job that is late leaves one."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select

from models import Assignment, Delivery, HelpRequest, Mail, StoredAnswer
from models.lifecycle import AssignmentState, DeliveryState, RequestState
from nachbarschaft.context import Context

_GRACE_AFTER_LATE_WARNING = timedelta(hours=1)
_ANSWERS_KEPT = timedelta(hours=72)
_OPEN = HelpRequest.state == RequestState.OPEN


def overdue_seconds(context: Context, job: str) -> float | None:
    """How long the oldest row of `job` has waited; None where nothing is due, or for a job of another release."""
    since = OLDEST_DUE[job](context) if job in OLDEST_DUE else None
    return None if since is None else (context.now - since).total_seconds()


def _to_expire(context: Context) -> datetime | None:
    """The warning, the end after a warning that came in time or late, or going ahead with those who help."""
    helped = exists().where(Assignment.request_id == HelpRequest.id, Assignment.state == AssignmentState.ACTIVE)
    ends, warned = HelpRequest.expires_at, HelpRequest.warned_at
    late = _earliest(context, warned, _OPEN, ~helped, warned >= ends, grace=_GRACE_AFTER_LATE_WARNING)
    return _first(
        _earliest(context, HelpRequest.warn_at, _OPEN, ~helped, warned.is_(None)),
        _earliest(context, ends, _OPEN, ~helped, warned < ends),
        _earliest(context, ends, _OPEN, helped),
        late,
    )


def _to_ask(context: Context) -> datetime | None:
    return _earliest(context, HelpRequest.next_wave_at, _OPEN)


def _to_free(context: Context) -> datetime | None:
    """Leases that ran out, of pushes and of mails."""
    return _first(
        *(_earliest(context, kind.lease_until, kind.state == DeliveryState.LEASED) for kind in (Delivery, Mail))
    )


def _to_forget(context: Context) -> datetime | None:
    return _earliest(context, StoredAnswer.created_at, grace=_ANSWERS_KEPT)


OLDEST_DUE: dict[str, Callable[[Context], datetime | None]] = {
    "expire-requests": _to_expire,
    "send-waves": _to_ask,
    "deliver-pushes": _to_free,
    "forget-personal-data": _to_forget,
}
"""Every job of the timetable, by its name."""


def _earliest(
    context: Context, instant: Any, *conditions: ColumnElement[bool], grace: timedelta = timedelta()
) -> datetime | None:
    """The earliest `instant` (a column) that lies `grace` or more behind, with the grace added."""
    query = select(func.min(instant)).where(instant <= context.now - grace, *conditions)
    found: datetime | None = context.session.scalar(query)
    return None if found is None else found + grace


def _first(*instants: datetime | None) -> datetime | None:
    return min((instant for instant in instants if instant is not None), default=None)
