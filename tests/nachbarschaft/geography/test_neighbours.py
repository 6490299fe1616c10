"""Who lives next door, although the outlines of cities leave slivers and streets between quarters."""

import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nachbarschaft.geography.outlines import are_neighbours, neighbour_pairs
from nachbarschaft.geography.shapes import METRES_PER_DEGREE, Outline
from tests.nachbarschaft.geography.cities import City

LAT = 51.5
METRE_NORTH = 1 / METRES_PER_DEGREE
METRE_EAST = METRE_NORTH / math.cos(math.radians(LAT))


def block(east: float, north: float, side: float = 500) -> Outline:
    """A square whose south-western corner lies that many metres east and north of a fixed place."""
    w, s = 7.2 + east * METRE_EAST, LAT + north * METRE_NORTH
    e, n = w + side * METRE_EAST, s + side * METRE_NORTH
    return {"type": "MultiPolygon", "coordinates": [[[[w, s], [e, s], [e, n], [w, n], [w, s]]]]}


HERE = block(0, 0)


@pytest.mark.parametrize(("east", "north"), [(500, 0), (0, -500), (500, 500), (450, 0), (528, 0), (0, 528), (520, 520)])
def test_quarters_that_touch_overlap_or_leave_a_sliver_are_neighbours(east: float, north: float) -> None:
    assert are_neighbours(HERE, block(east, north))


@pytest.mark.parametrize(("east", "north"), [(532, 0), (0, 532), (-532, 0), (523, 523), (5000, 0)])
def test_beyond_thirty_metres_in_any_direction_they_are_not(east: float, north: float) -> None:
    assert not are_neighbours(HERE, block(east, north))


def test_the_distance_can_be_chosen() -> None:
    assert not are_neighbours(HERE, block(510, 0), within_metres=5)
    assert are_neighbours(HERE, block(590, 0), within_metres=100)


@given(east=st.floats(-700, 700), north=st.floats(-700, 700), within=st.floats(0, 200))
def test_being_neighbours_is_mutual(east: float, north: float, within: float) -> None:
    there = block(east, north)
    assert are_neighbours(HERE, there, within_metres=within) == are_neighbours(there, HERE, within_metres=within)


def test_the_pairs_of_a_city_are_those_that_asking_everybody_finds(city: City) -> None:
    some = dict(sorted(city.outlines.items())[:20])
    asked = {(a, b) for a, b in combinations(some, 2) if are_neighbours(some[a], some[b])}
    assert neighbour_pairs(some) == asked


def test_every_pair_is_named_once_and_in_order(city: City) -> None:
    pairs = neighbour_pairs(city.outlines)
    assert pairs
    assert all(a < b for a, b in pairs)


def test_in_a_real_sized_city_nobody_is_without_neighbours(city: City) -> None:
    assert {slug for pair in neighbour_pairs(city.outlines) for slug in pair} == set(city.outlines)


def test_a_wider_distance_only_adds_pairs(city: City) -> None:
    assert neighbour_pairs(city.outlines, 0) <= neighbour_pairs(city.outlines) <= neighbour_pairs(city.outlines, 300)


def test_no_quarters_have_no_neighbours() -> None:
    assert neighbour_pairs({}) == set()
    assert neighbour_pairs({"alone": HERE}) == set()
