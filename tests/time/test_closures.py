"""The office is closed by the calendar on the wall; neighbours go on helping each other meanwhile."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.api.staff import coordinator
from tests.support.town import Neighbour, Town
from tests.time.moments import BOXING_DAY, CLOSURE, NEW_YEAR, Moment, at_each_moment, rfc3339

SETTINGS = "/v1/quarters/blumenthal/settings"
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def close(boss: Neighbour, first: date, last: date) -> None:
    """The coordinator closes the office from `first` until `last`, both included."""
    etag = boss.get(SETTINGS).headers["ETag"]
    closure = {"from": first.isoformat(), "until": last.isoformat(), "reason": "Betriebsferien"}
    changed = boss.patch(SETTINGS, {"closures": [closure]}, If_Match=etag)
    assert changed.status_code == 200, changed.text


def card(town: Town, at: datetime) -> dict[str, Any]:
    """What everybody can read at `at` about reaching Blumenthal's office."""
    town.clock.set(at)
    found: dict[str, Any] = town.call("GET", "/v1/meta?quarter=blumenthal").json
    return found


def closed_until(town: Town, at: datetime) -> str | None:
    [contact] = card(town, at)["contact"]
    until: str | None = contact["closed_until"]
    return until


@at_each_moment
def test_an_office_is_closed_from_midnight_to_midnight_however_long_that_day_is(
    small_town: Town, moment: Moment
) -> None:
    small_town.clock.set(moment.at(12, days=-1))
    close(coordinator(small_town), moment.day, moment.day)
    first, end = moment.midnight, moment.at(0, days=1)

    assert closed_until(small_town, first - MINUTE) is None
    assert closed_until(small_town, first) == moment.day.isoformat()
    assert closed_until(small_town, end - MINUTE) == moment.day.isoformat()
    assert closed_until(small_town, end) is None


def test_the_closure_over_christmas_is_shown_until_it_is_over(town: Town) -> None:
    first, last = CLOSURE
    town.clock.set(BOXING_DAY.at(12, days=-10))
    close(coordinator(town), first, last)
    shown = {"quarter": "blumenthal", "from": "2026-12-24", "until": "2027-01-01", "reason": "Betriebsferien"}

    assert card(town, BOXING_DAY.at(23, 59, days=-3))["closures"] == [shown]
    for day in range(9):
        assert closed_until(town, BOXING_DAY.at(0, days=day - 2)) == last.isoformat()
    assert card(town, NEW_YEAR.at(23, 59))["closures"] == [shown]
    assert card(town, NEW_YEAR.at(0, days=1))["closures"] == []


@pytest.mark.parametrize("days", [0, 5, 6], ids=["26 December", "31 December", "1 January"])
def test_while_it_is_closed_volunteers_are_asked_and_requests_run_out_as_ever(small_town: Town, days: int) -> None:
    small_town.clock.set(BOXING_DAY.at(12, days=-10))
    close(coordinator(small_town), *CLOSURE)
    volunteer, requester = small_town.volunteer(), small_town.neighbour()
    small_town.clock.set(BOXING_DAY.at(9, days=days))
    assert closed_until(small_town, small_town.clock.now()) == CLOSURE[1].isoformat()

    request = requester.ask(needed_until=rfc3339(BOXING_DAY.at(17, days=days)))
    assert [one["request"]["id"] for one in volunteer.invitations()] == [request["id"]]
    assert small_town.deliver() == {"sent": 1}
    assert small_town.run("expire-requests", BOXING_DAY.at(15, days=days))["warned"] == 1
    assert small_town.run("expire-requests", BOXING_DAY.at(17, days=days) - SECOND)["expired"] == 0
    assert small_town.run("expire-requests", BOXING_DAY.at(17, days=days))["expired"] == 1
