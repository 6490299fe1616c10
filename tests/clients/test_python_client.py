"""The main job, done by a client that openapi-python-client generates from the document."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pyotp
import pytest

from tests.api.document import document
from tests.clients.conftest import Served
from tests.clients.generated import Caller, Kit, generate, snake
from tests.support.town import PASSWORD

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    folder = tmp_path_factory.mktemp("generated")
    generate(document(), folder)
    made = Kit(folder)
    yield made
    made.close()


@dataclass
class People:
    """Who takes part, each with the client in their hands."""

    stranger: Caller
    resident: Caller
    volunteer: Caller
    friend: Caller
    coordinator: Caller


@pytest.fixture
def people(kit: Kit, served: Served) -> Iterator[People]:
    stranger = Caller(kit, served.url)
    resident, volunteer, friend = (_sign_up(stranger, name) for name in ("Irmgard", "Karim", "Lena"))
    made = People(stranger, resident, volunteer, friend, stranger.with_token(served.coordinator))
    yield made
    for caller in (stranger, resident, volunteer, friend, made.coordinator):
        caller.close()


def test_the_generator_leaves_nothing_out_and_warns_of_nothing(kit: Kit) -> None:
    operations = {told["operationId"] for methods in document()["paths"].values() for told in methods.values()}
    assert kit.calls.keys() >= {snake(operation) for operation in operations}
    assert {name.lower() for name in document()["components"]["schemas"]} <= {name.lower() for name in vars(kit.models)}


def test_a_document_that_the_generator_cannot_use_is_noticed(tmp_path_factory: pytest.TempPathFactory) -> None:
    broken = {**document(), "paths": {"/v1/odd": {"get": {"operationId": "odd", "responses": {"x": {}}}}}}
    with pytest.raises(AssertionError, match="odd"):
        generate(broken, tmp_path_factory.mktemp("broken"))


def test_the_full_job_from_sign_up_to_done(people: People) -> None:
    kit, resident, volunteer = people.stranger.kit, people.resident, people.volunteer
    _be_awake(volunteer)
    _be_awake(people.friend)
    _offer(volunteer)
    _offer(people.friend)
    _register_phone(volunteer)

    request = _ask(resident, public_note="Two bags", private_note="Please ring twice", phone="+49 2323 1234567")
    assert request.state == "open"
    assert request.place.address == "Wilhelmstraße 5, 44649 Herne"
    asked = volunteer.call("list_invitations", state=kit.models.InvitationState.ASKED).items
    assert [invitation.request.id for invitation in asked] == [request.id]
    assert resident.call("get_dispatch", request.id).asked >= 2
    [wave] = people.coordinator.call("get_dispatch", request.id).waves
    assert {"Karim", "Lena"} <= {person.name for person in wave.asked}
    seen = volunteer.call("get_request", request.id)
    assert isinstance(seen.place, kit.package.types.Unset)

    assert people.friend.answer("stand_by_for_request", request.id).status_code == 204
    task = volunteer.call("accept_request", request.id, idempotency_key=str(uuid4()))
    assert (task.request, task.state) == (request.id, "active")
    contact = volunteer.call("get_contact", request.id)
    assert contact.name == "Irmgard"
    assert contact.private_note == "Please ring twice"
    assert contact.code_word == request.code_word
    assert [view.role for view in resident.call("list_views", request.id).items] == ["volunteer"]
    filled = resident.call("get_request", request.id)
    assert (filled.state, [helper.name for helper in filled.helpers]) == ("filled", ["Karim"])

    done = volunteer.call("finish_request", request.id, body=kit.models.Done(minutes=40, expenses_cents=1250))
    assert done.state == "done"
    assert [task.state for task in volunteer.call("list_tasks").items] == ["done"]
    entry = resident.call("list_notifications").items[0]
    assert resident.answer("read_notification", entry.id).status_code == 204
    assert resident.call("get_notification", entry.id).read_at is not None


def test_answering_otherwise_giving_back_and_calling_off(people: People) -> None:
    models, resident, volunteer = people.stranger.kit.models, people.resident, people.volunteer
    _offer(volunteer)
    request = _ask(resident)

    assert volunteer.answer("decline_request", request.id).status_code == 204
    volunteer.call("accept_request", request.id)
    assert volunteer.call("withdraw_from_request", request.id).state == "open"
    volunteer.call("accept_request", request.id)
    released = resident.call("release_helper", request.id, body=models.Release(reason="My son is coming"))
    assert released.state == "open"
    until = request.needed_until + timedelta(hours=1)
    assert resident.call("renew_request", request.id, body=models.StillNeeded(needed_until=until)).needed_until == until
    assert resident.call("cancel_request", request.id).state == "cancelled"
    assert resident.call("undo_request", request.id).state == "open"
    volunteer.call("accept_request", request.id)
    assert resident.call("finish_request", request.id).state == "done"
    listed = resident.call("list_requests", mine=True, state=models.RequestState.DONE).items
    assert [found.id for found in listed] == [request.id]


def test_a_coordinator_sees_the_quarter_and_vouches_for_volunteers(people: People) -> None:
    models, boss = people.stranger.kit.models, people.coordinator
    _offer(people.volunteer, models.CategoryKey.HOUSEHOLD)
    request = _ask(people.resident, models.CategoryKey.HOUSEHOLD)
    person = people.volunteer.call("get_me").id
    assert people.volunteer.refusal("accept_request", request.id).code == "not_eligible"

    seen_on = (datetime.now(UTC) - timedelta(days=2)).date()
    known = models.Verification(level=models.VerificationLevel.KNOWN, seen_on=seen_on)
    assert boss.answer("verify_member", "blumenthal", person, body=known).status_code == 204
    people.volunteer.call("accept_request", request.id)
    members = {member.id: member.verification for member in boss.call("list_members", "blumenthal", limit=100).items}
    assert members[person] == "known"
    assert boss.call("get_dispatch", request.id).waves == []
    assert "verified" in {entry.kind for entry in boss.call("list_activity", "blumenthal").items}
    reason = models.ContactReason(reason="She called and asked who is coming")
    assert boss.call("get_contact", request.id, body=reason).name == "Irmgard"
    assert {view.role for view in people.resident.call("list_views", request.id).items} == {"coordinator"}


def test_a_second_factor_is_set_up_and_asked_for(people: People) -> None:
    models, resident = people.stranger.kit.models, people.resident
    me = resident.call("get_me")
    made = resident.call("set_up_second_factor")
    now = pyotp.TOTP(made.secret).now()
    assert resident.answer("confirm_second_factor", body=models.ConfirmSecondFactor(otp=now)).status_code == 204

    login = models.SignIn(login=me.email, password=PASSWORD)
    assert people.stranger.refusal("sign_in", body=login).code == "second_factor_needed"
    login.otp = made.recovery_codes[0]
    assert people.stranger.call("sign_in", body=login).person.id == me.id
    assert resident.answer("remove_second_factor").status_code == 204


def test_a_coordinator_sets_the_quarter_up_and_confirms_whoever_is_new(people: People) -> None:
    models, boss, volunteer = people.stranger.kit.models, people.coordinator, people.volunteer
    tag = boss.answer("get_settings", "blumenthal").headers["ETag"]
    office = models.NewOffice(name="Stadtteilbüro", phone="+49 2323 161234")
    change = models.SettingsChange(confirm_first_tasks=1, contact=office)
    changed = boss.call("update_settings", "blumenthal", body=change, if_match=tag)
    assert (changed.confirm_first_tasks, changed.contact.name) == (1, "Stadtteilbüro")
    _offer(volunteer)
    request = _ask(people.resident)
    volunteer.call("accept_request", request.id)

    assert volunteer.refusal("get_contact", request.id).code == "awaiting_confirmation"
    assert boss.call("confirm_helper", request.id).helpers[0].awaiting_confirmation is False
    assert volunteer.call("get_contact", request.id).name == "Irmgard"
    back = boss.call("update_settings", "blumenthal", body=models.SettingsChange(confirm_first_tasks=0), if_match="*")
    assert back.confirm_first_tasks == 0
    words = people.stranger.call("get_meta", quarter="blumenthal")
    assert "shopping" in {category.key for category in words.categories}


def test_accounts_and_what_is_changed_with_the_tag_that_was_read(people: People, served: Served) -> None:
    models, stranger, resident = people.stranger.kit.models, people.stranger, people.resident
    quarters = [quarter.slug for quarter in stranger.call("list_quarters").items]
    assert stranger.call("locate_quarter", lat=51.53, lon=7.156).slug in quarters
    assert stranger.call("get_quarter", "blumenthal").name == "Blumenthal"
    tag = resident.answer("get_me").headers["ETag"]
    assert resident.answer("get_me", if_none_match=tag).status_code == 304
    home = models.NewPlace(lat=51.53, lon=7.156, address="Wilhelmstraße 5, 44649 Herne")
    change = models.PersonChange(name="Irmgard K.", language=models.LanguageTag.EN, home=home)
    assert resident.refusal("update_me", body=change).code == "precondition_required"
    assert resident.call("update_me", body=change, if_match=tag).home.address == home.address
    assert resident.refusal("update_me", body=change, if_match=tag).code == "stale"

    gerda = stranger.call("redeem_code", body=models.Redeem(code=served.code, password=PASSWORD))
    again = stranger.call("sign_in", body=models.SignIn(login=str(gerda.person.email), password=PASSWORD)).session
    session = stranger.call("refresh_session", body=models.Refresh(again.refresh_token)).session
    phone = stranger.with_token(session.access_token)
    assert len(phone.call("list_sessions").items) == 2
    assert phone.answer("end_session", gerda.session.session_id).status_code == 204
    _register_phone(phone)
    assert phone.answer("delete_device", "installation-1").status_code == 204
    assert phone.answer("sign_out").status_code == 204
    assert phone.refusal("get_me").code == "unauthenticated"
    phone.close()


def test_refusals_arrive_as_problems_with_codes_and_fields(people: People) -> None:
    models, resident, volunteer = people.stranger.kit.models, people.resident, people.volunteer
    offer = _offer(volunteer)
    request = _ask(resident)

    missing = resident.refusal("get_request", UUID(int=0))
    assert (missing.code, missing.status) == ("not_found", 404)
    short = resident.refusal(
        "create_request",
        body=models.NewRequest(
            category=models.CategoryKey.VISIT, needed_from=request.needed_until, needed_until=request.needed_from
        ),
    )
    assert short.code == "invalid"
    assert list(short.errors.additional_properties) == ["needed_until"]
    volunteer.call("accept_request", request.id)
    taken = volunteer.refusal("accept_request", request.id)
    assert (taken.code, taken.title) == ("already_accepted", "You have this task already.")
    assert volunteer.refusal("cancel_request", request.id).code == "forbidden"
    assert resident.refusal("list_members", "blumenthal").code == "forbidden"
    assert volunteer.answer("delete_offer", offer.id).status_code == 204
    assert volunteer.refusal("get_offer", offer.id).status == 404


def _sign_up(stranger: Caller, name: str) -> Caller:
    models = stranger.kit.models
    body = models.SignUp(
        email=f"{name.lower()}.{uuid4().hex}@example.org",
        password=PASSWORD,
        name=name,
        quarter="blumenthal",
        language=models.LanguageTag.DE,
    )
    signed_in = stranger.call("sign_up", body=body)
    assert signed_in.person.name == name
    return stranger.with_token(signed_in.session.access_token)


def _be_awake(caller: Caller) -> None:
    """May be asked at any hour: these tests live on the machine's clock."""
    preferences = caller.kit.models.NewPreferences(quiet_from=None, quiet_until=None, asks_per_week=100)
    assert caller.call("put_preferences", body=preferences).quiet_from is None
    assert caller.call("get_preferences").asks_per_week == 100


