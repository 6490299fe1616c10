"""What a process does not run it does not import: every part starts alone, and quickly."""

import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_PROGRAM = """
import importlib.metadata, json, sys
from nachbarschaft.cli import cli
cli.get_command(None, {command!r})
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


def imported_by(command: str) -> set[str]:
    """The packages that are there once the operator's command knows what to run."""
    program = _PROGRAM.format(command=command)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("command", ["worker", "scheduler"])
def test_the_clocks_door_starts_without_the_web(command: str) -> None:
    assert not imported_by(command) & {"api", "flask", "marshmallow", "gunicorn", "alembic", "firebase_admin"}


def test_the_api_starts_without_firebase_and_without_the_timetable() -> None:
    assert not imported_by("api") & {"jobs", "apscheduler", "firebase_admin"}


def test_every_command_of_the_contract_can_be_loaded() -> None:
    promised = {"up", "api", "worker", "scheduler", "jobs", "db", "quarters", "people", "demo", "openapi", "check"}
    known = entry_points(group="nachbarschaft.commands")
    assert promised <= known.names
    for found in known:
        assert found.load().name == found.name
