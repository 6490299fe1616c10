"""Requests, and everything that is done with them."""

from marshmallow import fields

from api.schemas import validate
from api.schemas.basics import (
    Given,
    PageQuery,
    PlaceSchema,
    PlaceTaken,
    Taken,
    category_field,
    page_schema,
    spoken_languages_field,
)
from api.schemas.fields import Instant, QueryTruth, Text, Truth, Whole
from nachbarschaft.vocabulary import MOST_PEOPLE, REQUEST_STATES


class _Wish(Taken):
    public_note = Text(
        longest=500,
        allow_none=True,
        metadata={"description": "For all volunteers in reach. No phone numbers, e-mail or street addresses."},
    )
    private_note = Text(longest=2000, allow_none=True, metadata={"description": "Only for whoever helps."})
    urgent = Truth()
    people_needed = Whole(least=1, most=MOST_PEOPLE)
    languages = spoken_languages_field(
        metadata={"description": "Languages that the requester speaks; empty: no matter."}
    )
    place = fields.Nested(
        PlaceTaken, metadata={"description": "Where; the home if left out. Has to lie in the quarter."}
    )
    phone = Text(shortest=1, longest=40, allow_none=True, metadata={"description": "For whoever helps."})


class RequestTaken(_Wish):
    category = category_field(required=True)
    needed_from = Instant(required=True)
    needed_until = Instant(required=True, metadata={"description": "In the future, within a year, after needed_from."})


class RequestChange(_Wish):
    category = category_field()
    needed_from = Instant()
    needed_until = Instant()


class AreaSchema(Given):
    cell = fields.String(required=True, metadata={"description": "H3 cell, resolution 9."})
    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    coarse = fields.Boolean(required=True, metadata={"description": "true: only the quarter is known."})


class HelperSchema(Given):
    assignment = fields.UUID(required=True)
    person = fields.UUID(required=True)
    name = fields.String(required=True)
    verification = fields.String(required=True)
    state = fields.String(required=True)
    accepted_at = Instant(required=True)


class PublicRequestSchema(Given):
    id = fields.UUID(required=True)
    quarter = fields.String(required=True)
    category = fields.String(required=True)
    public_note = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, metadata={"description": "open, filled, done, cancelled or expired."})
    urgent = fields.Boolean(required=True)
    needed_from = Instant(required=True)
    needed_until = Instant(required=True)
    expires_at = Instant(required=True)
    people_needed = fields.Integer(required=True)
    people_accepted = fields.Integer(required=True)
    languages = fields.List(fields.String(), required=True)
    area = fields.Nested(AreaSchema, required=True)
    created_at = Instant(required=True)
    version = fields.Integer(required=True)


class RequestSchema(PublicRequestSchema):
    """The public face; helpers also see assignment and code_word, the owner everything, coordinators the helpers."""

    assignment = fields.UUID(metadata={"description": "Yours; only while you help or have helped."})
    code_word = fields.String(metadata={"description": "For both sides at the door."})
    place = fields.Nested(PlaceSchema, metadata={"description": "Owner only."})
    private_note = fields.String(allow_none=True, metadata={"description": "Owner only."})
    phone = fields.String(allow_none=True, metadata={"description": "Owner only."})
    helpers = fields.List(fields.Nested(HelperSchema), metadata={"description": "Owner and coordinators."})


RequestPage = page_schema("RequestPage", RequestSchema)


class RequestQuery(PageQuery):
    quarter = fields.String(validate=validate.Regexp("^[a-z0-9-]{1,64}$"), metadata={"description": "Slug."})
    state = fields.String(validate=validate.OneOf(REQUEST_STATES))
    category = category_field()
    mine = QueryTruth(metadata={"description": "true: only your own; false: only others'."})


class AssignmentSchema(Given):
    id = fields.UUID(required=True)
    request = fields.UUID(required=True)
    state = fields.String(required=True)
    accepted_at = Instant(required=True)


class ContactTaken(Taken):
    reason = Text(shortest=1, longest=300, metadata={"description": "Coordinators say why; the resident can read it."})


class ContactSchema(Given):
    name = fields.String(required=True)
    address = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    private_note = fields.String(required=True, allow_none=True)
    code_word = fields.String(required=True)


class ViewSchema(Given):
    by = fields.String(required=True, metadata={"description": "Name of whoever looked."})
    role = fields.String(required=True, metadata={"description": "volunteer or coordinator."})
    at = Instant(required=True)
    reason = fields.String(required=True, allow_none=True)


ViewPage = page_schema("ViewPage", ViewSchema)


class DoneTaken(Taken):
    minutes = Whole(least=0, most=100_000, metadata={"description": "Time it took."})
    expenses_cents = Whole(least=0, most=10_000_000, metadata={"description": "Money laid out, in cents."})


class StillNeededTaken(Taken):
    needed_until = Instant(metadata={"description": "Required once the old one has passed."})


class ReleaseTaken(Taken):
    person = fields.UUID(metadata={"description": "Required when several people help."})
    no_show = Truth(metadata={"description": "They did not come."})
    reason = Text(shortest=1, longest=300)


class AskedSchema(Given):
    person = fields.UUID(required=True)
    name = fields.String(required=True)
    why = fields.List(fields.String(), required=True)
    state = fields.String(required=True)
    answered_at = Instant(required=True, allow_none=True)


class WaveSchema(Given):
    number = fields.Integer(required=True)
    at = Instant(required=True)
    asked = fields.List(fields.Nested(AskedSchema), required=True)


class DispatchSchema(Given):
    request = fields.UUID(required=True)
    asked = fields.Integer(required=True)
    reachable = fields.Integer(required=True, metadata={"description": "Asked people with a device."})
    unreachable = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    declined = fields.Integer(required=True)
    lapsed = fields.Integer(required=True)
    standby = fields.Integer(required=True)
    waves = fields.List(fields.Nested(WaveSchema), metadata={"description": "Coordinators only."})
