"""Settling what has ended and claiming what comes next: one transaction, and neither is lost with the other."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import event
from structlog.testing import capture_logs

from jobs.pacing import Pace
from jobs.settling import Settler
from nachbarschaft.context import Context
from nachbarschaft.recording import RecordingGateway
from nachbarschaft.sending import Hold, Outcome, Reason, SendResult
from nachbarschaft.services.outgoing import Claim, Parcel
from nachbarschaft.services.pushing import PushLine
from tests.nachbarschaft.owed import owed
from tests.support.town import Town

SENT = SendResult(Outcome.SENT, "sent")


@pytest.fixture
def line(small_town: Town) -> Iterator[PushLine]:
    line = PushLine(RecordingGateway(small_town.pushes))
    yield line
    line.close()


@pytest.fixture
def settler(small_town: Town, line: PushLine) -> Settler:
    return Settler(small_town.wiring, line, Pace(), time.monotonic)


def two_claims(town: Town, line: PushLine) -> list[Claim]:
    """Two of four pushes that are due."""
    for _ in range(4):
        town.volunteer()
    town.neighbour().ask(urgent=True)
    with town.wiring.writing() as context:
        return line.claim(context, 2, None)


def states(town: Town) -> list[str]:
    return sorted(push.state for push in owed(town))


def test_what_has_ended_is_settled_and_the_next_is_claimed_in_one_transaction(
    small_town: Town, line: PushLine, settler: Settler
) -> None:
    for claim in two_claims(small_town, line):
        settler.add(Parcel((claim,), SENT), SENT)
    commits: list[object] = []
    event.listen(small_town.wiring.database.engine, "commit", commits.append)
    counted, claims = settler.settle(lambda context: line.claim(context, 10, None))
    assert (counted, len(claims), len(commits)) == ({"sent": 2}, 2, 1)
    assert states(small_town) == ["leased", "leased", "sent", "sent"]


def test_a_claim_that_breaks_loses_nothing_of_what_has_ended(
    small_town: Town, line: PushLine, settler: Settler
) -> None:
    for claim in two_claims(small_town, line):
        settler.add(Parcel((claim,), SENT), SENT)

    def broken(_: Context) -> list[Claim]:
        raise LookupError("no such channel")

    with pytest.raises(LookupError):
        settler.settle(broken)
    assert states(small_town) == ["pending", "pending", "sent", "sent"]
    assert len(settler) == 0


def test_an_ending_that_cannot_be_written_stops_neither_the_others_nor_the_next_claim(
    small_town: Town, line: PushLine, settler: Settler
) -> None:
    bad, good = two_claims(small_town, line)
    unwritable = Hold("tomorrow", Reason.LATE)  # type: ignore[arg-type]  # what a bug might hand over
    settler.add(Parcel((bad,), unwritable), unwritable)
    settler.add(Parcel((good,), SENT), SENT)
    with capture_logs() as logs:
        counted, claims = settler.settle(lambda context: line.claim(context, 10, None))
    assert (counted, len(claims)) == ({"sent": 1, "broke": 1}, 2)
    assert [log["event"] for log in logs] == ["settling_broke", "push_broke"]
    assert states(small_town) == ["leased", "leased", "leased", "sent"]


def test_with_nothing_ended_and_nothing_to_claim_no_transaction_is_begun(small_town: Town, settler: Settler) -> None:
    begun: list[object] = []
    event.listen(small_town.wiring.database.engine, "begin", begun.append)
    assert settler.settle() == ({}, [])
    assert begun == []
