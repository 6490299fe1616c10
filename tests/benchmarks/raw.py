"""The driver alone, for baselines: each statement is written once and runs on both databases."""

import json
import re
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import psycopg

_NAMED = re.compile(r"(?<!:):([a-z_]+)")
_LOCK = "FOR UPDATE SKIP LOCKED"


class Raw:
    """One connection in autocommit. Statements name their values `:so`."""

    def __init__(self, url: str) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self._connection: psycopg.Connection[Any] | sqlite3.Connection = (
            _sqlite(url) if self.is_sqlite else psycopg.connect(url, autocommit=True)
        )
        self._translated: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def rows(self, statement: str, **values: Any) -> list[Any]:
        return self._execute(statement, values).fetchall()

    def change(self, statement: str, **values: Any) -> int:
        """How many rows it changed."""
        return self._execute(statement, values).rowcount

    def change_many(self, statement: str, many: Iterable[dict[str, Any]]) -> None:
        """The same statement for each of `many`, in one transaction."""
        with self.transaction():
            for values in many:
                self._execute(statement, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Begins and commits; there is nothing to roll back to in a benchmark."""
        self._connection.execute("BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
        yield
        self._connection.execute("COMMIT")

    def among(self, column: str, name: str) -> str:
        """A condition: `column` is one of the list `:name`."""
        if self.is_sqlite:
            return f"{column} IN (SELECT value FROM json_each(:{name}))"  # noqa: S608 - names, no values
        return f"{column} = ANY(:{name})"

    def _execute(self, statement: str, values: dict[str, Any]) -> psycopg.Cursor[Any] | sqlite3.Cursor:
        if self.is_sqlite:
            values = {name: _for_sqlite(value) for name, value in values.items()}
        return self._connection.execute(self._translation(statement), values)

    def _translation(self, statement: str) -> str:
        if statement not in self._translated:
            translated = statement.replace(_LOCK, "") if self.is_sqlite else _NAMED.sub(r"%(\1)s", statement)
            self._translated[statement] = translated
        return self._translated[statement]


def as_uuid(value: Any) -> uuid.UUID:
    """A key as either driver gives it."""
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def as_instant(value: Any) -> datetime:
    """An instant as either driver gives it."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value).replace(tzinfo=UTC)


def as_languages(value: Any) -> list[str]:
    """A column of JSON as either driver gives it."""
    languages: list[str] = json.loads(value) if isinstance(value, str) else value
    return languages


def _sqlite(url: str) -> sqlite3.Connection:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _for_sqlite(value: Any) -> Any:
    """As SQLAlchemy keeps it there: keys as 32 hex digits, instants as text in UTC."""
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, list):
        return json.dumps([_for_sqlite(one) for one in value])
    return value
