"""What an outline covers, its middle and its box."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nachbarschaft.geography.outlines import BoundingBox, bounding_box, center_of, covers
from nachbarschaft.geography.point import Point
from nachbarschaft.geography.shapes import Outline, shape_of
from tests.nachbarschaft.geography.cities import City


def multipolygon(*polygons: list[list[list[float]]]) -> Outline:
    return {"type": "MultiPolygon", "coordinates": list(polygons)}


def ring(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


SQUARE = multipolygon([ring(7, 51, 8, 52)])
WITH_HOLE = multipolygon([ring(7, 51, 8, 52), ring(7.4, 51.4, 7.6, 51.6)])
TWO_PARTS = multipolygon([ring(7, 51, 7.1, 51.1)], [ring(7.9, 51.9, 8, 52)])
HORSESHOE = multipolygon(
    [[[7, 51], [8, 51], [8, 52], [7.9, 52], [7.9, 51.1], [7.1, 51.1], [7.1, 52], [7, 52], [7, 51]]]
)


def test_a_point_inside_is_covered_and_one_beside_is_not() -> None:
    assert covers(SQUARE, 51.5, 7.5)
    assert not covers(SQUARE, 51.5, 8.000001)


@pytest.mark.parametrize(("lat", "lon"), [(51, 7), (51, 7.3), (52, 8), (51.7, 7)])
def test_the_border_counts_as_inside(lat: float, lon: float) -> None:
    assert covers(SQUARE, lat, lon)


def test_a_point_in_a_hole_is_outside_but_the_border_of_the_hole_is_inside() -> None:
    assert not covers(WITH_HOLE, 51.5, 7.5)
    assert covers(WITH_HOLE, 51.4, 7.5)


def test_each_part_is_covered_and_the_land_between_is_not() -> None:
    assert covers(TWO_PARTS, 51.05, 7.05)
    assert covers(TWO_PARTS, 51.95, 7.95)
    assert not covers(TWO_PARTS, 51.5, 7.5)


def test_the_center_of_a_simple_quarter_is_its_centroid() -> None:
    assert center_of(SQUARE) == Point(51.5, 7.5)


@pytest.mark.parametrize("outline", [WITH_HOLE, TWO_PARTS, HORSESHOE])
def test_where_the_centroid_falls_outside_the_center_is_inside_all_the_same(outline: Outline) -> None:
    assert not shape_of(outline).contains(shape_of(outline).centroid)
    center = center_of(outline)
    assert covers(outline, center.lat, center.lon)


def test_the_center_of_every_quarter_of_a_city_is_inside(city: City) -> None:
    centers = {slug: center_of(outline) for slug, outline in city.outlines.items()}
    assert all(covers(city.outlines[slug], center.lat, center.lon) for slug, center in centers.items())


@given(
    west=st.floats(5, 14),
    south=st.floats(47, 54),
    width=st.floats(0.0001, 1),
    height=st.floats(0.0001, 1),
    bite=st.floats(0.05, 0.95),
)
def test_the_center_is_inside_however_much_is_bitten_off(
    west: float, south: float, width: float, height: float, bite: float
) -> None:
    east, north, x, y = west + width, south + height, west + width * bite, south + height * bite
    corner = [[west, south], [east, south], [east, y], [x, y], [x, north], [west, north], [west, south]]
    center = center_of(multipolygon([corner]))
    assert covers(multipolygon([corner]), center.lat, center.lon)


def test_the_box_reaches_from_the_southernmost_to_the_northernmost_part() -> None:
    assert bounding_box(TWO_PARTS) == BoundingBox(south=51, west=7, north=52, east=8)
