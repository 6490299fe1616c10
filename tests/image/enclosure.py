"""A root directory that programs run in as in a container: no network, and nothing of this machine around them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_OWN = Path("/proc/self/ns")
_LOOPBACK_UP = """
import fcntl, socket, struct
with socket.socket() as probe:
    # SIOCSIFFLAGS with IFF_UP: the loopback of a new network is down.
    fcntl.ioctl(probe, 0x8914, struct.pack("16sh14x", b"lo", 1))
"""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """Namespaces of their own around `root`, held open by the process `holder`."""

    root: Path
    holder: int

    def command(
        self, words: Sequence[str], env: Mapping[str, str], *, user: str = "0:0", folder: str = "/"
    ) -> list[str]:
        """What runs `words` inside, as that user and with that environment alone; there it is process number 1."""
        alone = ["unshare", "--pid", "--mount", "--fork", "--kill-child", f"--mount-proc={self.root / 'proc'}", "--"]
        root = ["chroot", f"--userspec={user}", "--groups=", str(self.root)]
        inside = ["env", "-i", "-C", folder, *(f"{name}={value}" for name, value in env.items()), *words]
        return [*self._enter(), *alone, *root, *inside]

    @staticmethod
    def tell(running: "subprocess.Popen[Any]", number: signal.Signals) -> None:
        """Sends a signal to what runs inside, and not to what started it there."""
        os.kill(_child_of(running.pid), number)

    def mount(self, *words: str) -> None:
        """`mount WORDS…`, seen from in there alone; it ends with the enclosure."""
        subprocess.run([*self._enter(), "mount", *words], check=True)

    def _enter(self) -> list[str]:
        return ["nsenter", f"--target={self.holder}", "--mount", "--net", "--"]


@contextmanager
def enclosed(root: Path) -> Iterator[Enclosure]:
    """Encloses `root`; whatever still runs in there is killed at the end, and its mounts are gone."""
    apart = ["unshare", "--mount", "--net", "--"]
    with subprocess.Popen([*apart, "sleep", "infinity"], stdout=subprocess.DEVNULL) as unshare:
        try:
            _await_namespaces(unshare.pid)
            made = Enclosure(root, unshare.pid)
            subprocess.run([*made._enter(), sys.executable, "-c", _LOOPBACK_UP], check=True)
            yield made
        finally:
            unshare.kill()


def _await_namespaces(pid: int) -> None:
    """Back when that process has left the namespaces of this one."""
    while any(
        (Path("/proc") / str(pid) / "ns" / kind).readlink() == (_OWN / kind).readlink() for kind in ("net", "mnt")
    ):
        os.sched_yield()


def _child_of(pid: int) -> int:
    """The one child of a process, once it is there."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    while not (found := children.read_text().split()):
        os.sched_yield()
    return int(found[0])
