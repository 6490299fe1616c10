"""The coordinator's word for a new volunteer's task."""

import uuid
from typing import Any

from flask import Blueprint

from api.endpoint import Operation, Who, endpoint
from api.schemas.requests import ConfirmTaken, RequestSchema
from nachbarschaft.context import Context
from nachbarschaft.errors import Conflict, Forbidden, NotFound, SecondFactorRequired
from nachbarschaft.queries.requests import face_of
from nachbarschaft.services.confirming import confirm_helper

confirming = Blueprint("confirming", __name__)


@endpoint(
    confirming,
    Operation(
        "POST",
        "/v1/requests/<uuid:id>/confirm",
        name="confirmHelper",
        tag="Coordination",
        who=Who.SIGNED_IN,
        takes=ConfirmTaken,
        optional_body=True,
        gives=RequestSchema,
        refuses=(NotFound, Forbidden, SecondFactorRequired, Conflict),
    ),
)
def post_confirm(context: Context, body: dict[str, Any], id: uuid.UUID) -> dict[str, Any]:
    """My word for a new volunteer who helps here: they get the contact now, and are told.

    `person` when several wait. Which tasks wait says the quarter's `confirm_first_tasks`; whoever is verified
    waits for nobody. 409 `conflict` where nobody waits (any more).
    """
    return face_of(context, confirm_helper(context, id, body.get("person")))
