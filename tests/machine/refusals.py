"""Who is refused what: for each operation the checks of the contract, in its order (section 3: 404, 403, 409).

What a 422 says about the state of a request can only be known once it has been found and is the caller's to change.
"""

from collections.abc import Callable
from datetime import timedelta

from tests.machine.attempts import (
    ALREADY_ACCEPTED,
    ALREADY_FILLED,
    ASK_COORDINATOR,
    CONFLICT,
    FORBIDDEN,
    INVALID,
    NOT_ASSIGNED,
    NOT_ELIGIBLE,
    NOT_FOUND,
    NOT_OPEN,
    OUTSIDE_QUARTER,
    PRECONDITION_REQUIRED,
    SECOND_FACTOR_REQUIRED,
    STALE,
    TOO_LATE,
    TOO_MANY_OPEN_REQUESTS,
    TOO_MANY_OPEN_TASKS,
    UNAUTHENTICATED,
    Attempt,
    Refusal,
)
from tests.machine.model import OPEN_AT_ONCE, TASKS_AT_ONCE, UNDO_WITHIN, Task, World

Check = Callable[[World, Attempt], Refusal | None]
OPENED_BY_ROLE = frozenset(
    {"read", "withdraw", "done", "release", "cancel", "still-needed", "undo", "contact", "dispatch"}
)
"""What a coordinator gets further with than a stranger does, be it to another refusal: it needs a second factor."""
A_YEAR = timedelta(days=366)


def refusal_of(world: World, attempt: Attempt) -> Refusal | None:
    """What the attempt is refused with, or None where it works."""
    if not attempt.signed_in:
        return UNAUTHENTICATED
    if attempt.is_odd:
        return INVALID
    if attempt.wish is not None and not world.can_read(attempt.who, attempt.wish):
        lacks_factor = world.cast[attempt.who].appointed and attempt.action in OPENED_BY_ROLE
        return SECOND_FACTOR_REQUIRED if lacks_factor else NOT_FOUND
    check = _CHECKS.get(attempt.action)
    return check(world, attempt) if check is not None else None


def _ask(world: World, attempt: Attempt) -> Refusal | None:
    told = attempt.changed
    if told["needed_until"] <= max(world.now, told["needed_from"]):
        return INVALID
    if told.get("outside"):
        return OUTSIDE_QUARTER
    return TOO_MANY_OPEN_REQUESTS if world.open_wishes(attempt.who) >= OPEN_AT_ONCE else None


def _edit(world: World, attempt: Attempt) -> Refusal | None:
    wish, changes = attempt.about, attempt.changed
    if attempt.who != wish.requester:
        return FORBIDDEN
    if attempt.precondition != "fresh":
        return STALE if attempt.precondition == "stale" else PRECONDITION_REQUIRED
    if changes.get("outside"):
        return OUTSIDE_QUARTER
    changes = {field: value for field, value in changes.items() if value != getattr(wish, field)}
    if "needed_until" in changes and not _is_good_end(world, attempt):
        return INVALID
    if "people_needed" in changes and changes["people_needed"] <= wish.accepted:
        return INVALID
    if wish.is_over:
        return NOT_OPEN
    helped = bool(wish.tasks_in("active"))
    return CONFLICT if helped and not changes.keys() <= {"public_note", "needed_until"} else None


def _is_good_end(world: World, attempt: Attempt) -> bool:
    end = attempt.changed.get("needed_until", attempt.until)
    return end is not None and max(world.now, attempt.about.needed_from) < end <= world.now + A_YEAR


def _accept(world: World, attempt: Attempt) -> Refusal | None:
    wish, who = attempt.about, attempt.who
    if not world.may_accept(who, wish):
        return NOT_ELIGIBLE
    if wish.keeps_task(who):
        return ALREADY_ACCEPTED
    if wish.state == "filled":
        return ALREADY_FILLED
    if wish.state != "open" or wish.expires_at <= world.now:
        return NOT_OPEN
    return TOO_MANY_OPEN_TASKS if world.active_tasks(who) >= TASKS_AT_ONCE else None


def _decline(world: World, attempt: Attempt) -> Refusal | None:
    if not _is_for(world, attempt):
        return NOT_ELIGIBLE
    return ALREADY_ACCEPTED if attempt.about.keeps_task(attempt.who) else None


def _is_for(world: World, attempt: Attempt) -> bool:
    """Whether somebody may answer at all: in reach, asked before, or with the task now or earlier; never the asker."""
    wish, who = attempt.about, attempt.who
    party = who in wish.invitations or wish.latest_task(who) is not None or world.cast[who].reaches
    return party and who != wish.requester


def _standby(world: World, attempt: Attempt) -> Refusal | None:
    if not world.may_accept(attempt.who, attempt.about):
        return NOT_ELIGIBLE
    if attempt.about.is_over:
        return NOT_OPEN
    return ALREADY_ACCEPTED if attempt.about.keeps_task(attempt.who) else None


