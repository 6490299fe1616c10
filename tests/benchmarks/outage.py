"""Google is down for six hours: what that does to the API meanwhile, and how soon everything is out afterwards."""

import os
import subprocess
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import cast

from sqlalchemy import update

from jobs.courier import Courier
from models import Delivery
from models.lifecycle import DeliveryState
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.firebase import FirebaseGateway
from nachbarschaft.services.pushing import SENDERS, PushLine
from tests.benchmarks.bench import SEED, Bench, refresh_statistics, require
from tests.benchmarks.draining import count_sent
from tests.benchmarks.figures import LESS, Figure, Measure, percentile
from tests.benchmarks.listing import PATH, write_city
from tests.benchmarks.rounds import Pair, Sample, take_turns
from tests.benchmarks.signed_in import access_tokens
from tests.support.caller import Caller
from tests.support.clock import HandClock
from tests.support.fcm import Answer, LoopbackFcm
from tests.support.outage import Watch, ends_at, owe_over_an_outage
from tests.support.processes import Processes, wait_until
from tests.support.town import NOON

SIZE, QUICK_SIZE = 10_000, 24
"""Pushes owed when it breaks down; every other one stops making sense before it is back."""
OUTAGE = timedelta(hours=6)
ALLOWED_SECONDS, ALLOWED_MEGABYTES = 600.0, 20.0
EVERY = 0.01
"""Seconds between two calls of the API: a steady load, however fast it answers."""
LOAD = 5
"""So many times the seconds of a turn of the list: a 99th percentile needs many calls."""
UNTIL_KNOWN = 3.0
"""Seconds after which the worker knows that it is down, and what was on its way has come back."""
DOWN = Answer(503, "UNAVAILABLE")
OUT_SECONDS, MEGABYTES = Measure("simulated seconds until all is out", LESS), Measure("MB more memory", LESS)
TAIL_99_MS = Measure("p99 ms", LESS)
OUT_MEANS = (
    "FCM is down for six hours (a clock moved by hand), and is back: until everything that still makes sense is out, "
    "and what the sender's memory has grown by meanwhile. Baseline: what is allowed, ten minutes and 20 MB."
)
API_MEANS = (
    "GET /v1/requests?state=open a hundred times a second, while FCM is down, the pushes are owed and a real worker "
    "tries. Baseline: the same with nothing owed and FCM up."
)


def outlive_outage(bench: Bench) -> list[Figure]:
    systems = ("postgresql", "sqlite")
    served = [figure for system in systems for figure in _served_on(bench, system)]
    return served + [figure for system in systems for figure in _outlived_on(bench, system)]


# --- Afterwards ---------------------------------------------------------------------------------------------


def _outlived_on(bench: Bench, system: str) -> list[Figure]:
    chance = Random(SEED)
    with bench.wired(system, NOON) as wiring, LoopbackFcm() as fcm:
        owe_over_an_outage(wiring, chance, bench.size, OUTAGE)
        refresh_statistics(wiring.database)
        clock = cast(HandClock, wiring.clock)
        gateway = FirebaseGateway(fcm.credentials_file(bench.folder), fcm_url=fcm.url, pool_size=SENDERS)
        with closing(Courier(wiring, PushLine(gateway), ticks=lambda: clock.now().timestamp())) as courier:
            watch, before = Watch(clock, courier, fcm), _megabytes()
            fcm.behave(None, DOWN)
            watch.go_on(NOON + OUTAGE, timedelta(seconds=5))
            grown, tries = _megabytes() - before, len(watch.posts)
            fcm.behave(None)
            watch.go_on(NOON + OUTAGE + timedelta(seconds=ALLOWED_SECONDS), timedelta(seconds=1))
        after = watch.posts[tries:]
        require(count_sent(wiring) == len(after) == bench.size // 2, f"{len(after)} pushes went out afterwards")
        require(all(at.timestamp() < ends_at(post) for at, post in after), "something went out past its end")
        out = (after[-1][0] - NOON - OUTAGE).total_seconds()
        bench.say(f"on {system}: {tries} tries in six hours, all out {out:.0f} s after it was back")
        return [
            Figure("outage", system, OUT_SECONDS, [out], [ALLOWED_SECONDS], OUT_MEANS),
            Figure("outage", system, MEGABYTES, [max(grown, 0.01)], [ALLOWED_MEGABYTES], OUT_MEANS),
        ]


def _megabytes() -> float:
    """What this process holds in memory now."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, text=True, check=True)
    return int(told.stdout) / 1024


# --- Meanwhile ----------------------------------------------------------------------------------------------


def _served_on(bench: Bench, system: str) -> list[Figure]:
    now, chance = datetime.now(UTC), Random(SEED + 1)
    with bench.wired(system, now) as wiring, LoopbackFcm() as fcm:
        token = access_tokens(wiring, [write_city(wiring, 2_000, now)])[0]
        settings = {"FIREBASE_CREDENTIALS": str(fcm.credentials_file(bench.folder)), "FCM_URL": fcm.url}
        with Processes(wiring.settings.database_url, bench.folder, RATE_LIMITS="off", **settings) as processes:
            api = processes.api()
            processes.start("worker").says("worker_ready")

            def in_outage() -> Sample:
                fcm.behave(None, DOWN)
                before = len(fcm.posts)
                owe_over_an_outage(wiring, chance, bench.size, OUTAGE)
                wait_until(lambda: len(fcm.posts) > before, within=90.0)
                time.sleep(UNTIL_KNOWN)
                sample = _called(api.port, token, LOAD * bench.seconds)
                _forget_what_is_owed(wiring)
                fcm.behave(None)
                return sample

            bench.say(f"on {system}, the API while {bench.size} pushes are owed")
            pair = Pair(in_outage, lambda: _called(api.port, token, LOAD * bench.seconds))
            return take_turns(pair, bench.rounds, bench.say).figures("API in an outage", system, API_MEANS)


def _called(port: int, token: str, seconds: float) -> Sample:
    latencies: list[float] = []
    begun = time.perf_counter()
    with Caller(port) as caller:
        for number in count(1):
            asked = time.perf_counter()
            reply = caller.call("GET", PATH, headers={"Authorization": f"Bearer {token}"})
            latencies.append(time.perf_counter() - asked)
            require(reply.status_code == 200, f"the API answered {reply.status_code}")
            left = begun + number * EVERY - time.perf_counter()
            if time.perf_counter() - begun > seconds:
                return {TAIL_99_MS: percentile(latencies, 0.99) * 1000}
            time.sleep(max(0.0, left))
    raise AssertionError("it counts for ever")


def _forget_what_is_owed(wiring: Wiring) -> None:
    with wiring.writing() as context:
        context.session.execute(
            update(Delivery)
            .where(Delivery.is_owed())
            .values(state=DeliveryState.DROPPED, lease_until=None, settled_at=context.now)
        )
