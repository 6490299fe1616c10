"""What the database can do to us (F13–F21 of the fault list): each is a clear answer, and nothing of it is lost."""

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, func, select, text

from api.app import create_app
from jobs.leader import DatabaseLeadership
from models import Delivery, HelpRequest, JobRun
from models.lifecycle import DeliveryState
from nachbarschaft.database import Database
from nachbarschaft.services.locking import hold_person, hold_request
from tests.support.caller import Caller
from tests.support.databases import Databases
from tests.support.invariants import require_sound
from tests.support.postgres_own import OwnPostgres
from tests.support.processes import Processes, environment, free_port, wait_until
from tests.support.proxy import SilentProxy
from tests.support.served import LiveTown, ServedTown, asking
from tests.support.town import DATA_KEY, JWT_KEY, Neighbour, Reply, Town

SOON = 40.0
NOTICED_WITHIN = 15.0
"""Seconds until a peer that has fallen silent counts as gone: five on what was open, five on the way back in."""


@pytest.fixture(scope="module")
def postgres() -> Iterator[OwnPostgres]:
    with OwnPostgres() as made:
        yield made


@pytest.fixture
def postgres_town(databases: Databases, tmp_path: Path) -> Iterator[Town]:
    with databases.fresh("postgresql") as url, Town(url, tmp_path) as made:
        yield made


@contextmanager
def impatient(town: Town, patience: float = 0.3, *, url: str = "", pool_size: int = 1) -> Iterator[Database]:
    """Meanwhile the town's people are served from a database that waits less long, or is reached otherwise."""
    database = Database(url or town.wiring.settings.database_url, pool_size=pool_size, patience=patience)
    before = town.app
    town.app = create_app(replace(town.wiring, database=database))
    try:
        yield database
    finally:
        town.app = before
        database.close()


def require_try_again(answer: Reply, code: str) -> None:
    """A Problem that says when to try again, in the reader's language."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["code"] == code
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    assert "versuchen Sie es" in answer.json["detail"]


def requests_of(requester: Neighbour) -> list[str]:
    return [request["id"] for request in requester.get("/v1/requests?mine=true&limit=100").json["items"]]


def require_one_effect(requester: Neighbour, key: str) -> None:
    """The next try with the same key works, and the failed one has left nothing."""
    before = len(requests_of(requester))
    for _ in range(2):
        assert requester.post("/v1/requests", asking(requester.town), Idempotency_Key=key).status_code == 201
    assert len(requests_of(requester)) == before + 1
    require_sound(requester.town.wiring)


# --- F13 ----------------------------------------------------------------------------------------------------


def test_f13_a_killed_postgresql_that_comes_back_finds_everybody_still_there(
    postgres: OwnPostgres, tmp_path: Path
) -> None:
    url = postgres.town("f13")
    with Processes(url, tmp_path, RATE_LIMITS="off") as processes:
        api, worker, scheduler = processes.api(), processes.start("worker"), processes.start("scheduler")
        scheduler.says("scheduler_leads")
        with ServedTown(url, tmp_path, api.port) as town:
            writers = [Writer(requester) for requester in town.residents(3)]
            with running(writers):
                wait_until(lambda: all(len(writer.answered) > 5 for writer in writers), within=SOON)
                postgres.kill()
                wait_until(lambda: all(writer.refused for writer in writers), within=SOON)
                postgres.start()
                back = datetime.now(UTC)
                before = [len(writer.answered) for writer in writers]
                wait_until(
                    lambda: all(len(w.answered) > n + 5 for w, n in zip(writers, before, strict=True)), within=SOON
                )
            for writer in writers:
                for answer in writer.refused:
                    require_try_again(answer, "unavailable")
                assert [key for key in writer.answered if not is_there(town, key)] == []
            require_sound(town.wiring)

            town.volunteers(5)
            town.residents(1)[0].ask(urgent=True)
            wait_until(lambda: sent(town) == 5, within=SOON)
            wait_until(lambda: job_succeeded_since(town, "send-waves", back), within=SOON)
        assert [process.runs for process in (api, worker, scheduler)] == [True] * 3


class Writer:
    """Somebody who asks and calls off again, as fast as they are answered."""

    def __init__(self, requester: Neighbour) -> None:
        self.requester = requester
        self.answered: list[str] = []
        self.refused: list[Reply] = []
        self.surprises: list[Reply] = []
        self.stop = threading.Event()

    def write(self) -> None:
        while not self.stop.is_set():
            answer = self._try("/v1/requests", asking(self.requester.town))
            if answer is None:
                continue
            self.answered.append(answer.json["id"])
            while self._try(f"/v1/requests/{answer.json['id']}/cancel") is None and not self.stop.is_set():
                pass

    def _try(self, path: str, body: Any = None) -> Reply | None:
        """None where it is to be tried again."""
        answer = self.requester.post(path, body)
        if answer.status_code == 503:
            self.refused.append(answer)
            time.sleep(0.1)
            return None
        if answer.status_code not in {200, 201}:
            # Its first try did work, though its answer was lost: then there is nothing to call off any more.
            assert path.endswith("cancel"), answer.text
        return answer


@contextmanager
def running(writers: list[Writer]) -> Iterator[None]:
    with ThreadPoolExecutor(len(writers)) as pool:
        ends: list[Future[None]] = [pool.submit(writer.write) for writer in writers]
        try:
            yield
        finally:
            for writer in writers:
                writer.stop.set()
        for end in ends:
            end.result()


def is_there(town: Town, request_id: str) -> bool:
    with town.wiring.reading() as context:
        return context.session.get(HelpRequest, UUID(request_id)) is not None


def sent(town: LiveTown) -> int:
    with town.wiring.reading() as context:
        query = select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.SENT)
        return context.session.scalar(query) or 0


def job_succeeded_since(town: Town, name: str, since: datetime) -> bool:
    with town.wiring.reading() as context:
        last = context.session.get_one(JobRun, name).last_success_at
        return last is not None and last > since


# --- F14 ----------------------------------------------------------------------------------------------------


def test_f14_a_backend_that_is_terminated_in_mid_transaction_has_done_nothing(postgres_town: Town) -> None:
    town, requester = postgres_town, postgres_town.neighbour()
    body, key = asking(town), "the-same-key-for-each-try"

    with ThreadPoolExecutor(1) as pool, town.wiring.writing() as context:
        hold_person(context, requester.uuid)
        waiting = pool.submit(requester.post, "/v1/requests", body, Idempotency_Key=key)
        wait_until(lambda: backends_that_wait(town), within=SOON)
        with town.wiring.reading() as other:
            for pid in backends_that_wait(town):
                other.session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        require_try_again(waiting.result(), "unavailable")

    assert requests_of(requester) == []
    require_one_effect(requester, key)


def backends_that_wait(town: Town) -> list[int]:
    """Those of this database that wait for somebody's lock."""
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with town.wiring.reading() as context:
        return list(context.session.scalars(text(query)))


