"""Asking people for a request: in small waves, the stand-by first when somebody gives back."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from models import HelpRequest, Invitation, Quarter
from models.lifecycle import INVITATION, InvitationState, RequestState
from nachbarschaft.context import Context
from nachbarschaft.matching.choosing import STANDBY_IGNORES, Choice, ranked, time_of_next_wave
from nachbarschaft.matching.policy import DEFAULT_POLICY
from nachbarschaft.matching.wallclock import is_night, next_morning
from nachbarschaft.queries.candidates import candidates_among, fresh_candidates, need_of
from nachbarschaft.services.events import record
from nachbarschaft.services.locking import hold_request
from nachbarschaft.services.outbox import owe, owe_all


def ask_first_wave(context: Context, request: HelpRequest) -> None:
    """Asks for a new request at once; what is not urgent waits for the morning (contract, section 4: Asking)."""
    zone = _zone(context, request)
    if not request.urgent and is_night(context.now, zone):
        request.next_wave_at = next_morning(context.now, zone)
    else:
        ask_next_wave(context, request)


def ask_again(context: Context, request: HelpRequest) -> None:
    """Asks at once after a request was reopened: whoever stands by, else the next wave. Needs it locked."""
    request.reopened_at = context.now
    ask_first_wave(context, request)


def ask_due_wave(context: Context, request_id: uuid.UUID) -> int:
    """Asks the next wave of one request if it is still due; returns how many were asked."""
    request = hold_request(context, request_id)
    if request.state != RequestState.OPEN or not _is_due(request.next_wave_at, context.now):
        return 0
    return ask_next_wave(context, request)


def ask_next_wave(context: Context, request: HelpRequest) -> int:
    """Asks the next few by points. Who stands by comes first after a reopening, else last. Needs it locked.

    Returns how many were asked. Never more than `Policy.asked_at_most` for one request.
    """
    if request.state != RequestState.OPEN or request.expires_at <= context.now:
        request.next_wave_at = None
        return 0
    room = DEFAULT_POLICY.asked_at_most - _asked_so_far(context, request)
    if room <= 0:
        request.next_wave_at = None
        return 0
    size = min(room, DEFAULT_POLICY.wave_size(urgent=request.urgent))
    for standby in (True, False) if request.reopened_at else (False, True):
        choices = _choices(context, request, standby=standby)[:size]
        if choices:
            _ask(context, request, choices, topic="asked_standby" if standby else "asked")
            break
    _plan_next(context, request)
    return len(choices)


def settle_invitations(context: Context, request: HelpRequest, *, keep_standby: bool, tell: bool = True) -> None:
    """Whoever was asked and has not answered learns that it is settled. Who stands by goes on where `keep_standby`."""
    states = [InvitationState.ASKED] if keep_standby else [InvitationState.ASKED, InvitationState.STANDBY]
    waiting = context.session.scalars(
        select(Invitation).where(Invitation.request_id == request.id, Invitation.state.in_(states))
    ).all()
    for invitation in waiting:
        INVITATION.check("settle", invitation.state, InvitationState.LAPSED)
        invitation.state = InvitationState.LAPSED
    if tell:
        owe_all(context, [i.person_id for i in waiting if i.asked_at is not None], "settled", request)


def due_for_asking(context: Context, limit: int) -> Sequence[uuid.UUID]:
    """Open requests whose next wave is due, longest due first."""
    query = (
        select(HelpRequest.id)
        .where(
            HelpRequest.state == RequestState.OPEN,
            HelpRequest.next_wave_at <= context.now,
        )
        .order_by(HelpRequest.next_wave_at, HelpRequest.id)
        .limit(limit)
    )
    return context.session.scalars(query).all()


def _choices(context: Context, request: HelpRequest, *, standby: bool) -> list[Choice]:
    """Everybody who may be asked now, best first: of those who stand by, or of those not asked before."""
    need = need_of(request)
    if not standby:
        fresh = fresh_candidates(context.session, request, context.now)
        return ranked(need, fresh, context.now, DEFAULT_POLICY)
    waiting = context.session.scalars(
        select(Invitation.person_id).where(
            Invitation.request_id == request.id, Invitation.state == InvitationState.STANDBY
        )
    ).all()
    candidates = candidates_among(context.session, request, context.now, waiting) if waiting else []
    return ranked(need, candidates, context.now, DEFAULT_POLICY, ignoring=STANDBY_IGNORES)


def _ask(context: Context, request: HelpRequest, choices: Sequence[Choice], topic: str) -> None:
    """Writes who is asked, on what terms, and owes each of them the push."""
    request.waves += 1
    for rank, choice in enumerate(choices, start=1):
        invitation = _invitation(context, request, choice.candidate.person_id)
        invitation.state = InvitationState.ASKED
        invitation.wave, invitation.rank = request.waves, rank
        invitation.points, invitation.terms = choice.points, choice.terms.to_json()
        invitation.asked_at, invitation.answered_at = context.now, None
        owe(context, choice.candidate.person_id, topic, request)
    record(context, "wave_asked", request=request, wave=request.waves, asked=len(choices))


def _invitation(context: Context, request: HelpRequest, person_id: uuid.UUID) -> Invitation:
    query = select(Invitation).where(Invitation.request_id == request.id, Invitation.person_id == person_id)
    found = context.session.scalar(query)
    if found is not None:
        INVITATION.check("ask", found.state, InvitationState.ASKED)
        return found
    made = Invitation(request_id=request.id, person_id=person_id, created_at=context.now)
    context.session.add(made)
    return made


def _asked_so_far(context: Context, request: HelpRequest) -> int:
    query = select(func.count()).where(Invitation.request_id == request.id, Invitation.asked_at.is_not(None))
    return context.session.scalar(query) or 0


def _plan_next(context: Context, request: HelpRequest) -> None:
    posted = request.reopened_at or request.created_at
    next_at = time_of_next_wave(context.now, posted, request.needed_until, DEFAULT_POLICY)
    request.next_wave_at = next_at if next_at < request.expires_at else None


def _is_due(planned: datetime | None, now: datetime) -> bool:
    return planned is not None and planned <= now


def _zone(context: Context, request: HelpRequest) -> ZoneInfo:
    timezone = context.session.scalar(select(Quarter.timezone).where(Quarter.id == request.quarter_id))
    return ZoneInfo(timezone or "Europe/Berlin")
