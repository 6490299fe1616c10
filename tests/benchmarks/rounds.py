"""Takes turns: the product and its baseline meet the same machine, noise and all, and neither always goes first."""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.benchmarks.figures import Figure, Measure

Sample = Mapping[Measure, float]
Turn = Callable[[], Sample]


@dataclass(frozen=True, slots=True)
class Pair:
    """What the product does and what it is compared with. A turn makes its own rows, and times only the work."""

    measured: Turn
    baseline: Turn


@dataclass(frozen=True, slots=True)
class Series:
    """What the rounds gave, in their order."""

    measured: list[Sample] = field(default_factory=list)
    baseline: list[Sample] = field(default_factory=list)

    def figures(self, benchmark: str, system: str, means: str) -> list[Figure]:
        return [
            Figure(
                benchmark,
                system,
                measure,
                [sample[measure] for sample in self.measured],
                [sample[measure] for sample in self.baseline],
                means,
            )
            for measure in self.measured[0]
        ]


def take_turns(pair: Pair, rounds: int, say: Callable[[str], None]) -> Series:
    """So many rounds after one that does not count; the order is reversed in every other one."""
    series = Series()
    _round(pair, Series(), reverse=False)
    for number in range(rounds):
        _round(pair, series, reverse=number % 2 == 1)
        say(f"round {number + 1} of {rounds}: {_said(series.measured[-1])}, beside {_said(series.baseline[-1])}")
    return series


def _round(pair: Pair, series: Series, *, reverse: bool) -> None:
    turns = [(series.measured, pair.measured), (series.baseline, pair.baseline)]
    for samples, turn in reversed(turns) if reverse else turns:
        gc.collect()
        samples.append(turn())


def _said(sample: Sample) -> str:
    measure, value = next(iter(sample.items()))
    return f"{value:,.4g} {measure.name}"
