"""Events that no seal holds yet: those whose turn it is, and those that the sealing has passed over."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, select

from models import AuditSeal, Event, SealedEvent
from nachbarschaft.context import Context

LAG = timedelta(minutes=2)
"""An event is sealed no sooner: its transaction may still run, 60 idle seconds and a last statement of 30 at most."""
LOOKED_BACK = timedelta(days=1)
"""So far behind the newest sealed event one is still sealed; what appears further back was not written in its time."""
_UNSEALED = ~exists().where(SealedEvent.event_id == Event.id)


def is_due(context: Context) -> ColumnElement[bool]:
    """Whether an event is to be sealed now."""
    old_enough = and_(Event.at <= context.now - LAG, _UNSEALED)
    floor = _floor(context)
    return old_enough if floor is None else and_(old_enough, Event.at > floor)


def oldest_unsealed(context: Context) -> datetime | None:
    """When the oldest event happened that is to be sealed now."""
    return context.session.scalar(select(func.min(Event.at)).where(is_due(context)))


def count_unsealed(context: Context) -> tuple[int, int]:
    """How many events wait for their seal, and how many lie where none will ever be made: those were slipped in."""
    floor = _floor(context)
    passed_over = 0 if floor is None else _count(context, _UNSEALED, Event.at <= floor)
    return _count(context, _UNSEALED) - passed_over, passed_over


def newest_seal(context: Context) -> AuditSeal | None:
    return context.session.scalar(select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1))


def _floor(context: Context) -> datetime | None:
    """A clock that was ahead for a while must not make everything after it look late: so never later than now."""
    newest = newest_seal(context)
    return None if newest is None else min(newest.newest_at, context.now) - LOOKED_BACK


def _count(context: Context, *conditions: ColumnElement[bool]) -> int:
    return context.session.scalars(select(func.count()).select_from(Event).where(*conditions)).one()
