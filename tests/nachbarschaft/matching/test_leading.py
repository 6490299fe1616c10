"""The first few of a ranking, found piece by piece, and what nobody at a place can exceed."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nachbarschaft.matching.choosing import leading, ranked
from nachbarschaft.matching.facts import Candidate
from nachbarschaft.matching.policy import DEFAULT_POLICY
from nachbarschaft.matching.scoring import most_points_there
from tests.nachbarschaft.matching.somebody import NOON, a_candidate, a_need, cell_at

CELLS = [cell_at(km) for km in (0, 0.4, 0.8, 1.1, 3.0)]
PASTS: list[dict[str, Any]] = [
    {},
    {"asks": 3, "yes": 3, "last_asked_at": NOON - timedelta(days=2), "tasks_lately": 1.5},
    {"asks": 4, "yes": 1, "last_asked_at": NOON - timedelta(days=30), "asks_this_week": 4},
    {"asks": 2, "last_asked_at": NOON - timedelta(days=9), "active_tasks": 3},
    {"asks": 2, "last_asked_at": NOON - timedelta(days=9), "free_until": NOON + timedelta(hours=5)},
    {"languages": frozenset({"de", "tr"})},
    {"reachable": False},
]
CANDIDATES = st.builds(
    lambda person, cell, past: a_candidate(person, cell=cell, **past),
    st.integers(1, 12),
    st.sampled_from(CELLS),
    st.sampled_from(PASTS),
)


def of_one_past_each(candidates: list[Candidate]) -> list[Candidate]:
    """A person has one load, by whatever offer they are found."""
    loads = {candidate.person_id: candidate.load for candidate in candidates}
    return [candidate for candidate in candidates if candidate.load is loads[candidate.person_id]]


@settings(max_examples=200, deadline=None)
@given(st.lists(CANDIDATES, max_size=25), st.integers(1, 6), st.integers(0, 25))
def test_the_first_few_of_two_pieces_are_those_of_the_ranking(drawn: list[Candidate], count: int, cut: int) -> None:
    everybody, need = of_one_past_each(drawn), a_need()

    first = leading(need, everybody[:cut], NOON, DEFAULT_POLICY, count)
    found = leading(need, everybody[cut:], NOON, DEFAULT_POLICY, count, known=first)

    wanted = ranked(need, everybody, NOON, DEFAULT_POLICY)[:count]
    assert [(each.candidate.person_id, each.points) for each in found] == [
        (each.candidate.person_id, each.points) for each in wanted
    ]


@settings(max_examples=200, deadline=None)
@given(CANDIDATES)
def test_nobody_exceeds_what_is_said_of_their_place(candidate: Candidate) -> None:
    for choice in ranked(a_need(), [candidate], NOON, DEFAULT_POLICY):
        bonus = DEFAULT_POLICY.weight_available_now if choice.terms.has_time_now else 0
        most = most_points_there(choice.terms.distance_km, DEFAULT_POLICY, said_yes=candidate.load.yes > 0)
        assert choice.points <= most + bonus
