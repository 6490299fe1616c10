"""What the address of a mail server says: where it listens, who signs in there, and how the way is protected."""

import enum
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from nachbarschaft.loopback import is_loopback

SUBMISSION, SUBMISSIONS = 587, 465
"""The ports of RFC 8314, 3.3: with STARTTLS, and with TLS from the first byte."""


class Tls(enum.StrEnum):
    """How the way to a mail server is protected."""

    AT_ONCE = "at_once"  # smtps://
    DEMANDED = "demanded"  # STARTTLS, or nothing is sent
    # To a relay on this very machine nobody can listen in, and its certificate names no machine.
    IF_OFFERED = "if_offered"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed in. `user` and `password` are None where nobody signs in; neither is ever shown."""

    host: str
    port: int
    tls: Tls
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


def mail_server(url: str) -> MailServer:
    """The server that `smtp://user:pw@host:port` or `smtps://…` names. Raises ValueError, without the URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("it cannot be read") from None
    if parts.scheme not in {"smtp", "smtps"} or not host:
        raise ValueError("it must look like smtp://user:password@host:port (or smtps://)")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("there is something behind the port")
    if port == 0:
        raise ValueError("the port is no port")
    user, password = _signing_in(parts)
    is_smtps = parts.scheme == "smtps"
    return MailServer(
        host=host,
        port=port or (SUBMISSIONS if is_smtps else SUBMISSION),
        tls=Tls.AT_ONCE if is_smtps else Tls.IF_OFFERED if is_loopback(host) else Tls.DEMANDED,
        user=user,
        password=password,
    )


def _signing_in(parts: SplitResult) -> tuple[str | None, str | None]:
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise ValueError("it needs both a user and a password, or neither")
    return user or None, password or None
