"""When a request runs out: the instant, and the two steps of warning and ending (contract, section 4: Expiry)."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select

from models import Assignment, HelpRequest
from models.lifecycle import REQUEST, AssignmentState, RequestState
from nachbarschaft.context import Context
from nachbarschaft.services.dispatch import settle_invitations
from nachbarschaft.services.ending import end_request
from nachbarschaft.services.events import record
from nachbarschaft.services.locking import hold_request
from nachbarschaft.services.outbox import owe

LONGEST_UNCONFIRMED = timedelta(days=7)
WARN_AT_MOST_BEFORE = timedelta(hours=24)
GRACE_AFTER_LATE_WARNING = timedelta(hours=1)


def confirm(request: HelpRequest, now: datetime) -> None:
    """Starts the span anew: the requester has just said that the help is needed.

    expires_at = min(needed_until, last confirmation + 7 days); the warning falls into the last quarter of that
    span, and at most 24 hours before.
    """
    request.confirmed_at = now
    request.warned_at = request.asked_if_done_at = None
    request.expires_at = min(request.needed_until, request.confirmed_at + LONGEST_UNCONFIRMED)
    request.warn_at = request.expires_at - min((request.expires_at - request.confirmed_at) / 4, WARN_AT_MOST_BEFORE)


def due_for_expiry(context: Context, limit: int) -> Sequence[uuid.UUID]:
    """Open requests of which something is due: the warning, the end, or going ahead with fewer."""
    now = context.now
    query = (
        select(HelpRequest.id)
        .where(HelpRequest.state == RequestState.OPEN, or_(_to_warn(now), _to_end(now)))
        .order_by(HelpRequest.expires_at, HelpRequest.id)
        .limit(limit)
    )
    return context.session.scalars(query).all()


def expire_or_warn(context: Context, request_id: uuid.UUID) -> str | None:
    """Does what is due for one request: "warned", "expired" or "filled"; None where nothing is.

    No run both warns and expires, and a request that somebody helps with never expires.
    """
    request = hold_request(context, request_id)
    now = context.now
    if request.state != RequestState.OPEN:
        return None
    if _is_helped(context, request):
        return _go_ahead(context, request) if request.expires_at <= now else None
    if request.warned_at is None:
        return _warn(context, request) if request.warn_at <= now else None
    return _expire(context, request) if _end_after_warning(request) <= now else None


def _end_after_warning(request: HelpRequest) -> datetime:
    """expires_at, or one hour after a warning that came only then or later."""
    if request.warned_at is not None and request.warned_at >= request.expires_at:
        return request.warned_at + GRACE_AFTER_LATE_WARNING
    return request.expires_at


def _warn(context: Context, request: HelpRequest) -> str:
    request.warned_at = context.now
    owe(context, request.requester_id, "expiry_warning", request)
    record(context, "request_warned", request=request)
    return "warned"


def _expire(context: Context, request: HelpRequest) -> str:
    REQUEST.check("expire", request.state, RequestState.EXPIRED)
    end_request(context, request, RequestState.EXPIRED, by=None)
    owe(context, request.requester_id, "expired", request)
    return "expired"


def _go_ahead(context: Context, request: HelpRequest) -> str:
    REQUEST.check("expire", request.state, RequestState.FILLED)
    request.state = RequestState.FILLED
    request.next_wave_at = None
    request.version += 1
    settle_invitations(context, request, keep_standby=True)
    owe(context, request.requester_id, "filled_with_fewer", request)
    record(context, "request_filled", request=request, people_accepted=request.people_accepted)
    return "filled"


def _is_helped(context: Context, request: HelpRequest) -> bool:
    query = select(_helped_by_somebody()).where(HelpRequest.id == request.id)
    return bool(context.session.scalar(query))


def _helped_by_somebody() -> ColumnElement[bool]:
    return exists().where(Assignment.request_id == HelpRequest.id, Assignment.state == AssignmentState.ACTIVE)


def _to_warn(now: datetime) -> ColumnElement[bool]:
    return and_(HelpRequest.warned_at.is_(None), HelpRequest.warn_at <= now, ~_helped_by_somebody())


def _to_end(now: datetime) -> ColumnElement[bool]:
    warned_in_time = and_(HelpRequest.warned_at < HelpRequest.expires_at, HelpRequest.expires_at <= now)
    warned_late = HelpRequest.warned_at <= now - GRACE_AFTER_LATE_WARNING
    helped = and_(_helped_by_somebody(), HelpRequest.expires_at <= now)
    unhelped = and_(
        ~_helped_by_somebody(),
        or_(warned_in_time, and_(HelpRequest.warned_at >= HelpRequest.expires_at, warned_late)),
    )
    return or_(helped, unhelped)
