"""Pushes: looked at once more in batches, made for the phone they go to, and what follows from how they ended."""

import hashlib
import hmac
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from models import Delivery, Device, Notification, Person
from models.lifecycle import DeliveryState
from nachbarschaft.context import Context
from nachbarschaft.push import AddressKind, PushGateway, PushMessage
from nachbarschaft.queries.cases import Case, read_cases
from nachbarschaft.queries.channels import wants_push
from nachbarschaft.queries.inbox import link_to
from nachbarschaft.queries.phones import Room, Shown, devices_of, seen_about
from nachbarschaft.sending import SETTLES_WITHIN, Drop, Ending, Hold, Outcome, Reason, SendResult
from nachbarschaft.services.checking import not_any_more, not_yet
from nachbarschaft.services.locking import hold_person
from nachbarschaft.services.outgoing import Claim, Parcel, claim_due
from nachbarschaft.services.owing_mail import owe_otherwise
from nachbarschaft.words import say
from nachbarschaft.words.texts import PUSH_TEXTS

SENDERS = 16
LONGEST_TTL = timedelta(days=28)
"""What FCM allows at most."""


class PushLine:
    """The way of pushes through the house, as the courier knows it."""

    channel = "push"
    table = Delivery
    senders = SENDERS

    def __init__(self, gateway: PushGateway) -> None:
        self._gateway = gateway

    def claim(self, context: Context, limit: int, due_by: datetime | None) -> list[Claim]:
        return claim_due(context.session, Delivery, context.now, limit, due_by=due_by)

    def prepare(self, context: Context, claims: Sequence[Claim]) -> list[Parcel[PushMessage]]:
        return prepare_pushes(context.session, claims, context.now)

    def send(self, message: PushMessage) -> SendResult:
        return self._gateway.send(message)

    def has_more_to_it(self, parcel: Parcel[PushMessage], ending: Ending) -> bool:
        """Whether the phone is gone, or its address."""
        if isinstance(ending, Drop):
            return ending.reason is Reason.DEVICE_GONE
        return isinstance(ending, SendResult) and ending.outcome is Outcome.ADDRESS_GONE

    def after(self, context: Context, parcel: Parcel[PushMessage], ending: Ending) -> Ending:
        """Forgets an address that is dead and owes it otherwise; a phone that has a new one since is sent it there."""
        for claim in parcel.claims:
            if isinstance(ending, SendResult) and forget_address(context, claim.row_id, parcel.message.address):
                return Hold(context.now, Reason.NEW_ADDRESS)
            for notice_id in context.session.scalars(
                select(Delivery.notification_id).where(Delivery.id == claim.row_id)
            ).all():
                owe_otherwise(context, notice_id)
        return ending

    def close(self) -> None:
        self._gateway.close()


def prepare_pushes(session: Session, claims: Sequence[Claim], now: datetime) -> list[Parcel[PushMessage]]:
    """Looks at each claimed push once more; what another attempt holds by now is overtaken."""
    held = {claim.row_id: claim.attempt for claim in claims}
    cases = {
        case.row_id: case for case in read_cases(session, Delivery, held, now) if held[case.row_id] == case.attempt
    }
    devices = devices_of(session, cases)
    seen = seen_about(session, [case.notice for case in cases.values() if case.notice.silent])
    room = Room(session, {device.id for device in devices.values()}, now, apart_from=held)
    steps = [_step(cases.get(claim.row_id), devices.get(claim.row_id), seen, room) for claim in claims]
    return [Parcel((claim,), step) for claim, step in zip(claims, steps, strict=True)]


def forget_address(context: Context, delivery_id: uuid.UUID, address: str) -> bool:
    """Deletes a device whose address is dead, unless it has been given a new one since; returns whether it has.

    The person is held, as by an app that registers: its device does not vanish between its look and its change.
    """
    theirs = select(Device.id, Device.person_id).join(Delivery, Delivery.device_id == Device.id)
    device = context.session.execute(theirs.where(Delivery.id == delivery_id)).one_or_none()
    if device is None:
        return False
    hold_person(context, device.person_id)
    context.session.execute(delete(Device).where(Device.id == device.id, Device.address == address))
    return bool(context.session.scalar(select(exists().where(Device.id == device.id))))


def collapse_key(person: Person, notice: Notification) -> str:
    """The same for all about one request to one person, and meaningless to anybody else (contract, section 8)."""
    thread = str(notice.request_id) if notice.request_id else notice.kind
    return hmac.new(person.push_secret, thread.encode(), hashlib.sha256).hexdigest()[:32]


def _step(
    case: Case | None, device: Device | None, seen: dict[Shown, set[str]], room: Room
) -> PushMessage | Drop | Hold:
    if case is None:
        return Drop(Reason.OVERTAKEN)
    if device is None or device.person_id != case.person.id:
        return Drop(Reason.DEVICE_GONE)
    stop = not_any_more(case) or (_replaces_something(case, device, seen) if case.notice.silent else _may_ring(case))
    if stop is not None:
        return stop
    full_until = room.take(device.id)
    if full_until is not None:
        return Hold(full_until, Reason.DEVICE_FULL)
    return _message(case, device)


def _may_ring(case: Case) -> Drop | Hold | None:
    if not wants_push(case.preferences, case.notice.kind):
        return Drop(Reason.NOT_WANTED)
    return not_yet(case)


def _replaces_something(case: Case, device: Device, seen: dict[Shown, set[str]]) -> Drop | Hold | None:
    """The settled notice goes only to a device that was sent to; while that is being sent, it waits."""
    states = seen.get((case.notice.request_id, case.person.id, device.id), set())
    if DeliveryState.SENT in states:
        return None
    if DeliveryState.LEASED in states:
        return Hold(case.now + SETTLES_WITHIN, Reason.BEING_SENT)
    return Drop(Reason.NEVER_SENT)


def _message(case: Case, device: Device) -> PushMessage:
    notice, now = case.notice, case.now
    text = PUSH_TEXTS[notice.kind]
    ttl = min(case.ends_at - now, LONGEST_TTL)
    return PushMessage(
        notification_id=str(notice.id),
        kind=notice.kind,
        title=say(device.language, text.title),
        body=say(device.language, text.body),
        link=link_to(notice),
        collapse_key=collapse_key(case.person, notice),
        ttl_seconds=max(1, int(ttl.total_seconds())),
        expires_at_epoch=int((now + ttl).timestamp()),
        silent=notice.silent,
        urgent=notice.urgent and not notice.silent,
        address=device.address,
        address_kind=AddressKind(device.kind),
    )
