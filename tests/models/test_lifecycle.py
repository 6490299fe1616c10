"""The tables of the machines: complete, without contradictions, and readable as a diagram."""

from collections import Counter

import pytest

from models.lifecycle import (
    ASSIGNMENT,
    MACHINES,
    REQUEST,
    START,
    ImpossibleMove,
    Machine,
    Move,
    Refusal,
    RequestState,
    Rest,
)

every_machine = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)


def later_actions(machine: Machine) -> set[str]:
    """The actions that somebody may try on what exists; the others only begin a life."""
    rows: list[Move | Refusal | Rest] = [*machine.moves, *machine.refusals, *machine.rests]
    return {row.action for row in rows if row.source != START}


@every_machine
def test_each_action_has_exactly_one_kind_of_answer_in_each_state(machine: Machine) -> None:
    moves = {(move.action, move.source) for move in machine.moves if move.source != START}
    nowhere: list[Refusal | Rest] = [*machine.refusals, *machine.rests]
    others = [(row.action, row.source) for row in nowhere]
    answers = Counter([*moves, *others])

    assert set(answers) == {(action, state) for action in later_actions(machine) for state in machine.states}
    assert set(answers.values()) == {1}


@every_machine
def test_no_move_stands_there_twice(machine: Machine) -> None:
    moves = Counter((move.action, move.source, move.target) for move in machine.moves)
    assert set(moves.values()) == {1}


@every_machine
def test_where_an_action_may_lead_to_several_states_each_says_when(machine: Machine) -> None:
    for move in machine.moves:
        if len(machine.targets(move.action, move.source)) > 1 and move.target != "open":
            assert move.when, move


@every_machine
def test_moves_lead_from_the_start_to_each_state_and_to_no_unknown_one(machine: Machine) -> None:
    reached = {START}
    for _ in machine.states:
        reached |= {move.target for move in machine.moves if move.source in reached}
    assert reached == {START, *machine.states}
    assert {move.target for move in machine.moves} <= set(machine.states)


@every_machine
def test_a_refused_action_names_its_code_and_an_allowed_one_none(machine: Machine) -> None:
    for refusal in machine.refusals:
        assert machine.refusal(refusal.action, refusal.source) == refusal.code
        assert not machine.targets(refusal.action, refusal.source)
    for move in machine.moves:
        assert machine.refusal(move.action, move.source) is None
        assert machine.allows(move.action, move.source, move.target)


def test_a_step_that_the_table_does_not_hold_is_a_programming_mistake() -> None:
    REQUEST.check("cancel", RequestState.OPEN, RequestState.CANCELLED)
    with pytest.raises(ImpossibleMove, match="cancel does not lead from done to cancelled"):
        REQUEST.check("cancel", RequestState.DONE, RequestState.CANCELLED)


def test_an_assignment_ends_once_and_only_undo_begins_it_again() -> None:
    again = [move for move in ASSIGNMENT.moves if move.source not in (START, "active")]
    assert {(move.action, move.target) for move in again} == {("undo", "active")}


def test_a_diagram_has_one_line_for_each_step_and_names_all_its_actions() -> None:
    moves = [Move("make", START, "open"), Move("end", "open", "done"), Move("stop", "open", "done")]
    drawn = Machine("thing", RequestState, moves).to_mermaid()
    assert drawn == "stateDiagram-v2\n    [*] --> open: make\n    open --> done: end, stop"


@every_machine
def test_the_diagram_shows_every_move(machine: Machine) -> None:
    lines = machine.to_mermaid().splitlines()
    for move in machine.moves:
        (line,) = [line for line in lines if line.startswith(f"    {move.source} --> {move.target}:")]
        assert move.action in line.split(": ")[1].split(", ")
