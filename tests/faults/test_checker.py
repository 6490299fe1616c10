"""The checker finds each kind of violation, planted one by one into what a real life has left, and nothing before."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session

from models import (
    Assignment,
    ContactView,
    Delivery,
    Device,
    Event,
    HelpRequest,
    Notification,
    Person,
    StoredAnswer,
)
from models.base import Base
from models.lifecycle import AssignmentState, DeliveryState, RequestState
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.clock import SystemClock
from nachbarschaft.config import PREFIX, read_settings
from nachbarschaft.database import Database
from tests.faults.checker import check
from tests.faults.evidence import Evidence, Finding, Kind
from tests.faults.history import History
from tests.faults.life import Life
from tests.faults.points import Part
from tests.faults.rows import Rows
from tests.support.databases import Databases
from tests.support.fcm import LoopbackFcm, Post
from tests.support.processes import Processes, await_ready, free_port, wait_until
from tests.support.served import ServedTown
from tests.support.town import DATA_KEY, JWT_KEY, Reply, Town

Plant = Callable[[Session], object]
EVERYTHING = frozenset(
    {"ask", "accept", "decline", "standby", "withdraw", "done", "cancel", "contact", "device", "sign_up", "offer"}
)
LIVES_WITHIN = 60.0
DRAINS_WITHIN = 60.0


@dataclass
class Scene:
    """A copy of what is left, into which a fault is planted."""

    path: Path
    evidence: Evidence

    def plant(self, plant: Plant) -> None:
        """Changes the database behind the product's back."""
        with self._opened() as wiring, wiring.writing() as context:
            plant(context.session)

    def drop_posts(self) -> None:
        self.evidence = replace(self.evidence, posts=[])

    def add_post(self, **changes: Any) -> None:
        """POSTs the first message once more, changed."""
        message = self.evidence.posts[0].message | changes
        self._posted(replace(self.evidence.posts[0], message=message))

    def post_to(self, address: str) -> None:
        self._posted(replace(self.evidence.posts[0], address=address))

    def _posted(self, post: Post) -> None:
        self.evidence = replace(self.evidence, posts=[*self.evidence.posts, post])

    def fail_a_call(self) -> None:
        calls = self.evidence.history.calls
        last = calls[0].tries[-1]
        assert last.reply is not None
        failed = replace(last, reply=Reply(500, last.reply.headers, json.dumps({"title": "Internal"})))
        calls[0] = replace(calls[0], tries=[*calls[0].tries, failed])

    def log(self, line: str) -> None:
        self.evidence = replace(self.evidence, logs=dict(self.evidence.logs) | {"planted.log": line})

    @contextmanager
    def _opened(self) -> Iterator[Wiring]:
        """The copy, without the rest of the product around it: these tests open it often."""
        url = f"sqlite:///{self.path}"
        env = {"DATABASE_URL": url, "JWT_KEYS": JWT_KEY, "DATA_KEYS": DATA_KEY}
        settings = read_settings({PREFIX + name: value for name, value in env.items()})
        wiring = Wiring(settings, Database(url), SystemClock())
        yield wiring
        wiring.database.close()

    def found(self) -> list[Finding]:
        """What the checker says now."""
        with self._opened() as wiring:
            return check(replace(self.evidence, rows=Rows.read(wiring)), wiring)


@pytest.fixture(scope="module")
def lived(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Evidence]]:
    """What a life without any death leaves: the database's file, and everything else that the checker reads."""
    folder = tmp_path_factory.mktemp("life")
    with databases.fresh("sqlite") as url, LoopbackFcm() as fcm:
        settings = {"FIREBASE_CREDENTIALS": str(fcm.credentials_file(folder)), "FCM_URL": fcm.url, "RATE_LIMITS": "off"}
        with Processes(url, folder, **settings) as processes:
            api, worker = processes.start("api", port=free_port()), processes.start("worker")
            await_ready(api)
            with ServedTown(url, folder, api.port) as town:
                history = History()
                life = Life(town, fcm, history, "checker")
                life.begin()
                wait_until(lambda: _done(history) >= EVERYTHING, within=LIVES_WITHIN)
                life.end()
                wait_until(lambda: _waiting(town) == 0, within=DRAINS_WITHIN)
                assert life.replay() == []
                logs = {process.log.name: process.output for process in (api, worker)}
                evidence = Evidence(history, Rows.read(town.wiring), fcm.posts, logs)
        yield Path(url.removeprefix("sqlite:///")), evidence


@pytest.fixture
def scene(lived: tuple[Path, Evidence], tmp_path: Path) -> Scene:
    path, evidence = lived
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(path)) as left, closing(sqlite3.connect(copy)) as target:
        left.backup(target)
    return Scene(copy, replace(evidence, history=_copied(evidence.history)))


def _waiting(town: Town) -> int:
    with town.wiring.reading() as context:
        query = select(func.count()).where(Delivery.state.in_([DeliveryState.PENDING, DeliveryState.LEASED]))
        return context.session.scalar(query) or 0


