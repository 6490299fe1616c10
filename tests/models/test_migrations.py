"""Migrations lead exactly to the models, on both systems, also with data in every table, and back again."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Inspector, create_engine, func, inspect, select, text
from sqlalchemy.exc import OperationalError

from models import Base, DeliveryTally, Erasure, Mail, Notification
from nachbarschaft import schema
from nachbarschaft.context import Context
from nachbarschaft.database import Database
from nachbarschaft.geography.geojson import parse_quarters
from nachbarschaft.queries.unsealed import LAG
from nachbarschaft.services.codes import issue_code
from nachbarschaft.services.people import Appointment, appoint
from nachbarschaft.services.quarters import import_quarters
from tests.api.callers import take_down
from tests.api.staff import coordinator, set_up
from tests.conftest import BOTH
from tests.support.databases import Databases
from tests.support.town import Town

VERSIONS = Path(__file__).parents[2] / "models" / "migrations"


@pytest.fixture(params=BOTH)
def empty(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Engine]:
    """A database without any table, once on each system."""
    with databases.empty(request.param) as url:
        database = Database(url)
        yield database.engine
        database.close()


@pytest.fixture
def migrated(database_url: str) -> Iterator[Engine]:
    database = Database(database_url)
    yield database.engine
    database.close()


def shape(engine: Engine) -> dict[str, dict[str, Any]]:
    """Everything that the database itself says about its tables."""
    found = inspect(engine)
    return {name: table_shape(found, name) for name in found.get_table_names() if name != "alembic_version"}


def table_shape(found: Inspector, table: str) -> dict[str, Any]:
    return {
        "columns": {
            column["name"]: (str(column["type"]), column["nullable"], column["default"])
            for column in found.get_columns(table)
        },
        "key": tuple(found.get_pk_constraint(table)["constrained_columns"]),
        "key name": found.get_pk_constraint(table)["name"],
        "checks": {check["name"]: check["sqltext"] for check in found.get_check_constraints(table)},
        "uniques": {unique["name"]: tuple(unique["column_names"]) for unique in found.get_unique_constraints(table)},
        "indexes": {
            index["name"]: (tuple(index["column_names"]), bool(index["unique"]), where_of(index.get("dialect_options")))
            for index in found.get_indexes(table)
            if not index.get("duplicates_constraint")
        },
        "foreign keys": {
            key["name"]: (
                tuple(key["constrained_columns"]),
                key["referred_table"],
                tuple(key["referred_columns"]),
                tuple(sorted(key["options"].items())),
            )
            for key in found.get_foreign_keys(table)
        },
    }


def where_of(options: Any) -> str | None:
    """The condition of a partial index."""
    found = next((value for name, value in (options or {}).items() if name.endswith("_where")), None)
    return None if found is None else str(found)


def revisions() -> list[str]:
    """All revisions, oldest first."""
    script = ScriptDirectory(str(VERSIONS))
    return [found.revision for found in script.walk_revisions()][::-1]


def test_there_is_one_newest_revision() -> None:
    assert ScriptDirectory(str(VERSIONS)).get_heads() == [schema.newest_revision()]


def test_migrating_from_nothing_leads_exactly_to_the_models(empty: Engine, databases: Databases) -> None:
    schema.upgrade(empty)
    with databases.empty(empty.dialect.name) as url:
        made = create_engine(url)
        Base.metadata.create_all(made)
        by_models = shape(made)
        made.dispose()

    by_migrations = shape(empty)

    assert by_migrations.keys() == by_models.keys() == set(Base.metadata.tables)
    for table, wanted in by_models.items():
        assert by_migrations[table] == wanted, table
    assert schema.differences(empty) == []
    partial = [each for found in by_models.values() for each in found["indexes"].values() if each[2]]
    assert len(partial) >= 4, "the conditions of partial indexes are among what is compared"


def test_every_step_can_be_taken_back_and_taken_again(empty: Engine) -> None:
    for revision in revisions():
        schema.upgrade(empty, revision)
        after = shape(empty)
        schema.downgrade(empty, "-1")
        schema.upgrade(empty, revision)
        assert shape(empty) == after, revision
    assert schema.differences(empty) == []


def fill(town: Town) -> None:
    """Leaves at least one row in every table."""
    helper, requester = town.volunteer(), town.neighbour()
    requester.put("/v1/me/preferences", {"pushes_per_day": 3})
    request = requester.ask(private_note="Klingel klemmt")
    town.deliver()
    town.run("expire-requests")
    assert helper.post(f"/v1/requests/{request['id']}/accept", Idempotency_Key="12345678").status_code == 201
    boss = coordinator(town)
    set_up(boss, closures=[{"from": "2026-12-24", "until": "2027-01-01"}], confirm_first_tasks=1)
    called_in = take_down(boss)
    assert helper.act(called_in, "accept").status_code == 201
    assert boss.act(called_in, "confirm").status_code == 200
    assert helper.act(request, "contact").status_code == 200
    with town.wiring.writing() as context:
        person, _code = appoint(context, Appointment(requester.email, "X", None, ["blumenthal"], is_admin=True))
        issue_code(context, person.id, "operator")
        told = context.session.scalars(select(Notification)).first()
        assert told is not None
        context.session.add(Mail(notification_id=told.id, due_at=town.clock.now()))
        context.session.add(DeliveryTally(channel="mail", outcome="sent", count=1, last_at=town.clock.now()))
        context.session.add(Erasure(person_hash="0" * 64, erased_at=town.clock.now()))
    town.run("seal-audit", town.clock.now() + LAG)


def rows(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }


def test_a_database_with_data_in_every_table_goes_down_to_nothing_and_up_again(town: Town) -> None:
    fill(town)
    engine = town.wiring.database.engine
    with engine.connect() as connection:
        empty_ones = [table for table, count in rows(connection).items() if count == 0]
    assert empty_ones == [], "make `fill` leave a row in these"
    before = shape(engine)

    schema.downgrade(engine, "base")

    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    schema.upgrade(engine)
    assert shape(engine) == before
    with engine.connect() as connection:
        assert set(rows(connection).values()) == {0}
    with town.wiring.database.writing() as session:
        outlines = parse_quarters((files("nachbarschaft.demo") / "herne.geojson").read_text(encoding="utf-8"))
        context = Context(session, datetime.now(UTC))
        assert len(import_quarters(context, outlines, city="Herne", timezone="Europe/Berlin").added) == 3


def test_data_outlives_migrating_to_where_one_is(town: Town) -> None:
    fill(town)
    engine = town.wiring.database.engine
    with engine.connect() as connection:
        before = rows(connection)

    schema.upgrade(engine)

    with engine.connect() as connection:
        assert rows(connection) == before


DRIFTS = {
    "a column too many": "ALTER TABLE person ADD COLUMN shoe_size INTEGER",
    "a column too few": "ALTER TABLE job_run DROP COLUMN last_error",
    "a column of another name": "ALTER TABLE job_run RENAME COLUMN last_error TO last_mistake",
    "a table too many": "CREATE TABLE stray (id INTEGER PRIMARY KEY)",
    "a table too few": "DROP TABLE contact_view",
    "an index too few": "DROP INDEX ix_help_request_open_by_wave",
    "an index too many": "CREATE INDEX ix_stray ON person (name)",
    "an index that is unique now": (
        "DROP INDEX ix_invitation_asked_lately; "
        "CREATE UNIQUE INDEX ix_invitation_asked_lately ON invitation (person_id, asked_at)"
    ),
    "an index over all rows": (
        "DROP INDEX uq_assignment_active; "
        "CREATE UNIQUE INDEX uq_assignment_active ON assignment (request_id, person_id)"
    ),
}
ON_POSTGRESQL = {
    "a column of another type": "ALTER TABLE person ALTER COLUMN name TYPE TEXT",
    "a column that may be empty": "ALTER TABLE person ALTER COLUMN name DROP NOT NULL",
    "a check too few": "ALTER TABLE person DROP CONSTRAINT ck_person_active_tasks_within_limit",
    "a check too many": "ALTER TABLE person ADD CONSTRAINT ck_stray CHECK (active_tasks < 99)",
    "a unique constraint too few": "ALTER TABLE person DROP CONSTRAINT uq_person_email",
    "a foreign key too few": "ALTER TABLE offer DROP CONSTRAINT fk_offer_person_id_person",
    "a foreign key that does not cascade": (
        "ALTER TABLE offer DROP CONSTRAINT fk_offer_person_id_person; ALTER TABLE offer ADD CONSTRAINT "
        "fk_offer_person_id_person FOREIGN KEY (person_id) REFERENCES person (id)"
    ),
}


def test_every_drift_is_found(migrated: Engine) -> None:
    drifts = DRIFTS | (ON_POSTGRESQL if migrated.dialect.name == "postgresql" else {})
    assert schema.differences(migrated) == []
    for what, statements in drifts.items():
        with migrated.connect() as connection:
            for statement in statements.split("; "):
                connection.execute(text(statement))
            found = schema.differences_in(connection)
            connection.rollback()
        assert found, what
    assert schema.differences(migrated) == [], "each drift was taken back"


def test_a_migration_that_cannot_have_its_lock_gives_up_and_changes_nothing(databases: Databases) -> None:
    with databases.fresh("postgresql") as url:
        database = Database(url)
        before = shape(database.engine)
        with database.engine.connect() as reader:
            reader.execute(text("SELECT * FROM person"))
            began = time.monotonic()
            with pytest.raises(OperationalError, match="lock timeout"):
                schema.downgrade(database.engine, "base", tries=2)
            assert time.monotonic() - began < 10
        assert shape(database.engine) == before
        assert schema.differences(database.engine) == []
        database.close()
