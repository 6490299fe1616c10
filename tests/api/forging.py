"""Access tokens as an attacker would write them, sign by sign."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

import jwt

from tests.support.town import JWT_KEY, Neighbour

KID, _, SECRET = JWT_KEY.partition(":")
GONE = object()
"""As the value of a claim or header: leave it out."""
_HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512, "RS256": hashlib.sha256}


def token(
    owner: Neighbour,
    claims: Mapping[str, Any] | None = None,
    header: Mapping[str, Any] | None = None,
    secret: str = SECRET,
) -> str:
    """The owner's token with other claims or headers, signed with `secret`; by itself it would be good."""
    own = jwt.decode(owner.token, options={"verify_signature": False})
    body = _without_gone(own | dict(claims or {}))
    head = _without_gone({"alg": "HS256", "typ": "JWT", "kid": KID} | dict(header or {}))
    signed = f"{_part(head)}.{_part(body)}"
    algorithm = _HASHES.get(str(head.get("alg")), hashlib.sha256)
    digest = hmac.new(secret.encode(), signed.encode(), algorithm).digest()
    return f"{signed}.{_encoded(digest)}"


def forged(owner: Neighbour, other: Neighbour) -> dict[str, str]:
    """What is wrong → the token. `other` is somebody else, who is signed in too."""
    now = int(time.time())
    good = owner.token
    head, body, signature = good.split(".")
    bare = token(owner, header={"alg": "none"}).rpartition(".")[0]
    elsewhere = "https://attacker.example/keys.json"
    claims: dict[str, dict[str, Any]] = {
        "no exp": {"exp": GONE},
        "no nbf": {"nbf": GONE},
        "no iat": {"iat": GONE},
        "no jti": {"jti": GONE},
        "no type": {"type": GONE},
        "no sub": {"sub": GONE},
        "no sid": {"sid": GONE},
        "no aud": {"aud": GONE},
        "no iss": {"iss": GONE},
        "a refresh token": {"type": "refresh"},
        "an unknown type": {"type": "admin"},
        "type in capitals": {"type": "ACCESS"},
        "another aud": {"aud": "elsewhere"},
        "an empty list of aud": {"aud": []},
        "part of aud": {"aud": "nachbar"},
        "another iss": {"iss": "elsewhere"},
        "part of iss": {"iss": "nachbar"},
        "a list of iss": {"iss": ["nachbarschaft"]},
        "a number as sub": {"sub": 1},
        "null as sub": {"sub": None},
        "a list as sub": {"sub": [owner.id]},
        "no UUID as sub": {"sub": "admin"},
        "nobody as sub": {"sub": str(uuid.uuid4())},
        "a number as sid": {"sid": 7},
        "no UUID as sid": {"sid": "x"},
        "null as sid": {"sid": None},
        "an unknown session": {"sid": str(uuid.uuid4())},
        "somebody else's session": {"sid": other.session["session_id"]},
        "somebody else's name on one's own session": {"sub": other.id},
        "nbf in the future": {"nbf": now + 3600},
        "iat in the future": {"iat": now + 3600, "nbf": now + 3600},
        "expired": {"exp": now - 1, "iat": now - 900, "nbf": now - 900},
        "expired long ago": {"exp": 1},
        "exp as a word": {"exp": "never"},
        "exp as null": {"exp": None},
        "exp as a list": {"exp": [now + 900]},
        "nbf as a word": {"nbf": "now"},
    }
    headers: dict[str, dict[str, Any]] = {
        "alg none": {"alg": "none"},
        "alg None": {"alg": "None"},
        "alg empty": {"alg": ""},
        "alg null": {"alg": None},
        "no alg": {"alg": GONE},
        "alg HS384": {"alg": "HS384"},
        "alg HS512": {"alg": "HS512"},
        "alg RS256 over HMAC": {"alg": "RS256"},
        "alg in small letters": {"alg": "hs256"},
        "no kid": {"kid": GONE},
        "an unknown kid": {"kid": "k2"},
        "an empty kid": {"kid": ""},
        "a number as kid": {"kid": 1},
        "a list as kid": {"kid": [KID]},
        "null as kid": {"kid": None},
        "a path as kid": {"kid": "../../../../dev/null"},
        "SQL as kid": {"kid": "x' UNION SELECT 'y"},
        "crit that nobody knows": {"crit": ["exp2"], "exp2": 1},
        "crit with b64": {"crit": ["b64"], "b64": False},
        "an empty crit": {"crit": []},
    }
    foreign: dict[str, dict[str, Any]] = {
        "a foreign key": {},
        "a foreign key with jku": {"jku": elsewhere},
        "a foreign key with x5u": {"x5u": elsewhere},
        "a foreign key with its jwk": {"jwk": {"kty": "oct", "k": _encoded(b"a" * 40)}},
        "a foreign key with its kid": {"kid": "attacker", "jku": elsewhere},
    }
    return {
        **{what: token(owner, changed) for what, changed in claims.items()},
        **{what: token(owner, header=changed) for what, changed in headers.items()},
        **{what: token(owner, header=changed, secret="a" * 40) for what, changed in foreign.items()},
        "an empty key": token(owner, secret=""),
        "kid and secret swapped": token(owner, secret=KID),
        "alg none without a signature": f"{bare}.",
        "alg none without the last dot": bare,
        "a signature cut short": good[:-3],
        "no signature": f"{head}.{body}.",
        "the signature of another token": f"{head}.{body}.{other.token.rpartition('.')[2]}",
        "the body of another token": f"{head}.{other.token.split('.')[1]}.{signature}",
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.{signature}",
        "a header that is a list": f"{_encoded(b'[]')}.{body}.{signature}",
        "a header that is no JSON": f"{_encoded(b'{')}.{body}.{signature}",
        "a body that is a list": token_of("[]"),
        "a body that is a number": token_of("1"),
        "a body that is deep": token_of("[" * 5000),
        "the refresh token": str(owner.session["refresh_token"]),
        "the id of the session": str(owner.session["session_id"]),
        "the id of the person": owner.id,
        "only dots": "..",
        "one letter": "x",
        "padding": good + "==",
        "not ASCII": "Bärer",
        "huge": "a" * 60_000,
        "a huge claim": token(owner, {"sub": "a" * 30_000}),
    }


def token_of(body: str) -> str:
    """A token that is signed well and holds something else than claims."""
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': KID})}.{_encoded(body.encode())}"
    return f"{signed}.{_encoded(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest())}"


def _without_gone(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not GONE}


def _part(value: Mapping[str, Any]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
