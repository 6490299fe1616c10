"""A served product on each database, for clients that come from outside and know nothing but the document."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.conftest import BOTH
from tests.support.databases import Databases
from tests.support.processes import Process, Processes
from tests.support.served import ServedTown
from tests.support.town import PASSWORD, Neighbour

BOSS = "boss@example.org"


@dataclass(frozen=True, slots=True)
class Served:
    """Where the API listens, and what the operator handed out."""

    url: str
    coordinator: str
    """The access token of Blumenthal's coordinator, who has shown a second factor."""
    code: str
    """A one-time code, with which the resident Gerda sets a password."""


@pytest.fixture(scope="module", params=BOTH)
def served(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The API as a process; the coordinator has come in by the operator's command."""
    folder = tmp_path_factory.mktemp("served")
    with databases.fresh(request.param) as database_url, Processes(database_url, folder) as processes:
        api = processes.api()
        code = _add(processes, "--email", BOSS, "--name", "Boss", "--coordinator", "blumenthal")
        with ServedTown(database_url, folder, api.port) as town:
            token = _coordinate(town, code)
        code = _add(processes, "--email", "gerda@example.org", "--name", "Gerda", "--quarter", "blumenthal")
        yield Served(f"http://127.0.0.1:{api.port}", token, code)


def _add(processes: Processes, *options: str) -> str:
    """The one-time code that the operator's command prints in its last line."""
    command: Process = processes.start("people", "add", *options)
    assert command.ended() == 0, command.output
    return command.output.splitlines()[-1]


def _coordinate(town: ServedTown, code: str) -> str:
    redeemed = town.call("POST", "/v1/auth/codes/redeem", {"code": code, "password": PASSWORD})
    assert redeemed.status_code == 200, redeemed.text
    boss = Neighbour(town, redeemed.json["person"], redeemed.json["session"], BOSS)
    boss.set_up_second_factor()
    return boss.token
