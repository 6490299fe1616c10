"""Tokens: they say who it is and for which session; what that person may do is read from the database each time."""

import uuid
from datetime import timedelta

from flask import Flask, request
from flask_jwt_extended import JWTManager, create_access_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from nachbarschaft.config import Settings
from nachbarschaft.context import Actor, Context
from nachbarschaft.errors import Unauthenticated
from nachbarschaft.services.sessions import Grant, find_actor

ACCESS_LIFE = timedelta(minutes=15)
ISSUER = AUDIENCE = "nachbarschaft"
_REQUIRED = ("sub", "sid", "type", "jti", "iat", "nbf", "exp", "iss", "aud")


class NotOurs(LookupError):
    """A token names a key that is not ours, or lacks what each of ours says."""


def set_up_tokens(app: Flask, settings: Settings) -> None:
    """HS256 with keys by `kid` from a fixed map: the first signs, all verify, nothing is ever fetched."""
    keys = dict(settings.jwt_keys)
    signing = next(iter(keys))
    app.config.update(
        JWT_SECRET_KEY=keys[signing],
        JWT_ALGORITHM="HS256",
        JWT_ACCESS_TOKEN_EXPIRES=ACCESS_LIFE,
        JWT_ENCODE_ISSUER=ISSUER,
        JWT_DECODE_ISSUER=ISSUER,
        JWT_ENCODE_AUDIENCE=AUDIENCE,
        JWT_DECODE_AUDIENCE=AUDIENCE,
        JWT_KEY_ID=signing,
        JWT_COOKIE_CSRF_PROTECT=False,
    )
    manager = JWTManager(app)

    @manager.decode_key_loader
    def _key(headers: dict[str, object], claims: dict[str, object]) -> bytes:
        kid = headers.get("kid")
        if not isinstance(kid, str) or kid not in keys or "crit" in headers:
            raise NotOurs
        # Here, because later the library has filled missing ones in: a token without a type would pass for access.
        if any(name not in claims for name in _REQUIRED):
            raise NotOurs
        return keys[kid]


def session_answer(app: Flask, grant: Grant) -> dict[str, object]:
    """What a device is given at sign-in and refresh."""
    token = create_access_token(
        str(grant.person_id),
        additional_claims={"sid": str(grant.session_id)},
        additional_headers={"kid": app.config["JWT_KEY_ID"]},
    )
    return {
        "access_token": token,
        "refresh_token": grant.refresh_token,
        "token_type": "Bearer",
        "expires_in": int(ACCESS_LIFE.total_seconds()),
        "session_id": grant.session_id,
    }


def token_claims() -> tuple[uuid.UUID, uuid.UUID]:
    """Person and session of the request's bearer token. Raises Unauthenticated for anything that is wrong with it."""
    header = request.headers.get("Authorization", "")
    scheme, _space, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token or " " in token:
        raise Unauthenticated
    try:
        claims = decode_token(token)
        if claims["type"] != "access":
            raise Unauthenticated
        return uuid.UUID(claims["sub"]), uuid.UUID(claims["sid"])
    except (PyJWTError, JWTExtendedException, NotOurs, ValueError, TypeError, AttributeError, KeyError):
        raise Unauthenticated from None


def actor_of(context: Context, claims: tuple[uuid.UUID, uuid.UUID]) -> Actor:
    """The actor behind valid claims, as of now. Raises Unauthenticated once the session has ended."""
    return find_actor(context, *claims)
