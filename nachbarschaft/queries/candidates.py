"""Gathers what matching needs to know about a request and about everybody whose offers might fit it."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from models import (
    Assignment,
    Delivery,
    HelpRequest,
    Invitation,
    Notification,
    Offer,
    OfferCategory,
    Person,
    Preferences,
    Quarter,
    QuarterNeighbour,
)
from models.lifecycle import AssignmentState, DeliveryState, InvitationState, Verification
from nachbarschaft.categories import CATEGORIES
from nachbarschaft.matching.facts import Candidate, Habits, Load, Need
from nachbarschaft.matching.wallclock import Slot, day_of
from nachbarschaft.queries.channels import is_reachable

_WEEK = timedelta(days=7)
_MEMORY = timedelta(days=84)
_DECAY_DAYS = 28.0
_CHUNK = 500


def need_of(request: HelpRequest) -> Need:
    """The request as matching sees it."""
    return Need(
        category=request.category,
        requires=CATEGORIES[request.category].requires,
        urgent=request.urgent,
        languages=frozenset(request.languages),
        needed_from=request.needed_from,
        needed_until=request.needed_until,
        quarter_id=request.quarter_id,
        cell=request.cell,
        requester_id=request.requester_id,
    )


def fresh_candidates(session: Session, request: HelpRequest, now: datetime) -> list[Candidate]:
    """Everybody with an offer of the category in reach who was neither asked for this request nor ever had it."""
    asked = exists().where(Invitation.request_id == request.id, Invitation.person_id == Offer.person_id)
    had_it = exists().where(Assignment.request_id == request.id, Assignment.person_id == Offer.person_id)
    return _candidates(session, request, now, _offers(request).where(~asked, ~had_it))


def candidates_among(
    session: Session, request: HelpRequest, now: datetime, people: Iterable[uuid.UUID]
) -> list[Candidate]:
    """The same for the given people, asked before or not."""
    return _candidates(session, request, now, _offers(request).where(Offer.person_id.in_(list(people))))


def habits_of(preferences: Preferences | None, timezone: str) -> Habits:
    """Somebody's habits; without a row of preferences the defaults."""
    zone = ZoneInfo(timezone)
    if preferences is None:
        return Habits(zone)
    return Habits(
        zone=zone,
        quiet_from=preferences.quiet_from,
        quiet_until=preferences.quiet_until,
        urgent_at_night=preferences.urgent_at_night,
        pushes_per_day=preferences.pushes_per_day,
        asks_per_week=preferences.asks_per_week,
        paused_until=preferences.paused_until,
    )


def pushes_today(session: Session, people: Iterable[uuid.UUID], day_starts: datetime) -> dict[uuid.UUID, int]:
    """How many notices each of `people` was pushed since `day_starts` or is about to be; silent ones do not count."""
    sent_today = and_(Delivery.state == DeliveryState.SENT, Delivery.settled_at >= day_starts)
    query = (
        select(Notification.person_id, func.count(func.distinct(Notification.id)))
        .join(Delivery, Delivery.notification_id == Notification.id)
        .where(
            Notification.created_at >= day_starts - _WEEK,
            Notification.silent.is_(False),
            or_(sent_today, Delivery.is_owed()),
        )
    )
    return {key: row[0] for key, row in _grouped(session, people, query, Notification.person_id).items()}


