"""Signing up, and what people may change about themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.exc import IntegrityError

from models import Offer, Person, Quarter, SignInSession
from nachbarschaft.context import Context
from nachbarschaft.errors import (
    Conflict,
    Invalid,
    LoginTaken,
    OutsideAllQuarters,
    OutsideQuarter,
    SignInAgain,
    Unauthenticated,
)
from nachbarschaft.geography.outlines import covers
from nachbarschaft.phones import PhoneRefused, normalise_phone
from nachbarschaft.queries.quarters import quarter_at
from nachbarschaft.services.ending_codes import end_all_codes
from nachbarschaft.services.events import record
from nachbarschaft.services.indexing import index_offers
from nachbarschaft.services.locking import hold_person
from nachbarschaft.services.offers import move_offers
from nachbarschaft.services.places import Place
from nachbarschaft.services.sessions import end_sessions
from nachbarschaft.words import mark as _

FRESH_SIGN_IN = timedelta(minutes=15)
LONGEST_EMAIL = 254
"""RFC 5321, 4.5.3.1.3."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who signs up; the password is hashed already, outside of any transaction."""

    email: str
    password_hash: str
    name: str
    quarter: str
    language: str
    notice_version: str | None = None


def sign_up(context: Context, newcomer: Newcomer) -> Person:
    """Makes a resident. Raises Invalid for an unknown quarter, LoginTaken for a used e-mail address."""
    quarter = quarter_by_slug(context, newcomer.quarter)
    person = Person(
        email=normalise_email(newcomer.email),
        password_hash=newcomer.password_hash,
        name=newcomer.name,
        language=newcomer.language,
        quarter_id=quarter.id,
        notice_version=newcomer.notice_version,
        created_at=context.now,
    )
    add_person(context, person)
    record(context, "signed_up", quarter_id=quarter.id, person_id=person.id)
    return person


def add_person(context: Context, person: Person) -> None:
    """Writes a person. Raises LoginTaken where somebody else has the e-mail address, also at the same moment."""
    try:
        with context.session.begin_nested():
            context.session.add(person)
    except IntegrityError:
        raise LoginTaken from None


def find_by_login(context: Context, login: str) -> Person | None:
    """Whoever signs in with that e-mail address or phone number, unless they are suspended."""
    is_theirs = Person.email == login.strip().lower()
    if "@" not in login:
        try:
            is_theirs = Person.phone == normalise_phone(login)
        except PhoneRefused:
            return None
    return context.session.scalar(select(Person).where(is_theirs, Person.suspended_at.is_(None)))


def update_me(context: Context, changes: Mapping[str, Any]) -> Person:
    """Changes name, language or home of the actor; a home in another quarter moves them there.

    Raises SignInAgain for a new home more than 15 minutes after the sign-in, OutsideQuarter where no quarter lies.
    """
    person = context.session.get_one(Person, context.me.person_id)
    if "home" in changes:
        require_fresh_sign_in(context)
        _move(context, person, changes["home"])
    person.name = changes.get("name", person.name)
    person.language = changes.get("language", person.language)
    record(context, "person_changed", person_id=person.id, fields=sorted(changes))
    if "language" in changes:
        index_offers(context, person)
    context.session.flush()
    return person


def password_of(context: Context) -> str | None:
    """The hash of the actor's password."""
    return context.session.get_one(Person, context.me.person_id).password_hash


def set_password(context: Context, expected: str | None, new_hash: str) -> None:
    """Replaces the actor's password and signs all their other devices out. Raises Conflict if it changed meanwhile."""
    person = hold_person(context, context.me.person_id)
    if person.password_hash != expected:
        raise Conflict
    person.password_hash = new_hash
    end_all_codes(context, person)
    others = and_(SignInSession.person_id == person.id, SignInSession.id != context.me.session_id)
    end_sessions(context, others, reason="password_changed")
    record(context, "password_changed", person_id=person.id)


def quarter_by_slug(context: Context, slug: str) -> Quarter:
    """The quarter of that slug. Raises Invalid, naming the field `quarter`."""
    quarter = context.session.scalar(select(Quarter).where(Quarter.slug == slug))
    if quarter is None:
        raise Invalid({"quarter": [_("There is no such quarter.")]})
    return quarter


def normalise_email(email: str) -> str:
    """E-mail addresses are compared without case. Raises Invalid for one that is too long then."""
    normalised = email.strip().lower()
    if len(normalised) > LONGEST_EMAIL:
        raise Invalid({"email": [_("This e-mail address is too long.")]})
    return normalised


def require_fresh_sign_in(context: Context) -> None:
    """What a stolen phone must not change asks for the password once more. Raises SignInAgain.

    Whoever holds the person asks: a session that somebody ended until then changes nothing any more (Unauthenticated).
    """
    ended = select(SignInSession.ended_at).where(SignInSession.id == context.me.session_id)
    if context.session.scalar(ended) is not None:
        raise Unauthenticated
    signed_in_at = context.me.signed_in_at
    if signed_in_at is None or context.now - signed_in_at > FRESH_SIGN_IN:
        raise SignInAgain


def _move(context: Context, person: Person, home: Place | None) -> None:
    if home is None:
        person.home_lat = person.home_lon = person.home_address = None
    else:
        quarter = _quarter_of(context, person, home)
        person.home_lat, person.home_lon, person.home_address = home.lat, home.lon, home.address
        person.quarter_id = quarter.id
    _take_offers_along(context, person)


def move_to_quarter(context: Context, person: Person, quarter: Quarter) -> None:
    """Lets somebody live in another quarter; a home that lies elsewhere is forgotten, their offers go along."""
    person.quarter_id = quarter.id
    lat, lon = person.home_lat, person.home_lon
    if lat is not None and lon is not None and not covers(quarter.outline, lat, lon):
        person.home_lat = person.home_lon = person.home_address = None
    _take_offers_along(context, person)


def _quarter_of(context: Context, person: Person, home: Place) -> Quarter:
    """The quarter of a home; whoever lives on a border stays where they are. Raises OutsideQuarter."""
    own = context.session.get_one(Quarter, person.quarter_id)
    if covers(own.outline, home.lat, home.lon):
        return own
    try:
        return quarter_at(context.session, home.lat, home.lon)
    except OutsideAllQuarters:
        raise OutsideQuarter({"home": [OutsideAllQuarters.detail]}) from None


def _take_offers_along(context: Context, person: Person) -> None:
    offers = context.session.scalars(select(Offer).where(Offer.person_id == person.id)).all()
    move_offers(context, person, offers)
