"""Asking people for a request: in small waves, the stand-by first when somebody gives back."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select

from models import HelpRequest, Invitation, Quarter
from models.lifecycle import INVITATION, InvitationState, RequestState
from nachbarschaft.context import Context
from nachbarschaft.matching.choosing import STANDBY_IGNORES, Choice, ranked
from nachbarschaft.matching.facts import Candidate
from nachbarschaft.matching.policy import Policy
from nachbarschaft.matching.waves import Topic, next_wave, room_for, time_of_next_wave, topics, waits_for_morning
from nachbarschaft.queries.candidates import candidates_among, need_of
from nachbarschaft.queries.invitations import asked_so_far
from nachbarschaft.queries.leading import best_fresh
from nachbarschaft.queries.settings import policy_for
from nachbarschaft.services.escalating import escalate_if_due
from nachbarschaft.services.events import record
from nachbarschaft.services.locking import hold_offers, hold_request
from nachbarschaft.services.outbox import owe, owe_all

SPARE = 3
"""So many times as many are looked at again as are wanted: some may have been asked for something else meanwhile."""


@dataclass(frozen=True, slots=True)
class _Wave:
    """One wave of asking for one locked request, by the policy of the request's quarter."""

    context: Context
    request: HelpRequest
    policy: Policy
    zone: ZoneInfo


def ask_again(context: Context, request: HelpRequest) -> None:
    """Asks at once after a request was reopened: whoever stands by, else the next wave. Needs it locked."""
    request.reopened_at = context.now
    ask_next_wave(context, request)


def ask_due_wave(context: Context, request_id: uuid.UUID) -> int:
    """Asks the next wave of one request if it is still due, or tells its coordinators; returns how many were asked."""
    request = hold_request(context, request_id)
    if request.state != RequestState.OPEN:
        return 0
    if _is_due(request.next_wave_at, context.now):
        return ask_next_wave(context, request)
    if _is_due(request.escalate_at, context.now):
        escalate_if_due(context, request, policy_for(context.session, request.quarter_id), nobody_left=False)
    return 0


def ask_next_wave(context: Context, request: HelpRequest) -> int:
    """Asks the next few by points. Who stands by comes first after a reopening, else last. Needs it locked.

    What is not urgent waits for the morning by the clocks of whoever could be asked (contract, section 4: Asking).
    Returns how many were asked. Never more than `Policy.asked_at_most` for one request, as its quarter has set it.
    """
    if request.state != RequestState.OPEN or request.expires_at <= context.now:
        request.next_wave_at = None
        return 0
    wave = _wave(context, request)
    choices: list[Choice] = []
    for topic in topics(wave.policy, reopened=request.reopened_at is not None):
        choices = _next_choices(wave, topic)
        if choices:
            _ask(context, request, choices, topic.value)
            break
    _plan_next(wave, anybody=bool(choices))
    waits = waits_for_morning(context.now, wave.zone, urgent=request.urgent)
    escalate_if_due(context, request, wave.policy, nobody_left=not choices and not waits)
    return len(choices)


def plan_anew(context: Context, request: HelpRequest, *, at_once: bool) -> None:
    """After a change: never asks later than planned before, and `at_once` or where nothing was planned, now."""
    if request.state != RequestState.OPEN:
        return
    if at_once or request.next_wave_at is None:
        request.next_wave_at = context.now
    else:
        policy = policy_for(context.session, request.quarter_id)
        pause_ends = time_of_next_wave(context.now, request.posted_at, request.needed_until, policy)
        request.next_wave_at = min(request.next_wave_at, pause_ends)


def settle_invitations(context: Context, request: HelpRequest, *, keep_standby: bool) -> None:
    """Whoever was asked and has not answered learns that it is settled. Who stands by goes on where `keep_standby`."""
    states = [InvitationState.ASKED] if keep_standby else [InvitationState.ASKED, InvitationState.STANDBY]
    waiting = context.session.scalars(
        select(Invitation).where(Invitation.request_id == request.id, Invitation.state.in_(states))
    ).all()
    for invitation in waiting:
        INVITATION.check("settle", invitation.state, InvitationState.LAPSED)
        invitation.state = InvitationState.LAPSED
    owe_all(context, [i.person_id for i in waiting if i.asked_at is not None], "settled", request)


