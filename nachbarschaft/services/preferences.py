"""When and how somebody wants to be told."""

from typing import Any

from models import Preferences
from nachbarschaft.context import Context
from nachbarschaft.queries.channels import DEFAULT_CHANNELS
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
    """What holds for the actor, defaults filled in."""
    stored = context.session.get(Preferences, context.me.person_id)
    values = {key: getattr(stored, key) for key in DEFAULTS} if stored else dict(DEFAULTS)
    return values | {"channels": DEFAULT_CHANNELS | values["channels"]}


def set_preferences(context: Context, wanted: dict[str, Any]) -> dict[str, Any]:
    """Replaces the actor's preferences; what is left out goes back to its default. The last of two at once counts."""
    hold_person(context, context.me.person_id)
    values = DEFAULTS | wanted
    context.session.merge(Preferences(person_id=context.me.person_id, **values))
    context.session.flush()
    return read_preferences(context)
