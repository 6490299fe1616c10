"""Which rows of the state tables a refusal stands for, and which edges in time an attempt touches."""

from collections.abc import Iterator
from datetime import timedelta

from tests.machine.attempts import Attempt, Refusal
from tests.machine.model import CONTACT_AFTERWARDS, UNDO_WITHIN, Mark, World
from tests.machine.refusals import decides

EDGES: frozenset[Mark] = frozenset(
    {
        ("edge", "accept", "ran out just now", "refused"),
        ("edge", "contact", "in the last hour", "works"),
        ("edge", "contact", "an hour too late", "refused"),
        ("edge", "undo", "in the last minute", "works"),
        ("edge", "undo", "a minute too late", "refused"),
    }
)
"""On both sides of what the contract says about time, and close to it."""


def marks_of(world: World, attempt: Attempt, refusal: Refusal) -> Iterator[Mark]:
    """The marks of one refused attempt; whether the tables hold such rows the counting knows."""
    if attempt.wish is None or refusal.status != 409:
        return
    action = _request_action(world, attempt)
    yield ("request", action, attempt.wish.state, "refused", refusal.code)
    whose = attempt.person if attempt.action == "release" else attempt.who
    task = attempt.wish.latest_task(whose) if whose is not None else None
    speaks_of_task = attempt.action in {"accept", "done", "withdraw"} or not attempt.wish.is_over
    if task is not None and speaks_of_task:
        action = "no_show" if attempt.no_show else attempt.action
        yield ("assignment", action, task.state, "refused", refusal.code)


def _request_action(world: World, attempt: Attempt) -> str:
    if attempt.action == "done":
        return "finish" if decides(world, attempt) else "finish_own"
    return "confirm_need" if attempt.action == "still-needed" else attempt.action


def edges_of(world: World, attempt: Attempt, refusal: Refusal | None) -> Iterator[Mark]:
    """Whether an attempt comes shortly before or after time decides; looked at before anything is changed."""
    if attempt.wish is None:
        return
    how = "refused" if refusal else "works"
    task = attempt.wish.latest_task(attempt.who)
    done_for = world.now - task.ended_at if task and task.ended_at and task.state == "done" else timedelta()
    if attempt.action == "contact" and abs(done_for - CONTACT_AFTERWARDS) <= timedelta(hours=1):
        yield ("edge", "contact", "an hour too late" if done_for > CONTACT_AFTERWARDS else "in the last hour", how)
    if attempt.action == "undo" and abs(done_for - UNDO_WITHIN) <= timedelta(minutes=1):
        yield ("edge", "undo", "a minute too late" if done_for > UNDO_WITHIN else "in the last minute", how)
    ran_out = attempt.wish.state == "open" and attempt.wish.expires_at <= world.now
    if attempt.action == "accept" and ran_out and refusal and refusal.code == "not_open":
        yield ("edge", "accept", "ran out just now", how)
