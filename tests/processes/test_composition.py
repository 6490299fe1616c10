"""What compose.yaml describes, run by hand: the same commands and settings, as often, on a PostgreSQL and a Redis."""

import secrets
import shutil
import signal
from collections.abc import Iterator, Mapping
from itertools import cycle
from pathlib import Path
from types import TracebackType

import pytest
import yaml

from nachbarschaft.config import PREFIX
from tests.support.caller import Caller
from tests.support.databases import Databases
from tests.support.fcm import LoopbackFcm
from tests.support.processes import Process, Processes, await_ready, wait_until
from tests.support.redis import OwnRedis
from tests.support.scrape import Scrape
from tests.support.served import ALWAYS, LiveTown
from tests.support.town import BLUMENTHAL, DATA_KEY, JWT_KEY, Neighbour, Reply

ROOT = Path(__file__).parents[2]
CITY = ROOT / "nachbarschaft" / "demo" / "herne.geojson"
TOKEN = "m" * 40
PHONE = "203.0.113.9"
"""Where the calls come from, as the proxy says."""
SOON = 40.0


class Composition:
    """The parts of compose.yaml as processes; its host names and mounted files are put in the place of ours."""

    def __init__(self, processes: Processes, secrets_folder: Path, redis_url: str) -> None:
        self._processes = processes
        self._places = {"/run/secrets/": f"{secrets_folder}/", "redis://redis:6379/0": redis_url}
        services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
        self._services = {name: told for name, told in services.items() if told["image"].startswith("nachbarschaft:")}

    def run(self, name: str, *command: str) -> None:
        """`docker compose run --rm NAME [COMMAND…]`, to its end, which has to be a good one."""
        process = self._start(name, *(command or self._services[name]["command"]))
        assert process.ended(within=SOON) == 0, process.output

    def start(self, command: str) -> list[Process]:
        """Every service that runs this command, as often as it says."""
        return [
            self._start(name, *told["command"])
            for name, told in self._services.items()
            if told["command"] == [command]
            for _number in range(told.get("deploy", {}).get("replicas", 1))
        ]

    def _start(self, name: str, *command: str) -> Process:
        settings = self._settings(self._services[name]["environment"])
        return self._processes.start(*command, port=None, **settings)

    def _settings(self, environment: Mapping[str, str]) -> dict[str, str]:
        given = "\n".join(f"{name.removeprefix(PREFIX)}={value}" for name, value in environment.items())
        for there, here in self._places.items():
            given = given.replace(there, here)
        settings = dict(line.split("=", 1) for line in given.splitlines())
        return settings | {"PUBLIC_URL": "https://town.example.org"}


class BalancedTown(LiveTown):
    """A town whose calls go through a proxy to each API in turn."""

    def __init__(self, url: str, folder: Path, ports: list[int]) -> None:
        super().__init__(url, folder)
        self.callers = [Caller(port) for port in ports]
        self._turns = cycle(self.callers)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for caller in self.callers:
            caller.close()
        super().__exit__(kind, error, trace)

    def _send(self, method: str, path: str, data: str | None, headers: dict[str, str]) -> Reply:
        return next(self._turns).call(method, path, data, headers | {"X-Forwarded-For": PHONE})


@pytest.fixture
def fcm() -> Iterator[LoopbackFcm]:
    with LoopbackFcm() as made:
        yield made


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[OwnRedis]:
    with OwnRedis(tmp_path) as made:
        yield made


def test_the_main_job_passes_through_all_of_it(
    databases: Databases, tmp_path: Path, fcm: LoopbackFcm, redis: OwnRedis
) -> None:
    with databases.empty("postgresql") as url:
        nothing = {"DATABASE_URL": "", "JWT_KEYS": "", "DATA_KEYS": "", "FCM_URL": fcm.url}
        folder = _secrets(tmp_path, url, fcm)
        with Processes("", tmp_path, **nothing) as processes:
            composition = Composition(processes, folder, redis.url)
            composition.run("migrate")
            composition.run("migrate", "quarters", "import", str(CITY), "--city", "Herne")
            parts = {name: composition.start(name) for name in ("api", "worker", "scheduler")}
            assert {name: len(each) for name, each in parts.items()} == {"api": 2, "worker": 2, "scheduler": 2}
            _await(parts)
            with BalancedTown(url, tmp_path, [api.port for api in parts["api"]]) as town:
                _do_the_main_job(town, fcm)
                _require_shared_limits(town)
                _require_metrics(town)
            _end(parts)


