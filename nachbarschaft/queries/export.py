"""Everything that is held about a person, as one document for them: built from the data map, so nothing is forgotten.

GDPR Art. 15 and 20. Who somebody else is does not stand in it (Art. 15(4)), but for those who looked at the person's
address: these they may read anyway.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from functools import reduce
from operator import or_
from typing import Any

from sqlalchemy import Column, ColumnElement, String, Table, select

from models import Assignment, Base, ContactView, HelpRequest, Person, Quarter
from models.base import UTCDateTime
from models.data_map import DATA_MAP, OWNED_BY, Use
from nachbarschaft.context import Context

_HELPERS = ("state", "accepted_at", "ended_at", "end_reason", "excused", "minutes", "expenses_cents")
"""What is said of the help that a person got, without saying by whom."""
Row = dict[str, Any]


def export_me(context: Context) -> Row:
    """The document about the actor."""
    me = context.me.person_id
    slugs = {row.id: row.slug for row in context.session.execute(select(Quarter.id, Quarter.slug))}
    data = {table: _rows(context, Base.metadata.tables[table], me, slugs) for table in OWNED_BY}
    return {
        "person": me,
        "made_at": context.now,
        "data": data,
        "looks": _looks(context, me),
        "help_received": _help_received(context, me),
        "meaning": {
            table: {name: _meaning(use) for name, use in _exported(table)} for table in OWNED_BY if data[table]
        },
    }


def exported_name(column: str) -> str:
    """How a column is called in the document: quarters are named, not numbered."""
    return "quarter" if column == "quarter_id" else column


def is_owned(table: Table, person_id: uuid.UUID) -> ColumnElement[bool]:
    """Whether a row of `table` is that person's, as the data map leads there."""
    return reduce(or_, (_leads_to(table.c[name], person_id) for name in OWNED_BY[table.name]))


def _leads_to(column: Column[Any], person_id: uuid.UUID) -> ColumnElement[bool]:
    for key in column.foreign_keys:
        target = key.column.table.name
        if target != "person":
            return column.in_(select(key.column).where(is_owned(Base.metadata.tables[target], person_id)))
    return column == person_id


def _exported(table: str) -> Iterable[tuple[str, Use]]:
    return ((exported_name(name), use) for name, use in DATA_MAP[table].items() if use.is_exported)


def _rows(context: Context, table: Table, me: uuid.UUID, slugs: dict[uuid.UUID, str]) -> list[Row]:
    names = [name for name, use in DATA_MAP[table.name].items() if use.is_exported]
    query = select(*(table.c[name] for name in names)).where(is_owned(table, me)).order_by(*_order(table, names))
    return [
        {
            exported_name(name): slugs.get(value) if name == "quarter_id" else _plain(value)
            for name, value in row.items()
        }
        for row in context.session.execute(query).mappings()
    ]


def _order(table: Table, names: Sequence[str]) -> list[Column[Any]]:
    """By time, then by what they are: keys tell nothing of what was written at the same moment."""
    exported = [table.c[name] for name in names]
    times = [column for column in exported if isinstance(column.type, UTCDateTime) and not column.nullable]
    kinds = [column for column in exported if type(column.type) is String]
    return [*times, *kinds, *table.primary_key]


def _looks(context: Context, me: uuid.UUID) -> list[Row]:
    """Who looked at the person's address and telephone number."""
    query = (
        select(ContactView.request_id, Person.name, ContactView.role, ContactView.at, ContactView.reason)
        .join(HelpRequest, HelpRequest.id == ContactView.request_id)
        .join(Person, Person.id == ContactView.viewer_id)
        .where(HelpRequest.requester_id == me)
        .order_by(ContactView.at, ContactView.id)
    )
    return [
        {"request": request, "by": name, "role": role, "at": at, "reason": reason}
        for request, name, role, at, reason in context.session.execute(query)
    ]


def _help_received(context: Context, me: uuid.UUID) -> list[Row]:
    query = (
        select(Assignment.request_id, *(getattr(Assignment, name) for name in _HELPERS))
        .join(HelpRequest, HelpRequest.id == Assignment.request_id)
        .where(HelpRequest.requester_id == me)
        .order_by(Assignment.accepted_at, Assignment.id)
    )
    return [{name: _plain(value) for name, value in row.items()} for row in context.session.execute(query).mappings()]


def _meaning(use: Use) -> Row:
    return {"purpose": use.purpose, "kept": use.retention}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value
