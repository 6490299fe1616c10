"""A task comes back: the helper withdraws, or the requester or coordinator releases them."""

import uuid

from models import Assignment, HelpRequest
from models.lifecycle import ASSIGNMENT, REQUEST, AssignmentState, RequestState
from nachbarschaft.context import Context
from nachbarschaft.errors import Conflict, Invalid, NotAssigned, NotFound
from nachbarschaft.services.dispatch import ask_again
from nachbarschaft.services.ending import end_request
from nachbarschaft.services.events import record
from nachbarschaft.services.expiry import confirm
from nachbarschaft.services.finding import take_request
from nachbarschaft.services.outbox import owe
from nachbarschaft.services.refusing import refuse_unless_possible
from nachbarschaft.services.tasks import end_task, latest_task, tasks_of
from nachbarschaft.words import mark as _


def withdraw(context: Context, request_id: uuid.UUID) -> HelpRequest:
    """The actor gives their task back; the stand-by or the next wave is asked at once.

    Without a mark where the request was changed after they had said yes. Raises NotAssigned for whoever never
    had it, Conflict where it has ended.
    """
    request = take_request(context, request_id, "request.read").request
    task = latest_task(context, request, context.me.person_id)
    if task is None:
        raise NotAssigned
    refuse_unless_possible(ASSIGNMENT, "withdraw", task.state)
    task.excused = request.edited_at is not None and request.edited_at > task.accepted_at
    end_task(context, task, "withdraw", AssignmentState.WITHDRAWN)
    record(context, "withdrawn", request=request, excused=task.excused)
    owe(context, request.requester_id, "helper_withdrew", request)
    _return_place(context, request, "withdraw")
    return request


def release(
    context: Context, request_id: uuid.UUID, *, person_id: uuid.UUID | None, no_show: bool, reason: str | None
) -> HelpRequest:
    """Takes the task from a helper; `no_show` notes that they did not come. `person_id` only where several help.

    Raises NotOpen once the request is over, Conflict where nobody helps, Invalid where the person is missing.
    """
    request = take_request(context, request_id, "request.release").request
    refuse_unless_possible(REQUEST, "release", request.state)
    task = _task_to_release(context, request, person_id)
    state = AssignmentState.NO_SHOW if no_show else AssignmentState.RELEASED
    end_task(context, task, "no_show" if no_show else "release", state)
    task.end_reason = reason
    record(context, state, request=request, person_id=task.person_id)
    owe(context, task.person_id, "released", request)
    if context.me.person_id != request.requester_id:
        owe(context, request.requester_id, "helper_withdrew", request)
    _return_place(context, request, "release")
    return request


def _task_to_release(context: Context, request: HelpRequest, person_id: uuid.UUID | None) -> Assignment:
    active = tasks_of(context, request, AssignmentState.ACTIVE)
    if person_id is None:
        if not active:
            raise Conflict(_("Nobody helps with this request at the moment."))
        if len(active) > 1:
            raise Invalid({"person": [_("Several people help. Please say whom you mean.")]})
        return active[0]
    task = latest_task(context, request, person_id)
    if task is None:
        raise NotFound(_("This person does not help with this request."))
    refuse_unless_possible(ASSIGNMENT, "release", task.state)
    return task


def _return_place(context: Context, request: HelpRequest, action: str) -> None:
    """One helper fewer: the request opens again, or ends if its time is over (contract, section 4)."""
    before = request.state
    state = _state_with_one_fewer(context, request)
    REQUEST.check(action, before, state)
    request.people_accepted -= 1
    if state in {RequestState.DONE, RequestState.EXPIRED}:
        end_request(context, request, state, by=None)
        if state == RequestState.EXPIRED:
            owe(context, request.requester_id, "expired", request)
        return
    request.state = state
    request.version += 1
    if state == RequestState.OPEN:
        _need_again(context, request, before)


def _need_again(context: Context, request: HelpRequest, before: str) -> None:
    """Asks at once. While it was filled nobody had to confirm the need, so if it ran out meanwhile, it counts anew."""
    if before == RequestState.FILLED and request.expires_at <= context.now:
        confirm(request, context.now)
    ask_again(context, request)


def _state_with_one_fewer(context: Context, request: HelpRequest) -> RequestState:
    if request.state == RequestState.OPEN or request.needed_until > context.now:
        return RequestState.OPEN
    if tasks_of(context, request, AssignmentState.ACTIVE):
        return RequestState.FILLED
    return RequestState.DONE if tasks_of(context, request, AssignmentState.DONE) else RequestState.EXPIRED
