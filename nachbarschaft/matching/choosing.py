"""Whom to ask next, and when to ask again."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from itertools import chain
from math import inf

from nachbarschaft.matching.eligibility import (
    Bar,
    bars,
    fit_but_for_time,
    fit_of,
    km_between,
    lasting_bars,
    passing_bars,
)
from nachbarschaft.matching.facts import Candidate, Fit, Load, Need
from nachbarschaft.matching.policy import Policy
from nachbarschaft.matching.scoring import Terms, most_points, points, terms_of


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
    choices: dict[uuid.UUID, Choice] = {}
    for candidate in candidates:
        km = km_between(need, candidate)
        fit = fit_of(need, candidate, km, now, policy)
        barred = chain(lasting_bars(need, candidate, km, policy), passing_bars(need, fit, candidate.load, now, policy))
        if all(bar in ignoring for bar in barred):
            _keep_better(choices, _choice(need, fit, candidate.load, now, policy))
    return sorted(choices.values(), key=_order)


def fitting(need: Need, fits: Iterable[Fit], policy: Policy) -> list[Fit]:
    """Those of `fits` whom nothing lasting keeps from being asked, in the order in which `best` looks at them."""
    lasting = [fit for fit in fits if next(lasting_bars(need, fit.candidate, fit.km, policy), None) is None]
    return sorted(lasting, key=lambda fit: -most_points(fit, policy))


def best(
    need: Need,
    fits: Iterable[Fit],
    now: datetime,
    policy: Policy,
    *,
    count: int,
    load_of: Callable[[Candidate], Load],
) -> list[Choice]:
    """The first `count` of what `ranked` gives, from `fitting` pairs: stops at whoever cannot be among them."""
    found: dict[uuid.UUID, Choice] = {}
    least = -inf
    for fit in fits:
        if most_points(fit, policy) < least:
            break
        load = load_of(fit.candidate)
        if next(passing_bars(need, fit, load, now, policy), None) is not None:
            continue
        choice = _choice(need, fit, load, now, policy)
        if choice.points >= least:
            _keep_better(found, choice)
            least = _least_of(found, count)
    return sorted(found.values(), key=_order)[:count]


def leading(
    need: Need,
    candidates: Iterable[Candidate],
    now: datetime,
    policy: Policy,
    count: int,
    *,
    known: Iterable[Choice] = (),
) -> list[Choice]:
    """The first `count` of what `ranked` gives for `candidates` and those of the `known` choices together.

    Points are quickly found, and reasons against asking only looked for until there are enough without any.
    """
    may_be_asked = [(choice, True) for choice in known]
    to_be_checked = [
        (_choice(need, fit_but_for_time(need, each, policy), each.load, now, policy), False) for each in candidates
    ]
    found: dict[uuid.UUID, Choice] = {}
    for choice, is_checked in sorted([*may_be_asked, *to_be_checked], key=lambda pair: _order(pair[0])):
        if len(found) == count:
            break
        person_id = choice.candidate.person_id
        if person_id not in found and (is_checked or not bars(need, choice.candidate, now, policy)):
            found[person_id] = choice
    return list(found.values())


def _least_of(found: dict[uuid.UUID, Choice], count: int) -> float:
    """The points of the last of the first `count`; minus infinity as long as there are fewer."""
    if len(found) < count:
        return -inf
    return nlargest(count, (choice.points for choice in found.values()))[-1]


def _keep_better(choices: dict[uuid.UUID, Choice], choice: Choice) -> None:
    known = choices.get(choice.candidate.person_id)
    if known is None or choice.points > known.points:
        choices[choice.candidate.person_id] = choice


def _choice(need: Need, fit: Fit, load: Load, now: datetime, policy: Policy) -> Choice:
    terms = terms_of(need, fit, load, now, policy)
    return Choice(fit.candidate, terms, points(terms, policy))


def _order(choice: Choice) -> tuple[float, float, str]:
    return (-choice.points, -choice.terms.days_since_ask, str(choice.candidate.person_id))
