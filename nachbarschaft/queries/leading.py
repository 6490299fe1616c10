"""Whom to ask first among however many: looks only where people can still be among the best."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Select, SQLColumnExpression, Text, bindparam, func, or_, select, union
from sqlalchemy.orm import Session

from models import HelpRequest, OfferCategory, Person, Quarter, QuarterNeighbour
from models.keys import is_among
from models.lifecycle import Verification
from models.offer import cell_and_yes
from models.week import hours_between, parts
from nachbarschaft.geography.cells import distance_km
from nachbarschaft.matching.choosing import Choice, leading
from nachbarschaft.matching.eligibility import is_verified_enough, primary, reach_km
from nachbarschaft.matching.facts import Candidate, Need
from nachbarschaft.matching.policy import Policy
from nachbarschaft.matching.scoring import most_points_there
from nachbarschaft.matching.wallclock import is_night
from nachbarschaft.queries.candidates import fresh, fresh_candidates, need_of

_FEW = 1
"""Spots at first: in a crowded city more people than are wanted stand there, elsewhere it tells how many do."""
_ENOUGH = 64
"""People looked at together: up to about so many, one look costs more than those in it."""

_FASTEST_GROWTH = 4
"""From look to look: the first few spots may lie on a border, with hardly anybody."""
_HOURS = ("hours_1", "hours_2", "hours_3")
_ENDS = (("%,", ",%"), ("%,", "-%"))
"""Around a language in a row, alone or with a region or script."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """A cell with offers of the category, of who said yes lately or did not, and the most points that anybody has."""

    name: str
    most: float


@dataclass(frozen=True, slots=True)
class _Search:
    """One request, and the quarters in which somebody may be asked for it at this hour, with their time zones."""

    session: Session
    request: HelpRequest
    need: Need
    now: datetime
    policy: Policy
    zones: dict[uuid.UUID, ZoneInfo]


def best_fresh(session: Session, request: HelpRequest, now: datetime, policy: Policy, count: int) -> list[Choice]:
    """The first `count` of `ranked` among everybody who was neither asked for this request nor ever had it.

    However many there are: by distance and by who has said yes lately, it is known what nobody at a spot can exceed.
    """
    need = need_of(request)
    search = _Search(session, request, need, now, policy, _awake(session, need, now))
    if not search.zones:
        return []
    spots, number = _spots(search), _FEW
    candidates = _look(search, spots[:number], _at_first)
    found = leading(need, candidates, now, policy, count)
    while spots := _promising(spots[number:], found, count):
        number = _next_number(number, len(candidates))
        candidates = _look(search, spots[:number], _at_spots)
        found = leading(need, candidates, now, policy, count, known=found)
    return found


def _next_number(number: int, people: int) -> int:
    """At how many spots to look next, where at the last `number` there were so many `people`."""
    return max(1, min(number * _ENOUGH // max(people, 1), number * _FASTEST_GROWTH))


def _promising(spots: Sequence[_Spot], found: Sequence[Choice], count: int) -> list[_Spot]:
    """Those at which somebody may come before the last of so many as are wanted."""
    return [spot for spot in spots if len(found) < count or spot.most >= found[-1].points]


def _awake(session: Session, need: Need, now: datetime) -> dict[uuid.UUID, ZoneInfo]:
    """The own quarter and those that adjoin it; at night, by their own clocks, only for what is urgent."""
    adjoining = select(QuarterNeighbour.quarter_id).where(QuarterNeighbour.neighbour_id == need.quarter_id)
    query = select(Quarter.id, Quarter.timezone).where(or_(Quarter.id == need.quarter_id, Quarter.id.in_(adjoining)))
    zones = {row.id: ZoneInfo(row.timezone) for row in session.execute(query)}
    return {quarter_id: zone for quarter_id, zone in zones.items() if need.urgent or not is_night(now, zone)}


def _spots(search: _Search) -> list[_Spot]:
    """Every spot with an offer of the category that may be near enough, the most points first.

    On a border it may be found in two quarters; it is looked at in both at once.
    """
    found = {}
    values = {"category": search.need.category, "quarters": list(search.zones)}
    for quarter_id, name in search.session.execute(_names(), values):
        cell, said_yes = cell_and_yes(name)
        km = None if search.need.cell is None else distance_km(search.need.cell, cell)
        if km is None or quarter_id == search.need.quarter_id or km <= reach_km(search.need, search.policy):
            found[name] = _Spot(name, most_points_there(km, search.policy, said_yes=said_yes))
    return sorted(found.values(), key=lambda spot: (-spot.most, spot.name))


@cache
def _names() -> Select[*tuple[Any, ...]]:
    """The different spots of these quarters, by one step through the index for each: not by reading every row."""
    first = select(Quarter.id.label("quarter_id"), _next_name(Quarter.id).label("spot"))
    walk = first.where(is_among(Quarter.id, "quarters")).cte("walk", recursive=True)
    following = _next_name(walk.c.quarter_id, OfferCategory.spot > walk.c.spot)
    walk = walk.union_all(select(walk.c.quarter_id, following).where(walk.c.spot.is_not(None)))
    return select(walk.c.quarter_id, walk.c.spot).where(walk.c.spot.is_not(None))


def _next_name(quarter: SQLColumnExpression[uuid.UUID], *after: ColumnElement[bool]) -> Any:
    here = OfferCategory.category == bindparam("category"), OfferCategory.quarter_id == quarter
    return select(func.min(OfferCategory.spot)).where(*here, *after).scalar_subquery()


def _look(
    search: _Search, spots: Iterable[_Spot], statement: Callable[[int], Select[*tuple[Any, ...]]]
) -> list[Candidate]:
    """Everybody there who could be asked as far as their row says."""
    need = search.need
    spoken = [f"{before}{each}{after}" for each in primary(need.languages) for before, after in _ENDS]
    return fresh_candidates(
        search.session,
        search.request,
        search.now,
        statement(len(spoken)),
        quarters=list(search.zones),
        spots=[spot.name for spot in spots],
        levels=[level.value for level in Verification if is_verified_enough(level, need.requires)],
        **{f"language_{number}": language for number, language in enumerate(spoken)},
        **dict(zip(_HOURS, parts(_hours(search)), strict=True)),
        instant=search.now,
    )


def _hours(search: _Search) -> int:
    """The hours of the week in which the need can still be served, by any of the clocks there."""
    begins = max(search.need.needed_from, search.now)
    hours = 0
    for zone in set(search.zones.values()):
        hours |= hours_between(begins, search.need.needed_until, zone)
    return hours


@cache
def _at_first(languages: int) -> Select[*tuple[Any, ...]]:
    """Besides those at the spots: whose row the release before has written, and who has time now."""
    unknown = select(OfferCategory.offer_id).where(*_here(), OfferCategory.spot.is_(None))
    free = select(OfferCategory.offer_id).join(Person, Person.id == OfferCategory.person_id)
    free = free.where(*_here(), is_among(Person.quarter_id, "quarters"), Person.available_until > bindparam("instant"))
    return fresh(union(_at(languages), unknown, free))


@cache
def _at_spots(languages: int) -> Select[*tuple[Any, ...]]:
    return fresh(_at(languages))


def _at(languages: int) -> Select[*tuple[uuid.UUID]]:
    """What a row says against asking whoever has not said that they have time now: no more than is so."""
    columns = (OfferCategory.hours_1, OfferCategory.hours_2, OfferCategory.hours_3)
    numbers = (bindparam(name, type_=BigInteger) for name in _HOURS)
    patterns = [bindparam(f"language_{number}", type_=Text) for number in range(languages)]
    return select(OfferCategory.offer_id).where(
        *_here(),
        is_among(OfferCategory.spot, "spots"),
        is_among(OfferCategory.verification, "levels"),
        or_(*(column.bitwise_and(hours) != 0 for column, hours in zip(columns, numbers, strict=True))),
        *([or_(*(OfferCategory.languages.like(pattern) for pattern in patterns))] if patterns else []),
    )


def _here() -> tuple[ColumnElement[bool], ...]:
    return OfferCategory.category == bindparam("category"), is_among(OfferCategory.quarter_id, "quarters")
