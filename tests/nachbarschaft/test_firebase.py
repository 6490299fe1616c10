"""The Firebase adapter against a loopback FCM: one POST per attempt, and every answer has one meaning."""

import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import firebase_admin
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from firebase_admin import messaging
from requests.adapters import HTTPAdapter

from nachbarschaft.firebase import FirebaseGateway, FirebaseMisconfigured
from nachbarschaft.push import AddressKind, PushMessage
from nachbarschaft.sending import Outcome, SendResult, Trouble, is_alarm
from tests.support.fcm import OK, PROJECT, Answer, LoopbackFcm

MakeGateway = Callable[..., FirebaseGateway]

A_PUSH = PushMessage(
    notification_id="0198c0de-0000-7000-8000-000000000001",
    kind="asked",
    title="Neue Anfrage",
    body="In deiner Nachbarschaft wird Hilfe gesucht.",
    link="nachbarschaft://asked/0198c0de-0000-7000-8000-000000000001",
    collapse_key="c0ffee00c0ffee00",
    ttl_seconds=3600,
    expires_at_epoch=1_800_000_000,
    silent=False,
    urgent=False,
    address="an-address-of-a-phone",
    address_kind=AddressKind.FID,
)


@pytest.fixture(scope="module")
def signed_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LoopbackFcm, FirebaseGateway]]:
    """One loopback and one gateway that holds its token; making a pair costs a fifth of a second."""
    with LoopbackFcm() as loopback:
        path = loopback.credentials_file(tmp_path_factory.mktemp("firebase"))
        gateway = FirebaseGateway(path, fcm_url=loopback.url, pool_size=4, timeout_seconds=5.0)
        assert gateway.send(A_PUSH).outcome is Outcome.SENT
        yield loopback, gateway
        gateway.close()


@pytest.fixture
def fcm(signed_in: tuple[LoopbackFcm, FirebaseGateway]) -> LoopbackFcm:
    signed_in[0].forget()
    return signed_in[0]


@pytest.fixture
def gateway(signed_in: tuple[LoopbackFcm, FirebaseGateway]) -> FirebaseGateway:
    return signed_in[1]


@pytest.fixture
def new_fcm() -> Iterator[LoopbackFcm]:
    with LoopbackFcm() as loopback:
        yield loopback


@pytest.fixture
def make_gateway(tmp_path: Path) -> Iterator[MakeGateway]:
    made: list[FirebaseGateway] = []

    def make(fcm: LoopbackFcm, *, timeout_seconds: float = 5.0, pool_size: int = 4) -> FirebaseGateway:
        made.append(
            FirebaseGateway(
                fcm.credentials_file(tmp_path),
                fcm_url=fcm.url,
                pool_size=pool_size,
                timeout_seconds=timeout_seconds,
            )
        )
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


@pytest.fixture
def new_gateway(new_fcm: LoopbackFcm, make_gateway: MakeGateway) -> FirebaseGateway:
    return make_gateway(new_fcm)


def timed(send: Callable[[], SendResult]) -> tuple[SendResult, float]:
    started = time.monotonic()
    result = send()
    return result, time.monotonic() - started


