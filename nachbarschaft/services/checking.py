"""Looks once more before sending: still true, still allowed, still in time, the person awake and under the cap?"""

from datetime import datetime, timedelta

from models.lifecycle import RequestState
from nachbarschaft.matching.eligibility import is_quiet
from nachbarschaft.matching.wallclock import clock_time, is_night, next_morning, next_time
from nachbarschaft.queries.cases import CAPPED, TO_HELPERS, Case
from nachbarschaft.sending import SETTLES_WITHIN, Drop, Hold, Reason
from nachbarschaft.words.texts import REMINDERS

BEFORE_GOING = timedelta(hours=1)
_KEEPS_FROM_GOING = frozenset({"request_cancelled", "released", "request_edited"})
_ASK_HOW_IT_ENDED = frozenset({"is_it_done", "did_it_happen"})
_WAITED_FOR = _KEEPS_FROM_GOING | {"accepted", "filled", "helper_withdrew"}


def not_any_more(case: Case) -> Drop | None:
    """Why it is not to be sent at all; None where it still is. Whether it is wanted depends on the channel."""
    if case.ends_at <= case.now:
        return Drop(Reason.TOO_LATE)
    if case.person.suspended_at is not None:
        return Drop(Reason.SUSPENDED)
    if case.notice.silent:
        # Asked once more meanwhile: it would replace the new ask on the phone.
        return Drop(Reason.ASKED_AGAIN) if case.is_asked else None
    if case.notice.replaced_at is not None or not _is_still_true(case):
        return Drop(Reason.SETTLED)
    return Drop(Reason.READ) if case.notice.read_at is not None else None


def not_yet(case: Case) -> Drop | Hold | None:
    """Why it is to wait, or to stay away for today; None where it may go now."""
    habits, now = case.habits, case.now
    if case.is_ask and habits.paused_until is not None and habits.paused_until > now:
        return Drop(Reason.PAUSED)
    if is_quiet(habits, now) and not _may_wake(case):
        quiet_ends = next_time(now, clock_time(habits.quiet_until or "07:00"), habits.zone)
        held_until = _at_the_latest(case, quiet_ends)
        if held_until > now:
            return Hold(held_until, Reason.QUIET)
    if case.is_ask and not case.notice.urgent and is_night(now, habits.zone):
        return Hold(next_morning(now, habits.zone), Reason.NIGHT)
    return _over_cap(case) if case.notice.kind in CAPPED else None


def _over_cap(case: Case) -> Drop | Hold | None:
    """What is being sent may yet be dropped, or fail: only what was sent has used up the day."""
    left = case.habits.pushes_per_day - case.pushed_today
    if left <= 0:
        return Drop(Reason.OVER_CAP)
    return Hold(case.now + SETTLES_WITHIN, Reason.NEXT_IN_LINE) if case.before_it >= left else None


def _is_still_true(case: Case) -> bool:
    request, topic = case.request, case.notice.topic
    if request is None:
        return True
    if topic == "expiry_warning":
        return request.state == RequestState.OPEN and request.warned_at is not None
    if topic == "help_missing":
        return request.state == RequestState.OPEN
    if topic in REMINDERS:
        return case.helps and request.needed_from == case.notice.expires_at
    if topic in _ASK_HOW_IT_ENDED:
        return request.state == RequestState.FILLED and (case.helps or topic not in TO_HELPERS)
    return not case.is_ask or case.could_say_yes


def _may_wake(case: Case) -> bool:
    """Urgent asks wake whoever allows it; of one's own urgent request or task only what somebody waits for does."""
    if case.is_ask:
        return case.notice.urgent and case.habits.urgent_at_night
    is_ahead = case.request is not None and case.request.needed_until > case.now
    return case.notice.urgent and is_ahead and case.notice.topic in _WAITED_FOR


def _at_the_latest(case: Case, quiet_ends: datetime) -> datetime:
    """Nobody stands before a door in vain: what keeps a helper from going comes an hour before they would."""
    if case.request is None or case.notice.topic not in _KEEPS_FROM_GOING:
        return quiet_ends
    return min(quiet_ends, case.request.needed_from - BEFORE_GOING)
