"""The Hypothesis machine: it draws who does what, and when; every step is played against the model.

What is drawn always has the same shape, whatever the world looks like: an intent and a number, which picks one of what
is possible at that moment. So a run may prefer what earlier examples have seldom reached, and yet be repeated and
shortened.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.machine.attempts import Attempt
from tests.machine.choices import ACTIONS, attempts, moments, situation, wrong_calls
from tests.machine.coverage import Coverage
from tests.machine.foresight import Marks, marks_ahead, marks_of_expiry, marks_of_forgotten, marks_of_waves
from tests.machine.model import Mark
from tests.machine.openings import OPENINGS
from tests.machine.play import Play
from tests.machine.refusals import refusal_of

intents = st.sampled_from(("rare", "works", "rare", "works", "anything"))
"""What a step looks for: what works moves the world on, what is rare widens the run."""
SOUND_EVERY = 4
"""Steps after which the database is searched for what must never be; it is at the end of each example as well."""
picks = st.integers(0, 2**16 - 1)


@dataclass(frozen=True, slots=True)
class Beginning:
    """What an example may go by: what its run has reached so far, and how many examples came before it."""

    reached: Counter[Mark]
    turn: int


class Memory:
    """Where each example of a run begins; after a failure where the failed one began, or else it would not repeat."""

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage
        self._turn = 0
        self._pinned: Beginning | None = None

    def beginning(self) -> Beginning:
        self._turn += 1
        return self._pinned or Beginning(Counter(self._coverage.counts), self._turn)

    def is_wanted(self, mark: Mark) -> bool:
        return mark in self._coverage.wanted

    def pin(self, beginning: Beginning) -> None:
        self._pinned = beginning


class Neighbourhood(RuleBasedStateMachine):
    """Some residents, volunteers and coordinators of one quarter and the next."""

    begin: Callable[[], Play]
    on_step: Callable[[], None]
    memory: Memory

    def __init__(self) -> None:
        super().__init__()
        self.play = type(self).begin()
        self.start = self.play.world.now
        self.beginning = type(self).memory.beginning()
        self.reached = Counter(self.beginning.reached)
        self.tried = 0
        self.is_broken = False

    @initialize(pick=picks)
    def opening(self, pick: int) -> None:
        """One of all; 0 stands for the one whose turn it is."""
        with self._repeatable():
            OPENINGS[(self.beginning.turn + pick) % len(OPENINGS)](self.play)

    @rule()
    def a_rare_thing(self) -> None:
        """Hypothesis begins with what is simplest, which is this: so it is made to be worth its time."""
        self.tried += 1
        if self.tried % 6 == 0:
            self._wait(self.tried + self.beginning.turn)
        elif self.tried % 15 == 5:
            self.look(self.tried + self.beginning.turn)
        else:
            self._do_the_rarest()

    @rule(intent=intents, pick=picks)
    def ask(self, intent: str, pick: int) -> None:
        self._try("ask", intent, pick)

    @rule(intent=intents, pick=picks)
    def accept(self, intent: str, pick: int) -> None:
        self._try("accept", intent, pick)

    @rule(intent=intents, pick=picks)
    def accept_more(self, intent: str, pick: int) -> None:
        self._try("accept", intent, pick)

    @rule(intent=intents, pick=picks)
    def decline(self, intent: str, pick: int) -> None:
        self._try("decline", intent, pick)

    @rule(intent=intents, pick=picks)
    def stand_by(self, intent: str, pick: int) -> None:
        self._try("standby", intent, pick)

    @rule(intent=intents, pick=picks)
    def withdraw(self, intent: str, pick: int) -> None:
        self._try("withdraw", intent, pick)

    @rule(intent=intents, pick=picks)
    def release(self, intent: str, pick: int) -> None:
        self._try("release", intent, pick)

    @rule(intent=intents, pick=picks)
    def done(self, intent: str, pick: int) -> None:
        self._try("done", intent, pick)

    @rule(intent=intents, pick=picks)
    def cancel(self, intent: str, pick: int) -> None:
        self._try("cancel", intent, pick)

    @rule(intent=intents, pick=picks)
    def still_needed(self, intent: str, pick: int) -> None:
        self._try("still-needed", intent, pick)

    @rule(intent=intents, pick=picks)
    def undo(self, intent: str, pick: int) -> None:
        self._try("undo", intent, pick)

    @rule(intent=intents, pick=picks)
    def contact(self, intent: str, pick: int) -> None:
        self._try("contact", intent, pick)

    @rule(intent=intents, pick=picks)
    def edit(self, intent: str, pick: int) -> None:
        self._try("edit", intent, pick)

    @rule(intent=intents, pick=picks)
    def pause(self, intent: str, pick: int) -> None:
        self._try("pause", intent, pick)

    @rule(what=st.sampled_from(("read", "views", "dispatch")), intent=intents, pick=picks)
    def read(self, what: str, intent: str, pick: int) -> None:
        self._try(what, intent, pick)

    @rule(pick=picks)
    def look(self, pick: int) -> None:
        cast = sorted(self.play.world.cast)
        with self._repeatable():
            self.play.look(cast[pick % len(cast)])

    @rule(pick=picks)
    def call_wrongly(self, pick: int) -> None:
        """Without a token, or with what nobody knows: refused before anything else is looked at."""
        calls = wrong_calls(self.play.world, pick)
        self._do(calls[pick % len(calls)])

    @rule(pick=picks)
    def time_passes(self, pick: int) -> None:
        self._wait(pick)

    @rule()
    def expire_requests(self) -> None:
        self.reached.update(marks_of_expiry(self.play.world))
        with self._repeatable():
            self.play.expire_requests()

    @rule()
    def close_forgotten(self) -> None:
        self.reached.update(marks_of_forgotten(self.play.world))
        with self._repeatable():
            self.play.close_forgotten()

    @rule()
    def send_waves(self) -> None:
        self.reached.update(marks_of_waves(self.play.world))
        with self._repeatable():
            self.play.send_waves()

    @rule()
    def deliver_pushes(self) -> None:
        with self._repeatable():
            self.play.deliver()

    @invariant()
    def all_is_sound(self) -> None:
        if self.play.steps % SOUND_EVERY == 0:
            with self._repeatable():
                self.play.require_sound()
        type(self).on_step()

    def teardown(self) -> None:
        if not self.is_broken:
            with self._repeatable():
                self.play.require_sound()

    def _try(self, action: str, intent: str, pick: int) -> None:
        if choices := self._narrowed(attempts(self.play.world, action), intent):
            self._do(choices[pick % len(choices)])

    def _do(self, attempt: Attempt) -> None:
        self.reached.update(marks_ahead(self.play.world, attempt))
        with self._repeatable():
            self.play.attempt(attempt)

    def _wait(self, pick: int) -> None:
        if ahead := moments(self.play.world, self.start):
            self.play.wait(ahead[pick % len(ahead)])

    def _do_the_rarest(self) -> None:
        """Whatever this run has reached least often: a job's work, or an attempt."""
        attempt = self._rarest(self._everything())[0]
        rarity = self._rarity(marks_ahead(self.play.world, attempt))
        if self._rarity(marks_of_expiry(self.play.world)) <= rarity:
            self.expire_requests()
        elif self._rarity(marks_of_forgotten(self.play.world)) <= rarity:
            self.close_forgotten()
        elif self._rarity(marks_of_waves(self.play.world)) <= rarity:
            self.send_waves()
        else:
            self._do(attempt)

    def _everything(self) -> list[Attempt]:
        """Whatever anybody could try now."""
        world = self.play.world
        found = [attempt for action in ACTIONS for attempt in attempts(world, action)]
        return found + wrong_calls(world, self.tried) + wrong_calls(world, self.tried + 1)

    def _narrowed(self, choices: Sequence[Attempt], intent: str) -> Sequence[Attempt]:
        """Those that the intent looks for; all, where there are none."""
        if intent == "works":
            return [attempt for attempt in choices if refusal_of(self.play.world, attempt) is None] or choices
        return self._rarest(choices) if intent == "rare" and choices else choices

    def _rarest(self, choices: Sequence[Attempt]) -> Sequence[Attempt]:
        """Those that would reach what this run has reached least often, one for each situation."""
        world = self.play.world
        different = {situation(world, attempt): attempt for attempt in choices}.values()
        rated = [(self._rarity(marks_ahead(world, attempt)), attempt) for attempt in different]
        least = min(rarity for rarity, _attempt in rated)
        return [attempt for rarity, attempt in rated if rarity == least]

    def _rarity(self, marks: Marks) -> int:
        """How often the rarest of them was reached."""
        wanted = (mark for mark in marks if type(self).memory.is_wanted(mark))
        return min((self.reached[mark] for mark in wanted), default=sys.maxsize)

    @contextmanager
    def _repeatable(self) -> Iterator[None]:
        """Whatever goes wrong can be repeated from what was known when the example began."""
        try:
            yield
        except BaseException:
            self.is_broken = True
            type(self).memory.pin(self.beginning)
            raise
