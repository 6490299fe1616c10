"""Load over connections that are kept alive: each asks again as soon as it has its answer.

One thread and a selector, so that making load costs little of the two cores that servers are measured on.
"""

import re
import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import repeat, takewhile

from tests.benchmarks.bench import Broken

CONNECTIONS = 8
SILENCE = 30.0
"""Seconds after which a server counts as hanging."""
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_HEAD_ENDS = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Calls:
    """What is asked, in turn, and the status that every answer must have."""

    requests: Iterable[bytes]
    status: int


@dataclass(slots=True)
class Load:
    """What came of it: seconds from the first call to the last answer, and the seconds that each answer took."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)


def call(method: str, path: str, token: str | None = None) -> bytes:
    """One request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += ["Content-Length: 0"] if method == "POST" else []
    lines += [f"Authorization: Bearer {token}"] if token else []
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def for_seconds(request: bytes, seconds: float) -> Iterator[bytes]:
    """The same request over and over, for so long, and at least once for each connection."""
    yield from repeat(request, CONNECTIONS)
    end = time.perf_counter() + seconds
    yield from takewhile(lambda _: time.perf_counter() < end, repeat(request))


def drive(port: int, calls: Calls) -> Load:
    """Asks everything there is to ask. Raises Broken for an answer with another status, or none."""
    load = Load()
    requests = iter(calls.requests)
    begun = time.perf_counter()
    with selectors.DefaultSelector() as selector, ExitStack() as stack:
        lines = [stack.enter_context(closing(_Line(port, selector))) for _ in range(CONNECTIONS)]
        busy = sum(line.ask(next(requests, None)) for line in lines)
        while busy:
            ready = selector.select(SILENCE)
            if not ready:
                raise Broken(f"no answer for {SILENCE:.0f} s")
            for key, _events in ready:
                line: _Line = key.data
                if line.has_heard(calls.status):
                    load.latencies.append(time.perf_counter() - line.asked_at)
                    busy -= not line.ask(next(requests, None))
    load.seconds = time.perf_counter() - begun
    return load


class _Line:
    """One connection."""

    def __init__(self, port: int, selector: selectors.BaseSelector) -> None:
        self._port = port
        self._selector = selector
        self._socket: socket.socket | None = None
        self._heard = b""
        self.asked_at = 0.0

    def ask(self, request: bytes | None) -> bool:
        """Sends the next request; without one it hangs up and says so."""
        if request is None:
            self.close()
            return False
        connection = self._connected()
        self.asked_at = time.perf_counter()
        connection.sendall(request)
        return True

    def has_heard(self, status: int) -> bool:
        """Whether the whole answer is there now."""
        data = self._connected().recv(262_144)
        self._heard += data
        head, ends, body = self._heard.partition(_HEAD_ENDS)
        if not data or (ends and not head.startswith(b"HTTP/1.1 %d " % status)):
            raise Broken(f"expected {status}, got: {self._heard[:600].decode(errors='replace')!r}")
        length = _LENGTH.search(head)
        if not ends or length is None or len(body) < int(length[1]):
            return False
        self._heard = b""
        if _CLOSES.search(head):
            self.close()
        return True

    def close(self) -> None:
        """Hangs up; a second call does nothing."""
        if self._socket is not None:
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(self._socket, selectors.EVENT_READ, self)
        return self._socket
