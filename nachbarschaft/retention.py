"""How long things are kept, as the data map says it in words: one place for the numbers (`models.data_map`)."""

from datetime import datetime, timedelta

TEXTS = timedelta(days=30)
"""Words, places and telephone numbers of a request, after it has ended."""
SENT = timedelta(days=7)
FAILED = timedelta(days=30)
CODES = timedelta(days=14)
SIGN_INS = timedelta(days=90)
"""After a sign-in has ended."""
SILENT_DEVICES = timedelta(days=60)
ERASURES = timedelta(days=90)


def a_year_before(now: datetime) -> datetime:
    """Twelve months back by the calendar; from 29 February to the 28th."""
    try:
        return now.replace(year=now.year - 1)
    except ValueError:
        return now.replace(year=now.year - 1, day=28)
