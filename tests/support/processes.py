"""Real `nachbarschaft` processes, started and ended by tests; none of them outlives the test, however that ends."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from nachbarschaft.config import PREFIX
from tests.support.caller import Caller
from tests.support.family import family_of, kill_all
from tests.support.town import DATA_KEY, JWT_KEY

ROOT = Path(__file__).parents[2]
PLAIN = ("-m", "nachbarschaft")
STARTS_WITHIN = 40.0
ENDS_WITHIN = 25.0
"""Seconds that a process has from SIGTERM until it must be gone."""
_NOT_INHERITED = (PREFIX, "HOST", "PORT", "PYTHONDONTWRITEBYTECODE")
"""Settings of whoever runs the tests; and byte code is kept, so that not every process compiles the product anew."""


@dataclass
class Process:
    """One process; what it writes goes to the file `log`."""

    command: tuple[str, ...]
    popen: subprocess.Popen[bytes]
    log: Path
    port: int

    @property
    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    @property
    def runs(self) -> bool:
        return self.popen.poll() is None

    def says(self, text: str, *, within: float = STARTS_WITHIN) -> None:
        """Waits until `text` has been written."""
        wait_until(lambda: text in self.output or not self.runs, within=within)
        assert text in self.output, self.output

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Tells it to stop, as an operator does, and returns its exit code."""
        self.popen.send_signal(number)
        return self.ended()

    def ended(self, *, within: float = ENDS_WITHIN) -> int:
        """Waits for the end and returns the exit code."""
        return self.popen.wait(within)

    def kill(self) -> None:
        """kill -9, at once, with all that it has started."""
        family = family_of(self.popen.pid) if self.runs else []
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        kill_all(family)
        self.popen.wait()

    def kill_alone(self) -> None:
        """kill -9 for this process only."""
        self.popen.kill()
        self.popen.wait()


class Processes:
    """Starts processes on one database; use it as a context manager, which kills whatever still runs.

    Should the tests themselves be killed, the processes end too: they hold the other end of their standard input.
    """

    def __init__(self, database_url: str, folder: Path, **settings: str) -> None:
        """`settings` are named without their prefix: `FCM_URL="http://…"`; an empty one stands for its default."""
        self._settings = {"DATABASE_URL": database_url, "JWT_KEYS": JWT_KEY, "DATA_KEYS": DATA_KEY} | settings
        self._folder = folder
        self._started: list[Process] = []
        self._numbers = count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._started:
            process.kill()
            if process.popen.stdin is not None:
                process.popen.stdin.close()
        if error is not None:
            for process in self._started:
                sys.stderr.write(f"--- {' '.join(process.command)}\n{process.output[-3000:]}\n")

    def start(
        self, *command: str, port: int | None = None, launcher: Sequence[str] = PLAIN, **settings: str
    ) -> Process:
        """Starts `nachbarschaft COMMAND…` and does not wait for anything; `launcher` starts it in another way."""
        port = port or free_port()
        log = self._folder / f"{next(self._numbers)}-{command[0]}.log"
        env = environment(PORT=str(port), **{**self._settings, **settings})
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [sys.executable, *launcher, "--ends-with-stdin", *command],
                cwd=self._folder,
                env=env,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = Process(command, popen, log, port)
        self._started.append(process)
        return process

    def api(self, *, port: int | None = None) -> Process:
        """Starts the API and waits until it is ready."""
        process = self.start("api", port=port)
        await_ready(process)
        return process


class Household:
    """What `make run` starts, in an empty folder of its own: the embedded database, the demo, recorded pushes."""

    def __init__(self, folder: Path, *, env: Mapping[str, str] | None = None) -> None:
        """`env` is added to the environment as it stands."""
        settings = {name.removeprefix(PREFIX): value for name, value in (env or {}).items()}
        self._processes = Processes("", folder, **{"JWT_KEYS": "", "DATA_KEYS": "", **settings})
        self.url = ""

    def __enter__(self) -> Self:
        up = self._processes.start("up", "--demo")
        up.says("Ctrl-C stops everything.")
        self.url = f"http://127.0.0.1:{up.port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._processes.__exit__(kind, error, trace)


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without anybody's settings, and with these instead."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    mine = {PREFIX + name: value for name, value in settings.items()}
    return clean | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"} | mine


def await_ready(process: Process) -> None:
    """Waits until `/health/ready` answers 200."""
    with Caller(process.port) as caller:
        wait_until(lambda: not process.runs or _is_ready(caller), within=STARTS_WITHIN)
    assert process.runs, process.output


def _is_ready(caller: Caller) -> bool:
    try:
        return caller.call("GET", "/health/ready").status_code == 200
    except OSError:
        return False


def wait_until(holds: Callable[[], object], *, within: float) -> None:
    """Looks every few milliseconds; fails with what was waited for after `within` seconds."""
    end = time.monotonic() + within
    while not holds():
        assert time.monotonic() < end, f"did not happen within {within} s"
        time.sleep(0.03)


def free_port() -> int:
    """A port on which nobody listens, outside of the range from which systems take ports for outgoing calls."""
    for port in _shuffled_ports():
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise LookupError("no free port")


def _shuffled_ports() -> Iterator[int]:
    chance = random.SystemRandom()  # tests fix the seed of the usual one, in every test process alike
    while True:
        yield chance.randrange(15_000, 32_000)
