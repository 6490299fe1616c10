"""Signed-in devices: begun, refreshed with rotation, ended, and looked up at every request."""

import hashlib
import hmac
import secrets
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select, update

from models import CoordinatorAppointment, Device, Person, RefreshToken, SignInSession
from nachbarschaft.context import Actor, Context
from nachbarschaft.errors import NotFound, RefreshReused, Unauthenticated
from nachbarschaft.services.events import record

ABSOLUTE_LIFE = timedelta(days=365)
IDLE_LIFE = timedelta(days=60)
LOST_ANSWER = timedelta(seconds=60)
"""How long the token just replaced still gives its successor (contract, section 5: refresh)."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a device gets: its session and the refresh token to come back with."""

    session_id: uuid.UUID
    person_id: uuid.UUID
    refresh_token: str


def begin_session(context: Context, person: Person, *, second_factored: bool = False) -> Grant:
    """Signs a device in; `second_factored` says that the second factor was shown."""
    session = SignInSession(
        person_id=person.id,
        created_at=context.now,
        signed_in_at=context.now,
        second_factor_at=context.now if second_factored else None,
        last_seen_at=context.now,
        absolute_end=context.now + ABSOLUTE_LIFE,
    )
    context.session.add(session)
    context.session.flush()
    token = _new_token()
    _remember(context, session.id, token)
    record(context, "signed_in", person_id=person.id)
    return Grant(session.id, person.id, token)


def refresh(context: Context, token: str) -> Grant:
    """Rotates the refresh token.

    The token just replaced gives the same successor again for 60 seconds while that is unused (the answer was
    lost, or two refreshes ran at once); any other reuse ends the whole family. Raises Unauthenticated.
    """
    known = context.session.get(RefreshToken, _hash(token))
    if known is None:
        raise Unauthenticated
    session = _hold_session(context, known.session_id)
    context.session.refresh(known)
    if not _is_alive(context, session, context.session.get_one(Person, session.person_id)):
        raise Unauthenticated
    if known.used_at is None:
        successor = _rotate(context, known, token)
    else:
        successor = _same_successor(context, session, known, token)
    session.last_seen_at = context.now
    return Grant(session.id, session.person_id, successor)


def sign_out(context: Context) -> None:
    """Ends the actor's session; its access token fails at the very next request."""
    end_sessions(context, SignInSession.id == context.me.session_id, reason="signed_out")
    record(context, "signed_out", person_id=context.me.person_id)


def end_own_session(context: Context, session_id: uuid.UUID) -> None:
    """Ends one session of the actor's. Raises NotFound."""
    session = context.session.get(SignInSession, session_id)
    if session is None or session.person_id != context.me.person_id or session.ended_at is not None:
        raise NotFound
    end_sessions(context, SignInSession.id == session.id, reason="ended_by_owner")
    record(context, "session_ended", person_id=context.me.person_id)


def end_sessions(context: Context, which: ColumnElement[bool], reason: str) -> None:
    """Ends those of the sessions `which` that still run; their devices get no pushes any more."""
    devices = delete(Device).where(Device.session_id.in_(select(SignInSession.id).where(which)))
    context.session.execute(devices.execution_options(synchronize_session=False))
    context.session.execute(
        update(SignInSession)
        .where(which, SignInSession.ended_at.is_(None))
        .values(ended_at=context.now, end_reason=reason)
        .execution_options(synchronize_session=False)
    )


def find_actor(context: Context, person_id: uuid.UUID, session_id: uuid.UUID) -> Actor:
    """Who this session belongs to and what they may do today. Raises Unauthenticated once it has ended."""
    row = context.session.execute(
        select(SignInSession, Person)
        .join(Person, Person.id == SignInSession.person_id)
        .where(SignInSession.id == session_id, Person.id == person_id)
    ).one_or_none()
    if row is None:
        raise Unauthenticated
    session, person = row
    if not _is_alive(context, session, person):
        raise Unauthenticated
    appointed = select(CoordinatorAppointment.quarter_id).where(CoordinatorAppointment.person_id == person_id)
    return Actor(
        person_id=person.id,
        session_id=session.id,
        quarter_id=person.quarter_id,
        language=person.language,
        signed_in_at=session.signed_in_at,
        is_admin=person.is_admin,
        # The demo's sign-ins are public and need none (contract, section 1).
        second_factored=person.is_demo or session.second_factor_at is not None,
        appointed=frozenset(context.session.scalars(appointed)),
    )


def _is_alive(context: Context, session: SignInSession, person: Person) -> bool:
    return (
        person.suspended_at is None
        and session.ended_at is None
        and context.now < session.absolute_end
        and context.now - session.last_seen_at < IDLE_LIFE
    )


def _rotate(context: Context, known: RefreshToken, token: str) -> str:
    known.used_at = context.now
    known.salt = secrets.token_bytes(32)
    successor = _successor(known.salt, token)
    _remember(context, known.session_id, successor)
    return successor


def _same_successor(context: Context, session: SignInSession, known: RefreshToken, token: str) -> str:
    successor = _successor(known.salt or b"", token)
    following = context.session.get(RefreshToken, _hash(successor))
    in_time = known.used_at is not None and context.now - known.used_at <= LOST_ANSWER
    if following is not None and following.used_at is None and in_time:
        return successor
    end_sessions(context, SignInSession.id == session.id, reason="refresh_reused")
    record(context, "refresh_reused", person_id=session.person_id)
    raise RefreshReused


def _hold_session(context: Context, session_id: uuid.UUID) -> SignInSession:
    query = select(SignInSession).where(SignInSession.id == session_id).with_for_update()
    return context.session.execute(query.execution_options(populate_existing=True)).scalar_one()


def _remember(context: Context, session_id: uuid.UUID, token: str) -> None:
    context.session.add(RefreshToken(token_hash=_hash(token), session_id=session_id, issued_at=context.now))


def _new_token() -> str:
    return secrets.token_urlsafe(32)


def _successor(salt: bytes, token: str) -> str:
    digest = hmac.new(salt, token.encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
