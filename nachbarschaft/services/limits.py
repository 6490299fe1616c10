"""Limits that span several rows; the person is held while they are counted."""

import uuid

from sqlalchemy import func, select

from models import HelpRequest
from models.lifecycle import RequestState
from nachbarschaft.context import Context
from nachbarschaft.errors import TooManyOpenRequests
from nachbarschaft.services.locking import hold_person

OPEN_REQUESTS_LIMIT = 5


def require_room_for_request(context: Context, person_id: uuid.UUID) -> None:
    """Raises TooManyOpenRequests where a resident has five open ones (contract, section 5)."""
    hold_person(context, person_id)
    query = select(func.count()).where(HelpRequest.requester_id == person_id, HelpRequest.state == RequestState.OPEN)
    if (context.session.scalar(query) or 0) >= OPEN_REQUESTS_LIMIT:
        raise TooManyOpenRequests(limit=OPEN_REQUESTS_LIMIT)
