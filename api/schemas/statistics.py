"""A quarter's figures, for coordinators."""

from marshmallow import fields

from api.schemas import validate
from api.schemas.basics import Given, Taken
from api.schemas.fields import Day
from nachbarschaft.queries.tallies import GROUPINGS


class StatisticsQuery(Taken):
    from_ = Day(
        data_key="from",
        attribute="from",
        metadata={"description": "The first day, by the quarter's calendar; 29 days before `until` if left out."},
    )
    until = Day(metadata={"description": "The last day, included; today if left out. At most three years (1098 days)."})
    by = fields.String(
        load_default="category",
        validate=validate.OneOf(list(GROUPINGS)),
        metadata={"description": "What the requests are grouped by; `language` is the requester's."},
    )


class StatisticsRowSchema(Given):
    group = fields.String(
        required=True, metadata={"description": "A key, or 2026-12-31, 2026-W53, 2026-12 by the quarter's calendar."}
    )
    label = fields.String(required=True, metadata={"description": "The group in your language."})
    withheld = fields.Boolean(
        required=True,
        metadata={
            "description": "true: fewer than five requests, or needed to hide such a group; every figure is null."
        },
    )
    requests = fields.Integer(required=True, allow_none=True, metadata={"description": "Created in the period."})
    filled = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Ever had all the helpers they needed."}
    )
    done = fields.Integer(required=True, allow_none=True, metadata={"description": "That are done now."})
    expired = fields.Integer(required=True, allow_none=True, metadata={"description": "That are expired now."})
    cancelled = fields.Integer(required=True, allow_none=True, metadata={"description": "That are cancelled now."})
    median_minutes_to_match = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "From creation to the first yes; null also where nobody said yes."},
    )
    hours = fields.Float(required=True, allow_none=True, metadata={"description": "That helpers say it took."})


class StatisticsSchema(Given):
    from_ = fields.Date(required=True, data_key="from", attribute="from")
    until = fields.Date(required=True)
    by = fields.String(required=True)
    rows = fields.List(
        fields.Nested(StatisticsRowSchema),
        required=True,
        metadata={"description": "Time in its order, else the largest first; groups without a request are left out."},
    )
