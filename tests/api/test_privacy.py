"""What is personal stays with whom it belongs to: unique marks in every personal field, and a search for them."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog
from sqlalchemy import select, text

from api.app import create_app
from models import Event, Invitation
from nachbarschaft.logs import configure_logs
from nachbarschaft.services.people import Appointment, appoint
from nachbarschaft.services.unsubscribing import PATH
from tests.support.town import Neighbour, Reply, Town

NAME = "Irmgard Kanarienvogel"
HELPER_NAME = "Zeynep Goldhamster"
PASSWORD = "vier geheime Markierungswörter"
HOME: dict[str, Any] = {"lat": 51.5297531, "lon": 7.1567913, "address": "Heimweg-Markierung 17, 44649 Herne"}
PLACE: dict[str, Any] = {"lat": 51.5301357, "lon": 7.1552468, "address": "Einsatzort-Markierung 23, 44649 Herne"}
PRIVATE_NOTE = "Schlüssel liegt unter der Matte-Markierung"
PUBLIC_NOTE = "Zwei Taschen von der Öffentlich-Markierung"
REASON = "Hat sich Begründung-Markierung verhalten"
PHONE = "02323 9182736"
ADDRESS = "geräteadresse-markierung"
EMAILS = ("kanarienvogel@example.org", "goldhamster@example.org")

MARKS = (
    *("Kanarienvogel", "kanarienvogel", "Goldhamster", "goldhamster", "geheime Markierung"),
    *("Heimweg", "Einsatzort", "Matte-Markierung", "Begründung-Markierung", "9182736", "geräteadresse"),
    *("51.5297531", "7.1567913", "51.5301357", "7.1552468", "297531", "567913", "301357", "552468"),
)
"""Nothing of these may reach anybody but its owner; the public note is meant for all in reach."""


def marks_in(*texts: str) -> set[str]:
    whole = "\n".join(texts)
    unescaped = whole.encode().decode("unicode_escape", "ignore")
    return {mark for mark in MARKS if mark in whole or mark in unescaped}


@dataclass
class Scene:
    """The main job, lived through by people whose every personal field is marked."""

    town: Town
    owner: Neighbour
    helper: Neighbour
    request: dict[str, Any]
    others: dict[str, Neighbour] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/v1/requests/{self.request['id']}"

    def secrets(self) -> set[str]:
        """What is random, and still nobody else's business."""
        tokens = [
            each.session[name] for each in (self.owner, self.helper) for name in ("access_token", "refresh_token")
        ]
        return {self.request["code_word"], *tokens}


@pytest.fixture
def scene(small_town: Town) -> Scene:
    return live_through(small_town)


def live_through(town: Town) -> Scene:
    owner = town.neighbour(NAME, email=EMAILS[0], password=PASSWORD)
    assert owner.patch("/v1/me", {"home": HOME}, If_Match="*").status_code == 200
    town.change_person(owner, phone="+4923239182736")
    owner.register_phone(ADDRESS)
    others = {
        "a volunteer in reach": town.volunteer(),
        "another volunteer in reach": town.volunteer(categories=["garden"]),
        "a neighbour": town.neighbour(),
        "a volunteer of another quarter": town.volunteer(quarter="forellquartier"),
        "a coordinator of another quarter": town.neighbour(quarter="forellquartier"),
    }
    with town.wiring.writing() as context:
        coordinator = others["a coordinator of another quarter"].email
        appoint(context, Appointment(coordinator, "X", None, ["forellquartier"], is_admin=True))
    others["a coordinator of another quarter"].set_up_second_factor()
    helper = town.neighbour(HELPER_NAME, email=EMAILS[1], password=PASSWORD)
    helper.offer(place={"lat": PLACE["lat"], "lon": PLACE["lon"]})
    helper.register_phone(ADDRESS + "-2")
    request = owner.ask(
        place=PLACE, private_note=PRIVATE_NOTE, public_note=PUBLIC_NOTE, phone=PHONE, people_needed=2, urgent=True
    )
    scene = Scene(town, owner, helper, request, others)
    town.deliver()
    assert helper.act(request, "accept").status_code == 201
    assert helper.act(request, "contact").status_code == 200
    town.deliver()
    return scene


