"""Asking for help, and changing what was asked."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models import HelpRequest, Person, Quarter
from models.lifecycle import REQUEST, AssignmentState
from nachbarschaft.codewords import new_code_word
from nachbarschaft.context import Context
from nachbarschaft.errors import Conflict, Invalid, OutsideQuarter
from nachbarschaft.geography.cells import cell_of
from nachbarschaft.geography.outlines import covers
from nachbarschaft.notes import Finding, find_contact_details
from nachbarschaft.services.dispatch import ask_next_wave, plan_anew
from nachbarschaft.services.events import record
from nachbarschaft.services.expiry import confirm
from nachbarschaft.services.finding import take_request
from nachbarschaft.services.limits import require_room_for_request
from nachbarschaft.services.outbox import owe_all
from nachbarschaft.services.places import Place
from nachbarschaft.services.refusing import refuse_unless_possible
from nachbarschaft.services.tasks import tasks_of
from nachbarschaft.words import mark as _

FURTHEST_AHEAD = timedelta(days=366)
FURTHEST_BACK = timedelta(days=1)
CHANGEABLE_WITH_HELPERS = frozenset({"public_note", "private_note", "needed_from", "needed_until"})

_FOUND = {
    Finding.PHONE: _("Please leave out phone numbers here. Put them into the private note: only helpers see it."),
    Finding.EMAIL: _("Please leave out e-mail addresses here. Put them into the private note: only helpers see it."),
    Finding.STREET_ADDRESS: _(
        "Please leave out street addresses here. Helpers get your address once they have said yes."
    ),
}


@dataclass(frozen=True, slots=True)
class Asking:
    """What somebody asks for. Without a place it is their home."""

    category: str
    needed_from: datetime
    needed_until: datetime
    public_note: str | None = None
    private_note: str | None = None
    urgent: bool = False
    people_needed: int = 1
    languages: tuple[str, ...] = ()
    place: Place | None = None
    phone: str | None = None


def open_request(context: Context, asking: Asking) -> HelpRequest:
    """Opens a request and asks its first wave.

    Raises Invalid for a bad window, a note with contact details or where no place is known, OutsideQuarter,
    TooManyOpenRequests.
    """
    requester = context.session.get_one(Person, context.me.person_id)
    quarter = context.session.get_one(Quarter, requester.quarter_id)
    _check_window(asking.needed_from, asking.needed_until, context.now, is_new=True)
    _check_public_note(asking.public_note)
    place = _place_of(asking.place, requester)
    _check_place(place, quarter)
    require_room_for_request(context, requester.id)
    request = HelpRequest(
        requester_id=requester.id,
        quarter_id=quarter.id,
        category=asking.category,
        public_note=asking.public_note,
        private_note=asking.private_note,
        needed_from=asking.needed_from,
        needed_until=asking.needed_until,
        urgent=asking.urgent,
        people_needed=asking.people_needed,
        people_accepted=0,
        waves=0,
        state=REQUEST.states[0],
        languages=list(asking.languages),
        phone=asking.phone,
        code_word=new_code_word(),
        created_at=context.now,
        version=1,
    )
    _put_at(request, place)
    confirm(request, context.now)
    context.session.add(request)
    context.session.flush()
    record(context, "request_opened", request=request, category=request.category, urgent=request.urgent)
    ask_next_wave(context, request)
    return request


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
    _check_public_note(changes.get("public_note"))
    if {"needed_from", "needed_until"} & changes.keys():
        start = changes.get("needed_from", request.needed_from)
        end = changes.get("needed_until", request.needed_until)
        _check_window(start, end, context.now, is_new="needed_from" in changes)
    if "place" in changes:
        _check_place(changes["place"], context.session.get_one(Quarter, request.quarter_id))
    if "people_needed" in changes and changes["people_needed"] <= request.people_accepted:
        raise Invalid({"people_needed": [_("More people than that have said yes already.")]})


def _apply(context: Context, request: HelpRequest, changes: Mapping[str, Any]) -> None:
    becomes_urgent = changes.get("urgent", False) and not request.urgent
    for field, value in changes.items():
        if field == "place":
            _put_at(request, value)
        else:
            setattr(request, field, list(value) if field == "languages" else value)
    if {"needed_from", "needed_until"} & changes.keys():
        confirm(request, context.now)  # whoever sets a new time says that the help is still needed
    plan_anew(context, request, at_once=becomes_urgent)
    request.version += 1


def _put_at(request: HelpRequest, place: Place) -> None:
    """The cell is computed once, from the request's place and never from a reader's (product rules: Privacy)."""
    request.place_lat, request.place_lon, request.place_address = place.lat, place.lon, place.address
    request.cell = cell_of(place.lat, place.lon)


def _place_of(place: Place | None, requester: Person) -> Place:
    if place is not None:
        return place
    if requester.home_lat is None or requester.home_lon is None or requester.home_address is None:
        raise Invalid({"place": [_("Please say where you need help, or enter your home first.")]})
    return Place(requester.home_lat, requester.home_lon, requester.home_address)


def _check_place(place: Place, quarter: Quarter) -> None:
    if not covers(quarter.outline, place.lat, place.lon):
        raise OutsideQuarter({"place": [OutsideQuarter.detail]})


def _check_window(needed_from: datetime, needed_until: datetime, now: datetime, *, is_new: bool) -> None:
    errors: dict[str, list[str]] = {}
    if needed_until <= now:
        errors["needed_until"] = [_("This has to lie in the future.")]
    elif needed_until <= needed_from:
        errors["needed_until"] = [_("The end has to come after the beginning.")]
    elif needed_until > now + FURTHEST_AHEAD:
        errors["needed_until"] = [_("Please ask for a time within the next year.")]
    if is_new and needed_from < now - FURTHEST_BACK:
        errors["needed_from"] = [_("This lies in the past.")]
    if errors:
        raise Invalid(errors)


def _check_public_note(note: str | None) -> None:
    found = find_contact_details(note) if note else set()
    if found:
        raise Invalid({"public_note": [_FOUND[finding] for finding in Finding if finding in found]})