def start_of_day(now: datetime, timezone: str) -> datetime:
    """The instant at which the present day began by the clocks of `timezone`."""
    return now.astimezone(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def _offers(request: HelpRequest) -> Select[*tuple[Any, ...]]:
    adjoins = exists().where(
        QuarterNeighbour.quarter_id == OfferCategory.quarter_id,
        QuarterNeighbour.neighbour_id == request.quarter_id,
    )
    reachable = is_reachable("asked").label("reachable")
    return (
        select(Offer, Person, Preferences, Quarter.timezone, adjoins.label("adjoins"), reachable)
        .join(OfferCategory, OfferCategory.offer_id == Offer.id)
        .join(Person, Person.id == Offer.person_id)
        .join(Quarter, Quarter.id == Person.quarter_id)
        .outerjoin(Preferences, Preferences.person_id == Person.id)
        .where(
            OfferCategory.category == request.category,
            or_(OfferCategory.quarter_id == request.quarter_id, and_(Offer.reach == "neighbours", adjoins)),
            Person.suspended_at.is_(None),
        )
        .execution_options(populate_existing=True)
    )


def _candidates(
    session: Session, request: HelpRequest, now: datetime, offers: Select[*tuple[Any, ...]]
) -> list[Candidate]:
    rows = session.execute(offers).all()
    loads = _loads(session, {row.Person.id: (row.Person, row.timezone) for row in rows}, now)
    return [
        Candidate(
            person_id=person.id,
            quarter_id=offer.quarter_id,
            adjoins=adjoins,
            categories=frozenset(offer.categories),
            languages=frozenset(offer.languages or [person.language]),
            availability=tuple(Slot(s["weekday"], s["from"], s["until"]) for s in offer.availability),
            reach=offer.reach,
            cell=offer.cell,
            tasks_per_week=offer.tasks_per_week,
            offer_paused_until=offer.paused_until,
            verification=verification_for(person, request, timezone),
            reachable=reachable,
            habits=habits_of(preferences, timezone),
            load=loads[person.id],
        )
        for offer, person, preferences, timezone, adjoins, reachable in rows
    ]


def verification_for(person: Person, request: HelpRequest, timezone: str) -> str:
    """What the person is verified as until the need is over; a certificate that runs out before leaves them known.

    It holds until the end of its last day, by the calendar of the person's own quarter, where it was seen.
    """
    last_day = day_of(request.needed_until, ZoneInfo(timezone))
    runs_out = person.verified_until is not None and person.verified_until < last_day
    return Verification.KNOWN if person.verification == Verification.CERTIFIED and runs_out else person.verification


def _loads(session: Session, people: dict[uuid.UUID, tuple[Person, str]], now: datetime) -> dict[uuid.UUID, Load]:
    asked = _grouped(session, people, _asks(now), Invitation.person_id)
    tasks = _grouped(session, people, _tasks(now), Assignment.person_id)
    lately: dict[uuid.UUID, float] = {}
    for person_id, accepted_at in _chunked(session, people, _recent_tasks(now), Assignment.person_id):
        lately[person_id] = lately.get(person_id, 0.0) + _decayed(now - accepted_at)
    pushed: dict[uuid.UUID, int] = {}
    for timezone in {timezone for _, timezone in people.values()}:
        here = [person_id for person_id, (_, zone) in people.items() if zone == timezone]
        pushed |= pushes_today(session, here, start_of_day(now, timezone))
    return {
        person_id: _load(person, asked.get(person_id), tasks.get(person_id), lately, pushed)
        for person_id, (person, _) in people.items()
    }


def _load(
    person: Person,
    asked: tuple[Any, ...] | None,
    tasks: tuple[Any, ...] | None,
    lately: dict[uuid.UUID, float],
    pushed: dict[uuid.UUID, int],
) -> Load:
    this_week, asks, yes, last = asked or (0, 0, 0, None)
    return Load(
        active_tasks=person.active_tasks,
        tasks_this_week=tasks[0] if tasks else 0,
        asks_this_week=this_week,
        pushes_today=pushed.get(person.id, 0),
        asks=asks,
        yes=yes,
        last_asked_at=last,
        tasks_lately=lately.get(person.id, 0.0),
        free_until=person.available_until,
    )


def _asks(now: datetime) -> Select[*tuple[Any, ...]]:
    has_said_yes = or_(Invitation.state == InvitationState.ACCEPTED, Invitation.said_yes_at.is_not(None))
    said_yes = case((has_said_yes, 1), else_=0)
    this_week = case((Invitation.asked_at > now - _WEEK, 1), else_=0)
    return select(
        Invitation.person_id,
        func.sum(this_week),
        func.count(),
        func.sum(said_yes),
        func.max(Invitation.asked_at),
    ).where(Invitation.asked_at > now - _MEMORY)


def _tasks(now: datetime) -> Select[*tuple[Any, ...]]:
    kept = [AssignmentState.ACTIVE, AssignmentState.DONE]
    return select(Assignment.person_id, func.count()).where(
        Assignment.accepted_at > now - _WEEK, Assignment.state.in_(kept)
    )


def _recent_tasks(now: datetime) -> Select[*tuple[Any, ...]]:
    kept = [AssignmentState.ACTIVE, AssignmentState.DONE]
    return select(Assignment.person_id, Assignment.accepted_at).where(
        Assignment.accepted_at > now - _MEMORY, Assignment.state.in_(kept)
    )


def _decayed(age: timedelta) -> float:
    """What a task of that age still weighs: half after 28 days (dispatch research, section 6)."""
    return float(0.5 ** (age.total_seconds() / 86_400 / _DECAY_DAYS))


def _grouped(
    session: Session, people: Iterable[uuid.UUID], query: Select[*tuple[Any, ...]], column: Any
) -> dict[uuid.UUID, tuple[Any, ...]]:
    rows = _chunked(session, people, query.group_by(column), column)
    return {row[0]: tuple(row[1:]) for row in rows}


def _chunked(session: Session, people: Iterable[uuid.UUID], query: Select[*tuple[Any, ...]], column: Any) -> list[Any]:
    """Runs `query` for `people`, some hundred at a time: databases limit how many values a statement may hold."""
    ids = list(people)
    return [
        row
        for start in range(0, len(ids), _CHUNK)
        for row in session.execute(query.where(column.in_(ids[start : start + _CHUNK]))).all()
    ]