def _register_phone(caller: Caller) -> None:
    models = caller.kit.models
    phone = models.NewDevice(
        address=f"address-{os.urandom(8).hex()}",
        kind=models.AddressKind.TOKEN,
        platform=models.Platform.ANDROID,
        language=models.LanguageTag.DE,
        app_version="1.0.0",
    )
    assert caller.answer("put_device", "installation-1", body=phone).status_code == 201


def _offer(caller: Caller, category: Any = None) -> Any:
    models = caller.kit.models
    body = models.NewOffer(
        categories=[category or models.CategoryKey.SHOPPING],
        languages=["de"],
        availability=[models.NewSlot(weekday=day, from_="00:00", until="24:00") for day in range(7)],
        reach=models.Reach.QUARTER,
        tasks_per_week=5,
        adult=True,
    )
    made = caller.call("create_offer", body=body)
    change = models.OfferChange(has_car=True)
    tag = caller.answer("get_offer", made.id).headers["ETag"]
    assert caller.call("update_offer", made.id, body=change, if_match=tag).has_car
    return made


def _ask(caller: Caller, category: Any = None, **more: Any) -> Any:
    models = caller.kit.models
    now = datetime.now(UTC).replace(microsecond=0)
    body = models.NewRequest(
        category=category or models.CategoryKey.SHOPPING,
        needed_from=now + timedelta(hours=1),
        needed_until=now + timedelta(hours=9),
        urgent=True,
        place=models.NewPlace(lat=51.53, lon=7.156, address="Wilhelmstraße 5, 44649 Herne"),
        **more,
    )
    return caller.call("create_request", body=body, idempotency_key=str(uuid4()))
