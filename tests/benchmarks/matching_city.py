"""A city of offers with a past, and the requests that are to be matched in it."""

from collections.abc import Sequence
from datetime import timedelta
from math import ceil
from random import Random
from typing import Any
from uuid import UUID

from models import Assignment, Preferences
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.queries.channels import DEFAULT_CHANNELS
from tests.benchmarks.bench import refresh_statistics
from tests.benchmarks.crowd import Crowd, Row
from tests.benchmarks.help_requests import over, post_requests
from tests.benchmarks.normalised import normalise
from tests.benchmarks.raw import Raw
from tests.support.town import NOON

REQUESTS, FEWEST_REQUESTS = 40, 8
"""One for every 25 offers, within these bounds."""
OFFERS_PER_QUARTER = 400
ASKS_EACH = 3
DAYS_AGO = (8, 80)
"""When they were asked: long enough ago that no weekly limit binds, lately enough to count for fairness."""


def write_matching_city(wiring: Wiring, raw: Raw, size: int, chance: Random, quarters: int | None = None) -> list[UUID]:
    """So many offers, each volunteer with a past; returns the requests. Every fifth volunteer has no phone.

    Without `quarters` the city has so many that each has some 400 offers.
    """
    with wiring.database.engine.begin() as connection:
        crowd = Crowd(connection, chance, NOON)
        places = crowd.quarters(quarters or max(size // OFFERS_PER_QUARTER, 4))
        volunteers = crowd.residents(places, size)
        requesters = crowd.residents(places, max(REQUESTS, size // 20))
        helped = _remember(crowd, volunteers, requesters)
        offers = crowd.offers(volunteers, said_yes=helped)
        crowd.phones(person for person in volunteers if chance.random() < 0.8)
        _prefer(crowd, volunteers)
        needs = min(max(FEWEST_REQUESTS, ceil(size / 25)), REQUESTS)
        requests = _need(crowd, requesters[:needs])
    normalise(raw, offers)
    refresh_statistics(wiring.database)
    return requests


def _prefer(crowd: Crowd, volunteers: Sequence[Row]) -> None:
    """Half have said when they want to be told; the others have the defaults without a row."""
    same: Row = {
        "quiet_from": "21:00",
        "quiet_until": "08:00",
        "urgent_at_night": False,
        "pushes_per_day": 5,
        "asks_per_week": 4,
        "channels": DEFAULT_CHANNELS,
    }
    crowd.write(Preferences, [same | {"person_id": person["id"]} for person in volunteers[::2]])


def _remember(crowd: Crowd, volunteers: Sequence[Row], requesters: Sequence[Row]) -> set[UUID]:
    """Everybody has been asked a few times for what is over by now, and every sixth time somebody went: these."""
    past = post_requests(crowd, requesters, **over(crowd))
    asks = [(request, person) for person in volunteers for request in crowd.chance.sample(past, ASKS_EACH)]
    crowd.chance.shuffle(asks)
    said_yes, said_nothing = asks[::6], [ask for number, ask in enumerate(asks) if number % 6]
    crowd.invitations(said_yes, state="accepted", asked_at=_long_ago(crowd))
    crowd.invitations(said_nothing, state="lapsed", asked_at=_long_ago(crowd))
    crowd.write(Assignment, [_done(crowd, *ask) for ask in said_yes])
    return {person["id"] for _, person in said_yes}


def _need(crowd: Crowd, requesters: Sequence[Row]) -> list[UUID]:
    """Some of them speak no German; some need somebody at once, others tomorrow."""
    spoken: list[dict[str, Any]] = [{"languages": []}, {"languages": ["de"]}, {"languages": ["tr", "ar"]}]
    rows = [row for number in range(3) for row in post_requests(crowd, requesters[number::3], **spoken[number])]
    return [row["id"] for row in rows]


def _long_ago(crowd: Crowd) -> Any:
    return crowd.now - timedelta(days=crowd.chance.randint(*DAYS_AGO))


def _done(crowd: Crowd, request: Row, person: Row) -> Row:
    accepted_at = _long_ago(crowd)
    return {
        "id": crowd.key(),
        "request_id": request["id"],
        "person_id": person["id"],
        "state": "done",
        "accepted_at": accepted_at,
        "ended_at": accepted_at + timedelta(hours=3),
    }
