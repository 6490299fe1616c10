"""Histories of requests, made up row by row, and the plainest way to count them."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import Assignment, Event, HelpRequest, Intake, Person, Quarter
from tests.support.town import Town

HERNE = ZoneInfo("Europe/Berlin")
LANGUAGES = ("de", "tr", "uk")
HELPERS = 3


@dataclass(frozen=True)
class Help:
    """One helper's task: so long after the creation, with these minutes, in this state."""

    after: timedelta
    minutes: int | None
    state: str


@dataclass(frozen=True)
class Asked:
    """One request as it stands, and whether a yes once took its last place. Nobody has said anything yet."""

    at: datetime
    category: str = "shopping"
    channel: str = "app"
    language: str = "de"
    state: str = "open"
    needed: int = 1
    accepted: int = 0
    minutes: int | None = None
    was_full: bool = False
    helps: tuple[Help, ...] = ()


GROUP_OF: dict[str, Callable[[Asked], str]] = {
    "category": lambda asked: asked.category,
    "channel": lambda asked: asked.channel,
    "language": lambda asked: asked.language,
    "day": lambda asked: f"{shown(asked.at):%Y-%m-%d}",
    "week": lambda asked: f"{shown(asked.at):%G-W%V}",
    "month": lambda asked: f"{shown(asked.at):%Y-%m}",
}


def shown(at: datetime) -> datetime:
    """What the clocks in Herne show."""
    return at.astimezone(HERNE)


def counted(history: Iterable[Asked], by: str, first: date, last: date) -> dict[str, dict[str, Any]]:
    """Group → its figures, one after the other and without any hurry."""
    groups: dict[str, list[Asked]] = {}
    for asked in history:
        if first <= shown(asked.at).date() <= last:
            groups.setdefault(GROUP_OF[by](asked), []).append(asked)
    return {group: _figures(members) for group, members in groups.items()}


def _figures(members: list[Asked]) -> dict[str, Any]:
    return {
        "requests": len(members),
        "filled": sum(asked.accepted == asked.needed or asked.was_full for asked in members),
        **{end: sum(asked.state == end for asked in members) for end in ("done", "expired", "cancelled")},
        "median_minutes_to_match": _middle(
            [min(each.after for each in asked.helps) for asked in members if asked.helps]
        ),
        "hours": round(sum(_minutes(asked) for asked in members) / 60, 1),
    }


def _middle(waits: list[timedelta]) -> float | None:
    if not waits:
        return None
    ordered, half = sorted(waits), len(waits) // 2
    middle = ordered[half : half + 1] if len(waits) % 2 else ordered[half - 1 : half + 1]
    seconds = sum(Fraction(wait // timedelta(microseconds=1), 10**6) for wait in middle) / len(middle)
    return round(float(seconds / 60), 1)


def _minutes(asked: Asked) -> int:
    finished = [each for each in asked.helps if each.state == "done"]
    told = [asked.minutes if each.minutes is None else each.minutes for each in finished]
    return sum(minutes or 0 for minutes in told)


class Archive:
    """Writes histories into one quarter's books, each over the one before."""

    def __init__(self, town: Town) -> None:
        self._town = town
        with town.wiring.writing() as context:
            quarters = {q.slug: q.id for q in context.session.scalars(select(Quarter))}
            self._quarter, self._elsewhere = quarters["blumenthal"], quarters["forellquartier"]
            people = [self._person(language) for language in (*LANGUAGES, *["de"] * HELPERS)]
            context.session.add_all(people)
            context.session.flush()
            self._requesters = {person.language: person.id for person in people[: len(LANGUAGES)]}
            self._helpers = [person.id for person in people[len(LANGUAGES) :]]

    def write(self, history: Iterable[Asked], elsewhere: Iterable[Asked] = ()) -> None:
        """These requests and no others; `elsewhere` in the adjoining quarter."""
        with self._town.wiring.writing() as context:
            for table in (Event, Assignment, Intake, HelpRequest):
                context.session.execute(delete(table))
            for asked in history:
                self._write(context.session, asked, self._quarter)
            for asked in elsewhere:
                self._write(context.session, asked, self._elsewhere)

    def _person(self, language: str) -> Person:
        return Person(name="X", language=language, quarter_id=self._quarter, created_at=self._town.clock.now())

    def _write(self, session: Session, asked: Asked, quarter: uuid.UUID) -> None:
        request = HelpRequest(
            requester_id=self._requesters[asked.language],
            quarter_id=quarter,
            category=asked.category,
            needed_from=asked.at,
            needed_until=asked.at + timedelta(hours=9),
            urgent=False,
            people_needed=asked.needed,
            people_accepted=asked.accepted,
            languages=[],
            code_word="x",
            state=asked.state,
            confirmed_at=asked.at,
            expires_at=asked.at,
            warn_at=asked.at,
            created_at=asked.at,
            closed_at=None if asked.state in {"open", "filled"} else asked.at,
            minutes=asked.minutes,
        )
        session.add(request)
        session.flush()
        session.add_all(self._beside(request, asked))

    def _beside(self, request: HelpRequest, asked: Asked) -> Iterable[Intake | Event | Assignment]:
        if asked.channel != "app":
            consent = {"consent_given_at": asked.at, "consent_text_version": "1"}
            yield Intake(request_id=request.id, channel=asked.channel, **consent)
        yield self._yes(request, "open")
        if asked.was_full:
            yield self._yes(request, "filled")
        for helper, each in zip(self._helpers, asked.helps, strict=False):
            yield Assignment(
                request_id=request.id,
                person_id=helper,
                state=each.state,
                accepted_at=asked.at + each.after,
                ended_at=None if each.state == "active" else asked.at + each.after,
                minutes=each.minutes,
            )

    def _yes(self, request: HelpRequest, state: str) -> Event:
        return Event(
            at=request.created_at,
            kind="accepted",
            quarter_id=request.quarter_id,
            request_id=request.id,
            data={"state": state, "people_accepted": 1},
        )
