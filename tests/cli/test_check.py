"""`nachbarschaft check` says what would stop a start, in one line each, and exits accordingly."""

import pytest
from click.testing import CliRunner, Result

from nachbarschaft.cli.check import check
from tests.support.databases import Databases
from tests.support.town import DATA_KEY, JWT_KEY


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
