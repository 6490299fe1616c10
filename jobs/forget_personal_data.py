"""Forgets what has been kept as long as was promised: answers for repeated tries, after 72 hours."""

from datetime import datetime

from jobs.job import Counts
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.services.repeating import forget_old_answers


def forget_personal_data(wiring: Wiring, now: datetime) -> Counts:
    with wiring.writing(now) as context:
        return {"answers": forget_old_answers(context)}
