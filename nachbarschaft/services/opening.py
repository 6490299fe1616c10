"""Opening a request, for oneself or for somebody else: the rules that hold either way, and the first wave."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models import HelpRequest, Person, Quarter
from models.intake import Channel
from models.lifecycle import REQUEST
from nachbarschaft.codewords import new_code_word
from nachbarschaft.context import Context
from nachbarschaft.errors import Invalid, OutsideQuarter
from nachbarschaft.geography.cells import cell_of
from nachbarschaft.geography.outlines import covers
from nachbarschaft.notes import Finding, find_contact_details
from nachbarschaft.services.dispatch import ask_next_wave
from nachbarschaft.services.events import record
from nachbarschaft.services.expiry import confirm
from nachbarschaft.services.limits import require_room_for_request
from nachbarschaft.services.places import Place
from nachbarschaft.words import mark as _

FURTHEST_AHEAD = timedelta(days=366)
FURTHEST_BACK = timedelta(days=1)

_FOUND = {
    Finding.PHONE: _("Please leave out phone numbers here. Put them into the private note: only helpers see it."),
    Finding.EMAIL: _("Please leave out e-mail addresses here. Put them into the private note: only helpers see it."),
    Finding.STREET_ADDRESS: _(
        "Please leave out street addresses here. Helpers get your address once they have said yes."
    ),
}


@dataclass(frozen=True, slots=True)
class Asking:
    """What somebody asks for. Without a place it is their home."""

    category: str
    needed_from: datetime
    needed_until: datetime
    public_note: str | None = None
    private_note: str | None = None
    urgent: bool = False
    people_needed: int = 1
    languages: tuple[str, ...] = ()
    place: Place | None = None
    phone: str | None = None


def check_wish(context: Context, asking: Asking) -> None:
    """Looks at what does not depend on a place. Raises Invalid for a bad window or a note with contact details."""
    check_window(asking.needed_from, asking.needed_until, context.now, is_new=True)
    check_public_note(asking.public_note)


def open_for(
    context: Context, requester: Person, asking: Asking, place: Place | str, channel: Channel = Channel.APP
) -> HelpRequest:
    """Opens a request of `requester`, who need not be the actor, and asks its first wave; the wish has been checked.

    An address without a point leaves volunteers with the quarter's centre. Raises OutsideQuarter,
    TooManyOpenRequests.
    """
    if isinstance(place, Place):
        check_place(place, context.session.get_one(Quarter, requester.quarter_id))
    require_room_for_request(context, requester.id)
    request = _written(context, requester, asking)
    put_at(request, place)
    confirm(request, context.now)
    context.session.add(request)
    context.session.flush()
    record(context, "request_opened", request=request, category=asking.category, urgent=asking.urgent, channel=channel)
    ask_next_wave(context, request)
    return request


def put_at(request: HelpRequest, place: Place | str) -> None:
    """The cell is computed once, from the request's place and never from a reader's (product rules: Privacy)."""
    if isinstance(place, str):
        request.place_address = place
        return
    request.place_lat, request.place_lon, request.place_address = place.lat, place.lon, place.address
    request.cell = cell_of(place.lat, place.lon)


def check_place(place: Place, quarter: Quarter) -> None:
    if not covers(quarter.outline, place.lat, place.lon):
        raise OutsideQuarter({"place": [OutsideQuarter.detail]})


def check_window(needed_from: datetime, needed_until: datetime, now: datetime, *, is_new: bool) -> None:
    errors: dict[str, list[str]] = {}
    if needed_until <= now:
        errors["needed_until"] = [_("This has to lie in the future.")]
    elif needed_until <= needed_from:
        errors["needed_until"] = [_("The end has to come after the beginning.")]
    elif needed_until > now + FURTHEST_AHEAD:
        errors["needed_until"] = [_("Please ask for a time within the next year.")]
    if is_new and needed_from < now - FURTHEST_BACK:
        errors["needed_from"] = [_("This lies in the past.")]
    if errors:
        raise Invalid(errors)


def check_public_note(note: str | None) -> None:
    found = find_contact_details(note) if note else set()
    if found:
        raise Invalid({"public_note": [_FOUND[finding] for finding in Finding if finding in found]})


def _written(context: Context, requester: Person, asking: Asking) -> HelpRequest:
    return HelpRequest(
        requester_id=requester.id,
        quarter_id=requester.quarter_id,
        category=asking.category,
        public_note=asking.public_note,
        private_note=asking.private_note,
        needed_from=asking.needed_from,
        needed_until=asking.needed_until,
        urgent=asking.urgent,
        people_needed=asking.people_needed,
        people_accepted=0,
        waves=0,
        state=REQUEST.states[0],
        languages=list(asking.languages),
        phone=asking.phone,
        code_word=new_code_word(),
        created_at=context.now,
        version=1,
    )
