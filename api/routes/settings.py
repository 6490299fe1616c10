"""A quarter's settings, for its coordinators."""

from typing import Any

from flask import Blueprint

from api.endpoint import Operation, Who, endpoint
from api.routes.coordination import QUARTER
from api.schemas.settings import SettingsSchema, SettingsTaken
from nachbarschaft.context import Context
from nachbarschaft.errors import Forbidden, NotFound, SecondFactorRequired
from nachbarschaft.queries.settings import settings_face
from nachbarschaft.services.members import coordinated_quarter
from nachbarschaft.services.settings import change_settings, hold_settings

settings = Blueprint("settings", __name__)
Face = dict[str, Any]


def _held(context: Context, slug: str) -> Face:
    return settings_face(context.session, hold_settings(context, slug))


@endpoint(
    settings,
    Operation(
        "GET",
        f"{QUARTER}/settings",
        name="getSettings",
        tag="Coordination",
        who=Who.SIGNED_IN,
        gives=SettingsSchema,
        refuses=(NotFound, Forbidden, SecondFactorRequired),
        tagged=True,
    ),
)
def get_settings(context: Context, slug: str) -> Face:
    """What holds in a quarter that I coordinate: how volunteers are asked, closures, contact; defaults included."""
    return settings_face(context.session, coordinated_quarter(context, slug))


@endpoint(
    settings,
    Operation(
        "PATCH",
        f"{QUARTER}/settings",
        name="updateSettings",
        tag="Coordination",
        who=Who.SIGNED_IN,
        takes=SettingsTaken,
        gives=SettingsSchema,
        refuses=(NotFound, Forbidden, SecondFactorRequired),
        tagged=True,
        current=_held,
    ),
)
def patch_settings(context: Context, body: Face, slug: str) -> Face:
    """Change the settings of a quarter that I coordinate. They hold from the next wave and the next yes on.

    A wave cannot be larger than `asked_at_most`, and the shortest pause not longer than the longest. Closures are
    days of the quarter's calendar, both included, without overlaps, at most 366 days each and 50 in all.
    """
    return change_settings(context, slug, body)
