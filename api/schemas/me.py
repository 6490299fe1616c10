"""People as they see themselves, their devices, preferences and inbox."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from api.schemas import validate
from api.schemas.basics import (
    Given,
    PlaceSchema,
    PlaceTaken,
    Taken,
    all_different,
    clock_field,
    page_schema,
    reader_language_field,
)
from api.schemas.fields import Instant, Text, Truth, Whole
from nachbarschaft.queries.channels import KINDS
from nachbarschaft.words import mark as _

ADDRESS_KINDS = ["token", "fid"]
PLATFORMS = ["android", "ios", "web"]
INSTALLATION = r"[A-Za-z0-9_-]{8,64}"


class PersonSchema(Given):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    email = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    language = fields.String(required=True, metadata={"description": "BCP 47."})
    quarter = fields.String(required=True, metadata={"description": "Slug."})
    home = fields.Nested(PlaceSchema, required=True, allow_none=True)
    roles = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Of resident, volunteer, coordinator, admin."},
    )
    coordinates = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Slugs of the quarters that this person coordinates."},
    )
    verification = fields.String(required=True, metadata={"description": "new, known or certified."})
    protected_address = fields.Boolean(required=True)
    second_factor = fields.Boolean(
        required=True, metadata={"description": "Whether signing in asks for a second factor."}
    )


class PersonChange(Taken):
    name = Text(shortest=1, longest=100)
    language = reader_language_field()
    home = fields.Nested(
        PlaceTaken,
        allow_none=True,
        metadata={"description": "A home in another quarter moves the person. Needs a sign-in within 15 minutes."},
    )


class DeviceTaken(Taken):
    address = fields.String(
        required=True,
        validate=validate.Length(min=1, max=4096),
        metadata={"description": "What FCM gave the app; never shown again."},
    )
    kind = fields.String(
        required=True,
        validate=validate.OneOf(ADDRESS_KINDS),
        metadata={"description": "Registration token or Firebase installation id."},
    )
    platform = fields.String(required=True, validate=validate.OneOf(PLATFORMS))
    language = reader_language_field(required=True)
    app_version = Text(shortest=1, longest=40, required=True)


class DeviceSchema(Given):
    installation = fields.String(required=True)
    kind = fields.String(required=True)
    platform = fields.String(required=True)
    language = fields.String(required=True)
    app_version = fields.String(required=True)
    seen_at = Instant(required=True)


class PreferencesTaken(Taken):
    quiet_from = clock_field(
        allow_none=True,
        metadata={"description": "Wall-clock time in the home quarter; null for no quiet hours."},
    )
    quiet_until = clock_field(allow_none=True)
    urgent_at_night = Truth(metadata={"description": "Urgent requests may ask inside the quiet hours."})
    pushes_per_day = Whole(
        least=0,
        most=100,
        metadata={"description": "From then on that day nobody asks; the inbox has it all."},
    )
    asks_per_week = Whole(
        least=0, most=100, metadata={"description": "Asks within seven days; two more for what is urgent."}
    )
    paused_until = Instant(allow_none=True, metadata={"description": "Nobody asks until then."})
    channels = fields.Dict(
        keys=fields.String(validate=validate.OneOf(KINDS)),
        values=fields.List(fields.String(validate=validate.OneOf(["push"])), validate=all_different),
        metadata={"description": "Kind → channels; a kind that is missing keeps its default."},
    )

    @validates_schema
    def _both_or_none(self, data: dict[str, Any], **_kwargs: object) -> None:
        given = {"quiet_from": "22:00", "quiet_until": "07:00"} | data
        if (given["quiet_from"] is None) != (given["quiet_until"] is None):
            raise ValidationError({"quiet_until": [_("Please give both times, or null for both.")]})
        if given["quiet_from"] is not None and given["quiet_from"] == given["quiet_until"]:
            raise ValidationError({"quiet_until": [_("The two times have to differ. For no quiet hours give null.")]})


class PreferencesSchema(Given):
    quiet_from = fields.String(required=True, allow_none=True)
    quiet_until = fields.String(required=True, allow_none=True)
    urgent_at_night = fields.Boolean(required=True)
    pushes_per_day = fields.Integer(required=True)
    asks_per_week = fields.Integer(required=True)
    paused_until = Instant(required=True, allow_none=True)
    channels = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)


class NotificationSchema(Given):
    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    link = fields.String(required=True)
    request = fields.UUID(required=True, allow_none=True)
    created_at = Instant(required=True)
    read_at = Instant(required=True, allow_none=True)


NotificationPage = page_schema("NotificationPage", NotificationSchema)
