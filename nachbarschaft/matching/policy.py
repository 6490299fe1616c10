"""The numbers of the dispatch policy; defaults are the contract's (section 4) and the measured ones of the research."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from models.account import ACTIVE_TASKS_LIMIT
from nachbarschaft.words import mark as _


@dataclass(frozen=True, slots=True)
class Policy:
    """How many are asked, how far, how often. Distances in km, shares between 0 and 1.

    Whoever no push reaches is asked last: they read it in the inbox, perhaps much later. After `escalate_share` of the
    window the coordinators are told. `available_now` lets whoever said that they have time now count as available.
    Only the simulation reads `open_list` and `digest_relaxed`: the product always has the list, and no digest of asks.
    """

    wave: int = 2
    wave_urgent: int = 5
    asked_at_most: int = 25
    interval_share: float = 0.04
    interval_shortest_minutes: float = 10
    interval_longest_minutes: float = 60
    interval_share_of_rest: float = 0.35
    reach_km: float = 1.2
    reach_rare_language_km: float = 2.5
    urgent_extra_asks: int = 2
    tasks_at_once: int = ACTIVE_TASKS_LIMIT
    weight_near: float = 4.0
    weight_yes: float = 3.0
    weight_rested: float = 1.0
    weight_fair: float = 0.25
    weight_reserve: float = 1.0
    weight_unreachable: float = 20.0
    weight_available_now: float = 1.0
    near_km: float = 1.6
    rested_days: float = 4.0
    common_languages: frozenset[str] = frozenset({"de", "en"})
    available_now: bool = True
    open_list: bool = True
    standby_first: bool = True
    digest_relaxed: bool = False
    escalate_share: float = 0.7

    def wave_size(self, *, urgent: bool) -> int:
        return self.wave_urgent if urgent else self.wave


DEFAULT_POLICY = Policy()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number of the policy that a quarter may set for itself: its bounds, both included, and what it means."""

    least: float
    most: float
    meaning: str


TUNABLE: Final[Mapping[str, Parameter]] = MappingProxyType(
    {
        "wave": Parameter(1, 20, "Volunteers asked at once for what is not urgent."),
        "wave_urgent": Parameter(1, 50, "Volunteers asked at once for what is urgent."),
        "asked_at_most": Parameter(1, 200, "Volunteers asked for one request at most, over all waves."),
        "interval_share": Parameter(
            0, 1, "Time between two waves, as a share of the time from the posting to `needed_until`."
        ),
        "interval_shortest_minutes": Parameter(1, 1440, "Minutes between two waves at least."),
        "interval_longest_minutes": Parameter(1, 1440, "Minutes between two waves at most."),
        "interval_share_of_rest": Parameter(
            0.05, 1, "Time between two waves at most, as a share of what is left until `needed_until`."
        ),
        "reach_km": Parameter(0.1, 20, "Kilometres up to which volunteers of an adjoining quarter are asked."),
        "reach_rare_language_km": Parameter(
            0.1, 50, "The same in kilometres where the requester speaks neither German nor English."
        ),
        "urgent_extra_asks": Parameter(
            0, 20, "By how many asks a week what is urgent may pass a volunteer's own `asks_per_week`."
        ),
        "escalate_share": Parameter(
            0.05, 1, "Share of the time from the posting to `needed_until` after which the coordinators are told."
        ),
    }
)
"""What a coordinator may change. The weights of the points are not here: nobody can judge them by looking."""


def policy_with(values: Mapping[str, Any]) -> Policy:
    """The default policy with a quarter's own numbers; names that are not (or no more) to be set are passed over."""
    return replace(DEFAULT_POLICY, **{name: values[name] for name in TUNABLE if name in values})


def contradictions(policy: Policy) -> dict[str, str]:
    """Parameter → why it does not go together with another one; empty for a policy that makes sense."""
    found = {}
    for name in ("wave", "wave_urgent"):
        if getattr(policy, name) > policy.asked_at_most:
            found[name] = _("A wave cannot be larger than the number of people who are asked at most.")
    if policy.interval_shortest_minutes > policy.interval_longest_minutes:
        found["interval_shortest_minutes"] = _("The shortest pause cannot be longer than the longest one.")
    return found
