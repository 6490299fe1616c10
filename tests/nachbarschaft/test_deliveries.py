"""Pushes on their way out: claimed once, looked at again, tried again in time, and settled by whoever holds them."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from structlog.testing import capture_logs

from jobs.courier import Courier
from jobs.worker import work
from models import Delivery, Device, HelpRequest, Notification, Person
from nachbarschaft.firebase import FirebaseGateway
from nachbarschaft.push import PushMessage
from nachbarschaft.recording import RecordingGateway
from nachbarschaft.sending import Drop, Outcome, Reason, SendResult
from nachbarschaft.services.devices import hash_address
from nachbarschaft.services.outbox import owe
from nachbarschaft.services.outgoing import (
    ATTEMPTS,
    LEASE,
    LONGEST_RETRY,
    Claim,
    Settlement,
    claim_due,
    free_all_leases,
    retry_after,
    settle_all,
)
from nachbarschaft.services.pushing import PushLine, forget_address, prepare_pushes
from tests.nachbarschaft.owed import Owed, owed
from tests.support.fcm import Answer, LoopbackFcm
from tests.support.town import Neighbour, Town

HERNE = ZoneInfo("Europe/Berlin")
SENT = SendResult(Outcome.SENT, "sent")
SECOND = timedelta(seconds=1)


def herne(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=HERNE).astimezone(UTC)


def rfc3339(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def claim(town: Town, limit: int = 100) -> list[Claim]:
    with town.wiring.writing() as context:
        return claim_due(context.session, Delivery, context.now, limit)


def settled(town: Town, held: Claim, outcome: SendResult = SENT) -> bool:
    with town.wiring.writing() as context:
        return held.row_id in settle_all(context.session, Delivery, [Settlement(held, outcome)], context.now)


def only(pushes: list[Owed]) -> Owed:
    [push] = pushes
    return push


def an_ask(town: Town) -> tuple[Neighbour, Neighbour, dict[str, Any]]:
    """A volunteer who is owed one push, the requester and the request."""
    volunteer, requester = town.volunteer(), town.neighbour()
    return volunteer, requester, requester.ask()


# --- Leases -------------------------------------------------------------------------------------------------


def test_what_one_has_claimed_nobody_else_gets_until_the_lease_ends(town: Town) -> None:
    an_ask(town)
    [first] = claim(town)
    assert first.attempt == 1
    assert claim(town) == []
    assert only(owed(town)).lease_until == town.clock.now() + LEASE
    town.clock.forward(seconds=LEASE.total_seconds() - 1)
    assert claim(town) == []
    town.clock.forward(seconds=1)
    [second] = claim(town)
    assert second == Claim(first.row_id, attempt=2, failures=1, may_have_arrived=True)


def test_a_late_attempt_settles_nothing_that_another_one_holds(town: Town) -> None:
    an_ask(town)
    [zombie] = claim(town)
    town.clock.forward(seconds=LEASE.total_seconds())
    [heir] = claim(town)
    assert not settled(town, zombie, SendResult(Outcome.REFUSED, "too late"))
    assert only(owed(town)).state == "leased"
    assert settled(town, heir)
    assert not settled(town, zombie)
    assert (only(owed(town)).state, only(owed(town)).outcome) == ("sent", "sent")


def test_of_several_settled_at_once_only_those_are_that_nobody_else_holds(town: Town) -> None:
    volunteer, requester = town.volunteer(), town.neighbour()
    volunteer.register_phone()
    requester.ask()
    lost, kept = claim(town)
    with town.wiring.writing() as context:
        context.session.execute(update(Delivery).where(Delivery.id == lost.row_id).values(attempt=lost.attempt + 1))
        together = [Settlement(lost, SENT), Settlement(kept, SENT)]
        assert settle_all(context.session, Delivery, together, context.now) == {kept.row_id}
        assert settle_all(context.session, Delivery, [together[0]], context.now) == set()
    assert {push.id: push.state for push in owed(town)} == {lost.row_id: "leased", kept.row_id: "sent"}


def test_whoever_let_a_lease_run_out_begins_nothing_of_it_and_may_still_say_that_it_was_sent(town: Town) -> None:
    an_ask(town)
    [zombie] = claim(town)
    assert town.run("deliver-pushes") == {"freed": 0}
    town.clock.forward(seconds=LEASE.total_seconds())
    assert town.run("deliver-pushes") == {"freed": 1}
    assert (only(owed(town)).state, only(owed(town)).lease_until) == ("pending", None)
    with town.wiring.reading() as context:
        [parcel] = prepare_pushes(context.session, [zombie], context.now)
        assert parcel.step == Drop(Reason.OVERTAKEN)
    assert settled(town, zombie)
    assert town.deliver() == {}
    assert only(owed(town)).state == "sent"


def test_many_claimers_at_once_get_every_push_exactly_once(town: Town) -> None:
    volunteers = [town.volunteer() for _ in range(2)]
    for volunteer in volunteers:
        for _ in range(7):
            volunteer.register_phone()
    town.neighbour().ask()
    together = Barrier(4)

    def take() -> list[UUID]:
        together.wait(timeout=10)
        taken: list[UUID] = []
        while claims := claim(town, 2):
            taken += [one.row_id for one in claims]
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [key for future in [pool.submit(take) for _ in range(4)] for key in future.result(timeout=60)]
    assert len(taken) == len(set(taken)) == 16


def test_the_oldest_due_pushes_go_first(small_town: Town) -> None:
    volunteer, requester = small_town.volunteer(), small_town.neighbour()
    for _ in range(3):
        requester.ask()
        small_town.clock.forward(minutes=1)
    claims = claim(small_town, 2)
    by_age = [push.id for push in owed(small_town)]
    assert {one.row_id for one in claims} == set(by_age[:2])
    assert len(volunteer.inbox()) == 3


def test_two_workers_at_once_send_every_push_once(town: Town, tmp_path: Path) -> None:
    for _ in range(5):
        town.volunteer().register_phone()
    town.neighbour().ask(urgent=True)
    second = Courier(town.wiring, PushLine(RecordingGateway(town.pushes)))
    together = Barrier(2)

    def drained(courier: Courier) -> int:
        together.wait(timeout=10)
        total = 0
        while (counts := courier.turn(town.clock.now())) is not None:
            assert set(counts) <= {"sent"}
            total += counts.get("sent", 0)
        return total

    try:
        with ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(drained, courier) for courier in (town.courier, second)]
            assert sum(future.result(timeout=60) for future in futures) == 10
    finally:
        second.close()
    assert Counter(push["address_sha256"] for push in town.sent()).most_common(1)[0][1] == 1


def test_what_its_senders_die_of_is_given_up_in_the_end(town: Town) -> None:
    an_ask(town)
    for _ in range(ATTEMPTS):
        [held] = claim(town)
        town.clock.forward(seconds=LEASE.total_seconds())
    assert held.failures == ATTEMPTS - 1

    assert town.deliver() == {"refused": 1}

    assert (only(owed(town)).state, only(owed(town)).outcome) == ("failed", "gave_up")
    assert town.sent() == []


def test_a_clock_that_was_set_back_keeps_nothing_locked_in(town: Town) -> None:
    an_ask(town)
    town.clock.forward(hours=1)
    assert len(claim(town)) == 1
    town.clock.forward(hours=-1)
    assert len(claim(town)) == 1, "nobody leases for an hour"


def test_what_a_clock_that_was_ahead_has_put_off_is_due_again(small_town: Town) -> None:
    an_ask(small_town)
    small_town.clock.forward(days=3)
    [held] = claim(small_town)
    with small_town.wiring.writing() as context:
        busy = Settlement(held, SendResult(Outcome.RETRY, "unavailable"))
        settle_all(context.session, Delivery, [busy], context.now)
    small_town.clock.forward(days=-3)

    assert small_town.run("deliver-pushes") == {"freed": 1}
    assert only(owed(small_town)).due_at == small_town.clock.now()


def test_what_was_claimed_too_long_ago_is_left_to_the_next_sender(town: Town) -> None:
    """As after a pause of the whole process: by now somebody else may be sending it."""
    an_ask(town)
    seconds = iter(range(0, 10_000, 60))
    tired = Courier(town.wiring, PushLine(RecordingGateway(town.pushes)), ticks=lambda: float(next(seconds)))
    assert tired.turn(town.clock.now()) == {}
    assert tired.finish() == {"given_back": 1}
    tired.close()
    assert town.sent() == []
    assert town.deliver() == {"sent": 1}


# --- Quiet hours and nights ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        (herne(6, 10, 21, 59), herne(6, 11, 7)),
        (herne(3, 28, 21, 59), herne(3, 29, 7)),
        (herne(10, 24, 21, 59), herne(10, 25, 7)),
        (herne(12, 31, 21, 59), datetime(2027, 1, 1, 7, tzinfo=HERNE).astimezone(UTC)),
    ],
)
def test_quiet_hours_hold_a_push_until_they_end_also_when_the_clocks_change(
    small_town: Town, evening: datetime, morning: datetime
) -> None:
    small_town.clock.set(evening)
    volunteer, requester = small_town.volunteer(), small_town.neighbour()
    requester.ask(needed_until=rfc3339(morning + timedelta(hours=8)))
    small_town.clock.set(evening + timedelta(minutes=1))
    assert small_town.deliver() == {"held": 1}
    assert (only(owed(small_town)).due_at, only(owed(small_town)).outcome) == (morning, "quiet")
    small_town.clock.set(morning - SECOND)
    assert small_town.deliver() == {}
    small_town.clock.set(morning)
    assert small_town.deliver() == {"sent": 1}
    assert len(volunteer.inbox()) == 1


def test_in_the_repeated_hour_a_push_waits_twenty_minutes_and_not_a_day(small_town: Town) -> None:
    second_time = datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=HERNE).astimezone(UTC)
    small_town.clock.set(second_time - timedelta(minutes=131))
    volunteer, requester = small_town.volunteer(), small_town.neighbour()
    volunteer.put("/v1/me/preferences", {"quiet_from": "01:00", "quiet_until": "02:30"})
    requester.ask(urgent=True, needed_until=small_town.in_hours(6))
    small_town.clock.set(second_time)
    assert small_town.deliver() == {"held": 1}
    assert only(owed(small_town)).due_at == second_time + timedelta(minutes=20)


def test_what_concerns_ones_own_request_waits_too_unless_it_is_urgent(small_town: Town) -> None:
    helper, requester = small_town.volunteer(phone=False), small_town.neighbour()
    requester.register_phone()
    small_town.clock.set(herne(6, 10, 21, 50))
    normal = requester.ask(needed_until=small_town.in_hours(20))
    urgent = requester.ask(urgent=True, needed_until=small_town.in_hours(20))
    small_town.clock.set(herne(6, 10, 23))
    helper.act(normal, "accept")
    helper.act(urgent, "accept")
    assert small_town.deliver() == {"held": 1, "sent": 1}
    assert [push["urgent"] for push in small_town.sent()] == [True]


def test_an_urgent_ask_waits_for_whoever_sleeps_and_wakes_whoever_allows_it(small_town: Town) -> None:
    sleeper, waker = small_town.volunteer(), small_town.volunteer()
    waker.put("/v1/me/preferences", {"urgent_at_night": True})
    small_town.clock.set(herne(6, 10, 21, 59))
    small_town.neighbour().ask(urgent=True, needed_until=small_town.in_hours(20))
    small_town.clock.set(herne(6, 10, 22))
    assert small_town.deliver() == {"held": 1, "sent": 1}
    waiting = only([push for push in owed(small_town) if push.state == "pending"])
    assert (waiting.person_id, waiting.due_at) == (sleeper.uuid, herne(6, 11, 7))


def test_at_night_no_normal_ask_goes_out_not_even_to_whoever_has_no_quiet_hours(small_town: Town) -> None:
    owl = small_town.volunteer()
    owl.put("/v1/me/preferences", {"quiet_from": None, "quiet_until": None})
    small_town.clock.set(herne(6, 10, 21, 59))
    small_town.neighbour().ask(needed_until=small_town.in_hours(20))
    small_town.clock.set(herne(6, 10, 22))
    assert small_town.deliver() == {"held": 1}
    assert (only(owed(small_town)).due_at, only(owed(small_town)).outcome) == (herne(6, 11, 7), "night")


def test_a_pause_stops_asks_and_does_not_lift_quiet_hours(small_town: Town) -> None:
    helper, requester = small_town.volunteer(phone=False), small_town.neighbour()
    requester.register_phone()
    requester.put("/v1/me/preferences", {"paused_until": small_town.in_hours(48)})
    request = requester.ask(needed_until=small_town.in_hours(30))
    small_town.clock.set(herne(6, 10, 23))
    helper.act(request, "accept")
    assert small_town.deliver() == {"held": 1}


# --- Looked at again before it is sent ----------------------------------------------------------------------

Meanwhile = Callable[[Town, Neighbour, Neighbour, dict[str, Any]], object]


def _settled_meanwhile(town: Town, _volunteer: Neighbour, _requester: Neighbour, request: dict[str, Any]) -> None:
    assert town.volunteer(phone=False).act(request, "accept").status_code == 201


def _moved_to_somebody_else(town: Town, volunteer: Neighbour, _requester: Neighbour, _request: object) -> None:
    town.neighbour().register_phone(f"address-{volunteer.id}-1")


def _read(_town: Town, volunteer: Neighbour, _requester: Neighbour, _request: object) -> None:
    volunteer.post(f"/v1/me/notifications/{volunteer.inbox()[0]['id']}/read")


def _shortened(town: Town, _volunteer: Neighbour, requester: Neighbour, request: dict[str, Any]) -> None:
    etag = requester.get(f"/v1/requests/{request['id']}").headers["ETag"]
    changes = {"needed_from": town.in_hours(0), "needed_until": town.in_hours(0.1)}
    assert requester.patch(f"/v1/requests/{request['id']}", changes, If_Match=etag).status_code == 200
    town.clock.forward(minutes=6)


MEANWHILE: dict[str, tuple[Meanwhile, str]] = {
    "another one took it": (_settled_meanwhile, "settled"),
    "it was called off": (lambda t, v, r, request: r.act(request, "cancel"), "settled"),
    "they declined": (lambda t, v, r, request: v.act(request, "decline"), "settled"),
    "they said yes": (lambda t, v, r, request: v.act(request, "accept"), "settled"),
    "they read it": (_read, "read"),
    "they were suspended": (lambda t, v, r, q: t.change_person(v, suspended_at=t.clock.now()), "suspended"),
    "the device is gone": (lambda t, v, r, q: v.delete("/v1/me/devices/installation-1"), "device_gone"),
    "the device is somebody else's": (_moved_to_somebody_else, "device_gone"),
    "they want no such push": (
        lambda t, v, r, q: v.put("/v1/me/preferences", {"channels": {"asked": []}}),
        "not_wanted",
    ),
    "they pause": (lambda t, v, r, q: v.put("/v1/me/preferences", {"paused_until": t.in_hours(1)}), "paused"),
    "they want no pushes at all": (lambda t, v, r, q: v.put("/v1/me/preferences", {"pushes_per_day": 0}), "over_cap"),
    "its time is over": (lambda t, v, r, q: t.clock.forward(hours=9), "too_late"),
    "its time was shortened": (_shortened, "too_late"),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_a_push_that_is_not_true_or_not_wanted_any_more_is_dropped(small_town: Town, what: str) -> None:
    volunteer, requester, request = an_ask(small_town)
    happens, reason = MEANWHILE[what]
    happens(small_town, volunteer, requester, request)
    assert small_town.deliver()["dropped"] == 1
    assert small_town.sent() == []
    push = only(owed(small_town, "asked"))
    assert (push.state, push.outcome, push.lease_until) == ("dropped", reason, None)
    assert small_town.deliver() == {}


def test_of_several_pushes_at_once_as_many_go_out_as_the_day_allows(town: Town) -> None:
    volunteer, requester = town.volunteer(), town.neighbour()
    volunteer.register_phone()
    for _ in range(3):
        requester.ask()
    volunteer.put("/v1/me/preferences", {"pushes_per_day": 2})
    assert town.deliver() == {"sent": 4, "held": 2}
    town.clock.forward(seconds=5)
    assert town.deliver() == {"dropped": 2}
    assert len({push["notification_id"] for push in town.sent()}) == 2
    assert len(volunteer.inbox()) == 3


def test_what_is_dropped_for_another_reason_takes_nobodys_place_in_the_day(town: Town) -> None:
    volunteer, requester = town.volunteer(), town.neighbour()
    called_off = requester.ask()
    town.clock.forward(seconds=1)
    requester.ask()
    volunteer.put("/v1/me/preferences", {"pushes_per_day": 1})
    assert requester.act(called_off, "cancel").status_code == 200
    town.deliver()
    town.clock.forward(seconds=5)
    town.deliver()
    assert [push.outcome for push in owed(town, "asked")] == ["settled", "sent"]


def test_the_limit_of_the_day_never_stops_what_concerns_ones_own_request(small_town: Town) -> None:
    helper, requester = small_town.volunteer(phone=False), small_town.neighbour()
    requester.register_phone()
    requester.put("/v1/me/preferences", {"pushes_per_day": 0})
    helper.act(requester.ask(), "accept")
    assert small_town.deliver() == {"sent": 1}


def test_yesterdays_pushes_do_not_count_today(small_town: Town) -> None:
    volunteer, requester = small_town.volunteer(), small_town.neighbour()
    volunteer.put("/v1/me/preferences", {"pushes_per_day": 1})
    requester.ask(needed_until=small_town.in_hours(60))
    small_town.deliver()
    small_town.clock.set(herne(6, 11, 7, 30))
    requester.ask(needed_until=small_town.in_hours(30))
    assert small_town.deliver() == {"sent": 1}


# --- What leaves the house ----------------------------------------------------------------------------------


def test_the_payload_is_the_contracts_and_says_nothing_about_anybody(small_town: Town) -> None:
    volunteer = small_town.volunteer()
    requester = small_town.neighbour("Irmgard Unverwechselbar")
    request = requester.ask(public_note="Milch und Brot", private_note="Klingel klemmt")
    small_town.clock.forward(minutes=20)
    small_town.deliver()
    [push] = small_town.sent()
    [entry] = volunteer.inbox()
    assert push["data"] == {
        "id": entry["id"],
        "kind": "asked",
        "link": f"nachbarschaft://asked/{entry['id']}",
        "v": "1",
    }
    end = datetime.fromisoformat(request["expires_at"])
    assert push["ttl_seconds"] == (end - small_town.clock.now()).total_seconds()
    assert push["expires_at_epoch"] == end.timestamp()
    assert (push["silent"], push["urgent"], push["address_kind"]) == (False, False, "token")
    assert push["title"] == "Nachbarschaft"
    text = str(push)
    for secret in (request["id"], volunteer.id, requester.id, "Irmgard", "Milch", "Klingel", "shopping", "Wilhelm"):
        assert secret not in text


def test_the_text_is_in_the_language_of_the_device(small_town: Town) -> None:
    volunteer = small_town.volunteer()
    body = {"address": "english", "kind": "fid", "platform": "web", "language": "en", "app_version": "2.0.0"}
    volunteer.put("/v1/me/devices/installation-en", body)
    small_town.neighbour().ask()
    small_town.deliver()
    assert sorted(push["body"] for push in small_town.sent()) == [
        "Es gibt Neues in Ihrer Nachbarschaftshilfe.",
        "There is something new in your neighbourhood help.",
    ]
    assert sorted(push["address_kind"] for push in small_town.sent()) == ["fid", "token"]


@pytest.mark.parametrize("days", [1, 6, 200])
def test_the_ttl_never_goes_beyond_the_request_nor_what_google_allows(small_town: Town, days: int) -> None:
    requester = small_town.neighbour()
    small_town.volunteer()
    request = requester.ask(needed_until=small_town.in_hours(24 * days))
    small_town.deliver()
    [push] = small_town.sent()
    assert push["expires_at_epoch"] == datetime.fromisoformat(request["expires_at"]).timestamp()
    assert push["ttl_seconds"] == min(days, 7) * 86_400


def test_the_ttl_is_never_longer_than_28_days(small_town: Town) -> None:
    an_ask(small_town)
    with small_town.wiring.writing() as context:
        far = context.now + timedelta(days=90)
        context.session.execute(update(HelpRequest).values(expires_at=far, needed_until=far))
    small_town.deliver()
    assert small_town.sent()[0]["ttl_seconds"] == 28 * 86_400


# --- Trying again -------------------------------------------------------------------------------------------


@pytest.fixture
def fcm(small_town: Town, tmp_path: Path) -> Iterator[LoopbackFcm]:
    """A loopback FCM that the small town's pushes go to."""
    with LoopbackFcm() as loopback:
        small_town.courier.close()
        small_town.courier = Courier(small_town.wiring, PushLine(a_gateway(loopback, tmp_path)))
        yield loopback


