"""A quarter's settings, for its coordinators."""

import dataclasses
from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from api.schemas import validate
from api.schemas.basics import Change, Given, Taken
from api.schemas.fields import Day, Instant, Number, Text, Whole
from nachbarschaft.matching.policy import DEFAULT_POLICY, TUNABLE, Parameter, Policy
from nachbarschaft.services.settings import ClosedDays
from nachbarschaft.vocabulary import FIRST_TASKS_LIMIT
from nachbarschaft.words import mark as _

MOST_CLOSURES = 50
_WHOLE = {field.name for field in dataclasses.fields(Policy) if field.type is int}


def _taken(name: str, parameter: Parameter) -> fields.Field[Any]:
    """Whole numbers stay whole; `null` puts the default back."""
    default = getattr(DEFAULT_POLICY, name)
    told = {"description": f"{parameter.meaning} Default {default}; null puts that back."}
    if name in _WHOLE:
        return Whole(least=int(parameter.least), most=int(parameter.most), allow_none=True, metadata=told)
    return Number(least=parameter.least, most=parameter.most, allow_none=True, metadata=told)


def _given(name: str, parameter: Parameter) -> fields.Field[Any]:
    kind = fields.Integer if name in _WHOLE else fields.Float
    return kind(required=True, metadata={"description": parameter.meaning})


DispatchTaken = Taken.from_dict({name: _taken(name, each) for name, each in TUNABLE.items()}, name="DispatchTaken")
DispatchSettingsSchema = Given.from_dict(
    {name: _given(name, each) for name, each in TUNABLE.items()}, name="DispatchSettingsSchema"
)


class ClosureTaken(Taken):
    from_ = Day(
        required=True,
        data_key="from",
        attribute="from_day",
        metadata={"description": "First day, by the quarter's calendar."},
    )
    until = Day(
        required=True,
        attribute="until_day",
        metadata={"description": "Last day, included; at most a year after the first."},
    )
    reason = Text(longest=200, allow_none=True, metadata={"description": "For everybody to see."})

    @post_load
    def _as_days(self, data: dict[str, Any], **_kwargs: object) -> ClosedDays:
        return ClosedDays(**data)


class OfficeTaken(Taken):
    name = Text(longest=120, allow_none=True, metadata={"description": "What the office is called."})
    phone = Text(longest=40, allow_none=True, metadata={"description": "Without a country code it is German."})
    email = fields.Email(
        allow_none=True, validate=validate.Length(max=254), metadata={"description": "Where people may write to."}
    )
    hours = Text(longest=200, allow_none=True, metadata={"description": "When it can be reached, in words."})

    @validates_schema
    def _something(self, data: dict[str, Any], **_kwargs: object) -> None:
        if not any(data.values()):
            raise ValidationError(_("Please say how the office can be reached, or null for no contact."))


class SettingsTaken(Change):
    dispatch = fields.Nested(DispatchTaken, metadata={"description": "What is left out stays as it is."})
    confirm_first_tasks = Whole(
        least=0,
        most=FIRST_TASKS_LIMIT,
        metadata={"description": "How many first tasks of a new volunteer wait for a coordinator's word."},
    )
    closures = fields.List(
        fields.Nested(ClosureTaken),
        validate=validate.Length(max=MOST_CLOSURES),
        metadata={"description": "All days on which the office is closed; replaces the earlier list. No overlaps."},
    )
    contact = fields.Nested(
        OfficeTaken,
        allow_none=True,
        metadata={"description": "How everybody reaches the office; replaces the earlier one. null for none."},
    )


class OfficeSchema(Given):
    name = fields.String(required=True, allow_none=True, metadata={"description": "What the office is called."})
    phone = fields.String(required=True, allow_none=True, metadata={"description": "E.164."})
    email = fields.String(required=True, allow_none=True, metadata={"description": "Where people may write to."})
    hours = fields.String(required=True, allow_none=True, metadata={"description": "When it can be reached, in words."})


class ClosureSchema(Given):
    from_ = fields.Date(required=True, data_key="from", attribute="from")
    until = fields.Date(required=True, metadata={"description": "Included."})
    reason = fields.String(
        required=True, allow_none=True, metadata={"description": "For everybody to see; null: none was given."}
    )


class SettingsSchema(Given):
    quarter = fields.String(required=True, metadata={"description": "Slug."})
    dispatch = fields.Nested(
        DispatchSettingsSchema, required=True, metadata={"description": "What holds, defaults included."}
    )
    changed = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "The parameters of `dispatch` that this quarter has set for itself."},
    )
    confirm_first_tasks = fields.Integer(
        required=True,
        metadata={"description": "How many first tasks of a new volunteer wait for a coordinator's word."},
    )
    closures = fields.List(fields.Nested(ClosureSchema), required=True, metadata={"description": "Earliest first."})
    contact = fields.Nested(
        OfficeSchema,
        required=True,
        allow_none=True,
        metadata={"description": "How everybody reaches the office; null: not told."},
    )
    updated_at = Instant(required=True, allow_none=True, metadata={"description": "null: never changed."})
