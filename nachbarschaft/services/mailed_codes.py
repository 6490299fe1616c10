"""Codes that go out by mail: for a forgotten password, and for a new e-mail address."""

import uuid
from datetime import timedelta

from sqlalchemy import func, select

from models import Notification, OneTimeCode, Person
from nachbarschaft.codewords import new_one_time_code
from nachbarschaft.context import Context
from nachbarschaft.errors import RateLimited
from nachbarschaft.services.accounts import find_by_login, normalise_email, require_fresh_sign_in
from nachbarschaft.services.codes import hash_code
from nachbarschaft.services.ending_codes import end_codes
from nachbarschaft.services.events import record
from nachbarschaft.services.locking import hold_person
from nachbarschaft.services.outbox import owe
from nachbarschaft.services.owing_mail import ADDRESS_ASKED, ADDRESS_CODE, CODES, PASSWORD_CODE, owe_code_mail

LIFE = timedelta(hours=1)
"""Long enough for a mail that a greylist holds up; a mailbox is read by more people than a letter."""
PER_HOUR = 3
"""Codes that one account can be sent within an hour: nobody fills a stranger's mailbox from here."""


def ask_code(context: Context, login: str) -> None:
    """Owes a mail with a code for a new password to whoever has that login, if they have an e-mail address.

    Otherwise, or where too many were sent within the hour, nothing happens, and the caller cannot tell.
    """
    person = find_by_login(context, login)
    if person is None or person.email is None:
        return
    hold_person(context, person.id)
    if not _had_enough(context, person.id):
        _mail_code(context, person, PASSWORD_CODE)


def ask_new_email(context: Context, email: str) -> None:
    """Owes a mail with a code to a new e-mail address of the actor, which replaces the present one once it is redeemed.

    The present address gets a notice of it. Asking for the present address takes an earlier wish back. Nothing is
    said of an address that somebody else signs in with; no mail goes there. Raises SignInAgain more than 15 minutes
    after the sign-in, RateLimited where too many codes were sent within the hour.
    """
    person, wanted = hold_person(context, context.me.person_id), normalise_email(email)
    require_fresh_sign_in(context)
    end_codes(context, person.id, ADDRESS_CODE)
    if wanted == person.email:
        person.pending_email = None
        return
    if _had_enough(context, person.id):
        raise RateLimited(int(LIFE.total_seconds()))
    person.pending_email = wanted
    _mail_code(context, person, ADDRESS_CODE, new_email=wanted)
    owe(context, person.id, ADDRESS_ASKED)


def _had_enough(context: Context, person_id: uuid.UUID) -> bool:
    sent = select(func.count()).where(
        OneTimeCode.person_id == person_id,
        OneTimeCode.reason.in_(CODES),
        OneTimeCode.created_at > context.now - timedelta(hours=1),
    )
    return context.throttles and (context.session.scalar(sent) or 0) >= PER_HOUR


def _mail_code(context: Context, person: Person, topic: str, *, new_email: str | None = None) -> None:
    """The code, sealed until it is sent; the inbox entry; and the mail, which finds the code by the entry's id."""
    end_codes(context, person.id, topic)
    code, key, ends_at = new_one_time_code(), uuid.uuid4(), context.now + LIFE
    context.session.add_all(
        [
            OneTimeCode(
                id=key,
                person_id=person.id,
                code_hash=hash_code(code),
                created_at=context.now,
                expires_at=ends_at,
                reason=topic,
                sealed_code=context.keys.seal(code.encode()),
                new_email=new_email,
            ),
            notice := Notification(
                id=key,
                person_id=person.id,
                kind="account",
                topic=topic,
                created_at=context.now,
                expires_at=ends_at,
            ),
        ]
    )
    context.session.flush()
    owe_code_mail(context, notice)
    record(context, "code_issued", person_id=person.id, reason=topic)
