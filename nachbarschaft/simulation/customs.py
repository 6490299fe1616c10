"""What does not change from world to world: hours of the day, languages, kinds of help, when people have time."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

ZONE: Final = ZoneInfo("UTC")
START: Final = datetime(2026, 1, 5, tzinfo=UTC)
"""Minute 0 of every run: a Monday."""

HOUR: Final = 60.0
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY

CATEGORIES: Final = tuple(f"kind_{number}" for number in range(8))
MAIN: Final = "de"
SHARES: Final = {"de": 0.94, "tr": 0.16, "ar": 0.10, "uk": 0.06, "pl": 0.04}
"""Share of volunteers who speak a language (research, section 2)."""

WILLING_BY_HOUR: Final = (0.5,) * 7 + (0.9, 0.95) + (1.0,) * 4 + (0.97,) * 4 + (1.0,) * 3 + (0.95, 0.9) + (0.5,) * 2
"""Factor of a yes, by the hour of the push: assumed, no public figure; only that evenings are quick is known."""

DEMAND_BY_HOUR: Final = (1,) * 6 + (3, 6, 10, 14, 14, 10, 8, 7, 7, 7, 8, 12, 12, 8, 5, 4, 2, 1)
"""Requests by the hour, relative: peaks from 9 to 11 and from 17 to 19 (research, section 2)."""

NIGHT_ENDS, NIGHT_BEGINS = 7, 22

PARTS: Final = (("07:00", "12:00"), ("12:00", "17:00"), ("17:00", "22:00"), ("22:00", "07:00"))
"""Four parts of a day; with seven days they make the slots in which somebody may have time (research, section 2)."""

AVAILABILITY: Final = (
    (0.30, (0.49, 0.42, 0.16, 0.05), (0.36, 0.36, 0.16, 0.05)),
    (0.40, (0.07, 0.10, 0.42, 0.05), (0.39, 0.42, 0.29, 0.05)),
    (0.15, (0.42, 0.23, 0.20, 0.05), (0.20, 0.29, 0.23, 0.05)),
    (0.15, (0.36, 0.39, 0.39, 0.16), (0.36, 0.39, 0.39, 0.16)),
)
"""Share of volunteers, and how likely each part is theirs, on workdays and at weekends (assumed).

Retired, at work, with small children, students and others with time of their own.
"""

TOLERANCE: Final = ((0.10, 0, 0), (0.37, 1, 4), (0.33, 5, 9), (0.20, 10, 25))
"""Share of volunteers, and how many useless pushes a week they put up with.

At 1 a week 10 % would end it, at 2 to 5 another 37 %, at 6 to 10 another 33 % (Localytics 2017, stated): who ends it at
so many puts up with one fewer.
"""
