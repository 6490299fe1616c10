"""“I have time now”: said by a volunteer, and over by itself."""

from datetime import datetime, timedelta

from nachbarschaft.context import Context
from nachbarschaft.errors import Invalid
from nachbarschaft.services.locking import hold_person
from nachbarschaft.words import mark as _

LONGEST = timedelta(hours=12)
"""“Now” is no promise for tomorrow."""


def have_time_until(context: Context, until: datetime) -> datetime:
    """The actor has time from now on; the last of two at once counts. Raises Invalid unless it ends within 12 hours."""
    if until <= context.now:
        raise Invalid({"until": [_("This has to lie in the future.")]})
    if until > context.now + LONGEST:
        raise Invalid({"until": [_("Please give a time within the next twelve hours.")]})
    hold_person(context, context.me.person_id).available_until = until
    return until


def have_no_more_time(context: Context) -> None:
    """The actor has no more time than their offers say, whether or not they had said so."""
    hold_person(context, context.me.person_id).available_until = None
