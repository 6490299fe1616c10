"""Running out: when, with which warning, and never with help under way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from nachbarschaft.words import say
from nachbarschaft.words.texts import INBOX_TEXTS
from tests.support.town import Neighbour, Town

Request = dict[str, Any]
NOTHING = {"warned": 0, "expired": 0, "filled": 0}
SECOND = timedelta(seconds=1)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def told(neighbour: Neighbour) -> list[str]:
    """Titles of the inbox, sorted."""
    return sorted(entry["title"] for entry in neighbour.inbox())


def titles(*topics: str) -> list[str]:
    return sorted(say("de", INBOX_TEXTS[topic].title) for topic in topics)


def expire(town: Town, at: datetime) -> dict[str, int]:
    """Moves the clock and runs the job; what it did, without the zeros."""
    town.clock.set(at)
    return {kind: count for kind, count in town.run("expire-requests").items() if count}


def end_of(request: Request) -> datetime:
    return instant(request["expires_at"])


# --- The span -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("needed_for", "span", "warned_before"),
    [
        (timedelta(minutes=20), timedelta(minutes=20), timedelta(minutes=5)),
        (timedelta(hours=2), timedelta(hours=2), timedelta(minutes=30)),
        (timedelta(hours=9), timedelta(hours=9), timedelta(hours=2, minutes=15)),
        (timedelta(days=4), timedelta(days=4), timedelta(hours=24)),
        (timedelta(days=6), timedelta(days=6), timedelta(hours=24)),
        (timedelta(days=7), timedelta(days=7), timedelta(hours=24)),
        (timedelta(days=30), timedelta(days=7), timedelta(hours=24)),
    ],
)
def test_a_request_is_warned_of_in_the_last_quarter_of_its_span_and_ends_with_it(
    small_town: Town, needed_for: timedelta, span: timedelta, warned_before: timedelta
) -> None:
    requester, posted = small_town.neighbour(), small_town.clock.now()
    hours = needed_for / timedelta(hours=1)
    request = requester.ask(needed_from=small_town.in_hours(0.1), needed_until=small_town.in_hours(hours))
    end = end_of(request)
    assert end == posted + span

    assert expire(small_town, end - warned_before - SECOND) == {}
    assert expire(small_town, end - warned_before) == {"warned": 1}
    assert requester.read(request)["state"] == "open"
    assert told(requester) == titles("expiry_warning")
    assert expire(small_town, end - SECOND) == {}
    assert expire(small_town, end) == {"expired": 1}
    assert requester.read(request)["state"] == "expired"
    assert told(requester) == titles("expiry_warning", "expired")
    assert expire(small_town, end + timedelta(days=3)) == {}


def test_no_run_both_warns_and_ends_and_after_a_late_warning_it_ends_an_hour_later(small_town: Town) -> None:
    requester = small_town.neighbour()
    request = requester.ask()
    late = end_of(request) + timedelta(minutes=5)
    assert expire(small_town, late) == {"warned": 1}
    assert small_town.run("expire-requests") == NOTHING
    assert expire(small_town, late + timedelta(hours=1) - SECOND) == {}
    assert requester.read(request)["state"] == "open"
    assert expire(small_town, late + timedelta(hours=1)) == {"expired": 1}
    assert told(requester) == titles("expiry_warning", "expired")


def test_a_warning_at_the_very_end_counts_as_late_and_one_just_before_does_not(small_town: Town) -> None:
    early, late = small_town.neighbour().ask(), small_town.neighbour().ask(needed_until=small_town.in_hours(8))
    assert end_of(early) - end_of(late) == timedelta(hours=1)
    assert expire(small_town, end_of(late)) == {"warned": 2}
    assert expire(small_town, end_of(early) - SECOND) == {}
    assert expire(small_town, end_of(early)) == {"expired": 2}


def test_missed_runs_catch_up_on_all_that_is_due(small_town: Town) -> None:
    requesters = [small_town.neighbour() for _ in range(3)]
    requests = [requester.ask() for requester in requesters for _ in range(2)]
    end = max(end_of(request) for request in requests)
    assert expire(small_town, end + timedelta(days=2)) == {"warned": 6}
    assert expire(small_town, end + timedelta(days=2, hours=1)) == {"expired": 6}


def test_two_runs_at_the_same_moment_warn_and_end_once(town: Town) -> None:
    requester = town.neighbour()
    request = requester.ask()

    def twice(at: datetime) -> int:
        town.clock.set(at)
        together = Barrier(2)

        def run() -> int:
            together.wait(timeout=10)
            return sum(town.run("expire-requests").values())

        with ThreadPoolExecutor(2) as pool:
            return sum(future.result(timeout=60) for future in [pool.submit(run), pool.submit(run)])

    assert twice(end_of(request) - timedelta(hours=1)) == 1
    assert twice(end_of(request)) == 1
    assert told(requester) == titles("expiry_warning", "expired")


# --- From then on nobody can say yes ------------------------------------------------------------------------


def test_from_its_end_on_a_request_is_not_open_before_any_job_has_run(town: Town) -> None:
    volunteer = town.volunteer(phone=False)
    requester = town.neighbour()
    in_time, too_late = requester.ask(), requester.ask()
    town.clock.set(end_of(in_time) - SECOND)
    assert volunteer.act(in_time, "accept").status_code == 201
    town.clock.set(end_of(too_late))
    answer = volunteer.act(too_late, "accept")
    assert (answer.status_code, answer.json["code"]) == (409, "not_open")
    assert requester.read(too_late)["state"] == "open"
    expire(town, town.clock.now())
    answer = volunteer.act(too_late, "accept")
    assert (answer.status_code, answer.json["code"]) == (409, "not_open")


# --- With help under way ------------------------------------------------------------------------------------


def test_an_open_request_that_somebody_helps_with_is_never_warned_of_and_goes_ahead_at_its_end(
    small_town: Town,
) -> None:
    helper, asked = small_town.volunteer(phone=False), small_town.volunteer(phone=False)
    requester = small_town.neighbour()
    request = requester.ask(people_needed=3)
    assert helper.act(request, "accept").status_code == 201
    assert expire(small_town, end_of(request) - SECOND) == {}
    assert expire(small_town, end_of(request)) == {"filled": 1}

    now = requester.read(request)
    assert (now["state"], now["people_accepted"], now["people_needed"]) == ("filled", 1, 3)
    assert told(requester) == titles("accepted", "filled_with_fewer")
    assert told(asked) == titles("settled")
    assert told(helper) == titles("asked")
    assert expire(small_town, end_of(request) + timedelta(days=9)) == {}
    assert requester.read(request)["state"] == "filled"


def test_when_the_only_helper_gives_it_back_the_warning_is_owed_again(small_town: Town) -> None:
    helper, requester = small_town.volunteer(phone=False), small_town.neighbour()
    request = requester.ask(people_needed=2)
    helper.act(request, "accept")
    assert expire(small_town, end_of(request) - timedelta(hours=1)) == {}
    helper.act(request, "withdraw")
    assert expire(small_town, small_town.clock.now()) == {"warned": 1}
    assert expire(small_town, end_of(request)) == {"expired": 1}


def test_a_filled_request_that_opens_again_after_its_span_asks_again_and_can_be_accepted(small_town: Town) -> None:
    helper, requester = small_town.volunteer(phone=False), small_town.neighbour()
    request = requester.ask(needed_until=small_town.in_hours(24 * 20))
    helper.act(request, "accept")
    small_town.clock.forward(days=9)
    fresh = small_town.volunteer(phone=False)
    assert helper.act(request, "withdraw").status_code == 200
    assert end_of(requester.read(request)) == small_town.clock.now() + timedelta(days=7)
    assert len(fresh.invitations()) == 1
    assert fresh.act(request, "accept").status_code == 201


# --- Who is told, and who keeps it alive --------------------------------------------------------------------


def test_whoever_was_asked_or_stood_by_learns_that_it_is_settled(small_town: Town) -> None:
    asked, standby, declined, unasked = (small_town.volunteer(phone=False) for _ in range(4))
    for later in (declined, unasked):
        later.put("/v1/me/preferences", {"paused_until": small_town.in_hours(48)})
    request = small_town.neighbour().ask()
    standby.act(request, "standby")
    declined.act(request, "decline")
    small_town.clock.set(end_of(request) - timedelta(minutes=1))
    expire(small_town, small_town.clock.now())
    expire(small_town, end_of(request))
    assert told(asked) == titles("settled")
    assert told(standby) == titles("settled")
    assert told(declined) == told(unasked) == []
    assert [i["state"] for i in asked.invitations() + standby.invitations()] == ["lapsed", "lapsed"]


def test_still_needed_begins_the_span_anew_and_owes_a_new_warning(small_town: Town) -> None:
    requester = small_town.neighbour()
    request = requester.ask(needed_until=small_town.in_hours(24 * 30))
    assert expire(small_town, end_of(request) - timedelta(hours=3)) == {"warned": 1}
    answer = requester.act(request, "still-needed")
    assert answer.status_code == 200
    renewed = end_of(answer.json)
    assert renewed == small_town.clock.now() + timedelta(days=7)
    assert expire(small_town, end_of(request)) == {}
    assert expire(small_town, renewed - timedelta(hours=24) - SECOND) == {}
    assert expire(small_town, renewed - timedelta(hours=24)) == {"warned": 1}
    assert expire(small_town, renewed) == {"expired": 1}


def test_still_needed_never_leads_beyond_the_time_itself(small_town: Town) -> None:
    requester = small_town.neighbour()
    request = requester.ask()
    small_town.clock.forward(hours=6)
    answer = requester.act(request, "still-needed")
    assert end_of(answer.json) == end_of(request)
    later = requester.act(request, "still-needed", {"needed_until": small_town.in_hours(48)})
    assert end_of(later.json) == instant(later.json["needed_until"]) == small_town.clock.now() + timedelta(hours=48)


def test_after_a_late_warning_still_needed_takes_a_new_end_and_saves_the_request(small_town: Town) -> None:
    requester = small_town.neighbour()
    request = requester.ask()
    late = end_of(request) + timedelta(minutes=10)
    assert expire(small_town, late) == {"warned": 1}
    refused = requester.act(request, "still-needed")
    assert refused.status_code == 422
    assert list(refused.json["errors"]) == ["needed_until"]
    assert requester.act(request, "still-needed", {"needed_until": small_town.in_hours(5)}).status_code == 200
    assert expire(small_town, late + timedelta(hours=2)) == {}
    assert requester.read(request)["state"] == "open"


@pytest.mark.parametrize("hours", [-1, 0, 24 * 367])
def test_the_new_end_has_to_lie_ahead_and_within_a_year(small_town: Town, hours: float) -> None:
    requester = small_town.neighbour()
    request = requester.ask()
    answer = requester.act(request, "still-needed", {"needed_until": small_town.in_hours(hours)})
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["needed_until"]


def test_an_expired_request_can_be_opened_again_and_asks_first_whoever_was_not_asked_before(small_town: Town) -> None:
    before, requester = small_town.volunteer(phone=False), small_town.neighbour()
    request = requester.ask()
    expire(small_town, end_of(request) - timedelta(hours=1))
    expire(small_town, end_of(request))
    fresh = small_town.volunteer(phone=False)
    assert requester.act(request, "still-needed").status_code == 422
    answer = requester.act(request, "still-needed", {"needed_until": small_town.in_hours(6)})
    assert (answer.status_code, answer.json["state"]) == (200, "open")
    assert end_of(answer.json) == small_town.clock.now() + timedelta(hours=6)
    assert [invitation["state"] for invitation in fresh.invitations()] == ["asked"]
    assert [invitation["state"] for invitation in before.invitations()] == ["lapsed"]
    small_town.clock.forward(minutes=30)
    assert small_town.run("send-waves")["asked"] == 1
    assert [invitation["state"] for invitation in before.invitations()] == ["asked"]
    assert before.act(request, "accept").status_code == 201


def test_a_request_that_expired_unconfirmed_opens_again_without_a_new_end(small_town: Town) -> None:
    requester = small_town.neighbour()
    request = requester.ask(needed_until=small_town.in_hours(24 * 20))
    expire(small_town, end_of(request) - timedelta(hours=1))
    expire(small_town, end_of(request))
    answer = requester.act(request, "still-needed")
    assert (answer.status_code, answer.json["state"]) == (200, "open")
    assert end_of(answer.json) == small_town.clock.now() + timedelta(days=7)


def test_opening_again_needs_room_among_the_five_open_requests(small_town: Town) -> None:
    requester = small_town.neighbour()
    request = requester.ask()
    expire(small_town, end_of(request) - timedelta(hours=1))
    expire(small_town, end_of(request))
    for _ in range(5):
        requester.ask()
    answer = requester.act(request, "still-needed", {"needed_until": small_town.in_hours(6)})
    assert (answer.status_code, answer.json["code"]) == (409, "too_many_open_requests")


def test_the_job_as_of_an_instant_ahead_expires_what_will_have_run_out_by_then(small_town: Town) -> None:
    requester = small_town.neighbour()
    request = requester.ask()
    end = end_of(request)
    assert small_town.run("expire-requests", end - timedelta(hours=1))["warned"] == 1
    assert small_town.run("expire-requests", end)["expired"] == 1
    assert requester.read(request)["state"] == "expired"