def every_reading(scene: Scene, reader: Neighbour) -> Iterator[Reply]:
    """Whatever somebody can read, about this request or at all."""
    for path in (
        *(scene.path, f"{scene.path}/dispatch", f"{scene.path}/views"),
        *("/v1/requests", "/v1/requests?state=open", "/v1/requests?quarter=blumenthal", "/v1/requests?mine=false"),
        *("/v1/me", "/v1/me/preferences", "/v1/me/notifications", "/v1/offers", "/v1/invitations"),
        *("/v1/quarters", "/v1/quarters/blumenthal", "/health/ready", "/v1/meta"),
        *("/v1/quarters/blumenthal/members", "/v1/quarters/blumenthal/activity", "/v1/me/sessions", "/v1/me/tasks"),
    ):
        yield reader.get(path)
    for entry in reader.inbox():
        yield reader.get(f"/v1/me/notifications/{entry['id']}")


def every_attempt(scene: Scene, reader: Neighbour) -> Iterator[Reply]:
    """Whatever somebody can try with this request."""
    for action, body in (
        ("contact", None),
        ("contact", {"reason": "Neugier"}),
        ("withdraw", None),
        ("done", None),
        ("cancel", None),
        ("still-needed", None),
        ("release", {"person": scene.helper.id}),
        ("undo", None),
        ("confirm", None),
        ("decline", None),
        ("standby", None),
        ("standby", {"x": 1}),
    ):
        yield reader.act(scene.request, action, body)
    yield reader.patch(scene.path, {"public_note": "x"}, If_Match="*")


def test_nobody_who_does_not_help_reads_anything_about_anybody(scene: Scene) -> None:
    seen_notes = {}
    for who, reader in scene.others.items():
        replies = [*every_reading(scene, reader), *every_attempt(scene, reader), *every_reading(scene, reader)]
        texts = [reply.text for reply in replies] + [str(reply.headers) for reply in replies]

        assert marks_in(*texts) == set(), who
        assert not [secret for secret in scene.secrets() if any(secret in each for each in texts)], who
        seen_notes[who] = any("Öffentlich-Markierung" in each for each in texts)
    assert {who for who, seen in seen_notes.items() if seen} == {"a volunteer in reach", "another volunteer in reach"}


def test_what_a_volunteer_in_reach_sees_is_the_public_face_and_no_more(scene: Scene) -> None:
    assert scene.others["a volunteer in reach"].read(scene.request).keys() == {
        *("id", "quarter", "category", "public_note", "state", "urgent", "needed_from", "needed_until", "expires_at"),
        *("people_needed", "people_accepted", "languages", "area", "created_at", "version"),
    }


def test_the_area_is_the_same_for_every_place_in_its_cell_and_for_every_reader(scene: Scene) -> None:
    area = scene.request["area"]
    close = dict(PLACE, lat=PLACE["lat"] + 0.00001)
    again = scene.town.neighbour().ask(place=close)

    assert again["area"] == area
    for reader in scene.others.values():
        found = reader.get(scene.path)
        assert found.status_code == 404 or found.json["area"] == area
    assert scene.helper.read(scene.request)["area"] == area


def test_the_helper_learns_the_door_only_from_contact(scene: Scene) -> None:
    contact = scene.helper.act(scene.request, "contact")
    readings = [reply.text for reply in every_reading(scene, scene.helper)]

    assert marks_in(contact.text) == {"Kanarienvogel", "Einsatzort", "Matte-Markierung", "9182736"}
    about_others = set(MARKS) - {"Goldhamster", "goldhamster", "51.5301357", "7.1552468", "301357", "552468"}
    assert marks_in(*readings) & about_others == set(), "its own name and the place of its own offer are its own"


