"""A quarter's figures for whoever has to account for it, with small groups withheld."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from models import Quarter
from nachbarschaft.context import Context
from nachbarschaft.matching.wallclock import day_of
from nachbarschaft.queries.groups import label_of
from nachbarschaft.queries.periods import CALENDAR, Period, known_sums
from nachbarschaft.queries.tallies import Tally, tallies_of
from nachbarschaft.withholding import withheld

Face = dict[str, Any]
NO_FIGURES: Face = dict.fromkeys(Tally().figures())
"""All that is told of a group that is withheld."""


def read_statistics(context: Context, quarter: Quarter, by: str, period: Period) -> Face:
    """The requests that were created in `period`, grouped `by` one of GROUPINGS; the actor coordinates `quarter`.

    `filled` counts those that ever had all the helpers they needed at once: they have them now, or the event of
    somebody's yes says that it took the last place. Going ahead with fewer is not it. `done`, `expired` and
    `cancelled` are how they stand now. `hours` add up what helpers who finished took: the minutes they told, else
    those that were told for the whole request.

    Protected is the size of every group of fewer than five requests: it is withheld, and others with it, so that it
    does not follow from the sums that the other groupings of the same period tell. Days and weeks at the two ends of
    a month are the exception: there weeks, months and days together may still tell one.
    Not protected: requests are counted, not people. Inside a group that is told, smaller counts stand, so of five
    requests the median may speak of one. And two periods that differ by a day tell what that day held.
    Coordinators may see each request of their quarter anyway; what they publish is theirs to look at once more.
    """
    period = period.as_of(day_of(context.now, ZoneInfo(quarter.timezone)))
    tallies = tallies_of(context, quarter, by, period)
    sizes = {group: tally.requests for group, tally in tallies.items()}
    hidden = withheld(sizes, known_sums(by, period))
    rows = [
        {"group": group, "label": label_of(by, group, context.language), **_told(tallies[group], hide=group in hidden)}
        for group in _in_order(sizes, hidden, by)
    ]
    return {"from": period.first, "until": period.last, "by": by, "rows": rows}


def _told(tally: Tally, *, hide: bool) -> Face:
    return {"withheld": hide, **(NO_FIGURES if hide else tally.figures())}


def _in_order(sizes: Mapping[str, int], hidden: frozenset[str], by: str) -> list[str]:
    """Time groups in time's order, others the largest first; what is withheld last, for its place would tell of it."""
    if by in CALENDAR:
        return sorted(sizes)
    return sorted(sizes, key=lambda group: (group in hidden, 0 if group in hidden else -sizes[group], group))
