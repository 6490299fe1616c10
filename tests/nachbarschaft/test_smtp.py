"""Handing in mail at a real server: what arrives, what each answer means, and that nothing leaves an unsafe line."""

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from nachbarschaft.mail import MailMessage
from nachbarschaft.mailserver import MailServer, Tls, mail_server
from nachbarschaft.sending import Outcome, SendResult, Trouble
from nachbarschaft.smtp import connection
from nachbarschaft.smtp import gateway as gateway_module
from nachbarschaft.smtp.gateway import SmtpGateway
from tests.support.processes import free_port
from tests.support.smtp import CUT, HANG, PASSWORD, USER, LoopbackSmtp, make_certificate

SENDER = "Nachbarschaft Herne <hilfe@herne.example>"
RECIPIENT = "neighbour@example.org"


def a_mail(**changes: object) -> MailMessage:
    mail = MailMessage(
        message_id="0b0a4f6e-0000-4000-8000-000000000001",
        kind="asked",
        language="de",
        at=datetime(2026, 6, 10, 10, tzinfo=UTC),
        subject="Können Sie helfen?",
        text="Guten Tag,\n.\n..und noch ein Punkt\n",
        html="<p>Grüße</p>",
        recipient=RECIPIENT,
        unsubscribe_url="https://nachbarschaft.example/v1/mail/unsubscribe/" + "Ab_9-" * 9,
    )
    return replace(mail, **changes)  # type: ignore[arg-type]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LoopbackSmtp]:
    """With STARTTLS and sign-in."""
    with LoopbackSmtp(make_certificate(tmp_path)) as running:
        yield running


@pytest.fixture
def gateway(server: LoopbackSmtp) -> Iterator[SmtpGateway]:
    made = SmtpGateway(mail_server(server.url), SENDER)
    yield made
    made.close()


def one_try(server: MailServer) -> SendResult:
    gateway = SmtpGateway(server, SENDER)
    try:
        return gateway.send(a_mail())
    finally:
        gateway.close()


def test_a_mail_arrives_signed_in_and_encrypted_with_all_its_headers(
    server: LoopbackSmtp, gateway: SmtpGateway
) -> None:
    assert gateway.send(a_mail()) == SendResult(Outcome.SENT, "handed_in")

    [got] = server.mails
    assert (got.sender, got.recipients) == ("hilfe@herne.example", (RECIPIENT,))
    assert (got.user, got.over_tls) == (USER, True)
    headers = got.message
    assert headers["From"] == SENDER
    assert headers["To"] == RECIPIENT
    assert headers["Subject"] == "Können Sie helfen?"
    assert headers["Date"].datetime == datetime(2026, 6, 10, 10, tzinfo=UTC)
    assert headers["Message-ID"] == "<0b0a4f6e-0000-4000-8000-000000000001@herne.example>"
    assert headers["Content-Language"] == "de"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [part.get_content_type() for part in headers.iter_parts()] == ["text/plain", "text/html"]
    assert got.text.replace("\r\n", "\n") == a_mail().text
    assert got.html.strip() == "<p>Grüße</p>"


def test_the_address_that_unsubscribes_is_longer_than_a_line_and_stays_in_one(
    server: LoopbackSmtp, gateway: SmtpGateway
) -> None:
    gateway.send(a_mail())

    line = f"List-Unsubscribe: <{a_mail().unsubscribe_url}>\r\n"
    assert line.encode() in server.mails[0].content


def test_a_mail_about_the_account_offers_no_way_out_of_itself(server: LoopbackSmtp, gateway: SmtpGateway) -> None:
    gateway.send(a_mail(unsubscribe_url=None))

    assert not [name for name in server.mails[0].message if name.startswith("List-")]


def test_one_connection_takes_many_mails_and_a_dropped_one_is_opened_again(
    server: LoopbackSmtp, gateway: SmtpGateway
) -> None:
    for _ in range(3):
        gateway.send(a_mail())
    assert server.connections == 1

    server.behave("DATA", CUT)
    assert gateway.send(a_mail()).outcome is Outcome.RETRY
    assert gateway.send(a_mail()).outcome is Outcome.SENT
    assert (server.connections, len(server.mails)) == (2, 5)  # the cut one had been taken, as it may be


