"""Who may be asked, and who may accept: every reason against it, by name."""

from datetime import datetime
from enum import StrEnum

from models.lifecycle import Verification
from nachbarschaft.geography.cells import distance_km
from nachbarschaft.matching.facts import Candidate, Habits, Need
from nachbarschaft.matching.policy import Policy
from nachbarschaft.matching.wallclock import clock_time, is_available, is_between, is_night

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
    return accept_bars(need, candidate, now) | _asking_bars(need, candidate, now, policy)


def accept_bars(need: Need, candidate: Candidate, now: datetime) -> frozenset[Bar]:
    """Every reason why `candidate` may not take the task by this offer."""
    found = {
        Bar.OWN: candidate.person_id == need.requester_id,
        Bar.CATEGORY: need.category not in candidate.categories,
        Bar.REACH: not reaches(candidate, need),
        Bar.VERIFICATION: _LEVELS[candidate.verification] < _LEVELS[need.requires],
        Bar.OFFER_PAUSED: _lies_ahead(candidate.offer_paused_until, now),
    }
    return frozenset(bar for bar, holds in found.items() if holds)


def reaches(candidate: Candidate, need: Need) -> bool:
    """Whether the offer reaches the request's quarter: the own one, or an adjoining one for "neighbours"."""
    if candidate.quarter_id == need.quarter_id:
        return True
    return candidate.reach == "neighbours" and candidate.adjoins


def _asking_bars(need: Need, candidate: Candidate, now: datetime, policy: Policy) -> frozenset[Bar]:
    habits, load = candidate.habits, candidate.load
    asks_limit = habits.asks_per_week + (policy.urgent_extra_asks if need.urgent else 0)
    found = {
        Bar.DISTANCE: not is_near_enough(need, candidate, policy),
        Bar.LANGUAGE: not speaks(need, candidate),
        Bar.AVAILABILITY: not is_available(
            candidate.availability, min(max(need.needed_from, now), need.needed_until), need.needed_until, habits.zone
        ),
        Bar.NIGHT: not need.urgent and is_night(now, habits.zone),
        Bar.QUIET: is_quiet(habits, now) and not (need.urgent and habits.urgent_at_night),
        Bar.PAUSED: _lies_ahead(habits.paused_until, now),
        Bar.BUSY: load.active_tasks >= policy.tasks_at_once,
        Bar.TASKS_THIS_WEEK: load.tasks_this_week >= candidate.tasks_per_week,
        Bar.ASKS_THIS_WEEK: load.asks_this_week >= asks_limit,
        Bar.PUSHES_TODAY: load.pushes_today >= habits.pushes_per_day,
    }
    return frozenset(bar for bar, holds in found.items() if holds)


def is_quiet(habits: Habits, now: datetime) -> bool:
    """Whether it is within the person's own quiet hours, by the clocks where they live."""
    if habits.quiet_from is None or habits.quiet_until is None:
        return False
    local = now.astimezone(habits.zone).time()
    return is_between(local, clock_time(habits.quiet_from), clock_time(habits.quiet_until))


def is_near_enough(need: Need, candidate: Candidate, policy: Policy) -> bool:
    """In the own quarter always; from the next one only within the reach, wider for a rare language."""
    if candidate.quarter_id == need.quarter_id or need.cell is None:
        return True
    limit = policy.reach_rare_language_km if needs_rare_language(need, policy) else policy.reach_km
    return distance_km(need.cell, candidate.cell) <= limit


def needs_rare_language(need: Need, policy: Policy) -> bool:
    languages = primary(need.languages)
    return bool(languages) and not languages & policy.common_languages


def speaks(need: Need, candidate: Candidate) -> bool:
    """Whether they share a language; who names none can talk to anybody."""
    return not need.languages or bool(primary(need.languages) & primary(candidate.languages))


def primary(languages: frozenset[str]) -> frozenset[str]:
    """The languages without script, region or variant: `de-x-einfach` is spoken by whoever speaks `de`."""
    return frozenset(language.split("-")[0].lower() for language in languages)


def _lies_ahead(instant: datetime | None, now: datetime) -> bool:
    return instant is not None and instant > now
