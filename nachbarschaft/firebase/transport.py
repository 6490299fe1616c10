"""One POST for one attempt: no retries, no redirects, an answer that is small, in time and well formed, or none.

The SDK alone would POST up to five times, sleep as long as `Retry-After` says inside the caller, follow redirects and
raise whatever a junk answer makes it raise.
"""

import http.client
import io
import json
import socket
import time
from collections.abc import Callable
from typing import Any, Final

import requests
from google.auth.exceptions import RefreshError, TransportError
from google.auth.transport.requests import AuthorizedSession, Request
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

MAX_ANSWER_BYTES: Final = 65_536  # FCM's real answers stay below 2 KB


def one_post_session(credential: Any, token_uri: str, pool_size: int) -> AuthorizedSession:
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


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
