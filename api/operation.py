"""How a route is declared: who may call it, what it takes, what it gives."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from marshmallow import Schema

from api.schemas.basics import NothingSchema
from nachbarschaft.errors import DomainError


class Who(StrEnum):
    """Who may call a route at all; what they may do there the use case decides.

    A monitor sits at the server's own machine, or shows the operator's token (see `api.monitoring`).
    """

    ANYONE = "anyone"
    MONITOR = "monitor"
    SIGNED_IN = "signed_in"


@dataclass(frozen=True, slots=True)
class Operation:
    """One route as its declaration and the document see it.

    `current` reads what a PATCH is about to change, for its precondition. `own_transactions` hands the handler
    an `Edge` instead of a Context, for what must not happen inside a transaction (password hashes). What
    `gives_secrets` is never stored for a repeated try. `takes_form` is for what a mail program or a page without
    script sends: a form in the place of JSON.
    """

    method: str
    rule: str
    name: str
    tag: str
    who: Who
    takes: type[Schema] = NothingSchema
    optional_body: bool = False
    takes_form: bool = False
    query: type[Schema] = NothingSchema
    gives: type[Schema] | None = None
    status: int = 200
    also: tuple[int, ...] = ()
    refuses: tuple[type[DomainError], ...] = ()
    tagged: bool = False
    current: Callable[..., Any] | None = None
    own_transactions: bool = False
    gives_secrets: bool = False
    handler: Callable[..., Any] = field(default=lambda: None)

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def has_body(self) -> bool:
        return self.method in {"POST", "PUT", "PATCH"} or self.takes is not NothingSchema

    @property
    def repeatable(self) -> bool:
        """Whether an Idempotency-Key is heeded (contract, section 3)."""
        secret = self.gives_secrets or self.rule.startswith("/v1/auth/")
        return self.method == "POST" and self.who == Who.SIGNED_IN and not secret


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with a status of its own."""

    data: Any
    status: int
