"""Answers that are not a yes: "not me", and "if nobody else"."""

import uuid

from sqlalchemy import select

from models import Assignment, Invitation
from models.lifecycle import INVITATION, AssignmentState, InvitationState, RequestState
from nachbarschaft.context import Context
from nachbarschaft.errors import AlreadyAccepted, NotEligible, NotOpen
from nachbarschaft.services.events import record
from nachbarschaft.services.finding import take_request


def decline(context: Context, request_id: uuid.UUID) -> None:
    """Ends the asking of the actor for this request, asked or not; they may still accept later."""
    bond = take_request(context, request_id, "request.answer", refusal=NotEligible)
    _answer(context, request_id, "decline", InvitationState.DECLINED)
    record(context, "declined", request=bond.request)


def stand_by(context: Context, request_id: uuid.UUID) -> None:
    """The actor would step in: asked first when somebody gives the task back. Raises NotOpen once it is over."""
    bond = take_request(context, request_id, "request.answer", refusal=NotEligible)
    if bond.request.state not in {RequestState.OPEN, RequestState.FILLED}:
        raise NotOpen
    _answer(context, request_id, "standby", InvitationState.STANDBY)
    record(context, "stands_by", request=bond.request)


def _answer(context: Context, request_id: uuid.UUID, action: str, state: InvitationState) -> None:
    """Writes the answer on the invitation; whoever was not asked gets one without a wave."""
    me = context.me.person_id
    if _helps(context, request_id, me):
        raise AlreadyAccepted
    invitation = context.session.scalar(
        select(Invitation).where(Invitation.request_id == request_id, Invitation.person_id == me)
    )
    if invitation is None:
        invitation = Invitation(request_id=request_id, person_id=me, terms={}, created_at=context.now)
        context.session.add(invitation)
    else:
        INVITATION.check(action, invitation.state, state)
    invitation.state = state
    invitation.answered_at = context.now


def _helps(context: Context, request_id: uuid.UUID, person_id: uuid.UUID) -> bool:
    query = select(Assignment.id).where(
        Assignment.request_id == request_id,
        Assignment.person_id == person_id,
        Assignment.state == AssignmentState.ACTIVE,
    )
    return context.session.scalar(query) is not None
