"""How much one caller may ask for: limits per address and per person, shared through Redis where there is one."""

import hashlib
import hmac
import ipaddress
import time
from dataclasses import dataclass

import structlog
from flask import Flask, Response, current_app, g, request
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from werkzeug.middleware.proxy_fix import ProxyFix

from nachbarschaft.config import Settings
from nachbarschaft.errors import RateLimited

PERSON = RateLimitItemPerMinute(1200, namespace="person")
"""An app makes some ten calls when it is opened; twenty a second for a whole minute is an app gone mad."""
ADDRESS = RateLimitItemPerMinute(6000, namespace="address")
"""Many phones share one address: a mobile network's, or the wireless network of a home for the elderly."""
SIGN_IN = RateLimitItemPerMinute(300, namespace="sign-in")
"""Each try costs a slow hash, so that this many keep a third of a core busy; a class signs in at once all the same."""
EXPORT = RateLimitItemPerHour(10, namespace="export")
"""Each reads every table; and a thief's app has no reason to ask again and again."""
SLOW = frozenset({"/v1/auth/sign-up", "/v1/auth/sign-in", "/v1/auth/codes", "/v1/auth/codes/redeem"})
"""Where a password is hashed, or a code goes out."""
ALONE_SECONDS = 10.0
"""How long a process counts alone before it asks again for the store that was away."""
TIMEOUT = 0.5
_KEY = "nachbarschaft.limits"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands to one limit: what is left of it, and in how many seconds there is more."""

    limit: RateLimitItem
    left: int
    seconds: int


class Limits:
    """Counters that all processes share through Redis; without it, or while it is away, each process counts alone."""

    def __init__(self, settings: Settings) -> None:
        self._secret = next(iter(settings.jwt_keys.values()))
        self._alone = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = self._alone
        self._alone_until = 0.0
        self._failures: tuple[type[Exception], ...] = ()
        if settings.redis_url is not None:
            storage = storage_from_string(
                settings.redis_url,
                key_prefix="nachbarschaft",
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
            )
            self._shared = SlidingWindowCounterRateLimiter(storage)
            errors = storage.base_exceptions
            self._failures = errors if isinstance(errors, tuple) else (errors,)

    def count(self, limit: RateLimitItem, whom: str) -> Standing:
        """Counts one call. Raises RateLimited where that is too many."""
        if time.monotonic() < self._alone_until:
            return self._count(self._alone, limit, whom)
        try:
            return self._count(self._shared, limit, whom)
        except self._failures as error:
            _log.warning("limits_not_shared", error=type(error).__name__)
            self._alone_until = time.monotonic() + ALONE_SECONDS
            return self._count(self._alone, limit, whom)

    def _count(self, limiter: SlidingWindowCounterRateLimiter, limit: RateLimitItem, whom: str) -> Standing:
        # Not the address itself: it would be personal data in somebody else's memory.
        key = hmac.new(self._secret, whom.encode(), hashlib.sha256).hexdigest()[:32]
        allowed = limiter.hit(limit, key)
        window = limiter.get_window_stats(limit, key)
        seconds = max(1, int(window.reset_time - time.time()) + 1)
        if not allowed:
            raise RateLimited(seconds)
        return Standing(limit, window.remaining, seconds)


def set_up_limits(app: Flask, settings: Settings) -> None:
    """Believes as many proxies as are configured about where a call comes from, and no further; then counts."""
    if settings.trusted_proxies:
        proxies = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]  # Flask's way
    if settings.rate_limits:
        app.extensions[_KEY] = Limits(settings)
        app.after_request(_say_standing)


def count_address(rule: str) -> None:
    """Counts a call of the product's surface under the address that it comes from. Raises RateLimited."""
    if rule.startswith("/v1/"):
        where = _network(request.remote_addr or "")
        _count(ADDRESS, where)
        if rule in SLOW:
            _count(SIGN_IN, where)


def count_person(person_id: object) -> None:
    """Counts a call under the person who is signed in. Raises RateLimited."""
    _count(PERSON, str(person_id))


def count_export(person_id: object) -> None:
    """Counts an export under the person whose data it is. Raises RateLimited."""
    _count(EXPORT, str(person_id))


def _count(limit: RateLimitItem, whom: str) -> None:
    limits: Limits | None = current_app.extensions.get(_KEY)
    if limits is not None:
        g.standing = limits.count(limit, whom)


def _network(address: str) -> str:
    """Whoever has one IPv6 address has the 2^64 beside it too."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address


def _say_standing(response: Response) -> Response:
    """As draft-ietf-httpapi-ratelimit-headers has it: the policy, and what is left of it."""
    standing: Standing | None = g.get("standing")
    if standing is not None:
        name, amount = standing.limit.namespace, standing.limit.amount
        response.headers["RateLimit-Policy"] = f'"{name}";q={amount};w={standing.limit.get_expiry()}'
        response.headers["RateLimit"] = f'"{name}";r={standing.left};t={standing.seconds}'
    return response