# --- Every answer has one meaning, and costs one POST -------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "outcome", "detail"),
    [
        pytest.param(OK, Outcome.SENT, "sent", id="200"),
        pytest.param(Answer(404, code="UNREGISTERED"), Outcome.ADDRESS_GONE, "unregistered", id="unregistered"),
        pytest.param(Answer(400, code="INVALID_ARGUMENT"), Outcome.ADDRESS_GONE, "invalid_address", id="400-fcm-error"),
        pytest.param(
            Answer(400, code="INVALID_ARGUMENT", fields=("message.token",)),
            Outcome.ADDRESS_GONE,
            "invalid_address",
            id="400-token-field",
        ),
        pytest.param(Answer(400, fields=("message.fid",)), Outcome.ADDRESS_GONE, "invalid_address", id="400-fid-field"),
        pytest.param(
            Answer(400, fields=("message.android.ttl",)), Outcome.REFUSED, "invalid_payload", id="400-payload"
        ),
        pytest.param(
            Answer(400, code="INVALID_ARGUMENT", fields=("message.token", "message.data")),
            Outcome.REFUSED,
            "invalid_payload",
            id="400-both",
        ),
        pytest.param(Answer(400), Outcome.REFUSED, "invalid_payload", id="400-bare"),
        pytest.param(Answer(400, body=b"<html>"), Outcome.REFUSED, "invalid_payload", id="400-html"),
        pytest.param(Answer(403, code="SENDER_ID_MISMATCH"), Outcome.REFUSED, "sender_id_mismatch", id="403-sender"),
        pytest.param(Answer(403), Outcome.RETRY, "permission_denied", id="403-bare"),
        pytest.param(Answer(404), Outcome.RETRY, "wrong_project", id="404-bare"),
        pytest.param(Answer(404, body=b"<html>"), Outcome.RETRY, "wrong_project", id="404-html"),
        pytest.param(Answer(429, code="QUOTA_EXCEEDED"), Outcome.RETRY, "quota_exceeded", id="429-fcm-error"),
        pytest.param(Answer(429), Outcome.RETRY, "quota_exceeded", id="429-bare"),
        pytest.param(Answer(500, code="INTERNAL"), Outcome.RETRY, "internal", id="500"),
        pytest.param(Answer(503, code="UNAVAILABLE"), Outcome.RETRY, "unavailable", id="503"),
        pytest.param(Answer(502, body=b"<html>"), Outcome.RETRY, "server_error", id="502-html"),
        pytest.param(Answer(418), Outcome.RETRY, "unknown", id="418"),
        pytest.param(Answer(cut="unread"), Outcome.RETRY, "unreachable", id="cut-before-reading"),
        pytest.param(Answer(cut="read"), Outcome.RETRY, "unreachable", id="cut-after-reading"),
    ],
)
def test_one_attempt_is_one_post_and_one_meaning(
    fcm: LoopbackFcm, gateway: FirebaseGateway, answer: Answer, outcome: Outcome, detail: str
) -> None:
    fcm.behave(None, answer)
    result, seconds = timed(lambda: gateway.send(A_PUSH))
    assert (result.outcome, result.detail) == (outcome, detail)
    assert len(fcm.posts) == 1
    assert seconds < 2
    assert result.trouble is TROUBLE.get(detail, Trouble.NONE)
    assert result.may_have_arrived is (detail in UNCLEAR)


TROUBLE = {"quota_exceeded": Trouble.BUSY} | dict.fromkeys(
    ("permission_denied", "wrong_project", "internal", "unavailable", "server_error", "unreachable"), Trouble.DOWN
)
"""What says something about Google as a whole, and not about one push."""
UNCLEAR = {"internal", "unavailable", "server_error", "unreachable"}
"""Where Google may have taken the push all the same."""


def test_a_sent_push_brings_back_googles_name_for_it(fcm: LoopbackFcm, gateway: FirebaseGateway) -> None:
    assert str(gateway.send(A_PUSH).message_id).startswith(f"projects/{PROJECT}/messages/")
    assert fcm.posts[0].project == PROJECT


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>captive portal</html>", id="html"),
        pytest.param(b"{}", id="no-name"),
        pytest.param(b'{"name": 7}', id="name-is-a-number"),
        pytest.param(b'["name"]', id="list"),
        pytest.param(b"\xff\xfe\x00", id="not-utf8"),
        pytest.param(b"[" * 60_000, id="deep"),
        pytest.param(b'{"name": "' + b"x" * 10_000_000 + b'"}', id="10-MB"),
    ],
)
def test_a_junk_200_is_tried_again_and_raises_nothing(fcm: LoopbackFcm, gateway: FirebaseGateway, body: bytes) -> None:
    fcm.behave(None, Answer(body=body))
    result, seconds = timed(lambda: gateway.send(A_PUSH))
    assert (result.outcome, result.detail) == (Outcome.RETRY, "junk_answer")
    assert len(fcm.posts) == 1
    assert seconds < 2


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": "text"}',
        b'{"error": {"status": ["UNAVAILABLE"]}}',
        b'{"error": {"status": "UNAVAILABLE", "details": ["text"]}}',
        b'{"error": {"status": "UNAVAILABLE", "details": {"@type": 1}}}',
        b'{"error": {"details": [{"@type": "x", "errorCode": {}}]}}',
        b"\xff\xfe\x00",
        b"[" * 60_000,
    ],
    ids=["text", "status-list", "details-text", "details-object", "code-object", "not-utf8", "deep"],
)
def test_a_junk_error_counts_by_its_status_alone(fcm: LoopbackFcm, gateway: FirebaseGateway, body: bytes) -> None:
    fcm.behave(None, Answer(503, body=body))
    assert gateway.send(A_PUSH).detail == "unavailable"
    assert len(fcm.posts) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(fcm: LoopbackFcm, gateway: FirebaseGateway, tmp_path: Path, status: int) -> None:
    with LoopbackFcm() as elsewhere:
        target = f"{elsewhere.url}/v1/projects/{PROJECT}/messages:send"
        fcm.behave(None, Answer(status, headers={"Location": target}, body=b""))
        assert gateway.send(A_PUSH).detail == "junk_answer"
        assert (len(fcm.posts), elsewhere.posts) == (1, [])


