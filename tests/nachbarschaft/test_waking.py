"""At night a phone rings only for what somebody waits for; and nobody stands before a door in vain."""

from datetime import UTC, datetime, timedelta

from tests.support.town import Neighbour, Town

EVENING = datetime(2026, 6, 10, 19, 0, tzinfo=UTC)
"""21:00 in Herne."""


def helped(town: Town, *, urgent: bool, starts: datetime) -> tuple[Neighbour, Neighbour, dict[str, str]]:
    """A helper, a requester and their request, all told what there was to tell."""
    town.clock.set(EVENING)
    helper, requester = town.volunteer(), town.neighbour()
    window = {"needed_from": starts.isoformat(), "needed_until": (starts + timedelta(hours=8)).isoformat()}
    request = requester.ask(urgent=urgent, **window)
    assert helper.act(request, "accept").status_code == 201
    town.deliver()
    return helper, requester, request


def delivered_at(town: Town, moment: datetime) -> int:
    """How many pushes go out at `moment`."""
    before = len(town.sent())
    town.clock.set(moment)
    town.deliver()
    return len(town.sent()) - before


def test_a_task_that_is_marked_as_done_wakes_nobody(small_town: Town) -> None:
    _helper, requester, request = helped(small_town, urgent=True, starts=EVENING)
    small_town.clock.set(datetime(2026, 6, 11, 0, 30, tzinfo=UTC))
    requester.act(request, "done")

    assert delivered_at(small_town, small_town.clock.now()) == 0
    assert delivered_at(small_town, datetime(2026, 6, 11, 5, 0, tzinfo=UTC)) == 1


def test_a_task_that_is_called_off_wakes_whoever_is_about_to_go(small_town: Town) -> None:
    starts = datetime(2026, 6, 11, 4, 30, tzinfo=UTC)
    _helper, requester, request = helped(small_town, urgent=False, starts=starts)
    small_town.clock.set(datetime(2026, 6, 10, 21, 0, tzinfo=UTC))
    requester.act(request, "cancel")

    assert delivered_at(small_town, small_town.clock.now()) == 0
    assert delivered_at(small_town, starts - timedelta(hours=1, minutes=1)) == 0
    assert delivered_at(small_town, starts - timedelta(hours=1)) == 1


def test_an_urgent_request_whose_helper_withdraws_at_night_rings(small_town: Town) -> None:
    helper, requester, request = helped(small_town, urgent=True, starts=EVENING)
    requester.register_phone()
    small_town.clock.set(datetime(2026, 6, 10, 23, 0, tzinfo=UTC))
    helper.act(request, "withdraw")

    assert delivered_at(small_town, small_town.clock.now()) == 1


def test_an_ask_that_the_person_could_not_take_any_more_is_not_sent(small_town: Town) -> None:
    volunteer, requester = small_town.volunteer(), small_town.neighbour()
    requester.ask()
    offer = volunteer.get("/v1/offers").json["items"][0]
    volunteer.delete(f"/v1/offers/{offer['id']}")

    assert small_town.deliver() == {"dropped": 1}
    assert small_town.sent() == []


def test_do_you_still_need_it_is_not_asked_of_whoever_has_just_said_so(small_town: Town) -> None:
    requester = small_town.neighbour()
    requester.register_phone()
    request = requester.ask()
    small_town.clock.forward(hours=8)
    small_town.run("expire-requests")
    requester.act(request, "still-needed")

    assert small_town.deliver() == {"dropped": 1}


def test_a_phone_that_has_signed_out_does_not_ring(small_town: Town) -> None:
    volunteer, requester = small_town.volunteer(), small_town.neighbour()
    requester.ask()
    volunteer.post("/v1/auth/sign-out")

    assert small_town.deliver() == {"dropped": 1}
    assert small_town.sent() == []
