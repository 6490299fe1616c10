"""Which of many asks could still be answered with a yes: the rules of accepting, looked up for all of them at once."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Assignment, HelpRequest, Invitation, Offer, Person, Quarter, QuarterNeighbour
from models.account import ACTIVE_TASKS_LIMIT
from models.keys import is_one_of
from models.lifecycle import AssignmentState, InvitationState, RequestState
from nachbarschaft.matching.eligibility import accept_bars
from nachbarschaft.matching.facts import Candidate, Habits, Load
from nachbarschaft.queries.candidates import need_of, verification_for

Ask = tuple[uuid.UUID, uuid.UUID]
"""A request, and somebody who was asked for it."""


def still_asked(session: Session, asks: Iterable[Ask]) -> set[Ask]:
    """Those of `asks` that nobody has answered or taken back."""
    return _standing(session, Invitation, InvitationState.ASKED, asks)


def still_helping(session: Session, tasks: Iterable[Ask]) -> set[Ask]:
    """Those of `tasks` that the person still has."""
    return _standing(session, Assignment, AssignmentState.ACTIVE, tasks)


def _standing(session: Session, table: type[Invitation | Assignment], state: str, pairs: Iterable[Ask]) -> set[Ask]:
    wanted = set(pairs)
    if not wanted:
        return set()
    query = select(table.request_id, table.person_id).where(
        table.request_id.in_({request for request, _ in wanted}),
        table.person_id.in_({person for _, person in wanted}),
        table.state == state,
    )
    return {(row[0], row[1]) for row in session.execute(query)} & wanted


def could_say_yes(session: Session, asks: Iterable[Ask], now: datetime) -> set[Ask]:
    """Those of `asks` whose request is open, and whose person could take the task and has room for it."""
    wanted = set(asks)
    if not wanted:
        return set()
    requests = _open_requests(session, {request for request, _ in wanted})
    offers = offers_of(session, {person for _, person in wanted})
    neighbours = _neighbours(session, {request.quarter_id for request in requests.values()})
    return {
        (request_id, person_id)
        for request_id, person_id in wanted
        if (request := requests.get(request_id)) is not None
        and any(_could(request, *offer, neighbours=neighbours, now=now) for offer in offers[person_id])
    }


def _open_requests(session: Session, keys: Iterable[uuid.UUID]) -> dict[uuid.UUID, HelpRequest]:
    query = select(HelpRequest).where(is_one_of(HelpRequest.id, list(keys)), HelpRequest.state == RequestState.OPEN)
    return {request.id: request for request in session.scalars(query)}


def offers_of(session: Session, people: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[tuple[Offer, Person, str]]]:
    """Person → their offers, each with the person and the person's time zone; read for themselves.

    Joined with the requests there would be a row for everybody and everything, the square of a batch.
    """
    query = (
        select(Offer, Person, Quarter.timezone)
        .join(Person, Person.id == Offer.person_id)
        .join(Quarter, Quarter.id == Person.quarter_id)
        .where(is_one_of(Offer.person_id, list(people)), Person.suspended_at.is_(None))
    )
    offers: dict[uuid.UUID, list[tuple[Offer, Person, str]]] = defaultdict(list)
    for offer, person, timezone in session.execute(query):
        offers[person.id].append((offer, person, timezone))
    return offers


def _neighbours(session: Session, quarters: Iterable[uuid.UUID]) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """Each quarter that adjoins one of `quarters`, with that one."""
    query = select(QuarterNeighbour.quarter_id, QuarterNeighbour.neighbour_id).where(
        is_one_of(QuarterNeighbour.neighbour_id, list(quarters))
    )
    return {(row[0], row[1]) for row in session.execute(query)}


def _could(
    request: HelpRequest,
    offer: Offer,
    person: Person,
    timezone: str,
    *,
    neighbours: set[tuple[uuid.UUID, uuid.UUID]],
    now: datetime,
) -> bool:
    adjoins = (offer.quarter_id, request.quarter_id) in neighbours
    is_near = offer.quarter_id == request.quarter_id or (offer.reach == "neighbours" and adjoins)
    if not is_near or request.category not in offer.categories or person.active_tasks >= ACTIVE_TASKS_LIMIT:
        return False
    return not accept_bars(need_of(request), _candidate(request, person, offer, timezone, adjoins=adjoins), now)


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
