"""The state tables know every state, and the database takes those and no others."""

import pytest
from sqlalchemy import CheckConstraint

from models import Assignment, Base, Delivery, HelpRequest, Invitation, Person
from models.lifecycle import (
    ASSIGNMENT,
    INVITATION,
    MACHINES,
    REQUEST,
    START,
    AssignmentState,
    DeliveryState,
    InvitationState,
    Machine,
    RequestState,
    Verification,
)


@pytest.mark.parametrize(
    ("machine", "states"),
    [(REQUEST, RequestState), (ASSIGNMENT, AssignmentState), (INVITATION, InvitationState)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_table_holds_every_state_and_a_way_to_it(machine: Machine, states: type[RequestState]) -> None:
    assert machine in MACHINES
    assert machine.states == tuple(states)
    assert {move.target for move in machine.moves} == set(states)
    assert {move.source for move in machine.moves} <= {START, *states}


@pytest.mark.parametrize(
    ("table", "column", "states"),
    [
        (HelpRequest, "state", RequestState),
        (Assignment, "state", AssignmentState),
        (Invitation, "state", InvitationState),
        (Delivery, "state", DeliveryState),
        (Person, "verification", Verification),
    ],
)
def test_the_database_takes_exactly_these_states(table: type[Base], column: str, states: type[RequestState]) -> None:
    quoted = ", ".join(f"'{state}'" for state in states)
    checks = Base.metadata.tables[table.__tablename__].constraints

    assert f"{column} IN ({quoted})" in {str(check.sqltext) for check in checks if isinstance(check, CheckConstraint)}
