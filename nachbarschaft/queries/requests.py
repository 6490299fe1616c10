"""Requests as each reader may see them: the public face, and what helpers, owners and coordinators see besides."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from models import Assignment, Confirmation, HelpRequest, Intake, Person, Quarter
from models.intake import Channel
from models.lifecycle import AssignmentState, RequestState
from nachbarschaft.context import Context
from nachbarschaft.errors import NotFound
from nachbarschaft.geography.cells import cell_of, center_of_cell
from nachbarschaft.permissions import require
from nachbarschaft.queries.bonds import bond_to, quarters_in_reach
from nachbarschaft.queries.confirmations import is_unconfirmed
from nachbarschaft.queries.fitting import fits_me
from nachbarschaft.queries.pages import Page, PageAsked, page_of

Face = dict[str, Any]
_HELPING = (AssignmentState.ACTIVE, AssignmentState.DONE)


@dataclass(frozen=True, slots=True)
class _Help:
    """Somebody's help with a request, and the coordinator's word that it waits or waited for."""

    task: Assignment
    person: Person
    confirmation: Confirmation | None


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of requests is narrowed to."""

    quarter: str | None = None
    state: str | None = None
    category: str | None = None
    mine: bool | None = None
    fits: str | None = None


def read_request(context: Context, request_id: uuid.UUID) -> Face:
    """One request as the actor may see it. Raises NotFound, SecondFactorRequired."""
    request = context.session.get(HelpRequest, request_id)
    if request is None:
        raise NotFound
    require("request.read", context.me, bond_to(context, request))
    return face_of(context, request)


def face_of(context: Context, request: HelpRequest) -> Face:
    """The request as the actor may see it; they are known to be allowed to read it."""
    context.session.flush()
    return faces_of(context, [request])[0]


def list_requests(context: Context, filters: Filters, asked: PageAsked) -> Page[Face]:
    """Residents see their own, volunteers also the open ones in reach, coordinators all of their quarters.

    Those that fit the actor, who has no part in them yet, show their public face alone.
    """
    which = _visible(context) if filters.fits is None else fits_me(context)
    query = select(HelpRequest).where(which, *_narrowed(context, filters))
    page = page_of(context.session, query, asked, HelpRequest.created_at, HelpRequest.id)
    faces = faces_of(context, page.items) if filters.fits is None else _public_faces(context, page.items)
    return Page(faces, page.next)


def faces_of(context: Context, requests: Sequence[HelpRequest]) -> list[Face]:
    quarters = _quarters(context, {request.quarter_id for request in requests})
    helpers = _helpers(context, [request.id for request in requests])
    faces = [_face(context, request, quarters[request.quarter_id], helpers.get(request.id, [])) for request in requests]
    _add_channels(context, [face for face in faces if "helpers" in face])
    return faces


def _public_faces(context: Context, requests: Sequence[HelpRequest]) -> list[Face]:
    quarters = _quarters(context, {request.quarter_id for request in requests})
    return [public_face(request, quarters[request.quarter_id]) for request in requests]


def public_face(request: HelpRequest, quarter: Quarter) -> Face:
    """What volunteers see before they accept: nothing that names anybody or any door."""
    return {
        "id": request.id,
        "quarter": quarter.slug,
        "category": request.category,
        "public_note": request.public_note,
        "state": request.state,
        "urgent": request.urgent,
        "needed_from": request.needed_from,
        "needed_until": request.needed_until,
        "expires_at": request.expires_at,
        "people_needed": request.people_needed,
        "people_accepted": request.people_accepted,
        "languages": request.languages,
        "area": area_of(request, quarter),
        "created_at": request.created_at,
        "version": request.version,
    }


def area_of(request: HelpRequest, quarter: Quarter) -> Face:
    """The centre of the request's fixed cell; the quarter's centre, coarse, where no point is known."""
    if request.cell is None:
        cell = cell_of(quarter.center_lat, quarter.center_lon)
        return {"cell": cell, "lat": quarter.center_lat, "lon": quarter.center_lon, "coarse": True}
    center = center_of_cell(request.cell)
    return {"cell": request.cell, "lat": center.lat, "lon": center.lon, "coarse": False}


