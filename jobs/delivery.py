"""What the timetable does about delivery, and delivery by hand: only the worker sends by itself."""

import time
from collections import Counter
from datetime import datetime

from jobs.courier import PATIENCE, Courier
from jobs.job import Counts
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.services.outgoing import free_all_leases


def deliver_pushes(wiring: Wiring, now: datetime) -> Counts:
    """The scheduled job: frees leases that ran out."""
    with wiring.writing(now) as context:
        return {"freed": free_all_leases(context.session, now)}


def drain(courier: Courier, now: datetime) -> Counts:
    """Sends everything that is due at `now`; what meets a service that is down stays for later."""
    total: Counter[str] = Counter()
    while (counts := courier.turn(now)) is not None or courier.is_held_back:
        total.update(counts or {})
        if counts is None:
            time.sleep(PATIENCE)
    return dict(total)
