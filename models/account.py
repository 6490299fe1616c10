"""Who takes part: people, what they prefer, whom they coordinate, and the codes that let them in."""

import secrets
import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id, one_of
from models.lifecycle import Verification

_FREE = text("available_until IS NOT NULL")
ACTIVE_TASKS_LIMIT = 3
"""How many tasks one volunteer may have at a time (contract, section 4)."""
NOBODY = uuid.UUID("00000000-0000-7000-8000-00000000dead")
"""Who stands in the place of whoever was erased, in what others keep; made when first needed."""


class Person(Base):
    """Somebody who lives in a quarter. Everybody is a resident; offers and appointments make the rest.

    Where a mail server says that there is no such address (`email_refused_at`), it is still a login, and no mail
    goes there any more but what they ask for themselves. `available_until` is how long they said to have time.
    """

    __tablename__ = "person"
    __table_args__ = (
        one_of("verification", Verification),
        CheckConstraint(f"active_tasks BETWEEN 0 AND {ACTIVE_TASKS_LIMIT}", name="active_tasks_within_limit"),
        CheckConstraint("(home_lat IS NULL) = (home_lon IS NULL)", name="home_has_both"),
        Index("ix_person_available", "quarter_id", "available_until", sqlite_where=_FREE, postgresql_where=_FREE),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    pending_email: Mapped[str | None] = mapped_column(String(254))
    email_refused_at: Mapped[datetime | None]
    phone: Mapped[str | None] = mapped_column(String(20), unique=True)
    contact_phone: Mapped[str | None] = mapped_column(String(20), index=True)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(100))
    language: Mapped[str] = mapped_column(String(20))
    quarter_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("quarter.id"), index=True)
    home_lat: Mapped[float | None]
    home_lon: Mapped[float | None]
    home_address: Mapped[str | None] = mapped_column(String(300))
    verification: Mapped[str] = mapped_column(String(20), default=Verification.NEW.value)
    verified_on: Mapped[date | None]
    verified_until: Mapped[date | None]
    verified_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    protected_address: Mapped[bool] = mapped_column(default=False)
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_demo: Mapped[bool] = mapped_column(default=False)
    active_tasks: Mapped[int] = mapped_column(default=0)
    available_until: Mapped[datetime | None]
    push_secret: Mapped[bytes] = mapped_column(LargeBinary(32), default=lambda: secrets.token_bytes(32))
    notice_version: Mapped[str | None] = mapped_column(String(40))
    suspended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Preferences(Base):
    """When and how somebody wants to be told; a person without a row has the defaults.

    Whoever unsubscribed in a mail (`mail_stopped_at`) gets none but those about their account.
    """

    __tablename__ = "preferences"
    __table_args__ = (
        CheckConstraint("pushes_per_day BETWEEN 0 AND 100", name="pushes_per_day_range"),
        CheckConstraint("asks_per_week BETWEEN 0 AND 100", name="asks_per_week_range"),
        CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name="quiet_has_both"),
    )

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    quiet_from: Mapped[str | None] = mapped_column(String(5))
    quiet_until: Mapped[str | None] = mapped_column(String(5))
    urgent_at_night: Mapped[bool]
    pushes_per_day: Mapped[int]
    asks_per_week: Mapped[int]
    paused_until: Mapped[datetime | None]
    channels: Mapped[dict[str, Any]]
    mail_stopped_at: Mapped[datetime | None]


class CoordinatorAppointment(Base):
    """That a person coordinates a quarter; only the operator or an admin appoints."""

    __tablename__ = "coordinator_appointment"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    quarter_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("quarter.id"), primary_key=True, index=True)
    appointed_at: Mapped[datetime]


class OneTimeCode(Base):
    """A code that lets a person set a password once. Its hash is kept; sealed, the code itself until its mail is sent.

    A code that went to a new e-mail address makes that `new_email` the person's login.
    """

    __tablename__ = "one_time_code"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="operator")
    sealed_code: Mapped[bytes | None] = mapped_column(LargeBinary)
    new_email: Mapped[str | None] = mapped_column(String(254))
