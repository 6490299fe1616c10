"""What a volunteer offers and when."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.account import Person
from models.base import Base, new_id
from models.week import hours_of, parts

YES, NO = "+", "-"
"""Whether somebody has said yes lately, as the end of a spot."""


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
    """How a request finds offers: one row for each category that an offer names, with what it is first judged by.

    It repeats what the offer and its person say, and is written in the transaction that changes them. `spot` is the
    cell and whether they have said yes lately: together the most that they can be worth. Hours are those of the week
    (`models.week`). What the release before wrote has only the first three columns, and is looked at in any case.
    """

    __tablename__ = "offer_category"
    __table_args__ = (
        Index("ix_offer_category_find", "category", "quarter_id", "spot"),
        Index("ix_offer_category_person", "person_id"),
    )

    offer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("offer.id", ondelete="CASCADE"), primary_key=True)
    category: Mapped[str] = mapped_column(String(40), primary_key=True)
    quarter_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("quarter.id"))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    spot: Mapped[str | None] = mapped_column(String(17))
    verification: Mapped[str | None] = mapped_column(String(20))
    languages: Mapped[str | None] = mapped_column(Text)
    hours_1: Mapped[int | None] = mapped_column(BigInteger)
    hours_2: Mapped[int | None] = mapped_column(BigInteger)
    hours_3: Mapped[int | None] = mapped_column(BigInteger)


def found_by(offer: Offer, person: Person, *, said_yes: bool) -> list[dict[str, Any]]:
    """The rows of `OfferCategory` that an offer has, as values; nothing else says what is in them."""
    spoken = offer.languages or [person.language]
    first, second, third = parts(hours_of(offer.availability))
    same = {
        "offer_id": offer.id,
        "quarter_id": offer.quarter_id,
        "person_id": person.id,
        "spot": spot(offer.cell, said_yes=said_yes),
        "verification": person.verification,
        "languages": f",{','.join(language.lower() for language in spoken)},",
        "hours_1": first,
        "hours_2": second,
        "hours_3": third,
    }
    return [same | {"category": category} for category in offer.categories]


def spot(cell: str, *, said_yes: bool) -> str:
    """A cell, and whether the people there have said yes lately."""
    return f"{cell}{YES if said_yes else NO}"


def cell_and_yes(found: str) -> tuple[str, bool]:
    """What `spot` was made of."""
    return found[:-1], found.endswith(YES)
