"""One scheduler leads; the next one takes over, whether the first lets go, dies, or loses its connection."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from jobs.leader import DatabaseLeadership, FileLeadership, Leadership, leadership
from nachbarschaft.config import Settings, read_settings
from tests.support.databases import Databases
from tests.support.processes import environment, wait_until
from tests.support.town import DATA_KEY, JWT_KEY


@pytest.fixture
def rivals(database_url: str) -> Iterator[tuple[Leadership, Leadership]]:
    """Two schedulers' claims to the lead of one database."""
    first, second = leadership(_settings(database_url)), leadership(_settings(database_url))
    yield first, second
    first.release()
    second.release()


def test_one_holds_the_lead_and_the_other_waits(rivals: tuple[Leadership, Leadership]) -> None:
    first, second = rivals
    assert [first.hold(), second.hold(), first.hold(), second.hold()] == [True, False, True, False]


def test_whoever_waits_takes_over_when_the_lead_is_given_up(rivals: tuple[Leadership, Leadership]) -> None:
    first, second = rivals
    assert first.hold()
    first.release()
    assert second.hold()
    assert not first.hold()


def test_giving_up_what_one_does_not_have_takes_it_from_nobody(rivals: tuple[Leadership, Leadership]) -> None:
    first, second = rivals
    assert first.hold()
    second.release()
    assert not second.hold()
    assert first.hold()


def test_the_lead_can_be_taken_again_after_it_was_given_up(rivals: tuple[Leadership, Leadership]) -> None:
    first, second = rivals
    for _ in range(3):
        assert first.hold()
        first.release()
        assert second.hold()
        second.release()


def test_schedulers_of_different_databases_do_not_wait_for_each_other(tmp_path: Path) -> None:
    one, other = (FileLeadership(tmp_path / name) for name in ("one.lock", "other.lock"))
    assert [one.hold(), other.hold()] == [True, True]
    one.release()
    other.release()


@pytest.fixture
def postgres_url(databases: Databases) -> Iterator[str]:
    with databases.fresh("postgresql") as url:
        yield url


def test_a_leader_whose_connection_was_cut_notices_it_and_another_one_leads(postgres_url: str) -> None:
    first, second = DatabaseLeadership(postgres_url), DatabaseLeadership(postgres_url)
    assert first.hold()

    _cut_whoever_leads(postgres_url)

    assert not first.hold()
    assert second.hold()
    assert not first.hold()
    second.release()
    assert first.hold()
    first.release()


def test_without_a_database_nobody_leads_and_nothing_breaks(postgres_url: str) -> None:
    gone = make_url(postgres_url).set(database="was_dropped").render_as_string(hide_password=False)
    leader = DatabaseLeadership(gone)
    assert [leader.hold(), leader.hold()] == [False, False]
    leader.release()


def test_a_leader_that_was_killed_holds_nothing(database_url: str) -> None:
    program = (
        "import os, time; from jobs.leader import leadership; from nachbarschaft.config import read_settings;"
        "leader = leadership(read_settings(os.environ)); print(leader.hold(), flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program]
    env = environment(DATABASE_URL=database_url, JWT_KEYS=JWT_KEY, DATA_KEYS=DATA_KEY)
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "True"
        mine = leadership(_settings(database_url))
        assert not mine.hold()
        other.kill()
    wait_until(mine.hold, within=10)
    mine.release()


def _settings(database_url: str) -> Settings:
    return read_settings(
        {
            "NACHBARSCHAFT_DATABASE_URL": database_url,
            "NACHBARSCHAFT_JWT_KEYS": JWT_KEY,
            "NACHBARSCHAFT_DATA_KEYS": DATA_KEY,
        }
    )


def _cut_whoever_leads(url: str) -> None:
    """As an operator or a restarting server does; only in this database, for others run at the same time."""
    query = """
        SELECT pg_terminate_backend(pid, 5000) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE locktype = 'advisory' AND datname = current_database()
    """
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute(query).fetchall() == [(True,)]
