"""What could be tried now: for each action every sensible attempt, of which Hypothesis draws one."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from tests.machine.attempts import NOT_OF_A_REQUEST, ROUTES, Attempt
from tests.machine.model import HERNE, UNDO_WITHIN, Wish, World
from tests.machine.refusals import refusal_of
from tests.machine.refused import edges_of

Situation = tuple[object, ...]
"""What makes one attempt different from another, for whoever looks for something new."""
MOST_WISHES = 8
LONGEST = timedelta(days=40)
"""A sign-in ends after 60 days without use."""
NOTES = ("Zwei Tüten", "Drei Tüten", None)


def attempts(world: World, action: str) -> list[Attempt]:
    """Every attempt at `action` that the world offers, always in the same order."""
    return list(_CHOICES[action](world))


def situation(world: World, attempt: Attempt) -> Situation:
    """Two attempts in the same situation teach the same."""
    refusal = refusal_of(world, attempt)
    wish = attempt.wish
    if wish is None:
        return (attempt.action, refusal, attempt.precondition)
    task = wish.latest_task(attempt.person or attempt.who)
    invitation = wish.invitations.get(attempt.who)
    return (
        attempt.action,
        refusal,
        wish.state,
        attempt.who == wish.requester,
        world.cast[attempt.who].coordinates,
        task and task.state,
        invitation and invitation.state,
        wish.needed_until > world.now,
        len(wish.tasks_in("active")),
        bool(wish.tasks_in("done")),
        attempt.no_show,
        wish.before,
        *edges_of(world, attempt, refusal),
    )


def wrong_calls(world: World, pick: int) -> list[Attempt]:
    """Each operation once, by somebody without a token, or by somebody who sends what nobody knows."""
    who, signed_in = sorted(world.cast)[pick % len(world.cast)], bool(pick % 2)
    wish = world.wishes[pick % len(world.wishes)] if world.wishes else None
    told = wishes(world, who, hours=3, urgent=False, people=1).changes
    return [
        Attempt(
            action,
            who,
            None if action in NOT_OF_A_REQUEST else wish,
            person="vera" if action == "pause" else None,
            changes=told if action == "ask" else (),
            signed_in=signed_in,
            is_odd=signed_in,
        )
        for action in ROUTES
        if wish is not None or action in NOT_OF_A_REQUEST
    ]


def moments(world: World, start: datetime) -> list[datetime]:
    """The instants ahead at which something changes, each a little before, exactly, and a little after."""
    sharp = {at for wish in world.wishes for at in _edges(wish)}
    sharp.add(_next(world.now, 7))
    sharp.add(_next(world.now, 22))
    around = {at + timedelta(seconds=s) for at in sharp for s in (-1, 0, 1)}
    around |= {world.now + timedelta(minutes=m) for m in (5, 11, 61)}
    around |= {world.now + timedelta(hours=h) for h in (8, 26, 75)}
    return sorted(at for at in around if world.now < at <= start + LONGEST)


def _edges(wish: Wish) -> Iterator[datetime]:
    yield wish.needed_until
    yield wish.expires_at
    yield wish.warn_at
    yield wish.forgotten_at
    if wish.ends_at is not None:
        yield wish.ends_at
    if wish.closed_at is not None:
        yield wish.closed_at + UNDO_WITHIN
    for task in wish.tasks:
        if task.ended_at is not None:
            yield task.ended_at + timedelta(hours=24)
            yield task.ended_at + UNDO_WITHIN


def _next(now: datetime, hour: int) -> datetime:
    """The next time that the clocks of Herne show this hour."""
    local = now.astimezone(HERNE).replace(hour=hour, minute=0, second=0, microsecond=0)
    return local if local > now else local + timedelta(days=1)


def wishes(world: World, who: str, *, hours: int, urgent: bool, people: int, category: str = "shopping") -> Attempt:
    """Somebody asks for help from now on, for so many hours."""
    return Attempt(
        "ask",
        who,
        changes=(
            ("number", len(world.wishes) + 1),
            ("category", category),
            ("urgent", urgent),
            ("people_needed", people),
            ("needed_from", world.now),
            ("needed_until", world.now + timedelta(hours=hours)),
        ),
    )


def _asks(world: World) -> Iterator[Attempt]:
    for who in ("rosa", "rita", "viola"):
        for hours, urgent, people, category in (
            (2, True, 1, "shopping"),
            (9, False, 2, "shopping"),
            (30, False, 3, "shopping"),
            (300, False, 1, "household"),
            (300, True, 2, "shopping"),
        ):
            attempt = wishes(world, who, hours=hours, urgent=urgent, people=people, category=category)
            if len(world.wishes) < MOST_WISHES or refusal_of(world, attempt):
                yield attempt
    yield wishes(world, "rosa", hours=-1, urgent=False, people=1)
    outside = wishes(world, "rosa", hours=3, urgent=False, people=1)
    yield Attempt("ask", "rosa", changes=(*outside.changes, ("outside", True)))


def _each(world: World) -> Iterator[tuple[str, Wish]]:
    return ((who, wish) for wish in world.wishes for who in world.cast)


def _plain(action: str) -> Callable[[World], Iterator[Attempt]]:
    def choices(world: World) -> Iterator[Attempt]:
        return (Attempt(action, who, wish) for who, wish in _each(world))

    return choices


def _releases(world: World) -> Iterator[Attempt]:
    for who, wish in _each(world):
        yield Attempt("release", who, wish)
        if who in {wish.requester, "cora"}:
            for person in dict.fromkeys([*(task.who for task in wish.tasks), "veit"]):
                yield Attempt("release", who, wish, person=person)
                yield Attempt("release", who, wish, person=person, no_show=True)


def _done(world: World) -> Iterator[Attempt]:
    return (Attempt("done", who, wish, minutes=30) for who, wish in _each(world))


def _still_needed(world: World) -> Iterator[Attempt]:
    for who, wish in _each(world):
        yield Attempt("still-needed", who, wish)
        if who in {wish.requester, "cora"}:
            yield Attempt("still-needed", who, wish, until=world.now + timedelta(hours=20))
            yield Attempt("still-needed", who, wish, until=world.now)


def _contacts(world: World) -> Iterator[Attempt]:
    for who, wish in _each(world):
        yield Attempt("contact", who, wish)
        if world.cast[who].coordinates:
            yield Attempt("contact", who, wish, reason="Sie rief an")


def _edits(world: World) -> Iterator[Attempt]:
    for who, wish in _each(world):
        if who != wish.requester:
            yield Attempt("edit", who, wish, changes=(("public_note", NOTES[0]),))
            continue
        until = ("needed_until", world.now + timedelta(hours=12))
        options: list[tuple[str, object]] = [("public_note", note) for note in NOTES]
        options += [until, ("needed_until", world.now), ("urgent", True), ("people_needed", 1), ("people_needed", 4)]
        options.append(("outside", True))
        for option in options:
            yield Attempt("edit", who, wish, changes=(option,))
        for precondition in ("stale", "none"):
            yield Attempt("edit", who, wish, changes=(until,), precondition=precondition)


def _pauses(world: World) -> Iterator[Attempt]:
    for person in world.volunteers():
        until = None if world.is_paused(person.name) else world.now + timedelta(hours=30)
        yield Attempt("pause", person.name, person=person.name, until=until)
    for precondition in ("stale", "none"):
        yield Attempt("pause", "vera", person="vera", precondition=precondition)
    yield Attempt("pause", "rosa", person="vera")


_CHOICES: dict[str, Callable[[World], Iterator[Attempt]]] = {
    "ask": _asks,
    "release": _releases,
    "done": _done,
    "still-needed": _still_needed,
    "contact": _contacts,
    "edit": _edits,
    "pause": _pauses,
    **{
        action: _plain(action)
        for action in ("accept", "decline", "standby", "withdraw", "cancel", "undo", "read", "views", "dispatch")
    },
}
ACTIONS = tuple(_CHOICES)
