"""The open requests that somebody could say yes to now, as one condition: the rules of accepting, for a list."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, false, or_, select

from models import Assignment, HelpRequest, Invitation, Offer, Person, QuarterNeighbour
from models.account import ACTIVE_TASKS_LIMIT
from models.lifecycle import AssignmentState, InvitationState, RequestState, Verification
from nachbarschaft.categories import CATEGORIES
from nachbarschaft.context import Context
from nachbarschaft.matching.eligibility import is_verified_enough
from nachbarschaft.matching.wallclock import instant_of
from nachbarschaft.queries.able import offers_of

_KEPT = (AssignmentState.ACTIVE, AssignmentState.DONE)


def fits_me(context: Context) -> ColumnElement[bool]:
    """Whether a request is one that the actor could take now, and has neither taken nor said no to.

    False for all of them where the actor has no unpaused offer, or no room for another task.
    """
    me = context.me.person_id
    reached = [
        and_(_in_reach(offer), _is_trusted_with(offer, person, ZoneInfo(timezone)))
        for offer, person, timezone in offers_of(context.session, [me])[me]
        if person.active_tasks < ACTIVE_TASKS_LIMIT and not _is_paused(offer, context.now)
    ]
    if not reached:
        return false()
    return and_(
        HelpRequest.state == RequestState.OPEN,
        HelpRequest.expires_at > context.now,
        HelpRequest.requester_id != me,
        or_(*reached),
        ~exists().where(
            Assignment.request_id == HelpRequest.id, Assignment.person_id == me, Assignment.state.in_(_KEPT)
        ),
        ~exists().where(
            Invitation.request_id == HelpRequest.id,
            Invitation.person_id == me,
            Invitation.state == InvitationState.DECLINED,
        ),
    )


def _is_paused(offer: Offer, now: datetime) -> bool:
    return offer.paused_until is not None and offer.paused_until > now


def _in_reach(offer: Offer) -> ColumnElement[bool]:
    own = HelpRequest.quarter_id == offer.quarter_id
    if offer.reach != "neighbours":
        return own
    adjoining = select(QuarterNeighbour.neighbour_id).where(QuarterNeighbour.quarter_id == offer.quarter_id)
    return or_(own, HelpRequest.quarter_id.in_(adjoining))


def _is_trusted_with(offer: Offer, person: Person, zone: ZoneInfo) -> ColumnElement[bool]:
    """Of the offer's categories those that the person is verified for, until the need is over."""
    now = _allowed(offer, person.verification)
    if person.verification != Verification.CERTIFIED or person.verified_until is None:
        return HelpRequest.category.in_(now)
    # It holds until the end of its last day where it was seen; without it they are still known (`verification_for`).
    ends = instant_of(person.verified_until + timedelta(days=1), time(), zone)
    for_ever = _allowed(offer, Verification.KNOWN)
    return or_(HelpRequest.category.in_(for_ever), and_(HelpRequest.category.in_(now), HelpRequest.needed_until < ends))


def _allowed(offer: Offer, verification: str) -> list[str]:
    return [key for key in offer.categories if is_verified_enough(verification, CATEGORIES[key].requires)]
