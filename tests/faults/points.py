"""The points at which a process dies: K1 to K12 of the fault list, and where in the code each of them lies."""

import random
from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """Which process dies; each is the operator's command of that name."""

    API = "api"
    WORKER = "worker"
    SCHEDULER = "scheduler"


@dataclass(frozen=True, slots=True)
class Place:
    """One place that belongs to a point; `most` is how often a short life is sure to pass it."""

    name: str
    most: int


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the fault list. Where it can be hit in several places, the seed chooses among them."""

    name: str
    part: Part
    meaning: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Death:
    """How one run's process dies: the `nth` time that it passes `place`; alone or with its whole family."""

    point: Point
    place: Place
    nth: int
    whole: bool

    def __str__(self) -> str:
        who = "all" if self.whole else "one"
        return f"{self.point.name} {self.place.name}, passage {self.nth}, {who} of {self.point.part}"


POINTS = {
    point.name: point
    for point in (
        Point("K1", Part.API, "after BEGIN", (Place("begun", 30),)),
        Point("K2", Part.API, "after the domain write, before the outbox write", (Place("before-outbox", 10),)),
        Point("K3", Part.API, "after the outbox write, before COMMIT", (Place("before-commit", 10),)),
        Point("K4", Part.API, "after COMMIT, before the reply", (Place("committed", 15),)),
        Point(
            "K5",
            Part.API,
            "while storing the idempotency result",
            (Place("before-answer", 12), Place("after-answer", 12)),
        ),
        Point("K6", Part.WORKER, "after the claim", (Place("claimed", 3),)),
        Point(
            "K7",
            Part.WORKER,
            "after connect, before the body is sent",
            (Place("connected", 20), Place("headers-sent", 20)),
        ),
        Point("K8", Part.WORKER, "after the body, before the reply", (Place("body-sent", 20),)),
        Point(
            "K9",
            Part.WORKER,
            "after the reply, before the mark",
            (Place("replied", 20), Place("before-mark", 3)),
        ),
        Point(
            "K10",
            Part.WORKER,
            "while deleting a dead token's device",
            (Place("before-delete", 2), Place("deleted", 2), Place("delete-committed", 2)),
        ),
        Point("K11", Part.SCHEDULER, "after it has noted the run's start", (Place("run-noted", 7),)),
        Point(
            "K12",
            Part.SCHEDULER,
            "half-way through a deletion batch",
            (Place("batch-deleted", 3), Place("batch-committed", 3)),
        ),
    )
}


def death_of(point: Point, seed: int) -> Death:
    """The seed's way to die there: the places in turn, the rest by chance. Only the API has a family to lose."""
    chance = random.Random(f"{point.name}-{seed}")
    place = point.places[seed % len(point.places)]
    return Death(point, place, chance.randint(1, place.most), point.part != Part.API or chance.random() < 0.5)
