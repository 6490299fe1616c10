"""Requests taken down for people without a phone or an account: by coordinators, with consent, each person once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from models import Event, HelpRequest, Intake, Notification, Person
from nachbarschaft.services.codes import issue_code
from tests.api.callers import ADDRESS, PATH, PHONE, WHO, take_down, told
from tests.api.ledger import everything
from tests.api.staff import coordinator
from tests.api.states import Scene
from tests.support.town import BLUMENTHAL, PASSWORD, Neighbour, Reply, Town

ELSE = {"reason": "Rückruf"}


def requester_of(town: Town, request: dict[str, Any]) -> Person:
    """The person for whom it is, as the database knows them."""
    with town.wiring.reading() as context:
        key = context.session.get_one(HelpRequest, UUID(request["id"])).requester_id
        return context.session.get_one(Person, key)


def refusal(answer: Reply) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_the_coordinator_gets_the_request_as_coordinators_see_it(town: Town) -> None:
    boss = coordinator(town)
    answer = boss.post(PATH, told(town, private_note="Klingel geht nicht", channel="desk"))

    assert answer.status_code == 201
    request = answer.json
    assert request["channel"] == "desk"
    assert request["helpers"] == []
    assert request.keys().isdisjoint({"place", "private_note", "phone", "code_word"})
    assert "Zaunkönig" not in answer.text
    assert boss.read(request) == request
    tag = answer.headers["ETag"]
    assert boss.get(f"/v1/requests/{request['id']}", If_None_Match=tag).status_code == 304
    assert [item["id"] for item in boss.get("/v1/requests?quarter=blumenthal").json["items"]] == [request["id"]]


def test_the_person_has_no_login_and_the_consent_stands_beside_the_request(town: Town) -> None:
    boss = coordinator(town)
    request = take_down(boss, who={"language": "tr"})

    person = requester_of(town, request)
    assert (person.name, person.language, person.home_address) == ("Hedwig Zaunkönig", "tr", ADDRESS)
    assert (person.contact_phone, person.phone, person.email, person.password_hash) == (PHONE, None, None, None)
    with town.wiring.reading() as context:
        (intake,) = context.session.scalars(select(Intake))
        (opened,) = context.session.scalars(select(Event).where(Event.kind == "request_opened"))
    assert (intake.request_id, intake.channel, intake.entered_by) == (UUID(request["id"]), "phone", boss.uuid)
    assert intake.consent_given_at.isoformat().replace("+00:00", "Z") == town.in_hours(-1)
    assert intake.consent_text_version == "2026-05"
    assert (opened.actor_id, opened.data["channel"]) == (boss.uuid, "phone")


def test_without_a_place_volunteers_see_the_quarters_centre_and_with_one_its_cell(town: Town) -> None:
    boss, volunteer = coordinator(town), town.volunteer()
    center = town.call("GET", "/v1/quarters/blumenthal").json["center"]
    somewhere = take_down(boss)
    there = take_down(boss, place=BLUMENTHAL | {"address": "Arztweg 3"})

    area = volunteer.read(somewhere)["area"]
    assert (area["lat"], area["lon"], area["coarse"]) == (center["lat"], center["lon"], True)
    assert volunteer.read(there)["area"]["coarse"] is False


def test_the_first_wave_is_asked_and_a_helper_gets_what_they_need_at_the_door(town: Town) -> None:
    boss, volunteer, stranger = coordinator(town), town.volunteer(), town.neighbour()
    request = take_down(boss, private_note="Bitte laut klingeln")
    town.deliver()

    (invitation,) = volunteer.invitations()
    assert invitation["request"]["id"] == request["id"]
    assert len(town.sent()) == 1
    seen = volunteer.get(f"/v1/requests/{request['id']}")
    assert not [mark for mark in ("Zaunkönig", "918273", "Unverwechselbar", "klingeln", "channel") if mark in seen.text]
    assert stranger.get(f"/v1/requests/{request['id']}").status_code == 404
    assert refusal(volunteer.act(request, "contact")) == (403, "not_assigned")

    assert volunteer.act(request, "accept").status_code == 201
    contact = volunteer.act(request, "contact").json
    assert contact["code_word"] == volunteer.read(request)["code_word"]
    assert contact | {"code_word": ""} == {
        "name": "Hedwig Zaunkönig",
        "address": ADDRESS,
        "phone": PHONE,
        "private_note": "Bitte laut klingeln",
        "code_word": "",
    }
    assert [helper["name"] for helper in boss.read(request)["helpers"]] == [volunteer.person["name"]]


def test_the_place_and_the_phone_of_the_request_come_before_the_persons(small_town: Town) -> None:
    boss, volunteer = coordinator(small_town), small_town.volunteer()
    request = take_down(boss, place=BLUMENTHAL | {"address": "Arztweg 3"}, phone="bei der Tochter: 02323 11")
    volunteer.act(request, "accept")

    contact = volunteer.act(request, "contact").json

    assert (contact["address"], contact["phone"]) == ("Arztweg 3", "bei der Tochter: 02323 11")
    assert requester_of(small_town, request).home_address == ADDRESS


@pytest.mark.parametrize(
    ("again", "same"),
    [
        ({}, True),
        ({"phone": "+49 (2323) 91 82 73", "name": "  hedwig   ZAUNKÖNIG"}, True),
        ({"name": "Egon Zaunkönig"}, False),
        ({"phone": "02323 918274"}, False),
    ],
    ids=["word for word", "in another spelling", "somebody else at the same phone", "another phone"],
)
def test_the_same_phone_and_name_are_the_same_person_again(town: Town, again: dict[str, str], same: bool) -> None:
    boss = coordinator(town)
    first = take_down(boss)
    second = take_down(boss, who=again | {"address": "Neuer Weg 1", "language": "uk"})

    one, other = requester_of(town, first), requester_of(town, second)
    assert (one.id == other.id) is same
    assert (one.home_address, one.language) == (("Neuer Weg 1", "uk") if same else (ADDRESS, "de"))
    assert (other.home_address, other.language) == ("Neuer Weg 1", "uk")


def test_without_a_phone_nobody_is_recognised(small_town: Town) -> None:
    boss = coordinator(small_town)
    bodies = [told(small_town) for _ in range(2)]
    for body in bodies:
        del body["on_behalf_of"]["phone"]
    one, other = (requester_of(small_town, boss.post(PATH, body).json) for body in bodies)

    assert one.id != other.id
    assert one.contact_phone is other.contact_phone is None


def test_whoever_has_a_login_is_never_linked_silently(town: Town) -> None:
    boss, neighbour = coordinator(town), town.neighbour("Hedwig Zaunkönig")
    town.change_person(neighbour, phone=PHONE, contact_phone=PHONE)

    request = take_down(boss)

    assert requester_of(town, request).id != neighbour.uuid
    assert neighbour.get(f"/v1/requests/{request['id']}").status_code == 404
    assert neighbour.get("/v1/me").json["home"] is None


def test_the_same_person_in_another_quarter_is_another_one(small_town: Town) -> None:
    here, there = coordinator(small_town), coordinator(small_town, "forellquartier")
    first = take_down(here)
    answer = there.post("/v1/quarters/forellquartier/requests", told(small_town))

    assert answer.json["quarter"] == "forellquartier"
    assert requester_of(small_town, answer.json).id != requester_of(small_town, first).id


def test_two_coordinators_at_once_make_one_person(town: Town) -> None:
    bosses = [coordinator(town) for _ in range(4)]
    body = told(town)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda boss: boss.post(PATH, body), bosses))

    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({requester_of(town, answer.json).id for answer in answers}) == 1
    with town.wiring.reading() as context:
        assert context.session.scalar(select(func.count()).where(Person.contact_phone == PHONE)) == 1


def test_a_repeated_try_has_one_effect_and_the_same_answer(town: Town) -> None:
    boss, body = coordinator(town), told(town)
    first, again = (boss.post(PATH, body, Idempotency_Key="try-0123456789") for _ in range(2))

    assert first.status_code == again.status_code == 201
    assert (first.text, first.headers["ETag"]) == (again.text, again.headers["ETag"])
    assert len(boss.get("/v1/requests?quarter=blumenthal").json["items"]) == 1


def test_one_person_has_at_most_five_open_requests_and_the_sixth_leaves_no_trace(town: Town) -> None:
    boss = coordinator(town)
    for _ in range(5):
        take_down(boss)
    before = rows(town)

    body = told(town, who={"address": "Neuer Weg 1"})
    assert refusal(boss.post(PATH, body)) == (409, "too_many_open_requests")
    assert rows(town) == before
    take_down(boss, who={"name": "Egon Zaunkönig"})


def rows(town: Town) -> Any:
    return everything(Scene(town, []))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channel": "app"}, "channel"),
        ({"channel": None}, "channel"),
        ({"on_behalf_of": {**WHO, "phone": "12"}}, "on_behalf_of.phone"),
        ({"on_behalf_of": {**WHO, "name": " "}}, "on_behalf_of.name"),
        ({"on_behalf_of": {**WHO, "language": "fr"}}, "on_behalf_of.language"),
        ({"on_behalf_of": {"name": "X", "language": "de"}}, "on_behalf_of.address"),
        ({"on_behalf_of": {**WHO, "email": "x@example.org"}}, "on_behalf_of.email"),
        ({"consent": {"given_at": "2026-06-10T10:00:01Z", "text_version": "1"}}, "consent.given_at"),
        ({"consent": {"given_at": "2026-05-11T09:59:59Z", "text_version": "1"}}, "consent.given_at"),
        ({"consent": {"given_at": "2026-06-10", "text_version": "1"}}, "consent.given_at"),
        ({"consent": {"given_at": "2026-06-10T10:00:00Z", "text_version": ""}}, "consent.text_version"),
        ({"consent": {"given_at": "2026-06-10T10:00:00Z", "text_version": "x" * 41}}, "consent.text_version"),
        ({"consent": {"given_at": "2026-06-10T10:00:00Z"}}, "consent.text_version"),
        ({"needed_until": "2026-06-10T10:30:00Z"}, "needed_until"),
        ({"public_note": "Bitte 02323 918273 anrufen"}, "public_note"),
        ({"requester": "x"}, "requester"),
    ],
)
def test_what_cannot_be_taken_down_is_refused_by_field_and_leaves_no_trace(
    small_town: Town, change: dict[str, Any], field: str
) -> None:
    boss = coordinator(small_town)
    before = rows(small_town)

    refused = boss.post(PATH, told(small_town, **change))

    assert refusal(refused) == (422, "invalid")
    assert refused.json["errors"].keys() == {field}
    assert rows(small_town) == before


def test_consent_may_be_from_now_back_to_30_days_ago(small_town: Town) -> None:
    boss = coordinator(small_town)
    for hours in (0, -30 * 24):
        take_down(boss, consent={"given_at": small_town.in_hours(hours), "text_version": "1"})


def test_a_place_outside_the_quarter_is_refused_and_leaves_no_person(town: Town) -> None:
    boss = coordinator(town)
    before = rows(town)

    refused = boss.post(PATH, told(town, place={"lat": 51.6, "lon": 7.3, "address": "Weit weg 1"}))

    assert refusal(refused) == (422, "outside_quarter")
    assert rows(town) == before


def test_only_the_quarters_own_coordinators_take_requests_down(small_town: Town) -> None:
    boss, stranger, volunteer = (
        coordinator(small_town),
        coordinator(small_town, "forellquartier"),
        small_town.volunteer(),
    )
    body = told(small_town)

    assert refusal(stranger.post(PATH, body)) == (403, "forbidden")
    assert refusal(volunteer.post(PATH, body)) == (403, "forbidden")
    assert refusal(boss.post("/v1/quarters/nowhere/requests", body)) == (404, "not_found")
    assert refusal(boss.post(PATH, {})) == (422, "invalid")


def test_the_coordinator_does_for_them_what_they_would_do_themselves(town: Town) -> None:
    """Notices to somebody without a device wait in their inbox and hold nothing up."""
    boss, volunteer = coordinator(town), town.volunteer()
    lost, done, dropped = (take_down(boss) for _ in range(3))

    assert boss.act(lost, "still-needed").json["state"] == "open"
    assert boss.act(lost, "cancel").json["state"] == "cancelled"
    volunteer.act(done, "accept")
    assert boss.act(done, "done", {"minutes": 20}).json["state"] == "done"
    volunteer.act(dropped, "accept")
    assert boss.act(dropped, "release").json["state"] == "open"
    assert boss.get(f"/v1/requests/{dropped['id']}/dispatch").json["waves"][0]["asked"]
    assert boss.act(dropped, "contact", ELSE).json["phone"] == PHONE
    town.deliver()
    assert not any(town.deliver().values())
    assert {push["kind"] for push in town.sent()} == {"task_changed"}

    person = requester_of(town, done)
    with town.wiring.reading() as context:
        topics = context.session.scalars(select(Notification.topic).where(Notification.person_id == person.id))
        assert {"called_off", "filled", "helper_done", "helper_withdrew"} == set(topics)


def test_a_request_taken_down_is_warned_of_and_expires_like_any_other(town: Town) -> None:
    boss = coordinator(town)
    request = take_down(boss)
    for _ in range(3):
        town.clock.forward(hours=4)
        town.run("expire-requests")

    assert boss.read(request)["state"] == "expired"


def test_with_a_letters_code_they_sign_in_and_find_their_requests(town: Town) -> None:
    boss = coordinator(town)
    request = take_down(boss, private_note="Bitte laut klingeln")
    boss.act(request, "cancel")
    with town.wiring.writing() as context:
        code = issue_code(context, requester_of(town, request).id, "letter")

    login = {"code": code, "password": PASSWORD, "email": "hedwig@example.org"}
    answer = town.call("POST", "/v1/auth/codes/redeem", login)
    assert answer.status_code == 200, answer.text
    hedwig = Neighbour(town, answer.json["person"], answer.json["session"])

    (own,) = hedwig.get("/v1/requests?mine=true").json["items"]
    assert (own["id"], own["channel"], own["private_note"]) == (request["id"], "phone", "Bitte laut klingeln")
    assert own["place"] == {"lat": None, "lon": None, "address": ADDRESS}
    assert [notice["request"] for notice in hedwig.inbox()] == [request["id"]]
    assert hedwig.ask()["channel"] == "app"
    assert requester_of(town, take_down(boss)).id != hedwig.uuid
