"""Of two changes that read the same version, one wins and the other is told: 412, also at the same instant."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.support.town import Neighbour, Reply, Town

ROUNDS = 6


def me(neighbour: Neighbour) -> tuple[str, list[dict[str, Any]]]:
    return "/v1/me", [{"name": f"Name {number}"} for number in range(2 * ROUNDS)]


def an_offer(neighbour: Neighbour) -> tuple[str, list[dict[str, Any]]]:
    offer = neighbour.offer()
    return f"/v1/offers/{offer['id']}", [{"tasks_per_week": number + 1} for number in range(2 * ROUNDS)]


def a_request(neighbour: Neighbour) -> tuple[str, list[dict[str, Any]]]:
    request = neighbour.ask()
    return f"/v1/requests/{request['id']}", [{"private_note": f"Note {number}"} for number in range(2 * ROUNDS)]


@pytest.mark.parametrize("thing", [me, an_offer, a_request])
def test_two_changes_with_one_etag_have_one_winner(
    town: Town, thing: Callable[[Neighbour], tuple[str, list[dict[str, Any]]]]
) -> None:
    neighbour = town.neighbour()
    path, changes = thing(neighbour)

    for number in range(ROUNDS):
        etag = neighbour.get(path).headers["ETag"]
        together = Barrier(2)

        def change(body: dict[str, Any], etag: str = etag, together: Barrier = together) -> Reply:
            together.wait()
            return neighbour.patch(path, body, If_Match=etag)

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(change, changes[2 * number : 2 * number + 2]))
        assert sorted(answer.status_code for answer in answers) == [200, 412]
