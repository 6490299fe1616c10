"""When to ask again, whom to look among, and how many: the course of one request from wave to wave."""

from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from models.lifecycle import EscalationReason
from nachbarschaft.matching.facts import Need
from nachbarschaft.matching.policy import Policy
from nachbarschaft.matching.wallclock import is_night, next_morning


class Topic(StrEnum):
    """Whom to look among, which is also what the notice says."""

    NEW = "asked"
    STANDBY = "asked_standby"
    AGAIN = "asked_again"


def topics(policy: Policy, *, reopened: bool) -> tuple[Topic, ...]:
    """In which order to look for a wave. Who stands by comes last, after a reopening first (`Policy.standby_first`).

    When nobody new is left after a reopening, who was asked before and told that it is settled is asked again: in a
    small quarter there is nobody else.
    """
    if not reopened:
        return (Topic.NEW, Topic.STANDBY)
    if policy.standby_first:
        return (Topic.STANDBY, Topic.NEW, Topic.AGAIN)
    return (Topic.NEW, Topic.STANDBY, Topic.AGAIN)


def room_for(policy: Policy, asked: int) -> int:
    """How many who were never asked for a request may still be, `asked` having been."""
    return max(policy.asked_at_most - asked, 0)


def next_wave(
    need: Need, now: datetime, posted_at: datetime, zone: ZoneInfo, policy: Policy, *, anybody: bool
) -> datetime:
    """When to ask again; where nobody could be asked because it is night in `zone`, at 07:00."""
    if not anybody and waits_for_morning(now, zone, urgent=need.urgent):
        return next_morning(now, zone)
    return time_of_next_wave(now, posted_at, need.needed_until, policy)


def waits_for_morning(now: datetime, zone: ZoneInfo, *, urgent: bool) -> bool:
    """Whether nobody in `zone` is asked before 07:00."""
    return not urgent and is_night(now, zone)


def time_of_next_wave(now: datetime, posted_at: datetime, needed_until: datetime, policy: Policy) -> datetime:
    """4 % of the window, at least 10 and at most 60 minutes, and never more than 35 % of the time that is left."""
    window = (needed_until - posted_at).total_seconds() / 60
    interval = min(
        max(policy.interval_share * window, policy.interval_shortest_minutes), policy.interval_longest_minutes
    )
    rest = max((needed_until - now).total_seconds() / 60, 0)
    return now + timedelta(minutes=min(interval, policy.interval_share_of_rest * rest))


def reason_to_escalate(
    now: datetime, due_at: datetime, policy: Policy, *, asked: int, nobody_left: bool
) -> EscalationReason | None:
    """Why the coordinators are to be told now, once for each request; None where there is no reason yet.

    `due_at` as `time_of_escalation` gives it; `nobody_left` says that nobody can be asked now, and nobody who was asked
    may still answer.
    """
    if asked >= policy.asked_at_most:
        return EscalationReason.ENOUGH_ASKED
    if nobody_left:
        return EscalationReason.NOBODY_LEFT
    return EscalationReason.TIME_RUNS_OUT if now >= due_at else None


def time_of_escalation(posted_at: datetime, needed_until: datetime, policy: Policy) -> datetime:
    """When the coordinators are told that help is still missing: after 70 % of the window, unless set otherwise."""
    return posted_at + policy.escalate_share * (needed_until - posted_at)
