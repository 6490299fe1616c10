"""The outbox by itself, nothing sent: claiming a batch and settling it, beside the two raw statements of that."""

import gc
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from random import Random

from models import Delivery, Notification
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.sending import Outcome, SendResult
from nachbarschaft.services.outgoing import Claim, Settlement, claim_due, settle_all
from tests.benchmarks.bench import SEED, Bench, refresh_statistics, require
from tests.benchmarks.crowd import Crowd, Row
from tests.benchmarks.draining import BATCH, count_sent, raw_drain
from tests.benchmarks.figures import ROWS, Figure
from tests.benchmarks.raw import Raw
from tests.benchmarks.rounds import Pair, Sample, take_turns
from tests.support.town import NOON

SIZE, QUICK_SIZE = 5_000, 64
"""Pushes due in one turn."""
SENT = SendResult(Outcome.SENT, "sent")
MEANS = (
    f"The outbox by itself: claims {BATCH} pushes at a time under a lease and settles them as sent, if they are still "
    "the claimer's, with the next claim in one transaction. Baseline: the same batches in two raw statements, claim "
    "(SKIP LOCKED) and mark as sent."
)


def claim_and_settle(bench: Bench) -> list[Figure]:
    return [*_claimed_on(bench, "postgresql"), *_claimed_on(bench, "sqlite")]


def _claimed_on(bench: Bench, system: str) -> list[Figure]:
    chance = Random(SEED)
    with bench.wired(system, NOON) as wiring, Raw(wiring.settings.database_url) as raw:
        with wiring.database.engine.begin() as connection:
            crowd = Crowd(connection, chance, NOON)
            [phone] = crowd.phones(crowd.residents(crowd.quarters(1), 1))

        def turn(act: Callable[[], None]) -> Sample:
            _owe(wiring, phone, chance, bench.size)
            return _timed(wiring, bench.size, act)

        bench.say(f"on {system}, {bench.size} pushes in a turn")
        pair = Pair(lambda: turn(lambda: _claim_and_settle(wiring)), lambda: turn(lambda: raw_drain(raw)))
        return take_turns(pair, bench.rounds, bench.say).figures("outbox", system, MEANS)


def _owe(wiring: Wiring, phone: Row, chance: Random, how_many: int) -> None:
    """So many notices for one phone: what they say, and to whom, is nothing that the outbox looks at."""
    with wiring.database.engine.begin() as connection:
        crowd = Crowd(connection, chance, NOON)
        notices = [_notice(crowd, phone["person_id"]) for _ in range(how_many)]
        crowd.write(Notification, notices)
        crowd.write(
            Delivery,
            [
                {"id": crowd.key(), "notification_id": notice["id"], "device_id": phone["id"], "due_at": NOON}
                for notice in notices
            ],
        )
    refresh_statistics(wiring.database)


def _notice(crowd: Crowd, person_id: uuid.UUID) -> Row:
    return {
        "id": crowd.key(),
        "person_id": person_id,
        "kind": "news",
        "topic": "released",
        "created_at": NOON,
        "expires_at": NOON + timedelta(days=3),
    }


def _claim_and_settle(wiring: Wiring) -> None:
    """As a courier does: settles what it had claimed and claims the next in one transaction."""
    claims: list[Claim] = []
    while True:
        with wiring.writing() as context:
            settle_all(context.session, Delivery, [Settlement(claim, SENT) for claim in claims], context.now)
            claims = claim_due(context.session, Delivery, context.now, BATCH)
        if not claims:
            return


def _timed(wiring: Wiring, how_many: int, act: Callable[[], None]) -> Sample:
    before = count_sent(wiring)
    gc.collect()  # what was left of owing them is not paid for by sending them
    begun = time.perf_counter()
    act()
    seconds = time.perf_counter() - begun
    settled = count_sent(wiring) - before
    require(settled == how_many, f"{settled} of {how_many} pushes were settled")
    return {ROWS: how_many / seconds}
