"""Every push reached Google once, or is left out for a reason that is true; twice only where a worker was killed."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from models import Delivery, HelpRequest, Notification
from models.lifecycle import DeliveryState, RequestState
from tests.faults.evidence import Evidence, Finding, Kind
from tests.faults.history import History
from tests.faults.owed import ASKS
from tests.faults.points import Part
from tests.faults.rows import Rows
from tests.support.fcm import Post

DEAD_ADDRESS = "dead address "
DEAD = frozenset({"unregistered", "invalid_address"})


def nothing_is_stuck(evidence: Evidence) -> Iterator[Finding]:
    """When all is drained, nobody holds a push and none waits."""
    for delivery in evidence.rows.deliveries:
        if delivery.state in {DeliveryState.PENDING, DeliveryState.LEASED}:
            notice = evidence.rows.notification_by_id[delivery.notification_id]
            why = f"{delivery.state} for {delivery.outcome}, due {delivery.due_at}, held until {delivery.lease_until}"
            yield Finding(Kind.STUCK, f"push {delivery.id} “{notice.topic}”: {why}")


def pushes_reached_google(evidence: Evidence) -> Iterator[Finding]:
    """What is marked as sent was POSTed, to an address that its device has had."""
    arrived = _arrived(evidence)
    for delivery in evidence.rows.deliveries:
        if delivery.state == DeliveryState.SENT:
            notice = evidence.rows.notification_by_id[delivery.notification_id]
            if not arrived[str(notice.id)].keys() & _addresses(evidence, delivery, notice):
                yield Finding(Kind.LOST, f"push {delivery.id} “{notice.topic}” is marked as sent and never arrived")


def failures_are_true(evidence: Evidence) -> Iterator[Finding]:
    """Nothing is given up but what Google said has no phone any more, and what failed until it was too late."""
    for delivery in evidence.rows.deliveries:
        if delivery.state != DeliveryState.FAILED:
            continue
        notice = evidence.rows.notification_by_id[delivery.notification_id]
        addresses = _addresses(evidence, delivery, notice)
        if delivery.outcome == "too_late" and _is_over(_Case(evidence.rows, delivery, notice)):
            continue
        if delivery.outcome not in DEAD or not any(map(evidence.history.is_dead, addresses)):
            yield Finding(Kind.LOST, f"push {delivery.id} “{notice.topic}” failed: {delivery.outcome}")


def dead_phones_are_forgotten(evidence: Evidence) -> Iterator[Finding]:
    """Of an address that Google has called dead no device is left."""
    tried = {post.address for post in evidence.posts}
    for device in evidence.rows.devices:
        if device.address in tried and evidence.history.is_dead(device.address):
            yield Finding(Kind.BROKEN, f"device {device.id} still has an address that Google knows no more")


def drops_are_true(evidence: Evidence) -> Iterator[Finding]:
    """Whatever was left out was left out for a reason that can be seen."""
    for delivery in evidence.rows.deliveries:
        if delivery.state == DeliveryState.DROPPED:
            notice = evidence.rows.notification_by_id[delivery.notification_id]
            case = _Case(evidence.rows, delivery, notice)
            holds = _TRUE.get(str(delivery.outcome))
            if holds is None or not holds(case):
                yield Finding(Kind.LOST, f"push {delivery.id} “{notice.topic}” was dropped: {delivery.outcome}")


def posts_are_owed(evidence: Evidence) -> Iterator[Finding]:
    """Every POST is for a push that is owed; each phone gets it once, and once more at most for each killed worker.

    Whoever deduplicates by the notification's id sees it once, so whatever is POSTed twice says the same.
    """
    owed = {str(notice.id): notice for notice in evidence.rows.notifications}
    kills = evidence.history.kills[Part.WORKER]
    for key, phones in _by_phone(evidence).items():
        notice = owed.get(key)
        if notice is None:
            yield Finding(Kind.BROKEN, f"{key} was POSTed and is no notification")
            continue
        deliveries = len(evidence.rows.deliveries_by_notification.get(notice.id, []))
        reached = sum(not place.startswith(DEAD_ADDRESS) for _, place in phones)
        if reached > deliveries:
            yield Finding(Kind.BROKEN, f"{key} was POSTed to {reached} phones, owed to {deliveries}")
        for (person, _), posts in phones.items():
            if person != str(notice.person_id):
                yield Finding(Kind.LEAKED, f"{key} was POSTed to a phone that is not its person's")
            if posts > 1 + kills:
                yield Finding(Kind.EXTRA_POST, f"{key} was POSTed {posts} times to one phone; {kills} kills")
    yield from _unequal(evidence.posts)


def extra_posts(evidence: Evidence) -> int:
    """How many POSTs there were beyond the first of each push."""
    return sum(posts - 1 for phones in _by_phone(evidence).values() for posts in phones.values())


def pushes_posted(evidence: Evidence) -> int:
    """How many different pushes arrived at Google."""
    return sum(len(phones) for phones in _by_phone(evidence).values())


Phone = tuple[str, str]
"""Person and installation; nobody's where the address was never told."""


