"""Requests for residents without a phone or an account, taken down by a coordinator."""

from typing import Any

from flask import Blueprint

from api.endpoint import Operation, Who, endpoint
from api.routes.coordination import QUARTER
from api.schemas.on_behalf import RequestOnBehalfTaken
from api.schemas.requests import RequestSchema
from nachbarschaft.context import Context
from nachbarschaft.errors import Forbidden, NotFound, OutsideQuarter, SecondFactorRequired, TooManyOpenRequests
from nachbarschaft.queries.requests import face_of
from nachbarschaft.services.on_behalf import Call, Consent, open_on_behalf
from nachbarschaft.services.opening import Asking
from nachbarschaft.services.places import as_place
from nachbarschaft.services.residents import Resident

on_behalf = Blueprint("on_behalf", __name__)
Face = dict[str, Any]


@endpoint(
    on_behalf,
    Operation(
        "POST",
        f"{QUARTER}/requests",
        name="createRequestOnBehalf",
        tag="Coordination",
        who=Who.SIGNED_IN,
        takes=RequestOnBehalfTaken,
        gives=RequestSchema,
        status=201,
        refuses=(NotFound, Forbidden, SecondFactorRequired, TooManyOpenRequests, OutsideQuarter),
        tagged=True,
    ),
)
def post_request_on_behalf(context: Context, body: Face, slug: str) -> Face:
    """Ask for help on behalf of somebody without a phone or an account, who has agreed to that.

    The answer is what coordinators see of any request: whose it is, and where, says `getContact` with a reason.
    They become a resident without a login; the same phone and name is the same person again. Without a place
    volunteers see the quarter's centre, and whoever helps gets the address.
    """
    call = Call(Resident(**body.pop("on_behalf_of")), Consent(**body.pop("consent")), body.pop("channel"))
    if "place" in body:
        body["place"] = as_place(body["place"])
    body["languages"] = tuple(body.get("languages", ()))
    return face_of(context, open_on_behalf(context, slug, call, Asking(**body)))
