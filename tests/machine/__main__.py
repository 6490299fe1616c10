"""The long run: `python -m tests.machine --steps 100000 [--seed N] [--database sqlite|postgresql] [--shorten]`."""

import argparse
import logging
import random
import sys
import tempfile
import time
from pathlib import Path

import structlog

from tests.machine.comparing import Disagreement
from tests.machine.coverage import Coverage, NeverReached
from tests.machine.running import Stage, run
from tests.support.databases import Databases
from tests.support.postgres import start_postgres

SYSTEMS = ("sqlite", "postgresql")
TELL_EVERY = 5.0
"""Seconds between two lines of progress."""


def main() -> int:
    """Runs the machine on one database or on both; 1 where the product disagrees or something was never reached."""
    options = _options()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder, start_postgres() as server:
        databases = Databases(Path(folder), server)
        good = [_run(databases, system, Path(folder), options) for system in options.database]
        databases.close()
    return 0 if all(good) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.machine", description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000, help="on each database (100000)")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="of an earlier run, to repeat it")
    parser.add_argument("--database", choices=SYSTEMS, action="append", help="only this one")
    parser.add_argument("--shorten", action="store_true", help="look for the shortest example of what fails")
    options = parser.parse_args()
    options.database = options.database or SYSTEMS
    return options


def _run(databases: Databases, system: str, folder: Path, options: argparse.Namespace) -> bool:
    _say(f"{system}: {options.steps} steps, --seed {options.seed}")
    tell = Progress()
    with Stage(databases, system, folder) as stage:
        try:
            coverage = run(stage, options.steps, seeded=options.seed, shortens=options.shorten, tell=tell)
            _say(f"{coverage.table()}\n{system}: {tell.line(coverage)}")
            coverage.require_all()
        except (Disagreement, NeverReached) as found:
            _say(f"{system}, --seed {options.seed}: {found}")
            return False
    return True


class Progress:
    """Says every few seconds how far it is."""

    def __init__(self) -> None:
        self._began = self._told = time.monotonic()

    def __call__(self, coverage: Coverage) -> None:
        if time.monotonic() - self._told >= TELL_EVERY:
            self._told = time.monotonic()
            _say(self.line(coverage))

    def line(self, coverage: Coverage) -> str:
        """Steps, what was reached, and steps per second."""
        return f"{coverage}, {coverage.steps / (time.monotonic() - self._began):.0f} a second"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
