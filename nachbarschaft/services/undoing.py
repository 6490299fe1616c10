"""Taking back an accidental done or cancel within ten minutes."""

import uuid
from datetime import datetime, timedelta

from models import Assignment, HelpRequest
from models.lifecycle import ASSIGNMENT, REQUEST, AssignmentState, RequestState
from nachbarschaft.context import Context
from nachbarschaft.errors import Conflict, Forbidden, TooLate, TooManyOpenTasks
from nachbarschaft.services.accepting import count_task
from nachbarschaft.services.events import record
from nachbarschaft.services.finding import take_request
from nachbarschaft.services.limits import require_room_for_request
from nachbarschaft.services.outbox import owe, owe_all
from nachbarschaft.services.refusing import refuse_unless_possible
from nachbarschaft.services.tasks import latest_task, tasks_of
from nachbarschaft.words import mark as _

UNDO_WITHIN = timedelta(minutes=10)


def undo(context: Context, request_id: uuid.UUID) -> HelpRequest:
    """Leads a done or cancelled request, or the actor's own finished task, back to where it was.

    Only whoever did it may take it back. Raises TooLate after ten minutes, Conflict where there is nothing to
    take back or another helper has no room for the task any more, TooManyOpenTasks where the actor has none.
    """
    request = take_request(context, request_id, "request.undo").request
    refuse_unless_possible(REQUEST, "undo", request.state)
    if request.state in {RequestState.DONE, RequestState.CANCELLED}:
        _reopen(context, request)
    else:
        _take_up_own_task(context, request)
    return request


def _reopen(context: Context, request: HelpRequest) -> None:
    if request.closed_by != context.me.person_id or request.state_before is None:
        raise Forbidden(_("Only whoever closed the request can take that back."))
    _require_in_time(context, request.closed_at)
    tasks = [
        task
        for task in tasks_of(context, request, AssignmentState.DONE, AssignmentState.RELEASED)
        if task.ended_at == request.closed_at and task.ended_by == request.closed_by
    ]
    REQUEST.check("undo", request.state, request.state_before)
    if request.state_before == RequestState.OPEN:
        require_room_for_request(context, request.requester_id)
    request.state = request.state_before
    request.state_before = request.closed_at = request.closed_by = None
    request.minutes = request.expenses_cents = None
    request.version += 1
    _leave_time_to_answer(context, request)
    if request.state == RequestState.OPEN:
        request.reopened_at = request.next_wave_at = context.now
    for task in tasks:
        _bring_back(context, task)
    others = {task.person_id for task in tasks} - {context.me.person_id}
    owe_all(context, sorted(others), "reopened", request)
    if context.me.person_id != request.requester_id:
        owe(context, request.requester_id, "undone", request)
    record(context, "request_undone", request=request, state=request.state)


def _take_up_own_task(context: Context, request: HelpRequest) -> None:
    task = _own_finished_task(context, request)
    _require_in_time(context, task.ended_at)
    _take_up(context, task)
    request.version += 1
    _leave_time_to_answer(context, request)
    owe(context, request.requester_id, "undone", request)
    record(context, "task_undone", request=request)


def _leave_time_to_answer(context: Context, request: HelpRequest) -> None:
    """Whoever was asked how it ended, and took their answer back, has the whole time again to give another one."""
    if request.asked_if_done_at is not None:
        request.asked_if_done_at = context.now


def _own_finished_task(context: Context, request: HelpRequest) -> Assignment:
    """Raises Forbidden where only others have finished, Conflict where nobody has."""
    task = latest_task(context, request, context.me.person_id)
    if task is not None and task.state == AssignmentState.DONE:
        return task
    if tasks_of(context, request, AssignmentState.DONE):
        raise Forbidden(_("Only whoever finished a task can take that back."))
    raise Conflict(_("There is nothing to take back."))


def _bring_back(context: Context, task: Assignment) -> None:
    """Takes the task up for its helper, who may be somebody else. Raises Conflict where they have no room any more."""
    try:
        _take_up(context, task)
    except TooManyOpenTasks:
        if task.person_id == context.me.person_id:
            raise
        raise Conflict(_("A helper has taken on other tasks since. Please ask for help anew.")) from None


def _take_up(context: Context, task: Assignment) -> None:
    ASSIGNMENT.check("undo", task.state, AssignmentState.ACTIVE)
    count_task(context, task.person_id)
    task.state = AssignmentState.ACTIVE
    task.ended_at = task.ended_by = None
    task.minutes = task.expenses_cents = None


def _require_in_time(context: Context, ended_at: datetime | None) -> None:
    if ended_at is None or context.now - ended_at > UNDO_WITHIN:
        raise TooLate