def a_gateway(fcm: LoopbackFcm, folder: Path) -> FirebaseGateway:
    return FirebaseGateway(fcm.credentials_file(folder), fcm_url=fcm.url, pool_size=4, timeout_seconds=5.0)


def tell(town: Town, neighbour: Neighbour) -> None:
    """Owes somebody a push that no limit stops."""
    with town.wiring.writing() as context:
        owe(context, neighbour.uuid, "undone")


def test_a_failure_is_tried_again_after_ten_seconds_at_least(small_town: Town, fcm: LoopbackFcm) -> None:
    an_ask(small_town)
    fcm.behave(None, Answer(503))
    assert small_town.deliver() == {"retry": 1}
    push = only(owed(small_town))
    assert (push.state, push.outcome, push.failures, push.lease_until) == ("pending", "unavailable", 1, None)
    assert timedelta(seconds=10) <= push.due_at - small_town.clock.now() <= timedelta(seconds=15)
    small_town.clock.forward(seconds=9)
    assert small_town.deliver() == {}
    fcm.behave(None)
    small_town.clock.forward(seconds=6)
    assert small_town.deliver() == {"sent": 1}
    assert (only(owed(small_town)).state, only(owed(small_town)).attempt) == ("sent", 2)


def test_retry_after_is_honoured_as_a_time_on_the_row_and_delays_nobody_else(
    small_town: Town, fcm: LoopbackFcm
) -> None:
    slow, _quick = small_town.volunteer(), small_town.volunteer()
    fcm.behave(f"address-{slow.id}-1", Answer(429, headers={"Retry-After": "120"}))
    small_town.neighbour().ask()
    assert small_town.deliver() == {"retry": 1, "sent": 1}
    waiting = only([push for push in owed(small_town) if push.state == "pending"])
    assert waiting.due_at == small_town.clock.now() + timedelta(seconds=120)
    small_town.clock.forward(seconds=119)
    assert small_town.deliver() == {}


