"""Rows that a use case holds while it decides.

Order: the request first, then people, then offers; so nobody waits in a circle.
"""

import uuid
from collections.abc import Iterable

from sqlalchemy import select

from models import HelpRequest, Offer, Person
from nachbarschaft.context import Context
from nachbarschaft.errors import NotFound


def hold_request(context: Context, request_id: uuid.UUID) -> HelpRequest:
    """The request, fresh and locked until the transaction ends (on SQLite the whole database is). Raises NotFound."""
    query = select(HelpRequest).where(HelpRequest.id == request_id)
    query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    request = context.session.scalar(query)
    if request is None:
        raise NotFound
    return request


def hold_person(context: Context, person_id: uuid.UUID) -> Person:
    """The person, fresh and locked until the transaction ends. Raises NotFound."""
    query = select(Person).where(Person.id == person_id)
    query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    person = context.session.scalar(query)
    if person is None:
        raise NotFound
    return person


def hold_offers(context: Context, people: Iterable[uuid.UUID]) -> None:
    """Locks all offers of `people` until the transaction ends; whoever asks them meanwhile waits."""
    query = select(Offer.id).where(Offer.person_id.in_(list(people))).order_by(Offer.person_id, Offer.id)
    context.session.execute(query.with_for_update(key_share=True))
