"""Around every route: identity, body, the one transaction, the answer.

The order of checks is the contract's (section 3): 401, 413/415/400, 422, then what the use case says
(404, 403, 409), with 428 and 412 for preconditions once the object is known to be the caller's to change.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, current_app, g, request

from api.answers import answer, check_precondition
from api.bodies import read_body, read_form, read_query
from api.identity import actor_of, token_claims
from api.limits import count_address, count_person
from api.monitoring import require_monitor
from api.operation import Answer, Operation, Who
from api.problems import problem_of, reader_language
from api.repeats import key_of, remember, replayed
from api.schemas.basics import NothingSchema
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.context import Actor, Context
from nachbarschaft.errors import Conflict, DomainError
from nachbarschaft.services.repeating import Key

__all__ = ["Answer", "Edge", "Operation", "Who", "endpoint", "wiring"]


class Edge:
    """Transactions of a handler's own, each with a Context."""

    def __init__(self, wiring: Wiring, actor: Actor | None) -> None:
        self._wiring = wiring
        self._actor = actor

    @contextmanager
    def reading(self) -> Iterator[Context]:
        with self._wiring.reading() as context:
            yield replace(context, actor=self._actor, language=reader_language())

    @contextmanager
    def writing(self) -> Iterator[Context]:
        with self._wiring.writing() as context:
            yield replace(context, actor=self._actor, language=reader_language())


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
    if operation.who == Who.MONITOR:
        require_monitor(wiring().settings.metrics_token)
    count_address(operation.rule)
    claims = token_claims() if operation.who == Who.SIGNED_IN else None
    if operation.own_transactions:
        edge = Edge(wiring(), _actor(claims))
        return answer(operation, None, operation.handler(edge, **_given(operation), **path))
    if not operation.writes:
        with wiring().reading() as bare:
            context = _known(bare, claims)
            return answer(operation, context, operation.handler(context, **_given(operation), **path))
    actor = _actor(claims)
    given = _given(operation)
    return _write(operation, actor, given | path)


def _write(operation: Operation, actor: Actor | None, given: dict[str, Any]) -> Response:
    """One transaction: the effect, what it owes, and the answer to a repeated try stand or fall together."""
    key = key_of(operation, actor)
    kept: DomainError | None = None
    with wiring().writing() as bare:
        context = replace(bare, actor=actor, language=reader_language())
        try:
            response = _act(operation, context, given) if key is None else _act_once(operation, context, given, key)
        except DomainError as error:
            if not error.keeps:
                raise
            kept = error
    if kept is not None:
        raise kept
    return response


def _act(operation: Operation, context: Context, given: dict[str, Any]) -> Response:
    if operation.current is not None:
        path = {name: value for name, value in given.items() if name not in {"body", "query"}}
        check_precondition(operation, context, operation.current(context, **path))
    return answer(operation, context, operation.handler(context, **given))


def _act_once(operation: Operation, context: Context, given: dict[str, Any], key: Key) -> Response:
    """2xx and the use case's 409 are kept for whoever tries again; other refusals are not (contract, section 3)."""
    earlier = replayed(context, key)
    if earlier is not None:
        return earlier
    try:
        with context.session.begin_nested():
            response = _act_or_keep(operation, context, given)
    except Conflict as error:
        response = problem_of(error)
    remember(context, key, response)
    return response


def _act_or_keep(operation: Operation, context: Context, given: dict[str, Any]) -> Response:
    """What was written before a refusal that keeps it stays; other refusals go their way."""
    try:
        return _act(operation, context, given)
    except Conflict as error:
        if not error.keeps:
            raise
        return problem_of(error)


def _given(operation: Operation) -> dict[str, Any]:
    """Body and query, read and checked, under the names that handlers know them by."""
    body = _body(operation) if operation.has_body else None
    query = read_query(request, operation.query())
    given = {"body": (body, operation.takes), "query": (query, operation.query)}
    return {name: value for name, (value, schema) in given.items() if schema is not NothingSchema}


def _body(operation: Operation) -> Any:
    if operation.takes_form:
        return read_form(request, operation.takes())
    return read_body(request, operation.takes(), optional=operation.optional_body)


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
    count_person(actor.person_id)
    g.own_language = actor.language
    return replace(context, actor=actor, language=reader_language())
