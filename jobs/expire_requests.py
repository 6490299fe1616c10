"""Warns before a request runs out, then lets it expire; never one with help running."""

from collections import Counter
from datetime import datetime

from jobs.job import Counts, until_empty
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.services.expiry import due_for_expiry, expire_or_warn


def expire_requests(wiring: Wiring, now: datetime) -> Counts:
    done = Counter(until_empty(wiring, now, due_for_expiry, expire_or_warn))
    return {kind: done[kind] for kind in ("warned", "expired", "filled")}