def test_after_giving_it_back_the_helper_learns_nothing_more(scene: Scene) -> None:
    assert scene.helper.act(scene.request, "withdraw").status_code == 200

    contact = scene.helper.act(scene.request, "contact")

    assert (contact.status_code, contact.json["code"]) == (403, "not_assigned")
    readings = [contact.text, *(reply.text for reply in every_reading(scene, scene.helper))]
    assert not marks_in(*readings) & {"Kanarienvogel", "Einsatzort", "Matte-Markierung", "9182736"}


def test_the_owner_learns_who_helps_and_nothing_more_about_them(scene: Scene) -> None:
    readings = [reply.text for reply in every_reading(scene, scene.owner)]

    found = marks_in(*readings)
    assert "Goldhamster" in found
    assert not found & {"goldhamster", "geräteadresse", "geheime Markierung"}


def test_whoever_is_turned_away_hears_nothing_of_their_own_words_either(small_town: Town) -> None:
    """Refusals repeat no values: they end in crash reports and on shared screens."""
    owner = small_town.neighbour()
    good = {"category": "shopping", "needed_from": small_town.in_hours(1), "needed_until": small_town.in_hours(2)}
    calls = [
        owner.post(
            "/v1/requests", {"category": PRIVATE_NOTE, "public_note": f"Ruf an: {PHONE}", "place": PLACE["address"]}
        ),
        owner.post("/v1/requests", {PRIVATE_NOTE: 1}),
        owner.post("/v1/requests", good | {"public_note": f"Ruf an: {PHONE}"}),
        owner.patch("/v1/me", {"home": dict(HOME, lat=200)}, If_Match="*"),
        owner.patch("/v1/me", {"home": dict(HOME, lat=48.1)}, If_Match="*"),
        owner.put("/v1/me/devices/installation-1", {"address": ADDRESS, "kind": ADDRESS}),
        small_town.call("POST", "/v1/auth/sign-in", {"login": EMAILS[0], "password": PASSWORD}),
        small_town.call("POST", "/v1/auth/sign-up", {"email": EMAILS[0], "password": PASSWORD, "quarter": NAME}),
        small_town.call("POST", "/v1/auth/codes/redeem", {"code": "Goldhamster", "password": PASSWORD}),
        small_town.call("GET", f"/v1/quarters/locate?lat={PLACE['lat']}&lon=1.7552468"),
    ]

    for reply in calls:
        assert reply.status_code >= 400
        values = [value for key, value in reply.json.items() if key != "errors"]
        values += [message for messages in reply.json.get("errors", {}).values() for message in messages]
        assert marks_in(json.dumps(values, ensure_ascii=False)) == set(), reply.text


def test_pushes_say_nothing_about_anybody(scene: Scene) -> None:
    recorded = scene.town.pushes.read_text(encoding="utf-8")

    assert len(scene.town.sent()) >= 3
    assert marks_in(recorded) == set()
    assert not [secret for secret in scene.secrets() if secret in recorded]
    for word in (
        "Öffentlich",
        "shopping",
        "blumenthal",
        "Blumenthal",
        scene.request["id"],
        scene.owner.id,
        scene.helper.id,
    ):
        assert word not in recorded, word


def test_the_audit_trail_and_the_reasons_hold_no_words_of_anybody(scene: Scene) -> None:
    edit = {"public_note": PUBLIC_NOTE + "!", "private_note": PRIVATE_NOTE + "!"}
    assert scene.owner.patch(scene.path, edit, If_Match="*").status_code == 200
    release = {"person": scene.helper.id, "no_show": True, "reason": REASON}
    assert scene.owner.act(scene.request, "release", release).status_code == 200
    with scene.town.wiring.reading() as context:
        events = [json.dumps(data) for data in context.session.scalars(select(Event.data))]
        terms = [json.dumps(data) for data in context.session.scalars(select(Invitation.terms))]

    assert len(events) > 15
    assert marks_in(*events, *terms) == set()
    assert not [each for each in events if "Markierung" in each]


