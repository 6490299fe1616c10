"""Which channels somebody wants for which kind of notice, and by which of them it would reach them."""

import json
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_

from models import Device, Person, Preferences

KINDS = ("asked", "request_changed", "task_changed", "message", "account", "news")
DEFAULT_CHANNELS = {kind: ["push"] for kind in KINDS}
ALWAYS_MAILED = "account"
"""The kind that whoever unsubscribed in a mail still gets: without it they could be locked out."""


def wants_push(preferences: Preferences | None, kind: str) -> bool:
    """Whether somebody wants pushes of that kind; a kind they say nothing about keeps its default."""
    return _wants(preferences, kind, "push")


def gets_mail(person: Person, preferences: Preferences | None, kind: str, *, has_device: bool) -> bool:
    """Whether a notice of that kind goes to somebody by mail: they chose it, or want pushes and have no device.

    Never without an e-mail address that works, nor after they unsubscribed in a mail.
    """
    if not may_be_mailed(person, preferences, kind):
        return False
    return wants_mail(preferences, kind) or (not has_device and wants_push(preferences, kind))


def may_be_mailed(person: Person, preferences: Preferences | None, kind: str) -> bool:
    """Whether somebody has an e-mail address that works and has not stopped mails of that kind."""
    stopped = kind != ALWAYS_MAILED and preferences is not None and preferences.mail_stopped_at is not None
    return person.email is not None and person.email_refused_at is None and not stopped


def wants_mail(preferences: Preferences | None, kind: str) -> bool:
    """Whether somebody chose mail for that kind, with or without a push beside it."""
    return _wants(preferences, kind, "mail")


def is_pushed(kind: str) -> ColumnElement[bool]:
    """`wants_push` and a device to push to, in a query that joins Person and, where there are any, Preferences."""
    return and_(_has_device(), _chosen(kind, "push"))


def is_mailed(kind: str) -> ColumnElement[bool]:
    """`gets_mail` in such a query."""
    chosen = or_(_chosen(kind, "mail"), and_(~_has_device(), _chosen(kind, "push")))
    allowed = [] if kind == ALWAYS_MAILED else [Preferences.mail_stopped_at.is_(None)]
    return and_(Person.email.is_not(None), Person.email_refused_at.is_(None), *allowed, chosen)


def is_reachable(kind: str) -> ColumnElement[bool]:
    """Whether a notice of that kind would reach somebody beside their inbox, in such a query."""
    return or_(is_pushed(kind), is_mailed(kind))


def _wants(preferences: Preferences | None, kind: str, channel: str) -> bool:
    channels: dict[str, Any] = preferences.channels if preferences is not None else {}
    return channel in channels.get(kind, DEFAULT_CHANNELS[kind])


def _chosen(kind: str, channel: str) -> ColumnElement[bool]:
    """Both databases give a list in JSON as text; the names of channels hold nothing that JSON writes differently."""
    names = func.coalesce(Preferences.channels[kind].as_string(), json.dumps(DEFAULT_CHANNELS[kind]))
    return names.contains(f'"{channel}"', autoescape=True)


def _has_device() -> ColumnElement[bool]:
    return exists().where(Device.person_id == Person.id)