def test_after_twelve_failures_it_is_given_up_where_others_come_through(small_town: Town, fcm: LoopbackFcm) -> None:
    volunteer, requester = small_town.volunteer(), small_town.neighbour()
    requester.register_phone()
    requester.ask(needed_until=small_town.in_hours(24))
    fcm.behave(f"address-{volunteer.id}-1", Answer(500))
    pauses = []
    for _ in range(ATTEMPTS - 1):
        tell(small_town, requester)
        assert small_town.deliver() == {"retry": 1, "sent": 1}
        failing = only(owed(small_town, "asked"))
        pauses.append(failing.due_at - small_town.clock.now())
        small_town.clock.set(failing.due_at)
    assert timedelta(seconds=10) <= min(pauses) == pauses[0]
    assert max(pauses[-4:]) >= LONGEST_RETRY
    assert small_town.deliver() == {"retry": 1}
    failing = only(owed(small_town, "asked"))
    assert (failing.state, failing.failures) == ("failed", ATTEMPTS)
    small_town.clock.forward(hours=1)
    assert small_town.deliver() == {}
    assert len(fcm.posts_to(f"address-{volunteer.id}-1")) == ATTEMPTS
    assert len(volunteer.inbox()) == 1


def test_while_google_is_down_for_everybody_nothing_is_given_up_until_it_is_too_late(
    small_town: Town, fcm: LoopbackFcm, tmp_path: Path
) -> None:
    """One push is owed and nothing else: five failures in a row say that Google is down, and no more of them count."""
    requester = small_town.neighbour()
    small_town.volunteer()
    requester.ask(needed_until=small_town.in_hours(5))
    small_town.courier.close()
    # The breaker reckons by the town's clock.
    small_town.courier = Courier(
        small_town.wiring, PushLine(a_gateway(fcm, tmp_path)), ticks=lambda: small_town.clock.now().timestamp()
    )
    fcm.behave(None, Answer(503))
    for _ in range(5 * 60):
        small_town.deliver()
        small_town.clock.forward(minutes=1)
    push = only(owed(small_town))
    assert (push.state, push.outcome) == ("pending", "unavailable")
    assert push.failures < ATTEMPTS
    small_town.clock.forward(minutes=2)
    assert small_town.deliver() == {"dropped": 1}
    push = only(owed(small_town))
    assert (push.state, push.outcome) == ("failed", "too_late"), "it has failed, and is not merely dropped"


