"""Processes are killed in the middle of their work, or asked to stop: nothing is lost, nothing is left half done."""

import http.client
import random
import signal
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from jobs.schedule import TIMETABLE
from models import Assignment, Delivery, Device, HelpRequest, Invitation
from models.lifecycle import DeliveryState, RequestState
from nachbarschaft.queries.job_runs import job_health
from nachbarschaft.services.locking import hold_person, hold_request
from tests.support.fcm import Answer, LoopbackFcm
from tests.support.invariants import require_sound
from tests.support.processes import Process, Processes, wait_until
from tests.support.served import LiveTown, ServedTown, asking
from tests.support.town import Neighbour, Reply

SOON = 40.0
TAKES_OVER_WITHIN = 8.0
LONG_ENOUGH_TO_WAIT = 1.0
"""Seconds after which a call has come to what it has to wait for."""
AFTER_THE_LEASE = "120"
"""Seconds that the next worker's clock is ahead: for it, the killed one's leases have run out."""


@pytest.fixture
def fcm() -> Iterator[LoopbackFcm]:
    with LoopbackFcm() as made:
        yield made


@pytest.fixture
def processes(database_url: str, tmp_path: Path, fcm: LoopbackFcm) -> Iterator[Processes]:
    """Processes on a fresh database whose pushes go to the loopback."""
    credentials = fcm.credentials_file(tmp_path)
    with Processes(database_url, tmp_path, FIREBASE_CREDENTIALS=str(credentials), FCM_URL=fcm.url) as made:
        yield made


@pytest.fixture
def live_town(database_url: str, tmp_path: Path) -> Iterator[LiveTown]:
    with LiveTown(database_url, tmp_path) as made:
        yield made


# --- The worker ---------------------------------------------------------------------------------------------


def test_what_a_killed_worker_had_in_its_hands_is_sent_by_the_next_one(
    live_town: LiveTown, processes: Processes, fcm: LoopbackFcm
) -> None:
    live_town.volunteers(5, phones=4)
    fcm.behave(None, Answer(delay=60))
    live_town.residents(1)[0].ask(urgent=True)
    first = processes.start("worker")
    wait_until(lambda: len(fcm.posts) == 16, within=SOON)  # all its hands are full, and four more are claimed

    first.kill()

    fcm.behave(None)
    processes.start("worker", CLOCK_OFFSET=AFTER_THE_LEASE)
    wait_until(lambda: _deliveries(live_town) == {DeliveryState.SENT: 20}, within=SOON)
    reached = Counter((post.message["data"]["id"], post.address) for post in fcm.posts)
    assert set(reached) == _owed(live_town)
    assert set(reached.values()) == {1, 2}


def test_a_worker_that_is_asked_to_stop_gives_back_what_it_has_not_begun(
    live_town: LiveTown, processes: Processes, fcm: LoopbackFcm
) -> None:
    live_town.volunteers(5, phones=12)
    fcm.behave(None, Answer(delay=2))
    live_town.residents(1)[0].ask(urgent=True)
    worker = processes.start("worker")
    wait_until(lambda: len(fcm.posts) == 16, within=SOON)

    assert worker.stop() == 0

    assert _deliveries(live_town) == {DeliveryState.SENT: 16, DeliveryState.PENDING: 44}


# --- The API ------------------------------------------------------------------------------------------------


def test_whatever_was_answered_is_there_after_the_api_was_killed_and_nothing_is_half_done(
    database_url: str, tmp_path: Path, processes: Processes
) -> None:
    _kill_the_api(processes, database_url, tmp_path, times=1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_that_holds_kill_after_kill(database_url: str, tmp_path: Path, processes: Processes) -> None:
    _kill_the_api(processes, database_url, tmp_path, times=15)


def test_a_first_try_that_was_killed_half_way_leaves_its_key_free(
    database_url: str, tmp_path: Path, processes: Processes
) -> None:
    api = processes.api()
    with ServedTown(database_url, tmp_path, api.port) as town:
        (requester,) = town.residents(1)
        body, key = asking(town), "the-same-key-for-each-try"
        answers: list[Reply] = []

        def try_once() -> None:
            with suppress(OSError, http.client.HTTPException):
                answers.append(requester.post("/v1/requests", body, Idempotency_Key=key))

        first = Thread(target=try_once)
        with town.wiring.writing() as context:
            hold_person(context, requester.uuid)  # the try waits for the person, or for the only writer there can be
            first.start()
            time.sleep(LONG_ENOUGH_TO_WAIT)
            api.kill()
            first.join()
        assert answers == []

        processes.api(port=api.port)
        try_once()
        try_once()

        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].text == answers[1].text
        mine = requester.get("/v1/requests?mine=true").json["items"]
        assert [request["id"] for request in mine] == [answers[0].json["id"]]


