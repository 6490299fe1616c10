"""Sessions under a moved clock: signing in, coming back and running out work at every hour, in the past too."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from tests.api.forging import token
from tests.cli.command import run
from tests.support.over_http import TownOverHttp
from tests.support.processes import Processes, await_ready
from tests.support.town import PASSWORD, Neighbour, Reply
from tests.time.moments import LEAP_DAY
from tests.time.rehearsal import Rehearsal

LONG_AGO = datetime(2020, 2, 29, 22, 30, tzinfo=UTC)
"""Before anything of this was written: for that, the offset is negative."""
Start = Callable[[datetime], TownOverHttp]


@pytest.fixture
def rehearse(sqlite_url: str, tmp_path: Path) -> Iterator[Start]:
    """Starts the API at an instant, always on the same database and keys."""
    with ExitStack() as stack:
        processes = stack.enter_context(Processes(sqlite_url, tmp_path))

        def start(begins: datetime) -> TownOverHttp:
            api = Rehearsal(begins).start(processes, "api")
            await_ready(api)
            return stack.enter_context(TownOverHttp(sqlite_url, tmp_path, api.port, now=begins))

        yield start


def refresh(town: TownOverHttp, neighbour: Neighbour) -> Reply:
    return town.call("POST", "/v1/auth/refresh", {"refresh_token": neighbour.session["refresh_token"]})


def sign_in(town: TownOverHttp, neighbour: Neighbour) -> Reply:
    return town.call("POST", "/v1/auth/sign-in", {"login": neighbour.email, "password": PASSWORD})


def opens(town: TownOverHttp, access_token: str) -> bool:
    return town.call("GET", "/v1/me", token=access_token).status_code == 200


def aged(neighbour: Neighbour, seconds: int) -> str:
    """The neighbour's access token as if it had been issued so many seconds earlier."""
    claims = jwt.decode(neighbour.token, options={"verify_signature": False})
    return token(neighbour, {name: claims[name] - seconds for name in ("iat", "nbf", "exp")})


@pytest.mark.parametrize("begins", [LEAP_DAY.at(2, 30), LONG_AGO], ids=["ahead", "back"])
def test_sessions_live_as_long_as_ever_however_far_the_clock_is_moved(rehearse: Start, begins: datetime) -> None:
    town = rehearse(begins)
    neighbour = town.neighbour()
    [session] = neighbour.get("/v1/me/sessions").json["items"]
    assert session["created_at"][:13] == begins.isoformat()[:13]
    assert neighbour.session["expires_in"] == 900
    assert opens(town, aged(neighbour, 850))
    assert not opens(town, aged(neighbour, 901))

    renewed = refresh(town, neighbour)
    assert renewed.status_code == 200
    assert opens(town, renewed.json["session"]["access_token"])
    again = sign_in(town, neighbour)
    assert again.status_code == 200
    assert opens(town, again.json["session"]["access_token"])


def test_moving_the_clock_on_by_a_night_keeps_people_signed_in_and_by_two_months_it_does_not(rehearse: Start) -> None:
    evening = LEAP_DAY.at(23, days=-1)
    neighbour = rehearse(evening).neighbour()

    morning = rehearse(LEAP_DAY.at(7))
    renewed = refresh(morning, neighbour)
    assert renewed.status_code == 200
    neighbour.session = renewed.json["session"]
    assert opens(morning, neighbour.token)

    two_months_later = rehearse(LEAP_DAY.at(7) + timedelta(days=60, minutes=1))
    assert not opens(two_months_later, neighbour.token)
    assert refresh(two_months_later, neighbour).status_code == 401
    assert sign_in(two_months_later, neighbour).status_code == 200


def test_the_operators_commands_tell_the_moved_time_too(sqlite_url: str) -> None:
    offset = (LONG_AGO - datetime.now(UTC)).total_seconds()
    done = run("jobs", "run", "send-waves", database=sqlite_url, CLOCK_OFFSET=str(offset))
    assert done.code == 0, done.err
    listed = run("jobs", "list", database=sqlite_url)
    [line] = [line for line in listed.lines if line.startswith("send-waves ")]
    assert line.split("last success ")[1].startswith("2020-02-29T22:3")