@pytest.mark.parametrize(
    ("command", "answer", "ending"),
    [
        ("RCPT", "450 4.7.1 greylisted, try later", SendResult(Outcome.RETRY, "smtp_450")),
        ("RCPT", "451 4.3.0 something here is broken", SendResult(Outcome.RETRY, "smtp_451")),
        ("RCPT", "452 4.2.2 full for the moment", SendResult(Outcome.RETRY, "smtp_452")),
        ("RCPT", "421 4.3.2 closing down", SendResult(Outcome.RETRY, "smtp_421", trouble=Trouble.DOWN)),
        ("RCPT", "550 5.1.1 no such user", SendResult(Outcome.ADDRESS_GONE, "smtp_550")),
        ("RCPT", "550 no such user", SendResult(Outcome.ADDRESS_GONE, "smtp_550")),
        ("RCPT", "551 5.1.6 has moved", SendResult(Outcome.ADDRESS_GONE, "smtp_551")),
        ("RCPT", "553 5.1.3 no such syntax", SendResult(Outcome.ADDRESS_GONE, "smtp_553")),
        ("RCPT", "550 5.7.1 we relay nothing for you", SendResult(Outcome.REFUSED, "smtp_550")),
        ("RCPT", "552 5.2.2 mailbox full", SendResult(Outcome.REFUSED, "smtp_552")),
        ("MAIL", "550 5.7.1 not your address", SendResult(Outcome.RETRY, "smtp_sender_550", trouble=Trouble.DOWN)),
        ("MAIL", "451 4.3.0 no disk", SendResult(Outcome.RETRY, "smtp_sender_451", trouble=Trouble.DOWN)),
        ("DATA", "554 5.6.0 we do not like it", SendResult(Outcome.REFUSED, "smtp_554")),
        ("DATA", "552 5.3.4 too large", SendResult(Outcome.REFUSED, "smtp_552")),
        ("DATA", "550 5.1.1 no such user after all", SendResult(Outcome.ADDRESS_GONE, "smtp_550")),
        ("DATA", "451 4.3.0 later", SendResult(Outcome.RETRY, "smtp_451")),
    ],
)
def test_each_answer_says_what_comes_next(
    server: LoopbackSmtp,
    gateway: SmtpGateway,
    command: str,
    answer: str,
    ending: SendResult,
) -> None:
    server.behave(command, answer)

    assert gateway.send(a_mail()) == ending
    assert server.mails == []
    assert gateway.send(a_mail()).outcome is Outcome.SENT, "one refusal spoils no other mail"


def test_a_line_cut_after_the_mail_may_have_brought_it(server: LoopbackSmtp, gateway: SmtpGateway) -> None:
    server.behave("DATA", CUT)

    ending = gateway.send(a_mail())

    assert ending == SendResult(Outcome.RETRY, "smtp_cut", trouble=Trouble.DOWN, may_have_arrived=True)


def test_a_line_cut_before_the_mail_has_brought_nothing(server: LoopbackSmtp, gateway: SmtpGateway) -> None:
    server.behave("RCPT", CUT)

    ending = gateway.send(a_mail())

    assert ending == SendResult(Outcome.RETRY, "smtp_cut", trouble=Trouble.DOWN)
    assert server.mails == []


