"""Who has the task, and who looked at the address."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id, one_of
from models.lifecycle import AssignmentState

AFTER_THE_END = timedelta(hours=24)
"""How long after the end a helper may still see the contact (contract, section 5)."""
_ACTIVE = text("state = 'active'")


class Assignment(Base):
    """One helper of one request; at most one active row for the pair.

    `reminded_day_for` and `reminded_hours_for` hold the beginning that they were reminded of, 24 and 2 hours before:
    where it has been moved since, they are reminded anew.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        one_of("state", AssignmentState),
        CheckConstraint("(state = 'active') = (ended_at IS NULL)", name="ended_has_time"),
        CheckConstraint("minutes >= 0", name="minutes_not_negative"),
        CheckConstraint("expenses_cents >= 0", name="expenses_not_negative"),
        Index(
            "uq_assignment_active",
            "request_id",
            "person_id",
            unique=True,
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
        Index("ix_assignment_person", "person_id", "accepted_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("help_request.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(20), default=AssignmentState.ACTIVE.value)
    accepted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    end_reason: Mapped[str | None] = mapped_column(Text)
    excused: Mapped[bool] = mapped_column(default=False)
    minutes: Mapped[int | None]
    expenses_cents: Mapped[int | None]
    reminded_day_for: Mapped[datetime | None]
    reminded_hours_for: Mapped[datetime | None]

    def opens_contact(self, now: datetime) -> bool:
        """Whether it lets its helper see the contact: while they help, and until 24 hours after it is done."""
        if self.state == AssignmentState.ACTIVE:
            return True
        return self.state == AssignmentState.DONE and self.ended_at is not None and now - self.ended_at <= AFTER_THE_END


class Confirmation(Base):
    """That a new volunteer's task waits, or waited, for a coordinator's word; until then there is no contact."""

    __tablename__ = "confirmation"

    assignment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assignment.id", ondelete="CASCADE"), primary_key=True)
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))


class ContactView(Base):
    """One look at a request's address and phone; written in the transaction that hands them out."""

    __tablename__ = "contact_view"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("help_request.id", ondelete="CASCADE"), index=True)
    viewer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]
