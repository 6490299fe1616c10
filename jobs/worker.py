"""Delivery as a process: on each channel it sends what is due, and rests for a moment where nothing is."""

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from threading import Event

import structlog

from jobs.courier import PATIENCE, Courier
from jobs.job import DATABASE_AWAY

REST_SECONDS = 0.5
REST_AFTER_FAILURE_SECONDS = 3.0
TRIES_AT_THE_END = 3
LOOKS_UP_EVERY = 1.0
"""Seconds. A signal to a process that was paused may meet another thread than the first, which alone can act on it."""
_log = structlog.get_logger(__name__)


def work(couriers: Sequence[Courier], stop: Event) -> None:
    """Delivers until `stop` is set; what is under way then is finished. One that breaks stops all, and is raised.

    Each channel has a thread of its own: a mail server that is slow keeps no push waiting.
    """
    _log.info("worker_ready")
    with ThreadPoolExecutor(len(couriers), thread_name_prefix="channel") as channels:
        at_work = [channels.submit(_work, courier, stop) for courier in couriers]
        while not wait(at_work, timeout=LOOKS_UP_EVERY, return_when=FIRST_EXCEPTION).done:
            pass
        stop.set()
    for one in at_work:
        one.result()


def _work(courier: Courier, stop: Event) -> None:
    """One channel; a database that is away for a while ends nothing."""
    while not stop.is_set():
        try:
            if courier.turn() is None:
                stop.wait(PATIENCE if courier.is_held_back else REST_SECONDS)
        except DATABASE_AWAY as error:
            _log.error("worker_waits_for_database", channel=courier.channel, error=type(error).__name__)
            stop.wait(REST_AFTER_FAILURE_SECONDS)
    _finish(courier)


def _finish(courier: Courier) -> None:
    """What cannot be settled in the end is left to its lease."""
    for _ in range(TRIES_AT_THE_END):
        with suppress(*DATABASE_AWAY):
            courier.finish()
            return
        time.sleep(PATIENCE)
    _log.error("not_settled_at_the_end", channel=courier.channel)
