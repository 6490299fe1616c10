"""Google misbehaves: what becomes of the push, one POST an attempt, the others go on, and nothing is lost (F22 to F37).

What each single answer means to the gateway is shown in tests/nachbarschaft/test_firebase.py.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from models import Delivery, Device
from models.lifecycle import DeliveryState
from nachbarschaft.services.outbox import owe
from nachbarschaft.services.outgoing import WHEN_BUSY
from tests.faults.office import Office, opened
from tests.nachbarschaft.owed import Owed, owed
from tests.support.fcm import OK, Answer, LoopbackFcm
from tests.support.processes import Processes, wait_until
from tests.support.served import LiveTown
from tests.support.town import Neighbour, Town

A_DAY = timedelta(days=1)
SOON = 60.0
SENDERS = 16


@pytest.fixture
def office(town: Town, tmp_path: Path) -> Iterator[Office]:
    with opened(town, tmp_path) as made:
        yield made


@pytest.fixture
def small_office(small_town: Town, tmp_path: Path) -> Iterator[Office]:
    """For what does not depend on the database."""
    with opened(small_town, tmp_path) as made:
        yield made


def may_have_arrived(office: Office, row: Owed) -> bool:
    with office.town.wiring.reading() as context:
        return context.session.get_one(Delivery, row.id).may_have_arrived


def is_reachable(office: Office, address: str) -> bool:
    """Whether the device still stands there."""
    with office.town.wiring.reading() as context:
        return context.session.scalar(select(Device.id).where(Device.address == address)) is not None


# --- Google is down, or busy --------------------------------------------------------------------------------


def test_f22_after_a_500_it_is_tried_again_later(office: Office) -> None:
    row = office.meets(Answer(500, code="INTERNAL"))
    office.waits_for_its_turn(row, "internal")
    assert may_have_arrived(office, row)
    office.recovers(row)


def test_f23_after_a_503_it_is_tried_again_later(office: Office) -> None:
    row = office.meets(Answer(503, code="UNAVAILABLE"))
    office.waits_for_its_turn(row, "unavailable")
    office.recovers(row)


def test_f24_a_503_that_asks_for_a_day_keeps_its_row_waiting_and_nothing_else(office: Office) -> None:
    row = office.meets(Answer(503, code="UNAVAILABLE", headers={"Retry-After": "86400"}))
    assert (row.state, row.outcome) == (DeliveryState.PENDING, "unavailable")
    assert row.due_at == office.town.clock.now() + A_DAY
    office.recovers(row)


def test_f24_32_pushes_that_wait_for_a_day_block_no_thread(database_url: str, tmp_path: Path) -> None:
    """Afterwards all sixteen senders of the real worker are at work at the same moment."""
    with LoopbackFcm() as fcm, LiveTown(database_url, tmp_path) as town:
        told_to_wait, others = town.volunteers(2, phones=16), town.volunteers(2, phones=16)
        waiting, going = phones_of(town, told_to_wait), phones_of(town, others)
        for address in waiting:
            fcm.behave(address, Answer(429, code="QUOTA_EXCEEDED", headers={"Retry-After": "86400"}))
        firebase = {"FIREBASE_CREDENTIALS": str(fcm.credentials_file(tmp_path)), "FCM_URL": fcm.url}
        with Processes(database_url, tmp_path, **firebase) as processes:
            worker = processes.start("worker")
            for one in told_to_wait:
                owe_now(town, one.uuid)
            wait_until(lambda: outcomes(town) == {"quota_exceeded": 32}, within=SOON)
            for address in going:
                fcm.behave(address, Answer(delay=2.0))

            for one in others:
                owe_now(town, one.uuid)

            wait_until(lambda: outcomes(town) == {"quota_exceeded": 32, "sent": 32}, within=SOON)
            began = sorted(post.time for post in fcm.posts if post.address in going)
            assert began[SENDERS - 1] - began[0] < 2.0, "sixteen at the same moment"
            assert Counter(post.address for post in fcm.posts) == Counter(waiting | going)
            now = datetime.now(UTC)
            dues = [row.due_at for row in owed(town) if row.address in waiting]
            assert all(A_DAY - timedelta(minutes=2) < due - now <= A_DAY for due in dues)
            assert worker.stop() == 0
            require_no_address(worker.output)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        pytest.param({"Retry-After": "120"}, timedelta(seconds=120), timedelta(seconds=120), id="seconds"),
        pytest.param(
            {
                "Date": format_datetime(datetime(2026, 6, 10, 9, tzinfo=UTC), usegmt=True),
                "Retry-After": format_datetime(datetime(2026, 6, 10, 9, 2, tzinfo=UTC), usegmt=True),
            },
            timedelta(seconds=120),
            timedelta(seconds=120),
            id="date",
        ),
        pytest.param({}, WHEN_BUSY, 1.5 * WHEN_BUSY, id="none"),
        pytest.param({"Retry-After": "when we feel like it"}, WHEN_BUSY, 1.5 * WHEN_BUSY, id="garbage"),
    ],
)
def test_f25_after_a_429_its_push_waits_as_long_as_is_asked_for_or_a_minute(
    office: Office, headers: dict[str, str], least: timedelta, most: timedelta
) -> None:
    row = office.meets(Answer(429, code="QUOTA_EXCEEDED", headers=headers))
    assert (row.state, row.outcome) == (DeliveryState.PENDING, "quota_exceeded")
    assert least <= row.due_at - office.town.clock.now() <= most
    assert not may_have_arrived(office, row)
    office.recovers(row)


# --- Google refuses -----------------------------------------------------------------------------------------


def test_f26_a_400_about_the_address_deletes_that_address(office: Office) -> None:
    row = office.meets(Answer(400, code="INVALID_ARGUMENT", fields=("message.token",)))
    assert (row.state, row.outcome) == (DeliveryState.FAILED, "invalid_address")
    assert not is_reachable(office, office.unlucky)
    office.owe()
    assert office.deliver() == {"sent": 3}
    assert len(office.fcm.posts_to(office.unlucky)) == 1


def test_f26_a_400_about_what_we_say_is_an_alarm_and_deletes_nothing(office: Office) -> None:
    row = office.meets(Answer(400, fields=("message.android.ttl",)))
    assert (row.state, row.outcome) == (DeliveryState.FAILED, "invalid_payload")
    assert "push_refused" in office.logs
    assert is_reachable(office, office.unlucky)
    office.fcm.behave(office.unlucky)
    office.owe()
    assert office.deliver() == {"sent": 4}


def test_f27_a_403_is_an_alarm_and_goes_out_once_it_is_mended(office: Office) -> None:
    row = office.meets(Answer(403, code=None))
    office.waits_for_its_turn(row, "permission_denied")
    assert "push_refused" in office.logs
    office.recovers(row)


def test_f27_a_403_for_another_project_is_an_alarm_and_keeps_the_address(office: Office) -> None:
    row = office.meets(Answer(403, code="SENDER_ID_MISMATCH"))
    assert (row.state, row.outcome) == (DeliveryState.FAILED, "sender_id_mismatch")
    assert "push_refused" in office.logs
    assert is_reachable(office, office.unlucky)
    assert office.deliver() == {}


def test_f28_a_404_for_an_app_that_is_gone_deletes_its_address(office: Office) -> None:
    row = office.meets(Answer(404, code="UNREGISTERED"))
    assert (row.state, row.outcome) == (DeliveryState.FAILED, "unregistered")
    assert not is_reachable(office, office.unlucky)
    assert is_reachable(office, office.phones[1])
    office.owe()
    assert office.deliver() == {"sent": 3}
    assert len(office.fcm.posts_to(office.unlucky)) == 1


def test_f28_a_404_for_the_whole_project_is_an_alarm_and_deletes_nothing(office: Office) -> None:
    row = office.meets(Answer(404, body=b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>"))
    office.waits_for_its_turn(row, "wrong_project")
    assert is_reachable(office, office.unlucky)
    office.recovers(row)


def test_f29_a_401_gets_a_fresh_token_once_and_then_waits(office: Office) -> None:
    row = office.meets(Answer(401))
    office.waits_for_its_turn(row, "unauthenticated")
    assert len(office.fcm.posts_to(office.unlucky)) == 2, "the only attempt with a second POST: with the fresh token"
    office.recovers(row, posts=3)


def test_f29_tokens_that_google_forgets_cost_nothing_but_a_second_post(office: Office) -> None:
    office.owe()
    assert office.deliver() == {"sent": 4}
    office.fcm.revoke_tokens()
    office.owe()
    assert office.deliver() == {"sent": 4}
    assert {row.attempt for row in owed(office.town)} == {1}


# --- Google answers badly -----------------------------------------------------------------------------------


def test_f30_an_answer_of_one_byte_a_second_ends_at_the_deadline(office: Office) -> None:
    row = office.meets(Answer(drip=1.0))
    office.waits_for_its_turn(row, "timeout")
    assert may_have_arrived(office, row)
    office.recovers(row)


def test_f31_no_answer_ends_at_the_deadline(office: Office) -> None:
    row = office.meets(Answer(delay=3600))
    office.waits_for_its_turn(row, "timeout")
    assert may_have_arrived(office, row)
    office.recovers(row)


def test_f32_a_connection_that_is_closed_instead_of_an_answer_is_no_answer(office: Office) -> None:
    row = office.meets(Answer(cut="read"))
    office.waits_for_its_turn(row, "unreachable")
    assert may_have_arrived(office, row)
    office.recovers(row)


def test_f32_connections_that_are_closed_at_once_lose_nothing(office: Office) -> None:
    office.fcm.behave(None, Answer(cut="unread"))
    office.owe()
    assert office.deliver() == {"retry": 4}
    assert len(office.fcm.posts) == 4
    all_wait_and_recover(office, "unreachable", posts=8)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{name: ", id="invalid"),
        pytest.param(b"", id="empty"),
        pytest.param(b'{"name": "' + b"x" * 10_000_000 + b'"}', id="10-MB"),
        pytest.param(b"<html>Please sign in to this network</html>", id="html"),
    ],
)
def test_f33_a_200_without_a_receipt_is_no_success(office: Office, body: bytes) -> None:
    row = office.meets(Answer(body=body))
    office.waits_for_its_turn(row, "junk_answer")
    assert may_have_arrived(office, row)
    office.recovers(row)


# --- Google cannot be reached at all ------------------------------------------------------------------------


def all_wait_and_recover(office: Office, outcome: str, *, posts: int) -> None:
    """No push was lost; once Google can be reached again, each goes out."""
    rows = owed(office.town)
    assert {(row.state, row.outcome) for row in rows} == {(DeliveryState.PENDING, outcome)}
    office.require_no_address_in_the_log()
    office.fcm.behave(None)
    office.fcm.behave_token()
    office.reach_google_at(office.fcm.url)
    office.town.clock.set(max(row.due_at for row in rows))
    assert office.deliver() == {"sent": 4}
    assert {row.attempt for row in owed(office.town)} == {2}
    assert len(office.fcm.posts) == posts
    office.require_no_address_in_the_log()


def test_f34_where_tls_fails_nothing_is_sent_and_nothing_lost(office: Office) -> None:
    """The port speaks no TLS at all; a certificate that nobody knows ends alike (test_firebase)."""
    office.reach_google_at(office.fcm.url.replace("http:", "https:"))
    office.owe()
    assert office.deliver() == {"retry": 4}
    assert not any(may_have_arrived(office, row) for row in owed(office.town))
    all_wait_and_recover(office, "unreachable", posts=4)


def test_f35_where_the_name_is_unknown_nothing_is_sent_and_nothing_lost(office: Office) -> None:
    office.reach_google_at("http://fcm.invalid")  # a name that never exists (RFC 6761, 6.4)
    office.owe()
    assert office.deliver() == {"retry": 4}
    assert not any(may_have_arrived(office, row) for row in owed(office.town))
    all_wait_and_recover(office, "unreachable", posts=4)


@pytest.mark.parametrize("answer", [Answer(503), Answer(cut="read"), Answer(delay=3600)], ids=["503", "cut", "silent"])
def test_f36_without_tokens_nothing_is_posted_and_nothing_lost(office: Office, answer: Answer) -> None:
    office.fcm.behave_token(answer)
    office.owe()
    assert office.deliver() == {"retry": 4}
    assert office.fcm.posts == []
    all_wait_and_recover(office, "token_endpoint", posts=4)


# --- All of it ----------------------------------------------------------------------------------------------

MIX = (
    Answer(500, code="INTERNAL"),
    Answer(503, code="UNAVAILABLE", headers={"Retry-After": "1"}),
    Answer(429, code="QUOTA_EXCEEDED", headers={"Retry-After": "1"}),
    Answer(403),
    Answer(cut="read"),
    Answer(body=b"<html>"),
    Answer(418),
    Answer(delay=0.3),
)
LAST_WORDS = (Answer(404, code="UNREGISTERED"), Answer(400, code="INVALID_ARGUMENT"))


def test_f37_through_a_mix_of_all_faults_every_push_arrives_or_its_phone_is_gone(
    database_url: str, tmp_path: Path
) -> None:
    """Three in ten answers are bad ones; each attempt is one POST."""
    chance = random.Random(37)
    with LoopbackFcm() as fcm, LiveTown(database_url, tmp_path) as town:
        people = town.volunteers(5, phones=12)
        phones = phones_of(town, people)
        gone = set(chance.sample(sorted(phones), 4))
        for address in sorted(phones):
            bad = [chance.choice(MIX) for _ in range(3) if chance.random() < 0.3]
            fcm.behave(address, *bad, chance.choice(LAST_WORDS) if address in gone else OK)
        firebase = {"FIREBASE_CREDENTIALS": str(fcm.credentials_file(tmp_path)), "FCM_URL": fcm.url}
        with Processes(database_url, tmp_path, **firebase) as processes:
            worker = processes.start("worker")
            for person in people:
                owe_now(town, person.uuid)
            wait_until(lambda: is_all_settled(town), within=SOON)
            assert worker.stop() == 0
            require_no_address(worker.output)
        rows = owed(town)
        assert Counter(row.state for row in rows) == {"sent": 56, "failed": 4}
        assert {row.address for row in rows if row.state == "sent"} == phones - gone
        assert {row.outcome for row in rows if row.state == "failed"} <= {"unregistered", "invalid_address"}
        assert len(fcm.posts) == sum(row.attempt for row in rows)


def is_all_settled(town: LiveTown) -> bool:
    """Hurries whatever waits for its next attempt: the pauses are shown elsewhere."""
    now = datetime.now(UTC)
    with town.wiring.writing() as context:
        hurried = update(Delivery).where(Delivery.state == DeliveryState.PENDING, Delivery.due_at > now)
        context.session.execute(hurried.values(due_at=now).execution_options(synchronize_session=False))
        waiting = Delivery.state.in_([DeliveryState.PENDING, DeliveryState.LEASED])
        return not context.session.scalar(select(func.count()).select_from(Delivery).where(waiting))


def owe_now(town: LiveTown, person_id: UUID) -> None:
    with town.wiring.writing(datetime.now(UTC)) as context:
        owe(context, person_id, "accepted")


def phones_of(town: LiveTown, neighbours: Sequence[Neighbour]) -> set[str]:
    people = [neighbour.uuid for neighbour in neighbours]
    with town.wiring.reading() as context:
        return set(context.session.scalars(select(Device.address).where(Device.person_id.in_(people))))


def outcomes(town: LiveTown) -> Counter[str | None]:
    return Counter(row.outcome for row in owed(town))


def require_no_address(output: str) -> None:
    assert "address-" not in output