def _done(history: History) -> set[str]:
    return {call.action for call in list(history.calls) if call.succeeded}


def _copied(history: History) -> History:
    copy = History()
    copy.began_at, copy.calls = history.began_at, list(history.calls)
    copy.addresses.update({place: list(told) for place, told in history.addresses.items()})
    return copy


def test_a_sound_life_leaves_nothing_to_find(scene: Scene) -> None:
    assert [str(finding) for finding in scene.found()] == []


def _change(model: type[Base], where: ColumnElement[bool], **values: object) -> Plant:
    def plant(session: Session) -> None:
        found = _first(session, model, where)
        for name, value in values.items():
            setattr(found, name, value)

    return plant


def _remove(model: type[Base], where: ColumnElement[bool]) -> Plant:
    return lambda session: session.delete(_first(session, model, where))


def _double(model: type[Base], where: ColumnElement[bool]) -> Plant:
    """The same row once more, under an id of its own."""

    def plant(session: Session) -> None:
        found = _first(session, model, where)
        names = [column.key for column in model.__mapper__.column_attrs if column.key != "id"]
        session.add(model(**{name: getattr(found, name) for name in names}))

    return plant


def _first(session: Session, model: type[Base], where: ColumnElement[bool]) -> Base:
    """There has to be such a row, or the test would plant nothing."""
    return session.scalars(select(model).where(where).limit(1)).one()


_OF_FILLED = Delivery.notification_id.in_(select(Notification.id).where(Notification.topic == "filled"))
_UNREAD = Delivery.notification_id.in_(select(Notification.id).where(Notification.read_at.is_(None)))
_SENT = Delivery.state == DeliveryState.SENT
_FOR_EVER = datetime(2100, 1, 1, tzinfo=UTC)

IN_THE_DATABASE: dict[str, tuple[Kind, str, Plant]] = {
    "an acceptance without its event": (Kind.LOST, "accept by", _remove(Event, Event.kind == "accepted")),
    "an effect that happened twice": (Kind.BROKEN, "times, wanted", _double(Event, Event.kind == "declined")),
    "an acceptance without its task": (
        Kind.LOST,
        "the effect of accept",
        _remove(Assignment, Assignment.state != AssignmentState.ACTIVE),
    ),
    "a cancelled request that is not": (
        Kind.LOST,
        "the effect of cancel",
        _change(HelpRequest, HelpRequest.state == RequestState.CANCELLED, state="expired"),
    ),
    "a state to which no event leads": (
        Kind.BROKEN,
        "its events lead to",
        _change(HelpRequest, HelpRequest.state == RequestState.CANCELLED, state="expired"),
    ),
    "a step that the table does not hold": (
        Kind.BROKEN,
        "request_cancelled from",
        _change(Event, Event.kind == "request_cancelled", data={"before": "done"}),
    ),
    "an ask without its entry": (
        Kind.LOST,
        "people have an entry",
        _remove(Notification, Notification.topic == "asked"),
    ),
    "an event whose notice is missing": (Kind.LOST, "“filled”", _remove(Notification, Notification.topic == "filled")),
    "a notice that is owed once and stands twice": (
        Kind.SHOWN_TWICE,
        "“filled”",
        _double(Notification, Notification.topic == "filled"),
    ),
    "a notice that nothing owes": (
        Kind.BROKEN,
        "which nothing owes",
        _change(Notification, Notification.topic == "filled", topic="expired"),
    ),
    "a device without its push": (
        Kind.LOST,
        "for device",
        _remove(Delivery, and_(_OF_FILLED, Delivery.device_id.is_not(None))),
    ),
    "a push that is held for ever": (
        Kind.STUCK,
        "leased for",
        _change(Delivery, _SENT, state="leased", settled_at=None, lease_until=_FOR_EVER),
    ),
    "a push that waits for ever": (
        Kind.STUCK,
        "pending for",
        _change(Delivery, _SENT, state="pending", settled_at=None, due_at=_FOR_EVER),
    ),
    "a push that failed without a dead phone": (
        Kind.LOST,
        "failed: internal",
        _change(Delivery, _SENT, state="failed", outcome="internal"),
    ),
    "a push that was dropped as read and never was": (
        Kind.LOST,
        "was dropped: read",
        _change(Delivery, and_(_SENT, _UNREAD), state="dropped", outcome="read"),
    ),
    "a push that was dropped for a reason that nobody has here": (
        Kind.LOST,
        "was dropped: over_cap",
        _change(Delivery, _SENT, state="dropped", outcome="over_cap"),
    ),
    "an address that was seen without a line": (Kind.BROKEN, "lines are missing", _remove(ContactView, true())),
    "a line without a look": (Kind.BROKEN, "is said to have seen", _double(ContactView, true())),
    "a request that counts a helper too few": (
        Kind.BROKEN,
        "people_accepted is not the number",
        _change(HelpRequest, HelpRequest.state == RequestState.FILLED, people_accepted=0),
    ),
    "a person who counts a task too many": (
        Kind.BROKEN,
        "active_tasks is not the number",
        _change(Person, Person.active_tasks < 2, active_tasks=2),
    ),
    "another answer than was given": (
        Kind.BROKEN,
        "another answer is kept",
        _change(StoredAnswer, StoredAnswer.status == 201, body=b"{}"),
    ),
    "an answer that is not kept": (
        Kind.LOST,
        "the kept answer",
        _remove(StoredAnswer, StoredAnswer.status == 201),
    ),
    "an address that was told and is not there": (
        Kind.LOST,
        "the address of",
        _change(Device, true(), address="elsewhere"),
    ),
}


