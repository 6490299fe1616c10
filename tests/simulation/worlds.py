"""Small worlds for the tests, and how one is played."""

from typing import Any

from hypothesis import strategies as st

from nachbarschaft.matching.policy import DEFAULT_POLICY, Policy
from nachbarschaft.simulation.behaviour import Minds
from nachbarschaft.simulation.city import City
from nachbarschaft.simulation.making import make_city
from nachbarschaft.simulation.world import World, world_with

some_world = st.builds(
    lambda quarters, **values: (world_with(values, quarters=quarters), quarters),
    quarters=st.sampled_from([1, 4]),
    volunteers=st.integers(2, 25),
    requests_per_volunteer_day=st.sampled_from([0.02, 0.1, 0.3]),
    urgent_share=st.sampled_from([0.1, 0.5]),
    tolerance_factor=st.sampled_from([0.3, 1.0, 3.0]),
    fatigue=st.sampled_from([0.0, 0.15, 0.5]),
    appeal=st.sampled_from([0.5, 1.5, 3.0]),
    no_show_a=st.sampled_from([0.5, 6.0]),
    default_limit=st.integers(0, 6),
    opens_per_week=st.sampled_from([0, 1, 10]),
    free_per_week=st.sampled_from([0, 1, 5]),
)
"""A world of very few people and busy weeks, with how many quarters it has."""


def a_city(world: World, *, seed: int = 1, quarters: int = 1, weeks: int = 2, policy: Policy = DEFAULT_POLICY) -> City:
    return make_city(world, seed, quarters=quarters, weeks=weeks, policy=policy)


def a_world(**values: Any) -> World:
    return world_with({"volunteers": 20, "requests_per_volunteer_day": 0.1} | values, quarters=1)


def minds_of(city: City) -> Minds:
    return Minds(city)
