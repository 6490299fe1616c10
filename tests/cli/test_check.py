"""`nachbarschaft check` says what would stop a start, in one line each, and exits accordingly."""

import inspect
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jobs.schedule import TIMETABLE
from models import DeliveryTally
from nachbarschaft import config
from nachbarschaft.cli.check import KNOWN, LATE_RARE_SECONDS, LATE_SECONDS, check
from nachbarschaft.config import PREFIX
from nachbarschaft.services.job_runs import note_end
from tests.support.databases import Databases
from tests.support.redis import OwnRedis
from tests.support.town import DATA_KEY, JWT_KEY, Town


def run_check(url: str, **env: str) -> Result:
    settings = {
        "NACHBARSCHAFT_DATABASE_URL": url,
        "NACHBARSCHAFT_JWT_KEYS": JWT_KEY,
        "NACHBARSCHAFT_DATA_KEYS": DATA_KEY,
    } | env
    return CliRunner().invoke(check, env=settings)


def test_a_migrated_database_with_keys_may_start(database_url: str) -> None:
    result = run_check(database_url)

    assert result.exit_code == 0, result.output
    assert "The database answers" in result.output
    assert "bad" not in result.output


def test_it_says_where_mails_go_and_never_the_password(sqlite_url: str) -> None:
    assert "No mail server" in run_check(sqlite_url).output

    env = {"NACHBARSCHAFT_SMTP_URL": "smtp://post:geheim@mail.example:587", "NACHBARSCHAFT_MAIL_FROM": "a@b.example"}
    result = run_check(sqlite_url, **env)
    assert result.exit_code == 0, result.output
    assert "Mails go out through mail.example:587, from a@b.example." in result.output
    assert "PUBLIC_URL is not https" in result.output
    assert "geheim" not in result.output
    safe = run_check(sqlite_url, **env, NACHBARSCHAFT_PUBLIC_URL="https://hilfe.herne.example")
    assert "is not https" not in safe.output


@pytest.mark.parametrize("system", ["sqlite", "postgresql"])
def test_a_database_that_was_never_migrated_may_not(databases: Databases, system: str) -> None:
    with databases.empty(system) as url:
        result = run_check(url)

    assert result.exit_code == 1
    assert "nachbarschaft db upgrade" in result.output


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"NACHBARSCHAFT_JWT_KEYS": "a:short"}, "shorter than 32 bytes"),
        ({"NACHBARSCHAFT_PORT": "http"}, "from 1 to 65535"),
        ({"NACHBARSCHAFT_FIREBASE_CREDENTIALS": "/nowhere/firebase.json"}, "not there: firebase.json"),
        ({"NACHBARSCHAFT_CLOCK_OFFSET": "60", "NACHBARSCHAFT_HOST": "0.0.0.0"}, "rehearsals on a loopback"),
        ({"NACHBARSCHAFT_SMTP_URL": "smtp://post:pw@mail.example"}, "MAIL_FROM is missing"),
    ],
)
def test_an_unsafe_or_half_configured_setting_is_named(sqlite_url: str, env: dict[str, str], sentence: str) -> None:
    result = run_check(sqlite_url, **env)

    assert result.exit_code == 1
    assert sentence in result.output
    assert "Traceback" not in result.output


def test_a_database_that_is_away_is_told_without_its_password() -> None:
    result = run_check("postgresql://nachbarschaft:very-secret@127.0.0.1:1/x")

    assert result.exit_code == 1
    assert "does not answer" in result.output
    assert "very-secret" not in result.output


def said(output: str, about: str) -> str:
    """The one line about something."""
    (line,) = [line for line in output.splitlines() if about in line]
    return line


def test_it_counts_the_keys_without_showing_them(sqlite_url: str) -> None:
    two = "new:" + "n" * 40 + ",old:" + "o" * 40
    result = run_check(sqlite_url, NACHBARSCHAFT_DATA_KEYS=two)

    assert said(result.output, "Data keys").startswith("ok    Data keys: 2;")
    assert "nnnn" not in result.output


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"NACHBARSCHAFT_TRUSTED_PROXIES": "2"}, "ok    Proxies that are believed about where a call comes from: 2."),
        ({}, "ok    No proxy is believed"),
        ({"NACHBARSCHAFT_HOST": "0.0.0.0"}, "note  No proxy is believed"),
        ({}, "ok    /metrics is for this machine only."),
        ({"NACHBARSCHAFT_METRICS_TOKEN": "m" * 40}, "ok    /metrics is for this machine, and whoever has the token."),
        ({}, "ok    Rate limits are on; without Redis each API process counts alone."),
        ({"NACHBARSCHAFT_RATE_LIMITS": "off"}, "note  Rate limits are off"),
    ],
)
def test_it_says_what_stands_around_the_api(sqlite_url: str, env: dict[str, str], sentence: str) -> None:
    result = run_check(sqlite_url, **env)

    assert result.exit_code == 0, result.output
    assert sentence in result.output
    assert "mmmm" not in result.output


