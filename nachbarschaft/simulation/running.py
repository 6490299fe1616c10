"""Runs policies with many seeds, on several processes; the result does not depend on how many."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context

from nachbarschaft.matching.policy import Policy
from nachbarschaft.simulation.behaviour import Minds
from nachbarschaft.simulation.bound import bound
from nachbarschaft.simulation.engine import run
from nachbarschaft.simulation.making import make_city
from nachbarschaft.simulation.measures import Measured, measured, measured_fill
from nachbarschaft.simulation.strategies import BOUNDS, strategies
from nachbarschaft.simulation.world import World


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run: `policies` by name, `policy` that of `ours`."""

    world: World
    policy: Policy
    policies: tuple[str, ...]
    seeds: tuple[int, ...]
    weeks: int = 8
    quarters: int = 1


Results = dict[str, list[Measured]]
"""Policy → one result for each seed, in the order of the seeds."""


def run_all(plan: Plan, *, processes: int, progress: Callable[[int, int], None]) -> Results:
    """Runs the plan; `progress` is told how many seeds are done, of how many."""
    by_seed: dict[int, dict[str, Measured]] = {}
    for seed, results in _runs(plan, processes):
        by_seed[seed] = results
        progress(len(by_seed), len(plan.seeds))
    return {name: [by_seed[seed][name] for seed in plan.seeds] for name in plan.policies}


def run_seed(plan: Plan, seed: int) -> dict[str, Measured]:
    """All policies of the plan in the city of one seed."""
    city = make_city(plan.world, seed, quarters=plan.quarters, weeks=plan.weeks, policy=plan.policy)
    minds = Minds(city)
    ways = strategies(plan.policy, quarters=plan.quarters)
    results = {}
    for name in plan.policies:
        if name in BOUNDS:
            crosses = name != BOUNDS[0]
            results[name] = measured_fill(city, bound(city, minds, plan.policy, crosses=crosses), plan.weeks)
        else:
            results[name] = measured(run(city, minds, ways[name]), plan.weeks)
    return results


def _runs(plan: Plan, processes: int) -> Iterator[tuple[int, dict[str, Measured]]]:
    seeds: Sequence[int] = plan.seeds
    if processes == 1 or len(seeds) == 1:
        yield from ((seed, run_seed(plan, seed)) for seed in seeds)
        return
    with ProcessPoolExecutor(min(processes, len(seeds)), mp_context=get_context("spawn")) as pool:
        running = {pool.submit(run_seed, plan, seed): seed for seed in seeds}
        yield from ((running[done], done.result()) for done in as_completed(running))
