"""Telling a process to stop: SIGTERM and Ctrl-C set a flag that its loop looks at."""

import signal
import threading
from types import FrameType


def stop_flag() -> threading.Event:
    """An event that SIGTERM or SIGINT sets."""
    flag = threading.Event()

    def _set(_number: int, _frame: FrameType | None) -> None:
        flag.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _set)
    return flag