def test_what_google_refuses_is_never_tried_again_and_raises_the_alarm(small_town: Town, fcm: LoopbackFcm) -> None:
    an_ask(small_town)
    fcm.behave(None, Answer(403, code="SENDER_ID_MISMATCH"))
    with capture_logs() as logs:
        assert small_town.deliver() == {"refused": 1}
    assert only(owed(small_town)).state == "failed"
    [alarm] = [log for log in logs if log["event"] == "push_refused"]
    assert alarm["log_level"] == "error"
    assert "address" not in str(alarm)


def test_an_unregistered_address_is_forgotten_and_what_it_was_owed_too(small_town: Town, fcm: LoopbackFcm) -> None:
    volunteer, requester = small_town.volunteer(), small_town.neighbour()
    kept = volunteer.register_phone()
    requester.ask()
    fcm.behave(f"address-{volunteer.id}-1", Answer(404, code="UNREGISTERED"))
    assert small_town.deliver() == {"address_gone": 1, "sent": 1}
    with small_town.wiring.reading() as context:
        assert context.session.scalars(select(Device.address)).all() == [kept]
    requester.ask()
    assert small_town.deliver() == {"sent": 1}


def test_what_met_an_address_that_the_phone_no_longer_has_goes_to_its_new_one(town: Town) -> None:
    volunteer, _requester, _request = an_ask(town)

    class Renewed(RecordingGateway):
        """The app gets a new address while the push is on its way to the old one."""

        def send(self, message: PushMessage) -> SendResult:
            if message.address == "new":
                return super().send(message)
            body = {"address": "new", "kind": "token", "platform": "android", "language": "de", "app_version": "2.0.0"}
            assert volunteer.put("/v1/me/devices/installation-1", body).status_code == 200
            return SendResult(Outcome.ADDRESS_GONE, "unregistered")

    town.courier.close()
    town.courier = Courier(town.wiring, PushLine(Renewed(town.pushes)))
    assert town.deliver() == {"held": 1, "sent": 1}
    push = only(owed(town))
    assert (push.address, push.state, push.failures) == ("new", "sent", 0)


