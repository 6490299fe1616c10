"""Forgets what has been kept as long as the data map says: each step takes so many rows at most and returns how many.

A run that dies half-way has forgotten some; the next one goes on with the rest.
"""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select

from models import (
    Assignment,
    AuditSeal,
    ContactView,
    Delivery,
    Device,
    Erasure,
    Event,
    HelpRequest,
    Invitation,
    Mail,
    Notification,
    OneTimeCode,
    SealedEvent,
    SignInSession,
)
from models.account import NOBODY
from models.lifecycle import DeliveryState, RequestState
from nachbarschaft import retention
from nachbarschaft.context import Context
from nachbarschaft.retention import a_year_before
from nachbarschaft.services.anonymising import forget_helpers, forget_requester, forget_words, nobody_in
from nachbarschaft.services.sessions import IDLE_LIFE

Step = Callable[[Context, int], int]


def _words(context: Context, limit: int) -> int:
    """The words of requests that ended 30 days ago; a code word has every request that still has its words."""
    ended = HelpRequest.closed_at <= context.now - retention.TEXTS
    found = _ended(context, limit, ended, HelpRequest.code_word != "")
    forget_words(context, [request.id for request in found])
    return len(found)


def _requests(context: Context, limit: int) -> int:
    """Who is named in requests that ended twelve months ago."""
    named = or_(
        HelpRequest.requester_id != NOBODY,
        exists().where(Assignment.request_id == HelpRequest.id, Assignment.person_id != NOBODY),
        exists().where(Invitation.request_id == HelpRequest.id),
    )
    found = _ended(context, limit, HelpRequest.closed_at <= a_year_before(context.now), named)
    if found:
        nobody, keys = nobody_in(context, found[0].quarter_id), [request.id for request in found]
        forget_requester(context, keys, nobody)
        forget_helpers(context, keys, nobody)
    return len(found)


def _looks(context: Context, limit: int) -> int:
    return _delete(context, ContactView, limit, ContactView.at <= a_year_before(context.now))


def _inbox(context: Context, limit: int) -> int:
    return _delete(context, Notification, limit, Notification.created_at <= a_year_before(context.now))


def _pushes(context: Context, limit: int) -> int:
    return _delete(context, Delivery, limit, _is_settled(context, Delivery))


def _mails(context: Context, limit: int) -> int:
    return _delete(context, Mail, limit, _is_settled(context, Mail))


def _is_settled(context: Context, table: type[Delivery] | type[Mail]) -> ColumnElement[bool]:
    """Sent or dropped a week ago, failed a month ago; of a request that is running it is still known who was told."""
    done = table.state.in_([DeliveryState.SENT, DeliveryState.DROPPED])
    failed = table.state == DeliveryState.FAILED
    running = (
        exists()
        .where(Notification.id == table.notification_id, HelpRequest.id == Notification.request_id)
        .where(HelpRequest.state.in_([RequestState.OPEN, RequestState.FILLED]))
    )
    return and_(
        or_(
            and_(done, table.settled_at <= context.now - retention.SENT),
            and_(failed, table.settled_at <= context.now - retention.FAILED),
        ),
        ~running,
    )


def _one_time_codes(context: Context, limit: int) -> int:
    return _delete(context, OneTimeCode, limit, OneTimeCode.created_at <= context.now - retention.CODES)


def _sign_ins(context: Context, limit: int) -> int:
    """Sign-ins that ended 90 days ago, by themselves or otherwise, with their refresh tokens."""
    long_ago = context.now - retention.SIGN_INS
    ended = or_(
        SignInSession.ended_at <= long_ago,
        SignInSession.absolute_end <= long_ago,
        SignInSession.last_seen_at <= long_ago - IDLE_LIFE,
    )
    return _delete(context, SignInSession, limit, ended)


def _devices(context: Context, limit: int) -> int:
    """Phones without contact for 60 days: neither was their sign-in renewed since, nor did they register anew."""
    since = context.now - retention.SILENT_DEVICES
    seen = exists().where(SignInSession.id == Device.session_id, SignInSession.last_seen_at > since)
    return _delete(context, Device, limit, Device.seen_at <= since, ~seen)


def _events(context: Context, _limit: int) -> int:
    """The events of one seal after the other, all of a seal together; the seals stay, so that the chain holds."""
    long_ago = a_year_before(context.now)
    seal = context.session.scalar(
        select(AuditSeal.number)
        .where(AuditSeal.newest_at <= long_ago, exists().where(SealedEvent.seal == AuditSeal.number))
        .order_by(AuditSeal.number)
        .limit(1)
    )
    if seal is None:
        return 0
    of_it = select(SealedEvent.event_id).where(SealedEvent.seal == seal)
    _run(context, delete(Event).where(Event.id.in_(of_it)).returning(Event.id))
    return len(_run(context, delete(SealedEvent).where(SealedEvent.seal == seal).returning(SealedEvent.event_id)))


def _ledger(context: Context, limit: int) -> int:
    return _delete(context, Erasure, limit, Erasure.erased_at <= context.now - retention.ERASURES)


STEPS: dict[str, Step] = {
    "words": _words,
    "requests": _requests,
    "looks": _looks,
    "inbox": _inbox,
    "pushes": _pushes,
    "mails": _mails,
    "one_time_codes": _one_time_codes,
    "sign_ins": _sign_ins,
    "devices": _devices,
    "events": _events,
    "ledger": _ledger,
}
"""What is forgotten, by the name under which it is counted."""


def _ended(context: Context, limit: int, *where: ColumnElement[bool]) -> Sequence[HelpRequest]:
    """Requests, held; whoever acts on one at this moment is not waited for."""
    query = select(HelpRequest).where(*where).order_by(HelpRequest.closed_at, HelpRequest.id).limit(limit)
    return context.session.scalars(query.with_for_update(key_share=True, skip_locked=True)).all()


def _delete(context: Context, table: type[Any], limit: int, *where: ColumnElement[bool]) -> int:
    (key,) = table.__table__.primary_key
    due = select(key).where(*where).order_by(key).limit(limit)
    return len(_run(context, delete(table).where(key.in_(due)).returning(key)))


def _run(context: Context, statement: Any) -> Sequence[uuid.UUID | str]:
    rows: Sequence[uuid.UUID | str] = context.session.scalars(
        statement.execution_options(synchronize_session=False)
    ).all()
    return rows
