"""Reminds helpers of what they have promised, a day and two hours before it begins (contract, section 7)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from models import Assignment, HelpRequest
from models.lifecycle import AssignmentState
from nachbarschaft.context import Context
from nachbarschaft.queries.confirmations import lacks_confirmation
from nachbarschaft.services.locking import hold_request
from nachbarschaft.services.outbox import owe

_Column = InstrumentedAttribute[datetime | None]


@dataclass(frozen=True, slots=True)
class _Reminder:
    """One of the two: owed from `before` the beginning until `ends` before it; `column` says of which beginning."""

    name: str
    before: timedelta
    ends: timedelta
    column: _Column


_REMINDERS = (
    _Reminder("day", timedelta(hours=24), timedelta(hours=2), Assignment.reminded_day_for),
    _Reminder("hours", timedelta(hours=2), timedelta(0), Assignment.reminded_hours_for),
)


def due_for_reminding(context: Context, limit: int) -> Sequence[uuid.UUID]:
    """Tasks whose helper has not been reminded of their present beginning yet, the soonest first."""
    query = (
        select(Assignment.id)
        .join(HelpRequest, HelpRequest.id == Assignment.request_id)
        .where(
            Assignment.state == AssignmentState.ACTIVE,
            or_(*(_is_due(reminder, context.now) for reminder in _REMINDERS)),
        )
        .order_by(HelpRequest.needed_from, Assignment.id)
        .limit(limit)
    )
    return context.session.scalars(query).all()


def remind(context: Context, assignment_id: uuid.UUID) -> str | None:
    """Owes the helper the reminder that is due: "day" or "hours"; None where none is.

    Whoever said yes later than that before the beginning needs none: it is noted as if they had been reminded.
    """
    task, request = _held(context, assignment_id)
    reminder = _due_reminder(task, request, context.now)
    if reminder is None:
        return None
    setattr(task, reminder.column.key, request.needed_from)
    if task.accepted_at > request.needed_from - reminder.before:
        return None
    waits = lacks_confirmation(context.session, task)
    owe(context, task.person_id, "reminder_unconfirmed" if waits else f"reminder_{reminder.name}", request)
    return reminder.name


def _held(context: Context, assignment_id: uuid.UUID) -> tuple[Assignment, HelpRequest]:
    """The request is locked first, as everybody does, and the task read again behind its lock."""
    request_id = context.session.get_one(Assignment, assignment_id).request_id
    request = hold_request(context, request_id)
    return context.session.get_one(Assignment, assignment_id, populate_existing=True), request


def _due_reminder(task: Assignment, request: HelpRequest, now: datetime) -> _Reminder | None:
    if task.state != AssignmentState.ACTIVE:
        return None
    left = request.needed_from - now
    for reminder in _REMINDERS:
        if reminder.ends < left <= reminder.before:
            return reminder if getattr(task, reminder.column.key) != request.needed_from else None
    return None


def _is_due(reminder: _Reminder, now: datetime) -> ColumnElement[bool]:
    return and_(
        HelpRequest.needed_from > now + reminder.ends,
        HelpRequest.needed_from <= now + reminder.before,
        reminder.column.is_distinct_from(HelpRequest.needed_from),
    )
