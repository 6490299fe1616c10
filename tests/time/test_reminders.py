"""Reminders and forgotten requests: hours that really pass, whatever the clocks on the wall do meanwhile."""

from datetime import datetime, timedelta

import pytest

from tests.support.town import Neighbour, Town
from tests.time.moments import AUTUMN, LEAP_DAY, NEW_YEAR, SPRING, Moment, at_each_moment, rfc3339, wall

SECOND = timedelta(seconds=1)
DAY, HOURS = timedelta(hours=24), timedelta(hours=2)
ASKED, CLOSED = timedelta(hours=48), timedelta(hours=72)


def run(town: Town, job: str, at: datetime) -> dict[str, int]:
    """Runs a job at `at`; what it did, without the zeros."""
    town.clock.set(at)
    return {kind: count for kind, count in town.run(job).items() if count}


def helped(town: Town, begins: datetime, ends: datetime) -> Neighbour:
    """Somebody asked four days before for what begins and ends then, and has a helper, who is returned."""
    town.clock.set(begins - timedelta(days=4))
    helper, requester = town.volunteer(phone=False), town.neighbour()
    request = requester.ask(needed_from=rfc3339(begins), needed_until=rfc3339(ends))
    assert helper.act(request, "accept").status_code == 201
    return helper


@at_each_moment
def test_what_begins_at_noon_of_the_day_is_reminded_of_24_hours_before(town: Town, moment: Moment) -> None:
    begins = moment.at(12)
    helped(town, begins, moment.at(14))
    shift = {SPRING: -1, AUTUMN: 1}.get(moment, 0)
    assert wall(begins - DAY) == wall(begins) - timedelta(days=1) + timedelta(hours=shift)
    assert run(town, "remind-helpers", begins - DAY - SECOND) == {}
    assert run(town, "remind-helpers", begins - DAY) == {"day": 1}
    assert run(town, "remind-helpers", begins - HOURS - SECOND) == {}
    assert run(town, "remind-helpers", begins - HOURS) == {"hours": 1}
    assert run(town, "remind-helpers", begins) == {}


@pytest.mark.parametrize(
    ("moment", "hour", "shown"),
    [(SPRING, 4, 1), (AUTUMN, 3, 2), (AUTUMN, 4, 2), (LEAP_DAY, 4, 2), (NEW_YEAR, 1, 23)],
    ids=lambda value: value.name if isinstance(value, Moment) else str(value),
)
def test_two_hours_before_is_two_hours_that_pass(small_town: Town, moment: Moment, hour: int, shown: int) -> None:
    """In spring the clocks show 01:00 then, three hours less; in autumn 02:00 for 03:00 as for 04:00."""
    begins = moment.at(hour)
    helped(small_town, begins, begins + timedelta(hours=3))
    due = begins - HOURS
    assert wall(due).hour == shown
    assert run(small_town, "remind-helpers", due - SECOND) == {"day": 1}
    assert run(small_town, "remind-helpers", due) == {"hours": 1}


@pytest.mark.parametrize("fold", [0, 1])
def test_an_hour_that_comes_twice_is_reminded_of_for_the_one_that_was_meant(small_town: Town, fold: int) -> None:
    begins = AUTUMN.at(2, 30, fold=fold)
    helped(small_town, begins, begins + timedelta(hours=3))
    run(small_town, "remind-helpers", begins - DAY)
    assert run(small_town, "remind-helpers", begins - HOURS - SECOND) == {}
    assert run(small_town, "remind-helpers", begins - HOURS) == {"hours": 1}
    assert run(small_town, "remind-helpers", begins) == {}


@at_each_moment
def test_a_clock_that_is_set_back_reminds_nobody_twice_and_one_set_forward_leaves_out_nobody_ahead(
    small_town: Town, moment: Moment
) -> None:
    begins = moment.at(12)
    helper = helped(small_town, begins, moment.at(14))
    assert run(small_town, "remind-helpers", begins - DAY) == {"day": 1}
    assert run(small_town, "remind-helpers", begins - DAY - timedelta(hours=3)) == {}
    assert run(small_town, "remind-helpers", begins - DAY + SECOND) == {}
    assert run(small_town, "remind-helpers", begins - timedelta(minutes=30)) == {"hours": 1}
    assert run(small_town, "remind-helpers", begins - HOURS) == {}
    assert len(helper.inbox()) == 3, "asked, and two reminders"


@at_each_moment
def test_a_request_that_ends_on_the_day_is_asked_about_48_hours_later_and_taken_for_done_72_after_that(
    town: Town, moment: Moment
) -> None:
    ends = moment.at(1, 30)
    helped(town, ends - timedelta(hours=2), ends)
    assert run(town, "close-forgotten", ends + ASKED - SECOND) == {}
    assert run(town, "close-forgotten", ends + ASKED) == {"asked": 1}
    assert run(town, "close-forgotten", ends + ASKED + CLOSED - SECOND) == {}
    assert run(town, "close-forgotten", ends + ASKED + CLOSED) == {"closed": 1}
    assert run(town, "close-forgotten", ends + ASKED + CLOSED + CLOSED) == {}
