"""What a coordinator has decided for a quarter: how volunteers are asked, when the office is closed, its contact."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, new_id

FIRST_TASKS_TO_CONFIRM = 3
"""How many first tasks of a new volunteer wait for a coordinator's word (contract, section 4)."""
FIRST_TASKS_LIMIT = 20


class QuarterSettings(Base):
    """The settings of one quarter; a quarter without a row has the defaults. `dispatch` holds only what was changed."""

    __tablename__ = "quarter_settings"
    __table_args__ = (
        CheckConstraint(f"confirm_first_tasks BETWEEN 0 AND {FIRST_TASKS_LIMIT}", name="confirm_first_tasks_range"),
    )

    quarter_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("quarter.id", ondelete="CASCADE"), primary_key=True)
    dispatch: Mapped[dict[str, Any]]
    confirm_first_tasks: Mapped[int] = mapped_column(default=FIRST_TASKS_TO_CONFIRM)
    contact_name: Mapped[str | None] = mapped_column(String(120))
    contact_phone: Mapped[str | None] = mapped_column(String(40))
    contact_email: Mapped[str | None] = mapped_column(String(254))
    contact_hours: Mapped[str | None] = mapped_column(String(200))
    updated_at: Mapped[datetime]


class Closure(Base):
    """Days on which a quarter's office is closed, both included; nothing of a coordinator's is due then."""

    __tablename__ = "closure"
    __table_args__ = (CheckConstraint("from_day <= until_day", name="days_in_order"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    quarter_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("quarter.id", ondelete="CASCADE"), index=True)
    from_day: Mapped[date]
    until_day: Mapped[date]
    reason: Mapped[str | None] = mapped_column(String(200))
