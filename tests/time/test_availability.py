"""When volunteers have time: slots by the clocks on the wall, shared minutes by what really passes."""

from datetime import datetime, time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nachbarschaft.matching.wallclock import Slot, is_available
from tests.support.town import Neighbour, Town
from tests.time.minutes import MINUTE, Door, shares_enough
from tests.time.moments import AUTUMN, HERNE, LEAP_DAY, MOMENTS, NEW_YEAR, SPRING, Moment, at_each_moment, rfc3339

clock_times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
doors = st.builds(Door, st.integers(0, 6), clock_times, clock_times)
minutes = st.integers(-36 * 60, 48 * 60)
Window = tuple[datetime, datetime]
FROM_UNTIL = {
    # who: how many days after the day before the moment, from, until
    "the night before": (0, "22:00", "02:30"),
    "the last hour": (0, "23:00", "24:00"),
    "the hour in question": (1, "02:00", "03:00"),
    "across that hour": (1, "01:45", "03:10"),
    "the whole day": (1, "00:00", "00:00"),
    "from the day on": (1, "23:30", "06:00"),
}


def slot_of(door: Door, *, ends_at_2400: bool = False) -> Slot:
    end = "24:00" if ends_at_2400 and door.shuts == time(0) else f"{door.shuts:%H:%M}"
    return Slot(door.weekday, f"{door.opens:%H:%M}", end)


def door_of(slot: dict[str, object]) -> Door:
    opens, shuts = (time.fromisoformat(str(slot[key]).replace("24:00", "00:00")) for key in ("from", "until"))
    return Door(int(str(slot["weekday"])), opens, shuts)


def slots_around(moment: Moment) -> dict[str, dict[str, object]]:
    """The slots by who has them."""
    eve = moment.at(12, days=-1).astimezone(HERNE).weekday()
    return {
        who: {"weekday": (eve + days) % 7, "from": start, "until": end}
        for who, (days, start, end) in FROM_UNTIL.items()
    }


def windows_around(moment: Moment) -> list[Window]:
    """Needs that lie across everything that can happen to a clock."""
    return [
        (moment.at(23, 30, days=-1), moment.at(0, 15)),
        (moment.at(0), moment.at(1, 40)),
        (moment.at(1, 50), moment.at(3, 5)),
        (moment.at(2, 40, fold=1), moment.at(6)),
        (moment.at(23, 45), moment.at(0, 10, days=1)),
    ]


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(MOMENTS), doors, minutes, st.integers(1, 30 * 60), st.booleans())
@example(SPRING, Door(6, time(2, 30), time(3, 15)), 0, 240, False)
@example(SPRING, Door(5, time(23), time(2, 30)), 60, 60, False)
@example(AUTUMN, Door(6, time(2, 10), time(2, 40)), 180, 60, False)
@example(AUTUMN, Door(6, time(1), time(0)), 23 * 60 + 30, 60, True)
@example(LEAP_DAY, Door(1, time(22), time(0)), 23 * 60 + 20, 90, True)
@example(NEW_YEAR, Door(3, time(22), time(1)), 20, 40, False)
def test_a_slot_fits_exactly_when_somebody_with_an_alarm_clock_would_say_so(
    moment: Moment, door: Door, starts: int, lasts: int, ends_at_2400: bool
) -> None:
    needed = (moment.midnight + starts * MINUTE, moment.midnight + (starts + lasts) * MINUTE)
    slot = slot_of(door, ends_at_2400=ends_at_2400)
    assert is_available([slot], *needed, HERNE) is shares_enough(door, moment, needed)


@at_each_moment
def test_the_right_people_are_asked_across_midnight_and_across_the_change(small_town: Town, moment: Moment) -> None:
    small_town.clock.set(moment.at(12, days=-1))
    slots = slots_around(moment)
    people = {who: helper(small_town, slot) for who, slot in slots.items()}
    requester = small_town.neighbour()
    fitting = 0
    for needed in windows_around(moment):
        request = requester.ask(needed_from=rfc3339(needed[0]), needed_until=rfc3339(needed[1]), people_needed=9)
        for hours in range(1, 5):
            small_town.run("send-waves", moment.at(12 + hours, days=-1))
        expected = {who for who, slot in slots.items() if shares_enough(door_of(slot), moment, needed)}
        assert whoever_was_asked(people, request["id"]) == expected, needed
        requester.act(request, "cancel")
        fitting += len(expected)
    assert 0 < fitting < len(slots) * len(windows_around(moment))


def helper(town: Town, slot: dict[str, object]) -> Neighbour:
    made = town.volunteer(phone=False, availability=[slot], tasks_per_week=50)
    habits = {"quiet_from": None, "quiet_until": None, "pushes_per_day": 100, "asks_per_week": 100}
    assert made.put("/v1/me/preferences", habits).status_code == 200
    return made


def whoever_was_asked(people: dict[str, Neighbour], request_id: str) -> set[str]:
    return {
        who
        for who, neighbour in people.items()
        if request_id in {invitation["request"]["id"] for invitation in neighbour.invitations()}
    }


@pytest.mark.parametrize(("moment", "hours"), [(SPRING, 23), (AUTUMN, 25), (LEAP_DAY, 24), (NEW_YEAR, 24)], ids=str)
def test_a_slot_of_a_whole_day_is_as_long_as_that_day(moment: Moment, hours: int) -> None:
    weekday = moment.day.weekday()
    all_day = [Slot(weekday, "00:00", "24:00")]
    lasts = hours * 60 * MINUTE
    assert moment.midnight + lasts == moment.at(0, days=1)
    half_an_hour = 30 * MINUTE
    assert is_available(all_day, moment.midnight + lasts - half_an_hour, moment.midnight + lasts, HERNE)
    assert is_available(all_day, moment.midnight - MINUTE, moment.midnight + half_an_hour, HERNE)
    assert not is_available(all_day, moment.midnight + lasts, moment.midnight + lasts + half_an_hour, HERNE)
    assert not is_available(all_day, moment.midnight - half_an_hour, moment.midnight, HERNE)
