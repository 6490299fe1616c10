"""What the operator does about people: create them, promote them, appoint coordinators."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from models import CoordinatorAppointment, Person, Quarter
from nachbarschaft.context import Context
from nachbarschaft.errors import Invalid
from nachbarschaft.services.accounts import add_person, move_to_quarter, normalise_email, quarter_by_slug
from nachbarschaft.services.codes import issue_code
from nachbarschaft.services.events import record
from nachbarschaft.words import mark as _


@dataclass(frozen=True, slots=True)
class Appointment:
    """Whom the operator wants to have, living where, coordinating what."""

    email: str
    name: str
    quarter: str | None
    coordinates: Sequence[str]
    is_admin: bool


def appoint(context: Context, wanted: Appointment) -> tuple[Person, str]:
    """Creates or promotes a person; returns them with the one-time code that lets them set a password.

    Raises Invalid for an unknown quarter, or where a new person has none.
    """
    quarters = [quarter_by_slug(context, slug) for slug in wanted.coordinates]
    person = context.session.scalar(select(Person).where(Person.email == normalise_email(wanted.email)))
    if person is None:
        person = _new(context, wanted, quarters)
    elif wanted.quarter:
        move_to_quarter(context, person, quarter_by_slug(context, wanted.quarter))
    person.is_admin = person.is_admin or wanted.is_admin
    for quarter in quarters:
        _appoint(context, person, quarter)
    record(context, "appointed", person_id=person.id, admin=wanted.is_admin, quarters=len(quarters))
    return person, issue_code(context, person.id, "operator")


def _new(context: Context, wanted: Appointment, quarters: Sequence[Quarter]) -> Person:
    if wanted.quarter:
        home = quarter_by_slug(context, wanted.quarter)
    elif quarters:
        home = quarters[0]
    else:
        raise Invalid({"quarter": [_("A new person needs a quarter to live in.")]})
    person = Person(
        email=normalise_email(wanted.email),
        name=wanted.name,
        language="de",
        quarter_id=home.id,
        created_at=context.now,
    )
    add_person(context, person)
    return person


def _appoint(context: Context, person: Person, quarter: Quarter) -> None:
    known = context.session.get(CoordinatorAppointment, (person.id, quarter.id))
    if known is None:
        context.session.add(
            CoordinatorAppointment(person_id=person.id, quarter_id=quarter.id, appointed_at=context.now)
        )
