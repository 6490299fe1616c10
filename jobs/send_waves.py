"""Asks the next wave of every request for which it is due."""

from datetime import datetime

from jobs.job import Counts, until_empty
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.services.dispatch import ask_due_wave, due_for_asking


def send_waves(wiring: Wiring, now: datetime) -> Counts:
    asked = [count for count in until_empty(wiring, now, due_for_asking, ask_due_wave) if isinstance(count, int)]
    return {"requests": len(asked), "asked": sum(asked)}
