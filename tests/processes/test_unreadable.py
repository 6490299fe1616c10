"""What a server cannot read as HTTP is answered with a Problem too, and nothing of it reaches the log."""

import http.client
import json
import socket
from collections.abc import Iterator
from io import BytesIO

import pytest

from tests.support.databases import Databases
from tests.support.processes import Process, Processes

CANARY = "Unverwechselbarweg"
UNREADABLE = {
    "an endless address": (f"GET /v1/meta?x={CANARY * 300} HTTP/1.1\r\nHost: x\r\n\r\n", 414, "too_large"),
    "endless headers": (f"GET /v1/meta HTTP/1.1\r\nHost: x\r\nX-Long: {CANARY * 1000}\r\n\r\n", 431, "too_large"),
    "no HTTP": (f"{CANARY}\r\n\r\n", 400, "malformed"),
    "no version": (f"GET /{CANARY} HTTP/9\r\n\r\n", 400, "malformed"),
    "a space in a header's name": (f"GET / HTTP/1.1\r\nHost: x\r\nX {CANARY}: y\r\n\r\n", 400, "malformed"),
    "an unknown coding": (f"POST /{CANARY} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: cake\r\n\r\n", 501, "malformed"),
    "two lengths": ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", 400, "malformed"),
}


@pytest.fixture(scope="module")
def api(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with databases.fresh("sqlite") as url, Processes(url, tmp_path_factory.mktemp("api")) as processes:
        yield processes.api()


class _Answered:
    """As much of a socket as http.client needs to read an answer."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> BytesIO:
        return BytesIO(self._raw)


def spoken(port: int, text: str) -> tuple[http.client.HTTPResponse, bytes]:
    """What comes back for these bytes, until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(text.encode())
        raw = b"".join(iter(lambda: line.recv(65536), b""))
    answer = http.client.HTTPResponse(_Answered(raw))  # type: ignore[arg-type]  # it only reads
    answer.begin()
    return answer, answer.read()


@pytest.mark.parametrize("what", UNREADABLE)
def test_it_is_a_problem_and_the_server_goes_on(api: Process, what: str) -> None:
    text, status, code = UNREADABLE[what]
    answer, body = spoken(api.port, text)

    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    problem = json.loads(body)
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["title"] == "Das können wir nicht lesen."
    assert problem.keys() == {"type", "title", "status", "detail", "instance", "code", "trace_id"}
    answer, _body = spoken(api.port, "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.status == 200


def test_the_log_has_the_kind_and_a_number_and_neither_what_was_sent_nor_who_sent_it(api: Process) -> None:
    _answer, body = spoken(api.port, UNREADABLE["no HTTP"][0])
    api.says(json.loads(body)["trace_id"])
    assert "unreadable" in api.output
    assert CANARY not in api.output
    assert "ip=" not in api.output
