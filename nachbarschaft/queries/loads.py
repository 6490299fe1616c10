"""What people have been asked and have done lately, read for many of them at once."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import CompoundSelect, Integer, Select, and_, bindparam, case, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from models import Assignment, Delivery, Invitation, Notification
from models.keys import is_among
from models.lifecycle import AssignmentState, DeliveryState, InvitationState
from nachbarschaft.matching.facts import Load

MEMORY = timedelta(days=84)
"""How long an ask counts: for the points of who was asked, and of who said yes."""
_WEEK = timedelta(days=7)
_DECAY_DAYS = 28.0
_NOT_ASKED = (0, 0, 0, None)
_ASKS, _TASKS, _PUSHES = range(3)


class Volunteer(NamedTuple):
    """What is known of somebody anyway: how many tasks they have, until when they have time, and their zone."""

    active_tasks: int
    free_until: datetime | None
    timezone: str


def loads_of(session: Session, people: Mapping[uuid.UUID, Volunteer], now: datetime) -> dict[uuid.UUID, Load]:
    """Everybody's load at `now`."""
    loads: dict[uuid.UUID, Load] = {}
    for timezone in {person.timezone for person in people.values()}:
        here = {person_id: person for person_id, person in people.items() if person.timezone == timezone}
        loads |= _loads(session, here, now, start_of_day(now, timezone))
    return loads


def start_of_day(now: datetime, timezone: str) -> datetime:
    """The instant at which the present day began by the clocks of `timezone`."""
    return now.astimezone(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def _loads(
    session: Session, people: Mapping[uuid.UUID, Volunteer], now: datetime, day_starts: datetime
) -> dict[uuid.UUID, Load]:
    """The same for people whose day began at the same instant, with one statement."""
    week = {"week": now - _WEEK, "memory": now - MEMORY, "day_starts": day_starts, "told": day_starts - _WEEK}
    asks, pushes, tasks = {}, {}, defaultdict(list)
    for what, person_id, first, second, third, at in session.execute(_history(), week | {"people": list(people)}):
        if what == _ASKS:
            asks[person_id] = (first, second, third, at)
        elif what == _TASKS:
            tasks[person_id].append(now - at)
        else:
            pushes[person_id] = first
    return {
        person_id: _load(person, asks.get(person_id, _NOT_ASKED), tasks[person_id], pushes.get(person_id, 0))
        for person_id, person in people.items()
    }


def _load(person: Volunteer, asked: Any, task_ages: Collection[timedelta], pushed: int) -> Load:
    this_week, asks, yes, last = asked
    return Load(
        active_tasks=person.active_tasks,
        tasks_this_week=sum(age < _WEEK for age in task_ages),
        asks_this_week=this_week,
        pushes_today=pushed,
        asks=asks,
        yes=yes,
        last_asked_at=last,
        tasks_lately=sum(_decayed(age) for age in task_ages),
        free_until=person.free_until,
    )


@cache
def _history() -> CompoundSelect[*tuple[Any, ...]]:
    """Each part says which it is, of whom, up to three counts and an instant."""
    return union_all(_asks(), _tasks(), _pushes())


def _asks() -> Select[*tuple[Any, ...]]:
    """Asks of this week, all of them, those with a yes; when they were last asked."""
    has_said_yes = or_(Invitation.state == InvitationState.ACCEPTED, Invitation.said_yes_at.is_not(None))
    return (
        select(
            literal(_ASKS, type_=Integer),
            Invitation.person_id,
            func.sum(case((Invitation.asked_at > bindparam("week"), 1), else_=0)),
            func.count(),
            func.sum(case((has_said_yes, 1), else_=0)),
            func.max(Invitation.asked_at),
        )
        .where(is_among(Invitation.person_id, "people"), Invitation.asked_at > bindparam("memory"))
        .group_by(Invitation.person_id)
    )


def _tasks() -> Select[*tuple[Any, ...]]:
    """When they took each task that they have or have done."""
    kept = [AssignmentState.ACTIVE, AssignmentState.DONE]
    none = literal(0, type_=Integer)
    return select(literal(_TASKS, type_=Integer), Assignment.person_id, none, none, none, Assignment.accepted_at).where(
        is_among(Assignment.person_id, "people"),
        Assignment.accepted_at > bindparam("memory"),
        Assignment.state.in_(kept),
    )


def _pushes() -> Select[*tuple[Any, ...]]:
    """How many notices were pushed today or are about to be; silent ones do not count."""
    sent_today = and_(Delivery.state == DeliveryState.SENT, Delivery.settled_at >= bindparam("day_starts"))
    none = literal(0, type_=Integer)
    return (
        select(
            literal(_PUSHES, type_=Integer),
            Notification.person_id,
            func.count(func.distinct(Notification.id)),
            none,
            none,
            func.max(Notification.created_at),
        )
        .join(Delivery, Delivery.notification_id == Notification.id)
        .where(
            is_among(Notification.person_id, "people"),
            Notification.created_at >= bindparam("told"),
            Notification.silent.is_(False),
            or_(sent_today, Delivery.is_owed()),
        )
        .group_by(Notification.person_id)
    )


def _decayed(age: timedelta) -> float:
    """What a task of that age still weighs: half after 28 days (dispatch research, section 6)."""
    return float(0.5 ** (age.total_seconds() / 86_400 / _DECAY_DAYS))
