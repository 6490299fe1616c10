"""Codes that must not work any more, because a newer one or a new password has taken their place."""

import uuid

from sqlalchemy import update

from models import OneTimeCode, Person
from nachbarschaft.context import Context


def end_codes(context: Context, person_id: uuid.UUID, reason: str | None = None) -> None:
    """Ends the unused codes of a person: those that were issued for `reason`, or all."""
    query = update(OneTimeCode).where(OneTimeCode.person_id == person_id, OneTimeCode.used_at.is_(None))
    if reason is not None:
        query = query.where(OneTimeCode.reason == reason)
    context.session.execute(
        query.values(used_at=context.now, sealed_code=None).execution_options(synchronize_session="fetch")
    )


def end_all_codes(context: Context, person: Person) -> None:
    """Whoever sets a password ends whatever else could open the account, a new e-mail address on its way too."""
    end_codes(context, person.id)
    person.pending_email = None
