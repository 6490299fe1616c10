"""Sessions, the password and my tasks."""

from marshmallow import fields

from api.schemas import validate
from api.schemas.auth import password_field
from api.schemas.basics import Given, PageQuery, Taken, page_schema, word_field
from api.schemas.fields import Instant
from api.schemas.requests import RequestSchema
from nachbarschaft.passwords import LONGEST
from nachbarschaft.vocabulary import ASSIGNMENT_STATES


class PasswordTaken(Taken):
    old = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST), metadata={"format": "password"})
    new = password_field()


class DeviceSessionSchema(Given):
    id = fields.UUID(required=True)
    created_at = Instant(required=True)
    last_seen_at = Instant(required=True, metadata={"description": "When it last refreshed its token."})
    current = fields.Boolean(required=True, metadata={"description": "true: the one that asks."})


SessionPage = page_schema("SessionPage", DeviceSessionSchema)


class TaskQuery(PageQuery):
    state = fields.String(
        validate=validate.OneOf(ASSIGNMENT_STATES), metadata={"description": "Only those in this state."}
    )


class TaskSchema(Given):
    id = fields.UUID(required=True)
    request = fields.Nested(RequestSchema, required=True)
    state = word_field("assignment_state")
    accepted_at = Instant(required=True)
    ended_at = Instant(required=True, allow_none=True, metadata={"description": "null: not ended yet."})


TaskPage = page_schema("TaskPage", TaskSchema)
