"""Letting stale requests expire, beside batches of raw SQL that only change the state."""

import time
from collections.abc import Callable, Sequence
from random import Random

from sqlalchemy import func, select

from jobs.expire_requests import expire_requests
from models import HelpRequest
from models.lifecycle import RequestState
from nachbarschaft.bootstrap import Wiring
from tests.benchmarks.bench import SEED, Bench, refresh_statistics, require
from tests.benchmarks.crowd import Crowd, Place, Row
from tests.benchmarks.figures import ROWS, Figure
from tests.benchmarks.help_requests import post_requests, stale
from tests.benchmarks.raw import Raw
from tests.benchmarks.rounds import Pair, Sample, take_turns
from tests.support.town import NOON

SIZE, QUICK_SIZE = 300, 24
"""Requests that have run out in one turn; two volunteers were asked for each."""
BATCH = 5000
MEANS = (
    "expire-requests: each in a transaction of its own, with the audit trail, the requester's push and the end of two "
    "invitations. Baseline: raw UPDATEs of 5,000 at a time that only change the state."
)

_EXPIRE = """
    UPDATE help_request
    SET state = 'expired', state_before = 'open', closed_at = :now, next_wave_at = NULL, version = version + 1
    WHERE id IN (
        SELECT id FROM help_request
        WHERE state = 'open' AND expires_at <= :now AND warned_at < expires_at AND NOT EXISTS (
            SELECT 1 FROM assignment WHERE request_id = help_request.id AND assignment.state = 'active')
        ORDER BY expires_at LIMIT :batch FOR UPDATE SKIP LOCKED)
"""


def expire_stale_requests(bench: Bench) -> list[Figure]:
    return [*_expired_on(bench, "postgresql"), *_expired_on(bench, "sqlite")]


def _expired_on(bench: Bench, system: str) -> list[Figure]:
    chance = Random(SEED)
    with bench.wired(system, NOON) as wiring, Raw(wiring.settings.database_url) as raw:
        with wiring.database.engine.begin() as connection:
            crowd = Crowd(connection, chance, NOON)
            place = crowd.quarters(1)[0]
            volunteers = crowd.residents([place], 50)
            crowd.phones(volunteers)

        def turn(act: Callable[[], object]) -> Sample:
            _post_stale(wiring, place, volunteers, chance, bench.size)
            return _expired(wiring, bench.size, act)

        bench.say(f"on {system}, {bench.size} requests in a turn")
        pair = Pair(lambda: turn(lambda: expire_requests(wiring, NOON)), lambda: turn(lambda: _raw_expire(raw)))
        return take_turns(pair, bench.rounds, bench.say).figures("expire", system, MEANS)


def _post_stale(wiring: Wiring, place: Place, volunteers: Sequence[Row], chance: Random, how_many: int) -> None:
    with wiring.database.engine.begin() as connection:
        crowd = Crowd(connection, chance, NOON)
        requesters = crowd.residents([place], how_many)
        crowd.phones(requesters)
        requests = post_requests(crowd, requesters, **stale(crowd))
        crowd.invitations((request, person) for request in requests for person in chance.sample(volunteers, 2))
    refresh_statistics(wiring.database)


def _raw_expire(raw: Raw) -> None:
    while raw.change(_EXPIRE, now=NOON, batch=BATCH):
        pass


def _expired(wiring: Wiring, how_many: int, act: Callable[[], object]) -> Sample:
    before = _count_expired(wiring)
    begun = time.perf_counter()
    act()
    seconds = time.perf_counter() - begun
    expired = _count_expired(wiring) - before
    require(expired == how_many, f"{expired} of {how_many} requests expired")
    return {ROWS: how_many / seconds}


def _count_expired(wiring: Wiring) -> int:
    with wiring.reading() as context:
        query = select(func.count()).select_from(HelpRequest).where(HelpRequest.state == RequestState.EXPIRED)
        return context.session.scalar(query) or 0
