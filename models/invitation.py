"""Who was asked for a request, in which wave, on what terms, and what they said."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id, one_of
from models.lifecycle import InvitationState


class Invitation(Base):
    """One volunteer beside one request. `terms` are the numbers the choice was made on; `points` follow from them.

    `asked_at` and `wave` are empty for whoever declined or stood by without having been asked. `said_yes_at` is a yes
    that came when everybody needed was found: it leads to no task, and counts as a yes.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        one_of("state", InvitationState),
        UniqueConstraint("request_id", "person_id"),
        CheckConstraint("(asked_at IS NULL) = (wave IS NULL)", name="asked_in_a_wave"),
        Index("ix_invitation_asked_lately", "person_id", "asked_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("help_request.id", ondelete="CASCADE"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(20))
    wave: Mapped[int | None]
    rank: Mapped[int | None]
    points: Mapped[float | None]
    terms: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    said_yes_at: Mapped[datetime | None]
