"""Whether this API is about to stop: said by the master process, seen at once by every worker."""

import mmap

from flask import Flask

_NAME = "stopping"


class Stopping:
    """A flag in memory that a process shares with those it forks, also with those it forks later."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 1)

    @property
    def has_begun(self) -> bool:
        return self._memory[0] != 0

    def begin(self) -> None:
        self._memory[0] = 1


def tell_stopping(app: Flask, stopping: Stopping) -> None:
    """From now on `app` knows that it stops, once it does."""
    app.extensions[_NAME] = stopping


def is_stopping(app: Flask) -> bool:
    """False for an application that nobody serves in this way."""
    stopping: Stopping | None = app.extensions.get(_NAME)
    return stopping is not None and stopping.has_begun
