"""One run: events in the order of their time, for one city and one way of asking."""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from nachbarschaft.matching.eligibility import has_time_now
from nachbarschaft.matching.wallclock import is_open
from nachbarschaft.matching.waves import Topic, next_wave
from nachbarschaft.simulation.asking import Asking, number_of
from nachbarschaft.simulation.behaviour import Minds
from nachbarschaft.simulation.case import Case
from nachbarschaft.simulation.city import Call, City, Volunteer, instant
from nachbarschaft.simulation.customs import HOUR, START, ZONE
from nachbarschaft.simulation.memory import Memory
from nachbarschaft.simulation.strategies import Strategy


@dataclass(frozen=True, slots=True)
class Ask:
    """Somebody was asked: minute, request, volunteer, wave, and how often they had been asked that week before."""

    at: float
    call: int
    volunteer: int
    wave: int
    topic: Topic
    asks_before: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened in a run. `muted_at`: volunteer → minute at which they muted the app."""

    city: City
    cases: list[Case]
    asks: list[Ask]
    muted_at: dict[int, float]
    tasks_done: list[int]


def run(city: City, minds: Minds, strategy: Strategy) -> Outcome:
    """Plays all of it, until the last request has ended."""
    return _Run(city, minds, strategy).play()


class _Run:
    def __init__(self, city: City, minds: Minds, strategy: Strategy) -> None:
        self._city, self._minds, self._strategy = city, minds, strategy
        self._memories = [Memory(who, city.world, counts_asks=strategy.limits) for who in city.volunteers]
        self._asking = Asking(city, strategy, self._memories)
        self._events: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self._order = count()
        self._cases: list[Case] = []
        self._asks: list[Ask] = []
        self._muted_at: dict[int, float] = {}
        self._done = [0] * len(city.volunteers)
        self._listed: dict[int, dict[int, Case]] = {}

    def play(self) -> Outcome:
        for call in self._city.calls:
            self._at(call.posted, self._post, call)
        if self._strategy.policy.open_list:
            for volunteer in self._city.volunteers:
                for moment in volunteer.opens:
                    self._at(moment, self._look, volunteer)
        while self._events:
            now, _, happen, what = heappop(self._events)
            happen(now, *what)
        return Outcome(self._city, self._cases, self._asks, self._muted_at, self._done)

    def _at(self, moment: float, happen: Callable[..., None], *what: object) -> None:
        heappush(self._events, (moment, next(self._order), happen, what))

    def _post(self, now: float, call: Call) -> None:
        case = self._asking.case(call)
        self._cases.append(case)
        if self._strategy.policy.open_list:
            self._listed.setdefault(case.call.quarter, {})[case.call.number] = case
        self._ask_wave(now, case)

    def _ask_wave(self, now: float, case: Case) -> None:
        if not case.is_open(now):
            return
        topic, choices = self._asking.next_choices(case, now)
        case.waves += bool(choices)
        for choice in choices:
            self._ask(now, case, self._city.volunteers[number_of(choice.candidate)], topic)
        if choices and self._asking.is_over(case):
            return
        need, policy = case.call.need, self._strategy.policy
        planned = next_wave(need, instant(now), instant(case.call.posted), ZONE, policy, anybody=bool(choices))
        minute = (planned - START).total_seconds() / 60
        if case.call.ends > minute > now:
            self._at(minute, self._ask_wave, case)

    def _ask(self, now: float, case: Case, volunteer: Volunteer, topic: Topic) -> None:
        who = volunteer.number
        memory = self._memories[who]
        before = memory.asks_this_week(now)
        self._asks.append(Ask(now, case.call.number, who, case.waves, topic, before))
        memory.asks.append(now)
        memory.changed()
        if who not in case.asked:
            case.fresh.remove(case.fits[who])
        case.asked[who] = now
        if who in case.standby:
            case.standby.remove(who)
        tired = memory.tiring.at(now)
        self._push(now, case, volunteer, memory)
        reads_it = not memory.muted or self._muted_at[who] == now
        if reads_it and self._minds.says_yes(volunteer, case.call, now, tired):
            self._at(now + self._minds.delay(volunteer, case.call), self._say_yes, case, volunteer)

    def _push(self, now: float, case: Case, volunteer: Volunteer, memory: Memory) -> None:
        """Sends one, unless a digest of the last hour has room for it; may be the one that is too many."""
        if self._strategy.policy.digest_relaxed and case.call.relaxed:
            if now - memory.pushed_relaxed < HOUR:
                return
            memory.pushed_relaxed = now
        case.pushes += 1
        memory.pushes += 1
        if not memory.muted:
            memory.tiring.add(1, now)
            self._bother(now, volunteer, memory)

    def _bother(self, now: float, volunteer: Volunteer, memory: Memory) -> None:
        memory.useless.add(1, now)
        if memory.useless.at(now) > volunteer.tolerance and self._minds.mutes(volunteer, memory.pushes):
            memory.muted, memory.unreachable = True, volunteer.noticed
            self._muted_at[volunteer.number] = now

    def _say_yes(self, now: float, case: Case, volunteer: Volunteer) -> None:
        memory = self._memories[volunteer.number]
        if case.is_open(now):
            self._take(now, case, volunteer)
        elif case.helper is not None and case.helper != volunteer.number:
            memory.yes.append(now)
            memory.changed()
            memory.useless.add(1, now)
            case.too_late += 1
            if self._minds.stands_by(volunteer, case.call) and volunteer.number not in case.standby:
                case.standby.append(volunteer.number)

    def _take(self, now: float, case: Case, volunteer: Volunteer) -> None:
        """First yes wins, of whoever has not done enough this week."""
        memory = self._memories[volunteer.number]
        if volunteer.number in case.dropped:
            return
        if memory.tasks_this_week(now) >= volunteer.candidate.tasks_per_week:
            return
        case.helper, case.accepted = volunteer.number, min(case.accepted, now)
        memory.yes.append(now)
        memory.tasks.append(now)
        memory.active += 1
        memory.changed()
        memory.useless.add(-1 - self._city.world.win_forgives, now)  # the push that led to it was not useless
        self._listed.get(case.call.quarter, {}).pop(case.call.number, None)
        self._at((now + case.call.until) / 2, self._meet, case, volunteer, now)

    def _meet(self, now: float, case: Case, volunteer: Volunteer, taken_at: float) -> None:
        memory = self._memories[volunteer.number]
        memory.active -= 1
        memory.changed()
        if self._minds.shows_up(volunteer, case.call):
            case.done = True
            self._done[volunteer.number] += 1
            return
        memory.tasks.remove(taken_at)
        case.helper, case.reopened = None, now
        case.dropped.add(volunteer.number)
        self._ask_wave(now, case)

    def _look(self, now: float, volunteer: Volunteer) -> None:
        """They look into the list of open requests that fit them, and may take the one that they like most."""
        cases = [
            case
            for quarter in self._city.around(volunteer.quarter)
            for case in self._listed.get(quarter, {}).values()
            if volunteer.number in case.fits and case.is_open(now) and self._could(now, case, volunteer)
        ]
        cases.sort(key=lambda case: -self._minds.leaning(volunteer, case.call)[0])
        tired = self._memories[volunteer.number].tiring.at(now)
        for case in cases:
            if self._minds.says_yes(volunteer, case.call, now, tired):
                self._take(now, case, volunteer)
                return

    def _could(self, now: float, case: Case, volunteer: Volunteer) -> bool:
        fit, need = case.fits[volunteer.number], case.call.need
        load = self._memories[volunteer.number].load(now)
        at = instant(now)
        return is_open(fit.openings, max(at, need.needed_from), need.needed_until) or has_time_now(
            need, load, at, self._strategy.policy
        )
