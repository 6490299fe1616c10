"""The main job with everything real: API, worker and two schedulers as processes, HTTP on both sides, push by push."""

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from models import Device
from tests.conftest import BOTH
from tests.support.databases import Databases
from tests.support.fcm import Answer, LoopbackFcm, Post
from tests.support.processes import Processes, await_ready, wait_until
from tests.support.served import ALWAYS, ServedTown
from tests.support.town import BLUMENTHAL, Neighbour

SOON = 40.0
QUIET = 1.5
"""Seconds after which a worker that wanted to send once more would have done so: it looks twice a second."""
ADDRESS = "Wilhelmstraße 5, 44649 Herne"
PUBLIC_NOTE = "Milch, Brot und ein Kilo Zwetschgen"
PRIVATE_NOTE = "Klingel klemmt, Fensterklopfen hilft"


@dataclass(frozen=True, slots=True)
class Reachable:
    """Somebody with a phone, and how Google reaches it."""

    who: Neighbour
    address: str


@pytest.fixture(scope="module")
def fcm() -> Iterator[LoopbackFcm]:
    with LoopbackFcm() as made:
        yield made


@pytest.fixture(scope="module", params=BOTH)
def whole_town(
    request: pytest.FixtureRequest,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
    fcm: LoopbackFcm,
) -> Iterator[ServedTown]:
    """Everything that a town runs, aimed at a Google on loopback."""
    folder = tmp_path_factory.mktemp("town")
    settings = {"FIREBASE_CREDENTIALS": str(fcm.credentials_file(folder)), "FCM_URL": fcm.url}
    with databases.fresh(request.param) as url, Processes(url, folder, **settings) as processes:
        worker, api = processes.start("worker"), processes.start("api")
        schedulers = [processes.start("scheduler") for _ in range(2)]
        await_ready(api)
        worker.says("worker_ready")
        for scheduler in schedulers:
            scheduler.says("scheduler_ready")
        with ServedTown(url, folder, api.port) as town:
            yield town
        assert sum(scheduler.output.count("scheduler_leads") for scheduler in schedulers) == 1


def test_asked_told_taken_settled_done(whole_town: ServedTown, fcm: LoopbackFcm) -> None:
    fcm.forget()
    requester = _reachable(whole_town, "Irmgard Unverwechselbar")
    volunteers = [_volunteer(whole_town, f"Hilfsbereit Nummer {number}", "shopping") for number in range(6)]
    request = requester.who.ask(
        urgent=True,
        public_note=PUBLIC_NOTE,
        private_note=PRIVATE_NOTE,
        place=BLUMENTHAL | {"address": ADDRESS},
    )

    asked = [volunteer for volunteer in volunteers if volunteer.who.invitations()]
    assert len(asked) == 5
    told = _posts(fcm, asked)
    for volunteer in asked:
        _require_ask(told[volunteer.address], volunteer.who)
    _require_silence_about(_secrets(request, [requester, *volunteers]), fcm.posts)

    helper, *others = asked
    assert helper.who.act(request, "accept").status_code == 201
    news = _posts(fcm, [requester, *others], after=len(told))
    for volunteer in others:
        _require_settled(news[volunteer.address], told[volunteer.address])
    assert news[requester.address].message["data"]["kind"] == "request_changed"
    _require_silence_about(_secrets(request, [requester, *volunteers]), fcm.posts)

    contact = helper.who.act(request, "contact").json
    assert contact["name"] == "Irmgard Unverwechselbar"
    assert (contact["address"], contact["private_note"]) == (ADDRESS, PRIVATE_NOTE)
    assert contact["code_word"] == request["code_word"]
    views = requester.who.get(f"/v1/requests/{request['id']}/views").json["items"]
    assert [view["role"] for view in views] == ["volunteer"]
    assert helper.who.act(request, "done", {"minutes": 40}).status_code == 200
    assert requester.who.read(request)["state"] == "done"
    dispatch = requester.who.get(f"/v1/requests/{request['id']}/dispatch").json
    assert (dispatch["asked"], dispatch["accepted"], dispatch["lapsed"]) == (5, 1, 4)
    _require_jobs_to_run(whole_town)


