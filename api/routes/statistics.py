"""A quarter's figures, for its coordinators."""

from typing import Any

from flask import Blueprint

from api.endpoint import Operation, Who, endpoint
from api.routes.coordination import QUARTER
from api.schemas.statistics import StatisticsQuery, StatisticsSchema
from nachbarschaft.context import Context
from nachbarschaft.errors import Forbidden, NotFound, SecondFactorRequired
from nachbarschaft.queries.periods import Period
from nachbarschaft.queries.statistics import read_statistics
from nachbarschaft.services.members import coordinated_quarter

statistics = Blueprint("statistics", __name__)
Face = dict[str, Any]


@endpoint(
    statistics,
    Operation(
        "GET",
        f"{QUARTER}/statistics",
        name="getStatistics",
        tag="Coordination",
        who=Who.SIGNED_IN,
        query=StatisticsQuery,
        gives=StatisticsSchema,
        refuses=(NotFound, Forbidden, SecondFactorRequired),
    ),
)
def get_statistics(context: Context, query: Face, slug: str) -> Face:
    """The requests of a period, counted group by group. Groups under five are withheld.

    So that none of them follows from a sum, another group may be withheld with it. Hours are never money.
    """
    period = Period(query.get("from"), query.get("until"))
    return read_statistics(context, coordinated_quarter(context, slug), query["by"], period)
