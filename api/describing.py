"""One operation as the document tells it: what it takes, what it gives, and every way in which it can refuse."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from inspect import getdoc
from typing import Any

from api.bodies import FORMS
from api.links import links_of
from api.operation import Operation, Who
from api.problems import MEDIA_TYPE, status_of
from api.schemas.basics import NothingSchema
from api.schemas.operations import ProblemSchema
from api.schemas.quarters import GEOJSON_TWINS
from nachbarschaft.errors import KeyInUse, KeyReused

_TEXTS = {
    "getDocument": ("application/json", {}),
    "getReference": ("text/html", {"type": "string"}),
    "getMetrics": ("text/plain", {"type": "string"}),
    "askToStopMails": ("text/html", {"type": "string"}),
    "stopMails": ("text/html", {"type": "string"}),
}
_KEY_SHAPE = {"minLength": 8, "maxLength": 64, "pattern": r"^[\x21-\x7e]*$"}
_SECONDS = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait before the next try."}}
_PARTS = {
    "id": "The `id` that it was given with.",
    "installation": "Chosen by the app, and kept as long as it is installed.",
    "person": "The `id` of the person.",
    "slug": "The `slug` of the quarter.",
    "token": "From the mail.",
}
_WHY = {
    400: "The body cannot be read: `malformed`.",
    401: "Not signed in, or the token does not hold (any more): `unauthenticated`.",
    429: "Too much at once: `rate_limited`; `Retry-After` says in how many seconds to try again.",
    404: "There is nothing there, or it is not meant for you: `not_found`.",
    412: "The object has changed since it was read: `stale`.",
    413: "The body is larger than 64 KiB: `too_large`.",
    415: "The body is not `application/json`: `unsupported_media_type`.",
    422: "A field, a parameter or the body's shape is not right: `invalid`; `errors` says which.",
    428: "`If-Match` is missing: `precondition_required`.",
    503: (
        "The database is away for a moment: `unavailable`; or others hold what this needs for too long: `busy`. "
        "Nothing was written; try again, at the earliest after `Retry-After`."
    ),
}


def described(operation: Operation) -> dict[str, Any]:
    """The Operation Object, its schemas still classes."""
    summary, description = _in_short(getdoc(operation.handler) or "")
    told: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": summary,
        "description": description,
        "parameters": _parameters(operation),
        "responses": _responses(operation),
        "security": [{"bearer": []}] if operation.who == Who.SIGNED_IN else [],
    }
    if operation.has_body:
        told["requestBody"] = {
            "required": not operation.optional_body,
            "content": {kind: {"schema": operation.takes} for kind in _taken_as(operation)},
        }
    return told


def _taken_as(operation: Operation) -> tuple[str, ...]:
    return FORMS if operation.takes_form else ("application/json",)


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[Any] = [_path_parameter(*part) for part in _parts(operation.rule)]
    if operation.query is not NothingSchema:
        found.append({"in": "query", "schema": operation.query})
    if operation.tagged and operation.method == "GET":
        found.append(_header("If-None-Match", "The ETag that you have; 304 if it still holds.", required=False))
    if operation.current is not None:
        # Not "required" for the schema: without it the answer is a documented 428.
        found.append(_header("If-Match", "The ETag that you read. Required: 428 without it.", required=False))
    if operation.repeatable:
        text = "Visible ASCII characters; the same key within 72 hours gives the same answer and one effect."
        found.append(_header("Idempotency-Key", text, required=False) | {"schema": {"type": "string"} | _KEY_SHAPE})
    found.append(_header("Accept-Language", "The language of all texts; else your own, else German.", required=False))
    return found


def _responses(operation: Operation) -> dict[str, Any]:
    found = {str(status): _success(operation, status) for status in (operation.status, *operation.also)}
    if operation.tagged and operation.method == "GET":
        found["304"] = {"description": "What you have still holds."}
    for status, reasons in sorted(_refusals(operation).items()):
        found.setdefault(str(status), _problem(status, " ".join(reasons)))
    return found


def _problem(status: int, why: str) -> dict[str, Any]:
    told: dict[str, Any] = {"description": why, "content": {MEDIA_TYPE: {"schema": ProblemSchema}}}
    return told | {"headers": dict(_SECONDS)} if status in {429, 503} else told


def _refusals(operation: Operation) -> dict[int, list[str]]:
    """Status → why, for every refusal that this operation can give."""
    found: dict[int, list[str]] = {}
    always = [422, 503]
    if operation.who == Who.SIGNED_IN:
        always.append(401)
    if operation.rule.startswith("/v1/"):
        always.append(429)
    if operation.has_body:
        always += [400, 413, 415]
    if operation.current is not None:
        always += [412, 428]
    for status in always:
        found[status] = [_WHY[status]]
    if operation.takes_form:
        found[415] = ["The body is not a form: `unsupported_media_type`."]
    repeats = (KeyInUse, KeyReused) if operation.repeatable else ()
    if "<" in operation.rule:
        found[404] = [_WHY[404]]
    for error in (*operation.refuses, *repeats):
        status = status_of(error)
        reasons = found.setdefault(status, [])
        if not any(f"`{error.code}`" in reason for reason in reasons):
            reasons.append(f"`{error.code}`: {error.title}")
    return found


def _success(operation: Operation, status: int) -> dict[str, Any]:
    told: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if operation.gives is not None and status != HTTPStatus.NO_CONTENT:
        told["content"] = {"application/json": {"schema": operation.gives}}
        if operation.gives in GEOJSON_TWINS:
            told["content"]["application/geo+json"] = {"schema": GEOJSON_TWINS[operation.gives]}
    if operation.name in _TEXTS:
        kind, shape = _TEXTS[operation.name]
        told["content"] = {kind: {"schema": shape}}
    if operation.tagged:
        told["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "Strong; yours, in this language."}}
    if links := links_of(operation.name):
        told["links"] = links
    return told


def _header(name: str, description: str, *, required: bool) -> dict[str, Any]:
    return {
        "in": "header",
        "name": name,
        "required": required,
        "description": description,
        "schema": {"type": "string"},
    }


def openapi_path(rule: str) -> str:
    """A rule of the router as the document writes it: `/v1/requests/{id}`."""
    return re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule)


def _parts(rule: str) -> Iterable[tuple[str, str]]:
    yield from re.findall(r"<([^<>]*):(\w+)>", rule)


def _path_parameter(converter: str, name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "format": "uuid"}
    pattern = re.match(r'regex\("(.*)"\)', converter)
    if pattern:
        schema = {"type": "string", "pattern": f"^{pattern[1]}$"}
    told = {"description": _PARTS[name]} if name in _PARTS else {}
    return {"in": "path", "name": name, "required": True, **told, "schema": schema}


def _in_short(text: str) -> tuple[str, str]:
    """The first sentence, and the paragraphs that follow it."""
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    first, _gap, rest = paragraphs[0].partition(". ")
    summary = f"{first}." if rest else first
    return summary, "\n\n".join(part for part in (rest, *paragraphs[1:]) if part)
