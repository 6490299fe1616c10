"""Runs beside the tests, as a program of its own, so that no server outlives them, however they end.

    python postgres_keeper.py UID GID FOLDER POSTGRES ARGUMENT…

It starts the server and waits until its standard input says something or is closed, or its parent is gone;
then it ends the server and removes FOLDER. A server that ended by itself has its last words printed.
"""

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_TO_END = 10
LAST_WORDS = 2000


class Identity(TypedDict, total=False):
    """What `subprocess` takes to run a program as somebody else."""

    user: int
    group: int
    extra_groups: list[int]


def identity(uid: int, gid: int) -> Identity:
    """Nothing where that is who we are already: only root may become somebody else."""
    if uid == os.geteuid():
        return {}
    return {"user": uid, "group": gid, "extra_groups": []}


def keep(folder: Path, command: list[str], who: Identity) -> None:
    """Runs the server until nobody needs it any more, or it ends by itself."""
    parent = os.getppid()
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **who)
    try:
        # A forked child may hold the pipe open, so the parent is looked at as well.
        while server.poll() is None and os.getppid() == parent and not _is_told_to_end():
            pass
        if server.poll() is not None:
            sys.stdout.write(log.read_text(errors="replace")[-LAST_WORDS:])
    finally:
        _end(server)


def _is_told_to_end() -> bool:
    ready, _, _ = select.select([sys.stdin], [], [], SECONDS_BETWEEN_LOOKS)
    return bool(ready)


def _end(server: subprocess.Popen[bytes]) -> None:
    # SIGQUIT is PostgreSQL's immediate shutdown: it ends its own children and writes no checkpoint.
    server.send_signal(signal.SIGQUIT)
    try:
        server.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def main(arguments: list[str]) -> None:
    uid, gid, folder, *command = arguments
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        keep(Path(folder), command, identity(int(uid), int(gid)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
