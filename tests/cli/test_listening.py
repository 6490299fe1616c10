"""A port that is taken is told in one sentence, before anything is started."""

import socket

from click.testing import CliRunner

from api.commands import api
from nachbarschaft.cli.failing import OperatorError
from tests.support.town import DATA_KEY, JWT_KEY


def test_the_api_says_that_its_port_is_taken(sqlite_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        env = {
            "NACHBARSCHAFT_DATABASE_URL": sqlite_url,
            "NACHBARSCHAFT_JWT_KEYS": JWT_KEY,
            "NACHBARSCHAFT_DATA_KEYS": DATA_KEY,
            "NACHBARSCHAFT_PORT": str(port),
        }
        result = CliRunner().invoke(api, env=env)

    assert isinstance(result.exception, OperatorError)
    assert str(result.exception) == f"127.0.0.1:{port} is taken or not ours; choose another one with PORT=."
