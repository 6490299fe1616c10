"""How somebody stands to a request: asked, assigned, in reach of one of their offers."""

import uuid

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select

from models import Assignment, HelpRequest, Invitation, Offer, QuarterNeighbour
from nachbarschaft.context import Context
from nachbarschaft.permissions import RequestBond


def bond_to(context: Context, request: HelpRequest) -> RequestBond:
    """The actor's bond to `request`, in one statement."""
    me = context.me.person_id
    invited, assigned, in_reach = context.session.execute(
        select(
            exists().where(Invitation.request_id == request.id, Invitation.person_id == me),
            exists().where(Assignment.request_id == request.id, Assignment.person_id == me),
            exists().where(Offer.person_id == me, _reaches(request.quarter_id)),
        )
    ).one()
    return RequestBond(request, invited=invited, assigned=assigned, in_reach=in_reach)


def quarters_in_reach(person_id: uuid.UUID) -> tuple[Select[uuid.UUID], Select[uuid.UUID]]:
    """The quarters that a person's offers reach: their own, and those adjoining them."""
    own = select(Offer.quarter_id).where(Offer.person_id == person_id)
    adjoining = (
        select(QuarterNeighbour.neighbour_id)
        .join(Offer, Offer.quarter_id == QuarterNeighbour.quarter_id)
        .where(Offer.person_id == person_id, Offer.reach == "neighbours")
    )
    return own, adjoining


def _reaches(quarter_id: uuid.UUID) -> ColumnElement[bool]:
    adjoins = exists().where(
        QuarterNeighbour.quarter_id == Offer.quarter_id, QuarterNeighbour.neighbour_id == quarter_id
    )
    return or_(Offer.quarter_id == quarter_id, and_(Offer.reach == "neighbours", adjoins))
