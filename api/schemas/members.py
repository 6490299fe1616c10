"""Members and activity, for coordinators."""

from marshmallow import fields

from api.schemas import validate
from api.schemas.basics import Given, Taken, page_schema
from api.schemas.fields import Day, Instant


class VerifyTaken(Taken):
    level = fields.String(required=True, validate=validate.OneOf(["new", "known", "certified"]))
    seen_on = Day(required=True, metadata={"description": "When the ID or certificate was seen. It is never uploaded."})
    valid_until = Day(metadata={"description": "Of the certificate; required for certified."})


class MemberSchema(Given):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    language = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    verification = fields.String(required=True)
    verified_on = fields.Date(required=True, allow_none=True)
    verified_until = fields.Date(required=True, allow_none=True)
    active_tasks = fields.Integer(required=True)
    suspended = fields.Boolean(required=True)
    created_at = Instant(required=True)


MemberPage = page_schema("MemberPage", MemberSchema)


class ActivitySchema(Given):
    id = fields.UUID(required=True)
    at = Instant(required=True)
    kind = fields.String(required=True)
    request = fields.UUID(required=True, allow_none=True)
    actor = fields.UUID(required=True, allow_none=True)
    text = fields.String(required=True, metadata={"description": "A plain sentence in your language."})


ActivityPage = page_schema("ActivityPage", ActivitySchema)
