"""One-time codes: issued by the operator or sent by mail, redeemed once for a password."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import IntegrityError

from models import OneTimeCode, Person, SignInSession
from nachbarschaft.codewords import new_one_time_code, normalise_code
from nachbarschaft.context import Context
from nachbarschaft.errors import Invalid, LoginTaken, WrongCode
from nachbarschaft.services.accounts import normalise_email
from nachbarschaft.services.ending_codes import end_all_codes, end_codes
from nachbarschaft.services.events import record
from nachbarschaft.services.locking import hold_person
from nachbarschaft.services.sessions import end_sessions
from nachbarschaft.words import mark as _

LIFE = timedelta(days=14)
"""Long enough for a letter; single use and 60 bits of chance make up for it."""


@dataclass(frozen=True, slots=True)
class NewLogin:
    """What somebody sets with a code: the password's hash, and a login if they have none yet."""

    password_hash: str
    email: str | None = None
    phone: str | None = None


def issue_code(context: Context, person_id: uuid.UUID, reason: str) -> str:
    """A new code for `person_id`; unused ones that were issued for the same reason stop working."""
    end_codes(context, person_id, reason)
    code = new_one_time_code()
    context.session.add(
        OneTimeCode(
            person_id=person_id,
            code_hash=hash_code(code),
            created_at=context.now,
            expires_at=context.now + LIFE,
            reason=reason,
        )
    )
    record(context, "code_issued", person_id=person_id, reason=reason)
    return code


def redeem_code(context: Context, code: str, login: NewLogin) -> Person:
    """Sets the password with a code, once, also when it is used twice at the same moment; ends all other sessions.

    A code that went to a new e-mail address makes that address the login. All other codes of the person end too.
    Raises WrongCode, Invalid where a person without a login names none, LoginTaken.
    """
    used, person = _use_up(context, code)
    if person.suspended_at is not None:
        raise WrongCode
    if used.new_email is not None and login.email is None and login.phone is None:
        _set_email(context, person, used.new_email)
    else:
        _set_login(context, person, login)
    person.password_hash = login.password_hash
    end_all_codes(context, person)
    end_sessions(context, SignInSession.person_id == person.id, reason="password_set")
    record(context, "code_redeemed", person_id=person.id, reason=used.reason)
    return person


def _use_up(context: Context, code: str) -> tuple[OneTimeCode, Person]:
    """The person is held first: whoever opens another way into the account at this moment has done so, or waits."""
    found = context.session.scalar(select(OneTimeCode).where(OneTimeCode.code_hash == hash_code(code)))
    if found is None:
        raise WrongCode
    person = hold_person(context, found.person_id)
    used = context.session.execute(
        update(OneTimeCode)
        .where(OneTimeCode.id == found.id, OneTimeCode.used_at.is_(None), OneTimeCode.expires_at > context.now)
        .values(used_at=context.now, sealed_code=None)
        .execution_options(synchronize_session=False)
    )
    if cast(CursorResult[Any], used).rowcount != 1:
        raise WrongCode
    return found, person


def _set_login(context: Context, person: Person, login: NewLogin) -> None:
    if person.email is not None or person.phone is not None:
        if login.email or login.phone:
            raise Invalid({"email": [_("There is a login already. Please leave e-mail address and phone number out.")]})
        return
    if not (login.email or login.phone):
        raise Invalid({"email": [_("Please enter an e-mail address or a phone number to sign in with.")]})
    try:
        with context.session.begin_nested():
            person.email = normalise_email(login.email) if login.email else None
            person.phone = login.phone
    except IntegrityError:
        raise LoginTaken from None


def _set_email(context: Context, person: Person, email: str) -> None:
    try:
        with context.session.begin_nested():
            person.email, person.email_refused_at = email, None
    except IntegrityError:
        raise LoginTaken from None


def hash_code(code: str) -> str:
    """What is kept of a code, however it was typed."""
    return hashlib.sha256(normalise_code(code).encode()).hexdigest()
