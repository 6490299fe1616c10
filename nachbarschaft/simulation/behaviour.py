"""What people do: whether somebody says yes, when, and whether they turn up. The same for every policy."""

from bisect import bisect_right
from math import exp, inf, log

from nachbarschaft.simulation.chance import normal, uniform
from nachbarschaft.simulation.city import Call, City, Volunteer, crow_km
from nachbarschaft.simulation.customs import DAY, HOUR, WILLING_BY_HOUR

_YES, _DELAY, _SHOWS_UP, _MUTES, _STANDS_BY = range(5)


class Minds:
    """The hidden answers of everybody in one city."""

    def __init__(self, city: City) -> None:
        self._world, self._seed = city.world, city.seed
        self.best_moment = max(WILLING_BY_HOUR) * city.world.free_willing
        """The most that `moment` can be."""
        self._away = (city.world.holiday_from_day * DAY, (city.world.holiday_from_day + city.world.holiday_days) * DAY)
        self._known: dict[tuple[int, int], tuple[float, float]] = {}

    def says_yes(self, volunteer: Volunteer, call: Call, now: float, pushes: float) -> bool:
        """Whether they would say yes to it now, tired by `pushes` of the last days."""
        chance, draw = self.leaning(volunteer, call)
        return draw < chance * self.moment(volunteer, now) * exp(-self._world.fatigue * pushes)

    def leaning(self, volunteer: Volunteer, call: Call) -> tuple[float, float]:
        """The chance of a yes at a good hour, and the draw that it must exceed."""
        key = (volunteer.number, call.number)
        if key not in self._known:
            near = exp(-crow_km(volunteer.place, call.place) / self._world.decay_km)
            chance = volunteer.willing * near * volunteer.tastes[call.need.category] * call.appeal
            self._known[key] = (chance, self._draw(_YES, volunteer, call))
        return self._known[key]

    def moment(self, volunteer: Volunteer, now: float) -> float:
        """How good the moment is: by the hour, 0 for whoever is away, more for whoever has time just now."""
        if volunteer.away and self._away[0] <= now < self._away[1]:
            return 0.0
        hour = WILLING_BY_HOUR[int(now % DAY // HOUR)]
        return hour * self._world.free_willing if free_until(volunteer, now) > now else hour

    def delay(self, volunteer: Volunteer, call: Call) -> float:
        """Minutes from a push to the yes."""
        world = self._world
        drawn = normal(self._seed, _DELAY, volunteer.number, call.number)
        typical = world.delay_minutes * (world.urgent_delay if call.need.urgent else 1)
        return exp(log(typical) + world.delay_sigma * drawn)

    def shows_up(self, volunteer: Volunteer, call: Call) -> bool:
        """Whether they keep their word."""
        return self._draw(_SHOWS_UP, volunteer, call) >= volunteer.no_show

    def stands_by(self, volunteer: Volunteer, call: Call) -> bool:
        """Whether they stay ready once they were told that it is taken."""
        return self._draw(_STANDS_BY, volunteer, call) < self._world.standby_share

    def mutes(self, volunteer: Volunteer, push: int) -> bool:
        """Whether their `push`-th push is the one too many, where they have had more than they put up with."""
        return uniform(self._seed, _MUTES, volunteer.number, push) < self._world.mute_probability

    def _draw(self, kind: int, volunteer: Volunteer, call: Call) -> float:
        return uniform(self._seed, kind, volunteer.number, call.number)


def free_until(volunteer: Volunteer, now: float) -> float:
    """Until when they have time just now; minus infinity where they have none."""
    at = bisect_right(volunteer.free, (now, inf)) - 1
    return volunteer.free[at][1] if at >= 0 else -inf
