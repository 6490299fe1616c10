"""What many schemas share."""

import re
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validates_schema

from api.schemas import validate
from api.schemas.fields import Number, QueryWhole, Text
from nachbarschaft.categories import CATEGORIES
from nachbarschaft.labels import LABELS
from nachbarschaft.words import LANGUAGES
from nachbarschaft.words import mark as _

CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_SPOKEN = r"[a-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}"


class Taken(Schema):
    """Something a caller sends: unknown fields are refused."""

    class Meta:
        unknown = RAISE


class Change(Taken):
    """Fields of something that is there: what is left out stays as it is, and at least one has to be sent."""

    @validates_schema
    def _something(self, data: dict[str, Any], **_kwargs: object) -> None:
        if not data:
            raise ValidationError(_("Please send what is to change."))


class Given(Schema):
    """Something we answer: readers must tolerate fields that come later."""

    class Meta:
        unknown = EXCLUDE


class NothingSchema(Taken):
    """No fields at all."""


class PageQuery(Taken):
    """Which part of a list is wanted."""

    limit = QueryWhole(least=1, most=100, load_default=20, metadata={"description": "Entries per page."})
    after = fields.String(
        load_default=lambda: None,  # no default for the document to show: whoever has no cursor sends none
        validate=validate.Length(min=1, max=300),
        metadata={"description": "The cursor `next` of the page before."},
    )


class PointSchema(Given):
    lat = fields.Float(required=True, metadata={"description": "Degrees north (WGS 84)."})
    lon = fields.Float(required=True, metadata={"description": "Degrees east (WGS 84)."})


class PointTaken(Taken):
    lat = Number(least=-90, most=90, required=True, metadata={"description": "Degrees north (WGS 84)."})
    lon = Number(least=-180, most=180, required=True, metadata={"description": "Degrees east (WGS 84)."})


class PlaceTaken(PointTaken):
    address = Text(
        shortest=1,
        longest=300,
        required=True,
        metadata={"description": "Street, number, town: what is on the envelope."},
    )


class PlaceSchema(PointSchema):
    lat = fields.Float(required=True, allow_none=True, metadata={"description": "Degrees north (WGS 84)."})
    lon = fields.Float(required=True, allow_none=True, metadata={"description": "Degrees east (WGS 84)."})
    address = fields.String(
        required=True, allow_none=True, metadata={"description": "Street, number, town: what is on the envelope."}
    )


def page_schema(name: str, item: type[Schema]) -> type[Schema]:
    """The schema of a list: its items and the cursor of what follows."""
    return Given.from_dict(
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next": fields.String(
                required=True,
                allow_none=True,
                metadata={"description": "Cursor of the next page; null at the end."},
            ),
        },
        name=name,
    )


def word_field(enum: str) -> fields.String:
    """A fixed word that we give. The document lists what there is today; readers must tolerate what comes later."""
    words = ", ".join(LABELS[enum])
    return fields.String(
        required=True, metadata={"description": f"One of {words}; labels in `enums.{enum}` of `getMeta`."}
    )


def category_field(**kwargs: Any) -> fields.String:
    return fields.String(validate=validate.OneOf(list(CATEGORIES)), **kwargs)


def reader_language_field(**kwargs: Any) -> fields.String:
    """A language that we write in."""
    return fields.String(validate=validate.OneOf(list(LANGUAGES)), **kwargs)


def spoken_languages_field(**kwargs: Any) -> fields.List[Any]:
    """Languages that people speak: any BCP 47 tag."""
    tag = fields.String(validate=validate.Regexp(f"^{_SPOKEN}$", error=_("This is not a language tag such as “de”.")))
    return fields.List(tag, validate=[validate.Length(max=20), all_different], **kwargs)


def email_field(**kwargs: Any) -> fields.Email:
    return fields.Email(validate=validate.Length(max=254), **kwargs)


def clock_field(**kwargs: Any) -> fields.String:
    """A wall-clock time "HH:MM"."""
    return fields.String(
        validate=validate.Regexp(f"^{CLOCK.pattern}$", error=_("Please write times as HH:MM.")), **kwargs
    )


def all_different(values: list[Any]) -> None:
    if len({str(value) for value in values}) != len(values):
        raise ValidationError(_("Something stands here twice."))
