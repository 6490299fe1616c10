"""The bits of a week never miss an hour: whoever is available for a need has one in common with it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.week import EVERY_HOUR, hours_between, hours_of, parts
from nachbarschaft.matching.wallclock import Slot, is_available

HERNE = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(["Europe/Berlin", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu"]).map(ZoneInfo)
CLOCKS = st.tuples(st.integers(0, 23), st.sampled_from([0, 1, 29, 30, 59])).map(lambda at: f"{at[0]:02}:{at[1]:02}")
SLOTS = st.fixed_dictionaries({"weekday": st.integers(0, 6), "from": CLOCKS, "until": CLOCKS})
CHANGES = [datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 4, 4, tzinfo=UTC)]
"""Around these days the clocks are changed."""
BEGINS = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(0, 3 * 24 * 60)
)


@settings(max_examples=400, deadline=None)
@given(st.lists(SLOTS, max_size=4), BEGINS, st.integers(1, 9 * 24 * 60), ZONES)
def test_whoever_is_available_has_an_hour_in_common_with_the_need(
    slots: list[dict[str, Any]], begins: datetime, minutes: int, zone: ZoneInfo
) -> None:
    ends = begins + timedelta(minutes=minutes)

    has_time = is_available([Slot(s["weekday"], s["from"], s["until"]) for s in slots], begins, ends, zone)

    assert hours_of(slots) & hours_between(begins, ends, zone) or not has_time


def test_an_offer_of_two_hours_does_not_fit_a_need_of_another_day() -> None:
    offered = hours_of([{"weekday": 2, "from": "10:00", "until": "12:00"}])
    noon = datetime(2026, 6, 10, 10, tzinfo=UTC)

    assert offered.bit_count() == 2
    assert not offered & hours_between(noon, noon + timedelta(hours=5), HERNE), "it ends as the need begins"
    assert offered & hours_between(noon - timedelta(minutes=1), noon, HERNE)


def test_a_night_ends_on_the_day_after_and_a_week_begins_anew() -> None:
    sunday_night = hours_of([{"weekday": 6, "from": "23:30", "until": "01:00"}])

    assert sunday_night == 1 << 6 * 24 + 23 | 1


@pytest.mark.parametrize("hours", [0, -1, 168, 1000])
def test_a_need_without_length_and_one_of_a_week_touch_every_hour(hours: int) -> None:
    noon = datetime(2026, 6, 10, 10, tzinfo=UTC)

    assert hours_between(noon, noon + timedelta(hours=hours), HERNE) == EVERY_HOUR == hours_of([])


def test_three_numbers_hold_the_week() -> None:
    first, second, third = parts(EVERY_HOUR)

    assert first == second == third == (1 << 56) - 1
    assert parts(1 << 56 | 1 << 167) == (0, 1, 1 << 55)
