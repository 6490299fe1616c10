"""Sign-in."""

import time
from typing import Any

from flask import Blueprint, current_app

from api.endpoint import Edge, Operation, Who, endpoint
from api.identity import session_answer
from api.problems import reader_language
from api.schemas.auth import (
    CodesSchema,
    CodesTaken,
    RedeemTaken,
    RefreshedSchema,
    RefreshTaken,
    SignedInSchema,
    SignInTaken,
    SignUpTaken,
)
from nachbarschaft.context import Context
from nachbarschaft.errors import (
    LoginTaken,
    RateLimited,
    RefreshReused,
    SecondFactorNeeded,
    Unauthenticated,
    WrongCode,
    WrongCredentials,
    WrongOtp,
)
from nachbarschaft.passwords import hash_password, is_right
from nachbarschaft.phones import normalise_phone
from nachbarschaft.queries.people import read_me
from nachbarschaft.services.accounts import Newcomer, find_by_login, sign_up
from nachbarschaft.services.codes import NewLogin, redeem_code
from nachbarschaft.services.locking import hold_person
from nachbarschaft.services.mailed_codes import ask_code
from nachbarschaft.services.second_factors import is_asked_for, is_shown
from nachbarschaft.services.sessions import Grant, begin_session, refresh, sign_out
from nachbarschaft.words import mark as _
from nachbarschaft.words import say

auth = Blueprint("auth", __name__)

ANSWERS_AFTER_SECONDS = 0.2
"""Several times what it takes to write a code down."""
_CODE_ASKED = _("If somebody with an e-mail address signs in so, a mail with a code is on its way.")


def _signed_in(context: Context, grant: Grant) -> dict[str, Any]:
    context.session.flush()
    return {"person": read_me(context, grant.person_id), "session": _session(grant)}


def _session(grant: Grant) -> dict[str, Any]:
    return session_answer(current_app, grant)


@endpoint(
    auth,
    Operation(
        "POST",
        "/v1/auth/sign-up",
        name="signUp",
        tag="Sign-in",
        who=Who.ANYONE,
        takes=SignUpTaken,
        gives=SignedInSchema,
        status=201,
        refuses=(LoginTaken,),
        own_transactions=True,
    ),
)
def create_account(edge: Edge, body: dict[str, Any]) -> dict[str, Any]:
    """Sign up as a resident of a quarter. Counts as a sign-in."""
    password_hash = hash_password(body.pop("password"))
    with edge.writing() as context:
        person = sign_up(context, Newcomer(password_hash=password_hash, **body))
        return _signed_in(context, begin_session(context, person))


@endpoint(
    auth,
    Operation(
        "POST",
        "/v1/auth/sign-in",
        name="signIn",
        tag="Sign-in",
        who=Who.ANYONE,
        takes=SignInTaken,
        gives=SignedInSchema,
        refuses=(WrongCredentials, SecondFactorNeeded, RateLimited),
        own_transactions=True,
    ),
)
def create_session(edge: Edge, body: dict[str, Any]) -> dict[str, Any]:
    """Sign in on a device. The answer is the same whether the login or the password is wrong.

    Whoever has set up a second factor sends what it shows as `otp`; `second_factor_needed` says so. Each number
    works once, also across `confirmSecondFactor` and here: after one was used, wait for the next. A wrong or used
    one is `wrong_credentials` too, and `detail` says that it is the number.
    """
    with edge.reading() as context:
        person = find_by_login(context, body["login"])
        stored = person.password_hash if person else None
    # The hash takes long on purpose, so it is compared outside of any transaction.
    if not is_right(stored, body["password"]) or person is None:
        raise WrongCredentials
    with edge.writing() as context:
        found = find_by_login(context, body["login"])
        # Held: whoever sets a password at this moment ends this session too, or it does not begin.
        if found is None or hold_person(context, found.id).password_hash != stored:
            raise WrongCredentials
        asked = is_asked_for(context, found)
        if asked and "otp" not in body:
            raise SecondFactorNeeded
        if not asked or is_shown(context, found, body["otp"]):
            return _signed_in(context, begin_session(context, found, second_factored=asked))
    # Out here, so that the wrong try stays counted.
    raise WrongCredentials(WrongOtp.detail)


@endpoint(
    auth,
    Operation(
        "POST",
        "/v1/auth/refresh",
        name="refreshSession",
        tag="Sign-in",
        who=Who.ANYONE,
        takes=RefreshTaken,
        gives=RefreshedSchema,
        refuses=(Unauthenticated, RefreshReused),
    ),
)
def refresh_session(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Exchange the refresh token for a new pair.

    The token just replaced gives the same successor for 60 seconds while that is unused, for a lost answer or
    parallel refreshes. Any other reuse ends the session.
    """
    return {"session": _session(refresh(context, body["refresh_token"]))}


@endpoint(
    auth,
    Operation(
        "POST",
        "/v1/auth/sign-out",
        name="signOut",
        tag="Sign-in",
        who=Who.SIGNED_IN,
        optional_body=True,
        status=204,
    ),
)
def end_session(context: Context) -> None:
    """End this session. Its access token fails at the next request."""
    sign_out(context)


@endpoint(
    auth,
    Operation(
        "POST",
        "/v1/auth/codes",
        name="askForCode",
        tag="Sign-in",
        who=Who.ANYONE,
        takes=CodesTaken,
        gives=CodesSchema,
        status=202,
        own_transactions=True,
    ),
)
def ask_for_code(edge: Edge, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for a one-time code by mail, after a forgotten password.

    The answer is always the same. A code comes where the login is somebody's who has an e-mail address: at most
    three within an hour, each good for an hour and until the next one. `redeemCode` takes it.
    """
    answers_at = time.monotonic() + ANSWERS_AFTER_SECONDS
    with edge.writing() as context:
        ask_code(context, body["login"])
    # Whether there is such a login does not show in how long it took, either.
    time.sleep(max(0.0, answers_at - time.monotonic()))
    return {"detail": say(reader_language(), _CODE_ASKED)}


@endpoint(
    auth,
    Operation(
        "POST",
        "/v1/auth/codes/redeem",
        name="redeemCode",
        tag="Sign-in",
        who=Who.ANYONE,
        takes=RedeemTaken,
        gives=SignedInSchema,
        refuses=(WrongCode, LoginTaken),
        own_transactions=True,
    ),
)
def use_code(edge: Edge, body: dict[str, Any]) -> dict[str, Any]:
    """Set a password with a one-time code. Works once, ends all other sessions and counts as a sign-in.

    Codes are handed out by the operator, on paper or by telephone, or come by mail (`askForCode`). One that went to
    a new e-mail address (`updateMe`) makes that address the login: 409 `login_taken` if somebody else was faster.
    """
    phone = normalise_phone(body["phone"]) if "phone" in body else None
    login = NewLogin(hash_password(body["password"]), body.get("email"), phone)
    with edge.writing() as context:
        person = redeem_code(context, body["code"], login)
        return _signed_in(context, begin_session(context, person))
