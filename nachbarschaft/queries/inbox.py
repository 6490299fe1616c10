"""The inbox: every push has its entry here, and this is where it says more."""

from typing import Any

from sqlalchemy import select

from models import Notification
from nachbarschaft.context import Context
from nachbarschaft.queries.pages import Page, PageAsked, page_of
from nachbarschaft.words import say
from nachbarschaft.words.texts import INBOX_TEXTS


def list_inbox(context: Context, asked: PageAsked) -> Page[dict[str, Any]]:
    """The actor's inbox, newest first, without what later entries have replaced."""
    query = select(Notification).where(
        Notification.person_id == context.me.person_id, Notification.replaced_at.is_(None)
    )
    page = page_of(context.session, query, asked, Notification.created_at, Notification.id)
    return Page([inbox_face(entry, context.language) for entry in page.items], page.next)


def inbox_face(entry: Notification, language: str) -> dict[str, Any]:
    text = INBOX_TEXTS[entry.topic]
    return {
        "id": entry.id,
        "kind": entry.kind,
        "title": say(language, text.title),
        "body": say(language, text.body),
        "link": link_to(entry),
        "request": entry.request_id,
        "created_at": entry.created_at,
        "read_at": entry.read_at,
    }


def link_to(entry: Notification) -> str:
    """Where the app goes when the push or the entry is tapped (contract, section 8)."""
    return f"nachbarschaft://{entry.kind}/{entry.id}"
