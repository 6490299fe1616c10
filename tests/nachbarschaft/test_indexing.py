"""The rows by which requests find offers say what the offers and their people say, whatever was changed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from models import Offer, OfferCategory, Person
from models.offer import found_by
from nachbarschaft.categories import CATEGORIES
from tests.api.staff import coordinator
from tests.support.town import BLUMENTHAL, Neighbour, Town

ELSEWHERE = {"lat": 51.5459, "lon": 7.2221}
COLUMNS = [column.name for column in OfferCategory.__table__.columns]


@dataclass
class Life:
    """A volunteer to whom something happens; `said_yes` is what follows from it."""

    town: Town
    volunteer: Neighbour
    boss: Neighbour
    chance: Random
    said_yes: set[UUID] = field(default_factory=set)

    def happen(self) -> str:
        moves: list[Callable[[], Any]] = [
            self.offer,
            self.change,
            self.take_back,
            self.speak,
            self.move,
            self.be_seen,
            self.help,
        ]
        move = self.chance.choice(moves)
        move()
        return move.__name__

    def offer(self) -> None:
        if len(self._offers()) < 4:
            self.volunteer.offer(**self._what())

    def change(self) -> None:
        for offer in self._offers()[:1]:
            some = dict(self.chance.sample(sorted(self._what().items()), 2))
            path = f"/v1/offers/{offer['id']}"
            answer = self.volunteer.patch(path, some, If_Match=self.volunteer.get(path).headers["ETag"])
            assert answer.status_code == 200, answer.text

    def take_back(self) -> None:
        if len(self._offers()) > 1:
            assert self.volunteer.delete(f"/v1/offers/{self._offers()[0]['id']}").status_code == 204

    def speak(self) -> None:
        self._tell({"language": self.chance.choice(["de", "tr", "uk"])})

    def move(self) -> None:
        self._tell({"home": self.chance.choice([BLUMENTHAL, ELSEWHERE]) | {"address": "Hauptstraße 1"}})

    def be_seen(self) -> None:
        """A coordinator may, while they live in Blumenthal."""
        path = f"/v1/quarters/blumenthal/members/{self.volunteer.id}/verify"
        self.boss.post(path, {"level": self.chance.choice(["known", "new"]), "seen_on": "2026-06-09"})

    def help(self) -> None:
        """Somebody is asked where they fit, and says yes."""
        request = self.town.neighbour().ask(category=self.chance.choice(["shopping", "visit"]), urgent=True)
        asked = [each for each in self.volunteer.invitations() if each["request"]["id"] == request["id"]]
        if self.volunteer.act(request, "accept").status_code == 201 and asked:
            self.said_yes.add(self.volunteer.uuid)

    def _tell(self, changes: dict[str, Any]) -> None:
        answer = self.volunteer.patch("/v1/me", changes, If_Match="*")
        assert answer.status_code == 200, answer.text

    def _offers(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.volunteer.get("/v1/offers").json["items"]
        return found

    def _what(self) -> dict[str, Any]:
        chance = self.chance
        return {
            "categories": chance.sample(list(CATEGORIES)[:5], 2),
            "languages": chance.choice([[], ["de"], ["de", "ar"]]),
            "availability": chance.choice([[], [{"weekday": 2, "from": "09:00", "until": "22:00"}]]),
            "reach": chance.choice(["quarter", "neighbours"]),
            "tasks_per_week": 5,
        }


def kept(town: Town) -> list[tuple[Any, ...]]:
    with town.wiring.reading() as context:
        rows = context.session.scalars(select(OfferCategory))
        return sorted(tuple(getattr(row, name) for name in COLUMNS) for row in rows)


def rebuilt(town: Town, said_yes: set[UUID]) -> list[tuple[Any, ...]]:
    with town.wiring.reading() as context:
        query = select(Offer, Person).join(Person, Person.id == Offer.person_id)
        pairs = context.session.execute(query).all()
        rows = [row for offer, person in pairs for row in found_by(offer, person, said_yes=person.id in said_yes)]
        return sorted(tuple(row[name] for name in COLUMNS) for row in rows)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_the_rows_are_what_they_would_be_if_made_anew(town: Town, seed: int) -> None:
    chance = Random(seed)
    life = Life(town, town.volunteer(), coordinator(town), chance)
    for _ in range(25):
        done = life.happen()
        assert kept(town) == rebuilt(town, life.said_yes), done
    assert kept(town)
