"""A few minutes of a quarter in a few seconds: people ask, say yes and no, give back, finish and call off, at once."""

import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from models import Person
from models.lifecycle import Verification
from nachbarschaft.context import Actor, Context
from nachbarschaft.services.devices import Installation, register_device
from nachbarschaft.services.indexing import index_offers
from tests.faults.client import Client
from tests.faults.history import Call, History
from tests.support.fcm import Answer, LoopbackFcm
from tests.support.processes import wait_until
from tests.support.served import ServedTown, asking
from tests.support.town import PASSWORD, Neighbour

REQUESTERS, ACTIVE, PASSIVE = 6, 4, 12
"""People who ask; volunteers who answer; volunteers who never do, but whose phones are reached."""
PHONES = 2
DEAD_EVERY = 4
"""Every fourth phone has an address that Google knows no more."""
ENOUGH_ASKED = 16
"""Requests after which nobody asks any more: Google lets twenty pushes through to a phone at once, and no more."""
NEWCOMERS = 2

Act = Callable[[], object]


class Life:
    """Goes on in threads, one for each active person, from `begin` to `end`. The same seed draws the same lots."""

    def __init__(self, town: ServedTown, fcm: LoopbackFcm, history: History, seed: str) -> None:
        self._town, self._fcm, self._history, self._seed = town, fcm, history, seed
        self._client = Client(town, history)
        self._stop = threading.Event()
        self._allowed = math.inf
        self._board: deque[str] = deque(maxlen=6)
        self._asked = 0
        self._threads: list[threading.Thread] = []
        self.broken: list[BaseException] = []
        *self.requesters, self.aside, self.hoarder = town.residents(REQUESTERS + 2)
        self.volunteers = town.volunteers(ACTIVE + PASSIVE)
        self._settle_in()

    def begin(self, most: float = math.inf) -> None:
        """Goes on until `most` calls have been made, and then rests until it may go on."""
        self._allowed = most
        self._history.began_at = time.time()
        acts = [self._requester(person) for person in self.requesters]
        acts += [self._volunteer(person) for person in self.volunteers[:ACTIVE]]
        pauses = [(0.2, 0.6)] * REQUESTERS + [(0.02, 0.1)] * ACTIVE
        for number, (act, pause) in enumerate(zip(acts, pauses, strict=True)):
            chance = random.Random(f"{self._seed}-{number}")
            self._go(lambda act=act, pause=pause, chance=chance: self._live(act, pause, chance))  # type: ignore[misc]
        self._go(self._move_in)

    def go_on(self, more: int, *, within: float) -> None:
        """Waits until so many more calls have been begun, and lets them be the last ones."""
        self._allowed = len(self._history.calls) + more
        wait_until(lambda: self._is_through() or self.broken, within=within)

    def ask_aside(self) -> UUID:
        """A request that nobody here answers; returns its id."""
        call = self._client.call(self.aside, "ask", "/v1/requests", body=asking(self._town, urgent=True))
        assert call.reply is not None, str(call)
        assert call.succeeded, str(call)
        return UUID(call.reply.json["id"])

    def end(self) -> None:
        """Everybody finishes what they are at. Raises what an act broke on."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self.broken:
            raise self.broken[0]

    def replay(self) -> list[tuple[Call, str]]:
        """Tries every keyed call once more that was answered; returns those whose answer has changed, and how."""
        people = {person.id: person for person in [*self.requesters, self.aside, *self.volunteers]}
        changed: list[tuple[Call, str]] = []
        for call in self._history.calls:
            if call.key is None or call.action == "contact" or call.reply is None or call.who not in people:
                continue
            if not (call.succeeded or call.reply.status_code == 409):
                continue
            reply = self._client.again(people[call.who], call)
            if (reply.status_code, reply.text) != (call.reply.status_code, call.reply.text):
                changed.append((call, f"{call.reply.status_code} has become {reply.status_code}: {reply.text[:200]}"))
        return changed

    # --- How people live --------------------------------------------------------------------------------------

    def _go(self, run: Act) -> None:
        def guarded() -> None:
            try:
                run()
            except BaseException as error:
                self.broken.append(error)  # raised again by whoever waits for the end

        thread = threading.Thread(target=guarded, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _live(self, act: Callable[[random.Random], object], pause: tuple[float, float], chance: random.Random) -> None:
        while not self._stop.is_set():
            if not self._is_through():
                act(chance)
            self._stop.wait(chance.uniform(*pause))

    def _is_through(self) -> bool:
        return len(self._history.calls) >= self._allowed

    def _requester(self, me: Neighbour) -> Callable[[random.Random], object]:
        open_ones: deque[str] = deque()

        def ask(chance: random.Random) -> None:
            if self._asked >= ENOUGH_ASKED:
                return
            needed = chance.choice([1, 1, 2])
            call = self._client.call(
                me, "ask", "/v1/requests", body=asking(self._town, urgent=True, people_needed=needed)
            )
            if call.succeeded and call.reply is not None:
                self._asked += 1
                open_ones.append(call.reply.json["id"])
                self._board.append(call.reply.json["id"])
            elif len(open_ones) > 2:
                self._act(me, open_ones.popleft(), "cancel")

        def act(chance: random.Random) -> None:
            lot = chance.random()
            if lot < 0.55 or not open_ones:
                ask(chance)
            elif lot < 0.7:
                self._act(me, open_ones.popleft(), "cancel")
            elif lot < 0.9:
                self._act(me, open_ones[0], "done")
            else:
                self._change_address(me, chance)

        return act

    def _volunteer(self, me: Neighbour) -> Callable[[random.Random], object]:
        mine: deque[str] = deque()

        def accept(chance: random.Random) -> None:
            call = self._act(me, chance.choice(list(self._board)), "accept")
            if call.succeeded:
                mine.append(str(call.about))

        def act(chance: random.Random) -> None:
            lot = chance.random()
            if not self._board:
                return
            if lot < 0.4 or (lot >= 0.65 and not mine):
                accept(chance)
            elif lot < 0.55:
                self._act(me, chance.choice(list(self._board)), "decline")
            elif lot < 0.65:
                self._act(me, chance.choice(list(self._board)), "standby")
            elif lot < 0.8:
                self._look(me, mine[-1])
            elif lot < 0.9:
                self._act(me, mine.popleft(), "withdraw")
            else:
                self._act(me, mine.popleft(), "done")

        return act

    def _act(self, who: Neighbour, request: str, action: str) -> Call:
        return self._client.call(who, action, f"/v1/requests/{request}/{action}", about=request)

    def _look(self, who: Neighbour, request: str) -> None:
        self._client.call(who, "contact", f"/v1/requests/{request}/contact", about=request)

    def _move_in(self) -> None:
        """Newcomers sign up, tell their phone's address, and offer help; from then on they may be asked."""
        for number in range(NEWCOMERS):
            if self._stop.wait(0.3):
                return
            self._newcomer(f"newcomer-{self._seed}-{number}")

    def _newcomer(self, name: str) -> None:
        email = f"{name}@example.org"
        body = {"email": email, "password": PASSWORD, "name": name, "quarter": "blumenthal", "language": "de"}
        call = self._client.strange("sign_up", "/v1/auth/sign-up", body)
        if call.broken_tries and not call.succeeded:
            # The answer was lost and not the effect: the app finds the login taken, and signs in.
            call = self._client.strange("sign_in", "/v1/auth/sign-in", {"login": email, "password": PASSWORD})
        if not call.succeeded or call.reply is None:
            return
        me = Neighbour(self._town, call.reply.json["person"], call.reply.json["session"], email)
        self._client.put(me, "preferences", "/v1/me/preferences", _ALWAYS)
        self._register(me, "installation-0", f"address-{me.id}-0")
        self._client.call(me, "offer", "/v1/offers", body=_OFFER)

    # --- Phones -----------------------------------------------------------------------------------------------

    def _settle_in(self) -> None:
        """Everybody has phones, some of them dead, and the volunteers have been seen by a coordinator."""
        people = [*self.requesters, *self.volunteers]
        with self._town.wiring.writing(datetime.now(UTC)) as context:
            for person in people:
                self._give_phones(replace(context, actor=Actor(person.uuid)), people.index(person))
            for person in self.volunteers:
                found = context.session.get_one(Person, person.uuid)
                found.verification = Verification.KNOWN
                index_offers(context, found)

    def _give_phones(self, context: Context, number: int) -> None:
        person = str(context.me.person_id)
        for phone in range(PHONES):
            is_dead = (number * PHONES + phone) % DEAD_EVERY == 1
            installation, address = f"installation-{phone}", f"address-{person}-{phone}"
            register_device(context, Installation(installation, address, "token", "android", "de", "1.0.0"))
            self._history.told_address(person, installation, address, is_dead=is_dead)
            if is_dead:
                self._fcm.behave(address, Answer(404, code="UNREGISTERED"))

    def _change_address(self, who: Neighbour, chance: random.Random) -> None:
        phone = chance.randrange(PHONES)
        self._register(who, f"installation-{phone}", f"address-{who.id}-{phone}-{time.time_ns()}")

    def _register(self, who: Neighbour, installation: str, address: str) -> None:
        self._history.told_address(who.id, installation, address)
        body = {"address": address, "kind": "token", "platform": "android", "language": "de", "app_version": "1.0.0"}
        self._client.put(who, "device", f"/v1/me/devices/{installation}", body)


_ALWAYS: dict[str, Any] = {
    "quiet_from": None,
    "quiet_until": None,
    "urgent_at_night": True,
    "pushes_per_day": 100,
    "asks_per_week": 100,
    "paused_until": None,
    "channels": {},
}
_OFFER: dict[str, Any] = {
    "categories": ["shopping"],
    "languages": ["de"],
    "availability": [],
    "reach": "quarter",
    "tasks_per_week": 50,
    "adult": True,
}
