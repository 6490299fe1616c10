"""What an attempt that works changes: the moves of the contract's section 4, each noted to be counted."""

from collections.abc import Callable
from datetime import datetime

from tests.machine.attempts import Attempt
from tests.machine.model import START, Invitation, Task, View, Wish, World

Effect = Callable[[World, Attempt], bool]
"""Changes the world; True where somebody is to be asked at once."""


def carry_out(world: World, attempt: Attempt) -> bool:
    """Changes the world as the attempt does; True where the next wave is asked at once."""
    effect = _EFFECTS.get(attempt.action)
    return effect(world, attempt) if effect is not None else False


def post(world: World, wish: Wish) -> None:
    """The request is there."""
    wish.confirmed_at = wish.looked_at = world.now
    world.wishes.append(wish)
    world.note("request", "post", START, "open")


def _accept(world: World, attempt: Attempt) -> bool:
    wish, who = attempt.about, attempt.who
    for earlier in wish.tasks:
        if earlier.who == who:
            world.note("assignment", "accept", earlier.state)
    wish.tasks.append(Task(who, world.now))
    wish.accepted += 1
    world.note("assignment", "accept", START, "active")
    _answer(world, wish, who, "accept", "accepted", only_known=True)
    _lead(world, wish, "accept", "filled" if wish.accepted == wish.people_needed else "open")
    if wish.state == "filled":
        _settle(world, wish, "asked")
    return False


def _decline(world: World, attempt: Attempt) -> bool:
    _answer(world, attempt.about, attempt.who, "decline", "declined")
    return False


def _standby(world: World, attempt: Attempt) -> bool:
    _answer(world, attempt.about, attempt.who, "standby", "standby")
    return False


def _answer(world: World, wish: Wish, who: str, action: str, state: str, *, only_known: bool = False) -> None:
    known = wish.invitations.get(who)
    if known is None and only_known:
        return
    world.note("invitation", action, known.state if known else START, state)
    wish.invitations[who] = Invitation(state, known.asked_at if known else None)


def _withdraw(world: World, attempt: Attempt) -> bool:
    task = attempt.about.latest_task(attempt.who)
    assert task is not None
    _end_task(world, task, "withdraw", "withdrawn")
    return _give_back(world, attempt.about, "withdraw")


def _release(world: World, attempt: Attempt) -> bool:
    active = attempt.about.tasks_in("active")
    task = next(task for task in active if attempt.person in {None, task.who})
    if attempt.no_show:
        _end_task(world, task, "no_show", "no_show")
    else:
        _end_task(world, task, "release", "released")
    return _give_back(world, attempt.about, "release")


def _give_back(world: World, wish: Wish, action: str) -> bool:
    """One fewer helps: open again while there is time, else over unless others still help."""
    wish.accepted -= 1
    before = wish.state
    if before == "open" or wish.needed_until > world.now:
        if before == "filled" and wish.expires_at <= world.now:
            _confirm(world, wish)
        _lead(world, wish, action, "open")
        wish.reopened_at = world.now
        return True
    if wish.tasks_in("active"):
        _lead(world, wish, action, "filled")
    else:
        _close(world, wish, action, "done" if wish.tasks_in("done") else "expired", by=None)
    return False


def _done(world: World, attempt: Attempt) -> bool:
    wish = attempt.about
    own = wish.latest_task(attempt.who)
    if own is None or own.state != "active":
        ended = wish.tasks_in("active")
        for task in ended:
            _end_task(world, task, "done", "done")
        _close(world, wish, "finish", "done", by=attempt.who, ended=ended)
        return False
    _end_task(world, own, "done", "done")
    if wish.tasks_in("active"):
        _lead(world, wish, "finish_own", wish.state)
    else:
        _close(world, wish, "finish_own", "done", by=attempt.who, ended=[own])
    return False


def _cancel(world: World, attempt: Attempt) -> bool:
    wish = attempt.about
    for task in wish.tasks_in("done", "withdrawn", "released", "no_show"):
        world.note("assignment", "cancel", task.state)
    ended = wish.tasks_in("active")
    for task in ended:
        _end_task(world, task, "cancel", "released")
    _close(world, wish, "cancel", "cancelled", by=attempt.who, ended=ended)
    return False


def _still_needed(world: World, attempt: Attempt) -> bool:
    wish = attempt.about
    reopened = wish.state == "expired"
    wish.needed_until = attempt.until or wish.needed_until
    _confirm(world, wish)
    _lead(world, wish, "confirm_need", "open")
    wish.closed_at = wish.closed_by = None
    if reopened:
        wish.reopened_at = world.now
    return reopened


def _confirm(world: World, wish: Wish) -> None:
    """The span begins anew, and nobody has been asked how it ended."""
    wish.confirmed_at, wish.warned_at, wish.asked_if_done_at = world.now, None, None