def test_a_device_that_has_a_new_address_meanwhile_is_not_forgotten(town: Town) -> None:
    volunteer, _requester, _request = an_ask(town)
    [held] = claim(town)
    old = f"address-{volunteer.id}-1"
    changing = Event()

    def change_the_address() -> None:
        with town.wiring.writing() as context:
            context.session.execute(update(Device).values(address="new", address_hash=hash_address("new")))
            changing.set()
            Event().wait(0.3)

    app = Thread(target=change_the_address)
    app.start()
    assert changing.wait(10)
    with town.wiring.writing() as context:
        forget_address(context, held.row_id, old)
    app.join(timeout=30)
    with town.wiring.writing() as context:
        assert context.session.scalars(select(Device.address)).all() == ["new"]
        forget_address(context, held.row_id, "new")
        assert context.session.scalars(select(Device.address)).all() == []


@given(st.integers(1, ATTEMPTS), st.one_of(st.none(), st.floats(0, 86_400)))
def test_the_pause_grows_within_ten_seconds_and_a_quarter_of_an_hour_unless_more_is_asked_for(
    failures: int, wanted: float | None
) -> None:
    pause = retry_after(failures, wanted)
    assert pause >= timedelta(seconds=max(10, wanted or 0))
    assert pause <= max(LONGEST_RETRY * 1.5, timedelta(seconds=wanted or 0))
    assert pause >= min(timedelta(seconds=10 * 2 ** (failures - 1)), LONGEST_RETRY)


