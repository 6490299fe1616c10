"""Coordinators: their members, verification, and what happened."""

import pytest

from nachbarschaft.services.people import Appointment, appoint
from tests.api.staff import coordinator
from tests.support.town import PASSWORD, Town


def test_a_verified_volunteer_may_take_what_needs_it_at_the_very_next_request(town: Town) -> None:
    boss, volunteer = coordinator(town), town.volunteer(categories=["household", "childcare"])
    household = town.neighbour().ask(category="household")
    childcare = town.neighbour().ask(category="childcare")
    path = f"/v1/quarters/blumenthal/members/{volunteer.id}/verify"
    assert volunteer.act(household, "accept").json["code"] == "not_eligible"

    assert boss.post(path, {"level": "known", "seen_on": "2026-06-09"}).status_code == 204
    assert volunteer.act(household, "accept").status_code == 201
    assert volunteer.act(childcare, "accept").status_code == 403
    certified = {"level": "certified", "seen_on": "2026-06-09", "valid_until": "2029-06-09"}
    assert boss.post(path, certified).status_code == 204
    assert volunteer.act(childcare, "accept").status_code == 201
    assert volunteer.get("/v1/me").json["verification"] == "certified"


@pytest.mark.parametrize(
    "body",
    [
        {"level": "known", "seen_on": "2026-06-12"},
        {"level": "certified", "seen_on": "2026-06-09"},
        {"level": "certified", "seen_on": "2026-06-09", "valid_until": "2026-06-10"},
        {"level": "trusted", "seen_on": "2026-06-09"},
        {"level": "known", "seen_on": "09.06.2026"},
        {"level": "known"},
    ],
)
def test_a_verification_that_cannot_be_is_refused(small_town: Town, body: dict[str, str]) -> None:
    boss, volunteer = coordinator(small_town), small_town.volunteer()

    refused = boss.post(f"/v1/quarters/blumenthal/members/{volunteer.id}/verify", body)

    assert refused.status_code == 422
    assert volunteer.get("/v1/me").json["verification"] == "new"


def test_only_the_quarters_own_coordinators_verify_and_nobody_verifies_themselves(small_town: Town) -> None:
    boss, stranger = coordinator(small_town), coordinator(small_town, "forellquartier")
    volunteer = small_town.volunteer()
    body = {"level": "known", "seen_on": "2026-06-09"}
    path = "/v1/quarters/blumenthal/members/{}/verify"

    assert stranger.post(path.format(volunteer.id), body).status_code == 403
    assert volunteer.post(path.format(volunteer.id), body).status_code == 403
    assert boss.post(path.format(boss.id), body).status_code == 403
    assert boss.post(path.format(stranger.id), body).status_code == 404
    assert boss.post("/v1/quarters/nowhere/members/" + volunteer.id + "/verify", body).status_code == 404


def test_members_are_listed_without_addresses(small_town: Town) -> None:
    boss, volunteer = coordinator(small_town), small_town.volunteer("A volunteer")
    home = {"lat": 51.53, "lon": 7.156, "address": "Wilhelmstraße 99"}
    etag = volunteer.get("/v1/me").headers["ETag"]
    assert volunteer.patch("/v1/me", {"home": home}, If_Match=etag).status_code == 200

    answer = boss.get("/v1/quarters/blumenthal/members")

    assert {item["name"]: item["roles"] for item in answer.json["items"]} == {
        "Coordinator": ["resident"],
        "A volunteer": ["resident", "volunteer"],
    }
    assert "Wilhelmstraße" not in answer.text
    assert volunteer.get("/v1/quarters/blumenthal/members").status_code == 403
    assert PASSWORD not in answer.text


def test_the_activity_tells_the_quarters_news_in_sentences(town: Town) -> None:
    boss, volunteer, requester = coordinator(town), town.volunteer(), town.neighbour()
    town.clock.forward(minutes=1)
    request = requester.ask(public_note="Unverwechselbar")
    town.clock.forward(minutes=1)
    volunteer.act(request, "accept")

    answer = boss.get("/v1/quarters/blumenthal/activity", Accept_Language="en")

    newest = answer.json["items"][0]
    assert newest["kind"] == "accepted"
    assert newest["text"] == "A volunteer said yes."
    assert newest["request"] == request["id"]
    assert newest["actor"] == volunteer.id
    assert {"request_opened", "wave_asked", "signed_up"} <= {item["kind"] for item in answer.json["items"]}
    assert "Unverwechselbar" not in answer.text
    assert requester.get("/v1/quarters/blumenthal/activity").status_code == 403


def test_a_certificate_that_runs_out_before_the_need_is_over_opens_no_childcare(small_town: Town) -> None:
    boss, volunteer = coordinator(small_town), small_town.volunteer(categories=["childcare", "household"])
    body = {"level": "certified", "seen_on": "2026-06-09", "valid_until": "2026-06-20"}
    assert boss.post(f"/v1/quarters/blumenthal/members/{volunteer.id}/verify", body).status_code == 204
    requester = small_town.neighbour()
    soon = requester.ask(category="childcare")
    later = {"needed_from": small_town.in_hours(24 * 10), "needed_until": small_town.in_hours(24 * 12)}
    too_late = requester.ask(category="childcare", **later)
    known_is_enough = requester.ask(category="household", **later)

    assert volunteer.act(soon, "accept").status_code == 201
    assert volunteer.act(too_late, "accept").json["code"] == "not_eligible"
    assert volunteer.act(known_is_enough, "accept").status_code == 201


def test_the_operator_moves_a_person_together_with_their_offers(small_town: Town) -> None:
    volunteer = small_town.volunteer()
    with small_town.wiring.writing() as context:
        appoint(context, Appointment(volunteer.email, "", "forellquartier", [], is_admin=False))

    assert volunteer.get("/v1/me").json["quarter"] == "forellquartier"
    assert volunteer.get("/v1/offers").json["items"][0]["quarter"] == "forellquartier"
