"""The door's own commands: `worker`, `scheduler` and `jobs`."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import click

from jobs.couriers import couriers
from jobs.delivery import drain
from jobs.job import Counts, Job, run_job
from jobs.leader import leadership
from jobs.schedule import TIMETABLE
from jobs.scheduler import keep_time
from jobs.stopping import stop_flag
from jobs.worker import work
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.cli.failing import explained, wire_up
from nachbarschaft.clock import FixedClock
from nachbarschaft.queries.job_runs import job_health

EARLIEST_YEAR, LATEST_YEAR = 2000, 2200


@click.command()
@explained
def worker() -> None:
    """Deliver pushes; any number may run."""
    stop = stop_flag()
    wiring = wire_up()
    try:
        with couriers(wiring, stop) as at_work:
            work(at_work, stop)
    finally:
        wiring.database.close()


@click.command()
@explained
def scheduler() -> None:
    """Keep the timetable; any number may run, one leads."""
    stop = stop_flag()
    wiring = wire_up()
    keep_time(wiring, leadership(wiring.settings), stop)
    wiring.database.close()


@click.group()
def jobs() -> None:
    """The timetable."""


@jobs.command("list")
@explained
def list_() -> None:
    """One line a job: its name, how often it runs, when it last succeeded."""
    with wire_up().reading() as context:
        health = {entry["name"]: entry["last_success_at"] for entry in job_health(context)}
    for job in TIMETABLE:
        last = health.get(job.name)
        said = last.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if last else "never"
        click.echo(f"{job.name:<18} every {job.every_seconds:>3} s   last success {said}")


@jobs.command()
@click.argument("name", type=click.Choice([job.name for job in TIMETABLE]))
@click.option("--at", "at", metavar="TIME", help="As if the clock stood there (RFC 3339).")
@explained
def run(name: str, at: str | None) -> None:
    """Run one job now, or as if the clock stood at TIME; prints what it did as one JSON line."""
    instant = _instant(at) if at else None
    wiring = wire_up()
    job = _by_hand(next(job for job in TIMETABLE if job.name == name))
    done = run_job(_as_of(job) if instant else job, wiring, instant or wiring.clock.now())
    click.echo(json.dumps({"job": name, **done}))


def _by_hand(job: Job) -> Job:
    """By hand, delivery drains once; on the timetable it only frees leases, for the worker sends."""
    return replace(job, run=_drain_once) if job.name == "deliver-pushes" else job


def _as_of(job: Job) -> Job:
    """The job with its clock standing still; when it ran is noted by the real one."""
    return replace(job, run=lambda wiring, now: job.run(replace(wiring, clock=FixedClock(now)), now))


def _drain_once(wiring: Wiring, now: datetime) -> Counts:
    total: Counter[str] = Counter()
    with couriers(wiring) as at_work:
        for courier in at_work:
            total.update(drain(courier, now))
    return dict(total)


def _instant(text: str) -> datetime:
    """An instant with a zone, far enough from the ends of the calendar to reckon with."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None or not EARLIEST_YEAR <= instant.year < LATEST_YEAR:
        raise click.BadParameter(f"“{text}” is no RFC 3339 time such as 2026-12-24T18:00:00+01:00.", param_hint="--at")
    return instant
