"""What volunteers offer: made, changed, paused and taken back."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from models import Offer, Person, Quarter
from nachbarschaft.context import Context
from nachbarschaft.errors import AdultRequired, Conflict, NotFound
from nachbarschaft.geography.cells import cell_of
from nachbarschaft.services.events import record
from nachbarschaft.services.indexing import index_offers
from nachbarschaft.services.locking import hold_person
from nachbarschaft.services.preferences import limit_asks
from nachbarschaft.words import mark as _

OFFERS_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Offering:
    """What somebody offers. `place` is (lat, lon); without one it is their home, else the quarter's centre.

    `asks_per_week` sets their preference of that name; None leaves it as it is.
    """

    categories: Sequence[str]
    languages: Sequence[str]
    availability: Sequence[Mapping[str, Any]]
    reach: str
    tasks_per_week: int
    adult: bool
    has_car: bool = False
    place: tuple[float, float] | None = None
    asks_per_week: int | None = None


def make_offer(context: Context, offering: Offering) -> Offer:
    """Makes the actor a volunteer. Raises AdultRequired unless they say that they are an adult."""
    if not offering.adult:
        raise AdultRequired({"adult": [AdultRequired.detail]})
    person = hold_person(context, context.me.person_id)
    _require_room(context, person)
    offer = Offer(
        person_id=person.id,
        quarter_id=person.quarter_id,
        categories=list(offering.categories),
        languages=list(offering.languages),
        availability=[dict(slot) for slot in offering.availability],
        reach=offering.reach,
        tasks_per_week=offering.tasks_per_week,
        has_car=offering.has_car,
        created_at=context.now,
        version=1,
    )
    _put_at(context, offer, person, offering.place)
    context.session.add(offer)
    context.session.flush()
    index_offers(context, person)
    if offering.asks_per_week is not None:
        limit_asks(context, offering.asks_per_week)
    record(context, "offer_made", quarter_id=offer.quarter_id, person_id=person.id)
    return offer


def _require_room(context: Context, person: Person) -> None:
    held = context.session.scalar(select(func.count()).where(Offer.person_id == person.id)) or 0
    if held >= OFFERS_LIMIT:
        raise Conflict(_("You have {limit} offers. Please change one of them."), limit=OFFERS_LIMIT)


def change_offer(context: Context, offer_id: uuid.UUID, changes: Mapping[str, Any]) -> Offer:
    """Changes an offer of the actor's own; `paused_until` pauses it. Raises NotFound."""
    offer = hold_own_offer(context, offer_id)
    for field, value in changes.items():
        if field == "place":
            _put_at(context, offer, context.session.get_one(Person, offer.person_id), value)
        else:
            setattr(offer, field, value)
    offer.version += 1
    index_offers(context, context.session.get_one(Person, offer.person_id))
    return offer


def take_back_offer(context: Context, offer_id: uuid.UUID) -> None:
    """Deletes an offer of the actor's own; tasks they have said yes to stay theirs. Raises NotFound."""
    offer = hold_own_offer(context, offer_id)
    context.session.delete(offer)
    record(context, "offer_taken_back", quarter_id=offer.quarter_id, person_id=offer.person_id)


def own_offer(context: Context, offer_id: uuid.UUID) -> Offer:
    """An offer of the actor's own. Raises NotFound: nobody else may know of it."""
    offer = context.session.get(Offer, offer_id)
    if offer is None or offer.person_id != context.me.person_id:
        raise NotFound
    return offer


def hold_own_offer(context: Context, offer_id: uuid.UUID) -> Offer:
    """The same, fresh and locked until the transaction ends: of two changes at once the second sees the first."""
    hold_person(context, context.me.person_id)
    query = select(Offer).where(Offer.id == offer_id, Offer.person_id == context.me.person_id)
    offer = context.session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if offer is None:
        raise NotFound
    return offer


def move_offers(context: Context, person: Person, offers: Sequence[Offer]) -> None:
    """After a move the offers go along to the new quarter, and to the new home unless they have their own place."""
    for offer in offers:
        offer.quarter_id = person.quarter_id
        own = None if offer.place_lat is None or offer.place_lon is None else (offer.place_lat, offer.place_lon)
        _put_at(context, offer, person, own)
    index_offers(context, person)


def _put_at(context: Context, offer: Offer, person: Person, place: tuple[float, float] | None) -> None:
    offer.place_lat, offer.place_lon = place or (None, None)
    if place is None and person.home_lat is not None and person.home_lon is not None:
        place = (person.home_lat, person.home_lon)
    if place is None:
        quarter = context.session.get_one(Quarter, offer.quarter_id)
        place = (quarter.center_lat, quarter.center_lon)
    offer.cell = cell_of(*place)
