"""Asking for help, and changing what was asked."""

import uuid
from collections.abc import Mapping
from typing import Any

from models import HelpRequest, Person, Quarter
from models.lifecycle import REQUEST, AssignmentState
from nachbarschaft.context import Context
from nachbarschaft.errors import Conflict, Invalid
from nachbarschaft.services.dispatch import plan_anew
from nachbarschaft.services.events import record
from nachbarschaft.services.expiry import confirm
from nachbarschaft.services.finding import take_request
from nachbarschaft.services.opening import (
    Asking,
    check_place,
    check_public_note,
    check_window,
    check_wish,
    open_for,
    put_at,
)
from nachbarschaft.services.outbox import owe_all
from nachbarschaft.services.places import Place
from nachbarschaft.services.refusing import refuse_unless_possible
from nachbarschaft.services.tasks import tasks_of
from nachbarschaft.words import mark as _

CHANGEABLE_WITH_HELPERS = frozenset({"public_note", "private_note", "needed_from", "needed_until"})


def open_request(context: Context, asking: Asking) -> HelpRequest:
    """Opens a request of the actor's own and asks its first wave.

    Raises Invalid for a bad window, a note with contact details or where no place is known, OutsideQuarter,
    TooManyOpenRequests.
    """
    requester = context.session.get_one(Person, context.me.person_id)
    check_wish(context, asking)
    return open_for(context, requester, asking, _place_of(asking.place, requester))


def edit_request(context: Context, request_id: uuid.UUID, changes: Mapping[str, Any]) -> HelpRequest:
    """Changes a request of the actor's own; once somebody helps, only notes and times, and helpers are told.

    Raises NotOpen once it is over, Conflict for what cannot be changed any more, Invalid, OutsideQuarter.
    """
    request = take_request(context, request_id, "request.edit").request
    changes = {field: value for field, value in changes.items() if value != _present(request, field)}
    _check_changes(context, request, changes)
    refuse_unless_possible(REQUEST, "edit", request.state)
    if not changes:
        return request
    helpers = tasks_of(context, request, AssignmentState.ACTIVE)
    if helpers and not changes.keys() <= CHANGEABLE_WITH_HELPERS:
        raise Conflict(_("Somebody helps already, so only notes and times can be changed."))
    _apply(context, request, changes)
    tell_helpers_of_change(context, request)
    record(context, "request_edited", request=request, fields=sorted(changes))
    return request


def tell_helpers_of_change(context: Context, request: HelpRequest) -> None:
    """Whoever helps is told of new times or notes, and may give the task back without a mark."""
    helpers = tasks_of(context, request, AssignmentState.ACTIVE)
    if helpers:
        request.edited_at = context.now
        owe_all(context, [task.person_id for task in helpers], "request_edited", request)


def _present(request: HelpRequest, field: str) -> object:
    """What a field holds now: sending the same again changes nothing, and tells nobody."""
    if field == "place":
        return Place(request.place_lat or 0.0, request.place_lon or 0.0, request.place_address or "")
    return getattr(request, field)


def _check_changes(context: Context, request: HelpRequest, changes: Mapping[str, Any]) -> None:
    check_public_note(changes.get("public_note"))
    if {"needed_from", "needed_until"} & changes.keys():
        start = changes.get("needed_from", request.needed_from)
        end = changes.get("needed_until", request.needed_until)
        check_window(start, end, context.now, is_new="needed_from" in changes)
    if "place" in changes:
        check_place(changes["place"], context.session.get_one(Quarter, request.quarter_id))
    if "people_needed" in changes and changes["people_needed"] <= request.people_accepted:
        raise Invalid({"people_needed": [_("More people than that have said yes already.")]})


def _apply(context: Context, request: HelpRequest, changes: Mapping[str, Any]) -> None:
    becomes_urgent = changes.get("urgent", False) and not request.urgent
    for field, value in changes.items():
        if field == "place":
            put_at(request, value)
        else:
            setattr(request, field, list(value) if field == "languages" else value)
    if {"needed_from", "needed_until"} & changes.keys():
        confirm(request, context.now)  # whoever sets a new time says that the help is still needed
    plan_anew(context, request, at_once=becomes_urgent)
    request.version += 1


def _place_of(place: Place | None, requester: Person) -> Place:
    if place is not None:
        return place
    if requester.home_lat is None or requester.home_lon is None or requester.home_address is None:
        raise Invalid({"place": [_("Please say where you need help, or enter your home first.")]})
    return Place(requester.home_lat, requester.home_lon, requester.home_address)
