"""Sends pushes through Firebase, one POST per attempt; the only module that knows firebase_admin.

The SDK alone would POST up to five times, sleep as long as `Retry-After` says inside the caller, follow
redirects and raise whatever a junk answer makes it raise. So its messaging service is given a transport of
ours: no retries, no redirects, an answer that is small, in time and well formed, or none.
"""

import http.client
import io
import json
import re
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import firebase_admin
import requests
from cryptography.exceptions import UnsupportedAlgorithm
from firebase_admin import credentials, exceptions, messaging
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.auth.transport.requests import AuthorizedSession, Request
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from nachbarschaft.push import AddressKind, PushMessage
from nachbarschaft.sending import Outcome, SendResult

MAX_TTL_SECONDS: Final = 2_419_200  # four weeks; FCM refuses more (its docs, "Set the lifespan of a message")
MAX_RETRY_AFTER_SECONDS: Final = 86_400.0  # no push is worth sending after a day
MAX_ANSWER_BYTES: Final = 65_536  # FCM's real answers stay below 2 KB
_GOOGLE: Final = "https://fcm.googleapis.com"
_FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"
_CREDENTIAL_KEYS: Final = ("project_id", "client_email", "private_key", "token_uri")

_Details = list[dict[str, Any]]


class FirebaseMisconfigured(Exception):
    """Firebase cannot be used as configured; one sentence tells the operator why, without secrets."""


class FirebaseGateway:
    """One Firebase app with a connection pool of its own. `send` is safe to call from several threads."""

    name = "firebase"

    def __init__(self, credentials_path: Path, *, fcm_url: str, pool_size: int, timeout_seconds: float = 10.0) -> None:
        """Loads the service account at `credentials_path` and aims at `fcm_url`; nothing is sent yet.

        `timeout_seconds` bounds connecting and the whole answer, each on its own; Google asks for at least
        ten (firebase.google.com/docs/cloud-messaging/scale-fcm). Raises FirebaseMisconfigured.
        """
        certificate, token_uri = _load_certificate(credentials_path)
        self._session = _one_post_session(certificate.get_credential(), token_uri, pool_size)
        options = {"httpTimeout": timeout_seconds, "projectId": certificate.project_id}
        self._app = firebase_admin.initialize_app(certificate, options, name=f"nachbarschaft-{uuid.uuid4()}")
        self._closed = False
        try:
            _rewire(self._app, self._session, fcm_url)
        except FirebaseMisconfigured:
            self.close()
            raise

    def send(self, message: PushMessage) -> SendResult:
        """Makes one attempt: one POST, or two where Google asks for a fresh token (401)."""
        try:
            fcm_message = _fcm_message(message)
        except ValueError:
            return SendResult(Outcome.REFUSED, "invalid_payload")
        try:
            message_id: str = messaging.send(fcm_message, app=self._app)
        except exceptions.FirebaseError as error:
            return _result_of(error)
        except RefreshError:
            return SendResult(Outcome.RETRY, "token_refused")
        except GoogleAuthError:
            return SendResult(Outcome.RETRY, "token_endpoint")
        except OSError:  # requests raises it bare when the machine's CA bundle is missing
            return SendResult(Outcome.RETRY, "unreachable")
        return SendResult(Outcome.SENT, "sent", message_id=message_id)

    def close(self) -> None:
        """Closes the connections and forgets the app; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        firebase_admin.delete_app(self._app)
        self._session.close()  # type: ignore[no-untyped-call]  # google-auth's method has no types


# --- Credentials and wiring ---------------------------------------------------------------------------------


def _load_certificate(path: Path) -> tuple[Any, str]:
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


def _rewire(app: Any, session: AuthorizedSession, fcm_url: str) -> None:
    """Gives the app's messaging service our session and our base address.

    The SDK has no setting for either, so this function uses three private names of firebase-admin 7.7.0. The
    service's own address is looked at first: an SDK that builds it differently is refused, not guessed at.
    """
    try:
        service = messaging._get_messaging_service(app)
        google_url, google_session = service._fcm_url, service._client._session
    except AttributeError as error:
        raise FirebaseMisconfigured("This firebase-admin is not built like 7.7.0.") from error
    if not google_url.startswith(f"{_GOOGLE}/v1/projects/"):
        raise FirebaseMisconfigured("This firebase-admin sends to another address than 7.7.0 does.")
    google_session.close()
    service._client._session = session
    service._fcm_url = fcm_url.rstrip("/") + google_url.removeprefix(_GOOGLE)


# --- The transport ------------------------------------------------------------------------------------------


def _one_post_session(credential: Any, token_uri: str, pool_size: int) -> AuthorizedSession:
    """A session that POSTs once, and once more after a fresh token when the first answer is 401."""
    token_session = requests.Session()
    _mount(token_session, _OneAnswerAdapter(pool_size, _is_token))
    session = AuthorizedSession(  # type: ignore[no-untyped-call]  # google-auth's constructor has no types
        credential, max_refresh_attempts=1, auth_request=_TokenRequest(token_session, token_uri)
    )
    _mount(session, _OneAnswerAdapter(pool_size, _is_receipt))
    return session


def _mount(session: requests.Session, adapter: HTTPAdapter) -> None:
    for prefix in tuple(session.adapters):
        session.mount(prefix, adapter)


class _TokenRequest(Request):
    """Asks the token endpoint once, and nobody else.

    google-auth would ask three times with pauses between, and would start a thread that shows the token to
    iamcredentials.googleapis.com ("regional access boundary"), even when everything else is on loopback.
    """

    def __init__(self, session: requests.Session, token_uri: str) -> None:
        super().__init__(session)
        self._token_uri = token_uri

    def __call__(self, url: str, *args: Any, **kwargs: Any) -> Any:
        if url != self._token_uri:
            raise TransportError("only the token endpoint is asked")  # type: ignore[no-untyped-call]  # likewise
        response = super().__call__(url, *args, **kwargs)  # type: ignore[no-untyped-call]  # likewise
        if response.status == requests.codes.ok:
            return response
        failure = RefreshError if response.status in {400, 401, 403} else TransportError
        raise failure(f"the token endpoint answered {response.status}")


class _UnusableAnswer(requests.RequestException):
    """An answer came, but neither Google's success nor an error."""


