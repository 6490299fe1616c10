"""The clock is set while the product runs: all that is due is done once, and moves within a minute (F45 to F50)."""

from pathlib import Path

import pytest

from tests.conftest import BOTH
from tests.faults.periods import live_through, plan, require_each_once
from tests.support.databases import Databases
from tests.support.processes import Processes
from tests.support.town import Town
from tests.support.wallclock import WallClock
from tests.time.moments import AUTUMN, LEAP_DAY, SPRING, Moment


def two_schedulers_and_three_workers(url: str, folder: Path, moment: Moment) -> None:
    clock = WallClock(folder)
    with Town(url, folder / "inside") as town, Processes(url, folder) as processes:
        week = plan(town, moment)
        clock.set(week.begins)
        for part in ("scheduler", "worker", "worker", "worker", "scheduler"):
            clock.start(processes, part)
        live_through(week, town, clock)
        require_each_once(town, folder)


@pytest.mark.parametrize("system", BOTH)
@pytest.mark.parametrize("moment", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_f48_on_the_days_of_the_change_each_thing_happens_once(
    moment: Moment, system: str, databases: Databases, tmp_path: Path
) -> None:
    with databases.fresh(system) as url:
        two_schedulers_and_three_workers(url, tmp_path, moment)


def test_f49_on_29_february_each_thing_happens_once(sqlite_url: str, tmp_path: Path) -> None:
    two_schedulers_and_three_workers(sqlite_url, tmp_path, LEAP_DAY)
