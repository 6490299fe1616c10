"""The second factor."""

from marshmallow import fields

from api.schemas.auth import otp_field
from api.schemas.basics import Given, Taken


class SecondFactorSchema(Given):
    secret = fields.String(required=True, metadata={"description": "Base32, to be typed into an authenticator app."})
    uri = fields.String(required=True, metadata={"description": "otpauth://, the same for a QR code."})
    recovery_codes = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Ten; each signs in once without the phone. Shown this once: write them down."},
    )


class ConfirmSecondFactorTaken(Taken):
    otp = otp_field(required=True)
