"""The targets of the dispatch research (section 7), each a ratio of means over seeds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from nachbarschaft.simulation.summary import Figure

Policies = Mapping[str, Mapping[str, Figure]]
"""What `summary` holds under "policies"."""


@dataclass(frozen=True, slots=True)
class Target:
    """A ratio, what it must at least (or at most) be, and what would be ambitious."""

    name: str
    measure: Callable[[Policies], float]
    must: float
    ambitious: float
    world: str

    @property
    def rises(self) -> bool:
        """Whether more is better."""
        return self.ambitious > self.must

    def holds(self, value: float) -> bool:
        """Whether the "must" is met."""
        return value >= self.must if self.rises else value <= self.must

    def is_ambitious(self, value: float) -> bool:
        """Whether the ambitious value is reached."""
        return value >= self.ambitious if self.rises else value <= self.ambitious


def ratio(metric: str, reference: str) -> Callable[[Policies], float]:
    """Ours over the reference, of the means."""
    return lambda policies: _mean(policies, "ours", metric) / _mean(policies, reference, metric)


def _mean(policies: Policies, name: str, metric: str) -> float:
    found = policies[name][metric]["mean"]
    return float("nan") if found is None else found


def _alike(policies: Policies) -> float:
    """How near the minority comes to its bound, against the majority and its own."""
    minority, majority = (
        _mean(policies, "ours", metric) / _mean(policies, "bound", metric)
        for metric in ("minority_fill", "majority_fill")
    )
    return minority / majority


BASE, TIRELESS, CITY = "1 quarter", "1 quarter, nobody tires", "100 quarters"
_ALL, _REACH = "notify_all", "notify_all_in_reach"

TARGETS: Final = (
    Target("fill / notify-all", ratio("fill", _ALL), 1.10, 1.20, BASE),
    Target("pushes per filled / notify-all", ratio("pushes_per_filled", _ALL), 0.42, 0.33, BASE),
    Target("muted / notify-all", ratio("muted", _ALL), 0.33, 0.22, BASE),
    Target("fill of the last 2 weeks / notify-all", ratio("fill_last_two_weeks", _ALL), 1.25, 1.42, BASE),
    Target("urgent within 30 min / notify-all", ratio("urgent_within_30_min", _ALL), 1.22, 1.45, BASE),
    Target("fill / bound", ratio("fill", "bound"), 0.83, 0.90, BASE),
    Target("Gini of tasks / notify-all", ratio("gini_tasks", _ALL), 0.95, 0.88, BASE),
    Target("(minority fill / bound) / (majority fill / bound)", _alike, 0.88, 0.98, BASE),
    Target("fill / notify-all", ratio("fill", _ALL), 0.94, 0.98, TIRELESS),
    Target("fill / notify-all in reach", ratio("fill", _REACH), 1.17, 1.25, CITY),
    Target("fill / notify-all", ratio("fill", _ALL), 1.24, 1.33, CITY),
    Target("pushes per filled / notify-all in reach", ratio("pushes_per_filled", _REACH), 0.36, 0.29, CITY),
    Target("muted / notify-all in reach", ratio("muted", _REACH), 0.31, 0.22, CITY),
    Target("fill / bound in reach", ratio("fill", "bound_in_reach"), 0.83, 0.88, CITY),
    Target("spread p90 − p10 / notify-all", ratio("quarter_spread", _ALL), 0.55, 0.40, CITY),
    Target("worst quarter / notify-all", ratio("worst_quarter_fill", _ALL), 1.9, 2.5, CITY),
    Target("minority fill / notify-all", ratio("minority_fill", _ALL), 1.5, 1.7, CITY),
)
"""In the order of the research; "notify-all" means within the own quarter unless it says "in reach"."""
