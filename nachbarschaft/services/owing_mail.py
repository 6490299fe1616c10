"""Owes mails: beside pushes, or in their place; what can wait is owed for the daily mail."""

import uuid
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, or_, select

from models import Delivery, Device, Mail, Notification, Person, Preferences, Quarter
from models.lifecycle import DeliveryState
from nachbarschaft.context import Context
from nachbarschaft.matching.wallclock import next_time
from nachbarschaft.queries.channels import gets_mail

DIGEST_AT = time(8)
"""Wall-clock time where the person lives: an hour after the quiet hours of whoever chose none."""
ENOUGH = timedelta(hours=24)
"""What can still be answered so long after the next digest can wait for it."""
PASSWORD_CODE, ADDRESS_CODE, ADDRESS_ASKED = "code_by_mail", "new_email_code", "new_email_asked"
CODES = frozenset({PASSWORD_CODE, ADDRESS_CODE})
"""Topics whose mail carries a code."""


def owe_mail(context: Context, notice: Notification, *, has_device: bool) -> None:
    """Owes the mail of a notice, in the transaction that owes the notice, to whoever gets such notices by mail.

    `has_device` says whether it is owed to a phone: one that registers at this moment is owed none, and does not count.
    """
    _owe(context, notice, has_device=has_device)


def owe_otherwise(context: Context, notification_id: uuid.UUID) -> None:
    """Owes a notice whose push met a dead address to the phones that have come since; else by mail, if none has had it.

    Whoever has set the app up anew has a new phone, which nothing was owed to.
    """
    notice = context.session.get(Notification, notification_id)
    if notice is None:
        return
    # Held, so that of two phones that die at the same moment only one leaves a mail.
    context.session.execute(select(Person.id).where(Person.id == notice.person_id).with_for_update(key_share=True))
    if not _owed_to_new_phones(context, notice) and not context.session.scalar(select(_is_looked_after(notice))):
        _owe(context, notice, has_device=False)


def _owed_to_new_phones(context: Context, notice: Notification) -> bool:
    if notice.silent:
        return False
    is_owed = exists().where(Delivery.notification_id == notice.id, Delivery.device_id == Device.id)
    new = context.session.scalars(select(Device.id).where(Device.person_id == notice.person_id, ~is_owed)).all()
    context.session.add_all(
        Delivery(notification_id=notice.id, device_id=device_id, due_at=context.now) for device_id in new
    )
    return bool(new)


def owe_code_mail(context: Context, notice: Notification) -> None:
    """Owes the mail that carries the code of the same id; whoever asked for it waits for it."""
    context.session.add(Mail(notification_id=notice.id, due_at=context.now))


def _owe(context: Context, notice: Notification, *, has_device: bool) -> None:
    if notice.silent:
        return
    person, preferences, zone = context.session.execute(
        select(Person, Preferences, Quarter.timezone)
        .join(Quarter, Quarter.id == Person.quarter_id)
        .outerjoin(Preferences, Preferences.person_id == Person.id)
        .where(Person.id == notice.person_id)
    ).one()
    if not (_is_wanted_anyway(person, notice) or gets_mail(person, preferences, notice.kind, has_device=has_device)):
        return
    digest_at = next_time(context.now, DIGEST_AT, ZoneInfo(zone))
    waits = _can_wait(notice, digest_at)
    due_at = digest_at if waits else context.now
    # The notice of a new address is for the present one, also where that is the old one before the mail is sent.
    recipient = person.email if notice.topic == ADDRESS_ASKED else None
    context.session.add(Mail(notification_id=notice.id, due_at=due_at, digest=waits, recipient=recipient))


def _is_wanted_anyway(person: Person, notice: Notification) -> bool:
    """That somebody wants to take an account over is told to its address, whatever its owner chose."""
    return notice.topic == ADDRESS_ASKED and person.email is not None and person.email_refused_at is None


def _can_wait(notice: Notification, digest_at: datetime) -> bool:
    if notice.kind == "news":
        return True
    return notice.kind == "asked" and not notice.urgent and notice.expires_at - digest_at > ENOUGH


def _is_looked_after(notice: Notification) -> ColumnElement[bool]:
    """Whether there is a phone left, a phone that has had the notice, or a mail of it already."""
    sent = and_(Delivery.notification_id == notice.id, Delivery.state == DeliveryState.SENT)
    return or_(
        exists().where(Device.person_id == notice.person_id),
        exists().where(sent),
        exists().where(Mail.notification_id == notice.id),
    )