# --- Time ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
def test_a_long_retry_after_is_reported_and_never_slept(
    fcm: LoopbackFcm, gateway: FirebaseGateway, status: int
) -> None:
    fcm.behave(None, Answer(status, headers={"Retry-After": "3600"}))
    result, seconds = timed(lambda: gateway.send(A_PUSH))
    assert (result.outcome, result.retry_after_seconds) == (Outcome.RETRY, 3600.0)
    assert len(fcm.posts) == 1
    assert seconds < 2


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        ("172800", 86_400.0),
        ("9" * 20, 86_400.0),
        ("9" * 5000, None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("²", None),
        ("", None),
        ("Fri, 13 Mar 2026 12:02:00 GMT", 120.0),
        ("Fri, 20 Mar 2026 12:00:00 GMT", 86_400.0),
        ("Fri, 13 Mar 2026 11:59:00 GMT", None),
        ("Fri, 13 Mar 2026", None),
        ("Fri, 99 Mar 2026 12:02:00 GMT", None),
        ("Fri, 13 Mar 99999 12:02:00 GMT", None),
    ],
    ids=lambda value: str(value)[:32],
)
def test_retry_after_is_read_in_all_its_forms(
    fcm: LoopbackFcm, gateway: FirebaseGateway, header: str, seconds: float | None
) -> None:
    headers = {"Retry-After": header, "Date": "Fri, 13 Mar 2026 12:00:00 GMT"}
    fcm.behave(None, Answer(429, code="QUOTA_EXCEEDED", headers=headers))
    assert gateway.send(A_PUSH).retry_after_seconds == seconds


def test_a_retry_after_date_without_a_usable_answer_date_is_no_wish(fcm: LoopbackFcm, gateway: FirebaseGateway) -> None:
    headers = {"Retry-After": "Fri, 13 Mar 2026 12:02:00 GMT", "Date": "today"}
    fcm.behave(None, Answer(503, headers=headers))
    assert gateway.send(A_PUSH).retry_after_seconds is None


def test_a_refusal_carries_no_wish_to_come_back(fcm: LoopbackFcm, gateway: FirebaseGateway) -> None:
    fcm.behave(None, Answer(404, code="UNREGISTERED", headers={"Retry-After": "60"}))
    assert gateway.send(A_PUSH).retry_after_seconds is None


@pytest.mark.parametrize(
    "answer",
    [Answer(delay=30), Answer(drip=0.05), Answer(503, drip=0.05)],
    ids=["silence", "one-byte-at-a-time", "an-error-one-byte-at-a-time"],
)
def test_the_whole_answer_has_one_deadline(fcm: LoopbackFcm, make_gateway: MakeGateway, answer: Answer) -> None:
    gateway = make_gateway(fcm, timeout_seconds=0.5)
    fcm.behave(None, answer)
    result, seconds = timed(lambda: gateway.send(A_PUSH))
    assert (result.outcome, result.detail) == (Outcome.RETRY, "timeout")
    assert len(fcm.posts) == 1
    assert 0.4 < seconds < 1.5


