"""The hours of a week as bits: whether somebody can have time for a need is then one comparison for a database."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

_HOURS = 168
_PART = 56  # three of these make a week, and each fits into a whole number of 64 bits
EVERY_HOUR = (1 << _HOURS) - 1
_STEP = timedelta(minutes=15)
"""Clocks stand a multiple of this apart from UTC: no hour begins between two steps without being seen at the second."""


def hours_of(slots: Iterable[Mapping[str, Any]]) -> int:
    """Every hour by the clock that one of the weekly slots touches; all of them where there are no slots."""
    touched = 0
    for slot in slots:
        start, end = _minutes(slot["from"]) % 1440, _minutes(slot["until"])
        end += 1440 if end <= start else 0
        for hour in range(start // 60, ceil(end / 60)):
            touched |= 1 << (slot["weekday"] * 24 + hour) % _HOURS
    return touched or EVERY_HOUR


def hours_between(begins: datetime, ends: datetime, zone: ZoneInfo) -> int:
    """Every hour that the clocks in `zone` show between two instants; all of them where that is a week, or nothing."""
    if not timedelta() < ends - begins < timedelta(hours=_HOURS):
        return EVERY_HOUR
    steps = ceil((ends - begins) / _STEP)
    moments = [*(begins + number * _STEP for number in range(steps)), ends - timedelta(microseconds=1)]
    touched = 0
    for local in {moment.astimezone(zone).replace(minute=0, second=0, microsecond=0) for moment in moments}:
        touched |= 1 << (local.weekday() * 24 + local.hour)
    return touched


def parts(hours: int) -> tuple[int, int, int]:
    """The same as three numbers that a database can keep."""
    part = (1 << _PART) - 1
    return hours & part, hours >> _PART & part, hours >> 2 * _PART & part


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
