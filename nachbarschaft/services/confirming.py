"""A new volunteer's first tasks wait for a coordinator's word: who owes it, and giving it."""

import uuid
from collections.abc import Sequence

from sqlalchemy import and_, func, or_, select

from models import Assignment, Confirmation, HelpRequest, Person
from models.lifecycle import AssignmentState, Verification
from nachbarschaft.context import Context
from nachbarschaft.errors import Conflict, Forbidden, Invalid, NotFound
from nachbarschaft.queries.confirmations import is_unconfirmed
from nachbarschaft.queries.settings import first_tasks_to_confirm
from nachbarschaft.services.events import record
from nachbarschaft.services.finding import take_request
from nachbarschaft.services.outbox import owe
from nachbarschaft.services.tasks import latest_task
from nachbarschaft.words import mark as _


def owe_confirmation(context: Context, request: HelpRequest, task: Assignment) -> None:
    """Notes that a task which its helper has just taken waits, if it is one of a new volunteer's first ones.

    How many those are is the request's quarter's to say. The helper is held, so that of two tasks taken at once
    each sees the other.
    """
    first_tasks = first_tasks_to_confirm(context.session, request.quarter_id)
    if first_tasks == 0 or not _is_new(context, task.person_id):
        return
    context.session.flush()
    if _proven_tasks(context, task.person_id) < first_tasks:
        context.session.add(Confirmation(assignment_id=task.id))
        record(context, "confirmation_awaited", request=request, person_id=task.person_id)


def confirm_helper(context: Context, request_id: uuid.UUID, person_id: uuid.UUID | None) -> HelpRequest:
    """The coordinator's word: the helper now gets the contact, and is told. `person_id` only where several wait.

    Raises Conflict where nobody waits (any more), Invalid where the person is missing, NotFound for somebody who
    has nothing to do with the request, Forbidden for a coordinator's word about themselves.
    """
    request = take_request(context, request_id, "request.confirm").request
    task, confirmation = _waiting(context, request, person_id)
    if task.person_id == context.me.person_id:
        raise Forbidden(_("Somebody else has to confirm you."))
    confirmation.confirmed_at = context.now
    confirmation.confirmed_by = context.me.person_id
    request.version += 1
    record(context, "task_confirmed", request=request, person_id=task.person_id)
    owe(context, task.person_id, "task_confirmed", request)
    return request


def _is_new(context: Context, person_id: uuid.UUID) -> bool:
    query = select(Person.verification).where(Person.id == person_id)
    return context.session.scalar(query) == Verification.NEW


def _proven_tasks(context: Context, person_id: uuid.UUID) -> int:
    """A helper's tasks that a coordinator has confirmed, or that are done.

    That an unconfirmed task is done has to be somebody else's word: without ever seeing a door, nobody gets on.
    """
    is_confirmed = Confirmation.confirmed_at.is_not(None)
    is_vouched_for = or_(Confirmation.assignment_id.is_(None), Assignment.ended_by != Assignment.person_id)
    query = (
        select(func.count())
        .select_from(Assignment)
        .outerjoin(Confirmation, Confirmation.assignment_id == Assignment.id)
        .where(
            Assignment.person_id == person_id,
            or_(is_confirmed, and_(Assignment.state == AssignmentState.DONE, is_vouched_for)),
        )
    )
    return context.session.scalar(query) or 0


def _waiting(context: Context, request: HelpRequest, person_id: uuid.UUID | None) -> tuple[Assignment, Confirmation]:
    waiting = _all_waiting(context, request)
    if person_id is not None:
        if latest_task(context, request, person_id) is None:
            raise NotFound(_("This person does not help with this request."))
        waiting = [pair for pair in waiting if pair[0].person_id == person_id]
    if not waiting:
        raise Conflict(_("Nobody waits for your word here."))
    if len(waiting) > 1:
        raise Invalid({"person": [_("Several people wait. Please say whom you mean.")]})
    return waiting[0]


def _all_waiting(context: Context, request: HelpRequest) -> Sequence[tuple[Assignment, Confirmation]]:
    query = (
        select(Assignment, Confirmation, Person)
        .join(Confirmation, Confirmation.assignment_id == Assignment.id)
        .join(Person, Person.id == Assignment.person_id)
        .where(Assignment.request_id == request.id, Assignment.state == AssignmentState.ACTIVE)
        .execution_options(populate_existing=True)
    )
    return [
        (task, confirmation)
        for task, confirmation, person in context.session.execute(query)
        if is_unconfirmed(person, confirmation)
    ]
