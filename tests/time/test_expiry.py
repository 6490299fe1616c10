"""Running out: spans are counted in hours that really pass, whatever the clocks on the wall do meanwhile."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models import HelpRequest
from nachbarschaft.services.expiry import confirm
from tests.support.town import Neighbour, Town
from tests.time.minutes import MINUTE
from tests.time.moments import AUTUMN, LEAP_DAY, MOMENTS, NEW_YEAR, SPRING, Moment, at_each_moment, rfc3339, wall

SECOND = timedelta(seconds=1)
WEEK_MINUTES, DAY_MINUTES = 7 * 24 * 60, 24 * 60


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def run(town: Town, at: datetime) -> dict[str, int]:
    """Runs the job at `at`; what it did, without the zeros."""
    town.clock.set(at)
    return {kind: count for kind, count in town.run("expire-requests").items() if count}


def titles(neighbour: Neighbour) -> int:
    return len(neighbour.inbox())


def asked_at(town: Town, at: datetime, needed_until: datetime) -> tuple[Neighbour, dict[str, Any]]:
    town.clock.set(at)
    requester = town.neighbour()
    window = {"needed_from": rfc3339(at), "needed_until": rfc3339(needed_until)}
    return requester, requester.ask(**window)


def counted(confirmed: datetime, needed_until: datetime) -> tuple[datetime, datetime]:
    """Expiry and warning, found by letting minute after minute pass; of a warning only the minute."""
    passed, now = 0, confirmed
    while passed < WEEK_MINUTES and now < needed_until:
        now += MINUTE
        passed += 1
    left, warned = 0, now
    while 4 * (left + 1) <= passed and left < DAY_MINUTES:
        warned -= MINUTE
        left += 1
    return now, warned


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(MOMENTS), st.integers(-8 * DAY_MINUTES, DAY_MINUTES), st.integers(1, 9 * DAY_MINUTES))
@example(SPRING, -60, WEEK_MINUTES + 1)
@example(AUTUMN, -60, 300)
@example(LEAP_DAY, -3 * DAY_MINUTES, WEEK_MINUTES)
def test_seven_days_and_the_last_quarter_are_what_somebody_counts_minute_by_minute(
    moment: Moment, starts: int, lasts: int
) -> None:
    now = moment.midnight + starts * MINUTE
    request = HelpRequest(needed_until=now + lasts * MINUTE)
    confirm(request, now)
    expires, warned = counted(now, request.needed_until)
    assert request.expires_at == expires
    assert warned - MINUTE < request.warn_at <= warned


@at_each_moment
def test_a_week_that_holds_the_moment_is_168_hours_long_and_warned_of_24_hours_before(
    town: Town, moment: Moment
) -> None:
    posted = moment.at(12, days=-3)
    requester, request = asked_at(town, posted, moment.at(12, days=20))
    end = instant(request["expires_at"])
    assert end - posted == timedelta(hours=168)
    shift = {SPRING: 1, AUTUMN: -1}.get(moment, 0)
    assert wall(end) - wall(posted) == timedelta(days=7, hours=shift)
    warning = end - timedelta(hours=24)
    assert run(town, warning - SECOND) == {}
    assert run(town, warning) == {"warned": 1}
    assert run(town, end - SECOND) == {}
    assert requester.read(request)["state"] == "open"
    assert run(town, end) == {"expired": 1}
    assert titles(requester) == 2


@pytest.mark.parametrize(
    ("moment", "hours"),
    [(SPRING, 7), (AUTUMN, 9), (LEAP_DAY, 8), (NEW_YEAR, 8)],
    ids=lambda value: value.name if isinstance(value, Moment) else f"{value} hours",
)
def test_the_last_quarter_of_a_night_is_a_quarter_of_the_hours_it_really_has(
    small_town: Town, moment: Moment, hours: int
) -> None:
    """From 22:00 to 06:00 by the clocks, whatever that is."""
    until = moment.at(6)
    _requester, request = asked_at(small_town, moment.at(22, days=-1), until)
    assert instant(request["expires_at"]) == until
    warning = until - timedelta(hours=hours) / 4
    assert run(small_town, warning - SECOND) == {}
    assert run(small_town, warning) == {"warned": 1}
    assert run(small_town, until) == {"expired": 1}


@at_each_moment
def test_from_the_very_instant_on_nobody_can_say_yes(small_town: Town, moment: Moment) -> None:
    """A request that ends at a time which the clocks skip, or show twice: at the first of the two."""
    until = moment.at(2, 30)
    _, in_time = asked_at(small_town, moment.at(20, days=-1), until)
    _, too_late = asked_at(small_town, moment.at(20, days=-1), until)
    volunteer = small_town.volunteer(phone=False)
    small_town.clock.set(until - SECOND)
    assert volunteer.act(in_time, "accept").status_code == 201
    small_town.clock.set(until)
    refused = volunteer.act(too_late, "accept")
    assert (refused.status_code, refused.json["code"]) == (409, "not_open")


@at_each_moment
def test_still_needed_begins_a_week_that_holds_the_moment(small_town: Town, moment: Moment) -> None:
    requester, request = asked_at(small_town, moment.at(23, days=-7), moment.at(12, days=30))
    end = instant(request["expires_at"])
    assert run(small_town, end - timedelta(hours=1)) == {"warned": 1}
    renewed = instant(requester.act(request, "still-needed").json["expires_at"])
    assert renewed == small_town.clock.now() + timedelta(hours=168)
    assert run(small_town, end) == {}
    assert run(small_town, renewed - timedelta(hours=24)) == {"warned": 1}
    assert run(small_town, renewed) == {"expired": 1}


def test_29_february_is_a_day_to_ask_for_in_2028_and_in_no_year_around_it(small_town: Town) -> None:
    small_town.clock.set(LEAP_DAY.at(12, days=-1))
    requester = small_town.neighbour()
    for year, status in ((2027, 422), (2028, 201), (2029, 422)):
        body = wish(f"{year}-02-29T10:00:00+01:00", f"{year}-02-29T18:00:00+01:00")
        assert requester.post("/v1/requests", body).status_code == status, year
    on_the_day = requester.get("/v1/requests?mine=true").json["items"][0]
    assert on_the_day["expires_at"] == "2028-02-29T17:00:00Z"


def test_the_end_of_december_has_no_second_more_and_the_new_year_no_second_less(small_town: Town) -> None:
    small_town.clock.set(NEW_YEAR.at(20, days=-1))
    requester = small_town.neighbour()
    leap_second = wish("2026-12-31T21:00:00Z", "2026-12-31T23:59:60Z")
    assert requester.post("/v1/requests", leap_second).status_code == 422
    made = requester.post("/v1/requests", wish("2026-12-31T21:00:00Z", "2026-12-31T23:59:59Z"))
    assert (made.status_code, made.json["expires_at"]) == (201, "2026-12-31T23:59:59Z")


def test_the_same_hour_twice_is_told_apart_by_its_offset(small_town: Town) -> None:
    small_town.clock.set(AUTUMN.at(12, days=-1))
    requester = small_town.neighbour()
    made = requester.post("/v1/requests", wish("2027-10-31T02:30:00+02:00", "2027-10-31T02:30:00+01:00"))
    assert (made.json["needed_from"], made.json["needed_until"]) == ("2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z")


def wish(needed_from: str, needed_until: str) -> dict[str, Any]:
    place = {"lat": 51.53, "lon": 7.156, "address": "Wilhelmstraße 5"}
    return {"category": "shopping", "needed_from": needed_from, "needed_until": needed_until, "place": place}
