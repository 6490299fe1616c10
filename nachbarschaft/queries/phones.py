"""What phones have been sent: what a settled notice could replace, and how much Google still lets through to each."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Delivery, Device, Notification
from models.lifecycle import DeliveryState
from nachbarschaft.sending import SETTLES_WITHIN

BURST = 20
REFILL = timedelta(minutes=3)
"""What Google lets through to one app on one phone: twenty at once, and then one more every three minutes
(firebase.google.com/docs/cloud-messaging/throttling-and-quotas, "Collapsible message throttling")."""
MEMORY = 2 * BURST * REFILL
"""Two hours: whatever was sent before, the bucket is full after the first of them, if that was quiet."""

Shown = tuple[uuid.UUID | None, uuid.UUID, uuid.UUID | None]
"""Something about a request, shown to a person on a device."""


def devices_of(session: Session, deliveries: Iterable[uuid.UUID]) -> dict[uuid.UUID, Device]:
    """Delivery → its device; without those whose device is gone."""
    query = (
        select(Delivery.id, Device)
        .join(Device, Device.id == Delivery.device_id)
        .where(Delivery.id.in_(list(deliveries)))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def seen_about(session: Session, notices: Iterable[Notification]) -> dict[Shown, set[str]]:
    """(request, person, device) → what became of the pushes that showed something there about that request.

    "sent" stands for all that may have arrived.
    """
    notices = list(notices)
    found: dict[Shown, set[str]] = defaultdict(set)
    if not notices:
        return found
    query = (
        select(
            Notification.request_id,
            Notification.person_id,
            Delivery.device_id,
            Delivery.state,
            Delivery.may_have_arrived,
        )
        .join(Delivery, Delivery.notification_id == Notification.id)
        .where(
            Notification.request_id.in_({notice.request_id for notice in notices}),
            Notification.person_id.in_({notice.person_id for notice in notices}),
            Notification.silent.is_(False),
            Delivery.device_id.is_not(None),
        )
    )
    for request_id, person_id, device_id, state, may_have_arrived in session.execute(query):
        found[request_id, person_id, device_id].add(DeliveryState.SENT if may_have_arrived else state)
    return found


class Room:
    """How many more pushes each phone may be sent now, counted down as they are promised."""

    def __init__(
        self, session: Session, devices: Iterable[uuid.UUID], now: datetime, *, apart_from: Iterable[uuid.UUID] = ()
    ) -> None:
        """What is being sent counts as sent, `apart_from` those pushes that the room is asked for."""
        devices = list(devices)
        self._now = now
        self._sent = _sent_lately(session, devices, now)
        self._being_sent = _being_sent(session, devices, apart_from)
        self._promised: dict[uuid.UUID, int] = defaultdict(int)

    def take(self, device_id: uuid.UUID) -> datetime | None:
        """Promises one push to the phone; where there is no room, says when there will be some."""
        room = int(level(self._sent[device_id], self._now)) - self._promised[device_id]
        if room < 1:
            return self._now + REFILL
        if room <= self._being_sent.get(device_id, 0):
            return self._now + SETTLES_WITHIN  # not all of that may go out; a moment later it is known
        self._promised[device_id] += 1
        return None


def _being_sent(session: Session, devices: list[uuid.UUID], apart_from: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    being_sent = (
        select(Delivery.device_id, func.count())
        .where(
            Delivery.device_id.in_(devices),
            Delivery.state == DeliveryState.LEASED,
            Delivery.id.not_in(list(apart_from)),
        )
        .group_by(Delivery.device_id)
    )
    counts: dict[uuid.UUID, int] = defaultdict(int)
    for device_id, count in session.execute(being_sent) if devices else []:
        if device_id is not None:
            counts[device_id] = count
    return counts


def _sent_lately(session: Session, devices: list[uuid.UUID], now: datetime) -> dict[uuid.UUID, list[datetime]]:
    """When each phone was sent something, as far as that still counts."""
    sent: dict[uuid.UUID, list[datetime]] = {device_id: [] for device_id in devices}
    lately = select(Delivery.device_id, Delivery.settled_at).where(
        Delivery.device_id.in_(devices),
        Delivery.state == DeliveryState.SENT,
        Delivery.settled_at > now - MEMORY,
        Delivery.settled_at <= now,
    )
    for device_id, settled_at in session.execute(lately) if devices else []:
        if device_id is not None and settled_at is not None:
            sent[device_id].append(settled_at)
    return sent


def level(sent: list[datetime], now: datetime) -> float:
    """How many more the phone may be sent at `now`, as if nothing had been left when our memory begins."""
    left, at = 0.0, now - MEMORY
    for instant in sorted(sent):
        left = min(float(BURST), left + (instant - at) / REFILL) - 1
        at = instant
    return min(float(BURST), left + (now - at) / REFILL)
