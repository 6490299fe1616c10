"""What makes the audit trail tamper-evident: seals over batches of events, each of which holds the one before."""

import hashlib
import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.event import Event

BEGINNING = "0" * 64
"""What the first seal holds in the place of the one before."""


class AuditSeal(Base):
    """One seal. It outlives its events, which are forgotten after their time, so that the chain can always be followed.

    `content` is the SHA-256 over the digests of its events in their order, `hash` the one over everything that the
    seal says and the hash of the seal before.
    """

    __tablename__ = "audit_seal"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sealed_at: Mapped[datetime]
    oldest_at: Mapped[datetime]
    newest_at: Mapped[datetime]
    events: Mapped[int]
    content: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    def hash_after(self, before: str) -> str:
        """What `hash` has to be where the seal before has the hash `before`."""
        times = [_written(at) for at in (self.sealed_at, self.oldest_at, self.newest_at)]
        return _sha256(json.dumps([before, self.number, *times, self.events, self.content]))


class SealedEvent(Base):
    """Which seal holds an event, at which place, and what it said then. It goes when the event does."""

    __tablename__ = "sealed_event"
    __table_args__ = (Index("ix_sealed_event_place", "seal", "place", unique=True),)

    # No foreign key: an event that somebody removes must leave this row behind.
    event_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    seal: Mapped[int] = mapped_column(ForeignKey("audit_seal.number"))
    place: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))


def digest_of(event: Event) -> str:
    """The SHA-256 over everything that an event says."""
    keys = [event.id, event.actor_id, event.quarter_id, event.request_id, event.person_id]
    said = [_written(event.at), event.kind, *(key and str(key) for key in keys), event.data]
    return _sha256(json.dumps(said, sort_keys=True))


def content_of(digests: Iterable[str]) -> str:
    """The SHA-256 over the digests of a seal's events, in their order."""
    return _sha256("\n".join(digests))


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
