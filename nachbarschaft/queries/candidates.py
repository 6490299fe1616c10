"""Gathers what matching needs to know about a request and about everybody whose offers might fit it."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Select, SelectBase, Uuid, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from models import (
    Assignment,
    HelpRequest,
    Invitation,
    Offer,
    OfferCategory,
    Person,
    Preferences,
    Quarter,
    QuarterNeighbour,
)
from models.keys import is_among
from models.lifecycle import Verification
from nachbarschaft.categories import CATEGORIES
from nachbarschaft.matching.facts import Candidate, Habits, Load, Need
from nachbarschaft.matching.wallclock import Slot, day_of
from nachbarschaft.queries.channels import is_reachable
from nachbarschaft.queries.loads import Volunteer, loads_of

_OFFERED = OfferCategory.category == bindparam("category")


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


def candidates_among(
    session: Session, request: HelpRequest, now: datetime, people: Iterable[uuid.UUID]
) -> list[Candidate]:
    """Those of the given people who have an offer of the category in reach, asked before or not."""
    return _candidates(session, request, now, _among_people(), people=list(people))


def fresh_candidates(
    session: Session, request: HelpRequest, now: datetime, offers: Select[*tuple[Any, ...]], **values: Any
) -> list[Candidate]:
    """The same for whoever of `offers` was neither asked for this request nor ever had it.

    `offers` comes from `fresh`, and is asked for `values`.
    """
    return _candidates(session, request, now, offers, **values)


def fresh(offers: SelectBase) -> Select[*tuple[Any, ...]]:
    """What `fresh_candidates` reads about a choice of keys of offers, those of the `category` among them."""
    request_id: BindParameter[uuid.UUID] = bindparam("request", type_=Uuid)
    asked = exists().where(Invitation.request_id == request_id, Invitation.person_id == Offer.person_id)
    had_it = exists().where(Assignment.request_id == request_id, Assignment.person_id == Offer.person_id)
    return _facts(offers).where(~asked, ~had_it)


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


@cache
def _among_people() -> Select[*tuple[Any, ...]]:
    joined = select(OfferCategory.offer_id).join(Offer, Offer.id == OfferCategory.offer_id)
    return _facts(joined.where(_OFFERED, is_among(Offer.person_id, "people")))


def _facts(offers: SelectBase) -> Select[*tuple[Any, ...]]:
    """Columns, not entities: there may be hundreds of people, of whom a few are asked."""
    found = offers.subquery("found")
    request_quarter: BindParameter[uuid.UUID] = bindparam("quarter", type_=Uuid)
    adjoins = exists().where(
        QuarterNeighbour.quarter_id == Offer.quarter_id, QuarterNeighbour.neighbour_id == request_quarter
    )
    return (
        select(
            *(Offer.person_id, Offer.quarter_id, Offer.languages, Offer.availability, Offer.reach, Offer.cell),
            *(Offer.tasks_per_week, Offer.paused_until.label("offer_paused_until"), adjoins.label("adjoins")),
            *(Person.language, Person.verification, Person.verified_until, Person.active_tasks),
            *(Person.available_until, Quarter.timezone, is_reachable("asked").label("reachable")),
            *(Preferences.person_id.label("preferring"), Preferences.quiet_from, Preferences.quiet_until),
            *(Preferences.urgent_at_night, Preferences.pushes_per_day, Preferences.asks_per_week),
            Preferences.paused_until,
        )
        .join(found, found.c.offer_id == Offer.id)
        .join(Person, Person.id == Offer.person_id)
        .join(Quarter, Quarter.id == Person.quarter_id)
        .outerjoin(Preferences, Preferences.person_id == Person.id)
        .where(
            or_(Offer.quarter_id == request_quarter, and_(Offer.reach == "neighbours", adjoins)),
            Person.suspended_at.is_(None),
        )
    )


def _candidates(
    session: Session, request: HelpRequest, now: datetime, offers: Select[*tuple[Any, ...]], **values: Any
) -> list[Candidate]:
    about = {"category": request.category, "quarter": request.quarter_id, "request": request.id}
    rows = session.execute(offers, about | values).all()
    people = {row.person_id: Volunteer(row.active_tasks, row.available_until, row.timezone) for row in rows}
    loads = loads_of(session, people, now)
    return [_candidate(row, request, loads[row.person_id]) for row in rows]


def _candidate(row: Any, request: HelpRequest, load: Load) -> Candidate:
    return Candidate(
        person_id=row.person_id,
        quarter_id=row.quarter_id,
        adjoins=row.adjoins,
        categories=frozenset({request.category}),
        languages=frozenset(row.languages or [row.language]),
        availability=tuple(Slot(slot["weekday"], slot["from"], slot["until"]) for slot in row.availability),
        reach=row.reach,
        cell=row.cell,
        tasks_per_week=row.tasks_per_week,
        offer_paused_until=row.offer_paused_until,
        verification=verification_for(row, request, row.timezone),
        reachable=row.reachable,
        habits=habits_of(row if row.preferring else None, row.timezone),
        load=load,
    )


def verification_for(person: Person, request: HelpRequest, timezone: str) -> str:
    """What the person is verified as until the need is over; a certificate that runs out before leaves them known.

    It holds until the end of its last day, by the calendar of the person's own quarter, where it was seen.
    """
    last_day = day_of(request.needed_until, ZoneInfo(timezone))
    runs_out = person.verified_until is not None and person.verified_until < last_day
    return Verification.KNOWN if person.verification == Verification.CERTIFIED and runs_out else person.verification
