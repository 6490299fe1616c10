"""Codes that must not work, or not be kept, any more: a newer one or a new password has come, or their time is over."""

import uuid
from typing import Any, cast

from sqlalchemy import CursorResult, update

from models import Mail, OneTimeCode, Person
from nachbarschaft.context import Context


def end_codes(context: Context, person_id: uuid.UUID, reason: str | None = None) -> None:
    """Ends the unused codes of a person: those that were issued for `reason`, or all."""
    query = update(OneTimeCode).where(OneTimeCode.person_id == person_id, OneTimeCode.used_at.is_(None))
    if reason is not None:
        query = query.where(OneTimeCode.reason == reason)
    context.session.execute(
        query.values(used_at=context.now, sealed_code=None).execution_options(synchronize_session="fetch")
    )


def forget_sealed_codes(context: Context) -> int:
    """Forgets codes that no mail can bring any more, because they have ended before it was sent; returns how many."""
    forgotten = context.session.execute(
        update(OneTimeCode)
        .where(OneTimeCode.sealed_code.is_not(None), OneTimeCode.expires_at <= context.now)
        .values(sealed_code=None)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], forgotten).rowcount


def forget_recipients(context: Context) -> int:
    """Forgets where settled mails went; returns how many."""
    forgotten = context.session.execute(
        update(Mail)
        .where(Mail.recipient.is_not(None), Mail.settled_at.is_not(None))
        .values(recipient=None)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], forgotten).rowcount


def end_all_codes(context: Context, person: Person) -> None:
    """Whoever sets a password ends whatever else could open the account, a new e-mail address on its way too."""
    end_codes(context, person.id)
    person.pending_email = None