def test_a_body_that_trickles_has_the_same_deadline(fcm: LoopbackFcm, make_gateway: MakeGateway) -> None:
    gateway = make_gateway(fcm, timeout_seconds=0.5)
    fcm.behave(None, Answer(body=b'{"name": "' + b"x" * 2000 + b'"}', drip=0.002))
    result, seconds = timed(lambda: gateway.send(A_PUSH))
    assert result.outcome is Outcome.RETRY
    assert len(fcm.posts) == 1
    assert 0.4 < seconds < 1.5


def test_after_a_timeout_the_next_push_goes_through(fcm: LoopbackFcm, make_gateway: MakeGateway) -> None:
    gateway = make_gateway(fcm, timeout_seconds=0.5, pool_size=1)
    fcm.behave(None, Answer(drip=0.05), OK)
    outcomes = [gateway.send(A_PUSH).outcome for _ in range(3)]
    assert outcomes == [Outcome.RETRY, Outcome.SENT, Outcome.SENT]


def test_an_unreachable_google_is_tried_again(tmp_path: Path, fcm: LoopbackFcm) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, but not listening: nobody else can take the port
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        gateway = FirebaseGateway(fcm.credentials_file(tmp_path), fcm_url=url, pool_size=1)
        result = gateway.send(A_PUSH)
        gateway.close()
    assert (result.outcome, result.detail, result.trouble) == (Outcome.RETRY, "unreachable", Trouble.DOWN)
    assert not result.may_have_arrived, "there was not even a connection"


# --- Signing in ---------------------------------------------------------------------------------------------


def test_the_account_signs_in_once_for_many_pushes(new_fcm: LoopbackFcm, new_gateway: FirebaseGateway) -> None:
    assert {new_gateway.send(A_PUSH).outcome for _ in range(5)} == {Outcome.SENT}
    assert new_fcm.token_requests == 1


def test_a_revoked_token_is_refreshed_once_and_the_push_arrives(
    new_fcm: LoopbackFcm, new_gateway: FirebaseGateway
) -> None:
    new_gateway.send(A_PUSH)
    new_fcm.revoke_tokens()
    assert new_gateway.send(A_PUSH).outcome is Outcome.SENT
    assert (len(new_fcm.posts), new_fcm.token_requests) == (3, 2)


@pytest.mark.parametrize(
    ("code", "detail", "trouble"),
    [(None, "unauthenticated", Trouble.DOWN), ("THIRD_PARTY_AUTH_ERROR", "third_party_auth", Trouble.NONE)],
)
def test_a_401_that_stays_costs_one_refresh_and_waits_for_the_operator(
    new_fcm: LoopbackFcm, new_gateway: FirebaseGateway, code: str | None, detail: str, trouble: Trouble
) -> None:
    new_fcm.behave(None, Answer(401, code=code))
    result = new_gateway.send(A_PUSH)
    assert (result.outcome, result.detail, result.trouble) == (Outcome.RETRY, detail, trouble)
    assert is_alarm(detail)
    assert (len(new_fcm.posts), new_fcm.token_requests) == (2, 2)


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        pytest.param(Answer(500, body=b"{}"), "token_endpoint", id="500"),
        pytest.param(Answer(503, body=b"<html>"), "token_endpoint", id="503"),
        pytest.param(Answer(429, headers={"Retry-After": "3600"}), "token_endpoint", id="429"),
        pytest.param(Answer(cut="read"), "token_endpoint", id="cut"),
        pytest.param(Answer(body=b"<html>"), "token_endpoint", id="html"),
        pytest.param(Answer(body=b"[]"), "token_endpoint", id="list"),
        pytest.param(Answer(body=b'{"access_token": "t"}'), "token_endpoint", id="no-expiry"),
        pytest.param(Answer(body='{"access_token": "tü", "expires_in": 9}'.encode()), "token_endpoint", id="umlaut"),
        pytest.param(Answer(302, headers={"Location": "http://127.0.0.1:9/"}, body=b""), "token_endpoint", id="302"),
        pytest.param(Answer(400, body=b'{"error": "invalid_grant"}'), "token_refused", id="invalid-grant"),
    ],
)
def test_without_a_token_nothing_is_posted_and_it_is_tried_again(
    new_fcm: LoopbackFcm, new_gateway: FirebaseGateway, answer: Answer, detail: str
) -> None:
    new_fcm.behave_token(answer)
    result, seconds = timed(lambda: new_gateway.send(A_PUSH))
    assert (result.outcome, result.detail) == (Outcome.RETRY, detail)
    assert (new_fcm.posts, new_fcm.token_requests) == ([], 1)
    assert seconds < 1


