"""Every route says who may call it, and whoever is not signed in gets no further than that."""

import re
from collections.abc import Iterator

import pytest

from api.endpoint import Operation, Who
from tests.support.town import Town

NOBODY = "00000000-0000-7000-8000-000000000000"
OPEN_TO_ANYONE = {
    "signUp",
    "signIn",
    "refreshSession",
    "redeemCode",
    "askForCode",
    "askToStopMails",
    "stopMails",
    "listQuarters",
    "locateQuarter",
    "getQuarter",
    "getMeta",
    "getLiveness",
    "getReadiness",
    "getDocument",
    "getReference",
}


@pytest.fixture
def operations(small_town: Town) -> list[Operation]:
    app = small_town.app
    return [vars(app.view_functions[rule.endpoint])["operation"] for rule in app.url_map.iter_rules()]


def protected(operations: list[Operation]) -> Iterator[tuple[Operation, str]]:
    for operation in operations:
        if operation.who == Who.SIGNED_IN:
            yield operation, re.sub(r"<[^<>]*>", NOBODY, operation.rule)


def test_every_route_says_who_may_call_it(small_town: Town) -> None:
    app = small_town.app
    silent = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if not isinstance(getattr(app.view_functions[rule.endpoint], "operation", None), Operation)
    ]

    assert silent == [], "declare an Operation above these"


def test_only_what_is_meant_for_strangers_is_open_to_them(operations: list[Operation]) -> None:
    """A new route that needs no token belongs into this list, after a second thought."""
    assert {operation.name for operation in operations if operation.who == Who.ANYONE} == OPEN_TO_ANYONE


def test_names_of_operations_are_unique(operations: list[Operation]) -> None:
    names = [operation.name for operation in operations]
    assert len(names) == len(set(names))


def test_every_protected_route_answers_401_without_a_token(small_town: Town, operations: list[Operation]) -> None:
    calls = list(protected(operations))
    assert len(calls) > 25
    for operation, path in calls:
        refused = small_town.call(operation.method, path, {"nonsense": 1} if operation.has_body else None)

        assert refused.status_code == 401, path
        assert refused.headers["Content-Type"] == "application/problem+json", path
        assert refused.headers["WWW-Authenticate"] == "Bearer", path
        assert refused.json["code"] == "unauthenticated", path


def test_every_protected_route_answers_401_once_the_session_has_ended(
    small_town: Town, operations: list[Operation]
) -> None:
    neighbour = small_town.neighbour()
    assert neighbour.post("/v1/auth/sign-out").status_code == 204

    for operation, path in protected(operations):
        refused = small_town.call(operation.method, path, token=neighbour.token)

        assert (refused.status_code, refused.json["code"]) == (401, "unauthenticated"), path
