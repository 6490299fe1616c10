"""The night rule: nobody is asked between 22:00 and 07:00, however long that night may be."""

from datetime import datetime, time, timedelta
from uuid import UUID

from hypothesis import example, given, settings
from hypothesis import strategies as st

from models import HelpRequest
from nachbarschaft.matching.wallclock import is_night, next_morning
from tests.support.town import Neighbour, Town
from tests.time.minutes import MINUTE, shows, ticks_from
from tests.time.moments import AUTUMN, HERNE, MOMENTS, SPRING, Moment, at_each_moment, rfc3339, wall

SECOND = timedelta(seconds=1)


def nights_of(moment: Moment) -> list[datetime]:
    """Instants in the night before the moment and in the one after it, its first and its last minute among them."""
    return [
        moment.at(22, days=-1),
        moment.at(23, 59, days=-1),
        moment.at(0),
        moment.at(1, 59),
        moment.at(2, 30),
        moment.at(2, 30, fold=1),
        moment.at(3),
        moment.at(6, 59),
        moment.at(22),
    ]


def somebody_to_ask(town: Town) -> Neighbour:
    volunteer = town.volunteer(phone=False, tasks_per_week=50)
    habits = {"quiet_from": None, "quiet_until": None, "pushes_per_day": 100, "asks_per_week": 100}
    assert volunteer.put("/v1/me/preferences", habits).status_code == 200
    return volunteer


def next_wave(town: Town, request: dict[str, str]) -> datetime | None:
    with town.wiring.reading() as context:
        return context.session.get_one(HelpRequest, UUID(request["id"])).next_wave_at


@settings(deadline=None)
@given(st.sampled_from(MOMENTS), st.integers(-24 * 60, 48 * 60))
@example(SPRING, 0)
@example(AUTUMN, 3 * 60)
def test_a_night_ends_when_somebody_who_stays_awake_sees_seven_on_the_clock(moment: Moment, minutes: int) -> None:
    now = moment.midnight + minutes * MINUTE
    assert is_night(now, HERNE) is not (time(7) <= wall(now).time() < time(22))
    morning = shows(moment, now, time(7))
    assert next_morning(now, HERNE) == morning
    if is_night(now, HERNE):
        assert all(is_night(tick.instant, HERNE) for tick in ticks_from(moment, now) if tick.instant < morning)
        assert not is_night(morning, HERNE)


@at_each_moment
def test_what_is_posted_at_night_asks_nobody_until_seven_sharp(town: Town, moment: Moment) -> None:
    town.clock.set(moment.at(12, days=-1))
    volunteer, requester = somebody_to_ask(town), town.neighbour()
    for now in nights_of(moment):
        morning = shows(moment, now, time(7))
        town.clock.set(now)
        request = requester.ask(needed_from=rfc3339(now), needed_until=rfc3339(morning + timedelta(hours=10)))
        assert next_wave(town, request) == morning
        assert town.run("send-waves", morning - SECOND) == {"requests": 0, "asked": 0}
        assert town.run("send-waves", morning) == {"requests": 1, "asked": 1}
        asked_at = {one["request"]["id"]: one["asked_at"] for one in volunteer.invitations()}[request["id"]]
        assert asked_at == rfc3339(morning)
        assert wall(morning).time() == time(7)
        requester.act(request, "cancel")


@at_each_moment
def test_what_is_posted_in_the_last_minute_of_the_day_or_in_the_first_is_asked_at_once(
    small_town: Town, moment: Moment
) -> None:
    small_town.clock.set(moment.at(12, days=-1))
    volunteer, requester = somebody_to_ask(small_town), small_town.neighbour()
    for now in (moment.at(21, 59, days=-1), moment.at(7), moment.at(21, 59), moment.at(7, days=1)):
        small_town.clock.set(now)
        request = requester.ask()
        asked_at = {one["request"]["id"]: one["asked_at"] for one in volunteer.invitations()}
        assert asked_at[request["id"]] == rfc3339(now)


@at_each_moment
def test_what_is_urgent_is_asked_at_every_hour_of_the_night(small_town: Town, moment: Moment) -> None:
    small_town.clock.set(moment.at(12, days=-1))
    owl, sleeper = somebody_to_ask(small_town), small_town.volunteer(phone=False)
    requester = small_town.neighbour()
    nights = nights_of(moment)
    for now in nights:
        small_town.clock.set(now)
        requester.act(requester.ask(urgent=True), "cancel")
    assert len(owl.invitations()) == len(nights)
    assert sleeper.invitations() == []