def _kill_the_api(processes: Processes, database_url: str, folder: Path, *, times: int) -> None:
    api = processes.api()
    with ServedTown(database_url, folder, api.port) as town:
        storm = Storm(town)
        for _ in range(times):
            storm.blow_until_killed(api)
            require_sound(town.wiring)
            _require_everybody_asked(town)
            api = processes.api(port=api.port)
            storm.require_answers_kept()
        request = town.residents(1)[0].ask(urgent=True)
        assert town.volunteers(1)[0].act(request, "accept").status_code == 201


class Storm:
    """Requests and acceptances from all sides at once, and what was answered to whom."""

    def __init__(self, town: ServedTown) -> None:
        self.town = town
        self.volunteers, self.requesters = town.volunteers(30, phones=2), town.residents(8)
        self.opened: list[tuple[Neighbour, dict[str, Any]]] = []
        self.accepted: list[dict[str, Any]] = []
        self.surprises: list[Reply] = []
        self._running: dict[str, deque[str]] = defaultdict(deque)

    def blow_until_killed(self, api: Process) -> None:
        """Kills the API in the middle of it; returns when everybody has noticed."""
        for requester in self.requesters:
            for request in requester.get("/v1/requests?mine=true&state=open&limit=100").json["items"]:
                requester.act(request, "cancel")
        before = len(self.opened), len(self.accepted)
        callers = [Thread(target=self._ask, args=(who,)) for who in self.requesters]
        callers += [Thread(target=self._accept, args=(who,)) for who in self.volunteers[:8]]
        for caller in callers:
            caller.start()
        wait_until(lambda: len(self.opened) > before[0] + 12 and len(self.accepted) > before[1] + 4, within=SOON)
        api.kill()
        for caller in callers:
            caller.join()
        assert self.surprises == []

    def require_answers_kept(self) -> None:
        for requester, request in self.opened:
            assert requester.read(request)["code_word"] == request["code_word"]
        with self.town.wiring.reading() as context:
            for assignment in self.accepted:
                kept = context.session.get_one(Assignment, UUID(assignment["id"]))
                assert str(kept.request_id) == assignment["request"]

    def _ask(self, who: Neighbour) -> None:
        """Asks until nobody answers any more; calls the oldest one off where there are too many."""
        body = asking(self.town, urgent=True)
        with suppress(OSError, http.client.HTTPException):
            while True:
                answer = who.post("/v1/requests", body)
                if answer.status_code == 201:
                    self.opened.append((who, answer.json))
                    self._running[who.id].append(answer.json["id"])
                elif self._is_full(answer, "too_many_open_requests"):
                    who.post(f"/v1/requests/{self._running[who.id].popleft()}/cancel")

    def _accept(self, who: Neighbour) -> None:
        """Says yes to whatever there is; gives the oldest task back where there are too many."""
        wait_until(lambda: self.opened, within=SOON)
        chance = random.Random(who.id)
        with suppress(OSError, http.client.HTTPException):
            while True:
                answer = who.act(chance.choice(self.opened[-8:])[1], "accept")
                if answer.status_code == 201:
                    self.accepted.append(answer.json)
                    self._running[who.id].append(answer.json["request"])
                elif self._is_full(answer, "too_many_open_tasks") and self._running[who.id]:
                    who.post(f"/v1/requests/{self._running[who.id].popleft()}/withdraw")

    def _is_full(self, answer: Reply, code: str) -> bool:
        """Whether it is that refusal; what is no refusal at all is a surprise."""
        if answer.status_code != 409:
            self.surprises.append(answer)
        return answer.status_code == 409 and answer.json["code"] == code


def _require_everybody_asked(town: LiveTown) -> None:
    """Every request has a whole wave, or it is not there at all; after a withdrawal there may be more than one."""
    asked = (
        select(func.count())
        .where(Invitation.request_id == HelpRequest.id, Invitation.asked_at.is_not(None))
        .correlate(HelpRequest)
        .scalar_subquery()
    )
    with town.wiring.reading() as context:
        assert min(context.session.scalars(select(asked).select_from(HelpRequest))) >= 5


