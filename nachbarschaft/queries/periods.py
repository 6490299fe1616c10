"""Stretches of a quarter's calendar, and the days, weeks and months that reports group by."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from nachbarschaft.errors import Invalid
from nachbarschaft.matching.wallclock import instant_of
from nachbarschaft.words import mark as _

DEFAULT_DAYS = 30
LONGEST_DAYS = 3 * 366
EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)
_DAY = timedelta(days=1)
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both included; what was not said is None until `as_of` fills it in.

    Raises Invalid, for the fields `from` and `until`, where it ends before it begins or is longer than three years.
    """

    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        days = {"from": self.first, "until": self.last}
        far = [field for field, day in days.items() if day is not None and not EARLIEST <= day <= LATEST]
        if far:
            raise Invalid({field: [_("This time is too far away.")] for field in far})
        if self.first is not None and self.last is not None:
            _check_length((self.last - self.first).days + 1)

    def as_of(self, today: date) -> "Period":
        """The same without gaps: it ends today, and begins so that there are 30 days."""
        last = self.last or max(today, EARLIEST + DEFAULT_DAYS * _DAY)
        return Period(self.first or max(last - (DEFAULT_DAYS - 1) * _DAY, EARLIEST), last)

    def instants(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """When the first day begins in `zone`, and when the day after the last does."""
        first, last = self._ends()
        return instant_of(first, time(0), zone), instant_of(last + _DAY, time(0), zone)

    def days(self) -> Iterator[date]:
        """Every day, in time's order."""
        first, last = self._ends()
        return (first + passed * _DAY for passed in range((last - first).days + 1))

    def _ends(self) -> tuple[date, date]:
        if self.first is None or self.last is None:
            raise LookupError("this period has a gap")
        return self.first, self.last


def _check_length(days: int) -> None:
    if days < 1:
        raise Invalid({"until": [_("The last day must not lie before the first.")]})
    if days > LONGEST_DAYS:
        raise Invalid({"until": [_("Please choose at most three years.")]})


def week_of(day: date) -> str:
    """The ISO 8601 week: the days around New Year may belong to a week of the year beside."""
    year, week, _weekday = day.isocalendar()
    return f"{year:04}-W{week:02}"


def month_of(day: date) -> str:
    return day.isoformat()[:7]


CALENDAR: Final[Mapping[str, Callable[[date], str]]] = MappingProxyType(
    {"day": date.isoformat, "week": week_of, "month": month_of}
)
"""What a day is counted under; each name sorts in time's order."""


def known_sums(by: str, period: Period) -> list[set[str]]:
    """Groups of which whoever reads the other groupings of the same period knows the sum.

    Weeks and months together tell what each piece of a week within a month holds; the month, or the two that a week
    lies in, tell what the weeks within them hold.
    """
    if by == "day":
        pieces = _gathered(((week_of(day), month_of(day)), day.isoformat()) for day in period.days())
        return list(pieces.values())
    if by == "week":
        months = _gathered((week_of(day), month_of(day)) for day in period.days())
        return [
            {week for week, touched in months.items() if touched <= known}
            for known in {frozenset(touched) for touched in months.values()}
        ]
    return []


def _gathered(pairs: Iterable[tuple[Key, str]]) -> dict[Key, set[str]]:
    found: dict[Key, set[str]] = {}
    for key, name in pairs:
        found.setdefault(key, set()).add(name)
    return found