def test_a_silent_token_endpoint_costs_one_timeout(new_fcm: LoopbackFcm, make_gateway: MakeGateway) -> None:
    gateway = make_gateway(new_fcm, timeout_seconds=0.5)
    new_fcm.behave_token(Answer(delay=30))
    result, seconds = timed(lambda: gateway.send(A_PUSH))
    assert (result.detail, new_fcm.token_requests) == ("token_endpoint", 1)
    assert seconds < 1.5


def test_the_loopback_hands_out_tokens_only_to_the_right_key(
    fcm: LoopbackFcm, tmp_path: Path, make_gateway: MakeGateway
) -> None:
    with LoopbackFcm() as stranger:
        changes = {"token_uri": f"{stranger.url}/token", "client_email": "stranger@example.org"}
        path = fcm.credentials_file(tmp_path, **changes)
        gateway = FirebaseGateway(path, fcm_url=fcm.url, pool_size=1)
        assert gateway.send(A_PUSH).detail == "token_refused"
        gateway.close()


def test_nobody_but_the_configured_addresses_is_asked(
    new_fcm: LoopbackFcm, new_gateway: FirebaseGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    resolve = socket.getaddrinfo

    def listen(host: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(host)
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", listen)
    for _ in range(3):
        new_gateway.send(A_PUSH)
    for thread in threading.enumerate():
        if "Boundary" in type(thread).__name__:  # google-auth's background look-up at iamcredentials
            thread.join(5)
    assert set(asked) == {"127.0.0.1"}


# --- What leaves the house ----------------------------------------------------------------------------------


def sent_message(fcm: LoopbackFcm, gateway: FirebaseGateway, push: PushMessage) -> dict[str, Any]:
    result = gateway.send(push)
    assert result.outcome is Outcome.SENT, result
    return fcm.posts[-1].message


@pytest.mark.parametrize("kind", list(AddressKind))
def test_exactly_this_leaves_for_google(fcm: LoopbackFcm, gateway: FirebaseGateway, kind: AddressKind) -> None:
    assert sent_message(fcm, gateway, replace(A_PUSH, address_kind=kind)) == {
        kind.value: "an-address-of-a-phone",
        "data": {
            "id": A_PUSH.notification_id,
            "kind": "asked",
            "link": f"nachbarschaft://asked/{A_PUSH.notification_id}",
            "v": "1",
        },
        "notification": {
            "title": "Neue Anfrage",
            "body": "In deiner Nachbarschaft wird Hilfe gesucht.",
        },
        "android": {
            "collapse_key": "c0ffee00c0ffee00",
            "priority": "normal",
            "ttl": "3600s",
            "notification": {
                "tag": "c0ffee00c0ffee00",
                "channel_id": "messages",
                "notification_priority": "PRIORITY_DEFAULT",
                "default_sound": True,
                "default_vibrate_timings": True,
            },
        },
        "apns": {
            "headers": {
                "apns-collapse-id": "c0ffee00c0ffee00",
                "apns-expiration": "1800000000",
                "apns-priority": "5",
                "apns-push-type": "alert",
            },
            "payload": {"aps": {"sound": "default", "interruption-level": "active"}},
        },
        "webpush": {
            "headers": {"TTL": "3600", "Urgency": "normal"},
            "notification": {"tag": "c0ffee00c0ffee00", "silent": False, "renotify": True},
        },
    }


def test_a_silent_push_replaces_the_shown_one_without_a_sound(fcm: LoopbackFcm, gateway: FirebaseGateway) -> None:
    loud = sent_message(fcm, gateway, A_PUSH)
    silent = sent_message(fcm, gateway, replace(A_PUSH, silent=True, urgent=True))
    android, aps = silent["android"], silent["apns"]["payload"]["aps"]
    assert android["notification"]["tag"] == loud["android"]["notification"]["tag"]
    assert silent["apns"]["headers"]["apns-collapse-id"] == loud["apns"]["headers"]["apns-collapse-id"]
    assert android["priority"] == "normal"
    assert android["notification"]["channel_id"] == "silent"
    assert android["notification"]["notification_priority"] == "PRIORITY_MIN"
    assert android["notification"]["default_sound"] is False
    assert android["notification"]["default_vibrate_timings"] is False
    assert aps == {"interruption-level": "passive"}
    assert silent["apns"]["headers"]["apns-priority"] == "5"
    assert silent["webpush"]["headers"]["Urgency"] == "very-low"
    assert silent["webpush"]["notification"] == {"tag": "c0ffee00c0ffee00", "silent": True, "renotify": False}


def test_only_an_urgent_push_wakes_a_sleeping_phone(fcm: LoopbackFcm, gateway: FirebaseGateway) -> None:
    urgent = sent_message(fcm, gateway, replace(A_PUSH, urgent=True))
    assert urgent["android"]["priority"] == "high"
    assert urgent["android"]["notification"]["notification_priority"] == "PRIORITY_HIGH"
    assert urgent["apns"]["headers"]["apns-priority"] == "10"
    assert urgent["webpush"]["headers"]["Urgency"] == "high"


def test_a_lifetime_beyond_googles_limit_is_shortened(fcm: LoopbackFcm, gateway: FirebaseGateway) -> None:
    message = sent_message(fcm, gateway, replace(A_PUSH, ttl_seconds=10_000_000))
    assert (message["android"]["ttl"], message["webpush"]["headers"]["TTL"]) == ("2419200s", "2419200")


def test_a_push_the_sdk_cannot_encode_is_our_mistake_and_never_leaves(
    fcm: LoopbackFcm, gateway: FirebaseGateway
) -> None:
    result = gateway.send(replace(A_PUSH, ttl_seconds=-1))
    assert (result.outcome, result.detail) == (Outcome.REFUSED, "invalid_payload")
    assert fcm.posts == []


def test_a_push_that_is_too_long_deletes_no_address(fcm: LoopbackFcm, gateway: FirebaseGateway) -> None:
    result = gateway.send(replace(A_PUSH, body="ä" * 2000))
    assert (result.outcome, result.detail) == (Outcome.REFUSED, "invalid_payload")


def test_no_result_names_the_address(fcm: LoopbackFcm, gateway: FirebaseGateway) -> None:
    fcm.behave(None, Answer(404, code="UNREGISTERED"), Answer(503), OK)
    assert all(A_PUSH.address not in repr(gateway.send(A_PUSH)) for _ in range(3))


# --- Threads and life cycle ---------------------------------------------------------------------------------


def test_sixteen_threads_send_sixty_four_pushes_as_sixty_four_posts(
    fcm: LoopbackFcm, make_gateway: MakeGateway
) -> None:
    gateway = make_gateway(fcm, pool_size=16)
    fcm.behave(None, Answer(delay=0.02))
    pushes = [replace(A_PUSH, address=f"phone-{number}") for number in range(64)]
    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(gateway.send, pushes))
    assert {result.outcome for result in results} == {Outcome.SENT}
    assert sorted(post.address for post in fcm.posts) == sorted(push.address for push in pushes)
    assert len({result.message_id for result in results}) == 64


def test_two_gateways_live_side_by_side_and_close_by_themselves(fcm: LoopbackFcm, make_gateway: MakeGateway) -> None:
    first, second = make_gateway(fcm), make_gateway(fcm)
    first.send(A_PUSH)
    first.close()
    first.close()
    assert second.send(A_PUSH).outcome is Outcome.SENT
    with pytest.raises(ValueError, match="app"):
        first.send(A_PUSH)


# --- Configuration ------------------------------------------------------------------------------------------


def misconfiguration(path: Path) -> str:
    with pytest.raises(FirebaseMisconfigured) as refusal:
        FirebaseGateway(path, fcm_url="http://127.0.0.1:9", pool_size=1)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"not json", "are not JSON"),
        (b"\xff\xfe", "are not JSON"),
        (b"[]", 'are not of type "service_account"'),
        (b'{"type": "authorized_user"}', 'are not of type "service_account"'),
        (b'{"type": "service_account"}', "lack project_id, client_email, private_key, token_uri"),
    ],
)
def test_useless_credentials_are_named_in_one_sentence(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "account.json"
    path.write_bytes(content)
    sentence = misconfiguration(path)
    assert complaint in sentence
    assert sentence.startswith("The Firebase credentials")
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_absent_credentials_are_named_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "absent.json"
    assert misconfiguration(path) == (f"The Firebase credentials {path} cannot be read: No such file or directory.")


@pytest.mark.parametrize("key", ["project_id", "client_email", "private_key", "token_uri"])
def test_a_missing_key_is_named(fcm: LoopbackFcm, tmp_path: Path, key: str) -> None:
    assert misconfiguration(fcm.credentials_file(tmp_path, **{key: None})).endswith(f" lack {key}.")


def elliptic_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize("key", ["secret stuff", elliptic_key()], ids=["no-pem", "elliptic"])
def test_a_useless_key_is_refused_and_not_quoted(fcm: LoopbackFcm, tmp_path: Path, key: str) -> None:
    sentence = misconfiguration(fcm.credentials_file(tmp_path, private_key=key))
    assert sentence.endswith("is not an unencrypted RSA key.")
    assert key not in sentence


def test_an_sdk_that_sends_elsewhere_is_refused(
    fcm: LoopbackFcm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messaging._MessagingService, "FCM_URL", "https://push.example/{0}")
    before = set(firebase_admin._apps)
    assert "sends to another address" in misconfiguration(fcm.credentials_file(tmp_path))
    assert set(firebase_admin._apps) == before


def test_google_itself_is_reached_without_retries_as_well(gateway: FirebaseGateway) -> None:
    adapter = gateway._session.get_adapter("https://fcm.googleapis.com/v1")
    assert isinstance(adapter, HTTPAdapter)
    assert (adapter.max_retries.total, adapter.max_retries.read) == (0, False)


# --- TLS and the loopback as a process ----------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + signed.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def tls_fcm(certificate: Path) -> Iterator[LoopbackFcm]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with LoopbackFcm(tls=context) as loopback:
        yield loopback


def test_over_tls_pushes_arrive_and_the_deadline_holds(
    tls_fcm: LoopbackFcm, make_gateway: MakeGateway, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    gateway = make_gateway(tls_fcm, timeout_seconds=0.5)
    assert gateway.send(A_PUSH).outcome is Outcome.SENT
    tls_fcm.behave(None, Answer(drip=0.05))
    result, seconds = timed(lambda: gateway.send(A_PUSH))
    assert (result.detail, len(tls_fcm.posts)) == ("timeout", 2)
    assert seconds < 1.5


def test_an_untrusted_certificate_gets_neither_token_nor_push(tls_fcm: LoopbackFcm, make_gateway: MakeGateway) -> None:
    assert make_gateway(tls_fcm).send(A_PUSH).detail == "token_endpoint"
    assert (tls_fcm.token_requests, tls_fcm.posts) == (0, [])


def test_a_missing_ca_bundle_raises_nothing(
    tls_fcm: LoopbackFcm, make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    assert make_gateway(tls_fcm).send(A_PUSH).outcome is Outcome.RETRY


def test_the_loopback_runs_as_a_process_and_logs_each_post(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.fcm", "--directory", str(tmp_path)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        gateway = FirebaseGateway(Path(told["credentials"]), fcm_url=told["fcm_url"], pool_size=1)
        assert gateway.send(A_PUSH).outcome is Outcome.SENT
        gateway.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    [line] = (tmp_path / "fcm.jsonl").read_text().splitlines()
    post = json.loads(line)
    assert (post["project"], post["address"]) == (PROJECT, A_PUSH.address)
    assert post["message"]["data"] == A_PUSH.data
