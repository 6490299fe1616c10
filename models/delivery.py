"""The outbox: devices, the notifications that people see in their inbox, and what carries them to people.

A push (`Delivery`) goes to one device, a mail to the person; both are claimed, fenced and settled alike (`Outgoing`).
"""

import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id, one_of
from models.lifecycle import DeliveryState

_DUE = text("state IN ('pending', 'leased')")


class Device(Base):
    """One installation of the app, reached while its session lasts. The address is never shown.

    Its hash keeps it with one person only.
    """

    __tablename__ = "device"
    __table_args__ = (
        UniqueConstraint("person_id", "installation"),
        CheckConstraint("kind IN ('token', 'fid')", name="kind_known"),
        CheckConstraint("platform IN ('android', 'ios', 'web')", name="platform_known"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    session_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("sign_in_session.id", ondelete="CASCADE"), index=True
    )
    installation: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(Text)
    address_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    platform: Mapped[str] = mapped_column(String(10))
    language: Mapped[str] = mapped_column(String(20))
    app_version: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class Notification(Base):
    """One entry of a person's inbox. Its id is random: it is the only id that leaves for Google.

    What has been replaced by a later entry about the same request (`replaced_at`) is no longer listed.
    """

    __tablename__ = "notification"
    __table_args__ = (Index("ix_notification_inbox", "person_id", "created_at", "id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    request_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("help_request.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    topic: Mapped[str] = mapped_column(String(40))
    urgent: Mapped[bool] = mapped_column(default=False)
    silent: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]


class Outgoing:
    """Something on its way out: claimed under a lease, settled only by the attempt that holds it.

    `may_have_arrived` says that an attempt ended without an answer: the other side may have taken it all the same.
    """

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    notification_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("notification.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(20), default=DeliveryState.PENDING.value)
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    may_have_arrived: Mapped[bool] = mapped_column(default=False, server_default=false())
    outcome: Mapped[str | None] = mapped_column(String(60))
    settled_at: Mapped[datetime | None]

    @classmethod
    def is_owed(cls) -> ColumnElement[bool]:
        """Whether it is still to be sent, as a condition in the words of the index: SQLite uses it for no others."""
        return cls.state.in_([literal_column("'pending'"), literal_column("'leased'")])


class Delivery(Outgoing, Base):
    """One push to one device."""

    __tablename__ = "delivery"
    __table_args__ = (
        one_of("state", DeliveryState),
        UniqueConstraint("notification_id", "device_id"),
        CheckConstraint("(state = 'leased') = (lease_until IS NOT NULL)", name="leased_has_end"),
        CheckConstraint("(state IN ('pending', 'leased')) = (settled_at IS NULL)", name="settled_has_time"),
        Index("ix_delivery_due", "due_at", "id", sqlite_where=_DUE, postgresql_where=_DUE),
    )

    device_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("device.id", ondelete="SET NULL"), index=True)


class Mail(Outgoing, Base):
    """One notification by mail, alone or, where it can wait, in the person's daily digest.

    It is a table of its own, so that a worker of the release before knows nothing of it and drops none. It goes to
    the address that the person has by then, unless it is for one `recipient`.
    """

    __tablename__ = "mail"
    __table_args__ = (
        one_of("state", DeliveryState),
        UniqueConstraint("notification_id"),
        CheckConstraint("(state = 'leased') = (lease_until IS NOT NULL)", name="leased_has_end"),
        CheckConstraint("(state IN ('pending', 'leased')) = (settled_at IS NULL)", name="settled_has_time"),
        Index("ix_mail_due", "due_at", "id", sqlite_where=_DUE, postgresql_where=_DUE),
    )

    digest: Mapped[bool] = mapped_column(default=False)
    recipient: Mapped[str | None] = mapped_column(String(254))


class DeliveryTally(Base):
    """How often attempts on one channel ended in one way, ever, and when the last one did."""

    __tablename__ = "delivery_tally"

    channel: Mapped[str] = mapped_column(String(10), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(60), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[datetime]
