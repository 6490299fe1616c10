"""Towns whose people reach the API over HTTP, through a real socket."""

import threading
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.caller import Caller
from tests.support.town import NOON, Reply, Town


class TownOverHttp(Town):
    """A town of which each call goes to the API on `port`; the database stays open to the test, as `wiring`."""

    def __init__(self, database_url: str, folder: Path, port: int, *, now: datetime = NOON) -> None:
        super().__init__(database_url, folder, now=now)
        self.caller = Caller(port)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.caller.close()
        super().__exit__(kind, error, trace)

    def _send(self, method: str, path: str, data: str | None, headers: dict[str, str]) -> Reply:
        return self.caller.call(method, path, data, headers)


class _Quiet(WSGIRequestHandler):
    """Says nothing for each call that it answers."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """As http.server asks."""


class TownBehindASocket(TownOverHttp):
    """One that is served from inside the test, so that its clock can be moved by hand."""

    def __init__(self, database_url: str, folder: Path) -> None:
        super().__init__(database_url, folder, port=0)
        self._server = make_server("127.0.0.1", 0, self.app, threaded=True, request_handler=_Quiet)
        self.caller = Caller(self._server.server_port)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        super().__exit__(kind, error, trace)
