"""A session per device and the family of refresh tokens that belongs to it."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id


class SignInSession(Base):
    """One signed-in device. It is looked up at every request, so ending it works at the very next one."""

    __tablename__ = "sign_in_session"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    signed_in_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime]
    absolute_end: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(40))


class RefreshToken(Base):
    """One generation of a session's refresh token, by hash. `salt` makes its successor computable again.

    The successor is HMAC(salt, token): whoever still holds the old token gets the same successor when the
    answer was lost (contract, section 5), and nobody can compute it from the database alone.
    """

    __tablename__ = "refresh_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sign_in_session.id", ondelete="CASCADE"), index=True)
    issued_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(32))
