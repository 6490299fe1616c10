"""Finding and ranking whom to ask, beside the plain normalised join that only finds them."""

import time
from collections.abc import Callable, Sequence
from random import Random
from uuid import UUID

from models import HelpRequest
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.context import Context
from nachbarschaft.matching.choosing import ranked
from nachbarschaft.matching.eligibility import Bar
from nachbarschaft.matching.policy import DEFAULT_POLICY
from nachbarschaft.queries.candidates import fresh_candidates, need_of
from tests.benchmarks.bench import SEED, Bench, require
from tests.benchmarks.figures import MEDIAN_MS, TAIL_MS, Figure, percentile
from tests.benchmarks.matching_city import write_matching_city
from tests.benchmarks.normalised import Join
from tests.benchmarks.raw import Raw
from tests.benchmarks.rounds import Pair, Sample, take_turns
from tests.support.town import NOON

SIZE, QUICK_SIZE = 10_000, 300
"""Offers in the city, some 400 for each quarter, a third of them with an hour for the need."""
MEANS = (
    "Whom to ask for one request among all offers: candidates with habits and history, each checked, scored and "
    "ranked in Python. Baseline: one normalised join for the same people (but for distance), unranked."
)


def match_requests(bench: Bench) -> list[Figure]:
    return [*_matched_on(bench, "postgresql"), *_matched_on(bench, "sqlite")]


def _matched_on(bench: Bench, system: str) -> list[Figure]:
    with bench.wired(system, NOON) as wiring, Raw(wiring.settings.database_url) as raw:
        bench.say(f"writing {bench.size} offers on {system}")
        requests = write_matching_city(wiring, raw, bench.size, Random(SEED))
        join = Join(raw)
        people = _require_same(wiring, join, requests)
        bench.say(f"{people / len(requests):.1f} people fit a request, on average")
        pair = Pair(
            lambda: _timed(requests, lambda request_id: _chosen(wiring, request_id)),
            lambda: _timed(requests, join.people),
        )
        return take_turns(pair, bench.rounds, bench.say).figures("match", system, MEANS)


def _chosen(wiring: Wiring, request_id: UUID, ignoring: frozenset[Bar] = frozenset()) -> list[UUID]:
    """Everybody who may be asked now, best first, as a wave finds them."""
    with wiring.reading() as context:
        request = _request(context, request_id)
        candidates = fresh_candidates(context.session, request, context.now)
        choices = ranked(need_of(request), candidates, context.now, DEFAULT_POLICY, ignoring=ignoring)
        return [choice.candidate.person_id for choice in choices]


def _require_same(wiring: Wiring, join: Join, requests: Sequence[UUID]) -> int:
    """Compares the people; returns how many there are. Distances are the product's alone: SQL knows no cells."""
    found = 0
    for request_id in requests:
        ours = set(_chosen(wiring, request_id, ignoring=frozenset({Bar.DISTANCE})))
        floor = set(join.people(request_id))
        require(ours == floor, f"request {request_id}: {len(ours - floor)} only here, {len(floor - ours)} only there")
        found += len(ours)
    require(found > 0, "nobody fits any request: there is nothing to compare")
    return found


def _request(context: Context, request_id: UUID) -> HelpRequest:
    return context.session.get_one(HelpRequest, request_id)


def _timed(requests: Sequence[UUID], match: Callable[[UUID], object]) -> Sample:
    latencies = []
    for request_id in requests:
        begun = time.perf_counter()
        match(request_id)
        latencies.append((time.perf_counter() - begun) * 1000)
    return {MEDIAN_MS: percentile(latencies, 0.5), TAIL_MS: percentile(latencies, 0.95)}
