"""How often somebody wants to be asked, said with the offer: it is a preference, and only that changes."""

import pytest

from tests.support.town import Town

PREFERENCES = "/v1/me/preferences"


def test_the_limit_that_an_offer_tells_is_a_preference(town: Town) -> None:
    volunteer = town.neighbour()
    defaults = volunteer.get(PREFERENCES).json
    volunteer.offer(asks_per_week=1)
    assert volunteer.get(PREFERENCES).json == defaults | {"asks_per_week": 1}
    requester = town.neighbour()
    for _ in range(3):
        requester.ask()
    assert len(volunteer.invitations()) == 1


def test_an_offer_that_says_nothing_of_it_leaves_it_and_no_other_preference_is_touched(town: Town) -> None:
    volunteer = town.neighbour()
    wanted = volunteer.put(PREFERENCES, {"asks_per_week": 7, "quiet_from": "20:00", "pushes_per_day": 2}).json
    volunteer.offer()
    assert volunteer.get(PREFERENCES).json == wanted
    volunteer.offer(asks_per_week=0)
    assert volunteer.get(PREFERENCES).json == wanted | {"asks_per_week": 0}


@pytest.mark.parametrize("wrong", [-1, 101, "4", 1.5, True, None])
def test_it_is_a_whole_number_up_to_a_hundred(small_town: Town, wrong: object) -> None:
    body = {
        "categories": ["shopping"],
        "languages": [],
        "availability": [],
        "reach": "quarter",
        "tasks_per_week": 1,
        "adult": True,
        "asks_per_week": wrong,
    }
    refused = small_town.neighbour().post("/v1/offers", body)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["asks_per_week"])


def test_a_refused_offer_changes_no_limit(small_town: Town) -> None:
    volunteer = small_town.neighbour()
    body = {"categories": ["shopping"], "languages": [], "availability": [], "reach": "quarter", "tasks_per_week": 1}
    assert volunteer.post("/v1/offers", body | {"asks_per_week": 9}).status_code == 422
    assert volunteer.get(PREFERENCES).json["asks_per_week"] == 4
