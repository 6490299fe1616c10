"""Counts a quarter's requests group by group, in one pass over the columns that it takes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, SQLColumnExpression, Subquery, and_, case, exists, func, or_, select

from models import Assignment, Event, HelpRequest, Intake, Person, Quarter
from models.intake import Channel
from models.lifecycle import AssignmentState, RequestState
from nachbarschaft.context import Context
from nachbarschaft.matching.wallclock import day_of
from nachbarschaft.queries.periods import CALENDAR, Period

_COLUMNS: Mapping[str, SQLColumnExpression[str]] = {
    "category": HelpRequest.category,
    "channel": func.coalesce(Intake.channel, Channel.APP.value),
    "language": Person.language,
}
GROUPINGS = (*_COLUMNS, *CALENDAR)
_ENDS = (RequestState.DONE, RequestState.EXPIRED, RequestState.CANCELLED)
_AT_A_TIME = 5_000
_MICROSECOND = timedelta(microseconds=1)
_MINUTE = 60_000_000
_Row = Row[*tuple[Any, ...]]


@dataclass(slots=True)
class Tally:
    """What is counted of one group."""

    requests: int = 0
    filled: int = 0
    ends: dict[str, int] = field(default_factory=lambda: dict.fromkeys(map(str, _ENDS), 0))
    waits: list[int] = field(default_factory=list)  # microseconds, so that the median is exact
    minutes: int = 0

    def count(self, row: _Row) -> None:
        """Adds one request."""
        self.requests += 1
        self.filled += row.filled
        self.minutes += row.minutes or 0
        if row.state in self.ends:
            self.ends[row.state] += 1
        if row.first_yes is not None:
            self.waits.append((row.first_yes - row.created_at) // _MICROSECOND)

    def figures(self) -> dict[str, Any]:
        """Counts, the exact median of the minutes until the first yes, and hours; the latter two to one decimal."""
        return {
            "requests": self.requests,
            "filled": self.filled,
            **self.ends,
            "median_minutes_to_match": round(median(self.waits) / _MINUTE, 1) if self.waits else None,
            "hours": round(self.minutes / 60, 1),
        }


def tallies_of(context: Context, quarter: Quarter, by: str, period: Period) -> dict[str, Tally]:
    """Group → what is counted of it; a group without a request is none."""
    zone = ZoneInfo(quarter.timezone)
    group_of = _by_calendar(by, zone) if by in CALENDAR else _by_column
    tallies: dict[str, Tally] = {}
    for row in _rows(context, quarter, by, period.instants(zone)):
        tallies.setdefault(group_of(row), Tally()).count(row)
    return tallies


def _by_column(row: _Row) -> str:
    group: str = row.group
    return group


def _by_calendar(by: str, zone: ZoneInfo) -> Callable[[_Row], str]:
    """By the days of `zone`, which no database tells the same way as the others."""
    return lambda row: CALENDAR[by](day_of(row.created_at, zone))


def _rows(context: Context, quarter: Quarter, by: str, between: tuple[datetime, datetime]) -> Iterator[_Row]:
    begins, ends = between
    chosen = and_(HelpRequest.quarter_id == quarter.id, HelpRequest.created_at >= begins, HelpRequest.created_at < ends)
    query = _grouped(_query(_tasks(chosen)).where(chosen), by)
    # Not with a cursor of the server's: PostgreSQL would plan for the first rows, and take minutes for all of them.
    yield from context.session.execute(query).yield_per(_AT_A_TIME)


def _query(tasks: Subquery) -> Select[*tuple[Any, ...]]:
    return (
        select(
            HelpRequest.created_at,
            HelpRequest.state,
            tasks.c.first_yes,
            tasks.c.minutes,
            _was_ever_full(tasks).label("filled"),
        )
        .select_from(HelpRequest)
        .outerjoin(tasks, tasks.c.request_id == HelpRequest.id)
    )


def _grouped(query: Select[*tuple[Any, ...]], by: str) -> Select[*tuple[Any, ...]]:
    """The query with the group where it is a column, and only the tables which that needs."""
    if by in CALENDAR:
        return query
    if by == "channel":
        query = query.outerjoin(Intake, Intake.request_id == HelpRequest.id)
    if by == "language":
        query = query.join(Person, Person.id == HelpRequest.requester_id)
    return query.add_columns(_COLUMNS[by].label("group"))


def _tasks(chosen: ColumnElement[bool]) -> Subquery:
    """Of each request that anybody said yes to: when the first did, and the minutes of those who finished."""
    told = func.coalesce(Assignment.minutes, HelpRequest.minutes, 0)
    return (
        select(
            Assignment.request_id,
            func.min(Assignment.accepted_at).label("first_yes"),
            func.sum(case((Assignment.state == AssignmentState.DONE, told), else_=0)).label("minutes"),
        )
        .join(HelpRequest, HelpRequest.id == Assignment.request_id)
        .where(chosen)
        .group_by(Assignment.request_id)
        .subquery()
    )


def _was_ever_full(tasks: Subquery) -> ColumnElement[bool]:
    """All places are taken, or somebody's yes once took the last one (then places were given back)."""
    took_the_last = exists().where(
        Event.request_id == HelpRequest.id,
        Event.kind == "accepted",
        Event.data["state"].as_string() == RequestState.FILLED.value,
    )
    full = HelpRequest.people_accepted == HelpRequest.people_needed
    return or_(full, and_(tasks.c.first_yes.is_not(None), took_the_last))
