"""For each job, since when the oldest row waits that it should have handled: only a job that is late leaves one."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select

from models import Assignment, Delivery, Device, HelpRequest, Mail, StoredAnswer
from models.lifecycle import AssignmentState, DeliveryState, RequestState
from nachbarschaft.context import Context
from nachbarschaft.queries.unsealed import LAG, oldest_unsealed

_GRACE_AFTER_LATE_WARNING = timedelta(hours=1)
_ANSWERS_KEPT = timedelta(hours=72)
_ASKED_AFTER, _ASSUMED_AFTER = timedelta(hours=48), timedelta(hours=72)
_UNSEEN_FOR = timedelta(days=270)
_REMINDERS = (
    (timedelta(hours=24), timedelta(hours=2), Assignment.reminded_day_for),
    (timedelta(hours=2), timedelta(), Assignment.reminded_hours_for),
)
"""Each is owed from so long before the beginning until so long before it; the column says of which beginning."""
_ENOUGH = 1000
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
    alive = HelpRequest.expires_at > context.now
    return _first(
        _earliest(context, HelpRequest.next_wave_at, _OPEN), _earliest(context, HelpRequest.escalate_at, _OPEN, alive)
    )


def _to_free(context: Context) -> datetime | None:
    """Leases that ran out, of pushes and of mails."""
    return _first(
        *(_earliest(context, kind.lease_until, kind.state == DeliveryState.LEASED) for kind in (Delivery, Mail))
    )


def _to_remind(context: Context) -> datetime | None:
    """Helpers whose reminder is owed: since its time, or since they said yes or the time was moved after that."""
    return _first(
        *(
            max(begins - before, accepted, edited or accepted)
            for before, ends, reminded in _REMINDERS
            for begins, accepted, edited in context.session.execute(
                select(HelpRequest.needed_from, Assignment.accepted_at, HelpRequest.edited_at)
                .join(HelpRequest, HelpRequest.id == Assignment.request_id)
                .where(
                    Assignment.state == AssignmentState.ACTIVE,
                    HelpRequest.needed_from > context.now + ends,
                    HelpRequest.needed_from <= context.now + before,
                    reminded.is_distinct_from(HelpRequest.needed_from),
                )
                .order_by(HelpRequest.needed_from)
                .limit(_ENOUGH)
            )
        )
    )


def _to_close(context: Context) -> datetime | None:
    filled, asked = HelpRequest.state == RequestState.FILLED, HelpRequest.asked_if_done_at
    return _first(
        _earliest(context, HelpRequest.needed_until, filled, asked.is_(None), grace=_ASKED_AFTER),
        _earliest(context, asked, filled, grace=_ASSUMED_AFTER),
    )


def _to_prune(context: Context) -> datetime | None:
    return _earliest(context, Device.seen_at, grace=_UNSEEN_FOR)


def _to_forget(context: Context) -> datetime | None:
    return _earliest(context, StoredAnswer.created_at, grace=_ANSWERS_KEPT)


def _to_seal(context: Context) -> datetime | None:
    oldest = oldest_unsealed(context)
    return None if oldest is None else oldest + LAG


OLDEST_DUE: dict[str, Callable[[Context], datetime | None]] = {
    "expire-requests": _to_expire,
    "send-waves": _to_ask,
    "deliver-pushes": _to_free,
    "remind-helpers": _to_remind,
    "close-forgotten": _to_close,
    "prune-devices": _to_prune,
    "forget-personal-data": _to_forget,
    "seal-audit": _to_seal,
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
