"""What each answer means for what comes next (RFC 5321, 4.2; enhanced status codes: RFC 3463)."""

import re
import smtplib
import socket
import ssl

from nachbarschaft.sending import Outcome, SendResult, Trouble

READY, FINE, FORWARDED, GO_AHEAD, CLOSING = 220, 250, 251, 354, 421
_NO_SUCH_MAILBOX = frozenset({550, 551, 553})
_TOO_LARGE = 552


def sender_refused(code: int) -> SendResult:
    """It concerns everybody's mail, and somebody has to mend it; until then nothing is lost."""
    if code == _TOO_LARGE:
        return SendResult(Outcome.REFUSED, f"smtp_{code}")
    return SendResult(Outcome.RETRY, f"smtp_sender_{code}", trouble=Trouble.DOWN)


def recipient_refused(code: int, text: bytes) -> SendResult:
    if code < 500:
        return _later(code)  # a greylist, or a mailbox that is full for the moment
    # 5.7: not whom it goes to is wrong, but what we may do here; 5.2.2: somebody lives there, who does not clear up.
    is_ours = _enhanced(text).startswith(("5.7", "5.2.2"))
    if code in _NO_SUCH_MAILBOX and not is_ours:
        return SendResult(Outcome.ADDRESS_GONE, f"smtp_{code}")
    return SendResult(Outcome.REFUSED, f"smtp_{code}")


def content_refused(code: int, text: bytes) -> SendResult:
    if code < 500:
        return _later(code)
    # Some servers look for the mailbox only now.
    is_gone = _enhanced(text).startswith("5.1.")
    return SendResult(Outcome.ADDRESS_GONE if is_gone else Outcome.REFUSED, f"smtp_{code}")


def _later(code: int) -> SendResult:
    is_leaving = code == CLOSING or code < 400  # an answer that fits no question: the line cannot be used any more
    return SendResult(Outcome.RETRY, f"smtp_{code}", trouble=Trouble.DOWN if is_leaving else Trouble.NONE)


def _enhanced(text: bytes) -> str:
    """The enhanced status code that the answer begins with, or nothing."""
    found = re.match(rb"[245]\.\d{1,3}\.\d{1,3}(?!\d)", text)
    return found[0].decode() if found else ""


def why(error: OSError) -> str:
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
