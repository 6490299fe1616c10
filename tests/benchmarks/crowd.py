"""A city and its people, invented from a seed and written in bulk: use cases would take minutes for so many."""

import uuid
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, sqrt
from random import Random
from typing import Any

from sqlalchemy import Connection, insert

from models import Base, Device, Invitation, Offer, OfferCategory, Person, Quarter, QuarterNeighbour
from models.offer import found_by
from nachbarschaft.categories import CATEGORIES
from nachbarschaft.geography.cells import cell_of

Row = dict[str, Any]
SOUTH, WEST = 51.50, 7.10
HEIGHT, WIDTH = 0.008, 0.013
"""Degrees, some 900 m each: from one quarter's end to the next one's middle it is near enough to be asked."""
OTHER_LANGUAGES = ("tr", "ar", "uk", "ru", "pl", "ro")


@dataclass(frozen=True, slots=True)
class Place:
    """One quarter of the grid, by its column and row."""

    quarter_id: uuid.UUID
    column: int
    row: int


class Crowd:
    """Invents and writes; the same seed gives the same city, keys included."""

    def __init__(self, connection: Connection, chance: Random, now: datetime) -> None:
        self.connection = connection
        self.chance = chance
        self.now = now

    def key(self) -> uuid.UUID:
        """Random as far as an index can tell, and the same in every run."""
        return uuid.UUID(int=self.chance.getrandbits(128), version=4)

    def write(self, table: type[Base], rows: Sequence[Row]) -> None:
        if rows:
            self.connection.execute(insert(table), rows)

    def quarters(self, how_many: int) -> list[Place]:
        """A grid of square quarters, each adjoining up to four others."""
        side = ceil(sqrt(how_many))
        places = [Place(self.key(), number % side, number // side) for number in range(how_many)]
        self.write(Quarter, [self._quarter(place) for place in places])
        pairs = [(a.quarter_id, b.quarter_id) for a in places for b in places if _adjoin(a, b)]
        self.write(QuarterNeighbour, [{"quarter_id": a, "neighbour_id": b} for a, b in pairs])
        return places

    def residents(self, places: Sequence[Place], how_many: int) -> list[Row]:
        """People without a password, spread evenly over the quarters; nobody here signs in the slow way."""
        rows = [self._person(number, places[number % len(places)]) for number in range(how_many)]
        self.write(Person, rows)
        return rows

    def offers(self, people: Sequence[Row], *, said_yes: Container[uuid.UUID] = (), **same: Any) -> list[Row]:
        """One offer for each of them; `same` is what all of these offers have in common."""
        rows = [self._offer(person) | same for person in people]
        self.write(Offer, rows)
        both = [(Offer(**row), Person(**person)) for row, person in zip(rows, people, strict=True)]
        found = [found_by(offer, person, said_yes=person.id in said_yes) for offer, person in both]
        self.write(OfferCategory, [row for each in found for row in each])
        return rows

    def phones(self, people: Iterable[Row]) -> list[Row]:
        rows = [self._phone(person) for person in people]
        self.write(Device, rows)
        return rows

    def invitations(self, pairs: Iterable[tuple[Row, Row]], **same: Any) -> None:
        """That each of these people was asked for the request beside them."""
        asked = {"state": "asked", "wave": 1, "rank": 1, "points": 1.0, "terms": {}, "asked_at": self.now} | same
        self.write(
            Invitation,
            [
                {"id": self.key(), "request_id": request["id"], "person_id": person["id"], "created_at": self.now}
                | asked
                for request, person in pairs
            ],
        )

    def _quarter(self, place: Place) -> Row:
        south, west = SOUTH + place.row * HEIGHT, WEST + place.column * WIDTH
        north, east = south + HEIGHT, west + WIDTH
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        return {
            "id": place.quarter_id,
            "slug": f"bench-{place.column}-{place.row}",
            "name": f"Quarter {place.column}/{place.row}",
            "timezone": "Europe/Berlin",
            "outline": {"type": "MultiPolygon", "coordinates": [[ring]]},
            "center_lat": (south + north) / 2,
            "center_lon": (west + east) / 2,
            **{"south": south, "west": west, "north": north, "east": east},
            **{"created_at": self.now, "updated_at": self.now},
        }

    def _person(self, number: int, place: Place) -> Row:
        return {
            "id": self.key(),
            "name": f"Resident {number}",
            "language": "de",
            "quarter_id": place.quarter_id,
            "verification": self.chance.choice(["new", "known", "known", "certified"]),
            "created_at": self.now - timedelta(days=100),
            "home_lat": SOUTH + (place.row + self.chance.random()) * HEIGHT,
            "home_lon": WEST + (place.column + self.chance.random()) * WIDTH,
        }

    def _offer(self, person: Row) -> Row:
        other = self.chance.choice(OTHER_LANGUAGES)
        return {
            "id": self.key(),
            "person_id": person["id"],
            "quarter_id": person["quarter_id"],
            "categories": self.chance.sample(list(CATEGORIES), 3),
            "languages": ["de", other] if self.chance.random() < 0.3 else ["de"],
            "availability": self._slots(),
            "reach": self.chance.choice(["quarter", "neighbours"]),
            "tasks_per_week": 3,
            "has_car": False,
            "place_lat": person["home_lat"],
            "place_lon": person["home_lon"],
            "cell": cell_of(person["home_lat"], person["home_lon"]),
            "created_at": self.now - timedelta(days=90),
        }

    def _slots(self) -> list[Row]:
        """A third say nothing of their time; the others have four hours on each of three days."""
        if self.chance.random() < 1 / 3:
            return []
        days, start = sorted(self.chance.sample(range(7), 3)), self.chance.randint(7, 18)
        return [{"weekday": day, "from": f"{start:02}:00", "until": f"{start + 4:02}:00"} for day in days]

    def _phone(self, person: Row) -> Row:
        key = self.key()
        return {
            "id": key,
            "person_id": person["id"],
            "installation": "installation-1",
            "address": f"address-{key}",
            "address_hash": key.hex,
            "kind": "token",
            "platform": "android",
            "language": "de",
            "app_version": "1.0.0",
            "created_at": self.now,
            "seen_at": self.now,
        }


def _adjoin(a: Place, b: Place) -> bool:
    return abs(a.column - b.column) + abs(a.row - b.row) == 1
