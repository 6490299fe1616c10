"""Requests: asking, reading, changing and ending."""

import uuid
from typing import Any

from flask import Blueprint

from api.endpoint import Operation, Who, endpoint
from api.schemas.requests import (
    DispatchSchema,
    DoneTaken,
    ReleaseTaken,
    RequestChange,
    RequestPage,
    RequestQuery,
    RequestSchema,
    RequestTaken,
    StillNeededTaken,
)
from nachbarschaft.context import Context
from nachbarschaft.errors import (
    AlreadyFilled,
    Conflict,
    Forbidden,
    NotFound,
    NotOpen,
    OutsideQuarter,
    SecondFactorRequired,
    TooLate,
    TooManyOpenRequests,
    TooManyOpenTasks,
)
from nachbarschaft.queries.invitations import read_dispatch
from nachbarschaft.queries.pages import Page, PageAsked
from nachbarschaft.queries.requests import Filters, face_of, list_requests, read_request
from nachbarschaft.services.closing import Effort, cancel, confirm_need, finish
from nachbarschaft.services.finding import take_request
from nachbarschaft.services.giving_back import release
from nachbarschaft.services.opening import Asking
from nachbarschaft.services.places import as_place
from nachbarschaft.services.requests import edit_request, open_request
from nachbarschaft.services.undoing import undo

requests = Blueprint("requests", __name__)
Face = dict[str, Any]


def _own(context: Context, id: uuid.UUID) -> Face:
    return face_of(context, take_request(context, id, "request.edit").request)


@endpoint(
    requests,
    Operation(
        "POST",
        "/v1/requests",
        name="createRequest",
        tag="Requests",
        who=Who.SIGNED_IN,
        takes=RequestTaken,
        gives=RequestSchema,
        status=201,
        refuses=(TooManyOpenRequests, OutsideQuarter),
        tagged=True,
    ),
)
def post_request(context: Context, body: Face) -> Face:
    """Ask for help. The first volunteers are asked at once; what is not urgent waits for 07:00 at night.

    A resident may have five open requests. Without a home (see `updateMe`) a `place` is needed.
    """
    if "place" in body:
        body["place"] = as_place(body["place"])
    body["languages"] = tuple(body.get("languages", ()))
    return face_of(context, open_request(context, Asking(**body)))


@endpoint(
    requests,
    Operation(
        "GET",
        "/v1/requests",
        name="listRequests",
        tag="Requests",
        who=Who.SIGNED_IN,
        query=RequestQuery,
        gives=RequestPage,
    ),
)
def get_requests(context: Context, query: Face) -> Page[Face]:
    """My own requests; as a volunteer also the open ones in reach; as a coordinator all of my quarters.

    `fits=me` are those that I could say yes to now: open, in reach of an unpaused offer of mine, of a kind that it
    names and that I am verified for, neither my own nor one that I help with or have said no to. They show their
    public face; none fit whoever has no offer, or three tasks already.
    """
    asked = PageAsked(query.pop("limit"), query.pop("after"))
    return list_requests(context, Filters(**query), asked)


@endpoint(
    requests,
    Operation(
        "GET",
        "/v1/requests/<uuid:id>",
        name="getRequest",
        tag="Requests",
        who=Who.SIGNED_IN,
        gives=RequestSchema,
        refuses=(NotFound, SecondFactorRequired),
        tagged=True,
    ),
)
def get_request(context: Context, id: uuid.UUID) -> Face:
    """One request, as I may see it."""
    return read_request(context, id)


@endpoint(
    requests,
    Operation(
        "PATCH",
        "/v1/requests/<uuid:id>",
        name="updateRequest",
        tag="Requests",
        who=Who.SIGNED_IN,
        takes=RequestChange,
        gives=RequestSchema,
        refuses=(NotFound, Forbidden, SecondFactorRequired, NotOpen, Conflict, OutsideQuarter),
        tagged=True,
        current=_own,
    ),
)
def patch_request(context: Context, body: Face, id: uuid.UUID) -> Face:
    """Change my request; once somebody helps, only notes and times. Helpers are told and may give it back."""
    if "place" in body:
        body["place"] = as_place(body["place"])
    return face_of(context, edit_request(context, id, body))


