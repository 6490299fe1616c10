"""The retention calendar, to the day: for every period in the data map, a moment before and a moment after."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from jobs import forget_personal_data as job
from models import (
    Assignment,
    AuditSeal,
    Base,
    ContactView,
    Delivery,
    Device,
    Erasure,
    Event,
    HelpRequest,
    Invitation,
    Mail,
    Notification,
    OneTimeCode,
    RefreshToken,
    SealedEvent,
    SignInSession,
    StoredAnswer,
)
from models.account import NOBODY
from models.data_map import DATA_MAP, Personal
from nachbarschaft.queries.audit import verify_audit
from nachbarschaft.retention import a_year_before
from nachbarschaft.services.anonymising import forget_helpers
from nachbarschaft.services.codes import issue_code
from tests.support.town import Town

SECOND = timedelta(seconds=1)
YEAR = timedelta(days=365)
"""From June to June there is no 29 February."""
AS_LONG_AS = ("as long as", "until the", "until it signs off")
"""What ends with an account, an offer or an appointment has no date in the calendar."""


def count(town: Town, table: type[Base], *where: Any) -> int:
    with town.wiring.reading() as context:
        return context.session.scalars(select(func.count()).select_from(table).where(*where)).one()


def ended(town: Town) -> dict[str, Any]:
    """A request that was answered, looked at, and is done now."""
    helper, requester = town.volunteer(), town.neighbour()
    request = requester.ask(private_note="Schlüssel", public_note="Zwei Tüten", phone="02323 9182736")
    town.deliver()
    assert helper.act(request, "accept").status_code == 201
    assert helper.act(request, "contact").status_code == 200
    assert requester.act(request, "done").status_code == 200
    return request


def words_left(town: Town) -> int:
    loud = (HelpRequest.private_note, HelpRequest.public_note, HelpRequest.place_address, HelpRequest.phone)
    return sum(count(town, HelpRequest, column.is_not(None)) for column in loud)


def names_left(town: Town) -> int:
    named = count(town, HelpRequest, HelpRequest.requester_id != NOBODY)
    return named + count(town, Assignment, Assignment.person_id != NOBODY) + count(town, Invitation)


def a_failed_push(town: Town) -> None:
    ended(town)
    with town.wiring.writing() as context:
        context.session.execute(update(Delivery).values(state="failed", settled_at=context.now, lease_until=None))


def a_sent_mail(town: Town) -> None:
    ended(town)
    with town.wiring.writing() as context:
        told = context.session.scalars(select(Notification)).first()
        assert told is not None
        done = {"state": "sent", "due_at": context.now, "settled_at": context.now}
        context.session.add(Mail(notification_id=told.id, **done))


def a_code(town: Town) -> None:
    neighbour = town.neighbour()
    with town.wiring.writing() as context:
        issue_code(context, neighbour.uuid, "operator")


def signed_out(town: Town) -> None:
    assert town.neighbour().post("/v1/auth/sign-out").status_code == 204


def an_answer(town: Town) -> None:
    requester = town.neighbour()
    request = requester.ask()
    assert requester.post(f"/v1/requests/{request['id']}/cancel", Idempotency_Key="one-key-for-it").status_code == 200


def sealed_events(town: Town) -> None:
    with town.wiring.writing() as context:
        context.session.execute(update(Event).values(at=context.now))
    town.neighbour()
    town.run("seal-audit", town.clock.now() + timedelta(minutes=2))


def an_entry(town: Town) -> None:
    with town.wiring.writing() as context:
        context.session.add(Erasure(person_hash="0" * 64, erased_at=context.now))


Made = Callable[[Town], object]
Left = Callable[[Town], int]
CALENDAR: dict[str, tuple[Made, timedelta, Left]] = {
    "30 days after the request has ended": (ended, timedelta(days=30), words_left),
    "12 months after the request has ended, then only in anonymous counts": (ended, YEAR, names_left),
    "12 months: looks": (ended, YEAR, lambda town: count(town, ContactView)),
    "12 months: inbox": (ended, YEAR, lambda town: count(town, Notification)),
    "12 months: events": (sealed_events, YEAR, lambda town: count(town, Event) + count(town, SealedEvent)),
    "7 days after it was sent or dropped, 30 days after it failed, and until its request has ended: sent": (
        ended,
        timedelta(days=7),
        lambda town: count(town, Delivery, Delivery.state == "sent"),
    ),
    "7 days after it was sent or dropped, 30 days after it failed, and until its request has ended: failed": (
        a_failed_push,
        timedelta(days=30),
        lambda town: count(town, Delivery),
    ),
    "7 days after it was sent or dropped, 30 days after it failed, and until its request has ended: mail": (
        a_sent_mail,
        timedelta(days=7),
        lambda town: count(town, Mail, Mail.state == "sent"),
    ),
    "14 days; it stops working then, or once it is used": (
        a_code,
        timedelta(days=14),
        lambda town: count(town, OneTimeCode),
    ),
    "90 days after the sign-in has ended": (
        signed_out,
        timedelta(days=90),
        lambda town: count(town, SignInSession) + count(town, RefreshToken),
    ),
    "until it signs off or its address is dead, at most 60 days without contact": (
        lambda town: town.volunteer(),
        timedelta(days=60),
        lambda town: count(town, Device),
    ),
    "72 hours": (an_answer, timedelta(hours=72, seconds=1), lambda town: count(town, StoredAnswer)),
    "90 days, longer than any backup": (an_entry, timedelta(days=90), lambda town: count(town, Erasure)),
}
"""The map's words, with what is meant where they hold for several tables → what to make, how long, what is left."""


