"""Idempotency-Key: the same try again gets the same bytes, and nothing happens twice."""

import hashlib
import json
import re

from flask import Response, request

from api.bodies import parse_json
from api.operation import Operation
from nachbarschaft.context import Actor, Context
from nachbarschaft.errors import Invalid
from nachbarschaft.services.repeating import Key, earlier_answer, keep_answer
from nachbarschaft.words import mark as _

HEADER = "Idempotency-Key"
_SHAPE = re.compile(r"[\x21-\x7e]{8,64}")
_KEPT_HEADERS = ("Content-Type", "ETag", "Content-Language", "Cache-Control", "Vary")


def key_of(operation: Operation, actor: Actor | None) -> Key | None:
    """The key of this try, where the route heeds one. Raises Invalid for one that is none."""
    text = request.headers.get(HEADER)
    if text is None or actor is None or not operation.repeatable:
        return None
    if not _SHAPE.fullmatch(text):
        raise Invalid({HEADER: [_("A key has 8 to 64 visible ASCII characters.")]})
    return Key(actor.person_id, f"{request.method} {request.path}", text, _hash_of_body())


def replayed(context: Context, key: Key) -> Response | None:
    """The response that an earlier try was given."""
    stored = earlier_answer(context, key)
    if stored is None:
        return None
    response = Response(stored.body, status=stored.status)
    response.headers.clear()
    response.headers.update(stored.headers)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def remember(context: Context, key: Key, response: Response) -> None:
    """Keeps a response, byte by byte, beside its effect."""
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    keep_answer(context, key, response.status_code, headers, response.get_data())


def _hash_of_body() -> str:
    """The same JSON is the same body, however it is spaced."""
    raw = request.get_data()
    document = parse_json(raw) if raw.strip() else {}
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
