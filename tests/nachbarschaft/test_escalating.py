"""The coordinators are told once that help is still missing: when, whom, and with what was tried."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from models import HelpRequest
from tests.api.staff import coordinator, events, set_up
from tests.support.town import Neighbour, Town

Request = dict[str, Any]
ASKS_ALL = {"wave": 20, "interval_shortest_minutes": 10, "interval_longest_minutes": 10}


def told(boss: Neighbour, request: Request) -> list[dict[str, Any]]:
    """What a coordinator's inbox says about one request."""
    return [entry for entry in boss.inbox() if entry["request"] == request["id"]]


def escalation(boss: Neighbour, request: Request) -> dict[str, Any] | None:
    found: dict[str, Any] | None = boss.get(f"/v1/requests/{request['id']}/dispatch").json["escalation"]
    return found


def run_at(town: Town, hours: float) -> None:
    """So many hours after noon, the job runs."""
    town.clock.set(datetime(2026, 6, 10, 10, tzinfo=UTC) + timedelta(hours=hours))
    town.run("send-waves")


def test_where_nobody_can_be_asked_they_are_told_at_once(town: Town) -> None:
    boss = coordinator(town)
    boss.register_phone()
    request = town.neighbour().ask()

    assert escalation(boss, request) == {
        "at": town.in_hours(0),
        "reason": "nobody_left",
        "asked": 0,
        "waves": 0,
        "unreachable": 0,
        "declined": 0,
    }
    [entry] = told(boss, request)
    assert (entry["kind"], entry["title"]) == ("request_changed", "Eine Anfrage braucht Sie")
    assert town.deliver() == {"sent": 1}
    [event] = events(town, "escalated")
    assert event["tried"]["reason"] == "nobody_left"


def test_as_long_as_somebody_may_still_answer_they_are_not_told(town: Town) -> None:
    first, second = town.volunteer(phone=False), town.volunteer(phone=False)
    town.change_person(second, email=None)
    boss = coordinator(town)
    request = town.neighbour().ask()
    run_at(town, 1)
    first.act(request, "decline")
    run_at(town, 2)
    assert escalation(boss, request) is None
    second.act(request, "decline")
    run_at(town, 3)
    found = escalation(boss, request)
    assert found is not None
    assert found | {"at": ""} == {
        "at": "",
        "reason": "nobody_left",
        "asked": 2,
        "waves": 1,
        "unreachable": 1,
        "declined": 2,
    }


def test_once_as_many_were_asked_as_should_be_they_are_told(town: Town) -> None:
    boss = coordinator(town)
    set_up(boss, dispatch={"asked_at_most": 3, "wave_urgent": 3})
    for _ in range(5):
        town.volunteer(phone=False)
    request = town.neighbour().ask()
    assert escalation(boss, request) is None
    run_at(town, 1)
    found = escalation(boss, request)
    assert found is not None
    assert (found["reason"], found["asked"], found["waves"]) == ("enough_asked", 3, 2)


def test_after_seventy_percent_of_the_time_they_are_told_to_the_second(town: Town) -> None:
    """From noon until 21:00, so at 18:18; the next wave would come later."""
    town.volunteer(phone=False)
    boss = coordinator(town)
    set_up(boss, dispatch=ASKS_ALL)
    request = town.neighbour().ask()
    run_at(town, 6.3 - 1 / 3600)
    assert escalation(boss, request) is None
    run_at(town, 6.3)
    found = escalation(boss, request)
    assert found is not None
    assert (found["reason"], found["at"]) == ("time_runs_out", "2026-06-10T16:18:00Z")


def test_a_quarter_may_set_another_share(small_town: Town) -> None:
    small_town.volunteer(phone=False)
    boss = coordinator(small_town)
    set_up(boss, dispatch={"escalate_share": 0.5})
    request = small_town.neighbour().ask()
    run_at(small_town, 4.5)
    found = escalation(boss, request)
    assert found is not None
    assert found["reason"] == "time_runs_out"


def test_they_are_told_once_however_it_goes_on(town: Town) -> None:
    boss, requester = coordinator(town), town.neighbour()
    request = requester.ask()
    before = escalation(boss, request)
    helper = town.volunteer(phone=False)
    run_at(town, 1)
    helper.act(request, "accept")
    helper.act(request, "withdraw")
    for hours in (2, 6.3, 7, 8):
        run_at(town, hours)
    assert escalation(boss, request) == before
    assert len(told(boss, request)) == len(events(town, "escalated")) == 1


def test_of_two_schedulers_at_the_same_moment_one_tells_them(town: Town) -> None:
    town.volunteer(phone=False)
    boss = coordinator(town)
    request = town.neighbour().ask()
    town.clock.forward(hours=6.3)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: town.run("send-waves"), range(3)))
    assert len(told(boss, request)) == len(events(town, "escalated")) == 1


def test_only_the_coordinators_of_the_quarter_are_told(town: Town) -> None:
    mine, also_mine, beside = (coordinator(town, each) for each in ("blumenthal", "blumenthal", "forellquartier"))
    suspended = coordinator(town)
    town.change_person(suspended, suspended_at=town.clock.now())
    requester = town.neighbour()
    request = requester.ask()
    assert [len(told(each, request)) for each in (mine, also_mine, beside, requester)] == [1, 1, 0, 0]
    assert "escalation" not in requester.get(f"/v1/requests/{request['id']}/dispatch").json
    with town.wiring.reading() as context:
        assert context.session.get_one(HelpRequest, UUID(request["id"])).escalated_at is not None


