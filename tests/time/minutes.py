"""A naive clock to check the clever one against: it is looked at every minute, and knows nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from tests.time.moments import Moment, wall

MINUTE = timedelta(minutes=1)
DAYS_AROUND = 3
"""So many days before and after a moment are looked at."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A minute, and what the clocks of Herne show as it begins."""

    instant: datetime
    wall: datetime


@cache
def ticks_around(moment: Moment) -> tuple[Tick, ...]:
    """Every minute of the days around `moment`, in the order in which they pass."""
    first = moment.at(0, days=-DAYS_AROUND)
    last = moment.at(0, days=DAYS_AROUND + 1)
    count = int((last - first) / MINUTE)
    return tuple(Tick(first + step * MINUTE, wall(first + step * MINUTE)) for step in range(count))


def ticks_from(moment: Moment, instant: datetime) -> tuple[Tick, ...]:
    """The minutes of those days that begin at `instant` or later."""
    ticks = ticks_around(moment)
    return ticks[max(0, -((ticks[0].instant - instant) // MINUTE)) :]


def first_tick(moment: Moment, after: datetime, holds: Callable[[Tick], bool]) -> datetime:
    """The first minute after `after` of which `holds` is true."""
    return next(tick.instant for tick in ticks_from(moment, after + MINUTE) if holds(tick))


def shows(moment: Moment, after: datetime, wanted: time) -> datetime:
    """The first minute after `after` at which the clocks come to show `wanted`, or jump over it."""
    before = wall(after)
    for tick in ticks_from(moment, after + MINUTE):
        goal = datetime.combine(tick.wall.date(), wanted)
        if tick.wall == goal or before < goal < tick.wall:
            return tick.instant
        before = tick.wall
    raise LookupError(wanted)


@dataclass(frozen=True, slots=True)
class Door:
    """A weekly slot as somebody lives it: the door is opened and shut at times that the clocks show."""

    weekday: int
    opens: time
    shuts: time

    def open_minutes(self, moment: Moment) -> Iterator[list[datetime]]:
        """The minutes of each time that the door stands open around `moment`."""
        days = sorted({tick.wall.date() for tick in ticks_around(moment)})
        for day in days:
            if day.weekday() == self.weekday:
                yield self._open_on(moment, day)

    def _open_on(self, moment: Moment, day: date) -> list[datetime]:
        opens = datetime.combine(day, self.opens)
        shuts = datetime.combine(day, self.shuts)
        shuts = shuts if shuts > opens else shuts + timedelta(days=1)
        is_open, is_shut, minutes = False, False, []
        for tick in ticks_around(moment):
            is_open = is_open or tick.wall >= opens
            is_shut = is_shut or tick.wall >= shuts
            if is_open and not is_shut:
                minutes.append(tick.instant)
        return minutes


def shares_enough(door: Door, moment: Moment, needed: tuple[datetime, datetime]) -> bool:
    """Whether one opening of the door has 30 minutes of the need, or all of its minutes (contract, section 4)."""
    start, end = needed
    enough = min(30, int((end - start) / MINUTE))
    return any(sum(start <= minute < end for minute in open_) >= enough for open_ in door.open_minutes(moment))
