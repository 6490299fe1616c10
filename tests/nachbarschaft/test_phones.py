"""Google lets through twenty pushes to a phone at once, and then one every three minutes: no more is tried."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Delivery
from nachbarschaft.queries.phones import BURST, MEMORY, REFILL, level
from nachbarschaft.sending import SETTLES_WITHIN, Drop, Reason
from nachbarschaft.services.outbox import owe
from nachbarschaft.services.outgoing import Settlement, claim_due, settle_all
from tests.nachbarschaft.owed import owed
from tests.support.town import NOON, Neighbour, Town

PHONE = UUID(int=1)


def tell(town: Town, neighbour: Neighbour, how_often: int) -> None:
    """Owes so many pushes that no limit of the day stops."""
    with town.wiring.writing() as context:
        for _ in range(how_often):
            owe(context, neighbour.uuid, "undone")


def test_a_phone_gets_twenty_at_once_and_the_rest_as_google_lets_them_through(town: Town) -> None:
    busy, other = town.neighbour(), town.neighbour()
    busy.register_phone()
    other.register_phone()
    tell(town, busy, BURST + 2)
    tell(town, other, 1)

    assert town.deliver() == {"sent": BURST + 1, "held": 2}
    held = [push for push in owed(town) if push.state == "pending"]
    assert {(push.outcome, push.due_at) for push in held} == {("device_full", town.clock.now() + REFILL)}

    town.clock.forward(seconds=REFILL.total_seconds())
    assert town.deliver() == {"sent": 1, "held": 1}
    town.clock.forward(seconds=REFILL.total_seconds())
    assert town.deliver() == {"sent": 1}


def test_a_person_with_two_phones_is_held_on_none_for_the_other(small_town: Town) -> None:
    both = small_town.neighbour()
    both.register_phone()
    tell(small_town, both, BURST)
    small_town.deliver()
    new = both.register_phone()
    tell(small_town, both, 1)

    assert small_town.deliver() == {"sent": 1, "held": 1}
    assert [push.state for push in owed(small_town) if push.address == new] == ["sent"]


@pytest.mark.parametrize("minutes", [59, 60])
def test_an_hour_later_it_has_room_for_twenty_again(small_town: Town, minutes: int) -> None:
    busy = small_town.neighbour()
    busy.register_phone()
    tell(small_town, busy, BURST)
    small_town.deliver()
    small_town.clock.forward(minutes=minutes)
    tell(small_town, busy, BURST)

    assert small_town.deliver()["sent"] == (BURST if minutes == 60 else BURST - 1)


@given(st.lists(st.integers(0, 7200), max_size=60))
def test_never_more_goes_out_than_the_bucket_holds(seconds: list[int]) -> None:
    """Each push that is let through is one more for the next: compared with a bucket that is filled drop by drop."""
    sent: list[datetime] = []
    bucket, at = float(BURST), NOON - timedelta(days=1)
    for instant in sorted(NOON + timedelta(seconds=offset) for offset in seconds):
        bucket = min(BURST, bucket + (instant - at) / REFILL)
        at = instant
        if level([one for one in sent if one > instant - MEMORY], instant) >= 1:
            assert bucket >= 1 - 1e-9
            bucket -= 1
            sent.append(instant)


def test_what_another_sender_has_in_hand_counts_until_it_is_known(town: Town) -> None:
    busy = town.neighbour()
    busy.register_phone()
    tell(town, busy, BURST)
    with town.wiring.writing() as context:
        claims = claim_due(context.session, Delivery, context.now, BURST)
    tell(town, busy, 1)

    assert town.deliver() == {"held": 1}
    [held] = [push for push in owed(town) if push.state == "pending"]
    assert (held.outcome, held.due_at) == ("device_full", town.clock.now() + SETTLES_WITHIN)

    with town.wiring.writing() as context:
        none_went_out = [Settlement(claim, Drop(Reason.SETTLED)) for claim in claims]
        settle_all(context.session, Delivery, none_went_out, context.now)
    town.clock.forward(seconds=SETTLES_WITHIN.total_seconds())
    assert town.deliver() == {"sent": 1}
