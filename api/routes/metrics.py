"""For Prometheus."""

from flask import Blueprint, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy.exc import SQLAlchemyError

from api.endpoint import Edge, Operation, Who, endpoint
from api.exposition import exposition
from api.metrics import http_metrics
from nachbarschaft.errors import NotFound
from nachbarschaft.queries.standing import Standing, read_standing

metrics = Blueprint("metrics", __name__)


@endpoint(
    metrics,
    Operation(
        "GET",
        "/metrics",
        name="getMetrics",
        tag="Operations",
        who=Who.MONITOR,
        refuses=(NotFound,),
        own_transactions=True,
    ),
)
def read_metrics(edge: Edge) -> Response:
    """Counters and gauges for Prometheus.

    Only for the server's own machine, and for whoever shows the operator's token; to everybody else it is not there.
    """
    return Response(exposition(http_metrics(), _standing(edge)), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _standing(edge: Edge) -> Standing | None:
    """None while the database does not answer: then the other figures matter most."""
    try:
        with edge.reading() as context:
            return read_standing(context)
    except SQLAlchemyError:
        return None
