"""The port for mails: what may leave the house for a mailbox, and what can come back."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from nachbarschaft.sending import SendResult


@dataclass(frozen=True, slots=True)
class MailMessage:
    """One mail to one person.

    `message_id` (without angle brackets and domain) comes from the ids of the notices that it carries, so that one
    that arrives twice is recognised. `at` is when it is written. Where it may be unsubscribed from, one POST to
    `unsubscribe_url` does so (RFC 8058). The texts may hold a code and the address is somebody's: neither is in
    `repr`, so that a logged message tells nothing.
    """

    message_id: str
    kind: str
    language: str
    at: datetime
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    recipient: str = field(repr=False)
    unsubscribe_url: str | None = field(default=None, repr=False)


class MailGateway(Protocol):
    """A way to a mailbox. `send` is called from several threads and answers whatever the other side does."""

    name: str

    def send(self, message: MailMessage) -> SendResult:
        """Makes one attempt and says how it ended."""

    def close(self) -> None:
        """Lets go of connections and files; a second call does nothing."""