@pytest.fixture
def logs_restored() -> Iterator[None]:
    """Whoever has configured logs leaves them as they were."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**before)


@pytest.mark.usefixtures("logs_restored")
def test_the_log_names_nobody(small_town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    configure_logs("json")
    scene = live_through(small_town)
    for reader in (scene.owner, scene.helper, *scene.others.values()):
        list(every_reading(scene, reader))
    for job in ("expire-requests", "send-waves", "deliver-pushes"):
        small_town.run(job, small_town.clock.forward(hours=5))
    small_town.deliver()

    out, err = capfd.readouterr()

    events = {json.loads(line)["event"] for line in err.splitlines()}
    assert {"push_recorded", "job_done"} <= events
    assert marks_in(out, err) == set()
    assert not [secret for secret in scene.secrets() if secret in err]
    assert "Öffentlich" not in err


@pytest.mark.usefixtures("logs_restored")
def test_a_broken_database_is_logged_without_a_word_of_anybody(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    configure_logs("json")
    scene = live_through(town)
    with town.wiring.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE event RENAME TO gone"))
    body = {
        "category": "shopping",
        "needed_from": town.in_hours(1),
        "needed_until": town.in_hours(2),
        "place": PLACE,
        "private_note": PRIVATE_NOTE,
        "phone": PHONE,
    }
    failed = [
        scene.owner.town.app.test_client().post(
            path, json=sent, headers={"Authorization": f"Bearer {scene.owner.token}", "If-Match": "*"}
        )
        for path, sent in (
            ("/v1/requests", body),
            ("/v1/auth/sign-in", {"login": EMAILS[0], "password": PASSWORD}),
            (f"{scene.path}/release", {"reason": REASON, "person": scene.helper.id}),
        )
    ]

    out, err = capfd.readouterr()

    for reply in failed:
        assert reply.status_code in {500, 503}
        assert reply.mimetype == "application/problem+json"
        assert marks_in(reply.get_data(as_text=True)) == set()
        assert reply.get_json()["trace_id"] in err
    assert marks_in(out, err) == set()


@pytest.mark.usefixtures("logs_restored")
def test_an_exception_is_logged_by_kind_and_place_never_by_its_text(capfd: pytest.CaptureFixture[str]) -> None:
    """A library's own log lines too: a database error shows whole rows."""
    configure_logs("json")
    try:
        int(PRIVATE_NOTE)
    except ValueError:
        logging.getLogger("apscheduler.executors.default").exception("Job raised an exception")
        structlog.get_logger("ours").exception("ours")

    _, err = capfd.readouterr()

    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["error"] for line in lines] == ["ValueError", "ValueError"]
    assert all("test_privacy.py" in line["at"][-1] for line in lines)
    assert marks_in(err) == set()


def test_addresses_of_calls_carry_nothing_personal(scene: Scene) -> None:
    """What stands in a URL ends in logs of proxies: paths hold ids and slugs alone, and cursors no words."""
    app = create_app(scene.town.wiring)
    parts = {argument for rule in app.url_map.iter_rules() for argument in rule.arguments}

    # A mail program knows no other place for who unsubscribes; the token opens nothing, and only stops mails.
    assert parts - {"token"} <= {"id", "slug", "person", "installation"}
    assert [rule.rule.partition("<")[0] for rule in app.url_map.iter_rules() if "token" in rule.arguments] == [PATH] * 2
    pages = [scene.owner.get(f"{path}?limit=1").json["next"] for path in ("/v1/requests", "/v1/me/notifications")]
    assert marks_in(*(page or "" for page in pages)) == set()
