"""Signing up, in and out."""

from marshmallow import fields

from api.schemas import validate
from api.schemas.basics import Given, Taken, email_field, reader_language_field
from api.schemas.fields import Text
from api.schemas.me import PersonSchema
from nachbarschaft.passwords import LONGEST, SHORTEST
from nachbarschaft.words import mark as _


def password_field() -> fields.String:
    """A new password."""
    return fields.String(
        required=True,
        validate=validate.Length(
            min=SHORTEST, max=LONGEST, error=_("Please choose at least 15 characters; a few words are fine.")
        ),
        metadata={
            "description": "15 to 256 characters, no other rules; a few words in a row are good.",
            "format": "password",
        },
    )


def otp_field(*, required: bool) -> fields.String:
    """What a second factor shows."""
    return fields.String(
        required=required,
        validate=validate.Length(min=1, max=40),
        metadata={"description": "The six digits of the authenticator app. At sign-in, or a recovery code."},
    )


class SignUpTaken(Taken):
    email = email_field(required=True)
    password = password_field()
    name = Text(shortest=1, longest=100, required=True)
    quarter = fields.String(
        required=True,
        validate=validate.Length(min=1, max=64),
        metadata={"description": "Slug of the quarter."},
    )
    language = reader_language_field(required=True)
    notice_version = Text(
        shortest=1,
        longest=40,
        metadata={"description": "Version of the privacy notice that was shown; the operator's to name."},
    )


class SignInTaken(Taken):
    login = fields.String(
        required=True,
        validate=validate.Length(min=1, max=254),
        metadata={"description": "E-mail address, or a phone number with which one has signed up."},
    )
    password = fields.String(
        required=True, validate=validate.Length(min=1, max=LONGEST), metadata={"format": "password"}
    )
    otp = otp_field(required=False)


class RefreshTaken(Taken):
    refresh_token = fields.String(required=True, validate=validate.Length(min=1, max=200))


class CodesTaken(Taken):
    login = fields.String(
        required=True,
        validate=validate.Length(min=1, max=254),
        metadata={"description": "E-mail address, or a phone number with which one has signed up."},
    )


class CodesSchema(Given):
    detail = fields.String(required=True, metadata={"description": "What to tell people; the same for every login."})


class RedeemTaken(Taken):
    code = fields.String(
        required=True,
        validate=validate.Length(min=1, max=40),
        metadata={"description": "The one-time code; dashes, spaces and case do not matter."},
    )
    password = password_field()
    email = email_field(required=False)
    phone = fields.String(
        validate=[validate.Length(max=40), validate.phone_number],
        metadata={"description": "A phone number; only for people without a login."},
    )


class SessionSchema(Given):
    access_token = fields.String(required=True, metadata={"description": "Bearer token for the next 15 minutes."})
    refresh_token = fields.String(required=True, metadata={"description": "Opaque; replaced at every refresh."})
    token_type = fields.String(required=True, metadata={"description": "Bearer."})
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds until the access token ends."})
    session_id = fields.UUID(required=True)


class SignedInSchema(Given):
    person = fields.Nested(PersonSchema, required=True)
    session = fields.Nested(SessionSchema, required=True)


class RefreshedSchema(Given):
    session = fields.Nested(SessionSchema, required=True)
