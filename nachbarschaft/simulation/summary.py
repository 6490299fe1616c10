"""Means over seeds with 95 % confidence intervals, as JSON and as a table."""

from collections.abc import Sequence
from dataclasses import asdict
from math import sqrt
from statistics import mean, stdev
from typing import Any

from nachbarschaft.simulation.measures import METRICS, Measured
from nachbarschaft.simulation.running import Plan, Results

_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Student's t for 95 %, by degrees of freedom from 1; above, 1.96 + 2.4 / freedom is right to two digits."""

Figure = dict[str, float | None]
"""`mean`, and `ci95`: half the width of the interval, None for a single seed."""


def figure(values: Sequence[float]) -> Figure:
    """The mean of `values` and half the width of its 95 % confidence interval."""
    many = len(values)
    if many < 2:
        return {"mean": values[0], "ci95": None}
    factor = _T[many - 2] if many - 2 < len(_T) else 1.96 + 2.4 / (many - 1)
    return {"mean": mean(values), "ci95": factor * stdev(values) / sqrt(many)}


def summary(plan: Plan, results: Results) -> dict[str, Any]:
    """The object of contract, section 6. A metric that no seed has is left out."""
    return {
        "seeds": list(plan.seeds),
        "weeks": plan.weeks,
        "quarters": plan.quarters,
        "world": asdict(plan.world),
        "policies": {name: _figures(each) for name, each in results.items()},
    }


def _figures(each: Sequence[Measured]) -> dict[str, Figure]:
    found = {name: [one.metrics[name] for one in each if name in one.metrics] for name in METRICS}
    return {name: figure(values) for name, values in found.items() if values}


_COLUMNS = {
    "fill": "fill",
    "fill_last_two_weeks": "last 2 wk",
    "urgent_within_30_min": "urgent 30'",
    "median_minutes": "median min",
    "pushes_per_filled": "pushes/fill",
    "muted": "muted",
    "gini_tasks": "gini",
    "minority_fill": "minority",
    "majority_fill": "majority",
    "quarter_spread": "spread",
    "worst_quarter_fill": "worst",
}


def table(summed: dict[str, Any]) -> str:
    """The same to be read: mean ± half the interval, one line for each policy."""
    names = list(_COLUMNS) if summed["quarters"] > 1 else list(_COLUMNS)[:-2]
    rows = [["policy", *(_COLUMNS[name] for name in names)]]
    rows += [
        [policy, *(_cell(name, figures.get(name)) for name in names)] for policy, figures in summed["policies"].items()
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(_aligned(row, widths)).rstrip() for row in rows)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]


def _cell(name: str, value: Figure | None) -> str:
    if value is None:
        return "–"
    digits = 1 if name in ("median_minutes", "pushes_per_filled") else 3
    half = value["ci95"]
    return f"{value['mean']:.{digits}f}" + ("" if half is None else f" ±{half:.{digits}f}")
