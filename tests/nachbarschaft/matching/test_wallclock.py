"""Nights, quiet hours and weekly slots: what the clocks on the wall show, also on the days they are changed."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nachbarschaft.matching.wallclock import (
    Slot,
    clock_time,
    is_available,
    is_between,
    is_night,
    next_morning,
    next_time,
)

HERNE = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
"""02:00 becomes 03:00; 03:00 becomes 02:00."""
DAYS_TO_MIND = (SPRING, AUTUMN, date(2028, 2, 29), date(2026, 12, 31), date(2027, 1, 1), date(2026, 6, 10))


def herne(year: int, month: int, day: int, hour: int = 0, minute: int = 0, *, fold: int = 0) -> datetime:
    """An instant by the clocks of Herne; `fold=1` is the second of the repeated hours."""
    return datetime(year, month, day, hour, minute, tzinfo=HERNE, fold=fold).astimezone(UTC)


def text(moment: time) -> str:
    return moment.strftime("%H:%M")


# --- The oracle: a clock that is looked at every minute -----------------------------------------------------


def minutes_from(start: datetime) -> Iterator[datetime]:
    return (start + step * MINUTE for step in count())


def first_minute(start: datetime, holds: Callable[[datetime], bool]) -> datetime:
    return next(instant for instant in minutes_from(start) if holds(instant))


def wall(instant: datetime) -> datetime:
    """What the clocks of Herne show."""
    return instant.astimezone(HERNE).replace(tzinfo=None)


def shown_or_passed(wanted: datetime) -> datetime:
    """The first minute at which the clocks show `wanted` or later, seen from two days before."""
    before = (wanted - timedelta(days=2)).replace(tzinfo=HERNE).astimezone(UTC)
    return first_minute(before, lambda instant: wall(instant) >= wanted)


def fits_by_counting_minutes(slot: Slot, needed_from: datetime, needed_until: datetime) -> bool:
    """Whether 30 minutes of the need, or all its minutes, lie within one occurrence of the slot."""
    needed = int((needed_until - needed_from) / MINUTE)
    day = wall(needed_from).date() - timedelta(days=2)
    while day <= wall(needed_until).date():
        if day.weekday() == slot.weekday:
            start = datetime.combine(day, clock_time(slot.start))
            end = datetime.combine(day, clock_time(slot.end))
            opens = shown_or_passed(start)
            closes = shown_or_passed(end if end > start else end + timedelta(days=1))
            shared = sum(opens <= needed_from + step * MINUTE < closes for step in range(needed))
            if shared >= min(30, needed):
                return True
        day += timedelta(days=1)
    return False


clock_times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
days = st.sampled_from(DAYS_TO_MIND)
instants = st.builds(
    lambda day, minute: datetime.combine(day, time(), HERNE).astimezone(UTC) + minute * MINUTE,
    days,
    st.integers(-12 * 60, 36 * 60),
)
slots = st.builds(
    lambda weekday, start, end: Slot(weekday, text(start), end),
    st.integers(0, 6),
    clock_times,
    st.one_of(clock_times.map(text), st.just("24:00")),
)


# --- Between two times --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "start", "end", "inside"),
    [
        ("12:00", "10:00", "14:00", True),
        ("10:00", "10:00", "14:00", True),
        ("14:00", "10:00", "14:00", False),
        ("23:59", "22:00", "07:00", True),
        ("00:00", "22:00", "07:00", True),
        ("06:59", "22:00", "07:00", True),
        ("07:00", "22:00", "07:00", False),
        ("21:59", "22:00", "07:00", False),
        ("00:00", "00:00", "06:00", True),
        ("23:59", "18:00", "00:00", True),
        ("00:00", "18:00", "00:00", False),
    ],
)
def test_a_stretch_holds_its_beginning_and_not_its_end_and_may_cross_midnight(
    moment: str, start: str, end: str, inside: bool
) -> None:
    assert is_between(clock_time(moment), clock_time(start), clock_time(end)) is inside


@given(clock_times, clock_times)
def test_a_stretch_that_ends_when_it_begins_is_the_whole_day(moment: time, both: time) -> None:
    assert is_between(moment, both, both)


@given(clock_times, clock_times, clock_times)
def test_every_moment_lies_either_in_a_stretch_or_in_the_rest_of_the_day(moment: time, a: time, b: time) -> None:
    if a != b:
        assert is_between(moment, a, b) is not is_between(moment, b, a)


def test_2400_is_midnight() -> None:
    assert clock_time("24:00") == time(0)
    assert clock_time("09:05") == time(9, 5)


# --- Nights and mornings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "minute", "night"),
    [(21, 59, False), (22, 0, True), (23, 30, True), (0, 0, True), (6, 59, True), (7, 0, False), (12, 0, False)],
)
@pytest.mark.parametrize("month", [1, 7])
def test_the_night_lasts_from_22_to_7_in_winter_and_in_summer(month: int, hour: int, minute: int, night: bool) -> None:
    assert is_night(herne(2026, month, 15, hour, minute), HERNE) is night


def test_the_night_is_that_of_the_zone_asked_about() -> None:
    noon = herne(2026, 6, 10, 12)
    assert not is_night(noon, HERNE)
    assert is_night(noon, ZoneInfo("America/New_York"))


@pytest.mark.parametrize(
    ("now", "morning"),
    [
        (herne(2026, 6, 10, 23, 30), herne(2026, 6, 11, 7)),
        (herne(2026, 6, 11, 6, 59), herne(2026, 6, 11, 7)),
        (herne(2026, 6, 11, 7), herne(2026, 6, 12, 7)),
        (herne(2026, 3, 28, 23), herne(2026, 3, 29, 7)),
        (herne(2026, 10, 24, 23), herne(2026, 10, 25, 7)),
        (herne(2028, 2, 28, 23), herne(2028, 2, 29, 7)),
        (herne(2028, 2, 29, 23), herne(2028, 3, 1, 7)),
        (herne(2026, 12, 31, 23, 59), herne(2027, 1, 1, 7)),
    ],
)
def test_the_next_morning_is_at_seven_by_the_clocks(now: datetime, morning: datetime) -> None:
    assert next_morning(now, HERNE) == morning


def test_the_night_of_the_change_is_an_hour_shorter_in_spring_and_longer_in_autumn() -> None:
    def night(day: date) -> timedelta:
        evening = datetime.combine(day - timedelta(days=1), time(22), HERNE).astimezone(UTC)
        return next_morning(evening, HERNE) - evening

    assert night(SPRING) == timedelta(hours=8)
    assert night(AUTUMN) == timedelta(hours=10)
    assert night(date(2026, 6, 10)) == timedelta(hours=9)


# --- The next time the clocks show something ----------------------------------------------------------------


@settings(deadline=None)
@given(instants, clock_times)
@example(herne(2026, 10, 25, 2, 10, fold=1), time(2, 30))
@example(herne(2026, 3, 29, 1, 30), time(2, 30))
def test_the_next_time_is_the_first_minute_at_which_the_clocks_show_it_or_jump_over_it(
    now: datetime, moment: time
) -> None:
    def shows(instant: datetime) -> bool:
        before, there = wall(instant - MINUTE), wall(instant)
        wanted = datetime.combine(there.date(), moment)
        return there == wanted or before < wanted < there

    assert next_time(now, moment, HERNE) == first_minute(now + MINUTE, shows)


def test_in_the_repeated_hour_half_past_two_comes_a_second_time() -> None:
    first = next_time(herne(2026, 10, 25, 1), time(2, 30), HERNE)
    second = next_time(first, time(2, 30), HERNE)
    assert second - first == timedelta(hours=1)
    assert next_time(second, time(2, 30), HERNE) == herne(2026, 10, 26, 2, 30)


def test_a_time_that_the_clocks_skip_is_reached_when_they_jump() -> None:
    assert next_time(herne(2026, 3, 29, 1), time(2, 30), HERNE) == herne(2026, 3, 29, 3)


# --- Weekly availability ------------------------------------------------------------------------------------

MONDAY = (2026, 6, 8)


def test_no_slots_mean_any_time() -> None:
    assert is_available([], herne(*MONDAY, 3), herne(*MONDAY, 4), HERNE)


@pytest.mark.parametrize("weekday", range(7))
def test_weekday_0_is_monday(weekday: int) -> None:
    day = date(2026, 6, 8) + timedelta(days=weekday)
    need = (herne(day.year, day.month, day.day, 10), herne(day.year, day.month, day.day, 12))
    fitting = [wanted for wanted in range(7) if is_available([Slot(wanted, "10:00", "12:00")], *need, HERNE)]
    assert fitting == [weekday]


@pytest.mark.parametrize(
    ("needed", "slot", "fits"),
    [
        (((10, 0), (14, 0)), ("13:30", "18:00"), True),
        (((10, 0), (14, 0)), ("13:31", "18:00"), False),
        (((10, 0), (14, 0)), ("08:00", "10:30"), True),
        (((10, 0), (14, 0)), ("08:00", "10:29"), False),
        (((10, 0), (14, 0)), ("14:00", "18:00"), False),
        (((10, 0), (10, 20)), ("09:00", "10:20"), True),
        (((10, 0), (10, 20)), ("09:00", "10:19"), False),
        (((10, 0), (10, 20)), ("10:01", "12:00"), False),
        (((10, 0), (10, 30)), ("10:00", "10:30"), True),
        (((23, 0), (23, 59)), ("23:15", "24:00"), True),
        (((0, 0), (1, 0)), ("00:00", "24:00"), True),
        (((4, 0), (5, 0)), ("00:00", "00:00"), True),
    ],
)
def test_a_slot_fits_if_it_shares_30_minutes_with_the_need_or_all_of_it(
    needed: tuple[tuple[int, int], tuple[int, int]], slot: tuple[str, str], fits: bool
) -> None:
    start, end = (herne(*MONDAY, *moment) for moment in needed)
    assert is_available([Slot(0, *slot)], start, end, HERNE) is fits


@pytest.mark.parametrize(
    ("start", "fits"),
    [((2026, 6, 8, 21), True), ((2026, 6, 9, 1), True), ((2026, 6, 9, 2), False), ((2026, 6, 8, 1), False)],
)
def test_a_slot_that_ends_before_it_begins_crosses_midnight(start: tuple[int, int, int, int], fits: bool) -> None:
    begins = herne(*start)
    overnight = Slot(0, "22:00", "02:00")
    assert is_available([overnight], begins, begins + timedelta(hours=2), HERNE) is fits


def test_a_slot_from_a_time_until_the_same_time_lasts_a_day() -> None:
    slot = Slot(0, "08:00", "08:00")
    assert is_available([slot], herne(2026, 6, 9, 7), herne(2026, 6, 9, 7, 30), HERNE)
    assert not is_available([slot], herne(2026, 6, 9, 8), herne(2026, 6, 9, 9), HERNE)


def test_two_slots_do_not_add_up() -> None:
    halves = [Slot(0, "10:00", "10:20"), Slot(0, "10:20", "10:40")]
    assert not is_available(halves, herne(*MONDAY, 10), herne(*MONDAY, 11), HERNE)


@pytest.mark.parametrize("weekday", range(7))
def test_a_need_of_weeks_fits_every_slot(weekday: int) -> None:
    assert is_available([Slot(weekday, "12:00", "12:30")], herne(2026, 6, 10, 13), herne(2026, 7, 10, 13), HERNE)


def test_a_sunday_slot_over_the_skipped_hour_is_an_hour_shorter() -> None:
    need = (herne(2026, 3, 29, 1), herne(2026, 3, 29, 6))
    assert not is_available([Slot(6, "01:45", "03:10")], *need, HERNE)
    assert is_available([Slot(6, "01:45", "03:15")], *need, HERNE)


def test_a_sunday_slot_over_the_repeated_hour_is_an_hour_longer() -> None:
    last = (herne(2026, 10, 25, 2, 20, fold=1), herne(2026, 10, 25, 2, 50, fold=1))
    assert is_available([Slot(6, "02:30", "03:00")], *last, HERNE)
    assert not is_available([Slot(6, "02:20", "02:50")], *last, HERNE)


def test_the_leap_day_of_2028_is_a_tuesday_like_any_other() -> None:
    need = (herne(2028, 2, 29, 10), herne(2028, 2, 29, 11))
    assert is_available([Slot(1, "10:00", "11:00")], *need, HERNE)
    assert is_available([Slot(0, "23:00", "10:30")], *need, HERNE)
    assert not is_available([Slot(2, "10:00", "11:00")], *need, HERNE)


def test_the_turn_of_the_year_interrupts_no_slot() -> None:
    need = (herne(2027, 1, 1, 0), herne(2027, 1, 1, 1))
    assert is_available([Slot(3, "22:00", "02:00")], *need, HERNE)
    assert is_available([Slot(4, "00:00", "01:00")], *need, HERNE)


def test_slots_are_read_by_the_clocks_of_the_zone_asked_about() -> None:
    need = (datetime(2026, 6, 8, 8, tzinfo=UTC), datetime(2026, 6, 8, 9, tzinfo=UTC))
    slot = [Slot(0, "10:00", "11:00")]
    assert is_available(slot, *need, HERNE)
    assert not is_available(slot, *need, ZoneInfo("Europe/London"))


@settings(deadline=None, max_examples=60)
@given(slots, instants, st.integers(1, 26 * 60))
@example(Slot(6, "02:30", "03:15"), herne(2026, 3, 29, 0), 240)
@example(Slot(6, "02:10", "02:40"), herne(2026, 10, 25, 2, fold=1), 60)
def test_a_slot_fits_exactly_when_counting_minutes_says_so(slot: Slot, needed_from: datetime, minutes: int) -> None:
    needed_until = needed_from + minutes * MINUTE
    fits = fits_by_counting_minutes(slot, needed_from, needed_until)
    assert is_available([slot], needed_from, needed_until, HERNE) is fits


@given(st.lists(slots, min_size=1, max_size=4), slots, instants, st.integers(1, 3000))
def test_another_slot_never_takes_availability_away(
    some: list[Slot], another: Slot, needed_from: datetime, minutes: int
) -> None:
    need = (needed_from, needed_from + minutes * MINUTE)
    if is_available(some, *need, HERNE):
        assert is_available([*some, another], *need, HERNE)
