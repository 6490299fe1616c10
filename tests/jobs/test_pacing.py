"""How fast a channel goes: it stops for a service that is down, comes back slowly, and yields to one that is busy."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.pacing import (
    BETWEEN_HALVINGS,
    BURST_SECONDS,
    BUSY_TO_SLOW,
    BUSY_WINDOW,
    FAILURES_TO_OPEN,
    FIRST_PAUSE,
    FULL_RATE,
    LONGEST_PAUSE,
    RAMP_FROM,
    RAMP_SECONDS,
    SLOWEST_RATE,
    Pace,
)
from nachbarschaft.sending import Outcome, SendResult, Trouble

SENT = SendResult(Outcome.SENT, "sent")
GONE = SendResult(Outcome.ADDRESS_GONE, "unregistered")
DOWN = SendResult(Outcome.RETRY, "unavailable", trouble=Trouble.DOWN)
BUSY = SendResult(Outcome.RETRY, "too_many", trouble=Trouble.BUSY)
OURS = SendResult(Outcome.RETRY, "broke")
A_TICK = 0.05


def opened(at: float = 0.0) -> Pace:
    """One that has just met a service that is down."""
    pace = Pace()
    for _ in range(FAILURES_TO_OPEN):
        pace.begun(1)
        pace.ended(DOWN, at)
    return pace


def probed_at(pace: Pace, since: float) -> float:
    """When the next try may begin, and begins it."""
    at = next(tick for tick in ticks(since, LONGEST_PAUSE + 1) if pace.allowance(tick))
    assert pace.allowance(at) == 1
    pace.begun(1)
    return at


def ticks(since: float, seconds: float) -> list[float]:
    return [since + number * A_TICK for number in range(int(seconds / A_TICK) + 1)]


def back(at: float) -> Pace:
    """One whose try has just come through."""
    pace = opened(at - LONGEST_PAUSE)
    assert pace.allowance(at) == 1
    pace.begun(1)
    pace.ended(SENT, at)
    return pace


def spent(pace: Pace, since: float, seconds: float) -> list[tuple[float, int]]:
    """Begins all that it allows, at every tick: when, and how many."""
    begun: list[tuple[float, int]] = []
    for at in ticks(since, seconds)[1:]:
        allowed = pace.allowance(at)
        pace.begun(allowed)
        begun.append((at, allowed))
    return begun


# --- Down ---------------------------------------------------------------------------------------------------


def test_it_stops_after_so_many_failures_in_a_row_and_not_before() -> None:
    pace = Pace()
    for _ in range(FAILURES_TO_OPEN - 1):
        pace.ended(DOWN, 0.0)
    assert not pace.is_open
    assert pace.allowance(0.0) > 1

    pace.ended(DOWN, 0.0)

    assert pace.is_open
    assert pace.allowance(0.0) == 0


@pytest.mark.parametrize("answer", [SENT, GONE, BUSY], ids=lambda answer: answer.detail)
def test_any_answer_of_the_service_begins_the_count_anew(answer: SendResult) -> None:
    pace = Pace()
    for result in [*[DOWN] * (FAILURES_TO_OPEN - 1), answer, *[DOWN] * (FAILURES_TO_OPEN - 1)]:
        pace.ended(result, 0.0)

    assert not pace.is_open


def test_a_failure_of_our_own_neither_counts_nor_interrupts_the_count() -> None:
    pace = Pace()
    for result in [*[OURS] * FAILURES_TO_OPEN, *[DOWN] * (FAILURES_TO_OPEN - 1)]:
        pace.ended(result, 0.0)
    assert not pace.is_open

    pace.ended(OURS, 0.0)
    pace.ended(DOWN, 0.0)

    assert pace.is_open


def test_while_it_is_down_one_tries_at_a_time() -> None:
    pace = opened()
    at = probed_at(pace, 0.0)

    assert not any(pace.allowance(later) for later in ticks(at, 10 * LONGEST_PAUSE))

    pace.ended(DOWN, at + 10.0)
    assert probed_at(pace, at + 10.0) > at + 10.0


def test_the_pauses_double_up_to_a_minute() -> None:
    pace, now, pauses = opened(), 0.0, []
    for _ in range(7):
        at = probed_at(pace, now)
        pauses.append(at - now)
        pace.ended(DOWN, at)
        now = at

    longest = [min(FIRST_PAUSE * 2**number, LONGEST_PAUSE) for number in range(7)]
    assert longest[-1] == LONGEST_PAUSE
    for pause, limit in zip(pauses, longest, strict=True):
        assert 0.8 * limit - A_TICK <= pause <= limit + A_TICK


def test_what_was_under_way_when_it_stopped_makes_the_pause_no_longer() -> None:
    pace = opened()
    for number in range(16):
        pace.ended(DOWN, number / 10)

    assert probed_at(pace, 2.0) <= FIRST_PAUSE + A_TICK


def test_what_was_under_way_and_learnt_nothing_keeps_it_stopped() -> None:
    pace = opened()
    for number in range(16):
        pace.ended(OURS, number / 10)
        pace.nothing_learnt()

    assert pace.is_open
    assert pace.allowance(2.0) == 0
    assert probed_at(pace, 2.0) >= 0.8 * FIRST_PAUSE - A_TICK


@pytest.mark.parametrize("answer", [SENT, GONE, BUSY], ids=lambda answer: answer.detail)
def test_a_try_that_is_answered_ends_it(answer: SendResult) -> None:
    pace = opened()
    at = probed_at(pace, 0.0)

    pace.ended(answer, at)

    assert not pace.is_open
    assert pace.rate <= RAMP_FROM


def test_a_try_that_says_nothing_about_the_service_is_followed_by_another() -> None:
    pace = opened()
    at = probed_at(pace, 0.0)

    pace.ended(OURS, at)

    assert pace.is_open
    assert pace.allowance(at) == 1


def test_a_try_that_never_met_the_service_is_followed_by_another() -> None:
    pace = opened()
    at = probed_at(pace, 0.0)

    pace.nothing_learnt()

    assert pace.is_open
    assert pace.allowance(at) == 1


def test_the_next_outage_begins_with_a_short_pause_again() -> None:
    pace, now = opened(), 0.0
    for result in [*[DOWN] * 6, SENT]:
        now = probed_at(pace, now)
        pace.ended(result, now)
    for _ in range(FAILURES_TO_OPEN):
        pace.ended(DOWN, 1_000.0)

    assert probed_at(pace, 1_000.0) <= 1_000.0 + FIRST_PAUSE + A_TICK


# --- Back ---------------------------------------------------------------------------------------------------


def test_it_comes_back_slowly_and_is_at_full_speed_after_a_minute() -> None:
    pace = back(at=0.0)

    begun = spent(pace, 0.0, 2 * RAMP_SECONDS)

    first_second = sum(count for at, count in begun if at <= 1.0)
    assert 1 <= first_second <= RAMP_FROM + FULL_RATE / RAMP_SECONDS
    each_ten = [sum(count for at, count in begun if low < at <= low + 10) for low in range(0, 60, 10)]
    assert all(later > earlier for earlier, later in pairwise(each_ten))
    assert sum(each_ten) <= FULL_RATE * RAMP_SECONDS / 2 + RAMP_FROM * RAMP_SECONDS
    assert pace.rate == FULL_RATE


def test_half_of_the_ramp_is_half_of_the_speed() -> None:
    pace = back(at=0.0)
    spent(pace, 0.0, RAMP_SECONDS / 2)

    assert pace.rate == pytest.approx(FULL_RATE / 2 + RAMP_FROM, rel=0.02)


def test_time_that_passes_while_it_is_down_is_not_saved_up() -> None:
    pace = opened()
    at = probed_at(pace, 6 * 3600.0)
    pace.ended(SENT, at)

    assert pace.allowance(at) <= RAMP_FROM


# --- Busy ---------------------------------------------------------------------------------------------------


def test_three_in_ten_seconds_that_ask_for_less_halve_the_rate() -> None:
    pace = Pace()
    for at in (0.0, 4.0):
        pace.ended(BUSY, at)
    assert pace.rate == FULL_RATE

    pace.ended(BUSY, 8.0)

    assert pace.rate == FULL_RATE / 2


def test_three_that_lie_further_apart_change_nothing() -> None:
    pace = Pace()
    for number in range(20):
        pace.ended(BUSY, number * (BUSY_WINDOW / 2 + 1))

    assert pace.rate == FULL_RATE


def test_it_is_halved_at_most_once_in_five_seconds() -> None:
    pace = Pace()
    for _ in range(BUSY_TO_SLOW + 20):
        pace.ended(BUSY, 0.0)
    assert pace.rate == FULL_RATE / 2

    before = pace.rate
    pace.ended(BUSY, BETWEEN_HALVINGS - 0.1)
    assert pace.rate > before

    before = pace.rate
    pace.ended(BUSY, BETWEEN_HALVINGS)
    assert pace.rate < before


def test_one_push_a_second_goes_however_busy_the_service_is() -> None:
    pace = Pace(full_rate=4.0)
    for number in range(200):
        pace.ended(BUSY, number * BETWEEN_HALVINGS)
        assert pace.rate >= SLOWEST_RATE

    assert sum(count for _, count in spent(pace, 1_000.0, 10.0)) >= 10 * SLOWEST_RATE


def test_it_recovers_when_nobody_asks_for_less_any_more() -> None:
    pace = Pace()
    for number in range(10):
        for _ in range(BUSY_TO_SLOW):
            pace.ended(BUSY, number * BETWEEN_HALVINGS)
    slowed = pace.rate
    pace.allowance(10 * BETWEEN_HALVINGS + RAMP_SECONDS)

    assert slowed < FULL_RATE
    assert pace.rate == FULL_RATE


# --- Always -------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(st.floats(0.0, 30.0), st.sampled_from([SENT, GONE, DOWN, BUSY, OURS, None]), st.integers(0, 40)),
    min_size=1,
    max_size=60,
)


@given(steps=STEPS, full_rate=st.sampled_from([1.0, 10.0, 100.0, FULL_RATE]))
def test_whatever_happens_no_interval_has_more_than_its_rate_and_one_burst(
    steps: list[tuple[float, SendResult | None, int]], full_rate: float
) -> None:
    pace, at, under_way = Pace(full_rate=full_rate), 0.0, 0
    begun: list[tuple[float, int, bool]] = []
    for passed, result, wanted in steps:
        at += passed
        count = min(pace.allowance(at), wanted)
        begun.append((at, count, pace.is_open))
        pace.begun(count)
        under_way += count
        if under_way:
            under_way -= 1
            pace.nothing_learnt() if result is None else pace.ended(result, at)
        assert SLOWEST_RATE <= pace.rate <= full_rate

    burst = max(1.0, full_rate * BURST_SECONDS)
    for first, (since, _, _) in enumerate(begun):
        total, tries = 0, 0
        for until, count, is_a_try in begun[first:]:
            total, tries = total + count, tries + is_a_try
            # A try needs no leave; and one that comes through may be followed by another at once.
            assert total <= full_rate * (until - since) + burst + 2 * tries + 0.001


@given(seconds=st.floats(0.5, 120.0), full_rate=st.sampled_from([1.0, 10.0, 100.0, FULL_RATE]))
def test_however_long_it_rests_it_saves_up_one_burst(seconds: float, full_rate: float) -> None:
    pace = Pace(full_rate=full_rate)
    pace.begun(pace.allowance(0.0))

    assert pace.allowance(seconds) <= max(1.0, full_rate * BURST_SECONDS)
