"""Stands in for Firebase where there are no credentials: every push becomes a line in a file."""

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog

from nachbarschaft.push import PushMessage
from nachbarschaft.sending import Outcome, SendResult

_log = structlog.get_logger(__name__)


class RecordingGateway:
    """Appends one JSON line per push to a file only its owner may read; processes may share the file."""

    name = "recording"

    def __init__(self, path: Path) -> None:
        """Creates the file and its directory. Raises OSError where that is not allowed."""
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(self._open())
        path.chmod(0o600)

    def send(self, message: PushMessage) -> SendResult:
        """Records the push; a full or read-only disk means that it is tried again later."""
        try:
            self._append(_line(message))
        except OSError:
            return SendResult(Outcome.RETRY, "not_recorded")
        _log.info("push_recorded", notification_id=message.notification_id, kind=message.kind)
        return SendResult(Outcome.SENT, "recorded", message_id=f"recorded/{message.notification_id}")

    def close(self) -> None:
        """Nothing is held open between two pushes."""

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
    """All pushes recorded in `path`, oldest first; none where the file is absent. A torn line is left out."""
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


def _line(message: PushMessage) -> bytes:
    record = asdict(message) | {"data": message.data}
    address = record.pop("address")
    # Enough to tell two devices apart in a test or a rehearsal, too little to reach either of them.
    record["address_sha256"] = hashlib.sha256(address.encode()).hexdigest()[:16]
    return json.dumps(record, ensure_ascii=False, sort_keys=True).encode() + b"\n"
