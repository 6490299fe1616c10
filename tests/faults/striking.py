"""Counting how often a place is passed, and dying there: kill -9 by the process's own hand."""

import fcntl
import os
import signal
from pathlib import Path

PASSED, STRUCK = "passed", "struck"
"""Files that stay behind: one byte for each passage, and the process that died."""


class Striker:
    """Kills at the `nth` passage, counted over all processes that share `folder`; only once, and never before armed."""

    def __init__(self, folder: Path, nth: int, *, whole: bool) -> None:
        self._folder = folder
        self._nth = nth
        self._whole = whole
        self.armed = False

    def pass_by(self) -> None:
        """One passage. Does not return from the one that kills."""
        if self.armed and self._count() == self._nth:
            (self._folder / STRUCK).write_text(f"{os.getpid()}\n")
            self._kill()

    def _count(self) -> int:
        with (self._folder / PASSED).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(b".")
            file.flush()
            return file.tell()

    def _kill(self) -> None:
        """The process alone, or with all that share its group: gunicorn and its workers, say."""
        if self._whole:
            os.killpg(os.getpgrp(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
        signal.pause()  # other threads may run on for a moment; this one must not


def was_struck(folder: Path) -> bool:
    return (folder / STRUCK).exists()
