"""Makes a city from a world and a seed."""

import random
from bisect import bisect_left
from dataclasses import replace
from itertools import accumulate
from math import ceil, exp, inf, log, sqrt

from nachbarschaft.geography.cells import cell_of
from nachbarschaft.matching.facts import Candidate, Habits, Load, Need
from nachbarschaft.matching.policy import Policy
from nachbarschaft.matching.wallclock import Slot
from nachbarschaft.simulation.city import Call, City, Place, Reach, Volunteer, identity, instant
from nachbarschaft.simulation.customs import (
    AVAILABILITY,
    CATEGORIES,
    DAY,
    DEMAND_BY_HOUR,
    HOUR,
    MAIN,
    NIGHT_BEGINS,
    NIGHT_ENDS,
    PARTS,
    SHARES,
    TOLERANCE,
    WEEK,
    ZONE,
)
from nachbarschaft.simulation.world import World

_CORNER = (51.4, 7.0)
_KM_PER_DEGREE = 111.2
_MINORITIES = tuple(language for language in SHARES if language != MAIN)
_DAY_ENDS = (11, 22)
_SATURDAY = 5
_HOURS = tuple(accumulate(DEMAND_BY_HOUR))


def make_city(world: World, seed: int, *, quarters: int, weeks: int, policy: Policy) -> City:
    """The city of that seed; the same for every policy. `policy` says no more than how far it must be looked."""
    width = ceil(sqrt(quarters))
    reach = Reach(
        max(world.reach_km, policy.reach_km), max(world.reach_rare_language_km, policy.reach_rare_language_km), width
    )
    sizes = random.Random(f"{seed} sizes")  # noqa: S311 - a world to be repeated, no secret
    volunteers: list[Volunteer] = []
    calls: list[Call] = []
    for quarter in range(quarters):
        chance = random.Random(f"{seed} quarter {quarter}")  # noqa: S311 - the same
        corner = (quarter % width * world.quarter_km, quarter // width * world.quarter_km)
        maker = _Maker(world, chance, quarter, corner, weeks)
        people = max(1, round(world.volunteers * exp(sizes.gauss(0, world.volunteers_spread))))
        daily = world.volunteers * world.requests_per_volunteer_day * exp(sizes.gauss(0, world.demand_spread))
        volunteers += [maker.volunteer(len(volunteers) + number) for number in range(people)]
        calls += [maker.call(posted) for posted in maker.postings(daily)]
    return City(world, seed, reach, volunteers, _numbered(calls))


def _numbered(calls: list[Call]) -> list[Call]:
    calls.sort(key=lambda call: (call.posted, call.quarter))
    return [
        replace(call, number=number, need=replace(call.need, requester_id=identity(3, number)))
        for number, call in enumerate(calls)
    ]


class _Maker:
    """Makes the people and requests of one quarter, from its own draws."""

    def __init__(self, world: World, chance: random.Random, quarter: int, corner: Place, weeks: int) -> None:
        self._world, self._chance, self._quarter, self._corner = world, chance, quarter, corner
        self._minutes = weeks * WEEK

    def volunteer(self, number: int) -> Volunteer:
        chance, world = self._chance, self._world
        place = self._somewhere()
        tolerance = self._tolerance() * world.tolerance_factor
        kinds = chance.sample(CATEGORIES, chance.randint(2, 5))
        return Volunteer(
            number=number,
            quarter=self._quarter,
            place=place,
            candidate=self._candidate(number, place, frozenset(kinds), self._limit(tolerance)),
            willing=chance.betavariate(world.willing_a, world.willing_b),
            tastes={kind: chance.uniform(world.taste_least, 1) for kind in kinds},
            no_show=chance.betavariate(world.no_show_a, world.no_show_b),
            tolerance=tolerance,
            noticed=chance.random() < world.mute_noticed,
            away=chance.random() < world.holiday_away,
            free=tuple((start, start + world.free_hours * HOUR) for start in self._by_day(world.free_per_week)),
            opens=tuple(self._by_day(world.opens_per_week)),
        )

    def call(self, posted: float) -> Call:
        chance, world = self._chance, self._world
        place, until, urgent, relaxed = self._somewhere(), *self._window(posted)
        languages = self._needed_languages()
        return Call(
            number=0,
            quarter=self._quarter,
            place=place,
            posted=posted,
            until=until,
            given_up=posted + chance.expovariate(1 / (world.cancel_days * DAY)),
            appeal=world.appeal * chance.uniform(1 - world.appeal_spread, 1 + world.appeal_spread),
            relaxed=relaxed,
            minority=bool(languages - {MAIN}),
            need=Need(
                category=chance.choice(CATEGORIES),
                requires="none",
                urgent=urgent,
                languages=languages,
                needed_from=instant(posted if urgent else max(posted, until - world.served_hours * HOUR)),
                needed_until=instant(until),
                quarter_id=identity(1, self._quarter),
                cell=_cell(place),
                requester_id=identity(3, 0),
            ),
        )

    def postings(self, daily: float) -> list[float]:
        """When requests are posted: a Poisson process that follows the hours of the day and the holiday."""
        chance, world = self._chance, self._world
        found: list[float] = []
        for day in range(round(self._minutes / DAY)):
            holiday = world.holiday_from_day <= day < world.holiday_from_day + world.holiday_days
            rest = daily * (world.holiday_demand if holiday else 1)
            while rest > 0 and (rest := rest - chance.expovariate(1)) > 0:
                hour = bisect_left(_HOURS, chance.uniform(0, _HOURS[-1]))
                found.append(day * DAY + (hour + chance.random()) * HOUR)
        return sorted(found)

    def _candidate(self, number: int, place: Place, kinds: frozenset[str], limit: int) -> Candidate:
        return Candidate(
            person_id=identity(2, number),
            quarter_id=identity(1, self._quarter),
            adjoins=True,
            categories=kinds,
            languages=self._languages(),
            availability=self._availability(),
            reach="neighbours",
            cell=_cell(place),
            tasks_per_week=self._chance.randint(1, 5),
            offer_paused_until=None,
            verification="known",
            reachable=True,
            habits=Habits(ZONE, quiet_from=None, quiet_until=None, pushes_per_day=1000, asks_per_week=limit),
            load=Load(),
        )

    def _somewhere(self) -> Place:
        east, north = self._corner
        side = self._world.quarter_km
        return (east + self._chance.uniform(0, side), north + self._chance.uniform(0, side))

    def _languages(self) -> frozenset[str]:
        spoken = {language for language, share in SHARES.items() if self._chance.random() < share}
        return frozenset(spoken or {self._chance.choice(_MINORITIES)})

    def _needed_languages(self) -> frozenset[str]:
        if self._chance.random() >= self._world.minority_share:
            return frozenset({MAIN})
        [language] = self._chance.choices(_MINORITIES, [SHARES[each] for each in _MINORITIES])
        return frozenset({language} if self._chance.random() < self._world.minority_only else {language, MAIN})

    def _availability(self) -> tuple[Slot, ...]:
        [days] = self._chance.choices([days for _, *days in AVAILABILITY], [share for share, *_ in AVAILABILITY])
        return tuple(
            Slot(day, *part)
            for day in range(7)
            for part, likely in zip(PARTS, days[day >= _SATURDAY], strict=True)
            if self._chance.random() < likely
        )

    def _tolerance(self) -> int:
        [(_, least, most)] = self._chance.choices(TOLERANCE, [share for share, _, _ in TOLERANCE])
        return self._chance.randint(least, most)

    def _limit(self, tolerance: float) -> int:
        world = self._world
        guess = exp(log(max(tolerance, 0.1)) + self._chance.gauss(0, world.own_limit_noise))
        own = self._chance.random() < world.own_limit_share
        return min(max(round(guess), world.own_limit_least), 10) if own else world.default_limit

    def _window(self, posted: float) -> tuple[float, bool, bool]:
        kind = self._chance.random()
        urgent = kind < self._world.urgent_share
        relaxed = kind >= 1 - self._world.relaxed_share and not urgent
        least, most = (2, 4) if urgent else (24, 72) if relaxed else (6, 24)
        until = posted + self._chance.uniform(least, most) * HOUR
        return until if urgent else self._by_daylight(until, posted), urgent, relaxed

    def _by_daylight(self, until: float, posted: float) -> float:
        """What is not urgent is not needed at night."""
        if _DAY_ENDS[0] <= until % DAY / HOUR < _DAY_ENDS[1]:
            return until
        moved = until // DAY * DAY + self._chance.uniform(*_DAY_ENDS) * HOUR
        return moved if moved > posted + 4 * HOUR else moved + DAY

    def _by_day(self, per_week: float) -> list[float]:
        """Moments by day, never at night, so many a week in the mean."""
        found: list[float] = []
        at = self._chance.expovariate(per_week / WEEK) if per_week else inf
        while at < self._minutes:
            day = at // DAY
            found.append(day * DAY + self._chance.uniform(NIGHT_ENDS, NIGHT_BEGINS) * HOUR)
            at += self._chance.expovariate(per_week / WEEK)
        return sorted(found)


def _cell(place: Place) -> str:
    east, north = place
    lat = _CORNER[0] + north / _KM_PER_DEGREE
    return cell_of(lat, _CORNER[1] + east / (_KM_PER_DEGREE * 0.624))
