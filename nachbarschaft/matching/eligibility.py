"""Who may be asked, and who may accept: every reason against it, by name."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from models.lifecycle import Verification
from nachbarschaft.geography.cells import distance_km
from nachbarschaft.matching.facts import Candidate, Fit, Habits, Load, Need
from nachbarschaft.matching.policy import Policy
from nachbarschaft.matching.wallclock import (
    SHORTEST_OVERLAP,
    Opening,
    clock_time,
    is_between,
    is_night,
    is_open,
    openings,
)

_LEVELS = {"none": 0, Verification.NEW.value: 0, Verification.KNOWN.value: 1, Verification.CERTIFIED.value: 2}


class Bar(StrEnum):
    """Why somebody is not asked."""

    OWN = "own"
    CATEGORY = "category"
    REACH = "reach"
    VERIFICATION = "verification"
    OFFER_PAUSED = "offer_paused"
    DISTANCE = "distance"
    LANGUAGE = "language"
    AVAILABILITY = "availability"
    NIGHT = "night"
    QUIET = "quiet"
    PAUSED = "paused"
    BUSY = "busy"
    TASKS_THIS_WEEK = "tasks_this_week"
    ASKS_THIS_WEEK = "asks_this_week"
    PUSHES_TODAY = "pushes_today"


ACCEPT_BARS = frozenset({Bar.OWN, Bar.CATEGORY, Bar.REACH, Bar.VERIFICATION, Bar.OFFER_PAUSED})
"""What forbids accepting. Everything else only stops asking (contract, section 4: Asking)."""


def bars(need: Need, candidate: Candidate, now: datetime, policy: Policy) -> frozenset[Bar]:
    """Every reason not to ask `candidate` now; empty for whoever may be asked."""
    fit = fit_of(need, candidate, km_between(need, candidate), now, policy)
    return frozenset(lasting_bars(need, candidate, fit.km, policy)) | frozenset(
        passing_bars(need, fit, candidate.load, now, policy)
    )


def fit_of(need: Need, candidate: Candidate, km: float | None, now: datetime, policy: Policy) -> Fit:
    """What stays as it is about this pair from `now` on; `km` as `km_between` finds it."""
    found = openings(candidate.availability, _begins(need, now), need.needed_until, candidate.habits.zone)
    return _fit(need, candidate, km, found, policy)


def fit_but_for_time(need: Need, candidate: Candidate, policy: Policy) -> Fit:
    """The same without the openings, which take longest to find: enough for points."""
    return _fit(need, candidate, km_between(need, candidate), None, policy)


def _fit(need: Need, candidate: Candidate, km: float | None, found: tuple[Opening, ...] | None, policy: Policy) -> Fit:
    rare = primary(candidate.languages) - policy.common_languages
    return Fit(candidate, km, found, keeps_language_free=bool(rare) and not needs_rare_language(need, policy))


def km_between(need: Need, candidate: Candidate) -> float | None:
    """Kilometres between the cells of the need and of the offer; None where the need has no place."""
    return None if need.cell is None else distance_km(need.cell, candidate.cell)


def lasting_bars(need: Need, candidate: Candidate, km: float | None, policy: Policy) -> Iterator[Bar]:
    """What keeps `candidate` from being asked for this need at any time."""
    if candidate.person_id == need.requester_id:
        yield Bar.OWN
    if need.category not in candidate.categories:
        yield Bar.CATEGORY
    if not reaches(candidate, need):
        yield Bar.REACH
    if not is_verified_enough(candidate.verification, need.requires):
        yield Bar.VERIFICATION
    if not _is_within(km, need, candidate, policy):
        yield Bar.DISTANCE
    if not speaks(need, candidate):
        yield Bar.LANGUAGE


def passing_bars(need: Need, fit: Fit, load: Load, now: datetime, policy: Policy) -> Iterator[Bar]:
    """What keeps them from being asked at this moment, the cheapest to find first."""
    candidate = fit.candidate
    habits = candidate.habits
    if load.asks_this_week >= asks_limit(habits, need, policy):
        yield Bar.ASKS_THIS_WEEK
    if load.active_tasks >= policy.tasks_at_once:
        yield Bar.BUSY
    if load.tasks_this_week >= candidate.tasks_per_week:
        yield Bar.TASKS_THIS_WEEK
    if load.pushes_today >= habits.pushes_per_day:
        yield Bar.PUSHES_TODAY
    if _lies_ahead(habits.paused_until, now):
        yield Bar.PAUSED
    if _lies_ahead(candidate.offer_paused_until, now):
        yield Bar.OFFER_PAUSED
    if not need.urgent and is_night(now, habits.zone):
        yield Bar.NIGHT
    if is_quiet(habits, now) and not (need.urgent and habits.urgent_at_night):
        yield Bar.QUIET
    if not is_open(fit.openings, _begins(need, now), need.needed_until) and not has_time_now(need, load, now, policy):
        yield Bar.AVAILABILITY


def has_time_now(need: Need, load: Load, now: datetime, policy: Policy) -> bool:
    """Whether they have said that they have time now, and the need can be served while they have."""
    if not policy.available_now or load.free_until is None:
        return False
    left = min(load.free_until, need.needed_until) - _begins(need, now)
    return load.free_until > now and left >= min(SHORTEST_OVERLAP, need.needed_until - _begins(need, now))


def asks_limit(habits: Habits, need: Need, policy: Policy) -> int:
    """How often somebody is asked within 7 days at most: as they wish, a few times more for what is urgent."""
    return habits.asks_per_week + (policy.urgent_extra_asks if need.urgent else 0)


def _begins(need: Need, now: datetime) -> datetime:
    """From when on the need can still be served."""
    return min(max(need.needed_from, now), need.needed_until)


def accept_bars(need: Need, candidate: Candidate, now: datetime) -> frozenset[Bar]:
    """Every reason why `candidate` may not take the task by this offer."""
    found = {
        Bar.OWN: candidate.person_id == need.requester_id,
        Bar.CATEGORY: need.category not in candidate.categories,
        Bar.REACH: not reaches(candidate, need),
        Bar.VERIFICATION: not is_verified_enough(candidate.verification, need.requires),
        Bar.OFFER_PAUSED: _lies_ahead(candidate.offer_paused_until, now),
    }
    return frozenset(bar for bar, holds in found.items() if holds)


def is_verified_enough(verification: str, requires: str) -> bool:
    """Whether a volunteer with that `verification` may help where a category `requires` so much."""
    return _LEVELS[verification] >= _LEVELS[requires]


def reaches(candidate: Candidate, need: Need) -> bool:
    """Whether the offer reaches the request's quarter: the own one, or an adjoining one for "neighbours"."""
    if candidate.quarter_id == need.quarter_id:
        return True
    return candidate.reach == "neighbours" and candidate.adjoins


