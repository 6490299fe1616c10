"""One PostgreSQL for the whole run, a fresh database for each test, and no skipped test where that is asked for."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import Databases
from tests.support.postgres import ENVIRONMENT, PostgresServer, start_postgres
from tests.support.town import Town

NO_SKIPS = "NACHBARSCHAFT_TEST_NO_SKIPS"
_SERVER = pytest.StashKey[PostgresServer]()
BOTH = ("sqlite", "postgresql")


def pytest_configure(config: pytest.Config) -> None:
    """The controller starts the server; the workers inherit its address."""
    if not hasattr(config, "workerinput"):
        server = start_postgres()
        config.stash[_SERVER] = server
        os.environ[ENVIRONMENT] = server.admin_url


def pytest_unconfigure(config: pytest.Config) -> None:
    if _SERVER in config.stash:
        config.stash[_SERVER].stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get(NO_SKIPS) and terminalreporter.stats.get("skipped"):
        terminalreporter.write_line("skipped tests are failures here", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get(NO_SKIPS) and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes migrated databases with Herne's quarters in them."""
    made = Databases(tmp_path_factory.mktemp("databases"), PostgresServer.attach(os.environ[ENVIRONMENT]))
    yield made
    made.close()


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """A fresh database with Herne's quarters, once on each system."""
    with databases.fresh(request.param) as url:
        yield url


@pytest.fixture
def sqlite_url(databases: Databases) -> Iterator[str]:
    """A fresh SQLite database, for what does not depend on the system."""
    with databases.fresh("sqlite") as url:
        yield url


@pytest.fixture
def town(database_url: str, tmp_path: Path) -> Iterator[Town]:
    """The whole product in this process, on each system, with a clock that stands still at noon."""
    with Town(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def small_town(sqlite_url: str, tmp_path: Path) -> Iterator[Town]:
    """The same on SQLite alone."""
    with Town(sqlite_url, tmp_path) as made:
        yield made
