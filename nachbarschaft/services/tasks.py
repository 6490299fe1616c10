"""What several use cases do with assignments: find them, end them, count them."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select, update

from models import Assignment, HelpRequest, Person
from models.lifecycle import ASSIGNMENT, AssignmentState
from nachbarschaft.context import Context


def tasks_of(context: Context, request: HelpRequest, *states: AssignmentState) -> Sequence[Assignment]:
    """The request's assignments in `states`, always in the order of their helpers: so nobody locks in a circle."""
    query = (
        select(Assignment)
        .where(Assignment.request_id == request.id, Assignment.state.in_(states))
        .order_by(Assignment.person_id, Assignment.id)
    )
    return context.session.scalars(query).all()


def latest_task(context: Context, request: HelpRequest, person_id: uuid.UUID) -> Assignment | None:
    """The active assignment of a person, else the one that ended last."""
    query = (
        select(Assignment)
        .where(Assignment.request_id == request.id, Assignment.person_id == person_id)
        .order_by((Assignment.state == AssignmentState.ACTIVE).desc(), Assignment.ended_at.desc())
        .limit(1)
    )
    return context.session.scalar(query)


def has_the_task(context: Context, request_id: uuid.UUID) -> bool:
    """Whether the actor helps with the request, or has finished."""
    kept = [AssignmentState.ACTIVE, AssignmentState.DONE]
    query = select(Assignment.id).where(
        Assignment.request_id == request_id,
        Assignment.person_id == context.me.person_id,
        Assignment.state.in_(kept),
    )
    return context.session.scalar(query.limit(1)) is not None


def end_task(context: Context, task: Assignment, action: str, state: AssignmentState) -> None:
    """Ends one active assignment and gives its helper the place for another task back."""
    ASSIGNMENT.check(action, task.state, state)
    task.state = state
    task.ended_at = context.now
    task.ended_by = context.actor.person_id if context.actor else None
    context.session.execute(
        update(Person)
        .where(Person.id == task.person_id)
        .values(active_tasks=Person.active_tasks - 1)
        .execution_options(synchronize_session=False)
    )
    context.session.flush()
