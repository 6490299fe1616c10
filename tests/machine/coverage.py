"""What has to be reached, read from the product's own tables; and how often it was."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from flask import Flask

from api.document import operations_of
from api.operation import Operation
from models.lifecycle import MACHINES, Machine
from tests.machine.attempts import ROUTES
from tests.machine.model import Mark
from tests.machine.refused import EDGES

EXCUSED: dict[Mark, str] = {
    ("operation", "contact", "forbidden"): "the kind of which `not_assigned` and the others are; never itself",
    ("operation", "edit", "second_factor_required"): "no role opens it: only the requester edits",
    ("operation", "contact", "awaiting_confirmation"): "the quarter waits for nobody's confirmation",
    ("operation", "contact", "too_many_looks"): "limits are switched off",
}
"""What no step can reach, and why."""
SWITCHED_OFF = frozenset({"rate_limited"})
"""Codes that no operation answers where limits are switched off."""
_TABLES = {machine.name for machine in MACHINES}


class NeverReached(AssertionError):
    """A run has left something out that it should have reached."""


class UnknownMark(AssertionError):
    """The product has made a step that its own tables do not hold."""


class Coverage:
    """Counts, for one run."""

    def __init__(self, app: Flask) -> None:
        self.wanted = frozenset(wanted(app)) - EXCUSED.keys()
        self.counts: Counter[Mark] = Counter()
        self.steps = 0

    def reached(self, marks: Iterable[Mark]) -> None:
        """Counts what a step did. Raises UnknownMark for a move or a rest that no table holds."""
        for mark in marks:
            if mark in self.wanted:
                self.counts[mark] += 1
            elif mark[0] in _TABLES and "refused" not in mark:
                raise UnknownMark(" ".join(mark))

    def missing(self) -> list[Mark]:
        return sorted(mark for mark in self.wanted if not self.counts[mark])

    def require_all(self) -> None:
        """Raises NeverReached, which names what was left out."""
        if missing := self.missing():
            raise NeverReached(
                f"never reached in {self.steps} steps:\n" + "\n".join(" ".join(mark) for mark in missing)
            )

    def __str__(self) -> str:
        return f"{self.steps} steps, {len(self.wanted) - len(self.missing())} of {len(self.wanted)} reached"

    def table(self) -> str:
        """Every mark with its count, the rarest first."""
        rows = sorted((self.counts[mark], mark) for mark in self.wanted)
        return "\n".join(f"{count:7}  {' '.join(mark)}" for count, mark in rows)


def wanted(app: Flask) -> Iterator[Mark]:
    """Every edge in time; every row of every table; every answer that an operation declares."""
    yield from EDGES
    for machine in MACHINES:
        yield from _of_machine(machine)
    declared = {(operation.method, _plain(operation.rule)): operation for operation in operations_of(app)}
    for action, route in ROUTES.items():
        yield from _of_operation(action, declared[route])


def _of_machine(machine: Machine) -> Iterator[Mark]:
    for move in machine.moves:
        yield (machine.name, move.action, move.source, move.target)
    for refusal in machine.refusals:
        yield (machine.name, refusal.action, refusal.source, "refused", refusal.code)
    for rest in machine.rests:
        yield (machine.name, rest.action, rest.source)


def _of_operation(action: str, operation: Operation) -> Iterator[Mark]:
    codes = {error.code for error in operation.refuses} - SWITCHED_OFF
    if operation.current is not None:
        codes |= {"precondition_required", "stale"}
    for code in ("works", "unauthenticated", "invalid", *sorted(codes)):
        yield ("operation", action, code)


def _plain(rule: str) -> str:
    """The path as the contract writes it: "/v1/requests/{id}"."""
    return re.sub(r"<[^<>]*:([^<>:]*)>", r"{\1}", rule)
