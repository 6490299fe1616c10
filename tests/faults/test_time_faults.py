"""The clock is set while the product runs: all that is due is done once, and moves within a minute (F45 to F50)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from models import Delivery, Device, HelpRequest, Notification
from models.lifecycle import DeliveryState, RequestState
from nachbarschaft.services.outgoing import claim_due
from tests.conftest import BOTH
from tests.faults.periods import (
    AT_ANY_HOUR,
    WITHIN_A_MINUTE,
    await_jobs,
    await_work_done,
    live_through,
    plan,
    recorded,
    require_each_once,
)
from tests.nachbarschaft.owed import owed
from tests.support.databases import Databases
from tests.support.fcm import LoopbackFcm
from tests.support.over_http import TownOverHttp
from tests.support.processes import Processes, await_ready, wait_until
from tests.support.town import NOON, Neighbour, Town
from tests.support.wallclock import WallClock
from tests.time.moments import AUTUMN, LEAP_DAY, SPRING, Moment


@dataclass
class House:
    """A town whose worker and scheduler live by a clock that is set; its people act at the hour that it shows."""

    town: Town
    clock: WallClock
    processes: Processes
    folder: Path

    def start(self, *parts: str) -> None:
        for part in parts:
            self.clock.start(self.processes, part)

    def meanwhile(self) -> Town:
        """The town at the processes' hour."""
        self.town.clock.set(self.clock.now())
        return self.town

    def settle(self, since: datetime) -> None:
        """Waits until every job has run since then and nothing is due any more."""
        await_work_done(self.town, self.clock, since)

    def settle_jobs(self, since: datetime) -> None:
        """Waits for the jobs alone, where no worker runs yet."""
        await_jobs(self.town, self.clock, since)

    def pushes(self) -> list[str]:
        """Ids of the notices that went out as pushes, one for each time."""
        with self.town.wiring.reading() as context:
            known = {str(key) for key in context.session.scalars(select(Notification.id))}
        found = (push["notification_id"] for push in recorded(self.town, self.folder, "pushes"))
        return [one for one in found if one in known]

    def sent_once(self, topic: str) -> bool:
        """Whether all pushes of that topic went out, each once, and are settled."""
        with self.town.wiring.reading() as context:
            query = (
                select(Delivery.notification_id, Delivery.state)
                .join(Notification, Notification.id == Delivery.notification_id)
                .where(Notification.topic == topic)
            )
            states = {str(row[0]): row[1] for row in context.session.execute(query)}
        sent = [one for one in self.pushes() if one in states]
        return set(states.values()) == {DeliveryState.SENT} and sorted(sent) == sorted(states)


