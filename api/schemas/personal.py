"""What people get of their own data, and what erasing it takes."""

from marshmallow import fields

from api.schemas import validate
from api.schemas.basics import Given, Taken
from api.schemas.fields import Instant
from nachbarschaft.passwords import LONGEST


class ErasureTaken(Taken):
    password = fields.String(
        required=True,
        validate=validate.Length(min=1, max=LONGEST),
        metadata={"format": "password", "description": "The one that you sign in with."},
    )


def _row_field() -> fields.Dict:
    """Columns and what stands in them, of any type."""
    told = fields.Raw(allow_none=True, metadata={"description": "As it is kept; times are RFC 3339, in UTC."})
    return fields.Dict(keys=fields.String(), values=told)


class LookSchema(Given):
    request = fields.UUID(required=True)
    by = fields.String(required=True, metadata={"description": "Their name."})
    role = fields.String(required=True, metadata={"description": "`volunteer` or `coordinator`."})
    at = Instant(required=True)
    reason = fields.String(required=True, allow_none=True, metadata={"description": "null: a helper needs none."})


class ExportSchema(Given):
    person = fields.UUID(required=True, metadata={"description": "Whom it is about."})
    made_at = Instant(required=True)
    data = fields.Dict(
        required=True,
        keys=fields.String(),
        values=fields.List(_row_field()),
        metadata={"description": "Table → its rows that are yours, column by column."},
    )
    looks = fields.List(
        fields.Nested(LookSchema), required=True, metadata={"description": "Who looked at your address and telephone."}
    )
    help_received = fields.List(
        _row_field(),
        required=True,
        metadata={"description": "Each help that you got, without saying by whom."},
    )
    meaning = fields.Dict(
        required=True,
        keys=fields.String(),
        values=fields.Dict(keys=fields.String(), values=fields.Dict(keys=fields.String(), values=fields.String())),
        metadata={
            "description": "Of tables with rows of yours: column → `purpose` and how long it is `kept`, in English."
        },
    )
