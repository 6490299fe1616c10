"""Reports count by the days of the quarter's calendar: a year's last minute belongs to it, the next one does not."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.api.staff import coordinator
from tests.support.town import Neighbour, Town
from tests.time.moments import AUTUMN, LEAP_DAY, SPRING, Moment, at_each_moment, rfc3339, wall

STATISTICS = "/v1/quarters/blumenthal/statistics"
DAY = timedelta(days=1)
GROUP_OF: dict[str, Callable[[datetime], str]] = {
    "day": lambda shown: f"{shown:%Y-%m-%d}",
    "week": lambda shown: f"{shown:%G-W%V}",
    "month": lambda shown: f"{shown:%Y-%m}",
}


def posted_around(moment: Moment) -> list[datetime]:
    """Five requests or more on each of the three days, most of them as close to midnight as can be."""
    return [
        *[moment.at(23, 59, days=-1)] * 5,
        *[moment.midnight] * 5,
        moment.at(2, 30),
        moment.at(2, 30, fold=1),
        *[moment.at(23, 59)] * 5,
        *[moment.at(0, days=1)] * 6,
    ]


def post(requester: Neighbour, at: datetime) -> None:
    """One request, taken back at once to leave room for the next."""
    requester.town.clock.set(at)
    window = {"needed_from": rfc3339(at), "needed_until": rfc3339(at + 2 * DAY)}
    requester.act(requester.ask(**window), "cancel")


def counted(boss: Neighbour, by: str, first: date, last: date) -> dict[str, int]:
    """Group → how many requests, of the days from `first` until `last`."""
    answer = boss.get(f"{STATISTICS}?by={by}&from={first}&until={last}")
    assert answer.status_code == 200, answer.text
    assert (answer.json["from"], answer.json["until"]) == (first.isoformat(), last.isoformat())
    return {row["group"]: row["requests"] for row in answer.json["rows"]}


@at_each_moment
def test_each_request_is_counted_on_the_day_that_the_calendar_on_the_wall_shows(town: Town, moment: Moment) -> None:
    town.clock.set(moment.at(20, days=-1))
    boss, requester = coordinator(town), town.neighbour()
    times = posted_around(moment)
    for at in times:
        post(requester, at)

    eve, morrow = moment.day - DAY, moment.day + DAY
    for by, group_of in GROUP_OF.items():
        assert counted(boss, by, eve, morrow) == Counter(group_of(wall(at)) for at in times), by
    assert counted(boss, "day", moment.day, moment.day) == {moment.day.isoformat(): 12}
    assert counted(boss, "category", eve, eve) == {"shopping": 5}
    assert counted(boss, "channel", moment.day, morrow) == {"app": 18}
    assert counted(boss, "language", morrow, morrow) == {"de": 6}


@at_each_moment
def test_today_begins_at_midnight_by_the_clocks_of_the_quarter(small_town: Town, moment: Moment) -> None:
    small_town.clock.set(moment.at(23, 59, days=-1))
    boss = coordinator(small_town)
    assert period(boss) == (moment.day - 30 * DAY, moment.day - DAY)
    small_town.clock.set(moment.midnight)
    assert period(boss) == (moment.day - 29 * DAY, moment.day)


def period(boss: Neighbour) -> tuple[date, date]:
    """The days that a report is about where nobody says which."""
    answer: dict[str, Any] = boss.get(STATISTICS).json
    return date.fromisoformat(answer["from"]), date.fromisoformat(answer["until"])


@pytest.mark.parametrize(
    ("moment", "minutes"),
    [(SPRING, 60), (AUTUMN, 180), (LEAP_DAY, 120)],
    ids=["the clocks go forward", "the clocks go back", "29 February"],
)
def test_waiting_for_a_yes_takes_as_long_as_it_really_takes(small_town: Town, moment: Moment, minutes: int) -> None:
    """Posted at 01:30, and taken when the clocks show 03:30."""
    small_town.clock.set(moment.at(20, days=-1))
    boss, requester = coordinator(small_town), small_town.neighbour()
    helpers = [small_town.volunteer(phone=False) for _ in range(2)]
    small_town.clock.set(moment.at(1, 30))
    requests = [requester.ask() for _ in range(5)]
    small_town.clock.set(moment.at(3, 30))
    for number, request in enumerate(requests):
        assert helpers[number % 2].act(request, "accept").status_code == 201

    [row] = boss.get(f"{STATISTICS}?by=day&from={moment.day}&until={moment.day}").json["rows"]
    assert (row["requests"], row["filled"], row["median_minutes_to_match"]) == (5, 5, minutes)


def test_a_year_with_29_february_has_a_day_more_to_report_on(small_town: Town) -> None:
    small_town.clock.set(LEAP_DAY.at(12))
    boss = coordinator(small_town)
    assert boss.get(f"{STATISTICS}?from=2028-02-29&until=2028-02-29").status_code == 200
    for year in (2027, 2029):
        assert boss.get(f"{STATISTICS}?from={year}-02-29&until={year}-03-01").status_code == 422
