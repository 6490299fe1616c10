"""From exceptions to RFC 9457 problems, in the reader's language, with a trace id that the log has too."""

import json
import uuid
from typing import Any

import structlog
from flask import Flask, Response, g, request
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from nachbarschaft import errors
from nachbarschaft.database import Trouble, trouble_of
from nachbarschaft.logs import places_of
from nachbarschaft.words import best_language, say
from nachbarschaft.words import mark as _

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "urn:nachbarschaft:problem:"

STATUS: dict[type[errors.DomainError], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Stale: 412,
    errors.TooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.Invalid: 422,
    errors.PreconditionRequired: 428,
    errors.RateLimited: 429,
}
"""The status of each family of errors; every error belongs to exactly one."""

_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media_type"}
_log = structlog.get_logger(__name__)


def status_of(error: type[errors.DomainError]) -> int:
    """The HTTP status of an error, by its family. Raises LookupError for one without a family."""
    for family in error.__mro__:
        if family in STATUS:
            return STATUS[family]
    raise LookupError(f"{error.__name__} has no status")


def codes() -> list[str]:
    """Every code that a Problem of ours can have."""
    waiting, found = errors.DomainError.__subclasses__(), {"internal", "busy", "unavailable", *_HTTP_CODES.values()}
    while waiting:
        error = waiting.pop()
        waiting += error.__subclasses__()
        found.add(error.code)
    return sorted(found)


def register_problems(app: Flask) -> None:
    """Makes every answer that is an error a Problem."""
    app.register_error_handler(errors.DomainError, problem_of)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(IntegrityError, _from_collision)
    app.register_error_handler(StaleDataError, _from_collision)
    for trouble in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(trouble, _from_database)
    app.register_error_handler(Exception, _from_bug)


def trace_id() -> str:
    """One id per request, in the problem and in the log."""
    if "trace_id" not in g:
        g.trace_id = uuid.uuid4().hex
    return str(g.trace_id)


def reader_language() -> str:
    """The language of this answer: what the reader accepts, else their own, else German."""
    return best_language(request.headers.get("Accept-Language"), g.get("own_language", "de"))


def problem_of(error: errors.DomainError) -> Response:
    """A refusal of the domain as an answer, in the reader's language."""
    language = reader_language()
    fields = error.errors if isinstance(error, errors.Invalid) else None
    translated = fields and {
        field: [say(language, message, **error.params) for message in messages] for field, messages in fields.items()
    }
    response = _problem(
        status_of(type(error)),
        error.code,
        say(language, error.title),
        say(language, error.detail_text, **error.params),
        errors=translated,
    )
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.RateLimited):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def problem_body(status: int, code: str, title: str, detail: str, *, instance: str, trace: str) -> dict[str, Any]:
    """What every Problem says (RFC 9457, with the contract's extensions)."""
    return {
        "type": TYPE_BASE + code,
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
        "trace_id": trace,
    }


def _from_http(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        return problem_of(errors.TooLarge(limit=MAX_BODY))
    if error.code == 404:
        return problem_of(errors.NotFound())
    status = error.code or 500
    language = reader_language()
    title = say(language, _("This is not how it works here."))
    detail = say(language, _("Please look the call up in the reference, under /docs."))
    response = _problem(status, _HTTP_CODES.get(status, "malformed"), title, detail)
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after"}:
            response.headers[name] = value
    return response


def _from_collision(error: IntegrityError | StaleDataError) -> Response:
    """Two writers met, and a constraint or a row that was gone stopped the second: nothing of it was written."""
    cause = error.orig if isinstance(error, IntegrityError) else error
    _log.warning("writers_collided", trace_id=trace_id(), error=type(cause).__name__)
    return problem_of(errors.Conflict())


def _from_database(error: Exception) -> Response:
    """The database is busy, away, full or may not be written to: nothing was written, and trying again is right."""
    trouble = trouble_of(error)
    cause = getattr(error, "orig", None) or error
    log = _log.warning if trouble == Trouble.BUSY else _log.error
    log("database_unavailable", trace_id=trace_id(), trouble=trouble.value, error=type(cause).__name__)
    code, retry_after, title, detail = _BUSY if trouble == Trouble.BUSY else _UNAVAILABLE
    language = reader_language()
    response = _problem(503, code, say(language, title), say(language, detail))
    response.headers["Retry-After"] = str(retry_after)
    return response


_BUSY = (
    "busy",
    2,
    _("Very much is going on at the moment."),
    _("Please try again in a few seconds. Nothing was changed."),
)
_UNAVAILABLE = (
    "unavailable",
    5,
    _("We cannot be reached at the moment."),
    _("Please try again in a few seconds. Nothing was lost."),
)
"""Code, seconds until the next try, title, detail."""


def _from_bug(error: Exception) -> Response:
    """A bug: the log gets where it happened, but no values, and the reader gets the trace id."""
    _log.error("bug", trace_id=trace_id(), error=type(error).__name__, at=places_of(error))
    language = reader_language()
    return _problem(
        500,
        "internal",
        say(language, _("Something went wrong on our side.")),
        say(language, _("Please try again later. If it stays, tell us the number below.")),
    )


def _problem(status: int, code: str, title: str, detail: str, **extra: Any) -> Response:
    body = problem_body(status, code, title, detail, instance=request.path, trace=trace_id())
    body |= {key: value for key, value in extra.items() if value is not None}
    response = Response(json.dumps(body, ensure_ascii=False), status=status, mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response


MAX_BODY = 64 * 1024
"""Bytes of a body at most (contract, section 3)."""
