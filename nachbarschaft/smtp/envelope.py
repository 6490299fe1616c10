"""A mail as it goes over the line."""

import re
from dataclasses import dataclass
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import format_datetime, parseaddr
from typing import Any

from nachbarschaft.mail import MailMessage

SIGNATURE = "Nachbarschaft"
_LOCAL = re.compile(r"""[^\s<>()\[\],;:\\"@\x00-\x1f\x7f]+""")
_DOMAIN = re.compile(r"[A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Envelope:
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


class Sender:
    """Who all mails are from, as `Name <name@example.org>`."""

    def __init__(self, named: str) -> None:
        name, self.address = parseaddr(named)
        self.domain = self.address.rpartition("@")[2]
        self._from = Address(name or SIGNATURE, addr_spec=self.address)

    def envelope(self, message: MailMessage) -> Envelope:
        """Raises ValueError for what is no mail: a line break in a header, or an address that is none."""
        to = _addressed(message.recipient)
        is_wide = not to.username.isascii()
        mail = EmailMessage(policy=_POLICY.clone(utf8=is_wide))
        mail["From"] = self._from
        mail["To"] = to
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(message.at)
        mail["Message-ID"] = f"<{message.message_id}@{self.domain}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence notices, please
        if message.unsubscribe_url is not None:
            mail["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.set_content(message.text, cte="quoted-printable")
        mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
        mail["Content-Language"] = message.language
        return Envelope(self.address, f"{to.username}@{to.domain}", is_wide, mail.as_bytes())


def _addressed(recipient: str) -> Address:
    """The address, its domain in ASCII. Raises ValueError for what is none, or would have to be quoted."""
    local, _at, domain = recipient.rpartition("@")
    domain = domain.encode("idna").decode()
    # "=?" begins an encoded word: the library would decode it, and the header name whomever it names.
    if not (_LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)) or "=?" in local:
        raise ValueError("not an address")
    return Address(username=local, domain=domain)
