"""How attempts ended, counted for the operator: by channel and one word each, with nobody in it."""

from collections import Counter
from contextlib import suppress
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlalchemy.exc import IntegrityError

from models import DeliveryTally
from nachbarschaft.context import Context


class Tally:
    """What one sender has counted and not yet written down."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.counts: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self.counts)

    def add(self, word: str) -> None:
        self.counts[word] += 1


def write_down(context: Context, tally: Tally) -> None:
    """Adds what was counted to what all senders have counted. The caller forgets it once that is committed."""
    for word, count in sorted(tally.counts.items()):  # in one order, so that no two senders wait for each other
        if not _add(context, tally.channel, word, count, context.now):
            with suppress(IntegrityError), context.session.begin_nested():
                context.session.add(DeliveryTally(channel=tally.channel, outcome=word, count=0, last_at=context.now))
            _add(context, tally.channel, word, count, context.now)


def _add(context: Context, channel: str, word: str, count: int, now: datetime) -> bool:
    added = context.session.execute(
        update(DeliveryTally)
        .where(DeliveryTally.channel == channel, DeliveryTally.outcome == word)
        .values(count=DeliveryTally.count + count, last_at=now)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], added).rowcount == 1
