"""Processes doubled, paused, out of memory, and a database that goes back by a day (F51, F52, F55, F58, F59)."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, true

from jobs.courier import ROUNDS
from jobs.delivery import drain
from models import Delivery, Device
from models.lifecycle import DeliveryState
from nachbarschaft.services.outbox import owe
from nachbarschaft.services.sessions import end_sessions
from tests.conftest import BOTH
from tests.faults.backup import Backup
from tests.faults.memory import limited
from tests.faults.office import sender
from tests.faults.periods import Move, live_through, plan, require_each_once
from tests.nachbarschaft.owed import owed
from tests.support.databases import Databases
from tests.support.fcm import Answer, LoopbackFcm
from tests.support.invariants import require_sound
from tests.support.processes import Processes, wait_until
from tests.support.served import LiveTown
from tests.support.town import NOON, PASSWORD, Neighbour, Reply, Town
from tests.support.wallclock import WallClock
from tests.time.moments import AUTUMN, SPRING, Moment

SOON = 60.0
SENDERS = 16
AFTER_THE_LEASE = "120"
"""Seconds that the next worker's clock is ahead: for it, the other's leases have run out."""
SHORT_OF_TIME = """
import runpy
import jobs.courier
jobs.courier.IN_HAND = 3.0
runpy.run_module("nachbarschaft", run_name="__main__", alter_sys=True)
"""
"""The worker as it is, but for how long it goes on beginning what it has claimed: so the pause can be a short one."""
PAUSE = 4.0


@pytest.fixture
def fcm() -> Iterator[LoopbackFcm]:
    with LoopbackFcm() as made:
        yield made


@pytest.fixture
def processes(database_url: str, tmp_path: Path, fcm: LoopbackFcm) -> Iterator[Processes]:
    credentials = fcm.credentials_file(tmp_path)
    with Processes(database_url, tmp_path, FIREBASE_CREDENTIALS=str(credentials), FCM_URL=fcm.url) as made:
        yield made


@pytest.fixture
def live_town(database_url: str, tmp_path: Path) -> Iterator[LiveTown]:
    with LiveTown(database_url, tmp_path / "inside") as made:
        yield made


def owe_all(town: LiveTown, people: list[Neighbour]) -> None:
    with town.wiring.writing(datetime.now(UTC)) as context:
        for person in people:
            owe(context, person.uuid, "accepted")


def states(town: Town) -> dict[str, int]:
    with town.wiring.reading() as context:
        rows = context.session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
        return dict(rows.all())


def reached(fcm: LoopbackFcm) -> Counter[tuple[str, str]]:
    """How many POSTs each (notification, address) took."""
    return Counter((post.message["data"]["id"], post.address) for post in fcm.posts)


def all_phones(town: Town) -> set[str]:
    with town.wiring.reading() as context:
        return set(context.session.scalars(select(Device.address)))


def all_owed(town: Town) -> set[tuple[str, str]]:
    with town.wiring.reading() as context:
        rows = context.session.execute(
            select(Delivery.notification_id, Device.address).join(Device, Device.id == Delivery.device_id)
        )
        return {(str(notification), address) for notification, address in rows}


# --- More than one ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("moment", "system"), list(zip((AUTUMN, SPRING), BOTH, strict=True)), ids=["autumn", "spring"])
def test_f51_whichever_of_two_schedulers_dies_each_thing_happens_once(
    moment: Moment, system: str, databases: Databases, tmp_path: Path
) -> None:
    """With three workers, over a day of the change; the leader is killed at moments at which its jobs all run."""
    clock = WallClock(tmp_path)
    with (
        databases.fresh(system) as url,
        Town(url, tmp_path / "inside") as town,
        Processes(url, tmp_path) as processes,
    ):
        week = plan(town, moment)
        clock.set(week.begins)
        pair = [clock.start(processes, "scheduler") for _ in range(2)]
        for _ in range(3):
            clock.start(processes, "worker")
        deaths = iter([False, True, False, True, False, True, False, False])

        def kill_the_leader(move: Move) -> datetime:
            leader, other = sorted(pair, key=lambda one: "scheduler_leads" not in one.output)
            known = leader.output.count("clock_was_set")
            since = move()
            if next(deaths):
                wait_until(lambda: leader.output.count("clock_was_set") > known, within=SOON)
                leader.kill_alone()
                other.says("scheduler_leads", within=SOON)
                pair[:] = [other, clock.start(processes, "scheduler")]
            return since

        live_through(week, town, clock, kill_the_leader)
        require_each_once(town, tmp_path)


def test_f52_three_workers_send_every_push_once(
    live_town: LiveTown, database_url: str, tmp_path: Path, fcm: LoopbackFcm
) -> None:
    """Each posts to a door of its own, so that it shows who has sent what; two cannot have all in their hands."""
    people = live_town.volunteers(16, phones=16)
    assert len(all_phones(live_town)) > 2 * ROUNDS * SENDERS
    with ExitStack() as stack:
        doors = [fcm, *(stack.enter_context(LoopbackFcm()) for _ in range(2))]
        processes = stack.enter_context(Processes(database_url, tmp_path))
        for number, door in enumerate(doors):
            door.behave(None, Answer(delay=0.5))
            folder = tmp_path / f"door-{number}"
            folder.mkdir()
            credentials = str(door.credentials_file(folder))
            worker = processes.start("worker", FIREBASE_CREDENTIALS=credentials, FCM_URL=door.url)
            worker.says("worker_ready")

        owe_all(live_town, people)

        wait_until(lambda: states(live_town) == {DeliveryState.SENT: 256}, within=SOON)
        assert sum((reached(door) for door in doors), Counter()) == dict.fromkeys(all_owed(live_town), 1)
        assert all(door.posts for door in doors), "all three had their share"


# --- Paused -------------------------------------------------------------------------------------------------


def test_f55_a_worker_that_wakes_up_after_its_lease_sends_nothing_and_settles_nothing(
    live_town: LiveTown, processes: Processes, fcm: LoopbackFcm
) -> None:
    """It has sixteen sends under way and twenty more in its hands; another one sends them all while it sleeps."""
    people = live_town.volunteers(3, phones=12)
    fcm.behave(None, Answer(503, delay=1.5))
    zombie = processes.start("worker", launcher=("-c", SHORT_OF_TIME))
    zombie.says("worker_ready")
    owe_all(live_town, people)
    wait_until(lambda: len(fcm.posts) == SENDERS, within=SOON)
    zombie.popen.send_signal(signal.SIGSTOP)
    asleep_since = time.monotonic()
    under_way = reached(fcm)
    fcm.behave(None)

    heir = processes.start("worker", CLOCK_OFFSET=AFTER_THE_LEASE)
    wait_until(lambda: states(live_town) == {DeliveryState.SENT: 36}, within=SOON)
    settled = {row.id: (row.attempt, row.outcome) for row in owed(live_town)}
    time.sleep(max(0.0, PAUSE - (time.monotonic() - asleep_since)))
    zombie.popen.send_signal(signal.SIGCONT)

    assert zombie.stop() == 0, zombie.output
    assert heir.stop() == 0
    assert {row.id: (row.attempt, row.outcome) for row in owed(live_town)} == settled
    assert reached(fcm) == Counter(dict.fromkeys(all_owed(live_town), 1)) + under_way


# --- Out of memory ------------------------------------------------------------------------------------------


def test_f58_what_a_worker_without_memory_had_in_its_hands_is_sent_by_the_next_one(
    live_town: LiveTown, processes: Processes, fcm: LoopbackFcm, tmp_path: Path
) -> None:
    people = live_town.volunteers(2, phones=12)
    fcm.behave(None, Answer(delay=60))
    with limited(tmp_path) as memory:
        hungry = processes.start("worker", launcher=memory.launcher)
        hungry.says("worker_ready")
        owe_all(live_town, people)
        wait_until(lambda: len(fcm.posts) == SENDERS, within=SOON)

        assert memory.run_out(hungry) == -signal.SIGKILL

    fcm.behave(None)
    processes.start("worker", CLOCK_OFFSET=AFTER_THE_LEASE)
    wait_until(lambda: states(live_town) == {DeliveryState.SENT: 24}, within=SOON)
    assert set(reached(fcm)) == all_owed(live_town)
    assert Counter(reached(fcm).values()) == {1: 24 - SENDERS, 2: SENDERS}
    require_sound(live_town.wiring)


# --- A day back ---------------------------------------------------------------------------------------------


def test_f59_after_a_day_old_backup_nothing_settled_goes_out_again_and_nothing_stale_at_all(
    database_url: str, tmp_path: Path, fcm: LoopbackFcm
) -> None:
    """What the backup had owed goes out once more, under the same id; what was owed later is lost with its events.

    Left to the erasure of people: whoever was erased since comes back, until the ledger of erasures is replayed.
    """
    with Town(database_url, tmp_path / "before") as town:
        helper, requester = town.volunteer(), town.neighbour()
        requester.register_phone()
        settled = newly_sent(town, fcm, tmp_path, requester)
        with town.wiring.writing() as context:
            owe(context, requester.uuid, "accepted")
        asked = requester.ask(urgent=True)
        backup = Backup(database_url, tmp_path)
        waiting = newly_sent(town, fcm, tmp_path)
        assert len(waiting) == 2
        assert helper.act(asked, "accept").status_code == 201
        later = newly_sent(town, fcm, tmp_path)

    backup.put_back()

    with Town(database_url, tmp_path / "after", now=NOON + timedelta(days=1)) as town:
        town.run("deliver-pushes")
        newly_sent(town, fcm, tmp_path)
        [ask] = owed(town, "asked")
        assert (ask.state, ask.outcome) == (DeliveryState.DROPPED, "too_late")
        stale = {push for push in waiting if push[1] == ask.address}
        once, twice = settled | later | stale, waiting - stale
        assert (len(once), len(twice)) == (3, 1)
        assert reached(fcm) == dict.fromkeys(once, 1) | dict.fromkeys(twice, 2)
        require_sound(town.wiring)


def newly_sent(town: Town, fcm: LoopbackFcm, folder: Path, whom: Neighbour | None = None) -> set[tuple[str, str]]:
    """Sends all that is due, after owing one more push to `whom`; what went out for the first time."""
    before = set(reached(fcm))
    if whom is not None:
        with town.wiring.writing() as context:
            owe(context, whom.uuid, "accepted")
    courier = sender(town, fcm, folder, fcm.url)
    drain(courier, town.clock.now())
    courier.close()
    return set(reached(fcm)) - before


def test_f59_after_a_day_old_backup_ended_sessions_stay_ended_and_one_step_ends_all(
    database_url: str, tmp_path: Path
) -> None:
    """A session that was ended after the backup runs again: only the operator can end what the database forgot."""
    with Town(database_url, tmp_path / "before") as town:
        ended_before, ended_after, went_on = (town.neighbour() for _ in range(3))
        assert ended_before.post("/v1/auth/sign-out").status_code == 204
        backup = Backup(database_url, tmp_path)
        assert ended_after.post("/v1/auth/sign-out").status_code == 204
        renewed = renew(town, went_on)
        assert renewed.status_code == 200

    backup.put_back()

    with Town(database_url, tmp_path / "after", now=NOON + timedelta(days=1)) as town:
        assert renew(town, ended_before).status_code == 401
        went_on.session = renewed.json["session"]
        assert renew(town, went_on).status_code == 401, "of that token the database knows nothing: sign in again"
        assert renew(town, ended_after).status_code == 200, "what is left to the operator"

        with town.wiring.writing() as context:
            end_sessions(context, true(), reason="restored")

        assert [renew(town, one).status_code for one in (ended_before, ended_after, went_on)] == [401, 401, 401]
        body = {"login": ended_after.email, "password": PASSWORD}
        assert town.call("POST", "/v1/auth/sign-in", body).status_code == 200


def renew(town: Town, whose: Neighbour) -> Reply:
    return town.call("POST", "/v1/auth/refresh", {"refresh_token": whose.session["refresh_token"]})
