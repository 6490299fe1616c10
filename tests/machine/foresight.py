"""What an attempt would reach, found by letting the model do it to a copy: so that a run can look for what is rare."""

from dataclasses import replace

from tests.machine.asking import group_to_ask, wave_size
from tests.machine.attempts import Attempt
from tests.machine.effects import carry_out, run_expiry, run_forgotten
from tests.machine.model import START, Mark, Wish, World
from tests.machine.refusals import refusal_of
from tests.machine.refused import edges_of, marks_of

Marks = frozenset[Mark]


def marks_ahead(world: World, attempt: Attempt) -> Marks:
    """The marks of an attempt, were it made now."""
    refusal = refusal_of(world, attempt)
    edges = edges_of(world, attempt, refusal)
    if refusal is not None:
        return frozenset({("operation", attempt.action, refusal.code), *marks_of(world, attempt, refusal), *edges})
    works: Mark = ("operation", attempt.action, "works")
    if attempt.wish is None:
        return frozenset({works})
    known = frozenset({works, *edges})
    wish = attempt.wish.twin()
    copy = replace(world, wishes=[wish if w is attempt.wish else w for w in world.wishes], marks=[])
    copy.paused_until = dict(world.paused_until)
    asks = carry_out(copy, replace(attempt, wish=wish))
    return known | frozenset(copy.marks) | (_marks_of_wave(copy, wish) if asks else frozenset())


def marks_of_expiry(world: World) -> Marks:
    """The marks of the job that warns and expires, were it run now."""
    copy = replace(world, wishes=[wish.twin() for wish in world.wishes], marks=[])
    run_expiry(copy)
    return frozenset(copy.marks)


def marks_of_forgotten(world: World) -> Marks:
    """The marks of the job that asks how it ended, were it run now."""
    copy = replace(world, wishes=[wish.twin() for wish in world.wishes], marks=[])
    run_forgotten(copy)
    return frozenset(copy.marks)


def marks_of_waves(world: World) -> Marks:
    """The marks of the job that asks, were it run now and all its requests due."""
    return frozenset(mark for wish in world.wishes for mark in _marks_of_wave(world, wish))


def _marks_of_wave(world: World, wish: Wish) -> Marks:
    group = sorted(group_to_ask(world, wish))[: wave_size(wish)]
    if not group:
        return frozenset()
    known = {who: wish.invitations[who].state for who in wish.invitations}
    asked: set[Mark] = {("invitation", "ask", known.get(who, START), "asked") for who in group}
    passed: set[Mark] = {
        ("invitation", "ask", state)
        for who, state in known.items()
        if who not in group and state in {"asked", "accepted", "declined"}
    }
    return frozenset(asked | passed)
