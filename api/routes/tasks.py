"""Taking a task on, answering otherwise, giving it back; and the contact that goes with it."""

import uuid
from typing import Any

from flask import Blueprint

from api.endpoint import Operation, Who, endpoint
from api.schemas.basics import PageQuery
from api.schemas.requests import AssignmentSchema, ContactSchema, ContactTaken, RequestSchema, ViewPage
from nachbarschaft.context import Context
from nachbarschaft.errors import (
    AlreadyAccepted,
    AlreadyFilled,
    AskCoordinator,
    AwaitingConfirmation,
    Conflict,
    Forbidden,
    NotAssigned,
    NotEligible,
    NotFound,
    NotOpen,
    SecondFactorRequired,
    TooManyOpenTasks,
)
from nachbarschaft.queries.pages import Page, PageAsked
from nachbarschaft.queries.requests import face_of
from nachbarschaft.queries.views import list_views
from nachbarschaft.services.accepting import accept
from nachbarschaft.services.answering import decline, stand_by
from nachbarschaft.services.contact import Contact, look_at_contact
from nachbarschaft.services.giving_back import withdraw

tasks = Blueprint("tasks", __name__)


@endpoint(
    tasks,
    Operation(
        "POST",
        "/v1/requests/<uuid:id>/accept",
        name="acceptRequest",
        tag="Helping",
        who=Who.SIGNED_IN,
        optional_body=True,
        gives=AssignmentSchema,
        status=201,
        refuses=(NotFound, NotEligible, AlreadyAccepted, AlreadyFilled, NotOpen, TooManyOpenTasks),
    ),
)
def post_accept(context: Context, id: uuid.UUID) -> dict[str, Any]:
    """Take the task. No invitation is needed, only an offer in reach that fits; at most three tasks at a time."""
    task = accept(context, id)
    context.session.flush()
    return {"id": task.id, "request": task.request_id, "state": task.state, "accepted_at": task.accepted_at}


@endpoint(
    tasks,
    Operation(
        "POST",
        "/v1/requests/<uuid:id>/decline",
        name="declineRequest",
        tag="Helping",
        who=Who.SIGNED_IN,
        optional_body=True,
        status=204,
        refuses=(NotFound, NotEligible, AlreadyAccepted),
    ),
)
def post_decline(context: Context, id: uuid.UUID) -> None:
    """Not me. Ends the asking for this request; accepting later is still possible."""
    decline(context, id)


@endpoint(
    tasks,
    Operation(
        "POST",
        "/v1/requests/<uuid:id>/standby",
        name="standByForRequest",
        tag="Helping",
        who=Who.SIGNED_IN,
        optional_body=True,
        status=204,
        refuses=(NotFound, NotEligible, AlreadyAccepted, NotOpen),
    ),
)
def post_standby(context: Context, id: uuid.UUID) -> None:
    """If nobody else. Whoever stands by is asked first when a task comes back.

    To stop standing by, decline. It shows as an invitation in state `standby` for whoever had been asked.
    """
    stand_by(context, id)


@endpoint(
    tasks,
    Operation(
        "POST",
        "/v1/requests/<uuid:id>/withdraw",
        name="withdrawFromRequest",
        tag="Helping",
        who=Who.SIGNED_IN,
        optional_body=True,
        gives=RequestSchema,
        refuses=(NotFound, NotAssigned, Conflict),
    ),
)
def post_withdraw(context: Context, id: uuid.UUID) -> dict[str, Any]:
    """Give the task back. Whoever stands by, or the next wave, is asked at once.

    My invitation keeps its last answer, `accepted`; whether I still have the task says `listTasks`.
    """
    return face_of(context, withdraw(context, id))


@endpoint(
    tasks,
    Operation(
        "POST",
        "/v1/requests/<uuid:id>/contact",
        name="getContact",
        tag="Helping",
        who=Who.SIGNED_IN,
        takes=ContactTaken,
        optional_body=True,
        gives=ContactSchema,
        gives_secrets=True,
        refuses=(NotFound, NotAssigned, AwaitingConfirmation, AskCoordinator, Forbidden, SecondFactorRequired),
    ),
)
def post_contact(context: Context, body: dict[str, Any], id: uuid.UUID) -> Contact:
    """Name, address, phone and private note, for whoever has the task, until 24 hours after it is done.

    A new volunteer gets it once a coordinator has confirmed them: 403 `awaiting_confirmation` until then.
    Coordinators give a `reason`. Every look is written down in the same transaction, and the resident can read it.
    """
    return look_at_contact(context, id, body.get("reason"))


@endpoint(
    tasks,
    Operation(
        "GET",
        "/v1/requests/<uuid:id>/views",
        name="listViews",
        tag="Requests",
        who=Who.SIGNED_IN,
        query=PageQuery,
        gives=ViewPage,
        refuses=(NotFound, Forbidden),
    ),
)
def get_views(context: Context, query: dict[str, Any], id: uuid.UUID) -> Page[dict[str, Any]]:
    """Who looked at my contact for this request, newest first."""
    return list_views(context, id, PageAsked(**query))
