"""The people of a quarter, as its coordinators see them: who they are, never where they live."""

from typing import Any

from sqlalchemy import select

from models import Offer, Person, Quarter
from models.account import NOBODY
from nachbarschaft.context import Context
from nachbarschaft.queries.pages import Page, PageAsked, page_of


def list_members(context: Context, quarter: Quarter, asked: PageAsked) -> Page[dict[str, Any]]:
    """The members of `quarter`, newest first; the actor is known to coordinate it."""
    query = select(Person).where(Person.quarter_id == quarter.id, Person.id != NOBODY)
    page = page_of(context.session, query, asked, Person.created_at, Person.id)
    ids = [person.id for person in page.items]
    with_offer = set(context.session.scalars(select(Offer.person_id).where(Offer.person_id.in_(ids))))
    return Page([_face(person, is_volunteer=person.id in with_offer) for person in page.items], page.next)


def _face(person: Person, *, is_volunteer: bool) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "language": person.language,
        "roles": ["resident", "volunteer"] if is_volunteer else ["resident"],
        "verification": person.verification,
        "verified_on": person.verified_on,
        "verified_until": person.verified_until,
        "active_tasks": person.active_tasks,
        "suspended": person.suspended_at is not None,
        "created_at": person.created_at,
    }
