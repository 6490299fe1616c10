"""A need and a volunteer who fits it in every way; tests say only what differs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import h3

from nachbarschaft.geography.cells import cell_of
from nachbarschaft.matching.facts import Candidate, Habits, Load, Need

HERNE = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)
"""A Wednesday, 12:00 in Herne."""
HERE, NEXT_DOOR, FAR_AWAY = UUID(int=101), UUID(int=102), UUID(int=103)
"""Quarters."""
CELL = cell_of(51.53, 7.156)


def cell_at(km: float) -> str:
    """A cell about so many kilometres north of `CELL`."""
    lat, lon = h3.cell_to_latlng(CELL)
    return cell_of(lat + km / 111.2, lon)


def a_need(**more: Any) -> Need:
    """Shopping in `HERE`, from in one hour to in nine, at noon."""
    values: dict[str, Any] = {
        "category": "shopping",
        "requires": "none",
        "urgent": False,
        "languages": frozenset(),
        "needed_from": NOON + timedelta(hours=1),
        "needed_until": NOON + timedelta(hours=9),
        "quarter_id": HERE,
        "cell": CELL,
        "requester_id": UUID(int=999),
    }
    return Need(**values | more)


def a_candidate(number: int = 1, **more: Any) -> Candidate:
    """Somebody next door who may be asked. Fields of habits and load may be named directly."""
    habits = {name: more.pop(name) for name in list(more) if name in Habits.__slots__}
    load = {name: more.pop(name) for name in list(more) if name in Load.__slots__}
    values: dict[str, Any] = {
        "person_id": UUID(int=number),
        "quarter_id": HERE,
        "adjoins": False,
        "categories": frozenset({"shopping"}),
        "languages": frozenset({"de"}),
        "availability": (),
        "reach": "quarter",
        "cell": CELL,
        "tasks_per_week": 5,
        "offer_paused_until": None,
        "verification": "new",
        "reachable": True,
        "habits": replace(Habits(HERNE), **habits),
        "load": replace(Load(), **load),
    }
    return Candidate(**values | more)
