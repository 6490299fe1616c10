"""One try of one person at one operation, and what the model says of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.machine.model import Wish

_REQUEST = "/v1/requests/{id}"
ROUTES = {
    "ask": ("POST", "/v1/requests"),
    "list": ("GET", "/v1/requests"),
    "read": ("GET", _REQUEST),
    "edit": ("PATCH", _REQUEST),
    "accept": ("POST", f"{_REQUEST}/accept"),
    "decline": ("POST", f"{_REQUEST}/decline"),
    "standby": ("POST", f"{_REQUEST}/standby"),
    "withdraw": ("POST", f"{_REQUEST}/withdraw"),
    "release": ("POST", f"{_REQUEST}/release"),
    "done": ("POST", f"{_REQUEST}/done"),
    "cancel": ("POST", f"{_REQUEST}/cancel"),
    "still-needed": ("POST", f"{_REQUEST}/still-needed"),
    "undo": ("POST", f"{_REQUEST}/undo"),
    "contact": ("POST", f"{_REQUEST}/contact"),
    "views": ("GET", f"{_REQUEST}/views"),
    "dispatch": ("GET", f"{_REQUEST}/dispatch"),
    "tasks": ("GET", "/v1/me/tasks"),
    "invitations": ("GET", "/v1/invitations"),
    "pause": ("PATCH", "/v1/offers/{id}"),
}
"""What the machine does, by its own names: the operations of the contract, section 5."""
LISTS = frozenset({"list", "views", "tasks", "invitations"})
NOT_OF_A_REQUEST = frozenset({"ask", "list", "tasks", "invitations", "pause"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """`who` tries `action`, on `wish` where it is about one.

    `person` is whom a release names; `until` and `changes` are what is told; `precondition` is what If-Match says:
    "fresh", "stale" or "none". An odd one carries a parameter that nobody knows.
    """

    action: str
    who: str
    wish: Wish | None = None
    person: str | None = None
    no_show: bool = False
    until: datetime | None = None
    reason: str | None = None
    minutes: int | None = None
    changes: tuple[tuple[str, Any], ...] = ()
    precondition: str = "fresh"
    signed_in: bool = True
    is_odd: bool = False

    @property
    def about(self) -> Wish:
        """The request of an attempt that has one."""
        assert self.wish is not None
        return self.wish

    @property
    def changed(self) -> dict[str, Any]:
        return dict(self.changes)

    def __str__(self) -> str:
        which = f" {self.wish.number}" if self.wish is not None else ""
        more = {
            "person": self.person,
            "no_show": self.no_show,
            "until": _short(self.until),
            "reason": self.reason,
            "minutes": self.minutes,
            "changes": {field: _short(value) for field, value in self.changes},
            "precondition": "" if self.precondition == "fresh" else self.precondition,
            "signed_in": "" if self.signed_in else "no",
            "is_odd": self.is_odd,
        }
        return (
            f"{self.who}: {self.action}{which} {({key: value for key, value in more.items() if value}) or ''}".strip()
        )


def _short(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


@dataclass(frozen=True, slots=True)
class Refusal:
    """Status and stable code of an answer that says no."""

    status: int
    code: str


UNAUTHENTICATED = Refusal(401, "unauthenticated")
INVALID = Refusal(422, "invalid")
OUTSIDE_QUARTER = Refusal(422, "outside_quarter")
PRECONDITION_REQUIRED = Refusal(428, "precondition_required")
STALE = Refusal(412, "stale")
NOT_FOUND = Refusal(404, "not_found")
FORBIDDEN = Refusal(403, "forbidden")
SECOND_FACTOR_REQUIRED = Refusal(403, "second_factor_required")
NOT_ELIGIBLE = Refusal(403, "not_eligible")
NOT_ASSIGNED = Refusal(403, "not_assigned")
ASK_COORDINATOR = Refusal(403, "ask_coordinator")
CONFLICT = Refusal(409, "conflict")
ALREADY_ACCEPTED = Refusal(409, "already_accepted")
ALREADY_FILLED = Refusal(409, "already_filled")
NOT_OPEN = Refusal(409, "not_open")
TOO_MANY_OPEN_TASKS = Refusal(409, "too_many_open_tasks")
TOO_MANY_OPEN_REQUESTS = Refusal(409, "too_many_open_requests")
TOO_LATE = Refusal(409, "too_late")
