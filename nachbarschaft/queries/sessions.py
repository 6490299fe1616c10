"""The devices on which somebody is signed in."""

from typing import Any

from sqlalchemy import select

from models import SignInSession
from nachbarschaft.context import Context
from nachbarschaft.queries.pages import Page, PageAsked, page_of


def list_sessions(context: Context, asked: PageAsked) -> Page[dict[str, Any]]:
    """The actor's sessions that still run, newest first."""
    query = select(SignInSession).where(
        SignInSession.person_id == context.me.person_id,
        SignInSession.ended_at.is_(None),
        SignInSession.absolute_end > context.now,
    )
    page = page_of(context.session, query, asked, SignInSession.created_at, SignInSession.id)
    faces = [
        {
            "id": session.id,
            "created_at": session.created_at,
            "last_seen_at": session.last_seen_at,
            "current": session.id == context.me.session_id,
        }
        for session in page.items
    ]
    return Page(faces, page.next)
