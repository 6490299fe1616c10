"""Handing mails in: one attempt a call, from several threads, each with a connection of its own."""

import contextlib
import re
import threading
import time
from email.errors import MessageError

from nachbarschaft.mail import MailMessage
from nachbarschaft.mailserver import MailServer
from nachbarschaft.sending import Outcome, SendResult, Trouble
from nachbarschaft.smtp.answer import FINE, FORWARDED, GO_AHEAD, content_refused, recipient_refused, sender_refused, why
from nachbarschaft.smtp.connection import Connection, connect, is_good, secure_and_sign_in
from nachbarschaft.smtp.envelope import Envelope, Sender

ATTEMPT_SECONDS = 20.0
"""The longest that one attempt may take, however many answers it needs: well within the lease."""


class SmtpGateway:
    """Hands mails in at one server, as one sender (`Name <name@example.org>`)."""

    name = "smtp"

    def __init__(self, server: MailServer, sender: str) -> None:
        self._server = server
        self._sender = Sender(sender)
        self._own = threading.local()
        self._all: set[Connection] = set()
        self._lock = threading.Lock()

    def send(self, message: MailMessage) -> SendResult:
        """Makes one attempt and says how it ended."""
        try:
            envelope = self._sender.envelope(message)
        except (ValueError, MessageError):  # what cannot stand in a header, or is no address at all
            return SendResult(Outcome.REFUSED, "not_a_mail")
        until = time.monotonic() + ATTEMPT_SECONDS
        try:
            connection = self._connected(until)
        except OSError as error:  # all of smtplib's, ssl's and the network's are
            self._hang_up()
            return SendResult(Outcome.RETRY, why(error), trouble=Trouble.DOWN)
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

    def _connected(self, until: float) -> Connection:
        """This thread's connection, if it is still good; else a new one. Raises OSError."""
        found: Connection | None = getattr(self._own, "connection", None)
        if found is not None:
            found.until = until
            if is_good(found):
                return found
            self._hang_up()
        made = connect(self._server, self._sender.domain, until)
        self._own.connection = made
        with self._lock:
            self._all.add(made)
        secure_and_sign_in(made, self._server)
        return made

    def _hang_up(self) -> None:
        found: Connection | None = getattr(self._own, "connection", None)
        self._own.connection = None
        if found is not None:
            with self._lock:
                self._all.discard(found)
            found.close()

    def _conveyed(self, connection: Connection, envelope: Envelope) -> SendResult:
        may_have_arrived = False
        try:
            refused = _announced(connection, envelope)
            if refused is None:
                may_have_arrived = True
                refused = _handed_in(connection, envelope)
        except OSError as error:
            self._hang_up()
            return SendResult(Outcome.RETRY, why(error), trouble=Trouble.DOWN, may_have_arrived=may_have_arrived)
        connection.mails += 1
        if refused is not None and refused.trouble is Trouble.DOWN:
            self._hang_up()
        return refused or SendResult(Outcome.SENT, "handed_in")


def _announced(connection: Connection, envelope: Envelope) -> SendResult | None:
    """Names sender and recipient; None where the server now waits for the mail."""
    wants_wide = envelope.is_wide and connection.has_extn("smtputf8")
    if envelope.is_wide and not wants_wide:
        return SendResult(Outcome.REFUSED, "address_not_ascii")
    code, _text = connection.mail(envelope.sender, ["SMTPUTF8", "BODY=8BITMIME"] if wants_wide else [])
    if code != FINE:
        return sender_refused(code)
    code, text = connection.rcpt(envelope.recipient)
    if code not in {FINE, FORWARDED}:
        return recipient_refused(code, text)
    code, text = connection.docmd("DATA")
    return None if code == GO_AHEAD else content_refused(code, text)


def _handed_in(connection: Connection, envelope: Envelope) -> SendResult | None:
    """Sends the mail itself; None where the server has taken it."""
    # A line of one dot would end the mail, so each first dot is doubled (RFC 5321, 4.5.2).
    connection.send(re.sub(rb"(?m)^\.", b"..", envelope.content) + b".\r\n")
    code, text = connection.getreply()
    return None if code == FINE else content_refused(code, text)
