"""Answers that are not a yes: "not me", and "if nobody else"."""

import uuid

from sqlalchemy import select

from models import HelpRequest, Invitation
from models.lifecycle import INVITATION, START, InvitationState, RequestState
from nachbarschaft.context import Context
from nachbarschaft.errors import AlreadyAccepted, NotEligible, NotOpen
from nachbarschaft.services.eligible import require_eligible
from nachbarschaft.services.events import record
from nachbarschaft.services.finding import take_request
from nachbarschaft.services.tasks import has_the_task


def decline(context: Context, request_id: uuid.UUID) -> None:
    """Ends the asking of the actor for this request, asked or not; they may still accept later."""
    request = _take(context, request_id)
    _answer(context, request_id, "decline", InvitationState.DECLINED)
    record(context, "declined", request=request)


def stand_by(context: Context, request_id: uuid.UUID) -> None:
    """The actor would step in: asked first when somebody gives the task back. Raises NotOpen once it is over."""
    request = _take(context, request_id)
    require_eligible(context, request)
    if request.state not in {RequestState.OPEN, RequestState.FILLED}:
        raise NotOpen
    _answer(context, request_id, "standby", InvitationState.STANDBY)
    record(context, "stands_by", request=request)


def _take(context: Context, request_id: uuid.UUID) -> HelpRequest:
    """The request, locked. Raises NotEligible for whoever it is not for, the requester among them."""
    request = take_request(context, request_id, "request.answer", refusal=NotEligible).request
    if request.requester_id == context.me.person_id:
        raise NotEligible
    return request


def _answer(context: Context, request_id: uuid.UUID, action: str, state: InvitationState) -> None:
    """Writes the answer on the invitation; whoever was not asked gets one without a wave."""
    me = context.me.person_id
    if has_the_task(context, request_id):
        raise AlreadyAccepted
    invitation = context.session.scalar(
        select(Invitation).where(Invitation.request_id == request_id, Invitation.person_id == me)
    )
    INVITATION.check(action, invitation.state if invitation else START, state)
    if invitation is None:
        invitation = Invitation(request_id=request_id, person_id=me, terms={}, created_at=context.now)
        context.session.add(invitation)
    invitation.state = state
    invitation.answered_at = context.now
