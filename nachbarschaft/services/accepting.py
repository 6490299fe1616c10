"""Saying yes: one conditional write decides, so that exactly as many as are needed get the task."""

import uuid
from typing import Any, cast

from sqlalchemy import CursorResult, case, select, update

from models import Assignment, HelpRequest, Invitation, Person
from models.account import ACTIVE_TASKS_LIMIT
from models.lifecycle import INVITATION, REQUEST, InvitationState, RequestState
from nachbarschaft.context import Context
from nachbarschaft.errors import AlreadyAccepted, LateYes, NotEligible, NotOpen, TooManyOpenTasks
from nachbarschaft.services.confirming import owe_confirmation
from nachbarschaft.services.dispatch import settle_invitations
from nachbarschaft.services.eligible import require_eligible
from nachbarschaft.services.events import record
from nachbarschaft.services.finding import find_request
from nachbarschaft.services.indexing import index_yes
from nachbarschaft.services.locking import hold_request
from nachbarschaft.services.outbox import owe
from nachbarschaft.services.refusing import refuse_unless_possible
from nachbarschaft.services.tasks import has_the_task


def accept(context: Context, request_id: uuid.UUID) -> Assignment:
    """Gives the actor the task; no invitation is needed. A new volunteer's first tasks wait for a coordinator's word.

    Raises NotFound, NotEligible, and then in this order AlreadyAccepted, AlreadyFilled, NotOpen,
    TooManyOpenTasks (contract, section 5).
    """
    bond = find_request(context, request_id, "request.answer", refusal=NotEligible)
    require_eligible(context, bond.request)
    taken = _take_place(context, request_id)
    request = hold_request(context, request_id)
    if has_the_task(context, request_id):
        raise AlreadyAccepted
    if not taken:
        _take_returned_place(context, request)
    count_task(context, context.me.person_id)
    assignment = Assignment(request_id=request_id, person_id=context.me.person_id, accepted_at=context.now)
    context.session.add(assignment)
    _note_yes(context, request_id)
    _tell(context, request)
    owe_confirmation(context, request, assignment)
    return assignment


def count_task(context: Context, person_id: uuid.UUID) -> None:
    """Counts one more active task, if the limit allows it. Raises TooManyOpenTasks."""
    counted = context.session.execute(
        update(Person)
        .where(Person.id == person_id, Person.active_tasks < ACTIVE_TASKS_LIMIT)
        .values(active_tasks=Person.active_tasks + 1)
        .execution_options(synchronize_session=False)
    )
    if cast(CursorResult[Any], counted).rowcount != 1:
        raise TooManyOpenTasks(limit=ACTIVE_TASKS_LIMIT)


def _take_place(context: Context, request_id: uuid.UUID) -> bool:
    """Takes one of the places that are left. This statement alone decides who gets the task."""
    last = HelpRequest.people_accepted + 1 == HelpRequest.people_needed
    taken = context.session.execute(
        update(HelpRequest)
        .where(
            HelpRequest.id == request_id,
            HelpRequest.state == RequestState.OPEN,
            HelpRequest.people_accepted < HelpRequest.people_needed,
            HelpRequest.expires_at > context.now,
        )
        .values(
            people_accepted=HelpRequest.people_accepted + 1,
            state=case((last, RequestState.FILLED.value), else_=RequestState.OPEN.value),
            next_wave_at=case((last, None), else_=HelpRequest.next_wave_at),
            version=HelpRequest.version + 1,
        )
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], taken).rowcount == 1


def _take_returned_place(context: Context, request: HelpRequest) -> None:
    """Takes a place that somebody gave back after there was none, just before the request was held.

    Where there is none, the held request says why. Raises LateYes for whoever was asked, AlreadyFilled, NotOpen.
    """
    if request.state == RequestState.FILLED and _note_late_yes(context, request.id):
        raise LateYes
    refuse_unless_possible(REQUEST, "accept", request.state)
    if not _take_place(context, request.id):
        raise NotOpen
    context.session.refresh(request)


def _note_yes(context: Context, request_id: uuid.UUID) -> None:
    invitation = _own_invitation(context, request_id)
    if invitation is not None:
        INVITATION.check("accept", invitation.state, InvitationState.ACCEPTED)
        invitation.state = InvitationState.ACCEPTED
        invitation.answered_at = context.now
        index_yes(context, invitation.person_id)


def _note_late_yes(context: Context, request_id: uuid.UUID) -> bool:
    """Whether the actor was asked: then their yes counts as one (dispatch research, section 6)."""
    invitation = _own_invitation(context, request_id)
    if invitation is None or invitation.asked_at is None:
        return False
    invitation.said_yes_at = invitation.said_yes_at or context.now
    index_yes(context, invitation.person_id)
    invitation.answered_at = invitation.answered_at or context.now
    return True


def _own_invitation(context: Context, request_id: uuid.UUID) -> Invitation | None:
    return context.session.scalar(
        select(Invitation).where(Invitation.request_id == request_id, Invitation.person_id == context.me.person_id)
    )


def _tell(context: Context, request: HelpRequest) -> None:
    filled = request.state == RequestState.FILLED
    record(context, "accepted", request=request, state=request.state, people_accepted=request.people_accepted)
    owe(context, request.requester_id, "filled" if filled else "accepted", request)
    if filled:
        context.session.flush()
        settle_invitations(context, request, keep_standby=True)