def is_quiet(habits: Habits, now: datetime) -> bool:
    """Whether it is within the person's own quiet hours, by the clocks where they live."""
    if habits.quiet_from is None or habits.quiet_until is None:
        return False
    local = now.astimezone(habits.zone).time()
    return is_between(local, clock_time(habits.quiet_from), clock_time(habits.quiet_until))


def is_near_enough(need: Need, candidate: Candidate, policy: Policy) -> bool:
    """In the own quarter always; from the next one only within the reach, wider for a rare language."""
    return _is_within(km_between(need, candidate), need, candidate, policy)


def _is_within(km: float | None, need: Need, candidate: Candidate, policy: Policy) -> bool:
    if km is None or candidate.quarter_id == need.quarter_id:
        return True
    return km <= reach_km(need, policy)


def reach_km(need: Need, policy: Policy) -> float:
    """How far away somebody of an adjoining quarter may be, wider for a rare language."""
    return policy.reach_rare_language_km if needs_rare_language(need, policy) else policy.reach_km


def needs_rare_language(need: Need, policy: Policy) -> bool:
    languages = primary(need.languages)
    return bool(languages) and not languages & policy.common_languages


def speaks(need: Need, candidate: Candidate) -> bool:
    """Whether they share a language; who names none can talk to anybody."""
    return not need.languages or bool(primary(need.languages) & primary(candidate.languages))


@lru_cache(maxsize=4096)
def primary(languages: frozenset[str]) -> frozenset[str]:
    """The languages without script, region or variant: `de-x-einfach` is spoken by whoever speaks `de`."""
    return frozenset(language.split("-")[0].lower() for language in languages)


def _lies_ahead(instant: datetime | None, now: datetime) -> bool:
    return instant is not None and instant > now
