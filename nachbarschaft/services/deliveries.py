"""Pushes on their way out: claimed under a lease, looked at once more, and settled by whoever holds the lease."""

import hashlib
import hmac
import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.orm import Session

from models import Delivery, Device, HelpRequest, Invitation, Notification, Person, Preferences, Quarter
from models.lifecycle import DeliveryState, InvitationState, RequestState
from nachbarschaft.matching.eligibility import is_quiet
from nachbarschaft.matching.facts import Habits
from nachbarschaft.matching.wallclock import clock_time, next_time
from nachbarschaft.push import AddressKind, Outcome, PushMessage, PushResult
from nachbarschaft.queries.candidates import habits_of, pushes_today, start_of_day
from nachbarschaft.queries.inbox import link_to
from nachbarschaft.services.outbox import ASKS
from nachbarschaft.services.preferences import wants_push
from nachbarschaft.words import say
from nachbarschaft.words.texts import PUSH_TEXTS

LEASE = timedelta(seconds=60)
"""Longer than any attempt takes (10 s), short enough that a dead worker's pushes move on within a minute."""
ATTEMPTS = 12
FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(minutes=10)
LONGEST_TTL = timedelta(days=28)
"""What FCM allows at most."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One delivery held by one attempt; `failures` counts the earlier ones that went wrong at the other side."""

    delivery_id: uuid.UUID
    attempt: int
    failures: int


@dataclass(frozen=True, slots=True)
class Drop:
    """Not to be sent any more, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """To be sent later."""

    until: datetime
    reason: str


def claim_due(session: Session, now: datetime, limit: int) -> list[Claim]:
    """Takes up to `limit` due deliveries, also those whose lease ran out; nobody else gets them meanwhile."""
    due = (
        select(Delivery.id)
        .where(
            Delivery.state.in_([DeliveryState.PENDING, DeliveryState.LEASED]),
            Delivery.due_at <= now,
            or_(Delivery.lease_until.is_(None), Delivery.lease_until <= now),
        )
        .order_by(Delivery.due_at, Delivery.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    rows = session.execute(
        update(Delivery)
        .where(Delivery.id.in_(select(due.c.id)))
        .values(state=DeliveryState.LEASED, attempt=Delivery.attempt + 1, lease_until=now + LEASE)
        .returning(Delivery.id, Delivery.attempt, Delivery.failures)
        .execution_options(synchronize_session=False)
    )
    return [Claim(*row) for row in rows]


def free_leases(session: Session, now: datetime) -> int:
    """Gives back what a dead worker held; returns how many."""
    freed = session.execute(
        update(Delivery)
        .where(Delivery.state == DeliveryState.LEASED, Delivery.lease_until <= now)
        .values(state=DeliveryState.PENDING, lease_until=None)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], freed).rowcount


def prepare(session: Session, claim: Claim, now: datetime) -> PushMessage | Drop | Hold:
    """Looks once more before sending: still true, still allowed, still in time, is the person awake?"""
    row = session.execute(
        select(Delivery, Notification, Person, Quarter.timezone, Preferences, Device)
        .join(Notification, Notification.id == Delivery.notification_id)
        .join(Person, Person.id == Notification.person_id)
        .join(Quarter, Quarter.id == Person.quarter_id)
        .outerjoin(Preferences, Preferences.person_id == Person.id)
        .outerjoin(Device, Device.id == Delivery.device_id)
        .where(Delivery.id == claim.delivery_id)
    ).one_or_none()
    if row is None:
        return Drop("gone")
    _, notice, person, timezone, preferences, device = row
    if row.Device is None or device.person_id != notice.person_id:
        return Drop("device_gone")
    stop = _not_any_more(session, notice, person, preferences, now) or _not_yet(
        session, claim, notice, habits_of(preferences, timezone), now
    )
    return stop or _message(notice, person, device, now)


def settle(session: Session, claim: Claim, outcome: PushResult | Drop | Hold, now: datetime) -> bool:
    """Writes how an attempt ended, unless another attempt holds the delivery by now; says whether it did."""
    values = _settled(claim, outcome, now)
    settled = session.execute(
        update(Delivery)
        .where(
            Delivery.id == claim.delivery_id,
            Delivery.attempt == claim.attempt,
            Delivery.state == DeliveryState.LEASED,
        )
        .values(lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], settled).rowcount == 1


def forget_address(session: Session, delivery_id: uuid.UUID, address: str) -> None:
    """Deletes a device whose address is dead, unless it has been given a new one since."""
    device_id = session.scalar(select(Delivery.device_id).where(Delivery.id == delivery_id))
    device = session.get(Device, device_id) if device_id else None
    if device is not None and device.address == address:
        session.delete(device)


def collapse_key(person: Person, notice: Notification) -> str:
    """The same for all about one request to one person, and meaningless to anybody else (contract, section 8)."""
    thread = str(notice.request_id) if notice.request_id else notice.kind
    return hmac.new(person.push_secret, thread.encode(), hashlib.sha256).hexdigest()[:32]


def retry_after(failures: int, wanted_seconds: float | None) -> timedelta:
    """At least ten seconds, doubling with jitter; what the other side asks for counts if it is longer."""
    backoff = min(FIRST_RETRY * 2 ** (failures - 1), LONGEST_RETRY)
    jittered: timedelta = backoff * random.uniform(1.0, 1.5)  # noqa: S311 - spreads load, protects nothing
    return max(jittered, timedelta(seconds=wanted_seconds or 0))


def _not_any_more(
    session: Session, notice: Notification, person: Person, preferences: Preferences | None, now: datetime
) -> Drop | None:
    if notice.expires_at <= now:
        return Drop("too_late")
    if person.suspended_at is not None:
        return Drop("suspended")
    if notice.silent:
        return None
    if notice.topic in ASKS and not _is_still_asked(session, notice):
        return Drop("settled")
    if notice.read_at is not None:
        return Drop("read")
    return None if wants_push(preferences, notice.kind) else Drop("not_wanted")


def _is_still_asked(session: Session, notice: Notification) -> bool:
    query = (
        select(Invitation.state, HelpRequest.state)
        .join_from(Invitation, HelpRequest)
        .where(Invitation.request_id == notice.request_id, Invitation.person_id == notice.person_id)
    )
    row = session.execute(query).one_or_none()
    return row is not None and tuple(row) == (InvitationState.ASKED, RequestState.OPEN)


def _not_yet(session: Session, claim: Claim, notice: Notification, habits: Habits, now: datetime) -> Drop | Hold | None:
    if notice.silent:
        return _settled_only_if_seen(session, claim, notice, now)
    if habits.paused_until is not None and habits.paused_until > now:
        return Drop("paused") if notice.topic in ASKS else None
    if is_quiet(habits, now) and not _may_wake(notice, habits):
        return Hold(next_time(now, clock_time(habits.quiet_until or "07:00"), habits.zone), "quiet")
    return _over_cap(session, notice, habits, now)


def _may_wake(notice: Notification, habits: Habits) -> bool:
    """Urgent asks wake whoever allows it; what concerns one's own urgent request or task always arrives."""
    return notice.urgent and (habits.urgent_at_night or notice.topic not in ASKS)


