"""How long nobody leads: the leading scheduler is killed, beside one that is told to stop."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

from sqlalchemy import func, select

from models.event import JobRun
from nachbarschaft.database import Database
from tests.benchmarks.bench import SEED, Bench
from tests.benchmarks.figures import LESS, Figure, Measure
from tests.benchmarks.rounds import Pair, Sample, take_turns
from tests.support.processes import Process, Processes, wait_until

SIZE = QUICK_SIZE = 2
"""Schedulers, of which one leads."""
TAKES_OVER_WITHIN = 20.0
SECONDS_WITHOUT = Measure("seconds without a leader", LESS)
MEANS = (
    "Two schedulers; the leader is killed (kill -9), and then: seconds until the other one leads and has run a job. "
    "Baseline: the leader gets SIGTERM, finishes and hands over."
)


def take_over(bench: Bench) -> list[Figure]:
    return [*_taken_over_on(bench, "postgresql"), *_taken_over_on(bench, "sqlite")]


def _taken_over_on(bench: Bench, system: str) -> list[Figure]:
    chance = Random(SEED)
    with bench.databases.fresh(system) as url, Processes(url, bench.folder) as processes:
        database = Database(url)
        leader = processes.start("scheduler")
        leader.says("scheduler_leads")

        def turn(end: Callable[[Process], object]) -> Sample:
            nonlocal leader
            heir = processes.start("scheduler")
            heir.says("scheduler_ready")
            time.sleep(chance.uniform(0.0, 1.0))  # it looks every second, and may just have looked
            seconds = _seconds_without(database, leader, heir, end)
            leader = heir
            return {SECONDS_WITHOUT: seconds}

        bench.say(f"on {system}")
        pair = Pair(lambda: turn(Process.kill), lambda: turn(Process.stop))
        figures = take_turns(pair, bench.rounds, bench.say).figures("take over", system, MEANS)
        database.close()
        return figures


def _seconds_without(database: Database, leader: Process, heir: Process, end: Callable[[Process], object]) -> float:
    at, begun = datetime.now(UTC), time.perf_counter()
    end(leader)
    heir.says("scheduler_leads", within=TAKES_OVER_WITHIN)
    wait_until(lambda: _has_run_since(database, at), within=TAKES_OVER_WITHIN)
    return time.perf_counter() - begun


def _has_run_since(database: Database, at: datetime) -> bool:
    with database.reading() as session:
        last = session.scalar(select(func.max(JobRun.last_success_at)))
        return last is not None and last > at
