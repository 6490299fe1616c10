"""Whom to ask next, and when to ask again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from nachbarschaft.matching.eligibility import Bar, bars
from nachbarschaft.matching.facts import Candidate, Need
from nachbarschaft.matching.policy import Policy
from nachbarschaft.matching.scoring import Terms, points, terms_of


@dataclass(frozen=True, slots=True)
class Choice:
    """One volunteer, the terms of the choice and the points that follow from them."""

    candidate: Candidate
    terms: Terms
    points: float


STANDBY_IGNORES = frozenset(
    {
        Bar.DISTANCE,
        Bar.LANGUAGE,
        Bar.AVAILABILITY,
        Bar.TASKS_THIS_WEEK,
        Bar.ASKS_THIS_WEEK,
        Bar.PUSHES_TODAY,
    }
)
"""What is not held against whoever stands by: they said themselves that they would step in."""


def ranked(
    need: Need,
    candidates: Iterable[Candidate],
    now: datetime,
    policy: Policy,
    *,
    ignoring: frozenset[Bar] = frozenset(),
) -> list[Choice]:
    """Everybody who may be asked now, best first. Ties: asked longest ago, then the smaller id.

    Of a person with several offers the best one counts.
    """
    choices: dict[object, Choice] = {}
    for candidate in candidates:
        if bars(need, candidate, now, policy) - ignoring:
            continue
        terms = terms_of(need, candidate, now, policy)
        choice = Choice(candidate, terms, points(terms, policy))
        best = choices.get(candidate.person_id)
        if best is None or choice.points > best.points:
            choices[candidate.person_id] = choice
    return sorted(choices.values(), key=_order)


def _order(choice: Choice) -> tuple[float, float, str]:
    return (-choice.points, -choice.terms.days_since_ask, str(choice.candidate.person_id))


def time_of_next_wave(now: datetime, posted_at: datetime, needed_until: datetime, policy: Policy) -> datetime:
    """4 % of the window, at least 10 and at most 60 minutes, and never more than 35 % of the time that is left."""
    window = (needed_until - posted_at).total_seconds() / 60
    interval = min(
        max(policy.interval_share * window, policy.interval_shortest_minutes), policy.interval_longest_minutes
    )
    rest = max((needed_until - now).total_seconds() / 60, 0)
    return now + timedelta(minutes=min(interval, policy.interval_share_of_rest * rest))
