"""Accepting a request, as a use case and over HTTP, beside one raw guarded statement."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random

from sqlalchemy import func, select

from models import Assignment
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.context import Actor
from nachbarschaft.services.accepting import accept
from tests.benchmarks.bench import SEED, Bench, refresh_statistics, require
from tests.benchmarks.crowd import Crowd, Place, Row
from tests.benchmarks.figures import MEDIAN_MS, REQUESTS, Figure, percentile
from tests.benchmarks.guarded import take_place
from tests.benchmarks.help_requests import post_requests
from tests.benchmarks.load import Calls, call
from tests.benchmarks.raw import Raw
from tests.benchmarks.rounds import Pair, Sample, take_turns
from tests.benchmarks.serving import both_served
from tests.benchmarks.signed_in import access_tokens
from tests.support.town import NOON

SIZE, QUICK_SIZE = 200, 16
"""Requests accepted in one turn."""
USE_CASE = (
    "The use case alone, one after another: eligibility, limits, audit trail, the requester's push, who was asked "
    "besides. Baseline: one raw guarded UPDATE with its INSERT, telling nobody."
)
HTTP = (
    "POST /v1/requests/{id}/accept by as many volunteers, 8 connections, one worker process. "
    "Baseline: the raw guarded statement behind Flask, without identity or rules."
)

Couple = tuple[Row, Row]
"""A request and whoever accepts it."""


@dataclass(frozen=True, slots=True)
class Doorsteps:
    """Brings requests that wait for exactly one yes: two were asked for each."""

    wiring: Wiring
    place: Place
    chance: Random
    now: datetime

    def fresh(self, how_many: int) -> list[Couple]:
        with self.wiring.database.engine.begin() as connection:
            crowd = Crowd(connection, self.chance, self.now)
            requesters = crowd.residents([self.place], how_many)
            volunteers = crowd.residents([self.place], how_many)
            crowd.phones(requesters + volunteers)
            crowd.offers(volunteers, categories=["shopping"], availability=[])
            requests = post_requests(crowd, requesters, category="shopping")
            couples = list(zip(requests, volunteers, strict=True))
            besides = zip(requests, volunteers[1:] + volunteers[:1], strict=True)
            crowd.invitations(couples + [pair for pair in besides if how_many > 1])
        refresh_statistics(self.wiring.database)
        return couples


def accept_requests(bench: Bench) -> list[Figure]:
    figures = [*_use_case(bench, "postgresql"), *_use_case(bench, "sqlite")]
    return figures + _over_http(bench)


def _doorsteps(wiring: Wiring, now: datetime) -> Doorsteps:
    chance = Random(SEED)
    with wiring.database.engine.begin() as connection:
        place = Crowd(connection, chance, now).quarters(1)[0]
    return Doorsteps(wiring, place, chance, now)


def _use_case(bench: Bench, system: str) -> list[Figure]:
    with bench.wired(system, NOON) as wiring, Raw(wiring.settings.database_url) as raw:
        doorsteps = _doorsteps(wiring, NOON)

        def ours(couple: Couple) -> None:
            request, volunteer = couple
            with wiring.writing() as context:
                accept(replace(context, actor=Actor(volunteer["id"])), request["id"])

        def floor(couple: Couple) -> None:
            request, volunteer = couple
            require(take_place(raw, request["id"], volunteer["id"], NOON), "the raw statement found no place")

        def turn(act: Callable[[Couple], None]) -> Sample:
            return _accepted(wiring, doorsteps.fresh(bench.size), act)

        bench.say(f"the use case on {system}, {bench.size} in a turn")
        series = take_turns(Pair(lambda: turn(ours), lambda: turn(floor)), bench.rounds, bench.say)
        return series.figures("accept", system, USE_CASE)


def _over_http(bench: Bench) -> list[Figure]:
    now = datetime.now(UTC)
    with (
        bench.wired("postgresql", now) as wiring,
        both_served(wiring.settings.database_url, bench.folder) as (product, raw),
    ):
        doorsteps = _doorsteps(wiring, now)

        def ours() -> Sample:
            couples = doorsteps.fresh(bench.size)
            tokens = access_tokens(wiring, [volunteer for _, volunteer in couples])
            paths = [f"/v1/requests/{request['id']}/accept" for request, _ in couples]
            calls = [call("POST", path, token) for path, token in zip(paths, tokens, strict=True)]
            return product.loaded(Calls(calls, 201))

        def floor() -> Sample:
            couples = doorsteps.fresh(bench.size)
            paths = [f"/requests/{request['id']}/accept/{volunteer['id']}" for request, volunteer in couples]
            return raw.loaded(Calls([call("POST", path) for path in paths], 201))

        bench.say(f"over HTTP, {bench.size} in a turn")
        return take_turns(Pair(ours, floor), bench.rounds, bench.say).figures("accept over HTTP", "postgresql", HTTP)


def _accepted(wiring: Wiring, couples: list[Couple], act: Callable[[Couple], None]) -> Sample:
    before = _tasks(wiring)
    latencies = []
    for couple in couples:
        begun = time.perf_counter()
        act(couple)
        latencies.append(time.perf_counter() - begun)
    require(_tasks(wiring) == before + len(couples), "not everybody got the task")
    return {REQUESTS: len(latencies) / sum(latencies), MEDIAN_MS: percentile(latencies, 0.5) * 1000}


def _tasks(wiring: Wiring) -> int:
    with wiring.reading() as context:
        return context.session.scalar(select(func.count()).select_from(Assignment)) or 0
