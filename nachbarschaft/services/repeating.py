"""Repeating a keyed POST: one effect, and the same answer for whoever asks again within 72 hours."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, text

from models import StoredAnswer
from nachbarschaft.context import Context
from nachbarschaft.errors import KeyInUse, KeyReused

KEPT = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Key:
    """What makes two tries the same: person, route and key; `body_hash` shows whether they ask for the same."""

    person_id: uuid.UUID
    route: str
    key: str
    body_hash: str


def earlier_answer(context: Context, key: Key) -> StoredAnswer | None:
    """Claims the key until this transaction ends; returns the answer that an earlier try was given, if one was.

    Raises KeyInUse while another try runs, KeyReused where the key came with another body. On SQLite the other
    try is simply waited for: there is one writer at a time.
    """
    if not _claim(context, key):
        raise KeyInUse
    found = context.session.get(StoredAnswer, (key.person_id, key.route, key.key))
    if found is None:
        return None
    if context.now - found.created_at > KEPT:
        context.session.delete(found)
        context.session.flush()
        return None
    if found.body_hash != key.body_hash:
        raise KeyReused({"Idempotency-Key": [KeyReused.detail]})
    return found


def keep_answer(context: Context, key: Key, status: int, headers: dict[str, str], body: bytes) -> None:
    """Stores the answer beside its effect."""
    context.session.add(
        StoredAnswer(
            person_id=key.person_id,
            route=key.route,
            key=key.key,
            body_hash=key.body_hash,
            status=status,
            headers=headers,
            body=body,
            created_at=context.now,
        )
    )


def forget_old_answers(context: Context) -> int:
    """Deletes what is older than 72 hours, whoever it belongs to; returns how many."""
    old = delete(StoredAnswer).where(StoredAnswer.created_at < context.now - KEPT)
    done = context.session.execute(old.execution_options(synchronize_session=False))
    return cast(CursorResult[Any], done).rowcount


def _claim(context: Context, key: Key) -> bool:
    """A lock that ends with the transaction, however that ends: so a crashed first try leaves the key free."""
    if context.session.get_bind().dialect.name != "postgresql":
        return True
    digest = hashlib.sha256(f"{key.person_id}|{key.route}|{key.key}".encode()).digest()
    number = int.from_bytes(digest[:8], "big", signed=True)
    return bool(context.session.scalar(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": number}))