def test_a_redis_that_is_away_is_told_without_its_password(sqlite_url: str) -> None:
    result = run_check(sqlite_url, NACHBARSCHAFT_REDIS_URL="redis://:very-secret@127.0.0.1:1/0")

    assert result.exit_code == 0, result.output
    assert (
        said(result.output, "Redis") == "note  Redis does not answer (ConnectionError): each API process counts alone."
    )
    assert "very-secret" not in result.output


def test_a_redis_that_answers_counts_for_all(sqlite_url: str, tmp_path: Path) -> None:
    with OwnRedis(tmp_path) as redis:
        result = run_check(sqlite_url, NACHBARSCHAFT_REDIS_URL=redis.url)

    assert said(result.output, "Redis") == "ok    Rate limits are on, and Redis counts for all API processes."


def test_a_setting_that_nobody_knows_is_named_without_its_value(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("m" * 40)
    result = run_check(
        sqlite_url,
        NACHBARSCHAFT_METRICS_TOKEN_FILE=str(file),
        NACHBARSCHAFT_METRIC_TOKEN="meant-as-a-secret",
        NACHBARSCHAFT_REDIS_UR_FILE="",
        NACHBARSCHAFT_TEST_NO_SKIPS="1",
    )

    unknown = [line for line in result.output.splitlines() if "typo" in line]
    assert unknown == [
        f"note  NACHBARSCHAFT_{name} is not known to this version: a typo?"
        for name in ("METRIC_TOKEN", "REDIS_UR_FILE")
    ]
    assert "meant-as-a-secret" not in result.output
    assert result.exit_code == 0


def test_every_setting_that_is_read_is_known() -> None:
    read = set(re.findall(r'PREFIX \+ "([A-Z_]+)"', inspect.getsource(config))) | {"JWT_KEYS", "DATA_KEYS"}

    assert {PREFIX + name for name in read} == KNOWN


def test_what_is_late_or_fails_is_one_line_each(database_url: str, tmp_path: Path) -> None:
    with Town(database_url, tmp_path) as town:
        town.volunteer()
        town.neighbour().ask(urgent=True)
        town.run("send-waves")
        town.run("deliver-pushes")
        town.clock.forward(hours=7)
        with town.wiring.writing() as context:
            note_end(context, "deliver-pushes", error="OperationalError")
            failed = DeliveryTally(channel="mail", outcome="refused", count=1, last_at=context.now)
            context.session.add(failed)

    result = run_check(database_url)

    assert result.exit_code == 0, result.output
    push, mail, expiry, leases = (
        said(result.output, about) for about in ("by push", "by mail", "Job expire-requests", "Job deliver-pushes")
    )
    assert re.fullmatch(r"note  Delivery by push: 1 due, the oldest for \d+ seconds: does a worker run\?", push)
    assert mail == "note  Delivery by mail: the last attempt failed (refused, 2026-06-10T17:00:00Z)."
    assert re.fullmatch(
        r"note  Job expire-requests: the oldest row has waited for \d+ seconds: does a scheduler run\?", expiry
    )
    assert leases == "note  Job deliver-pushes: the last run failed (OperationalError, 2026-06-10T17:00:00Z)."
    assert "Job forget-personal-data" not in result.output


def test_what_counts_as_late_is_never_sooner_than_the_next_run() -> None:
    for job in TIMETABLE:
        assert LATE_RARE_SECONDS.get(job.name, LATE_SECONDS) >= 2 * job.every_seconds


def test_where_no_job_has_ever_run_that_is_all_that_is_said_of_jobs(sqlite_url: str) -> None:
    assert said(run_check(sqlite_url).output, "ob") == "note  No job has ever run: does a scheduler run?"
