"""Writes how attempts ended, many at a time; what follows from an ending is done before."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import UUID

import structlog

from jobs.job import DATABASE_AWAY
from jobs.line import Line
from jobs.pacing import Pace
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.context import Context
from nachbarschaft.sending import Drop, Ending, Hold, Reason, SendResult, Trouble, is_alarm, word_of
from nachbarschaft.services.counting import Tally, write_down
from nachbarschaft.services.outgoing import Claim, Parcel, Settlement, settle_all

WRITES_TALLY_EVERY = 5.0
_log = structlog.get_logger(__name__)
Ended = tuple[Parcel[Any], Ending]
Claiming = Callable[[Context], list[Claim]]
"""Takes what is to be sent next, in the transaction that it is handed."""


def claim_nothing(_: Context) -> list[Claim]:
    return []


class Settler:
    """Settles for one courier, in the thread that drives it; `ticks` are seconds that only go forward."""

    def __init__(self, wiring: Wiring, line: Line, pace: Pace, ticks: Callable[[], float]) -> None:
        self._wiring = wiring
        self._line = line
        self._pace = pace
        self._ticks = ticks
        self._waiting: list[Ended] = []
        self._tally, self._written_at = Tally(line.channel), ticks()

    def __len__(self) -> int:
        """How many claims wait for being settled."""
        return sum(len(parcel.claims) for parcel, _ in self._waiting)

    def add(self, parcel: Parcel[Any], ending: Ending) -> None:
        self._waiting.append((parcel, ending))

    def settle(self, claim: Claiming = claim_nothing) -> tuple[Counter[str], list[Claim]]:
        """Writes all endings at hand and claims what comes next, in one transaction: two would cost a fifth more.

        Endings stay at hand while the database is away; the lease fences them.
        """
        endings = self._waiting
        try:
            counted, claims = self._written(endings, claim)
        except DATABASE_AWAY:
            raise
        except Exception as error:
            # One of them breaks it: each on its own, and that one is left to its lease.
            _log.error("settling_broke", channel=self._line.channel, error=type(error).__name__)
            counted = sum((self._written_alone(one) for one in endings), Counter[str]())
            self._waiting = []
            claims = self._written([], claim)[1]
        self._waiting = []
        if endings and self._ticks() - self._written_at > WRITES_TALLY_EVERY:
            self.write_tally()
        return counted, claims

    def _written_alone(self, one: Ended) -> Counter[str]:
        try:
            return self._written([one], claim_nothing)[0]
        except DATABASE_AWAY:
            raise
        except Exception as error:
            # Its lease runs out, and counts as a failure: in the end it is given up, and the others go on.
            _log.error("push_broke", delivery_id=str(one[0].claims[0].row_id), error=type(error).__name__)
            return Counter({"broke": 1})

    def _written(self, endings: Sequence[Ended], claim: Claiming) -> tuple[Counter[str], list[Claim]]:
        known = [(parcel, self._seen_through(parcel, ending)) for parcel, ending in endings]
        settlements = [
            Settlement(claim, ending, self._counts(ending)) for parcel, ending in known for claim in parcel.claims
        ]
        if not settlements and claim is claim_nothing:
            return Counter(), []
        with self._wiring.writing() as context:
            written = settle_all(context.session, self._line.table, settlements, context.now)
            claims = claim(context)
        return Counter(self._noted(settlement, written) for settlement in settlements), claims

    def _seen_through(self, parcel: Parcel[Any], ending: Ending) -> Ending:
        """Before settling, so that a sender that dies in between leaves the row to one that does it again.

        And apart from it, for it touches other pushes of the phone, which others may be settling.
        """
        if not self._line.has_more_to_it(parcel, ending):
            return ending
        with self._wiring.writing() as context:
            return self._line.after(context, parcel, ending)

    def _noted(self, settlement: Settlement, written: Collection[UUID]) -> str:
        """What happened, for counts and the log: ids and codes, never an address."""
        claim, ending = settlement.claim, settlement.ending
        if claim.row_id not in written:
            return "overtaken"
        self._tally.add(word_of(ending))
        if isinstance(ending, Drop):
            return "dropped"
        if isinstance(ending, Hold):
            return "given_back" if ending.reason in {Reason.STOPPING, Reason.LATE} else "held"
        if is_alarm(word_of(ending)):
            _log.error("push_refused", delivery_id=str(claim.row_id), detail=ending.detail)
        return ending.outcome.value

    def _counts(self, ending: Ending) -> bool:
        """Whether a failure brings its row nearer to being given up: not while the service is down for everybody."""
        is_down = isinstance(ending, SendResult) and ending.trouble is Trouble.DOWN
        return not (is_down and self._pace.is_open)

    def write_tally(self) -> None:
        """Writes down what was counted since the last time."""
        self._written_at = self._ticks()
        if self._tally:
            with self._wiring.writing() as context:
                write_down(context, self._tally)
            self._tally = Tally(self._line.channel)
