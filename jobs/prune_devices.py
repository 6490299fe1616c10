"""Deletes devices that have not been seen for 270 days, a batch in each transaction."""

from datetime import datetime

from jobs.job import BATCH, Counts
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.services import pruning


def prune_devices(wiring: Wiring, now: datetime) -> Counts:
    pruned = 0
    while (batch := _prune_batch(wiring, now)) is not None:
        pruned += batch
    return {"devices": pruned}


def _prune_batch(wiring: Wiring, now: datetime) -> int | None:
    with wiring.writing(now) as context:
        return pruning.prune_devices(context, BATCH)
