"""A town that writes down what it is asked and what it answers, for the examples of the document."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from tests.api.document import operation_at
from tests.support.town import Neighbour, Reply, Town

PROBLEM = "application/problem+json"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PLACEHOLDERS = {
    "access_token": "<access token>",
    "refresh_token": "<refresh token>",
    "secret": "<secret>",
    "uri": "<otpauth URI>",
    "recovery_codes": "<recovery code>",
    "code": "<one-time code>",
    "otp": "123456",
    "after": "<cursor>",
    "next": "<cursor>",
    "trace_id": "0123456789abcdef0123456789abcdef",
    "code_word": "Blaue Tulpe 47",
}
"""Key → what stands for a value that is secret, or another one in every run."""


@dataclass(frozen=True, slots=True)
class Page:
    """One call and its answer: the operation's name, the body sent and the body given, each with its kind."""

    operation: str
    role: str
    taken: Any
    status: int
    kind: str
    given: Any
    taken_as: str = "application/json"


class Storybook(Town):
    """A town on a clock that goes on by a second with each call, so that lists have an order; it answers in English."""

    def __init__(self, database_url: str, folder: Path) -> None:
        super().__init__(database_url, folder, rate_limits="on")
        self.pages: list[Page] = []
        self._roles: dict[str | None, str] = {None: "anyone"}

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str) -> Reply:
        return super().call(method, path, body, token=token, **{"Accept_Language": "en"} | headers)

    def raw(self, method: str, path: str, body: str, kind: str = "application/json") -> Reply:
        """A call whose body is sent as it stands."""
        return self._send(method, path, body, {"Content-Type": kind, "Accept-Language": "en"})

    def enter(self, role: str, who: Neighbour) -> Neighbour:
        """From now on `who` is told of as `role`."""
        self._roles[who.token] = role
        return who

    def _send(self, method: str, path: str, data: str | None, headers: dict[str, str]) -> Reply:
        self.clock.instant += timedelta(seconds=1)
        reply = super()._send(method, path, data, headers)
        operation = operation_at(self.app, method, path)
        kind = reply.headers.get("Content-Type", "").partition(";")[0]
        if operation is not None:
            role = self._roles.get(headers.get("Authorization", "").removeprefix("Bearer ") or None, "newcomer")
            is_kept = data is not None and reply.status_code < 300
            taken = _read(data or "", headers["Content-Type"]) if is_kept else None
            given = reply.json if kind.endswith("json") else None
            taken_as = headers.get("Content-Type", "")
            self.pages.append(Page(operation.name, role, taken, reply.status_code, kind, given, taken_as))
        return reply


def _read(sent: str, kind: str) -> Any:
    return json.loads(sent) if kind == "application/json" else dict(parse_qsl(sent))


class Names:
    """Made-up ids in the place of real ones, in the order in which they appear."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def told(self, value: Any, key: str = "") -> Any:
        """The same value with nothing in it that is secret or that another run would change."""
        if isinstance(value, dict):
            is_problem = "trace_id" in value
            return {
                name: self.told(inner, "" if is_problem and name == "code" else name) for name, inner in value.items()
            }
        if isinstance(value, list):
            return [self.told(inner, key) for inner in value]
        if not isinstance(value, str):
            return value
        return _PLACEHOLDERS.get(key) or _UUID.sub(self._made_up, value)

    def _made_up(self, found: re.Match[str]) -> str:
        number = len(self._known) + 1
        return self._known.setdefault(found[0], f"01900000-0000-7000-8000-{number:012d}")


def shape(value: Any) -> Any:
    """The keys of a value, all the way down; of a list, those of its first entry."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None


def compiled(pages: list[Page]) -> dict[str, Any]:
    """Operation → what it takes and gives, by kind and name; and one problem for each code.

    A second example of the same answer is kept where somebody else sees it in another shape.
    """
    names = Names()
    operations: dict[str, Any] = {}
    problems: dict[str, Any] = {}
    for page in pages:
        book = operations.setdefault(page.operation, {"takes": {}, "gives": {}})
        if page.taken:
            _keep(book["takes"].setdefault(page.taken_as, {}), page.role, names.told(page.taken))
        if page.given is None:
            continue
        given = names.told(page.given)
        name = given["code"] if page.kind == PROBLEM else page.role
        if page.kind == PROBLEM:
            problems.setdefault(name, given)
        if page.kind != PROBLEM or name not in SHARED:
            _keep(book["gives"].setdefault(str(page.status), {}).setdefault(page.kind, {}), name, given)
    return {"operations": {name: operations[name] for name in sorted(operations)}, "problems": problems}


def examples_in(recorded: dict[str, Any]) -> Iterator[tuple[str, str, str, str, Any]]:
    """Operation, "takes" or the status, kind, name and value of every example."""
    for operation, book in recorded["operations"].items():
        for where, kinds in {"takes": book["takes"], **book["gives"]}.items():
            for kind, named in kinds.items():
                for name, example in named.items():
                    yield operation, where, kind, name, example["value"]


SHARED = frozenset(
    {
        "forbidden",
        "idempotency_key_reused",
        "invalid",
        "malformed",
        "not_found",
        "precondition_required",
        "rate_limited",
        "stale",
        "too_large",
        "unauthenticated",
        "unavailable",
        "unsupported_media_type",
    }
)
"""Codes that look the same everywhere: one example in the document is enough."""


def _keep(named: dict[str, Any], name: str, value: Any) -> None:
    if name not in named and shape(value) not in [shape(known["value"]) for known in named.values()]:
        named[name] = {"value": value}
