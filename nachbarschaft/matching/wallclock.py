"""Wall-clock rules: nights, quiet hours and weekly availability, in the zone of whoever they belong to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

NIGHT_FROM = time(22)
NIGHT_UNTIL = time(7)
SHORTEST_OVERLAP = timedelta(minutes=30)
_MINUTE = timedelta(minutes=1)
_DAYS_THAT_MATTER = 9  # a week, and a day on either side for slots that cross midnight


Opening = tuple[datetime, datetime]
"""A stretch between two instants in which somebody is available."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A weekly stretch of wall-clock time. `weekday` 0 is Monday, "24:00" the day's end; until ≤ from: overnight."""

    weekday: int
    start: str
    end: str


def clock_time(text: str) -> time:
    """ "HH:MM" as a time of day ("24:00" as midnight)."""
    hours, minutes = text.split(":")
    return time(int(hours) % 24, int(minutes))


def is_between(moment: time, start: time, end: time) -> bool:
    """Whether `moment` lies in [start, end), across midnight where end ≤ start."""
    if start < end:
        return start <= moment < end
    return moment >= start or moment < end


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """The day that calendars in `zone` show at `instant`."""
    return instant.astimezone(zone).date()


def is_night(now: datetime, zone: ZoneInfo) -> bool:
    """Whether it is between 22:00 and 07:00 in `zone` (contract, section 4: Asking)."""
    return is_between(now.astimezone(zone).time(), NIGHT_FROM, NIGHT_UNTIL)


def next_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """The next 07:00 in `zone`, as an instant after `now`."""
    return next_time(now, NIGHT_UNTIL, zone)


def next_time(now: datetime, moment: time, zone: ZoneInfo) -> datetime:
    """The first instant after `now` at which the clocks in `zone` show `moment`, or jump over it."""
    today = day_of(now, zone)
    shown = (instant for days in range(3) for instant in _shown(today + timedelta(days=days), moment, zone))
    return next(instant for instant in shown if instant > now)


def _shown(day: date, moment: time, zone: ZoneInfo) -> tuple[datetime, ...]:
    """When the clocks show `moment` on `day`: twice in the hour that is repeated in autumn."""
    first = instant_of(day, moment, zone)
    again = datetime.combine(day, moment, zone).replace(fold=1).astimezone(UTC)
    return (first, again) if again > first else (first,)


def instant_of(day: date, moment: time, zone: ZoneInfo) -> datetime:
    """The first instant at which the clocks in `zone` show `moment` on `day`, or jump over it in spring."""
    wanted = datetime.combine(day, moment)
    instant = wanted.replace(tzinfo=zone).astimezone(UTC)
    while (instant - _MINUTE).astimezone(zone).replace(tzinfo=None) >= wanted:
        instant -= _MINUTE  # a time that the clocks skip is read as one after the jump: back to the jump itself
    return instant


def is_available(slots: Iterable[Slot], needed_from: datetime, needed_until: datetime, zone: ZoneInfo) -> bool:
    """Whether a slot overlaps the need by 30 minutes, or by all of it. No slots at all mean any time."""
    return is_open(openings(slots, needed_from, needed_until, zone), needed_from, needed_until)


def openings(
    slots: Iterable[Slot], needed_from: datetime, needed_until: datetime, zone: ZoneInfo
) -> tuple[Opening, ...] | None:
    """The slots around a need as stretches between instants; None where there are no slots, which means any time."""
    slots = tuple(slots)
    if not slots:
        return None
    first = day_of(needed_from, zone) - timedelta(days=1)
    last = day_of(needed_until, zone)
    return tuple(
        (start, end)
        for start, end in _stretches(slots, first, last, zone)
        if start < needed_until and end > needed_from
    )


def is_open(found: tuple[Opening, ...] | None, needed_from: datetime, needed_until: datetime) -> bool:
    """Whether one of the `openings` overlaps what is left of the need by 30 minutes, or by all of it."""
    if found is None:
        return True
    enough = min(SHORTEST_OVERLAP, needed_until - needed_from)
    return any(min(end, needed_until) - max(start, needed_from) >= enough for start, end in found)


def _stretches(slots: tuple[Slot, ...], first: date, last: date, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    for days in range(min((last - first).days + 1, _DAYS_THAT_MATTER)):
        day = first + timedelta(days=days)
        for slot in slots:
            if slot.weekday == day.weekday():
                yield _stretch(slot, day, zone)


@lru_cache(maxsize=8192)
def _stretch(slot: Slot, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    start, end = clock_time(slot.start), clock_time(slot.end)
    last_day = day if end > start else day + timedelta(days=1)
    return instant_of(day, start, zone), instant_of(last_day, end, zone)
