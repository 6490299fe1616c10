"""Tells a quarter's coordinators, once for each request, that help is still missing, and what was tried."""

import uuid
from collections.abc import Sequence

from sqlalchemy import exists, select

from models import CoordinatorAppointment, HelpRequest, Invitation, Person
from models.lifecycle import EscalationReason, InvitationState, RequestState
from nachbarschaft.context import Context
from nachbarschaft.matching.policy import Policy
from nachbarschaft.matching.waves import reason_to_escalate, time_of_escalation
from nachbarschaft.queries.closures import office_opens_at
from nachbarschaft.queries.invitations import asked_so_far, count_asked
from nachbarschaft.services.events import record
from nachbarschaft.services.outbox import owe_all

TOPIC = "help_missing"


def escalate_if_due(context: Context, request: HelpRequest, policy: Policy, *, nobody_left: bool) -> None:
    """Tells them where enough were asked, nobody is left who could answer, or time runs out; else plans when it does.

    The clock is that of the posting, whoever gave the task back since. While the office is closed nothing of theirs
    is due (product rules: Time), so it waits for the day on which it opens. Needs the request locked.
    """
    if request.escalated_at is not None or request.state != RequestState.OPEN or request.expires_at <= context.now:
        return
    due_at = time_of_escalation(request.posted_at, request.needed_until, policy)
    asked = asked_so_far(context.session, request.id)
    nobody_left = nobody_left and not _anybody_may_answer(context, request)
    reason = reason_to_escalate(context.now, due_at, policy, asked=asked, nobody_left=nobody_left)
    if reason is None:
        request.escalate_at = due_at
        return
    request.escalate_at = office_opens_at(context.session, request.quarter_id, context.now)
    if request.escalate_at is None:
        _escalate(context, request, reason)


def _escalate(context: Context, request: HelpRequest, reason: EscalationReason) -> None:
    context.session.flush()
    counts = count_asked(context.session, request.id)
    tried: dict[str, int | str] = {name: counts[name] for name in ("asked", "unreachable", "declined")}
    tried |= {"reason": reason.value, "waves": request.waves}
    request.escalated_at, request.tried = context.now, tried
    record(context, "escalated", request=request, tried=tried)
    owe_all(context, _coordinators(context, request.quarter_id), TOPIC, request)


def _anybody_may_answer(context: Context, request: HelpRequest) -> bool:
    asked = exists().where(Invitation.request_id == request.id, Invitation.state == InvitationState.ASKED)
    return bool(context.session.scalar(select(asked)))


def _coordinators(context: Context, quarter_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """Always in the same order, so that nobody waits in a circle."""
    query = (
        select(Person.id)
        .join(CoordinatorAppointment, CoordinatorAppointment.person_id == Person.id)
        .where(CoordinatorAppointment.quarter_id == quarter_id, Person.suspended_at.is_(None))
        .order_by(Person.id)
    )
    return context.session.scalars(query).all()
