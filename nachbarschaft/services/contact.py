"""The address and phone of whoever asked: only for whoever helps, and never without a line in the log."""

import uuid
from dataclasses import dataclass

from models import Assignment, ContactView, HelpRequest, Person
from nachbarschaft.context import Context
from nachbarschaft.errors import (
    AskCoordinator,
    AwaitingConfirmation,
    Forbidden,
    Invalid,
    NotAssigned,
    SecondFactorRequired,
)
from nachbarschaft.queries.confirmations import lacks_confirmation
from nachbarschaft.services.events import record
from nachbarschaft.services.finding import take_request
from nachbarschaft.services.tasks import latest_task
from nachbarschaft.words import mark as _


@dataclass(frozen=True, slots=True)
class Contact:
    """What a helper needs at the door."""

    name: str
    address: str | None
    phone: str | None
    private_note: str | None
    code_word: str


def look_at_contact(context: Context, request_id: uuid.UUID, reason: str | None) -> Contact:
    """Hands out the contact and logs the look in the same transaction.

    For the assigned volunteer, until 24 hours after the task is done; for a coordinator with a reason.
    Raises NotAssigned, AwaitingConfirmation (a new volunteer without the coordinator's word), AskCoordinator
    (protected address), Invalid (a coordinator without a reason), SecondFactorRequired.
    """
    request = take_request(context, request_id, "request.read").request
    requester = context.session.get_one(Person, request.requester_id)
    role = _role(context, request, requester, reason)
    context.session.add(
        ContactView(
            request_id=request.id,
            viewer_id=context.me.person_id,
            role=role,
            reason=reason if role == "coordinator" else None,
            at=context.now,
        )
    )
    record(context, "contact_viewed", request=request, role=role)
    return Contact(
        name=requester.name,
        address=request.place_address,
        phone=request.phone or requester.phone or requester.contact_phone,
        private_note=request.private_note,
        code_word=request.code_word,
    )


def _role(context: Context, request: HelpRequest, requester: Person, reason: str | None) -> str:
    task = latest_task(context, request, context.me.person_id)
    bar = _bar(context, task, requester)
    if bar is None:
        return "volunteer"
    if request.quarter_id not in context.me.appointed:
        raise bar
    if not context.me.second_factored:
        raise SecondFactorRequired
    if not reason:
        raise Invalid({"reason": [_("Please say why you look. The resident can read it.")]})
    return "coordinator"


def _bar(context: Context, task: Assignment | None, requester: Person) -> type[Forbidden] | None:
    """What keeps a helper from the contact. Whoever is not confirmed does not even learn of a protected address."""
    if task is None or not task.opens_contact(context.now):
        return NotAssigned
    if lacks_confirmation(context.session, task):
        return AwaitingConfirmation
    return AskCoordinator if requester.protected_address else None
