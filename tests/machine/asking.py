"""Whom a wave may ask: the groups of the contract's section 4 and of the README's decisions, never one chosen person.

Who of a group is asked first is a matter of points, which the model does not know: it adopts what it sees, after it has
looked whether that was allowed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations

from tests.machine.model import START, Invitation, Wish, World

WAVE = 2
WAVE_IF_URGENT = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was newly asked for one request in one step."""

    wish: Wish
    people: frozenset[str]


def group_to_ask(world: World, wish: Wish) -> frozenset[str]:
    """The people of whom the next wave asks as many as fit; empty where nobody may be asked now."""
    if wish.state != "open" or wish.expires_at <= world.now:
        return frozenset()
    standby, fresh, lapsed = _standing_by(world, wish), _fresh(world, wish), _lapsed(world, wish)
    in_order = (standby, fresh, lapsed) if wish.reopened_at else (fresh, standby)
    return next((group for group in in_order if group), frozenset())


def wave_size(wish: Wish) -> int:
    return WAVE_IF_URGENT if wish.urgent else WAVE


def is_allowed(world: World, asked: Asked) -> bool:
    """Whether these were the right ones, and exactly as many as there should be."""
    group = group_to_ask(world, asked.wish)
    return asked.people <= group and len(asked.people) == min(wave_size(asked.wish), len(group))


def adopt(world: World, asked: Asked) -> None:
    """The invitations are as they were seen."""
    wish = asked.wish
    wish.looked_at = world.now
    if asked.people:
        for who, invitation in wish.invitations.items():
            if who not in asked.people and invitation.state in {"asked", "accepted", "declined"}:
                world.note("invitation", "ask", invitation.state)
    for who in asked.people:
        known = wish.invitations.get(who)
        world.note("invitation", "ask", known.state if known else START, "asked")
        wish.invitations[who] = Invitation("asked", world.now)


def in_some_order(world: World, waves: Iterable[Asked]) -> bool:
    """Whether there is an order of these requests in which each wave was allowed; adopts them in that order.

    One volunteer may be asked only so often a week: so it matters which request came first, and that only time decides.
    """
    waves = list(waves)
    for order in permutations(waves):
        if _follow(world, order):
            for asked in order:
                adopt(world, asked)
            return True
    return not waves


def _follow(world: World, order: tuple[Asked, ...]) -> bool:
    before = [dict(asked.wish.invitations) for asked in order]
    allowed = True
    for asked in order:
        allowed = allowed and is_allowed(world, asked)
        for who in asked.people:
            asked.wish.invitations[who] = Invitation("asked", world.now)
    for asked, invitations in zip(order, before, strict=True):
        asked.wish.invitations = invitations
    return allowed


def _standing_by(world: World, wish: Wish) -> frozenset[str]:
    waiting = (who for who, invitation in wish.invitations.items() if invitation.state == "standby")
    return frozenset(who for who in waiting if world.may_ask(who, wish, stands_by=True))


def _fresh(world: World, wish: Wish) -> frozenset[str]:
    """Nobody has asked them, they have not answered, and they never had the task."""
    new = (p.name for p in world.volunteers() if p.name not in wish.invitations and not wish.latest_task(p.name))
    return frozenset(who for who in new if world.may_ask(who, wish))


def _lapsed(world: World, wish: Wish) -> frozenset[str]:
    """They were told that it is settled; but then it was open again."""
    if wish.reopened_at is None:
        return frozenset()
    told = (who for who, i in wish.invitations.items() if i.state == "lapsed" and i.asked_at is not None)
    return frozenset(who for who in told if world.may_ask(who, wish))
