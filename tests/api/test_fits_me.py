"""`fits=me`: exactly the open requests that a volunteer could say yes to now, each with its public face alone."""

from datetime import UTC, date, datetime
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from models.lifecycle import RequestState, Verification
from nachbarschaft.queries.able import could_say_yes
from tests.api.raw import assert_problem
from tests.api.staff import coordinator
from tests.api.test_lists import PLACES, asked_in, listed
from tests.support.town import Neighbour, Town

Request = dict[str, Any]
FITS = "fits=me"


def fitting(neighbour: Neighbour, more: str = "") -> set[str]:
    return set(listed(neighbour, FITS + more))


def test_only_what_an_offer_names_and_reaches_fits(town: Town) -> None:
    here = town.volunteer(categories=["shopping", "garden"], phone=False)
    around = town.volunteer(quarter="funkenbergquartier", reach="neighbours", phone=False)
    shopping, garden, pets = (asked_in(town, "blumenthal", category=kind) for kind in ("shopping", "garden", "pets"))
    beside = asked_in(town, "forellquartier")

    assert fitting(here) == {shopping["id"], garden["id"]}
    assert pets["id"] in listed(here), "it may be read, as anything in reach"
    assert fitting(around) == {beside["id"]}


def test_whoever_has_no_offer_or_a_paused_one_has_an_empty_list(small_town: Town) -> None:
    resident, volunteer = small_town.neighbour(), small_town.volunteer(phone=False)
    request = small_town.neighbour().ask()
    assert fitting(volunteer) == {request["id"]}
    assert fitting(resident) == set()

    path = f"/v1/offers/{volunteer.get('/v1/offers').json['items'][0]['id']}"
    paused = volunteer.patch(path, {"paused_until": small_town.in_hours(5)}, If_Match="*")
    assert paused.status_code == 200, paused.text
    assert fitting(volunteer) == set()
    small_town.clock.forward(hours=5)
    assert fitting(volunteer) == {request["id"]}


def test_ones_own_what_one_has_taken_or_said_no_to_and_what_is_over_do_not_fit(town: Town) -> None:
    volunteer, requester = town.volunteer(phone=False), town.neighbour()
    own = volunteer.ask()
    taken, declined, cancelled = requester.ask(people_needed=2), requester.ask(), requester.ask()
    short = requester.ask(needed_from=town.in_hours(0), needed_until=town.in_hours(1))
    assert fitting(volunteer) == {each["id"] for each in (taken, declined, cancelled, short)}
    volunteer.act(taken, "accept")
    volunteer.act(declined, "decline")
    requester.act(cancelled, "cancel")
    town.clock.forward(hours=1)
    assert fitting(volunteer) == set(), "the last one has run out, whether or not the job has seen it"
    volunteer.act(taken, "withdraw")
    assert fitting(volunteer) == {taken["id"]}, "whoever gave it back may take it on again"
    assert own["id"] not in fitting(volunteer)


def test_with_three_tasks_nothing_fits(small_town: Town) -> None:
    volunteer, requester = small_town.volunteer(phone=False), small_town.neighbour()
    tasks = [requester.ask() for _ in range(3)]
    another = requester.ask()
    for task in tasks:
        assert volunteer.act(task, "accept").status_code == 201
    assert fitting(volunteer) == set()
    volunteer.act(tasks[0], "done")
    assert fitting(volunteer) == {another["id"]}


def test_a_certificate_counts_until_the_end_of_its_last_day(town: Town) -> None:
    volunteer = town.volunteer(categories=["tutoring", "household"], phone=False)
    known_enough = asked_in(town, "blumenthal", category="household")
    evening = datetime(2026, 6, 11, 21, 59, tzinfo=UTC)  # 23:59 in Herne

    def lesson(until: datetime) -> Request:
        return asked_in(town, "blumenthal", category="tutoring", needed_until=until.isoformat())

    in_time, too_late = lesson(evening), lesson(evening.replace(hour=22, minute=0))
    assert fitting(volunteer) == set()
    town.change_person(volunteer, verification="known")
    assert fitting(volunteer) == {known_enough["id"]}
    town.change_person(volunteer, verification="certified", verified_until=date(2026, 6, 11))
    assert fitting(volunteer) == {known_enough["id"], in_time["id"]}
    assert volunteer.act(too_late, "accept").json["code"] == "not_eligible"
    town.change_person(volunteer, verified_until=None)
    assert fitting(volunteer) == {known_enough["id"], in_time["id"], too_late["id"]}


