"""What the world looks like to the plain model: people, requests, tasks and invitations, and nothing of the product."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

HERNE = ZoneInfo("Europe/Berlin")
NIGHT = (time(22), time(7))
START = "[*]"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
RUNNING = frozenset({"open", "filled"})
KEPT = frozenset({"active", "done"})
"""Of tasks: help is given, or was."""

TASKS_AT_ONCE = 3
OPEN_AT_ONCE = 5
ASKS_PER_WEEK = 4
MORE_ASKS_IF_URGENT = 2
UNCONFIRMED = timedelta(days=7)
UNDO_WITHIN = timedelta(minutes=10)
CONTACT_AFTERWARDS = timedelta(hours=24)
ASKED_AFTER = timedelta(hours=48)
ASSUMED_AFTER = timedelta(hours=72)
"""All of them: contract, sections 4, 5 and 7."""

Mark = tuple[str, ...]
"""Something that can happen, to be counted: ("request", "accept", "open", "filled")."""


@dataclass(frozen=True, slots=True)
class Character:
    """Somebody of the cast, with what never changes about them. All requests are of the quarter that `lives_here`."""

    name: str
    lives_here: bool = True
    appointed: bool = False
    second_factor: bool = True
    offers: frozenset[str] = frozenset()
    neighbours: bool = False
    near: bool = True
    known: bool = False
    protected: bool = False
    sleeps: bool = True
    urgent_at_night: bool = False
    tasks_per_week: int = 50
    asks_per_week: int = ASKS_PER_WEEK
    has_phone: bool = False
    wants_asks: bool = True
    """Whether they want to be told, by push or else by mail, when they are asked."""

    @property
    def coordinates(self) -> bool:
        """Whether the role is open to them: they are appointed, and have shown a second factor."""
        return self.appointed and self.second_factor

    @property
    def reaches(self) -> bool:
        """Whether their offer reaches the quarter in which everything happens: the own one or the adjoining one."""
        return bool(self.offers) and (self.lives_here or self.neighbours)


@dataclass(slots=True)
class Task:
    """One assignment."""

    who: str
    accepted_at: datetime
    id: str = ""
    state: str = "active"
    ended_at: datetime | None = None


@dataclass(slots=True)
class Invitation:
    """One volunteer beside one request; never asked where `asked_at` is empty."""

    state: str
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class View:
    """One look at the contact."""

    by: str
    role: str
    at: datetime
    reason: str | None


@dataclass(slots=True)
class Wish:
    """One request for help."""

    number: int
    requester: str
    category: str
    urgent: bool
    people_needed: int
    needed_from: datetime
    needed_until: datetime
    created_at: datetime
    public_note: str | None = None
    id: str = ""
    state: str = "open"
    confirmed_at: datetime = LONG_AGO
    warned_at: datetime | None = None
    reopened_at: datetime | None = None
    looked_at: datetime = LONG_AGO
    """When it was last surely decided whom to ask."""
    asked_if_done_at: datetime | None = None
    done_assumed: bool = False
    closed_at: datetime | None = None
    closed_by: str | None = None
    before: str = ""
    ended_with_it: list[Task] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    invitations: dict[str, Invitation] = field(default_factory=dict)
    views: list[View] = field(default_factory=list)
    accepted: int = 0

    @property
    def address(self) -> str:
        """Known to nobody but the requester and whoever may have the contact."""
        return f"Geheimweg {self.number} im Hinterhof"

    @property
    def private_note(self) -> str:
        return f"Bitte {self.number}-mal an der blauen Tür klingeln"

    @property
    def phone(self) -> str:
        return f"0232355500{self.number:02d}"

    @property
    def expires_at(self) -> datetime:
        """min(needed_until, last confirmation + 7 days) (contract, section 4: Expiry)."""
        return min(self.needed_until, self.confirmed_at + UNCONFIRMED)

    @property
    def warn_at(self) -> datetime:
        """The last quarter of the span, and at most 24 hours before its end."""
        return self.expires_at - min((self.expires_at - self.confirmed_at) / 4, timedelta(hours=24))

    @property
    def ends_at(self) -> datetime | None:
        """When it expires, once it was warned of: one hour later after a late warning."""
        if self.warned_at is None:
            return None
        return self.expires_at if self.warned_at < self.expires_at else self.warned_at + timedelta(hours=1)

    @property
    def forgotten_at(self) -> datetime:
        """When both sides are asked how it ended, or once they were, when it counts as done (contract, section 7)."""
        if self.asked_if_done_at is None:
            return self.needed_until + ASKED_AFTER
        return self.asked_if_done_at + ASSUMED_AFTER

    @property
    def is_over(self) -> bool:
        return self.state not in RUNNING

    def twin(self) -> "Wish":
        """A copy that can be changed without the original."""
        twins = {id(task): copy(task) for task in self.tasks}
        return replace(
            self,
            tasks=[twins[id(task)] for task in self.tasks],
            ended_with_it=[twins[id(task)] for task in self.ended_with_it],
            invitations={who: copy(invitation) for who, invitation in self.invitations.items()},
            views=list(self.views),
        )

    def tasks_in(self, *states: str) -> list[Task]:
        return [task for task in self.tasks if task.state in states]

    def latest_task(self, who: str) -> Task | None:
        """The active one, else the one that ended last."""
        own = [task for task in self.tasks if task.who == who]
        return next((task for task in own if task.state == "active"), own[-1] if own else None)

    def keeps_task(self, who: str) -> Task | None:
        """The task of somebody who helps or has helped."""
        return next((task for task in self.tasks_in(*KEPT) if task.who == who), None)

    def has_contact(self, who: str, now: datetime) -> bool:
        """Whether somebody has the task: while they help, and until 24 hours after they finished."""
        task = self.latest_task(who)
        if task is None or task.state not in KEPT:
            return False
        return task.ended_at is None or now - task.ended_at <= CONTACT_AFTERWARDS


@dataclass
class World:
    """Everything, at one instant. `marks` gathers what the last step did, until it has been compared."""

    cast: dict[str, Character]
    now: datetime
    wishes: list[Wish] = field(default_factory=list)
    paused_until: dict[str, datetime] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)

    def note(self, *mark: str) -> None:
        self.marks.append(mark)

    def volunteers(self) -> Iterator[Character]:
        return (person for person in self.cast.values() if person.offers)

    def is_night(self) -> bool:
        """Between 22:00 and 07:00 by the clocks of Herne."""
        local = self.now.astimezone(HERNE).time()
        return local >= NIGHT[0] or local < NIGHT[1]

    def is_paused(self, who: str) -> bool:
        until = self.paused_until.get(who)
        return until is not None and until > self.now

    def active_tasks(self, who: str) -> int:
        return sum(task.who == who for wish in self.wishes for task in wish.tasks_in("active"))

    def open_wishes(self, who: str) -> int:
        return sum(wish.requester == who and wish.state == "open" for wish in self.wishes)

    def tasks_this_week(self, who: str) -> int:
        since = self.now - timedelta(days=7)
        kept = (task for wish in self.wishes for task in wish.tasks_in(*KEPT))
        return sum(task.who == who and task.accepted_at > since for task in kept)

    def asks_this_week(self, who: str) -> int:
        """For how many requests somebody was asked in the last seven days."""
        since = self.now - timedelta(days=7)
        asked = (wish.invitations[who].asked_at for wish in self.wishes if who in wish.invitations)
        return sum(at is not None and at > since for at in asked)

    def can_read(self, who: str, wish: Wish) -> bool:
        """Whether the request exists for somebody at all (contract, section 5: Requests)."""
        person = self.cast[who]
        is_party = who == wish.requester or who in wish.invitations or wish.latest_task(who) is not None
        return is_party or person.coordinates or person.reaches

    def may_accept(self, who: str, wish: Wish) -> bool:
        """An unpaused offer in reach with the category, verification, not one's own (contract, section 4: Asking)."""
        person = self.cast[who]
        verified = person.known or wish.category != "household"
        fits = person.reaches and wish.category in person.offers and verified
        return fits and not self.is_paused(who) and who != wish.requester

    def fits(self, who: str, wish: Wish) -> bool:
        """Whether somebody could take it now, and has neither taken it nor said no (contract, section 5: `fits=me`)."""
        said = wish.invitations.get(who)
        alive = wish.state == "open" and wish.expires_at > self.now
        free = self.active_tasks(who) < TASKS_AT_ONCE and wish.keeps_task(who) is None
        return alive and free and self.may_accept(who, wish) and (said is None or said.state != "declined")

    def may_ask(self, who: str, wish: Wish, *, stands_by: bool = False) -> bool:
        """Whether somebody may be asked now. Distance and weekly limits do not hold whoever said they would step in."""
        person = self.cast[who]
        if not self.may_accept(who, wish) or self.active_tasks(who) >= TASKS_AT_ONCE or self._sleeps(person, wish):
            return False
        limit = person.asks_per_week + (MORE_ASKS_IF_URGENT if wish.urgent else 0)
        rested = self.asks_this_week(who) < limit and self.tasks_this_week(who) < person.tasks_per_week
        return stands_by or (rested and (person.near or person.lives_here))

    def _sleeps(self, person: Character, wish: Wish) -> bool:
        """At night nobody is asked for what is not urgent; for the rest one's own quiet hours count."""
        if not self.is_night():
            return False
        return not wish.urgent or (person.sleeps and not person.urgent_at_night)
