"""What every benchmark is handed, and the database that it works on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from nachbarschaft.bootstrap import Wiring, build
from nachbarschaft.config import PREFIX, read_settings
from nachbarschaft.database import Database
from tests.support.clock import HandClock
from tests.support.databases import Databases
from tests.support.town import DATA_KEY, JWT_KEY

SEED = 20261122
"""Of all that is invented here: every run measures the same city."""


class Broken(Exception):
    """The product and its baseline did not do the same work: there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class Bench:
    """One run: where databases come from, how much of everything, and to whom progress is told."""

    databases: Databases
    folder: Path
    size: int
    rounds: int
    seconds: float
    say: Callable[[str], None]

    @contextmanager
    def wired(self, system: str, now: datetime) -> Iterator[Wiring]:
        """The product around a fresh database, at a standing clock."""
        with self.databases.fresh(system) as url:
            settings = read_settings({PREFIX + name: value for name, value in settings_for(url).items()})
            wiring = replace(build(settings), clock=HandClock(now))
            try:
                yield wiring
            finally:
                wiring.database.close()


def settings_for(database_url: str) -> dict[str, str]:
    """The product's settings on that database; no rate limit stands between a benchmark and what it measures."""
    return {"DATABASE_URL": database_url, "JWT_KEYS": JWT_KEY, "DATA_KEYS": DATA_KEY, "RATE_LIMITS": "off"}


def refresh_statistics(database: Database) -> None:
    """Tells PostgreSQL what lies in the tables by now, as its autovacuum would some minutes later."""
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))


def require(holds: bool, what: str) -> None:
    """Raises Broken unless it holds."""
    if not holds:
        raise Broken(what)
