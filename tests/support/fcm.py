"""A loopback FCM: speaks Google's token endpoint and HTTP v1 API, judges each message, and fails on demand.

`LoopbackFcm` runs inside a test; `python -m tests.support.fcm --directory DIR` runs it as a process, prints
one JSON line `{"fcm_url": …, "credentials": …}` and logs every POST to DIR/fcm.jsonl until SIGTERM or SIGINT.
"""

import argparse
import contextlib
import functools
import itertools
import json
import re
import signal
import socket
import ssl
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

PROJECT = "nachbarschaft-loopback"
CLIENT_EMAIL = f"push@{PROJECT}.iam.gserviceaccount.com"
_AUDIENCE = "https://oauth2.googleapis.com/token"  # google-auth names it whatever the file's token_uri says
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
MAX_PAYLOAD_BYTES = 4096
MAX_TTL_SECONDS = 2_419_200
_SEND_PATH = re.compile(r"/v1/projects/([^/]+)/messages:send")
_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


# --- What can be asked of the loopback ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """One programmed answer; without arguments it is FCM's (or the token endpoint's) own 200.

    `code` is an FcmError code; `fields` are what a google.rpc.BadRequest complains about. `delay` and `drip`
    are seconds: before the answer, and between two of its bytes. `cut` drops the connection: "unread" before
    the request is read (only where it is behaviour of everybody), "read" afterwards.
    """

    status: int = 200
    code: str | None = None
    fields: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    delay: float = 0.0
    drip: float = 0.0
    cut: str = ""

    @property
    def is_normal(self) -> bool:
        """Whether the loopback judges the request itself, as Google would."""
        return self.status == 200 and self.body is None and not self.cut


OK = Answer()


@dataclass(frozen=True, slots=True)
class Post:
    """One POST that reached the send endpoint. An unread one has an empty message and no address."""

    time: float
    project: str
    address: str
    message: dict[str, Any]


class LoopbackFcm:
    """A threading server on a free port of 127.0.0.1; use it as a context manager.

    With `log_path` each POST is also appended there as one JSON line; with `tls` it speaks https.
    """

    def __init__(self, *, log_path: Path | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._lock = threading.Lock()
        self._posts: list[Post] = []
        self._behaviour: dict[str | None, deque[Answer]] = defaultdict(deque)
        self._token_behaviour: deque[Answer] = deque()
        self._bearers: set[str] = set()
        self._numbers = itertools.count(1)
        self._log_path = log_path
        self._stopping = threading.Event()
        self._server = _Server(self)
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.token_requests = 0

    def __enter__(self) -> Self:
        serve = functools.partial(self._server.serve_forever, poll_interval=0.02)
        threading.Thread(target=serve, name="loopback-fcm", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """What FCM_URL is set to."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def posts(self) -> list[Post]:
        """Every POST so far, in the order of arrival."""
        with self._lock:
            return list(self._posts)

    def posts_to(self, address: str) -> list[Post]:
        """The POSTs for one address."""
        return [post for post in self.posts if post.address == address]

    def behave(self, address: str | None, *answers: Answer) -> None:
        """From now on `address` (None: everybody without behaviour of their own) gets `answers` in turn.

        The last one stays; no answers at all restore the normal behaviour.
        """
        with self._lock:
            self._behaviour[address] = deque(answers)

    def behave_token(self, *answers: Answer) -> None:
        """Likewise for the token endpoint."""
        with self._lock:
            self._token_behaviour = deque(answers)

    def forget(self) -> None:
        """Drops the posts and all programmed behaviour; the tokens handed out stay good."""
        with self._lock:
            self._posts.clear()
            self._behaviour.clear()
            self._token_behaviour.clear()

    def revoke_tokens(self) -> None:
        """Every token handed out so far is answered with 401."""
        with self._lock:
            self._bearers.clear()

    def credentials_file(self, directory: Path, **changes: object) -> Path:
        """Writes a service-account file that signs in here; `changes` replace entries, None removes one."""
        account = _service_account(f"{self.url}/token") | changes
        path = directory / "service-account.json"
        path.write_text(json.dumps({key: value for key, value in account.items() if value is not None}))
        path.chmod(0o600)
        return path

    # From here on: what the handler asks.

    def record(self, project: str, message: dict[str, Any]) -> Post:
        post = Post(time.time(), project, _address(message), message)
        with self._lock:
            self._posts.append(post)
            if self._log_path is not None:
                with self._log_path.open("a") as log:
                    log.write(json.dumps(asdict(post)) + "\n")
        return post

    def is_cutting_unread(self) -> bool:
        with self._lock:
            queue = self._behaviour[None]
            return bool(queue) and _next(queue, only="unread").cut == "unread"

    def next_answer(self, address: str) -> Answer:
        with self._lock:
            return _next(self._behaviour[address] or self._behaviour[None])

    def next_token_answer(self) -> Answer:
        with self._lock:
            self.token_requests += 1
            return _next(self._token_behaviour)

    def hand_out_bearer(self) -> str:
        with self._lock:
            bearer = f"ya29.loopback-{next(self._numbers)}"
            self._bearers.add(bearer)
            return bearer

    def knows_bearer(self, header: str) -> bool:
        with self._lock:
            return header.removeprefix("Bearer ") in self._bearers and header.startswith("Bearer ")

    def message_name(self, project: str) -> str:
        with self._lock:
            return f"projects/{project}/messages/{next(self._numbers)}"

    def pause(self, seconds: float) -> None:
        """Waits, but not beyond the end of the test."""
        self._stopping.wait(seconds)