# --- F15 ----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lets a socket fall silent by a filter")
def test_f15_a_peer_that_falls_silent_is_noticed_in_seconds(postgres: OwnPostgres, tmp_path: Path) -> None:
    url = postgres.town("f15")
    with ExitStack() as stack:
        proxy = stack.enter_context(SilentProxy(postgres.port))
        town = stack.enter_context(LiveTown(url, tmp_path))
        requester, other = town.residents(2)
        silent = postgres.url("f15", port=proxy.port)
        stack.enter_context(impatient(town, 60, url=silent, pool_size=4))
        leader, heir = DatabaseLeadership(silent), DatabaseLeadership(url)
        stack.callback(heir.release)
        pool = stack.enter_context(ThreadPoolExecutor(4))
        assert leader.hold()
        assert not heir.hold()
        assert requester.get("/v1/me").status_code == 200

        with town.wiring.writing() as context:
            hold_person(context, other.uuid)
            in_the_middle = pool.submit(timed, other.post, "/v1/requests", asking(town))
            wait_until(lambda: backends_that_wait(town), within=SOON)
            proxy.fall_silent()
            calls = [in_the_middle, pool.submit(timed, requester.get, "/v1/me")]
            leads = pool.submit(timed, leader.hold)
            for call in calls:
                answer, seconds = call.result()
                require_try_again(answer, "unavailable")
                assert seconds < NOTICED_WITHIN
            still_leads, seconds = leads.result()
            assert not still_leads
            assert seconds < NOTICED_WITHIN

        wait_until(heir.hold, within=NOTICED_WITHIN)  # the server has noticed too, and freed the lock
        proxy.speak_again()
        assert requester.get("/v1/me").status_code == 200
        assert requests_of(other) == []
        require_one_effect(other, "after-the-silence")


def timed(call: Any, *given: Any) -> tuple[Any, float]:
    """What it returned, and after how many seconds."""
    began = time.monotonic()
    return call(*given), time.monotonic() - began


# --- F16 ----------------------------------------------------------------------------------------------------


