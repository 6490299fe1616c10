"""Coarse cells: fixed, of one size, and every point of a quarter has its cell among those of the quarter."""

import math
import random

import h3
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from nachbarschaft.geography.cells import RESOLUTION, cell_of, cells_covering, center_of_cell, distance_km
from nachbarschaft.geography.outlines import center_of
from nachbarschaft.geography.shapes import Outline, outline_of, shape_of
from tests.nachbarschaft.geography.cities import City

HERNE = (51.5436, 7.2178)
latitudes, longitudes = st.floats(47, 55), st.floats(5, 15)


def points_of(outline: Outline, chance: random.Random, count: int = 15) -> list[tuple[float, float]]:
    """Points of a quarter as (lat, lon): corners, points between corners, points inside."""
    shape = shape_of(outline)
    corners = shapely.get_coordinates(shape).tolist()
    along = [shape.boundary.interpolate(chance.random(), normalized=True) for _ in range(count)]
    west, south, east, north = shape.bounds
    inside = [shapely.Point(chance.uniform(west, east), chance.uniform(south, north)) for _ in range(2 * count)]
    points = along + [point for point in inside if shape.covers(point)]
    return [(p.y, p.x) for p in points] + [(lat, lon) for lon, lat in chance.choices(corners, k=count)]


def test_every_point_of_a_quarter_has_its_cell_among_those_of_the_quarter(city: City) -> None:
    chance = random.Random(7)
    for outline in city.outlines.values():
        assert {cell_of(*point) for point in points_of(outline, chance)} <= set(cells_covering(outline))


def test_every_cell_of_a_quarter_overlaps_it(city: City) -> None:
    for outline in list(city.outlines.values())[:10]:
        shape = shape_of(outline).buffer(1e-6)
        for cell in cells_covering(outline):
            assert shape.intersects(shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(cell)]))


@given(latitudes, longitudes, st.floats(1e-5, 1e-3), st.floats(1e-5, 1e-3))
def test_a_quarter_smaller_than_a_cell_has_the_cells_of_all_its_corners(
    lat: float, lon: float, height: float, width: float
) -> None:
    corners = [(lat, lon), (lat, lon + width), (lat + height, lon + width), (lat + height, lon), (lat, lon)]
    outline = {"type": "MultiPolygon", "coordinates": [[[[lon, lat] for lat, lon in corners]]]}
    assert {cell_of(*corner) for corner in corners} <= set(cells_covering(outline))


def test_a_cell_with_a_whole_hole_around_its_middle_still_counts() -> None:
    middle = center_of_cell(cell_of(*HERNE))
    around = shapely.Point(middle.lon, middle.lat)
    ring = around.buffer(0.01).difference(around.buffer(0.0002))
    outline = outline_of(shapely.MultiPolygon([ring]))
    assert cell_of(*HERNE) in cells_covering(outline)


def test_a_cell_that_lies_wholly_in_a_hole_does_not_count() -> None:
    middle = center_of_cell(cell_of(*HERNE))
    around = shapely.Point(middle.lon, middle.lat)
    outline = outline_of(shapely.MultiPolygon([around.buffer(0.03).difference(around.buffer(0.01))]))
    assert cell_of(*HERNE) not in cells_covering(outline)


def test_the_cells_of_a_quarter_are_sorted_and_each_is_there_once(city: City) -> None:
    for outline in city.outlines.values():
        cells = cells_covering(outline)
        assert cells == sorted(set(cells))


def test_the_cell_of_the_center_is_among_the_cells(city: City) -> None:
    centers = {slug: center_of(outline) for slug, outline in city.outlines.items()}
    assert all(cell_of(c.lat, c.lon) in cells_covering(city.outlines[slug]) for slug, c in centers.items())


@given(latitudes, longitudes)
def test_the_center_of_a_cell_lies_in_that_cell_and_is_rounded(lat: float, lon: float) -> None:
    cell = cell_of(lat, lon)
    center = center_of_cell(cell)
    assert cell_of(center.lat, center.lon) == cell
    assert (center.lat, center.lon) == (round(center.lat, 6), round(center.lon, 6))


@given(latitudes, longitudes)
def test_a_cell_is_of_resolution_nine_and_hides_a_point_by_at_most_a_few_hundred_metres(lat: float, lon: float) -> None:
    center = center_of_cell(cell_of(lat, lon))
    assert h3.get_resolution(cell_of(lat, lon)) == RESOLUTION == 9
    assert h3.great_circle_distance((lat, lon), (center.lat, center.lon), unit="m") < 300


@given(latitudes, longitudes, latitudes, longitudes)
def test_a_distance_is_that_of_the_haversine_and_the_same_both_ways(
    lat_a: float, lon_a: float, lat_b: float, lon_b: float
) -> None:
    a, b = cell_of(lat_a, lon_a), cell_of(lat_b, lon_b)
    assert distance_km(a, b) == pytest.approx(distance_km(b, a))
    assert distance_km(a, b) == pytest.approx(haversine_km(a, b), abs=0.001)


def haversine_km(cell_a: str, cell_b: str) -> float:
    a, b = center_of_cell(cell_a), center_of_cell(cell_b)
    up, aside = math.radians(b.lat - a.lat), math.radians(b.lon - a.lon)
    widths = math.cos(math.radians(a.lat)) * math.cos(math.radians(b.lat))
    chord = math.sin(up / 2) ** 2 + widths * math.sin(aside / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(chord))


def test_a_cell_is_no_distance_from_itself() -> None:
    assert distance_km(cell_of(*HERNE), cell_of(*HERNE)) == 0


def test_what_is_no_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="not a valid H3 cell"):
        center_of_cell("891fa1d9c8fffff0")
    with pytest.raises(ValueError, match="nowhere"):
        distance_km(cell_of(*HERNE), "nowhere")


@pytest.mark.parametrize(("lat", "lon"), [(math.nan, 7.2), (51.5, math.inf)])
def test_what_is_no_place_has_no_cell(lat: float, lon: float) -> None:
    with pytest.raises(h3.H3LatLngDomainError):
        cell_of(lat, lon)