class _OneAnswerAdapter(HTTPAdapter):
    """Carries one request and brings back one small, complete, well-formed answer, or raises."""

    def __init__(self, pool_size: int, is_success: Callable[[Any], bool]) -> None:
        super().__init__(pool_connections=2, pool_maxsize=pool_size, max_retries=0)
        self._is_success = is_success

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(request, *args, **(kwargs | {"stream": True}))
        parsed = _parsed(_limited_body(response))
        if response.status_code < 400 and not (response.status_code == 200 and self._is_success(parsed)):
            raise _UnusableAnswer(f"status {response.status_code} without a usable answer")
        if response.status_code >= 400 and not _is_google_error(parsed):
            parsed = {}  # the SDK stumbles over other shapes; the status alone decides
        return _rebuilt(response, parsed)


def _limited_body(response: requests.Response) -> bytes:
    body = b""
    for chunk in response.iter_content(8192):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            response.close()
            raise _UnusableAnswer("the answer is too long")
    return body


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _rebuilt(response: requests.Response, parsed: Any) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer.reason = response.status_code, response.reason
    answer.headers, answer.url, answer.request = response.headers, response.url, response.request
    answer.encoding, answer.raw = "utf-8", io.BytesIO(json.dumps(parsed).encode())
    return answer


def _is_receipt(parsed: Any) -> bool:
    return isinstance(parsed, dict) and _is_text(parsed.get("name"))


def _is_token(parsed: Any) -> bool:
    if not isinstance(parsed, dict) or not _is_text(parsed.get("access_token")):
        return False
    # google-auth computes the expiry unchecked; Google's tokens live an hour.
    lifetime = parsed.get("expires_in")
    return parsed["access_token"].isascii() and type(lifetime) is int and 0 < lifetime <= 86_400


def _is_google_error(parsed: Any) -> bool:
    error = parsed.get("error") if isinstance(parsed, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("status", ""), str):
        return False
    details = error.get("details", [])
    return isinstance(details, list) and all(
        isinstance(detail, dict) and isinstance(detail.get("errorCode", ""), str) for detail in details
    )


class _DeadlineStream(io.RawIOBase):
    """Reads a socket until one deadline; the socket's own timeout would start anew with every byte."""

    def __init__(self, stream: io.RawIOBase, sock: socket.socket) -> None:
        self._stream, self._sock = stream, sock
        self._timeout = sock.gettimeout()
        self._deadline = None if self._timeout is None else time.monotonic() + self._timeout

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._deadline is None:
            return self._stream.readinto(buffer)
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(remaining)
        try:
            return self._stream.readinto(buffer)
        finally:  # the connection is used again, and the next request must not inherit what was left
            self._sock.settimeout(self._timeout)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_DeadlineStream(self.fp.detach(), sock))


