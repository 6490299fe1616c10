"""The audit trail: one row beside every state change, in the same transaction."""

import uuid
from typing import Any

from models import Event, HelpRequest
from nachbarschaft.context import Context


def record(
    context: Context,
    kind: str,
    *,
    request: HelpRequest | None = None,
    quarter_id: uuid.UUID | None = None,
    person_id: uuid.UUID | None = None,
    **data: Any,
) -> None:
    """Writes what happened. `data` holds states, counts and ids; never a name, an address or anybody's text."""
    context.session.add(
        Event(
            at=context.now,
            kind=kind,
            actor_id=context.actor.person_id if context.actor else None,
            quarter_id=request.quarter_id if request else quarter_id,
            request_id=request.id if request else None,
            person_id=person_id,
            data=data,
        )
    )
