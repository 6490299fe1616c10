"""For the coordinators of a quarter."""

import uuid
from typing import Any

from flask import Blueprint

from api.endpoint import Operation, Who, endpoint
from api.schemas.basics import PageQuery
from api.schemas.members import ActivityPage, MemberPage, VerifyTaken
from nachbarschaft.context import Context
from nachbarschaft.errors import Forbidden, NotFound, SecondFactorRequired
from nachbarschaft.queries.activity import list_activity
from nachbarschaft.queries.members import list_members
from nachbarschaft.queries.pages import Page, PageAsked
from nachbarschaft.services.members import Verified, coordinated_quarter, verify

coordination = Blueprint("coordination", __name__)
QUARTER = '/v1/quarters/<regex("[a-z0-9-]{1,64}"):slug>'
Face = dict[str, Any]


@endpoint(
    coordination,
    Operation(
        "GET",
        f"{QUARTER}/members",
        name="listMembers",
        tag="Coordination",
        who=Who.SIGNED_IN,
        query=PageQuery,
        gives=MemberPage,
        refuses=(NotFound, Forbidden, SecondFactorRequired),
    ),
)
def get_members(context: Context, query: Face, slug: str) -> Page[Face]:
    """The people of a quarter that I coordinate, newest first; without addresses."""
    return list_members(context, coordinated_quarter(context, slug), PageAsked(**query))


@endpoint(
    coordination,
    Operation(
        "POST",
        f"{QUARTER}/members/<uuid:person>/verify",
        name="verifyMember",
        tag="Coordination",
        who=Who.SIGNED_IN,
        takes=VerifyTaken,
        status=204,
        refuses=(NotFound, Forbidden, SecondFactorRequired),
    ),
)
def post_verify(context: Context, body: Face, slug: str, person: uuid.UUID) -> None:
    """I have seen an ID (`known`) or a background certificate (`certified`). Neither is ever uploaded."""
    verify(context, slug, person, Verified(**body))


@endpoint(
    coordination,
    Operation(
        "GET",
        f"{QUARTER}/activity",
        name="listActivity",
        tag="Coordination",
        who=Who.SIGNED_IN,
        query=PageQuery,
        gives=ActivityPage,
        refuses=(NotFound, Forbidden, SecondFactorRequired),
    ),
)
def get_activity(context: Context, query: Face, slug: str) -> Page[Face]:
    """What happened in a quarter that I coordinate, newest first."""
    return list_activity(context, coordinated_quarter(context, slug), PageAsked(**query))
