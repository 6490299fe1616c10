"""Telling a process to stop: SIGTERM and Ctrl-C set a flag that its loop looks at, and end it at the limit."""

import os
import signal
import threading
from types import FrameType

import structlog

LIMIT_SECONDS = 22.0
"""How long what is under way may take; a stop may take 25 seconds."""
_log = structlog.get_logger(__name__)


def stop_flag() -> threading.Event:
    """An event that SIGTERM or SIGINT sets. Whoever has not ended `LIMIT_SECONDS` later is ended."""
    flag = threading.Event()

    def _set(_number: int, _frame: FrameType | None) -> None:
        if not flag.is_set():
            limit = threading.Timer(LIMIT_SECONDS, _end)
            limit.daemon = True
            limit.start()
        flag.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _set)
    return flag


def _end() -> None:
    """Ends the process at once. What it has not committed, the database takes back; the next one does it again."""
    _log.warning("stopped_at_the_limit")
    os._exit(0)
