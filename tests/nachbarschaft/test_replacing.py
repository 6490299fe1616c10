"""The inbox shows of each request only the newest entry about being asked, and is silent about what is settled."""

from typing import Any

from sqlalchemy import select

from models import Notification
from nachbarschaft.words import say
from nachbarschaft.words.texts import INBOX_TEXTS
from tests.support.invariants import require_sound
from tests.support.town import Neighbour, Town

Request = dict[str, Any]


def listed(neighbour: Neighbour) -> list[str]:
    """Topics of the inbox as it is listed, newest first."""
    topics = {say("de", text.title): topic for topic, text in INBOX_TEXTS.items()}
    return [topics[entry["title"]] for entry in neighbour.inbox()]


def settled(town: Town) -> tuple[Neighbour, Neighbour, Request]:
    """Somebody who was asked, a helper who was faster, and the request."""
    asked, helper = town.volunteer(), town.volunteer()
    request = town.neighbour().ask(urgent=True)
    [entry] = asked.inbox()
    assert listed(asked) == ["asked"]
    town.clock.forward(minutes=1)
    assert helper.act(request, "accept").status_code == 201
    assert asked.get(f"/v1/me/notifications/{entry['id']}").status_code == 200
    return asked, helper, request


def test_the_settled_notice_takes_the_place_of_the_ask(town: Town) -> None:
    asked, helper, _request = settled(town)
    assert listed(asked) == ["settled"]
    assert listed(helper) == ["asked"]
    require_sound(town.wiring)


def test_what_was_replaced_can_still_be_read_by_its_link(small_town: Town) -> None:
    asked, helper = small_town.volunteer(), small_town.volunteer()
    request = small_town.neighbour().ask(urgent=True)
    [entry] = asked.inbox()
    helper.act(request, "accept")
    seen = asked.get(f"/v1/me/notifications/{entry['id']}").json
    assert (seen["id"], seen["title"], seen["read_at"]) == (entry["id"], entry["title"], None)
    assert asked.post(f"/v1/me/notifications/{entry['id']}/read").status_code == 204


def test_it_is_silent_nothing_unread_remains_of_the_request(small_town: Town) -> None:
    asked, _helper, _request = settled(small_town)
    [entry] = asked.inbox()
    assert entry["read_at"] == entry["created_at"]


def test_who_is_asked_once_more_sees_the_new_ask_and_then_again_that_it_is_settled(town: Town) -> None:
    asked, helper, request = settled(town)
    town.clock.forward(minutes=1)
    assert helper.act(request, "withdraw").status_code == 200
    assert listed(asked) == ["asked_again"]
    [again] = asked.inbox()
    assert again["read_at"] is None
    town.clock.forward(minutes=1)
    third = town.volunteer()
    assert third.act(request, "accept").status_code == 201
    assert listed(asked) == ["settled"]
    with town.wiring.reading() as context:
        theirs = select(Notification).where(Notification.person_id == asked.uuid).order_by(Notification.created_at)
        entries = [(entry.topic, entry.replaced_at) for entry in context.session.scalars(theirs)]
    assert [topic for topic, _ in entries] == ["asked", "settled", "asked_again", "settled"]
    assert [at is None for _, at in entries] == [False, False, False, True]
    require_sound(town.wiring)


def test_other_requests_other_people_and_other_news_stay_as_they_were(small_town: Town) -> None:
    asked, helper, request = settled(small_town)
    other = small_town.neighbour().ask(urgent=True)
    small_town.clock.forward(minutes=1)
    asked.act(other, "accept")
    requester = small_town.neighbour()
    mine = requester.ask(urgent=True)
    asked.act(mine, "accept")
    small_town.clock.forward(minutes=1)
    requester.act(mine, "cancel")
    assert sorted(listed(asked)) == ["asked", "asked", "request_cancelled", "settled"]
    assert sorted(listed(requester)) == ["filled"]
    assert sorted(listed(helper)) == ["asked", "settled", "settled"]
    assert request["id"] != other["id"]


def test_pages_hold_as_many_as_they_should_without_the_replaced(small_town: Town) -> None:
    asked, helper = small_town.volunteer(), small_town.volunteer()
    for _ in range(3):
        requester = small_town.neighbour()
        small_town.clock.forward(minutes=1)
        request = requester.ask(urgent=True)
        helper.act(request, "accept")
    first = asked.get("/v1/me/notifications?limit=2").json
    rest = asked.get(f"/v1/me/notifications?limit=2&after={first['next']}").json
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
