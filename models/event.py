"""What happened, append-only, and when each job last succeeded."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id


class Event(Base):
    """One state change, written in its transaction; `data` holds states, counts and ids, never personal text.

    Nobody changes it again: so it has no foreign keys to people and requests, whose end would have to change it.
    """

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_quarter", "quarter_id", "at"), Index("ix_event_at", "at", "id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(60))
    actor_id: Mapped[uuid.UUID | None]
    quarter_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("quarter.id"))
    request_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    person_id: Mapped[uuid.UUID | None]
    data: Mapped[dict[str, Any]]


class JobRun(Base):
    """The health of one job: how its last runs ended, and how many ever ended well and badly."""

    __tablename__ = "job_run"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    last_started_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_error_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(120))
    successes: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    failures: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
