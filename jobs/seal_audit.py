"""Seals the audit trail, a batch in each transaction, and tells the log where the chain ends: that lies elsewhere."""

from datetime import datetime

import structlog

from jobs.job import BATCH, Counts
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.services.sealing_audit import Sealed, seal_events

_log = structlog.get_logger(__name__)


def seal_audit(wiring: Wiring, now: datetime) -> Counts:
    events = seals = 0
    last: Sealed | None = None
    while (sealed := _seal_batch(wiring, now)) is not None:
        events, seals, last = events + sealed.events, seals + 1, sealed
    if last is not None:
        _log.info("audit_sealed", number=last.head.number, hash=last.head.hash)
    return {"events": events, "seals": seals}


def _seal_batch(wiring: Wiring, now: datetime) -> Sealed | None:
    with wiring.writing(now) as context:
        return seal_events(context, BATCH)
