"""The main job through the HTTP surface, on both databases: asked, told, taken, settled."""

from tests.support.town import Town


def test_of_twelve_eligible_volunteers_a_normal_request_asks_exactly_two(town: Town) -> None:
    volunteers = [town.volunteer() for _ in range(12)]
    requester = town.neighbour()

    request = requester.ask()

    asked = [volunteer for volunteer in volunteers if volunteer.invitations()]
    assert len(asked) == 2
    town.deliver()
    assert len(town.sent()) == 2
    assert requester.get(f"/v1/requests/{request['id']}/dispatch").json["asked"] == 2


def test_whoever_accepts_gets_the_task_and_the_contact_and_the_others_learn_that_it_is_settled(town: Town) -> None:
    volunteers = [town.volunteer() for _ in range(3)]
    requester = town.neighbour("Irmgard")
    request = requester.ask(private_note="Klingel klemmt, bitte klopfen")
    town.deliver()
    winner, loser = [volunteer for volunteer in volunteers if volunteer.invitations()]

    accepted = winner.act(request, "accept")

    assert accepted.status_code == 201
    assert accepted.json["request"] == request["id"]
    assert accepted.json["state"] == "active"
    assert requester.read(request)["state"] == "filled"
    contact = winner.act(request, "contact")
    assert contact.json == {
        "name": "Irmgard",
        "address": "Wilhelmstraße 5, 44649 Herne",
        "phone": None,
        "private_note": "Klingel klemmt, bitte klopfen",
        "code_word": request["code_word"],
    }
    views = requester.get(f"/v1/requests/{request['id']}/views").json["items"]
    assert [(view["role"], view["reason"]) for view in views] == [("volunteer", None)]
    assert loser.invitations()[0]["state"] == "lapsed"
    assert loser.act(request, "accept").json["code"] == "already_filled"
    town.deliver()
    silent = [push for push in town.sent() if push["silent"]]
    assert len(silent) == 1
    asked_before = next(push for push in town.sent() if push["address_sha256"] == silent[0]["address_sha256"])
    assert silent[0]["collapse_key"] == asked_before["collapse_key"]


def test_a_volunteer_before_acceptance_sees_no_name_and_no_door(town: Town) -> None:
    volunteer = town.volunteer()
    requester = town.neighbour("Irmgard Unverwechselbar")
    request = requester.ask(private_note="Schlüssel unter der Matte")

    seen = volunteer.get(f"/v1/requests/{request['id']}").text

    for secret in ("Unverwechselbar", "Wilhelmstraße", "Matte", request["code_word"], "51.53,", "7.156,"):
        assert secret not in seen
