"""When and how somebody wants to be told."""

from typing import Any

from models import Preferences
from nachbarschaft.context import Context
from nachbarschaft.queries.channels import ALWAYS_MAILED, DEFAULT_CHANNELS
from nachbarschaft.services.locking import hold_person

DEFAULTS: dict[str, Any] = {
    "quiet_from": "22:00",
    "quiet_until": "07:00",
    "urgent_at_night": False,
    "pushes_per_day": 5,
    "asks_per_week": 4,
    "paused_until": None,
    "channels": {},
}
"""The contract's, section 4: Asking."""


def read_preferences(context: Context) -> dict[str, Any]:
    """What holds for the actor, defaults filled in. Where mails were stopped, none is named but for the account."""
    stored = context.session.get(Preferences, context.me.person_id)
    values = {key: getattr(stored, key) for key in DEFAULTS} if stored else dict(DEFAULTS)
    channels = DEFAULT_CHANNELS | values["channels"]
    if stored is not None and stored.mail_stopped_at is not None:
        channels = {kind: ways if kind == ALWAYS_MAILED else _without_mail(ways) for kind, ways in channels.items()}
    return values | {"channels": channels}


def set_preferences(context: Context, wanted: dict[str, Any]) -> dict[str, Any]:
    """Replaces the actor's preferences; what is left out goes back to its default. The last of two at once counts.

    Whoever stopped mails in one, and now chooses mail for anything but their account, gets them again.
    """
    hold_person(context, context.me.person_id)
    values = DEFAULTS | wanted
    if any("mail" in ways for kind, ways in values["channels"].items() if kind != ALWAYS_MAILED):
        values["mail_stopped_at"] = None
    context.session.merge(Preferences(person_id=context.me.person_id, **values))
    context.session.flush()
    return read_preferences(context)


def limit_asks(context: Context, most: int) -> None:
    """Sets how often the actor, who is held, may be asked within seven days; their other preferences stay."""
    stored = context.session.get(Preferences, context.me.person_id, populate_existing=True)
    if stored is None:
        stored = Preferences(person_id=context.me.person_id, **DEFAULTS)
        context.session.add(stored)
    stored.asks_per_week = most


def _without_mail(ways: list[str]) -> list[str]:
    return [way for way in ways if way != "mail"]
