"""Towns in which some neighbours have signed up: made once in each process, and put back before each test.

Signing up costs more than all the rest of a short test, because passwords are hashed slowly on purpose.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Table, insert, select

from models.base import Base
from tests.api.states import Scene
from tests.support.databases import Databases
from tests.support.town import NOON, Neighbour, Town

SIZE = 5
YOUNG_ENOUGH = 600.0
"""Seconds; after 15 minutes the access tokens end."""
_TABLES: Sequence[Table] = Base.metadata.sorted_tables


class Stage:
    """One town, its people, and every row that its database held once they had signed up."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._people = [town.neighbour() for _ in range(SIZE)]
        self._made_at = time.monotonic()
        with town.wiring.database.engine.connect() as connection:
            self._rows = {table: _rows_of(connection, table) for table in _TABLES}

    @property
    def is_fresh(self) -> bool:
        """Whether the access tokens still hold."""
        return time.monotonic() - self._made_at < YOUNG_ENOUGH

    def scene(self) -> Scene:
        """A new scene: clock and database are put back, down to the last row."""
        self._town.clock.set(NOON)
        with self._town.wiring.database.writing() as session:
            for table in reversed(_TABLES):
                session.execute(table.delete())
            for table in _TABLES:
                if self._rows[table]:
                    session.execute(insert(table), self._rows[table])
        return Scene(self._town, [Neighbour(self._town, p.person, p.session, p.email) for p in self._people])


class Cast:
    """The stages of one test process, one on each database system."""

    def __init__(self, databases: Databases, folder: Path) -> None:
        self._databases = databases
        self._folder = folder
        self._stages: dict[str, Stage] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def scene(self, system: str) -> Scene:
        """A scene in a town on that system."""
        known = self._stages.get(system)
        if known is None or not known.is_fresh:
            self._stages[system] = self._make(system)
        return self._stages[system].scene()

    def _make(self, system: str) -> Stage:
        url = self._stack.enter_context(self._databases.fresh(system))
        return Stage(self._stack.enter_context(Town(url, self._folder)))


def _rows_of(connection: Connection, table: Table) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select(table)).mappings()]