def test_a_server_that_says_nothing_is_left_in_time(
    server: LoopbackSmtp, gateway: SmtpGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.send(a_mail())
    monkeypatch.setattr(connection, "STEP_SECONDS", 0.3)
    server.behave("RCPT", HANG)
    began = time.monotonic()

    ending = gateway.send(a_mail())

    assert ending == SendResult(Outcome.RETRY, "smtp_timeout", trouble=Trouble.DOWN)
    assert time.monotonic() - began < 5


def test_a_server_that_dribbles_is_left_at_the_end_of_the_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time; all of them together never end."""
    monkeypatch.setattr(gateway_module, "ATTEMPT_SECONDS", 0.6)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_dribble, args=(listener,), daemon=True).start()
        began = time.monotonic()

        ending = one_try(MailServer("127.0.0.1", listener.getsockname()[1], Tls.IF_OFFERED))

    assert ending == SendResult(Outcome.RETRY, "smtp_timeout", trouble=Trouble.DOWN)
    assert time.monotonic() - began < 5


def _dribble(listener: socket.socket) -> None:
    connection, _address = listener.accept()
    with connection:
        for _ in range(600):
            try:
                connection.sendall(b"2")
            except OSError:
                return
            time.sleep(0.05)


def test_a_server_that_greets_with_no_is_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_say_no, args=(listener,), daemon=True).start()

        ending = one_try(MailServer("127.0.0.1", listener.getsockname()[1], Tls.IF_OFFERED))

    assert ending == SendResult(Outcome.RETRY, "smtp_421", trouble=Trouble.DOWN)


def _say_no(listener: socket.socket) -> None:
    connection, _address = listener.accept()
    with connection:
        connection.sendall(b"421 4.3.2 too many of you\r\n")


def test_nobody_there_is_the_server_s_trouble_and_not_the_mail_s() -> None:
    ending = one_try(MailServer("127.0.0.1", free_port(), Tls.DEMANDED))

    assert ending == SendResult(Outcome.RETRY, "smtp_cannot_connect", trouble=Trouble.DOWN)


def test_a_wrong_password_loses_no_mail(server: LoopbackSmtp) -> None:
    ending = one_try(replace(mail_server(server.url), password="not this one"))

    assert ending == SendResult(Outcome.RETRY, "smtp_auth_refused", trouble=Trouble.DOWN)
    assert server.mails == []


def test_without_starttls_nothing_is_sent_to_another_machine() -> None:
    with LoopbackSmtp() as plain:
        ending = one_try(MailServer("127.0.0.1", plain.port, Tls.DEMANDED, USER, PASSWORD))

        assert ending == SendResult(Outcome.RETRY, "smtp_no_starttls_or_auth", trouble=Trouble.DOWN)
        assert plain.mails == []


def test_a_relay_on_this_machine_need_not_offer_it() -> None:
    with LoopbackSmtp() as plain:
        ending = one_try(MailServer("127.0.0.1", plain.port, Tls.IF_OFFERED))

        assert ending.outcome is Outcome.SENT
        assert [mail.over_tls for mail in plain.mails] == [False]


def test_a_certificate_of_nobody_known_gets_neither_password_nor_mail(server: LoopbackSmtp) -> None:
    ending = one_try(replace(mail_server(server.url), tls=Tls.DEMANDED))

    assert ending == SendResult(Outcome.RETRY, "smtp_certificate_refused", trouble=Trouble.DOWN)
    assert server.mails == []


def test_a_certificate_of_another_machine_gets_neither_password_nor_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = make_certificate(tmp_path, host="192.0.2.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(foreign))
    with LoopbackSmtp(foreign) as server:
        ending = one_try(replace(mail_server(server.url), tls=Tls.DEMANDED))

        assert ending == SendResult(Outcome.RETRY, "smtp_certificate_refused", trouble=Trouble.DOWN)
        assert server.mails == []


def test_a_certificate_that_is_trusted_opens_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with LoopbackSmtp(certificate) as server:
        ending = one_try(replace(mail_server(server.url), tls=Tls.DEMANDED))

        assert ending.outcome is Outcome.SENT
        assert [mail.over_tls for mail in server.mails] == [True]


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hallo\r\nBcc: somebody@example.net"},
        {"subject": "Hallo\nBcc: somebody@example.net"},
        {"recipient": "a@example.org\r\nRCPT TO:<b@example.net>"},
        {"recipient": "a@example.org>, <b@example.net"},
        {"recipient": "a@example.org\r\nX-Header: x"},
        {"recipient": "a@example.org> SIZE=1 <"},
        {"recipient": "no address"},
        {"recipient": "=?utf-8?q?somebody=40else.example=2c?=@example.org"},
        {"recipient": ""},
        {"message_id": "x>\r\nBcc: somebody@example.net"},
        {"unsubscribe_url": "https://a.example\r\nBcc: somebody@example.net"},
        {"language": "de\r\nBcc: somebody@example.net"},
    ],
)
def test_nothing_that_is_no_mail_gets_a_header_or_a_command_of_its_own(
    server: LoopbackSmtp, gateway: SmtpGateway, changes: dict[str, str]
) -> None:
    assert gateway.send(a_mail(**changes)) == SendResult(Outcome.REFUSED, "not_a_mail")
    assert server.mails == []


def test_addresses_beyond_ascii_arrive_where_the_server_takes_them(server: LoopbackSmtp, gateway: SmtpGateway) -> None:
    assert gateway.send(a_mail(recipient="neighbour@bücher.example")).outcome is Outcome.SENT
    assert gateway.send(a_mail(recipient="nächste@example.org")).outcome is Outcome.SENT
    assert [mail.recipients for mail in server.mails] == [
        ("neighbour@xn--bcher-kva.example",),
        ("nächste@example.org",),
    ]


def test_a_server_of_old_gets_no_address_that_it_cannot_read() -> None:
    with LoopbackSmtp(utf8=False) as old:
        gateway = SmtpGateway(MailServer("127.0.0.1", old.port, Tls.IF_OFFERED), SENDER)

        ending = gateway.send(a_mail(recipient="nächste@example.org"))
        gateway.close()

    assert ending == SendResult(Outcome.REFUSED, "address_not_ascii")


def test_neither_a_mail_nor_a_server_shows_what_is_secret_when_it_is_logged() -> None:
    shown = repr(a_mail()) + repr(mail_server(f"smtp://{USER}:geheim@mail.example:587"))

    assert not [secret for secret in (RECIPIENT, "geheim", USER, "Guten Tag", "Grüße", "Ab_9-") if secret in shown]
