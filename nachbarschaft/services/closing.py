"""How a request ends: done by either side, called off, or kept alive because it is still needed."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from models import HelpRequest
from models.lifecycle import ASSIGNMENT, REQUEST, AssignmentState, RequestState
from nachbarschaft.context import Context
from nachbarschaft.errors import Conflict, Forbidden, Invalid, NotOpen
from nachbarschaft.permissions import allows, require
from nachbarschaft.services.dispatch import ask_again
from nachbarschaft.services.ending import end_request
from nachbarschaft.services.events import record
from nachbarschaft.services.expiry import confirm
from nachbarschaft.services.finding import take_request
from nachbarschaft.services.limits import require_room_for_request
from nachbarschaft.services.opening import FURTHEST_AHEAD
from nachbarschaft.services.outbox import owe, owe_all
from nachbarschaft.services.refusing import refuse_unless_possible
from nachbarschaft.services.requests import tell_helpers_of_change
from nachbarschaft.services.tasks import end_task, latest_task, tasks_of
from nachbarschaft.words import mark as _


@dataclass(frozen=True, slots=True)
class Effort:
    """What a task took: minutes, and expenses in integer cents. Never multiplied with each other."""

    minutes: int | None = None
    expenses_cents: int | None = None


def finish(context: Context, request_id: uuid.UUID, effort: Effort) -> HelpRequest:
    """Done, by either side: a helper ends their own task, the requester or coordinator ends all of them."""
    bond = take_request(context, request_id, "request.read")
    task = latest_task(context, bond.request, context.me.person_id)
    if task is not None and task.state == AssignmentState.ACTIVE:
        _finish_own(context, bond.request, effort)
    elif allows("request.close", context.me, bond):
        _finish_all(context, bond.request, effort)
    elif task is not None:
        refuse_unless_possible(ASSIGNMENT, "done", task.state)
    else:
        require("request.close", context.me, bond)
    return bond.request


def cancel(context: Context, request_id: uuid.UUID) -> HelpRequest:
    """Calls the request off and tells its helpers. Raises NotOpen once it is over."""
    request = take_request(context, request_id, "request.close").request
    refuse_unless_possible(REQUEST, "cancel", request.state)
    helpers = tasks_of(context, request, AssignmentState.ACTIVE)
    for task in helpers:
        end_task(context, task, "cancel", AssignmentState.RELEASED)
    owe_all(context, [task.person_id for task in helpers], "request_cancelled", request)
    if context.me.person_id != request.requester_id:
        owe(context, request.requester_id, "called_off", request)
    _close(context, request, "cancel", RequestState.CANCELLED)
    return request


def confirm_need(context: Context, request_id: uuid.UUID, needed_until: datetime | None) -> HelpRequest:
    """Still needed: the span begins anew, and an expired request opens and asks again.

    Raises AlreadyFilled or NotOpen (also once its words are forgotten), and Invalid where the time is over and no new
    end is given.
    """
    request = take_request(context, request_id, "request.confirm_need").request
    _check_new_end(context, request, needed_until)
    refuse_unless_possible(REQUEST, "confirm_need", request.state)
    if not request.code_word:
        raise NotOpen(_("This was too long ago, and its words are forgotten. Please ask for help anew."))
    if request.state == RequestState.EXPIRED:
        require_room_for_request(context, request.requester_id)
    REQUEST.check("confirm_need", request.state, RequestState.OPEN)
    is_moved = needed_until is not None and needed_until != request.needed_until
    request.needed_until = needed_until or request.needed_until
    reopened = request.state == RequestState.EXPIRED
    request.state = RequestState.OPEN
    request.closed_at = request.closed_by = None
    request.version += 1
    confirm(request, context.now)
    if is_moved:
        tell_helpers_of_change(context, request)
    if reopened:
        request.renewed_at = context.now
        ask_again(context, request)
    elif request.next_wave_at is None:
        request.next_wave_at = context.now
    record(context, "need_confirmed", request=request, reopened=reopened)
    return request


def _check_new_end(context: Context, request: HelpRequest, needed_until: datetime | None) -> None:
    over = request.needed_until <= context.now
    if needed_until is None and over and request.state in {RequestState.OPEN, RequestState.EXPIRED}:
        raise Invalid({"needed_until": [_("The time has passed. Please say until when you need help.")]})
    if needed_until is not None and needed_until <= max(context.now, request.needed_from):
        raise Invalid({"needed_until": [_("This has to lie in the future, and after the beginning.")]})
    if needed_until is not None and needed_until > context.now + FURTHEST_AHEAD:
        raise Invalid({"needed_until": [_("Please ask for a time within the next year.")]})


def _finish_own(context: Context, request: HelpRequest, effort: Effort) -> None:
    refuse_unless_possible(REQUEST, "finish_own", request.state)
    task = latest_task(context, request, context.me.person_id)
    if task is None:
        raise Forbidden
    task.minutes, task.expenses_cents = effort.minutes, effort.expenses_cents
    end_task(context, task, "done", AssignmentState.DONE)
    owe(context, request.requester_id, "helper_done", request)
    if tasks_of(context, request, AssignmentState.ACTIVE):
        REQUEST.check("finish_own", request.state, request.state)
        request.version += 1
        record(context, "task_done", request=request)
    else:
        _close(context, request, "finish_own", RequestState.DONE)


def _finish_all(context: Context, request: HelpRequest, effort: Effort) -> None:
    refuse_unless_possible(REQUEST, "finish", request.state)
    helpers = tasks_of(context, request, AssignmentState.ACTIVE)
    if not helpers and not tasks_of(context, request, AssignmentState.DONE):
        raise Conflict(_("Nobody has helped yet. If you need no help any more, please call the request off."))
    for task in helpers:
        end_task(context, task, "done", AssignmentState.DONE)
    owe_all(context, [task.person_id for task in helpers], "request_done", request)
    if context.me.person_id != request.requester_id:
        owe(context, request.requester_id, "helper_done", request)
    request.minutes, request.expenses_cents = effort.minutes, effort.expenses_cents
    _close(context, request, "finish", RequestState.DONE)


def _close(context: Context, request: HelpRequest, action: str, state: RequestState) -> None:
    REQUEST.check(action, request.state, state)
    end_request(context, request, state, by=context.me.person_id)
