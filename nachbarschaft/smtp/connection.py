"""A line to the server, with a deadline, made safe before anything is said."""

import smtplib
import socket
import ssl
import time
from collections.abc import Callable

from nachbarschaft.mailserver import MailServer, Tls
from nachbarschaft.smtp.answer import FINE, READY

STEP_SECONDS = 10.0
"""The longest that one answer may take."""
MAILS_PER_CONNECTION = 50
"""Many servers end a connection after a hundred."""


def connect(server: MailServer, own_name: str, until: float) -> "Connection":
    if server.tls is Tls.AT_ONCE:
        return _AtOnce(server, own_name, until)
    return Connection(server, own_name, until)


def secure_and_sign_in(connection: "Connection", server: MailServer) -> None:
    """Nothing is said before the line is safe. Raises OSError where it cannot be made so."""
    connection.ehlo_or_helo_if_needed()
    if server.tls is Tls.DEMANDED or (server.tls is Tls.IF_OFFERED and connection.has_extn("starttls")):
        code, _text = connection.starttls(context=_context(server))
        if code != READY:
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


def is_good(connection: "Connection") -> bool:
    """Whether the server still listens on a line that lay idle."""
    if connection.mails >= MAILS_PER_CONNECTION:
        return False
    try:
        return connection.rset()[0] == FINE
    except OSError:
        return False


class Connection(smtplib.SMTP):
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


class _AtOnce(Connection):
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
