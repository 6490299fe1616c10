"""What never becomes a request, because the server cannot read it: answered with a Problem all the same."""

import json
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from gunicorn import util
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException, UnsupportedTransferCoding
from gunicorn.workers.gthread import ThreadWorker

from api.problems import MEDIA_TYPE, problem_body
from nachbarschaft.logs import places_of
from nachbarschaft.words import mark as _
from nachbarschaft.words import say

LONGEST_LINE = 4094
"""Bytes of the first line of a request: method, path and query."""
_LANGUAGE = "de"
"""What the reader would like was not read either."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: HTTPStatus
    code: str
    detail: str
    title: str = _("We cannot read this.")


_LOOK_IT_UP = _("This is not HTTP as we know it. Please look the call up in the reference, under /docs.")
_REFUSALS: tuple[tuple[type[Exception], _Refusal], ...] = (
    (LimitRequestLine, _Refusal(HTTPStatus.REQUEST_URI_TOO_LONG, "too_large", _("The address is too long."))),
    (
        LimitRequestHeaders,
        _Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too_large", _("The headers are too long.")),
    ),
    (UnsupportedTransferCoding, _Refusal(HTTPStatus.NOT_IMPLEMENTED, "malformed", _LOOK_IT_UP)),
    (ParseException, _Refusal(HTTPStatus.BAD_REQUEST, "malformed", _LOOK_IT_UP)),
)
_OUR_FAULT = _Refusal(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "internal",
    _("Please try again later. If it stays, tell us the number below."),
    _("Something went wrong on our side."),
)


class ReadingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's worker with threads, which would else answer in HTML and log what was sent, and by whom."""

    def handle_error(self, _req: Any, client: Any, _addr: Any, exc: Exception) -> None:
        """Answers on the socket `client`; the connection ends with that."""
        trace = uuid.uuid4().hex
        refusal = next((refusal for kind, refusal in _REFUSALS if isinstance(exc, kind)), _OUR_FAULT)
        if refusal is _OUR_FAULT:
            _log.error("bug", trace_id=trace, error=type(exc).__name__, at=places_of(exc))
        else:
            _log.info("unreadable", trace_id=trace, error=type(exc).__name__)
        try:
            util.write_nonblock(client, _written(refusal, trace))
        except OSError:
            _log.info("unreadable_and_gone", trace_id=trace)


def _written(refusal: _Refusal, trace: str) -> bytes:
    title, detail = say(_LANGUAGE, refusal.title), say(_LANGUAGE, refusal.detail)
    told = problem_body(refusal.status, refusal.code, title, detail, instance="/", trace=trace)
    body = json.dumps(told, ensure_ascii=False).encode()
    head = (
        f"HTTP/1.1 {refusal.status.value} {refusal.status.phrase}\r\nConnection: close\r\n"
        f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\nCache-Control: no-store\r\n\r\n"
    )
    return head.encode("ascii") + body
