"""The port for pushes: what may leave the house for a phone, and what can come back."""

import enum
from dataclasses import dataclass, field
from typing import Protocol

from nachbarschaft.sending import SendResult

PAYLOAD_VERSION = "1"


class AddressKind(enum.StrEnum):
    """How Google names an installed app: by registration token, or by the installation id replacing it."""

    TOKEN = "token"  # noqa: S105 - a kind of address, not a secret
    FID = "fid"


@dataclass(frozen=True, slots=True)
class PushMessage:
    """Everything that may leave for Google, and nothing else (contract, section 8).

    `title` and `body` are neutral words in the reader's language. `collapse_key` is random per person and
    request, at most 64 bytes (Apple's limit). `expires_at_epoch` (UTC seconds) and `ttl_seconds` say the same
    deadline twice, because Apple wants an instant and Google a duration. A `silent` push replaces the shown
    one without a sound. The address is kept out of `repr`, so that a logged message names no phone.
    """

    notification_id: str
    kind: str
    title: str
    body: str
    link: str
    collapse_key: str
    ttl_seconds: int
    expires_at_epoch: int
    silent: bool
    urgent: bool
    address: str = field(repr=False)
    address_kind: AddressKind

    @property
    def data(self) -> dict[str, str]:
        """What the app reads; it shows each `id` once, however often the push arrives."""
        return {"id": self.notification_id, "kind": self.kind, "link": self.link, "v": PAYLOAD_VERSION}


class PushGateway(Protocol):
    """A way to a phone. `send` is called from several threads and answers whatever the other side does."""

    name: str

    def send(self, message: PushMessage) -> SendResult:
        """Makes one attempt and says how it ended."""

    def close(self) -> None:
        """Lets go of connections and files; a second call does nothing."""
