"""The database's shape: moved up and down by migrations, and compared with what the models say."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, Engine, Inspector, MetaData, Table, inspect
from sqlalchemy.exc import OperationalError

from models import Base
from nachbarschaft.database import Trouble, trouble_of

TRIES = 30
"""How often a migration tries to get its locks; each time it waits two seconds at most (`models.migrations.env`)."""
PAUSE_SECONDS = 0.5


def upgrade(engine: Engine, revision: str = "head", *, tries: int = TRIES) -> None:
    """Migrates up to `revision`, all of it or nothing. Raises OperationalError where the tables never come free."""
    _patiently(engine, tries, lambda config: command.upgrade(config, revision))


def downgrade(engine: Engine, revision: str, *, tries: int = TRIES) -> None:
    """Migrates down to `revision`; "base" leaves an empty database. Raises as `upgrade` does."""
    _patiently(engine, tries, lambda config: command.downgrade(config, revision))


def current_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def serves(revision: str | None) -> bool:
    """Whether this code can work on a database at `revision`: the newest it knows, or one that a newer release made.

    Migrations keep the release before them working, so that the old processes serve until the new ones do.
    """
    if revision is None:
        return False
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    return revision == newest_revision() or revision not in known


def differences(engine: Engine) -> list[str]:
    """What the database lacks or has beyond the models, one line each; empty where they agree."""
    with engine.connect() as connection:
        return differences_in(connection)


def differences_in(connection: Connection) -> list[str]:
    """The same as one transaction sees it."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found = [_said(difference) for difference in compare_metadata(context, Base.metadata)]
    there = inspect(connection)
    return [*found, *_check_differences(there, Base.metadata), *_partial_differences(there, Base.metadata)]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "models:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _patiently(engine: Engine, tries: int, migrate: Callable[[Config], None]) -> None:
    """Migrates, and tries again where somebody held a table: a migration waits for it only as long as others, who
    queue behind it, can bear, and then lets them through."""
    for tries_left in range(tries - 1, -1, -1):
        try:
            with _migrating(engine) as config:
                migrate(config)
        except OperationalError as error:
            if tries_left == 0 or trouble_of(error) != Trouble.BUSY:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return


@contextmanager
def _migrating(engine: Engine) -> Iterator[Config]:
    """A configuration on one connection. SQLite checks foreign keys only at the end: tables are rebuilt on the way."""
    config = _config()
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            raw = connection.connection.dbapi_connection
            raw.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]  # a live DBAPI connection
        config.attributes["connection"] = connection
        try:
            yield config
            connection.commit()
        finally:
            connection.invalidate()


def _said(difference: Any) -> str:
    steps = difference if isinstance(difference, list) else [difference]
    return "; ".join(" ".join(str(part) for part in step if part is not None) for step in steps)


def _check_differences(inspector: Inspector, metadata: MetaData) -> Iterable[str]:
    """Check constraints by name: the comparison that Alembic leaves out."""
    for table in metadata.sorted_tables:
        if not inspector.has_table(table.name):
            continue
        wanted, there = _checks(table), {c["name"] for c in inspector.get_check_constraints(table.name)}
        yield from (f"add_check {table.name} {name}" for name in sorted(wanted - there))
        yield from (f"remove_check {table.name} {name}" for name in sorted(map(str, there - wanted)))


def _partial_differences(inspector: Inspector, metadata: MetaData) -> Iterable[str]:
    """Indexes over some rows that should be over all, or the other way round: Alembic leaves that out too."""
    for table in metadata.sorted_tables:
        if not inspector.has_table(table.name):
            continue
        there = {
            index["name"]: any(option.endswith("_where") for option in index.get("dialect_options", {}))
            for index in inspector.get_indexes(table.name)
        }
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            is_partial = index.dialect_options[inspector.dialect.name]["where"] is not None
            if there.get(str(index.name), is_partial) != is_partial:
                yield f"change_condition {table.name} {index.name}"


def _checks(table: Table) -> set[str]:
    return {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
