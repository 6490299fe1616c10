"""Who looked at one's address."""

import uuid
from typing import Any

from sqlalchemy import select

from models import ContactView, HelpRequest, Person
from nachbarschaft.context import Context
from nachbarschaft.errors import NotFound
from nachbarschaft.permissions import require
from nachbarschaft.queries.bonds import bond_to
from nachbarschaft.queries.pages import Page, PageAsked, page_of


def list_views(context: Context, request_id: uuid.UUID, asked: PageAsked) -> Page[dict[str, Any]]:
    """The looks at a request's contact, newest first; for its requester. Raises NotFound, Forbidden."""
    request = context.session.get(HelpRequest, request_id)
    if request is None:
        raise NotFound
    require("request.see_views", context.me, bond_to(context, request))
    query = select(ContactView).where(ContactView.request_id == request_id)
    page = page_of(context.session, query, asked, ContactView.at, ContactView.id)
    people = select(Person.id, Person.name).where(Person.id.in_([view.viewer_id for view in page.items]))
    names = {row.id: row.name for row in context.session.execute(people)}
    faces = [
        {"by": names[view.viewer_id], "role": view.role, "at": view.at, "reason": view.reason} for view in page.items
    ]
    return Page(faces, page.next)
