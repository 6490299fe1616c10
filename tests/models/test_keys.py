"""Many keys are handed over as one value, and what is still owed is found without reading what is not."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, select

from models import Delivery, Quarter
from models.keys import is_one_of
from nachbarschaft.database import Database
from nachbarschaft.services.outgoing import claim_due, free_leases
from tests.support.town import NOON


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    made = Database(sqlite_url)
    yield made
    made.close()


@pytest.mark.parametrize("wanted", [0, 1, 3])
def test_it_finds_those_that_are_among_the_keys_and_no_others(database: Database, wanted: int) -> None:
    with database.reading() as session:
        keys = session.scalars(select(Quarter.id).limit(wanted)).all()

        found = session.scalars(select(Quarter.id).where(is_one_of(Quarter.id, [*keys, uuid.uuid4()]))).all()

        assert len(keys) == wanted
        assert sorted(found) == sorted(keys)
        assert session.scalar(select(Quarter.id).where(~is_one_of(Quarter.id, keys))) not in keys


def test_one_statement_serves_any_number_of_keys(database: Database) -> None:
    sent: set[str] = set()
    event.listen(database.engine, "before_cursor_execute", lambda *told: sent.add(told[2]))
    with database.reading() as session:
        for how_many in (1, 2, 500):
            session.scalars(select(Quarter.id).where(is_one_of(Quarter.id, [uuid.uuid4()] * how_many))).all()

    assert len([statement for statement in sent if statement.startswith("SELECT")]) == 1


def test_sqlite_finds_keys_and_what_is_owed_by_an_index(sqlite: Database) -> None:
    """Both were once written in words that SQLite answers by reading all that was ever sent."""
    sent: list[tuple[str, Any]] = []
    event.listen(sqlite.engine, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
    with sqlite.writing() as session:
        session.scalars(select(Delivery.id).where(is_one_of(Delivery.id, [uuid.uuid4()]))).all()
        claim_due(session, Delivery, NOON, 10)
        free_leases(session, Delivery, NOON)
    statements = [one for one in sent if "delivery" in one[0]]
    with sqlite.engine.connect() as connection:
        plans = [
            [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
            for statement, values in statements
        ]

    assert len(plans) == 3
    for plan in plans:
        reads = [step for step in plan if " delivery" in step]
        assert reads, plan
        assert all(" INDEX " in step for step in reads), plan
