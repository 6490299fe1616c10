"""Every committed event has exactly the inbox entries and pushes that it owes, for each device of that time."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from models import Delivery, Device, Event, HelpRequest, Notification
from models.lifecycle import DeliveryState, RequestState
from tests.faults.evidence import Evidence, Finding, Kind
from tests.faults.rows import Rows

ASKS = frozenset({"asked", "asked_standby", "asked_again"})
SETTLED = "settled"
_TOPICS = ASKS | {
    SETTLED,
    "accepted",
    "filled",
    "filled_with_fewer",
    "helper_withdrew",
    "helper_done",
    "request_done",
    "request_cancelled",
    "expired",
    "expiry_warning",
}
"""What this checker knows who is owed. Other topics are left to the tests of whatever owes them."""
_TO_REQUESTER = {
    "withdrawn": "helper_withdrew",
    "task_done": "helper_done",
    "request_expired": "expired",
    "request_warned": "expiry_warning",
    "request_filled": "filled_with_fewer",
}
_SETTLING = frozenset({"request_done", "request_cancelled", "request_expired", "request_filled"})

Owed = Counter[tuple[UUID, str]]
"""Person and topic."""


def entries_are_owed(evidence: Evidence) -> Iterator[Finding]:
    """Compares, transaction by transaction, what the events owe with the inbox entries that stand there."""
    there: dict[tuple[UUID, datetime], Owed] = defaultdict(Counter)
    for notice in evidence.rows.notifications:
        if notice.request_id is not None and notice.topic in _TOPICS:
            there[notice.request_id, notice.created_at][notice.person_id, notice.topic] += 1
    for request in evidence.rows.requests:
        yield from _waves_asked(evidence.rows, request, there)
        owed = _owed_by(evidence.rows, request, there)
        for at in owed.keys() | {at for key, at in there if key == request.id}:
            yield from _compared(request, at, owed[at], there[request.id, at])


def _compared(request: HelpRequest, at: datetime, owed: Owed, there: Owed) -> Iterator[Finding]:
    for (person, topic), times in (owed - there).items():
        yield Finding(Kind.LOST, f"{times} “{topic}” to {person} about {request.id} at {at}")
    for (person, topic), times in (there - owed).items():
        kind = Kind.SHOWN_TWICE if owed[person, topic] else Kind.BROKEN
        yield Finding(kind, f"{times} “{topic}” to {person} about {request.id} at {at}, which nothing owes")


def _owed_by(rows: Rows, request: HelpRequest, there: dict[tuple[UUID, datetime], Owed]) -> dict[datetime, Owed]:
    """What each transaction about one request owes. Whom a wave asked only its entries know, its event how many."""
    owed: dict[datetime, Owed] = defaultdict(Counter)
    waiting = _Waiting()
    for event in rows.events_by_request.get(request.id, []):
        mine = owed[event.at]
        if event.kind == "wave_asked":
            asked = _asked(there[request.id, event.at])
            mine.update(asked)
            waiting.ask(person for person, _ in asked)
            continue
        mine.update(_told(rows, request, event))
        mine.update((person, SETTLED) for person in waiting.after(event))
    return owed


def _waves_asked(rows: Rows, request: HelpRequest, there: dict[tuple[UUID, datetime], Owed]) -> Iterator[Finding]:
    """As many were asked as each wave says, and nobody twice by one wave."""
    for event in rows.events_by_request.get(request.id, []):
        if event.kind != "wave_asked":
            continue
        asked = _asked(there[request.id, event.at])
        name = f"a wave for {request.id} at {event.at} asks {event.data['asked']}"
        if len(asked) < event.data["asked"]:
            yield Finding(Kind.LOST, f"{name}, and {len(asked)} people have an entry")
        if len(asked) > event.data["asked"]:
            yield Finding(Kind.BROKEN, f"{name}, and {len(asked)} people have an entry")
        if any(times > 1 for times in asked.values()):
            yield Finding(Kind.SHOWN_TWICE, f"{name}, and somebody has two entries")


def _asked(there: Owed) -> Owed:
    return Counter({key: times for key, times in there.items() if key[1] in ASKS})


def _told(rows: Rows, request: HelpRequest, event: Event) -> list[tuple[UUID, str]]:
    """What one event owes to the requester and the helpers."""
    if event.kind == "accepted":
        filled = event.data["state"] == RequestState.FILLED
        return [(request.requester_id, "filled" if filled else "accepted")]
    if event.kind in _TO_REQUESTER:
        return [(request.requester_id, _TO_REQUESTER[event.kind])]
    if event.kind not in {"request_done", "request_cancelled"}:
        return []
    ended = [task for task in rows.assignments if task.request_id == request.id and task.ended_at == event.at]
    if event.actor_id == request.requester_id:
        return [(task.person_id, event.kind) for task in ended]
    return [(request.requester_id, "helper_done")]


class _Waiting:
    """Who was asked for one request and has not heard more of it, and who stands by, as its events tell."""

    def __init__(self) -> None:
        self._asked: set[UUID] = set()
        self._standby: set[UUID] = set()
        self._ever: set[UUID] = set()

    def ask(self, people: Iterator[UUID]) -> None:
        asked = set(people)
        self._asked |= asked
        self._ever |= asked
        self._standby -= asked

    def after(self, event: Event) -> set[UUID]:
        """Who learns by this event that it is settled."""
        if event.actor_id is not None and event.kind in {"accepted", "declined", "stands_by"}:
            self._asked.discard(event.actor_id)
            self._standby.discard(event.actor_id)
        if event.actor_id is not None and event.kind == "stands_by":
            self._standby.add(event.actor_id)
        if event.kind == "accepted" and event.data["state"] == RequestState.FILLED:
            return self._settle(set())
        if event.kind in _SETTLING:
            return self._settle(set() if event.kind == "request_filled" else self._standby & self._ever)
        return set()

    def _settle(self, standby: set[UUID]) -> set[UUID]:
        told = self._asked | standby
        self._asked = set()
        self._standby -= standby
        return told


def pushes_are_owed(evidence: Evidence) -> Iterator[Finding]:
    """Each entry has one push for each device of its person that was known when it was written.

    The silent notice goes only to devices that were sent something about the same request.
    """
    rows = evidence.rows
    devices: dict[UUID, list[Device]] = defaultdict(list)
    for device in rows.devices:
        devices[device.person_id].append(device)
    reached = _reached(rows)
    for notice in rows.notifications:
        owed = rows.deliveries_by_notification.get(notice.id, [])
        mine = {delivery.device_id for delivery in owed}
        for device in devices[notice.person_id]:
            if not _is_known(evidence, device, notice.created_at):
                continue
            if notice.silent and not _was_reached(reached, notice, device):
                continue
            if device.id not in mine:
                yield Finding(Kind.LOST, f"the push “{notice.topic}” {notice.id} for device {device.id}")
        # A phone whose address had died, and that has registered anew, is owed it once more.
        told = evidence.history.addresses_of(str(notice.person_id))
        if len(owed) > len(told):
            yield Finding(Kind.BROKEN, f"{len(owed)} pushes “{notice.topic}” {notice.id} for {len(told)} addresses")
        yield from _strangers(rows, notice, owed)


def _strangers(rows: Rows, notice: Notification, owed: list[Delivery]) -> Iterator[Finding]:
    for delivery in owed:
        device = rows.device_by_id.get(delivery.device_id) if delivery.device_id else None
        if device is not None and device.person_id != notice.person_id:
            yield Finding(Kind.LEAKED, f"push {delivery.id} is for somebody else's device")


def _is_known(evidence: Evidence, device: Device, at: datetime) -> bool:
    """Whether its address had been taken, and that been answered, before `at`."""
    if device.created_at.timestamp() < evidence.history.began_at:
        return True
    path = f"/v1/me/devices/{device.installation}"
    answered = [
        call.ended
        for call in evidence.history.succeeded("device")
        if (call.who, call.path) == (str(device.person_id), path)
    ]
    since = min((ended for ended in answered if ended >= device.created_at.timestamp()), default=None)
    return since is not None and datetime.fromtimestamp(since, UTC) < at


Reached = dict[tuple[UUID, UUID | None, UUID], datetime]


def _reached(rows: Rows) -> Reached:
    """By person, request and device: when something that makes a sound had first been sent there."""
    found: Reached = {}
    for delivery in rows.deliveries:
        notice = rows.notification_by_id[delivery.notification_id]
        is_sent = delivery.state == DeliveryState.SENT and delivery.settled_at is not None
        if notice.silent or not is_sent or delivery.device_id is None or delivery.settled_at is None:
            continue
        key = notice.person_id, notice.request_id, delivery.device_id
        found[key] = min(found.get(key, delivery.settled_at), delivery.settled_at)
    return found


def _was_reached(reached: Reached, notice: Notification, device: Device) -> bool:
    first = reached.get((notice.person_id, notice.request_id, device.id))
    return first is not None and first < notice.created_at
