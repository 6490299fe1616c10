"""What matching knows about a need and about a volunteer: plain values, gathered elsewhere."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from nachbarschaft.matching.wallclock import Opening, Slot


@dataclass(frozen=True, slots=True)
class Need:
    """A request, as far as the choice of people depends on it."""

    category: str
    requires: str
    urgent: bool
    languages: frozenset[str]
    needed_from: datetime
    needed_until: datetime
    quarter_id: uuid.UUID
    cell: str | None
    requester_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Habits:
    """What somebody prefers: quiet hours as "HH:MM" in their own zone (None: none), limits per day and week."""

    zone: ZoneInfo
    quiet_from: str | None = "22:00"
    quiet_until: str | None = "07:00"
    urgent_at_night: bool = False
    pushes_per_day: int = 5
    asks_per_week: int = 4
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What somebody has been asked and has done: counts of the last 7 days, of today, and decayed over weeks.

    `free_until`: until when they have said that they have time now; None where they have not said so.
    """

    active_tasks: int = 0
    tasks_this_week: int = 0
    asks_this_week: int = 0
    pushes_today: int = 0
    asks: int = 0
    yes: int = 0
    last_asked_at: datetime | None = None
    tasks_lately: float = 0.0
    free_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A volunteer with one offer. `adjoins` says whether their quarter touches the request's.

    `reachable` says whether a push or a mail would reach them when they are asked.
    """

    person_id: uuid.UUID
    quarter_id: uuid.UUID
    adjoins: bool
    categories: frozenset[str]
    languages: frozenset[str]
    availability: tuple[Slot, ...]
    reach: str
    cell: str
    tasks_per_week: int
    offer_paused_until: datetime | None
    verification: str
    reachable: bool
    habits: Habits
    load: Load


@dataclass(frozen=True, slots=True)
class Fit:
    """A need's candidate and what stays as it is from wave to wave: found once, then only the load is looked at.

    `km` lies between the middles of the two cells; None where the request has no place. `openings` as in `wallclock`.
    `keeps_language_free`: they speak a rare language that this need does not take.
    """

    candidate: Candidate
    km: float | None
    openings: tuple[Opening, ...] | None
    keeps_language_free: bool
