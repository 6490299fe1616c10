"""The second factor of whoever coordinates."""

from typing import Any

from flask import Blueprint

from api.endpoint import Operation, Who, endpoint
from api.schemas.second_factor import ConfirmSecondFactorTaken, SecondFactorSchema
from nachbarschaft.context import Context
from nachbarschaft.errors import Conflict, RateLimited, SecondFactorRequired, SignInAgain, WrongOtp
from nachbarschaft.services.second_factors import NewSecondFactor, confirm, set_up, take_off

second_factor = Blueprint("second_factor", __name__)


@endpoint(
    second_factor,
    Operation(
        "POST",
        "/v1/me/totp",
        name="setUpSecondFactor",
        tag="Me",
        who=Who.SIGNED_IN,
        optional_body=True,
        gives=SecondFactorSchema,
        refuses=(SignInAgain, Conflict),
        gives_secrets=True,
    ),
)
def post_totp(context: Context) -> NewSecondFactor:
    """Set up a second factor (TOTP, RFC 6238: SHA-1, six digits, 30 seconds). It counts once it is confirmed.

    Coordinators and admins need one: without it they can sign in, but whatever that role opens answers 403
    `second_factor_required`. Only a demo's own sign-ins need none. Needs a sign-in within 15 minutes; calling again
    replaces a secret that was not confirmed.
    """
    return set_up(context)


@endpoint(
    second_factor,
    Operation(
        "POST",
        "/v1/me/totp/confirm",
        name="confirmSecondFactor",
        tag="Me",
        who=Who.SIGNED_IN,
        takes=ConfirmSecondFactorTaken,
        status=204,
        refuses=(Conflict, WrongOtp, RateLimited),
        gives_secrets=True,
    ),
)
def post_confirm(context: Context, body: dict[str, Any]) -> None:
    """Show what the app shows: from now on signing in asks for it, and this session counts as second-factored."""
    confirm(context, body["otp"])


@endpoint(
    second_factor,
    Operation(
        "DELETE",
        "/v1/me/totp",
        name="removeSecondFactor",
        tag="Me",
        who=Who.SIGNED_IN,
        status=204,
        refuses=(SignInAgain, SecondFactorRequired),
    ),
)
def delete_totp(context: Context) -> None:
    """Take my second factor off. Needs a sign-in with it within 15 minutes."""
    take_off(context)
