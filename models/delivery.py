"""The outbox: devices, the notifications that people see in their inbox, and one delivery per device."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
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
    """One entry of a person's inbox. Its id is random: it is the only id that leaves for Google."""

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


class Delivery(Base):
    """One push to one device: claimed under a lease, settled only by the attempt that holds it."""

    __tablename__ = "delivery"
    __table_args__ = (
        one_of("state", DeliveryState),
        UniqueConstraint("notification_id", "device_id"),
        CheckConstraint("(state = 'leased') = (lease_until IS NOT NULL)", name="leased_has_end"),
        CheckConstraint("(state IN ('pending', 'leased')) = (settled_at IS NULL)", name="settled_has_time"),
        Index("ix_delivery_due", "due_at", "id", sqlite_where=_DUE, postgresql_where=_DUE),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    notification_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("notification.id", ondelete="CASCADE"))
    device_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("device.id", ondelete="SET NULL"), index=True)
    state: Mapped[str] = mapped_column(String(20), default=DeliveryState.PENDING.value)
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str | None] = mapped_column(String(60))
    settled_at: Mapped[datetime | None]
