"""A resident's request for help, its life in the database and the constraints that guard it."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSON_TYPE, Base, new_id, one_of
from models.lifecycle import RequestState

PEOPLE_LIMIT = 20
_OPEN = text("state = 'open'")
_FILLED = text("state = 'filled'")


class HelpRequest(Base):
    """What somebody needs, when and where; `people_accepted` counts helpers who help or have finished.

    `renewed_at` is when it was opened again after it had expired. From `escalate_at` on the coordinators are to be
    told that help is missing; they were at `escalated_at`, with what had been `tried` by then. `asked_if_done_at` is
    when both sides were asked how it ended; `done_assumed` that nobody answered.
    """

    __tablename__ = "help_request"
    __table_args__ = (
        one_of("state", RequestState),
        CheckConstraint(f"people_needed BETWEEN 1 AND {PEOPLE_LIMIT}", name="people_needed_range"),
        CheckConstraint("people_accepted BETWEEN 0 AND people_needed", name="never_too_many"),
        CheckConstraint("state <> 'open' OR people_accepted < people_needed", name="open_needs_somebody"),
        CheckConstraint("needed_from < needed_until", name="window_has_length"),
        CheckConstraint("expires_at <= needed_until", name="expires_in_time"),
        CheckConstraint("(place_lat IS NULL) = (place_lon IS NULL)", name="place_has_both"),
        CheckConstraint("(state IN ('open', 'filled')) = (closed_at IS NULL)", name="closed_has_time"),
        Index(
            "ix_help_request_open_by_quarter",
            "quarter_id",
            "created_at",
            "id",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_help_request_open_by_warning", "warn_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_help_request_open_by_wave", "next_wave_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_help_request_open_by_escalation", "escalate_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_help_request_filled_by_end", "needed_until", sqlite_where=_FILLED, postgresql_where=_FILLED),
        Index("ix_help_request_requester", "requester_id", "state"),
        Index("ix_help_request_listing", "quarter_id", "created_at", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    requester_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    quarter_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("quarter.id"))
    category: Mapped[str] = mapped_column(String(40))
    public_note: Mapped[str | None] = mapped_column(Text)
    private_note: Mapped[str | None] = mapped_column(Text)
    needed_from: Mapped[datetime]
    needed_until: Mapped[datetime]
    urgent: Mapped[bool]
    people_needed: Mapped[int]
    people_accepted: Mapped[int] = mapped_column(default=0)
    languages: Mapped[list[Any]]
    place_lat: Mapped[float | None]
    place_lon: Mapped[float | None]
    place_address: Mapped[str | None] = mapped_column(String(300))
    phone: Mapped[str | None] = mapped_column(String(40))
    cell: Mapped[str | None] = mapped_column(String(15))
    code_word: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(20), default=RequestState.OPEN.value)
    confirmed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    warn_at: Mapped[datetime]
    warned_at: Mapped[datetime | None]
    next_wave_at: Mapped[datetime | None]
    reopened_at: Mapped[datetime | None]
    renewed_at: Mapped[datetime | None]
    waves: Mapped[int] = mapped_column(default=0)
    escalate_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    tried: Mapped[dict[str, Any] | None] = mapped_column(JSON_TYPE)
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    state_before: Mapped[str | None] = mapped_column(String(20))
    minutes: Mapped[int | None]
    expenses_cents: Mapped[int | None]
    asked_if_done_at: Mapped[datetime | None]
    done_assumed: Mapped[bool] = mapped_column(default=False, server_default=false())
    version: Mapped[int] = mapped_column(default=1)

    @property
    def posted_at(self) -> datetime:
        """Since when people are asked, by which waves are timed. Whoever gives a task back does not start it anew."""
        return self.renewed_at or self.created_at