def test_f16_an_exhausted_pool_is_busy_and_works_again_once_a_connection_is_free(town: Town) -> None:
    requester = town.neighbour()

    with impatient(town) as database:
        with ExitStack() as held:
            most = database.engine.pool.size() + database.engine.pool._max_overflow  # type: ignore[attr-defined]
            for _ in range(most):
                held.enter_context(database.engine.connect())
            require_try_again(requester.get("/v1/me"), "busy")
            require_try_again(requester.post("/v1/requests", asking(town)), "busy")
        assert requests_of(requester) == []
        require_one_effect(requester, "once-there-is-room")


# --- F17 ----------------------------------------------------------------------------------------------------


def test_f17_whoever_waits_too_long_for_a_row_is_told_to_try_again(town: Town) -> None:
    requester = town.neighbour()

    with impatient(town):
        with town.wiring.writing() as context:
            hold_person(context, requester.uuid)
            answer, seconds = timed(requester.post, "/v1/requests", asking(town))
            require_try_again(answer, "busy")
            assert 0.25 < seconds < 5
        require_one_effect(requester, "once-it-is-free")


def test_f17_a_deadlock_ends_with_one_who_tries_again(postgres_town: Town) -> None:
    town = postgres_town
    requester, helper = town.neighbour(), town.volunteer()
    request = requester.ask()

    with impatient(town, 20), ThreadPoolExecutor(1) as pool, town.wiring.writing() as context:
        hold_person(context, helper.uuid)
        accepting = pool.submit(helper.act, request, "accept")  # holds the request, and waits for the helper
        wait_until(lambda: backends_that_wait(town), within=SOON)
        hold_request(context, UUID(request["id"]))  # and so we wait for each other
        require_try_again(accepting.result(), "busy")

    assert requester.read(request)["people_accepted"] == 0
    assert helper.act(request, "accept").status_code == 201
    require_sound(town.wiring)


def test_f17_a_serialization_failure_is_one_that_may_be_tried_again(postgres_town: Town) -> None:
    town, requester = postgres_town, postgres_town.neighbour()
    with town.wiring.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = connection.scalar(text("SELECT current_database()"))
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_isolation = "repeatable read"'))

    with impatient(town, 20), ThreadPoolExecutor(1) as pool:
        with town.wiring.writing() as context:
            person = hold_person(context, requester.uuid)
            asked = pool.submit(requester.post, "/v1/requests", asking(town))
            wait_until(lambda: backends_that_wait(town), within=SOON)
            person.name = "Somebody else by now"
        require_try_again(asked.result(), "busy")
        assert requests_of(requester) == []
        require_one_effect(requester, "with-a-new-snapshot")


# --- F18 ----------------------------------------------------------------------------------------------------


def test_f18_a_full_sqlite_refuses_to_write_and_goes_on_reading(small_town: Town) -> None:
    town, requester = small_town, small_town.neighbour()

    with impatient(town, 5) as database:
        event.listen(database.engine, "connect", lambda raw, _: raw.execute("PRAGMA max_page_count = 1"))
        fill_up(requester)
        before = requests_of(requester)
        assert [key for key in before if not is_there(town, key)] == []
    require_one_effect(requester, "once-there-is-room")


def fill_up(requester: Neighbour) -> None:
    """Asks until there is no room; what was answered before is there, and reading goes on."""
    answered: list[str] = []
    for _ in range(200):
        answer = requester.post("/v1/requests", asking(requester.town, public_note="Milch und Brot " * 30))
        if answer.status_code == 503:
            break
        assert answer.status_code == 201, answer.text
        answered.append(answer.json["id"])
        if requester.act(answer.json, "cancel").status_code == 503:
            break
    require_try_again(requester.post("/v1/requests", asking(requester.town, public_note="Milch " * 80)), "unavailable")
    assert set(answered) <= set(requests_of(requester))


@pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="only root may mount a tmpfs")
def test_f18_a_full_postgresql_refuses_to_write_and_goes_on_reading(postgres: OwnPostgres, tmp_path: Path) -> None:
    url = postgres.town("f18")
    with small_disk(postgres.owner) as folder, LiveTown(url, tmp_path) as town:
        (requester,) = town.residents(1)
        with town.wiring.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in (
                f"CREATE TABLESPACE small LOCATION '{folder}'",
                "ALTER TABLE help_request SET TABLESPACE small",
                "CREATE TABLE filler (filling text) TABLESPACE small",
            ):
                connection.execute(text(statement))
            with contextlib.suppress(Exception):  # it ends with the very error that this is about
                while True:
                    connection.execute(text("INSERT INTO filler SELECT repeat('x', 1800) FROM generate_series(1, 4)"))

        fill_up(requester)

        with town.wiring.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("DROP TABLE filler"))
        require_one_effect(requester, "once-there-is-room")
        with town.wiring.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ALTER TABLE help_request SET TABLESPACE pg_default"))
            connection.execute(text("DROP TABLESPACE small"))


