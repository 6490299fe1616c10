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
    email_field,
    page_schema,
    reader_language_field,
    word_field,
)
from api.schemas.fields import Instant, Text, Truth, Whole
from nachbarschaft.queries.channels import KINDS
from nachbarschaft.words import mark as _

ADDRESS_KINDS = ["token", "fid"]
PLATFORMS = ["android", "ios", "web"]
CHANNELS = ["push", "mail"]
INSTALLATION = r"[A-Za-z0-9_-]{8,64}"


class PersonSchema(Given):
    id = fields.UUID(required=True)
    name = fields.String(required=True, metadata={"description": "As they want to be called."})
    email = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "null: none is known; then they sign in otherwise or not at all."},
    )
    pending_email = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "A new e-mail address, until the code that went there is redeemed."},
    )
    phone = fields.String(required=True, allow_none=True, metadata={"description": "E.164."})
    language = fields.String(required=True, metadata={"description": "BCP 47."})
    quarter = fields.String(required=True, metadata={"description": "Slug."})
    home = fields.Nested(
        PlaceSchema, required=True, allow_none=True, metadata={"description": "Where requests are if they do not say."}
    )
    roles = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Of resident, volunteer (has an offer), coordinator, admin."},
    )
    coordinates = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Slugs of the quarters that this person coordinates."},
    )
    verification = word_field("verification")
    protected_address = fields.Boolean(
        required=True,
        metadata={"description": "true: visits are arranged by the coordinator; nobody else gets the address."},
    )
    second_factor = fields.Boolean(
        required=True, metadata={"description": "Whether signing in asks for a second factor."}
    )
    available_until = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "Until when they have said to have time now; null: they have not, or it is over."},
    )


class PersonChange(Taken):
    name = Text(shortest=1, longest=100)
    language = reader_language_field()
    home = fields.Nested(
        PlaceTaken,
        allow_none=True,
        metadata={"description": "A home in another quarter moves the person. Needs a sign-in within 15 minutes."},
    )
    email = email_field(
        metadata={
            "description": "Pending until its code is redeemed; the present one takes that back. Needs a sign-in "
            "within 15 minutes."
        }
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
    kind = word_field("device_kind")
    platform = word_field("platform")
    language = fields.String(required=True)
    app_version = fields.String(required=True)
    seen_at = Instant(required=True, metadata={"description": "When the app registered it last."})


class AvailableNowTaken(Taken):
    until = Instant(required=True, metadata={"description": "When it ends by itself; within the next 12 hours."})


class AvailableNowSchema(Given):
    until = Instant(required=True, metadata={"description": "When it ends by itself."})


class PreferencesTaken(Taken):
    quiet_from = clock_field(
        allow_none=True,
        metadata={"description": "Wall-clock time in the home quarter; null for no quiet hours. Default 22:00."},
    )
    quiet_until = clock_field(
        allow_none=True,
        metadata={"description": "Wall-clock time there; earlier than `quiet_from` means the next day. Default 07:00."},
    )
    urgent_at_night = Truth(metadata={"description": "Urgent requests may ask inside the quiet hours. Default false."})
    pushes_per_day = Whole(
        least=0,
        most=100,
        metadata={"description": "From then on that day nobody asks; the inbox has it all. Default 5."},
    )
    asks_per_week = Whole(
        least=0, most=100, metadata={"description": "Asks within seven days; two more for what is urgent. Default 4."}
    )
    paused_until = Instant(allow_none=True, metadata={"description": "Nobody asks until then."})
    channels = fields.Dict(
        keys=fields.String(validate=validate.OneOf(KINDS)),
        values=fields.List(fields.String(validate=validate.OneOf(CHANNELS)), validate=all_different),
        metadata={
            "description": "Kind → channels, none for the inbox alone. A kind that is missing keeps its default."
        },
    )

    @validates_schema
    def _both_or_none(self, data: dict[str, Any], **_kwargs: object) -> None:
        given = {"quiet_from": "22:00", "quiet_until": "07:00"} | data
        if (given["quiet_from"] is None) != (given["quiet_until"] is None):
            raise ValidationError({"quiet_until": [_("Please give both times, or null for both.")]})
        if given["quiet_from"] is not None and given["quiet_from"] == given["quiet_until"]:
            raise ValidationError({"quiet_until": [_("The two times have to differ. For no quiet hours give null.")]})


class PreferencesSchema(Given):
    quiet_from = fields.String(
        required=True, allow_none=True, metadata={"description": "HH:MM in the home quarter; null for no quiet hours."}
    )
    quiet_until = fields.String(
        required=True, allow_none=True, metadata={"description": "HH:MM in the home quarter; null for no quiet hours."}
    )
    urgent_at_night = fields.Boolean(
        required=True, metadata={"description": "Urgent requests may ask inside the quiet hours."}
    )
    pushes_per_day = fields.Integer(
        required=True, metadata={"description": "Asks and news stop once so many pushes went out on a day."}
    )
    asks_per_week = fields.Integer(
        required=True, metadata={"description": "Asks within seven days; two more for what is urgent."}
    )
    paused_until = Instant(
        required=True, allow_none=True, metadata={"description": "Nobody asks until then; null: not paused."}
    )
    channels = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        required=True,
        metadata={"description": "Kind of notification → channels, beside the inbox, which has everything."},
    )


class NotificationSchema(Given):
    id = fields.UUID(required=True)
    kind = word_field("notification_kind")
    title = fields.String(required=True, metadata={"description": "In your language."})
    body = fields.String(required=True, metadata={"description": "In your language."})
    link = fields.String(
        required=True, metadata={"description": "Opens this entry in the app: nachbarschaft://kind/id."}
    )
    request = fields.UUID(required=True, allow_none=True, metadata={"description": "Which request it is about."})
    created_at = Instant(required=True)
    read_at = Instant(required=True, allow_none=True, metadata={"description": "null: not read yet."})


NotificationPage = page_schema("NotificationPage", NotificationSchema)
