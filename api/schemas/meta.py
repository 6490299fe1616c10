"""All words with their labels, whom to call, and when offices are closed."""

from marshmallow import fields

from api.schemas import validate
from api.schemas.basics import Given, Taken
from api.schemas.settings import ClosureSchema, OfficeSchema
from nachbarschaft.labels import LABELS


class MetaQuery(Taken):
    quarter = fields.String(
        validate=validate.Regexp("^[a-z0-9-]{1,64}$"),
        metadata={"description": "Slug: contact and closures of this quarter alone."},
    )


class WordSchema(Given):
    key = fields.String(required=True, metadata={"description": "What the API says."})
    label = fields.String(required=True, metadata={"description": "What people read, in the asked language."})


class LanguageSchema(WordSchema):
    own_name = fields.String(required=True, metadata={"description": "The language's name in itself."})
    dir = fields.String(required=True, metadata={"description": "Writing direction: ltr or rtl."})


class CategorySchema(WordSchema):
    description = fields.String(required=True)
    requires = fields.String(
        required=True, metadata={"description": "Least verification of a volunteer: none, known or certified."}
    )
    field_of_action = fields.String(required=True, metadata={"description": "Key of one of `fields_of_action`."})
    exclusions = fields.List(
        fields.String(), required=True, metadata={"description": "What this is not, a sentence each."}
    )


class ContactCardSchema(OfficeSchema):
    quarter = fields.String(required=True, metadata={"description": "Slug."})
    closed_until = fields.Date(
        required=True,
        allow_none=True,
        metadata={"description": "Last day of the closure that holds today by the quarter's calendar; null: none."},
    )


class QuarterClosureSchema(ClosureSchema):
    quarter = fields.String(required=True, metadata={"description": "Slug."})


_WORDS = fields.List(fields.Nested(WordSchema), required=True)

EnumsSchema = Given.from_dict(dict.fromkeys(LABELS, _WORDS), name="EnumsSchema")
MinimumVersionsSchema = Given.from_dict(
    {
        platform: fields.String(required=True, allow_none=True, metadata={"description": "null: any will do."})
        for platform in LABELS["platform"]
    },
    name="MinimumVersionsSchema",
)


class MetaSchema(Given):
    languages = fields.List(
        fields.Nested(LanguageSchema), required=True, metadata={"description": "Those that we write in."}
    )
    enums = fields.Nested(
        EnumsSchema,
        required=True,
        metadata={"description": "Every fixed choice; keys of `weekday` are the numbers as text, 0 is Monday."},
    )
    categories = fields.List(
        fields.Nested(CategorySchema), required=True, metadata={"description": "In the order to offer them in."}
    )
    fields_of_action = fields.List(fields.Nested(WordSchema), required=True)
    emergency_number = fields.String(required=True)
    contact = fields.List(
        fields.Nested(ContactCardSchema),
        required=True,
        metadata={"description": "One per quarter; null where its office has not said."},
    )
    closures = fields.List(
        fields.Nested(QuarterClosureSchema),
        required=True,
        metadata={"description": "Present and coming ones, the earliest first."},
    )
    minimum_app_versions = fields.Nested(
        MinimumVersionsSchema, required=True, metadata={"description": "null: every version is welcome."}
    )
    version = fields.String(required=True, metadata={"description": "Of this server."})
