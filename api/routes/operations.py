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
from nachbarschaft.queries.health import UNREACHABLE, read_health

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
    """Whether requests can be served; with it the age of the oldest due push, and how each job did."""
    try:
        with edge.reading() as context:
            health = read_health(context)
    except SQLAlchemyError:
        health = UNREACHABLE
    body: dict[str, Any] = {
        "status": "ready" if health.is_ready else "not_ready",
        "database": health.database,
        "migrations": health.migrations,
        "oldest_due_push_seconds": health.oldest_due_push_seconds,
        "jobs": health.jobs,
    }
    return Answer(body, 200 if health.is_ready else 503)


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