def due_for_asking(context: Context, limit: int) -> Sequence[uuid.UUID]:
    """Open requests whose next wave is due, or of which the coordinators are to be told; longest due first."""
    to_tell = and_(HelpRequest.escalate_at <= context.now, HelpRequest.expires_at > context.now)
    query = (
        select(HelpRequest.id)
        .where(HelpRequest.state == RequestState.OPEN, or_(HelpRequest.next_wave_at <= context.now, to_tell))
        .order_by(HelpRequest.next_wave_at, HelpRequest.id)
        .limit(limit)
    )
    return context.session.scalars(query).all()


def _next_choices(wave: _Wave, topic: Topic) -> list[Choice]:
    """The next wave, best first: of those who stand by, who were asked before a reopening, or who are new."""
    context, request = wave.context, wave.request
    size = wave.policy.wave_size(urgent=request.urgent)
    room = room_for(wave.policy, asked_so_far(context.session, request.id))
    if topic is Topic.STANDBY:
        return _standby_choices(wave, room)[:size]
    if topic is Topic.AGAIN:
        lapsed = _lapsed(context, request)
        return _best(wave, ranked(need_of(request), lapsed, context.now, wave.policy)[: size * SPARE], size)
    size = min(size, room)
    fresh = best_fresh(context.session, request, context.now, wave.policy, size * SPARE) if size else []
    return _best(wave, fresh, size)


def _lapsed(context: Context, request: HelpRequest) -> list[Candidate]:
    """Who was asked before the request was reopened and never had to answer."""
    query = select(Invitation.person_id).where(
        Invitation.request_id == request.id,
        Invitation.state == InvitationState.LAPSED,
        Invitation.asked_at <= request.reopened_at,
    )
    people = context.session.scalars(query).all()
    return candidates_among(context.session, request, context.now, people) if people else []


def _best(wave: _Wave, first: Sequence[Choice], size: int) -> list[Choice]:
    """The best `size` of who comes `first` and may be asked now: they are held and looked at again before that.

    Two requests at the same moment must not both ask somebody who may be asked only once more.
    """
    context, need = wave.context, need_of(wave.request)
    if not first:
        return []
    people = [choice.candidate.person_id for choice in first]
    hold_offers(context, people)
    held = candidates_among(context.session, wave.request, context.now, people)
    return ranked(need, held, context.now, wave.policy)[:size]


def _standby_choices(wave: _Wave, room: int) -> list[Choice]:
    """Everybody who stands by and may be asked now, best first; of those never asked before only `room` many."""
    context, request = wave.context, wave.request
    query = select(Invitation.person_id, Invitation.asked_at).where(
        Invitation.request_id == request.id, Invitation.state == InvitationState.STANDBY
    )
    asked_at = {row.person_id: row.asked_at for row in context.session.execute(query)}
    candidates = candidates_among(context.session, request, context.now, asked_at) if asked_at else []
    choices = ranked(need_of(request), candidates, context.now, wave.policy, ignoring=STANDBY_IGNORES)
    new = [choice for choice in choices if asked_at[choice.candidate.person_id] is None]
    return [choice for choice in choices if choice not in new[room:]]


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


def _plan_next(wave: _Wave, *, anybody: bool) -> None:
    """Plans the next wave; where nobody could be asked because it is night, the one of the morning at 07:00."""
    context, request = wave.context, wave.request
    next_at = next_wave(need_of(request), context.now, request.posted_at, wave.zone, wave.policy, anybody=anybody)
    request.next_wave_at = next_at if next_at < request.expires_at else None


def _is_due(planned: datetime | None, now: datetime) -> bool:
    return planned is not None and planned <= now


def _wave(context: Context, request: HelpRequest) -> _Wave:
    timezone = context.session.scalars(select(Quarter.timezone).where(Quarter.id == request.quarter_id)).one()
    return _Wave(context, request, policy_for(context.session, request.quarter_id), ZoneInfo(timezone))
