"""Devices that have not been seen for 270 days go, in batches; whatever is seen meanwhile stays."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from sqlalchemy import func, select

from jobs import prune_devices as job
from models import Delivery, Device, Person
from nachbarschaft.services.devices import hash_address
from nachbarschaft.services.locking import hold_person
from nachbarschaft.services.pruning import UNSEEN_FOR, prune_devices
from tests.support.town import Neighbour, Town

SECOND = timedelta(seconds=1)


def addresses(town: Town) -> list[str]:
    with town.wiring.reading() as context:
        return sorted(context.session.scalars(select(Device.address)))


def with_devices(town: Town, count: int) -> Neighbour:
    """Somebody with so many devices, all seen now."""
    owner = town.neighbour()
    with town.wiring.writing() as context:
        for number in range(count):
            context.session.add(
                Device(
                    person_id=owner.uuid,
                    installation=f"installation-{number:04}",
                    address=f"address-{number:04}",
                    address_hash=hash_address(f"address-{number:04}"),
                    kind="token",
                    platform="ios",
                    language="de",
                    app_version="1.0.0",
                    created_at=context.now,
                    seen_at=context.now + number * SECOND,
                )
            )
    return owner


def test_a_device_goes_270_days_after_it_was_last_seen_and_no_sooner(town: Town) -> None:
    town.neighbour().register_phone("old")
    seen = town.clock.now()
    town.clock.forward(days=100)
    town.neighbour().register_phone("kept")
    assert town.run("prune-devices", seen + UNSEEN_FOR - SECOND) == {"devices": 0}
    assert town.run("prune-devices", seen + UNSEEN_FOR) == {"devices": 1}
    assert addresses(town) == ["kept"]
    assert town.run("prune-devices", seen + UNSEEN_FOR) == {"devices": 0}


def test_a_device_that_is_registered_again_counts_from_then_on(small_town: Town) -> None:
    owner = small_town.neighbour()
    owner.register_phone("mine")
    seen = small_town.clock.now()
    small_town.clock.forward(days=20)
    body = {"address": "mine", "kind": "token", "platform": "android", "language": "de", "app_version": "1.0.1"}
    assert owner.put("/v1/me/devices/installation-1", body).status_code == 200
    assert small_town.run("prune-devices", seen + UNSEEN_FOR) == {"devices": 0}
    assert addresses(small_town) == ["mine"]


def test_what_it_was_sent_is_remembered_without_it(small_town: Town) -> None:
    small_town.volunteer()
    small_town.neighbour().ask()
    small_town.deliver()
    small_town.clock.forward(days=270)
    assert small_town.run("prune-devices") == {"devices": 1}
    with small_town.wiring.reading() as context:
        [push] = context.session.scalars(select(Delivery)).all()
    assert (push.state, push.device_id) == ("sent", None)


def test_a_run_goes_on_batch_by_batch_and_one_that_was_killed_is_taken_up(
    small_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_devices(small_town, 25)
    monkeypatch.setattr(job, "BATCH", 10)
    later = small_town.clock.now() + UNSEEN_FOR + timedelta(minutes=1)
    with small_town.wiring.writing(later) as context:
        assert prune_devices(context, 10) == 10
    assert addresses(small_town) == [f"address-{number:04}" for number in range(10, 25)], "the oldest go first"
    assert small_town.run("prune-devices", later) == {"devices": 15}
    assert addresses(small_town) == []


def test_two_runs_at_the_same_moment_delete_each_once(town: Town) -> None:
    with_devices(town, 30)
    later = town.clock.now() + UNSEEN_FOR + timedelta(minutes=1)
    together = Barrier(2)

    def run() -> int:
        together.wait(timeout=10)
        return town.run("prune-devices", later)["devices"]

    with ThreadPoolExecutor(2) as pool:
        deleted = [future.result(timeout=60) for future in [pool.submit(run), pool.submit(run)]]
    assert (sum(deleted), addresses(town)) == (30, [])


def test_a_device_whose_app_registers_it_at_the_very_moment_is_kept(town: Town) -> None:
    """The app holds its person; the job neither waits for it nor deletes what it has just found."""
    owner = with_devices(town, 1)
    later = town.clock.now() + UNSEEN_FOR
    registering, go_on = Event(), Event()

    def register() -> None:
        with town.wiring.writing(later) as context:
            hold_person(context, owner.uuid)
            registering.set()
            go_on.wait(timeout=5 if town.wiring.settings.database_url.startswith("postgresql") else 0.5)
            [device] = context.session.scalars(select(Device)).all()
            device.seen_at = context.now

    with ThreadPoolExecutor(2) as pool:
        app = pool.submit(register)
        assert registering.wait(timeout=10)
        pruned = pool.submit(town.run, "prune-devices", later)
        assert pruned.result(timeout=60) == {"devices": 0}
        go_on.set()
        app.result(timeout=60)
    assert addresses(town) == ["address-0000"]


def counted(town: Town, *tables: type[Device] | type[Person]) -> Sequence[int]:
    with town.wiring.reading() as context:
        return [context.session.scalars(select(func.count()).select_from(table)).one() for table in tables]


def test_people_stay_whatever_happens_to_their_devices(small_town: Town) -> None:
    with_devices(small_town, 3)
    before = counted(small_town, Person)
    small_town.run("prune-devices", small_town.clock.now() + UNSEEN_FOR + timedelta(minutes=1))
    assert counted(small_town, Device, Person) == [0, *before]
