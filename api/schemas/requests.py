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
    word_field,
)
from api.schemas.fields import Instant, QueryTruth, Text, Truth, Whole
from api.schemas.settings import DispatchSettingsSchema
from nachbarschaft.vocabulary import MOST_PEOPLE, REQUEST_STATES


class _Wish(Taken):
    public_note = Text(
        longest=500,
        allow_none=True,
        metadata={"description": "For all volunteers in reach. No phone numbers, e-mail or street addresses."},
    )
    private_note = Text(longest=2000, allow_none=True, metadata={"description": "Only for whoever helps."})
    urgent = Truth(metadata={"description": "Asks more people at once, at night those who allow it. Default false."})
    people_needed = Whole(least=1, most=MOST_PEOPLE, metadata={"description": "Helpers. Default 1."})
    languages = spoken_languages_field(
        metadata={"description": "Languages that the requester speaks; empty: no matter."}
    )
    place = fields.Nested(
        PlaceTaken,
        metadata={"description": "Where, in the quarter; the home if left out, so needed without one."},
    )
    phone = Text(
        shortest=1,
        longest=40,
        validate=[validate.Length(min=1, max=40), validate.phone_number],
        allow_none=True,
        metadata={"description": "A phone number, for whoever helps; without a country code it is German."},
    )


class RequestTaken(_Wish):
    category = category_field(required=True)
    needed_from = Instant(required=True, metadata={"description": "When help is first welcome; at most a day ago."})
    needed_until = Instant(required=True, metadata={"description": "In the future, within a year, after needed_from."})


class RequestChange(_Wish):
    category = category_field()
    needed_from = Instant()
    needed_until = Instant()


class AreaSchema(Given):
    cell = fields.String(required=True, metadata={"description": "H3 cell, resolution 9."})
    lat = fields.Float(required=True, metadata={"description": "Degrees north (WGS 84) of the cell's centre."})
    lon = fields.Float(required=True, metadata={"description": "Degrees east (WGS 84) of the cell's centre."})
    coarse = fields.Boolean(required=True, metadata={"description": "true: only the quarter is known."})


class HelperSchema(Given):
    assignment = fields.UUID(required=True)
    person = fields.UUID(required=True)
    name = fields.String(required=True)
    verification = word_field("verification")
    state = word_field("assignment_state")
    accepted_at = Instant(required=True)
    awaiting_confirmation = fields.Boolean(
        required=True, metadata={"description": "true: new, and without the contact until a coordinator confirms."}
    )


class PublicRequestSchema(Given):
    id = fields.UUID(required=True)
    quarter = fields.String(required=True, metadata={"description": "Slug."})
    category = fields.String(required=True, metadata={"description": "Key of a category of `getMeta`."})
    public_note = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "For all volunteers in reach; null: nothing was written."},
    )
    state = word_field("request_state")
    urgent = fields.Boolean(required=True, metadata={"description": "Asks more people at once, at night too."})
    needed_from = Instant(required=True)
    needed_until = Instant(required=True)
    expires_at = Instant(
        required=True, metadata={"description": "When it ends unless somebody helps or the need is confirmed."}
    )
    people_needed = fields.Integer(required=True, metadata={"description": "Helpers."})
    people_accepted = fields.Integer(required=True, metadata={"description": "Of them, so many have said yes."})
    languages = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "That the requester speaks (BCP 47); empty: no matter."},
    )
    area = fields.Nested(AreaSchema, required=True)
    created_at = Instant(required=True)
    version = fields.Integer(required=True, metadata={"description": "Grows with every change."})


class RequestSchema(PublicRequestSchema):
    """The public face; helpers also see assignment and code_word, the owner everything, coordinators the helpers."""

    assignment = fields.UUID(metadata={"description": "Yours; only while you help or have helped."})
    code_word = fields.String(metadata={"description": "For both sides at the door: owner and helpers."})
    place = fields.Nested(PlaceSchema, metadata={"description": "Owner only."})
    private_note = fields.String(allow_none=True, metadata={"description": "Owner only."})
    phone = fields.String(allow_none=True, metadata={"description": "Owner only."})
    helpers = fields.List(fields.Nested(HelperSchema), metadata={"description": "Owner and coordinators."})
    channel = fields.String(
        metadata={"description": "app, phone or desk: how it came in. Owner and coordinators."},
    )
    done_assumed = fields.Boolean(
        metadata={
            "description": "Whether it only counts as done: both sides were asked, and nobody answered. Both sides."
        }
    )


RequestPage = page_schema("RequestPage", RequestSchema)