@pytest.mark.parametrize("name", IN_THE_DATABASE)
def test_what_is_wrong_in_the_database_is_found(scene: Scene, name: str) -> None:
    kind, text, plant = IN_THE_DATABASE[name]
    scene.plant(plant)

    _require(scene.found(), kind, text)


AROUND_IT: dict[str, tuple[Kind, str, Callable[[Scene], object]]] = {
    "a second post that no kill explains": (Kind.EXTRA_POST, "2 times to one phone", lambda scene: scene.add_post()),
    "a second post that says something else": (
        Kind.SHOWN_TWICE,
        "says two things",
        lambda scene: scene.add_post(notification={"title": "Nachbarschaft", "body": "Something else."}),
    ),
    "a post of what is no notification": (
        Kind.BROKEN,
        "is no notification",
        lambda scene: scene.add_post(data=scene.evidence.posts[0].message["data"] | {"id": "made-up"}),
    ),
    "a post to somebody else's phone": (
        Kind.LEAKED,
        "not its person's",
        lambda scene: scene.post_to("an-address-that-nobody-told"),
    ),
    "a push with a place in it": (
        Kind.LEAKED,
        "a push holds a place",
        lambda scene: scene.add_post(notification={"title": "", "body": "Wilhelmstraße 5, 44649 Herne"}),
    ),
    "a log with an address of a phone": (
        Kind.LEAKED,
        "planted.log holds a phone's address",
        lambda scene: scene.log(f"sent to {scene.evidence.posts[0].address}"),
    ),
    "a log with somebody's name": (
        Kind.LEAKED,
        "planted.log holds a name",
        lambda scene: scene.log(f"hello {scene.evidence.rows.people[0].name}!"),
    ),
    "a failure that somebody saw": (
        Kind.BROKEN,
        "Internal",
        lambda scene: scene.fail_a_call(),
    ),
    "a wave that fell due and was not asked": (
        Kind.LOST,
        "one thing fell due",
        lambda scene: scene.evidence.history.owed_once.add(_of_one_wave(scene.evidence)),
    ),
}


@pytest.mark.parametrize("name", AROUND_IT)
def test_what_is_wrong_around_it_is_found(scene: Scene, name: str) -> None:
    kind, text, plant = AROUND_IT[name]
    plant(scene)

    _require(scene.found(), kind, text)


def test_a_dead_phone_that_is_kept_is_found(scene: Scene) -> None:
    places = scene.evidence.history.addresses
    kept = {device.address for device in scene.evidence.rows.devices}
    place, told = next((place, told) for place, told in places.items() if told[-1].text in kept)
    places[place] = [replace(told[-1], is_dead=True)]
    scene.post_to(told[-1].text)

    _require(scene.found(), Kind.BROKEN, "still has an address")


def test_a_push_that_never_arrived_is_found(scene: Scene) -> None:
    scene.drop_posts()

    sent = sum(delivery.state == DeliveryState.SENT for delivery in scene.evidence.rows.deliveries)
    missing = [finding for finding in scene.found() if "never arrived" in finding.text]
    assert sent > 0
    assert len(missing) == sent
    assert {finding.kind for finding in missing} == {Kind.LOST}


def test_a_killed_worker_explains_one_more_post_and_not_two(scene: Scene) -> None:
    scene.evidence.history.killed(Part.WORKER)
    scene.add_post()
    assert scene.found() == []

    scene.add_post()
    _require(scene.found(), Kind.EXTRA_POST, "3 times to one phone; 1 kills")


def test_a_killed_api_explains_no_second_post(scene: Scene) -> None:
    scene.evidence.history.killed(Part.API)
    scene.add_post()

    _require(scene.found(), Kind.EXTRA_POST, "2 times to one phone; 0 kills")


def _require(found: list[Finding], kind: Kind, text: str) -> None:
    assert [one for one in found if one.kind == kind and text in one.text], "\n".join(map(str, found)) or "nothing"


def _of_one_wave(evidence: Evidence) -> str:
    events = evidence.rows.events_by_request.items()
    return next(str(key) for key, mine in events if [event.kind for event in mine].count("wave_asked") == 1)
