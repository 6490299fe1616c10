"""Many callers at the same instant, over HTTP against the real server: the database alone decides, and never twice."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from models import Assignment, Device, Person
from models.lifecycle import AssignmentState
from nachbarschaft.services.codes import issue_code
from tests.conftest import BOTH
from tests.support.databases import Databases
from tests.support.invariants import require_sound
from tests.support.processes import Processes
from tests.support.served import ALWAYS, ServedTown, asking, at_once
from tests.support.town import PASSWORD, Neighbour, Reply

CALLERS = 100
ROUNDS = 5
LONG_ROUNDS = 50


@pytest.fixture(scope="module", params=BOTH)
def raced_town(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedTown]:
    """One server on each system for all races; every race brings its own people."""
    folder = tmp_path_factory.mktemp("races")
    with databases.fresh(request.param) as url, Processes(url, folder) as processes:
        port = processes.api().port
        with ServedTown(url, folder, port) as town:
            yield town


@pytest.mark.parametrize("people_needed", [1, 3])
def test_of_a_hundred_who_say_yes_at_once_exactly_as_many_as_needed_get_the_task(
    raced_town: ServedTown, people_needed: int
) -> None:
    _race(raced_town, people_needed, ROUNDS)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("people_needed", [1, 3])
def test_that_holds_in_many_rounds(raced_town: ServedTown, people_needed: int) -> None:
    _race(raced_town, people_needed, LONG_ROUNDS)


def _race(town: ServedTown, people_needed: int, rounds: int) -> None:
    volunteers, requester = town.volunteers(CALLERS), town.residents(1)[0]
    for _ in range(rounds):
        request = requester.ask(people_needed=people_needed)
        answers = at_once([_calling(volunteer, "accept", request) for volunteer in volunteers])
        assert _codes(answers) == {"201": people_needed, "409 already_filled": CALLERS - people_needed}
        assert _helpers_of(town, request) == people_needed
        require_sound(town.wiring)
        assert requester.read(request)["state"] == "filled"
        assert requester.act(request, "done").status_code == 200
    assert not any(_active_tasks(town, *volunteers))


def test_one_volunteer_gets_three_of_eight_tasks_however_fast_they_are(raced_town: ServedTown) -> None:
    volunteer, requesters = raced_town.volunteers(1)[0], raced_town.residents(8)
    devices = [volunteer, *(raced_town.another_device(volunteer) for _ in range(3))]
    requests = [requester.ask() for requester in requesters]

    answers = at_once([_calling(device, "accept", request) for device in devices for request in requests])

    taken = [request for request in requests if volunteer.read(request).get("assignment")]
    assert len(taken) == 3
    assert _codes(answers)["201"] == 3
    # Each of the four devices tried each request: the other three were told that the task is theirs already.
    assert _codes(answers) == {"201": 3, "409 already_accepted": 9, "409 too_many_open_tasks": 20}
    assert _active_tasks(raced_town, volunteer) == [3]
    require_sound(raced_town.wiring)


@pytest.mark.parametrize("people_needed", [1, 3])
def test_twenty_times_yes_from_one_person_is_one_yes(raced_town: ServedTown, people_needed: int) -> None:
    volunteer, requester = raced_town.volunteers(1)[0], raced_town.residents(1)[0]
    request = requester.ask(people_needed=people_needed)

    answers = at_once([_calling(volunteer, "accept", request)] * 20)

    assert _codes(answers) == {"201": 1, "409 already_accepted": 19}
    assert _active_tasks(raced_town, volunteer) == [1]
    require_sound(raced_town.wiring)


def test_a_yes_and_a_cancellation_at_the_same_instant_leave_no_half_state(raced_town: ServedTown) -> None:
    volunteer, requester = raced_town.volunteers(1)[0], raced_town.residents(1)[0]
    for _ in range(8):
        request = requester.ask()

        yes, cancelled = at_once([_calling(volunteer, "accept", request), _calling(requester, "cancel", request)])

        assert cancelled.status_code == 200
        assert _code(yes) in {"201", "409 not_open"}
        assert requester.read(request)["state"] == "cancelled"
        assert _helpers_of(raced_town, request) == 0
        assert _active_tasks(raced_town, volunteer) == [0]
        require_sound(raced_town.wiring)


def test_a_yes_and_a_withdrawal_at_the_same_instant_never_lose_the_place(raced_town: ServedTown) -> None:
    (leaving, coming), requester = raced_town.volunteers(2), raced_town.residents(1)[0]
    for _ in range(8):
        request = requester.ask()
        assert leaving.act(request, "accept").status_code == 201

        yes, back = at_once([_calling(coming, "accept", request), _calling(leaving, "withdraw", request)])

        assert back.status_code == 200
        assert _code(yes) in {"201", "409 already_filled"}
        came = int(yes.status_code == 201)
        assert requester.read(request)["state"] == ("filled" if came else "open")
        assert _helpers_of(raced_town, request) == came
        assert _active_tasks(raced_town, leaving, coming) == [0, came]
        assert requester.act(request, "cancel").status_code == 200
        require_sound(raced_town.wiring)


def test_two_helpers_and_their_requester_who_end_it_at_once_end_it_once(raced_town: ServedTown) -> None:
    helpers, requester = raced_town.volunteers(2), raced_town.residents(1)[0]
    for _ in range(5):
        request = requester.ask(people_needed=2)
        assert [helper.act(request, "accept").status_code for helper in helpers] == [201, 201]

        answers = at_once([_calling(who, "done", request) for who in (*helpers, requester)])

        assert {_code(answer) for answer in answers} <= {"200", "409 conflict", "409 not_open"}
        assert requester.read(request)["state"] == "done"
        assert _active_tasks(raced_town, *helpers) == [0, 0]
        require_sound(raced_town.wiring)


def test_of_ten_requests_at_once_a_resident_gets_five(raced_town: ServedTown) -> None:
    requester = raced_town.residents(1)[0]
    devices = [requester, raced_town.another_device(requester)]
    body = asking(raced_town)

    answers = at_once([partial(device.post, "/v1/requests", body) for device in devices * 5])

    assert _codes(answers) == {"201": 5, "409 too_many_open_requests": 5}
    assert len(requester.get("/v1/requests?mine=true&state=open").json["items"]) == 5


def test_refreshes_at_once_give_the_same_successor(raced_town: ServedTown) -> None:
    resident = raced_town.residents(1)[0]
    body = {"refresh_token": resident.session["refresh_token"]}

    answers = at_once([partial(raced_town.call, "POST", "/v1/auth/refresh", body)] * 8)

    assert [answer.status_code for answer in answers] == [200] * 8
    sessions = [answer.json["session"] for answer in answers]
    assert len({session["refresh_token"] for session in sessions}) == 1
    for session in (sessions[0], sessions[-1]):
        assert replace(resident, session=session).get("/v1/me").status_code == 200


def test_a_one_time_code_that_is_used_several_times_at_once_works_once(raced_town: ServedTown) -> None:
    resident = raced_town.residents(1)[0]
    with raced_town.wiring.writing() as context:
        code = issue_code(context, resident.uuid, "operator")
    bodies = [{"code": code, "password": f"{PASSWORD} {number}"} for number in range(6)]

    answers = at_once([partial(raced_town.call, "POST", "/v1/auth/codes/redeem", body) for body in bodies])

    assert sorted(answer.status_code for answer in answers).count(200) == 1
    assert all(answer.status_code in {200, 401, 409, 422} for answer in answers)
    winner = next(body for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 200)
    signed_in = [
        raced_town.call("POST", "/v1/auth/sign-in", {"login": resident.email, "password": body["password"]})
        for body in bodies
    ]
    assert [answer.status_code == 200 for answer in signed_in] == [body is winner for body in bodies]


def test_one_address_registered_by_many_at_once_belongs_to_one(raced_town: ServedTown) -> None:
    residents = raced_town.residents(6)
    device = _device(f"shared-address-{residents[0].id}")

    answers = at_once([partial(who.put, "/v1/me/devices/installation-7", device) for who in residents * 2])

    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    with raced_town.wiring.reading() as context:
        query = select(Device.person_id).where(Device.address == device["address"])
        assert len(context.session.scalars(query).all()) == 1


def test_an_app_that_tells_the_same_several_times_at_once_is_not_refused(raced_town: ServedTown) -> None:
    newcomer = raced_town.neighbour()
    device = _device(f"own-address-{newcomer.id}")

    registered = at_once([partial(newcomer.put, "/v1/me/devices/installation-8", device)] * 6)
    chosen = at_once([partial(newcomer.put, "/v1/me/preferences", ALWAYS)] * 6)

    assert sorted(answer.status_code for answer in registered) == [200] * 5 + [201]
    assert [answer.status_code for answer in chosen] == [200] * 6


def _calling(who: Neighbour, action: str, request: dict[str, Any]) -> Callable[[], Reply]:
    return partial(who.act, request, action)


def _code(answer: Reply) -> str:
    """201, or 409 with the problem's code."""
    return f"{answer.status_code} {answer.json['code']}" if answer.status_code >= 400 else str(answer.status_code)


def _codes(answers: Iterable[Reply]) -> Counter[str]:
    return Counter(_code(answer) for answer in answers)


def _device(address: str) -> dict[str, str]:
    return {
        "address": address,
        "kind": "token",
        "platform": "android",
        "language": "de",
        "app_version": "1.0.0",
    }


def _helpers_of(town: ServedTown, request: dict[str, Any]) -> int:
    query = select(func.count()).where(
        Assignment.request_id == UUID(request["id"]), Assignment.state == AssignmentState.ACTIVE
    )
    with town.wiring.reading() as context:
        return context.session.scalar(query) or 0


def _active_tasks(town: ServedTown, *people: Neighbour) -> list[int]:
    """The counters of `people`, as the database keeps them."""
    with town.wiring.reading() as context:
        return [context.session.get_one(Person, person.uuid).active_tasks for person in people]
