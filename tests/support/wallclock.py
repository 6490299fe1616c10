"""A wall clock that a test sets while real processes run by it; the clock that only goes forward goes on undisturbed.

libfaketime answers for the system (Debian: `faketime`).
"""

import os
import runpy
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import PLAIN, Process, Processes

_LIBRARY = "faketime/libfaketimeMT.so.1"
_FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib")


class WallClock:
    """The clock of all processes that are started by it: the machine's own, and so many seconds more or less.

    A machine without libfaketime skips the test by name.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "wall-clock"
        self._library = _library()
        self._ahead = timedelta(0)
        self._write()

    def now(self) -> datetime:
        """What the processes read at this moment."""
        return datetime.now(UTC) + self._ahead

    def move(self, **how_far: float) -> datetime:
        """Sets it forward or back, as `timedelta` says it: `move(hours=-1)`."""
        self._ahead += timedelta(**how_far)
        self._write()
        return self.now()

    def set(self, instant: datetime) -> datetime:
        """Sets it to an instant; from there it goes on."""
        self._ahead = instant - datetime.now(UTC)
        self._write()
        return self.now()

    def start(self, processes: Processes, *command: str, port: int | None = None, **settings: str) -> Process:
        """Starts a process that lives by it."""
        return processes.start(*command, port=port, launcher=self._launcher(), **settings)

    def _launcher(self) -> Sequence[str]:
        return ("-m", "tests.support.wallclock", self._library, str(self._file))

    def _write(self) -> None:
        """At once: a process that reads half a number would live in another year."""
        fresh = self._file.with_suffix(".fresh")
        fresh.write_text(f"{self._ahead.total_seconds():+.6f}")
        fresh.replace(self._file)


def _library() -> str:
    for folder in _FOLDERS:
        if (found := Path(folder) / _LIBRARY).exists():
            return str(found)
    pytest.skip("libfaketime is not installed")


def main() -> None:
    """`python -m tests.support.wallclock LIBRARY FILE COMMAND…` becomes the product, living by that clock."""
    if os.environ.get("LD_PRELOAD"):
        # libfaketime 0.9.10 breaks the system call behind `time.sleep`, and leaves alone what waits for an event.
        time.sleep = _sleep
        runpy.run_module(PLAIN[1], run_name="__main__", alter_sys=True)
        return
    library, file = sys.argv[1:3]
    clock = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": file,
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    command = [sys.executable, "-m", "tests.support.wallclock", *sys.argv[3:]]
    os.execve(sys.executable, command, dict(os.environ) | clock)  # noqa: S606


def _sleep(seconds: Any, /) -> None:
    threading.Event().wait(seconds)


if __name__ == "__main__":
    main()
