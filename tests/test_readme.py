"""The README's first request, run exactly as printed, at different hours of the day."""

import json
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.processes import Household

ROOT = Path(__file__).parent.parent
HERNE = ZoneInfo("Europe/Berlin")


def printed_session() -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- first request -->\n```sh\n(.*?)```\n<!-- /first request -->", text, re.DOTALL)
    assert found, "the README has lost its first request"
    return found[1]


def seconds_until(hour: int) -> int:
    """How far the clocks in Herne are from showing `hour` o'clock next."""
    now = datetime.now(UTC).astimezone(HERNE)
    then = now.replace(hour=hour, minute=5, second=0)
    return int(((then if then > now else then + timedelta(days=1)) - now).total_seconds())


@pytest.mark.parametrize("hour", [None, 3, 12, 23])
def test_the_first_request_works_as_printed_at_any_hour(hour: int | None, tmp_path: Path) -> None:
    offset = 0 if hour is None else seconds_until(hour)
    with Household(tmp_path, env={"NACHBARSCHAFT_CLOCK_OFFSET": str(offset)}) as home:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", printed_session()],
            cwd=tmp_path,
            env=os.environ | {"API": home.url},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.returncode == 0, done.stdout + done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    offer, device, _preferences, push, invitations, assignment, contact, views, request = lines
    assert offer["categories"] == ["shopping", "errand"]
    assert device["installation"] == "volunteers-phone"
    assert push["kind"] == "asked"
    assert push["data"].keys() == {"id", "kind", "link", "v"}
    assert invitations["items"][0]["request"]["id"] == assignment["request"] == request["id"]
    assert contact["address"] == "Wilhelmstraße 12, 44649 Herne"
    assert [view["by"] for view in views["items"]] == ["A volunteer"]
    assert request["state"] == "filled"
    assert "A resident" not in json.dumps(push)
