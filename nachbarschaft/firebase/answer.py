"""What Google's answer, or its absence, means for the address, the push and everything else that waits."""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

import requests
from firebase_admin import exceptions, messaging
from urllib3.exceptions import NewConnectionError

from nachbarschaft.sending import Outcome, SendResult, Trouble

MAX_RETRY_AFTER_SECONDS: Final = 86_400.0  # no push is worth sending after a day
_FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"

_Details = list[dict[str, Any]]


# The first row that fits decides, so the special error stands above the general one it inherits from. What is wrong
# with our account or project is wrong for every push, and can be mended: none is given up for it.
_RESULTS: Final = (
    (messaging.UnregisteredError, Outcome.ADDRESS_GONE, "unregistered", Trouble.NONE),
    (messaging.SenderIdMismatchError, Outcome.REFUSED, "sender_id_mismatch", Trouble.NONE),
    (messaging.ThirdPartyAuthError, Outcome.RETRY, "third_party_auth", Trouble.NONE),  # Apple's or the browsers' key
    (exceptions.UnauthenticatedError, Outcome.RETRY, "unauthenticated", Trouble.DOWN),
    (exceptions.PermissionDeniedError, Outcome.RETRY, "permission_denied", Trouble.DOWN),
    (exceptions.NotFoundError, Outcome.RETRY, "wrong_project", Trouble.DOWN),
    (exceptions.ResourceExhaustedError, Outcome.RETRY, "quota_exceeded", Trouble.BUSY),
    (exceptions.DeadlineExceededError, Outcome.RETRY, "timeout", Trouble.DOWN),
    (exceptions.UnavailableError, Outcome.RETRY, "unavailable", Trouble.DOWN),
    (exceptions.InternalError, Outcome.RETRY, "internal", Trouble.DOWN),
    (exceptions.FirebaseError, Outcome.RETRY, "unknown", Trouble.NONE),
)


def result_of(error: Any) -> SendResult:
    """What an SDK error means for the address and the push (firebase.google.com, FCM "ErrorCode")."""
    response = error.http_response
    if response is None:
        return _without_answer(error)
    if isinstance(error, exceptions.InvalidArgumentError):
        return _invalid_argument(_details(response))
    outcome, detail, trouble = next(row[1:] for row in _RESULTS if isinstance(error, row[0]))
    if response.status_code >= requests.codes.server_error:
        detail = "server_error" if detail == "unknown" else detail
        return SendResult(outcome, detail, _retry_after(response.headers), trouble=Trouble.DOWN, may_have_arrived=True)
    wait = _retry_after(response.headers) if outcome is Outcome.RETRY else None
    return SendResult(outcome, detail, wait, trouble=trouble)


def _without_answer(error: Any) -> SendResult:
    """It may have arrived, unless there was not even a connection."""
    arrived = not _never_connected(error)
    return SendResult(Outcome.RETRY, _detail_without_answer(error), trouble=Trouble.DOWN, may_have_arrived=arrived)


def _never_connected(error: Any) -> bool:
    cause = error.cause
    if isinstance(cause, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    reason = getattr(next(iter(getattr(cause, "args", ())), None), "reason", None)
    return isinstance(reason, NewConnectionError)


def _detail_without_answer(error: Any) -> str:
    if isinstance(error, exceptions.DeadlineExceededError):
        return "timeout"
    return "unreachable" if isinstance(error, exceptions.UnavailableError) else "junk_answer"


def _details(response: requests.Response) -> _Details:
    details: _Details = response.json().get("error", {}).get("details", [])
    return details


def _invalid_argument(details: _Details) -> SendResult:
    """Tells a dead address from a mistake of ours, so that a bug here never deletes an address."""
    violations = [detail.get("fieldViolations") for detail in details if detail.get("@type") == _BAD_REQUEST]
    codes = {detail.get("errorCode") for detail in details if detail.get("@type") == _FCM_ERROR}
    # Named fields speak first; FCM's own code alone is about the address.
    if all(map(_names_only_the_address, violations)) and (violations or "INVALID_ARGUMENT" in codes):
        return SendResult(Outcome.ADDRESS_GONE, "invalid_address")
    return SendResult(Outcome.REFUSED, "invalid_payload")


def _names_only_the_address(violations: object) -> bool:
    if not isinstance(violations, list) or not violations:
        return False
    address_fields = {"message.token", "message.fid"}
    return all(isinstance(one, dict) and one.get("field") in address_fields for one in violations)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the answer asks (RFC 9110, 10.2.3), at most a day; None where nothing usable."""
    value = headers.get("Retry-After", "").strip()
    is_number = re.fullmatch("[0-9]{1,20}", value)
    seconds = float(value) if is_number else _seconds_until(value, headers.get("Date", ""))
    return None if seconds is None or seconds < 0 else min(seconds, MAX_RETRY_AFTER_SECONDS)


def _seconds_until(moment: str, answered_at: str) -> float | None:
    # Both instants are read from the answer, by the server's clock, so ours does not matter.
    try:
        then, now = parsedate_to_datetime(moment), parsedate_to_datetime(answered_at)
    except ValueError:
        return None
    return (then.replace(tzinfo=then.tzinfo or UTC) - now.replace(tzinfo=now.tzinfo or UTC)).total_seconds()
