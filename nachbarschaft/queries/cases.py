"""Everything that is looked at once more before something goes out, read for a whole batch with a few statements."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, or_, select, union_all
from sqlalchemy.orm import Session

from models import Delivery, HelpRequest, Mail, Notification, Outgoing, Person, Preferences, Quarter
from models.lifecycle import DeliveryState
from nachbarschaft.matching.facts import Habits
from nachbarschaft.queries.able import Ask, could_say_yes, still_asked, still_helping
from nachbarschaft.queries.candidates import habits_of
from nachbarschaft.queries.loads import start_of_day
from nachbarschaft.words.texts import REMINDERS

ASKS = frozenset({"asked", "asked_standby", "asked_again"})
TO_HELPERS = REMINDERS | {"is_it_done"}
"""What makes sense only for whoever has the task."""
CAPPED = frozenset({"asked", "news"})
"""Kinds that stop at the daily limit; what concerns one's own request or task does not."""
_LONGEST_WAIT = timedelta(days=7)
"""What was owed earlier is not sent any more."""


@dataclass(frozen=True, slots=True)
class Case:
    """One notice on its way to one person. `pushed_today` counts the other notices that they were sent today.

    `before_it` counts those that are being sent, or looked at, and come before it: some of them may not go out at all.
    `is_asked` and `could_say_yes` are about the ask that it is, or that it settles; `helps` says whether the person has
    the task that it is about.
    """

    row_id: uuid.UUID
    attempt: int
    notice: Notification
    person: Person
    preferences: Preferences | None
    habits: Habits
    request: HelpRequest | None
    is_asked: bool
    could_say_yes: bool
    helps: bool
    pushed_today: int
    before_it: int
    now: datetime

    @property
    def is_ask(self) -> bool:
        return self.notice.topic in ASKS

    @property
    def ends_at(self) -> datetime:
        """When it stops making sense. An ask ends with its request, wherever that end lies by now."""
        if self.request is not None and self.is_ask:
            return self.request.expires_at
        return self.notice.expires_at


def read_cases(session: Session, table: type[Outgoing], rows: Iterable[uuid.UUID], now: datetime) -> list[Case]:
    """The cases of those of `rows` that are held, in no order."""
    found = session.execute(
        select(table.id, table.attempt, Notification, Person, Quarter.timezone, Preferences, HelpRequest)
        .join(Notification, Notification.id == table.notification_id)
        .join(Person, Person.id == Notification.person_id)
        .join(Quarter, Quarter.id == Person.quarter_id)
        .outerjoin(Preferences, Preferences.person_id == Person.id)
        .outerjoin(HelpRequest, HelpRequest.id == Notification.request_id)
        .where(table.id.in_(list(rows)), table.state == DeliveryState.LEASED)
    ).all()
    notices = [row[2] for row in found]
    asked = still_asked(session, _pairs(notice for notice in notices if notice.silent or notice.topic in ASKS))
    able = could_say_yes(session, asked, now)
    helping = still_helping(session, _pairs(notice for notice in notices if notice.topic in TO_HELPERS))
    timezones = {row[3].id: row[4] for row in found}
    told = _told_today(session, notices, timezones, now)
    return [
        Case(
            row_id=row_id,
            attempt=attempt,
            notice=notice,
            person=person,
            preferences=preferences,
            habits=habits_of(preferences, timezone),
            request=request,
            is_asked=(notice.request_id, person.id) in asked,
            could_say_yes=(notice.request_id, person.id) in able,
            helps=(notice.request_id, person.id) in helping,
            pushed_today=told.get(notice.id, (0, 0))[0],
            before_it=told.get(notice.id, (0, 0))[1],
            now=now,
        )
        for row_id, attempt, notice, person, timezone, preferences, request in found
    ]


def _pairs(notices: Iterable[Notification]) -> list[Ask]:
    return [(notice.request_id, notice.person_id) for notice in notices if notice.request_id is not None]


def _told_today(
    session: Session, notices: Sequence[Notification], timezones: dict[uuid.UUID, str], now: datetime
) -> dict[uuid.UUID, tuple[int, int]]:
    """For each notice that is capped: how many others its person was told of today, and is being told of before it.

    Of several that are sent at once each counts only the earlier ones: so as many go out as the limit allows.
    """
    capped = [notice for notice in notices if notice.kind in CAPPED and not notice.silent]
    people = {notice.person_id for notice in capped}
    day_starts = {person: start_of_day(now, timezones[person]) for person in people}
    told: dict[uuid.UUID, dict[uuid.UUID, tuple[bool, datetime]]] = defaultdict(dict)
    if people:
        query = _told(people, min(day_starts.values()))
        for person, key, created_at, state, settled_at in session.execute(query):
            is_sent = state == DeliveryState.SENT and settled_at >= day_starts[person]
            if is_sent or (state == DeliveryState.LEASED and key not in told[person]):
                told[person][key] = (is_sent, created_at)
    return {notice.id: _others(notice, told[notice.person_id]) for notice in capped}


def _others(notice: Notification, told: dict[uuid.UUID, tuple[bool, datetime]]) -> tuple[int, int]:
    mine = (notice.created_at, notice.id)
    others = [(is_sent, (at, key) < mine) for key, (is_sent, at) in told.items() if key != notice.id]
    return sum(is_sent for is_sent, _ in others), sum(earlier for is_sent, earlier in others if not is_sent)


def _told(people: Iterable[uuid.UUID], since: datetime) -> Select[*tuple[Any, ...]]:
    """What `people` were sent since then, or are being sent: person, notice, when it was owed, state, when it ended."""
    # What comes in the daily mail comes at once, however much it is: it uses nothing of the day's limit up.
    mails = _on(Mail, people, since).where(Mail.digest.is_(False))
    either = union_all(_on(Delivery, people, since), mails).subquery()
    return select(*either.c)


def _on(table: type[Outgoing], people: Iterable[uuid.UUID], since: datetime) -> Select[*tuple[Any, ...]]:
    return (
        select(Notification.person_id, Notification.id, Notification.created_at, table.state, table.settled_at)
        .join(table, table.notification_id == Notification.id)
        .where(
            Notification.person_id.in_(list(people)),
            Notification.created_at >= since - _LONGEST_WAIT,
            Notification.silent.is_(False),
            or_(
                table.state == DeliveryState.LEASED,
                and_(table.state == DeliveryState.SENT, table.settled_at >= since),
            ),
        )
    )