class RequestQuery(PageQuery):
    quarter = fields.String(validate=validate.Regexp("^[a-z0-9-]{1,64}$"), metadata={"description": "Slug."})
    state = fields.String(
        validate=validate.OneOf(REQUEST_STATES), metadata={"description": "Only those in this state."}
    )
    category = category_field(metadata={"description": "Only those of this kind of help."})
    fits = fields.String(
        validate=validate.OneOf(["me"]),
        metadata={"description": "me: only open ones that you could take now and have not said no to."},
    )
    mine = QueryTruth(metadata={"description": "true: only your own; false: only others'."})


class AssignmentSchema(Given):
    id = fields.UUID(required=True)
    request = fields.UUID(required=True, metadata={"description": "Whose task it is: the request's id."})
    state = word_field("assignment_state")
    accepted_at = Instant(required=True)


class ContactTaken(Taken):
    reason = Text(shortest=1, longest=300, metadata={"description": "Coordinators say why; the resident can read it."})


class ContactSchema(Given):
    name = fields.String(required=True)
    address = fields.String(
        required=True, allow_none=True, metadata={"description": "Street, number, town; null: none was given."}
    )
    phone = fields.String(required=True, allow_none=True, metadata={"description": "The one given with the request."})
    private_note = fields.String(
        required=True, allow_none=True, metadata={"description": "Only for whoever helps; null: nothing was written."}
    )
    code_word = fields.String(required=True, metadata={"description": "Both sides say it at the door."})


class ViewSchema(Given):
    by = fields.String(required=True, metadata={"description": "Name of whoever looked."})
    role = fields.String(required=True, metadata={"description": "volunteer or coordinator."})
    at = Instant(required=True)
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What a coordinator gave as the reason; null for volunteers."},
    )


ViewPage = page_schema("ViewPage", ViewSchema)


class DoneTaken(Taken):
    minutes = Whole(least=0, most=100_000, metadata={"description": "Time it took. In no answer; for the statistics."})
    expenses_cents = Whole(
        least=0,
        most=10_000_000,
        metadata={"description": "Money laid out, in cents. In no answer."},
    )


class StillNeededTaken(Taken):
    needed_until = Instant(metadata={"description": "Required once the old one has passed."})


class ReleaseTaken(Taken):
    person = fields.UUID(metadata={"description": "Required when several people help."})
    no_show = Truth(metadata={"description": "They did not come."})
    reason = Text(shortest=1, longest=300, metadata={"description": "Why; kept with the task."})


class ConfirmTaken(Taken):
    person = fields.UUID(metadata={"description": "Required when several helpers wait."})


class AskedSchema(Given):
    person = fields.UUID(required=True)
    name = fields.String(required=True)
    why = fields.List(fields.String(), required=True, metadata={"description": "Plain sentences in your language."})
    state = word_field("invitation_state")
    answered_at = Instant(required=True, allow_none=True, metadata={"description": "null: no answer yet."})


class WaveSchema(Given):
    number = fields.Integer(required=True, metadata={"description": "1 is the first."})
    at = Instant(required=True)
    asked = fields.List(fields.Nested(AskedSchema), required=True)


class EscalationSchema(Given):
    at = Instant(required=True, metadata={"description": "When the quarter's coordinators were told; once."})
    reason = word_field("escalation_reason")
    asked = fields.Integer(required=True, metadata={"description": "People who had been asked by then."})
    waves = fields.Integer(required=True, metadata={"description": "In so many waves."})
    unreachable = fields.Integer(required=True, metadata={"description": "Of them those whom nothing reaches."})
    declined = fields.Integer(required=True, metadata={"description": "People who had said no."})


class DispatchSchema(Given):
    request = fields.UUID(required=True)
    asked = fields.Integer(required=True, metadata={"description": "People who were asked, in all waves."})
    reachable = fields.Integer(required=True, metadata={"description": "Asked people whom a push or a mail can reach."})
    unreachable = fields.Integer(
        required=True,
        metadata={"description": "Asked people whom neither reaches."},
    )
    accepted = fields.Integer(required=True, metadata={"description": "Asked people who said yes."})
    declined = fields.Integer(required=True, metadata={"description": "Asked people who said no."})
    lapsed = fields.Integer(required=True, metadata={"description": "Asked people for whom it was settled first."})
    standby = fields.Integer(required=True, metadata={"description": "People who would step in."})
    waves = fields.List(fields.Nested(WaveSchema), metadata={"description": "Coordinators only."})
    escalation = fields.Nested(
        EscalationSchema,
        allow_none=True,
        metadata={"description": "Coordinators only. That they were told that help is missing; null: they were not."},
    )
    policy = fields.Nested(
        DispatchSettingsSchema,
        metadata={"description": "Coordinators only. How the quarter asks now; see `updateSettings`."},
    )
