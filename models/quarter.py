"""Quarters: outlines as data, the cells they cover and who their neighbours are."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id


class Quarter(Base):
    """A part of a city with its own coordinator; its outline is a GeoJSON MultiPolygon (RFC 7946)."""

    __tablename__ = "quarter"
    __table_args__ = (CheckConstraint("south <= north AND west <= east", name="box_is_a_box"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    city: Mapped[str | None] = mapped_column(String(120))
    timezone: Mapped[str] = mapped_column(String(64))
    outline: Mapped[dict[str, Any]]
    center_lat: Mapped[float]
    center_lon: Mapped[float]
    south: Mapped[float]
    west: Mapped[float]
    north: Mapped[float]
    east: Mapped[float]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class QuarterNeighbour(Base):
    """That two quarters touch; kept in both directions."""

    __tablename__ = "quarter_neighbour"
    __table_args__ = (CheckConstraint("quarter_id <> neighbour_id", name="not_itself"),)

    quarter_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("quarter.id", ondelete="CASCADE"), primary_key=True)
    neighbour_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("quarter.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class QuarterCell(Base):
    """An H3 cell (resolution 9) that overlaps a quarter."""

    __tablename__ = "quarter_cell"

    quarter_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("quarter.id", ondelete="CASCADE"), primary_key=True)
    cell: Mapped[str] = mapped_column(String(15), primary_key=True)
