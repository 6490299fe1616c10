"""What is looked at once more before a reminder, or the question how it ended, is sent."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.nachbarschaft.owed import owed
from tests.nachbarschaft.test_reminding import DAY, HOURS, in_three_days, move
from tests.support.town import Neighbour, Town

Meanwhile = Callable[[Town, Neighbour, Neighbour, dict[str, Any]], object]

MEANWHILE: dict[str, tuple[Meanwhile, str]] = {
    "they gave it back": (lambda t, requester, helper, request: helper.act(request, "withdraw"), "settled"),
    "it was called off": (lambda t, requester, helper, request: requester.act(request, "cancel"), "settled"),
    "it was put off": (
        lambda t, requester, helper, request: move(requester, request, t.clock.now() + timedelta(hours=40)),
        "settled",
    ),
    "it has begun": (lambda t, requester, helper, request: t.clock.forward(hours=24), "too_late"),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_a_reminder_that_is_not_true_any_more_is_dropped(small_town: Town, what: str) -> None:
    requester, helper, request, begins = in_three_days(small_town)
    helper.register_phone()
    small_town.clock.set(begins - DAY)
    assert small_town.run("remind-helpers")["day"] == 1
    happens, reason = MEANWHILE[what]
    happens(small_town, requester, helper, request)

    small_town.deliver()

    [reminder] = owed(small_town, "reminder_day")
    assert (reminder.state, reminder.outcome) == ("dropped", reason)


def test_a_reminder_that_is_true_is_sent_and_lives_until_it_begins(small_town: Town) -> None:
    _, helper, _, begins = in_three_days(small_town)
    helper.register_phone()
    small_town.clock.set(begins - HOURS)
    small_town.run("remind-helpers")

    small_town.deliver()

    [push] = small_town.sent()
    assert push["expires_at_epoch"] == begins.timestamp()
    assert owed(small_town, "reminder_hours")[0].ends_at == begins


def test_whoever_has_said_how_it_ended_is_not_asked(small_town: Town) -> None:
    requester, helper, request, begins = in_three_days(small_town)
    requester.register_phone()
    helper.register_phone()
    small_town.deliver()
    small_town.clock.set(begins + timedelta(hours=51))
    assert small_town.run("close-forgotten")["asked"] == 1
    assert helper.act(request, "done").status_code == 200

    small_town.deliver()

    asked = owed(small_town, "is_it_done") + owed(small_town, "did_it_happen")
    assert [(push.state, push.outcome) for push in asked] == [("dropped", "settled")] * 2
