"""How the work stands, as numbers without anybody in them: for the operator's gauges."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from models import HelpRequest
from models.lifecycle import RequestState
from nachbarschaft.context import Context
from nachbarschaft.queries.delivering import ChannelStanding, channel_standings
from nachbarschaft.queries.job_runs import JobStanding, job_standings

_UNFINISHED = [RequestState.OPEN, RequestState.FILLED]


@dataclass(frozen=True, slots=True)
class Standing:
    """Of the whole town, never of a quarter: a small count in a small quarter would tell of somebody.

    `requests` holds each state that is not an end.
    """

    delivery: list[ChannelStanding]
    requests: Mapping[str, int]
    jobs: list[JobStanding]


def read_standing(context: Context) -> Standing:
    """The standing as this transaction sees it."""
    return Standing(channel_standings(context), _requests(context), job_standings(context))


def _requests(context: Context) -> dict[str, int]:
    query = (
        select(HelpRequest.state, func.count()).where(HelpRequest.state.in_(_UNFINISHED)).group_by(HelpRequest.state)
    )
    counted = {row[0]: row[1] for row in context.session.execute(query)}
    return {state.value: counted.get(state.value, 0) for state in _UNFINISHED}
