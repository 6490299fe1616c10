"""Coordinators, and how they set their quarter up."""

from typing import Any

from sqlalchemy import select

from models import Event
from nachbarschaft.geography.geojson import parse_quarters
from nachbarschaft.services.people import Appointment, appoint
from nachbarschaft.services.quarters import import_quarters
from tests.nachbarschaft.geography.files import collection, feature
from tests.support.town import Neighbour, Reply, Town


def settings_path(quarter: str) -> str:
    return f"/v1/quarters/{quarter}/settings"


def coordinator(town: Town, quarter: str = "blumenthal") -> Neighbour:
    """Somebody of that quarter whom the operator appointed, with a second factor."""
    made = town.neighbour("Coordinator", quarter)
    with town.wiring.writing() as context:
        appoint(context, Appointment(made.email, "Coordinator", None, [quarter], is_admin=False))
    made.set_up_second_factor()
    return made


def try_to_set(boss: Neighbour, quarter: str = "blumenthal", **changes: Any) -> Reply:
    """Changes the settings as they were read just now, with whatever comes of it."""
    tag = boss.get(settings_path(quarter)).headers["ETag"]
    return boss.patch(settings_path(quarter), changes, If_Match=tag)


def set_up(boss: Neighbour, quarter: str = "blumenthal", **changes: Any) -> dict[str, Any]:
    """A change that works."""
    reply = try_to_set(boss, quarter, **changes)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json
    return found


def new_quarter(town: Town, *, timezone: str = "Europe/Berlin") -> str:
    """The slug of a quarter in which nobody has decided anything yet; it lies beside Blumenthal."""
    corners = [[7.160, 51.526], [7.175, 51.526], [7.175, 51.534], [7.160, 51.534], [7.160, 51.526]]
    outlines = parse_quarters(collection(feature([corners], name="Neuland", timezone=timezone)))
    with town.wiring.writing() as context:
        import_quarters(context, outlines, city=None, timezone=timezone)
    return "neuland"


def events(town: Town, kind: str) -> list[dict[str, Any]]:
    """What the audit trail holds of one kind, oldest first."""
    with town.wiring.reading() as context:
        return list(context.session.scalars(select(Event.data).where(Event.kind == kind).order_by(Event.at)))
