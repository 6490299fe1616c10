"""The inbox holds one entry about being asked for a request: the newest replaces the earlier ones, as on the phone."""

from sqlalchemy import update

from models import Notification
from nachbarschaft.context import Context

_ASKING = "asked"
"""The kind of every ask and of the settled notice, which share a tag and a collapse id (contract, section 8)."""


def replace_entries(context: Context, notification: Notification) -> None:
    """Takes the earlier entries about being asked off the list, once `notification` has been written.

    The settled notice counts as read from the beginning: it asks for nothing, and must not light up a badge.
    """
    if notification.request_id is None or notification.kind != _ASKING:
        return
    if notification.silent:
        notification.read_at = context.now
    context.session.execute(
        update(Notification)
        .where(
            Notification.person_id == notification.person_id,
            Notification.request_id == notification.request_id,
            Notification.kind == _ASKING,
            Notification.id != notification.id,
            Notification.replaced_at.is_(None),
        )
        .values(replaced_at=context.now)
        .execution_options(synchronize_session=False)
    )