# --- One bad push never stops the others --------------------------------------------------------------------


class BreakingGateway(RecordingGateway):
    """A gateway with a bug: one address makes it raise what no gateway may raise."""

    def __init__(self, path: Path, breaks_on: str) -> None:
        super().__init__(path)
        self._breaks_on = breaks_on

    def send(self, message: PushMessage) -> SendResult:
        if message.address == self._breaks_on:
            raise RuntimeError(f"cannot send to {message.address}")
        return super().send(message)


def test_a_gateway_that_breaks_on_one_address_delays_no_other_and_is_given_up_in_the_end(town: Town) -> None:
    unlucky, *_others = (town.volunteer() for _ in range(5))
    address = f"address-{unlucky.id}-1"
    town.courier.close()
    town.courier = Courier(town.wiring, PushLine(BreakingGateway(town.pushes, address)))
    town.neighbour().ask(urgent=True, needed_until=town.in_hours(9))
    with capture_logs() as logs:
        assert town.deliver() == {"retry": 1, "sent": 4}
    assert [log["error"] for log in logs if log["event"] == "push_broke"] == ["RuntimeError"]
    assert address not in str(logs)
    [waiting] = [push for push in owed(town) if push.state == "pending"]
    assert (waiting.address, waiting.outcome, waiting.failures) == (address, "broke", 1)
    for _ in range(ATTEMPTS - 1):
        town.clock.set(only([push for push in owed(town) if push.state == "pending"]).due_at)
        town.deliver()
    assert Counter(push.state for push in owed(town)) == {"sent": 4, "failed": 1}


