"""Sending what is due, beside the two raw statements that claim a batch and mark it as sent."""

import gc
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random

from sqlalchemy import func, select

from jobs.courier import Courier
from jobs.delivery import drain
from models import Delivery, Notification
from models.lifecycle import DeliveryState
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.recording import RecordingGateway
from nachbarschaft.services.pushing import PushLine
from tests.benchmarks.bench import SEED, Bench, refresh_statistics, require
from tests.benchmarks.crowd import Crowd, Place, Row
from tests.benchmarks.figures import ROWS, Figure
from tests.benchmarks.help_requests import post_requests
from tests.benchmarks.raw import Raw
from tests.benchmarks.rounds import Pair, Sample, take_turns
from tests.support.town import NOON

SIZE, QUICK_SIZE = 300, 32
"""Pushes due in one turn; each asks somebody else, two for each request."""
BATCH = 500
MEANS = (
    "deliver-pushes, run by hand: claims, looks once more whether each ask is still true and allowed, writes it to the "
    "recording gateway, settles it. Baseline: two raw statements a batch, claim (SKIP LOCKED) and mark as sent."
)

_CLAIM = """
    UPDATE delivery SET state = 'leased', attempt = attempt + 1, lease_until = :lease
    WHERE id IN (SELECT id FROM delivery
                 WHERE state IN ('pending', 'leased') AND lease_until IS NULL AND due_at <= :now
                 ORDER BY due_at, id LIMIT :batch FOR UPDATE SKIP LOCKED)
    RETURNING id
"""
_MARK = "UPDATE delivery SET state = 'sent', outcome = 'sent', settled_at = :now, lease_until = NULL WHERE "


def drain_pushes(bench: Bench) -> list[Figure]:
    return [*_drained_on(bench, "postgresql"), *_drained_on(bench, "sqlite")]


def _drained_on(bench: Bench, system: str) -> list[Figure]:
    chance = Random(SEED)
    with bench.wired(system, NOON) as wiring, Raw(wiring.settings.database_url) as raw:
        with wiring.database.engine.begin() as connection:
            place = Crowd(connection, chance, NOON).quarters(1)[0]

        def turn(act: Callable[[], None]) -> Sample:
            owe_asks(wiring, place, chance, bench.size)
            return _sent(wiring, bench.size, act)

        bench.say(f"on {system}, {bench.size} pushes in a turn")
        pair = Pair(
            lambda: turn(lambda: _drain(wiring, bench.folder / "pushes.jsonl")), lambda: turn(lambda: raw_drain(raw))
        )
        return take_turns(pair, bench.rounds, bench.say).figures("drain", system, MEANS)


def owe_asks(wiring: Wiring, place: Place, chance: Random, how_many: int) -> None:
    """Asks so many volunteers, who all have a phone and have not heard it ring today."""
    with wiring.database.engine.begin() as connection:
        crowd = Crowd(connection, chance, NOON)
        volunteers = crowd.residents([place], how_many)
        phones = crowd.phones(volunteers)
        crowd.offers(volunteers, categories=["shopping"], availability=[])
        requests = post_requests(crowd, crowd.residents([place], (how_many + 1) // 2), category="shopping")
        asked = [(requests[number // 2], volunteer) for number, volunteer in enumerate(volunteers)]
        crowd.invitations(asked)
        notices = [_notice(crowd, request, volunteer) for request, volunteer in asked]
        crowd.write(Notification, notices)
        crowd.write(Delivery, [_due(crowd, *pair) for pair in zip(notices, phones, strict=True)])
    refresh_statistics(wiring.database)


def _notice(crowd: Crowd, request: Row, volunteer: Row) -> Row:
    return {
        "id": crowd.key(),
        "person_id": volunteer["id"],
        "request_id": request["id"],
        "kind": "asked",
        "topic": "asked",
        "created_at": NOON,
        "expires_at": request["expires_at"],
    }


def _due(crowd: Crowd, notice: Row, phone: Row) -> Row:
    return {"id": crowd.key(), "notification_id": notice["id"], "device_id": phone["id"], "due_at": NOON}


def _drain(wiring: Wiring, pushes: Path) -> None:
    courier = Courier(wiring, PushLine(RecordingGateway(pushes)))
    try:
        drain(courier, NOON)
    finally:
        courier.close()


def raw_drain(raw: Raw) -> None:
    mark = _MARK + raw.among("id", "ids")
    while claimed := raw.rows(_CLAIM, now=NOON, lease=NOON + timedelta(seconds=60), batch=BATCH):
        raw.change(mark, now=NOON, ids=[row[0] for row in claimed])


def _sent(wiring: Wiring, how_many: int, act: Callable[[], None]) -> Sample:
    before = count_sent(wiring)
    gc.collect()  # what was left of owing them is not paid for by sending them
    begun = time.perf_counter()
    act()
    seconds = time.perf_counter() - begun
    sent = count_sent(wiring) - before
    require(sent == how_many, f"{sent} of {how_many} pushes were sent")
    return {ROWS: how_many / seconds}


def count_sent(wiring: Wiring) -> int:
    with wiring.reading() as context:
        query = select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.SENT)
        return context.session.scalar(query) or 0
