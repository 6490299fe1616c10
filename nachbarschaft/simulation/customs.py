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
    (0.30, (0.75, 0.65, 0.25, 0.08), (0.55, 0.55, 0.25, 0.08)),
    (0.40, (0.10, 0.15, 0.65, 0.08), (0.60, 0.65, 0.45, 0.08)),
    (0.15, (0.65, 0.35, 0.30, 0.08), (0.30, 0.45, 0.35, 0.08)),
    (0.15, (0.55, 0.60, 0.60, 0.25), (0.55, 0.60, 0.60, 0.25)),
)
"""Share of volunteers, and how likely each part is theirs, on workdays and at weekends (assumed).

Retired, at work, with small children, students and others with time of their own.
"""

TOLERANCE: Final = ((0.10, 1, 1), (0.37, 2, 5), (0.33, 6, 10), (0.20, 11, 25))
"""Share of volunteers, and between how many useless pushes a week they mute the app (Localytics 2017, stated)."""
