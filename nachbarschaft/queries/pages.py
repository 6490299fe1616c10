"""Pages of a list by cursor: newest first, each entry once, however much is added meanwhile."""

import base64
import binascii
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from nachbarschaft.errors import Invalid
from nachbarschaft.words import mark as _

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class PageAsked:
    """Which part of a list is wanted: `limit` 1–100 entries, `after` a cursor that an earlier page gave."""

    limit: int = 20
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some entries, and the cursor of the next page or None."""

    items: Sequence[Row]
    next: str | None


def page_of(
    session: Session,
    query: Select[Row],
    asked: PageAsked,
    at: InstrumentedAttribute[Any],
    key: InstrumentedAttribute[Any],
) -> Page[Row]:
    """The page of `query`, ordered by (`at`, `key`) descending. Raises Invalid for a cursor that is none."""
    if asked.after is not None:
        last_at, last_key = read_cursor(asked.after)
        query = query.where(or_(at < last_at, and_(at == last_at, key < last_key)))
    rows = session.scalars(query.order_by(at.desc(), key.desc()).limit(asked.limit + 1)).all()
    items = rows[: asked.limit]
    more = len(rows) > asked.limit
    return Page(items, cursor(getattr(items[-1], at.key), getattr(items[-1], key.key)) if more else None)


def cursor(at: datetime, key: uuid.UUID) -> str:
    """An opaque cursor that stands behind the entry (at, key)."""
    text = f"{at.astimezone(UTC).isoformat()}|{key}"
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def read_cursor(text: str) -> tuple[datetime, uuid.UUID]:
    """The entry that a cursor stands behind. Raises Invalid."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        at, _bar, key = base64.urlsafe_b64decode(padded).decode().partition("|")
        return datetime.fromisoformat(at).astimezone(UTC), uuid.UUID(key)
    except (ValueError, OverflowError, binascii.Error):
        raise Invalid({"after": [_("This is not a cursor that this list has given.")]}) from None
