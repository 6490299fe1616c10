"""SIGTERM under load: whoever has sent a call gets its whole answer, and the process is gone within 25 seconds."""

import contextlib
import http.client
import json
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from uuid import UUID

import pytest
from sqlalchemy import select

from api.master import DRAIN_SECONDS
from models import HelpRequest
from nachbarschaft.services.locking import hold_person
from tests.support.family import family_of, still_running
from tests.support.invariants import require_sound
from tests.support.processes import ENDS_WITHIN, Process, Processes, wait_until
from tests.support.served import ServedTown, asking
from tests.support.town import Neighbour

KEPT, ONE_SHOT = 6, 4
"""Clients that keep their connection, and clients that come with a new one for each call."""
MANY = 100
"""Calls at the least before the signal and after it, so that some are at every stage when it comes."""
SLOW = DRAIN_SECONDS + 2.5
"""Seconds that the slow call takes from the signal on: until after the door is closed."""


@dataclass
class Call:
    """One call, in order: connected, sent, answered."""

    began: float
    connected: bool = False
    status: int = 0
    head: str = ""
    body: bytes = b""
    ended: float = 0.0
    trouble: str = ""

    @property
    def is_answered(self) -> bool:
        return self.status != 0


@dataclass
class Load:
    """Clients that call as fast as they are answered, until they are let in no more."""

    port: int
    path: str = "/v1/quarters"
    calls: list[Call] = field(default_factory=list)
    readiness: list[Call] = field(default_factory=list)
    refused_at: list[float] = field(default_factory=list)
    stop: Event = field(default_factory=Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        clients = [Thread(target=self._client, args=(number < KEPT,)) for number in range(KEPT + ONE_SHOT)]
        clients.append(Thread(target=self._look_at_readiness))
        for client in clients:
            client.start()
        try:
            yield
        finally:
            self.stop.set()
            for client in clients:
                client.join()

    def _client(self, keeps: bool) -> None:
        connection: socket.socket | None = None
        while not self.stop.is_set():
            call = Call(time.monotonic())
            try:
                connection = connection or self._connected()
            except ConnectionRefusedError:  # the door is closed; anything else is no way to say so
                self.refused_at.append(time.monotonic())
                return
            self.calls.append(call)
            closes = _exchange(connection, self.path, call, keeps=keeps)
            if closes:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def _look_at_readiness(self) -> None:
        while not self.stop.wait(0.05):
            call = Call(time.monotonic())
            try:
                with self._connected() as connection:
                    _exchange(connection, "/health/ready", call, keeps=False)
            except ConnectionRefusedError:
                return
            self.readiness.append(call)

    def _connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)


def _exchange(connection: socket.socket, path: str, call: Call, *, keeps: bool) -> bool:
    """Sends one call and reads its answer; whether the connection ends with it."""
    call.connected = True
    kind = "keep-alive" if keeps else "close"
    try:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: {kind}\r\n\r\n".encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += _some(connection)
        head, _, body = received.partition(b"\r\n\r\n")
        call.head = head.decode().lower()
        length = int(call.head.partition("content-length: ")[2].split("\r\n")[0])
        while len(body) < length:
            body += _some(connection)
    except OSError as error:
        call.trouble = type(error).__name__
        return True
    call.status, call.body, call.ended = int(call.head.split()[1]), body, time.monotonic()
    return "connection: close" in call.head


def _some(connection: socket.socket) -> bytes:
    if piece := connection.recv(65536):
        return piece
    raise ConnectionAbortedError("the answer is not whole")


@pytest.fixture
def processes(database_url: str, tmp_path: Path) -> Iterator[Processes]:
    with Processes(database_url, tmp_path, RATE_LIMITS="off") as made:
        yield made


def test_sigterm_under_load_drops_no_call(database_url: str, tmp_path: Path, processes: Processes) -> None:
    api = processes.api()
    family = family_of(api.popen.pid)
    load = Load(api.port)
    with ServedTown(database_url, tmp_path, api.port) as town, ThreadPoolExecutor(1) as pool:
        (requester,) = town.residents(1)
        with load.running():
            with town.wiring.writing() as context:
                hold_person(context, requester.uuid)
                slow = pool.submit(requester.post, "/v1/requests", asking(town, urgent=True))
                wait_until(lambda: len(load.calls) > 2 * MANY, within=ENDS_WITHIN)
                told = time.monotonic()
                api.popen.send_signal(signal.SIGTERM)
                time.sleep(SLOW)
                assert not slow.done()
            assert slow.result().status_code == 201
            assert api.ended() == 0
            took = time.monotonic() - told
        assert requester_has(town, slow.result().json["id"])

    assert took < ENDS_WITHIN
    assert still_running(family) == []
    _require_all_answered(load, told)
    _require_readiness_first(load, told)


