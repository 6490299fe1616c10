"""What one run remembers of each volunteer: what the product counts, and how much they have had of pushes."""

from bisect import bisect_right
from math import exp, inf

from nachbarschaft.matching.facts import Load
from nachbarschaft.simulation.behaviour import free_until
from nachbarschaft.simulation.city import Volunteer, instant
from nachbarschaft.simulation.customs import DAY, WEEK
from nachbarschaft.simulation.world import World

_MEMORY = 84 * DAY
_HALF_LIFE = 28 * DAY


class Decaying:
    """A sum that fades: after `minutes` 37 % are left."""

    __slots__ = ("_at", "_minutes", "_value")

    def __init__(self, minutes: float) -> None:
        self._minutes, self._value, self._at = minutes, 0.0, 0.0

    def at(self, now: float) -> float:
        """What is left now."""
        return self._value * exp((self._at - now) / self._minutes) if self._value else 0.0

    def add(self, more: float, now: float) -> None:
        """Adds `more` now; never falls below 0."""
        self._value, self._at = max(self.at(now) + more, 0.0), now


class Memory:
    """One volunteer in one run. `counts_asks`: whether their own weekly limit holds, or nobody counts."""

    def __init__(self, volunteer: Volunteer, world: World, *, counts_asks: bool) -> None:
        self._volunteer, self._counts_asks = volunteer, counts_asks
        self.asks: list[float] = []
        self.yes: list[float] = []
        self.tasks: list[float] = []
        self.active = self.pushes = 0
        self.useless = Decaying(world.useless_days * DAY)
        self.tiring = Decaying(world.fatigue_days * DAY)
        self.pushed_relaxed = -inf
        self.muted = self.unreachable = False
        self._known: tuple[float, Load] = (-inf, Load())

    def load(self, now: float) -> Load:
        """What the product would know of them now; kept for as long as nothing in it changes."""
        if now < self._known[0]:
            return self._known[1]
        free = free_until(self._volunteer, now)
        load = Load(
            active_tasks=self.active,
            tasks_this_week=self.tasks_this_week(now),
            asks_this_week=self.asks_this_week(now) if self._counts_asks else 0,
            asks=_since(self.asks, now - _MEMORY),
            yes=_since(self.yes, now - _MEMORY),
            last_asked_at=instant(self.asks[-1]) if self.asks else None,
            tasks_lately=sum(0.5 ** ((now - at) / _HALF_LIFE) for at in self.tasks),
            free_until=instant(free) if free > now else None,
        )
        self._known = (self._unchanged_until(now, free), load)
        return load

    def changed(self) -> None:
        """To be called after each change of what `load` counts."""
        self._known = (-inf, self._known[1])

    def tasks_this_week(self, now: float) -> int:
        """Tasks taken in the last seven days and not dropped."""
        return _since(self.tasks, now - WEEK)

    def asks_this_week(self, now: float) -> int:
        """How often they were asked in the last seven days."""
        return _since(self.asks, now - WEEK)

    def _unchanged_until(self, now: float, free: float) -> float:
        """The next moment at which a count changes by itself; what is owed for tasks fades all the time."""
        if self.tasks:
            return now
        leaves = [
            moments[at] + span
            for moments in (self.asks, self.yes)
            for span in (WEEK, _MEMORY)
            if (at := bisect_right(moments, now - span)) < len(moments)
        ]
        return min([*leaves, free if free > now else inf, _next_free(self._volunteer, now)])


def _next_free(volunteer: Volunteer, now: float) -> float:
    at = bisect_right(volunteer.free, (now, inf))
    return volunteer.free[at][0] if at < len(volunteer.free) else inf


def _since(moments: list[float], start: float) -> int:
    return len(moments) - bisect_right(moments, start)
