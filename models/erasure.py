"""The ledger of people who were erased: what a restored backup is compared with, so that they do not come back."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Erasure(Base):
    """That somebody was erased. Only a keyed hash of their key stands here: without the data keys it names nobody."""

    __tablename__ = "erasure"

    person_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(index=True)
