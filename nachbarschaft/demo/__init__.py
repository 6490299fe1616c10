"""The demo city: three pilot quarters of Herne, drawn by hand, with invented people."""

import json
from importlib.resources import files
from typing import Any

from sqlalchemy import select

from models import CoordinatorAppointment, Person, Quarter, QuarterSettings
from nachbarschaft.context import Actor, Context
from nachbarschaft.geography.geojson import parse_quarters
from nachbarschaft.passwords import hash_password
from nachbarschaft.queries.people import read_me
from nachbarschaft.services.accounts import quarter_by_slug
from nachbarschaft.services.offers import Offering, make_offer
from nachbarschaft.services.quarters import import_quarters

PASSWORD = "nachbarn-helfen-nachbarn"  # noqa: S105 - public by design; loopback only
_FOLDER = files("nachbarschaft.demo")


def load_demo(context: Context) -> list[dict[str, Any]]:
    """Loads the demo where it is missing; returns everybody's sign-in, roles and quarter."""
    load_quarters(context)
    people = json.loads((_FOLDER / "people.json").read_text(encoding="utf-8"))
    password_hash = hash_password(PASSWORD)
    return [_sign_in(context, _present(context, told, password_hash)) for told in people]


def load_quarters(context: Context) -> None:
    """Imports the demo's quarters. There nobody's first tasks wait, unless somebody has decided otherwise.

    Whoever tries the product out alone wants to see the contact after a yes (contract, section 4: Verification).
    """
    outlines = parse_quarters((_FOLDER / "herne.geojson").read_text(encoding="utf-8"))
    import_quarters(context, outlines, city="Herne", timezone="Europe/Berlin")
    quarters = select(Quarter).where(Quarter.slug.in_([outline.slug for outline in outlines]))
    for quarter in context.session.scalars(quarters).all():
        if context.session.get(QuarterSettings, quarter.id) is None:
            settings = QuarterSettings(
                quarter_id=quarter.id, dispatch={}, confirm_first_tasks=0, updated_at=context.now
            )
            context.session.add(settings)


def _present(context: Context, told: dict[str, Any], password_hash: str) -> Person:
    known = context.session.scalar(select(Person).where(Person.email == told["email"]))
    return known or _invent(context, told, password_hash)


def _invent(context: Context, told: dict[str, Any], password_hash: str) -> Person:
    quarter = quarter_by_slug(context, told["quarter"])
    home = told.get("home") or {}
    person = Person(
        email=told["email"],
        password_hash=password_hash,
        name=told["name"],
        language=told["language"],
        quarter_id=quarter.id,
        home_lat=home.get("lat"),
        home_lon=home.get("lon"),
        home_address=home.get("address"),
        verification=told.get("verification", "new"),
        is_admin=told.get("admin", False),
        is_demo=True,
        created_at=context.now,
    )
    context.session.add(person)
    context.session.flush()
    for slug in told.get("coordinates", []):
        coordinated = quarter_by_slug(context, slug)
        context.session.add(
            CoordinatorAppointment(person_id=person.id, quarter_id=coordinated.id, appointed_at=context.now)
        )
    if "offer" in told:
        as_person = Context(context.session, context.now, Actor(person.id))
        make_offer(as_person, Offering(**told["offer"], adult=True))
    return person


def _sign_in(context: Context, person: Person) -> dict[str, Any]:
    context.session.flush()
    me = read_me(context, person.id)
    return {"email": person.email, "password": PASSWORD, "roles": me["roles"], "quarter": me["quarter"]}
