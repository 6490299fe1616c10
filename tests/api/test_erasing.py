"""Erasing oneself: what is in hand is handed over, and no personal field is left anywhere, nor comes back."""

import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs

from models import Assignment, Erasure, Event, HelpRequest, Person
from models.account import NOBODY
from tests.api.staff import coordinator
from tests.api.test_privacy import EMAILS, MARKS, Scene, live_through
from tests.api.test_privacy import PASSWORD as SCENE_PASSWORD
from tests.cli.command import run
from tests.faults.backup import Backup
from tests.support.databases import Databases
from tests.support.postgres_binaries import find_binaries
from tests.support.town import PASSWORD, Neighbour, Town


def erase(neighbour: Neighbour, password: str = PASSWORD) -> None:
    answer = neighbour.town.call("DELETE", "/v1/me", {"password": password}, token=neighbour.token)
    assert answer.status_code == 204, answer.text


def dump(url: str) -> str:
    """Every row of the database, as its own tool writes them."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(address.database or "")) as connection:
            return "\n".join(connection.iterdump())
    libpq = address.set(drivername="postgresql").render_as_string(hide_password=False)
    words = [str(find_binaries() / "pg_dump"), "--data-only", f"--dbname={libpq}"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def left_in(url: str, *wanted: str) -> set[str]:
    whole = dump(url)
    binary = {mark: mark.encode().hex() for mark in wanted}
    return {mark for mark, coded in binary.items() if mark in whole or coded in whole.lower()}


OWNERS = tuple(mark for mark in MARKS if mark.lower() != "goldhamster" and mark != "geräteadresse")
HELPERS = ("Goldhamster", "goldhamster")


@pytest.fixture
def scene(town: Town) -> Scene:
    return live_through(town)


def in_every_field(scene: Scene) -> None:
    """What the scene leaves out: a mail address that waits, a code on its way, a reason, an answer that was kept."""
    owner, helper = scene.owner, scene.helper
    for offer in helper.get("/v1/offers").json["items"]:  # at the place of the request, as it happens
        assert helper.delete(f"/v1/offers/{offer['id']}").status_code == 204
    assert owner.patch("/v1/me", {"email": "kanarienvogel-neu@example.org"}, If_Match="*").status_code == 200
    scene.town.change_person(owner, contact_phone="+4923239182736")
    keyed = {"Idempotency_Key": "kept-for-a-while"}
    window = {"needed_from": scene.town.in_hours(1), "needed_until": scene.town.in_hours(2)}
    asked = owner.post("/v1/requests", {"category": "visit", "private_note": MARKS[6], **window}, **keyed)
    assert asked.status_code == 201, asked.text
    released = {"person": helper.id, "reason": "Hat sich Begründung-Markierung verhalten"}
    assert owner.post(f"{scene.path}/release", released, Idempotency_Key="released-once").status_code == 200
    owner.set_up_second_factor()


def test_of_a_requester_no_personal_field_is_left(scene: Scene) -> None:
    in_every_field(scene)
    url = scene.town.wiring.settings.database_url
    marks = (*OWNERS, "Öffentlich-Markierung", scene.owner.session["session_id"].replace("-", ""))
    assert left_in(url, *marks) >= {"Kanarienvogel", "kanarienvogel", "Heimweg", "Einsatzort", "9182736"}

    erase(scene.owner, SCENE_PASSWORD)

    if url.startswith("sqlite"):
        marks = (*marks, scene.request["code_word"])
    assert left_in(url, *marks, "geräteadresse-markierung'") == set()
    assert scene.owner.get("/v1/me").status_code == 401
    sign_in = {"login": EMAILS[0], "password": SCENE_PASSWORD}
    assert scene.town.call("POST", "/v1/auth/sign-in", sign_in).json["code"] == "wrong_credentials"


def test_of_a_helper_no_personal_field_is_left_and_the_requester_keeps_that_there_was_help(scene: Scene) -> None:
    other = scene.others["a volunteer in reach"]
    assert other.act(scene.request, "accept").status_code == 201
    finished = scene.owner.post(f"{scene.path}/done", {"minutes": 40}, Idempotency_Key="done-and-kept")
    assert "Goldhamster" in finished.text
    url = scene.town.wiring.settings.database_url
    assert left_in(url, *HELPERS) == set(HELPERS)

    erase(scene.helper, SCENE_PASSWORD)

    assert left_in(url, *HELPERS, "geräteadresse-markierung-2") == set()
    helpers = scene.owner.read(scene.request)["helpers"]
    assert sorted((each["name"] == "Gelöschtes Konto", each["state"]) for each in helpers) == [
        (False, "done"),
        (True, "done"),
    ]
    [look] = scene.owner.get(f"{scene.path}/views").json["items"]
    assert (look["by"], look["role"]) == ("Gelöschtes Konto", "volunteer")


def test_what_is_in_hand_is_handed_over_and_those_concerned_are_told(town: Town) -> None:
    leaving, helper, requester, next_one = town.volunteer(), town.volunteer(), town.neighbour(), town.volunteer()
    own, taken = leaving.ask(), requester.ask()
    assert helper.act(own, "accept").status_code == 201
    assert leaving.act(taken, "accept").status_code == 201

    erase(leaving)

    def told(whom: Neighbour, request: dict[str, Any]) -> list[str]:
        return [entry["title"] for entry in whom.inbox() if entry["request"] == request["id"]]

    assert helper.read(own)["state"] == "cancelled"
    assert helper.get("/v1/me/tasks?state=active").json["items"] == []
    assert requester.read(taken)["state"] == "open"
    assert told(helper, own) != []
    assert told(requester, taken) != []
    assert next_one.act(taken, "accept").status_code == 201
    with town.wiring.reading() as context:
        assert context.session.get(Person, leaving.uuid) is None
        assert set(context.session.scalars(select(Person.active_tasks).where(Person.id != next_one.uuid))) == {0}
        gone = context.session.get_one(HelpRequest, UUID(own["id"]))
        assert (gone.requester_id, gone.languages, gone.code_word) == (NOBODY, [], "")


def test_the_password_decides_and_a_wrong_one_changes_nothing(town: Town) -> None:
    neighbour = town.neighbour()
    refused = town.call("DELETE", "/v1/me", {"password": "ein ganz anderes"}, token=neighbour.token)
    assert (refused.status_code, refused.json["code"]) == (403, "wrong_password")
    assert town.call("DELETE", "/v1/me", {}, token=neighbour.token).status_code == 422
    assert town.call("DELETE", "/v1/me", token=neighbour.token).status_code in {400, 415, 422}
    assert neighbour.get("/v1/me").status_code == 200


def test_the_audit_trail_stays_as_it_was_sealed(town: Town) -> None:
    neighbour = town.volunteer()
    town.clock.forward(minutes=5)
    town.run("seal-audit")
    erase(neighbour)
    town.clock.forward(minutes=5)
    town.run("seal-audit")

    assert run("audit", "verify", database=town.wiring.settings.database_url).code == 0
    with town.wiring.reading() as context:
        kinds = context.session.scalars(select(Event.kind).where(Event.person_id == neighbour.uuid)).all()
    assert {"signed_up", "person_erased"} <= set(kinds)


def test_several_people_leave_one_nobody_whom_no_coordinator_sees(town: Town) -> None:
    boss = coordinator(town)
    for leaving in (town.neighbour(), town.neighbour()):
        leaving.ask()
        erase(leaving)

    names = [member["name"] for member in boss.get("/v1/quarters/blumenthal/members").json["items"]]
    assert "Gelöschtes Konto" not in names
    with town.wiring.reading() as context:
        assert set(context.session.scalars(select(HelpRequest.requester_id))) == {NOBODY}


def test_whoever_says_yes_at_the_very_moment_leaves_no_half_of_anything(town: Town) -> None:
    for _round in range(4):
        leaving, requester = town.volunteer(), town.neighbour()
        request = requester.ask()
        together = Barrier(2)

        def accept(person: Neighbour, request: dict[str, Any], barrier: Barrier) -> int:
            barrier.wait(timeout=10)
            return person.act(request, "accept").status_code

        def leave(person: Neighbour, barrier: Barrier) -> int:
            barrier.wait(timeout=10)
            body = {"password": PASSWORD}
            return person.town.call("DELETE", "/v1/me", body, token=person.token).status_code

        with ThreadPoolExecutor(2) as pool:
            accepted = pool.submit(accept, leaving, request, together)
            left = pool.submit(leave, leaving, together)
            codes = accepted.result(timeout=60), left.result(timeout=60)
        assert codes[1] in {204, 409}, codes
        with town.wiring.reading() as context:
            active = context.session.scalars(
                select(Assignment.person_id).where(Assignment.state == "active", Assignment.person_id == leaving.uuid)
            ).all()
            is_there = context.session.get(Person, leaving.uuid) is not None
        assert is_there or active == []
        assert requester.read(request)["state"] == ("filled" if active else "open")


@pytest.mark.parametrize("system", ["sqlite", "postgresql"])
@pytest.mark.parametrize("kept", ["the ledger's export", "the log"])
def test_whoever_was_erased_does_not_come_back_with_yesterdays_backup(
    system: str, kept: str, databases: Databases, tmp_path: Path
) -> None:
    with databases.fresh(system) as url:
        with Town(url, tmp_path) as town:
            scene = live_through(town)
            in_every_field(scene)
        backup = Backup(url, tmp_path)
        with Town(url, tmp_path) as town, capture_logs() as logs:
            gone = Neighbour(town, scene.owner.person, scene.owner.session)
            erase(gone, SCENE_PASSWORD)
        [logged] = [entry for entry in logs if entry["event"] == "person_erased"]
        ledger = tmp_path / "ledger"
        ledger.write_text(run("erasures", "export", database=url).out if kept.startswith("the ledger") else str(logged))
        assert scene.owner.id not in ledger.read_text()
        backup.put_back()
        assert left_in(url, *OWNERS) >= {"Kanarienvogel", "Heimweg"}

        replayed = run("erasures", "replay", str(ledger), database=url)

        assert (replayed.code, replayed.out.split()[0]) == (0, "1"), replayed.err
        assert left_in(url, *OWNERS, "Öffentlich-Markierung") == set()
        assert run("erasures", "replay", str(ledger), database=url).out.startswith("0 people")
        with Town(url, tmp_path) as town, town.wiring.reading() as context:
            assert context.session.scalars(select(Erasure.person_hash)).all() == [logged["ledger"]]
            assert context.session.scalar(select(Person.name).where(Person.email == EMAILS[1])) == "Zeynep Goldhamster"


def test_the_ledger_is_read_with_every_key_on_the_ring(small_town: Town, tmp_path: Path) -> None:
    neighbour = small_town.neighbour()
    url = small_town.wiring.settings.database_url
    ledger = tmp_path / "ledger"
    ledger.write_text(small_town.wiring.sealer.mark(neighbour.uuid.bytes) + " 2026-06-10T10:00:00Z\n")
    ring = "new:" + "n" * 40 + "," + "test:" + "d" * 40

    assert run("erasures", "replay", str(ledger), database=url, DATA_KEYS="new:" + "n" * 40).out.startswith("0 people")
    assert run("erasures", "replay", str(ledger), database=url, DATA_KEYS=ring).out.startswith("1 people")
    assert neighbour.get("/v1/me").status_code == 401
