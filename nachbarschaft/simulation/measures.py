"""What a run comes to: the measures of the contract (section 6), and the courses that the plot shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from statistics import median

from nachbarschaft.simulation.city import Call, City
from nachbarschaft.simulation.customs import WEEK
from nachbarschaft.simulation.engine import Outcome

METRICS = (
    "fill", "fill_last_two_weeks", "urgent_within_30_min", "median_minutes", "pushes_per_filled", "muted", "gini_tasks",
    "minority_fill", "majority_fill", "quarter_spread", "worst_quarter_fill",
)  # fmt: skip
"""The names of the contract, in its order."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One policy with one seed. A metric that cannot be told is left out; courses have one value a week or quarter."""

    metrics: dict[str, float]
    fill_by_week: list[float]
    muted_by_week: list[float]
    fill_by_quarter: list[float]


def measured(outcome: Outcome, weeks: int) -> Measured:
    """The measures of a run."""
    cases, city = outcome.cases, outcome.city
    filled = {case.call.number for case in cases if case.done}
    result = measured_fill(city, filled, weeks)
    urgent = [case for case in cases if case.call.need.urgent]
    waits = [case.accepted - case.call.posted for case in cases if case.accepted < inf]
    result.metrics.update(
        _known(
            urgent_within_30_min=share(case.accepted - case.call.posted <= 30 for case in urgent),
            median_minutes=median(waits) if waits else None,
            pushes_per_filled=sum(case.pushes for case in cases) / len(filled) if filled else None,
            muted=len(outcome.muted_at) / len(city.volunteers),
            gini_tasks=gini(outcome.tasks_done),
        )
    )
    ends = [(week + 1) * WEEK for week in range(weeks)]
    muted = [share(outcome.muted_at.get(who.number, inf) < end for who in city.volunteers) or 0.0 for end in ends]
    result.muted_by_week.extend(muted)
    return result


def measured_fill(city: City, filled: set[int], weeks: int) -> Measured:
    """The measures that follow from which requests were filled: all there is for a bound."""
    calls = city.calls
    by_week = [_fill((c for c in calls if c.posted // WEEK == week), filled) or 0.0 for week in range(weeks)]
    quarters = sorted({call.quarter for call in calls})
    by_quarter = [_fill((c for c in calls if c.quarter == quarter), filled) or 0.0 for quarter in quarters]
    metrics = _known(
        fill=_fill(calls, filled),
        fill_last_two_weeks=_fill((c for c in calls if c.posted >= (weeks - 2) * WEEK), filled),
        minority_fill=_fill((c for c in calls if c.minority), filled),
        majority_fill=_fill((c for c in calls if not c.minority), filled),
        quarter_spread=quantile(by_quarter, 0.9) - quantile(by_quarter, 0.1) if by_quarter else None,
        worst_quarter_fill=min(by_quarter, default=None),
    )
    return Measured(metrics, by_week, [], by_quarter)


def _fill(calls: Iterable[Call], filled: set[int]) -> float | None:
    return share(call.number in filled for call in calls)


def share(flags: Iterable[bool]) -> float | None:
    """Which share is so; None of nothing."""
    found = list(flags)
    return sum(found) / len(found) if found else None


def gini(values: Sequence[float]) -> float | None:
    """How unevenly it is spread: 0 alike, near 1 all with one (Gini coefficient); None where there is nothing."""
    total, many = sum(values), len(values)
    if not total:
        return None
    weighted = sum((2 * place - many - 1) * value for place, value in enumerate(sorted(values), start=1))
    return weighted / (many * total)


def quantile(values: Sequence[float], at: float) -> float:
    """The value below which a share `at` lies, with straight lines between."""
    ordered = sorted(values)
    place = at * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def _known(**values: float | None) -> dict[str, float]:
    return {name: value for name, value in values.items() if value is not None}
