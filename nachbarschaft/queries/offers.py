"""Offers as their owners see them."""

from typing import Any

from sqlalchemy import select

from models import Offer, Quarter
from nachbarschaft.context import Context
from nachbarschaft.queries.pages import Page, PageAsked, page_of


def list_offers(context: Context, asked: PageAsked) -> Page[dict[str, Any]]:
    """The actor's own offers, newest first."""
    query = select(Offer).where(Offer.person_id == context.me.person_id)
    page = page_of(context.session, query, asked, Offer.created_at, Offer.id)
    return Page([offer_face(context, offer) for offer in page.items], page.next)


def offer_face(context: Context, offer: Offer) -> dict[str, Any]:
    """One offer as its owner sees it; a pause that is over is none."""
    context.session.flush()
    quarter = context.session.get_one(Quarter, offer.quarter_id)
    place = None if offer.place_lat is None else {"lat": offer.place_lat, "lon": offer.place_lon}
    paused = offer.paused_until if offer.paused_until and offer.paused_until > context.now else None
    return {
        "id": offer.id,
        "quarter": quarter.slug,
        "categories": offer.categories,
        "languages": offer.languages,
        "availability": offer.availability,
        "reach": offer.reach,
        "tasks_per_week": offer.tasks_per_week,
        "has_car": offer.has_car,
        "adult": True,
        "place": place,
        "paused_until": paused,
        "created_at": offer.created_at,
        "version": offer.version,
    }