@pytest.mark.parametrize("seed", range(4))
def test_what_fits_is_what_the_rules_of_accepting_allow(town: Town, seed: int) -> None:
    draw = Random(seed)
    kinds = ["shopping", "household", "tutoring", "garden"]
    volunteer = town.neighbour(quarter=draw.choice(list(PLACES)))
    for _ in range(3):
        volunteer.offer(categories=draw.sample(kinds, 2), reach=draw.choice(["quarter", "neighbours"]))
    town.change_person(
        volunteer,
        verification=draw.choice(list(Verification)).value,
        verified_until=draw.choice([None, date(2026, 6, 10), date(2026, 6, 12)]),
    )
    requests = [
        requester.ask(category=kind, place=PLACES[quarter], needed_until=town.in_hours(draw.choice([3, 9, 30, 60])))
        for quarter in PLACES
        for requester in (town.neighbour(quarter=quarter), town.neighbour(quarter=quarter))
        for kind in kinds
    ]
    with town.wiring.reading() as context:
        asks = [(UUID(request["id"]), volunteer.uuid) for request in requests]
        able = could_say_yes(context.session, asks, town.clock.now())

    assert fitting(volunteer) == {str(request) for request, _ in able}
    accepted = {request["id"] for request in requests[:3] if volunteer.act(request, "accept").status_code == 201}
    assert accepted == {request["id"] for request in requests[:3] if (UUID(request["id"]), volunteer.uuid) in able}


def test_only_the_public_face_is_shown_also_to_who_coordinates(small_town: Town) -> None:
    boss = coordinator(small_town)
    boss.offer()
    helper = small_town.volunteer(phone=False)
    request = small_town.neighbour().ask(people_needed=2, private_note="Klingel klemmt")
    assert helper.act(request, "accept").status_code == 201

    [face] = boss.get(f"/v1/requests?{FITS}").json["items"]

    assert face["id"] == request["id"]
    assert face.keys().isdisjoint({"helpers", "place", "private_note", "phone", "code_word", "channel"})
    assert face["state"] == RequestState.OPEN


def test_it_goes_together_with_the_other_filters_and_with_pages(small_town: Town) -> None:
    volunteer = small_town.volunteer(categories=["shopping", "garden"], phone=False)
    made = []
    for kind in ("shopping", "garden", "shopping", "shopping", "garden"):
        small_town.clock.forward(minutes=1)
        made.append(asked_in(small_town, "blumenthal", category=kind)["id"])
    assert listed(volunteer, FITS) == made[::-1], "newest first, page by page"
    assert fitting(volunteer, "&category=garden") == {made[1], made[4]}
    assert fitting(volunteer, "&state=done") == set()
    assert fitting(volunteer, "&mine=true") == set()
    assert fitting(volunteer, "&quarter=forellquartier") == set()


@pytest.mark.parametrize("value", ["", "you", "ME", "true", "me%20"])
def test_nothing_but_me_can_fit(small_town: Town, value: str) -> None:
    reply = small_town.neighbour().get(f"/v1/requests?fits={value}")
    assert_problem(reply, 422, "invalid")
    assert list(reply.json["errors"]) == ["fits"]


def test_twenty_cost_no_more_statements_than_five(town: Town) -> None:
    volunteer = town.volunteer(phone=False)
    statements: list[str] = []
    counts = []
    event.listen(town.wiring.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    requesters = [town.neighbour() for _ in range(4)]
    for asking in (requesters[:1], requesters[1:]):
        for requester in asking * 5:
            requester.ask()
        statements.clear()
        assert len(volunteer.get(f"/v1/requests?limit=100&{FITS}").json["items"]) >= 5 * len(asking)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 8