def _over_cap(session: Session, notice: Notification, habits: Habits, now: datetime) -> Drop | None:
    """Asks and news stop at the daily limit; what concerns one's own request or task does not."""
    if notice.kind not in {"asked", "news"}:
        return None
    day = start_of_day(now, str(habits.zone))
    pushed = pushes_today(session, [notice.person_id], day, besides=notice.id)
    return Drop("over_cap") if pushed.get(notice.person_id, 0) >= habits.pushes_per_day else None


def _settled_only_if_seen(session: Session, claim: Claim, notice: Notification, now: datetime) -> Drop | Hold | None:
    """The settled notice goes only to a device that was sent to; while that is being sent, it waits."""
    device_id = select(Delivery.device_id).where(Delivery.id == claim.delivery_id).scalar_subquery()
    states = set(
        session.scalars(
            select(Delivery.state)
            .join(Notification, Notification.id == Delivery.notification_id)
            .where(
                Notification.request_id == notice.request_id,
                Notification.person_id == notice.person_id,
                Notification.silent.is_(False),
                Delivery.device_id == device_id,
            )
        )
    )
    if DeliveryState.SENT in states:
        return None
    if DeliveryState.LEASED in states:
        return Hold(now + timedelta(seconds=5), "being_sent")
    return Drop("never_sent")


def _message(notice: Notification, person: Person, device: Device, now: datetime) -> PushMessage:
    text = PUSH_TEXTS[notice.kind]
    ttl = min(notice.expires_at - now, LONGEST_TTL)
    return PushMessage(
        notification_id=str(notice.id),
        kind=notice.kind,
        title=say(device.language, text.title),
        body=say(device.language, text.body),
        link=link_to(notice),
        collapse_key=collapse_key(person, notice),
        ttl_seconds=max(1, int(ttl.total_seconds())),
        expires_at_epoch=int((now + ttl).timestamp()),
        silent=notice.silent,
        urgent=notice.urgent and not notice.silent,
        address=device.address,
        address_kind=AddressKind(device.kind),
    )


def _settled(claim: Claim, outcome: PushResult | Drop | Hold, now: datetime) -> dict[str, Any]:
    match outcome:
        case Hold(until, reason):
            return {"state": DeliveryState.PENDING, "due_at": until, "outcome": reason}
        case Drop(reason):
            return {"state": DeliveryState.DROPPED, "settled_at": now, "outcome": reason}
        case PushResult(outcome=Outcome.SENT):
            return {"state": DeliveryState.SENT, "settled_at": now, "outcome": "sent"}
        case PushResult(outcome=Outcome.RETRY, detail=detail, retry_after_seconds=wanted):
            failures = claim.failures + 1
            if failures >= ATTEMPTS:
                return {
                    "state": DeliveryState.FAILED,
                    "settled_at": now,
                    "outcome": detail,
                    "failures": failures,
                }
            due_at = now + retry_after(failures, wanted)
            return {"state": DeliveryState.PENDING, "due_at": due_at, "outcome": detail, "failures": failures}
        case PushResult(detail=detail):
            return {"state": DeliveryState.FAILED, "settled_at": now, "outcome": detail}
