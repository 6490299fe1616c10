"""Connections and transactions on SQLite and PostgreSQL, set up so that writers queue and readers never wait."""

import enum
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection, ExceptionContext, make_url
from sqlalchemy.exc import InternalError, NotSupportedError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

POOL_SIZE = 10
LOCK_SECONDS = 10.0
"""How long a statement waits for a row, and a caller for a free connection, before that is an error (PostgreSQL)."""
WRITER_SECONDS = 20.0
"""How long a transaction waits until nobody else writes (SQLite, where there is one writer for everything)."""
STATEMENT_SECONDS = 30
"""After which PostgreSQL ends a statement: everything here is done in small steps, and migrations set their own."""
IDLE_SECONDS = 60
"""After which PostgreSQL ends a transaction in which nothing happens: its process hangs, and others wait for it."""
SILENT_SECONDS = 5
"""After which a peer that acknowledges nothing counts as gone: both sides look, so that no lock outlives its holder."""


class Trouble(enum.StrEnum):
    """Why the database did not do what it was asked; in each case it has done nothing of it."""

    BUSY = "busy"  # somebody else holds what is needed: trying again soon is right
    FULL = "full"  # there is no room: the operator has to make some
    READ_ONLY = "read_only"  # a standby, or a file that may not be written to
    AWAY = "away"  # it does not answer, or is restarting


def trouble_of(error: Exception) -> Trouble:
    """The trouble behind an OperationalError, InterfaceError or time-out of the pool, on either system."""
    cause = getattr(error, "orig", None)
    if cause is None:
        return Trouble.BUSY if isinstance(error, PoolTimeout) else Trouble.AWAY
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE_TROUBLES.get(code & 0xFF, Trouble.AWAY)
    return _POSTGRESQL_TROUBLES.get(getattr(cause, "sqlstate", None) or "", Trouble.AWAY)


_SQLITE_TROUBLES = {
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
}
_POSTGRESQL_TROUBLES = {
    "40001": Trouble.BUSY,  # serialization_failure
    "40P01": Trouble.BUSY,  # deadlock_detected
    "55P03": Trouble.BUSY,  # lock_not_available
    "57014": Trouble.BUSY,  # query_canceled: the statement took too long
    "25P03": Trouble.BUSY,  # idle_in_transaction_session_timeout
    "25P04": Trouble.BUSY,  # transaction_timeout
    "53300": Trouble.BUSY,  # too_many_connections
    "53100": Trouble.FULL,  # disk_full
    "25006": Trouble.READ_ONLY,  # read_only_sql_transaction
    "0A000": Trouble.READ_ONLY,  # feature_not_supported: what a standby says of a transaction that wants to write
}
"""SQLSTATE (PostgreSQL 17, appendix A) → trouble."""


class Database:
    """One engine and its two kinds of transaction."""

    def __init__(self, url: str, *, pool_size: int = POOL_SIZE, patience: float | None = None) -> None:
        """`patience` in seconds replaces LOCK_SECONDS and WRITER_SECONDS."""
        self.engine = _engine(url, pool_size, patience)
        self._readers = self.engine.execution_options(readonly=True, postgresql_readonly=True)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that may write. Commits at the end, rolls back on any exception.

        On SQLite it takes the write lock at once (BEGIN IMMEDIATE): a lock taken later, on top of a read
        snapshot, could not be waited for.
        """
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads, and never waits for a writer."""
        with Session(self._readers, expire_on_commit=False, autoflush=False) as session, session.begin():
            yield session

    def close(self) -> None:
        self.engine.dispose()


def live_connection(*, options: str = "", **more: Any) -> dict[str, Any]:
    """Arguments for a connection to PostgreSQL that notices when the other side has silently gone, on both sides."""
    ours = {"idle": SILENT_SECONDS, "interval": 2, "count": 3}
    theirs = " ".join(f"-c tcp_keepalives_{name}={value}" for name, value in ours.items())
    silent = SILENT_SECONDS * 1000
    return {
        "connect_timeout": SILENT_SECONDS,
        "keepalives": 1,
        **{f"keepalives_{name}": value for name, value in ours.items()},
        "tcp_user_timeout": silent,
        "options": f"-c timezone=UTC {theirs} -c tcp_user_timeout={silent} {options}".strip(),
        **more,
    }


def _engine(url: str, pool_size: int, patience: float | None) -> Engine:
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url, pool_size, WRITER_SECONDS if patience is None else patience)
    return _postgresql(url, pool_size, LOCK_SECONDS if patience is None else patience)


def _sqlite(url: str, pool_size: int, patience: float) -> Engine:
    engine = create_engine(
        url, pool_size=pool_size, max_overflow=pool_size * 2, pool_timeout=patience, hide_parameters=True
    )
    event.listen(engine, "connect", partial(_prepare_sqlite, patience=patience))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql(url: str, pool_size: int, patience: float) -> Engine:
    limits = {
        "lock_timeout": patience,
        "statement_timeout": STATEMENT_SECONDS,
        "idle_in_transaction_session_timeout": IDLE_SECONDS,
    }
    options = " ".join(f"-c {name}={int(seconds * 1000)}" for name, seconds in limits.items())
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=patience,
        pool_pre_ping=True,
        pool_recycle=300,
        hide_parameters=True,  # values of statements are people's data, and error texts end up in logs
        connect_args=live_connection(options=options),
    )
    event.listen(engine, "handle_error", _as_operational)
    return engine


def _as_operational(context: ExceptionContext) -> Exception | None:
    """psycopg calls some troubles of the database internal or our own errors; here all of them have one class."""
    cause, error = context.original_exception, context.sqlalchemy_exception
    if (
        isinstance(error, InternalError | NotSupportedError)
        and getattr(cause, "sqlstate", None) in _POSTGRESQL_TROUBLES
    ):
        return OperationalError(context.statement, None, cause, hide_parameters=True)
    return None


def _prepare_sqlite(connection: Any, _record: object, *, patience: float) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={int(patience * 1000)}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    readonly = connection.get_execution_options().get("readonly")
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")
