"""The roles for PostgreSQL: the API does its work with its own, and the audit trail is beyond its reach."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from tests.support.databases import Databases
from tests.support.town import PASSWORD, Town

SCRIPT = (files("nachbarschaft.ops") / "roles.sql").read_text(encoding="utf-8")
ROLES = ("nachbarschaft_app", "nachbarschaft_keeper")
BEYOND_THE_API = (
    *("UPDATE event SET kind = 'x'", "DELETE FROM event", "TRUNCATE event"),
    *("UPDATE audit_seal SET hash = 'x'", "DELETE FROM audit_seal", "DELETE FROM sealed_event"),
    "INSERT INTO audit_seal VALUES (99, now(), now(), now(), 1, 'x', 'x')",
    *("UPDATE sealed_event SET digest = 'x'", "UPDATE erasure SET erased_at = now()", "DELETE FROM erasure"),
    *("ALTER TABLE event ADD COLUMN x integer", "DROP TABLE event", "UPDATE alembic_version SET version_num = '0001'"),
)
BEYOND_THE_KEEPER = (
    *("UPDATE event SET kind = 'x'", "UPDATE audit_seal SET hash = 'x'", "DELETE FROM audit_seal"),
    *("UPDATE sealed_event SET digest = 'x'", "UPDATE erasure SET erased_at = now()", "TRUNCATE event"),
)


@pytest.fixture
def owned(databases: Databases) -> Iterator[str]:
    """A database with the roles in it, by its owner's address; the script can be run again."""
    with databases.fresh("postgresql") as url:
        with psycopg.connect(url, autocommit=True) as owner:
            for _time in range(2):
                owner.execute(SCRIPT)
        yield url
        with psycopg.connect(url, autocommit=True) as owner:
            for role in ROLES:
                owner.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role)))


@contextmanager
def signed_in_as(url: str, role: str) -> Iterator[str]:
    """The address for a login of that role."""
    name, password = f"login_{uuid4().hex}", uuid4().hex
    made = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}")
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(made.format(sql.Identifier(name), sql.Literal(password), sql.Identifier(role)))
        yield make_url(url).set(username=name, password=password).render_as_string(hide_password=False)
        owner.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def refused(town: Town, statement: str) -> bool:
    try:
        with town.wiring.database.engine.begin() as connection:
            connection.execute(text(statement))
    except ProgrammingError as error:
        return getattr(error.orig, "sqlstate", None) == "42501"
    return False


def test_the_api_does_the_main_job_and_fails_to_change_the_audit_trail(owned: str, tmp_path: Path) -> None:
    with signed_in_as(owned, "nachbarschaft_app") as url, Town(url, tmp_path) as town:
        volunteer, requester = town.volunteer(), town.neighbour()
        request = requester.ask()
        town.deliver()
        assert volunteer.act(request, "accept").status_code == 201
        assert volunteer.act(request, "contact").status_code == 200
        assert requester.act(request, "done").status_code == 200
        assert len(town.sent()) > 0
        leaving = town.neighbour()
        erased = town.call("DELETE", "/v1/me", {"password": PASSWORD}, token=leaving.token)
        assert (leaving.get("/v1/me/export").status_code, erased.status_code) == (401, 204)
        with town.wiring.reading() as context:
            written = context.session.scalar(text("SELECT count(*) FROM event"))
        assert written is not None
        assert written > 5
        assert [statement for statement in BEYOND_THE_API if not refused(town, statement)] == []


def test_the_scheduler_keeps_the_timetable_and_changes_nothing_that_was_written(owned: str, tmp_path: Path) -> None:
    with Town(owned, tmp_path) as town:
        town.volunteer()
        town.neighbour().ask()
        later = town.clock.forward(days=1)
    with signed_in_as(owned, "nachbarschaft_keeper") as url, Town(url, tmp_path, now=later) as town:
        for job in ("expire-requests", "send-waves", "close-forgotten", "prune-devices"):
            town.run(job)
        assert town.run("seal-audit")["events"] > 3
        town.run("forget-personal-data", later + timedelta(days=400))
        assert [statement for statement in BEYOND_THE_KEEPER if not refused(town, statement)] == []