def _next(queue: deque[Answer], *, only: str | None = None) -> Answer:
    """Takes the next answer; the last one stays. With `only`, takes it only if it cuts in that way."""
    if not queue:
        return OK
    if len(queue) > 1 and only in {None, queue[0].cut}:
        return queue.popleft()
    return queue[0]


def _address(message: Mapping[str, Any]) -> str:
    return str(next((message[name] for name in ("token", "fid", "topic", "condition") if name in message), ""))


@functools.cache
def _private_key() -> RSAPrivateKey:
    """One fresh key per process: making one takes a tenth of a second."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def _service_account(token_uri: str) -> dict[str, object]:
    key = _private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "loopback",
        "private_key": key.decode(),
        "client_email": CLIENT_EMAIL,
        "client_id": "1",
        "token_uri": token_uri,
    }


# --- HTTP ---------------------------------------------------------------------------------------------------


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, fcm: LoopbackFcm) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fcm = fcm

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the game; anything else is a bug of the loopback."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        path = _SEND_PATH.fullmatch(self.path)
        if self.path == "/token":
            self._token()
        elif path is None:
            self._finish(Answer(404, body=b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>"))
        elif self.server.fcm.is_cutting_unread():
            self.server.fcm.record(path[1], {})
            self._cut()
        else:
            self._send(path[1])

    def _token(self) -> None:
        fcm, form = self.server.fcm, parse_qs(self._body().decode())
        answer = fcm.next_token_answer()
        if answer.is_normal:
            answer = replace(self._granted(form), delay=answer.delay, drip=answer.drip)
        self._finish(answer)

    def _granted(self, form: dict[str, list[str]]) -> Answer:
        fcm = self.server.fcm
        if not _is_good_grant(form):
            return Answer(400, body=b'{"error": "invalid_grant", "error_description": "Invalid JWT"}')
        token = {"access_token": fcm.hand_out_bearer(), "expires_in": 3599, "token_type": "Bearer"}
        return Answer(body=json.dumps(token).encode())

    def _send(self, project: str) -> None:
        fcm, request = self.server.fcm, _json_object(self._body())
        message = request.get("message")
        post = fcm.record(project, message if isinstance(message, dict) else {})
        answer = fcm.next_answer(post.address)
        if answer.is_normal:
            answer = replace(self._judged(project, request), delay=answer.delay, drip=answer.drip)
        self._finish(answer)

    def _judged(self, project: str, request: dict[str, Any]) -> Answer:
        """What FCM would say: who are you, what is this, which project; or the message's name."""
        if not self.server.fcm.knows_bearer(self.headers.get("Authorization", "")):
            return Answer(401)
        if wrong := violations(request):
            return Answer(400, fields=tuple(wrong))
        if project != PROJECT:
            return Answer(404)
        return Answer(body=json.dumps({"name": self.server.fcm.message_name(project)}).encode())

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _finish(self, answer: Answer) -> None:
        self.server.fcm.pause(answer.delay)
        if answer.cut:
            self._cut()
        elif answer.drip:
            self._drip(_raw(answer), answer.drip)
        else:
            self.wfile.write(_raw(answer))

    def _drip(self, raw: bytes, seconds: float) -> None:
        for byte in raw:
            self.wfile.write(bytes([byte]))
            self.server.fcm.pause(seconds)

    def _cut(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Tests read `posts`, not standard error."""


def _raw(answer: Answer) -> bytes:
    body = _error_body(answer) if answer.body is None else answer.body
    headers = {
        "Date": formatdate(usegmt=True),
        "Content-Type": "application/json; charset=UTF-8",
        "Content-Length": str(len(body)),
        **answer.headers,
    }
    lines = [f"HTTP/1.1 {answer.status} Loopback", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _error_body(answer: Answer) -> bytes:
    details: list[dict[str, object]] = []
    if answer.code:
        details.append({"@type": FCM_ERROR, "errorCode": answer.code})
    if answer.fields:
        wrong = [{"field": name, "description": "Invalid value"} for name in answer.fields]
        details.append({"@type": BAD_REQUEST, "fieldViolations": wrong})
    status = _STATUS_NAMES.get(answer.status, "UNKNOWN")
    error = {"code": answer.status, "message": "Loopback says no", "status": status, "details": details}
    return json.dumps({"error": error}).encode()


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _is_good_grant(form: dict[str, list[str]]) -> bool:
    """Whether the form is a JWT bearer grant (RFC 7523), signed by our account."""
    if form.get("grant_type") != ["urn:ietf:params:oauth:grant-type:jwt-bearer"]:
        return False
    try:
        claims = jwt.decode(form["assertion"][0], _private_key().public_key(), algorithms=["RS256"], audience=_AUDIENCE)
    except (KeyError, jwt.InvalidTokenError):
        return False
    return claims.get("iss") == CLIENT_EMAIL and "firebase" in claims.get("scope", "")


# --- What FCM accepts (firebase.google.com/docs/reference/fcm/rest/v1/projects.messages) --------------------

Check = Callable[[Any], bool]
Spec = Mapping[str, Any]  # field name → Check, or Spec for an object


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_text_map(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _is_ttl(value: Any) -> bool:
    match = re.fullmatch(r"([0-9]+)(\.[0-9]{1,9})?s", value) if isinstance(value, str) else None
    return match is not None and int(match[1]) <= MAX_TTL_SECONDS


def _one_of(*names: str) -> Check:
    return lambda value: value in names


_NOTIFICATION: Spec = {"title": _is_text, "body": _is_text, "image": _is_text}
_ANDROID_NOTIFICATION: Spec = {
    **_NOTIFICATION,
    "channel_id": _is_text,
    "click_action": _is_text,
    "default_sound": _is_flag,
    "default_vibrate_timings": _is_flag,
    "notification_priority": _one_of(*(f"PRIORITY_{p}" for p in ("MIN", "LOW", "DEFAULT", "HIGH", "MAX"))),
    "sound": _is_text,
    "tag": _is_text,
    "visibility": _one_of("PRIVATE", "PUBLIC", "SECRET"),
}
_ANDROID: Spec = {
    "collapse_key": _is_text,
    "data": _is_text_map,
    "notification": _ANDROID_NOTIFICATION,
    "priority": _one_of("normal", "high"),
    "ttl": _is_ttl,
}
_APNS: Spec = {"headers": _is_text_map, "payload": _is_object}
_WEBPUSH: Spec = {"headers": _is_text_map, "data": _is_text_map, "notification": _is_object}
_MESSAGE: Spec = {
    "android": _ANDROID,
    "apns": _APNS,
    "condition": _is_text,
    "data": _is_text_map,
    "fid": _is_text,
    "notification": _NOTIFICATION,
    "token": _is_text,
    "topic": _is_text,
    "webpush": _WEBPUSH,
}
_REQUEST: Spec = {"message": _MESSAGE, "validate_only": _is_flag}


def violations(request: dict[str, Any]) -> list[str]:
    """The paths of all fields of a send request that FCM would refuse; none for a good one."""
    message = request.get("message")
    if not isinstance(message, dict):
        return ["message"]
    return [*_wrong_fields(request, _REQUEST, ""), *_wrong_target(message), *_wrong_size(message)]


def _wrong_fields(value: dict[str, Any], spec: Spec, prefix: str) -> Iterator[str]:
    for name, item in value.items():
        check = spec.get(name)
        if isinstance(check, Mapping) and isinstance(item, dict):
            yield from _wrong_fields(item, check, f"{prefix}{name}.")
        elif check is None or isinstance(check, Mapping) or not check(item):
            yield f"{prefix}{name}"


def _wrong_target(message: dict[str, Any]) -> list[str]:
    targets = [name for name in ("token", "fid", "topic", "condition") if message.get(name)]
    return [] if len(targets) == 1 else ["message"]


def _wrong_size(message: dict[str, Any]) -> list[str]:
    payload = {name: item for name, item in message.items() if name not in {"token", "fid"}}
    size = len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
    return [] if size <= MAX_PAYLOAD_BYTES else ["message"]


# --- As a process -------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.fcm")
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    arguments = parser.parse_args()
    directory: Path = arguments.directory
    directory.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with LoopbackFcm(log_path=directory / "fcm.jsonl") as fcm:
        fcm.behave(None, Answer(delay=arguments.delay))
        credentials = str(fcm.credentials_file(directory))
        print(json.dumps({"fcm_url": fcm.url, "credentials": credentials}), flush=True)  # noqa: T201 - its output
        stop.wait()


if __name__ == "__main__":
    main()
