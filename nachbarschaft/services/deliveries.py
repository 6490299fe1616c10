"""Pushes on their way out: claimed under a lease, looked at once more, and settled by whoever holds the lease."""

import hashlib
import hmac
import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, delete, or_, select, update
from sqlalchemy.orm import Session

from models import Delivery, Device, HelpRequest, Invitation, Notification, Person, Preferences, Quarter
from models.lifecycle import DeliveryState, InvitationState, RequestState
from nachbarschaft.matching.eligibility import accept_bars, is_quiet
from nachbarschaft.matching.facts import Habits
from nachbarschaft.matching.policy import DEFAULT_POLICY
from nachbarschaft.matching.wallclock import clock_time, is_night, next_morning, next_time
from nachbarschaft.push import AddressKind, PushMessage
from nachbarschaft.queries.candidates import candidates_among, habits_of, need_of, pushes_before, start_of_day
from nachbarschaft.queries.channels import wants_push
from nachbarschaft.queries.inbox import link_to
from nachbarschaft.sending import Outcome, SendResult
from nachbarschaft.services.outbox import ASKS
from nachbarschaft.words import say
from nachbarschaft.words.texts import PUSH_TEXTS

LEASE = timedelta(seconds=60)
"""Longer than any attempt takes (10 s), short enough that a dead worker's pushes move on within a minute."""
ATTEMPTS = 12
FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(minutes=10)
BEFORE_GOING = timedelta(hours=1)
_KEEPS_FROM_GOING = frozenset({"request_cancelled", "released", "request_edited"})
_WAITED_FOR = _KEEPS_FROM_GOING | {"accepted", "filled", "helper_withdrew"}
LONGEST_TTL = timedelta(days=28)
"""What FCM allows at most."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One delivery held by one attempt; `failures` counts the earlier ones that went wrong at the other side."""

    delivery_id: uuid.UUID
    attempt: int
    failures: int


@dataclass(frozen=True, slots=True)
class _Case:
    """Everything that is looked at once more before a push goes out."""

    session: Session
    claim: Claim
    notice: Notification
    person: Person
    preferences: Preferences | None
    habits: Habits
    request: HelpRequest | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Drop:
    """Not to be sent any more, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """To be sent later."""

    until: datetime
    reason: str


def claim_due(session: Session, now: datetime, limit: int, *, due_by: datetime | None = None) -> list[Claim]:
    """Takes up to `limit` deliveries due by now or by `due_by`, also those whose lease ran out.

    Nobody else gets them until the lease ends.
    """
    due = (
        select(Delivery.id)
        .where(
            Delivery.state.in_([DeliveryState.PENDING, DeliveryState.LEASED]),
            Delivery.due_at <= (due_by or now),
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
        select(Notification, Person, Quarter.timezone, Preferences, Device, HelpRequest)
        .join(Delivery, Delivery.notification_id == Notification.id)
        .join(Person, Person.id == Notification.person_id)
        .join(Quarter, Quarter.id == Person.quarter_id)
        .outerjoin(Preferences, Preferences.person_id == Person.id)
        .outerjoin(Device, Device.id == Delivery.device_id)
        .outerjoin(HelpRequest, HelpRequest.id == Notification.request_id)
        .where(Delivery.id == claim.delivery_id, Delivery.attempt == claim.attempt, _is_leased())
    ).one_or_none()
    if row is None:
        return Drop("overtaken")
    notice, person, timezone, preferences, device, request = row
    if row.Device is None or device.person_id != notice.person_id:
        return Drop("device_gone")
    ends_at = _end_of(notice, request)
    if ends_at <= now:
        return Drop("too_late")
    case = _Case(session, claim, notice, person, preferences, habits_of(preferences, timezone), request, now)
    stop = _not_any_more(case) or _not_yet(case)
    return stop or _message(notice, person, device, now, ends_at)


def settle(session: Session, claim: Claim, outcome: SendResult | Drop | Hold, now: datetime) -> bool:
    """Writes how an attempt ended, unless another attempt holds the delivery by now; says whether it did."""
    values = _settled(claim, outcome, now)
    settled = session.execute(
        update(Delivery)
        .where(
            Delivery.id == claim.delivery_id,
            Delivery.attempt == claim.attempt,
            _is_leased(),
        )
        .values(lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], settled).rowcount == 1


def forget_address(session: Session, delivery_id: uuid.UUID, address: str) -> None:
    """Deletes a device whose address is dead, unless it has been given a new one since."""
    device_id = select(Delivery.device_id).where(Delivery.id == delivery_id).scalar_subquery()
    session.execute(delete(Device).where(Device.id == device_id, Device.address == address))


def collapse_key(person: Person, notice: Notification) -> str:
    """The same for all about one request to one person, and meaningless to anybody else (contract, section 8)."""
    thread = str(notice.request_id) if notice.request_id else notice.kind
    return hmac.new(person.push_secret, thread.encode(), hashlib.sha256).hexdigest()[:32]


def retry_after(failures: int, wanted_seconds: float | None) -> timedelta:
    """At least ten seconds, doubling with jitter; what the other side asks for counts if it is longer."""
    backoff = min(FIRST_RETRY * 2 ** (failures - 1), LONGEST_RETRY)
    jittered: timedelta = backoff * random.uniform(1.0, 1.5)  # noqa: S311 - spreads load, protects nothing
    return max(jittered, timedelta(seconds=wanted_seconds or 0))


def _is_leased() -> ColumnElement[bool]:
    return Delivery.state == DeliveryState.LEASED


def _end_of(notice: Notification, request: HelpRequest | None) -> datetime:
    """When the push stops making sense. An ask ends with its request, wherever that end lies by now."""
    return request.expires_at if request is not None and notice.topic in ASKS else notice.expires_at


def _not_any_more(case: _Case) -> Drop | None:
    if case.person.suspended_at is not None:
        return Drop("suspended")
    if case.notice.silent:
        # Asked once more meanwhile: it would replace the new ask on the phone.
        return Drop("asked_again") if _is_asked(case) else None
    if not _is_still_true(case):
        return Drop("settled")
    if case.notice.read_at is not None:
        return Drop("read")
    return None if wants_push(case.preferences, case.notice.kind) else Drop("not_wanted")


def _is_still_true(case: _Case) -> bool:
    request, topic = case.request, case.notice.topic
    if request is None:
        return True
    if topic == "expiry_warning":
        return request.state == RequestState.OPEN and request.warned_at is not None
    return topic not in ASKS or _could_say_yes(case, request)


def _could_say_yes(case: _Case, request: HelpRequest) -> bool:
    """Whether an ask still makes sense: open, unanswered, and the person could take the task and has room for it."""
    if request.state != RequestState.OPEN or not _is_asked(case):
        return False
    need = need_of(request)
    return any(
        not accept_bars(need, candidate, case.now) and candidate.load.active_tasks < DEFAULT_POLICY.tasks_at_once
        for candidate in candidates_among(case.session, request, case.now, [case.notice.person_id])
    )


def _is_asked(case: _Case) -> bool:
    query = select(Invitation.state).where(
        Invitation.request_id == case.notice.request_id, Invitation.person_id == case.notice.person_id
    )
    return case.session.scalar(query) == InvitationState.ASKED


def _not_yet(case: _Case) -> Drop | Hold | None:
    notice, habits, now = case.notice, case.habits, case.now
    if notice.silent:
        return _settled_only_if_seen(case)
    is_ask = notice.topic in ASKS
    if is_ask and habits.paused_until is not None and habits.paused_until > now:
        return Drop("paused")
    if is_quiet(habits, now) and not _may_wake(case):
        quiet_ends = next_time(now, clock_time(habits.quiet_until or "07:00"), habits.zone)
        held_until = _at_the_latest(case, quiet_ends)
        if held_until > now:
            return Hold(held_until, "quiet")
    if is_ask and not notice.urgent and is_night(now, habits.zone):
        return Hold(next_morning(now, habits.zone), "night")
    return _over_cap(case)


def _may_wake(case: _Case) -> bool:
    """Urgent asks wake whoever allows it; of one's own urgent request or task only what somebody waits for does."""
    if case.notice.topic in ASKS:
        return case.notice.urgent and case.habits.urgent_at_night
    is_ahead = case.request is not None and case.request.needed_until > case.now
    return case.notice.urgent and is_ahead and case.notice.topic in _WAITED_FOR


