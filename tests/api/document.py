"""Holds an answer against the OpenAPI document: is its status declared, its kind, and every field of its body?"""

import json
import re
from functools import cache
from typing import Any
from urllib.parse import unquote

from flask import Flask
from jsonschema import Draft202012Validator, FormatChecker
from werkzeug.exceptions import HTTPException

from api.app import create_app
from api.document import build_document
from api.endpoint import Operation
from nachbarschaft.bootstrap import build
from nachbarschaft.config import for_document
from tests.support.town import Reply

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:")
_IN_UTC = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")


def hold_to_document(app: Flask, method: str, path: str, reply: Reply) -> None:
    """Fails where the document does not promise this answer; what no route answers (404, 405) it need not know."""
    operation = operation_at(app, method, path)
    if operation is None:
        return
    responses = document()["paths"][openapi_path(operation)][operation.method.lower()]["responses"]
    where = f"{method} {path} answered {reply.status_code}: {reply.text[:500]}"
    assert str(reply.status_code) in responses, f"undeclared: {where}"
    if method == "HEAD" or not reply.text:
        return
    content = responses[str(reply.status_code)].get("content", {})
    kind = reply.headers["Content-Type"].partition(";")[0]
    assert kind in content, f"{kind} is undeclared: {where}"
    if kind.endswith("json"):
        found = [error.message for error in validator(json.dumps(content[kind]["schema"])).iter_errors(reply.json)]
        assert not found, f"{found}: {where}"
        assert not list(times_without_z(reply.json)), where


def operation_at(app: Flask, method: str, path: str) -> Operation | None:
    """The declared route that a call reaches."""
    try:
        name, _ = app.url_map.bind("localhost").match(unquote(path.partition("?")[0]), method)
    except HTTPException:
        return None
    found = getattr(app.view_functions.get(name), "operation", None)
    return found if isinstance(found, Operation) and method in {found.method, "HEAD"} else None


def openapi_path(operation: Operation) -> str:
    """`/v1/requests/<uuid:id>` as the document writes it."""
    return re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", operation.rule)


@cache
def document() -> dict[str, Any]:
    """The document as `nachbarschaft openapi` prints it; every application has the same."""
    return build_document(create_app(build(for_document())))


@cache
def validator(schema: str) -> Draft202012Validator:
    """What checks bodies against `schema`, a JSON text that may point into the document's components."""
    return Draft202012Validator(
        json.loads(schema) | {"components": document()["components"]}, format_checker=FormatChecker()
    )


def times_without_z(value: Any) -> list[str]:
    """Every text in a body that looks like an instant, but is not in UTC with Z (contract, section 3)."""
    if isinstance(value, str):
        return [value] if _INSTANT.match(value) and not _IN_UTC.fullmatch(value) else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [found for each in inner for found in times_without_z(each)]
