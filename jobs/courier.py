"""Sends what one channel owes: claims a batch, looks once more at each, sends outside any transaction, settles."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime
from math import inf
from threading import Event
from typing import Any

import structlog

from jobs.job import DATABASE_AWAY, Counts
from jobs.line import Line
from jobs.pacing import Pace
from jobs.settling import Settler
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.sending import Drop, Ending, Hold, Outcome, Reason, SendResult
from nachbarschaft.services.outgoing import LEASE, Claim, Parcel

ROUNDS = 4
"""Held at a time, for each sender: few enough to be begun well within the lease, also when every attempt times out."""
ATTEMPT_SECONDS = 35.0
"""The longest that one attempt takes: connecting and the answer 10 s each, and fetching a new token now and then."""
IN_HAND = LEASE.total_seconds() - ATTEMPT_SECONDS
"""Seconds from the claim after which nothing of it is begun any more: the next sender may have it before it ends."""
PATIENCE = 0.1
"""Seconds to wait for an attempt to end before looking for more to do."""
GAVE_UP = SendResult(Outcome.REFUSED, "gave_up")
BROKE = SendResult(Outcome.RETRY, "broke")
_log = structlog.get_logger(__name__)


class Courier:
    """One sender for one line: a bounded pool of threads, and one thread that claims and settles for all of them.

    `ticks` is a clock in seconds that only goes forward. Once `stop` is set it begins no other push.
    """

    def __init__(
        self,
        wiring: Wiring,
        line: Line,
        stop: Event | None = None,
        *,
        pace: Pace | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wiring = wiring
        self._line = line
        self._stop = stop or Event()
        self._pace = pace or Pace()
        self._ticks = ticks
        self._pool = ThreadPoolExecutor(line.senders, thread_name_prefix=f"courier-{line.channel}")
        self._sending: dict[Future[Ending], Parcel[Any]] = {}
        self._settler = Settler(wiring, line, self._pace, ticks)
        self._found_nothing_at = -inf

    @property
    def channel(self) -> str:
        return self._line.channel

    @property
    def is_held_back(self) -> bool:
        """Whether only the pace keeps it from beginning more for the moment, although the other side works."""
        return not self._pace.is_open and self._pace.allowance(self._ticks()) < 1

    def turn(self, due_by: datetime | None = None) -> Counts | None:
        """Settles what has ended and begins what may begin; what was settled, or None where nothing is under way."""
        self._gather(0.0 if self._allowed() else PATIENCE)
        allowed = 0 if self._stop.is_set() else self._allowed()
        if allowed:
            settled, begun = self._settle_and_begin(allowed, due_by)
        else:
            settled, begun = self._settler.settle()[0], 0
        if settled or begun or self._held():
            return dict(settled)
        self._settler.write_tally()
        return None

    def finish(self) -> Counts:
        """Waits for what is under way and settles it, at the end."""
        total: Counter[str] = Counter()
        while self._held():
            self._gather(PATIENCE)
            total.update(self._settler.settle()[0])
        self._settler.write_tally()
        return dict(total)

    def close(self) -> None:
        """Waits for sends under way, then lets go of the gateway."""
        self._pool.shutdown(wait=True)
        self._line.close()

    def _held(self) -> int:
        """How many claims are in its hands."""
        return len(self._settler) + self._under_way()

    def _under_way(self) -> int:
        return sum(len(parcel.claims) for parcel in self._sending.values())

    # --- Beginning ------------------------------------------------------------------------------------------

    def _settle_and_begin(self, allowed: int, due_by: datetime | None) -> tuple[Counter[str], int]:
        """Settles, claims up to `allowed` and hands them to the pool; what was settled, how many were claimed."""
        claimed_at = self._ticks()
        settled, claims = self._settler.settle(lambda context: self._line.claim(context, allowed, due_by))
        if not claims:
            self._found_nothing_at = claimed_at
        for parcel in self._ready(claims):
            if isinstance(parcel.step, Drop | Hold | SendResult):
                self._settler.add(parcel, parcel.step)
            else:
                self._pace.begun(1)
                self._sending[self._pool.submit(self._attempt, parcel, claimed_at)] = parcel
        return settled, len(claims)

    def _allowed(self) -> int:
        """How many claims may be made now. While others are being sent, many at a time or none, and not too often.

        A look costs nearly as much for one as for many; and meanwhile one for each sender still waits to be begun.
        What waits for being settled takes no room: it is settled by the time that the claims are made.
        """
        room = ROUNDS * self._line.senders - self._under_way()
        if self._sending:
            found_nothing = self._ticks() - self._found_nothing_at < PATIENCE
            if found_nothing or room < ROUNDS // 2 * self._line.senders:
                return 0
        return max(0, min(room, self._pace.allowance(self._ticks())))

    def _ready(self, claims: list[Claim]) -> list[Parcel[Any]]:
        """What is to become of each claim; all are given back where the database goes away meanwhile."""
        try:
            return self._prepared(claims)
        except DATABASE_AWAY as error:
            _log.error("could_not_look", channel=self.channel, error=type(error).__name__)
            return [Parcel((claim,), Hold(self._wiring.clock.now(), Reason.LATE)) for claim in claims]

    def _prepared(self, claims: list[Claim]) -> list[Parcel[Any]]:
        """All together; where one of them breaks that, each on its own, so that it stops no other."""
        given_up = [claim for claim in claims if claim.is_given_up]
        claims = [claim for claim in claims if not claim.is_given_up]
        parcels: list[Parcel[Any]] = [Parcel((claim,), GAVE_UP) for claim in given_up]
        if not claims:
            return parcels
        try:
            return parcels + self._looked_at(claims)
        except DATABASE_AWAY:
            raise
        except Exception as error:
            # A bug that one of them runs into, whichever it is.
            _log.error("batch_broke", channel=self.channel, error=type(error).__name__)
        return parcels + [parcel for claim in claims for parcel in self._alone(claim)]

    def _alone(self, claim: Claim) -> list[Parcel[Any]]:
        try:
            return self._looked_at([claim])
        except DATABASE_AWAY:
            raise
        except Exception as error:
            # A bug that one row runs into must not stop the others; it is tried again, and given up in the end.
            _log.error("push_broke", delivery_id=str(claim.row_id), error=type(error).__name__)
            return [Parcel((claim,), BROKE)]

    def _looked_at(self, claims: list[Claim]) -> list[Parcel[Any]]:
        with self._wiring.reading() as context:
            return self._line.prepare(context, claims)

    def _attempt(self, parcel: Parcel[Any], claimed_at: float) -> Ending:
        """One attempt, in a thread of the pool. Whatever goes wrong with it is settled on its own row."""
        if self._stop.is_set():
            # Left to the next sender at once: a batch may take longer than a process has for stopping.
            return Hold(self._wiring.clock.now(), Reason.STOPPING)
        if self._ticks() - claimed_at > IN_HAND:
            # This process was stopped or starved meanwhile: by now somebody else may be sending it.
            return Hold(self._wiring.clock.now(), Reason.LATE)
        try:
            return self._line.send(parcel.message)
        except Exception as error:
            # A gateway's bug is a failure of this one push; raised here, it would take the other senders along.
            _log.error("push_broke", delivery_id=str(parcel.claims[0].row_id), error=type(error).__name__)
            return replace(BROKE, may_have_arrived=True)

    # --- Ending ---------------------------------------------------------------------------------------------

    def _gather(self, patience: float) -> None:
        if not self._sending:
            return
        done, _ = wait(self._sending, timeout=patience, return_when=FIRST_COMPLETED)
        for future in done:
            parcel, ending = self._sending.pop(future), future.result()
            if isinstance(ending, SendResult):
                self._pace.ended(ending, self._ticks())
            else:
                self._pace.nothing_learnt()
            self._settler.add(parcel, ending)
