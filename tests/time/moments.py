"""The days on which time itself is difficult, in Herne."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

HERNE = ZoneInfo("Europe/Berlin")
CLOSURE = (date(2026, 12, 24), date(2027, 1, 1))
"""When the city's offices are closed (product rules: Time)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One of those days."""

    name: str
    day: date

    def at(self, hour: int, minute: int = 0, *, days: int = 0, fold: int = 0) -> datetime:
        """An instant by the clocks of Herne, so many days after the day; `fold=1` is the second of repeated hours."""
        there = datetime.combine(self.day + timedelta(days=days), time(hour, minute), HERNE)
        return there.replace(fold=fold).astimezone(UTC)

    @property
    def midnight(self) -> datetime:
        """When the day begins."""
        return self.at(0)


SPRING = Moment("the clocks go forward", date(2027, 3, 28))
AUTUMN = Moment("the clocks go back", date(2027, 10, 31))
LEAP_DAY = Moment("29 February", date(2028, 2, 29))
NEW_YEAR = Moment("New Year", date(2027, 1, 1))
BOXING_DAY = Moment("the offices are closed", date(2026, 12, 26))
MOMENTS = (SPRING, AUTUMN, LEAP_DAY, NEW_YEAR, BOXING_DAY)

at_each_moment = pytest.mark.parametrize("moment", MOMENTS, ids=[moment.name for moment in MOMENTS])
"""Runs a test at each of them."""


def wall(instant: datetime) -> datetime:
    """What the clocks of Herne show."""
    return instant.astimezone(HERNE).replace(tzinfo=None)


def rfc3339(instant: datetime) -> str:
    """An instant as the API writes it."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
