"""Which processes belong to one that a test started, as the system lists them."""

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Relative:
    """One running process, with its command line."""

    pid: int
    parent: int
    command: str


def family_of(pid: int) -> list[Relative]:
    """Everything that runs below `pid`, parents before their children; without `pid` itself."""
    running = _running()
    found: list[Relative] = []
    parents = {pid}
    while below := [one for one in running if one.parent in parents]:
        found += below
        parents = {one.pid for one in below}
    return found


def still_running(family: list[Relative]) -> list[Relative]:
    """Those that have not ended; one that nobody has buried yet counts as ended."""
    pids = {one.pid for one in _running()}
    return [one for one in family if one.pid in pids]


def kill_all(family: list[Relative]) -> None:
    for one in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one.pid, signal.SIGKILL)


def _running() -> list[Relative]:
    command = ["ps", "-A", "-ww", "-o", "pid=", "-o", "ppid=", "-o", "stat=", "-o", "args="]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = [line.split(None, 3) for line in listing.splitlines()]
    return [Relative(int(row[0]), int(row[1]), row[3]) for row in rows if len(row) == 4 and "Z" not in row[2]]
