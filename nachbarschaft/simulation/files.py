"""Reads a world or a policy from a JSON file, and refuses what makes no sense by the name of its field."""

import json
from dataclasses import fields, replace
from math import isfinite
from pathlib import Path
from typing import Any

from nachbarschaft.matching.policy import DEFAULT_POLICY, TUNABLE, Policy, contradictions
from nachbarschaft.simulation.world import World, ranges, world_with
from nachbarschaft.words import say

WEIGHTS = {
    "tasks_at_once": (1, 100),
    "weight_near": (0, 100),
    "weight_yes": (0, 100),
    "weight_rested": (0, 100),
    "weight_fair": (0, 100),
    "weight_reserve": (0, 100),
    "weight_unreachable": (0, 1000),
    "weight_available_now": (0, 100),
    "near_km": (0.1, 1000),
    "rested_days": (0.01, 365),
}
"""Ranges of what only the simulation may change about a policy: no coordinator can judge it by looking."""


class BadFile(Exception):
    """One sentence on what is wrong with a file, with the name of the field."""


def world_from(path: Path | None, *, quarters: int) -> World:
    """The world with what the file changes. Raises BadFile."""
    values = _object(path)
    whole = {each.name for each in fields(World) if each.type is int}
    bounds = ranges()
    for name, value in values.items():
        _check(path, name, value, bounds.get(name), whole=name in whole)
    return _checked_world(path, world_with(values, quarters=quarters))


def _checked_world(path: Path | None, world: World) -> World:
    if world.urgent_share + world.relaxed_share > 1:
        raise BadFile(f"{path}: urgent_share and relaxed_share are more than 1 together.")
    return world


def policy_from(path: Path | None, world: World) -> Policy:
    """The default policy, with the world's reach, and with what the file changes. Raises BadFile."""
    values = _object(path)
    known = {each.name: each for each in fields(Policy)}
    bounds = WEIGHTS | {name: (each.least, each.most) for name, each in TUNABLE.items()}
    for name, value in values.items():
        if name in known and known[name].type is bool:
            _check_switch(path, name, value)
        elif name == "common_languages":
            values[name] = _languages(path, value)
        else:
            _check(path, name, value, bounds.get(name), whole=name in known and known[name].type is int)
    reach = {"reach_km": world.reach_km, "reach_rare_language_km": world.reach_rare_language_km}
    policy = replace(DEFAULT_POLICY, **(reach | values))
    for name, reason in contradictions(policy).items():
        raise BadFile(f"{path}: {name}: {say('en', reason)}")
    return policy


def _object(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadFile(f"{path} cannot be read as JSON: {error}.") from None
    if not isinstance(found, dict):
        raise BadFile(f"{path} does not hold one JSON object.")
    return found


def _check(path: Path | None, name: str, value: Any, bounds: tuple[float, float] | None, *, whole: bool) -> None:
    if bounds is None:
        raise BadFile(f"{path}: there is no field {name}.")
    kinds = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not isfinite(value):
        raise BadFile(f"{path}: {name} must be a {'whole ' if whole else ''}number, not {json.dumps(value)}.")
    least, most = bounds
    if not least <= value <= most:
        raise BadFile(f"{path}: {name} must be between {least} and {most}, not {value}.")


def _check_switch(path: Path | None, name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise BadFile(f"{path}: {name} must be true or false, not {json.dumps(value)}.")


def _languages(path: Path | None, value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise BadFile(f"{path}: common_languages must be a list of languages.")
    return frozenset(value)
