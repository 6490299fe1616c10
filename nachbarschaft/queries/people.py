"""People as they see themselves."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select

from models import CoordinatorAppointment, Offer, Person, Quarter, SecondFactor
from nachbarschaft.context import Context


def read_me(context: Context, person_id: uuid.UUID) -> dict[str, Any]:
    """A person as they see themselves."""
    confirmed = exists().where(SecondFactor.person_id == Person.id, SecondFactor.confirmed_at.is_not(None))
    person, slug, has_offer, has_second_factor = context.session.execute(
        select(Person, Quarter.slug, exists().where(Offer.person_id == Person.id), confirmed)
        .join(Quarter, Quarter.id == Person.quarter_id)
        .where(Person.id == person_id)
    ).one()
    coordinates = _coordinates(context, person_id)
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "pending_email": person.pending_email,
        "phone": person.phone,
        "language": person.language,
        "quarter": slug,
        "home": _home(person),
        "roles": _roles(person, has_offer=has_offer, coordinates=bool(coordinates)),
        "coordinates": coordinates,
        "verification": person.verification,
        "protected_address": person.protected_address,
        "second_factor": has_second_factor,
        "available_until": _time_left(person, context.now),
    }


def _time_left(person: Person, now: datetime) -> datetime | None:
    """Until when they have said that they have time now; None where they have not, or where that is over."""
    until = person.available_until
    return until if until is not None and until > now else None


def _coordinates(context: Context, person_id: uuid.UUID) -> list[str]:
    query = (
        select(Quarter.slug)
        .join(CoordinatorAppointment, CoordinatorAppointment.quarter_id == Quarter.id)
        .where(CoordinatorAppointment.person_id == person_id)
        .order_by(Quarter.slug)
    )
    return list(context.session.scalars(query))


def _home(person: Person) -> dict[str, Any] | None:
    if person.home_lat is None:
        return None
    return {"lat": person.home_lat, "lon": person.home_lon, "address": person.home_address}


def _roles(person: Person, *, has_offer: bool, coordinates: bool) -> list[str]:
    held = {
        "resident": True,
        "volunteer": has_offer,
        "coordinator": coordinates,
        "admin": person.is_admin,
    }
    return [role for role, holds in held.items() if holds]