def test_every_period_of_the_data_map_is_in_the_calendar() -> None:
    periods = {
        use.retention
        for columns in DATA_MAP.values()
        for use in columns.values()
        if use.personal != Personal.NONE and not use.retention.startswith(AS_LONG_AS)
    }

    kept = {what.partition(": ")[0] for what in CALENDAR}
    assert periods - kept == set()
    assert len(periods) >= 7


@pytest.mark.parametrize("what", CALENDAR)
def test_it_is_kept_for_its_time_and_no_longer(town: Town, what: str) -> None:
    make, period, left = CALENDAR[what]
    make(town)
    at = town.clock.now()
    before = left(town)
    assert before > 0

    town.run("forget-personal-data", at + period - SECOND)
    assert left(town) == before
    town.run("forget-personal-data", at + period)

    assert left(town) == 0


def test_what_is_left_after_a_year_is_that_there_was_help(town: Town) -> None:
    request = ended(town)
    town.run("forget-personal-data", town.clock.now() + YEAR)

    with town.wiring.reading() as context:
        left = context.session.get_one(HelpRequest, UUID(request["id"]))
        [task] = context.session.scalars(select(Assignment)).all()
    assert (left.state, left.category, left.requester_id, left.cell, left.languages) == (
        "done",
        "shopping",
        NOBODY,
        None,
        [],
    )
    assert (task.state, task.person_id, task.ended_by) == ("done", NOBODY, None)


def test_a_request_that_is_running_keeps_its_words_and_who_was_told(town: Town) -> None:
    volunteer, requester = town.volunteer(), town.neighbour()
    window = {"needed_from": town.in_hours(24 * 300), "needed_until": town.in_hours(24 * 301)}
    request = requester.ask(private_note="Schlüssel", **window)
    assert volunteer.act(request, "accept").status_code == 201
    town.deliver()
    sent = count(town, Delivery)
    assert sent > 0

    town.run("forget-personal-data", town.clock.now() + timedelta(days=50))

    assert count(town, HelpRequest, HelpRequest.private_note == "Schlüssel") == 1
    assert count(town, Delivery) == sent


def test_what_has_lost_its_words_is_not_asked_for_again(small_town: Town) -> None:
    requester = small_town.neighbour()
    request = requester.ask()
    small_town.run("expire-requests", small_town.clock.forward(hours=8))
    small_town.run("expire-requests", small_town.clock.forward(hours=3))
    assert requester.read(request)["state"] == "expired"
    small_town.clock.forward(days=30)
    small_town.run("forget-personal-data")

    again = requester.act(request, "still-needed", {"needed_until": small_town.in_hours(5)})

    assert (again.status_code, again.json["code"]) == (409, "not_open")


def test_a_phone_in_use_stays_and_goes_with_its_sign_in(town: Town) -> None:
    volunteer = town.volunteer()
    town.clock.forward(days=50)
    refreshed = town.call("POST", "/v1/auth/refresh", {"refresh_token": volunteer.session["refresh_token"]})
    assert refreshed.status_code == 200
    since = town.clock.now()

    town.run("forget-personal-data", since + timedelta(days=60) - SECOND)
    assert count(town, Device) == 1
    town.run("forget-personal-data", since + timedelta(days=60))

    assert count(town, Device) == 0


def test_the_chain_holds_when_its_events_are_forgotten(town: Town) -> None:
    sealed_events(town)
    later = town.clock.now() + YEAR
    town.run("forget-personal-data", later)

    assert count(town, Event) == 0
    assert count(town, AuditSeal) == 1
    with town.wiring.reading(later) as context:
        assert verify_audit(context).broken is None
    with town.wiring.reading(later - timedelta(minutes=1)) as context:
        assert str(verify_audit(context).broken).startswith("The list of what seal 1 holds"), "gone before their time"


def test_twelve_months_end_on_the_same_day_of_the_year() -> None:
    assert a_year_before(datetime(2027, 3, 1, 12, tzinfo=UTC)) == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert a_year_before(datetime(2028, 2, 29, 12, tzinfo=UTC)) == datetime(2027, 2, 28, 12, tzinfo=UTC)


def test_a_run_that_was_killed_half_way_is_taken_up(small_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    for _number in range(7):
        ended(small_town)
    later = small_town.clock.now() + YEAR
    monkeypatch.setattr(job, "BATCH", 2)
    calls = 0

    def dying(*words: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        forget_helpers(*words)

    monkeypatch.setattr("nachbarschaft.services.forgetting.forget_helpers", dying)
    with pytest.raises(KeyboardInterrupt):
        small_town.run("forget-personal-data", later)
    assert count(small_town, HelpRequest, HelpRequest.requester_id == NOBODY) == 4, "two batches, and none by halves"

    assert small_town.run("forget-personal-data", later)["requests"] == 3
    assert names_left(small_town) == 0
    assert set(small_town.run("forget-personal-data", later).values()) == {0}
