"""The states of requests, assignments and invitations, and for each machine the one table of what may follow what.

The use cases, the tests and the diagrams in the README all read these tables; the states and moves are the
product contract's, section 4. Each action has a row for each state: a move, a refusal or a rest.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class RequestState(StrEnum):
    OPEN = "open"
    FILLED = "filled"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class AssignmentState(StrEnum):
    ACTIVE = "active"
    DONE = "done"
    WITHDRAWN = "withdrawn"
    RELEASED = "released"
    NO_SHOW = "no_show"


class InvitationState(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    STANDBY = "standby"


class DeliveryState(StrEnum):
    PENDING = "pending"
    LEASED = "leased"
    SENT = "sent"
    DROPPED = "dropped"
    FAILED = "failed"


class EscalationReason(StrEnum):
    """Why a request's coordinators are told that help is still missing."""

    ENOUGH_ASKED = "enough_asked"
    NOBODY_LEFT = "nobody_left"
    TIME_RUNS_OUT = "time_runs_out"


class Verification(StrEnum):
    NEW = "new"
    KNOWN = "known"
    CERTIFIED = "certified"


START = "[*]"
"""The source of what begins a life; Mermaid draws it as a dot."""


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step: by `action`, from `source` to `target`, `when` something holds (plain words)."""

    action: str
    source: str
    target: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an action answers in a state from which it leads nowhere: the error's stable code."""

    action: str
    source: str
    code: str


@dataclass(frozen=True, slots=True)
class Rest:
    """A state that an action leaves as it is and without an answer: a job or a consequence passes it by."""

    action: str
    source: str


class Machine:
    """One entity's life: its states, its moves, and what happens where there is no move."""

    def __init__(
        self,
        name: str,
        states: type[StrEnum],
        moves: Iterable[Move],
        refusals: Iterable[Refusal] = (),
        rests: Iterable[Rest] = (),
    ) -> None:
        self.name = name
        self.states = tuple(state.value for state in states)
        self.moves = tuple(moves)
        self.refusals = tuple(refusals)
        self.rests = tuple(rests)

    def targets(self, action: str, source: str) -> frozenset[str]:
        """The states that `action` may lead to from `source`; empty where it is refused."""
        return frozenset(m.target for m in self.moves if m.action == action and m.source == source)

    def allows(self, action: str, source: str, target: str) -> bool:
        return target in self.targets(action, source)

    def refusal(self, action: str, source: str) -> str | None:
        """The code that `action` answers in `source`, or None where it is allowed."""
        return next((r.code for r in self.refusals if r.action == action and r.source == source), None)

    def check(self, action: str, source: str, target: str) -> None:
        """Stops a programming mistake: a step that the table does not know is never written."""
        if not self.allows(action, source, target):
            raise ImpossibleMove(f"{self.name}: {action} does not lead from {source} to {target}")

    def to_mermaid(self) -> str:
        """The machine as a Mermaid state diagram, one line a step; the README's is compared with it."""
        steps: dict[tuple[str, str], list[str]] = {}
        for move in self.moves:
            steps.setdefault((move.source, move.target), []).append(move.action)
        lines = [f"    {a} --> {b}: {', '.join(actions)}" for (a, b), actions in steps.items()]
        return "\n".join(["stateDiagram-v2", *lines])


class ImpossibleMove(AssertionError):
    """A use case tried a step that its machine's table does not hold."""


def _refused(action: str, **codes: str) -> list[Refusal]:
    return [Refusal(action, source, code) for source, code in codes.items()]


def _resting(action: str, *sources: str) -> list[Rest]:
    return [Rest(action, source) for source in sources]


