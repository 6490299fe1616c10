"""Members and activity, for coordinators."""

from marshmallow import fields

from api.schemas import validate
from api.schemas.basics import Given, Taken, page_schema, word_field
from api.schemas.fields import Day, Instant

LEVELS = ["new", "known", "certified"]


class VerifyTaken(Taken):
    level = fields.String(required=True, validate=validate.OneOf(LEVELS))
    seen_on = Day(required=True, metadata={"description": "When the ID or certificate was seen. It is never uploaded."})
    valid_until = Day(metadata={"description": "Of the certificate; required for certified."})


class MemberSchema(Given):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    language = fields.String(required=True, metadata={"description": "BCP 47."})
    roles = fields.List(
        fields.String(), required=True, metadata={"description": "Of resident, volunteer, coordinator, admin."}
    )
    verification = word_field("verification")
    verified_on = fields.Date(
        required=True, allow_none=True, metadata={"description": "When the ID or certificate was seen."}
    )
    verified_until = fields.Date(required=True, allow_none=True, metadata={"description": "Of the certificate."})
    active_tasks = fields.Integer(required=True, metadata={"description": "Tasks that they have now."})
    suspended = fields.Boolean(required=True, metadata={"description": "true: may not take part for now."})
    created_at = Instant(required=True)


MemberPage = page_schema("MemberPage", MemberSchema)


class ActivitySchema(Given):
    id = fields.UUID(required=True)
    at = Instant(required=True)
    kind = fields.String(
        required=True, metadata={"description": "A stable word such as request_opened or accepted; `text` says it."}
    )
    request = fields.UUID(
        required=True, allow_none=True, metadata={"description": "Which request it is about; null: none."}
    )
    actor = fields.UUID(
        required=True, allow_none=True, metadata={"description": "Whose doing it was; null: nobody's, a job's."}
    )
    text = fields.String(required=True, metadata={"description": "A plain sentence in your language."})


ActivityPage = page_schema("ActivityPage", ActivitySchema)
