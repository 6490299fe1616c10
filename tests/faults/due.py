"""What falls due for a scheduler that is about to die: a wave, an end, and what has been kept long enough."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from models import Device, HelpRequest, StoredAnswer
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.services.devices import hash_address
from tests.faults.history import History

OLD_ANSWERS = 40
OLD_DEVICES = 250
"""More than are deleted in one batch."""


class Due:
    """Puts it into the database, as if the time had come."""

    def __init__(self, wiring: Wiring, history: History) -> None:
        self._wiring = wiring
        self._history = history

    def plant(self, waiting: UUID, fading: UUID, owner: UUID) -> None:
        """The next wave of the first, the end of the second (it was warned in time), the old things of `owner`."""
        now = datetime.now(UTC)
        with self._wiring.writing() as context:
            request = context.session.get_one(HelpRequest, waiting)
            request.next_wave_at = now - timedelta(seconds=1)
            ending = context.session.get_one(HelpRequest, fading)
            ending.warned_at, ending.expires_at = now - timedelta(hours=2), now - timedelta(seconds=1)
            context.session.add_all(_old_answer(owner, number, now) for number in range(OLD_ANSWERS))
            context.session.add_all(_old_device(owner, number, now) for number in range(OLD_DEVICES))
        self._history.owed_once |= {str(waiting), str(fading)}


def _old_answer(person_id: UUID, number: int, now: datetime) -> StoredAnswer:
    return StoredAnswer(
        person_id=person_id,
        route="POST /v1/requests",
        key=f"old-key-{number}",
        body_hash="0" * 64,
        status=201,
        headers={},
        body=b"{}",
        created_at=now - timedelta(hours=73),
    )


def _old_device(person_id: UUID, number: int, now: datetime) -> Device:
    seen_at = now - timedelta(days=271)
    return Device(
        person_id=person_id,
        installation=f"old-installation-{number}",
        address=f"old-address-{number}",
        address_hash=hash_address(f"old-address-{number}"),
        kind="token",
        platform="android",
        language="de",
        app_version="1.0.0",
        created_at=seen_at,
        seen_at=seen_at,
    )
