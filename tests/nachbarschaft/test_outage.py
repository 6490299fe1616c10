"""Google is down for six hours: few tries are made, and what still makes sense goes out soon after its return."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from jobs.courier import ROUNDS, Courier
from jobs.pacing import FULL_RATE, LONGEST_PAUSE, RAMP_FROM, RAMP_SECONDS
from nachbarschaft.firebase import FirebaseGateway
from nachbarschaft.services.pushing import SENDERS, PushLine
from tests.nachbarschaft.owed import owed
from tests.support.fcm import Answer, LoopbackFcm
from tests.support.outage import Watch, ends_at, owe_over_an_outage
from tests.support.town import NOON, Town

PUSHES = 300
OUTAGE = timedelta(hours=6)
SOON = timedelta(minutes=10)
STEP = timedelta(seconds=5)
SECOND = timedelta(seconds=1)
DOWN = [Answer(503, "UNAVAILABLE"), Answer(cut="unread"), Answer(500, body=b"<!DOCTYPE html>")]


@pytest.fixture
def fcm() -> Iterator[LoopbackFcm]:
    with LoopbackFcm() as made:
        yield made


@pytest.mark.parametrize("down", DOWN, ids=["503", "hangs up", "500"])
def test_after_six_hours_what_still_makes_sense_goes_out_within_ten_minutes(
    small_town: Town, fcm: LoopbackFcm, tmp_path: Path, down: Answer
) -> None:
    owe_over_an_outage(small_town.wiring, Random(1), PUSHES, OUTAGE)
    gateway = FirebaseGateway(fcm.credentials_file(tmp_path), fcm_url=fcm.url, pool_size=SENDERS)
    clock = small_town.clock
    with closing(Courier(small_town.wiring, PushLine(gateway), ticks=lambda: clock.now().timestamp())) as courier:
        watch = Watch(small_town.clock, courier, fcm)
        fcm.behave(None, down)
        back_at = NOON + OUTAGE
        watch.go_on(back_at, STEP)

        # So many as were on their way when it broke down, and then one at a time.
        assert 5 < len(watch.posts) <= ROUNDS * SENDERS + OUTAGE.total_seconds() / (0.8 * LONGEST_PAUSE)
        assert all(push.state in {"pending", "failed", "dropped"} for push in owed(small_town))

        before = len(watch.posts)
        fcm.behave(None)
        watch.go_on(back_at + SOON, SECOND)

    after = watch.posts[before:]
    assert Counter(push.state for push in owed(small_town))["sent"] == PUSHES // 2
    assert len(after) == len({post.address for _, post in after}) == PUSHES // 2
    assert all(now.timestamp() < ends_at(post) for now, post in after)
    assert not [push for push in owed(small_town) if push.state in {"pending", "leased"}]
    _assert_ramped([now for now, _ in after])


def _assert_ramped(instants: list[datetime]) -> None:
    """From the first on, no more by any second than the ramp lets through by then."""
    for count, instant in enumerate(instants, 1):
        seconds = (instant - instants[0]).total_seconds()
        assert count <= 1 + 1 + RAMP_FROM * seconds + FULL_RATE / RAMP_SECONDS * seconds**2 / 2
