"""The end of a request's life, however it comes: one place that writes it, settles who was asked, and records it."""

import uuid
from typing import Any

from models import HelpRequest
from models.lifecycle import RequestState
from nachbarschaft.context import Context
from nachbarschaft.services.dispatch import settle_invitations
from nachbarschaft.services.events import record


def end_request(context: Context, request: HelpRequest, state: RequestState, *, by: uuid.UUID | None) -> None:
    """Ends a locked request in `state`; `by` is whoever closed it and may take that back, None where time did.

    That the step is allowed the caller has checked with the table of its action.
    """
    request.state_before = request.state
    request.state = state
    request.closed_at, request.closed_by = context.now, by
    request.next_wave_at = None
    request.version += 1
    settle_invitations(context, request, keep_standby=False)
    assumed: dict[str, Any] = {"assumed": True} if request.done_assumed else {}
    record(context, f"request_{state}", request=request, before=request.state_before, **assumed)
