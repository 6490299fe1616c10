"""What a coordinator takes down for somebody without a phone or an account."""

from marshmallow import fields

from api.schemas import validate
from api.schemas.basics import Taken, reader_language_field
from api.schemas.fields import Instant, Text
from api.schemas.requests import RequestTaken

TAKEN_DOWN = ["phone", "desk"]


class OnBehalfOfTaken(Taken):
    name = Text(shortest=1, longest=100, required=True)
    phone = Text(
        shortest=1,
        longest=40,
        validate=[validate.Length(min=1, max=40), validate.phone_number],
        metadata={"description": "Where helpers call. The same phone and name are one person; without, a new one."},
    )
    address = Text(
        shortest=1, longest=300, required=True, metadata={"description": "Where they live: what is on the envelope."}
    )
    language = reader_language_field(required=True, metadata={"description": "Of letters to them."})


class ConsentTaken(Taken):
    given_at = Instant(required=True, metadata={"description": "When they agreed; at most 30 days ago."})
    text_version = Text(
        shortest=1,
        longest=40,
        required=True,
        metadata={"description": "Version of the text that was read to them; the operator's to name."},
    )


class RequestOnBehalfTaken(RequestTaken):
    """A request, and for whom it is."""

    on_behalf_of = fields.Nested(OnBehalfOfTaken, required=True)
    consent = fields.Nested(ConsentTaken, required=True)
    channel = fields.String(
        required=True,
        validate=validate.OneOf(TAKEN_DOWN),
        metadata={"description": "Whether they called or came."},
    )
