"""When a quarter's office is closed, and when it opens again."""

import uuid
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Closure, Quarter
from nachbarschaft.matching.wallclock import day_of, instant_of


def office_opens_at(session: Session, quarter_id: uuid.UUID, now: datetime) -> datetime | None:
    """The midnight that ends the present closure, by the quarter's calendar; None where the office is not closed."""
    zone = ZoneInfo(session.scalars(select(Quarter.timezone).where(Quarter.id == quarter_id)).one())
    today = day_of(now, zone)
    query = select(Closure.until_day).where(
        Closure.quarter_id == quarter_id, Closure.from_day <= today, Closure.until_day >= today
    )
    last = session.scalar(query)
    return None if last is None else instant_of(last + timedelta(days=1), time(), zone)