def _secrets(tmp_path: Path, url: str, fcm: LoopbackFcm) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o700)
    given = {"database_url": url, "jwt_keys": JWT_KEY, "data_keys": DATA_KEY, "metrics_token": TOKEN}
    given["smtp_url"] = "smtp://127.0.0.1:9"  # nobody is there: mails wait, and pushes go out all the same
    for name, text in given.items():
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
    shutil.copy(fcm.credentials_file(tmp_path), folder / "firebase_credentials")
    return folder


def _await(parts: dict[str, list[Process]]) -> None:
    for api in parts["api"]:
        await_ready(api)
    for name in ("worker", "scheduler"):
        for process in parts[name]:
            process.says(f"{name}_ready")


def _do_the_main_job(town: BalancedTown, fcm: LoopbackFcm) -> None:
    """Asked, told once each, taken, shown, done: every step at another API than the one before."""
    requester, *volunteers = [_reachable(town) for _ in range(4)]
    for volunteer in volunteers:
        volunteer.offer()
        # A coordinator has seen their ID: else a first task waits for a word of the coordinator.
        town.change_person(volunteer, verification="known")
    request = requester.ask(urgent=True, place=BLUMENTHAL | {"address": "Wilhelmstraße 5, 44649 Herne"})
    wait_until(lambda: len(fcm.posts) == 3, within=SOON)

    helper, *others = volunteers
    assert helper.act(request, "accept").status_code == 201
    assert [one.act(request, "accept").json["code"] for one in others] == ["already_filled"] * 2
    assert helper.act(request, "contact").json["address"] == "Wilhelmstraße 5, 44649 Herne"
    # The requester hears of it, and the others that it is settled: with two workers still once each.
    wait_until(lambda: len(fcm.posts) == 6, within=SOON)
    assert helper.act(request, "done").status_code == 200
    assert requester.read(request)["state"] == "done"
    kinds = [post.message["data"]["kind"] for post in fcm.posts]
    assert kinds.count("asked") >= 3
    assert len({post.message["data"]["id"] for post in fcm.posts}) == len(fcm.posts)


def _reachable(town: BalancedTown) -> Neighbour:
    neighbour = town.neighbour()
    assert neighbour.put("/v1/me/preferences", ALWAYS).status_code == 200
    neighbour.register_phone(secrets.token_urlsafe(60))
    return neighbour


def _require_shared_limits(town: BalancedTown) -> None:
    """What one API has counted is gone from what the other one allows."""
    somebody = town.neighbour()
    left = [int(somebody.get("/v1/me").headers["RateLimit"].partition(";r=")[2].partition(";")[0]) for _ in range(6)]
    assert left == list(range(left[0], left[0] - 6, -1))


def _require_metrics(town: BalancedTown) -> None:
    """Not through the proxy, unless with the token; and each API tells of its own calls and of the same database."""
    for caller in town.callers:
        forwarded = {"X-Forwarded-For": PHONE}
        assert caller.call("GET", "/metrics", None, forwarded).status_code == 404
        reply = caller.call("GET", "/metrics", None, forwarded | {"Authorization": f"Bearer {TOKEN}"})
        found = Scrape(reply.text)
        assert (
            found.value("nachbarschaft_http_requests_total", method="POST", route="/v1/auth/sign-up", status="201") > 0
        )
        assert found.value("nachbarschaft_database_up") == 1
        assert "send-waves" in found.label_values("name")


def _end(parts: dict[str, list[Process]]) -> None:
    everything = [process for each in parts.values() for process in each]
    assert sum(process.output.count("scheduler_leads") for process in parts["scheduler"]) == 1
    for process in everything:
        process.popen.send_signal(signal.SIGTERM)
    assert [process.ended() for process in everything] == [0] * 6
    for process in everything:
        assert "Traceback" not in process.output
        assert TOKEN not in process.output