def _withdraw(_world: World, attempt: Attempt) -> Refusal | None:
    task = attempt.about.latest_task(attempt.who)
    if task is None:
        return NOT_ASSIGNED
    return None if task.state == "active" else CONFLICT


def decides(world: World, attempt: Attempt) -> bool:
    """Whether the request is theirs to decide on: its requester, or a coordinator of the quarter."""
    return attempt.who == attempt.about.requester or world.cast[attempt.who].coordinates


def _release(world: World, attempt: Attempt) -> Refusal | None:
    wish = attempt.about
    if not decides(world, attempt):
        return FORBIDDEN
    if wish.is_over:
        return NOT_OPEN
    if attempt.person is not None:
        task = wish.latest_task(attempt.person)
        if task is None:
            return NOT_FOUND
        return None if task.state == "active" else CONFLICT
    helpers = len(wish.tasks_in("active"))
    return INVALID if helpers > 1 else None if helpers else CONFLICT


def _done(world: World, attempt: Attempt) -> Refusal | None:
    wish = attempt.about
    task = wish.latest_task(attempt.who)
    if task is not None and task.state == "active":
        return None
    if decides(world, attempt):
        if wish.is_over:
            return NOT_OPEN
        return None if wish.tasks_in("active", "done") else CONFLICT
    return FORBIDDEN if task is None else CONFLICT


def _cancel(world: World, attempt: Attempt) -> Refusal | None:
    if not decides(world, attempt):
        return FORBIDDEN
    return NOT_OPEN if attempt.about.is_over else None


def _still_needed(world: World, attempt: Attempt) -> Refusal | None:
    wish = attempt.about
    if not decides(world, attempt):
        return FORBIDDEN
    if attempt.until is not None and not _is_good_end(world, attempt):
        return INVALID
    if attempt.until is None and wish.needed_until <= world.now and wish.state in {"open", "expired"}:
        return INVALID
    if wish.state == "filled":
        return ALREADY_FILLED
    if wish.state in {"done", "cancelled"}:
        return NOT_OPEN
    full = wish.state == "expired" and world.open_wishes(wish.requester) >= OPEN_AT_ONCE
    return TOO_MANY_OPEN_REQUESTS if full else None


def _undo(world: World, attempt: Attempt) -> Refusal | None:
    wish = attempt.about
    if not decides(world, attempt) and wish.latest_task(attempt.who) is None:
        return FORBIDDEN
    if wish.state == "expired":
        return CONFLICT
    return _reopen(world, attempt) if wish.is_over else _take_up_again(world, attempt)


def _reopen(world: World, attempt: Attempt) -> Refusal | None:
    wish = attempt.about
    if wish.closed_by != attempt.who:
        return FORBIDDEN
    if wish.closed_at is None or world.now - wish.closed_at > UNDO_WITHIN:
        return TOO_LATE
    if wish.before == "open" and world.open_wishes(wish.requester) >= OPEN_AT_ONCE:
        return TOO_MANY_OPEN_REQUESTS
    busy = [task.who for task in wish.ended_with_it if world.active_tasks(task.who) >= TASKS_AT_ONCE]
    if not busy:
        return None
    return TOO_MANY_OPEN_TASKS if attempt.who in busy else CONFLICT


def _take_up_again(world: World, attempt: Attempt) -> Refusal | None:
    """A helper takes back that they have finished."""
    task: Task | None = attempt.about.latest_task(attempt.who)
    if task is None or task.state != "done":
        return FORBIDDEN if attempt.about.tasks_in("done") else CONFLICT
    if task.ended_at is None or world.now - task.ended_at > UNDO_WITHIN:
        return TOO_LATE
    return TOO_MANY_OPEN_TASKS if world.active_tasks(attempt.who) >= TASKS_AT_ONCE else None


def _contact(world: World, attempt: Attempt) -> Refusal | None:
    wish = attempt.about
    helps = wish.has_contact(attempt.who, world.now)
    if helps and not world.cast[wish.requester].protected:
        return None
    if world.cast[attempt.who].coordinates:
        return None if attempt.reason else INVALID
    return ASK_COORDINATOR if helps else NOT_ASSIGNED


def _views(_world: World, attempt: Attempt) -> Refusal | None:
    return None if attempt.who == attempt.about.requester else FORBIDDEN


def _dispatch(world: World, attempt: Attempt) -> Refusal | None:
    return None if decides(world, attempt) else FORBIDDEN


def _pause(world: World, attempt: Attempt) -> Refusal | None:
    if attempt.person is not None and attempt.person != attempt.who:
        return NOT_FOUND
    if attempt.precondition != "fresh":
        return STALE if attempt.precondition == "stale" else PRECONDITION_REQUIRED
    return None


_CHECKS: dict[str, Check] = {
    "ask": _ask,
    "edit": _edit,
    "accept": _accept,
    "decline": _decline,
    "standby": _standby,
    "withdraw": _withdraw,
    "release": _release,
    "done": _done,
    "cancel": _cancel,
    "still-needed": _still_needed,
    "undo": _undo,
    "contact": _contact,
    "views": _views,
    "dispatch": _dispatch,
    "pause": _pause,
}
