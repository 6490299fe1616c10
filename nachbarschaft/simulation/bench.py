"""`python -m nachbarschaft.simulation.bench`: what `make bench-dispatch` runs."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from nachbarschaft.matching.policy import DEFAULT_POLICY
from nachbarschaft.simulation.running import Plan, run_all
from nachbarschaft.simulation.strategies import bounds, strategies
from nachbarschaft.simulation.summary import summary, table
from nachbarschaft.simulation.targets import BASE, CITY, TARGETS, TIRELESS, Policies, ratio
from nachbarschaft.simulation.world import world_with

_TIRELESS: Mapping[str, float] = {"fatigue": 0, "mute_probability": 0}
WORLDS: Mapping[str, Mapping[str, float]] = {
    "demand x 0.5": {"requests_per_volunteer_day": 0.015},
    "demand x 2": {"requests_per_volunteer_day": 0.06},
    "tolerance x 0.5": {"tolerance_factor": 0.5},
    "tolerance x 2.5": {"tolerance_factor": 2.5},
    "nobody tires or mutes": _TIRELESS,
    "fatigue doubled": {"fatigue": 0.3},
    "mutes never visible": {"mute_noticed": 0},
    "40 volunteers": {"volunteers": 40},
    "300 volunteers": {"volunteers": 300},
    "nobody looks unasked or says that they have time": {"opens_per_week": 0, "free_per_week": 0},
}
"""The sensitivity worlds of the research (section 5), and one without what the levers live on."""


@click.command()
@click.option("--seeds", default=20, show_default=True, help="Seeds of one quarter.")
@click.option("--city-seeds", default=5, show_default=True, help="Seeds of a hundred quarters.")
@click.option("--quarters", default=100, show_default=True, help="Quarters of the city; the targets are for 100.")
@click.option("--processes", default=os.cpu_count() or 1, help="Default: one a core.")
def main(seeds: int, city_seeds: int, quarters: int, processes: int) -> None:
    """Measure every target; ends with 1 where a “must” does not hold."""
    measured = {
        BASE: _summed(seeds, 1, processes, {}, _everything(1)),
        TIRELESS: _summed(seeds, 1, processes, _TIRELESS, ("notify_all", "ours", "bound")),
        CITY: _summed(city_seeds, quarters, processes, {}, _everything(quarters)),
    }
    for name in (BASE, CITY):
        click.echo(f"\n{name}\n{table(measured[name])}")
    failed = _print_targets({name: each["policies"] for name, each in measured.items()})
    _print_worlds(seeds, processes)
    sys.exit(1 if failed else 0)


def _everything(quarters: int) -> tuple[str, ...]:
    """All policies; in a city without the variants of `ours`, which one quarter tells apart."""
    ways = [name for name in strategies(DEFAULT_POLICY, quarters=quarters) if quarters == 1 or "_without_" not in name]
    return (*ways, *bounds(quarters=quarters))


def _summed(
    seeds: int, quarters: int, processes: int, values: Mapping[str, float], policies: tuple[str, ...]
) -> dict[str, Any]:
    world = world_with(dict(values), quarters=quarters)
    plan = Plan(world, DEFAULT_POLICY, policies, tuple(range(1, seeds + 1)), 8, quarters)
    return summary(plan, run_all(plan, processes=processes, progress=_say_progress))


def _print_targets(measured: Mapping[str, Policies]) -> int:
    """Prints the table of section 7; returns how many musts fail."""
    failed = 0
    rows = [("measure", "world", "measured", "must", "ambitious", "verdict")]
    for target in TARGETS:
        value = target.measure(measured[target.world])
        failed += not target.holds(value)
        sign = "≥" if target.rises else "≤"
        verdict = "ambitious" if target.is_ambitious(value) else "holds" if target.holds(value) else "FAILS"
        row = (f"{value:.3f}", f"{sign} {target.must}", f"{sign} {target.ambitious}", verdict)
        rows.append((target.name, target.world, *row))
    click.echo()
    _print_rows(rows)
    return failed


def _print_worlds(seeds: int, processes: int) -> None:
    rows: list[tuple[str, ...]] = [
        ("world", "fill ours / all", "fill ratio", "pushes ratio", "muted ratio", "fill / bound")
    ]
    for name, values in WORLDS.items():
        policies = _summed(seeds, 1, processes, values, ("notify_all", "ours", "bound"))["policies"]
        fills = " / ".join(f"{policies[each]['fill']['mean']:.3f}" for each in ("ours", "notify_all"))
        ratios = [ratio(metric, "notify_all")(policies) for metric in ("fill", "pushes_per_filled")]
        muted = ratio("muted", "notify_all")(policies) if policies["notify_all"]["muted"]["mean"] else float("nan")
        figures = (*ratios, muted, ratio("fill", "bound")(policies))
        rows.append((name, fills, *(f"{figure:.2f}" for figure in figures)))
    click.echo()
    _print_rows(rows)


def _print_rows(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(_padded(row, widths)).rstrip())


def _padded(row: tuple[str, ...], widths: Iterable[int]) -> list[str]:
    return [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]


def _say_progress(done: int, total: int) -> None:
    click.echo(f"{done} of {total} seeds", err=True)


if __name__ == "__main__":
    main()
