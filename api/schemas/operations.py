"""Problems and health."""

from marshmallow import fields

from api.schemas.basics import Given
from api.schemas.fields import Instant


class ProblemSchema(Given):
    """RFC 9457, with `code`, `errors` and `trace_id` added."""

    type = fields.String(required=True, metadata={"description": "urn:nachbarschaft:problem: and the code."})
    title = fields.String(required=True, metadata={"description": "In the reader's language."})
    status = fields.Integer(required=True, metadata={"description": "The HTTP status."})
    detail = fields.String(required=True, metadata={"description": "What to do, in the reader's language."})
    instance = fields.String(required=True, metadata={"description": "The path that was called."})
    code = fields.String(required=True, metadata={"description": "Stable; for programs."})
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "Field → messages; with 422."},
    )
    trace_id = fields.String(
        required=True, metadata={"description": "What our log knows this answer by; tell it when you report a fault."}
    )


class LiveSchema(Given):
    status = fields.String(required=True, metadata={"description": "live."})


class JobHealthSchema(Given):
    name = fields.String(required=True)
    last_success_at = Instant(required=True, allow_none=True, metadata={"description": "null: never yet."})
    last_error_at = Instant(required=True, allow_none=True, metadata={"description": "null: never yet."})
    last_error = fields.String(
        required=True, allow_none=True, metadata={"description": "The kind of that failure; null: never yet."}
    )
    oldest_due_seconds = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "Age of the oldest row that the job should have handled; null: it is not behind."},
    )


class DeliveryHealthSchema(Given):
    channel = fields.String(required=True, metadata={"description": "push or mail."})
    last_success_at = Instant(required=True, allow_none=True, metadata={"description": "null: never yet."})
    last_error_at = Instant(required=True, allow_none=True, metadata={"description": "null: never yet."})
    last_error = fields.String(
        required=True, allow_none=True, metadata={"description": "A short code for that failure; null: never yet."}
    )
    oldest_due_seconds = fields.Float(
        required=True, allow_none=True, metadata={"description": "Age of the oldest that is due; null: none is."}
    )
    due = fields.Integer(required=True, metadata={"description": "How many should have gone out by now."})


class ReadySchema(Given):
    status = fields.String(
        required=True,
        metadata={"description": "ready, not_ready, or stopping: it still answers, but new calls should go elsewhere."},
    )
    database = fields.Boolean(required=True, metadata={"description": "It answers."})
    migrations = fields.Boolean(required=True, metadata={"description": "The schema is the one this version needs."})
    oldest_due_push_seconds = fields.Float(
        required=True, allow_none=True, metadata={"description": "Age of the oldest push that is due; null: none is."}
    )
    delivery = fields.List(
        fields.Nested(DeliveryHealthSchema),
        required=True,
        metadata={"description": "Each way to reach people; empty while the database does not tell."},
    )
    jobs = fields.List(
        fields.Nested(JobHealthSchema),
        required=True,
        metadata={"description": "Each job of the timetable; empty while the database does not tell."},
    )
