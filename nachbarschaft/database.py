"""Connections and transactions on SQLite and PostgreSQL, set up so that writers queue and readers never wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.orm import Session

BUSY_TIMEOUT_MS = 30_000
POOL_SIZE = 10


class Database:
    """One engine and its two kinds of transaction."""

    def __init__(self, url: str, *, pool_size: int = POOL_SIZE) -> None:
        self.engine = _engine(url, pool_size)
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


def _engine(url: str, pool_size: int) -> Engine:
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(
            url, pool_size=pool_size, max_overflow=pool_size * 2, pool_timeout=30, hide_parameters=True
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_recycle=300,
        hide_parameters=True,  # values of statements are people's data, and error texts end up in logs
        connect_args={"connect_timeout": 5, "options": "-c timezone=UTC"},
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    readonly = connection.get_execution_options().get("readonly")
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")