@endpoint(
    requests,
    Operation(
        "POST",
        "/v1/requests/<uuid:id>/done",
        name="finishRequest",
        tag="Requests",
        who=Who.SIGNED_IN,
        takes=DoneTaken,
        optional_body=True,
        gives=RequestSchema,
        refuses=(NotFound, Forbidden, SecondFactorRequired, NotOpen, Conflict),
    ),
)
def post_done(context: Context, body: Face, id: uuid.UUID) -> Face:
    """It is done. A volunteer ends their own task, the requester or a coordinator all of them.

    When the last active helper is done, the request is done: nobody has to confirm it. What is reported counts in
    the quarter's statistics; a requester's or coordinator's minutes stand for the helpers who reported none.
    """
    return face_of(context, finish(context, id, Effort(**body)))


@endpoint(
    requests,
    Operation(
        "POST",
        "/v1/requests/<uuid:id>/cancel",
        name="cancelRequest",
        tag="Requests",
        who=Who.SIGNED_IN,
        optional_body=True,
        gives=RequestSchema,
        refuses=(NotFound, Forbidden, SecondFactorRequired, NotOpen),
    ),
)
def post_cancel(context: Context, id: uuid.UUID) -> Face:
    """Call the request off. Its helpers and whoever was asked are told."""
    return face_of(context, cancel(context, id))


@endpoint(
    requests,
    Operation(
        "POST",
        "/v1/requests/<uuid:id>/still-needed",
        name="renewRequest",
        tag="Requests",
        who=Who.SIGNED_IN,
        takes=StillNeededTaken,
        optional_body=True,
        gives=RequestSchema,
        refuses=(NotFound, Forbidden, SecondFactorRequired, AlreadyFilled, NotOpen, TooManyOpenRequests),
    ),
)
def post_still_needed(context: Context, body: Face, id: uuid.UUID) -> Face:
    """The help is still needed: the request stays open, or opens again after it has expired.

    `needed_until` is required once the old one has passed.
    """
    return face_of(context, confirm_need(context, id, body.get("needed_until")))


@endpoint(
    requests,
    Operation(
        "POST",
        "/v1/requests/<uuid:id>/release",
        name="releaseHelper",
        tag="Requests",
        who=Who.SIGNED_IN,
        takes=ReleaseTaken,
        optional_body=True,
        gives=RequestSchema,
        refuses=(NotFound, Forbidden, SecondFactorRequired, NotOpen, Conflict),
    ),
)
def post_release(context: Context, body: Face, id: uuid.UUID) -> Face:
    """Take the task from a helper, who is told; somebody else is asked at once. `person` when several help."""
    who = body.get("person")
    return face_of(
        context,
        release(context, id, person_id=who, no_show=body.get("no_show", False), reason=body.get("reason")),
    )


@endpoint(
    requests,
    Operation(
        "POST",
        "/v1/requests/<uuid:id>/undo",
        name="undoRequest",
        tag="Requests",
        who=Who.SIGNED_IN,
        optional_body=True,
        gives=RequestSchema,
        refuses=(NotFound, Forbidden, SecondFactorRequired, TooLate, Conflict, TooManyOpenTasks, TooManyOpenRequests),
    ),
)
def post_undo(context: Context, id: uuid.UUID) -> Face:
    """Take an accidental done or cancel back, within ten minutes.

    Only whoever did it may, and it leads back to where it was; what was reported with it is replaced when it is
    done again. A withdrawal is not taken back: accept again.
    """
    return face_of(context, undo(context, id))


@endpoint(
    requests,
    Operation(
        "GET",
        "/v1/requests/<uuid:id>/dispatch",
        name="getDispatch",
        tag="Requests",
        who=Who.SIGNED_IN,
        gives=DispatchSchema,
        refuses=(NotFound, Forbidden, SecondFactorRequired),
        tagged=True,
    ),
)
def get_dispatch(context: Context, id: uuid.UUID) -> Face:
    """How the asking goes: counts for the requester, waves and people for the quarter's coordinators."""
    return read_dispatch(context, id)
