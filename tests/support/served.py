"""Towns beside which the product runs as real processes, on the machine's clock."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar

from api.identity import session_answer
from models import Person
from nachbarschaft.context import Actor, Context
from nachbarschaft.passwords import hash_password
from nachbarschaft.services.accounts import Newcomer, sign_up
from nachbarschaft.services.devices import Installation, register_device
from nachbarschaft.services.offers import Offering, make_offer
from nachbarschaft.services.preferences import set_preferences
from nachbarschaft.services.sessions import begin_session
from tests.support.over_http import TownOverHttp
from tests.support.town import BLUMENTHAL, PASSWORD, Neighbour, Town

T = TypeVar("T")
ALWAYS = {"quiet_from": None, "quiet_until": None, "pushes_per_day": 100, "asks_per_week": 100}
"""Preferences of somebody who may be asked at any hour: these towns live on the machine's clock."""
_numbers = count(1)


class LiveTown(Town):
    """A town on the machine's clock, for real processes beside it. Its own people still call inside this process.

    Many move in at once through the use cases and share one password's hash, for each hash takes a tenth of a
    second on purpose.
    """

    def __init__(self, database_url: str, folder: Path) -> None:
        super().__init__(database_url, folder, now=datetime.now(UTC))

    def residents(self, how_many: int) -> list[Neighbour]:
        """People of Blumenthal who may be asked at any hour."""
        with self.wiring.writing(datetime.now(UTC)) as context:
            people = [_move_in(context) for _ in range(how_many)]
            return [self._signed_in(context, person) for person in people]

    def volunteers(self, how_many: int, *, phones: int = 1) -> list[Neighbour]:
        """The same with an offer to shop, and so many phones each."""
        people = self.residents(how_many)
        with self.wiring.writing(datetime.now(UTC)) as context:
            for person in people:
                _help_out(replace(context, actor=Actor(person.uuid)), phones)
        return people

    def another_device(self, neighbour: Neighbour) -> Neighbour:
        """The same person, signed in once more."""
        with self.wiring.writing(datetime.now(UTC)) as context:
            return self._signed_in(context, context.session.get_one(Person, neighbour.uuid))

    def _signed_in(self, context: Context, person: Person) -> Neighbour:
        grant = begin_session(context, person)
        with self.app.app_context():
            session = session_answer(self.app, grant)
        return Neighbour(self, {"id": str(person.id)}, session, person.email or "")


class ServedTown(LiveTown, TownOverHttp):
    """The same for people who reach the API on `port` over HTTP."""

    def __init__(self, database_url: str, folder: Path, port: int) -> None:
        TownOverHttp.__init__(self, database_url, folder, port, now=datetime.now(UTC))


def asking(town: Town, **more: Any) -> dict[str, Any]:
    """The body of a request that volunteers of these towns can help with."""
    window = {"needed_from": town.in_hours(1), "needed_until": town.in_hours(9)}
    place = BLUMENTHAL | {"address": "Wilhelmstraße 5, 44649 Herne"}
    return {"category": "shopping", **window, "place": place, **more}


def at_once(calls: Iterable[Callable[[], T]]) -> list[T]:
    """Makes all calls at the same instant, each in a thread of its own; their results in the same order."""
    waiting = list(calls)
    start = Barrier(len(waiting))

    def run(call: Callable[[], T]) -> T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(waiting)) as pool:
        return list(pool.map(run, waiting))


def _move_in(context: Context) -> Person:
    number = next(_numbers)
    newcomer = Newcomer(f"resident{number}@example.org", _password_hash(), f"Resident {number}", "blumenthal", "de")
    person = sign_up(context, newcomer)
    set_preferences(replace(context, actor=Actor(person.id)), dict(ALWAYS))
    return person


def _help_out(context: Context, phones: int) -> None:
    make_offer(context, Offering(["shopping"], ["de"], [], "quarter", tasks_per_week=50, adult=True))
    for number in range(phones):
        address = f"address-{context.me.person_id}-{number}"
        register_device(context, Installation(f"installation-{number}", address, "token", "android", "de", "1.0.0"))


@cache
def _password_hash() -> str:
    return hash_password(PASSWORD)