def _at_the_latest(case: _Case, quiet_ends: datetime) -> datetime:
    """Nobody stands before a door in vain: what keeps a helper from going comes an hour before they would."""
    if case.request is None or case.notice.topic not in _KEEPS_FROM_GOING:
        return quiet_ends
    return min(quiet_ends, case.request.needed_from - BEFORE_GOING)


def _over_cap(case: _Case) -> Drop | None:
    """Asks and news stop at the daily limit; what concerns one's own request or task does not."""
    if case.notice.kind not in {"asked", "news"}:
        return None
    pushed = pushes_before(case.session, case.notice, start_of_day(case.now, str(case.habits.zone)))
    return Drop("over_cap") if pushed >= case.habits.pushes_per_day else None


def _settled_only_if_seen(case: _Case) -> Drop | Hold | None:
    """The settled notice goes only to a device that was sent to; while that is being sent, it waits."""
    device_id = select(Delivery.device_id).where(Delivery.id == case.claim.delivery_id).scalar_subquery()
    states = set(
        case.session.scalars(
            select(Delivery.state)
            .join(Notification, Notification.id == Delivery.notification_id)
            .where(
                Notification.request_id == case.notice.request_id,
                Notification.person_id == case.notice.person_id,
                Notification.silent.is_(False),
                Delivery.device_id == device_id,
            )
        )
    )
    if DeliveryState.SENT in states:
        return None
    if DeliveryState.LEASED in states:
        return Hold(case.now + timedelta(seconds=5), "being_sent")
    return Drop("never_sent")


def _message(notice: Notification, person: Person, device: Device, now: datetime, ends_at: datetime) -> PushMessage:
    text = PUSH_TEXTS[notice.kind]
    ttl = min(ends_at - now, LONGEST_TTL)
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


def _settled(claim: Claim, outcome: SendResult | Drop | Hold, now: datetime) -> dict[str, Any]:
    match outcome:
        case Hold(until, reason):
            return {"state": DeliveryState.PENDING, "due_at": until, "outcome": reason}
        case Drop(reason):
            return {"state": DeliveryState.DROPPED, "settled_at": now, "outcome": reason}
        case SendResult(outcome=Outcome.SENT):
            return {"state": DeliveryState.SENT, "settled_at": now, "outcome": "sent"}
        case SendResult(outcome=Outcome.RETRY, detail=detail, retry_after_seconds=wanted):
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
        case SendResult(detail=detail):
            return {"state": DeliveryState.FAILED, "settled_at": now, "outcome": detail}
