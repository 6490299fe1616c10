"""A Google that is away for hours: what is owed over that time, and a clock that is moved while a courier works."""

from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select

from jobs.courier import Courier
from models import Delivery, Notification, Quarter
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.words.texts import INBOX_TEXTS
from tests.benchmarks.crowd import Crowd, Place, Row
from tests.support.clock import HandClock
from tests.support.fcm import LoopbackFcm, Post


class Watch:
    """Moves the clock, lets the courier do what it may do at each instant, and notes when each POST came."""

    def __init__(self, clock: HandClock, courier: Courier, fcm: LoopbackFcm) -> None:
        self._clock, self._courier, self._fcm = clock, courier, fcm
        self.posts: list[tuple[datetime, Post]] = []

    def go_on(self, until: datetime, step: timedelta) -> None:
        while self._clock.now() < until:
            self._clock.forward(seconds=step.total_seconds())
            while self._courier.turn() is not None:
                pass  # all that was begun at this instant ends at it
            now = self._clock.now()
            self.posts += [(now, post) for post in self._fcm.posts[len(self.posts) :]]


def ends_at(post: Post) -> int:
    """When the push stops making sense, in seconds of the epoch."""
    return int(post.message["apns"]["headers"]["apns-expiration"])


def owe_over_an_outage(wiring: Wiring, chance: Random, how_many: int, outage: timedelta) -> None:
    """One push for each of so many people; every other one stops making sense before the outage ends."""
    with wiring.database.engine.begin() as connection:
        crowd = Crowd(connection, chance, wiring.clock.now())
        anywhere = Place(connection.execute(select(Quarter.id).limit(1)).scalar_one(), 0, 0)
        people = crowd.residents([anywhere], how_many)
        phones = crowd.phones(people)
        notices = [_notice(crowd, person, number, outage) for number, person in enumerate(people)]
        crowd.write(Notification, notices)
        crowd.write(
            Delivery,
            [
                {"id": crowd.key(), "notification_id": notice["id"], "device_id": phone["id"], "due_at": crowd.now}
                for notice, phone in zip(notices, phones, strict=True)
            ],
        )


def _notice(crowd: Crowd, person: Row, number: int, outage: timedelta) -> Row:
    life = outage * (crowd.chance.uniform(0.1, 1.0) if number % 2 else crowd.chance.uniform(1.2, 10.0))
    return {
        "id": crowd.key(),
        "person_id": person["id"],
        "kind": INBOX_TEXTS["released"].kind,
        "topic": "released",
        "created_at": crowd.now,
        "expires_at": crowd.now + life,
    }
