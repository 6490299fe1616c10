"""Sends what is owed: claims a batch, looks once more at each push, sends outside any transaction, settles."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event

import structlog

from jobs.job import DATABASE_AWAY, Counts
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.push import PushGateway, PushMessage
from nachbarschaft.sending import Outcome, SendResult
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

Step = PushMessage | Drop | Hold
Ending = SendResult | Drop | Hold


class Courier:
    """One sender: a gateway and a bounded pool of threads. Once `stop` is set it begins no other push."""

    def __init__(self, wiring: Wiring, gateway: PushGateway, stop: Event | None = None) -> None:
        self._wiring = wiring
        self._gateway = gateway
        self._stop = stop or Event()
        self._pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="courier")

    def deliver_batch(self, due_by: datetime) -> Counts:
        """Sends one batch of what is due by then; empty counts where nothing is."""
        with self._wiring.writing() as context:
            claims = claim_due(context.session, context.now, BATCH, due_by=due_by)
        return dict(Counter(self._pool.map(self._deliver, claims)))

    def close(self) -> None:
        """Waits for sends under way, then lets go of the gateway."""
        self._pool.shutdown(wait=True)
        self._gateway.close()

    def _deliver(self, claim: Claim) -> str:
        """One attempt at one push. Whatever goes wrong with it is settled on its own row, like any failure."""
        if self._stop.is_set():
            return self._given_back(claim)
        step: Step | None = None
        try:
            step = self._prepared(claim)
            ending = self._gateway.send(step) if isinstance(step, PushMessage) else step
        except DATABASE_AWAY:
            raise
        except Exception as error:
            # A bug that one push runs into must not stop the others; it is tried again, and given up in the end.
            _log.error("push_broke", delivery_id=str(claim.delivery_id), error=type(error).__name__)
            ending = SendResult(Outcome.RETRY, "broke")
        return self._settled(claim, step, ending)

    def _given_back(self, claim: Claim) -> str:
        """Leaves it to the next sender at once: a batch may take longer than a process has for stopping."""
        with self._wiring.writing() as context:
            settle(context.session, claim, Hold(context.now, "stopping"), context.now)
        return "given_back"

    def _prepared(self, claim: Claim) -> Step:
        with self._wiring.reading() as context:
            return prepare(context.session, claim, context.now)

    def _settled(self, claim: Claim, step: Step | None, ending: Ending) -> str:
        with self._wiring.writing() as context:
            holds = settle(context.session, claim, ending, context.now)
        if holds and isinstance(step, PushMessage) and _is_gone(ending):
            # Apart from settling: deleting a device touches its other deliveries, which others may be settling.
            with self._wiring.writing() as context:
                forget_address(context.session, claim.delivery_id, step.address)
        return _noted(claim, ending) if holds else "overtaken"


def _is_gone(ending: Ending) -> bool:
    return isinstance(ending, SendResult) and ending.outcome == Outcome.ADDRESS_GONE


def _noted(claim: Claim, ending: Ending) -> str:
    """What happened, for counts and the log: ids and codes, never an address."""
    if isinstance(ending, Drop):
        return "dropped"
    if isinstance(ending, Hold):
        return "held"
    if ending.outcome == Outcome.REFUSED:
        _log.error("push_refused", delivery_id=str(claim.delivery_id), detail=ending.detail)
    return ending.outcome.value


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
