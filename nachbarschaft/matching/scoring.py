"""Points: how well a volunteer fits, from terms that are stored with every ask."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from nachbarschaft.matching.eligibility import asks_limit, has_time_now
from nachbarschaft.matching.facts import Fit, Load, Need
from nachbarschaft.matching.policy import Policy

_NEVER_ASKED_DAYS = 3650.0
_ROUNDED_AWAY = 0.01  # far more than rounding a distance to metres can add to `near`, for a `near_km` from 0.1 on


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
    has_time_now: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Terms":
        return cls(**stored)


def terms_of(need: Need, fit: Fit, load: Load, now: datetime, policy: Policy) -> Terms:
    """The terms of asking the candidate of `fit` at `now`, with their `load` at that moment."""
    asked = load.last_asked_at
    days = _NEVER_ASKED_DAYS if asked is None else (now - asked).total_seconds() / 86_400
    return Terms(
        distance_km=None if fit.km is None else round(fit.km, 3),
        same_quarter=fit.candidate.quarter_id == need.quarter_id,
        asks=load.asks,
        yes=load.yes,
        days_since_ask=round(days, 4),
        tasks_lately=round(load.tasks_lately, 4),
        keeps_language_free=fit.keeps_language_free,
        speaks_needed_language=bool(need.languages),
        asks_this_week=load.asks_this_week,
        asks_limit=asks_limit(fit.candidate.habits, need, policy),
        reachable=fit.candidate.reachable,
        has_time_now=has_time_now(need, load, now, policy),
    )


def points(terms: Terms, policy: Policy) -> float:
    """near + usually says yes + rested + has time now − fair share − language reserve − unreachable.

    The weights are those of `Policy`. Without a known place everybody counts as equally near.
    """
    says_yes = min(1.0, 2 * (1 + terms.yes) / (3 + terms.asks))
    rested = min(1.0, terms.days_since_ask / policy.rested_days)
    total = (
        _lasting(terms.distance_km, policy, keeps=terms.keeps_language_free, reachable=terms.reachable)
        + policy.weight_yes * says_yes
        + policy.weight_rested * rested
        + (policy.weight_available_now if terms.has_time_now else 0.0)
        - policy.weight_fair * terms.tasks_lately
    )
    return round(total, 6)


def most_points(fit: Fit, policy: Policy) -> float:
    """What `points` cannot exceed for this pair, whatever the load: who is below need not be looked at."""
    lasting = _lasting(fit.km, policy, keeps=fit.keeps_language_free, reachable=fit.candidate.reachable)
    passing = policy.weight_yes + policy.weight_rested + (policy.weight_available_now if policy.available_now else 0.0)
    return lasting + passing + _ROUNDED_AWAY * policy.weight_near


def most_points_there(km: float | None, policy: Policy, *, said_yes: bool) -> float:
    """The same for everybody at that distance who has not said that they have time now.

    Whoever has not `said_yes` lately has at most the points of a stranger for it: 2/3.
    """
    says_yes = 1.0 if said_yes else 2 / 3
    passing = policy.weight_yes * says_yes + policy.weight_rested
    return _lasting(km, policy, keeps=False, reachable=True) + passing + _ROUNDED_AWAY * policy.weight_near


def _lasting(km: float | None, policy: Policy, *, keeps: bool, reachable: bool) -> float:
    near = 0.0 if km is None else max(0.0, 1 - km / policy.near_km)
    return (
        policy.weight_near * near
        - (policy.weight_reserve if keeps else 0.0)
        - (0.0 if reachable else policy.weight_unreachable)
    )
