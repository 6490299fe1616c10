"""What the checker reads, and what it finds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.faults.history import History
from tests.faults.rows import Rows
from tests.support.fcm import Post


class Kind(StrEnum):
    """The kinds of violation, as the report counts them."""

    LOST = "lost"  # promised or owed, and not there
    BROKEN = "broken invariant"
    SHOWN_TWICE = "shown twice"  # on a phone that shows each notification id once
    EXTRA_POST = "extra post"  # more than a kill explains
    STUCK = "stuck"
    LEAKED = "leaked"  # personal data where none may be


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation, with the ids by which it can be looked up."""

    kind: Kind
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


@dataclass(frozen=True)
class Evidence:
    """Everything that is left after a run: what was answered, what stands there, what Google got, what was logged."""

    history: History
    rows: Rows
    posts: Sequence[Post]
    logs: Mapping[str, str]
    """By the name of the process that wrote them."""


Rule = Callable[[Evidence], Iterator[Finding]]
