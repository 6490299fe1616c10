"""Limits: per address and per person, in windows that strangers cannot shift, shared where there is a Redis."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from limits import RateLimitItemPerMinute

import api.limits
from api.app import create_app
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.config import read_settings
from nachbarschaft.database import Database
from tests.api.raw import assert_problem
from tests.support.clock import HandClock
from tests.support.redis import OwnRedis
from tests.support.town import DATA_KEY, JWT_KEY, NOON, Neighbour, Reply, Town

FEW = RateLimitItemPerMinute(5, namespace="person")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a short test can reach: 5 calls a minute for a person, 12 for an address, 4 slow ones."""
    monkeypatch.setattr(api.limits, "PERSON", FEW)
    monkeypatch.setattr(api.limits, "ADDRESS", RateLimitItemPerMinute(12, namespace="address"))
    monkeypatch.setattr(api.limits, "SIGN_IN", RateLimitItemPerMinute(4, namespace="sign-in"))


class Front:
    """One process's application on a database that others share."""

    def __init__(self, url: str, **settings: str) -> None:
        names = {"DATABASE_URL": url, "JWT_KEYS": JWT_KEY, "DATA_KEYS": DATA_KEY} | settings
        env = {f"NACHBARSCHAFT_{name}": value for name, value in names.items()}
        self._database = Database(url)
        self._app = create_app(Wiring(read_settings(env), self._database, HandClock(NOON)))

    def get(self, path: str, peer: str = "203.0.113.7", **headers: str) -> Reply:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self._app.test_client().get(path, headers=sent, environ_base={"REMOTE_ADDR": peer})
        return Reply(answer.status_code, answer.headers, answer.get_data(as_text=True))

    def post(self, path: str, body: object, peer: str = "203.0.113.7") -> Reply:
        answer = self._app.test_client().post(path, json=body, environ_base={"REMOTE_ADDR": peer})
        return Reply(answer.status_code, answer.headers, answer.get_data(as_text=True))

    def me(self, who: Neighbour, **more: str) -> Reply:
        return self.get("/v1/me", Authorization=f"Bearer {who.token}", **more)

    def close(self) -> None:
        self._database.close()


@pytest.fixture
def front(small_town: Town, sqlite_url: str, few: None) -> Iterator[Front]:
    made = Front(sqlite_url)
    yield made
    made.close()


def test_a_person_who_calls_too_often_is_told_when_to_come_back_and_nobody_else_is(
    small_town: Town, front: Front
) -> None:
    busy, calm = small_town.neighbour(), small_town.neighbour()
    left = [front.me(busy).headers["RateLimit"] for _call in range(5)]
    assert [text.split(";")[1] for text in left] == ["r=4", "r=3", "r=2", "r=1", "r=0"]

    refused = front.me(busy)

    assert_problem(refused, 429, "rate_limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert refused.headers["Retry-After"] in refused.json["detail"]
    assert front.me(calm).status_code == 200
    assert front.me(calm).headers["RateLimit-Policy"] == '"person";q=5;w=60'


def test_whoever_is_not_signed_in_hears_that_first(small_town: Town, front: Front) -> None:
    busy = small_town.neighbour()
    for _call in range(6):
        front.me(busy)
    busy.post("/v1/auth/sign-out")

    assert_problem(front.me(busy), 401, "unauthenticated")


def test_an_address_that_calls_too_often_waits_and_health_does_not_count(front: Front) -> None:
    for _call in range(30):
        assert front.get("/health/live").status_code == 200
    for _call in range(12):
        assert front.get("/v1/quarters").status_code == 200

    assert_problem(front.get("/v1/quarters"), 429, "rate_limited")
    assert front.get("/v1/quarters", peer="203.0.113.8").status_code == 200
    assert front.get("/health/live").status_code == 200


def test_passwords_are_tried_less_often_than_anything_else(front: Front) -> None:
    body = {"login": "nobody@example.org", "password": "wrong and long enough"}
    for _try in range(4):
        assert_problem(front.post("/v1/auth/sign-in", body), 401, "wrong_credentials")

    assert_problem(front.post("/v1/auth/sign-in", body), 429, "rate_limited")
    assert front.post("/v1/auth/refresh", {"refresh_token": "x"}).status_code == 401
    assert_problem(front.post("/v1/auth/sign-in", body, peer="203.0.113.8"), 401, "wrong_credentials")


def test_all_of_a_network_of_ipv6_counts_as_one_address(front: Front) -> None:
    for number in range(12):
        assert front.get("/v1/quarters", peer=f"2001:db8:1:2::{number + 1}").status_code == 200

    assert front.get("/v1/quarters", peer="2001:db8:1:2:ffff::1").status_code == 429
    assert front.get("/v1/quarters", peer="2001:db8:1:3::1").status_code == 200


@pytest.mark.parametrize(
    ("proxies", "header", "is_believed"),
    [
        ("0", "198.51.100.{0}", False),
        ("0", "198.51.100.{0}, 10.0.0.1", False),
        ("1", "198.51.100.{0}", True),
        ("1", "198.51.100.{0}, 192.0.2.1", False),
        ("2", "198.51.100.{0}, 192.0.2.1", True),
        ("2", "198.51.100.{0}", False),
        ("2", "9.9.9.{0}, 192.0.2.1, 192.0.2.2", False),
    ],
)
def test_a_forwarded_address_is_believed_as_far_as_configured(
    sqlite_url: str, small_town: Town, few: None, proxies: str, header: str, *, is_believed: bool
) -> None:
    front = Front(sqlite_url, TRUSTED_PROXIES=proxies)
    calls = [front.get("/v1/quarters", X_Forwarded_For=header.format(number)) for number in range(20)]
    front.close()

    assert [reply.status_code for reply in calls].count(429) == (0 if is_believed else 8)


def test_off_switches_every_limit_off(sqlite_url: str, small_town: Town, few: None) -> None:
    front = Front(sqlite_url, RATE_LIMITS="off")
    replies = [front.get("/v1/quarters") for _call in range(20)]
    front.close()

    assert {reply.status_code for reply in replies} == {200}
    assert "RateLimit" not in replies[0].headers


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[OwnRedis]:
    with OwnRedis(tmp_path) as made:
        yield made


def test_processes_share_their_counters_through_redis_and_count_alone_without(
    sqlite_url: str, small_town: Town, few: None, redis: OwnRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.limits, "ALONE_SECONDS", 0.2)
    one, other = Front(sqlite_url, REDIS_URL=redis.url), Front(sqlite_url, REDIS_URL=redis.url)
    busy = small_town.neighbour()
    assert [front.me(busy).status_code for front in (one, other, one, other, one)] == [200] * 5
    assert_problem(other.me(busy), 429, "rate_limited")

    redis.stop()
    assert [other.me(busy).status_code for _call in range(6)] == [200] * 5 + [429], "each process counts alone"

    redis.start()
    time.sleep(0.3)
    assert other.me(busy).status_code == 200
    for front in (one, other):
        front.close()


def test_addresses_and_people_are_not_readable_in_the_shared_counters(
    sqlite_url: str, small_town: Town, redis: OwnRedis
) -> None:
    front, busy = Front(sqlite_url, REDIS_URL=redis.url), small_town.neighbour()
    front.me(busy)
    front.close()

    listing = subprocess.run(
        ["redis-cli", "-p", str(redis.port), "keys", "*"], capture_output=True, text=True, check=True
    ).stdout

    assert "person" in listing
    assert "address" in listing
    assert busy.id not in listing
    assert "203.0.113.7" not in listing
