"""Asks both sides how a request ended of which nobody has said so, and in the end takes it for done."""

from collections import Counter
from datetime import datetime

from jobs.job import Counts, until_empty
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.services.forgotten import ask_or_close, due_for_closing


def close_forgotten(wiring: Wiring, now: datetime) -> Counts:
    done = Counter(until_empty(wiring, now, due_for_closing, ask_or_close))
    return {kind: done[kind] for kind in ("asked", "closed")}
