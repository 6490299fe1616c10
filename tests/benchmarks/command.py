"""The command: chooses benchmarks, runs them on throw-away databases, and reports."""

import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import click

from nachbarschaft.logs import configure_logs
from tests.benchmarks import accepting, claiming, draining, expiring, listing, matching, outage, sending, taking_over
from tests.benchmarks.bench import SEED, Bench, Broken
from tests.benchmarks.figures import Figure
from tests.benchmarks.report import document, table
from tests.support.databases import Databases
from tests.support.postgres import start_postgres
from tests.support.postgres_binaries import PostgresNotFound
from tests.support.postgres_cluster import PostgresDidNotStart

ROUNDS, QUICK_ROUNDS = 5, 1
SECONDS, QUICK_SECONDS = 2.0, 0.5


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One that can be chosen, and how much of everything it takes."""

    run: Callable[[Bench], list[Figure]]
    size: int
    quick_size: int


BENCHMARKS = {
    "list": Benchmark(listing.list_open_requests, listing.SIZE, listing.QUICK_SIZE),
    "accept": Benchmark(accepting.accept_requests, accepting.SIZE, accepting.QUICK_SIZE),
    "match": Benchmark(matching.match_requests, matching.SIZE, matching.QUICK_SIZE),
    "match-growth": Benchmark(matching.match_grown, matching.GROWN_SIZE, matching.QUICK_SIZE),
    "outbox": Benchmark(claiming.claim_and_settle, claiming.SIZE, claiming.QUICK_SIZE),
    "drain": Benchmark(draining.drain_pushes, draining.SIZE, draining.QUICK_SIZE),
    "send": Benchmark(sending.send_pushes, sending.SIZE, sending.QUICK_SIZE),
    "outage": Benchmark(outage.outlive_outage, outage.SIZE, outage.QUICK_SIZE),
    "takeover": Benchmark(taking_over.take_over, taking_over.SIZE, taking_over.QUICK_SIZE),
    "expire": Benchmark(expiring.expire_stale_requests, expiring.SIZE, expiring.QUICK_SIZE),
}


def _chosen(_context: click.Context, _parameter: click.Parameter, text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in BENCHMARKS:
            raise click.BadParameter(f"there is no benchmark “{name}”; there are {', '.join(BENCHMARKS)}.")
    return names


@click.command()
@click.option("--only", default=",".join(BENCHMARKS), metavar="A,B", callback=_chosen, help="Only these benchmarks.")
@click.option("--size", type=click.IntRange(2, 1_000_000), help="Rows: requests, offers or pushes; each has its own.")
@click.option("--rounds", type=click.IntRange(1, 100), help=f"Rounds whose median counts; {ROUNDS}.")
@click.option("--seconds", type=click.FloatRange(0.05, 60), help=f"Load in one turn of the list; {SECONDS:g}.")
@click.option("--quick", is_flag=True, help="Small sizes and few rounds: whether it works, not how fast it is.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of the table.")
def bench(
    *, only: list[str], size: int | None, rounds: int | None, seconds: float | None, quick: bool, as_json: bool
) -> None:
    """Measure the product beside its baselines, on a real PostgreSQL and on SQLite."""
    rounds = rounds or (QUICK_ROUNDS if quick else ROUNDS)
    seconds = seconds or (QUICK_SECONDS if quick else SECONDS)
    figures: list[Figure] = []
    with _surroundings(rounds, seconds) as surroundings:
        for name in only:
            chosen = BENCHMARKS[name]
            mine = size or (chosen.quick_size if quick else chosen.size)
            figures += chosen.run(replace(surroundings, size=mine, say=_teller(name)))
    run = {"seed": SEED, "rounds": rounds, "seconds": seconds, "size": size, "quick": quick}
    click.echo(document(figures, **run) if as_json else table(figures))


@contextmanager
def _surroundings(rounds: int, seconds: float) -> Iterator[Bench]:
    """A PostgreSQL, found or started as for `make test`, and an empty folder."""
    with tempfile.TemporaryDirectory(prefix="nachbarschaft-bench-") as name, start_postgres() as server:
        folder = Path(name)
        databases = Databases(folder, server)
        with closing(databases), (folder / "product.log").open("w", encoding="utf-8") as log:
            _log_into(log)
            yield Bench(databases, folder, size=0, rounds=rounds, seconds=seconds, say=_teller("bench"))


def _log_into(file: TextIO) -> None:
    """The product writes its log as it does in service, but not between the figures."""
    configure_logs("json")
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(file)


def _teller(name: str) -> Callable[[str], None]:
    begun = time.perf_counter()
    return lambda text: click.echo(f"[{time.perf_counter() - begun:5.1f} s] {name}: {text}", err=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Says in one sentence what is wrong with the options (exit code 2) or with the run (1)."""
    try:
        bench.main(arguments, prog_name="make bench", standalone_mode=False)
    except click.ClickException as error:
        click.echo(error.format_message(), err=True)
        sys.exit(error.exit_code)
    except (Broken, PostgresNotFound, PostgresDidNotStart) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except click.Abort:
        sys.exit(130)
