"""How fast one channel may go: a breaker for a service that is down, a ramp when it is back, and slower on request.

Everything here is counted in seconds of a clock that only goes forward, and is handed in.
"""

import random
from dataclasses import dataclass
from math import inf

from nachbarschaft.sending import Outcome, SendResult, Trouble

FAILURES_TO_OPEN = 5
"""So many attempts in a row must meet a service that is down before nobody tries any more."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0
"""Seconds between two tries while it is down: doubling, so that its return is noticed within a minute."""
RAMP_SECONDS = 60.0
"""From nothing to full speed after an outage (firebase.google.com/docs/cloud-messaging/scale-fcm)."""
RAMP_FROM = 10.0
FULL_RATE = 1_000.0
"""Attempts a second and process, a tenth of what Google lets through a project (600,000 a minute)."""
SLOWEST_RATE = 1.0
BURST_SECONDS = 0.25
BUSY_WINDOW, BUSY_TO_SLOW = 10.0, 3
"""So many answers that ask for less within so many seconds slow everything down: halved, at most once in 5 s."""
BETWEEN_HALVINGS = 5.0


@dataclass
class Pace:
    """How many attempts may begin now. One object a channel and process; not for several threads at once."""

    full_rate: float = FULL_RATE
    _rate: float = 0.0
    _tokens: float = 0.0
    _seen_at: float | None = None
    _failures: int = 0
    _pause: float = 0.0
    _closed_until: float = -inf
    _probing: bool = False
    _busy_since: float = -inf
    _busy: int = 0
    _halved_at: float = -inf

    def __post_init__(self) -> None:
        self._rate = self.full_rate
        self._tokens = self._burst()

    @property
    def is_open(self) -> bool:
        """Whether the service counts as down: then only one attempt at a time tries whether it is back."""
        return self._pause > 0

    @property
    def rate(self) -> float:
        """Attempts a second that may begin now."""
        return self._rate

    def allowance(self, at: float) -> int:
        """How many attempts may begin at `at`."""
        self._catch_up(at)
        if self.is_open:
            return 0 if self._probing or at < self._closed_until else 1
        return int(self._tokens)

    def begun(self, how_many: int) -> None:
        """Notes that so many have begun."""
        if self.is_open:
            self._probing = self._probing or how_many > 0
        else:
            self._tokens -= how_many

    def nothing_learnt(self) -> None:
        """Notes that an attempt ended before it met the other side."""
        self._probing = False

    def ended(self, result: SendResult, at: float) -> None:
        """Learns from how one attempt ended."""
        self._catch_up(at)
        if result.trouble is Trouble.DOWN:
            self._met_it_down(at)
            return
        if result.outcome is Outcome.RETRY and result.trouble is Trouble.NONE:
            self.nothing_learnt()  # it says nothing about the other side: a push of ours that breaks, or one phone's
            return
        if self.is_open:
            self._rate, self._tokens = min(RAMP_FROM, self.full_rate), 1.0
        self._failures, self._pause, self._probing = 0, 0.0, False
        if result.trouble is Trouble.BUSY:
            self._was_asked_for_less(at)

    def _met_it_down(self, at: float) -> None:
        self._failures += 1
        if self._failures < FAILURES_TO_OPEN or (self.is_open and not self._probing):
            return  # what was under way when it went down says nothing new
        self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
        # Shorter by chance, so that several processes do not all try at the same moment.
        self._closed_until = at + self._pause * random.uniform(0.8, 1.0)  # noqa: S311 - spreads load, protects nothing
        self._probing = False

    def _was_asked_for_less(self, at: float) -> None:
        if at - self._busy_since > BUSY_WINDOW:
            self._busy_since, self._busy = at, 0
        self._busy += 1
        if self._busy >= BUSY_TO_SLOW and at - self._halved_at >= BETWEEN_HALVINGS:
            self._rate = max(self._rate / 2, SLOWEST_RATE)
            self._tokens = min(self._tokens, self._burst())
            self._halved_at = at

    def _catch_up(self, at: float) -> None:
        """Refills, and goes faster again: from nothing to full speed within a minute."""
        passed = 0.0 if self._seen_at is None else max(0.0, at - self._seen_at)
        self._seen_at = at
        if self.is_open or not passed:
            return
        before = self._rate
        self._rate = min(self.full_rate, before + self.full_rate * passed / RAMP_SECONDS)
        self._tokens = min(self._tokens + (before + self._rate) / 2 * passed, self._burst())

    def _burst(self) -> float:
        return max(1.0, self._rate * BURST_SECONDS)