def _undo(world: World, attempt: Attempt) -> bool:
    wish = attempt.about
    if wish.asked_if_done_at is not None:
        wish.asked_if_done_at = world.now
    if not wish.is_over:
        own = wish.latest_task(attempt.who)
        assert own is not None
        _take_up(world, own)
        _lead(world, wish, "undo", wish.state)
        return False
    for task in wish.ended_with_it:
        _take_up(world, task)
    _lead(world, wish, "undo", wish.before)
    wish.closed_at = wish.closed_by = None
    if wish.state == "open":
        wish.reopened_at = world.now
    return False


def _edit(world: World, attempt: Attempt) -> bool:
    wish = attempt.about
    changes = {field: value for field, value in attempt.changed.items() if value != getattr(wish, field)}
    for field, value in changes.items():
        setattr(wish, field, value)
    if "needed_until" in changes:
        _confirm(world, wish)
    if changes:
        _lead(world, wish, "edit", wish.state)
    return False


def _contact(world: World, attempt: Attempt) -> bool:
    wish, who = attempt.about, attempt.who
    looks_for_themselves = wish.has_contact(who, world.now) and not world.cast[wish.requester].protected
    role = "volunteer" if looks_for_themselves else "coordinator"
    wish.views.append(View(who, role, world.now, attempt.reason if role == "coordinator" else None))
    return False


def _pause(world: World, attempt: Attempt) -> bool:
    world.paused_until.pop(attempt.who, None)
    if attempt.until is not None:
        world.paused_until[attempt.who] = attempt.until
    return False


def run_expiry(world: World) -> dict[str, int]:
    """What the job `expire-requests` does now: it warns, or ends, or goes ahead with those who help."""
    done = {"warned": 0, "expired": 0, "filled": 0}
    for wish in world.wishes:
        if wish.state != "open":
            if wish.expires_at <= world.now:
                world.note("request", "expire", wish.state)
        elif kind := _expire(world, wish, world.now):
            done[kind] += 1
    return done


def run_forgotten(world: World) -> dict[str, int]:
    """What the job `close-forgotten` does now: it asks both sides, or later takes what is filled for done."""
    done = {"asked": 0, "closed": 0}
    for wish in world.wishes:
        if wish.forgotten_at > world.now:
            continue
        if wish.state != "filled":
            world.note("request", "assume_done", wish.state)
        elif wish.asked_if_done_at is None:
            wish.asked_if_done_at = world.now
            done["asked"] += 1
        else:
            _assume_done(world, wish)
            done["closed"] += 1
    return done


def _assume_done(world: World, wish: Wish) -> None:
    for task in wish.tasks:
        if task.state == "active":
            _end_task(world, task, "assume_done", "done")
        else:
            world.note("assignment", "assume_done", task.state)
    wish.done_assumed = True
    _close(world, wish, "assume_done", "done", by=None)


def _expire(world: World, wish: Wish, now: datetime) -> str | None:
    if wish.tasks_in("active"):
        if wish.expires_at > now:
            return None
        _lead(world, wish, "expire", "filled")
        _settle(world, wish, "asked")
        return "filled"
    if wish.ends_at is None:
        if wish.warn_at > now:
            return None
        wish.warned_at = now
        return "warned"
    if wish.ends_at > now:
        return None
    _close(world, wish, "expire", "expired", by=None)
    return "expired"


def _lead(world: World, wish: Wish, action: str, state: str) -> None:
    world.note("request", action, wish.state, state)
    wish.state = state


def _close(
    world: World, wish: Wish, action: str, state: str, *, by: str | None, ended: list[Task] | None = None
) -> None:
    wish.before, wish.closed_at, wish.closed_by = wish.state, world.now, by
    wish.ended_with_it = ended or []
    _lead(world, wish, action, state)
    _settle(world, wish, "asked", "standby")


def _settle(world: World, wish: Wish, *states: str) -> None:
    """Whoever has been asked and not answered is told that it is settled."""
    for invitation in wish.invitations.values():
        if invitation.state in states:
            world.note("invitation", "settle", invitation.state, "lapsed")
            invitation.state = "lapsed"
        elif invitation.state != "standby":
            world.note("invitation", "settle", invitation.state)


def _end_task(world: World, task: Task, action: str, state: str) -> None:
    world.note("assignment", action, "active", state)
    task.state, task.ended_at = state, world.now


def _take_up(world: World, task: Task) -> None:
    world.note("assignment", "undo", task.state, "active")
    task.state, task.ended_at = "active", None


_EFFECTS: dict[str, Effect] = {
    "accept": _accept,
    "decline": _decline,
    "standby": _standby,
    "withdraw": _withdraw,
    "release": _release,
    "done": _done,
    "cancel": _cancel,
    "still-needed": _still_needed,
    "undo": _undo,
    "edit": _edit,
    "contact": _contact,
    "pause": _pause,
}
