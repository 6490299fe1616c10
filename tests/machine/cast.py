"""The people of the machine's town: signed up once in each process, and put back before each example."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from models.base import Base
from nachbarschaft.services.people import Appointment, appoint
from tests.api.states import appointed
from tests.machine.model import Character
from tests.support.town import NOON, PASSWORD, Neighbour, Town

HERE, NEXT, ELSEWHERE = "funkenbergquartier", "forellquartier", "blumenthal"
"""Everything happens in the first; the second adjoins it, the third does not."""
CENTER = {"lat": 51.54647874037403, "lon": 7.2223456650426945}
NEXT_CENTER = {"lat": 51.55269788881152, "lon": 7.221787079851439}
FAR_AWAY = {"lat": 51.5302, "lon": 7.1561}
"""Almost five kilometres from where everything happens: too far to be asked, near enough to accept."""
YOUNG_ENOUGH = 600.0
"""Seconds; after 15 minutes the access tokens end."""
_TABLES: Sequence[Table] = Base.metadata.sorted_tables
_SHOPPING = frozenset({"shopping"})
_BOTH = frozenset({"shopping", "household"})

CAST = {
    person.name: person
    for person in (
        Character("cora", appointed=True),
        Character("conny", appointed=True, second_factor=False),
        Character("rosa"),
        Character("rita", protected=True),
        Character("viola", offers=_BOTH, known=True, sleeps=False, asks_per_week=100, has_phone=True),
        Character("vera", offers=_BOTH, asks_per_week=100),
        Character("victor", offers=_SHOPPING, has_phone=True),
        Character("veit", offers=_SHOPPING, tasks_per_week=2, urgent_at_night=True, wants_asks=False),
        Character("nora", lives_here=False, offers=_BOTH, known=True, neighbours=True, asks_per_week=100),
        Character(
            "nico", lives_here=False, offers=_SHOPPING, neighbours=True, near=False, has_phone=True, wants_asks=False
        ),
        Character("nele", lives_here=False, offers=_SHOPPING),
        Character("carl", lives_here=False),
    )
}
"""Coordinators first, for they verify; then residents, volunteers of this quarter and of the next, and a stranger."""
COORDINATOR = "cora"


class Troupe:
    """The cast in one town, and every row that its database held once all had signed up."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.people = {name: self._signed_up(person) for name, person in CAST.items()}
        self.names = {neighbour.id: name for name, neighbour in self.people.items()}
        self.offers = {name: self._offer_of(name) for name, person in CAST.items() if person.offers}
        self._verify()
        self._made_at = time.monotonic()
        with town.wiring.database.engine.connect() as connection:
            self._rows = {table: _rows_of(connection, table) for table in _TABLES}

    @property
    def is_fresh(self) -> bool:
        """Whether the access tokens still hold."""
        return time.monotonic() - self._made_at < YOUNG_ENOUGH

    def put_back(self) -> None:
        """Clock, database and recorded pushes are as they were before anybody did anything."""
        self.town.pushes.unlink(missing_ok=True)
        self.town.clock.set(NOON)
        with self.town.wiring.database.writing() as session:
            for table in reversed(_TABLES):
                session.execute(table.delete())
            for table in _TABLES:
                if self._rows[table]:
                    session.execute(insert(table), self._rows[table])

    def _signed_up(self, person: Character) -> Neighbour:
        if person.appointed and not person.second_factor:
            return self._appointed_in_haste(person)
        if person.appointed or person.name == "carl":
            return appointed(self.town, HERE if person.appointed else ELSEWHERE)
        made = self.town.neighbour(person.name, HERE if person.lives_here else NEXT)
        if person.offers:
            self._volunteers(made, person)
        if person.protected:
            self.town.change_person(made, protected_address=True)
        return made

    def _appointed_in_haste(self, person: Character) -> Neighbour:
        """A coordinator who has not set up a second factor yet."""
        email = f"{person.name}@example.org"
        with self.town.wiring.writing() as context:
            _person, code = appoint(context, Appointment(email, person.name, HERE, [HERE], is_admin=False))
        reply = self.town.call("POST", "/v1/auth/codes/redeem", {"code": code, "password": PASSWORD})
        assert reply.status_code == 200, reply.text
        return Neighbour(self.town, reply.json["person"], reply.json["session"], email)

    def _volunteers(self, made: Neighbour, person: Character) -> None:
        made.offer(
            categories=sorted(person.offers),
            reach="neighbours" if person.neighbours else "quarter",
            tasks_per_week=person.tasks_per_week,
            place=CENTER if person.lives_here else NEXT_CENTER if person.near else FAR_AWAY,
        )
        habits: dict[str, Any] = {
            "quiet_from": "22:00" if person.sleeps else None,
            "quiet_until": "07:00" if person.sleeps else None,
            "urgent_at_night": person.urgent_at_night,
            "asks_per_week": person.asks_per_week,
            "pushes_per_day": 100,
            "channels": {} if person.wants_asks else {"asked": []},
        }
        answer = made.put("/v1/me/preferences", habits)
        assert answer.status_code == 200, answer.text
        if person.has_phone:
            made.register_phone()

    def _offer_of(self, name: str) -> str:
        answer = self.people[name].get("/v1/offers")
        assert answer.status_code == 200, answer.text
        return str(answer.json["items"][0]["id"])

    def _verify(self) -> None:
        """The coordinator has seen the IDs of those who are known; who lives next door belongs to another one."""
        seen: dict[str, Any] = {"level": "known", "seen_on": NOON.date().isoformat()}
        for person in CAST.values():
            if person.known and person.lives_here:
                path = f"/v1/quarters/{HERE}/members/{self.people[person.name].id}/verify"
                answer = self.people[COORDINATOR].post(path, seen)
                assert answer.status_code == 204, answer.text
            elif person.known:
                self.town.change_person(self.people[person.name], verification="known")


def _rows_of(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """In the order of their keys, which is that of time: whoever verified somebody stands before them."""
    return [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
