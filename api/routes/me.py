"""Me: my account, devices, preferences and inbox."""

import uuid
from typing import Any

from flask import Blueprint

from api.endpoint import Answer, Operation, Who, endpoint
from api.schemas.basics import PageQuery
from api.schemas.me import (
    INSTALLATION,
    AvailableNowSchema,
    AvailableNowTaken,
    DeviceSchema,
    DeviceTaken,
    NotificationPage,
    NotificationSchema,
    PersonChange,
    PersonSchema,
    PreferencesSchema,
    PreferencesTaken,
)
from nachbarschaft.context import Context
from nachbarschaft.errors import NotFound, OutsideQuarter, SignInAgain
from nachbarschaft.queries.inbox import inbox_face, list_inbox
from nachbarschaft.queries.pages import Page, PageAsked
from nachbarschaft.queries.people import read_me
from nachbarschaft.services.accounts import update_me
from nachbarschaft.services.available_now import have_no_more_time, have_time_until
from nachbarschaft.services.devices import Installation, forget_device, register_device
from nachbarschaft.services.inbox import mark_read, own_notification
from nachbarschaft.services.locking import hold_person
from nachbarschaft.services.mailed_codes import ask_new_email
from nachbarschaft.services.places import as_place
from nachbarschaft.services.preferences import read_preferences, set_preferences

me = Blueprint("me", __name__)


def _current(context: Context) -> dict[str, Any]:
    return read_me(context, context.me.person_id)


def _held(context: Context) -> dict[str, Any]:
    hold_person(context, context.me.person_id)
    return _current(context)


@endpoint(me, Operation("GET", "/v1/me", name="getMe", tag="Me", who=Who.SIGNED_IN, gives=PersonSchema, tagged=True))
def get_me(context: Context) -> dict[str, Any]:
    """My account."""
    return _current(context)


@endpoint(
    me,
    Operation(
        "PATCH",
        "/v1/me",
        name="updateMe",
        tag="Me",
        who=Who.SIGNED_IN,
        takes=PersonChange,
        gives=PersonSchema,
        refuses=(SignInAgain, OutsideQuarter),
        tagged=True,
        current=_held,
    ),
)
def patch_me(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Change my name, language, home or e-mail address.

    A home in another quarter moves me there, and my offers with me. A new `email` is `pending_email` until the code
    that goes there is redeemed (`redeemCode`, within an hour); the present address is told. No code goes to an
    address that somebody else signs in with, and the answer is the same. For home and e-mail address the last
    sign-in must be at most 15 minutes ago: 403 `sign_in_again`.
    """
    email = body.pop("email", None)
    if email is not None:
        ask_new_email(context, email)
    if body.get("home") is not None:
        body["home"] = as_place(body["home"])
    if body:
        update_me(context, body)
    context.session.flush()
    return _current(context)


@endpoint(
    me,
    Operation(
        "PUT",
        f'/v1/me/devices/<regex("{INSTALLATION}"):installation>',
        name="putDevice",
        tag="Me",
        who=Who.SIGNED_IN,
        takes=DeviceTaken,
        gives=DeviceSchema,
        status=200,
        also=(201,),
    ),
)
def put_device(context: Context, body: dict[str, Any], installation: str) -> Answer:
    """Say how pushes reach this installation of the app.

    `installation` is chosen by the app: 8 to 64 of A–Z, a–z, 0–9, _ and -. An address that belonged to somebody
    else, or to another installation, leaves them.
    """
    device, is_new = register_device(context, Installation(installation=installation, **body))
    return Answer(device, 201 if is_new else 200)


@endpoint(
    me,
    Operation(
        "DELETE",
        f'/v1/me/devices/<regex("{INSTALLATION}"):installation>',
        name="deleteDevice",
        tag="Me",
        who=Who.SIGNED_IN,
        status=204,
        refuses=(NotFound,),
    ),
)
def delete_device(context: Context, installation: str) -> None:
    """No more pushes to this installation."""
    forget_device(context, installation)


@endpoint(
    me,
    Operation(
        "GET",
        "/v1/me/preferences",
        name="getPreferences",
        tag="Me",
        who=Who.SIGNED_IN,
        gives=PreferencesSchema,
        tagged=True,
    ),
)
def get_preferences(context: Context) -> dict[str, Any]:
    """When and how I want to be told."""
    return read_preferences(context)


@endpoint(
    me,
    Operation(
        "PUT",
        "/v1/me/preferences",
        name="putPreferences",
        tag="Me",
        who=Who.SIGNED_IN,
        takes=PreferencesTaken,
        gives=PreferencesSchema,
    ),
)
def put_preferences(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Replace my preferences; what is left out goes back to its default.

    It takes no If-Match: the last one to write wins. Both quiet times are null, or neither is, and they differ.
    `mail` stands beside `push` or in its place; without a phone what would be pushed is mailed anyway. Whoever
    unsubscribed in a mail gets mails again by choosing `mail` here.
    Quiet hours are wall-clock times where I live. `pushes_per_day` stops asks and news once that many pushes
    went out on a day; what concerns my own requests and tasks still arrives.
    """
    return set_preferences(context, body)


@endpoint(
    me,
    Operation(
        "PUT",
        "/v1/me/available-now",
        name="putAvailableNow",
        tag="Me",
        who=Who.SIGNED_IN,
        takes=AvailableNowTaken,
        gives=AvailableNowSchema,
    ),
)
def put_available_now(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """I have time now: until then I am asked outside the hours of my offers too, and sooner.

    It ends by itself, at the latest after 12 hours; `available_until` of my account shows it. Nights, quiet hours,
    pauses and the limits of my preferences hold all the same.
    """
    return {"until": have_time_until(context, body["until"])}


@endpoint(
    me,
    Operation("DELETE", "/v1/me/available-now", name="deleteAvailableNow", tag="Me", who=Who.SIGNED_IN, status=204),
)
def delete_available_now(context: Context) -> None:
    """I have no more time than my offers say. That holds too where I had not said so."""
    have_no_more_time(context)


@endpoint(
    me,
    Operation(
        "GET",
        "/v1/me/notifications",
        name="listNotifications",
        tag="Me",
        who=Who.SIGNED_IN,
        query=PageQuery,
        gives=NotificationPage,
    ),
)
def get_inbox(context: Context, query: dict[str, Any]) -> Page[dict[str, Any]]:
    """My inbox, newest first. Every push has its entry here."""
    return list_inbox(context, PageAsked(**query))


@endpoint(
    me,
    Operation(
        "GET",
        "/v1/me/notifications/<uuid:id>",
        name="getNotification",
        tag="Me",
        who=Who.SIGNED_IN,
        gives=NotificationSchema,
        refuses=(NotFound,),
        tagged=True,
    ),
)
def get_notification(context: Context, id: uuid.UUID) -> dict[str, Any]:
    """One entry; `link` of a push ends with its id."""
    return inbox_face(own_notification(context, id), context.language)


@endpoint(
    me,
    Operation(
        "POST",
        "/v1/me/notifications/<uuid:id>/read",
        name="readNotification",
        tag="Me",
        who=Who.SIGNED_IN,
        optional_body=True,
        status=204,
        refuses=(NotFound,),
    ),
)
def post_read(context: Context, id: uuid.UUID) -> None:
    """Mark an entry as read."""
    mark_read(context, id)
