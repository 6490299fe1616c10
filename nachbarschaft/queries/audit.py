"""The audit trail compared with its seals: where it was changed, as far as that can be told from the database."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from models import AuditSeal, Event, SealedEvent
from models.audit import BEGINNING, content_of, digest_of
from nachbarschaft.context import Context
from nachbarschaft.queries.unsealed import count_unsealed
from nachbarschaft.retention import a_year_before

_SEALS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain at some time; kept elsewhere, it shows later that nothing up to there was cut off."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison found. `broken` says in one sentence where it first breaks; None where all is as sealed."""

    seals: int
    head: Head | None
    waiting: int
    broken: str | None


class _Broken(Exception):
    """The sentence that says where."""


def verify_audit(context: Context, noted: Head | None = None) -> Verdict:
    """Follows the chain from its beginning. `noted` is an earlier end of it, which it has to lead through."""
    head, seals, broken = None, 0, None
    try:
        for seal in _chain(context):
            _compare(context, seal)
            _require_noted(seal, noted)
            head, seals = Head(seal.number, seal.hash), seals + 1
        _require_reached(head, noted)
    except _Broken as found:
        broken = str(found)
    waiting, passed_over = count_unsealed(context)
    if broken is None and passed_over:
        broken = (
            f"{_events(passed_over)} of a time that was sealed already stand in no seal: somebody added them later."
        )
    return Verdict(seals, head, waiting, broken)


def _chain(context: Context) -> Iterator[AuditSeal]:
    """The seals in their order, as long as each fits the one before."""
    before, number = BEGINNING, 0
    while found := _next_seals(context, number):
        for seal in found:
            if seal.number != number + 1:
                raise _Broken(f"Seal {number + 1} is missing.")
            if seal.hash_after(before) != seal.hash:
                raise _Broken(f"Seal {seal.number} does not follow from the one before: one of the two was changed.")
            yield seal
            before, number = seal.hash, seal.number
        context.session.expunge_all()


def _next_seals(context: Context, number: int) -> list[AuditSeal]:
    query = select(AuditSeal).where(AuditSeal.number > number).order_by(AuditSeal.number).limit(_SEALS_AT_ONCE)
    return list(context.session.scalars(query))


def _compare(context: Context, seal: AuditSeal) -> None:
    """Compares a seal with its events, which may be gone only once their time is over, and then all of them."""
    rows = context.session.execute(
        select(SealedEvent, Event)
        .outerjoin(Event, Event.id == SealedEvent.event_id)
        .where(SealedEvent.seal == seal.number)
        .order_by(SealedEvent.place)
    ).all()
    if not rows and seal.newest_at <= a_year_before(context.now):
        return
    if len(rows) != seal.events or content_of(noted.digest for noted, _event in rows) != seal.content:
        raise _Broken(f"The list of what seal {seal.number} holds was changed.")
    for noted, event in rows:
        if event is None:
            raise _Broken(f"Event {noted.event_id}, held by seal {seal.number}, was deleted.")
        if digest_of(event) != noted.digest:
            raise _Broken(f"Event {noted.event_id}, held by seal {seal.number}, was changed.")


def _require_noted(seal: AuditSeal, noted: Head | None) -> None:
    if noted is not None and seal.number == noted.number and seal.hash != noted.hash:
        raise _Broken(f"Seal {seal.number} is not the one that was noted: the chain was made anew.")


def _require_reached(head: Head | None, noted: Head | None) -> None:
    if noted is not None and (head is None or head.number < noted.number):
        raise _Broken(f"The chain ends before seal {noted.number}, which was noted: its end was cut off.")


def _events(count: int) -> str:
    return "One event" if count == 1 else f"{count} events"
