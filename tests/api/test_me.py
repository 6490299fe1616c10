"""Me: my account and home, my devices, my preferences and my inbox."""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import select

from models import Device, Offer, Quarter
from nachbarschaft.services.devices import MOST
from tests.api.raw import assert_problem
from tests.support.town import Neighbour, Reply, Town

BLUMENTHAL = {"lat": 51.53, "lon": 7.156, "address": "Wilhelmstraße 5, 44649 Herne"}
FUNKENBERG = {"lat": 51.5465, "lon": 7.2223, "address": "Funkenbergstraße 3, 44623 Herne"}
BOCHUM = {"lat": 51.4818, "lon": 7.2162, "address": "Willy-Brandt-Platz 2, 44777 Bochum"}
DEVICE = {
    "address": "an-address-of-google",
    "kind": "token",
    "platform": "android",
    "language": "de",
    "app_version": "1.2.3",
}
DEFAULTS = {
    "quiet_from": "22:00",
    "quiet_until": "07:00",
    "urgent_at_night": False,
    "pushes_per_day": 5,
    "asks_per_week": 4,
    "paused_until": None,
}
KINDS = {"asked", "request_changed", "task_changed", "message", "account", "news"}


def change(neighbour: Neighbour, **changes: Any) -> Reply:
    return neighbour.patch("/v1/me", changes, If_Match="*")


def addresses(town: Town) -> dict[str, str]:
    """Address → whose it is."""
    with town.wiring.reading() as context:
        return {device.address: str(device.person_id) for device in context.session.scalars(select(Device))}


