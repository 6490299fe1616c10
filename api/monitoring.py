"""Who may read the metrics: whoever sits at the machine itself, or has the token for it; nobody else learns of them."""

import hmac

from flask import request

from nachbarschaft.errors import NotFound
from nachbarschaft.loopback import is_loopback

_FORWARDED = {"forwarded", "via", "x-real-ip"}


def require_monitor(token: str | None) -> None:
    """Raises NotFound, as any unknown path does, for everybody else. Without a `token` there is only loopback."""
    if not _sits_here() and not _knows(token):
        raise NotFound


def _sits_here() -> bool:
    """A proxy on this machine calls from loopback too, so whatever was handed on is from elsewhere."""
    names = {name.lower() for name, _value in request.headers}
    handed_on = any(name in _FORWARDED or name.startswith("x-forwarded-") for name in names)
    return not handed_on and is_loopback(request.remote_addr or "")


def _knows(token: str | None) -> bool:
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    return token is not None and scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), token.encode())
