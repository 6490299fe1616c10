"""Accepting as one raw guarded statement: the floor under `services.accepting`, with nothing told to anybody."""

import uuid
from datetime import datetime

from tests.benchmarks.raw import Raw

_TAKE_PLACE = """
    UPDATE help_request
    SET people_accepted = people_accepted + 1, version = version + 1, next_wave_at = NULL,
        state = CASE WHEN people_accepted + 1 = people_needed THEN 'filled' ELSE 'open' END
    WHERE id = {request} AND state = 'open' AND people_accepted < people_needed AND expires_at > {now}
"""
_TASK = "INSERT INTO assignment (id, request_id, person_id, state, accepted_at, excused)"

PLACE_AND_TASK = f"""
    WITH taken AS ({_TAKE_PLACE.format(request="%(request)s", now="%(now)s")} RETURNING id)
    {_TASK} SELECT %(key)s, id, %(person)s, 'active', %(now)s, false FROM taken
    RETURNING id, request_id AS request, state, accepted_at
"""  # noqa: S608 - no value is written into it
"""For psycopg: %(request)s, %(person)s, %(key)s, %(now)s. No row where there is no place."""

_PLACE = _TAKE_PLACE.format(request=":request", now=":now")
_ASSIGN = f"{_TASK} VALUES (:key, :request, :person, 'active', :now, false)"


def take_place(raw: Raw, request_id: uuid.UUID, person_id: uuid.UUID, now: datetime) -> bool:
    """Gives the task to the person if there is a place. SQLite has no such CTE: there it is two in a transaction."""
    values = {"key": uuid.uuid4(), "request": request_id, "person": person_id, "now": now}
    if not raw.is_sqlite:
        return len(raw.rows(PLACE_AND_TASK, **values)) == 1
    with raw.transaction():
        if raw.change(_PLACE, request=request_id, now=now) != 1:
            return False
        return raw.change(_ASSIGN, **values) == 1
