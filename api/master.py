"""gunicorn's master process, which stops in an order in which no call is lost.

SIGTERM: says so at `/health/ready` and goes on serving while whoever hands out the calls looks elsewhere; closes the
door; finishes what is inside. SIGINT (Ctrl-C) does the same without the first step, and a second one does not wait.
"""

import signal
import time

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from api.closing import let_nobody_in
from api.stopping import Stopping

DRAIN_SECONDS = 5.0
"""How long it serves on after SIGTERM: longer than idle connections are kept, and than most balancers take to look."""
SETTLE_SECONDS = 0.3
"""How long a handshake under way may take, once nobody new is let in."""
GRACE_SECONDS = 17
"""How long what is inside may take after that. All three together stay below the 25 s that a stop may take."""
_LONGEST_SETTLING = 1.0


class Master(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """The process that holds the listening socket and the workers."""

    def __init__(self, app: BaseApplication, stopping: Stopping) -> None:
        self._stopping = stopping
        super().__init__(app)

    def handle_term(self) -> None:
        """SIGTERM. Raises StopIteration, which is how the master ends its loop."""
        self._stopping.begin()
        self._serve_on()
        self._close_the_door()
        raise StopIteration

    def handle_int(self) -> None:
        """SIGINT. Raises StopIteration."""
        self._stopping.begin()
        self._close_the_door()
        raise StopIteration

    def _serve_on(self) -> None:
        """Serves as before, dead workers replaced, until the time is over or somebody is in a hurry."""
        end = time.monotonic() + DRAIN_SECONDS
        while (left := end - time.monotonic()) > 0:
            told = self.wait_for_signals(timeout=min(left, 1.0))
            if signal.SIGINT in told or signal.SIGQUIT in told:
                return
            if signal.SIGCHLD in told:
                self.handle_chld()
            self.murder_workers()
            self.manage_workers()

    def _close_the_door(self) -> None:
        """Lets nobody in, and waits until the workers have taken in whoever is half-way."""
        if not all(let_nobody_in(listener.sock) for listener in self.LISTENERS):
            return
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < _LONGEST_SETTLING:
            if passed > SETTLE_SECONDS and not any(listener.get_backlog() > 0 for listener in self.LISTENERS):
                return
            time.sleep(0.02)
