"""How the work stands, as numbers without anybody in them: for the operator's gauges."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from models import Delivery, HelpRequest, JobRun
from models.lifecycle import DeliveryState, RequestState
from nachbarschaft.context import Context
from nachbarschaft.queries.health import oldest_due_push

_OWED = [DeliveryState.PENDING, DeliveryState.LEASED]
_UNFINISHED = [RequestState.OPEN, RequestState.FILLED]


@dataclass(frozen=True, slots=True)
class JobStanding:
    """When one job last succeeded and last failed; None for what has not happened yet."""

    name: str
    last_success_at: datetime | None
    last_error_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Of the whole town, never of a quarter: a small count in a small quarter would tell of somebody.

    `oldest_due_push_seconds` is 0 where nothing is due. `requests` holds each state that is not an end.
    """

    due_pushes: int
    oldest_due_push_seconds: float
    requests: Mapping[str, int]
    jobs: list[JobStanding]


def read_standing(context: Context) -> Standing:
    """The standing as this transaction sees it."""
    due, seconds = _due_pushes(context)
    return Standing(due, seconds, _requests(context), _jobs(context))


def _due_pushes(context: Context) -> tuple[int, float]:
    is_due = Delivery.state.in_(_OWED) & (Delivery.due_at <= context.now)
    count = context.session.scalars(select(func.count()).where(is_due)).one()
    oldest = oldest_due_push(context)
    return count, 0.0 if oldest is None else oldest


def _requests(context: Context) -> dict[str, int]:
    query = (
        select(HelpRequest.state, func.count()).where(HelpRequest.state.in_(_UNFINISHED)).group_by(HelpRequest.state)
    )
    counted = {row[0]: row[1] for row in context.session.execute(query)}
    return {state.value: counted.get(state.value, 0) for state in _UNFINISHED}


def _jobs(context: Context) -> list[JobStanding]:
    query = select(JobRun.name, JobRun.last_success_at, JobRun.last_error_at).order_by(JobRun.name)
    return [JobStanding(*row) for row in context.session.execute(query)]
