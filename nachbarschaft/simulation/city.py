"""The people and the requests of one seed, before anybody is asked."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import hypot

from nachbarschaft.geography.cells import distance_km
from nachbarschaft.matching.eligibility import fit_of, needs_rare_language, speaks
from nachbarschaft.matching.facts import Candidate, Fit, Need
from nachbarschaft.matching.policy import DEFAULT_POLICY
from nachbarschaft.simulation.customs import START
from nachbarschaft.simulation.world import World

Place = tuple[float, float]
"""Kilometres east and north of the city's corner."""


@dataclass(frozen=True, slots=True)
class Volunteer:
    """Somebody who helps: what the product knows (`candidate`), and what only the simulation knows.

    `free`: stretches of minutes in which they have time and would say so; `opens`: minutes at which they look unasked.
    """

    number: int
    quarter: int
    place: Place
    candidate: Candidate
    willing: float
    tastes: dict[str, float]
    no_show: float
    tolerance: float
    noticed: bool
    away: bool
    free: tuple[tuple[float, float], ...]
    opens: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A request for help. Times in minutes; `given_up`: when it is taken back unless somebody has said yes."""

    number: int
    quarter: int
    place: Place
    posted: float
    until: float
    given_up: float
    appeal: float
    relaxed: bool
    minority: bool
    need: Need

    @property
    def ends(self) -> float:
        """Until when somebody can say yes."""
        return min(self.until, self.given_up)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far policies of a run reach at most, and how many quarters stand side by side in the grid."""

    km: float
    rare_km: float
    width: int


class City:
    """The world of one seed: quarters in a grid, who lives there, who asks for help."""

    def __init__(self, world: World, seed: int, reach: Reach, volunteers: list[Volunteer], calls: list[Call]) -> None:
        self.world, self.seed, self._width = world, seed, reach.width
        self.volunteers, self.calls = volunteers, calls
        self._by_quarter: dict[int, list[Volunteer]] = {}
        for volunteer in volunteers:
            self._by_quarter.setdefault(volunteer.quarter, []).append(volunteer)
        self._reach, self._fits = reach, dict[int, list[Fit]]()
        self._km: dict[tuple[str, str], float] = {}

    def fits(self, call: Call) -> list[Fit]:
        """Everybody who could be asked for it at some time by a policy that reaches as far as any in this run."""
        if call.number not in self._fits:
            self._fits[call.number] = list(self._found(call))
        return self._fits[call.number]

    def km_between(self, one: str, other: str) -> float:
        """`distance_km` of two cells, found once."""
        if (one, other) not in self._km:
            self._km[one, other] = distance_km(one, other)
        return self._km[one, other]

    def around(self, quarter: int) -> list[int]:
        """The quarter and those that touch it."""
        row, column = divmod(quarter, self._width)
        near = [(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
        return [r * self._width + c for r, c in near if 0 <= c < self._width and r >= 0]

    def _found(self, call: Call) -> Iterator[Fit]:
        need, reach = call.need, self._reach
        km_at_most = reach.rare_km if needs_rare_language(need, DEFAULT_POLICY) else reach.km
        for volunteer in (who for quarter in self.around(call.quarter) for who in self._by_quarter.get(quarter, ())):
            candidate = volunteer.candidate
            if need.category not in candidate.categories or not speaks(need, candidate):
                continue
            strange = volunteer.quarter != call.quarter
            if strange and crow_km(volunteer.place, call.place) > km_at_most + _CELLS_KM:
                continue
            km = self.km_between(str(need.cell), candidate.cell)
            if strange and km > km_at_most:
                continue
            yield fit_of(need, candidate, km, need.needed_from, DEFAULT_POLICY)


_CELLS_KM = 0.5
"""By how much the middles of two cells can be nearer than two places in them."""


def crow_km(one: Place, other: Place) -> float:
    """Kilometres in a straight line."""
    return hypot(one[0] - other[0], one[1] - other[1])


def instant(minute: float) -> datetime:
    """The instant that a minute of a run stands for."""
    return START + timedelta(minutes=minute)


def identity(kind: int, number: int) -> uuid.UUID:
    """A fixed key for somebody or something."""
    return uuid.UUID(int=(kind << 64) | number)