def _face(context: Context, request: HelpRequest, quarter: Quarter, helpers: list[_Help]) -> Face:
    me = context.me
    face = public_face(request, quarter)
    if request.requester_id == me.person_id:
        return face | {
            "place": _place(request),
            "private_note": request.private_note,
            "phone": request.phone,
            "code_word": request.code_word,
            "helpers": [_helper(each) for each in helpers],
            "done_assumed": request.done_assumed,
        }
    if request.quarter_id in me.coordinates:
        face["helpers"] = [_helper(each) for each in helpers]
        face["done_assumed"] = request.done_assumed
    mine = next((each.task for each in helpers if each.person.id == me.person_id), None)
    if mine is not None:
        face["assignment"] = mine.id
        face["done_assumed"] = request.done_assumed
        if mine.opens_contact(context.now):
            face["code_word"] = request.code_word
    return face


def _add_channels(context: Context, faces: list[Face]) -> None:
    """By which way each came in, for its owner and its coordinators."""
    if not faces:
        return
    query = select(Intake.request_id, Intake.channel).where(Intake.request_id.in_([face["id"] for face in faces]))
    channels = {row.request_id: row.channel for row in context.session.execute(query)}
    for face in faces:
        face["channel"] = channels.get(face["id"], Channel.APP.value)


def _place(request: HelpRequest) -> Face:
    return {"lat": request.place_lat, "lon": request.place_lon, "address": request.place_address}


def _helper(each: _Help) -> Face:
    task, person = each.task, each.person
    waits = task.state == AssignmentState.ACTIVE and is_unconfirmed(person, each.confirmation)
    return {
        "assignment": task.id,
        "person": person.id,
        "name": person.name,
        "verification": person.verification,
        "state": task.state,
        "accepted_at": task.accepted_at,
        "awaiting_confirmation": waits,
    }


def _visible(context: Context) -> ColumnElement[bool]:
    own, adjoining = quarters_in_reach(context.me.person_id)
    in_reach = or_(HelpRequest.quarter_id.in_(own), HelpRequest.quarter_id.in_(adjoining))
    return or_(
        HelpRequest.requester_id == context.me.person_id,
        and_(HelpRequest.state == RequestState.OPEN, in_reach),
        HelpRequest.quarter_id.in_(list(context.me.coordinates)),
    )


def _narrowed(context: Context, filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.quarter is not None:
        slug = select(Quarter.id).where(Quarter.slug == filters.quarter)
        conditions.append(HelpRequest.quarter_id.in_(slug))
    if filters.state is not None:
        conditions.append(HelpRequest.state == filters.state)
    if filters.category is not None:
        conditions.append(HelpRequest.category == filters.category)
    if filters.mine is not None:
        own = HelpRequest.requester_id == context.me.person_id
        conditions.append(own if filters.mine else ~own)
    return conditions


def _quarters(context: Context, ids: set[uuid.UUID]) -> dict[uuid.UUID, Quarter]:
    found = context.session.scalars(select(Quarter).where(Quarter.id.in_(ids)))
    return {quarter.id: quarter for quarter in found}


def _helpers(context: Context, ids: list[uuid.UUID]) -> dict[uuid.UUID, list[_Help]]:
    rows = context.session.execute(
        select(Assignment, Person, Confirmation)
        .join(Person, Person.id == Assignment.person_id)
        .outerjoin(Confirmation, Confirmation.assignment_id == Assignment.id)
        .where(Assignment.request_id.in_(ids), Assignment.state.in_(_HELPING))
        .order_by(Assignment.accepted_at, Assignment.id)
    )
    found: dict[uuid.UUID, list[_Help]] = {}
    for task, person, confirmation in rows:
        found.setdefault(task.request_id, []).append(_Help(task, person, confirmation))
    return found
