"""What must hold in every world, whoever lives there and whatever happens."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nachbarschaft.matching.policy import DEFAULT_POLICY, Policy
from nachbarschaft.matching.waves import Topic
from nachbarschaft.simulation.behaviour import Minds
from nachbarschaft.simulation.bound import bound
from nachbarschaft.simulation.city import City
from nachbarschaft.simulation.customs import DAY, HOUR, WEEK
from nachbarschaft.simulation.engine import Outcome, run
from nachbarschaft.simulation.strategies import LEVERS, strategies
from nachbarschaft.simulation.world import World
from tests.simulation.worlds import a_city, a_world, some_world

SOME = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
some_policy = st.builds(
    lambda **values: replace(DEFAULT_POLICY, **values),
    wave=st.integers(1, 4),
    wave_urgent=st.integers(1, 8),
    asked_at_most=st.integers(8, 25),
    **{lever: st.booleans() for lever in LEVERS},
)


def play(city: City, policy: str, **changes: Any) -> Outcome:
    ways = strategies(replace(DEFAULT_POLICY, **changes), quarters=2)
    return run(city, Minds(city), ways[policy])


@SOME
@given(some_world, some_policy, st.integers(0, 1000))
def test_ours_keeps_every_promise(drawn: tuple[World, int], policy: Policy, seed: int) -> None:
    world, quarters = drawn
    city = a_city(world, seed=seed, quarters=quarters)
    way = replace(strategies(DEFAULT_POLICY, quarters=2)["ours"], policy=policy)
    outcome = run(city, Minds(city), way)
    calls, people = {call.number: call for call in city.calls}, city.volunteers
    limits = [who.candidate.habits.asks_per_week for who in people]
    asked: dict[int, set[int]] = {}
    for ask in outcome.asks:
        call, volunteer = calls[ask.call], people[ask.volunteer]
        assert call.posted <= ask.at < call.ends
        if not call.need.urgent:
            assert 7 <= ask.at % DAY / HOUR < 22, "a push at night"
        if ask.topic is not Topic.STANDBY:
            assert ask.asks_before < limits[ask.volunteer] + (way.policy.urgent_extra_asks if call.need.urgent else 0)
        assert call.need.category in volunteer.candidate.categories
        asked.setdefault(ask.call, set()).add(ask.volunteer)
    assert all(len(each) <= way.policy.asked_at_most for each in asked.values())
    for case in outcome.cases:
        assert case.helper is None or case.helper in case.fits, "a winner who was never eligible"
        assert case.helper not in case.dropped
        assert case.done == (case.helper is not None)


@SOME
@given(some_world, st.integers(0, 1000), st.integers(0, 6))
def test_no_way_of_asking_fills_more_than_the_bound(drawn: tuple[World, int], seed: int, place: int) -> None:
    world, quarters = drawn
    city = a_city(world, seed=seed, quarters=quarters)
    minds = Minds(city)
    ways = strategies(DEFAULT_POLICY, quarters=quarters)
    name = sorted(ways)[place % len(ways)]
    most = len(bound(city, minds, DEFAULT_POLICY, crosses=ways[name].crosses))
    assert sum(case.done for case in run(city, minds, ways[name]).cases) <= most


@SOME
@given(some_world, st.integers(0, 1000))
def test_nobody_does_more_tasks_than_they_take_in_seven_days(drawn: tuple[World, int], seed: int) -> None:
    world, quarters = drawn
    city = a_city(world, seed=seed, quarters=quarters)
    outcome = play(city, "ours")
    taken: dict[int, list[float]] = {}
    for case in outcome.cases:
        if case.done and not case.dropped and case.helper is not None:
            taken.setdefault(case.helper, []).append(case.accepted)
    for who, moments in taken.items():
        for start in moments:
            assert sum(start <= at < start + WEEK for at in moments) <= city.volunteers[who].candidate.tasks_per_week


def test_a_no_show_reopens_and_somebody_else_can_win() -> None:
    city = a_city(a_world(no_show_a=8, appeal=3, fatigue=0), weeks=4)
    reopened = [case for case in play(city, "ours").cases if case.dropped]
    assert reopened
    assert any(case.done for case in reopened)


@pytest.mark.parametrize("name", ["notify_all", "nearest_10", "random_10"])
def test_who_asks_at_once_asks_nobody_later(name: str) -> None:
    city = a_city(a_world(no_show_a=0.01, no_show_b=1000))
    moments: dict[int, set[float]] = {}
    for ask in play(city, name).asks:
        moments.setdefault(ask.call, set()).add(ask.at)
    assert moments
    assert all(len(each) == 1 for each in moments.values())


def test_a_digest_saves_pushes_and_changes_nobody_who_is_asked_first() -> None:
    city = a_city(a_world(relaxed_share=0.8, requests_per_volunteer_day=0.5))
    without, with_it = play(city, "ours"), play(city, "ours", digest_relaxed=True)
    assert without.asks[0] == with_it.asks[0]
    assert sum(case.pushes for case in with_it.cases) < len(with_it.asks)
    assert sum(case.pushes for case in without.cases) == len(without.asks)


def test_whoever_looks_unasked_takes_what_nobody_was_asked_for() -> None:
    city = a_city(a_world(opens_per_week=14, appeal=3, default_limit=0, own_limit_share=0, urgent_share=0))
    assert not any(case.done for case in play(city, "ours", open_list=False).cases)
    outcome = play(city, "ours")
    assert not outcome.asks
    assert any(case.done for case in outcome.cases)
