"""The inbox: reading marks an entry as read."""

import uuid

from models import Notification
from nachbarschaft.context import Context
from nachbarschaft.errors import NotFound


def own_notification(context: Context, notification_id: uuid.UUID) -> Notification:
    """An entry of the actor's inbox. Raises NotFound."""
    found = context.session.get(Notification, notification_id)
    if found is None or found.person_id != context.me.person_id:
        raise NotFound
    return found


def mark_read(context: Context, notification_id: uuid.UUID) -> None:
    """Notes that the actor has read it; the first time counts. Raises NotFound."""
    found = own_notification(context, notification_id)
    if found.read_at is None:
        found.read_at = context.now