def test_what_is_filled_called_off_or_over_tells_nobody(town: Town) -> None:
    helper, requester = town.volunteer(phone=False), town.neighbour()
    boss = coordinator(town)
    filled, cancelled, over = requester.ask(), requester.ask(), requester.ask()
    assert helper.act(filled, "accept").status_code == 201
    assert requester.act(cancelled, "cancel").status_code == 200
    run_at(town, 9)
    assert [escalation(boss, each) for each in (filled, cancelled, over)] == [None, None, None]


def test_a_normal_request_of_the_night_waits_for_whoever_can_be_asked_in_the_morning(small_town: Town) -> None:
    boss = coordinator(small_town)
    volunteer = small_town.volunteer(phone=False)
    small_town.clock.forward(hours=11)
    request = small_town.neighbour().ask(needed_until=small_town.in_hours(30))
    assert escalation(boss, request) is None
    small_town.clock.forward(hours=8)
    small_town.run("send-waves")
    assert len(volunteer.invitations()) == 1
    assert escalation(boss, request) is None


def test_a_push_that_waits_for_the_morning_is_dropped_once_somebody_helps(small_town: Town) -> None:
    boss = coordinator(small_town)
    boss.register_phone()
    small_town.clock.forward(hours=11)
    request = small_town.neighbour().ask(needed_until=small_town.in_hours(12), urgent=True)
    assert escalation(boss, request) is not None
    assert "sent" not in small_town.deliver()
    assert small_town.volunteer(phone=False).act(request, "accept").status_code == 201
    small_town.clock.forward(hours=9)
    assert "sent" not in small_town.deliver()


# --- The office is closed -----------------------------------------------------------------------------------


def _closed(boss: Neighbour, first: date, last: date) -> None:
    set_up(boss, closures=[{"from": first.isoformat(), "until": last.isoformat()}])


def test_while_the_office_is_closed_it_waits_for_the_day_on_which_it_opens(town: Town) -> None:
    boss = coordinator(town)
    _closed(boss, date(2026, 6, 10), date(2026, 6, 11))
    request = town.neighbour().ask(needed_until=town.in_hours(47))
    run_at(town, 33)
    assert escalation(boss, request) is None, "70 % of the time is over"
    opens = datetime(2026, 6, 11, 22, tzinfo=UTC)
    town.clock.set(opens - timedelta(seconds=1))
    town.run("send-waves")
    assert escalation(boss, request) is None
    town.clock.set(opens)
    town.run("send-waves")
    found = escalation(boss, request)
    assert found is not None
    assert (found["at"], found["reason"]) == ("2026-06-11T22:00:00Z", "time_runs_out")


def test_what_is_over_before_the_office_opens_is_told_to_nobody(small_town: Town) -> None:
    boss = coordinator(small_town)
    _closed(boss, date(2026, 6, 10), date(2026, 6, 11))
    request = small_town.neighbour().ask()
    for hours in (1, 6.3, 8, 9, 36):
        run_at(small_town, hours)
    assert told(boss, request) == []


# --- The same clock -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("no_show", [False, True])
def test_who_gives_back_or_does_not_come_does_not_start_the_clock_anew(town: Town, no_show: bool) -> None:
    """A window of nine hours leaves 21.6 minutes between waves, also when only three of them are left."""
    for _ in range(4):
        town.volunteer(phone=False)
    requester, boss = town.neighbour(), coordinator(town)
    request = requester.ask()
    helper = town.volunteer(phone=False)
    helper.act(request, "accept")
    town.clock.forward(hours=6)
    if no_show:
        requester.act(request, "release", {"no_show": True})
    else:
        helper.act(request, "withdraw")
    with town.wiring.reading() as context:
        reopened = context.session.get_one(HelpRequest, UUID(request["id"]))
    assert reopened.next_wave_at == town.clock.now() + timedelta(minutes=21.6)
    assert escalation(boss, request) is None
    run_at(town, 6.3)
    assert escalation(boss, request) is not None


def test_who_opens_an_expired_request_again_starts_the_clock_anew(small_town: Town) -> None:
    small_town.volunteer(phone=False)
    requester, boss = small_town.neighbour(), coordinator(small_town)
    request = requester.ask(needed_until=small_town.in_hours(2))
    small_town.run("expire-requests", small_town.clock.now() + timedelta(hours=1.9))
    small_town.clock.forward(hours=20)
    small_town.run("expire-requests")
    renewed = requester.act(request, "still-needed", {"needed_until": small_town.in_hours(10)})
    assert renewed.status_code == 200, renewed.text
    small_town.clock.forward(hours=6.9)
    small_town.run("send-waves")
    assert escalation(boss, request) is None
    small_town.clock.forward(hours=0.1)
    small_town.run("send-waves")
    assert escalation(boss, request) is not None


def test_what_holds_in_the_quarter_is_shown_to_its_coordinators(small_town: Town) -> None:
    boss, requester = coordinator(small_town), small_town.neighbour()
    request = requester.ask()
    set_up(boss, dispatch={"wave": 7})
    path = f"/v1/requests/{request['id']}/dispatch"
    shown = boss.get(path).json["policy"]
    assert shown == boss.get("/v1/quarters/blumenthal/settings").json["dispatch"]
    assert shown["wave"] == 7
    assert "policy" not in requester.get(path).json