def test_a_phone_that_google_does_not_know_any_more_is_forgotten(whole_town: ServedTown, fcm: LoopbackFcm) -> None:
    fcm.forget()
    requester = _reachable(whole_town, "Irmgard")
    volunteer = _volunteer(whole_town, "Karl", "garden")
    fcm.behave(volunteer.address, Answer(404, code="UNREGISTERED"))

    requester.who.ask(urgent=True, category="garden")

    wait_until(lambda: not _devices(whole_town, volunteer.who), within=SOON)
    time.sleep(QUIET)
    assert len(fcm.posts_to(volunteer.address)) == 1
    assert len(volunteer.who.invitations()) == 1
    assert [entry["kind"] for entry in volunteer.who.inbox()] == ["asked"]


def _reachable(town: ServedTown, name: str) -> Reachable:
    """Somebody who can be told at any hour, and whose phone's address says nothing about them."""
    neighbour = town.neighbour(name)
    assert neighbour.put("/v1/me/preferences", ALWAYS).status_code == 200
    return Reachable(neighbour, neighbour.register_phone(secrets.token_urlsafe(120)))


def _volunteer(town: ServedTown, name: str, category: str) -> Reachable:
    volunteer = _reachable(town, name)
    volunteer.who.offer(categories=[category])
    return volunteer


def _posts(fcm: LoopbackFcm, told: list[Reachable], after: int = 0) -> dict[str, Post]:
    """What reached Google beyond the first `after` posts: exactly one post for each of those who are told."""
    wait_until(lambda: len(fcm.posts) >= after + len(told), within=SOON)
    time.sleep(QUIET)
    posts = fcm.posts[after:]
    assert sorted(post.address for post in posts) == sorted(one.address for one in told)
    return {post.address: post for post in posts}


def _require_ask(post: Post, reader: Neighbour) -> None:
    """The payload of the contract's section 8, and nothing besides."""
    message = post.message
    entry = reader.inbox()[0]
    link = f"nachbarschaft://asked/{entry['id']}"
    assert message["data"] == {"id": entry["id"], "kind": "asked", "link": link, "v": "1"}
    assert message["android"]["priority"] == "high"
    assert message["notification"]["title"] == "Nachbarschaft"
    assert 0 < int(message["android"]["ttl"].removesuffix("s")) <= 9 * 3600
    assert _tags(message) == {_tag(message)}
    assert message.keys() == {"token", "data", "notification", "android", "apns", "webpush"}


def _require_settled(post: Post, ask: Post) -> None:
    """Silent, and in the place of what was shown before."""
    assert _tags(post.message) == {_tag(ask.message)}
    assert post.message["webpush"]["notification"]["silent"] is True
    assert "sound" not in post.message["apns"]["payload"]["aps"]
    assert post.message["android"]["priority"] == "normal"
    assert post.message["data"]["id"] != ask.message["data"]["id"]


def _tag(message: dict[str, Any]) -> str:
    return str(message["android"]["notification"]["tag"])


def _tags(message: dict[str, Any]) -> set[str]:
    """The collapse key, wherever it stands."""
    return {
        message["android"]["collapse_key"],
        _tag(message),
        message["apns"]["headers"]["apns-collapse-id"],
        message["webpush"]["notification"]["tag"],
    }


def _secrets(request: dict[str, Any], people: list[Reachable]) -> set[str]:
    """Whatever Google must not learn."""
    everybody = [one.who for one in people]
    about_people = {word for who in everybody for word in (who.id, who.email, *who.person["name"].split())}
    about_request = {request["id"], request["code_word"], request["area"]["cell"], *PUBLIC_NOTE.split()}
    places = {"blumenthal", "herne", "wilhelm", "51.5", "7.15"}
    return about_people | about_request | places | {"shopping", "einkauf", *PRIVATE_NOTE.split()}


def _require_silence_about(words: set[str], posts: list[Post]) -> None:
    for post in posts:
        raw = json.dumps({**post.message, "token": ""}, ensure_ascii=False).lower()
        assert [word for word in words if len(word) > 3 and word.lower() in raw] == []


def _devices(town: ServedTown, neighbour: Neighbour) -> Sequence[UUID]:
    with town.wiring.reading() as context:
        return context.session.scalars(select(Device.id).where(Device.person_id == neighbour.uuid)).all()


def _require_jobs_to_run(town: ServedTown) -> None:
    """The timetable's first runs are at the start."""
    jobs = town.call("GET", "/health/ready").json["jobs"]
    assert {"expire-requests", "send-waves", "deliver-pushes"} <= {job["name"] for job in jobs}
    assert all(job["last_success_at"] and not job["last_error_at"] for job in jobs)
