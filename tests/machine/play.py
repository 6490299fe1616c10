"""The model and the product side by side: each step is predicted, done over HTTP, compared and counted."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.machine import calls
from tests.machine.asking import adopt, group_to_ask, in_some_order, is_allowed
from tests.machine.attempts import Attempt, Refusal
from tests.machine.cast import CAST, COORDINATOR, Troupe
from tests.machine.comparing import SHOWS_REQUEST, Comparison
from tests.machine.coverage import Coverage
from tests.machine.effects import carry_out, post, run_expiry, run_forgotten
from tests.machine.model import Mark, Wish, World
from tests.machine.refusals import refusal_of
from tests.machine.refused import edges_of, marks_of
from tests.support.invariants import require_sound
from tests.support.town import Reply

STATUSES = {"ask": 201, "accept": 201, "decline": 204, "standby": 204}
"""What works answers 200, but for these (contract, section 3: Status of actions)."""
CHANGES_NO_REQUEST = frozenset({"read", "list", "views", "dispatch", "tasks", "invitations", "pause"})
ASKS_NOBODY = frozenset({"contact", "edit"})
LONGEST_PAUSE = timedelta(minutes=60)
"""Between two waves, where somebody could be asked (dispatch research: the longest interval)."""
A_MOMENT = timedelta(seconds=1)
LOOKS_EVERY = 3
"""Steps after which the whole list is read where the answer has shown the request already."""


class Play:
    """One example: a world that begins empty, and the town that should be like it. A step is done and compared."""

    def __init__(self, troupe: Troupe, coverage: Coverage) -> None:
        troupe.put_back()
        self.world = World(CAST, troupe.town.clock.now())
        self.steps = 0
        self._troupe = troupe
        self._coverage = coverage
        self._diary: list[str] = []
        self._compared = Comparison(troupe, self.world, self._diary)

    def attempt(self, attempt: Attempt) -> None:
        """Somebody tries something."""
        refusal = refusal_of(self.world, attempt)
        self._write(str(attempt), f"→ {refusal.code if refusal else 'works'}")
        reply = calls.make(self._troupe, attempt)
        self._guard_secrets(attempt, reply)
        self.world.marks.extend(edges_of(self.world, attempt, refusal))
        if refusal is not None:
            self._compared.refused(reply, refusal)
            self.world.marks.extend(self._marks_of(attempt, refusal))
        else:
            self._worked(attempt, reply)
            self.world.note("operation", attempt.action, "works")
        self._count()

    def wait(self, until: datetime) -> None:
        """Time passes."""
        self._write("time", f"passes until {until.isoformat()}")
        self._count(until - self.world.now)

    def look(self, who: str) -> None:
        """Somebody lists all that they can."""
        self._write(who, "looks at all lists")
        self._compared.everything_of(who)
        for listed in ("list", "tasks", "invitations"):
            self.world.note("operation", listed, "works")
        self._count()

    def expire_requests(self) -> None:
        """The job that warns and expires runs."""
        self._write("job", "expire-requests")
        before = {wish.id: wish.state for wish in self.world.wishes}
        expected = run_expiry(self.world)
        self._compared.equal(self._troupe.town.run("expire-requests"), expected, "what the job did")
        for wish in self.world.wishes:
            if wish.state != before[wish.id]:
                self._compared.equal(self._compared.newly_asked(wish).people, frozenset(), "who is asked")
        self._compared.requests_of(COORDINATOR)
        self._count()

    def close_forgotten(self) -> None:
        """The job that asks how it ended runs, and takes for done what nobody has answered for."""
        self._write("job", "close-forgotten")
        expected = run_forgotten(self.world)
        self._compared.equal(self._troupe.town.run("close-forgotten"), expected, "what the job did")
        for wish in self.world.wishes:
            self._compared.equal(self._compared.newly_asked(wish).people, frozenset(), "who is asked")
        self._compared.requests_of(COORDINATOR)
        self._count()

    def send_waves(self) -> None:
        """The job that asks runs: each wave that it sent was allowed, and none is overdue."""
        self._write("job", "send-waves")
        done = self._troupe.town.run("send-waves")
        waves = [self._compared.newly_asked(wish) for wish in self.world.wishes if wish.state == "open"]
        waves = [wave for wave in waves if wave.people]
        self._compared.equal(done["asked"], sum(len(wave.people) for wave in waves), "how many were asked")
        if not in_some_order(self.world, waves):
            self._compared.fail(f"not allowed: {[(wave.wish.number, sorted(wave.people)) for wave in waves]}")
        for wish in self.world.wishes:
            self._require_asked(wish)
        self._compared.requests_of(COORDINATOR)
        self._count()

    def deliver(self) -> None:
        """What is due is pushed; nothing about anybody is in it, and no state changes."""
        self._write("job", "deliver-pushes")
        before = len(self._troupe.town.sent())
        self._troupe.town.deliver()
        for push in self._troupe.town.sent()[before:]:
            self._compared.holds_no_secrets(str(push), self.world.wishes, "a push")
        self._compared.requests_of(COORDINATOR)
        self._count()

    def require_sound(self) -> None:
        """What must always be true of the database, and that nobody was given too much."""
        require_sound(self._troupe.town.wiring)
        for wish in self.world.wishes:
            if len(wish.tasks_in("active", "done")) > wish.people_needed:
                self._compared.fail(f"too many help with {wish.number}")

    def _marks_of(self, attempt: Attempt, refusal: Refusal) -> Iterator[Mark]:
        yield ("operation", attempt.action, refusal.code)
        yield from marks_of(self.world, attempt, refusal)

    def _worked(self, attempt: Attempt, reply: Reply) -> None:
        self._compared.equal(reply.status_code, STATUSES.get(attempt.action, 200), "the status", reply)
        if attempt.action == "ask":
            attempt = self._posted(attempt, reply)
        asks = carry_out(self.world, attempt) or attempt.action == "ask"
        self._compared.answered(attempt, reply)
        if attempt.action in CHANGES_NO_REQUEST:
            return
        if attempt.action not in SHOWS_REQUEST or self.steps % LOOKS_EVERY == 0:
            self._compared.requests_of(COORDINATOR)
        if attempt.action not in ASKS_NOBODY:
            self._compare_asking(attempt.about, asks=asks)

    def _posted(self, attempt: Attempt, reply: Reply) -> Attempt:
        told = attempt.changed
        wish = Wish(requester=attempt.who, created_at=self.world.now, id=reply.json["id"], **told)
        post(self.world, wish)
        return Attempt("ask", attempt.who, wish)

    def _compare_asking(self, wish: Wish, *, asks: bool) -> None:
        """A wave that is due at once was sent, to whom it may be; else nobody is asked, and nobody is asked no more."""
        wave = self._compared.newly_asked(wish)
        if not asks:
            self._compared.equal(wave.people, frozenset(), f"who is asked for {wish.number}")
            return
        if not is_allowed(self.world, wave):
            self._compared.fail(f"{sorted(wave.people)} are asked, of {sorted(group_to_ask(self.world, wish))}")
        adopt(self.world, wave)

    def _require_asked(self, wish: Wish) -> None:
        """Nobody whom this run of the job should have asked is left."""
        overdue = self.world.now - wish.looked_at >= LONGEST_PAUSE
        if overdue and (group := group_to_ask(self.world, wish)):
            self._compared.fail(f"nobody was asked for {wish.number}, although {sorted(group)} could be")
        wish.looked_at = self.world.now

    def _guard_secrets(self, attempt: Attempt, reply: Reply) -> None:
        """No address, note or phone for anybody but its owner and whoever may have the contact just now."""
        allowed = {wish.number for wish in self.world.wishes if wish.requester == attempt.who}
        if attempt.action == "contact" and refusal_of(self.world, attempt) is None:
            allowed.add(attempt.about.number)
        foreign = [wish for wish in self.world.wishes if wish.number not in allowed]
        self._compared.holds_no_secrets(reply.text, foreign, f"what {attempt.who} is answered")

    def _count(self, how_far: timedelta = A_MOMENT) -> None:
        """One step is done. Time moves on, so that no two things happen at the same instant."""
        self._coverage.reached(self.world.marks)
        self._coverage.steps += 1
        self.steps += 1
        self.world.marks.clear()
        self.world.now += how_far
        self._troupe.town.clock.set(self.world.now)

    def _write(self, *what: str) -> None:
        self._diary.append(f"{self.world.now.isoformat()}  {' '.join(what)}")
