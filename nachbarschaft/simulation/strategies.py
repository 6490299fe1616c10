"""The ways of asking that are compared, by name."""

from dataclasses import dataclass, replace
from typing import Any

from nachbarschaft.matching.policy import Policy

LEVERS = ("available_now", "open_list", "standby_first", "digest_relaxed")
_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way of asking. `once`: everybody at the first moment, nobody later. `order`: points, or by lot.

    `crosses`: across the borders of quarters; `limits`: whether the volunteers' own weekly limits hold.
    """

    policy: Policy
    once: bool = False
    by_lot: bool = False
    crosses: bool = False
    limits: bool = False


def strategies(policy: Policy, *, quarters: int) -> dict[str, Strategy]:
    """Name → strategy, in the order of the table; `policy` is that of `ours` and those made from it."""
    plain = replace(policy, available_now=False, open_list=False, digest_relaxed=False)
    nearest = replace(
        plain, weight_near=4.0, near_km=100.0, weight_yes=0.0, weight_rested=0.0, weight_fair=0.0, weight_reserve=0.0
    )
    everybody = Strategy(_sized(nearest, _ALL), once=True)
    found = {"notify_all": everybody}
    if quarters > 1:
        found["notify_all_in_reach"] = replace(everybody, crosses=True)
    found |= {
        "nearest_10": Strategy(_sized(nearest, 10), once=True),
        "random_10": Strategy(_sized(nearest, 10), once=True, by_lot=True),
        "nearest_waves": Strategy(replace(nearest, wave=2, wave_urgent=5)),
        "ours": _ours(policy),
    }
    for lever in LEVERS:
        if getattr(policy, lever):
            found[f"ours_without_{lever}"] = _ours(_without(policy, lever))
    found["ours_without_levers"] = _ours(plain)
    return found


BOUNDS = ("bound", "bound_in_reach")
"""What could be filled by whoever knew all answers: for the own quarter, and for the policies with reach."""


def bounds(*, quarters: int) -> tuple[str, ...]:
    return BOUNDS if quarters > 1 else BOUNDS[:1]


def names(policy: Policy, *, quarters: int) -> list[str]:
    """Everything that can be compared, in the order of the table."""
    return [*strategies(policy, quarters=quarters), *bounds(quarters=quarters)]


def _without(policy: Policy, lever: str) -> Policy:
    off: dict[str, Any] = {lever: False}
    return replace(policy, **off)


def _ours(policy: Policy) -> Strategy:
    return Strategy(policy, crosses=True, limits=True)


def _sized(policy: Policy, size: int) -> Policy:
    return replace(policy, wave=size, wave_urgent=size, asked_at_most=_ALL)
