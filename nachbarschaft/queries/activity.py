"""What happened in a quarter, newest first, in plain sentences without any resident's text."""

from typing import Any

from sqlalchemy import select

from models import Event, Quarter
from nachbarschaft.context import Context
from nachbarschaft.queries.pages import Page, PageAsked, page_of
from nachbarschaft.words import mark as _
from nachbarschaft.words import say

SENTENCES = {
    "request_opened": _("Somebody asked for help."),
    "wave_asked": _("Volunteers were asked."),
    "escalated": _("The coordinators were told that help is still missing."),
    "accepted": _("A volunteer said yes."),
    "confirmation_awaited": _("A new volunteer waits for a coordinator's word."),
    "task_confirmed": _("A coordinator has confirmed a new volunteer."),
    "declined": _("A volunteer said no."),
    "stands_by": _("A volunteer stands by."),
    "withdrawn": _("A volunteer gave the task back."),
    "released": _("A helper was released."),
    "no_show": _("A helper did not come."),
    "task_done": _("A helper is finished."),
    "task_undone": _("A helper took “done” back."),
    "request_done": _("A request was done."),
    "asked_if_done": _("Both sides were asked how a request has ended."),
    "request_cancelled": _("A request was called off."),
    "request_undone": _("A request was taken up again."),
    "request_edited": _("A request was changed."),
    "request_warned": _("Somebody was told that their request will end soon."),
    "request_expired": _("A request expired."),
    "request_filled": _("A request goes ahead with fewer helpers."),
    "need_confirmed": _("Somebody still needs help."),
    "contact_viewed": _("Somebody looked at a contact."),
    "verified": _("A volunteer was verified."),
    "settings_changed": _("The settings of the quarter were changed."),
    "offer_made": _("Somebody offered help."),
    "offer_taken_back": _("Somebody took their offer back."),
    "signed_up": _("Somebody signed up."),
}
"""Event kind → sentence; kinds that are not here are no news for a quarter."""
ASSUMED = _("A request counts as done: nobody said how it ended.")


def list_activity(context: Context, quarter: Quarter, asked: PageAsked) -> Page[dict[str, Any]]:
    """The events of `quarter`; the actor is known to coordinate it."""
    query = select(Event).where(Event.quarter_id == quarter.id, Event.kind.in_(SENTENCES))
    page = page_of(context.session, query, asked, Event.at, Event.id)
    return Page([_face(event, context.language) for event in page.items], page.next)


def _face(event: Event, language: str) -> dict[str, Any]:
    return {
        "id": event.id,
        "at": event.at,
        "kind": event.kind,
        "request": event.request_id,
        "actor": event.actor_id,
        "text": say(language, ASSUMED if event.data.get("assumed") else SENTENCES[event.kind]),
    }
