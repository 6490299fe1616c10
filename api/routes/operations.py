"""For operators and developers: health, the document and its reference page."""

import json
from functools import cache
from typing import Any

from flask import Blueprint, Response, current_app, render_template
from sqlalchemy.exc import SQLAlchemyError

from api.document import document_text
from api.endpoint import Answer, Edge, Operation, Who, endpoint
from api.examples import pretty
from api.schemas.operations import LiveSchema, ReadySchema
from api.stopping import is_stopping
from nachbarschaft.queries.health import UNREACHABLE, Health, read_health

operations = Blueprint("operations", __name__)


@endpoint(
    operations,
    Operation(
        "GET",
        "/health/live",
        name="getLiveness",
        tag="Operations",
        who=Who.ANYONE,
        gives=LiveSchema,
        own_transactions=True,
    ),
)
def live(_edge: Edge) -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@endpoint(
    operations,
    Operation(
        "GET",
        "/health/ready",
        name="getReadiness",
        tag="Operations",
        who=Who.ANYONE,
        gives=ReadySchema,
        also=(503,),
        own_transactions=True,
    ),
)
def ready(edge: Edge) -> Answer:
    """Whether requests can be served; with it how delivery and each job stand.

    What is late or fails there does not make it 503: the API can do nothing about it.
    """
    try:
        with edge.reading() as context:
            health = read_health(context)
    except SQLAlchemyError:
        health = UNREACHABLE
    status = _status(health)
    body: dict[str, Any] = {
        "status": status,
        "database": health.database,
        "migrations": health.migrations,
        "oldest_due_push_seconds": health.oldest_due_push_seconds,
        "delivery": health.delivery,
        "jobs": health.jobs,
    }
    return Answer(body, 200 if status == "ready" else 503)


def _status(health: Health) -> str:
    if is_stopping(current_app):
        return "stopping"
    return "ready" if health.is_ready else "not_ready"


@endpoint(
    operations,
    Operation("GET", "/openapi.json", name="getDocument", tag="Operations", who=Who.ANYONE, own_transactions=True),
)
def document(_edge: Edge) -> Response:
    """This document."""
    return Response(document_text(current_app), mimetype="application/json")


@endpoint(
    operations,
    Operation("GET", "/docs", name="getReference", tag="Operations", who=Who.ANYONE, own_transactions=True),
)
def reference(_edge: Edge) -> Response:
    """The reference as a page: drawn here, with nothing from elsewhere and without JavaScript."""
    response = Response(_page(document_text(current_app)), mimetype="text/html")
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self' 'unsafe-inline'"
    response.headers["Content-Language"] = "en"
    return response


@cache
def _page(document: str) -> str:
    """Drawn once: it changes with the document alone."""
    return render_template("reference.html", document=json.loads(document), pretty=pretty)
