"""How a request reached us when not through the app: taken down by a coordinator, with consent."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, one_of


class Channel(StrEnum):
    """The ways a request can come in; those without an intake came through the app."""

    APP = "app"
    PHONE = "phone"
    DESK = "desk"


class Intake(Base):
    """That a coordinator entered a request on somebody's behalf, and to which text that person said yes, when."""

    __tablename__ = "intake"
    __table_args__ = (one_of("channel", Channel),)

    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("help_request.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(10))
    entered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    consent_given_at: Mapped[datetime]
    consent_text_version: Mapped[str] = mapped_column(String(40))
