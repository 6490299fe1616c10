"""Finding the quarter of a point: the answer is that of the simplest possible test, whatever the outline."""

import math
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nachbarschaft.geography.outlines import Locator, covers
from nachbarschaft.geography.shapes import METRES_PER_DEGREE, Outline, in_metres, shape_of
from tests.nachbarschaft.geography.cities import City, city_called, city_names, is_inside_by_ray_casting

SQUARE_WEST: Outline = {
    "type": "MultiPolygon",
    "coordinates": [[[[7, 51], [8, 51], [8, 52], [7, 52], [7, 51]]]],
}
SQUARE_EAST: Outline = {
    "type": "MultiPolygon",
    "coordinates": [[[[8, 51], [9, 51], [9, 52], [8, 52], [8, 51]]]],
}


class Surveyed:
    """A city with what the property needs: a locator, borders in metres, and points worth asking about."""

    def __init__(self, city: City) -> None:
        shapes = [shape_of(outline) for outline in city.outlines.values()]
        self.outlines = city.outlines
        self.locator = Locator(city.outlines)
        self.west, self.south, self.east, self.north = shapely.total_bounds(shapes).tolist()
        self.middle = (self.south + self.north) / 2
        self.corners: list[list[float]] = shapely.get_coordinates(shapes).tolist()
        self.borders = in_metres(shapely.union_all([shape.boundary for shape in shapes]), self.middle)
        shapely.prepare(self.borders)

    def is_near_a_border(self, lat: float, lon: float, metres: float = 5) -> bool:
        point = in_metres(shapely.Point(lon, lat), self.middle)
        return bool(shapely.dwithin(self.borders, point, metres))

    def anywhere(self, across: float, up: float) -> tuple[float, float]:
        """A point of the city's box, stretched a little; both shares run from 0 to 1."""
        lon = self.west + (1.1 * across - 0.05) * (self.east - self.west)
        return self.south + (1.1 * up - 0.05) * (self.north - self.south), lon

    def beside_a_corner(self, which: float, direction: float, metres: float) -> tuple[float, float]:
        """A point close to a corner of some outline, where mistakes would be."""
        lon, lat = self.corners[int(which * (len(self.corners) - 1))]
        degrees = metres / METRES_PER_DEGREE
        return lat + degrees * math.sin(direction), lon + degrees * math.cos(direction)


@cache
def surveyed(name: str) -> Surveyed:
    return Surveyed(city_called(name))


def assert_agreement(city: Surveyed, lat: float, lon: float) -> None:
    assume(not city.is_near_a_border(lat, lon))
    holding = {slug for slug, outline in city.outlines.items() if is_inside_by_ray_casting(outline, lat, lon)}
    assert city.locator.locate(lat, lon) == min(holding, default=None)
    assert {slug for slug, outline in city.outlines.items() if covers(outline, lat, lon)} == holding


shares = st.floats(0, 1)


@pytest.mark.parametrize("name", city_names())
@settings(max_examples=60, deadline=None)
@given(across=shares, up=shares)
def test_anywhere_in_a_city_locate_agrees_with_ray_casting(name: str, across: float, up: float) -> None:
    city = surveyed(name)
    assert_agreement(city, *city.anywhere(across, up))


@pytest.mark.parametrize("name", city_names())
@settings(max_examples=60, deadline=None)
@given(which=shares, direction=st.floats(0, 2 * math.pi), metres=st.floats(6, 60))
def test_close_to_a_border_locate_agrees_with_ray_casting(
    name: str, which: float, direction: float, metres: float
) -> None:
    city = surveyed(name)
    assert_agreement(city, *city.beside_a_corner(which, direction, metres))


def test_a_point_in_a_hole_belongs_to_the_quarter_that_fills_the_hole() -> None:
    pond = city_called("generated").outlines["teich"]
    middle = shape_of(pond).representative_point()
    assert surveyed("generated").locator.locate(middle.y, middle.x) == "teich"


def test_a_point_in_an_exclave_belongs_to_its_quarter() -> None:
    parts = shape_of(city_called("generated").outlines["block-mit-insel"]).geoms
    middle = min(parts, key=lambda part: part.area).representative_point()
    assert surveyed("generated").locator.locate(middle.y, middle.x) == "block-mit-insel"


def test_on_a_shared_border_the_smallest_slug_answers_in_whatever_order_the_quarters_came() -> None:
    assert Locator({"a": SQUARE_WEST, "b": SQUARE_EAST}).locate(51.5, 8) == "a"
    assert Locator({"b": SQUARE_WEST, "a": SQUARE_EAST}).locate(51.5, 8) == "a"


def test_every_corner_of_a_quarter_belongs_to_some_quarter(city: City) -> None:
    locator = Locator(city.outlines)
    corners = [corner for outline in city.outlines.values() for corner in outline["coordinates"][0][0][::10]]
    assert all(locator.locate(lat, lon) for lon, lat in corners)


@pytest.mark.parametrize(("lat", "lon"), [(0, 0), (51.5, 9.1), (90, 180), (math.nan, 8), (51.5, math.inf)])
def test_outside_of_all_quarters_there_is_none(lat: float, lon: float) -> None:
    assert Locator({"a": SQUARE_WEST, "b": SQUARE_EAST}).locate(lat, lon) is None


def test_without_quarters_every_point_is_outside() -> None:
    assert Locator({}).locate(51.5, 7.5) is None


def test_many_threads_get_the_answers_that_one_thread_gets(city: City) -> None:
    points = [(corner[1], corner[0]) for o in city.outlines.values() for corner in o["coordinates"][0][0][::9]]
    alone = Locator(city.outlines)
    expected = [alone.locate(*point) for point in points]
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # where two threads ask GEOS at once, the process dies of it within seconds
    try:
        for shared in (Locator(city.outlines) for _ in range(40)):
            with ThreadPoolExecutor(8) as pool:
                assert list(pool.map(lambda point, where=shared.locate: where(*point), points)) == expected
    finally:
        sys.setswitchinterval(usual)
