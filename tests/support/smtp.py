"""A mail server on loopback: STARTTLS, sign-in, and whatever answer a test wishes for."""

import asyncio
import email
import email.policy
import ssl
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.support.processes import free_port

USER, PASSWORD = "postbote", "ein gutes Kennwort"
CUT, HANG = "cut", "hang"
"""What a server does instead of answering: it drops the line, or says nothing for a long time."""


@dataclass(frozen=True, slots=True)
class Received:
    """One mail that the server has taken: who handed it in, how, from whom and to whom."""

    sender: str
    recipients: tuple[str, ...]
    user: str | None
    over_tls: bool
    content: bytes

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.content, policy=email.policy.default)

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content())


class LoopbackSmtp:
    """A server on 127.0.0.1; use it as a context manager.

    With a `certificate` it demands STARTTLS and a sign-in; without `utf8` it takes no address beyond ASCII.
    """

    def __init__(self, certificate: Path | None = None, *, utf8: bool = True) -> None:
        self.mails: list[Received] = []
        self.connections = 0
        self._answers: dict[str, deque[str]] = defaultdict(deque)
        context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
        self.port = free_port()
        self._controller = Controller(
            _Handler(self),
            hostname="127.0.0.1",
            port=self.port,
            tls_context=context,
            require_starttls=context is not None,
            auth_required=context is not None,
            authenticator=_authenticate,
            enable_SMTPUTF8=utf8,
        )

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        """What SMTP_URL is set to."""
        return f"smtp://{USER}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.port}"

    def behave(self, command: str, *answers: str) -> None:
        """The next answers to MAIL, RCPT or DATA (to the mail itself), in turn; afterwards it answers as ever."""
        self._answers[command].extend(answers)

    def next_answer(self, command: str) -> str | None:
        return self._answers[command].popleft() if self._answers[command] else None


class _Handler:
    """What aiosmtpd asks at each command; its names are the library's."""

    def __init__(self, loopback: LoopbackSmtp) -> None:
        self._loopback = loopback

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self._loopback.connections += session.ssl is None
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self._answered(server, "MAIL")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = await self._answered(server, "RCPT")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await self._answered(server, "DATA")
        if answer.startswith("250"):
            auth = cast(Any, session.auth_data)
            self._loopback.mails.append(
                Received(
                    sender=envelope.mail_from or "",
                    recipients=tuple(envelope.rcpt_tos),
                    user=auth.login.decode() if auth else None,
                    over_tls=session.ssl is not None,
                    content=cast(bytes, envelope.original_content),
                )
            )
        return answer

    async def _answered(self, server: SMTP, command: str) -> str:
        answer = self._loopback.next_answer(command)
        if answer == CUT:
            cast(Any, server.transport).abort()
        if answer == HANG:
            await asyncio.sleep(30)
        return "250 2.0.0 fine" if answer in {None, CUT, HANG} else answer


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    is_right = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == (USER, PASSWORD)
    return AuthResult(success=is_right, handled=False, auth_data=data)


def make_certificate(folder: Path, *, host: str = "127.0.0.1") -> Path:
    """A self-signed certificate for an address, with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"mail-{host}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + signed.public_bytes(Encoding.PEM))
    return path
