"""Forgets what has been kept as long as was promised, step by step, a batch in each transaction."""

from datetime import datetime

from jobs.job import BATCH, Counts
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.services.ending_codes import forget_recipients, forget_sealed_codes
from nachbarschaft.services.forgetting import STEPS, Step
from nachbarschaft.services.repeating import forget_old_answers


def forget_personal_data(wiring: Wiring, now: datetime) -> Counts:
    with wiring.writing(now) as context:
        counts = {
            "answers": forget_old_answers(context),
            "codes": forget_sealed_codes(context),
            "recipients": forget_recipients(context),
        }
    return counts | {name: _forget(wiring, now, step) for name, step in STEPS.items()}


def _forget(wiring: Wiring, now: datetime, step: Step) -> int:
    forgotten = 0
    while batch := _forget_batch(wiring, now, step):
        forgotten += batch
    return forgotten


def _forget_batch(wiring: Wiring, now: datetime, step: Step) -> int:
    with wiring.writing(now) as context:
        return step(context, BATCH)
