"""A yes that comes when everybody is found: thanks, no task, and it counts as a yes when points are given."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from models import HelpRequest, Invitation
from nachbarschaft.matching.facts import Load
from nachbarschaft.queries.candidates import candidates_among
from tests.api.raw import assert_problem
from tests.support.town import Neighbour, Town

Request = dict[str, Any]


def load_of(volunteer: Neighbour, request: Request) -> Load:
    """What the choice of people would know of a volunteer now."""
    with volunteer.town.wiring.reading() as context:
        about = context.session.get_one(HelpRequest, UUID(request["id"]))
        [candidate] = candidates_among(context.session, about, context.now, [volunteer.uuid])
        return candidate.load


def taken_by_another(town: Town) -> tuple[Neighbour, Request]:
    """A volunteer who was asked for a request that somebody else has taken, and that request."""
    faster, slower = town.volunteer(phone=False), town.volunteer(phone=False)
    request = town.neighbour().ask()
    assert faster.act(request, "accept").status_code == 201
    town.clock.forward(minutes=3)
    return slower, request


@pytest.mark.parametrize("key", [None, "late-yes-1"])
def test_it_is_thanked_for_and_counts(town: Town, key: str | None) -> None:
    """Also where the app sends a key, with which refusals are kept for whoever tries again."""
    slower, request = taken_by_another(town)
    assert (load_of(slower, request).asks, load_of(slower, request).yes) == (1, 0)
    headers = {"Accept_Language": "en"} | ({"Idempotency_Key": key} if key else {})

    reply = slower.post(f"/v1/requests/{request['id']}/accept", **headers)

    assert_problem(reply, 409, "already_filled")
    assert reply.json["detail"].startswith("Thank you for your yes!")
    assert (load_of(slower, request).asks, load_of(slower, request).yes) == (1, 1)
    [invitation] = slower.invitations()
    assert (invitation["state"], invitation["answered_at"]) == ("lapsed", town.in_hours(0))
    again = slower.post(f"/v1/requests/{request['id']}/accept", **headers)
    assert (again.status_code, again.text.split("trace_id")[0]) == (409, reply.text.split("trace_id")[0])
    assert load_of(slower, request).yes == 1
    assert slower.get("/v1/me/tasks").json["items"] == []


def test_whoever_was_not_asked_is_thanked_and_has_no_more_of_it(small_town: Town) -> None:
    _slower, request = taken_by_another(small_town)
    newcomer = small_town.volunteer(phone=False)
    reply = newcomer.post(f"/v1/requests/{request['id']}/accept", Accept_Language="en")
    assert_problem(reply, 409, "already_filled")
    assert "Thank you for wanting to help!" in reply.json["detail"]
    assert load_of(newcomer, request) == Load()


def test_of_many_at_the_same_moment_one_helps_and_every_yes_counts(town: Town) -> None:
    volunteers = [town.volunteer(phone=False) for _ in range(5)]
    request = town.neighbour().ask(urgent=True)
    with ThreadPoolExecutor(5) as pool:
        replies = list(pool.map(lambda each: each.act(request, "accept"), volunteers))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409, 409]
    assert [load_of(each, request).yes for each in volunteers] == [1] * 5
    with town.wiring.reading() as context:
        late = context.session.scalars(select(Invitation.person_id).where(Invitation.said_yes_at.is_not(None))).all()
    assert sorted(late) == sorted(
        each.uuid for each, reply in zip(volunteers, replies, strict=True) if reply.status_code == 409
    )


def test_when_it_opens_again_a_late_yes_may_still_become_a_task(town: Town) -> None:
    faster, slower = town.volunteer(phone=False), town.volunteer(phone=False)
    request = town.neighbour().ask()
    faster.act(request, "accept")
    slower.act(request, "accept")
    assert faster.act(request, "withdraw").status_code == 200
    assert slower.invitations()[0]["state"] == "asked"
    assert slower.act(request, "accept").status_code == 201
    assert load_of(slower, request).yes == 1, "it is one yes, said twice"


def test_other_refusals_leave_nothing(small_town: Town) -> None:
    volunteer, requester = small_town.volunteer(phone=False), small_town.neighbour()
    request = requester.ask()
    requester.act(request, "cancel")
    assert volunteer.act(request, "accept").json["code"] == "not_open"
    assert load_of(volunteer, request).yes == 0
