"""What must always be true of the database, whatever happened at the same instant and whoever was killed meanwhile."""

from collections.abc import Iterator

from sqlalchemy import Select, and_, exists, func, or_, select

from models import Assignment, Delivery, Device, HelpRequest, Invitation, Notification, Person
from models.lifecycle import AssignmentState, RequestState
from nachbarschaft.bootstrap import Wiring

_HELPED = (AssignmentState.ACTIVE, AssignmentState.DONE)
_RUNNING = (RequestState.OPEN, RequestState.FILLED)


def require_sound(wiring: Wiring) -> None:
    """Fails with one line for each row that should not be."""
    with wiring.reading() as context:
        found = [f"{name}: {row}" for name, query in _never() for row in context.session.execute(query).all()]
    assert not found, "\n".join(found)


def _never() -> Iterator[tuple[str, Select[*tuple[object, ...]]]]:
    """Queries that find nothing in a sound database."""
    yield "people_accepted is not the number of helpers", _miscounted_requests()
    yield "active_tasks is not the number of active tasks", _miscounted_people()
    yield "two active tasks of one person for one request", _doubled_tasks()
    yield "an active task of a request that is over", _tasks_of_the_past()
    yield "asked without an inbox entry", _asked_silently()
    yield "two entries about asking in one list for one request", _not_replaced()
    yield "a request that counts as done and is not", _assumed_unfinished()
    yield "an entry about asking for a device that is not owed a push", _pushes_not_owed()


def _miscounted_requests() -> Select[*tuple[object, ...]]:
    helpers = (
        select(func.count())
        .where(Assignment.request_id == HelpRequest.id, Assignment.state.in_(_HELPED))
        .scalar_subquery()
    )
    return select(HelpRequest.id, HelpRequest.state, HelpRequest.people_accepted, helpers).where(
        HelpRequest.state.in_(_RUNNING), HelpRequest.people_accepted != helpers
    )


def _miscounted_people() -> Select[*tuple[object, ...]]:
    active = (
        select(func.count())
        .where(Assignment.person_id == Person.id, Assignment.state == AssignmentState.ACTIVE)
        .scalar_subquery()
    )
    return select(Person.id, Person.active_tasks, active).where(Person.active_tasks != active)


def _doubled_tasks() -> Select[*tuple[object, ...]]:
    return (
        select(Assignment.request_id, Assignment.person_id)
        .where(Assignment.state == AssignmentState.ACTIVE)
        .group_by(Assignment.request_id, Assignment.person_id)
        .having(func.count() > 1)
    )


def _tasks_of_the_past() -> Select[*tuple[object, ...]]:
    return (
        select(HelpRequest.id, HelpRequest.state)
        .join(Assignment, Assignment.request_id == HelpRequest.id)
        .where(Assignment.state == AssignmentState.ACTIVE, HelpRequest.state.not_in(_RUNNING))
    )


def _asked_silently() -> Select[*tuple[object, ...]]:
    told = exists().where(
        Notification.request_id == Invitation.request_id,
        Notification.person_id == Invitation.person_id,
        Notification.topic.in_(["asked", "asked_standby"]),
    )
    return select(Invitation.request_id, Invitation.person_id).where(Invitation.asked_at.is_not(None), ~told)


def _pushes_not_owed() -> Select[*tuple[object, ...]]:
    """Devices that were there when somebody was asked."""
    owed = exists().where(Delivery.notification_id == Notification.id, Delivery.device_id == Device.id)
    return (
        select(Notification.id, Device.id)
        .join(Device, and_(Device.person_id == Notification.person_id, Device.created_at <= Notification.created_at))
        .where(Notification.topic.in_(["asked", "asked_standby"]), ~owed)
    )


def _not_replaced() -> Select[*tuple[object, ...]]:
    """The newest replaces the earlier ones: on the phone by their tag, and in the inbox."""
    return (
        select(Notification.person_id, Notification.request_id)
        .where(Notification.kind == "asked", Notification.request_id.is_not(None), Notification.replaced_at.is_(None))
        .group_by(Notification.person_id, Notification.request_id)
        .having(func.count() > 1)
    )


def _assumed_unfinished() -> Select[*tuple[object, ...]]:
    """Only what both sides were asked about is taken for done, and by nobody."""
    wrong = or_(
        HelpRequest.state != RequestState.DONE,
        HelpRequest.closed_by.is_not(None),
        HelpRequest.asked_if_done_at.is_(None),
    )
    return select(HelpRequest.id, HelpRequest.state).where(HelpRequest.done_assumed, wrong)
