"""The outbox as its tables hold it: each push with the notice it belongs to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from models import Delivery, Device, Notification
from tests.support.town import Town


@dataclass(frozen=True, slots=True)
class Owed:
    """One delivery. `address` is None once its device is gone."""

    id: UUID
    person_id: UUID
    topic: str
    silent: bool
    ends_at: datetime
    address: str | None
    state: str
    outcome: str | None
    due_at: datetime
    lease_until: datetime | None
    attempt: int
    failures: int


def owed(town: Town, topic: str | None = None) -> list[Owed]:
    """Every delivery, or those of one topic, oldest first."""
    query = (
        select(Delivery, Notification, Device.address)
        .join(Notification, Notification.id == Delivery.notification_id)
        .outerjoin(Device, Device.id == Delivery.device_id)
        .order_by(Notification.created_at, Delivery.id)
    )
    with town.wiring.reading() as context:
        rows = [_owed(*row) for row in context.session.execute(query)]
    return [row for row in rows if topic in {None, row.topic}]


def _owed(push: Delivery, notice: Notification, address: str | None) -> Owed:
    return Owed(
        id=push.id,
        person_id=notice.person_id,
        topic=notice.topic,
        silent=notice.silent,
        ends_at=notice.expires_at,
        address=address,
        state=push.state,
        outcome=push.outcome,
        due_at=push.due_at,
        lease_until=push.lease_until,
        attempt=push.attempt,
        failures=push.failures,
    )
