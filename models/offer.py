"""What a volunteer offers and when."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id


class Offer(Base):
    """One volunteer's offer. `cell` is the fixed H3 cell of its place; distances are taken between cells only."""

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint("tasks_per_week BETWEEN 1 AND 50", name="tasks_per_week_range"),
        CheckConstraint("reach IN ('quarter', 'neighbours')", name="reach_known"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    quarter_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("quarter.id"))
    categories: Mapped[list[Any]]
    languages: Mapped[list[Any]]
    availability: Mapped[list[Any]]
    reach: Mapped[str] = mapped_column(String(20))
    tasks_per_week: Mapped[int]
    has_car: Mapped[bool]
    place_lat: Mapped[float | None]
    place_lon: Mapped[float | None]
    cell: Mapped[str] = mapped_column(String(15))
    paused_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class OfferCategory(Base):
    """The index by which a request finds offers: one row for each category that an offer names."""

    __tablename__ = "offer_category"
    __table_args__ = (Index("ix_offer_category_find", "category", "quarter_id"),)

    offer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("offer.id", ondelete="CASCADE"), primary_key=True)
    category: Mapped[str] = mapped_column(String(40), primary_key=True)
    quarter_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("quarter.id"))
