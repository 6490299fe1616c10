"""`python -m tests.support.faketime LIBRARY FILE COMMAND…`: `nachbarschaft COMMAND…`, living by the clock in FILE.

It imports nothing that it does not need: every process of these tests starts with it.
"""

import os
import runpy
import sys
import threading
import time
from typing import Any


def main() -> None:
    """Twice the same process: first it takes the library on, and then it becomes the product."""
    if os.environ.get("LD_PRELOAD"):
        # libfaketime 0.9.10 breaks the system call behind `time.sleep`, and leaves alone what waits for an event.
        time.sleep = _sleep
        runpy.run_module("nachbarschaft", run_name="__main__", alter_sys=True)
        return
    library, file = sys.argv[1:3]
    clock = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": file,
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # else each wait for Python's global lock spins until it is free
        "NO_FAKE_STAT": "1",
    }
    command = [sys.executable, "-m", "tests.support.faketime", *sys.argv[3:]]
    os.execve(sys.executable, command, dict(os.environ) | clock)  # noqa: S606


def _sleep(seconds: Any, /) -> None:
    threading.Event().wait(seconds)


if __name__ == "__main__":
    main()
