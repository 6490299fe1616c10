"""What is on its way out: claimed under a lease, and settled by whoever holds the lease. Pushes and mails alike."""

import random
import uuid
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar, cast

from sqlalchemy import CTE, ColumnElement, CursorResult, Update, and_, case, exists, or_, select, true, update
from sqlalchemy.orm import Session

from models import Delivery, Mail, Notification, Outgoing
from models.keys import is_one_of
from models.lifecycle import DeliveryState
from nachbarschaft.sending import Drop, Ending, Hold, Outcome, Reason, SendResult, Trouble, word_of

LEASE = timedelta(seconds=60)
"""Longer than any attempt takes (10 s), short enough that a dead worker's pushes move on within a minute."""
IMPOSSIBLE_LEASE = 10 * LEASE
"""Nobody leases for so long: a lease that ends later was written before the clock was set back."""
LONGEST_HOLD = timedelta(days=2)
"""Nothing is held for so long: quiet hours, digests and Google's longest wait end within a day."""
SOON = timedelta(seconds=10)
"""What is due so soon needs no hastening: clocks and transactions differ a little."""
ATTEMPTS = 12
FIRST_RETRY = timedelta(seconds=10)
"""The shortest that Google asks for (firebase.google.com/docs/cloud-messaging/scale-fcm)."""
LONGEST_RETRY = timedelta(minutes=5)
WHEN_BUSY = timedelta(seconds=60)
"""How long to wait after "too many" where the answer does not say how long (same source)."""

Message = TypeVar("Message")
Table = type[Outgoing]
"""Where a channel keeps what it owes."""


class Claim(NamedTuple):
    """One row held by one attempt; `failures` counts the earlier ones that went wrong at the other side.

    `may_have_arrived` says that an earlier attempt may have come through all the same.
    """

    row_id: uuid.UUID
    attempt: int
    failures: int = 0
    may_have_arrived: bool = False

    @property
    def is_given_up(self) -> bool:
        """Whether it failed so often, or its senders died of it, that it is not tried any more."""
        return self.failures >= ATTEMPTS


@dataclass(frozen=True, slots=True)
class Parcel(Generic[Message]):
    """What goes out at once: one message, or how it ends without one, for one claim or for several in a digest."""

    claims: tuple[Claim, ...]
    step: Message | Ending

    @property
    def message(self) -> Message:
        """What is to be sent, of a parcel that is."""
        if isinstance(self.step, Drop | Hold | SendResult):
            raise LookupError("this parcel is not sent")  # noqa: TRY004 - no value has the wrong type
        return self.step


class Settlement(NamedTuple):
    """How one attempt ended. One that does not `count` brings its row no nearer to being given up."""

    claim: Claim
    ending: Ending
    counts: bool = True


def claim_due(
    session: Session,
    table: Table,
    now: datetime,
    limit: int,
    *,
    due_by: datetime | None = None,
    among: ColumnElement[bool] | None = None,
) -> list[Claim]:
    """Takes up to `limit` rows (`among` some, or all) due by now or by `due_by`, oldest first.

    Those too whose lease ran out.

    Nobody else gets them until the lease ends. What was taken from a sender that let its lease run out may have
    arrived; and it counts as a failure, for the row may be what the sender died of.
    """
    was_held = table.state == DeliveryState.LEASED
    due = _due(table, now, limit, due_by or now, among)
    rows = session.connection().execute(
        _all_or_nothing(update(table))
        .where(table.id.in_(select(due.c.id)))
        .values(
            state=DeliveryState.LEASED,
            attempt=table.attempt + 1,
            lease_until=now + LEASE,
            failures=table.failures + case((was_held, 1), else_=0),
            may_have_arrived=or_(table.may_have_arrived, was_held),
        )
        .returning(table.id, table.attempt, table.failures, table.may_have_arrived)
    )
    return [Claim._make(row) for row in rows.all()]


def _due(table: Table, now: datetime, limit: int, due_by: datetime, among: ColumnElement[bool] | None) -> CTE:
    """The oldest rows that are due and that nobody holds any more."""
    return (
        select(table.id)
        .where(
            table.is_owed(),
            table.due_at <= due_by,
            or_(table.lease_until.is_(None), _over(table, now)),
            true() if among is None else among,
        )
        .order_by(table.due_at, table.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )


def free_leases(session: Session, table: Table, now: datetime) -> int:
    """Gives back what a dead worker held, which may have arrived; returns how many."""
    freed = session.execute(
        update(table)
        .where(table.is_owed(), table.state == DeliveryState.LEASED, _over(table, now))
        .values(state=DeliveryState.PENDING, lease_until=None, failures=table.failures + 1, may_have_arrived=True)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], freed).rowcount


def free_all_leases(session: Session, now: datetime) -> int:
    """The same on every channel, and what a clock that was wrong has put off."""
    return sum(free_leases(session, table, now) + hasten(session, table, now) for table in (Delivery, Mail))


