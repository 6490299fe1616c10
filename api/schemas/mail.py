"""What a mail program sends to stop mails."""

from marshmallow import fields

from api.schemas import validate
from api.schemas.basics import Taken

ONE_CLICK = "One-Click"


class OneClickTaken(Taken):
    list_unsubscribe = fields.String(
        required=True,
        data_key="List-Unsubscribe",
        validate=validate.OneOf([ONE_CLICK]),
        metadata={"description": "As RFC 8058 has it."},
    )
