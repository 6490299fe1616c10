"""`nachbarschaft up`: everything by one command, and nothing left when it ends, however it ends."""

import json
import re
import shlex
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.caller import Caller
from tests.support.family import Relative, family_of, kill_all, still_running
from tests.support.processes import ENDS_WITHIN, STARTS_WITHIN, Process, Processes, wait_until

READY = "Ctrl-C stops everything."


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Processes]:
    """A machine with nothing on it: no database, no keys."""
    with Processes(f"sqlite:///{tmp_path}/state/n.db", tmp_path, JWT_KEYS="", DATA_KEYS="") as made:
        yield made


def test_it_introduces_itself_and_what_it_prints_works(home: Processes, tmp_path: Path) -> None:
    up = _up(home)

    address = f"http://127.0.0.1:{up.port}"
    for path in ("/v1", "/docs", "/health/ready"):
        assert f"{address}{path}" in up.output
    words = shlex.split(_printed_curl(up.output))
    assert words[:3] == ["curl", "-s", f"{address}/v1/auth/sign-in"]
    given = json.loads(words[words.index("-d") + 1])
    with Caller(up.port) as caller:
        assert _sign_in(caller, given["login"], given["password"]) == 200
        for login in re.findall(r"\S+@\S+", up.output.split("Demo sign-ins")[1].split("password:")[0]):
            assert _sign_in(caller, login, given["password"]) == 200
        assert caller.call("GET", "/docs").status_code == 200
    assert (tmp_path / "state" / "jwt-keys").stat().st_mode & 0o777 == 0o600
    _require_clean_end(up, signal.SIGTERM)


def test_ctrl_c_ends_everything_also_while_it_is_still_starting(home: Processes) -> None:
    up = home.start("up")
    up.says("Starting api")
    wait_until(lambda: len(family_of(up.popen.pid)) >= 3, within=STARTS_WITHIN)
    _require_clean_end(up, signal.SIGINT)


def test_when_one_part_dies_the_rest_is_stopped_and_that_is_a_failure(home: Processes) -> None:
    up = _up(home)
    family = family_of(up.popen.pid)

    kill_all([_part(family, "worker")])

    assert up.ended() == 1
    assert "the worker ended" in up.output
    assert still_running(family) == []


def test_when_it_is_killed_itself_its_parts_end_too(home: Processes) -> None:
    up = _up(home)
    family = family_of(up.popen.pid)
    assert all(_part(family, part) in family for part in ("api", "worker", "scheduler"))

    up.kill_alone()

    try:
        wait_until(lambda: not still_running(family), within=ENDS_WITHIN)
    finally:
        kill_all(still_running(family))


def test_the_demo_is_never_served_off_loopback(sqlite_url: str, tmp_path: Path) -> None:
    with Processes(sqlite_url, tmp_path) as town:
        asked_for = town.start("up", "--demo", HOST="0.0.0.0")
        assert town.start("demo", "load").ended() == 0
        assert "loopback" in _refusal(asked_for)
        for refused in [town.start(command, HOST="0.0.0.0") for command in ("api", "up")]:
            refusal = _refusal(refused)
            assert "demo" in refusal
            assert "0.0.0.0" in refusal


def test_a_taken_port_is_one_sentence(home: Processes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refusal = _refusal(home.start("up", port=port))
    assert f"127.0.0.1:{port}" in refusal


def _up(home: Processes) -> Process:
    up = home.start("up", "--demo")
    up.says(READY)
    return up


def _require_clean_end(up: Process, number: signal.Signals) -> None:
    family = family_of(up.popen.pid)
    assert up.stop(number) == 0, up.output
    assert still_running(family) == []
    assert "Traceback" not in up.output


def _part(family: list[Relative], name: str) -> Relative:
    """The process of one part: the first, for gunicorn's own are named like it."""
    return next(one for one in family if one.command.endswith(f" {name}"))


def _printed_curl(output: str) -> str:
    found = re.search(r"^ *(curl .*\\\n.*)$", output, re.MULTILINE)
    assert found, output
    return found[1].replace("\\\n", " ")


def _sign_in(caller: Caller, login: str, password: str) -> int:
    body = json.dumps({"login": login, "password": password})
    return caller.call("POST", "/v1/auth/sign-in", body, {"Content-Type": "application/json"}).status_code


def _refusal(process: Process) -> str:
    """The one sentence that a command ends with which will not start."""
    assert process.ended() == 1
    said = [line for line in process.output.splitlines() if line.startswith("nachbarschaft: ")]
    assert process.output.splitlines()[-1:] == said, process.output
    return said[0]
