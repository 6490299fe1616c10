"""Offers and invitations."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from api.schemas import validate
from api.schemas.basics import (
    CLOCK,
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
    weekday = fields.Integer(required=True)
    from_ = fields.String(required=True, data_key="from", attribute="from")
    until = fields.String(required=True)


def _categories(**kwargs: Any) -> fields.List[Any]:
    return fields.List(category_field(), validate=[validate.Length(min=1), all_different], **kwargs)


def _availability(**kwargs: Any) -> fields.List[Any]:
    return fields.List(
        fields.Nested(SlotTaken),
        validate=validate.Length(max=100),
        metadata={"description": "Weekly, wall-clock time of the quarter; empty: any time."},
        **kwargs,
    )


class _Wish(Taken):
    has_car = Truth()
    place = fields.Nested(PointTaken, metadata={"description": "Where you set out from; the home if left out."})


class OfferTaken(_Wish):
    categories = _categories(required=True)
    languages = spoken_languages_field(required=True)
    availability = _availability(required=True)
    reach = fields.String(required=True, validate=validate.OneOf(REACHES))
    tasks_per_week = Whole(least=1, most=50, required=True)
    adult = Truth(metadata={"description": "Has to be true: volunteers are adults."})


class OfferChange(_Wish):
    categories = _categories()
    languages = spoken_languages_field()
    availability = _availability()
    reach = fields.String(validate=validate.OneOf(REACHES))
    tasks_per_week = Whole(least=1, most=50)
    paused_until = Instant(
        allow_none=True,
        metadata={"description": "Nobody asks by this offer until then; null ends the pause."},
    )

    @validates_schema
    def _something(self, data: dict[str, Any], **_kwargs: object) -> None:
        if not data:
            raise ValidationError(_("Please send what is to change."))


class OfferSchema(Given):
    id = fields.UUID(required=True)
    quarter = fields.String(required=True)
    categories = fields.List(fields.String(), required=True)
    languages = fields.List(fields.String(), required=True)
    availability = fields.List(fields.Nested(SlotSchema), required=True)
    reach = fields.String(required=True)
    tasks_per_week = fields.Integer(required=True)
    has_car = fields.Boolean(required=True)
    adult = fields.Boolean(required=True)
    place = fields.Nested(PointSchema, required=True, allow_none=True)
    paused_until = Instant(required=True, allow_none=True)
    created_at = Instant(required=True)
    version = fields.Integer(required=True)


OfferPage = page_schema("OfferPage", OfferSchema)


class InvitationQuery(PageQuery):
    state = fields.String(validate=validate.OneOf(INVITATION_STATES))


class InvitationSchema(Given):
    id = fields.UUID(required=True)
    request = fields.Nested(PublicRequestSchema, required=True)
    state = fields.String(required=True)
    wave = fields.Integer(required=True)
    asked_at = Instant(required=True)
    answered_at = Instant(required=True, allow_none=True)
    why = fields.List(fields.String(), required=True, metadata={"description": "Plain sentences in your language."})


InvitationPage = page_schema("InvitationPage", InvitationSchema)
