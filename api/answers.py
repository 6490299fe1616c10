"""From what a handler gives to the response: dumped, tagged, and kept out of foreign caches."""

import hashlib
import json
from http import HTTPStatus
from typing import Any

from flask import Response, request
from marshmallow import Schema

from api.operation import Answer, Operation, Who
from api.problems import reader_language
from nachbarschaft.context import Context
from nachbarschaft.errors import PreconditionRequired, Stale
from nachbarschaft.words import spoken


def answer(operation: Operation, context: Context | None, result: Any) -> Response:
    """The response for what a handler has given."""
    response = result if isinstance(result, Response) else _represented(operation, context, result)
    if operation.tagged:
        response.set_etag(_etag(response.get_data(), context))
        if not operation.writes:
            response.make_conditional(request)
    return _finished(operation, response)


def _represented(operation: Operation, context: Context | None, result: Any) -> Response:
    status = result.status if isinstance(result, Answer) else operation.status
    data = result.data if isinstance(result, Answer) else result
    if operation.gives is None or status == HTTPStatus.NO_CONTENT:
        return Response(status=status)
    if context is not None:
        context.session.flush()
    return Response(_dumped(operation.gives, data), status=status, mimetype="application/json")


def check_precondition(operation: Operation, context: Context, current: Any) -> None:
    """Raises PreconditionRequired without If-Match, Stale where it does not name what is there now."""
    wanted = request.if_match
    if not wanted and not wanted.star_tag:
        raise PreconditionRequired
    if operation.gives is None or wanted.star_tag:
        return
    context.session.flush()
    if not wanted.is_strong(_etag(_dumped(operation.gives, current), context)):
        raise Stale


def _finished(operation: Operation, response: Response) -> Response:
    if operation.who == Who.SIGNED_IN or operation.own_transactions or operation.writes:
        tagged = operation.tagged and not operation.writes
        response.headers["Cache-Control"] = "private, no-cache" if tagged else "no-store"
    response.headers["Vary"] = "Authorization, Accept-Language"
    response.headers.setdefault("Content-Language", spoken(reader_language()))
    return response


def _dumped(schema: type[Schema], data: Any) -> bytes:
    return json.dumps(schema().dump(data), ensure_ascii=False, separators=(",", ":")).encode()


def _etag(raw: bytes, context: Context | None) -> str:
    """Strong and opaque; it belongs to this caller and this language."""
    whose = f"{context.me.person_id if context and context.actor else ''}|{reader_language()}|"
    return hashlib.sha256(whose.encode() + raw).hexdigest()[:32]
