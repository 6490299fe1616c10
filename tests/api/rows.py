"""The shape of a scenario: how to get there, what is done, and what it leaves behind."""

from dataclasses import dataclass

from tests.api.states import Deed, Walk


@dataclass(frozen=True, slots=True)
class Made:
    """A move: its `events` by kind, and who is `told` what, as "requester: filled"."""

    walk: Walk
    deed: Deed
    events: tuple[str, ...]
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tried:
    """A refusal or a rest: what leads nowhere."""

    walk: Walk
    deed: Deed


Moves = dict[tuple[str, str, str], Made]
"""By action, source and target."""
Tries = dict[tuple[str, str], Tried]
"""By action and source."""
