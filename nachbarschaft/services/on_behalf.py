"""Requests that a coordinator takes down for somebody without a phone or an account."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models import HelpRequest, Intake
from models.intake import Channel
from nachbarschaft.context import Context
from nachbarschaft.errors import Invalid
from nachbarschaft.services.members import coordinated_quarter
from nachbarschaft.services.opening import Asking, check_wish, open_for
from nachbarschaft.services.residents import Resident, find_or_add
from nachbarschaft.words import mark as _

CONSENT_HOLDS = timedelta(days=30)
"""How long ago somebody may have agreed to what is now written down for them."""


@dataclass(frozen=True, slots=True)
class Consent:
    """That the person agreed to be written down: when, and to which version of which text."""

    given_at: datetime
    text_version: str


@dataclass(frozen=True, slots=True)
class Call:
    """Who called or came, by which channel, and what they agreed to."""

    resident: Resident
    consent: Consent
    channel: str


def open_on_behalf(context: Context, slug: str, call: Call, asking: Asking) -> HelpRequest:
    """Opens a request of a resident of that quarter, who is found again or written down now.

    Without a place only their address is known, to whoever helps; volunteers see the quarter's centre before.
    Raises NotFound, Forbidden, SecondFactorRequired, Invalid (also for a consent of the future, or of more than 30
    days ago), OutsideQuarter, TooManyOpenRequests.
    """
    quarter = coordinated_quarter(context, slug)
    _check_consent(call.consent, context.now)
    check_wish(context, asking)
    person = find_or_add(context, quarter, call.resident)
    place = asking.place or call.resident.address
    request = open_for(context, person, asking, place, Channel(call.channel))
    context.session.add(
        Intake(
            request_id=request.id,
            channel=call.channel,
            entered_by=context.me.person_id,
            consent_given_at=call.consent.given_at,
            consent_text_version=call.consent.text_version,
        )
    )
    return request


def _check_consent(consent: Consent, now: datetime) -> None:
    if consent.given_at > now:
        raise Invalid({"consent.given_at": [_("This lies in the future.")]})
    if consent.given_at < now - CONSENT_HOLDS:
        raise Invalid({"consent.given_at": [_("This is more than 30 days ago. Please ask for the consent again.")]})
