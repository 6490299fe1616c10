"""The release before goes on serving while this one migrates the database under it (F56, F57)."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from nachbarschaft import schema
from nachbarschaft.database import Database
from tests.support.fcm import LoopbackFcm
from tests.support.invariants import require_sound
from tests.support.over_http import TownOverHttp
from tests.support.processes import Processes, wait_until
from tests.support.releases import Release, release_before
from tests.support.served import ALWAYS
from tests.support.town import Neighbour

SOON = 40.0
CALLS_BETWEEN = 60
"""Answers that come between two migrations, so that each statement is prepared before and used after it."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return release_before(tmp_path_factory.mktemp("release"))


@pytest.fixture
def old_processes(database_url: str, before: Release, fcm: LoopbackFcm) -> Iterator[Processes]:
    """Processes of the release before: they are started in its folder, and find their code there."""
    settings = {"FIREBASE_CREDENTIALS": str(fcm.credentials_file(before.folder)), "FCM_URL": fcm.url}
    with Processes(database_url, before.folder, RATE_LIMITS="off", **settings) as made:
        yield made


@pytest.fixture
def fcm() -> Iterator[LoopbackFcm]:
    with LoopbackFcm() as made:
        yield made


@contextmanager
def town_of(database_url: str, folder: Path, port: int) -> Iterator[TownOverHttp]:
    with TownOverHttp(database_url, folder, port, now=datetime.now(UTC)) as made:
        yield made


def awake(neighbour: Neighbour) -> Neighbour:
    """May be asked at any hour: these towns live on the machine's clock."""
    before = neighbour.get("/v1/me/preferences").json
    assert neighbour.put("/v1/me/preferences", before | ALWAYS).status_code == 200
    return neighbour


def test_the_release_before_does_the_main_job_on_the_new_schema(
    database_url: str, tmp_path: Path, old_processes: Processes, fcm: LoopbackFcm
) -> None:
    api, worker, scheduler = old_processes.api(), *(old_processes.start(part) for part in ("worker", "scheduler"))
    with town_of(database_url, tmp_path, api.port) as town:
        requester = awake(town.neighbour())
        helper = awake(town.volunteer())

        request = requester.ask(urgent=True)
        wait_until(lambda: [post for post in fcm.posts if post.address == f"address-{helper.id}-1"], within=SOON)
        assert helper.act(request, "accept").status_code == 201
        contact = helper.act(request, "contact")
        assert (contact.status_code, contact.json["code_word"]) == (200, request["code_word"])
        assert helper.act(request, "done", {"minutes": 30}).status_code == 200

        assert requester.read(request)["state"] == "done"
        assert requester.inbox()
        wait_until(lambda: all_jobs_succeeded(town), within=SOON)
        require_sound(town.wiring)
    assert [process.runs for process in (api, worker, scheduler)] == [True] * 3
    assert "error" not in worker.output + scheduler.output


def all_jobs_succeeded(town: TownOverHttp) -> bool:
    """As the release before tells it."""
    jobs = town.call("GET", "/health/ready").json["jobs"]
    return len(jobs) >= 4 and all(job["last_success_at"] and not job["last_error_at"] for job in jobs)


def test_migrations_up_down_and_up_again_turn_nobody_away(
    database_url: str, tmp_path: Path, old_processes: Processes, before: Release
) -> None:
    database = Database(database_url)
    schema.downgrade(database.engine, before.revision)
    api = old_processes.api()
    with town_of(database_url, tmp_path, api.port) as town:
        load = Load([town.neighbour() for _ in range(3)], town.volunteer())
        with load.running():
            for migrate in (schema.upgrade, down_to(before.revision), schema.upgrade):
                load.go_on()
                migrate(database.engine)
            load.go_on()

        assert {status: count for status, count in load.statuses.items() if status >= 500} == {}
        assert load.broken == []
        assert load.statuses[201] > CALLS_BETWEEN
        assert max(load.seconds) < 10
        require_sound(town.wiring)
    assert schema.differences(database.engine) == []
    database.close()


def down_to(revision: str) -> Callable[[Any], None]:
    return lambda engine: schema.downgrade(engine, revision)


class Load:
    """People who ask, read, accept, give back and call off, as fast as they are answered."""

    def __init__(self, requesters: list[Neighbour], helper: Neighbour) -> None:
        self._requesters, self._helper = requesters, helper
        self._stop = threading.Event()
        self.statuses: Counter[int] = Counter()
        self.seconds: list[float] = []
        self.broken: list[str] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        people = [Thread(target=self._ask, args=(requester,)) for requester in self._requesters]
        for person in people:
            person.start()
        try:
            yield
        finally:
            self._stop.set()
            for person in people:
                person.join()

    def go_on(self) -> None:
        """Waits until there were some more answers."""
        before = self.statuses.total()
        wait_until(lambda: self.statuses.total() > before + CALLS_BETWEEN or self.broken, within=SOON)

    def _ask(self, requester: Neighbour) -> None:
        while not self._stop.is_set():
            request = self._call(lambda: requester.post("/v1/requests", self._body(requester)))
            if request is None or request.status_code != 201:
                continue
            for who, action in ((self._helper, "accept"), (self._helper, "withdraw"), (requester, "cancel")):
                self._call(partial(who.act, request.json, action))
            self._call(lambda: requester.get("/v1/me/notifications"))

    def _body(self, requester: Neighbour) -> dict[str, Any]:
        window = {"needed_from": requester.town.in_hours(1), "needed_until": requester.town.in_hours(9)}
        return {"category": "shopping", "place": {"lat": 51.53, "lon": 7.156, "address": "Wilhelmstraße 5"}, **window}

    def _call(self, call: Callable[[], Any]) -> Any:
        began = time.monotonic()
        try:
            answer = call()
        except (OSError, http.client.HTTPException) as error:
            self.broken.append(type(error).__name__)
            return None
        self.seconds.append(time.monotonic() - began)
        self.statuses[answer.status_code] += 1
        return answer
