"""The list of open requests over HTTP, beside the same list from Flask and psycopg alone."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random

from nachbarschaft.bootstrap import Wiring
from tests.benchmarks.bench import SEED, Bench, Broken, refresh_statistics, require
from tests.benchmarks.crowd import Crowd, Row
from tests.benchmarks.figures import Figure
from tests.benchmarks.help_requests import over, post_requests
from tests.benchmarks.load import Calls, call, for_seconds
from tests.benchmarks.rounds import Pair, take_turns
from tests.benchmarks.serving import Served, both_served
from tests.benchmarks.signed_in import access_tokens

SIZE, QUICK_SIZE = 10_000, 500
"""Requests in the rest of the city; in the reader's quarter 40 are open."""
OPEN_HERE = 40
QUARTERS = 25
PATH = "/v1/requests?state=open"
MEANS = (
    "GET /v1/requests?state=open by a volunteer: 20 of a quarter's open requests, 8 connections, one worker process. "
    "Baseline: the same 20 from Flask, psycopg and jsonify, without identity, rules or schema."
)


def list_open_requests(bench: Bench) -> list[Figure]:
    now = datetime.now(UTC)
    with bench.wired("postgresql", now) as wiring:
        bench.say(f"writing {bench.size} requests")
        reader = write_city(wiring, bench.size, now)
        token = access_tokens(wiring, [reader])[0]
        with both_served(wiring.settings.database_url, bench.folder) as (product, raw):
            raw_path = f"/requests/{reader['quarter_id']}"
            _require_same(product, raw, token, raw_path)
            pair = Pair(
                lambda: product.loaded(Calls(for_seconds(call("GET", PATH, token), bench.seconds), 200)),
                lambda: raw.loaded(Calls(for_seconds(call("GET", raw_path), bench.seconds), 200)),
            )
            return take_turns(pair, bench.rounds, bench.say).figures("list", "postgresql", MEANS)


def write_city(wiring: Wiring, size: int, now: datetime) -> Row:
    """Requests all over the city, most of them over; returns the reader, whose offer reaches the first quarter."""
    with wiring.database.engine.begin() as connection:
        crowd = Crowd(connection, Random(SEED), now)
        places = crowd.quarters(QUARTERS)
        people = crowd.residents(places, max(size // 20, QUARTERS * 2))
        reader = people[0]
        crowd.offers([reader], reach="quarter")
        crowd.offers([person for person in people[1:] if crowd.chance.random() < 0.3])
        _post(crowd, people, reader, size)
    refresh_statistics(wiring.database)
    return reader


def _post(crowd: Crowd, people: Sequence[Row], reader: Row, size: int) -> None:
    """Elsewhere one in ten is open; in the reader's quarter exactly so many are, none of them the reader's own."""
    neighbours = [one for one in people if one["quarter_id"] == reader["quarter_id"] and one is not reader]
    others = [one for one in people if one["quarter_id"] != reader["quarter_id"]]
    post_requests(crowd, crowd.chance.choices(neighbours, k=OPEN_HERE))
    post_requests(crowd, crowd.chance.choices(neighbours, k=size // QUARTERS), **over(crowd))
    post_requests(crowd, crowd.chance.choices(others, k=size // 10))
    post_requests(crowd, crowd.chance.choices(others, k=size - size // 10), **over(crowd))


def _require_same(product: Served, raw: Served, token: str, raw_path: str) -> None:
    ours = json.loads(product.answer(PATH, {"Authorization": f"Bearer {token}"}))["items"]
    floor = json.loads(raw.answer(raw_path))["items"]
    require(len(ours) == 20, f"expected 20 open requests, not {len(ours)}")
    if ours != floor:
        raise Broken(f"the lists differ: {_difference(ours, floor)}")


def _difference(ours: list[Row], floor: list[Row]) -> str:
    """Where, without what: a whole request is no sentence."""
    if len(ours) != len(floor):
        return f"{len(ours)} requests here, {len(floor)} there."
    pairs = enumerate(zip(ours, floor, strict=True))
    number, (mine, theirs) = next((number, pair) for number, pair in pairs if pair[0] != pair[1])
    fields = sorted(name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name))
    return f"in request {number}, {', '.join(fields)}."
