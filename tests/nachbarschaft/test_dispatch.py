"""Asking in waves: how many, whom first, at what hour, and never more often than somebody wishes."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from models import HelpRequest, Invitation, Person, Quarter
from nachbarschaft.context import Actor
from nachbarschaft.geography.geojson import parse_quarters
from nachbarschaft.services.accounts import add_person
from nachbarschaft.services.offers import Offering, make_offer
from nachbarschaft.services.opening import Asking
from nachbarschaft.services.places import Place
from nachbarschaft.services.quarters import import_quarters
from nachbarschaft.services.requests import open_request
from nachbarschaft.words import say
from nachbarschaft.words.texts import INBOX_TEXTS
from tests.nachbarschaft.geography.files import collection, feature
from tests.support.town import BLUMENTHAL, Neighbour, Town

HERNE = ZoneInfo("Europe/Berlin")
Request = dict[str, Any]


def herne(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of June 2026 by the clocks of Herne; the 10th is the Wednesday on which towns begin."""
    return datetime(2026, 6, day, hour, minute, tzinfo=HERNE).astimezone(UTC)


def rfc3339(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def tomorrow_by_day() -> dict[str, str]:
    return {"needed_from": rfc3339(herne(11, 10)), "needed_until": rfc3339(herne(11, 18))}


def asked_for(town: Town, request: Request) -> list[UUID]:
    """Everybody who was asked, by wave and rank."""
    with town.wiring.reading() as context:
        query = (
            select(Invitation.person_id)
            .where(Invitation.request_id == UUID(request["id"]), Invitation.asked_at.is_not(None))
            .order_by(Invitation.wave, Invitation.rank)
        )
        return list(context.session.scalars(query))


def was_asked(volunteer: Neighbour, request: Request) -> bool:
    return volunteer.uuid in asked_for(volunteer.town, request)


def next_wave_of(town: Town, request: Request) -> datetime | None:
    with town.wiring.reading() as context:
        return context.session.get_one(HelpRequest, UUID(request["id"])).next_wave_at


def until_next_wave(town: Town, request: Request) -> None:
    planned = next_wave_of(town, request)
    assert planned is not None
    town.clock.set(planned)


def many_volunteers(town: Town, number: int) -> list[UUID]:
    """Volunteers of Blumenthal without a way to sign in: made quickly."""
    offering = Offering(["shopping"], ["de"], [], "quarter", tasks_per_week=5, adult=True)
    people = []
    with town.wiring.writing() as context:
        quarter = context.session.scalars(select(Quarter).where(Quarter.slug == "blumenthal")).one()
        for _ in range(number):
            person = Person(name="V", language="de", quarter_id=quarter.id, created_at=context.now)
            add_person(context, person)
            make_offer(replace(context, actor=Actor(person.id)), offering)
            people.append(person.id)
    return people


def prefer(volunteer: Neighbour, **preferences: Any) -> None:
    assert volunteer.put("/v1/me/preferences", preferences).status_code == 200


def invited(volunteers: Iterable[Neighbour], request: Request) -> list[bool]:
    return [was_asked(volunteer, request) for volunteer in volunteers]


# --- How many, and whom next --------------------------------------------------------------------------------


@pytest.mark.parametrize(("urgent", "size"), [(False, 2), (True, 5)])
def test_of_twelve_eligible_volunteers_a_wave_asks_two_and_five_where_it_is_urgent(
    town: Town, urgent: bool, size: int
) -> None:
    everybody = many_volunteers(town, 12)
    request = town.neighbour().ask(urgent=urgent)

    first = asked_for(town, request)
    assert len(first) == size
    assert set(first) < set(everybody)

    until_next_wave(town, request)
    assert town.run("send-waves") == {"requests": 1, "asked": size}
    second = asked_for(town, request)
    assert second[:size] == first
    assert len(set(second)) == 2 * size


def test_waves_go_on_until_everybody_was_asked_once(small_town: Town) -> None:
    everybody = many_volunteers(small_town, 7)
    request = small_town.neighbour().ask()
    for _ in range(6):
        until_next_wave(small_town, request)
        small_town.run("send-waves")
    asked = asked_for(small_town, request)
    assert sorted(asked) == sorted(everybody)


def test_no_wave_comes_before_its_time(small_town: Town) -> None:
    many_volunteers(small_town, 6)
    request = small_town.neighbour().ask()
    planned = next_wave_of(small_town, request)
    assert planned == small_town.clock.now() + timedelta(minutes=0.04 * 9 * 60)
    small_town.clock.set(planned - timedelta(seconds=1))
    assert small_town.run("send-waves") == {"requests": 0, "asked": 0}
    small_town.clock.set(planned)
    assert small_town.run("send-waves") == {"requests": 1, "asked": 2}


def test_never_more_than_25_people_are_asked_for_one_request(small_town: Town) -> None:
    many_volunteers(small_town, 27)
    request = small_town.neighbour().ask(urgent=True)
    for _ in range(8):
        until_next_wave(small_town, request)
        small_town.run("send-waves")
    assert len(asked_for(small_town, request)) == 25


def test_once_somebody_has_the_task_or_it_is_over_nobody_is_asked_any_more(small_town: Town) -> None:
    helper, requester = small_town.volunteer(phone=False), small_town.neighbour()
    filled, cancelled, over = requester.ask(), requester.ask(), requester.ask()
    assert helper.act(filled, "accept").status_code == 201
    assert requester.act(cancelled, "cancel").status_code == 200
    many_volunteers(small_town, 4)
    assert next_wave_of(small_town, filled) is None
    assert next_wave_of(small_town, cancelled) is None
    small_town.clock.forward(hours=9)
    assert small_town.run("send-waves")["asked"] == 0
    for request in (filled, cancelled, over):
        assert asked_for(small_town, request) == [helper.uuid]


# --- At what hour -------------------------------------------------------------------------------------------


def test_a_normal_request_at_night_asks_its_first_wave_at_seven_and_not_a_minute_earlier(small_town: Town) -> None:
    many_volunteers(small_town, 4)
    small_town.clock.set(herne(10, 23, 30))
    request = small_town.neighbour().ask(**tomorrow_by_day())
    assert asked_for(small_town, request) == []
    assert next_wave_of(small_town, request) == herne(11, 7)
    assert small_town.run("send-waves", herne(11, 6, 59))["asked"] == 0
    assert small_town.run("send-waves", herne(11, 7)) == {"requests": 1, "asked": 2}


def test_a_request_of_the_evening_goes_on_asking_at_seven(small_town: Town) -> None:
    many_volunteers(small_town, 6)
    small_town.clock.set(herne(10, 21, 50))
    request = small_town.neighbour().ask(**tomorrow_by_day())
    assert len(asked_for(small_town, request)) == 2
    until_next_wave(small_town, request)
    assert small_town.clock.now() > herne(10, 22)
    assert small_town.run("send-waves")["asked"] == 0
    assert next_wave_of(small_town, request) == herne(11, 7)
    small_town.clock.set(herne(11, 7))
    assert small_town.run("send-waves")["asked"] == 2


def test_an_urgent_request_at_night_asks_only_whoever_is_outside_quiet_hours_or_may_be_woken(
    small_town: Town,
) -> None:
    sleeper, early_bird, waker, owl, naps_by_day = (small_town.volunteer(phone=False) for _ in range(5))
    prefer(early_bird, quiet_from="20:00", quiet_until="05:00")
    prefer(waker, urgent_at_night=True)
    prefer(owl, quiet_from=None, quiet_until=None)
    prefer(naps_by_day, quiet_from="13:00", quiet_until="15:00")
    small_town.clock.set(herne(10, 23, 30))
    request = small_town.neighbour().ask(urgent=True)
    assert invited([sleeper, early_bird, waker, owl, naps_by_day], request) == [False, False, True, True, True]


def test_at_night_nothing_that_is_not_urgent_is_asked_of_anybody(small_town: Town) -> None:
    waker, owl = small_town.volunteer(phone=False), small_town.volunteer(phone=False)
    prefer(waker, urgent_at_night=True)
    prefer(owl, quiet_from=None, quiet_until=None)
    small_town.clock.set(herne(10, 23, 30))
    request = small_town.neighbour().ask(**tomorrow_by_day())
    assert asked_for(small_town, request) == []


def _import_far_quarter(town: Town) -> None:
    """A quarter beside Blumenthal whose clocks are those of New York: six hours behind."""
    corners = [[7.160, 51.526], [7.175, 51.526], [7.175, 51.534], [7.160, 51.534], [7.160, 51.526]]
    outlines = parse_quarters(collection(feature([corners], name="Ferne", timezone="America/New_York")))
    with town.wiring.writing() as context:
        import_quarters(context, outlines, city=None, timezone="Europe/Berlin")


def _beside(town: Town) -> Neighbour:
    return town.volunteer(quarter="ferne", reach="neighbours", place={"lat": 51.53, "lon": 7.1625}, phone=False)


def test_whoever_lives_by_other_clocks_is_judged_by_those(small_town: Town) -> None:
    _import_far_quarter(small_town)
    here, beside = small_town.volunteer(phone=False), _beside(small_town)
    requester = small_town.neighbour()

    by_day = requester.ask()
    assert invited([here, beside], by_day) == [True, False]
    small_town.clock.set(herne(10, 13))
    small_town.run("send-waves")
    assert invited([here, beside], by_day) == [True, True]

    small_town.clock.set(herne(10, 23, 30))
    at_night = requester.ask(**tomorrow_by_day())
    assert invited([here, beside], at_night) == [False, True]
    while small_town.clock.now() < herne(11, 7):
        assert invited([here, beside], at_night) == [False, True]
        until_next_wave(small_town, at_night)
        small_town.run("send-waves")
    assert small_town.clock.now() == herne(11, 7)
    assert invited([here, beside], at_night) == [True, True]


# --- Never more often than somebody wishes ------------------------------------------------------------------


def test_nobody_is_asked_more_than_four_times_a_week_and_twice_more_for_what_is_urgent(small_town: Town) -> None:
    volunteer = small_town.volunteer(phone=False)
    one, another = small_town.neighbour(), small_town.neighbour()
    normal = [requester.ask() for requester in (one, one, one, another, another)]
    assert [was_asked(volunteer, request) for request in normal] == [True] * 4 + [False]
    urgent = [requester.ask(urgent=True) for requester in (one, one, another)]
    assert [was_asked(volunteer, request) for request in urgent] == [True, True, False]
    small_town.clock.forward(days=7)
    assert was_asked(volunteer, small_town.neighbour().ask())


def test_the_number_of_asks_a_week_is_each_persons_own(small_town: Town) -> None:
    never, once = small_town.volunteer(phone=False), small_town.volunteer(phone=False)
    prefer(never, asks_per_week=0)
    prefer(once, asks_per_week=1)
    requester = small_town.neighbour()
    assert invited([never, once], requester.ask()) == [False, True]
    assert invited([never, once], requester.ask()) == [False, False]


def test_whoever_got_their_pushes_of_the_day_is_asked_again_after_midnight(town: Town) -> None:
    volunteer = town.volunteer()
    prefer(volunteer, pushes_per_day=1, quiet_from=None, quiet_until=None)
    requester = town.neighbour()
    first = requester.ask()
    assert was_asked(volunteer, first)
    assert not was_asked(volunteer, requester.ask()), "the first push is on its way"
    assert town.deliver() == {"sent": 1}
    town.clock.set(herne(10, 23, 59))
    assert not was_asked(volunteer, requester.ask(urgent=True)), "the day is not over"
    town.clock.set(herne(11, 0, 0))
    assert was_asked(volunteer, requester.ask(urgent=True))


def test_during_a_pause_nobody_asks_and_afterwards_the_next_wave_does(small_town: Town) -> None:
    volunteer = small_town.volunteer(phone=False)
    prefer(volunteer, paused_until=small_town.in_hours(2))
    request = small_town.neighbour().ask()
    small_town.clock.forward(hours=1)
    small_town.run("send-waves")
    assert not was_asked(volunteer, request)
    small_town.clock.forward(hours=1)
    small_town.run("send-waves")
    assert was_asked(volunteer, request)


def test_nobody_is_asked_for_more_tasks_a_week_than_they_offer(small_town: Town) -> None:
    volunteer = small_town.volunteer(phone=False, tasks_per_week=1)
    requester = small_town.neighbour()
    request = requester.ask()
    volunteer.act(request, "accept")
    volunteer.act(request, "done")
    assert not was_asked(volunteer, requester.ask())
    small_town.clock.forward(days=7)
    assert was_asked(volunteer, requester.ask())


def test_whoever_has_three_tasks_is_asked_again_when_one_is_done(small_town: Town) -> None:
    volunteer, requester = small_town.volunteer(phone=False), small_town.neighbour()
    tasks = [requester.ask() for _ in range(3)]
    for task in tasks:
        assert volunteer.act(task, "accept").status_code == 201
    another = requester.ask()
    assert not was_asked(volunteer, another)
    volunteer.act(tasks[0], "done")
    until_next_wave(small_town, another)
    small_town.run("send-waves")
    assert was_asked(volunteer, another)


def test_a_paused_offer_asks_nobody_and_a_second_offer_asks_once(small_town: Town) -> None:
    paused, doubled = small_town.volunteer(phone=False), small_town.volunteer(phone=False)
    offer = paused.get("/v1/offers").json["items"][0]
    etag = paused.get(f"/v1/offers/{offer['id']}").headers["ETag"]
    answer = paused.patch(f"/v1/offers/{offer['id']}", {"paused_until": small_town.in_hours(48)}, If_Match=etag)
    assert answer.status_code == 200, answer.text
    doubled.offer(categories=["shopping", "errand"])
    request = small_town.neighbour().ask()
    assert asked_for(small_town, request) == [doubled.uuid]


def test_two_requests_at_the_same_moment_do_not_both_ask_whoever_may_be_asked_once_more(town: Town) -> None:
    volunteer = town.volunteer(phone=False)
    prefer(volunteer, asks_per_week=1)
    requesters = [town.neighbour(), town.neighbour()]
    now = town.clock.now()
    place = Place(address="Wilhelmstraße 5", **BLUMENTHAL)
    asking = Asking("shopping", now + timedelta(hours=1), now + timedelta(hours=9), place=place)

    def post(requester: Neighbour, meanwhile: Callable[[], None]) -> None:
        with town.wiring.writing() as context:
            open_request(replace(context, actor=Actor(requester.uuid)), asking)
            meanwhile()

    second = Thread(target=post, args=(requesters[1], lambda: None))

    def let_the_second_come_as_far_as_it_can() -> None:
        second.start()
        second.join(timeout=0.4)

    post(requesters[0], let_the_second_come_as_far_as_it_can)
    second.join(timeout=30)
    assert len(volunteer.invitations()) == 1


# --- Declining, standing by, having helped ------------------------------------------------------------------


def test_whoever_has_said_no_is_not_asked_again_whether_asked_or_not(small_town: Town) -> None:
    asked, unasked = small_town.volunteer(phone=False), small_town.volunteer(phone=False)
    prefer(unasked, paused_until=small_town.in_hours(1))
    request = small_town.neighbour().ask()
    assert invited([asked, unasked], request) == [True, False]
    assert asked.act(request, "decline").status_code == 204
    assert unasked.act(request, "decline").status_code == 204
    for _ in range(4):
        until_next_wave(small_town, request)
        assert small_town.run("send-waves")["asked"] == 0
    assert [invitation["state"] for invitation in asked.invitations()] == ["declined"]
    assert unasked.invitations() == []


def test_whoever_helps_already_or_gave_it_back_is_not_asked_by_a_later_wave(small_town: Town) -> None:
    unasked = small_town.volunteer(phone=False)
    prefer(unasked, paused_until=small_town.in_hours(1))
    request = small_town.neighbour().ask(people_needed=2)
    assert unasked.act(request, "accept").status_code == 201
    small_town.clock.forward(hours=2)
    small_town.run("send-waves")
    assert not was_asked(unasked, request)
    assert unasked.act(request, "withdraw").status_code == 200
    small_town.clock.forward(hours=1)
    small_town.run("send-waves")
    assert not was_asked(unasked, request)


def test_after_a_withdrawal_the_standby_is_asked_at_once_and_before_anybody_else(small_town: Town) -> None:
    helper, standby = small_town.volunteer(phone=False), small_town.volunteer(phone=False)
    requester = small_town.neighbour()
    request = requester.ask()
    assert standby.act(request, "standby").status_code == 204
    assert helper.act(request, "accept").status_code == 201
    fresh = small_town.volunteer(phone=False)
    small_town.clock.forward(minutes=1)

    assert helper.act(request, "withdraw").status_code == 200
    assert [invitation["state"] for invitation in standby.invitations()] == ["asked"]
    assert standby.inbox()[0]["title"] == say("de", INBOX_TEXTS["asked_standby"].title)
    assert not was_asked(fresh, request)
    until_next_wave(small_town, request)
    small_town.run("send-waves")
    assert was_asked(fresh, request)


def test_the_standby_is_asked_when_nobody_fresh_is_left(small_town: Town) -> None:
    standby, *others = (small_town.volunteer(phone=False) for _ in range(4))
    request = small_town.neighbour().ask()
    assert standby.act(request, "standby").status_code == 204
    rounds = []
    for _ in range(3):
        until_next_wave(small_town, request)
        small_town.run("send-waves")
        rounds.append((sum(invited(others, request)), _state_of(standby, request)))
    assert rounds[-1] == (3, "asked")
    assert all(state == "standby" for fresh, state in rounds if fresh < 3)


def test_when_a_reopened_request_finds_nobody_new_it_asks_again_whoever_never_had_to_answer(small_town: Town) -> None:
    helper, waiting, busy = (small_town.volunteer(phone=False) for _ in range(3))
    prefer(busy, asks_per_week=1)
    request = small_town.neighbour().ask(people_needed=1, urgent=True)
    decliner = small_town.volunteer(phone=False)
    assert decliner.act(request, "decline").status_code == 204
    helper.act(request, "accept")
    assert [_state_of(one, request) for one in (waiting, busy)] == ["lapsed", "lapsed"]
    for _ in range(2):
        small_town.neighbour().ask(urgent=True)
    small_town.clock.forward(minutes=1)
    assert helper.act(request, "withdraw").status_code == 200
    assert [_state_of(one, request) for one in (waiting, busy, decliner)] == ["asked", "lapsed", "declined"]
    assert waiting.inbox()[0]["title"] == say("de", INBOX_TEXTS["asked_again"].title)
    assert len([person for person in asked_for(small_town, request) if person == waiting.uuid]) == 1


def test_who_stands_by_is_asked_even_over_the_limits_of_asking_but_never_at_night(small_town: Town) -> None:
    helper, standby = small_town.volunteer(phone=False), small_town.volunteer(phone=False)
    prefer(standby, asks_per_week=0)
    request = small_town.neighbour().ask(**tomorrow_by_day())
    standby.act(request, "standby")
    helper.act(request, "accept")
    small_town.clock.set(herne(10, 22, 15))
    helper.act(request, "withdraw")
    assert _state_of(standby, request) == "standby"
    small_town.clock.set(herne(11, 7))
    small_town.run("send-waves")
    assert _state_of(standby, request) == "asked"


def test_after_25_asks_the_standby_among_them_is_still_asked_and_nobody_new(small_town: Town) -> None:
    many_volunteers(small_town, 20)
    standby, *_ = (small_town.volunteer(phone=False) for _ in range(5))
    request = small_town.neighbour().ask(urgent=True)
    for _ in range(5):
        until_next_wave(small_town, request)
        small_town.run("send-waves")
    assert len(asked_for(small_town, request)) == 25
    helper, late = small_town.volunteer(phone=False), small_town.volunteer(phone=False)
    standby.act(request, "standby")
    late.act(request, "standby")
    helper.act(request, "accept")
    helper.act(request, "withdraw")
    assert _state_of(standby, request) == "asked"
    assert _state_of(late, request) == "standby"
    assert len(asked_for(small_town, request)) == 25


def _state_of(volunteer: Neighbour, request: Request) -> str | None:
    with volunteer.town.wiring.reading() as context:
        return context.session.scalar(
            select(Invitation.state).where(
                Invitation.request_id == UUID(request["id"]), Invitation.person_id == volunteer.uuid
            )
        )


# --- The job ------------------------------------------------------------------------------------------------


def test_a_job_that_was_missed_for_hours_asks_one_wave_and_a_doubled_run_none(small_town: Town) -> None:
    many_volunteers(small_town, 8)
    request = small_town.neighbour().ask()
    small_town.clock.forward(hours=5)
    assert small_town.run("send-waves") == {"requests": 1, "asked": 2}
    assert small_town.run("send-waves") == {"requests": 0, "asked": 0}
    assert len(asked_for(small_town, request)) == 4


def test_two_runs_at_the_same_moment_ask_one_wave(town: Town) -> None:
    many_volunteers(town, 12)
    requests = [town.neighbour().ask() for _ in range(3)]
    town.clock.forward(hours=1)
    together = Barrier(2)

    def run() -> int:
        together.wait(timeout=10)
        return town.run("send-waves")["asked"]

    with ThreadPoolExecutor(2) as pool:
        asked = [future.result(timeout=60) for future in [pool.submit(run), pool.submit(run)]]
    assert sum(asked) == 6
    for request in requests:
        people = asked_for(town, request)
        assert len(people) == len(set(people)) == 4


def test_a_run_as_of_an_instant_acts_as_if_the_clock_stood_there(small_town: Town) -> None:
    many_volunteers(small_town, 4)
    request = small_town.neighbour().ask()
    planned = next_wave_of(small_town, request)
    assert planned is not None
    assert small_town.run("send-waves", planned - timedelta(minutes=1))["asked"] == 0
    assert small_town.run("send-waves", planned)["asked"] == 2
    with small_town.wiring.reading() as context:
        instants = set(context.session.scalars(select(Invitation.asked_at)))
    assert instants == {small_town.clock.now(), planned}