# --- The scheduler ------------------------------------------------------------------------------------------


def test_when_the_leading_scheduler_is_killed_the_other_one_does_what_is_due(
    live_town: LiveTown, processes: Processes
) -> None:
    live_town.volunteers(12)
    waiting, fading = (requester.ask(urgent=True) for requester in live_town.residents(2))
    pair = [processes.start("scheduler") for _ in range(2)]
    wait_until(lambda: _jobs_that_succeeded(live_town) == len(TIMETABLE), within=SOON)
    leader, other = sorted(pair, key=lambda one: "scheduler_leads" not in one.output)
    other.says("scheduler_ready")

    leader.kill()
    _make_due(live_town, waiting, fading)

    other.says("scheduler_leads", within=TAKES_OVER_WITHIN)
    wait_until(lambda: _asked(live_town, waiting) == 10, within=SOON)
    wait_until(lambda: _state(live_town, fading) == RequestState.EXPIRED, within=SOON)
    require_sound(live_town.wiring)


def _make_due(town: LiveTown, waiting: dict[str, Any], fading: dict[str, Any]) -> None:
    """The next wave of the first and the end of the second, which was warned in time."""
    now = datetime.now(UTC)
    with town.wiring.writing() as context:
        context.session.get_one(HelpRequest, UUID(waiting["id"])).next_wave_at = now - timedelta(seconds=1)
        ending = context.session.get_one(HelpRequest, UUID(fading["id"]))
        ending.warned_at, ending.expires_at = now - timedelta(hours=2), now - timedelta(seconds=1)


def _jobs_that_succeeded(town: LiveTown) -> int:
    with town.wiring.reading() as context:
        return sum(job["last_success_at"] is not None for job in job_health(context))


def _asked(town: LiveTown, request: dict[str, Any]) -> int:
    with town.wiring.reading() as context:
        query = select(func.count()).where(Invitation.request_id == UUID(request["id"]))
        return context.session.scalar(query) or 0


def _state(town: LiveTown, request: dict[str, Any]) -> str:
    with town.wiring.reading() as context:
        return context.session.get_one(HelpRequest, UUID(request["id"])).state


# --- Asked to stop ------------------------------------------------------------------------------------------


def test_whoever_is_asked_to_stop_finishes_what_is_under_way(
    database_url: str, tmp_path: Path, processes: Processes
) -> None:
    api = processes.api()
    with ServedTown(database_url, tmp_path, api.port) as town:
        town.volunteers(12)
        first, second = town.residents(2)
        waiting, fading = first.ask(urgent=True), first.ask(urgent=True)
        _make_due(town, waiting, fading)
        with ThreadPoolExecutor(1) as caller:
            with _held(town, waiting, second):
                scheduler = processes.start("scheduler")
                scheduler.says("scheduler_leads")
                answer = caller.submit(second.post, "/v1/requests", asking(town, urgent=True))
                time.sleep(1)
                for process in (api, scheduler):
                    process.popen.send_signal(signal.SIGTERM)
                time.sleep(1)
                assert not answer.done()
            assert answer.result().status_code == 201
        assert [api.ended(), scheduler.ended()] == [0, 0]
        assert (_asked(town, waiting), _state(town, fading)) == (10, RequestState.EXPIRED)
        require_sound(town.wiring)


@contextmanager
def _held(town: LiveTown, request: dict[str, Any], person: Neighbour) -> Iterator[None]:
    """Whoever wants to change either of them waits meanwhile; on SQLite, whoever wants to write at all."""
    with town.wiring.writing() as context:
        hold_request(context, UUID(request["id"]))
        hold_person(context, person.uuid)
        yield


def _deliveries(town: LiveTown) -> dict[str, int]:
    with town.wiring.reading() as context:
        rows = context.session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
        return dict(rows.all())


def _owed(town: LiveTown) -> set[tuple[str, str]]:
    """Every notification with every address that it is owed to."""
    with town.wiring.reading() as context:
        rows = context.session.execute(
            select(Delivery.notification_id, Device.address).join(Device, Device.id == Delivery.device_id)
        )
        return {(str(notification), address) for notification, address in rows}
