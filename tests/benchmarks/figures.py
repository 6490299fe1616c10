"""What a benchmark gives: a figure with its baseline, and the ratio between the two."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Any

MORE, LESS = "more", "less"
"""Which way is better."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What is counted, in its unit; `better` is MORE or LESS."""

    name: str
    better: str


REQUESTS = Measure("requests/s", MORE)
ROWS = Measure("rows/s", MORE)
PUSHES = Measure("pushes/s", MORE)
MEDIAN_MS = Measure("p50 ms", LESS)
TAIL_MS = Measure("p95 ms", LESS)
CPU_MICROS = Measure("worker CPU µs/request", LESS)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of one benchmark on one database; a value for each round, of which the median counts."""

    benchmark: str
    system: str
    measure: Measure
    measured_rounds: Sequence[float]
    baseline_rounds: Sequence[float]
    means: str

    @property
    def measured(self) -> float:
        return median(self.measured_rounds)

    @property
    def baseline(self) -> float:
        return median(self.baseline_rounds)

    @property
    def ratio(self) -> float:
        return self.measured / self.baseline

    def as_json(self) -> dict[str, Any]:
        return {
            "benchmark": self.benchmark,
            "system": self.system,
            "figure": self.measure.name,
            "better": self.measure.better,
            "measured": self.measured,
            "baseline": self.baseline,
            "ratio": self.ratio,
            "measured_range": [min(self.measured_rounds), max(self.measured_rounds)],
            "baseline_range": [min(self.baseline_rounds), max(self.baseline_rounds)],
            "means": self.means,
        }


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[ceil(share * len(ordered)) - 1]
