"""One request in one run: who could be asked, who was, and how it went."""

from dataclasses import dataclass, field
from math import inf

from nachbarschaft.matching.facts import Fit
from nachbarschaft.simulation.city import Call


@dataclass(slots=True)
class Case:
    """`fits`: volunteer → what lasts, in the order of `matching.choosing.fitting`; `fresh`: those never asked.

    `asked`: volunteer → minute of the last ask; `standby` stay ready, `dropped` did not turn up.
    """

    call: Call
    fits: dict[int, Fit]
    fresh: list[Fit]
    asked: dict[int, float] = field(default_factory=dict)
    standby: list[int] = field(default_factory=list)
    dropped: set[int] = field(default_factory=set)
    helper: int | None = None
    accepted: float = inf
    reopened: float = -inf
    done: bool = False
    waves: int = 0
    pushes: int = 0
    too_late: int = 0

    def is_open(self, now: float) -> bool:
        """Whether somebody can still say yes."""
        return self.helper is None and now < self.call.ends
