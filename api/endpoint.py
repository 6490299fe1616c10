"""Who may call · what it takes · what it gives, declared above the route; the one transaction around it.

The order of checks is the contract's (section 3): 401, 413/415/400, 422, then what the use case says
(404, 403, 409), with 428 and 412 for preconditions once the object is known to be the caller's to change.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, g, request
from marshmallow import Schema

from api.bodies import read_body, read_query
from api.identity import actor_of, token_claims
from api.problems import reader_language
from api.schemas.basics import NothingSchema
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.context import Actor, Context
from nachbarschaft.errors import DomainError, PreconditionRequired, Stale
from nachbarschaft.words import spoken


class Who(StrEnum):
    """Who may call a route at all; what they may do there the use case decides."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"


@dataclass(frozen=True, slots=True)
class Operation:
    """One route as its declaration and the document see it.

    `current` reads what a PATCH is about to change, for its precondition; `own_transactions` hands the handler
    an `Edge` instead of a Context, for what must not happen inside a transaction (password hashes).
    """

    method: str
    rule: str
    name: str
    tag: str
    who: Who
    takes: type[Schema] = NothingSchema
    optional_body: bool = False
    query: type[Schema] = NothingSchema
    gives: type[Schema] | None = None
    status: int = 200
    also: tuple[int, ...] = ()
    refuses: tuple[type[DomainError], ...] = ()
    tagged: bool = False
    current: Callable[..., Any] | None = None
    own_transactions: bool = False
    handler: Callable[..., Any] = field(default=lambda: None)

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def has_body(self) -> bool:
        return self.method in {"POST", "PUT", "PATCH"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with a status of its own, or a representation of its own."""

    data: Any
    status: int


class Edge:
    """Transactions of a handler's own, each with a Context."""

    def __init__(self, wiring: Wiring, language: str) -> None:
        self._wiring = wiring
        self._language = language

    @contextmanager
    def reading(self) -> Iterator[Context]:
        with self._wiring.reading() as context:
            yield replace(context, language=self._language)

    @contextmanager
    def writing(self) -> Iterator[Context]:
        with self._wiring.writing() as context:
            yield replace(context, language=self._language)


def endpoint(blueprint: Blueprint, operation: Operation) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a handler under its declaration. It gets a Context, then `body`, `query` and path parts by name."""

    def register(handler: Callable[..., Any]) -> Callable[..., Any]:
        declared = replace(operation, handler=handler)

        def view(**path: Any) -> Response:
            return _serve(declared, path)

        view.operation = declared  # type: ignore[attr-defined]  # read by the document and by tests about the house
        blueprint.add_url_rule(operation.rule, endpoint=operation.name, view_func=view, methods=[operation.method])
        return handler

    return register


def wiring() -> Wiring:
    found: Wiring = current_app.extensions["nachbarschaft"]
    return found


def _serve(operation: Operation, path: dict[str, Any]) -> Response:
    claims = token_claims() if operation.who == Who.SIGNED_IN else None
    if operation.own_transactions and not operation.writes:
        given = read_query(request, operation.query())
        edge = Edge(wiring(), reader_language())
        return _answer(operation, None, operation.handler(edge, **_named(operation, given, None), **path))
    if not operation.writes:
        with wiring().reading() as bare:
            context = _known(bare, claims)
            given = read_query(request, operation.query())
            return _answer(operation, context, operation.handler(context, **_named(operation, given, None), **path))
    actor = _actor(claims)
    body = read_body(request, operation.takes(), optional=operation.optional_body) if operation.has_body else None
    given = read_query(request, operation.query())
    named = _named(operation, given, body)
    if operation.own_transactions:
        edge = Edge(wiring(), reader_language())
        return _answer(operation, None, operation.handler(edge, **named, **path))
    return _write(operation, actor, named, path)


def _write(operation: Operation, actor: Actor | None, named: dict[str, Any], path: dict[str, Any]) -> Response:
    kept: DomainError | None = None
    with wiring().writing() as bare:
        context = replace(bare, actor=actor, language=reader_language())
        try:
            if operation.current is not None:
                _check_precondition(operation, context, operation.current(context, **path))
            response = _answer(operation, context, operation.handler(context, **named, **path))
        except DomainError as error:
            if not error.keeps:
                raise
            kept = error
    if kept is not None:
        raise kept
    return response


def _actor(claims: Any) -> Actor | None:
    """Looked up before the body is read: a slow or rude caller never holds a transaction open."""
    if claims is None:
        return None
    with wiring().reading() as context:
        return _known(context, claims).actor


def _known(context: Context, claims: Any) -> Context:
    if claims is None:
        return replace(context, language=reader_language())
    actor = actor_of(context, claims)
    g.own_language = actor.language
    return replace(context, actor=actor, language=reader_language())


def _named(operation: Operation, query: Any, body: Any) -> dict[str, Any]:
    named = {}
    if operation.query is not NothingSchema:
        named["query"] = query
    if operation.takes is not NothingSchema:
        named["body"] = body
    return named


def _answer(operation: Operation, context: Context | None, result: Any) -> Response:
    if isinstance(result, Response):
        return _finished(operation, result)
    status = result.status if isinstance(result, Answer) else operation.status
    data = result.data if isinstance(result, Answer) else result
    if operation.gives is None or status == HTTPStatus.NO_CONTENT:
        return _finished(operation, Response(status=status))
    if context is not None:
        context.session.flush()
    raw = _dumped(operation.gives, data)
    response = Response(raw, status=status, mimetype="application/json")
    if operation.tagged:
        response.set_etag(_etag(raw, context))
        response.make_conditional(request) if not operation.writes else None
    return _finished(operation, response)


def _finished(operation: Operation, response: Response) -> Response:
    if operation.who == Who.SIGNED_IN or operation.own_transactions:
        tagged = operation.tagged and not operation.writes
        response.headers["Cache-Control"] = "private, no-cache" if tagged else "no-store"
    response.headers["Vary"] = "Authorization, Accept-Language"
    response.headers["Content-Language"] = spoken(reader_language())
    return response


def _dumped(schema: type[Schema], data: Any) -> bytes:
    return json.dumps(schema().dump(data), ensure_ascii=False, separators=(",", ":")).encode()


def _etag(raw: bytes, context: Context | None) -> str:
    """Strong and opaque; it belongs to this caller and this language."""
    whose = f"{context.me.person_id if context and context.actor else ''}|{reader_language()}|"
    return hashlib.sha256(whose.encode() + raw).hexdigest()[:32]


def _check_precondition(operation: Operation, context: Context, current: Any) -> None:
    if not request.if_match and not request.if_match.star_tag:
        raise PreconditionRequired
    if operation.gives is None or request.if_match.star_tag:
        return
    context.session.flush()
    if not request.if_match.is_strong(_etag(_dumped(operation.gives, current), context)):
        raise Stale
