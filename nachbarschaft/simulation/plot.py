"""Draws what was measured as one SVG: fill and muted over weeks, and the spread over quarters."""

from collections.abc import Sequence
from html import escape
from statistics import mean

from nachbarschaft.simulation.measures import quantile
from nachbarschaft.simulation.running import Results

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#806000", "#000000")
_DASHES = ("", "8 3", "2 3", "10 3 2 3", "5 5")
_WIDTH, _HEIGHT, _PANEL, _TOP, _LEFT = 1180, 420, 340, 50, 50
_ROW = 18
_GRID = 5


def plot(results: Results, weeks: int) -> str:
    """The drawing: each policy has a colour, a dash and its name in the legend, so that colour alone says nothing."""
    names = list(results)
    fill = {name: _course([one.fill_by_week for one in results[name]]) for name in names}
    muted = {name: _course([one.muted_by_week for one in results[name]]) for name in names}
    panels = [
        _panel(0, "Requests filled, by week", _lines(fill, names), _ticks(weeks)),
        _panel(1, "Volunteers who muted the app, by week", _lines(muted, names), _ticks(weeks)),
        _panel(2, "Fill of quarters: 10 %, 50 %, 90 %", _spreads(results), ""),
    ]
    height = _HEIGHT + _ROW * ((len(names) + 2) // 3)
    described = "; ".join(f"{name}: {mean(one.metrics.get('fill', 0) for one in results[name]):.2f}" for name in names)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        'aria-labelledby="title desc" font-family="sans-serif" font-size="12">\n'
        '<title id="title">Ways of asking volunteers, side by side</title>\n'
        f'<desc id="desc">Share of requests filled in the mean: {escape(described)}.</desc>\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>\n'
        + "\n".join(panels)
        + "\n"
        + _legend(names)
        + "</svg>\n"
    )


def _course(by_seed: Sequence[Sequence[float]]) -> list[float]:
    return [mean(values) for values in zip(*by_seed, strict=True)]


def _panel(place: int, title: str, inside: str, ticks: str) -> str:
    grid = "".join(
        f'<path d="M0 {_y(step / _GRID):.1f}H{_PANEL}" stroke="#ccc"/>'
        f'<text x="-6" y="{_y(step / _GRID) + 4:.1f}" text-anchor="end">{step / _GRID:.1f}</text>'
        for step in range(_GRID + 1)
    )
    return (
        f'<g transform="translate({_LEFT + place * (_PANEL + 45)} {_TOP})">'
        f'<text y="-18" font-weight="bold">{escape(title)}</text>{grid}{inside}{ticks}</g>'
    )


def _lines(courses: dict[str, list[float]], names: Sequence[str]) -> str:
    drawn = []
    for name, course in courses.items():
        points = " ".join(f"{_x(week, len(course)):.1f},{_y(value):.1f}" for week, value in enumerate(course))
        if points:
            drawn.append(f'<polyline points="{points}" fill="none" {_style(names.index(name))}/>')
    return "".join(drawn)


def _spreads(results: Results) -> str:
    drawn = []
    for number, name in enumerate(results):
        fills = [value for one in results[name] for value in one.fill_by_quarter]
        if not fills:
            continue
        at = (number + 0.5) * _PANEL / len(results)
        low, middle, high = (quantile(fills, part) for part in (0.1, 0.5, 0.9))
        drawn.append(
            f'<path d="M{at:.1f} {_y(low):.1f}V{_y(high):.1f}" {_style(number)}/>'
            f'<circle cx="{at:.1f}" cy="{_y(middle):.1f}" r="4" fill="{_COLOURS[number % len(_COLOURS)]}"/>'
            f'<text x="{at:.1f}" y="{_y(0) + 16:.1f}" text-anchor="middle">{number + 1}</text>'
        )
    return "".join(drawn)


def _ticks(weeks: int) -> str:
    step = max(1, weeks // 8)
    return "".join(
        f'<text x="{_x(week, weeks):.1f}" y="{_y(0) + 16:.1f}" text-anchor="middle">{week + 1}</text>'
        for week in range(0, weeks, step)
    )


def _legend(names: Sequence[str]) -> str:
    rows = []
    for number, name in enumerate(names):
        x, y = _LEFT + number % 3 * (_PANEL + 45), _HEIGHT - 20 + number // 3 * _ROW
        rows.append(
            f'<path d="M{x} {y - 4}h36" {_style(number)}/>'
            f'<text x="{x + 44}" y="{y}">{number + 1} {escape(name)}</text>\n'
        )
    return "".join(rows)


def _style(number: int) -> str:
    dash = _DASHES[number % len(_DASHES)]
    return f'stroke="{_COLOURS[number % len(_COLOURS)]}" stroke-width="2"' + (
        f' stroke-dasharray="{dash}"' if dash else ""
    )


def _x(week: int, weeks: int) -> float:
    return week * _PANEL / max(weeks - 1, 1)


def _y(value: float) -> float:
    return 300 - 300 * value