def test_a_row_that_cannot_even_be_prepared_delays_no_other(town: Town) -> None:
    unlucky, *_others = (town.volunteer() for _ in range(5))
    town.neighbour().ask(urgent=True)
    with town.wiring.writing() as context:
        spoil = update(Notification).where(Notification.person_id == unlucky.uuid).values(kind="unheard-of")
        context.session.execute(spoil)
    assert town.deliver() == {"retry": 1, "sent": 4}
    town.clock.forward(minutes=1)
    assert town.deliver() == {"retry": 1}


def test_a_full_batch_of_broken_pushes_does_not_hide_what_comes_after_it(small_town: Town) -> None:
    volunteers, requester = [small_town.volunteer() for _ in range(4)], small_town.neighbour()
    for volunteer in volunteers:
        for _ in range(17):
            volunteer.register_phone()
    requester.ask(urgent=True)
    with small_town.wiring.writing() as context:
        context.session.execute(update(Notification).values(kind="unheard-of"))
    small_town.clock.forward(minutes=1)
    good = small_town.volunteer()
    requester.ask(urgent=True)
    counts = small_town.deliver()
    assert counts["retry"] == 4 * 18
    assert {push.state for push in owed(small_town) if push.person_id == good.uuid} == {"sent"}


def test_the_worker_goes_on_working_after_all_that(small_town: Town) -> None:
    unlucky, _lucky = small_town.volunteer(), small_town.volunteer()
    courier = Courier(small_town.wiring, PushLine(BreakingGateway(small_town.pushes, f"address-{unlucky.id}-1")))
    small_town.neighbour().ask()
    stop = Event()
    worker = Thread(target=work, args=([courier], stop))
    worker.start()
    try:
        while {push.state for push in owed(small_town)} != {"sent", "pending"}:
            assert worker.is_alive()
            stop.wait(0.05)
        small_town.neighbour().ask()
        while sum(push.state == "sent" for push in owed(small_town)) < 2:
            assert worker.is_alive()
            stop.wait(0.05)
    finally:
        stop.set()
        worker.join(timeout=30)
        courier.close()


def test_a_batch_is_sent_by_several_threads_without_a_transaction_around_the_sending(town: Town) -> None:
    for _ in range(5):
        town.volunteer()
    town.neighbour().ask(urgent=True)
    met = Barrier(5)

    class MeetingGateway(RecordingGateway):
        """Sends only once five are being sent, and while somebody else writes to the database."""

        def send(self, message: PushMessage) -> SendResult:
            met.wait(timeout=10)
            with town.wiring.writing() as context:
                key = select(Delivery.id).limit(1).scalar_subquery()
                context.session.execute(update(Person).where(Person.id == key).values(name="nobody"))
            return super().send(message)

    town.courier.close()
    town.courier = Courier(town.wiring, PushLine(MeetingGateway(town.pushes)))
    assert town.deliver() == {"sent": 5}
    with town.wiring.writing() as context:
        assert free_all_leases(context.session, context.now + timedelta(days=1)) == 0
