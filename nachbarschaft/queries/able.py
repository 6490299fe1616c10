"""Which of many asks could still be answered with a yes: the rules of accepting, looked up for all of them at once."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from models import HelpRequest, Invitation, Offer, OfferCategory, Person, Quarter, QuarterNeighbour
from models.lifecycle import InvitationState, RequestState
from nachbarschaft.matching.eligibility import accept_bars
from nachbarschaft.matching.facts import Candidate, Habits, Load
from nachbarschaft.matching.policy import DEFAULT_POLICY
from nachbarschaft.queries.candidates import need_of, verification_for

Ask = tuple[uuid.UUID, uuid.UUID]
"""A request, and somebody who was asked for it."""


def still_asked(session: Session, asks: Iterable[Ask]) -> set[Ask]:
    """Those of `asks` that nobody has answered or taken back."""
    wanted = set(asks)
    if not wanted:
        return set()
    query = select(Invitation.request_id, Invitation.person_id).where(
        Invitation.request_id.in_({request for request, _ in wanted}),
        Invitation.person_id.in_({person for _, person in wanted}),
        Invitation.state == InvitationState.ASKED,
    )
    return {(row[0], row[1]) for row in session.execute(query)} & wanted


def could_say_yes(session: Session, asks: Iterable[Ask], now: datetime) -> set[Ask]:
    """Those of `asks` whose request is open, and whose person could take the task and has room for it."""
    wanted = set(asks)
    if not wanted:
        return set()
    return {
        (request.id, person.id)
        for request, person, offer, timezone, adjoins in session.execute(_offers_for(wanted))
        if (request.id, person.id) in wanted
        and person.active_tasks < DEFAULT_POLICY.tasks_at_once
        and not accept_bars(need_of(request), _candidate(request, person, offer, timezone, adjoins=adjoins), now)
    }


def _offers_for(asks: set[Ask]) -> Select[*tuple[Any, ...]]:
    adjoins = exists().where(
        QuarterNeighbour.quarter_id == OfferCategory.quarter_id,
        QuarterNeighbour.neighbour_id == HelpRequest.quarter_id,
    )
    return (
        select(HelpRequest, Person, Offer, Quarter.timezone, adjoins.label("adjoins"))
        .join(OfferCategory, OfferCategory.category == HelpRequest.category)
        .join(Offer, Offer.id == OfferCategory.offer_id)
        .join(Person, Person.id == Offer.person_id)
        .join(Quarter, Quarter.id == Person.quarter_id)
        .where(
            HelpRequest.id.in_({request for request, _ in asks}),
            HelpRequest.state == RequestState.OPEN,
            Offer.person_id.in_({person for _, person in asks}),
            Person.suspended_at.is_(None),
            or_(
                OfferCategory.quarter_id == HelpRequest.quarter_id,
                and_(Offer.reach == "neighbours", adjoins),
            ),
        )
    )


def _candidate(request: HelpRequest, person: Person, offer: Offer, timezone: str, *, adjoins: bool) -> Candidate:
    """As far as accepting depends on it: habits, loads and the phone only matter for asking."""
    return Candidate(
        person_id=person.id,
        quarter_id=offer.quarter_id,
        adjoins=adjoins,
        categories=frozenset(offer.categories),
        languages=frozenset(),
        availability=(),
        reach=offer.reach,
        cell=offer.cell,
        tasks_per_week=offer.tasks_per_week,
        offer_paused_until=offer.paused_until,
        verification=verification_for(person, request, timezone),
        reachable=True,
        habits=Habits(ZoneInfo(timezone)),
        load=Load(active_tasks=person.active_tasks),
    )
