"""Every job stands in the timetable under its contract's name, and something is done every minute."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, get_type_hints

import jobs
from jobs.job import Counts, Job
from jobs.schedule import TIMETABLE
from nachbarschaft.bootstrap import Wiring
from tests.support.town import Town

DUE_BY_NOW = {
    "expire-requests",
    "send-waves",
    "deliver-pushes",
    "remind-helpers",
    "close-forgotten",
    "prune-devices",
    "forget-personal-data",
    "seal-audit",
}
"""The contract's, section 9."""
AS_OF = {"wiring": Wiring, "now": datetime, "return": Counts}


def jobs_in_modules() -> Iterator[Callable[..., Any]]:
    """Every public function of the folder that has the shape of a job."""
    for found in pkgutil.iter_modules(jobs.__path__, "jobs."):
        module = importlib.import_module(found.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_") and _is_job(function):
                yield function


def _is_job(function: Callable[..., Any]) -> bool:
    return get_type_hints(function) == AS_OF


def test_every_job_stands_in_the_timetable() -> None:
    written = set(jobs_in_modules())

    assert len(written) >= len(DUE_BY_NOW)
    assert written == {job.run for job in TIMETABLE}


def test_the_jobs_have_the_names_of_the_contract() -> None:
    names = [job.name for job in TIMETABLE]

    assert len(names) == len(set(names))
    assert set(names) >= DUE_BY_NOW
    assert {job.name.replace("-", "_") for job in TIMETABLE} == {job.run.__name__ for job in TIMETABLE}


def test_at_least_one_job_runs_every_minute() -> None:
    assert any(job.every_seconds == 60 for job in TIMETABLE)


def test_every_job_may_run_twice_and_with_nothing_to_do(small_town: Town) -> None:
    for job in TIMETABLE:
        first, second = small_town.run(job.name), small_town.run(job.name)

        assert set(first.values()) == set(second.values()) == {0}, job.name
        assert first.keys() == second.keys(), job.name


def test_a_run_is_noted_with_its_time(small_town: Town) -> None:
    job: Job = TIMETABLE[0]
    small_town.run(job.name)
    small_town.clock.forward(minutes=5)
    small_town.run(job.name)

    noted = next(entry for entry in small_town.call("GET", "/health/ready").json["jobs"] if entry["name"] == job.name)

    assert noted["last_success_at"] == small_town.in_hours(0)
    assert noted["last_error_at"] is None
