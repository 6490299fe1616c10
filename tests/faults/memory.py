"""A process that grows until the kernel kills it; where this machine lets no limit be set, it gets the same signal."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import Process

LIMIT = 256 * 1024 * 1024
"""Bytes; the worker needs half of it."""
_HOMES = ((Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"), (Path("/sys/fs/cgroup"), "memory.max"))
"""Where control groups lie (version 1 and 2), and the file that holds the limit."""
_GROWS = """
import os, runpy, sys, threading, time
group, sign = sys.argv[1:3]
del sys.argv[1:3]
if group:
    open(group + "/cgroup.procs", "w").write(str(os.getpid()))
def grow():
    while not os.path.exists(sign):
        time.sleep(0.02)
    hoard = []
    while True:
        hoard.append(b"x" * 4_000_000)
if group:
    threading.Thread(target=grow, daemon=True).start()
runpy.run_module("nachbarschaft", run_name="__main__", alter_sys=True)
"""


@dataclass(frozen=True, slots=True)
class Memory:
    """Start the process with `launcher`."""

    group: Path | None
    sign: Path

    @property
    def launcher(self) -> tuple[str, ...]:
        return ("-c", _GROWS, str(self.group or ""), str(self.sign))

    def run_out(self, process: Process) -> int:
        """Lets the process ask for more than there is; its exit code."""
        self.sign.touch()
        if self.group is None:
            process.kill_alone()
        return process.ended()


@contextlib.contextmanager
def limited(folder: Path) -> Iterator[Memory]:
    """A control group of its own with a limit on memory, where that can be had."""
    group = _made()
    try:
        yield Memory(group, folder / "grow")
    finally:
        if group is not None:
            group.rmdir()


def _made() -> Path | None:
    for home, limit in _HOMES:
        group = home / f"nachbarschaft-{uuid.uuid4().hex[:12]}"
        with contextlib.suppress(OSError):
            group.mkdir()
            if os.access(group / limit, os.W_OK):
                (group / limit).write_text(str(LIMIT))
                return group
        with contextlib.suppress(OSError):
            group.rmdir()
    return None
