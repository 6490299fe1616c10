"""Reminds everybody who helps, 24 hours and 2 hours before it begins."""

from collections import Counter
from datetime import datetime

from jobs.job import Counts, until_empty
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.services.reminding import due_for_reminding, remind


def remind_helpers(wiring: Wiring, now: datetime) -> Counts:
    done = Counter(until_empty(wiring, now, due_for_reminding, remind))
    return {kind: done[kind] for kind in ("day", "hours")}
