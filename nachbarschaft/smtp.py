"""Mail out through an SMTP server. One attempt a call, from several threads, each with a connection of its own.

The standard library speaks the protocol; here are the deadlines, and what each answer means for what comes next
(RFC 5321, 4.2; enhanced status codes: RFC 3463).
"""

import contextlib
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import format_datetime, parseaddr
from typing import Any

from nachbarschaft.mail import MailMessage
from nachbarschaft.mailserver import MailServer, Tls
from nachbarschaft.sending import Outcome, SendResult, Trouble

STEP_SECONDS = 10.0
"""The longest that one answer may take."""
ATTEMPT_SECONDS = 20.0
"""The longest that one attempt may take, however many answers it needs: well within the lease."""
MAILS_PER_CONNECTION = 50
"""Many servers end a connection after a hundred."""
SIGNATURE = "Nachbarschaft"
_READY, _FINE, _FORWARDED, _GO_AHEAD, _CLOSING = 220, 250, 251, 354, 421
_NO_SUCH_MAILBOX = frozenset({550, 551, 553})
_TOO_LARGE = 552
_LOCAL = re.compile(r"""[^\s<>()\[\],;:\\"@\x00-\x1f\x7f]+""")
_DOMAIN = re.compile(r"[A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class _Envelope:
    """A mail as it goes over the line, with whom it is from and to; `is_wide`: the address holds more than ASCII."""

    sender: str
    recipient: str
    is_wide: bool
    content: bytes


class _Whole(UnstructuredHeader, BaseHeader):
    """A header in one line: the library would take an address that is longer than a line for words to be encoded."""

    def fold(self, *, policy: "Policy[Any]") -> str:
        return f"{self.name}: {self}{policy.linesep}"


def _policy() -> "EmailPolicy[EmailMessage]":
    headers = HeaderRegistry()
    headers.map_to_type("list-unsubscribe", _Whole)
    return SMTP.clone(header_factory=headers)


_POLICY = _policy()


class SmtpGateway:
    """Hands mails in at one server, as one sender (`Name <name@example.org>`)."""

    name = "smtp"

    def __init__(self, server: MailServer, sender: str) -> None:
        self._server = server
        name, self._address = parseaddr(sender)
        self._domain = self._address.rpartition("@")[2]
        self._from = Address(name or SIGNATURE, addr_spec=self._address)
        self._own = threading.local()
        self._all: set[_Connection] = set()
        self._lock = threading.Lock()

    def send(self, message: MailMessage) -> SendResult:
        """Makes one attempt and says how it ended."""
        try:
            envelope = self._enveloped(message)
        except (ValueError, MessageError):  # what cannot stand in a header, or is no address at all
            return SendResult(Outcome.REFUSED, "not_a_mail")
        until = time.monotonic() + ATTEMPT_SECONDS
        try:
            connection = self._connected(until)
        except OSError as error:  # all of smtplib's, ssl's and the network's are
            self._hang_up()
            return SendResult(Outcome.RETRY, _why(error), trouble=Trouble.DOWN)
        return self._conveyed(connection, envelope)

    def close(self) -> None:
        """Says good-bye on every line; only once no thread sends any more."""
        with self._lock:
            connections, self._all = self._all, set()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.until = time.monotonic() + 1.0
                connection.quit()
            connection.close()

    # --- The line -------------------------------------------------------------------------------------------

    def _connected(self, until: float) -> "_Connection":
        """This thread's connection, if it is still good; else a new one. Raises OSError."""
        found: _Connection | None = getattr(self._own, "connection", None)
        if found is not None:
            found.until = until
            if _is_good(found):
                return found
            self._hang_up()
        made = _connect(self._server, self._domain, until)
        self._own.connection = made
        with self._lock:
            self._all.add(made)
        _secure_and_sign_in(made, self._server)
        return made

    def _hang_up(self) -> None:
        found: _Connection | None = getattr(self._own, "connection", None)
        self._own.connection = None
        if found is not None:
            with self._lock:
                self._all.discard(found)
            found.close()

    def _conveyed(self, connection: "_Connection", envelope: _Envelope) -> SendResult:
        may_have_arrived = False
        try:
            refused = _announced(connection, envelope)
            if refused is None:
                may_have_arrived = True
                refused = _handed_in(connection, envelope)
        except OSError as error:
            self._hang_up()
            return SendResult(Outcome.RETRY, _why(error), trouble=Trouble.DOWN, may_have_arrived=may_have_arrived)
        connection.mails += 1
        if refused is not None and refused.trouble is Trouble.DOWN:
            self._hang_up()
        return refused or SendResult(Outcome.SENT, "handed_in")

    # --- The mail -------------------------------------------------------------------------------------------

    def _enveloped(self, message: MailMessage) -> _Envelope:
        """Raises ValueError for what is no mail: a line break in a header, or an address that is none."""
        to = _addressed(message.recipient)
        is_wide = not to.username.isascii()
        mail = EmailMessage(policy=_POLICY.clone(utf8=is_wide))
        mail["From"] = self._from
        mail["To"] = to
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(message.at)
        mail["Message-ID"] = f"<{message.message_id}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence notices, please
        if message.unsubscribe_url is not None:
            mail["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.set_content(message.text, cte="quoted-printable")
        mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
        mail["Content-Language"] = message.language
        return _Envelope(self._address, f"{to.username}@{to.domain}", is_wide, mail.as_bytes())


def _addressed(recipient: str) -> Address:
    """The address, its domain in ASCII. Raises ValueError for what is none, or would have to be quoted."""
    local, _at, domain = recipient.rpartition("@")
    domain = domain.encode("idna").decode()
    # "=?" begins an encoded word: the library would decode it, and the header name whomever it names.
    if not (_LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)) or "=?" in local:
        raise ValueError("not an address")
    return Address(username=local, domain=domain)


# --- What answers mean ----------------------------------------------------------------------------------------


def _announced(connection: "_Connection", envelope: _Envelope) -> SendResult | None:
    """Names sender and recipient; None where the server now waits for the mail."""
    wants_wide = envelope.is_wide and connection.has_extn("smtputf8")
    if envelope.is_wide and not wants_wide:
        return SendResult(Outcome.REFUSED, "address_not_ascii")
    code, _text = connection.mail(envelope.sender, ["SMTPUTF8", "BODY=8BITMIME"] if wants_wide else [])
    if code != _FINE:
        return _sender_refused(code)
    code, text = connection.rcpt(envelope.recipient)
    if code not in {_FINE, _FORWARDED}:
        return _recipient_refused(code, text)
    code, text = connection.docmd("DATA")
    return None if code == _GO_AHEAD else _content_refused(code, text)


def _handed_in(connection: "_Connection", envelope: _Envelope) -> SendResult | None:
    """Sends the mail itself; None where the server has taken it."""
    # A line of one dot would end the mail, so each first dot is doubled (RFC 5321, 4.5.2).
    connection.send(re.sub(rb"(?m)^\.", b"..", envelope.content) + b".\r\n")
    code, text = connection.getreply()
    return None if code == _FINE else _content_refused(code, text)


def _sender_refused(code: int) -> SendResult:
    """It concerns everybody's mail, and somebody has to mend it; until then nothing is lost."""
    if code == _TOO_LARGE:
        return SendResult(Outcome.REFUSED, f"smtp_{code}")
    return SendResult(Outcome.RETRY, f"smtp_sender_{code}", trouble=Trouble.DOWN)


def _recipient_refused(code: int, text: bytes) -> SendResult:
    if code < 500:
        return _later(code)  # a greylist, or a mailbox that is full for the moment
    # 5.7: not whom it goes to is wrong, but what we may do here; 5.2.2: somebody lives there, who does not clear up.
    is_ours = _enhanced(text).startswith(("5.7", "5.2.2"))
    if code in _NO_SUCH_MAILBOX and not is_ours:
        return SendResult(Outcome.ADDRESS_GONE, f"smtp_{code}")
    return SendResult(Outcome.REFUSED, f"smtp_{code}")


def _content_refused(code: int, text: bytes) -> SendResult:
    if code < 500:
        return _later(code)
    # Some servers look for the mailbox only now.
    is_gone = _enhanced(text).startswith("5.1.")
    return SendResult(Outcome.ADDRESS_GONE if is_gone else Outcome.REFUSED, f"smtp_{code}")


def _later(code: int) -> SendResult:
    is_leaving = code == _CLOSING or code < 400  # an answer that fits no question: the line cannot be used any more
    return SendResult(Outcome.RETRY, f"smtp_{code}", trouble=Trouble.DOWN if is_leaving else Trouble.NONE)


def _enhanced(text: bytes) -> str:
    """The enhanced status code that the answer begins with, or nothing."""
    found = re.match(rb"[245]\.\d{1,3}\.\d{1,3}(?!\d)", text)
    return found[0].decode() if found else ""


def _why(error: OSError) -> str:
    """A short stable word; the error's own text may name an address or repeat what was sent."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return "smtp_auth_refused"
        case smtplib.SMTPNotSupportedError():
            return "smtp_no_starttls_or_auth"
        case smtplib.SMTPResponseException(smtp_code=code):
            return f"smtp_{code}"
        case smtplib.SMTPServerDisconnected(__context__=TimeoutError()):
            return "smtp_timeout"
        case smtplib.SMTPServerDisconnected():
            return "smtp_cut"
        case ssl.SSLCertVerificationError():
            return "smtp_certificate_refused"
        case ssl.SSLError():
            return "smtp_tls_failed"
        case TimeoutError():
            return "smtp_timeout"
        case socket.gaierror():
            return "smtp_no_such_host"
        case _:
            return "smtp_cannot_connect"


# --- Connecting -----------------------------------------------------------------------------------------------


def _connect(server: MailServer, own_name: str, until: float) -> "_Connection":
    if server.tls is Tls.AT_ONCE:
        return _AtOnce(server, own_name, until)
    return _Connection(server, own_name, until)


def _secure_and_sign_in(connection: "_Connection", server: MailServer) -> None:
    """Nothing is said before the line is safe. Raises OSError where it cannot be made so."""
    connection.ehlo_or_helo_if_needed()
    if server.tls is Tls.DEMANDED or (server.tls is Tls.IF_OFFERED and connection.has_extn("starttls")):
        code, _text = connection.starttls(context=_context(server))
        if code != _READY:
            raise smtplib.SMTPNotSupportedError
        connection.ehlo_or_helo_if_needed()
    if server.user is not None and server.password is not None:
        connection.login(server.user, server.password)


def _context(server: MailServer) -> ssl.SSLContext:
    """The certificate is checked against the machine's authorities, or those that SSL_CERT_FILE names."""
    context = ssl.create_default_context()
    if server.tls is Tls.IF_OFFERED:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _is_good(connection: "_Connection") -> bool:
    """Whether the server still listens on a line that lay idle."""
    if connection.mails >= MAILS_PER_CONNECTION:
        return False
    try:
        return connection.rset()[0] == _FINE
    except OSError:
        return False


class _Connection(smtplib.SMTP):
    """A connection with a deadline: however slowly the server writes, nothing goes on after `until` (monotonic)."""

    def __init__(self, server: MailServer, own_name: str, until: float) -> None:
        self.until = until
        self.mails = 0
        self.server = server
        super().__init__(server.host, server.port, own_name, STEP_SECONDS)

    def seconds_left(self) -> float:
        """For the next step. Raises TimeoutError."""
        left = min(self.until - time.monotonic(), STEP_SECONDS)
        if left <= 0:
            raise TimeoutError
        return left

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Lines(self.sock, self.seconds_left)
        return super().getreply()

    def send(self, s: "bytes | str | object") -> None:
        if self.sock is not None:
            self.sock.settimeout(self.seconds_left())
        super().send(s)  # type: ignore[arg-type]  # as smtplib has it


class _AtOnce(_Connection):
    """The same, with TLS from the first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((host, port), timeout)
        return _context(self.server).wrap_socket(plain, server_hostname=host)


class _Lines:
    """Answers, line by line, each read within what is left of the time."""

    def __init__(self, sock: socket.socket, seconds_left: Callable[[], float]) -> None:
        self._sock = sock
        self._seconds_left = seconds_left
        self._read = b""

    def readline(self, limit: int) -> bytes:
        """The next line, at most `limit` bytes of it; nothing once the server has hung up."""
        while b"\n" not in self._read and len(self._read) < limit:
            self._sock.settimeout(self._seconds_left())
            chunk = self._sock.recv(4096)
            if not chunk:
                break
            self._read += chunk
        end = min(self._read.find(b"\n") + 1 or len(self._read), limit)
        line, self._read = self._read[:end], self._read[end:]
        return line

    def close(self) -> None:
        """The socket is smtplib's to close."""