def hasten(session: Session, table: Table, now: datetime) -> int:
    """Makes due what was owed at once, at an instant yet to come, or is held for longer than anything is; how many.

    The clock has been set back since, or that of the machine that owed it is ahead of ours.
    """
    owed_at_once = exists().where(Notification.id == table.notification_id, Notification.created_at == table.due_at)
    hastened = session.execute(
        update(table)
        .where(
            table.state == DeliveryState.PENDING,
            or_(
                and_(table.outcome.is_(None), table.due_at > now + SOON, owed_at_once),
                table.due_at > now + LONGEST_HOLD,
            ),
        )
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], hastened).rowcount


def settle_all(session: Session, table: Table, settlements: Iterable[Settlement], now: datetime) -> set[uuid.UUID]:
    """Writes how attempts ended, but for those whose row another attempt has held since; returns the rows it wrote.

    A row whose lease was freed meanwhile is still its own: what was sent is not sent again. What ended alike is written
    by one statement.
    """
    alike: dict[Hashable, list[Settlement]] = defaultdict(list)
    for settlement in settlements:
        alike[_alike(settlement)].append(settlement)
    written: set[uuid.UUID] = set()
    for group in sorted(alike.values(), key=_first):
        rows = [settlement.claim.row_id for settlement in group]
        written.update(_write(session, table, group[0].claim.attempt, rows, _values(group[0], now)))
    return written


def _alike(settlement: Settlement) -> Hashable:
    """What is the same for all that end in the same way. Each retry has a time of its own."""
    claim, ending, _ = settlement
    if not isinstance(ending, SendResult):
        return claim.attempt, ending, claim.failures > 0
    return claim.row_id if ending.outcome is Outcome.RETRY else (claim.attempt, ending.outcome.value, ending.detail)


def _first(group: Sequence[Settlement]) -> uuid.UUID:
    return min(settlement.claim.row_id for settlement in group)


def retry_after(failures: int, wanted_seconds: float | None) -> timedelta:
    """At least ten seconds, doubling with jitter; what the other side asks for counts if it is longer."""
    backoff = min(FIRST_RETRY * 2 ** max(failures - 1, 0), LONGEST_RETRY)
    return max(_jittered(backoff), timedelta(seconds=wanted_seconds or 0))


def _jittered(backoff: timedelta) -> timedelta:
    spread: timedelta = backoff * random.uniform(1.0, 1.5)  # noqa: S311 - spreads load, protects nothing
    return spread


def _over(table: Table, now: datetime) -> Any:
    return or_(table.lease_until <= now, table.lease_until > now + IMPOSSIBLE_LEASE)


def _write(
    session: Session, table: Table, attempt: int, rows: Sequence[uuid.UUID], values: dict[str, Any]
) -> Sequence[uuid.UUID]:
    held = is_one_of(table.id, rows), table.attempt == attempt, table.is_owed()
    connection = session.connection()
    changed = connection.execute(_all_or_nothing(update(table)).where(*held).values(lease_until=None, **values))
    if changed.rowcount == len(rows):
        return rows
    # Another attempt holds some of them. To have all ids come back every time would cost half as much again.
    as_written = (getattr(table, name) == value for name, value in values.items())
    return connection.scalars(
        select(table.id).where(is_one_of(table.id, rows), table.attempt == attempt, *as_written)
    ).all()


def _all_or_nothing(statement: Update) -> Update:
    """Lets an error end the transaction, as it does anyway: SQLite keeps no copies for undoing the statement alone."""
    return statement.prefix_with("OR ROLLBACK", dialect="sqlite")


def _values(settlement: Settlement, now: datetime) -> dict[str, Any]:
    ending = settlement.ending
    if isinstance(ending, Hold):
        return {"state": DeliveryState.PENDING, "due_at": ending.until, "outcome": word_of(ending)}
    if isinstance(ending, SendResult) and ending.outcome is Outcome.RETRY:
        return _tried_again(settlement, ending, now)
    return {"state": _end_of(settlement), "settled_at": now, "outcome": word_of(ending)}


def _end_of(settlement: Settlement) -> DeliveryState:
    """What failed until it was too late has failed, and is not merely dropped."""
    match settlement.ending:
        case Drop(reason):
            has_failed = settlement.claim.failures > 0 and reason is Reason.TOO_LATE
            return DeliveryState.FAILED if has_failed else DeliveryState.DROPPED
        case SendResult(outcome=Outcome.SENT):
            return DeliveryState.SENT
        case _:
            return DeliveryState.FAILED


def _tried_again(settlement: Settlement, result: SendResult, now: datetime) -> dict[str, Any]:
    """Later. Who is only told to wait, or meets a service that is down for everybody, is never given up for it."""
    claim, is_busy = settlement.claim, result.trouble is Trouble.BUSY
    failures = claim.failures + (1 if settlement.counts and not is_busy else 0)
    values: dict[str, Any] = {"outcome": word_of(result), "failures": max(failures, 1)}
    if result.may_have_arrived:
        values["may_have_arrived"] = True
    if failures >= ATTEMPTS:
        return values | {"state": DeliveryState.FAILED, "settled_at": now}
    wanted = result.retry_after_seconds
    wait = _jittered(WHEN_BUSY) if is_busy and wanted is None else retry_after(failures, wanted)
    return values | {"state": DeliveryState.PENDING, "due_at": now + wait}
