"""Offers and invitations."""

import uuid
from typing import Any

from flask import Blueprint

from api.endpoint import Operation, Who, endpoint
from api.schemas.basics import PageQuery
from api.schemas.offers import (
    InvitationPage,
    InvitationQuery,
    OfferChange,
    OfferPage,
    OfferSchema,
    OfferTaken,
)
from nachbarschaft.context import Context
from nachbarschaft.errors import AdultRequired, Conflict, NotFound
from nachbarschaft.queries.invitations import list_invitations
from nachbarschaft.queries.offers import list_offers, offer_face
from nachbarschaft.queries.pages import Page, PageAsked
from nachbarschaft.services.offers import Offering, change_offer, hold_own_offer, make_offer, own_offer, take_back_offer

offers = Blueprint("offers", __name__)
Face = dict[str, Any]


def _own(context: Context, id: uuid.UUID) -> Face:
    return offer_face(context, own_offer(context, id))


def _held(context: Context, id: uuid.UUID) -> Face:
    return offer_face(context, hold_own_offer(context, id))


def _point(body: Face) -> Face:
    return body | {"place": (body["place"]["lat"], body["place"]["lon"])} if "place" in body else body


@endpoint(
    offers,
    Operation(
        "POST",
        "/v1/offers",
        name="createOffer",
        tag="Helping",
        who=Who.SIGNED_IN,
        takes=OfferTaken,
        gives=OfferSchema,
        status=201,
        refuses=(AdultRequired, Conflict),
        tagged=True,
    ),
)
def post_offer(context: Context, body: Face) -> Face:
    """Offer help, and so become a volunteer. Volunteers are adults.

    `asks_per_week` says how often you want to be asked, whatever you offer: it is kept with your preferences
    (`getPreferences`), where it can be changed. Left out, it stays as it is there; 4 if nothing was said.
    """
    adult = body.pop("adult", False)
    return offer_face(context, make_offer(context, Offering(adult=adult, **_point(body))))


@endpoint(
    offers,
    Operation(
        "GET",
        "/v1/offers",
        name="listOffers",
        tag="Helping",
        who=Who.SIGNED_IN,
        query=PageQuery,
        gives=OfferPage,
    ),
)
def get_offers(context: Context, query: Face) -> Page[Face]:
    """My offers, newest first."""
    return list_offers(context, PageAsked(**query))


@endpoint(
    offers,
    Operation(
        "GET",
        "/v1/offers/<uuid:id>",
        name="getOffer",
        tag="Helping",
        who=Who.SIGNED_IN,
        gives=OfferSchema,
        refuses=(NotFound,),
        tagged=True,
    ),
)
def get_offer(context: Context, id: uuid.UUID) -> Face:
    """One of my offers."""
    return _own(context, id)


@endpoint(
    offers,
    Operation(
        "PATCH",
        "/v1/offers/<uuid:id>",
        name="updateOffer",
        tag="Helping",
        who=Who.SIGNED_IN,
        takes=OfferChange,
        gives=OfferSchema,
        refuses=(NotFound,),
        tagged=True,
        current=_held,
    ),
)
def patch_offer(context: Context, body: Face, id: uuid.UUID) -> Face:
    """Change an offer; `paused_until` pauses it."""
    return offer_face(context, change_offer(context, id, _point(body)))


@endpoint(
    offers,
    Operation(
        "DELETE",
        "/v1/offers/<uuid:id>",
        name="deleteOffer",
        tag="Helping",
        who=Who.SIGNED_IN,
        status=204,
        refuses=(NotFound,),
    ),
)
def delete_offer(context: Context, id: uuid.UUID) -> None:
    """Take an offer back. Tasks that I have said yes to stay mine."""
    take_back_offer(context, id)


@endpoint(
    offers,
    Operation(
        "GET",
        "/v1/invitations",
        name="listInvitations",
        tag="Helping",
        who=Who.SIGNED_IN,
        query=InvitationQuery,
        gives=InvitationPage,
    ),
)
def get_invitations(context: Context, query: Face) -> Page[Face]:
    """What I was asked, newest first, and why."""
    asked = PageAsked(query.pop("limit"), query.pop("after"))
    return list_invitations(context, query.get("state"), asked)
