"""Sends what is owed: claims a batch, looks once more, sends outside any transaction, settles."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog

from jobs.job import Counts
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.push import Outcome, PushGateway, PushMessage, PushResult
from nachbarschaft.services.deliveries import (
    Claim,
    Drop,
    Hold,
    claim_due,
    forget_address,
    free_leases,
    prepare,
    settle,
)

SENDERS = 16
BATCH = 64
"""Small enough that a whole batch is sent well within its lease, also when every attempt times out."""
_log = structlog.get_logger(__name__)

Prepared = tuple[Claim, PushMessage | Drop | Hold]


class Courier:
    """One sender: a gateway and a bounded pool of threads."""

    def __init__(self, wiring: Wiring, gateway: PushGateway) -> None:
        self._wiring = wiring
        self._gateway = gateway
        self._pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="courier")

    def deliver_batch(self, now: datetime) -> Counts:
        """Sends one batch of what is due at `now`; empty counts where nothing is."""
        with self._wiring.writing(now) as context:
            claims = claim_due(context.session, now, BATCH)
        if not claims:
            return {}
        with self._wiring.reading(now) as context:
            prepared = [(claim, prepare(context.session, claim, now)) for claim in claims]
        return dict(Counter(self._pool.map(self._finish, prepared)))

    def close(self) -> None:
        """Waits for sends under way, then lets go of the gateway."""
        self._pool.shutdown(wait=True)
        self._gateway.close()

    def _finish(self, prepared: Prepared) -> str:
        claim, step = prepared
        outcome = self._gateway.send(step) if isinstance(step, PushMessage) else step
        with self._wiring.writing() as context:
            holds = settle(context.session, claim, outcome, context.now)
            if holds and isinstance(step, PushMessage) and _is_gone(outcome):
                forget_address(context.session, claim.delivery_id, step.address)
        return _noted(claim, outcome) if holds else "overtaken"


def _is_gone(outcome: PushResult | Drop | Hold) -> bool:
    return isinstance(outcome, PushResult) and outcome.outcome == Outcome.ADDRESS_GONE


def _noted(claim: Claim, outcome: PushResult | Drop | Hold) -> str:
    """What happened, for counts and the log: ids and codes, never an address."""
    if isinstance(outcome, Drop):
        return "dropped"
    if isinstance(outcome, Hold):
        return "held"
    if outcome.outcome == Outcome.REFUSED:
        _log.error("push_refused", delivery_id=str(claim.delivery_id), detail=outcome.detail)
    return outcome.outcome.value


def deliver_pushes(wiring: Wiring, now: datetime) -> Counts:
    """The scheduled job: frees leases that ran out. Only the worker sends."""
    with wiring.writing(now) as context:
        return {"freed": free_leases(context.session, now)}


def drain(courier: Courier, now: datetime) -> Counts:
    """Sends everything that is due at `now`, batch by batch."""
    total: Counter[str] = Counter()
    while counts := courier.deliver_batch(now):
        total.update(counts)
    return dict(total)
