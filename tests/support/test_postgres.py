"""The server for tests is real, private and gone afterwards, whichever way it was found."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.support.postgres import ENVIRONMENT, PostgresServer, start_postgres
from tests.support.postgres_binaries import copy_installation, machine_binaries, wheel_binaries
from tests.support.postgres_cluster import PostgresDidNotStart

ROOT = Path(__file__).parents[2]
WAYS = [folder for found in (machine_binaries(), wheel_binaries()) for folder in list(found)[:1]]


@pytest.fixture(
    scope="module", params=WAYS, ids=lambda folder: "wheel" if "site-packages" in str(folder) else "machine"
)
def server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    with start_postgres(binaries=request.param) as server:
        yield server


def ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def folder_of(admin_url: str) -> Path:
    with psycopg.connect(admin_url) as connection:
        return Path(connection.info.host)


def test_sqlalchemy_takes_the_url_of_a_database_as_it_stands(server: PostgresServer) -> None:
    server.create_database("neighbours")
    engine = create_engine(server.url("neighbours"))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_database()")) == "neighbours"
    engine.dispose()
    server.drop_database("neighbours")


def test_a_database_can_be_a_copy_of_another(server: PostgresServer) -> None:
    server.create_database("pattern")
    with psycopg.connect(server.url("pattern")) as connection:
        connection.execute("CREATE TABLE street AS SELECT 'Bochumer Straße' AS name")
    server.create_database("Copy-2", template="pattern")
    assert ask(server.url("Copy-2"), "SELECT name FROM street") == "Bochumer Straße"
    server.drop_database("Copy-2")
    server.drop_database("pattern")


def test_a_database_in_use_can_be_dropped_and_twice(server: PostgresServer) -> None:
    server.create_database("busy")
    with psycopg.connect(server.url("busy")):
        server.drop_database("busy")
        server.drop_database("busy")
    assert ask(server.admin_url, "SELECT count(*) FROM pg_database WHERE datname = 'busy'") == 0


def test_german_words_are_folded(server: PostgresServer) -> None:
    assert ask(server.admin_url, "SELECT lower('ÄÖÜ')") == "äöü"


def test_it_listens_on_its_private_socket_only(server: PostgresServer) -> None:
    assert ask(server.admin_url, "SHOW listen_addresses") == ""
    assert folder_of(server.admin_url).stat().st_mode & 0o077 == 0


def test_it_spends_no_time_on_durability(server: PostgresServer) -> None:
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert ask(server.admin_url, f"SHOW {setting}") == "off"


def test_the_environment_comes_first_and_its_server_is_left_running(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, server.admin_url)
    with start_postgres() as found:
        assert found.admin_url == server.admin_url
    assert ask(server.admin_url, "SELECT 1") == 1


def test_whoever_is_attached_shares_the_server_and_does_not_stop_it(server: PostgresServer) -> None:
    with PostgresServer.attach(server.admin_url) as attached:
        attached.create_database("shared")
    assert ask(server.url("shared"), "SELECT 1") == 1
    server.drop_database("shared")


def test_foreign_urls_keep_their_password_and_lose_their_driver() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        server = PostgresServer.attach(f"{scheme}://ada:s3cret@db.example:5433/postgres?sslmode=require")
        assert server.url("x") == "postgresql://ada:s3cret@db.example:5433/x?sslmode=require"


def test_nothing_is_left_after_stop_even_if_asked_twice() -> None:
    server = start_postgres(binaries=WAYS[0])
    folder = folder_of(server.admin_url)
    server.stop()
    server.stop()
    assert not folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.admin_url)


def test_programs_behind_a_closed_door_are_used_nevertheless(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    binaries = copy_installation(next(wheel_binaries()), closed)
    closed.chmod(0o700)
    with start_postgres(binaries=binaries) as server:
        assert ask(server.admin_url, "SELECT 1") == 1


def test_the_server_does_not_outlive_tests_that_were_killed() -> None:
    program = (
        "import time; from tests.support.postgres import start_postgres;"
        f"print(start_postgres(binaries=__import__('pathlib').Path({str(WAYS[0])!r})).admin_url, flush=True);"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        folder = folder_of(tests.stdout.readline().strip())
        os.kill(tests.pid, signal.SIGKILL)
    give_up = time.monotonic() + 20
    while folder.exists() and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not folder.exists()


def test_a_server_that_ends_at_once_is_quoted(tmp_path: Path) -> None:
    programs = {"initdb": "exit 0", "postgres": "echo 'could not create shared memory' >&2; exit 1"}
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, body in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    with pytest.raises(PostgresDidNotStart, match="could not create shared memory"):
        start_postgres(binaries=folder)
