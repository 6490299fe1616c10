"""Starts the two servers beside each other, loads them, and says what one turn of load has cost."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.bench import require, settings_for
from tests.benchmarks.figures import CPU_MICROS, MEDIAN_MS, REQUESTS, TAIL_MS, percentile
from tests.benchmarks.load import Calls, drive
from tests.benchmarks.rounds import Sample
from tests.benchmarks.server import CPU_PATH
from tests.support.caller import Caller
from tests.support.processes import STARTS_WITHIN, environment, free_port, wait_until

ENDS_WITHIN = 20


@dataclass(frozen=True, slots=True)
class Served:
    """One server, `product` or `raw`."""

    name: str
    port: int
    log: Path
    process: subprocess.Popen[bytes]

    def answer(self, path: str, headers: dict[str, str] | None = None) -> str:
        """The body of one GET, which has to succeed."""
        with Caller(self.port) as caller:
            reply = caller.call("GET", path, headers=headers)
        require(reply.status_code == 200, f"{self.name} answered {reply.status_code} to {path}: {reply.text[:300]}")
        return reply.text

    def loaded(self, calls: Calls) -> Sample:
        """One turn of load, all its answers as expected."""
        before = int(self.answer(CPU_PATH))
        load = drive(self.port, calls)
        cpu = int(self.answer(CPU_PATH)) - before
        return {
            REQUESTS: len(load.latencies) / load.seconds,
            MEDIAN_MS: percentile(load.latencies, 0.5) * 1000,
            TAIL_MS: percentile(load.latencies, 0.95) * 1000,
            CPU_MICROS: cpu / 1000 / len(load.latencies),
        }


@contextmanager
def both_served(database_url: str, folder: Path) -> Iterator[tuple[Served, Served]]:
    """The product and the raw application on one database; both are gone afterwards."""
    with ExitStack() as stack:
        product, raw = (stack.enter_context(_started(name, database_url, folder)) for name in ("product", "raw"))
        for served in (product, raw):
            _await(served)
        yield product, raw


@contextmanager
def _started(name: str, database_url: str, folder: Path) -> Iterator[Served]:
    port, log = free_port(), folder / f"{name}.log"
    settings = settings_for(database_url) | {"PORT": str(port)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.server", name],
            cwd=folder,
            env=environment(**settings),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Served(name, port, log, process)
    finally:
        _end(process)


def _await(served: Served) -> None:
    wait_until(lambda: served.process.poll() is not None or _answers(served), within=STARTS_WITHIN)
    said = served.log.read_text(encoding="utf-8")[-2000:]
    require(served.process.poll() is None, f"the server {served.name} did not start: {said}")


def _answers(served: Served) -> bool:
    try:
        with Caller(served.port) as caller:
            return caller.call("GET", CPU_PATH).status_code == 200
    except OSError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stops it as an operator does; what does not stop is killed (its worker notices that within a second)."""
    process.terminate()
    try:
        process.wait(ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
