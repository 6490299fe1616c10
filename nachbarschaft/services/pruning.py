"""Devices that nobody uses any more: Google forgets Android's after 270 days, and iOS's never."""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select

from models import Device, Person
from nachbarschaft.context import Context

UNSEEN_FOR = timedelta(days=270)
"""After that FCM gives up an Android token (Firebase: Best practices for FCM registration token management)."""


def prune_devices(context: Context, limit: int) -> int | None:
    """Deletes up to `limit` devices that have not been seen for 270 days; None once none is left.

    A device whose person is held is left for the next run: its app may be registering it at this moment.
    """
    unseen = _is_unseen(context)
    found = context.session.scalars(
        select(Device.id)
        .join(Person, Person.id == Device.person_id)
        .where(unseen)
        .order_by(Device.seen_at, Device.id)
        .limit(limit)
        .with_for_update(of=Person, key_share=True, skip_locked=True)
    ).all()
    if not found:
        return None
    pruned = delete(Device).where(Device.id.in_(found), unseen).returning(Device.id)
    return len(context.session.scalars(pruned.execution_options(synchronize_session=False)).all())


def _is_unseen(context: Context) -> ColumnElement[bool]:
    return Device.seen_at <= context.now - UNSEEN_FOR
