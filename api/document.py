"""The OpenAPI 3.1 document, built from the declarations above the routes."""

import re
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from inspect import getdoc
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask

from api.operation import Operation, Who
from api.problems import MEDIA_TYPE, status_of
from api.schemas.basics import NothingSchema
from api.schemas.fields import Instant
from api.schemas.operations import ProblemSchema
from nachbarschaft.errors import KeyInUse, KeyReused

TAGS = {
    "Sign-in": "From sign-up to sign-out.",
    "Me": "My account, devices, preferences and inbox.",
    "Quarters": "The quarters that take part.",
    "Requests": "Asking for help.",
    "Helping": "Offering help and taking tasks on.",
    "Coordination": "For the coordinators of a quarter.",
    "Operations": "For operators and developers.",
}
_TEXTS = {"getDocument": "application/json", "getReference": "text/html"}
_NAMES = {
    "RequestTaken": "NewRequest",
    "OfferTaken": "NewOffer",
    "PlaceTaken": "NewPlace",
    "PointTaken": "NewPoint",
    "SlotTaken": "NewSlot",
    "DeviceTaken": "NewDevice",
    "PreferencesTaken": "NewPreferences",
    "NothingSchema": "Nothing",
}
_WHY = {
    400: "The body cannot be read: `malformed`.",
    401: "Not signed in, or the token does not hold (any more): `unauthenticated`.",
    412: "The object has changed since it was read: `stale`.",
    413: "The body is larger than 64 KiB: `too_large`.",
    415: "The body is not `application/json`: `unsupported_media_type`.",
    422: "A field, a parameter or the body's shape is not right: `invalid`; `errors` says which.",
    428: "`If-Match` is missing: `precondition_required`.",
    503: "The database is away for a moment: `unavailable`. Nothing was written; try again.",
}


def operations_of(app: Flask) -> list[Operation]:
    """Every declared route, in the order of registration."""
    views = (app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules())
    return [view.operation for view in views if hasattr(view, "operation")]


def build_document(app: Flask) -> dict[str, Any]:
    """The whole document as plain data."""
    return _build(tuple(operations_of(app)))


@cache
def _build(operations: tuple[Operation, ...]) -> dict[str, Any]:
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title="Nachbarschaft",
        version=version("nachbarschaft"),
        openapi_version="3.1.0",
        plugins=[plugin],
        info={
            "description": "The backend of a neighbourhood-help app. Times are RFC 3339 in UTC, ids are UUIDs, "
            "errors are RFC 9457 problems. Readers must tolerate new fields and new values."
        },
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
    )
    converter = plugin.converter
    if converter is None:
        raise LookupError("apispec has no converter")
    converter.add_attribute_function(_describe_instant)  # type: ignore[no-untyped-call]  # apispec leaves it bare
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    spec.components.schema("Problem", schema=ProblemSchema)
    for operation in operations:
        spec.path(path=_path(operation.rule), operations={operation.method.lower(): _described(operation)})
    return spec.to_dict()


def _described(operation: Operation) -> dict[str, Any]:
    summary, _gap, description = (getdoc(operation.handler) or "").partition("\n")
    told: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": summary.strip(),
        "description": _paragraphs(description),
        "parameters": _parameters(operation),
        "responses": _responses(operation),
        "security": [{"bearer": []}] if operation.who == Who.SIGNED_IN else [],
    }
    if operation.has_body:
        told["requestBody"] = {
            "required": not operation.optional_body,
            "content": {"application/json": {"schema": operation.takes}},
        }
    return told


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
        text = "8 to 64 visible ASCII characters; the same key within 72 hours gives the same answer and one effect."
        found.append(_header("Idempotency-Key", text, required=False))
    found.append(_header("Accept-Language", "The language of all texts; else your own, else German.", required=False))
    return found


def _responses(operation: Operation) -> dict[str, Any]:
    found = {str(status): _success(operation, status) for status in (operation.status, *operation.also)}
    if operation.tagged and operation.method == "GET":
        found["304"] = {"description": "What you have still holds."}
    for status, reasons in sorted(_refusals(operation).items()):
        found.setdefault(
            str(status),
            {"description": " ".join(reasons), "content": {MEDIA_TYPE: {"schema": ProblemSchema}}},
        )
    return found


def _refusals(operation: Operation) -> dict[int, list[str]]:
    """Status → why, for every refusal that this operation can give."""
    found: dict[int, list[str]] = {}
    always = [422, 503]
    if operation.who == Who.SIGNED_IN:
        always.append(401)
    if operation.has_body:
        always += [400, 413, 415]
    if operation.current is not None:
        always += [412, 428]
    for status in always:
        found[status] = [_WHY[status]]
    repeats = (KeyInUse, KeyReused) if operation.repeatable else ()
    for error in (*operation.refuses, *repeats):
        status = status_of(error)
        text = f"`{error.code}`: {error.title}"
        found.setdefault(status, []).append(text)
    return found


def _success(operation: Operation, status: int) -> dict[str, Any]:
    told: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if operation.gives is not None and status != HTTPStatus.NO_CONTENT:
        told["content"] = {"application/json": {"schema": operation.gives}}
        if operation.tag == "Quarters":
            told["content"]["application/geo+json"] = {"schema": {"type": "object"}}
    if operation.name in _TEXTS:
        told["content"] = {_TEXTS[operation.name]: {"schema": {}}}
    if operation.tagged:
        told["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "Strong; yours, in this language."}}
    return told


def _header(name: str, description: str, *, required: bool) -> dict[str, Any]:
    return {
        "in": "header",
        "name": name,
        "required": required,
        "description": description,
        "schema": {"type": "string"},
    }


def _path(rule: str) -> str:
    return re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule)


def _parts(rule: str) -> Iterable[tuple[str, str]]:
    yield from re.findall(r"<([^<>]*):(\w+)>", rule)


def _path_parameter(converter: str, name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "format": "uuid"}
    pattern = re.match(r'regex\("(.*)"\)', converter)
    if pattern:
        schema = {"type": "string", "pattern": f"^{pattern[1]}$"}
    return {"in": "path", "name": name, "required": True, "schema": schema}


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n"))


def _schema_name(schema: Any) -> str:
    """The public name: the class without the words that only we need."""
    kind = schema if isinstance(schema, type) else type(schema)
    return _NAMES.get(kind.__name__, kind.__name__.removesuffix("Schema"))


def _describe_instant(self: Any, field: Any, **_kwargs: Any) -> dict[str, Any]:
    return {"format": "date-time"} if isinstance(field, Instant) else {}
