"""Residents without a login, as coordinators write them down: each once, however often they call."""

from dataclasses import dataclass

from sqlalchemy import select

from models import Person, Quarter
from nachbarschaft.context import Context
from nachbarschaft.phones import normalise_phone
from nachbarschaft.services.accounts import add_person
from nachbarschaft.services.events import record


@dataclass(frozen=True, slots=True)
class Resident:
    """Who they are and where they live; `phone` is where helpers call them, never what they sign in with."""

    name: str
    address: str
    language: str
    phone: str | None = None


def find_or_add(context: Context, quarter: Quarter, told: Resident) -> Person:
    """The resident of `quarter` with that phone and name, with what was told now, or a new one.

    Whoever has a login is never taken for the caller: somebody else may answer the same phone. Without a phone
    nobody is recognised. Raises PhoneRefused.
    """
    phone = normalise_phone(told.phone) if told.phone else None
    _hold_quarter(context, quarter)
    person = _find(context, quarter, phone, told.name) if phone else None
    if person is None:
        return _add(context, quarter, told, phone)
    _bring_up_to_date(person, told)
    record(context, "resident_found", quarter_id=quarter.id, person_id=person.id)
    return person


def _hold_quarter(context: Context, quarter: Quarter) -> None:
    """Whoever writes down somebody of the same quarter at the same moment waits, and then finds them."""
    query = select(Quarter.id).where(Quarter.id == quarter.id)
    context.session.execute(query.with_for_update(key_share=True))


def _find(context: Context, quarter: Quarter, phone: str, name: str) -> Person | None:
    """Held, so that nobody who is getting a login at this moment is changed."""
    query = (
        select(Person)
        .where(
            Person.quarter_id == quarter.id,
            Person.contact_phone == phone,
            Person.email.is_(None),
            Person.phone.is_(None),
            Person.password_hash.is_(None),
        )
        .order_by(Person.created_at, Person.id)
        .with_for_update(key_share=True)
    )
    found = context.session.scalars(query.execution_options(populate_existing=True))
    return next((person for person in found if _comparable(person.name) == _comparable(name)), None)


def _comparable(name: str) -> str:
    """A name however it is spaced and capitalised."""
    return " ".join(name.split()).casefold()


def _bring_up_to_date(person: Person, told: Resident) -> None:
    if person.home_address != told.address:
        person.home_lat = person.home_lon = None
    person.home_address, person.language = told.address, told.language


def _add(context: Context, quarter: Quarter, told: Resident, phone: str | None) -> Person:
    person = Person(
        name=told.name,
        language=told.language,
        quarter_id=quarter.id,
        contact_phone=phone,
        home_address=told.address,
        created_at=context.now,
    )
    add_person(context, person)
    record(context, "resident_added", quarter_id=quarter.id, person_id=person.id)
    return person
