"""Offers and invitations."""

from typing import Any

from marshmallow import fields

from api.schemas import validate
from api.schemas.basics import (
    CLOCK,
    Change,
    Given,
    PageQuery,
    PointSchema,
    PointTaken,
    Taken,
    all_different,
    category_field,
    clock_field,
    page_schema,
    spoken_languages_field,
    word_field,
)
from api.schemas.fields import Instant, Truth, Whole
from api.schemas.requests import PublicRequestSchema
from nachbarschaft.vocabulary import INVITATION_STATES
from nachbarschaft.words import mark as _

REACHES = ["quarter", "neighbours"]


class SlotTaken(Taken):
    weekday = Whole(least=0, most=6, required=True, metadata={"description": "0 is Monday."})
    from_ = clock_field(required=True, data_key="from", attribute="from")
    until = fields.String(
        required=True,
        validate=validate.Regexp(rf"^({CLOCK.pattern}|24:00)$", error=_("Please write times as HH:MM.")),
        metadata={"description": "24:00 is the day's end; not after `from` means the next day."},
    )


class SlotSchema(Given):
    weekday = fields.Integer(required=True, metadata={"description": "0 is Monday."})
    from_ = fields.String(
        required=True,
        data_key="from",
        attribute="from",
        metadata={"description": "HH:MM, wall-clock time of the quarter."},
    )
    until = fields.String(
        required=True, metadata={"description": "HH:MM or 24:00; not after `from` means the next day."}
    )


def _categories(**kwargs: Any) -> fields.List[Any]:
    return fields.List(category_field(), validate=[validate.Length(min=1), all_different], **kwargs)


def _availability(**kwargs: Any) -> fields.List[Any]:
    return fields.List(
        fields.Nested(SlotTaken),
        validate=validate.Length(max=100),
        metadata={"description": "Weekly, wall-clock time of the quarter; empty: any time. Quiet hours hold too."},
        **kwargs,
    )


class _Wish(Taken):
    has_car = Truth(metadata={"description": "Default false."})
    place = fields.Nested(PointTaken, metadata={"description": "Where you set out from; the home if left out."})


class OfferTaken(_Wish):
    categories = _categories(required=True)
    languages = spoken_languages_field(required=True)
    availability = _availability(required=True)
    reach = fields.String(required=True, validate=validate.OneOf(REACHES))
    tasks_per_week = Whole(
        least=1, most=50, required=True, metadata={"description": "Tasks within seven days, at most."}
    )
    asks_per_week = Whole(
        least=0,
        most=100,
        metadata={"description": "How often you want to be asked within seven days; sets it in your preferences."},
    )
    adult = Truth(metadata={"description": "Required, and has to be true: volunteers are adults."})


class OfferChange(_Wish, Change):
    categories = _categories()
    languages = spoken_languages_field()
    availability = _availability()
    reach = fields.String(validate=validate.OneOf(REACHES))
    tasks_per_week = Whole(least=1, most=50, metadata={"description": "Tasks within seven days, at most."})
    paused_until = Instant(
        allow_none=True,
        metadata={"description": "Nobody asks by this offer until then; null ends the pause."},
    )


class OfferSchema(Given):
    id = fields.UUID(required=True)
    quarter = fields.String(required=True, metadata={"description": "Slug."})
    categories = fields.List(fields.String(), required=True)
    languages = fields.List(fields.String(), required=True)
    availability = fields.List(fields.Nested(SlotSchema), required=True)
    reach = word_field("reach")
    tasks_per_week = fields.Integer(required=True, metadata={"description": "Tasks within seven days, at most."})
    has_car = fields.Boolean(required=True, metadata={"description": "true: can drive somewhere."})
    adult = fields.Boolean(required=True, metadata={"description": "true: said so when offering."})
    place = fields.Nested(
        PointSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Where they set out from; null: the home, else the quarter's centre."},
    )
    paused_until = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "Nobody asks by this offer until then; null: not paused."},
    )
    created_at = Instant(required=True)
    version = fields.Integer(required=True, metadata={"description": "Grows with every change."})


OfferPage = page_schema("OfferPage", OfferSchema)


class InvitationQuery(PageQuery):
    state = fields.String(
        validate=validate.OneOf(INVITATION_STATES), metadata={"description": "Only those in this state."}
    )


class InvitationSchema(Given):
    id = fields.UUID(required=True)
    request = fields.Nested(PublicRequestSchema, required=True)
    state = word_field("invitation_state")
    wave = fields.Integer(required=True, metadata={"description": "1 is the first."})
    asked_at = Instant(required=True)
    answered_at = Instant(required=True, allow_none=True, metadata={"description": "null: no answer yet."})
    why = fields.List(fields.String(), required=True, metadata={"description": "Plain sentences in your language."})


InvitationPage = page_schema("InvitationPage", InvitationSchema)
