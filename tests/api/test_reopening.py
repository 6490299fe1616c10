"""A task that comes back finds somebody again, also in a small quarter."""

from tests.support.town import Neighbour, Town


def state_of(volunteer: Neighbour) -> str:
    return str(volunteer.invitations()[0]["state"])


def test_where_nobody_new_is_left_those_who_lapsed_are_asked_again(town: Town) -> None:
    first, second, requester = town.volunteer(), town.volunteer(), town.neighbour()
    request = requester.ask()
    town.clock.forward(minutes=5)
    first.act(request, "accept")
    assert state_of(second) == "lapsed"
    town.clock.forward(minutes=5)

    first.act(request, "withdraw")

    assert state_of(second) == "asked"
    assert second.inbox()[0]["kind"] == "asked"
    assert second.act(request, "accept").status_code == 201


def test_whoever_gave_it_back_is_not_asked_again(town: Town) -> None:
    only, requester = town.volunteer(), town.neighbour()
    request = requester.ask()
    only.act(request, "accept")
    only.act(request, "withdraw")
    before = len(only.inbox())
    town.clock.forward(hours=2)

    assert town.run("send-waves")["asked"] == 0
    assert len(only.inbox()) == before


def test_whoever_declined_is_not_asked_again(small_town: Town) -> None:
    first, second, requester = small_town.volunteer(), small_town.volunteer(), small_town.neighbour()
    request = requester.ask()
    second.act(request, "decline")
    first.act(request, "accept")
    first.act(request, "withdraw")

    assert state_of(second) == "declined"


def test_an_undone_cancel_asks_those_again_who_were_told_that_it_is_settled(small_town: Town) -> None:
    volunteer, requester = small_town.volunteer(), small_town.neighbour()
    request = requester.ask()
    small_town.clock.forward(minutes=1)
    requester.act(request, "cancel")
    assert state_of(volunteer) == "lapsed"
    requester.act(request, "undo")

    small_town.clock.forward(minutes=1)
    small_town.run("send-waves")

    assert state_of(volunteer) == "asked"


def test_whom_nothing_reaches_is_asked_after_those_whom_a_push_or_a_mail_does(small_town: Town) -> None:
    silent = [small_town.volunteer(phone=False), small_town.volunteer()]
    small_town.change_person(silent[0], email=None)
    silent[1].put("/v1/me/preferences", {"channels": {"asked": []}})
    reachable = [small_town.volunteer(), small_town.volunteer(phone=False)]
    requester = small_town.neighbour()

    requester.ask()

    assert [len(volunteer.invitations()) for volunteer in reachable] == [1, 1]
    assert [len(volunteer.invitations()) for volunteer in silent] == [0, 0]


def test_standing_by_takes_an_offer_that_fits(small_town: Town) -> None:
    gardener, requester = small_town.volunteer(categories=["garden"]), small_town.neighbour()
    request = requester.ask()

    refused = gardener.act(request, "standby")

    assert (refused.status_code, refused.json["code"]) == (403, "not_eligible")


def test_the_same_again_is_no_change_and_tells_nobody(small_town: Town) -> None:
    volunteer, requester = small_town.volunteer(), small_town.neighbour()
    request = requester.ask(private_note="Bitte klopfen")
    volunteer.act(request, "accept")
    seen = len(volunteer.inbox())
    etag = requester.get(f"/v1/requests/{request['id']}").headers["ETag"]
    path = f"/v1/requests/{request['id']}"

    same = requester.patch(path, {"private_note": "Bitte klopfen"}, If_Match=etag)
    assert same.headers["ETag"] == etag
    assert len(volunteer.inbox()) == seen
    assert requester.patch(path, {"private_note": "Bitte klingeln"}, If_Match=etag).status_code == 200
    assert len(volunteer.inbox()) == seen + 1
