"""What somebody was asked, and who was asked for a request."""

import uuid
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from models import Delivery, HelpRequest, Invitation, Mail, Notification, Person, Preferences, Quarter
from models.lifecycle import DeliveryState
from nachbarschaft.context import Context
from nachbarschaft.errors import NotFound
from nachbarschaft.matching.policy import TUNABLE
from nachbarschaft.permissions import require
from nachbarschaft.queries.bonds import bond_to
from nachbarschaft.queries.channels import is_mailed, is_pushed
from nachbarschaft.queries.pages import Page, PageAsked, page_of
from nachbarschaft.queries.reasons import why
from nachbarschaft.queries.requests import public_face
from nachbarschaft.queries.settings import policy_for

_Invited = tuple[Invitation, Person, bool]


def list_invitations(context: Context, state: str | None, asked: PageAsked) -> Page[dict[str, Any]]:
    """The requests that the actor was asked for, newest first."""
    query = select(Invitation).where(Invitation.person_id == context.me.person_id, Invitation.asked_at.is_not(None))
    if state is not None:
        query = query.where(Invitation.state == state)
    page = page_of(context.session, query, asked, Invitation.created_at, Invitation.id)
    requests = _requests(context, [invitation.request_id for invitation in page.items])
    return Page([_face(context, i, *requests[i.request_id]) for i in page.items], page.next)


def read_dispatch(context: Context, request_id: uuid.UUID) -> dict[str, Any]:
    """How the asking goes; only the quarter's coordinators see who was asked. Raises NotFound, Forbidden.

    `reachable` are those whom a push or a mail about this request can reach, or did.
    """
    request = context.session.get(HelpRequest, request_id)
    if request is None:
        raise NotFound
    require("request.see_dispatch", context.me, bond_to(context, request))
    rows = _invited(context.session, request_id)
    summary = {"request": request_id, "accepted": request.people_accepted, **_counts(rows)}
    if request.quarter_id in context.me.coordinates:
        asked = [(invitation, person) for invitation, person, _ in rows if invitation.asked_at is not None]
        summary["waves"] = _waves(context, asked)
        summary["escalation"] = {"at": request.escalated_at, **request.tried} if request.tried else None
        policy = policy_for(context.session, request.quarter_id)
        summary["policy"] = {name: getattr(policy, name) for name in TUNABLE}
    return summary


def count_asked(session: Session, request_id: uuid.UUID) -> dict[str, int]:
    """How many were asked, could be reached or not, said no, were not needed any more, and would step in."""
    return _counts(_invited(session, request_id))


def asked_so_far(session: Session, request_id: uuid.UUID) -> int:
    """How many were asked for a request, in all waves."""
    query = select(func.count()).where(Invitation.request_id == request_id, Invitation.asked_at.is_not(None))
    return session.scalar(query) or 0


def _invited(session: Session, request_id: uuid.UUID) -> list[_Invited]:
    """Everybody beside the request, by wave and rank, and whether they can be reached about it."""
    rows = session.execute(
        select(Invitation, Person, _is_reached())
        .join(Person, Person.id == Invitation.person_id)
        .outerjoin(Preferences, Preferences.person_id == Person.id)
        .where(Invitation.request_id == request_id)
        .order_by(Invitation.wave, Invitation.rank, Invitation.id)
    )
    return [(invitation, person, can) for invitation, person, can in rows]


def _is_reached() -> ColumnElement[bool]:
    """Where all that went out about it on one channel has failed for good, that channel reaches nobody."""
    return or_(and_(is_pushed("asked"), ~_all_failed(Delivery)), and_(is_mailed("asked"), ~_all_failed(Mail)))


def _all_failed(outgoing: type[Delivery] | type[Mail]) -> ColumnElement[bool]:
    went_out = exists().where(
        outgoing.notification_id == Notification.id,
        Notification.person_id == Invitation.person_id,
        Notification.request_id == Invitation.request_id,
        Notification.kind == "asked",
        Notification.silent.is_(False),
    )
    failed = outgoing.state == DeliveryState.FAILED
    return and_(went_out.where(failed), ~went_out.where(~failed))


def _counts(rows: list[_Invited]) -> dict[str, int]:
    reached = [can for invitation, _, can in rows if invitation.asked_at is not None]
    states = {state: sum(each.state == state for each, _, _ in rows) for state in ("declined", "lapsed", "standby")}
    return {"asked": len(reached), "reachable": sum(reached), "unreachable": len(reached) - sum(reached), **states}


def _waves(context: Context, asked: list[tuple[Invitation, Person]]) -> list[dict[str, Any]]:
    waves: dict[int, dict[str, Any]] = {}
    for invitation, person in asked:
        number = invitation.wave or 0
        wave = waves.setdefault(number, {"number": number, "at": invitation.asked_at, "asked": []})
        wave["asked"].append(
            {
                "person": person.id,
                "name": person.name,
                "why": why(invitation.terms, invitation.wave, context.language),
                "state": invitation.state,
                "answered_at": invitation.answered_at,
            }
        )
    return list(waves.values())


def _requests(context: Context, ids: list[uuid.UUID]) -> dict[uuid.UUID, tuple[HelpRequest, Quarter]]:
    rows = context.session.execute(
        select(HelpRequest, Quarter).join(Quarter, Quarter.id == HelpRequest.quarter_id).where(HelpRequest.id.in_(ids))
    )
    return {request.id: (request, quarter) for request, quarter in rows}


def _face(context: Context, invitation: Invitation, request: HelpRequest, quarter: Quarter) -> dict[str, Any]:
    return {
        "id": invitation.id,
        "request": public_face(request, quarter),
        "state": invitation.state,
        "wave": invitation.wave,
        "asked_at": invitation.asked_at,
        "answered_at": invitation.answered_at,
        "why": why(invitation.terms, invitation.wave, context.language),
    }
