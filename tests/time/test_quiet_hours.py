"""Quiet hours hold a push until they end by the clocks on the wall, also where those jump or show an hour twice."""

from datetime import datetime, time, timedelta

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from nachbarschaft.matching.eligibility import is_quiet
from nachbarschaft.matching.facts import Habits
from nachbarschaft.matching.wallclock import next_time
from tests.nachbarschaft.owed import owed
from tests.support.town import Neighbour, Town
from tests.time.minutes import MINUTE, first_tick, shows, ticks_around
from tests.time.moments import AUTUMN, HERNE, MOMENTS, SPRING, Moment, at_each_moment, rfc3339, wall

SECOND = timedelta(seconds=1)
clock_times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
Quiet = tuple[str, str]
WANTED: list[Quiet] = [
    ("22:00", "07:00"),
    ("23:30", "00:15"),
    ("01:00", "02:30"),
    ("02:00", "03:00"),
    ("02:10", "02:50"),
    ("02:30", "05:00"),
    ("20:00", "02:15"),
    ("00:00", "23:59"),
]
SKIPPED = [("02:00", "03:00"), ("02:10", "02:50")]
"""Hours that do not exist in spring."""


def is_quiet_on_the_wall(shown: time, quiet: tuple[time, time]) -> bool:
    """Goes from the beginning round the dial until either `shown` or the end is met."""
    start, end = (at.hour * 60 + at.minute for at in quiet)
    wanted = shown.hour * 60 + shown.minute
    lasts = (end - start) % 1440
    return wanted in {(start + step) % 1440 for step in range(lasts)}


def quiet_minutes(moment: Moment, quiet: Quiet) -> list[datetime]:
    """The minutes from noon before the moment to noon after it in which somebody with those hours sleeps."""
    hours = (time.fromisoformat(quiet[0]), time.fromisoformat(quiet[1]))
    first, last = moment.at(12, days=-1), moment.at(12, days=1)
    day = [tick for tick in ticks_around(moment) if first <= tick.instant < last]
    return [tick.instant for tick in day if is_quiet_on_the_wall(tick.wall.time(), hours)]


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(MOMENTS), st.tuples(clock_times, clock_times), st.integers(-24 * 60, 48 * 60))
@example(SPRING, (time(1), time(2, 30)), 90)
@example(AUTUMN, (time(1), time(2, 30)), 130)
@example(AUTUMN, (time(22), time(2, 30)), 190)
def test_it_is_quiet_until_the_clocks_show_the_end_or_jump_over_it(
    moment: Moment, quiet: tuple[time, time], minutes: int
) -> None:
    assume(quiet[0] != quiet[1])
    now = moment.midnight + minutes * MINUTE
    habits = Habits(HERNE, quiet_from=f"{quiet[0]:%H:%M}", quiet_until=f"{quiet[1]:%H:%M}")
    assert is_quiet(habits, now) is is_quiet_on_the_wall(wall(now).time(), quiet)
    if is_quiet(habits, now):
        ends = shows(moment, now, quiet[1])
        assert next_time(now, quiet[1], HERNE) == ends
        assert first_tick(moment, now, lambda tick: not is_quiet_on_the_wall(tick.wall.time(), quiet)) == ends


@at_each_moment
def test_a_push_is_held_until_the_quiet_hours_end_and_then_goes_out(small_town: Town, moment: Moment) -> None:
    task = Task(small_town, moment)
    for quiet in WANTED:
        slept = quiet_minutes(moment, quiet)
        assert slept or (moment == SPRING and quiet in SKIPPED)
        for now in [slept[0], slept[len(slept) // 3], slept[-1]] if slept else []:
            ends = shows(moment, now, time.fromisoformat(quiet[1]))
            task.changes(now, quiet)
            assert small_town.deliver() == {"held": 1}
            [held] = [push for push in owed(small_town) if push.state == "pending"]
            assert (held.due_at, held.outcome) == (ends, "quiet"), (quiet, now)
            small_town.clock.set(ends - SECOND)
            assert small_town.deliver() == {}
            small_town.clock.set(ends)
            assert small_town.deliver() == {"sent": 1}


@at_each_moment
def test_the_minute_before_the_quiet_hours_and_the_minute_at_their_end_are_not_quiet(
    small_town: Town, moment: Moment
) -> None:
    task = Task(small_town, moment)
    for quiet in (("22:00", "07:00"), ("01:30", "04:00")):
        begins, ends = (time.fromisoformat(at) for at in quiet)
        falls_asleep = shows(moment, moment.at(12, days=-1), begins)
        for now in (falls_asleep - MINUTE, shows(moment, falls_asleep, ends)):
            task.changes(now, quiet)
            assert small_town.deliver() == {"sent": 1}, (quiet, now)


@at_each_moment
def test_an_urgent_ask_waits_for_the_end_of_somebodys_own_quiet_hours(small_town: Town, moment: Moment) -> None:
    small_town.clock.set(moment.at(12, days=-1))
    volunteer, requester = small_town.volunteer(), small_town.neighbour()
    prefer(volunteer, quiet_from="02:30", quiet_until="05:30")
    small_town.clock.set(moment.at(1, 59))
    requester.ask(urgent=True)
    small_town.clock.set(shows(moment, moment.at(1, 59), time(2, 30)))
    assert small_town.deliver() == {"held": 1}
    [held] = owed(small_town, "asked")
    assert held.due_at == moment.at(5, 30)
    small_town.clock.set(moment.at(5, 30))
    assert small_town.deliver() == {"sent": 1}


class Task:
    """Somebody's task in two days; what changes in it is told to them by push, awake or not.

    An ask would not do: the night rule holds asks too.
    """

    def __init__(self, town: Town, moment: Moment) -> None:
        town.clock.set(moment.at(11, days=-1))
        self._town = town
        self._helper, self._requester = town.volunteer(), town.neighbour()
        prefer(self._helper, asks_per_week=0)
        window = {"needed_from": rfc3339(moment.at(12, days=3)), "needed_until": rfc3339(moment.at(18, days=3))}
        self._request = self._requester.ask(**window)
        assert self._helper.act(self._request, "accept").status_code == 201

    def changes(self, now: datetime, quiet: Quiet) -> None:
        """The requester changes something at `now`; the helper has those quiet hours."""
        self._town.clock.set(now)
        prefer(self._helper, quiet_from=quiet[0], quiet_until=quiet[1])
        path = f"/v1/requests/{self._request['id']}"
        etag = self._requester.get(path).headers["ETag"]
        changed = self._requester.patch(path, {"private_note": f"Um {now:%H:%M} geändert"}, If_Match=etag)
        assert changed.status_code == 200, changed.text


def prefer(neighbour: Neighbour, **habits: object) -> None:
    assert neighbour.put("/v1/me/preferences", habits).status_code == 200
