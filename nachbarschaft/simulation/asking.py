"""Chooses a wave with the product's own functions."""

from dataclasses import replace
from math import inf

from nachbarschaft.matching.choosing import STANDBY_IGNORES, Choice, best, fitting, ranked
from nachbarschaft.matching.facts import Candidate, Fit
from nachbarschaft.matching.waves import Topic, room_for, topics
from nachbarschaft.simulation.case import Case
from nachbarschaft.simulation.chance import uniform
from nachbarschaft.simulation.city import Call, City, instant
from nachbarschaft.simulation.memory import Memory
from nachbarschaft.simulation.strategies import Strategy

_LOT = 77


class Asking:
    """Whom to ask in one run."""

    def __init__(self, city: City, strategy: Strategy, memories: list[Memory]) -> None:
        self._city, self._strategy, self._memories = city, strategy, memories
        self._policy = strategy.policy

    def case(self, call: Call) -> Case:
        """A new request, with everybody who could be asked for it at some time."""
        here = [
            fit
            for fit in self._city.fits(call)
            if self._strategy.crosses or fit.candidate.quarter_id == call.need.quarter_id
        ]
        fits = fitting(call.need, here, self._policy)
        return Case(call, {number_of(fit.candidate): fit for fit in fits}, fits)

    def next_choices(self, case: Case, now: float) -> tuple[Topic, list[Choice]]:
        """The next wave, best first, and among whom it was found; nobody where nobody can be asked now."""
        for topic in topics(self._policy, reopened=case.reopened > 0):
            choices = self._among(case, topic, now)
            if choices:
                return topic, choices
        return Topic.NEW, []

    def is_over(self, case: Case) -> bool:
        """Whether no later wave could find anybody unless something happens first."""
        nobody_new = not case.fresh or not room_for(self._policy, len(case.asked))
        return self._strategy.once or (nobody_new and not case.standby and case.reopened < 0)

    def _among(self, case: Case, topic: Topic, now: float) -> list[Choice]:
        size = self._policy.wave_size(urgent=case.call.need.urgent)
        if topic is Topic.STANDBY:
            return self._standing_by(case, now)[:size]
        if topic is Topic.NEW:
            case.fresh = [fit for fit in case.fresh if not self._memory_of(fit.candidate).unreachable]
            return self._best(case, case.fresh, min(size, room_for(self._policy, len(case.asked))), now)
        return self._best(case, self._lapsed(case), size, now)

    def _best(self, case: Case, fits: list[Fit], size: int, now: float) -> list[Choice]:
        if not fits or not size:
            return []
        count = len(fits) if self._strategy.by_lot else size
        need = case.call.need
        choices = best(
            need, fits, instant(now), self._policy, count=count, load_of=lambda who: self._memory_of(who).load(now)
        )
        if self._strategy.by_lot:
            choices.sort(
                key=lambda choice: uniform(self._city.seed, _LOT, case.call.number, number_of(choice.candidate))
            )
        return choices[:size]

    def _standing_by(self, case: Case, now: float) -> list[Choice]:
        people = [
            replace(case.fits[who].candidate, load=self._memories[who].load(now))
            for who in case.standby
            if not self._memories[who].unreachable
        ]
        return ranked(case.call.need, people, instant(now), self._policy, ignoring=STANDBY_IGNORES) if people else []

    def _lapsed(self, case: Case) -> list[Fit]:
        return [
            fit
            for who, fit in case.fits.items()
            if case.asked.get(who, inf) <= case.reopened
            and who not in case.dropped
            and not self._memories[who].unreachable
        ]

    def _memory_of(self, candidate: Candidate) -> Memory:
        return self._memories[number_of(candidate)]


def number_of(candidate: Candidate) -> int:
    """The volunteer's number in their city."""
    return candidate.person_id.int & 0xFFFFFFFF
