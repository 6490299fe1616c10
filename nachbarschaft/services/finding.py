"""The first step of every use case about a request: find it, and refuse whoever may not do this."""

import uuid

from models import HelpRequest
from nachbarschaft.context import Context
from nachbarschaft.errors import DomainError, Forbidden, NotFound
from nachbarschaft.permissions import RequestBond, require
from nachbarschaft.queries.bonds import bond_to
from nachbarschaft.services.locking import hold_request


def find_request(
    context: Context, request_id: uuid.UUID, permission: str, refusal: type[DomainError] = Forbidden
) -> RequestBond:
    """The request and the actor's bond to it, unlocked. Raises NotFound or `refusal`."""
    request = context.session.get(HelpRequest, request_id)
    if request is None:
        raise NotFound
    bond = bond_to(context, request)
    require(permission, context.me, bond, refusal)
    return bond


def take_request(
    context: Context, request_id: uuid.UUID, permission: str, refusal: type[DomainError] = Forbidden
) -> RequestBond:
    """The same with the request locked: what it says now holds until the transaction ends."""
    request = hold_request(context, request_id)
    bond = bond_to(context, request)
    require(permission, context.me, bond, refusal)
    return bond