@contextmanager
def opened(url: str, folder: Path) -> Iterator[House]:
    clock = WallClock(folder)
    with Town(url, folder / "inside") as town, Processes(url, folder) as processes:
        clock.set(NOON)
        yield House(town, clock, processes, folder)


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    with opened(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def small_house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    with opened(sqlite_url, tmp_path) as made:
        yield made


def awake(neighbour: Neighbour) -> Neighbour:
    """Somebody who may be reached at any hour."""
    neighbour.put("/v1/me/preferences", AT_ANY_HOUR)
    return neighbour


def with_phone(neighbour: Neighbour) -> Neighbour:
    neighbour.register_phone()
    return neighbour


def state_of(town: Town, request: dict[str, Any]) -> str:
    with town.wiring.reading() as context:
        return context.session.get_one(HelpRequest, UUID(request["id"])).state


def topics(town: Town) -> list[str]:
    with town.wiring.reading() as context:
        return sorted(context.session.scalars(select(Notification.topic)))


# --- Forward ------------------------------------------------------------------------------------------------


def test_f45_an_hour_ahead_what_fell_due_in_between_is_done_once_and_at_once(house: House) -> None:
    helper, requester = awake(house.town.volunteer()), awake(with_phone(house.town.neighbour()))
    fading = requester.ask(needed_from=house.town.in_hours(0.2), needed_until=house.town.in_hours(0.8))
    promised = requester.ask(needed_from=house.town.in_hours(2.5), needed_until=house.town.in_hours(4))
    assert helper.act(promised, "accept").status_code == 201
    begun = house.clock.now()
    house.start("scheduler", "worker")
    house.settle(begun)
    assert topics(house.town) == ["asked", "asked", "filled"]

    house.settle(house.clock.move(hours=1))

    assert topics(house.town) == ["asked", "asked", "expiry_warning", "filled", "reminder_hours"]
    assert state_of(house.town, fading) == RequestState.OPEN, "nobody is warned and let down in the same breath"
    house.settle(house.clock.move(hours=1))
    assert state_of(house.town, fading) == RequestState.EXPIRED
    assert topics(house.town) == ["asked", "asked", "expired", "expiry_warning", "filled", "reminder_hours", "settled"]
    assert sorted(house.pushes()) == sorted(set(house.pushes())), "nothing went out twice"
    ends = {(push.topic, push.state) for push in owed(house.town)}
    assert {topic for topic, state in ends if state != DeliveryState.SENT} == {"asked"}, "who said yes needs no ask"


def test_f45_google_refuses_whose_clock_is_an_hour_ahead_and_nothing_is_lost(sqlite_url: str, tmp_path: Path) -> None:
    """Its tokens want the right time. Whoever asked is told by the alarm; once the clock is right, all goes out."""
    with LoopbackFcm() as fcm, Town(sqlite_url, tmp_path / "inside") as town:
        clock = WallClock(tmp_path)
        firebase = {"FIREBASE_CREDENTIALS": str(fcm.credentials_file(tmp_path)), "FCM_URL": fcm.url}
        with Processes(sqlite_url, tmp_path, **firebase) as processes:
            clock.start(processes, "scheduler").says("scheduler_leads")
            clock.start(processes, "worker").says("worker_ready")
            town.clock.set(clock.move(hours=1))
            awake(town.volunteer())
            awake(town.neighbour()).ask(urgent=True)
            wait_until(lambda: [push.outcome for push in owed(town)] == ["token_refused"], within=WITHIN_A_MINUTE)
            assert fcm.posts == []

            clock.move(hours=-1)
            with town.wiring.writing() as context:  # the pause after a failure, which is another test's
                context.session.scalars(select(Delivery)).one().due_at = clock.now()
            wait_until(lambda: [push.state for push in owed(town)] == ["sent"], within=WITHIN_A_MINUTE)
            assert len(fcm.posts) == 1


def test_f47_400_days_ahead_what_is_too_late_is_dropped_and_what_is_new_goes_out(house: House) -> None:
    town = house.town
    helper, requester = awake(town.volunteer()), awake(with_phone(town.neighbour()))
    open_one = requester.ask(needed_from=town.in_hours(30), needed_until=town.in_hours(60))
    taken = requester.ask(needed_from=town.in_hours(30), needed_until=town.in_hours(60))
    assert helper.act(taken, "accept").status_code == 201
    begun = house.clock.now()
    house.start("scheduler")
    house.settle_jobs(begun)

    moved = house.clock.move(days=400)
    house.settle_jobs(moved)  # the phones are forgotten too, before anything could go to them
    house.start("worker")
    house.settle(moved)

    assert house.pushes() == [], "a year too late"
    assert {push.state for push in owed(town)} <= {DeliveryState.DROPPED}, "what is left of them after so long"
    assert state_of(town, open_one) == RequestState.OPEN, "warned first, however late"
    assert "reminder_day" not in topics(town)
    assert "reminder_hours" not in topics(town)
    with town.wiring.reading() as context:
        assert context.session.scalars(select(Device)).all() == [], "nobody has used them for a year"

    house.meanwhile()
    late_helper, late_requester = awake(town.volunteer()), awake(with_phone(town.neighbour()))
    asked = late_requester.ask(urgent=True)
    wait_until(lambda: len(house.pushes()) == 1, within=WITHIN_A_MINUTE)
    assert late_helper.act(asked, "accept").status_code == 201
    wait_until(lambda: len(house.pushes()) == 2, within=WITHIN_A_MINUTE)
    assert late_helper.act(asked, "done").status_code == 200

    house.settle(house.clock.move(hours=73))  # an hour after the late warning, and three days after the question
    assert state_of(town, open_one) == RequestState.EXPIRED
    assert state_of(town, taken) == RequestState.DONE
    once = ["expired", "is_it_done", "did_it_happen", "assumed_done", "task_assumed_done"]
    assert [topics(town).count(topic) for topic in once] == [1] * len(once)
    assert topics(town).count("expiry_warning") == 1


# --- Back ---------------------------------------------------------------------------------------------------


def test_f46_an_hour_back_nothing_waits_for_an_hour_and_nothing_is_done_twice(house: House) -> None:
    """At the moment at which it is set back: one push owed, one in the hands of a worker that dies, one job due."""
    town = house.town
    begun = house.clock.now()
    house.start("scheduler")
    house.settle_jobs(begun)
    house.meanwhile()
    helper, requester = awake(town.volunteer()), awake(with_phone(town.neighbour()))
    first = requester.ask(urgent=True)
    with town.wiring.writing() as context:
        assert len(claim_due(context.session, Delivery, context.now, 10)) == 1
    assert helper.act(first, "accept").status_code == 201
    assert [(push.topic, push.state) for push in owed(town)] == [("asked", "leased"), ("filled", "pending")]

    back = house.clock.move(hours=-1)

    house.settle_jobs(back)
    house.start("worker")
    wait_until(lambda: house.sent_once("filled"), within=WITHIN_A_MINUTE)
    wait_until(lambda: {push.outcome for push in owed(town)} == {"settled", "sent"}, within=WITHIN_A_MINUTE)
    house.meanwhile()
    second = requester.ask(urgent=True)
    wait_until(lambda: len(house.pushes()) == 2, within=WITHIN_A_MINUTE)
    assert helper.act(second, "accept").status_code == 201
    wait_until(lambda: house.sent_once("filled"), within=WITHIN_A_MINUTE)
    house.settle(house.clock.move(hours=1))
    assert sorted(house.pushes()) == sorted(set(house.pushes()))
    assert topics(town) == ["asked", "asked", "filled", "filled"]


def test_f46_an_hour_back_people_stay_signed_in(sqlite_url: str, tmp_path: Path) -> None:
    """A token of the hour that has not come yet is refused; the app renews it, as it does every quarter of an hour."""
    clock = WallClock(tmp_path)
    with Processes(sqlite_url, tmp_path) as processes:
        api = clock.start(processes, "api")
        await_ready(api)
        with TownOverHttp(sqlite_url, tmp_path / "inside", api.port, now=clock.now()) as town:
            neighbour = town.neighbour()
            assert neighbour.get("/v1/me").status_code == 200

            clock.move(hours=-1)

            assert neighbour.get("/v1/me").status_code == 401
            renewed = town.call("POST", "/v1/auth/refresh", {"refresh_token": neighbour.session["refresh_token"]})
            assert renewed.status_code == 200
            neighbour.session = renewed.json["session"]
            assert neighbour.get("/v1/me").status_code == 200


# --- Difficult days -----------------------------------------------------------------------------------------


def live_a_week(url: str, folder: Path, moment: Moment, *parts: str) -> None:
    with opened(url, folder) as house:
        week = plan(house.town, moment)
        house.clock.set(week.begins)
        house.start(*parts)
        live_through(week, house.town, house.clock)
        require_each_once(house.town, folder)


@pytest.mark.parametrize(("moment", "system"), list(zip((SPRING, AUTUMN), BOTH, strict=True)), ids=["spring", "autumn"])
def test_f48_on_the_days_of_the_change_each_thing_happens_once(
    moment: Moment, system: str, databases: Databases, tmp_path: Path
) -> None:
    """Two schedulers and three workers; the other two pairs of day and database live it through under F51."""
    with databases.fresh(system) as url:
        live_a_week(url, tmp_path, moment, "scheduler", "worker", "worker", "worker", "scheduler")


def test_f49_on_29_february_each_thing_happens_once(sqlite_url: str, tmp_path: Path) -> None:
    live_a_week(sqlite_url, tmp_path, LEAP_DAY, "scheduler", "worker")


# --- Two clocks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [5, -5], ids=["ahead", "behind"])
def test_f50_a_database_whose_clock_differs_by_five_minutes_changes_nothing(
    minutes: int, databases: Databases, tmp_path: Path
) -> None:
    """Nothing asks the database for the time: all instants are the processes'. Only PostgreSQL has a clock."""
    with databases.fresh("postgresql") as url, opened(url, tmp_path) as house:
        began = house.clock.set(datetime.now().astimezone() + timedelta(minutes=minutes))
        house.meanwhile()
        house.start("scheduler", "worker")
        helper, requester = awake(house.town.volunteer()), awake(with_phone(house.town.neighbour()))
        request = requester.ask(urgent=True)
        wait_until(lambda: house.sent_once("asked"), within=WITHIN_A_MINUTE)
        assert helper.act(request, "accept").status_code == 201
        wait_until(lambda: house.sent_once("filled"), within=WITHIN_A_MINUTE)
        with house.town.wiring.reading() as context:
            settled = context.session.scalars(select(Delivery.settled_at)).all()
        assert all(at is not None and began <= at <= house.clock.now() for at in settled)


def test_f50_a_machine_whose_clock_is_five_minutes_ahead_keeps_no_push_waiting(house: House) -> None:
    """The API runs on another machine than the worker and the scheduler."""
    house.town.clock.set(house.clock.now() + timedelta(minutes=5))
    awake(house.town.volunteer())
    awake(house.town.neighbour()).ask(urgent=True)
    house.start("worker", "scheduler")
    wait_until(lambda: house.sent_once("asked"), within=WITHIN_A_MINUTE)
    assert len(house.pushes()) == 1