def _by_phone(evidence: Evidence) -> Mapping[str, Counter[Phone]]:
    """Notification id → phone → POSTs, to whichever of its addresses. One that Google calls dead stands for itself:
    what went there reached nobody, and is owed to the phone's next one.
    """
    phones = {
        one.text: (phone[0], DEAD_ADDRESS + one.text) if one.is_dead else phone
        for phone, told in evidence.history.addresses.items()
        for one in told
    }
    found: dict[str, Counter[Phone]] = defaultdict(Counter)
    for key, addresses in _arrived(evidence).items():
        for address, posts in addresses.items():
            found[key][phones.get(address, ("", address))] += posts
    return found


def _arrived(evidence: Evidence) -> Mapping[str, Counter[str]]:
    """Notification id → address → POSTs. A POST whose body never came counts as none."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for post in evidence.posts:
        if post.address:
            found[post.message["data"]["id"]][post.address] += 1
    return found


def _unequal(posts: Iterable[Post]) -> Iterator[Finding]:
    first: dict[tuple[object, str], dict[str, object]] = {}
    for post in posts:
        if not post.address:
            continue
        said = _what_is_shown(post)
        if first.setdefault((said["id"], post.address), said) != said:
            yield Finding(Kind.SHOWN_TWICE, f"{said['id']} came twice and says two things")


def _what_is_shown(post: Post) -> dict[str, object]:
    """All that a phone shows or compares; the rest, such as the time it has left, may differ."""
    android = post.message["android"]
    return {
        **post.message["data"],
        "notification": post.message["notification"],
        "collapse_key": android["collapse_key"],
        "tag": android["notification"]["tag"],
    }


def _addresses(evidence: Evidence, delivery: Delivery, notice: Notification) -> set[str]:
    """The addresses that its device has had; all of its person's where the device is gone."""
    device = evidence.rows.device_by_id.get(delivery.device_id) if delivery.device_id else None
    if device is None:
        return evidence.history.addresses_of(str(notice.person_id))
    return _told(evidence.history, str(notice.person_id), device.installation)


def _told(history: History, person: str, installation: str) -> set[str]:
    return {one.text for one in history.addresses.get((person, installation), [])}


# --- Reasons --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Case:
    """One push that was left out."""

    rows: Rows
    delivery: Delivery
    notice: Notification

    @property
    def request(self) -> HelpRequest | None:
        return self.rows.request_by_id.get(self.notice.request_id) if self.notice.request_id else None

    def has_later(self, *kinds: str, by: UUID | None = None) -> bool:
        """Whether such an event of its request came after the wave that it belongs to; `by` somebody if it matters."""
        events = self.rows.events_by_request.get(self.notice.request_id, []) if self.notice.request_id else []
        waves = [place for place, event in enumerate(events) if event.at == self.notice.created_at]
        later = events[max(waves, default=0) :]
        return any(event.kind in kinds and by in {None, event.actor_id} for event in later)

    def others(self) -> Iterator[Notification]:
        """Other entries of the same person about the same request."""
        key = self.notice.person_id, self.notice.request_id
        return (
            other
            for other in self.rows.notifications
            if (other.person_id, other.request_id) == key and other.id != self.notice.id
        )


def _is_settled(case: _Case) -> bool:
    """Answered, or over, or filled meanwhile; or the person has as many tasks as anybody may have."""
    if case.notice.topic not in ASKS or case.request is None:
        return case.request is not None and case.request.state != RequestState.OPEN
    return (
        case.has_later("accepted", "request_done", "request_cancelled", "request_expired", "request_filled")
        or case.has_later("declined", "stands_by", by=case.notice.person_id)
        or _had_three_tasks(case)
    )


def _had_three_tasks(case: _Case) -> bool:
    began = sorted(task.accepted_at for task in case.rows.assignments if task.person_id == case.notice.person_id)
    return len(began) >= 3


def _is_over(case: _Case) -> bool:
    """An ask ends with its request, wherever that end lies by now."""
    follows = case.notice.topic in ASKS and case.request is not None
    end = case.request.expires_at if follows and case.request is not None else case.notice.expires_at
    return case.delivery.settled_at is not None and end <= case.delivery.settled_at


def _was_asked_again(case: _Case) -> bool:
    return any(other.topic in ASKS and other.created_at >= case.notice.created_at for other in case.others())


def _was_never_sent(case: _Case) -> bool:
    """Nothing about the request was sent to that device before the notice was looked at."""
    earlier = {other.id for other in case.others() if not other.silent}
    return not any(
        delivery.notification_id in earlier
        and delivery.device_id == case.delivery.device_id
        and delivery.device_id is not None
        and delivery.state == DeliveryState.SENT
        and _settled_before(delivery, case.delivery)
        for delivery in case.rows.deliveries
    )


def _settled_before(one: Delivery, other: Delivery) -> bool:
    return one.settled_at is not None and other.settled_at is not None and one.settled_at < other.settled_at


_TRUE: Mapping[str, Callable[[_Case], bool]] = {
    "settled": _is_settled,
    "read": lambda case: case.notice.read_at is not None,
    "device_gone": lambda case: case.delivery.device_id is None,
    "too_late": _is_over,
    "asked_again": _was_asked_again,
    "never_sent": _was_never_sent,
}
"""Each reason that can be true here, and how to see it. Nobody in this quarter sleeps, pauses or has had enough."""
