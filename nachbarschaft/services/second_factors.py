"""The second factor of whoever coordinates (TOTP, RFC 6238): set up, confirmed, shown at sign-in, taken off."""

import uuid
from dataclasses import dataclass

import pyotp
from sqlalchemy import delete, select, update

from models import Person, RecoveryCode, SecondFactor, SignInSession
from nachbarschaft.codewords import new_one_time_code
from nachbarschaft.context import Context
from nachbarschaft.errors import Conflict, NotFound, SecondFactorRequired, WrongOtp
from nachbarschaft.services.accounts import normalise_email, require_fresh_sign_in
from nachbarschaft.services.events import record
from nachbarschaft.services.locking import hold_person
from nachbarschaft.services.otp import hash_of, hold_factor, is_right_otp, uses_recovery_code
from nachbarschaft.words import mark as _

ISSUER = "Nachbarschaft"
RECOVERY_CODES = 10


@dataclass(frozen=True, slots=True)
class NewSecondFactor:
    """What is shown once: the secret, the same as a URI for a QR code, and codes for a lost phone."""

    secret: str
    uri: str
    recovery_codes: list[str]


def set_up(context: Context) -> NewSecondFactor:
    """A new secret for the actor, which counts once it is confirmed; an unconfirmed one is replaced.

    Raises SignInAgain, Conflict where there is a confirmed one.
    """
    person = hold_person(context, context.me.person_id)
    require_fresh_sign_in(context)
    if is_asked_for(context, person):
        raise Conflict(_("You have a second factor already. Please take it off first."))
    _forget(context, person.id)
    secret = pyotp.random_base32()
    sealed = context.keys.seal(secret.encode())
    context.session.add(SecondFactor(person_id=person.id, secret=sealed, created_at=context.now, failures=0))
    codes = [new_one_time_code() for _number in range(RECOVERY_CODES)]
    context.session.add_all(RecoveryCode(person_id=person.id, code_hash=hash_of(code)) for code in codes)
    record(context, "second_factor_set_up", person_id=person.id)
    uri = pyotp.TOTP(secret).provisioning_uri(name=person.email or person.name, issuer_name=ISSUER)
    return NewSecondFactor(secret, uri, codes)


def confirm(context: Context, otp: str) -> None:
    """The actor shows that their phone has the secret; from then on this session counts as second-factored.

    Raises Conflict where nothing is set up, WrongOtp, RateLimited.
    """
    factor = hold_factor(context, context.me.person_id)
    if factor is None:
        raise Conflict(_("Please set a second factor up first."))
    if not is_right_otp(context, factor, otp):
        raise WrongOtp
    if factor.confirmed_at is None:
        factor.confirmed_at = context.now
        record(context, "second_factor_confirmed", person_id=factor.person_id)
    context.session.execute(
        update(SignInSession).where(SignInSession.id == context.me.session_id).values(second_factor_at=context.now)
    )


def take_off(context: Context) -> None:
    """Takes the actor's second factor off. Raises SignInAgain, SecondFactorRequired for a session without it."""
    person = hold_person(context, context.me.person_id)
    require_fresh_sign_in(context)
    if is_asked_for(context, person) and not context.me.second_factored:
        raise SecondFactorRequired
    _remove(context, person.id)


def take_off_for(context: Context, email: str) -> None:
    """The operator takes somebody's second factor off, who has lost phone and codes. Raises NotFound."""
    person = context.session.scalar(select(Person).where(Person.email == normalise_email(email)))
    if person is None:
        raise NotFound
    _remove(context, person.id)


def is_asked_for(context: Context, person: Person) -> bool:
    """Whether this person has to show a second factor at sign-in."""
    confirmed = select(SecondFactor.confirmed_at).where(SecondFactor.person_id == person.id)
    return context.session.scalar(confirmed) is not None


def is_shown(context: Context, person: Person, otp: str) -> bool:
    """Whether `otp` is what the phone of `person` shows, or a recovery code; either works once.

    A wrong one is counted. Raises RateLimited after too many of them.
    """
    factor = hold_factor(context, person.id)
    if factor is None:
        return False
    return uses_recovery_code(context, factor, otp) or is_right_otp(context, factor, otp)


def _remove(context: Context, person_id: uuid.UUID) -> None:
    _forget(context, person_id)
    context.session.execute(
        update(SignInSession).where(SignInSession.person_id == person_id).values(second_factor_at=None)
    )
    record(context, "second_factor_removed", person_id=person_id)


def _forget(context: Context, person_id: uuid.UUID) -> None:
    for table in (RecoveryCode, SecondFactor):
        context.session.execute(delete(table).where(table.person_id == person_id))
