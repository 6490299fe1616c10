"""Keeps the rows by which requests find offers; in the transaction that changes what they repeat."""

import uuid
from collections.abc import Collection

from sqlalchemy import delete, exists, func, or_, select, update

from models import Invitation, Offer, OfferCategory, Person
from models.keys import is_one_of
from models.lifecycle import InvitationState
from models.offer import NO, YES, found_by
from nachbarschaft.context import Context
from nachbarschaft.queries.loads import MEMORY


def index_offers(context: Context, person: Person) -> None:
    """Writes anew how the offers of somebody are found: after a change of an offer, of their language, of what they
    are verified as, or after a yes. Whoever changes it holds the person."""
    session = context.session
    session.flush()
    helpful = _who_said_yes(context, [person.id])
    for offer in session.scalars(select(Offer).where(Offer.person_id == person.id)).all():
        kept = OfferCategory.offer_id == offer.id, OfferCategory.category.not_in(offer.categories)
        session.execute(delete(OfferCategory).where(*kept))
        for row in found_by(offer, person, said_yes=person.id in helpful):
            session.merge(OfferCategory(**row))
    session.flush()


def index_yes(context: Context, person_id: uuid.UUID) -> None:
    """Notes that somebody has just said yes: from now on they may be worth more to every request than a stranger."""
    not_yet = OfferCategory.person_id == person_id, OfferCategory.spot.endswith(NO)
    said = update(OfferCategory).where(*not_yet).values(spot=func.replace(OfferCategory.spot, NO, YES))
    context.session.execute(said.execution_options(synchronize_session=False))


def index_unknown(context: Context, after: uuid.UUID | None, limit: int) -> uuid.UUID | None:
    """Fills in the rows that the release before has written, of so many offers at most, in the order of their keys.

    Whoever changes these people meanwhile waits. Returns the key to go on `after`, None where that was all.
    """
    unknown = exists().where(OfferCategory.offer_id == Offer.id, OfferCategory.spot.is_(None))
    query = select(Offer, Person).join(Person, Person.id == Offer.person_id).where(unknown).order_by(Offer.id)
    query = query if after is None else query.where(Offer.id > after)
    pairs = context.session.execute(query.limit(limit).with_for_update(of=Person, key_share=True)).all()
    helpful = _who_said_yes(context, [person.id for _, person in pairs])
    rows = [row for offer, person in pairs for row in found_by(offer, person, said_yes=person.id in helpful)]
    if rows:
        context.session.execute(update(OfferCategory), rows)
    return pairs[-1][0].id if pairs else None


def _who_said_yes(context: Context, people: Collection[uuid.UUID]) -> set[uuid.UUID]:
    said = or_(Invitation.state == InvitationState.ACCEPTED, Invitation.said_yes_at.is_not(None))
    lately = Invitation.asked_at > context.now - MEMORY
    return set(
        context.session.scalars(
            select(Invitation.person_id).where(is_one_of(Invitation.person_id, people), lately, said)
        )
    )
