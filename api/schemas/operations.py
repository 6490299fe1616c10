"""Problems and health."""

from marshmallow import fields

from api.schemas.basics import Given
from api.schemas.fields import Instant


class ProblemSchema(Given):
    """RFC 9457, with `code`, `errors` and `trace_id` added."""

    type = fields.String(required=True)
    title = fields.String(required=True, metadata={"description": "In the reader's language."})
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "What to do, in the reader's language."})
    instance = fields.String(required=True)
    code = fields.String(required=True, metadata={"description": "Stable; for programs."})
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "Field → messages; with 422."},
    )
    trace_id = fields.String(required=True)


class LiveSchema(Given):
    status = fields.String(required=True)


class JobHealthSchema(Given):
    name = fields.String(required=True)
    last_success_at = Instant(required=True, allow_none=True)
    last_error_at = Instant(required=True, allow_none=True)


class ReadySchema(Given):
    status = fields.String(required=True, metadata={"description": "ready or not_ready."})
    database = fields.Boolean(required=True)
    migrations = fields.Boolean(required=True, metadata={"description": "The schema is the one this version needs."})
    oldest_due_push_seconds = fields.Float(required=True, allow_none=True)
    jobs = fields.List(fields.Nested(JobHealthSchema), required=True)