def _require_all_answered(load: Load, told: float) -> None:
    troubles = Counter(call.trouble for call in load.calls + load.readiness if not call.is_answered)
    assert troubles == {}, troubles
    assert {call.status for call in load.calls} == {200}
    before = [call for call in load.calls if call.ended < told]
    after = [call for call in load.calls if call.began > told + 0.5]
    assert len(before) > MANY, len(before)
    assert len(after) > MANY, len(after)
    assert all("connection: close" in call.head for call in after)
    assert any("connection: keep-alive" in call.head for call in before)


def _require_readiness_first(load: Load, told: float) -> None:
    """It says that it stops, at once and for as long as balancers need to see it, and only then closes the door."""
    assert len(load.refused_at) == KEPT + ONE_SHOT
    stopping = [call for call in load.readiness if call.status == 503]
    assert stopping
    assert {json.loads(call.body)["status"] for call in stopping} == {"stopping"}
    assert all(json.loads(call.body)["database"] for call in stopping)
    assert stopping[0].began - told < 1
    assert min(load.refused_at) - stopping[0].began > DRAIN_SECONDS - 1
    assert [call.status for call in load.readiness if call.began > stopping[0].ended] == [503] * (len(stopping) - 1)


def requester_has(town: ServedTown, request_id: str) -> bool:
    with town.wiring.reading() as context:
        return context.session.get(HelpRequest, UUID(request_id)) is not None


def test_ctrl_c_drops_none_either_and_does_not_wait_for_balancers(sqlite_url: str, tmp_path: Path) -> None:
    with Processes(sqlite_url, tmp_path, RATE_LIMITS="off") as processes:
        api = processes.api()
        load = Load(api.port)
        with load.running():
            wait_until(lambda: len(load.calls) > MANY, within=ENDS_WITHIN)
            told = time.monotonic()
            assert api.stop(signal.SIGINT) == 0

    assert min(load.refused_at) - told < DRAIN_SECONDS
    assert [call.trouble for call in load.calls if not call.is_answered] == []


def test_it_ends_within_25_seconds_whatever_it_has_in_its_hands(sqlite_url: str, tmp_path: Path) -> None:
    with Processes(sqlite_url, tmp_path) as processes:
        api = processes.api()
        with ServedTown(sqlite_url, tmp_path, api.port) as town:
            (requester,) = town.residents(1)
            answered = requester.ask()
            with _half_a_call(api), town.wiring.writing() as context:
                hold_person(context, requester.uuid)  # on SQLite: jobs wait, and callers too
                scheduler = processes.start("scheduler")
                scheduler.says("scheduler_leads")
                answers: list[int] = []
                waiting = Thread(target=_ask, args=(requester, asking(town), answers))
                waiting.start()
                time.sleep(1)
                told = time.monotonic()
                for process in (api, scheduler):
                    process.popen.send_signal(signal.SIGTERM)
                assert [api.ended(), scheduler.ended()] == [0, 0]
                assert time.monotonic() - told < ENDS_WITHIN
                waiting.join()
            assert answers in ([], [503])  # whichever comes first: the end of its patience or that of the process
            require_sound(town.wiring)
            assert _requests_in(town) == [answered["id"]]


@contextmanager
def _half_a_call(api: Process) -> Iterator[None]:
    with socket.create_connection(("127.0.0.1", api.port)) as connection:
        connection.sendall(b"POST /v1/auth/sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        yield


def _ask(requester: Neighbour, body: dict[str, object], answers: list[int]) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        answers.append(requester.post("/v1/requests", body).status_code)


def _requests_in(town: ServedTown) -> list[str]:
    with town.wiring.reading() as context:
        return [str(key) for key in context.session.scalars(select(HelpRequest.id))]


def test_what_was_answered_is_there_though_it_was_killed_while_it_stopped(
    database_url: str, tmp_path: Path, processes: Processes
) -> None:
    api = processes.api()
    with ServedTown(database_url, tmp_path, api.port) as town:
        answered: list[str] = []
        enough = threading.Event()

        def keep_asking(requester: Neighbour) -> None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                while True:
                    answer = requester.post("/v1/requests", asking(town))
                    assert answer.status_code == 201, answer.text
                    answered.append(answer.json["id"])
                    if len(answered) > 30:
                        enough.set()
                    assert requester.post(f"/v1/requests/{answer.json['id']}/cancel").status_code == 200

        writers = [Thread(target=keep_asking, args=(requester,)) for requester in town.residents(6)]
        for writer in writers:
            writer.start()
        assert enough.wait(ENDS_WITHIN)
        api.popen.send_signal(signal.SIGTERM)
        time.sleep(1)
        before = len(answered)
        api.kill()
        for writer in writers:
            writer.join()

        assert before > 31, "it serves on while it stops"
        assert [request for request in answered if not requester_has(town, request)] == []
        require_sound(town.wiring)
