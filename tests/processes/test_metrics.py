"""The counters of the real API: two worker processes count as one, and a killed one takes nothing with it."""

import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.caller import Caller
from tests.support.family import family_of
from tests.support.processes import Process, Processes, wait_until
from tests.support.scrape import Scrape

TOKEN = "m" * 40
CALLS = 120
SOON = 40.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the processes of this test keep what is temporary."""
    found = tmp_path / "temporary"
    found.mkdir()
    monkeypatch.setenv("TMPDIR", str(found))
    return found


@pytest.fixture
def api(sqlite_url: str, tmp_path: Path, folder: Path) -> Iterator[Process]:
    assert folder.is_dir()
    with Processes(sqlite_url, tmp_path, METRICS_TOKEN=TOKEN) as processes:
        yield processes.api()


def test_two_workers_count_as_one_and_a_killed_one_takes_nothing_with_it(api: Process, folder: Path) -> None:
    _call_at_once(api, CALLS)
    assert {_live(_scrape(api)) for _ in range(20)} == {CALLS}
    assert len(_files(folder, "counter")) == 2, "both workers have counted"

    before = _scrape(api)
    with _half_a_call(api), _half_a_call(api):
        wait_until(lambda: _in_flight(api) == 3, within=SOON)
        _end_workers(api, signal.SIGKILL)
        # What the killed ones had in their hands is not under way any more, though its callers still wait.
        wait_until(lambda: _in_flight(api) == 1, within=SOON)
    after = dict(_scrape(api).counted())

    assert [key for key, value in before.counted() if after.get(key, 0.0) < value] == []
    _call_at_once(api, CALLS)
    assert {_live(_scrape(api)) for _ in range(20)} == {2 * CALLS}
    # Whoever follows a dead worker goes on in its files: they do not become more.
    assert len(_files(folder, "counter")) == 2
    assert api.stop(signal.SIGINT) == 0
    assert _folders(folder) == []


def test_a_worker_that_ends_in_order_leaves_what_was_counted(api: Process) -> None:
    _call_at_once(api, CALLS)

    _end_workers(api, signal.SIGTERM)

    assert _live(_scrape(api)) == CALLS


def test_what_a_killed_server_has_left_is_taken_away_by_the_next_and_a_living_ones_is_not(
    sqlite_url: str, tmp_path: Path, folder: Path
) -> None:
    with Processes(sqlite_url, tmp_path) as processes:
        killed, living = processes.api(), processes.api()
        assert len(_folders(folder)) == 2
        killed.kill()

        _call_at_once(living, CALLS)
        next_one = processes.api()

        assert len(_folders(folder)) == 2
        assert _live(_scrape(living)) == CALLS
        assert {living.stop(signal.SIGINT), next_one.stop(signal.SIGINT)} == {0}
        assert _folders(folder) == []


def test_strangers_do_not_see_them_through_a_proxy_on_the_same_machine(api: Process) -> None:
    with Caller(api.port) as caller:
        for handed_on in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            assert caller.call("GET", "/metrics", headers={handed_on: "203.0.113.9"}).status_code == 404
        assert caller.call("GET", "/metrics").status_code == 200
        shown = {"X-Forwarded-For": "203.0.113.9", "Authorization": f"Bearer {TOKEN}"}
        assert caller.call("GET", "/metrics", headers=shown).status_code == 200
        assert caller.call("GET", "/metrics", headers=shown | {"Authorization": "Bearer no"}).status_code == 404


def test_no_id_no_address_and_no_wrong_path_becomes_a_label(api: Process) -> None:
    with Caller(api.port) as caller:
        for path in ("/v1/requests/00000000-0000-7000-8000-00000000c0de", "/someone@example.org", "/wp-login.php"):
            caller.call("GET", path)
        found = Scrape(caller.call("GET", "/metrics").text)

    values = " ".join(found.label_values("route") | found.label_values("method"))
    assert not any(piece in values for piece in ("c0de", "@", "wp-login"))
    assert found.value("nachbarschaft_http_requests_total", method="GET", route="(none)", status="404") == 2


def _scrape(api: Process) -> Scrape:
    """On a connection of its own, so that any of the workers may answer."""
    with Caller(api.port) as caller:
        reply = caller.call("GET", "/metrics")
    assert reply.status_code == 200, reply.text
    return Scrape(reply.text)


def _live(found: Scrape) -> float:
    return found.value("nachbarschaft_http_requests_total", method="GET", route="/health/live", status="200")


def _in_flight(api: Process) -> float:
    return _scrape(api).value("nachbarschaft_http_requests_in_flight")


def _call_at_once(api: Process, calls: int) -> None:
    with Caller(api.port) as caller, ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda _: caller.call("GET", "/health/live").status_code, range(calls)))
    assert statuses == [200] * calls


def _folders(folder: Path) -> list[Path]:
    return list(folder.glob("nachbarschaft-metrics-*"))


def _files(folder: Path, kind: str) -> list[Path]:
    return list(folder.glob(f"nachbarschaft-metrics-*/{kind}_*.db"))


def _end_workers(api: Process, number: signal.Signals) -> None:
    """Ends every worker, and is back when there are as many others."""
    old = {one.pid for one in family_of(api.popen.pid)}
    assert len(old) == 2
    for pid in old:
        os.kill(pid, number)
    wait_until(lambda: _others(api, old) == 2, within=SOON)


def _others(api: Process, old: set[int]) -> int:
    """How many workers there are beside the old ones; none as long as one of those still runs."""
    now = {one.pid for one in family_of(api.popen.pid)}
    return 0 if now & old else len(now)


@contextmanager
def _half_a_call(api: Process) -> Iterator[None]:
    """A call whose body never comes to its end, so that a worker waits for it."""
    with socket.create_connection(("127.0.0.1", api.port)) as connection:
        head = (
            b"POST /v1/auth/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )
        connection.sendall(head)
        yield
