"""What stays of a request and its helpers once nobody may be named in it: that there was help, of a kind, for so long.

Whoever was named there is replaced by the same nobody, who stands for everybody who is gone: so nothing that is left
can be put together again.
"""

import uuid
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import IntegrityError

from models import Assignment, Confirmation, ContactView, HelpRequest, Intake, Invitation, Person
from models.account import NOBODY
from models.keys import is_one_of
from nachbarschaft.context import Context

_NAME = "Gelöschtes Konto"
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("public_note", "private_note", "place_lat", "place_lon", "place_address", "phone")),
    "code_word": "",
}


def forget_words(context: Context, requests: Collection[uuid.UUID]) -> None:
    """Clears notes, place, telephone and code word of requests, and why their helpers were released."""
    _change(context, HelpRequest, is_one_of(HelpRequest.id, requests), **_WORDS)
    _change(context, Assignment, is_one_of(Assignment.request_id, requests), end_reason=None)


def forget_requester(context: Context, requests: Collection[uuid.UUID], nobody: uuid.UUID) -> None:
    """Leaves of requests what says nothing about who asked, nor about who looked at their address."""
    forget_words(context, requests)
    whose = is_one_of(HelpRequest.id, requests)
    _change(context, HelpRequest, whose, requester_id=nobody, cell=None, languages=[], closed_by=None)
    _delete(context, ContactView, is_one_of(ContactView.request_id, requests))


def forget_helpers(context: Context, requests: Collection[uuid.UUID], nobody: uuid.UUID) -> None:
    """Leaves of the helpers of ended requests that they helped, and of whoever was asked nothing."""
    of_them = is_one_of(Assignment.request_id, requests)
    tasks = context.session.scalars(select(Assignment.id).where(of_them)).all()
    _change(context, Assignment, of_them, person_id=nobody, ended_by=None)
    _change(context, Confirmation, is_one_of(Confirmation.assignment_id, tasks), confirmed_by=None)
    _change(context, Intake, is_one_of(Intake.request_id, requests), entered_by=None)
    _delete(context, Invitation, is_one_of(Invitation.request_id, requests))


def forget_traces(context: Context, person_id: uuid.UUID, nobody: uuid.UUID) -> None:
    """Takes one person out of what belongs to others: their tasks, looks and answers; nobody is asked about them."""
    _change(context, Assignment, Assignment.person_id == person_id, person_id=nobody, end_reason=None)
    _change(context, Assignment, Assignment.ended_by == person_id, ended_by=None)
    _change(context, HelpRequest, HelpRequest.closed_by == person_id, closed_by=None)
    _change(context, ContactView, ContactView.viewer_id == person_id, viewer_id=nobody)
    _delete(context, Invitation, Invitation.person_id == person_id)


def nobody_in(context: Context, quarter_id: uuid.UUID) -> uuid.UUID:
    """The nobody, who is made when first needed; they live somewhere, because everybody does."""
    if context.session.get(Person, NOBODY) is None:
        made = {"id": NOBODY, "name": _NAME, "language": "de", "quarter_id": quarter_id, "created_at": context.now}
        with suppress(IntegrityError), context.session.begin_nested():
            context.session.add(Person(**made, suspended_at=context.now))
    return NOBODY


def _change(context: Context, table: type[Any], where: ColumnElement[bool], **values: Any) -> None:
    context.session.execute(update(table).where(where).values(values).execution_options(synchronize_session="fetch"))


def _delete(context: Context, table: type[Any], where: ColumnElement[bool]) -> None:
    context.session.execute(delete(table).where(where).execution_options(synchronize_session="fetch"))
