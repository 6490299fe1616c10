"""Points: how well a volunteer fits, from terms that are stored with every ask."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from nachbarschaft.geography.cells import distance_km
from nachbarschaft.matching.eligibility import needs_rare_language, primary
from nachbarschaft.matching.facts import Candidate, Need
from nachbarschaft.matching.policy import Policy

_NEVER_ASKED_DAYS = 3650.0


@dataclass(frozen=True, slots=True)
class Terms:
    """The numbers that a choice was made on; `points` gives the same result from them at any later time."""

    distance_km: float | None
    same_quarter: bool
    asks: int
    yes: int
    days_since_ask: float
    tasks_lately: float
    keeps_language_free: bool
    speaks_needed_language: bool
    asks_this_week: int
    asks_limit: int
    reachable: bool

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Terms":
        return cls(**stored)


def terms_of(need: Need, candidate: Candidate, now: datetime, policy: Policy) -> Terms:
    """The terms of asking `candidate` at `now`."""
    load = candidate.load
    rare = primary(candidate.languages) - policy.common_languages
    asked = load.last_asked_at
    days = _NEVER_ASKED_DAYS if asked is None else (now - asked).total_seconds() / 86_400
    return Terms(
        distance_km=None if need.cell is None else round(distance_km(need.cell, candidate.cell), 3),
        same_quarter=candidate.quarter_id == need.quarter_id,
        asks=load.asks,
        yes=load.yes,
        days_since_ask=round(days, 4),
        tasks_lately=round(load.tasks_lately, 4),
        keeps_language_free=bool(rare) and not needs_rare_language(need, policy),
        speaks_needed_language=bool(need.languages),
        asks_this_week=load.asks_this_week,
        reachable=candidate.reachable,
        asks_limit=candidate.habits.asks_per_week + (policy.urgent_extra_asks if need.urgent else 0),
    )


def points(terms: Terms, policy: Policy) -> float:
    """near + usually says yes + rested − fair share − language reserve − unreachable (weights: `Policy`).

    Without a known place everybody counts as equally near.
    """
    near = 0.0 if terms.distance_km is None else max(0.0, 1 - terms.distance_km / policy.near_km)
    says_yes = min(1.0, 2 * (1 + terms.yes) / (3 + terms.asks))
    rested = min(1.0, terms.days_since_ask / policy.rested_days)
    total = (
        policy.weight_near * near
        + policy.weight_yes * says_yes
        + policy.weight_rested * rested
        - policy.weight_fair * terms.tasks_lately
        - (policy.weight_reserve if terms.keeps_language_free else 0.0)
        - (0.0 if terms.reachable else policy.weight_unreachable)
    )
    return round(total, 6)
