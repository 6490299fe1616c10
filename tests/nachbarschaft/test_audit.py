"""The audit trail is sealed behind everybody's back, and whatever is done to it afterwards is found."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from jobs import seal_audit as job
from models import AuditSeal, Event, SealedEvent, new_id
from models.audit import BEGINNING
from nachbarschaft.context import Context
from nachbarschaft.queries.audit import Head, Verdict, verify_audit
from nachbarschaft.queries.unsealed import LAG, LOOKED_BACK
from nachbarschaft.services.events import record
from nachbarschaft.services.sealing_audit import seal_events
from tests.cli.command import run
from tests.support.town import Town

EVENTS = 25
SECOND = timedelta(seconds=1)


@pytest.fixture
def sealed(town: Town, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A town with three seals over 25 events."""
    return _sealed(town, monkeypatch)


@pytest.fixture
def small(small_town: Town, monkeypatch: pytest.MonkeyPatch) -> Town:
    """The same on SQLite alone."""
    return _sealed(small_town, monkeypatch)


def _sealed(town: Town, monkeypatch: pytest.MonkeyPatch) -> Town:
    with town.wiring.writing() as context:
        context.session.execute(delete(Event))
    write(town, EVENTS)
    town.clock.forward(hours=1)
    monkeypatch.setattr(job, "BATCH", 10)
    assert town.run("seal-audit") == {"events": EVENTS, "seals": 3}
    return town


def write(town: Town, count: int) -> None:
    """So many events, a second apart."""
    for number in range(count):
        with town.wiring.writing() as context:
            record(context, "signed_in", person_id=UUID(int=number), fields=["name", "ä"], number=number)
        town.clock.forward(seconds=1)


def judged(town: Town, noted: Head | None = None) -> Verdict:
    with town.wiring.reading() as context:
        return verify_audit(context, noted)


def held_by(session: Session, seal: int, place: int) -> UUID:
    where = (SealedEvent.seal == seal, SealedEvent.place == place)
    return session.scalars(select(SealedEvent.event_id).where(*where)).one()


def test_what_nobody_touched_is_as_it_was_sealed(sealed: Town) -> None:
    verdict = judged(sealed)

    assert (verdict.seals, verdict.waiting, verdict.broken) == (3, 0, None)
    assert sealed.run("seal-audit") == {"events": 0, "seals": 0}
    write(sealed, 3)
    assert judged(sealed).waiting == 3


def test_an_event_is_sealed_once_no_transaction_can_come_before_it_any_more(small: Town) -> None:
    write(small, 1)
    written = small.clock.now() - SECOND

    assert small.run("seal-audit", written + LAG - SECOND)["events"] == 0
    assert small.run("seal-audit", written + LAG)["events"] == 1


def test_whoever_commits_late_is_sealed_all_the_same(small: Town) -> None:
    """The order of the chain is the sealing's, whatever the order of times and keys."""
    with small.wiring.writing(small.clock.now() - timedelta(hours=2)) as context:
        record(context, "signed_in")

    assert small.run("seal-audit") == {"events": 1, "seals": 1}
    assert judged(small).broken is None


def test_a_clock_that_was_a_year_ahead_stops_no_sealing(small: Town) -> None:
    now = small.clock.now()
    small.clock.forward(days=365)
    write(small, 1)
    small.run("seal-audit", small.clock.now() + LAG)
    small.clock.set(now)
    write(small, 2)
    small.clock.forward(minutes=3)

    assert small.run("seal-audit")["events"] == 2
    assert judged(small).broken is None


def test_a_run_that_was_killed_is_taken_up(sealed: Town) -> None:
    write(sealed, 15)
    sealed.clock.forward(minutes=3)
    with sealed.wiring.writing() as context:
        made = seal_events(context, 10)
    assert made is not None
    assert made.events == 10

    assert sealed.run("seal-audit") == {"events": 5, "seals": 1}
    assert judged(sealed).broken is None


def test_two_that_seal_at_once_hold_each_event_once(sealed: Town) -> None:
    write(sealed, 40)
    sealed.clock.forward(minutes=3)
    together = Barrier(2)

    def seal() -> int:
        together.wait(timeout=10)
        return sealed.run("seal-audit")["events"]

    with ThreadPoolExecutor(2) as pool:
        done = [future.result(timeout=60) for future in [pool.submit(seal), pool.submit(seal)]]
    done.append(sealed.run("seal-audit")["events"])

    assert sum(done) == 40
    assert judged(sealed).broken is None


def _change(column: str, value: object) -> Callable[[Context], None]:
    def tamper(context: Context) -> None:
        event = held_by(context.session, 2, 4)
        context.session.execute(update(Event).where(Event.id == event).values({column: value}))

    return tamper


def _delete(context: Context) -> None:
    context.session.execute(delete(Event).where(Event.id == held_by(context.session, 2, 4)))


def _delete_with_its_row(context: Context) -> None:
    event = held_by(context.session, 2, 4)
    context.session.execute(delete(Event).where(Event.id == event))
    context.session.execute(delete(SealedEvent).where(SealedEvent.event_id == event))


def _delete_all_of_a_seal(context: Context) -> None:
    of_it = select(SealedEvent.event_id).where(SealedEvent.seal == 2)
    context.session.execute(delete(Event).where(Event.id.in_(of_it)))
    context.session.execute(delete(SealedEvent).where(SealedEvent.seal == 2))


def _delete_a_seal(context: Context) -> None:
    _delete_all_of_a_seal(context)
    context.session.execute(delete(AuditSeal).where(AuditSeal.number == 2))


