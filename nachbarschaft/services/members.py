"""What coordinators do for the people of their quarters: see who they are, and verify volunteers."""

import uuid
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from models import Quarter
from models.lifecycle import Verification
from nachbarschaft.context import Context
from nachbarschaft.errors import Forbidden, Invalid, NotFound, SecondFactorRequired
from nachbarschaft.matching.wallclock import day_of
from nachbarschaft.queries.quarters import quarter_by_slug
from nachbarschaft.services.events import record
from nachbarschaft.services.indexing import index_offers
from nachbarschaft.services.locking import hold_person
from nachbarschaft.words import mark as _


@dataclass(frozen=True, slots=True)
class Verified:
    """What a coordinator has seen, and when. A certificate is never kept, only that it was seen."""

    level: str
    seen_on: date
    valid_until: date | None = None


def coordinated_quarter(context: Context, slug: str) -> Quarter:
    """A quarter that the actor coordinates. Raises NotFound, Forbidden, SecondFactorRequired."""
    quarter = quarter_by_slug(context.session, slug)
    if quarter.id not in context.me.appointed:
        raise Forbidden
    if not context.me.second_factored:
        raise SecondFactorRequired
    return quarter


def verify(context: Context, slug: str, person_id: uuid.UUID, seen: Verified) -> None:
    """Notes what was seen of a member. Raises NotFound, Forbidden (also for oneself), Invalid."""
    quarter = coordinated_quarter(context, slug)
    person = hold_person(context, person_id)
    if person.quarter_id != quarter.id:
        raise NotFound
    if person.id == context.me.person_id:
        raise Forbidden(_("Somebody else has to verify you."))
    _check(seen, day_of(context.now, ZoneInfo(quarter.timezone)))
    person.verification = seen.level
    person.verified_on = seen.seen_on
    person.verified_until = seen.valid_until
    person.verified_by = context.me.person_id
    index_offers(context, person)
    record(context, "verified", quarter_id=quarter.id, person_id=person.id, level=seen.level)


def _check(seen: Verified, today: date) -> None:
    if seen.seen_on > today:
        raise Invalid({"seen_on": [_("This lies in the future.")]})
    if seen.level == Verification.CERTIFIED and (seen.valid_until is None or seen.valid_until <= today):
        raise Invalid(
            {"valid_until": [_("Please say until when the certificate is valid; it has to lie in the future.")]}
        )
