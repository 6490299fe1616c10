"""The service account that pushes are sent in the name of, and what is wrong where it cannot be used."""

import json
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from firebase_admin import credentials

_CREDENTIAL_KEYS: Final = ("project_id", "client_email", "private_key", "token_uri")


class FirebaseMisconfigured(Exception):
    """Firebase cannot be used as configured; one sentence tells the operator why, without secrets."""


def load_certificate(path: Path) -> tuple[Any, str]:
    """The service account in the file at `path`, tried by signing once, and where it fetches its tokens."""
    account = _read_account(path)
    missing = [key for key in _CREDENTIAL_KEYS if not _is_text(account.get(key))]
    if missing:
        raise FirebaseMisconfigured(f"The Firebase credentials in {path} lack {', '.join(missing)}.")
    try:
        certificate = credentials.Certificate(account)
        certificate.signer.sign(b"can this key sign?")
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # The cause may quote the key, so it is not part of the sentence.
        raise FirebaseMisconfigured(f"The private_key in {path} is not an unencrypted RSA key.") from error
    return certificate, account["token_uri"]


def _read_account(path: Path) -> dict[str, Any]:
    try:
        account = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise FirebaseMisconfigured(f"The Firebase credentials {path} cannot be read: {reason}.") from error
    except ValueError as error:
        raise FirebaseMisconfigured(f"The Firebase credentials {path} are not JSON.") from error
    if not isinstance(account, dict) or account.get("type") != "service_account":
        raise FirebaseMisconfigured(f'The Firebase credentials {path} are not of type "service_account".')
    return account


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