def _insert(context: Context) -> None:
    context.session.add(Event(at=context.now - LOOKED_BACK - timedelta(hours=2), kind="verified", data={}))


def _insert_with_its_row(context: Context) -> None:
    event = Event(id=new_id(), at=context.now - timedelta(minutes=61), kind="verified", data={})
    context.session.add(event)
    context.session.add(SealedEvent(event_id=event.id, seal=3, place=5, digest="0" * 64))


def _reorder(context: Context) -> None:
    """Two events of one seal change their places."""
    first, second = (held_by(context.session, 2, place) for place in (3, 4))
    for event, place in ((first, 99), (second, 3), (first, 4)):
        context.session.execute(update(SealedEvent).where(SealedEvent.event_id == event).values(place=place))


def _swap(context: Context) -> None:
    """Two events exchange what they say."""
    first, second = (context.session.get_one(Event, held_by(context.session, 2, place)) for place in (3, 4))
    first.person_id, second.person_id = second.person_id, first.person_id


def _seal_anew(context: Context) -> None:
    """One seal is made to fit a changed event; the next one tells."""
    seal = context.session.get_one(AuditSeal, 2)
    seal.content = "0" * 64
    before = context.session.get_one(AuditSeal, 1).hash
    seal.hash = seal.hash_after(before)


TAMPERINGS: dict[str, tuple[Callable[[Context], None], str]] = {
    "an event's kind": (_change("kind", "signed_out"), "was changed"),
    "who did it": (_change("actor_id", UUID(int=7)), "was changed"),
    "what it says": (_change("data", {"number": 14.5}), "was changed"),
    "an event that is gone": (_delete, "was deleted"),
    "an event that is gone with its row": (_delete_with_its_row, "list of what seal 2 holds"),
    "a seal that is empty": (_delete_all_of_a_seal, "list of what seal 2 holds"),
    "a seal that is gone": (_delete_a_seal, "Seal 2 is missing"),
    "an event that was slipped in": (_insert, "added them later"),
    "an event that was slipped in with its row": (_insert_with_its_row, "list of what seal 3 holds"),
    "two places": (_reorder, "list of what seal 2 holds"),
    "two events that changed sides": (_swap, "was changed"),
    "a seal made anew": (_seal_anew, "list of what seal 2 holds"),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_what_was_tampered_with_is_found(small: Town, what: str) -> None:
    tamper, says = TAMPERINGS[what]
    with small.wiring.writing() as context:
        tamper(context)

    broken = judged(small).broken

    assert broken is not None
    assert says in broken


def test_what_was_tampered_with_is_found_on_postgresql_too(sealed: Town) -> None:
    with sealed.wiring.writing() as context:
        _swap(context)
    assert "was changed" in str(judged(sealed).broken)


def test_a_time_moved_by_a_microsecond_is_found(sealed: Town) -> None:
    with sealed.wiring.writing() as context:
        event = context.session.get_one(Event, held_by(context.session, 1, 0))
        event.at += timedelta(microseconds=1)
    assert "was changed" in str(judged(sealed).broken)


def test_a_seal_that_was_made_anew_is_told_by_the_next_one(small: Town) -> None:
    with small.wiring.writing() as context:
        seal = context.session.get_one(AuditSeal, 2)
        seal.sealed_at += SECOND
        seal.hash = seal.hash_after(context.session.get_one(AuditSeal, 1).hash)

    assert str(judged(small).broken).startswith("Seal 3 does not follow")


def test_the_newest_events_alone_are_missed_where_their_seal_is_left(small: Town) -> None:
    with small.wiring.writing() as context:
        context.session.execute(delete(Event).where(Event.id == held_by(context.session, 3, 4)))
    assert "was deleted" in str(judged(small).broken)


def test_a_cut_with_its_seals_shows_only_against_an_end_that_was_noted(small: Town) -> None:
    """The honest limit: what is left is a whole, shorter chain. The log holds each end that was ever made."""
    noted = judged(small).head
    with small.wiring.writing() as context:
        last = select(SealedEvent.event_id).where(SealedEvent.seal == 3)
        context.session.execute(delete(Event).where(Event.id.in_(last)))
        context.session.execute(delete(SealedEvent).where(SealedEvent.seal == 3))
        context.session.execute(delete(AuditSeal).where(AuditSeal.number == 3))

    assert judged(small).broken is None
    assert "its end was cut off" in str(judged(small, noted).broken)
    write(small, 3)
    small.clock.forward(minutes=3)
    small.run("seal-audit")
    assert "made anew" in str(judged(small, noted).broken)


def test_the_whole_chain_made_anew_shows_against_an_end_that_was_noted(small: Town) -> None:
    noted = judged(small).head
    with small.wiring.writing() as context:
        context.session.execute(delete(SealedEvent))
        context.session.execute(delete(AuditSeal))
        context.session.execute(update(Event).values(kind="signed_out"))
    small.run("seal-audit")

    assert judged(small).broken is None
    assert "made anew" in str(judged(small, noted).broken)
    assert judged(small).head != Head(1, BEGINNING)


def test_the_operator_is_told_in_one_sentence(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    _sealed(town, monkeypatch)
    url = town.wiring.settings.database_url
    whole = run("audit", "verify", database=url)
    assert (whole.code, whole.err) == (0, "")
    end = whole.out.split()[-1]
    assert run("audit", "verify", "--noted", end, database=url).code == 0

    with town.wiring.writing() as context:
        _delete(context)

    broken = run("audit", "verify", database=url)
    assert (broken.code, len(broken.lines)) == (1, 1)
    assert "was deleted." in broken.out
    assert run("audit", "verify", "--noted", "3:abc", database=url).code == 2
