"""Real requests and answers beside each operation of the document; a test run writes them (`tests.api.examples`)."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

PROBLEM = "application/problem+json"
Named = dict[str, dict[str, Any]]


def illustrate(told: dict[str, Any]) -> dict[str, Any]:
    """The same description of an operation with its examples added."""
    recorded = _recorded()["operations"].get(told["operationId"], {})
    if "requestBody" in told:
        _add(told["requestBody"], recorded.get("takes", {}))
    for status, response in told["responses"].items():
        own = recorded.get("gives", {}).get(status, {})
        _add(response, own | {PROBLEM: _shared(response) | own.get(PROBLEM, {})})
    return told


def shared_examples() -> Named:
    """One problem of each code, for the operations that can answer with it too."""
    return {code: {"value": problem} for code, problem in _recorded()["problems"].items()}


def pretty(value: Any) -> str:
    """An example for readers, in the order in which it was given."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def _add(described: dict[str, Any], examples: Mapping[str, Mapping[str, Any]]) -> None:
    """`examples` by media type, then by name."""
    for kind, named in examples.items():
        if named and kind in described.get("content", {}):
            described["content"][kind]["examples"] = dict(named)


def _shared(response: dict[str, Any]) -> Named:
    """The problems that a response speaks of, as they were met elsewhere."""
    codes = re.findall(r"`([a-z_]+)`", response["description"])
    return {code: {"$ref": f"#/components/examples/{code}"} for code in codes if code in _recorded()["problems"]}


@cache
def _recorded() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("api") / "examples.json").read_text(encoding="utf-8"))
    return found
