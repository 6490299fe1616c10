"""What stands in the database afterwards, read once."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Self
from uuid import UUID

from sqlalchemy import select

from models import (
    Assignment,
    ContactView,
    Delivery,
    Device,
    Event,
    HelpRequest,
    Invitation,
    Notification,
    Offer,
    Person,
    StoredAnswer,
)
from nachbarschaft.bootstrap import Wiring


@dataclass(frozen=True)
class Rows:
    """All rows of the tables that a history leaves traces in. Ids are looked up as they stand in JSON, as text."""

    people: list[Person]
    devices: list[Device]
    requests: list[HelpRequest]
    invitations: list[Invitation]
    assignments: list[Assignment]
    views: list[ContactView]
    notifications: list[Notification]
    deliveries: list[Delivery]
    events: list[Event]
    answers: list[StoredAnswer]
    offers: list[Offer]

    @classmethod
    def read(cls, wiring: Wiring) -> Self:
        with wiring.reading() as context:
            all_of = context.session.scalars
            return cls(
                people=list(all_of(select(Person))),
                devices=list(all_of(select(Device))),
                requests=list(all_of(select(HelpRequest))),
                invitations=list(all_of(select(Invitation))),
                assignments=list(all_of(select(Assignment))),
                views=list(all_of(select(ContactView))),
                notifications=list(all_of(select(Notification))),
                deliveries=list(all_of(select(Delivery))),
                events=list(all_of(select(Event))),
                answers=list(all_of(select(StoredAnswer))),
                offers=list(all_of(select(Offer))),
            )

    @cached_property
    def request_by_id(self) -> dict[UUID, HelpRequest]:
        return {request.id: request for request in self.requests}

    @cached_property
    def device_by_id(self) -> dict[UUID, Device]:
        return {device.id: device for device in self.devices}

    @cached_property
    def notification_by_id(self) -> dict[UUID, Notification]:
        return {notification.id: notification for notification in self.notifications}

    @cached_property
    def events_by_request(self) -> dict[UUID, list[Event]]:
        """Each request's events in the order of their transactions.

        An event gets its id while its request is held, and ids grow by the millisecond; `at` is when the
        transaction began, which may be long before it got hold of the request.
        """
        found: dict[UUID, list[Event]] = defaultdict(list)
        for event in sorted(self.events, key=lambda event: (event.id.int >> 80, event.at, event.id)):
            if event.request_id is not None:
                found[event.request_id].append(event)
        return found

    @cached_property
    def deliveries_by_notification(self) -> dict[UUID, list[Delivery]]:
        found: dict[UUID, list[Delivery]] = defaultdict(list)
        for delivery in self.deliveries:
            found[delivery.notification_id].append(delivery)
        return found
