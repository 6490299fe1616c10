"""A wall clock that a test sets while real processes run by it; the clock that only goes forward goes on undisturbed.

libfaketime answers for the system (Debian: `faketime`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.processes import Process, Processes

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
        return ("-m", "tests.support.faketime", self._library, str(self._file))

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
