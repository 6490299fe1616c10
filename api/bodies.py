"""Reading what was sent, strictly: one JSON object, nothing converted, nothing ignored."""

import json
import math
from typing import Any

from flask import Request
from marshmallow import Schema, ValidationError
from werkzeug.datastructures import MultiDict

from api.problems import MAX_BODY
from nachbarschaft.errors import Invalid, Malformed, TooLarge, UnsupportedMediaType
from nachbarschaft.words import Sentence
from nachbarschaft.words import mark as _

DEEPEST = 20
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
"""How mail programs send what RFC 8058 has them send, and how pages do."""


def read_body(request: Request, schema: Schema, *, optional: bool) -> Any:
    """The body, loaded by `schema`. Raises TooLarge, UnsupportedMediaType, Malformed, Invalid."""
    raw = request.get_data()
    if len(raw) > MAX_BODY:
        raise TooLarge(limit=MAX_BODY)
    if not raw.strip() and optional:
        return _loaded(schema, {})
    if request.mimetype != "application/json" or not _is_utf8(request):
        raise UnsupportedMediaType
    document = parse_json(raw)
    if not isinstance(document, dict):
        raise Invalid({"_body": [_("The body has to be a JSON object.")]})
    return _loaded(schema, document)


def read_form(request: Request, schema: Schema) -> Any:
    """The fields of a form, loaded by `schema`. Raises TooLarge, UnsupportedMediaType, Invalid."""
    if len(request.get_data()) > MAX_BODY:
        raise TooLarge(limit=MAX_BODY)
    if request.mimetype not in FORMS:
        raise UnsupportedMediaType(_("Please send a form: application/x-www-form-urlencoded or multipart/form-data."))
    _refuse_repeated(request.form)
    return _loaded(schema, {**request.form.to_dict(), **dict.fromkeys(request.files, "")})


def read_query(request: Request, schema: Schema) -> Any:
    """The query parameters, loaded by `schema`; unknown and repeated ones are refused. Raises Invalid."""
    _refuse_repeated(request.args)
    return _loaded(schema, request.args.to_dict())


def _refuse_repeated(given: MultiDict[str, str]) -> None:
    repeated = [name for name, values in given.lists() if len(values) > 1]
    if repeated:
        raise Invalid({name: [_("Please give this only once.")] for name in repeated})


def parse_json(raw: bytes) -> Any:
    """RFC 8259 JSON in UTF-8: no NaN, no duplicate keys, no NUL, no lone surrogates, no endless nesting.

    Raises Malformed, which says what is wrong.
    """
    try:
        document = json.loads(raw.decode("utf-8"), object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except RecursionError:
        raise Malformed(_("The body is nested too deeply.")) from None
    except ValueError as error:
        raise (error if isinstance(error, _Refused) else Malformed()) from None
    _check(document, depth=0)
    return document


class _Refused(Malformed, ValueError):
    """A refusal from inside the JSON parser."""


def _is_utf8(request: Request) -> bool:
    return request.mimetype_params.get("charset", "utf-8").lower() in {"utf-8", "utf8"}


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused(_("A key stands twice in the body."))
    return found


def _no_constant(_name: str) -> Any:
    raise _Refused(_("NaN and Infinity are not JSON."))


def _check(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise Malformed(_("The body is nested too deeply."))
    if isinstance(value, str):
        _check_text(value)
    elif (isinstance(value, float) and not math.isfinite(value)) or (
        isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63
    ):
        raise Malformed(_("A number in the body is too large."))
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key)
            _check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)


def _check_text(text: str) -> None:
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise Malformed(_("A text in the body holds signs that cannot be stored."))


def _loaded(schema: Schema, document: dict[str, Any]) -> Any:
    try:
        return schema.load(document)
    except ValidationError as error:
        messages = error.normalized_messages()  # type: ignore[no-untyped-call]  # marshmallow leaves it bare
        raise Invalid(_flat(messages)) from None


def _as_sentence(message: object) -> str:
    """A message to be translated, which makes it a format string: in the library's own, braces mean braces."""
    return message if isinstance(message, Sentence) else str(message).replace("{", "{{").replace("}", "}}")


def _flat(messages: Any, prefix: str = "") -> dict[str, list[str]]:
    """Nested messages as field → list, the field with its path: "home.lat", "availability.0.from"."""
    if isinstance(messages, list):
        return {prefix or "_body": [_as_sentence(message) for message in messages]}
    found: dict[str, list[str]] = {}
    for key, inner in messages.items():
        name = "" if key == "_schema" else str(key)
        path = f"{prefix}.{name}" if prefix and name else prefix or name
        for field, texts in _flat(inner, path).items():
            found.setdefault(field, []).extend(texts)
    return found
