"""Several worker processes count as one: they write into files of one folder, and whoever is asked adds them up."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO, Any

from prometheus_client import values
from prometheus_client.multiprocess import mark_process_dead

from nachbarschaft.cli.failing import OperatorError

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""What prometheus_client calls the folder, in the environment."""
_PREFIX = "nachbarschaft-metrics-"
_HELD = "held"


@contextmanager
def shared_counting() -> Iterator["SharedCounting"]:
    """A folder of its own for the workers of one server; it is gone when the server is."""
    owner = os.getpid()
    _remove_abandoned()
    counting = SharedCounting(_folder())
    try:
        with _hold(counting.folder):
            yield counting
    finally:
        # A worker leaves through here as well, for it was forked further in; the others still count.
        if os.getpid() == owner:
            shutil.rmtree(counting.folder, ignore_errors=True)


def _folder() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix=_PREFIX))
    except OSError as error:
        raise OperatorError(f"There is no folder for temporary files; name one in TMPDIR: {error.strerror}.") from None


def _hold(folder: Path) -> IO[bytes]:
    """A locked file in the folder, under its name only once it is locked: the system frees it with the last process."""
    file = (folder / "new").open("wb")
    fcntl.flock(file, fcntl.LOCK_EX)
    (folder / "new").rename(folder / _HELD)
    return file


def _remove_abandoned() -> None:
    """Takes away what servers have left that were killed: nobody holds it any more."""
    for held in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_HELD}"):
        with suppress(OSError), held.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(held.parent, ignore_errors=True)


class SharedCounting:
    """gunicorn's hooks. Each worker counts under a number, and the one that follows a dead one goes on where it was:

    so nothing that was counted is lost, and workers that die again and again do not leave ever more files behind.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._taken: set[int] = set()

    def before_fork(self, _server: Any, worker: Any) -> None:
        worker.number = next(number for number in count(1) if number not in self._taken)
        self._taken.add(worker.number)

    def after_fork(self, _server: Any, worker: Any) -> None:
        """In the new worker, before it makes its first counter."""
        number = worker.number
        os.environ[FOLDER] = str(self.folder)
        values.ValueClass = values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]  # left bare

    def after_death(self, _server: Any, worker: Any) -> None:
        """What was under way in that worker is not any more."""
        mark_process_dead(worker.number, str(self.folder))  # type: ignore[no-untyped-call]  # left bare
        self._taken.discard(worker.number)
