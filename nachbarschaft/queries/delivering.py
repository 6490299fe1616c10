"""How delivery stands, channel by channel: what is due, and how the attempts so far have ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from models import Delivery, DeliveryTally, Mail
from nachbarschaft.context import Context
from nachbarschaft.sending import Outcome, is_error

CHANNELS: dict[str, type[Delivery] | type[Mail]] = {"push": Delivery, "mail": Mail}


@dataclass(frozen=True, slots=True)
class ChannelStanding:
    """One way to reach people; None for what has not happened yet. `last_error` is a short code.

    `due` counts what should have gone out by now, `outcomes` how often attempts have ended in each way, ever.
    """

    channel: str
    due: int
    oldest_due_seconds: float | None
    outcomes: Mapping[str, int]
    last_success_at: datetime | None
    last_error_at: datetime | None
    last_error: str | None

    @property
    def fails(self) -> bool:
        """Whether the last attempt that says anything about the channel went wrong."""
        if self.last_error_at is None:
            return False
        return self.last_success_at is None or self.last_error_at > self.last_success_at


def channel_standings(context: Context) -> list[ChannelStanding]:
    """Every channel, also one that has never been used."""
    tallies = context.session.scalars(select(DeliveryTally).order_by(DeliveryTally.outcome)).all()
    return [_standing(context, channel, [one for one in tallies if one.channel == channel]) for channel in CHANNELS]


def _standing(context: Context, channel: str, tallies: Sequence[DeliveryTally]) -> ChannelStanding:
    due, seconds = _due(context, channel)
    sent = _latest([one for one in tallies if one.outcome == Outcome.SENT])
    error = _latest([one for one in tallies if is_error(one.outcome)])
    return ChannelStanding(
        channel,
        due,
        seconds,
        {one.outcome: one.count for one in tallies},
        last_success_at=None if sent is None else sent.last_at,
        last_error_at=None if error is None else error.last_at,
        last_error=None if error is None else error.outcome,
    )


def _latest(tallies: Sequence[DeliveryTally]) -> DeliveryTally | None:
    return max(tallies, key=lambda one: one.last_at, default=None)


def _due(context: Context, channel: str) -> tuple[int, float | None]:
    kind = CHANNELS[channel]
    query = select(func.count(), func.min(kind.due_at)).where(kind.is_owed(), kind.due_at <= context.now)
    count, oldest = context.session.execute(query).one()
    waited: float | None = (context.now - oldest).total_seconds() if count else None
    return count, waited
