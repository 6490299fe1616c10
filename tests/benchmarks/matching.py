"""Finding and ranking whom to ask, beside the plain normalised join that only finds them."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from uuid import UUID

from sqlalchemy import bindparam, select

from models import HelpRequest, OfferCategory
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.context import Context
from nachbarschaft.matching.choosing import ranked
from nachbarschaft.matching.eligibility import Bar
from nachbarschaft.matching.policy import DEFAULT_POLICY
from nachbarschaft.queries.candidates import fresh, fresh_candidates, need_of
from nachbarschaft.queries.leading import best_fresh
from nachbarschaft.services.dispatch import SPARE
from tests.benchmarks.bench import SEED, Bench, require
from tests.benchmarks.copies import multiply
from tests.benchmarks.figures import MEDIAN_MS, TAIL_MS, Figure, percentile
from tests.benchmarks.matching_city import write_matching_city
from tests.benchmarks.normalised import Join
from tests.benchmarks.raw import Raw
from tests.benchmarks.rounds import Pair, Sample, take_turns
from tests.support.town import NOON

SIZE, QUICK_SIZE = 10_000, 300
"""Offers in the city, some 400 for each quarter, a third of them with an hour for the need."""
GROWN_SIZE, SMALL_SIZE, CROWDED = 1_000_000, 10_000, 25
"""Offers in the large and in the small city of the growth, and the quarters of the crowded ones, large or small."""
MEANS = (
    "The first few to ask for one request among all offers, as a wave looks for them: the same as by ranking "
    "everybody. Baseline: one normalised join that finds everybody who could be asked (but for distance), unranked."
)
GROWN_MEANS = "The same in a large city. Baseline: the same join there."
GROWTH_MEANS = "The first few to ask in a large city; baseline: in a small one. The ratio is the growth."
_EVERYBODY = fresh(select(OfferCategory.offer_id).where(OfferCategory.category == bindparam("category")))


def match_requests(bench: Bench) -> list[Figure]:
    return [*_matched_on(bench, "postgresql"), *_matched_on(bench, "sqlite")]


def _matched_on(bench: Bench, system: str) -> list[Figure]:
    with bench.wired(system, NOON) as wiring, Raw(wiring.settings.database_url) as raw:
        bench.say(f"writing {bench.size} offers on {system}")
        requests = write_matching_city(wiring, raw, bench.size, Random(SEED))
        join = Join(raw)
        people = sum(_require_same(wiring, join, request_id) for request_id in requests)
        require(people > 0, "nobody fits any request: there is nothing to compare")
        bench.say(f"{people / len(requests):.1f} people fit a request, on average")
        pair = Pair(
            lambda: _timed(requests, lambda request_id: _first(wiring, request_id)),
            lambda: _timed(requests, join.people),
        )
        return take_turns(pair, bench.rounds, bench.say).figures("match", system, MEANS)


def match_grown(bench: Bench) -> list[Figure]:
    """On PostgreSQL: a large city beside a small one, with quarters that stay as they are, and with ever more people.

    Between the two, each volunteer is copied by the database; the same requests are matched.
    """
    times = max(bench.size // SMALL_SIZE, 2)
    layouts = {f"in {CROWDED} quarters": CROWDED, "in quarters of 400": None}
    return [figure for name, quarters in layouts.items() for figure in _grown(bench, times, name, quarters)]


def _grown(bench: Bench, times: int, layout: str, quarters: int | None) -> list[Figure]:
    size = min(SMALL_SIZE, bench.size)
    with bench.wired("postgresql", NOON) as small, bench.wired("postgresql", NOON) as large:
        requests = []
        for wiring in (small, large):
            with Raw(wiring.settings.database_url) as raw:
                requests = write_matching_city(wiring, raw, size, Random(SEED), quarters)
                if wiring is large:
                    bench.say(f"{layout}: {times} times {size} offers")
                    multiply(raw, times, with_places=quarters is None)
        with Raw(large.settings.database_url) as raw:
            join = Join(raw)
            _require_same(large, join, requests[0])
            in_large = partial(_first, large)
            beside_join = Pair(lambda: _timed(requests, in_large), lambda: _timed(requests, join.people))
            beside_small = Pair(lambda: _timed(requests, in_large), lambda: _timed(requests, partial(_first, small)))
            return [
                *take_turns(beside_join, bench.rounds, bench.say).figures(
                    f"match, {size * times} {layout}", "postgresql", GROWN_MEANS
                ),
                *take_turns(beside_small, bench.rounds, bench.say).figures(
                    f"match, growth {layout}", "postgresql", GROWTH_MEANS
                ),
            ]


def _first(wiring: Wiring, request_id: UUID) -> list[UUID]:
    """The first few, best first, as a wave finds them before it looks at them once more."""
    with wiring.reading() as context:
        request = _request(context, request_id)
        count = DEFAULT_POLICY.wave_size(urgent=request.urgent) * SPARE
        choices = best_fresh(context.session, request, context.now, DEFAULT_POLICY, count)
        return [choice.candidate.person_id for choice in choices]


def _everybody(wiring: Wiring, request_id: UUID, ignoring: frozenset[Bar] = frozenset()) -> list[UUID]:
    """Everybody who may be asked now, best first."""
    with wiring.reading() as context:
        request = _request(context, request_id)
        candidates = fresh_candidates(context.session, request, context.now, _EVERYBODY)
        choices = ranked(need_of(request), candidates, context.now, DEFAULT_POLICY, ignoring=ignoring)
        return [choice.candidate.person_id for choice in choices]


def _require_same(wiring: Wiring, join: Join, request_id: UUID) -> int:
    """Compares the people, and the first few with those of ranking all; returns how many people there are.

    Distances are the product's alone: SQL knows no cells.
    """
    ours = set(_everybody(wiring, request_id, ignoring=frozenset({Bar.DISTANCE})))
    floor = set(join.people(request_id))
    require(ours == floor, f"request {request_id}: {len(ours - floor)} only here, {len(floor - ours)} only there")
    first = _first(wiring, request_id)
    require(first == _everybody(wiring, request_id)[: len(first)], f"request {request_id}: others come first")
    return len(ours)


def _request(context: Context, request_id: UUID) -> HelpRequest:
    return context.session.get_one(HelpRequest, request_id)


def _timed(requests: Sequence[UUID], match: Callable[[UUID], object]) -> Sample:
    latencies = []
    for request_id in requests:
        begun = time.perf_counter()
        match(request_id)
        latencies.append((time.perf_counter() - begun) * 1000)
    return {MEDIAN_MS: percentile(latencies, 0.5), TAIL_MS: percentile(latencies, 0.95)}
