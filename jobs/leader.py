"""One scheduler leads, the others wait: an advisory lock on PostgreSQL, a file lock on SQLite."""

import fcntl
import os
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from nachbarschaft.config import Settings
from nachbarschaft.database import live_connection

_LOCK_KEY = 0x6E616368  # "nach", so that it is ours among the database's advisory locks


class Leadership(Protocol):
    """Who leads."""

    def hold(self) -> bool:
        """Takes or keeps the lead; False while somebody else has it. Called every second or so."""
        ...

    def release(self) -> None: ...


def leadership(settings: Settings) -> Leadership:
    if settings.is_sqlite:
        path = settings.database_url.removeprefix("sqlite:///").split("?")[0]
        return FileLeadership(Path(path + ".scheduler.lock"))
    return DatabaseLeadership(settings.database_url)


class FileLeadership:
    """A lock on a file beside the database; the system frees it when the process dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def hold(self) -> bool:
        if self._file is not None:
            return True
        file = self._path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class DatabaseLeadership:
    """A session-level advisory lock on a connection of its own; PostgreSQL frees it when the connection ends,
    also when the machine at this end has silently gone.

    It needs a direct connection: a pooler that hands connections out per transaction would lose the lock.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            connect_args=live_connection(
                options="-c statement_timeout=5000", application_name=f"scheduler-{os.getpid()}"
            ),
        )
        self._connection: Connection | None = None

    def hold(self) -> bool:
        try:
            return self._keep() if self._connection is not None else self._take()
        except SQLAlchemyError:
            self.release()
            return False

    def release(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _take(self) -> bool:
        connection = self._engine.connect()
        if connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK_KEY}):
            self._connection = connection
            return True
        connection.close()
        return False

    def _keep(self) -> bool:
        if self._connection is None:
            return False
        self._connection.execute(text("SELECT 1"))
        return True
