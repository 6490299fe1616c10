"""gunicorn's worker process, which ends connections politely while the API stops, and drops none of them."""

import signal
from typing import Any

from api.stopping import is_stopping
from api.unreadable import ReadingWorker


class Worker(ReadingWorker):
    """One of the processes that answer."""

    def init_signals(self) -> None:
        """Ctrl-C in a terminal reaches every process; when to stop, and how, is the master's to say."""
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answers. Whoever is answered while we stop is told to come with a new connection, which others may take."""
        if is_stopping(self.wsgi):
            req.force_close()
        return super().handle_request(req, conn)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Before it stops for good it takes in whoever waits at the door already (see `api.closing`)."""
        if not enabled and not self.alive:
            self._take_in_all()
        super().set_accept_enabled(enabled)

    def _take_in_all(self) -> None:
        for listener in self.sockets:
            before = -1
            while before != self.nr_conns:
                before = self.nr_conns
                self.accept(listener)
