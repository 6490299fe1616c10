"""The baseline of matching: offers taken apart into rows, and one join that knows the rules of asking."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from nachbarschaft.categories import CATEGORIES
from nachbarschaft.matching.policy import DEFAULT_POLICY
from tests.benchmarks.crowd import Row
from tests.benchmarks.raw import Raw, as_instant, as_languages, as_uuid
from tests.support.town import NOON

_ZONE = ZoneInfo("Europe/Berlin")
_ENOUGH = {"none": ["new", "known", "certified"], "known": ["known", "certified"], "certified": ["certified"]}
_TABLES = (
    "CREATE TABLE bench_slot (offer_id {key} NOT NULL, weekday int NOT NULL, from_minute int NOT NULL, "
    "until_minute int NOT NULL)",
    "CREATE TABLE bench_language (offer_id {key} NOT NULL, language text NOT NULL)",
)
_INDEXES = (
    "CREATE INDEX bench_slot_find ON bench_slot (offer_id, weekday)",
    "CREATE INDEX bench_language_find ON bench_language (offer_id, language)",
)
_REQUEST = """
    SELECT category, quarter_id, requester_id, languages, needed_from, needed_until FROM help_request
    WHERE id = :request
"""
_NEIGHBOURS = "SELECT quarter_id FROM quarter_neighbour WHERE neighbour_id = :quarter"
_PEOPLE = """
    SELECT o.person_id
    FROM offer_category c
    JOIN offer o ON o.id = c.offer_id
    JOIN person p ON p.id = o.person_id
    WHERE c.category = :category
      AND {near}
      AND (c.quarter_id = :quarter OR o.reach = 'neighbours')
      AND o.person_id <> :requester
      AND (o.paused_until IS NULL OR o.paused_until <= :now)
      AND p.suspended_at IS NULL AND p.active_tasks < :tasks_at_once
      AND {verification}
      AND (:any_language = 1 OR EXISTS (
            SELECT 1 FROM bench_language l WHERE l.offer_id = o.id AND {language}))
      AND (NOT EXISTS (SELECT 1 FROM bench_slot s WHERE s.offer_id = o.id) OR EXISTS (
            SELECT 1 FROM bench_slot s
            WHERE s.offer_id = o.id AND s.weekday = :weekday
              AND s.from_minute + 30 <= :until_minute AND s.until_minute - 30 >= :from_minute))
      AND NOT EXISTS (SELECT 1 FROM invitation i WHERE i.request_id = :request AND i.person_id = o.person_id)
      AND NOT EXISTS (SELECT 1 FROM assignment a WHERE a.request_id = :request AND a.person_id = o.person_id)
"""
"""Needs of half an hour and longer, within one day; slots likewise. So it is in this city."""


def normalise(raw: Raw, offers: Sequence[Row]) -> None:
    """Writes the rows that the product keeps in the offer itself."""
    for statement in _TABLES:
        raw.change(statement.format(key="char(32)" if raw.is_sqlite else "uuid"))
    raw.change_many(
        "INSERT INTO bench_slot VALUES (:offer, :weekday, :start, :end)",
        [
            {
                "offer": offer["id"],
                "weekday": slot["weekday"],
                "start": _minutes(slot["from"]),
                "end": _minutes(slot["until"]),
            }
            for offer in offers
            for slot in offer["availability"]
        ],
    )
    raw.change_many(
        "INSERT INTO bench_language VALUES (:offer, :language)",
        [{"offer": offer["id"], "language": language} for offer in offers for language in offer["languages"]],
    )
    for statement in _INDEXES:
        raw.change(statement)


class Join:
    """The statement, ready for its database."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        self._statement = _PEOPLE.format(
            near=raw.among("c.quarter_id", "quarters"),
            verification=raw.among("p.verification", "levels"),
            language=raw.among("l.language", "languages"),
        )

    def people(self, request_id: UUID) -> list[UUID]:
        """Who could be asked for it."""
        row = self._raw.rows(_REQUEST, request=request_id)[0]
        category, quarter, requester = row[:3]
        languages = as_languages(row[3])
        start, end = (as_instant(value).astimezone(_ZONE) for value in row[4:])
        midnight = start.replace(hour=0, minute=0)
        neighbours = [row[0] for row in self._raw.rows(_NEIGHBOURS, quarter=quarter)]
        found = self._raw.rows(
            self._statement,
            request=request_id,
            category=category,
            quarter=quarter,
            quarters=[quarter, *neighbours],
            requester=requester,
            now=NOON,
            tasks_at_once=DEFAULT_POLICY.tasks_at_once,
            levels=_ENOUGH[CATEGORIES[category].requires],
            any_language=int(not languages),
            languages=languages,
            weekday=start.weekday(),
            from_minute=(start - midnight) // timedelta(minutes=1),
            until_minute=(end - midnight) // timedelta(minutes=1),
        )
        return [as_uuid(row[0]) for row in found]


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
