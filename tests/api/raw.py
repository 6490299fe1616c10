"""Calls that no well-behaved app makes: bodies byte by byte, headers as they come."""

import io
from collections.abc import Sequence
from typing import Any

from tests.support.town import Reply, Town


def send(
    town: Town,
    method: str,
    path: str,
    data: bytes = b"",
    *,
    kind: str | None = "application/json",
    token: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
    chunked: bool = False,
) -> Reply:
    """One call; `kind` is the Content-Type, and `chunked` sends the body without saying how long it is."""
    sent = [*headers, *([("Content-Type", kind)] if kind else [])]
    if token is not None:
        sent.append(("Authorization", f"Bearer {token}"))
    more: dict[str, Any] = {"data": data}
    if chunked:
        # As gunicorn hands it on: a stream that ends by itself, and no length.
        more = {"input_stream": io.BytesIO(data), "environ_overrides": {"wsgi.input_terminated": True}}
        sent.append(("Transfer-Encoding", "chunked"))
    answer = town.app.test_client().open(path, method=method, headers=sent, **more)
    return Reply(answer.status_code, answer.headers, answer.get_data(as_text=True))


def assert_problem(reply: Reply, status: int, code: str) -> None:
    """That an answer is an RFC 9457 problem with everything the contract promises (section 3)."""
    assert (reply.status_code, reply.headers["Content-Type"]) == (status, "application/problem+json"), reply.text
    body = reply.json
    assert body["code"] == code, reply.text
    assert body["status"] == status
    assert body["type"].endswith(":" + code)
    assert body.keys() - {"errors"} == {"type", "title", "status", "detail", "instance", "code", "trace_id"}
    assert all(isinstance(body[name], str) and body[name] for name in body.keys() - {"status", "errors"})
    assert reply.headers["Cache-Control"] == "no-store"
    if status == 422:
        assert body["errors"]
        assert all(isinstance(text, str) and text for texts in body["errors"].values() for text in texts)
