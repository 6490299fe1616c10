"""Who may do what: permission → the predicates of which one must hold. As data, so that it can be read and tested."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from models import HelpRequest
from nachbarschaft.context import Actor
from nachbarschaft.errors import DomainError, Forbidden, NotFound, SecondFactorRequired


@dataclass(frozen=True, slots=True)
class RequestBond:
    """How the actor stands to one request, gathered once from the database (`queries.bonds`)."""

    request: HelpRequest
    invited: bool = False
    assigned: bool = False
    in_reach: bool = False


Predicate = Callable[[Actor, RequestBond], bool]


def is_requester(actor: Actor, bond: RequestBond) -> bool:
    return actor.person_id == bond.request.requester_id


def coordinates_quarter(actor: Actor, bond: RequestBond) -> bool:
    return bond.request.quarter_id in actor.coordinates


def was_asked(_actor: Actor, bond: RequestBond) -> bool:
    return bond.invited


def has_or_had_the_task(_actor: Actor, bond: RequestBond) -> bool:
    return bond.assigned


def offers_reach_it(_actor: Actor, bond: RequestBond) -> bool:
    return bond.in_reach


PERMISSIONS: Mapping[str, tuple[Predicate, ...]] = {
    "request.read": (is_requester, coordinates_quarter, was_asked, has_or_had_the_task, offers_reach_it),
    "request.answer": (was_asked, has_or_had_the_task, offers_reach_it),
    "request.edit": (is_requester,),
    "request.close": (is_requester, coordinates_quarter),
    "request.undo": (is_requester, coordinates_quarter, has_or_had_the_task),
    "request.release": (is_requester, coordinates_quarter),
    "request.confirm_need": (is_requester, coordinates_quarter),
    "request.confirm": (coordinates_quarter,),
    "request.see_dispatch": (is_requester, coordinates_quarter),
    "request.see_views": (is_requester,),
}


def allows(permission: str, actor: Actor, bond: RequestBond) -> bool:
    return any(holds(actor, bond) for holds in PERMISSIONS[permission])


def require(permission: str, actor: Actor, bond: RequestBond, refusal: type[DomainError] = Forbidden) -> None:
    """Raises NotFound where the actor may not even read the request, else `refusal` where they may not do this.

    Where all that is missing is the second factor of whoever coordinates, SecondFactorRequired.
    """
    if allows("request.read", actor, bond) and allows(permission, actor, bond):
        return
    if not actor.second_factored and allows(permission, replace(actor, second_factored=True), bond):
        raise SecondFactorRequired
    if not allows("request.read", actor, bond):
        raise NotFound
    raise refusal
