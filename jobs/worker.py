"""Push delivery as a process: sends what is due, and rests for a moment where nothing is."""

from threading import Event

import structlog

from jobs.delivery import Courier
from jobs.job import DATABASE_AWAY
from nachbarschaft.bootstrap import Wiring

REST_SECONDS = 0.5
REST_AFTER_FAILURE_SECONDS = 3.0
_log = structlog.get_logger(__name__)


def work(wiring: Wiring, courier: Courier, stop: Event) -> None:
    """Delivers until `stop` is set; a database that is away for a while ends nothing."""
    _log.info("worker_ready")
    while not stop.is_set():
        try:
            if not courier.deliver_batch(wiring.clock.now()):
                stop.wait(REST_SECONDS)
        except DATABASE_AWAY as error:
            _log.error("worker_waits_for_database", error=type(error).__name__)
            stop.wait(REST_AFTER_FAILURE_SECONDS)
