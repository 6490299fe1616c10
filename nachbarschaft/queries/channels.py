"""Which channels somebody wants for which kind of notice."""

from models import Preferences

KINDS = ("asked", "request_changed", "task_changed", "message", "account", "news")
DEFAULT_CHANNELS = {kind: ["push"] for kind in KINDS}


def wants_push(preferences: Preferences | None, kind: str) -> bool:
    """Whether somebody wants pushes of that kind; a kind they say nothing about keeps its default."""
    return preferences is None or "push" in preferences.channels.get(kind, DEFAULT_CHANNELS[kind])
