"""A real PostgreSQL for tests: one server per test session, found or started, without any set-up by hand.

Looked for in this order: `TEST_DATABASE_URL`; server binaries on the machine; binaries that come as a wheel.
"""

import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from tests.support.postgres_binaries import find_binaries
from tests.support.postgres_cluster import Cluster

ENVIRONMENT = "TEST_DATABASE_URL"


class PostgresServer:
    """A server in which tests make and drop databases; what was started here is ended by `stop`."""

    def __init__(self, admin_url: str, *, end: Callable[[], None] | None = None) -> None:
        self.admin_url = _normalised(admin_url)
        self._end = end

    @classmethod
    def attach(cls, admin_url: str) -> Self:
        """A server that somebody else started (another test worker, say) and will stop."""
        return cls(admin_url)

    def url(self, database: str) -> str:
        """A `postgresql://` URL of that database, for SQLAlchemy 2.1 and psycopg 3 alike."""
        return make_url(self.admin_url).set(database=database).render_as_string(hide_password=False)

    def create_database(self, name: str, template: str | None = None) -> None:
        """An empty database, or a copy of `template`, to which nobody may be connected meanwhile."""
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        self._execute(statement)

    def drop_database(self, name: str) -> None:
        """Drops the database if it exists, and whatever is still connected to it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        """Ends a server that was started here and removes its files; safe to repeat."""
        if self._end is not None:
            self._end()

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_postgres(*, binaries: Path | None = None) -> PostgresServer:
    """A server that is ready; `binaries` names a folder of server binaries instead of looking for one.

    Raises PostgresNotFound where there is none, and PostgresDidNotStart with the end of its log.
    """
    if binaries is None and (url := os.environ.get(ENVIRONMENT)):
        return PostgresServer.attach(url)
    cluster = Cluster.start(binaries or find_binaries())
    return PostgresServer(cluster.admin_url, end=cluster.stop)


def _normalised(url: str) -> str:
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
