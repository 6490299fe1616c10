"""The command cannot rot: a tiny run of every benchmark gives every figure. How fast anything is, is nobody's test."""

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.benchmarks.bench import Broken
from tests.benchmarks.command import main
from tests.benchmarks.figures import LESS, MORE, ROWS, Figure, Measure, percentile
from tests.benchmarks.load import Calls, call, drive, for_seconds
from tests.benchmarks.report import table
from tests.benchmarks.rounds import Pair, take_turns
from tests.support.processes import environment

ROOT = Path(__file__).parents[2]
HANGS_AFTER = 480
"""Seconds; a run takes about thirty of a machine's own."""
pytestmark = pytest.mark.timeout(HANGS_AFTER + 30)
TINY = ("--quick", "--json", "--size", "8", "--rounds", "1", "--seconds", "0.05")
OVER_HTTP = {"requests/s", "p50 ms", "p95 ms", "worker CPU µs/request"}
EXPECTED = {
    ("list", "postgresql"): OVER_HTTP,
    ("accept", "postgresql"): {"requests/s", "p50 ms"},
    ("accept", "sqlite"): {"requests/s", "p50 ms"},
    ("accept over HTTP", "postgresql"): OVER_HTTP,
    ("match", "postgresql"): {"p50 ms", "p95 ms"},
    ("match", "sqlite"): {"p50 ms", "p95 ms"},
    ("match, 16 in 25 quarters", "postgresql"): {"p50 ms", "p95 ms"},
    ("match, growth in 25 quarters", "postgresql"): {"p50 ms", "p95 ms"},
    ("match, 16 in quarters of 400", "postgresql"): {"p50 ms", "p95 ms"},
    ("match, growth in quarters of 400", "postgresql"): {"p50 ms", "p95 ms"},
    ("outbox", "postgresql"): {"rows/s"},
    ("outbox", "sqlite"): {"rows/s"},
    ("send", "postgresql"): {"pushes/s"},
    ("send", "sqlite"): {"pushes/s"},
    ("send, answered at once", "postgresql"): {"pushes/s"},
    ("send, answered at once", "sqlite"): {"pushes/s"},
    ("API in an outage", "postgresql"): {"p99 ms"},
    ("API in an outage", "sqlite"): {"p99 ms"},
    ("outage", "postgresql"): {"simulated seconds until all is out", "MB more memory"},
    ("outage", "sqlite"): {"simulated seconds until all is out", "MB more memory"},
    ("take over", "postgresql"): {"seconds without a leader"},
    ("take over", "sqlite"): {"seconds without a leader"},
    ("drain", "postgresql"): {"rows/s"},
    ("drain", "sqlite"): {"rows/s"},
    ("expire", "postgresql"): {"rows/s"},
    ("expire", "sqlite"): {"rows/s"},
}


@pytest.fixture(scope="module")
def figures() -> list[dict[str, Any]]:
    """What the command prints after it has run every benchmark once, with a handful of everything."""
    command = [sys.executable, "-m", "tests.benchmarks", *TINY]
    run = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=HANGS_AFTER
    )
    assert run.returncode == 0, run.stderr
    printed: list[dict[str, Any]] = json.loads(run.stdout)["figures"]
    return printed


def test_every_benchmark_gives_each_of_its_figures_once(figures: list[dict[str, Any]]) -> None:
    found = sorted((one["benchmark"], one["system"], one["figure"]) for one in figures)

    assert found == sorted((*which, name) for which, names in EXPECTED.items() for name in names)


def test_every_figure_is_measured_and_its_ratio_is_that_to_the_baseline(figures: list[dict[str, Any]]) -> None:
    for one in figures:
        assert one["measured"] > 0, one
        assert one["baseline"] > 0, one
        assert one["ratio"] == pytest.approx(one["measured"] / one["baseline"]), one


def test_more_is_better_for_rates_and_less_for_times(figures: list[dict[str, Any]]) -> None:
    rates = {one["figure"]: one["better"] for one in figures}

    assert {name: better == MORE for name, better in rates.items()} == {
        name: name.endswith("/s") for names in EXPECTED.values() for name in names
    }


def test_the_median_of_the_rounds_counts() -> None:
    figure = Figure("drain", "sqlite", ROWS, [90.0, 10.0, 20.0], [5.0, 4.0, 300.0], "")

    assert (figure.measured, figure.baseline, figure.ratio) == (20.0, 5.0, 4.0)
    assert figure.as_json()["measured_range"] == [10.0, 90.0]


def test_the_table_says_what_a_figure_means_and_which_way_is_better() -> None:
    said = table([Figure("drain", "sqlite", ROWS, [1500.0], [3000.0], "Sends what is due.")])

    assert "drain: Sends what is due." in said
    assert said.splitlines()[3].split() == ["drain,", "sqlite:", "rows/s", "1,500", "3,000", "0.500", MORE]
    assert LESS in said


def test_neither_side_always_goes_first() -> None:
    order: list[str] = []

    def turn(name: str, rate: float) -> dict[Measure, float]:
        order.append(name)
        return {ROWS: rate}

    pair = Pair(lambda: turn("ours", 2.0), lambda: turn("floor", 4.0))
    series = take_turns(pair, 2, lambda _text: None)

    uncounted, first, second = order[:2], order[2:4], order[4:]
    assert (uncounted, first, second) == (["ours", "floor"], ["ours", "floor"], ["floor", "ours"])
    assert [figure.ratio for figure in series.figures("drain", "sqlite", "")] == [0.5]


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([float(number) for number in range(1, 101)], 0.95) == 95.0
    assert percentile([7.0], 0.95) == 7.0


@pytest.fixture
def counting_server() -> Iterator["_CountingServer"]:
    with _CountingServer(("127.0.0.1", 0), _Counting) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_load_asks_each_request_once_and_hears_every_answer(counting_server: "_CountingServer") -> None:
    paths = [f"/{number}" for number in range(30)]

    load = drive(counting_server.server_port, Calls([call("GET", path) for path in paths], 200))

    assert sorted(counting_server.asked) == sorted(paths)
    assert len(load.latencies) == 30
    assert 0 < max(load.latencies) <= load.seconds


def test_load_for_a_time_asks_at_least_once_on_each_connection(counting_server: "_CountingServer") -> None:
    load = drive(counting_server.server_port, Calls(for_seconds(call("GET", "/same"), 0.0), 200))

    assert len(load.latencies) == len(counting_server.asked) >= 8


def test_an_answer_that_was_not_expected_ends_the_run(counting_server: "_CountingServer") -> None:
    with pytest.raises(Broken, match="expected 201"):
        drive(counting_server.server_port, Calls([call("GET", "/")], 201))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--only", "list,everything"], "there is no benchmark “everything”"),
        (["--rounds", "0"], "0 is not in the range"),
        (["--size", "many"], "'many' is not a valid integer range"),
        (["--fast"], "No such option"),
    ],
)
def test_bad_options_are_refused_in_one_sentence(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(options)

    assert ended.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]


class _CountingServer(ThreadingHTTPServer):
    """Remembers what it was asked."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.asked: list[str] = []


class _Counting(BaseHTTPRequestHandler):
    """Answers 200 over connections that are kept."""

    protocol_version = "HTTP/1.1"
    server: _CountingServer

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""
