"""Fresh databases, copied from a template that was migrated once."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from nachbarschaft import schema
from nachbarschaft.context import Context
from nachbarschaft.database import Database
from nachbarschaft.demo import load_quarters
from tests.support.postgres import PostgresServer


class Databases:
    """A maker of databases; one per test process."""

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self._folder = folder
        self._server = server
        self._templates: dict[str, str] = {}
        self._made: list[str] = []

    @contextmanager
    def fresh(self, system: str) -> Iterator[str]:
        """The URL of a database with Herne's quarters; it is gone afterwards."""
        template = self._template(system)
        if system == "sqlite":
            path = self._folder / f"{uuid.uuid4().hex}.db"
            shutil.copy(template, path)
            yield f"sqlite:///{path}"
            path.unlink(missing_ok=True)
        else:
            name = f"t_{uuid.uuid4().hex}"
            self._server.create_database(name, template=template)
            yield self._server.url(name)
            self._server.drop_database(name)

    @contextmanager
    def empty(self, system: str) -> Iterator[str]:
        """The URL of a database without any table."""
        if system == "sqlite":
            yield f"sqlite:///{self._folder / uuid.uuid4().hex}.db"
        else:
            name = f"e_{uuid.uuid4().hex}"
            self._server.create_database(name)
            yield self._server.url(name)
            self._server.drop_database(name)

    def close(self) -> None:
        for name in self._made:
            self._server.drop_database(name)

    def _template(self, system: str) -> str:
        if system not in self._templates:
            self._templates[system] = self._make_template(system)
        return self._templates[system]

    def _make_template(self, system: str) -> str:
        if system == "sqlite":
            path = self._folder / "template.db"
            fill(f"sqlite:///{path}", datetime.now(UTC))
            return str(path)
        name = f"template_{uuid.uuid4().hex}"
        self._server.create_database(name)
        self._made.append(name)
        fill(self._server.url(name), datetime.now(UTC))
        return name


def fill(url: str, now: datetime) -> None:
    """Migrates an empty database and imports Herne's quarters."""
    database = Database(url)
    schema.upgrade(database.engine)
    with database.writing() as session:
        load_quarters(Context(session, now))
    database.close()
