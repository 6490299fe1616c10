"""Encryption at rest for the few columns that need it: a ring of keys, of which the first seals and all open."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class CannotOpen(LookupError):
    """What is stored was sealed with a key that is not on the ring any more."""


class Sealer:
    """Seals and opens bytes with Fernet (AES-128-CBC and HMAC-SHA256). `keys` are secrets of any length by name."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._ring = MultiFernet([Fernet(_fernet_key(secret)) for secret in keys.values()])
        self._marking = [_marking_key(secret) for secret in keys.values()]

    def seal(self, plain: bytes) -> bytes:
        return self._ring.encrypt(plain)

    def open(self, sealed: bytes) -> bytes:
        """Raises CannotOpen."""
        try:
            return self._ring.decrypt(sealed)
        except InvalidToken:
            raise CannotOpen from None

    def mark(self, plain: bytes) -> str:
        """A keyed hash: the same for the same bytes, and without the key nobody can tell of which."""
        return self.marks(plain)[0]

    def marks(self, plain: bytes) -> list[str]:
        """The keyed hashes that each key on the ring makes, today's first."""
        return [hmac.new(key, plain, hashlib.sha256).hexdigest() for key in self._marking]


def _marking_key(secret: bytes) -> bytes:
    return hashlib.sha256(b"nachbarschaft mark key\0" + secret).digest()


def _fernet_key(secret: bytes) -> bytes:
    """Fernet takes 32 bytes in base64; the secret has at least that much chance in it (contract, section 2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"nachbarschaft data key\0" + secret).digest())
