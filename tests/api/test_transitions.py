"""Every move, every refusal and every rest of every machine, through the API, from the tables in `models.lifecycle`."""

from collections.abc import Callable
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from models.lifecycle import ASSIGNMENT, INVITATION, MACHINES, REQUEST, Machine, Move, Refusal, Rest
from tests.api import assignment_rows, invitation_rows, request_rows
from tests.api.ledger import Ledger, everything
from tests.api.rows import Made, Tried
from tests.api.states import Scene
from tests.support.town import Reply

SCENARIOS: dict[str, ModuleType] = {
    REQUEST.name: request_rows,
    ASSIGNMENT.name: assignment_rows,
    INVITATION.name: invitation_rows,
}
every_machine = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)


def rows(of: Callable[[Machine], tuple[Any, ...]]) -> pytest.MarkDecorator:
    """One test for each row of each table."""
    found = [(machine, row) for machine in MACHINES for row in of(machine)]
    names = [
        "-".join([machine.name, row.action, row.source, *([row.target] if isinstance(row, Move) else [])])
        for machine, row in found
    ]
    return pytest.mark.parametrize(("machine", "row"), found, ids=names)


def state_in(ledger: Ledger, machine: Machine, task: UUID | None) -> str:
    """Where the machine stands: the request, the first volunteer's assignment, or their invitation."""
    if machine is REQUEST:
        return ledger.state_of_request()
    if machine is ASSIGNMENT:
        return ledger.state_of_task(task)
    return ledger.state_of_invitation("first")


@every_machine
def test_every_row_has_its_scenario_and_every_scenario_its_row(machine: Machine) -> None:
    scenarios = SCENARIOS[machine.name]
    assert set(scenarios.MOVES) == {(move.action, move.source, move.target) for move in machine.moves}
    assert set(scenarios.REFUSALS) == {(refusal.action, refusal.source) for refusal in machine.refusals}
    assert set(scenarios.RESTS) == {(rest.action, rest.source) for rest in machine.rests}


@rows(lambda machine: machine.moves)
def test_a_move_is_made_and_leaves_its_event_and_tells_whom_it_concerns(
    scene: Scene, machine: Machine, row: Move
) -> None:
    made: Made = SCENARIOS[machine.name].MOVES[row.action, row.source, row.target]
    made.walk(scene)
    before = Ledger(scene)
    assert state_in(before, machine, before.task_of("first")) == row.source

    reply = made.deed(scene)

    after = Ledger(scene)
    assert state_in(after, machine, before.task_of("first") or after.task_of("first")) == row.target
    check_answer(scene, after, reply)
    check_events(scene, before, after, made)
    assert after.told_since(before) == sorted(made.told)
    assert after.version > before.version or machine is not REQUEST
    after.add_up()


def check_answer(scene: Scene, after: Ledger, reply: Reply | None) -> None:
    """Whoever acts is answered, and both sides read the state that the database holds."""
    assert scene.state == after.state_of_request()
    if reply is not None and reply.status_code == 200:
        assert reply.json["state"] == after.state_of_request()
        assert reply.json["version"] == scene.seen()["version"]


def check_events(scene: Scene, before: Ledger, after: Ledger, made: Made) -> None:
    """Each state change has its row in the audit trail: which request, by whom, when."""
    events = after.new_events(before)
    assert sorted(event.kind for event in events) == sorted(made.events)
    for event in events:
        assert str(event.request_id) == scene.request["id"]
        assert after.part_of(event.actor_id) == made.deed.by
        assert event.at == scene.town.clock.now()


@rows(lambda machine: machine.refusals)
def test_a_refused_action_says_why_and_changes_nothing(small_scene: Scene, machine: Machine, row: Refusal) -> None:
    tried: Tried = SCENARIOS[machine.name].REFUSALS[row.action, row.source]
    scene = small_scene
    tried.walk(scene)
    ledger = Ledger(scene)
    assert state_in(ledger, machine, ledger.task_of("first")) == row.source
    before = everything(scene)

    reply = tried.deed(scene)

    assert reply is not None
    assert (reply.status_code, reply.json["code"]) == (409, row.code)
    assert everything(scene) == before


@rows(lambda machine: machine.rests)
def test_a_rest_stays_as_it_was_and_nobody_is_told(small_scene: Scene, machine: Machine, row: Rest) -> None:
    tried: Tried = SCENARIOS[machine.name].RESTS[row.action, row.source]
    scene = small_scene
    tried.walk(scene)
    before = Ledger(scene)
    task = before.task_of("first")
    assert state_in(before, machine, task) == row.source

    tried.deed(scene)

    after = Ledger(scene)
    assert state_in(after, machine, task) == row.source
    assert not [told for told in after.told_since(before) if told.startswith("first")]
    after.add_up()