class _PlainConnection(HTTPConnection):
    response_class = _DeadlineResponse


class _TlsConnection(HTTPSConnection):
    response_class = _DeadlineResponse


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS: Final = {"http": _PlainPool, "https": _TlsPool}


# --- The message --------------------------------------------------------------------------------------------


def _fcm_message(message: PushMessage) -> Any:
    """The push in Google's words. Raises ValueError where the SDK refuses it."""
    fcm_message = messaging.Message(
        data=message.data,
        notification=messaging.Notification(title=message.title, body=message.body),
        android=_android(message),
        apns=_apns(message),
        webpush=_webpush(message),
    )
    # Set afterwards: the constructor warns about `token`, which browsers and older apps still have.
    setattr(fcm_message, _ADDRESS_FIELD[message.address_kind], message.address)
    str(fcm_message)  # the SDK checks a message only while encoding it
    return fcm_message


_ADDRESS_FIELD: Final = {AddressKind.TOKEN: "token", AddressKind.FID: "fid"}


def _is_high(message: PushMessage) -> bool:
    # Android demotes apps that send "high" without anything to see or hear.
    return message.urgent and not message.silent


def _lifetime_seconds(message: PushMessage) -> int:
    return min(message.ttl_seconds, MAX_TTL_SECONDS)


def _android(message: PushMessage) -> Any:
    return messaging.AndroidConfig(
        collapse_key=message.collapse_key,
        priority="high" if _is_high(message) else "normal",
        ttl=timedelta(seconds=_lifetime_seconds(message)),
        notification=messaging.AndroidNotification(
            tag=message.collapse_key,
            channel_id="silent" if message.silent else "messages",
            priority="min" if message.silent else "high" if message.urgent else "default",
            default_sound=not message.silent,
            default_vibrate_timings=not message.silent,
        ),
    )


def _apns(message: PushMessage) -> Any:
    level = "passive" if message.silent else "active"
    sound = None if message.silent else "default"
    return messaging.APNSConfig(
        headers={
            "apns-collapse-id": message.collapse_key,
            "apns-expiration": str(message.expires_at_epoch),
            "apns-priority": "10" if _is_high(message) else "5",
            "apns-push-type": "alert",
        },
        payload=messaging.APNSPayload(messaging.Aps(sound=sound, custom_data={"interruption-level": level})),
    )


def _webpush(message: PushMessage) -> Any:
    urgency = "very-low" if message.silent else "high" if message.urgent else "normal"
    return messaging.WebpushConfig(
        headers={"TTL": str(_lifetime_seconds(message)), "Urgency": urgency},
        notification=messaging.WebpushNotification(
            tag=message.collapse_key, silent=message.silent, renotify=not message.silent
        ),
    )


# --- The answer ---------------------------------------------------------------------------------------------

# The first row that fits decides, so the special error stands above the general one it inherits from.
_RESULTS: Final = (
    (messaging.UnregisteredError, Outcome.ADDRESS_GONE, "unregistered"),
    (messaging.SenderIdMismatchError, Outcome.REFUSED, "sender_id_mismatch"),
    (exceptions.UnauthenticatedError, Outcome.REFUSED, "unauthenticated"),  # ThirdPartyAuthError is one too
    (exceptions.PermissionDeniedError, Outcome.REFUSED, "permission_denied"),
    (exceptions.NotFoundError, Outcome.REFUSED, "wrong_project"),
    (exceptions.ResourceExhaustedError, Outcome.RETRY, "quota_exceeded"),
    (exceptions.DeadlineExceededError, Outcome.RETRY, "timeout"),
    (exceptions.UnavailableError, Outcome.RETRY, "unavailable"),
    (exceptions.InternalError, Outcome.RETRY, "internal"),
    (exceptions.FirebaseError, Outcome.RETRY, "unknown"),
)


def _result_of(error: Any) -> SendResult:
    """What an SDK error means for the address and the push (firebase.google.com, FCM "ErrorCode")."""
    response = error.http_response
    if response is None:
        return SendResult(Outcome.RETRY, _detail_without_answer(error))
    if isinstance(error, exceptions.InvalidArgumentError):
        return _invalid_argument(_details(response))
    outcome, detail = next((outcome, detail) for kind, outcome, detail in _RESULTS if isinstance(error, kind))
    wait = _retry_after(response.headers) if outcome is Outcome.RETRY else None
    return SendResult(outcome, detail, retry_after_seconds=wait)


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
