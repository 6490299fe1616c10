"""What happened from the outside: every call with all its tries, every phone's addresses, and who was killed."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.faults.points import Part
from tests.support.town import Reply


@dataclass(frozen=True, slots=True)
class Try:
    """One try of a call, begun and ended (seconds since 1970); without a reply where the connection broke."""

    began: float
    ended: float
    reply: Reply | None


@dataclass
class Call:
    """Something that one person wants once, however often their app has to try. `about` is a request, where it is."""

    who: str
    action: str
    path: str
    body: Any = None
    key: str | None = None
    about: str | None = None
    tries: list[Try] = field(default_factory=list)

    @property
    def reply(self) -> Reply | None:
        """The answer that ended it; None where nobody ever answered."""
        return self.tries[-1].reply if self.tries else None

    @property
    def succeeded(self) -> bool:
        return self.reply is not None and 200 <= self.reply.status_code < 300

    @property
    def may_have_worked(self) -> bool:
        """Whether it was given up without an answer: then its effect may be there or not."""
        return self.reply is None

    @property
    def broken_tries(self) -> int:
        return sum(one.reply is None for one in self.tries)

    @property
    def ended(self) -> float:
        return self.tries[-1].ended

    def __str__(self) -> str:
        status = self.reply.status_code if self.reply else "no answer"
        return f"{self.action} by {self.who}: {self.path} → {status}"


@dataclass(frozen=True, slots=True)
class Address:
    """An address that an installation has told, and when the answer came. `is_dead`: Google knows it no more."""

    text: str
    known_at: float
    is_dead: bool = False


class History:
    """Written by many threads while people live; read once they have stopped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.began_at = 0.0
        """When life began; whoever was there then had moved in before."""
        self.calls: list[Call] = []
        self.kills: dict[Part, int] = defaultdict(int)
        self.addresses: dict[tuple[str, str], list[Address]] = defaultdict(list)
        """By person and installation."""
        self.owed_once: set[str] = set()
        """Requests of which something periodic fell due exactly once: one more wave, or the end."""

    def begin(self, call: Call) -> None:
        with self._lock:
            self.calls.append(call)

    def killed(self, part: Part) -> None:
        self.kills[part] += 1

    def told_address(self, person: str, installation: str, address: str, *, is_dead: bool = False) -> None:
        """Notes it before the call is made as well as after: Google may be reached by it from the first moment on."""
        with self._lock:
            self.addresses[person, installation].append(Address(address, time.time(), is_dead))

    def succeeded(self, action: str) -> Iterator[Call]:
        """Calls that were answered with 2xx."""
        return (call for call in self.calls if call.action == action and call.succeeded)

    def addresses_of(self, person: str) -> set[str]:
        """Every address that any installation of theirs ever had."""
        return {one.text for (owner, _), told in self.addresses.items() if owner == person for one in told}

    def is_dead(self, address: str) -> bool:
        return any(one.is_dead for told in self.addresses.values() for one in told if one.text == address)
