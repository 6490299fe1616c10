"""Seals events once nothing can come between them any more: behind requests, never in their way."""

from dataclasses import dataclass

from sqlalchemy import select, text

from models import AuditSeal, Event, SealedEvent
from models.audit import BEGINNING, content_of, digest_of
from nachbarschaft.context import Context
from nachbarschaft.queries.audit import Head
from nachbarschaft.queries.unsealed import is_due, newest_seal

_LOCK = 0x5EA1
"""One seals at a time (PostgreSQL's advisory locks; on SQLite there is one writer for everything)."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A new seal: how many events it holds, and the end of the chain that it is."""

    events: int
    head: Head


def seal_events(context: Context, limit: int) -> Sealed | None:
    """Makes one seal over up to `limit` events; None once none is left, or while somebody else seals."""
    if not _alone(context):
        return None
    query = select(Event).where(is_due(context)).order_by(Event.at, Event.id).limit(limit)
    events = context.session.scalars(query).all()
    if not events:
        return None
    digests = [digest_of(event) for event in events]
    newest = newest_seal(context)
    seal = AuditSeal(
        number=newest.number + 1 if newest else 1,
        sealed_at=context.now,
        oldest_at=events[0].at,
        newest_at=events[-1].at,
        events=len(events),
        content=content_of(digests),
    )
    seal.hash = seal.hash_after(newest.hash if newest else BEGINNING)
    context.session.add(seal)
    context.session.flush()
    context.session.add_all(
        SealedEvent(event_id=event.id, seal=seal.number, place=place, digest=digest)
        for place, (event, digest) in enumerate(zip(events, digests, strict=True))
    )
    return Sealed(len(events), Head(seal.number, seal.hash))


def _alone(context: Context) -> bool:
    if context.session.get_bind().dialect.name != "postgresql":
        return True
    return bool(context.session.scalar(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": _LOCK}))
