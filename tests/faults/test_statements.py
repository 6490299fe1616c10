"""The hooks read what a statement writes from its text, as the product and both drivers spell it."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session

from models import Base, Delivery
from nachbarschaft.sending import Outcome, SendResult
from nachbarschaft.services.outgoing import Claim, Settlement, claim_due, free_leases, settle_all
from tests.faults.statements import Write, writes_of

NOW = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)


@pytest.fixture
def engine() -> Engine:
    made = create_engine("sqlite://")
    Base.metadata.create_all(made)
    return made


@pytest.fixture
def written(engine: Engine) -> list[Write]:
    """Everything that statements on the engine write from now on."""
    found: list[Write] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, text, *_: found.extend(writes_of(text)))
    return found


def test_a_claim_is_told_from_a_settlement_and_from_freeing_a_lease(engine: Engine, written: list[Write]) -> None:
    with Session(engine) as session:
        claim_due(session, Delivery, NOW, 5)
        sent = Settlement(Claim(uuid4(), 1), SendResult(Outcome.SENT, "sent"))
        settle_all(session, Delivery, [sent], NOW)
        free_leases(session, Delivery, NOW)

    claimed, settled, freed = (write for write in written if write.table == "delivery")
    assert (claimed.claims, claimed.settles) == (True, False)
    assert (settled.claims, settled.settles) == (False, True)
    assert (freed.claims, freed.settles) == (False, False)


@pytest.mark.parametrize(
    ("statement", "writes"),
    [
        ("SELECT id FROM delivery FOR UPDATE SKIP LOCKED", []),
        ("SELECT id FROM help_request FOR NO KEY UPDATE OF help_request", []),
        ("INSERT INTO notification (id) VALUES (?)", [Write("insert", "notification")]),
        ("DELETE FROM device WHERE id = ?", [Write("delete", "device")]),
        (
            "UPDATE job_run SET last_started_at=? WHERE job_run.name = ?",
            [Write("update", "job_run", frozenset({"last_started_at"}))],
        ),
    ],
)
def test_each_kind_of_statement_is_read(statement: str, writes: list[Write]) -> None:
    assert list(writes_of(statement)) == writes