@contextmanager
def small_disk(owner: tuple[int, int]) -> Iterator[Path]:
    folder = Path(f"/tmp/nachbarschaft-small-{os.getpid()}")
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=False).returncode != 0:
        folder.rmdir()
        pytest.skip("root may not mount a tmpfs here")
    os.chown(folder, *owner)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        shutil.rmtree(folder)


# --- F19 ----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_f19_where_nothing_can_be_logged_the_work_goes_on(sqlite_url: str, tmp_path: Path) -> None:
    port = free_port()
    settings = {"DATABASE_URL": sqlite_url, "JWT_KEYS": JWT_KEY, "DATA_KEYS": DATA_KEY, "PORT": str(port)}
    with ExitStack() as stack:
        parts = [stack.enter_context(mute(part, settings, tmp_path)) for part in ("api", "worker", "scheduler")]
        with Caller(port) as caller:
            wait_until(lambda: answers(caller, "GET", "/health/ready") == 200, within=SOON)
            # These two are logged each time, and so is every push, every job and every collision.
            assert answers(caller, "GET", "/metrics?nothing=such") == 422
            assert caller.call("BREW", "/" + "x" * 9000).status_code == 414
        with ServedTown(sqlite_url, tmp_path, port) as town:
            town.volunteers(5)
            town.residents(1)[0].ask(urgent=True)
            wait_until(lambda: sent(town) == 5, within=SOON)
            wait_until(lambda: job_succeeded_since(town, "send-waves", datetime.now(UTC) - timedelta(60)), within=SOON)
        assert [part.poll() for part in parts] == [None] * 3
        for part in parts:
            part.send_signal(signal.SIGINT)
        assert [part.wait(SOON) for part in parts] == [0, 0, 0]


@contextmanager
def mute(part: str, settings: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One process whose every word goes to a disk that is full."""
    with Path("/dev/full").open("wb") as full:
        process = subprocess.Popen(
            [sys.executable, "-m", "nachbarschaft", "--ends-with-stdin", part],
            cwd=folder,
            env=environment(**settings),
            stdin=subprocess.PIPE,
            stdout=full,
            stderr=full,
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def answers(caller: Caller, method: str, path: str) -> int:
    with contextlib.suppress(OSError, http.client.HTTPException):
        return caller.call(method, path).status_code
    return 0


# --- F20 ----------------------------------------------------------------------------------------------------


def test_f20_a_standby_is_read_and_not_written_to(postgres: OwnPostgres, tmp_path: Path) -> None:
    with LiveTown(postgres.town("f20"), tmp_path) as town:
        (requester,) = town.residents(1)
        request = requester.ask()
        postgres.kill()
        postgres.start(standby=True)
        try:
            require_only_read(requester, request)
        finally:
            postgres.kill()
            postgres.start()
        require_one_effect(requester, "once-it-may-be-written-to")


def test_f20_a_file_that_may_not_be_written_to_is_read(small_town: Town) -> None:
    requester = small_town.neighbour()
    request = requester.ask()
    file = small_town.wiring.settings.database_url.removeprefix("sqlite:///")

    with impatient(small_town, 5, url=f"sqlite:///file:{file}?mode=ro&uri=true"):
        require_only_read(requester, request)
    require_one_effect(requester, "once-it-may-be-written-to")


def require_only_read(requester: Neighbour, request: dict[str, Any]) -> None:
    require_try_again(requester.post("/v1/requests", asking(requester.town)), "unavailable")
    require_try_again(requester.act(request, "cancel"), "unavailable")
    assert requester.read(request)["state"] == "open"
    assert requester.town.call("GET", "/health/ready").status_code == 200


# --- F21 ----------------------------------------------------------------------------------------------------


def test_f21_eight_writers_wait_for_each_other_and_none_is_turned_away(sqlite_url: str, tmp_path: Path) -> None:
    with Processes(sqlite_url, tmp_path, RATE_LIMITS="off") as processes:
        api = processes.api()
        processes.start("worker")
        processes.start("scheduler").says("scheduler_leads")
        with ServedTown(sqlite_url, tmp_path, api.port) as town:
            town.volunteers(3)
            writers = [Writer(requester) for requester in town.residents(8)]
            with running(writers):
                wait_until(lambda: all(len(writer.answered) >= 5 for writer in writers), within=SOON)
            assert [answer.text for writer in writers for answer in writer.refused] == []
            assert [key for writer in writers for key in writer.answered if not is_there(town, key)] == []
            require_sound(town.wiring)
