"""Requests of which nobody has said how they ended: both sides are asked once, and then it counts as done."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import and_, or_, select

from models import Assignment, HelpRequest, Person
from models.lifecycle import REQUEST, AssignmentState, RequestState
from nachbarschaft.context import Context
from nachbarschaft.services.ending import end_request
from nachbarschaft.services.events import record
from nachbarschaft.services.locking import hold_request
from nachbarschaft.services.outbox import owe, owe_all
from nachbarschaft.services.tasks import end_task, tasks_of

ASKED_AFTER = timedelta(hours=48)
"""After `needed_until` (contract, section 7)."""
ASSUMED_AFTER = timedelta(hours=72)
"""After both sides were asked."""


def due_for_closing(context: Context, limit: int) -> Sequence[uuid.UUID]:
    """Filled requests that were over long ago: to be asked about, or to be closed; the oldest first."""
    to_ask = and_(HelpRequest.asked_if_done_at.is_(None), HelpRequest.needed_until <= context.now - ASKED_AFTER)
    to_close = HelpRequest.asked_if_done_at <= context.now - ASSUMED_AFTER
    query = (
        select(HelpRequest.id)
        .where(HelpRequest.state == RequestState.FILLED, or_(to_ask, to_close))
        .order_by(HelpRequest.needed_until, HelpRequest.id)
        .limit(limit)
    )
    return context.session.scalars(query).all()


def ask_or_close(context: Context, request_id: uuid.UUID) -> str | None:
    """Does what is due for one request: "asked" or "closed"; None where somebody has answered meanwhile.

    No run does both, so that there are always 72 hours to answer in.
    """
    request = hold_request(context, request_id)
    if request.state != RequestState.FILLED:
        return None
    if request.asked_if_done_at is None:
        return _ask(context, request) if request.needed_until <= context.now - ASKED_AFTER else None
    return _close(context, request) if request.asked_if_done_at <= context.now - ASSUMED_AFTER else None


def _ask(context: Context, request: HelpRequest) -> str:
    """Whoever has no login, because a coordinator wrote their request down, cannot be asked."""
    helpers = _helpers(context, request)
    request.asked_if_done_at = context.now
    owe_all(context, [task.person_id for task in helpers], "is_it_done", request)
    requester = context.session.get_one(Person, request.requester_id)
    has_login = requester.email is not None or requester.phone is not None
    if has_login:
        owe(context, request.requester_id, "did_it_happen", request)
    record(context, "asked_if_done", request=request, asked=len(helpers) + has_login)
    return "asked"


def _close(context: Context, request: HelpRequest) -> str:
    REQUEST.check("assume_done", request.state, RequestState.DONE)
    helpers = _helpers(context, request)
    for task in helpers:
        end_task(context, task, "assume_done", AssignmentState.DONE)
    request.done_assumed = True
    end_request(context, request, RequestState.DONE, by=None)
    owe_all(context, [task.person_id for task in helpers], "task_assumed_done", request)
    owe(context, request.requester_id, "assumed_done", request)
    return "closed"


def _helpers(context: Context, request: HelpRequest) -> Sequence[Assignment]:
    return tasks_of(context, request, AssignmentState.ACTIVE)
