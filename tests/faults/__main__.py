"""The long runs: `python -m tests.faults [--seeds 50] [--first 1] [--points K1,K7] [--database sqlite] [--jobs 2]`.

Ctrl-C ends them after the runs that are under way, and what has been run until then is reported. With `--state FILE`
each good run is noted, and a later call with the same file goes on with the others.
"""

import argparse
import contextlib
import json
import logging
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import structlog

from tests.faults.evidence import Finding, Kind
from tests.faults.points import POINTS, death_of
from tests.faults.report import line, table, troubles
from tests.faults.running import Outcome, prepare, run
from tests.faults.striking import was_struck
from tests.support.databases import Databases
from tests.support.postgres import start_postgres

SYSTEMS = ("sqlite", "postgresql")
SEEDS = 50


def main() -> int:
    """Runs all seeds of all points on all databases; 1 where anything is wrong, 130 where it was interrupted."""
    options = _options()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="nachbarschaft-faults-") as name, start_postgres() as server:
        prepare(Path(name))
        databases = Databases(Path(name), server)
        campaign = Campaign(databases, Path(name), options)
        with contextlib.closing(databases), _interruptible(campaign):
            campaign.run_all()
    _say(f"\n{table(campaign.outcomes)}" if campaign.outcomes else "Nothing was run.")
    if not all(outcome.is_good for outcome in campaign.outcomes):
        return 1
    return 130 if campaign.stopped.is_set() else 0


class Campaign:
    """Point by point, database by database; some runs at a time."""

    def __init__(self, databases: Databases, folder: Path, options: argparse.Namespace) -> None:
        self._databases, self._folder, self._options = databases, folder, options
        self._making = threading.Lock()
        self._state = State(options.state)
        self.outcomes: list[Outcome] = []
        self.stopped = threading.Event()

    def run_all(self) -> None:
        with ThreadPoolExecutor(self._options.jobs) as pool:
            for name in self._options.points:
                for system in self._options.database:
                    self._run_point(pool, name, system)

    def _run_point(self, pool: ThreadPoolExecutor, name: str, system: str) -> None:
        """All seeds of one point; one line when they are through."""
        first = self._options.first
        seeds = [seed for seed in range(first, first + self._options.seeds) if not self._state.has(system, name, seed)]
        pending: dict[int, Future[Outcome | None]] = {
            seed: pool.submit(self._run_one, name, system, seed) for seed in seeds
        }
        outcomes = []
        for seed, future in pending.items():
            outcome = future.result()
            if outcome is None:
                continue
            outcomes.append(outcome)
            for trouble in troubles(system, seed, outcome):
                _say(trouble)
            if outcome.is_good:
                self._state.note(system, name, seed)
        if outcomes:
            self.outcomes += outcomes
            _say(line(system, outcomes))

    def _run_one(self, name: str, system: str, seed: int) -> Outcome | None:
        if self.stopped.is_set():
            return None
        death = death_of(POINTS[name], seed)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-{seed}-", dir=self._folder))
        with contextlib.ExitStack() as stack:
            with self._making:  # one at a time: a template must not be in use while it is copied
                url = stack.enter_context(self._databases.fresh(system))
            try:
                return run(death, f"{name}-{seed}", url, folder)
            except Exception as error:  # a run that breaks is a bad one, and the others go on
                return Outcome(death, was_struck(folder), [Finding(Kind.BROKEN, f"the run broke: {error!r}"[:2000])])


class State:
    """Which runs were good, in a file of one JSON line each; without a file it forgets."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path is not None and path.exists() else []
        self._good = {tuple(json.loads(line)) for line in lines}

    def has(self, *run: object) -> bool:
        return run in self._good

    def note(self, *run: object) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(run)}\n")


@contextlib.contextmanager
def _interruptible(campaign: Campaign) -> Iterator[None]:
    """Ctrl-C lets the runs that are under way end; the second one ends everything."""

    def stop(*_: object) -> None:
        if campaign.stopped.is_set():
            raise KeyboardInterrupt
        campaign.stopped.set()
        _say("Ending after the runs that are under way …")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"of each point on each database ({SEEDS})")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--points", type=_points, default=list(POINTS), metavar="K1,K2", help="only these points")
    parser.add_argument("--database", choices=SYSTEMS, action="append", help="only this one")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (2)")
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="notes good runs there, and leaves them out next time"
    )
    options = parser.parse_args()
    options.database = options.database or SYSTEMS
    return options


def _points(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in POINTS:
            raise argparse.ArgumentTypeError(f"there is no point {name}; there are {', '.join(POINTS)}")
    return names


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
