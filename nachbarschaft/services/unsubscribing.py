"""No more mails: the address that every mail carries, and what one tap on it does (RFC 8058)."""

import base64
import binascii
import hashlib
import hmac
import uuid

from models import Person, Preferences
from nachbarschaft.context import Context
from nachbarschaft.services.events import record
from nachbarschaft.services.locking import hold_person
from nachbarschaft.services.preferences import DEFAULTS

PATH = "/v1/mail/unsubscribe/"
TOKEN = "[A-Za-z0-9_-]{43}"  # noqa: S105 - the shape of one
_PURPOSE = b"no more mails"
_ID_BYTES = 16


def unsubscribe_url(public_url: str, person: Person) -> str:
    """Where a mail program stops the mails of `person` with one POST; nobody else can know it."""
    return f"{public_url}{PATH}{token_of(person)}"


def token_of(person: Person) -> str:
    """Who it is, and what only this house can have added: 128 bits."""
    signed = person.id.bytes + _signature(person)
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def stop_mails(context: Context, token: str) -> None:
    """No mail goes to whoever `token` belongs to any more, but those about their account.

    A token of nobody does nothing, and nobody can tell. Whoever wants mails again chooses so in their preferences.
    """
    person = _owner(context, token)
    if person is None:
        return
    hold_person(context, person.id)
    found = context.session.get(Preferences, person.id)
    if found is None:
        context.session.add(Preferences(person_id=person.id, **DEFAULTS, mail_stopped_at=context.now))
    elif found.mail_stopped_at is None:
        found.mail_stopped_at = context.now
    else:
        return
    record(context, "mail_stopped", person_id=person.id)


def _owner(context: Context, token: str) -> Person | None:
    try:
        signed = base64.urlsafe_b64decode(token + "=")
    except (binascii.Error, ValueError):
        return None
    person = context.session.get(Person, uuid.UUID(bytes=signed[:_ID_BYTES]))
    if person is None or not hmac.compare_digest(signed[_ID_BYTES:], _signature(person)):
        return None
    return person


def _signature(person: Person) -> bytes:
    return hmac.new(person.push_secret, _PURPOSE, hashlib.sha256).digest()[:16]
