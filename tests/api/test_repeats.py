"""Idempotency-Key: a phone on a bad network tries again, and nothing happens twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.support.town import Neighbour, Reply, Town

KEY = "try-0123456789"


def wish(town: Town, **more: Any) -> dict[str, Any]:
    return {
        "category": "shopping",
        "needed_from": town.in_hours(1),
        "needed_until": town.in_hours(9),
        "place": {"lat": 51.53, "lon": 7.156, "address": "Wilhelmstraße 5"},
    } | more


def ask(neighbour: Neighbour, body: dict[str, Any], key: str = KEY) -> Reply:
    return neighbour.post("/v1/requests", body, Idempotency_Key=key)


def count_requests(neighbour: Neighbour) -> int:
    return len(neighbour.get("/v1/requests?mine=true&limit=100").json["items"])


def test_the_same_try_again_gets_the_same_bytes_and_one_effect(town: Town) -> None:
    neighbour = town.neighbour()
    first = ask(neighbour, wish(town))
    town.clock.forward(hours=1)
    body = wish(town) | {
        "needed_from": first.json["needed_from"],
        "needed_until": first.json["needed_until"],
    }
    second = ask(neighbour, body)

    assert first.status_code == second.status_code == 201
    assert first.text == second.text
    assert first.headers["ETag"] == second.headers["ETag"]
    assert second.headers["Idempotent-Replayed"] == "true"
    assert count_requests(neighbour) == 1


def test_another_body_under_the_same_key_is_refused(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    ask(neighbour, wish(small_town))

    refused = ask(neighbour, wish(small_town, urgent=True))

    assert (refused.status_code, refused.json["code"]) == (422, "idempotency_key_reused")
    assert count_requests(neighbour) == 1


def test_a_key_belongs_to_its_person_and_its_route(small_town: Town) -> None:
    first, second = small_town.neighbour(), small_town.neighbour()
    request = ask(first, wish(small_town)).json

    assert ask(second, wish(small_town)).json["id"] != request["id"]
    cancelled = first.post(f"/v1/requests/{request['id']}/cancel", Idempotency_Key=KEY)
    assert cancelled.json["state"] == "cancelled"


def test_a_conflict_is_kept_and_other_refusals_are_not(town: Town) -> None:
    neighbour = town.neighbour()
    request = neighbour.ask()
    path = f"/v1/requests/{request['id']}"
    conflict = neighbour.post(f"{path}/done", Idempotency_Key=KEY)
    volunteer = town.volunteer()
    assert volunteer.act(request, "accept").status_code == 201

    again = neighbour.post(f"{path}/done", Idempotency_Key=KEY)
    assert conflict.status_code == again.status_code == 409
    assert conflict.text == again.text
    assert neighbour.read(request)["state"] == "filled"

    missing = neighbour.post("/v1/requests", {}, Idempotency_Key="another-key-1")
    assert missing.status_code == 422
    assert ask(neighbour, wish(town), "another-key-1").status_code == 201


def test_a_replay_first_passes_authentication(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    ask(neighbour, wish(small_town))
    neighbour.post("/v1/auth/sign-out")

    assert ask(neighbour, wish(small_town)).status_code == 401


def test_after_72_hours_the_key_is_free_again(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    body = wish(small_town, needed_from=small_town.in_hours(100), needed_until=small_town.in_hours(200))
    first = ask(neighbour, body)
    small_town.clock.forward(hours=71)
    assert ask(neighbour, body).text == first.text
    small_town.clock.forward(hours=2)

    assert ask(neighbour, body).json["id"] != first.json["id"]
    assert small_town.run("forget-personal-data")["answers"] == 0
    assert small_town.run("forget-personal-data", small_town.clock.now() + timedelta(hours=73))["answers"] == 1
    assert ask(neighbour, body).headers.get("Idempotent-Replayed") is None


def test_twenty_tries_at_once_have_one_effect(town: Town) -> None:
    neighbour = town.neighbour()
    body = wish(town)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: ask(neighbour, body), range(20)))

    done = {answer.text for answer in answers if answer.status_code == 201}
    refused = {answer.json["code"] for answer in answers if answer.status_code != 201}
    assert len(done) == 1
    assert refused <= {"idempotency_key_in_use"}
    assert count_requests(neighbour) == 1


@pytest.mark.parametrize("key", ["short", "x" * 65, "with a space inside", "ümlaut-key"])
def test_a_key_has_8_to_64_visible_ascii_characters(small_town: Town, key: str) -> None:
    neighbour = small_town.neighbour()

    refused = ask(neighbour, wish(small_town), key)

    assert (refused.status_code, refused.json["code"]) == (422, "invalid")
    assert "Idempotency-Key" in refused.json["errors"]


def test_the_contact_is_never_stored(small_town: Town) -> None:
    volunteer, requester = small_town.volunteer(), small_town.neighbour()
    request = requester.ask()
    volunteer.act(request, "accept")
    path = f"/v1/requests/{request['id']}/contact"

    for _ in range(2):
        assert volunteer.post(path, Idempotency_Key=KEY).headers.get("Idempotent-Replayed") is None

    assert len(requester.get(f"/v1/requests/{request['id']}/views").json["items"]) == 2
