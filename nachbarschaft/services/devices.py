"""The devices that pushes go to; an address belongs to one person at a time."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import delete, or_, select

from models import Device
from nachbarschaft.context import Context
from nachbarschaft.errors import NotFound
from nachbarschaft.services.locking import hold_person

MOST = 20
"""Devices that one person can have: every notice is written down once for each, in the transaction that owes it."""


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation of the app and how to reach it."""

    installation: str
    address: str
    kind: str
    platform: str
    language: str
    app_version: str


def register_device(context: Context, told: Installation) -> tuple[Device, bool]:
    """Adds or updates a device of the actor's; the second value says whether it is new.

    An address that another person or installation had leaves them in the same transaction, and the device that was
    seen the longest ago leaves whoever has too many. The person is held: an app that registers twice at once has one
    device.
    """
    address_hash = hash_address(told.address)
    me = context.me.person_id
    hold_person(context, me)
    context.session.execute(
        delete(Device).where(
            Device.address_hash == address_hash,
            or_(Device.person_id != me, Device.installation != told.installation),
        )
    )
    device = _own(context, told.installation)
    is_new = device is None
    if device is None:
        device = Device(person_id=me, installation=told.installation, created_at=context.now)
        context.session.add(device)
    device.session_id = context.me.session_id
    device.address, device.address_hash = told.address, address_hash
    device.kind, device.platform = told.kind, told.platform
    device.language, device.app_version = told.language, told.app_version
    device.seen_at = context.now
    context.session.flush()
    if is_new:
        _keep_the_latest(context, device)
    return device, is_new


def forget_device(context: Context, installation: str) -> None:
    """Removes a device of the actor's. Raises NotFound."""
    device = _own(context, installation)
    if device is None:
        raise NotFound
    context.session.delete(device)


def hash_address(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()


def _keep_the_latest(context: Context, newest: Device) -> None:
    others = select(Device.id).where(Device.person_id == newest.person_id, Device.id != newest.id)
    too_many = context.session.scalars(others.order_by(Device.seen_at.desc(), Device.id.desc()).offset(MOST - 1)).all()
    if too_many:
        context.session.execute(delete(Device).where(Device.id.in_(too_many)))


def _own(context: Context, installation: str) -> Device | None:
    query = select(Device).where(Device.person_id == context.me.person_id, Device.installation == installation)
    return context.session.scalar(query)