REQUEST = Machine(
    "request",
    RequestState,
    [
        Move("post", START, "open"),
        Move("accept", "open", "open", "more people are needed"),
        Move("accept", "open", "filled", "this was the last one needed"),
        Move("withdraw", "open", "open"),
        Move("withdraw", "filled", "open", "needed_until is ahead"),
        Move("withdraw", "filled", "filled", "needed_until has passed and others still help"),
        Move("withdraw", "filled", "done", "needed_until has passed, nobody else helps, somebody finished"),
        Move("withdraw", "filled", "expired", "needed_until has passed, nobody else helps, nobody finished"),
        Move("release", "open", "open"),
        Move("release", "filled", "open", "needed_until is ahead"),
        Move("release", "filled", "filled", "needed_until has passed and others still help"),
        Move("release", "filled", "done", "needed_until has passed, nobody else helps, somebody finished"),
        Move("release", "filled", "expired", "needed_until has passed, nobody else helps, nobody finished"),
        Move("finish_own", "open", "open", "others still help"),
        Move("finish_own", "open", "done", "nobody else still helps"),
        Move("finish_own", "filled", "filled", "others still help"),
        Move("finish_own", "filled", "done", "nobody else still helps"),
        Move("finish", "open", "done", "somebody helps or has helped"),
        Move("finish", "filled", "done"),
        Move("assume_done", "filled", "done", "both sides were asked, and nobody answered within 72 hours"),
        Move("cancel", "open", "cancelled"),
        Move("cancel", "filled", "cancelled"),
        Move("confirm_need", "open", "open"),
        Move("confirm_need", "expired", "open"),
        Move("expire", "open", "expired", "nobody helps, the warning was given, expires_at has passed"),
        Move("expire", "open", "filled", "somebody helps and expires_at has passed"),
        Move("undo", "done", "open", "it was open before, within ten minutes, by whoever did it"),
        Move("undo", "done", "filled", "it was filled before, within ten minutes, by whoever did it"),
        Move("undo", "cancelled", "open", "it was open before, within ten minutes, by whoever did it"),
        Move("undo", "cancelled", "filled", "it was filled before, within ten minutes, by whoever did it"),
        Move("undo", "open", "open", "a helper takes back the end of their own task"),
        Move("undo", "filled", "filled", "a helper takes back the end of their own task"),
        Move("edit", "open", "open"),
        Move("edit", "filled", "filled"),
    ],
    [
        *_refused("accept", filled="already_filled", done="not_open", cancelled="not_open", expired="not_open"),
        *_refused("withdraw", done="conflict", cancelled="conflict", expired="conflict"),
        *_refused("release", done="not_open", cancelled="not_open", expired="not_open"),
        *_refused("finish_own", done="conflict", cancelled="conflict", expired="conflict"),
        *_refused("finish", done="not_open", cancelled="not_open", expired="not_open"),
        *_refused("cancel", done="not_open", cancelled="not_open", expired="not_open"),
        *_refused("confirm_need", filled="already_filled", done="not_open", cancelled="not_open"),
        *_refused("undo", expired="conflict"),
        *_refused("edit", done="not_open", cancelled="not_open", expired="not_open"),
    ],
    [
        *_resting("expire", "filled", "done", "cancelled", "expired"),
        *_resting("assume_done", "open", "done", "cancelled", "expired"),
    ],
)

ASSIGNMENT = Machine(
    "assignment",
    AssignmentState,
    [
        Move("accept", START, "active"),
        Move("done", "active", "done"),
        Move("assume_done", "active", "done", "both sides were asked, and nobody answered within 72 hours"),
        Move("withdraw", "active", "withdrawn"),
        Move("release", "active", "released"),
        Move("cancel", "active", "released", "the request is called off"),
        Move("no_show", "active", "no_show"),
        Move("undo", "done", "active", "within ten minutes, by whoever did it"),
        Move("undo", "released", "active", "a cancelled request is on again"),
    ],
    [
        *_refused("accept", active="already_accepted", done="already_accepted"),
        *_refused("done", done="conflict", withdrawn="conflict", released="conflict", no_show="conflict"),
        *_refused("withdraw", done="conflict", withdrawn="conflict", released="conflict", no_show="conflict"),
        *_refused("release", done="conflict", withdrawn="conflict", released="conflict", no_show="conflict"),
        *_refused("no_show", done="conflict", withdrawn="conflict", released="conflict", no_show="conflict"),
        *_refused("undo", active="conflict", withdrawn="conflict", no_show="conflict"),
    ],
    # Whoever lost the task may take it on again: that begins a new assignment, beside the old one.
    [
        *_resting("accept", "withdrawn", "released", "no_show"),
        *_resting("cancel", "done", "withdrawn", "released", "no_show"),
        *_resting("assume_done", "done", "withdrawn", "released", "no_show"),
    ],
)

INVITATION = Machine(
    "invitation",
    InvitationState,
    [
        Move("ask", START, "asked"),
        Move("decline", START, "declined", "not asked"),
        Move("standby", START, "standby", "not asked"),
        Move("accept", "asked", "accepted"),
        Move("accept", "standby", "accepted"),
        Move("accept", "declined", "accepted"),
        Move("accept", "lapsed", "accepted"),
        Move("accept", "accepted", "accepted", "they had given it back"),
        Move("decline", "asked", "declined"),
        Move("decline", "standby", "declined"),
        Move("decline", "lapsed", "declined"),
        Move("decline", "declined", "declined"),
        Move("decline", "accepted", "declined", "they had given it back"),
        Move("standby", "asked", "standby"),
        Move("standby", "declined", "standby"),
        Move("standby", "lapsed", "standby"),
        Move("standby", "standby", "standby"),
        Move("standby", "accepted", "standby", "they had given it back"),
        Move("ask", "standby", "asked", "somebody withdrew, or nobody else is left"),
        Move("ask", "lapsed", "asked", "the request is open again, and nobody new is left"),
        Move("settle", "asked", "lapsed", "filled, done, cancelled or expired"),
        Move("settle", "standby", "lapsed", "done, cancelled or expired"),
    ],
    rests=[
        *_resting("ask", "asked", "accepted", "declined"),
        *_resting("settle", "accepted", "declined", "lapsed"),
    ],
)

MACHINES = (REQUEST, ASSIGNMENT, INVITATION)