def test_name_and_language_can_be_changed_at_any_time(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    small_town.clock.forward(days=30)

    changed = change(neighbour, name="  Jürgen ", language="tr")

    assert (changed.status_code, changed.json["name"], changed.json["language"]) == (200, "Jürgen", "tr")
    assert neighbour.get("/v1/me").json == changed.json
    assert change(neighbour).json == changed.json, "an empty change changes nothing"


def test_a_home_is_kept_with_its_address_and_can_be_taken_back(small_town: Town) -> None:
    neighbour = small_town.neighbour()

    assert change(neighbour, home=BLUMENTHAL).json["home"] == BLUMENTHAL
    assert change(neighbour, home=None).json["home"] is None


def test_a_home_in_another_quarter_moves_the_person_and_their_offers(town: Town) -> None:
    neighbour = town.volunteer()
    own_place = neighbour.offer(categories=["garden"], place={"lat": 51.53, "lon": 7.156})
    before = neighbour.get("/v1/offers").json["items"]
    assert {offer["quarter"] for offer in before} == {"blumenthal"}

    moved = change(neighbour, home=FUNKENBERG)

    assert (moved.json["quarter"], moved.json["home"]) == ("funkenbergquartier", FUNKENBERG)
    after = {offer["id"]: offer for offer in neighbour.get("/v1/offers").json["items"]}
    assert {offer["quarter"] for offer in after.values()} == {"funkenbergquartier"}
    assert after[own_place["id"]]["place"] == {"lat": 51.53, "lon": 7.156}
    with town.wiring.reading() as context:
        cells = set(context.session.scalars(select(Offer.cell)))
        assert len(cells) == 2, "the offer without a place of its own sets out from the new home"
    request = town.neighbour(quarter="funkenbergquartier").ask(place=FUNKENBERG)
    assert [invitation["request"]["id"] for invitation in neighbour.invitations()] == [request["id"]]
    old = town.neighbour().ask()
    assert_problem(neighbour.get(f"/v1/requests/{old['id']}"), 404, "not_found")


def test_a_home_outside_all_quarters_is_refused_and_changes_nothing(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    change(neighbour, home=BLUMENTHAL)

    refused = change(neighbour, home=BOCHUM, name="Anders")

    assert_problem(refused, 422, "outside_quarter")
    assert list(refused.json["errors"]) == ["home"]
    me = neighbour.get("/v1/me").json
    assert (me["home"], me["quarter"]) == (BLUMENTHAL, "blumenthal")
    assert me["name"] != "Anders"


def test_a_new_home_needs_a_sign_in_within_15_minutes(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    small_town.clock.forward(minutes=15)
    assert change(neighbour, home=BLUMENTHAL).status_code == 200

    small_town.clock.forward(seconds=1)

    assert_problem(change(neighbour, home=FUNKENBERG), 403, "sign_in_again")
    assert_problem(change(neighbour, home=None, name="Anders"), 403, "sign_in_again")
    assert neighbour.get("/v1/me").json["home"] == BLUMENTHAL


def test_requests_and_offers_take_their_place_from_the_home(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    body = {"category": "shopping", "needed_from": small_town.in_hours(1), "needed_until": small_town.in_hours(2)}
    refused = neighbour.post("/v1/requests", body)
    assert_problem(refused, 422, "invalid")
    assert list(refused.json["errors"]) == ["place"]

    change(neighbour, home=BLUMENTHAL)

    assert neighbour.post("/v1/requests", body).json["place"] == BLUMENTHAL


def put(neighbour: Neighbour, installation: str = "installation-1", **more: Any) -> Reply:
    return neighbour.put(f"/v1/me/devices/{installation}", DEVICE | more)


def test_a_device_is_new_once_and_then_updated(town: Town) -> None:
    neighbour = town.neighbour()
    first = put(neighbour)
    town.clock.forward(hours=1)
    again = put(neighbour, address="a-newer-address", kind="fid", platform="ios", language="ar", app_version="2.0.0")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == {
        "installation": "installation-1",
        "kind": "token",
        "platform": "android",
        "language": "de",
        "app_version": "1.2.3",
        "seen_at": "2026-06-10T10:00:00Z",
    }
    assert again.json["seen_at"] == "2026-06-10T11:00:00Z"
    assert (again.json["kind"], again.json["platform"], again.json["language"]) == ("fid", "ios", "ar")
    assert addresses(town) == {"a-newer-address": neighbour.id}


def test_the_address_of_a_device_is_never_shown(small_town: Town) -> None:
    neighbour = small_town.volunteer(phone=False)
    shown = [put(neighbour), put(neighbour), neighbour.get("/v1/me"), neighbour.get("/v1/me/notifications")]
    shown += [put(neighbour, platform="toaster"), put(neighbour, kind=DEVICE["address"])]

    assert [reply.status_code for reply in shown] == [201, 200, 200, 200, 422, 422]
    for reply in shown:
        assert DEVICE["address"] not in reply.text


def test_an_address_that_moves_to_another_person_leaves_the_first(town: Town) -> None:
    first, second = town.volunteer(phone=False), town.volunteer(phone=False)
    put(first)

    assert put(second).status_code == 201

    assert addresses(town) == {DEVICE["address"]: second.id}
    town.neighbour().ask()
    town.deliver()
    assert len(town.sent()) == 1
    assert town.sent()[0]["notification_id"] in {entry["id"] for entry in second.inbox()}
    assert_problem(first.delete("/v1/me/devices/installation-1"), 404, "not_found")


def test_an_address_that_moves_to_another_installation_leaves_the_first(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    put(neighbour, "installation-1")

    assert put(neighbour, "installation-2").status_code == 201

    assert neighbour.delete("/v1/me/devices/installation-1").status_code == 404
    assert neighbour.delete("/v1/me/devices/installation-2").status_code == 204
    assert addresses(small_town) == {}


def test_of_more_devices_than_anybody_has_the_ones_seen_last_stay(town: Town) -> None:
    neighbour, other = town.neighbour(), town.neighbour()
    put(other, address="somebody else's")
    for number in range(MOST):
        assert put(neighbour, f"installation-{number}", address=f"address {number}").status_code == 201
        town.clock.forward(minutes=1)
    put(neighbour, "installation-0", address="address 0")
    assert len(addresses(town)) == MOST + 1

    put(neighbour, f"installation-{MOST}", address=f"address {MOST}")

    kept = {f"address {number}" for number in range(MOST + 1) if number != 1}
    assert set(addresses(town)) == kept | {"somebody else's"}


def test_a_device_is_signed_off_only_by_its_owner(small_town: Town) -> None:
    owner, other = small_town.neighbour(), small_town.neighbour()
    put(owner)

    assert_problem(other.delete("/v1/me/devices/installation-1"), 404, "not_found")
    assert owner.delete("/v1/me/devices/installation-1").status_code == 204
    assert_problem(owner.delete("/v1/me/devices/installation-1"), 404, "not_found")


def test_two_people_may_choose_the_same_name_for_their_installations(small_town: Town) -> None:
    first, second = small_town.neighbour(), small_town.neighbour()

    assert put(first, address="one").status_code == put(second, address="two").status_code == 201
    assert set(addresses(small_town)) == {"one", "two"}


def test_the_name_of_an_installation_has_8_to_64_plain_characters(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    for good in ("a" * 8, "Z" * 64, "aA0_-aA0_-", "--------"):
        assert put(neighbour, good).status_code in {200, 201}, good
    for bad in (
        "a" * 7,
        "a" * 65,
        "with%20blank",
        "dots.in.it",
        "umläuteäöü",
        "slash%2Fslash",
        "new-line%0A",
        "a%00bcdefgh",
    ):
        for method in ("PUT", "DELETE"):
            reply = small_town.call(method, f"/v1/me/devices/{bad}", DEVICE, token=neighbour.token)
            assert reply.status_code == 404, (method, bad)


def test_a_device_needs_all_its_fields_in_the_right_shape(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    wrong: dict[str, list[Any]] = {
        "address": ["", "x" * 4097, 1, None],
        "kind": ["apns", "", None, "TOKEN"],
        "platform": ["windows", "Android", None],
        "language": ["xx", "", None, "de-DE"],
        "app_version": ["", "x" * 41, 1.2, None],
    }
    for field, values in wrong.items():
        body = {name: value for name, value in DEVICE.items() if name != field}
        assert list(neighbour.put("/v1/me/devices/installation-1", body).json["errors"]) == [field]
        for value in values:
            refused = put(neighbour, **{field: value})
            assert (refused.status_code, list(refused.json["errors"])) == (422, [field]), value
    assert put(neighbour, address="x" * 4096).status_code == 201


def test_preferences_are_the_contracts_until_they_are_changed(small_town: Town) -> None:
    found = small_town.neighbour().get("/v1/me/preferences").json

    assert {name: found[name] for name in DEFAULTS} == DEFAULTS
    assert found["channels"] == {kind: ["push"] for kind in KINDS}


def test_put_replaces_all_preferences(town: Town) -> None:
    neighbour = town.neighbour()
    wanted = {
        "quiet_from": "20:30",
        "quiet_until": "09:15",
        "urgent_at_night": True,
        "pushes_per_day": 0,
        "asks_per_week": 100,
        "paused_until": "2026-07-01T12:00:00+02:00",
        "channels": {"news": [], "asked": ["push"]},
    }

    first = neighbour.put("/v1/me/preferences", wanted)
    assert first.json == wanted | {
        "paused_until": "2026-07-01T10:00:00Z",
        "channels": {kind: ["push"] for kind in KINDS} | {"news": []},
    }
    assert neighbour.get("/v1/me/preferences").json == first.json
    second = neighbour.put("/v1/me/preferences", {"asks_per_week": 1})
    assert second.json == DEFAULTS | {"asks_per_week": 1, "channels": {kind: ["push"] for kind in KINDS}}


def test_quiet_hours_are_given_both_or_not_at_all(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    for wrong in (
        {"quiet_from": None},
        {"quiet_until": None},
        {"quiet_from": None, "quiet_until": "07:00"},
        {"quiet_from": "22:00", "quiet_until": None},
    ):
        refused = neighbour.put("/v1/me/preferences", wrong)
        assert_problem(refused, 422, "invalid")
        assert list(refused.json["errors"]) == ["quiet_until"]
    none = neighbour.put("/v1/me/preferences", {"quiet_from": None, "quiet_until": None})
    assert (none.json["quiet_from"], none.json["quiet_until"]) == (None, None)
    assert neighbour.put("/v1/me/preferences", {"quiet_from": "21:00"}).json["quiet_until"] == "07:00"


def test_preferences_out_of_range_are_refused_by_field(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    wrong: dict[str, list[Any]] = {
        "quiet_from": ["24:00", "7:00", "22:60", "22", "", 22, "22:00\n", "22:00:00", "２２:00"],
        "quiet_until": ["25:00", "07.00", True],
        "urgent_at_night": ["false", 0, None],
        "pushes_per_day": [-1, 101, "5", 5.0, None, True],
        "asks_per_week": [-1, 101, "4", 1.5, None],
        "paused_until": ["tomorrow", "2026-07-01", 0],
        "channels": [
            None,
            [],
            "push",
            {"fax": ["push"]},
            {"news": "push"},
            {"news": ["fax"]},
            {"news": ["push", "push"]},
        ],
    }
    for field, values in wrong.items():
        for value in values:
            refused = neighbour.put("/v1/me/preferences", {field: value})
            assert refused.status_code == 422, (field, value)
            assert {name.partition(".")[0] for name in refused.json["errors"]} == {field}, (field, value)
    assert neighbour.get("/v1/me/preferences").json["quiet_from"] == "22:00"


def test_every_push_has_its_entry_in_the_inbox(small_town: Town) -> None:
    volunteer, requester = small_town.volunteer(), small_town.neighbour()
    requester.register_phone()
    request = requester.ask()
    small_town.deliver()
    volunteer.act(request, "accept")
    small_town.deliver()

    for reader in (volunteer, requester):
        entries = {entry["id"]: entry for entry in reader.inbox()}
        pushed = [push for push in small_town.sent() if push["notification_id"] in entries]
        assert pushed
        for push in pushed:
            entry = entries[push["notification_id"]]
            assert push["link"] == entry["link"] == f"nachbarschaft://{entry['kind']}/{entry['id']}"
            assert push["kind"] == entry["kind"]
            assert entry["request"] == request["id"]


def test_the_inbox_speaks_the_readers_language(small_town: Town) -> None:
    volunteer = small_town.volunteer()
    small_town.neighbour().ask()
    path = f"/v1/me/notifications/{volunteer.inbox()[0]['id']}"

    german, english = (volunteer.get(path, Accept_Language=language).json for language in ("de", "en"))

    assert english["title"] == "Can you help?"
    assert german["title"] != english["title"]
    assert german | {"title": "", "body": ""} == english | {"title": "", "body": ""}


def test_an_entry_is_read_once_and_only_by_its_owner(small_town: Town) -> None:
    volunteer, other = small_town.volunteer(), small_town.neighbour()
    small_town.neighbour().ask()
    entry = volunteer.inbox()[0]
    path = f"/v1/me/notifications/{entry['id']}"
    assert entry["read_at"] is None

    assert_problem(other.get(path), 404, "not_found")
    assert_problem(other.post(f"{path}/read"), 404, "not_found")
    small_town.clock.forward(minutes=1)
    assert volunteer.post(f"{path}/read").status_code == 204
    small_town.clock.forward(minutes=1)
    assert volunteer.post(f"{path}/read").status_code == 204

    assert volunteer.get(path).json["read_at"] == "2026-06-10T10:01:00Z"
    assert volunteer.inbox()[0]["read_at"] == "2026-06-10T10:01:00Z"


def test_the_ids_of_notices_are_random(small_town: Town) -> None:
    """They leave for Google, so they say neither when nor for whom (contract, section 8)."""
    volunteer = small_town.volunteer()
    small_town.neighbour().ask()

    assert UUID(volunteer.inbox()[0]["id"]).version == 4


def test_an_offer_without_a_home_sets_out_from_the_quarters_centre(small_town: Town) -> None:
    volunteer = small_town.volunteer(phone=False)
    with small_town.wiring.reading() as context:
        offer = context.session.scalars(select(Offer)).one()
        quarter = context.session.get_one(Quarter, offer.quarter_id)
        area = json.loads(small_town.call("GET", f"/v1/quarters/{quarter.slug}").text)["center"]
    assert area == {"lat": quarter.center_lat, "lon": quarter.center_lon}
    assert offer.place_lat is None
    assert volunteer.get("/v1/offers").json["items"][0]["place"] is None
