"""Where help is needed, or where somebody lives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """A point (WGS 84 degrees) and the address that belongs to it."""

    lat: float
    lon: float
    address: str


def as_place(told: Mapping[str, Any]) -> Place:
    return Place(told["lat"], told["lon"], told["address"])
