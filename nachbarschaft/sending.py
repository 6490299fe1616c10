"""What sending can come to, whatever carries it: the words that gateways, the outbox and its health share."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

SETTLES_WITHIN = timedelta(seconds=5)
"""After which it is known what of that which is being sent just now went out."""


class Outcome(enum.StrEnum):
    """What the sender does next."""

    SENT = "sent"
    ADDRESS_GONE = "address_gone"  # delete the address: nobody lives there any more
    REFUSED = "refused"  # our fault or the wrong project: never again, and raise the alarm
    RETRY = "retry"  # later


class Trouble(enum.StrEnum):
    """What a failed attempt tells about the other side as a whole, and not about what was to be sent."""

    NONE = "none"
    DOWN = "down"  # it does not work, or not for us: nothing else would come through either
    BUSY = "busy"  # it asks for less


@dataclass(frozen=True, slots=True)
class SendResult:
    """The end of one attempt: `detail` is a short stable code and never holds an address.

    `may_have_arrived` says that the other side may have taken it although it did not say so.
    """

    outcome: Outcome
    detail: str
    retry_after_seconds: float | None = None
    message_id: str | None = None
    trouble: Trouble = Trouble.NONE
    may_have_arrived: bool = False


class Reason(enum.StrEnum):
    """Why something is not sent at all, or not yet. Nothing of this is an error."""

    OVERTAKEN = "overtaken"  # another attempt holds it
    DEVICE_GONE = "device_gone"
    NO_ADDRESS = "no_address"
    TOO_LATE = "too_late"
    SUSPENDED = "suspended"
    SETTLED = "settled"  # it is not true any more
    ASKED_AGAIN = "asked_again"  # it would replace a newer ask on the phone
    NEVER_SENT = "never_sent"  # there is nothing on the phone that it could replace
    READ = "read"
    NOT_WANTED = "not_wanted"
    PAUSED = "paused"
    OVER_CAP = "over_cap"
    NEXT_IN_LINE = "next_in_line"  # others on their way may be the last that the day's limit allows
    QUIET = "quiet"
    NIGHT = "night"
    BEING_SENT = "being_sent"  # what it replaces is on its way
    NEW_ADDRESS = "new_address"  # the phone was given another address while it was sent to its old one
    DEVICE_FULL = "device_full"  # the phone has had as much as Google lets through
    STOPPING = "stopping"
    LATE = "late"  # its lease is about to run out


@dataclass(frozen=True, slots=True)
class Drop:
    """Not to be sent any more, and why."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Hold:
    """To be sent later."""

    until: datetime
    reason: Reason


Ending = SendResult | Drop | Hold

_ORDINARY = frozenset({Outcome.SENT.value, "recorded", "unregistered", "invalid_address", *Reason})


_ALARMS = frozenset(
    {
        *("invalid_payload", "gave_up"),  # a bug of ours, or what its senders died of
        *("sender_id_mismatch", "unauthenticated", "permission_denied", "wrong_project", "token_refused"),
        "third_party_auth",
    }
)


def is_alarm(word: str) -> bool:
    """Whether an ending says that somebody has to mend something: it does not go away by itself."""
    return word in _ALARMS


def is_error(word: str) -> bool:
    """Whether an ending, as it is counted (`word_of`), is something that an operator should know of."""
    return word not in _ORDINARY


def word_of(ending: Ending) -> str:
    """The one word by which an ending is kept and counted."""
    if isinstance(ending, SendResult):
        return Outcome.SENT.value if ending.outcome is Outcome.SENT else ending.detail
    return ending.reason.value
