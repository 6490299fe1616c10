"""Stands in for Firebase and for a mail server where there is none: what would leave becomes a line in a file."""

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog

from nachbarschaft.mail import MailMessage
from nachbarschaft.push import PushMessage
from nachbarschaft.sending import Outcome, SendResult

_log = structlog.get_logger(__name__)


class RecordingGateway:
    """Appends one JSON line per push to a file only its owner may read; processes may share the file."""

    name = "recording"

    def __init__(self, path: Path) -> None:
        """Creates the file and its directory. Raises OSError where that is not allowed."""
        self._journal = _Journal(path)

    def send(self, message: PushMessage) -> SendResult:
        """Records the push; a full or read-only disk means that it is tried again later."""
        if not self._journal.takes(_push_record(message)):
            return SendResult(Outcome.RETRY, "not_recorded")
        _log.info("push_recorded", notification_id=message.notification_id, kind=message.kind)
        return SendResult(Outcome.SENT, "recorded", message_id=f"recorded/{message.notification_id}")

    def close(self) -> None:
        """Nothing is held open between two pushes."""


class RecordingMailGateway:
    """The same for mails. What they say stands there in full, codes too: somebody has to be able to read them."""

    name = "recording"

    def __init__(self, path: Path) -> None:
        """Creates the file and its directory. Raises OSError where that is not allowed."""
        self._journal = _Journal(path)

    def send(self, message: MailMessage) -> SendResult:
        """Records the mail; a full or read-only disk means that it is tried again later."""
        if not self._journal.takes(_mail_record(message)):
            return SendResult(Outcome.RETRY, "not_recorded")
        _log.info("mail_recorded", message_id=message.message_id, kind=message.kind)
        return SendResult(Outcome.SENT, "recorded", message_id=f"recorded/{message.message_id}")

    def close(self) -> None:
        """Nothing is held open between two mails."""


class _Journal:
    """A file of JSON lines that only its owner may read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(self._open())
        path.chmod(0o600)

    def takes(self, record: dict[str, Any]) -> bool:
        """Appends one line; False where the disk does not take it."""
        try:
            self._append(json.dumps(record, ensure_ascii=False, sort_keys=True).encode() + b"\n")
        except OSError:
            return False
        return True

    def _append(self, line: bytes) -> None:
        # One write with O_APPEND: lines of several processes follow each other and never mix.
        descriptor = self._open()
        try:
            if os.write(descriptor, line) != len(line):
                raise OSError("the disk took half a line")
        finally:
            os.close(descriptor)

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def read_recorded(path: Path) -> list[dict[str, Any]]:
    """All that was recorded in `path`, oldest first; none where the file is absent. A torn line is left out."""
    if not path.exists():
        return []
    records = (_record(line) for line in path.read_bytes().splitlines())
    return [record for record in records if record is not None]


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _push_record(message: PushMessage) -> dict[str, Any]:
    record = asdict(message) | {"data": message.data}
    return record | {"address_sha256": _told_apart(record.pop("address"))}


def _mail_record(message: MailMessage) -> dict[str, Any]:
    record = asdict(message) | {"at": message.at.isoformat()}
    return record | {"recipient_sha256": _told_apart(record.pop("recipient"))}


def _told_apart(address: str) -> str:
    """Enough to tell two addresses apart in a test or a rehearsal, too little to reach either of them."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]
