"""“I have time now”: whoever says so is asked outside their hours, sooner than others, and until it ends by itself."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.raw import assert_problem
from tests.support.town import Neighbour, Town

PATH = "/v1/me/available-now"
FRIDAYS = [{"weekday": 4, "from": "08:00", "until": "09:00"}]
"""Towns begin on a Wednesday."""


def have_time(neighbour: Neighbour, hours: float) -> None:
    reply = neighbour.put(PATH, {"until": neighbour.town.in_hours(hours)})
    assert reply.status_code == 200, reply.text


def shown(neighbour: Neighbour) -> Any:
    return neighbour.get("/v1/me").json["available_until"]


def was_asked(neighbour: Neighbour) -> bool:
    return bool(neighbour.invitations())


def test_it_is_shown_until_it_ends_by_itself(town: Town) -> None:
    volunteer = town.volunteer(phone=False)
    assert shown(volunteer) is None
    until = town.in_hours(2)

    assert volunteer.put(PATH, {"until": until}).json == {"until": until}

    etag = volunteer.get("/v1/me").headers["ETag"]
    assert shown(volunteer) == until
    town.clock.forward(hours=2, minutes=-1)
    assert shown(volunteer) == until
    town.clock.forward(minutes=1)
    assert shown(volunteer) is None
    assert volunteer.get("/v1/me", If_None_Match=etag).status_code == 200, "it is no longer what it was"


def test_the_last_word_counts_and_taking_it_back_may_be_said_twice(town: Town) -> None:
    volunteer = town.volunteer(phone=False)
    have_time(volunteer, 1)
    have_time(volunteer, 3)
    assert shown(volunteer) == town.in_hours(3)
    assert volunteer.delete(PATH).status_code == 204
    assert shown(volunteer) is None
    assert volunteer.delete(PATH).status_code == 204


@pytest.mark.parametrize("hours", [-1, 0, 12 + 1 / 3600, 24, 24 * 365])
def test_now_is_at_least_a_moment_and_at_most_twelve_hours(small_town: Town, hours: float) -> None:
    volunteer = small_town.volunteer(phone=False)
    have_time(volunteer, 12)
    reply = volunteer.put(PATH, {"until": small_town.in_hours(hours)})
    assert_problem(reply, 422, "invalid")
    assert list(reply.json["errors"]) == ["until"]
    assert shown(volunteer) == small_town.in_hours(12), "what was refused changes nothing"


@pytest.mark.parametrize(
    "body", [None, {}, {"until": None}, {"until": "soon"}, {"until": 5}, {"until": "2026-06-10T12:00:00", "x": 1}]
)
def test_a_body_of_another_shape_is_refused(small_town: Town, body: Any) -> None:
    assert small_town.volunteer(phone=False).put(PATH, body).status_code in {400, 415, 422}


def test_whoever_has_time_now_is_asked_outside_their_hours(town: Town) -> None:
    busy, free = (town.volunteer(availability=FRIDAYS, phone=False) for _ in range(2))
    have_time(free, 4)

    town.neighbour().ask()

    assert not was_asked(busy)
    assert was_asked(free)
    assert "You said that you have time now." in free.get("/v1/invitations", Accept_Language="en").text


def test_once_it_has_ended_or_was_taken_back_it_asks_nobody(town: Town) -> None:
    ended, taken_back, too_short = (town.volunteer(availability=FRIDAYS, phone=False) for _ in range(3))
    have_time(ended, 1)
    have_time(taken_back, 8)
    assert taken_back.delete(PATH).status_code == 204
    town.clock.forward(hours=1)
    have_time(too_short, 1.4)

    town.neighbour().ask()

    assert [was_asked(each) for each in (ended, taken_back, too_short)] == [False, False, False], (
        "help is needed in an hour; less than half an hour would be left then"
    )


def test_among_equals_who_has_time_now_is_asked_first(small_town: Town) -> None:
    volunteers = [small_town.volunteer(phone=False) for _ in range(5)]
    for free in (volunteers[1], volunteers[4]):
        have_time(free, 6)
    small_town.neighbour().ask()
    assert [was_asked(each) for each in volunteers] == [False, True, False, False, True]


def test_who_waits_for_a_wave_is_found_by_the_next_one(small_town: Town) -> None:
    volunteer = small_town.volunteer(availability=FRIDAYS, phone=False)
    request = small_town.neighbour().ask()
    assert not was_asked(volunteer)
    have_time(volunteer, 5)
    small_town.clock.forward(minutes=30)
    assert small_town.run("send-waves")["asked"] == 1
    [invitation] = volunteer.invitations()
    assert invitation["request"]["id"] == request["id"]


def test_a_pause_and_the_night_hold_all_the_same(small_town: Town) -> None:
    paused, owl = (small_town.volunteer(phone=False) for _ in range(2))
    for each in (paused, owl):
        have_time(each, 12)
    paused.put("/v1/me/preferences", {"paused_until": small_town.in_hours(24)})
    owl.put("/v1/me/preferences", {"quiet_from": None, "quiet_until": None})
    small_town.clock.forward(hours=11)
    small_town.neighbour().ask(needed_from=small_town.in_hours(0.1), needed_until=small_town.in_hours(6))
    assert not was_asked(paused)
    assert not was_asked(owl), "it is 23:00, and it is not urgent"


def test_nobody_else_sees_it(small_town: Town) -> None:
    volunteer = small_town.volunteer(phone=False)
    have_time(volunteer, 4)
    request = small_town.neighbour()
    asked = request.ask()
    assert volunteer.act(asked, "accept").status_code == 201
    assert "available" not in request.get(f"/v1/requests/{asked['id']}").text


def test_two_words_at_once_leave_one_of_them(town: Town) -> None:
    volunteer = town.volunteer(phone=False)
    instants = [town.in_hours(hours) for hours in (1, 2, 3, 4)]
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda until: volunteer.put(PATH, {"until": until}), instants))
    assert [reply.status_code for reply in replies] == [200] * 4
    assert shown(volunteer) in instants
