"""One table for people, one JSON document for programs."""

import json
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any

from tests.benchmarks.figures import Figure

_WIDTH = 100
_HEADER = ("", "measured", "baseline", "ratio", "better")
LEGEND = (
    "ratio = measured / baseline, medians of rounds that took turns in this run. Where more is better, above 1 beats "
    "the baseline; where less is better, below 1 does. Only ratios carry over to other machines."
)


def table(figures: Sequence[Figure]) -> str:
    """The figures of each benchmark and database below what they mean."""
    rows = [_HEADER, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    lines = [_line(_HEADER, widths)]
    shown = ""
    for figure in figures:
        if figure.means != shown:
            lines += ["", *wrap(f"{figure.benchmark}: {figure.means}", _WIDTH)]
            shown = figure.means
        lines.append(_line(_row(figure), widths))
    return "\n".join([*lines, "", *wrap(LEGEND, _WIDTH)])


def document(figures: Iterable[Figure], **run: Any) -> str:
    """The same as JSON, with the ranges over all rounds and what was asked for."""
    return json.dumps({**run, "figures": [figure.as_json() for figure in figures]}, ensure_ascii=False, indent=2)


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        f"  {figure.benchmark}, {figure.system}: {figure.measure.name}",
        _number(figure.measured),
        _number(figure.baseline),
        f"{figure.ratio:.3f}" if figure.ratio < 10 else f"{figure.ratio:.1f}",
        figure.measure.better,
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *numbers, last = (
        cell.ljust(width) if column in {0, len(cells) - 1} else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *numbers, last]).rstrip()
