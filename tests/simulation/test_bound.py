"""The hindsight bound: a largest matching, found by trying everything in small worlds."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from nachbarschaft.simulation.bound import matching

people = st.integers(0, 3)
small = st.dictionaries(st.integers(0, 5), st.lists(st.tuples(people, st.integers(0, 1)), max_size=4, unique=True))


@settings(max_examples=200, deadline=None)
@given(small, st.lists(st.integers(1, 2), min_size=4, max_size=4))
def test_it_fills_as_many_as_trying_everything(edges: dict[int, list[tuple[int, int]]], rooms: list[int]) -> None:
    room = dict(enumerate(rooms))
    options = [[None, *places] for places in edges.values()]
    largest = 0
    for chosen in product(*options):
        used = [place for place in chosen if place is not None]
        if all(used.count(place) <= room[place[0]] for place in used):
            largest = max(largest, len(used))
    assert len(matching(edges, room)) == largest


def test_one_person_for_two_requests_and_one_for_one() -> None:
    assert matching({1: [(0, 0)], 2: [(0, 0), (1, 0)], 3: [(1, 0)]}, {0: 1, 1: 1}) in ({1, 2}, {1, 3}, {2, 3})
    assert matching({1: [(0, 0)], 2: [(0, 0), (1, 0)]}, {0: 1, 1: 1}) == {1, 2}
