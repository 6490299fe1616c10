"""A small HTTP client for tests against a real server: connections are kept, and any thread may call."""

import http.client
import threading
import time
from collections import deque
from types import TracebackType
from typing import Self

from werkzeug.datastructures import Headers

from tests.support.town import Reply

KEPT_FOR = 1.0
"""Seconds that an idle connection is used again; gunicorn closes it after two."""


class Caller:
    """Calls one server on loopback; each call has a connection to itself, an idle one if there is one."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: deque[tuple[http.client.HTTPConnection, float]] = deque()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def call(self, method: str, path: str, data: str | None = None, headers: dict[str, str] | None = None) -> Reply:
        """One call. Raises OSError or http.client.HTTPException where no whole answer comes."""
        connection = self._connection()
        try:
            connection.request(method, path, body=None if data is None else data.encode(), headers=headers or {})
            answer = connection.getresponse()
            reply = Reply(answer.status, Headers(answer.getheaders()), answer.read().decode())
        except BaseException:
            connection.close()
            raise
        self._keep(connection)
        return reply

    def close(self) -> None:
        """Closes the idle connections."""
        with self._lock:
            while self._idle:
                self._idle.pop()[0].close()

    def _connection(self) -> http.client.HTTPConnection:
        with self._lock:
            while self._idle:
                connection, since = self._idle.pop()
                if connection.sock is not None and time.monotonic() - since < KEPT_FOR:
                    return connection
                connection.close()
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._idle.append((connection, time.monotonic()))
