"""What people are owed: the inbox entry and one delivery per device, in the transaction that owes them."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select

from models import Delivery, Device, HelpRequest, Notification
from models.lifecycle import DeliveryState
from nachbarschaft.context import Context
from nachbarschaft.queries.cases import ASKS
from nachbarschaft.services.owing_mail import owe_mail
from nachbarschaft.services.replacing import replace_entries
from nachbarschaft.words.texts import INBOX_TEXTS, REMINDERS

SETTLED = "settled"
_LIFE_OF_NEWS = timedelta(days=3)


def owe(context: Context, person_id: uuid.UUID, topic: str, request: HelpRequest | None = None) -> Notification:
    """Owes `person_id` a notice of `topic` (see `words.texts`), about `request` where there is one.

    The push is written for every device the person has now, and the mail where such notices reach them by mail.
    Whether it is still true, allowed and in time is looked at again when it is sent.
    """
    notification = Notification(
        id=uuid.uuid4(),
        person_id=person_id,
        request_id=request.id if request else None,
        kind=INBOX_TEXTS[topic].kind,
        topic=topic,
        urgent=bool(request and request.urgent),
        silent=topic == SETTLED,
        created_at=context.now,
        expires_at=_end_of_life(context.now, topic, request),
    )
    context.session.add(notification)
    context.session.flush()
    replace_entries(context, notification)
    devices = _devices(context, notification)
    for device_id in devices:
        context.session.add(Delivery(notification_id=notification.id, device_id=device_id, due_at=context.now))
    owe_mail(context, notification, has_device=bool(devices))
    return notification


def owe_all(context: Context, people: Iterable[uuid.UUID], topic: str, request: HelpRequest) -> None:
    for person_id in people:
        owe(context, person_id, topic, request)


def _end_of_life(now: datetime, topic: str, request: HelpRequest | None) -> datetime:
    """When the push stops making sense: an ask ends with its request, a reminder where what it reminds of begins."""
    if request is not None and topic in ASKS:
        return request.expires_at
    if request is not None and topic in REMINDERS:
        return request.needed_from
    return now + _LIFE_OF_NEWS


def _devices(context: Context, notification: Notification) -> list[uuid.UUID]:
    devices = select(Device.id).where(Device.person_id == notification.person_id)
    if notification.silent:
        devices = devices.where(Device.id.in_(_reached_about(notification)))
    # Held until the delivery is written: a device that is being deleted is waited for, and then not there.
    return list(context.session.scalars(devices.with_for_update(read=True, key_share=True)))


def _reached_about(notification: Notification) -> Select[uuid.UUID | None]:
    """Devices that were sent, or may have been, or will have been something about the request (contract, section 8).

    What still waits may leave before this transaction is seen: whether it did is looked at when the notice is sent.
    """
    return (
        select(Delivery.device_id)
        .join(Notification, Delivery.notification_id == Notification.id)
        .where(
            Notification.person_id == notification.person_id,
            Notification.request_id == notification.request_id,
            Delivery.device_id.is_not(None),
            or_(
                Delivery.state.in_([DeliveryState.SENT, DeliveryState.LEASED, DeliveryState.PENDING]),
                Delivery.may_have_arrived,
            ),
        )
    )
