"""What is wrong first is said first: 401, 413/415/400, 422, 404, 403, 409 (contract, section 3)."""

from dataclasses import dataclass
from itertools import combinations

import pytest

from tests.api.raw import send
from tests.support.town import Neighbour, Town

NOWHERE = "00000000-0000-7000-8000-000000000000"
ORDER = (401, 413, 415, 400, 422, 404, 403, 409)


@dataclass
class Attempt:
    """One `POST …/release`, which can be wrong in every way at once."""

    town: Town
    requester: Neighbour
    reader: Neighbour
    request: str

    def with_faults(self, *faults: int) -> int:
        """The status of a call that has all these faults."""
        who = self.reader if 403 in faults else self.requester
        body, kind = b'{"no_show": false}', "application/json"
        if 422 in faults:
            body = b'{"unknown": 1}'
        if 400 in faults:
            body = b"{"
        if 413 in faults:
            body = body.ljust(70_000)
        if 415 in faults:
            kind = "text/plain"
        path = f"/v1/requests/{NOWHERE if 404 in faults else self.request}/release"
        token = None if 401 in faults else who.token
        return send(self.town, "POST", path, body, kind=kind, token=token).status_code


@pytest.fixture
def attempt(small_town: Town) -> Attempt:
    """The request is over, so that without another fault the answer is 409; the reader may see it and not close it."""
    requester, reader = small_town.neighbour(), small_town.volunteer()
    request = requester.ask()
    requester.act(request, "cancel")
    return Attempt(small_town, requester, reader, request["id"])


def test_each_fault_alone_is_told(attempt: Attempt) -> None:
    assert {fault: attempt.with_faults(fault) for fault in ORDER} == {fault: fault for fault in ORDER}


def test_of_two_faults_the_earlier_is_told(attempt: Attempt) -> None:
    readability = {413, 415, 400}  # their order among each other is nobody's business
    for first, second in combinations(ORDER, 2):
        told = attempt.with_faults(first, second)
        assert told in (readability if {first, second} <= readability else {first}), (first, second)


def test_whoever_may_not_read_it_learns_nothing_from_any_other_fault(small_town: Town) -> None:
    """Strangers get, but for its own id, the same answer as for what does not exist."""
    requester, stranger = small_town.neighbour(), small_town.neighbour()
    asked = {"open": requester.ask(), "cancelled": requester.ask()}
    requester.act(asked["cancelled"], "cancel")
    calls: list[tuple[str, str, object]] = [
        ("GET", "", None),
        ("GET", "/dispatch", None),
        ("GET", "/views", None),
        ("PATCH", "", {"public_note": "x"}),
        *(
            ("POST", f"/{action}", None)
            for action in (
                "accept",
                "decline",
                "standby",
                "withdraw",
                "contact",
                "done",
                "cancel",
                "still-needed",
                "release",
                "undo",
                "confirm",
            )
        ),
    ]
    for request in asked.values():
        for method, rest, body in calls:
            texts = []
            for key in (request["id"], NOWHERE):
                reply = small_town.call(method, f"/v1/requests/{key}{rest}", body, token=stranger.token)
                assert reply.status_code == 404, (method, rest)
                texts.append(reply.text.replace(key, "ID").replace(reply.json["trace_id"], ""))
            assert texts[0] == texts[1], (method, rest)


def test_a_bad_parameter_of_a_reading_is_told_after_the_token_and_before_the_object(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    path = f"/v1/requests/{NOWHERE}/views?limit=0"

    assert small_town.call("GET", path).status_code == 401
    assert neighbour.get(path).status_code == 422
    assert neighbour.get(path.partition("?")[0]).status_code == 404


def test_not_eligible_is_told_before_already_filled(small_town: Town) -> None:
    helper, gardener = small_town.volunteer(), small_town.volunteer(categories=["garden"])
    request = small_town.neighbour().ask()
    helper.act(request, "accept")

    assert gardener.act(request, "accept").json["code"] == "not_eligible"
